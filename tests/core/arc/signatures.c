/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Message signatures and seals: RFC 8617 section 5.2 steps 4 to 7. */

static void three_sets(struct arc_case *c)
{
    arc_message(c, arc_plain_message);
    arc_add_set_by(c, "a.test");
    arc_add_set_by(c, "b.test");
    arc_add_set_by(c, "c.test");
}

/* ---- the newest message signature --------------------------------------------------- */

static void the_newest_message_signature_must_hold(void **state)
{
    struct arc_case *c = *state;
    three_sets(c);
    arc_append(c, "footer\r\n");
    arc_expect(c, ARC_FAIL, "ARC-Message-Signature of set 3, the newest: c.test");
    arc_expect(c, ARC_FAIL, "the body was changed since");
    three_sets(c);
    arc_replace(c, "Subject: Dinner", "Subject: Lunch");
    arc_expect(c, ARC_FAIL, "a signed header field was changed");
}

static void what_older_message_signatures_say_does_not_matter(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_replace(c, "Subject: Dinner", "Subject: [list] Dinner");
    arc_append(c, "footer\r\n");
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    assert_int_equal(c->result.oldest_pass, ARC_OLDEST_UNKNOWN);
    assert_int_equal(c->result.sets[0].message.code, DKIM_NONE);
}

static void what_a_message_signature_must_not_have(void **state)
{
    static const struct {
        struct arc_options options;
        const char *words;
    } rows[] = {
        {{.fields = "from:arc-seal"},                       "ARC-Seal is in h="      },
        {{.fields = "to:subject"},                          "From is not in h="      },
        {{.ams_more = "x=5;"},                              "expired"                },
        {{.ams_more = "t=1995500000;"},                     "signed in the future"   },
        {{.ams_more = "q=dns/xml;"},                        "q= names no way"        },
        {{.canon = "relaxed/odd"},                          "unknown canonicalisatio"},
        {{.domain = "a.test", .ams_domain = "nobody.test"}, "there is no key"        },
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arc_message(c, arc_plain_message);
        arc_add_set(c, &rows[i].options);
        arc_expect(c, ARC_FAIL, rows[i].words);
    }
}

static void what_a_message_signature_may_have(void **state)
{
    static const struct arc_options rows[] = {
        {.ams_more = "v=9;"},
        {.ams_more = "i2=x; unknown=y;"},
        {.fields = "from:arc-authentication-results:arc-message-signature"},
        {.fields = "from:from:authentication-results"},
        {.canon = "simple/simple"},
        {.canon = "relaxed/simple"},
        {.canon = SIGN_OMIT}, /* which is simple/simple */
        {.ams_domain = "e.test"},
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arc_message(c, arc_plain_message);
        arc_add_set(c, &rows[i]);
        arc_expect(c, ARC_PASS, "the one set holds");
        assert_int_equal(c->result.oldest_pass, 0);
    }
}

static void l_and_a_second_subject_do_not_count(void **state)
{
    static const struct arc_options partial = {.length = "5"};
    struct arc_case *c = *state;
    arc_add_set(c, &partial);
    arc_expect(c, ARC_PASS, "octets of the body are anybody's");
    assert_false(c->result.counts);
    c->settings.allow_partial_body = true;
    arc_expect(c, ARC_PASS, "octets of the body are anybody's");
    assert_true(c->result.counts);
    arc_message(c, arc_plain_message);
    arc_add_set(c, NULL);
    arc_put(c, "Subject: Win!\r\n");
    arc_expect(c, ARC_PASS, "there are more fields Subject than were signed");
    assert_false(c->result.counts);
}

/* ---- seals -------------------------------------------------------------------------- */

static void every_seal_must_hold(void **state)
{
    static const struct {
        const char *from, *to, *words;
    } rows[] = {
        {"mx.c.test",              "mx.x.test",              "ARC-Seal of set 3, the newest: the seal"},
        {"mx.b.test",              "mx.x.test",              "ARC-Seal of set 3, the newest: the seal"},
        {"mx.a.test",              "mx.x.test",              "ARC-Seal of set 3, the newest: the seal"},
        {"cv=none; d=a.test; s=s", "cv=none; d=a.test; s=t",
         "ARC-Seal of set 3, the newest: "                                                            },
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        three_sets(c);
        arc_replace(c, rows[i].from, rows[i].to);
        arc_expect(c, ARC_FAIL, rows[i].words);
        assert_int_equal(c->result.sets[0].seal.code, DKIM_NONE);
    }
}

/* The newest sealer sealed what others had broken before. */
static void an_older_seal_that_does_not_hold_fails_the_chain(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_add_set_by(c, "b.test");
    arc_replace(c, "mx.a.test", "mx.x.test");
    arc_add_set_by(c, "c.test");
    arc_expect(c, ARC_FAIL, "ARC-Seal of set 2: the seal in the name of b.test");
    assert_int_equal(c->result.sets[2].seal.code, DKIM_PASS);
}

static void white_space_that_relaxed_forgives_is_forgiven(void **state)
{
    struct arc_case *c = *state;
    three_sets(c);
    arc_replace(c, "ARC-Authentication-Results: i=2; ",
                "arc-AUTHENTICATION-results :  i=2;\r\n\t   ");
    arc_replace(c, "cv=pass; d=b.test", "cv=pass;\r\n    d=b.test");
    arc_expect(c, ARC_PASS, "all 3 sets hold");
}

static void what_a_seal_must_not_have(void **state)
{
    static const struct {
        struct arc_options options;
        const char *words;
    } rows[] = {
        {{.seal_more = "h=from; "},                         "h= stands in it"    },
        {{.seal_algorithm = "rsa-sha512"},                  "unknown algorithm"  },
        {{.seal_algorithm = "rsa-sha1"},                    "rsa-sha1"           },
        {{.seal_algorithm = "ed25519-sha256"},              "holds a key for rsa"},
        {{.domain = "nobody.test", .ams_domain = "a.test"}, "there is no key"    },
        {{.seal_more = "t2=x; d=a.test; "},                 "cannot be read"     },
    };
    struct arc_case *c = *state;
    c->settings.allow_rsa_sha1 = true; /* makes no difference */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arc_message(c, arc_plain_message);
        arc_add_set(c, &rows[i].options);
        arc_expect(c, ARC_FAIL, rows[i].words);
    }
}

static void tags_that_a_seal_does_not_know_are_ignored(void **state)
{
    static const struct arc_options options = {
        .seal_more = "c=simple; bh=@; l=x; x=1; v=7; z=?; "};
    struct arc_case *c = *state;
    arc_add_set(c, &options);
    arc_expect(c, ARC_PASS, "the one set holds");
}

static void ed25519_seals_as_well(void **state)
{
    struct arc_case *c = *state;
    const struct arc_options options = {.key = c->ed25519, .selector = "ed"};
    arc_add_set(c, &options);
    arc_add_set_by(c, "b.test");
    arc_add_set(c, &options);
    arc_expect(c, ARC_PASS, "all 3 sets hold");
}

/* Section 5.1.2: the seal of a chain that failed covers its own set; it fails all the same. */
static void a_chain_sealed_as_failed_fails(void **state)
{
    static const struct arc_options failed = {.cv = "fail", .only_own = true};
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_add_set(c, &failed);
    arc_expect(c, ARC_FAIL, "set 2 says that the chain was broken when it came there");
}

/* Each seal covers all sets below: one that leaves them out does not bind them. */
static void a_seal_of_its_own_set_alone_fails(void **state)
{
    static const struct arc_options own = {.only_own = true};
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_add_set(c, &own);
    arc_expect(c, ARC_FAIL, "ARC-Seal of set 2, the newest");
}

/* ---- keys --------------------------------------------------------------------------- */

static void a_key_that_cannot_be_had_fails_the_chain_for_now(void **state)
{
    struct arc_case *c = *state;
    arc_zone(c, "; yett: timeout s._domainkey.slow.test TXT\n");
    arc_add_set_by(c, "slow.test");
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_FAIL, "ARC-Seal of set 1: the key could not be fetched");
    assert_true(c->result.open);
    arc_add_set_by(c, "nobody.test");
    arc_expect(c, ARC_FAIL, "there is no key");
    assert_false(c->result.open);
}

static void small_keys_are_refused(void **state)
{
    struct arc_case *c = *state;
    struct sign_key *small = sign_key_new(SIGN_RSA_512);
    const struct arc_options options = {.key = small, .domain = "small.test"};
    arc_zone_key(c, small, "s", "small.test");
    arc_add_set(c, &options);
    arc_expect(c, ARC_FAIL, "512 bits, and fewer than 1024 are not accepted");
    sign_key_free(small);
}

/* Who makes a chain up has nobody else's name servers asked. */
static void keys_of_older_sets_are_asked_for_when_the_newest_holds(void **state)
{
    struct arc_case *c = *state;
    three_sets(c);
    arc_append(c, "footer\r\n");
    arc_expect(c, ARC_FAIL, "the body was changed");
    three_sets(c);
    arc_replace(c, "From: Jo", "From: Mo");
    arc_expect(c, ARC_FAIL, "a signed header field was changed");
    assert_int_equal(c->questions, 1);
}

/* ---- oldest-pass -------------------------------------------------------------------- */

static void oldest_pass_is_found_when_asked_for(void **state)
{
    struct arc_case *c = *state;
    c->limits.oldest_pass = true;
    three_sets(c);
    arc_expect(c, ARC_PASS, "the message is as the first of them sent it");
    assert_int_equal(c->result.oldest_pass, 0);

    arc_message(c, arc_plain_message);
    arc_add_set_by(c, "a.test");
    arc_append(c, "footer\r\n");
    arc_add_set_by(c, "b.test");
    arc_add_set_by(c, "c.test");
    arc_expect(c, ARC_PASS,
               "the message is as set 2 sent it and was changed before that");
    assert_int_equal(c->result.oldest_pass, 2);

    /* Changed, and changed back: the search ends at the first that does not hold. */
    arc_message(c, arc_plain_message);
    arc_add_set_by(c, "a.test");
    arc_replace(c, "Subject: Dinner", "Subject: Lunch");
    arc_add_set_by(c, "b.test");
    arc_replace(c, "Subject: Lunch", "Subject: Dinner");
    arc_add_set_by(c, "c.test");
    arc_expect(c, ARC_PASS, "the message is as set 3 sent it");
    assert_int_equal(c->result.oldest_pass, 3);
}

static void a_chain_that_fails_has_no_oldest_pass(void **state)
{
    struct arc_case *c = *state;
    c->limits.oldest_pass = true;
    three_sets(c);
    arc_replace(c, "mx.a.test", "mx.x.test");
    arc_expect(c, ARC_FAIL, "ARC-Seal of set 3");
    assert_int_equal(c->result.oldest_pass, ARC_OLDEST_UNKNOWN);
}

/* Each l= is another digest of the body: no more than a few are made. */
static void many_ways_to_digest_the_body_are_bounded(void **state)
{
    struct arc_case *c = *state;
    char length[12];
    c->limits.oldest_pass = true;
    for (int i = 0; i < 20; i++) {
        const struct arc_options options = {.length = length};
        snprintf(length, sizeof(length), "%d", i % 20);
        arc_add_set(c, &options);
    }
    arc_expect(c, ARC_PASS, "all 20 sets hold");
    /* Eight places of DKIM, which has no signature here, and four. */
    assert_int_equal(c->result.oldest_pass, 9);
}

/* ---- trust -------------------------------------------------------------------------- */

static void sets_of_named_domains_have_their_message_signature_checked(void **state)
{
    static const slice trusted[] = {SLICE_INIT("b.test")};
    struct arc_case *c = *state;
    c->limits.trusted = trusted;
    c->limits.trusted_count = 1;
    three_sets(c);
    arc_expect(c, ARC_PASS, "all 3 sets hold");
    assert_true(c->result.sets[1].trusted && !c->result.sets[0].trusted);
    assert_int_equal(c->result.sets[1].message.code, DKIM_PASS);
    assert_int_equal(c->result.sets[0].message.code, DKIM_NONE);
    assert_true(arc_is_unchanged_since(&c->result, 1));
    assert_false(arc_is_unchanged_since(&c->result, 0));

    arc_message(c, arc_plain_message);
    arc_add_set_by(c, "b.test");
    arc_append(c, "something else\r\n");
    arc_add_set_by(c, "c.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    assert_int_equal(c->result.sets[0].message.code, DKIM_FAIL);
    assert_false(arc_is_unchanged_since(&c->result, 0));
    assert_true(arc_is_unchanged_since(&c->result, 1));
}

static void all_above_being_trusted_is_enough(void **state)
{
    static const slice trusted[] = {SLICE_INIT("a.test"), SLICE_INIT("b.test")};
    struct arc_case *c = *state;
    c->limits.trusted = trusted;
    c->limits.trusted_count = 2;
    arc_add_set_by(c, "a.test");
    arc_append(c, "a footer\r\n");
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    assert_true(arc_is_unchanged_since(&c->result, 0));
    arc_append(c, "another\r\n");
    arc_add_set_by(c, "c.test");
    arc_expect(c, ARC_PASS, "all 3 sets hold");
    assert_false(arc_is_unchanged_since(&c->result, 0));
    assert_false(arc_is_unchanged_since(&c->result, 1));
}

/* ---- what is testified -------------------------------------------------------------- */

static void results_are_read_whatever_else_is_in_them(void **state)
{
    static const struct arc_options bad = {.aar = "no results; here"};
    struct arc_case *c = *state;
    arc_add_set(c, &bad);
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    assert_false(c->result.sets[0].has_results);
    assert_true(c->result.sets[1].has_results);
    assert_true(slice_eq(c->result.sets[1].results.results[0].result, SLICE("pass")));
}

static void huge_results_are_not_read(void **state)
{
    enum { HUGE = 70 * 1024 };
    struct arc_case *c = *state;
    char *text = malloc(HUGE + 32);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "mx.a.test");
    while (length < HUGE) {
        length += (size_t)sprintf(text + length, ";\r\n\tspf=pass");
    }
    const struct arc_options options = {.aar = text};
    arc_add_set(c, &options);
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    assert_false(c->result.sets[0].has_results);
    assert_true(c->result.sets[1].has_results);
    free(text);
}

static void a_report_comment_names_the_chain(void **state)
{
    static const struct arc_options first = {
        .aar = "mx.a.test; spf=pass smtp.mailfrom=example.org; "
               "arc=none smtp.remote-ip=\"2001:DB8::1A\""};
    struct arc_case *c = *state;
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    arc_add_set(c, &first);
    arc_add_set_by(c, "b.test");
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    buf_init(&buf, arena, 1000);
    arc_write_comment(&buf, &c->result);
    assert_true(slice_eq(buf_slice(&buf),
                         SLICE("arc=pass as[2].d=b.test as[2].s=s as[1].d=a.test "
                               "as[1].s=s remote-ip[1]=2001:db8::1a")));
    arena_free(arena);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, arc_setup, arc_teardown)
    const struct CMUnitTest tests[] = {
        T(the_newest_message_signature_must_hold),
        T(what_older_message_signatures_say_does_not_matter),
        T(what_a_message_signature_must_not_have),
        T(what_a_message_signature_may_have),
        T(l_and_a_second_subject_do_not_count),
        T(every_seal_must_hold),
        T(an_older_seal_that_does_not_hold_fails_the_chain),
        T(white_space_that_relaxed_forgives_is_forgiven),
        T(what_a_seal_must_not_have),
        T(tags_that_a_seal_does_not_know_are_ignored),
        T(ed25519_seals_as_well),
        T(a_chain_sealed_as_failed_fails),
        T(a_seal_of_its_own_set_alone_fails),
        T(a_key_that_cannot_be_had_fails_the_chain_for_now),
        T(small_keys_are_refused),
        T(keys_of_older_sets_are_asked_for_when_the_newest_holds),
        T(oldest_pass_is_found_when_asked_for),
        T(a_chain_that_fails_has_no_oldest_pass),
        T(many_ways_to_digest_the_body_are_bounded),
        T(sets_of_named_domains_have_their_message_signature_checked),
        T(all_above_being_trusted_is_enough),
        T(results_are_read_whatever_else_is_in_them),
        T(huge_results_are_not_read),
        T(a_report_comment_names_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
