/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Fetching and choosing keys (RFC 6376 sections 3.6.2 and 6.1.2, RFC 8301). */

static void sign_plain(struct dkim_case *c, const struct sign_key *key,
                       const struct sign_options *options)
{
    case_message(c, case_plain_message);
    case_sign(c, key, options);
}

static void the_key_is_asked_for_below_domainkey(void **state)
{
    struct dkim_case *c = *state;
    case_zone_key(c, c->rsa, "Foo.Bar", "example.org", "");
    assert_int_equal(case_verify_signed(c, &(struct sign_options){.selector = "foo.bar"}),
                     DKIM_PASS);
    assert_true(
        slice_eq(case_result(c, 0)->key_name, SLICE("foo.bar._domainkey.example.org")));
}

static void questions_without_a_key_decide_the_result(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *zone;
        enum dkim_code code;
        const char *words;
    } rows[] = {
        {"example.org. TXT \"x\"\n",                              DKIM_PERMERROR, "does not exist"},
        {"x.test._domainkey.example.org. TXT \"x\"\n",            DKIM_PERMERROR, "no TXT record" },
        {"test._domainkey.example.org. A 192.0.2.1\n",            DKIM_PERMERROR, "no TXT record" },
        {"; yett: timeout test._domainkey.example.org TXT\n",     DKIM_TEMPERROR,
         "timed out"                                                                              },
        {"; yett: servfail test._domainkey.example.org TXT\n",    DKIM_TEMPERROR,
         "could not"                                                                              },
        {"; yett: bogus test._domainkey.example.org TXT\n",       DKIM_TEMPERROR, "could not"     },
        {"test._domainkey.example.org. CNAME nowhere.example.\n", DKIM_PERMERROR, "no"            },
        {"test._domainkey.example.org. CNAME slow.example.\n"
         "; yett: timeout slow.example TXT\n",           DKIM_TEMPERROR, "could not"     },
    };
    sign_plain(c, c->rsa, &(struct sign_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_no_zone(c);
        case_zone(c, rows[i].zone);
        if (case_verify(c) != rows[i].code) {
            fail_msg("%s: %s", rows[i].zone, c->summary.ptr);
        }
        case_reason_has(c, 0, rows[i].words);
        assert_true(case_result(c, 0)->evaluated);
        assert_false(case_result(c, 0)->counts);
    }
}

static void a_key_behind_a_cname_is_used(void **state)
{
    struct dkim_case *c = *state;
    sign_plain(c, c->rsa, &(struct sign_options){0});
    case_no_zone(c);
    case_zone(c, "test._domainkey.example.org. CNAME key.provider.example.\n");
    char *line = sign_key_zone(c->rsa, "x", "y", "v=DKIM1; ");
    case_zone(c, "key.provider.example.");
    case_zone(c, strchr(line, ' '));
    free(line);
    assert_int_equal(case_verify(c), DKIM_PASS);
}

static void records_that_may_not_be_used_are_told_apart(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *tags;
        enum dkim_code code;
        const char *words;
    } rows[] = {
        {"v=DKIM1; h=sha256:x; s=email; n=; ", DKIM_PASS,      "signed this message"   },
        {"new=1; ",                            DKIM_PASS,      "signed this message"   },
        {"v=DKIM2; ",                          DKIM_PERMERROR, "not one of DKIM: v= is"},
        {"p=; ",                               DKIM_PERMERROR, "not one of DKIM: "     },
        {"v=DKIM1; s=other; ",                 DKIM_PERMERROR, "not for e-mail"        },
        {"v=DKIM1; h=sha1; ",                  DKIM_PERMERROR, "does not allow sha256" },
        {"v=DKIM1; k=ed25519; ",               DKIM_PERMERROR, "a key for ed25519, but"},
        {"v=DKIM1; k=new; ",                   DKIM_PERMERROR, "unknown type of key"   },
        {"v=DKIM1; p=AAAA; n",                 DKIM_PERMERROR, "no usable key"         },
        {"v=DKIM1; p=; n",                     DKIM_PERMERROR, "revoked"               },
    };
    sign_plain(c, c->rsa, &(struct sign_options){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_no_zone(c);
        case_zone_key(c, c->rsa, "test", "example.org", rows[i].tags);
        if (case_verify(c) != rows[i].code) {
            fail_msg("%s: %s", rows[i].tags, c->summary.ptr);
        }
        case_reason_has(c, 0, rows[i].words);
    }
}

static void a_bare_rsa_public_key_is_one_too(void **state)
{
    struct dkim_case *c = *state;
    char zone[1024];
    char *text = sign_key_bare_text(c->rsa);
    snprintf(zone, sizeof(zone),
             "test._domainkey.example.org. TXT \"v=DKIM1; \" \"p=%.200s\" \"%s\"\n", text,
             text + 200);
    free(text);
    sign_plain(c, c->rsa, &(struct sign_options){0});
    case_no_zone(c);
    case_zone(c, zone);
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(case_result(c, 0)->key_bits, 2048);
}

static void an_rsa_key_for_an_ed25519_signature_is_no_key(void **state)
{
    struct dkim_case *c = *state;
    sign_plain(c, c->ed25519, &(struct sign_options){.selector = "test"});
    assert_int_equal(case_verify(c), DKIM_PERMERROR);
    case_reason_has(c, 0,
                    "a key for rsa, but the signature was made with ed25519-sha256");
}

/* Section 3.6.1, t=s. */
static void a_strict_key_is_for_its_own_domain_only(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *identity;
        enum dkim_code code;
    } rows[] = {
        {NULL,                DKIM_PASS     },
        {"@example.org",      DKIM_PASS     },
        {"jo@Example.org",    DKIM_PASS     },
        {"jo@it.example.org", DKIM_PERMERROR},
    };
    case_no_zone(c);
    case_zone_key(c, c->rsa, "test", "example.org", "v=DKIM1; t=s; ");
    case_zone_key(c, c->rsa, "loose", "example.org", "v=DKIM1; ");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sign_options options = {.identity = rows[i].identity};
        assert_int_equal(case_verify_signed(c, &options), rows[i].code);
        options.selector = "loose";
        assert_int_equal(case_verify_signed(c, &options), DKIM_PASS);
    }
    case_verify_signed(c, &(struct sign_options){.identity = "jo@it.example.org"});
    case_reason_has(c, 0, "t=s");
}

/* t=y changes nothing but what is said: not all who test sign badly. */
static void a_key_in_testing_is_told(void **state)
{
    struct dkim_case *c = *state;
    case_no_zone(c);
    case_zone_key(c, c->rsa, "test", "example.org", "v=DKIM1; t=y; ");
    assert_int_equal(case_verify_signed(c, &(struct sign_options){0}), DKIM_PASS);
    assert_true(case_result(c, 0)->testing);
    case_reason_has(c, 0, "t=y");
    case_replace(c, "Dinner", "Supper");
    assert_int_equal(case_verify(c), DKIM_FAIL);
    assert_true(case_result(c, 0)->testing);
}

/* RFC 8301 section 3.2. */
static void keys_have_a_least_size(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        enum sign_key_name key;
        unsigned bits;
        unsigned min_bits;
        enum dkim_code code;
        bool weak;
    } rows[] = {
        {SIGN_RSA_512,  512,  1024, DKIM_POLICY, true },
        {SIGN_RSA_512,  512,  512,  DKIM_PASS,   true },
        {SIGN_RSA_1024, 1024, 1024, DKIM_PASS,   true },
        {SIGN_RSA_1024, 1024, 2048, DKIM_POLICY, true },
        {SIGN_RSA_2048, 2048, 1024, DKIM_PASS,   false},
        {SIGN_RSA_2048, 2048, 2048, DKIM_PASS,   false},
        {SIGN_RSA_4096, 4096, 1024, DKIM_PASS,   false},
        {SIGN_ED25519,  256,  4096, DKIM_PASS,   false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sign_key *key = sign_key_new(rows[i].key);
        case_no_zone(c);
        case_zone_key(c, key, "test", "example.org",
                      rows[i].key == SIGN_ED25519 ? "k=ed25519; " : "");
        c->settings.min_rsa_bits = rows[i].min_bits;
        sign_plain(c, key, &(struct sign_options){0});
        if (case_verify(c) != rows[i].code) {
            fail_msg("%u bits, least %u: %s", rows[i].bits, rows[i].min_bits,
                     c->summary.ptr);
        }
        assert_int_equal(case_result(c, 0)->key_bits, rows[i].bits);
        assert_int_equal(case_result(c, 0)->weak_key, rows[i].weak);
        sign_key_free(key);
    }
    c->settings.min_rsa_bits = 1024;
}

/* ---- several records ---------------------------------------------------------------- */

static void any_of_several_keys_may_have_signed(void **state)
{
    struct dkim_case *c = *state;
    struct sign_key *other = sign_key_new(SIGN_RSA_4096);
    sign_plain(c, c->rsa, &(struct sign_options){0});
    case_no_zone(c);
    case_zone(c, "test._domainkey.example.org. TXT \"v=spf1 -all\"\n");
    case_zone_key(c, c->ed25519, "test", "example.org", "k=ed25519; ");
    case_zone(c, "test._domainkey.example.org. TXT \"v=DKIM1; p=\"\n");
    case_zone_key(c, other, "test", "example.org", "");
    case_zone_key(c, c->rsa, "test", "example.org", "");
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(case_result(c, 0)->key_bits, 2048);
    assert_in_range(c->checks_performed, 1, 2);
    sign_key_free(other);
}

static void of_several_keys_four_are_tried(void **state)
{
    struct dkim_case *c = *state;
    sign_plain(c, c->rsa, &(struct sign_options){.signature = "AAAA"});
    case_no_zone(c);
    static const enum sign_key_name names[] = {SIGN_RSA_1024, SIGN_RSA_2048,
                                               SIGN_RSA_4096};
    for (size_t i = 0; i < 3; i++) {
        struct sign_key *key = sign_key_new(names[i]);
        case_zone_key(c, key, "test", "example.org", "");
        case_zone_key(c, key, "test", "example.org", "v=DKIM1; ");
        sign_key_free(key);
    }
    assert_int_equal(case_verify(c), DKIM_FAIL);
    case_reason_has(c, 0, "4 keys were tried");
}

/* Each costs what a signature costs, and there may be a hundred. */
static void a_message_gets_few_further_keys_for_all_its_signatures(void **state)
{
    enum { SIGNATURES = 12, EVALUATED = 8 };
    static const enum sign_key_name names[] = {SIGN_RSA_1024, SIGN_RSA_2048,
                                               SIGN_RSA_4096};
    struct dkim_case *c = *state;
    case_message(c, case_plain_message);
    for (int i = 0; i < SIGNATURES; i++) {
        case_sign(c, c->rsa, &(struct sign_options){.signature = "AAAA"});
    }
    case_no_zone(c);
    for (size_t i = 0; i < 3; i++) {
        struct sign_key *key = sign_key_new(names[i]);
        case_zone_key(c, key, "test", "example.org", "");
        sign_key_free(key);
    }
    assert_int_equal(case_verify(c), DKIM_FAIL);
    assert_int_equal(c->checks_performed, 2 * EVALUATED);
}

static void of_several_useless_records_the_nearest_is_told(void **state)
{
    struct dkim_case *c = *state;
    sign_plain(c, c->rsa, &(struct sign_options){0});
    case_no_zone(c);
    case_zone(c, "test._domainkey.example.org. TXT \"v=spf1 -all\"\n"
                 "test._domainkey.example.org. TXT \"v=DKIM1; p=\"\n"
                 "test._domainkey.example.org. TXT \"anything\"\n");
    assert_int_equal(case_verify(c), DKIM_PERMERROR);
    case_reason_has(c, 0, "none of 3 key records");
    case_reason_has(c, 0, "revoked");
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(the_key_is_asked_for_below_domainkey),
        WITH_CASE(questions_without_a_key_decide_the_result),
        WITH_CASE(a_key_behind_a_cname_is_used),
        WITH_CASE(records_that_may_not_be_used_are_told_apart),
        WITH_CASE(a_bare_rsa_public_key_is_one_too),
        WITH_CASE(an_rsa_key_for_an_ed25519_signature_is_no_key),
        WITH_CASE(a_strict_key_is_for_its_own_domain_only),
        WITH_CASE(a_key_in_testing_is_told),
        WITH_CASE(keys_have_a_least_size),
        WITH_CASE(any_of_several_keys_may_have_signed),
        WITH_CASE(of_several_keys_four_are_tried),
        WITH_CASE(a_message_gets_few_further_keys_for_all_its_signatures),
        WITH_CASE(of_several_useless_records_the_nearest_is_told),
    };
    return cmocka_run_group_tests_name("dkim keys", tests, NULL, NULL);
}
