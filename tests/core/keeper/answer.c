/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Replies: signatures that hold, refusals with their codes, and what each domain may have. */

struct talk {
    struct keeper_case *c;
    struct keeper *keeper;
    struct arena *scratch;
    int64_t now_ms;
};

static struct talk begin(void **state, unsigned rate)
{
    struct talk talk = {.c = *state,
                        .keeper = case_keeper(*state, rate),
                        .scratch = arena_new((size_t)16 << 20),
                        .now_ms = 1000000};
    assert_non_null(talk.scratch);
    return talk;
}

static void finish(struct talk *talk)
{
    arena_free(talk->scratch);
}

static struct keeper_reply ask(struct talk *talk, slice packet)
{
    struct keeper_reply reply;
    struct buf out;
    buf_init(&out, talk->c->arena, KEEPER_REPLY_MAX);
    keeper_answer_packet(talk->keeper, talk->scratch, packet, CASE_NOW, talk->now_ms,
                         &out);
    assert_int_equal(buf_err(&out), YETT_OK);
    assert_int_equal(keeper_read_reply(buf_slice(&out), &reply), YETT_OK);
    return reply;
}

static struct keeper_reply ask_for(struct talk *talk, uint64_t id,
                                   const struct keeper_text *texts, size_t count)
{
    struct buf packet;
    buf_init(&packet, talk->c->arena, KEEPER_REQUEST_MAX);
    keeper_write_request(&packet, id, texts, count);
    assert_int_equal(buf_err(&packet), YETT_OK);
    return ask(talk, buf_slice(&packet));
}

static bool holds(struct keeper_case *c, uint32_t number, slice text, slice signature)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(c->crypto, CRYPTO_SHA256);
    struct crypto_key *key = NULL;
    const char *why;
    struct buf public_key;
    bool valid = false;
    assert_non_null(hash);
    crypto_hash_update(hash, text);
    assert_int_equal(crypto_hash_final(hash, digest), YETT_OK);
    crypto_hash_free(hash);
    buf_init(&public_key, c->arena, 4096);
    assert_int_equal(crypto_private_key_public(c->keys[number], &public_key), YETT_OK);
    enum yett_err err =
        crypto_private_key_type(c->keys[number]) == CRYPTO_RSA
            ? crypto_key_from_rsa(c->crypto, buf_slice(&public_key), &key, &why)
            : crypto_key_from_ed25519(c->crypto, buf_slice(&public_key), &key, &why);
    assert_int_equal(err, YETT_OK);
    assert_int_equal(
        crypto_verify(c->crypto, key, CRYPTO_SHA256, digest, signature, &valid), YETT_OK);
    crypto_key_free(key);
    return valid;
}

static void one_request_brings_all_signatures_of_a_message(void **state)
{
    struct talk talk = begin(state, 0);
    const struct keeper_text texts[] = {
        {KEEPER_DKIM, SLICE_INIT(CASE_GOOD)  },
        {KEEPER_DKIM, SLICE_INIT(CASE_GOOD_E)}
    };
    struct keeper_reply reply = ask_for(&talk, 0x1122334455667788, texts, 2);
    assert_int_equal(reply.refusal, KEEPER_SIGNED);
    assert_true(reply.id == 0x1122334455667788);
    assert_int_equal(reply.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(reply.answers[i].refusal, KEEPER_SIGNED);
        assert_true(holds(talk.c, i, texts[i].octets, reply.answers[i].octets));
        assert_false(holds(talk.c, i, texts[1 - i].octets, reply.answers[i].octets));
    }
    assert_int_equal(keeper_counts(talk.keeper).signatures, 2);
    assert_int_equal(keeper_counts(talk.keeper).requests, 1);
    assert_true(slice_is_empty(keeper_take_complaint(talk.keeper)));
    finish(&talk);
}

static void a_refusal_does_not_touch_the_others(void **state)
{
    struct talk talk = begin(state, 0);
    const struct keeper_text texts[] = {
        {KEEPER_DKIM, SLICE_INIT("rubbish")},
        {KEEPER_DKIM, SLICE_INIT(CASE_GOOD)},
        {99,          SLICE_INIT(CASE_GOOD)}
    };
    struct keeper_reply reply = ask_for(&talk, 1, texts, 3);
    assert_int_equal(reply.count, 3);
    assert_int_equal(reply.answers[0].refusal, KEEPER_REFUSED_TEXT);
    assert_int_equal(reply.answers[1].refusal, KEEPER_SIGNED);
    assert_int_equal(reply.answers[2].refusal, KEEPER_REFUSED_KIND);
    assert_int_not_equal(reply.answers[0].octets.len, 0);
    assert_int_equal(keeper_counts(talk.keeper).refused, 2);
    assert_true(slice_starts_with(keeper_take_complaint(talk.keeper), SLICE("kind: ")));
    assert_true(slice_is_empty(keeper_take_complaint(talk.keeper)));
    finish(&talk);
}

static void what_is_no_request_is_refused_as_a_whole(void **state)
{
    static const struct {
        const char *why;
        slice packet;
    } rows[] = {
        {"nothing",         SLICE_INIT("")                                          },
        {"one octet",       SLICE_INIT("\1")                                        },
        {"a head cut off",  SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0")                    },
        {"another version", SLICE_INIT("\2\2\1\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1x") },
        {"a reply",         SLICE_INIT("\1\3\1\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1x") },
        {"a hello",         SLICE_INIT("\1\1\0\0\0\0\0\0\0\0\0\7")                  },
        {"no text",         SLICE_INIT("\1\2\0\0\0\0\0\0\0\0\0\7")                  },
        {"nine texts",      SLICE_INIT("\1\2\11\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1x")},
        {"a refusal",       SLICE_INIT("\1\2\1\1\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1x") },
        {"a text too few",  SLICE_INIT("\1\2\2\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1x") },
        {"a text cut off",  SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\2x") },
        {"a huge length",
         SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0\7\1\0\0\0\377\377\377\377x")            },
        {"something over",  SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0\7\1\0\0\0\0\0\0\1xy")},
        {"no zeros",        SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0\7\1\0\0\1\0\0\0\1x") },
    };
    struct talk talk = begin(state, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct keeper_reply reply = ask(&talk, rows[i].packet);
        if (reply.refusal != KEEPER_REFUSED_REQUEST || reply.count != 0) {
            fail_msg("%s", rows[i].why);
        }
    }
    assert_int_equal(keeper_counts(talk.keeper).malformed, sizeof rows / sizeof rows[0]);
    assert_int_equal(keeper_counts(talk.keeper).requests, 0);
    const struct keeper_text good = {KEEPER_DKIM, SLICE_INIT(CASE_GOOD)};
    assert_int_equal(ask_for(&talk, 2, &good, 1).answers[0].refusal, KEEPER_SIGNED);
    finish(&talk);
}

static void a_key_that_is_missing_is_said_so(void **state)
{
    struct talk talk = begin(state, 0);
    const struct keeper_text good = {KEEPER_DKIM, SLICE_INIT(CASE_GOOD)};
    struct crypto_private_key *key = talk.c->keys[0];
    talk.c->keys[0] = NULL;
    struct keeper_reply reply = ask_for(&talk, 1, &good, 1);
    talk.c->keys[0] = key;
    assert_int_equal(reply.answers[0].refusal, KEEPER_REFUSED_INTERNAL);
    assert_true(slice_eq(reply.answers[0].octets, SLICE("the key is on holiday")));
    finish(&talk);
}

/* ---- rates ------------------------------------------------------------------------------ */

static unsigned sign_often(struct talk *talk, const char *text, unsigned times)
{
    const struct keeper_text asked = {KEEPER_DKIM, slice_from_text(text)};
    unsigned signatures = 0;
    for (unsigned i = 0; i < times; i++) {
        struct keeper_reply reply = ask_for(talk, i, &asked, 1);
        if (reply.answers[0].refusal == KEEPER_SIGNED) {
            signatures++;
        } else {
            assert_int_equal(reply.answers[0].refusal, KEEPER_REFUSED_RATE);
        }
    }
    return signatures;
}

static const char of_net[] =
    "from:jo@example.net\r\n" CASE_DKIM CASE_BY("rsa-sha256", "example.net", "n")
        CASE_H CASE_END;

static void a_domain_has_so_many_signatures_a_minute_and_no_more(void **state)
{
    struct talk talk = begin(state, 6);
    assert_int_equal(sign_often(&talk, CASE_GOOD, 10), 6);
    assert_int_equal(keeper_counts(talk.keeper).limited, 4);
    slice complaint = keeper_take_complaint(talk.keeper);
    assert_true(slice_starts_with(complaint, SLICE("rate: ")));
    assert_true(slice_find(complaint, SLICE("example.org has had 6")) < complaint.len);
    assert_int_equal(sign_often(&talk, CASE_GOOD_E, 3), 0); /* the domain, not the key */
    assert_int_equal(sign_often(&talk, of_net, 3), 3);      /* not other domains */
    talk.now_ms += 10 * 1000;
    assert_int_equal(sign_often(&talk, CASE_GOOD, 3), 1);
    talk.now_ms += 3600 * 1000;
    assert_int_equal(sign_often(&talk, CASE_GOOD, 20), 6);
    finish(&talk);
}

static void refusals_use_nothing_up(void **state)
{
    struct talk talk = begin(state, 1);
    const struct keeper_text bad = {KEEPER_DKIM, SLICE_INIT(CASE_GOOD "\r\n")};
    for (int i = 0; i < 10; i++) {
        (void)ask_for(&talk, 1, &bad, 1);
    }
    assert_int_equal(sign_often(&talk, CASE_GOOD, 2), 1);
    finish(&talk);
}

static void no_rate_is_no_limit(void **state)
{
    struct talk talk = begin(state, 0);
    assert_int_equal(sign_often(&talk, CASE_GOOD_E, 300), 300);
    finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_brings_all_signatures_of_a_message),
        cmocka_unit_test(a_refusal_does_not_touch_the_others),
        cmocka_unit_test(what_is_no_request_is_refused_as_a_whole),
        cmocka_unit_test(a_key_that_is_missing_is_said_so),
        cmocka_unit_test(a_domain_has_so_many_signatures_a_minute_and_no_more),
        cmocka_unit_test(refusals_use_nothing_up),
        cmocka_unit_test(no_rate_is_no_limit),
    };
    return cmocka_run_group_tests(tests, case_setup, case_teardown);
}
