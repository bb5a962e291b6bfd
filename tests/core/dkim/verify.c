/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Whole evaluations (RFC 6376 sections 3.7, 5.4.2 and 6.1.3, RFC 8601 section 2.7.1). */

static void every_algorithm_and_canonicalisation_verifies(void **state)
{
    struct dkim_case *c = *state;
    static const char *const canons[] = {NULL,
                                         "simple",
                                         "relaxed",
                                         "simple/simple",
                                         "relaxed/simple",
                                         "simple/relaxed",
                                         "relaxed/relaxed"};
    static const char *const bodies[] = {"",
                                         "\r\n",
                                         "one line\r\n",
                                         "no end",
                                         " \t blank \t\r\n\r\n \r\n\r\n",
                                         "a\r\n\r\n",
                                         "bare \r and \n and \r\r\n"};
    c->settings.allow_rsa_sha1 = true;
    for (size_t body = 0; body < sizeof(bodies) / sizeof(bodies[0]); body++) {
        for (size_t i = 0; i < sizeof(canons) / sizeof(canons[0]); i++) {
            case_message(c,
                         "From: Jo <jo@example.org>\r\nSubject:  a \t b\r\n  c \r\n\r\n");
            case_append(c, bodies[body]);
            case_sign(c, c->rsa, &(struct sign_options){.canon = canons[i]});
            case_sign(
                c, c->rsa,
                &(struct sign_options){.canon = canons[i], .algorithm = "rsa-sha1"});
            case_sign(c, c->ed25519,
                      &(struct sign_options){.canon = canons[i], .selector = "edward"});
            case_verify(c);
            for (size_t j = 0; j < 3; j++) {
                if (case_result(c, j)->code != DKIM_PASS) {
                    fail_msg("%s, body %zu: %s", canons[i], body, c->summary.ptr);
                }
                assert_true(case_result(c, j)->counts);
            }
        }
    }
}

static void an_unsigned_message_has_no_result(void **state)
{
    struct dkim_case *c = *state;
    assert_int_equal(case_verify(c), DKIM_NONE);
    assert_int_equal(c->results.count, 0);
    assert_true(c->results.reason.len != 0);
}

/* ---- what was changed --------------------------------------------------------------- */

static void changes_are_judged_by_the_canonicalisation(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *from, *to;
        bool simple, relaxed;
        const char *why;
    } rows[] = {
        {"Subject: Dinner",               "Subject: Supper",        false, false, "a word of a signed field"          },
        {"Subject: Dinner",               "SUBJECT:   Dinner",      false, true,
         "case and space of a field"                                                                                  },
        {"Subject: Dinner",               "Subject:\r\n Dinner \t", false, true,  "a fold"                            },
        {"To: Sam",                       "X-New: 1\r\nTo: Sam",    true,  true,  "an unsigned field was added"       },
        {"To: Sam <sam@example.net>\r\n", "",                       false, false, "a signed field was removed"        },
        {"dinner  ready",                 "dinner ready",           false, true,  "space in the body"                 },
        {"ready?\r\n",                    "ready? \t\r\n",          false, true,  "space at the end of a line"        },
        {"ready",                         "Ready",                  false, false, "a letter in the body"              },
        {"\r\n\r\nJo",                    "\r\n\r\n\r\nJo",         false, false, "an empty line in the body"         },
        {"Jo\r\n",                        "Jo\r\n\r\n\r\n",         true,  true,  "empty lines at the end"            },
        {"h=From:To",                     "h=From: To",             false, false, "white space in the signature field"},
        {"\tb=",                          "\t b=\r\n\t",            false, true,  "white space around b="             },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int relaxed = 0; relaxed < 2; relaxed++) {
            case_message(c, case_plain_message);
            case_sign(c, c->rsa,
                      &(struct sign_options){.canon = relaxed ? "relaxed/relaxed"
                                                              : "simple/simple"});
            /* "Jo" also stands in From, so the body's is told by what is before it. */
            if (strcmp(rows[i].from, "Jo\r\n") == 0) {
                case_append(c, "\r\n\r\n");
            } else {
                case_replace(c, rows[i].from, rows[i].to);
            }
            bool holds = case_verify(c) == DKIM_PASS;
            if (holds != (relaxed ? rows[i].relaxed : rows[i].simple)) {
                fail_msg("%s, relaxed %d: %s", rows[i].why, relaxed, c->summary.ptr);
            }
            assert_int_equal(case_result(c, 0)->code, holds ? DKIM_PASS : DKIM_FAIL);
        }
    }
}

static void what_failed_is_told_apart(void **state)
{
    struct dkim_case *c = *state;
    assert_int_equal(case_verify_signed(c, &(struct sign_options){0}), DKIM_PASS);
    case_append(c, "-- \r\nappended\r\n");
    assert_int_equal(case_verify(c), DKIM_FAIL);
    assert_true(case_result(c, 0)->header_verified);
    assert_false(case_result(c, 0)->body_verified);
    case_reason_has(c, 0, "signed this header, but the body was changed since");

    case_verify_signed(c, &(struct sign_options){0});
    case_replace(c, "Dinner", "Supper");
    assert_int_equal(case_verify(c), DKIM_FAIL);
    assert_false(case_result(c, 0)->header_verified);
    assert_true(case_result(c, 0)->body_verified);
    case_reason_has(c, 0, "a signed header field was changed");

    case_append(c, "-- \r\nappended\r\n");
    assert_int_equal(case_verify(c), DKIM_FAIL);
    case_reason_has(c, 0, "neither header nor body");
}

/* A signature that another made in our name. */
static void another_domains_key_does_not_sign_for_us(void **state)
{
    struct dkim_case *c = *state;
    struct sign_key *other = sign_key_new(SIGN_RSA_4096);
    case_sign(c, other, &(struct sign_options){0});
    assert_int_equal(case_verify(c), DKIM_FAIL);
    assert_false(case_result(c, 0)->counts);
    sign_key_free(other);
}

/* ---- which fields are signed -------------------------------------------------------- */

static const char three_received[] = "Received: A\r\n"
                                     "Received: B\r\n"
                                     "Received: C\r\n"
                                     "From: Jo <jo@example.org>\r\n"
                                     "\r\n"
                                     "Hi.\r\n";

/* Section 5.4.2. */
static void repeated_fields_are_signed_from_the_bottom_up(void **state)
{
    struct dkim_case *c = *state;
    const struct sign_options two = {.fields = "Received : Received : From"};
    static const struct {
        const char *from, *to;
        bool holds;
    } rows[] = {
        {"Received: A\r\n",                "Received: other\r\n",                true },
        {"Received: A\r\n",                "Received: new\r\nReceived: A\r\n",   true },
        {"Received: B\r\n",                "Received: other\r\n",                false},
        {"Received: C\r\n",                "Received: other\r\n",                false},
        {"Received: C\r\n",                "Received: C\r\nReceived: below\r\n", false},
        {"Received: B\r\nReceived: C\r\n", "Received: C\r\nReceived: B\r\n",     false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, three_received);
        case_sign(c, c->rsa, &two);
        assert_int_equal(case_verify(c), DKIM_PASS);
        case_replace(c, rows[i].from, rows[i].to);
        if ((case_verify(c) == DKIM_PASS) != rows[i].holds) {
            fail_msg("%s -> %s", rows[i].from, rows[i].to);
        }
    }
}

/* Section 3.5, h=: names without a field are nothing, until such a field is added. */
static void signing_a_missing_field_keeps_it_from_being_added(void **state)
{
    struct dkim_case *c = *state;
    const struct sign_options options = {.fields =
                                             "From:From:Cc:Received:Received:Received:"
                                             "Received"};
    static const char *const added[] = {"From: Eve <eve@example.com>\r\n",
                                        "Cc: x@y.example\r\n", "Received: D\r\n"};
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        char whole[100];
        case_message(c, three_received);
        case_sign(c, c->rsa, &options);
        assert_int_equal(case_verify(c), DKIM_PASS);
        snprintf(whole, sizeof(whole), "%sReceived: A\r\n", added[i]);
        case_replace(c, "Received: A\r\n", whole);
        assert_int_equal(case_verify(c), DKIM_FAIL);
    }
}

/* Section 5.4: what the signer did not oversign may be added; that is for others to judge. */
static void a_field_that_was_not_oversigned_may_be_added_above(void **state)
{
    struct dkim_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_replace(c, "From: Jo", "Subject: Buy\r\nFrom: Jo");
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_false(case_result(c, 0)->counts);
    case_message(c, case_plain_message);
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_replace(c, "\r\n\r\nIs", "\r\nSubject: Buy\r\n\r\nIs");
    assert_int_equal(case_verify(c), DKIM_FAIL);
}

/* Section 8.15: the judgement is that such a signature makes nothing authentic. */
static void a_pass_with_a_field_too_many_does_not_count(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *fields; /* h= */
        const char *added;
        const char *extra;
        const char *why;
    } rows[] = {
        {"From:To:Subject:Date", "",                                     NULL,           "as signed"             },
        {"From:To:Subject:Date", "Subject: Buy\r\n",                     "Subject",      "the text that is shown"},
        {"From:To:Subject:Date", "sUBJECT : Buy\r\n",                    "Subject",      "in another form"       },
        {"From:To:Subject:Date", "To: eve@example.com\r\n",              "To",           "whom it was sent to"   },
        {"From:To:Subject:Date", "Date: tomorrow\r\n",                   "Date",         "when"                  },
        {"From:To:Subject:Date", "From: Eve <e@x.test>\r\n",             "From",         "who"                   },
        {"From",                 "Subject: Buy\r\n",                     "Subject",      "not signed at all"     },
        {"From:To:Subject:Date", "Cc: eve@example.com\r\n",              NULL,           "the only one"          },
        {"From:To",              "Cc: a@b.test\r\nCc: c@d.test\r\n",     "Cc",           "two, neither signed"   },
        {"From:To:Subject:Date",
         "Content-Type: text/html\r\nContent-Type: text/plain\r\n",      "Content-Type",
         "how the body is read"                                                                                  },
        {"From:To:Subject:Date", "X: y\rSubject: Buy\r\n",               "Subject",
         "hidden behind a bare CR"                                                                               },
        {"From:To:Subject:Date", "X: y\nSubject: Buy\r\n",               "Subject",
         "hidden behind a bare LF"                                                                               },
        {"From:To:Subject:Date",
         "Received: a\r\nReceived: b\r\nComments: c\r\nComments: d\r\n", NULL,
         "may stand often"                                                                                       },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char whole[200];
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, &(struct sign_options){.fields = rows[i].fields});
        snprintf(whole, sizeof(whole), "%sFrom: Jo", rows[i].added);
        case_replace(c, "From: Jo", whole);
        const char *extra =
            case_verify(c) == DKIM_PASS ? case_result(c, 0)->extra_field : "";
        if ((extra == NULL) != (rows[i].extra == NULL) ||
            (extra != NULL && strcmp(extra, rows[i].extra) != 0) ||
            case_result(c, 0)->counts != (rows[i].extra == NULL)) {
            fail_msg("%s: %s", rows[i].why, c->summary.ptr);
        }
    }
    case_message(c, case_plain_message);
    case_replace(c, "From: Jo", "Subject: one\r\nFrom: Jo");
    case_sign(c, c->rsa, &(struct sign_options){.fields = "From:Subject:Subject"});
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_true(case_result(c, 0)->counts); /* both were there when it was signed */
}

/* What a stranger may write into somebody's mail, into a form of the web or as a name, is text
   there, and another message once it is decoded: readers skip what is no base64. */
static void a_second_transfer_encoding_makes_another_message_of_the_body(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *fields; /* h= */
        enum dkim_code code;
        bool counts;
    } rows[] = {
        {"From:Subject:Content-Transfer-Encoding",                           DKIM_PASS, false},
        {"From:Subject",                                                     DKIM_PASS, false},
        {"From:Subject:Content-Transfer-Encoding:Content-Transfer-Encoding", DKIM_FAIL,
         false                                                                               },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, "From: shop@example.org\r\n"
                        "Subject: Your note\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/html\r\n"
                        "Content-Transfer-Encoding: 7bit\r\n"
                        "\r\n"
                        "PGEgaHJlZj0iaHR0cHM6Ly9ldmUudGVzdCI+UGF5PC9hPg==\r\n");
        case_sign(c, c->rsa, &(struct sign_options){.fields = rows[i].fields});
        assert_int_equal(case_verify(c), DKIM_PASS);
        assert_true(case_result(c, 0)->counts);
        case_replace(c, "From: shop", "Content-Transfer-Encoding: base64\r\nFrom: shop");
        assert_int_equal(case_verify(c), rows[i].code);
        assert_int_equal(case_result(c, 0)->counts, rows[i].counts);
    }
}

static void names_in_h_have_no_case_and_long_ones_are_told_apart(void **state)
{
    struct dkim_case *c = *state;
    case_message(
        c,
        "from: Jo <jo@example.org>\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "CONTENT-TRANSFER-ENCODINGS: other\r\n"
        "X-A-Very-Long-Name-Of-A-Field-That-Goes-On-And-On-For-More-Than-Sixty-1: a\r\n"
        "X-A-Very-Long-Name-Of-A-Field-That-Goes-On-And-On-For-More-Than-Sixty-2: b\r\n"
        "\r\nHi.\r\n");
    case_sign(c, c->rsa,
              &(struct sign_options){
                  .fields =
                      "FROM:content-transfer-encoding:x-a-very-long-name-of-a-field-that-"
                      "goes-on-and-on-for-more-than-sixty-1"});
    assert_int_equal(case_verify(c), DKIM_PASS);
    case_replace(c, "ENCODINGS: other", "ENCODINGS: changed");
    case_replace(c, "Sixty-2: b", "Sixty-2: c");
    assert_int_equal(case_verify(c), DKIM_PASS);
    case_replace(c, "Sixty-1: a", "Sixty-1: c");
    assert_int_equal(case_verify(c), DKIM_FAIL);
}

/* Section 3.5, h=: other signatures may be signed, the signature itself never twice. */
static void signatures_may_sign_other_signatures(void **state)
{
    struct dkim_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_sign(c, c->ed25519,
              &(struct sign_options){.selector = "edward",
                                     .fields = "From:DKIM-Signature:DKIM-Signature"});
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(case_result(c, 0)->code, DKIM_PASS);
    assert_int_equal(case_result(c, 1)->code, DKIM_PASS);
    case_replace(c, "s=test", "s=tesT");
    case_verify(c);
    assert_int_equal(case_result(c, 0)->code, DKIM_FAIL);
    assert_int_equal(case_result(c, 1)->code, DKIM_FAIL);
}

/* ---- l= ----------------------------------------------------------------------------- */

static void l_decides_how_much_of_the_body_counts(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *length;
        const char *appended;
        enum dkim_code code;
        uint64_t unsigned_bytes;
        const char *why;
    } rows[] = {
        {"24",                      "",         DKIM_PASS, 0,  "exactly the body"                  },
        {"24",                      "\r\n\r\n", DKIM_PASS, 0,  "empty lines at the end are nothing"},
        {"24",                      "more\r\n", DKIM_PASS, 6,  "something was appended"            },
        {"23",                      "",         DKIM_PASS, 1,  "half a line end"                   },
        {"0",                       "",         DKIM_PASS, 24, "nothing at all is signed"          },
        {"25",                      "",         DKIM_FAIL, 0,  "more than there is"                },
        {"99999999999999999999999", "",         DKIM_FAIL, 0,  "more than any number"              },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, &(struct sign_options){.length = rows[i].length});
        case_append(c, rows[i].appended);
        if (case_verify(c) != rows[i].code) {
            fail_msg("%s: %s", rows[i].why, c->summary.ptr);
        }
        const struct dkim_result *r = case_result(c, 0);
        assert_true(r->header_verified);
        assert_int_equal(r->unsigned_bytes, rows[i].unsigned_bytes);
        assert_int_equal(r->partial_body, rows[i].unsigned_bytes != 0);
        assert_int_equal(r->counts,
                         rows[i].code == DKIM_PASS && rows[i].unsigned_bytes == 0);
    }
    case_reason_has(c, 0, "has only 24 of the");
    c->settings.allow_partial_body = true;
    case_verify_signed(c, &(struct sign_options){.length = "10"});
    assert_true(case_result(c, 0)->counts);
    case_reason_has(c, 0, "the last 14 octets of the body are anybody's");
}

/* ---- policy ------------------------------------------------------------------------- */

/* RFC 8301 section 3.1. */
static void rsa_sha1_is_refused_unless_allowed(void **state)
{
    struct dkim_case *c = *state;
    const struct sign_options sha1 = {.algorithm = "rsa-sha1"};
    assert_int_equal(case_verify_signed(c, &sha1), DKIM_POLICY);
    assert_false(case_result(c, 0)->evaluated);
    case_reason_has(c, 0, "RFC 8301");
    c->settings.allow_rsa_sha1 = true;
    assert_int_equal(case_verify_signed(c, &sha1), DKIM_PASS);
}

static void times_are_judged_with_some_grace(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *signed_at, *expires_at;
        enum dkim_code code;
        const char *why;
    } rows[] = {
        {"1000000",       NULL,                   DKIM_PASS,   "long ago"                 },
        {"1000000300",    NULL,                   DKIM_PASS,   "ahead, within the grace"  },
        {"1000000301",    NULL,                   DKIM_POLICY, "ahead"                    },
        {"9999999999999", NULL,                   DKIM_POLICY, "t= in the far future"     },
        {NULL,            "1000000001",           DKIM_PASS,   "not expired"              },
        {NULL,            "999999700",            DKIM_PASS,   "expired, within the grace"},
        {NULL,            "999999699",            DKIM_POLICY, "expired"                  },
        {NULL,            "0",                    DKIM_POLICY, "expired at once"          },
        {NULL,            "99999999999999999999", DKIM_PASS,   "never expires"            },
    };
    c->now_s = 1000000000;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct sign_options options = {.signed_at = rows[i].signed_at,
                                             .expires_at = rows[i].expires_at};
        if (case_verify_signed(c, &options) != rows[i].code) {
            fail_msg("%s: %s", rows[i].why, c->summary.ptr);
        }
    }
    case_verify_signed(c, &(struct sign_options){.expires_at = "999999000"});
    case_reason_has(c, 0, "2001-09-09T01:30:00Z");
}

static void a_field_that_cannot_be_used_asks_nothing(void **state)
{
    struct dkim_case *c = *state;
    case_no_zone(c);
    case_zone(c, "; yett: default timeout\n");
    assert_int_equal(case_verify_signed(c, &(struct sign_options){.version = SIGN_OMIT}),
                     DKIM_NEUTRAL);
    assert_int_equal(dns_answers_count(c->run.answers), 0);
    assert_int_equal(
        case_verify_signed(c, &(struct sign_options){.fields = "To:Subject"}),
        DKIM_PERMERROR);
    assert_int_equal(dns_answers_count(c->run.answers), 0);
    assert_int_equal(case_result(c, 0)->evaluated, false);
}

/* ---- several signatures ------------------------------------------------------------- */

static void the_best_result_is_the_messages(void **state)
{
    struct dkim_case *c = *state;
    static const struct sign_options bad = {.signature = "AAAA"};
    static const struct sign_options gone = {.selector = "gone"};
    static const struct sign_options slow = {.selector = "slow"};
    static const struct sign_options good = {0};
    static const struct sign_options old = {.expires_at = "1"};
    static const struct sign_options broken = {.version = "7"};
    static const struct {
        const struct sign_options *first, *second;
        enum dkim_code code;
    } rows[] = {
        {&bad,    &good, DKIM_PASS     },
        {&good,   &bad,  DKIM_PASS     },
        {&slow,   &good, DKIM_PASS     },
        {&bad,    &slow, DKIM_TEMPERROR},
        {&bad,    &gone, DKIM_FAIL     },
        {&old,    &gone, DKIM_POLICY   },
        {&broken, &gone, DKIM_NEUTRAL  },
        {&gone,   &gone, DKIM_PERMERROR},
        {&broken, &old,  DKIM_POLICY   },
    };
    case_zone(c, "; yett: timeout slow._domainkey.example.org TXT\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, rows[i].second);
        case_sign(c, c->rsa, rows[i].first);
        if (case_verify(c) != rows[i].code) {
            fail_msg("row %zu: %s", i, c->summary.ptr);
        }
        assert_int_equal(c->results.count, 2);
    }
}

static void eight_signatures_are_evaluated_the_authors_first(void **state)
{
    struct dkim_case *c = *state;
    case_zone_key(c, c->rsa, "test", "mail.example.org", "");
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_sign(c, c->rsa, &(struct sign_options){.domain = "mail.example.org"});
    for (int i = 0; i < 20; i++) {
        char domain[32];
        snprintf(domain, sizeof(domain), "other%d.example", i);
        case_sign(c, c->rsa, &(struct sign_options){.domain = domain});
    }
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(c->results.count, 22);
    size_t evaluated = 0;
    for (size_t i = 0; i < c->results.count; i++) {
        evaluated += case_result(c, i)->evaluated;
    }
    assert_int_equal(evaluated, 8);
    assert_int_equal(dns_answers_count(c->run.answers), 8);
    assert_int_equal(case_result(c, 21)->code, DKIM_PASS);
    assert_int_equal(case_result(c, 20)->code, DKIM_PASS);
    assert_true(case_result(c, 0)->evaluated);
    assert_false(case_result(c, 6)->evaluated);
    assert_int_equal(case_result(c, 6)->code, DKIM_NEUTRAL);
    case_reason_has(c, 6, "more than 8 signatures");
}

static void old_algorithms_and_broken_fields_take_no_place_under_the_ceiling(void **state)
{
    struct dkim_case *c = *state;
    c->limits.signatures = 1;
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_sign(c, c->rsa, &(struct sign_options){.algorithm = "rsa-sha1"});
    case_sign(c, c->rsa, &(struct sign_options){.version = "2"});
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(case_result(c, 0)->code, DKIM_NEUTRAL);
    assert_int_equal(case_result(c, 1)->code, DKIM_POLICY);
    assert_int_equal(case_result(c, 2)->code, DKIM_PASS);
}

static void fields_beyond_the_hundredth_are_counted_only(void **state)
{
    struct dkim_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0});
    for (int i = 0; i < 104; i++) {
        struct naive_text whole = {NULL, 0};
        static const char field[] = "DKIM-Signature: v=1; nothing=more\r\n";
        naive_add(&whole, field, sizeof(field) - 1);
        naive_add(&whole, c->message.ptr, c->message.len);
        free(c->message.ptr);
        c->message = whole;
    }
    assert_int_equal(case_verify(c), DKIM_NEUTRAL);
    assert_int_equal(c->results.count, 100);
    assert_int_equal(c->results.uncounted, 5);
    assert_int_equal(dkim_message_signature_count(c->facts), 100);
}

static void each_distinct_key_name_is_asked_once(void **state)
{
    struct dkim_case *c = *state;
    for (int i = 0; i < 3; i++) {
        case_sign(c, c->rsa,
                  &(struct sign_options){.identity = i == 1 ? "@example.org" : NULL});
    }
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(dns_answers_count(c->run.answers), 1);
    assert_int_equal(c->checks_performed, 3);
}

static void a_body_longer_than_the_window_verifies(void **state)
{
    struct dkim_case *c = *state;
    for (int size = 0; size < 3; size++) {
        static const int lines[] = {1000, 2001, 9000};
        case_message(c, case_plain_message);
        for (int i = 0; i < lines[size]; i++) {
            case_append(c, "A line of text  with two spaces.\r\n");
        }
        case_sign(c, c->rsa, &(struct sign_options){0});
        case_sign(c, c->rsa, &(struct sign_options){.length = "40000"});
        case_sign(
            c, c->ed25519,
            &(struct sign_options){.selector = "edward", .canon = "relaxed/simple"});
        assert_int_equal(case_verify(c), DKIM_PASS);
        for (size_t i = 0; i < 3; i++) {
            bool is_long_enough = i != 1 || lines[size] > 1500;
            assert_int_equal(case_result(c, i)->code,
                             is_long_enough ? DKIM_PASS : DKIM_FAIL);
        }
    }
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(every_algorithm_and_canonicalisation_verifies),
        WITH_CASE(an_unsigned_message_has_no_result),
        WITH_CASE(changes_are_judged_by_the_canonicalisation),
        WITH_CASE(what_failed_is_told_apart),
        WITH_CASE(another_domains_key_does_not_sign_for_us),
        WITH_CASE(repeated_fields_are_signed_from_the_bottom_up),
        WITH_CASE(signing_a_missing_field_keeps_it_from_being_added),
        WITH_CASE(a_field_that_was_not_oversigned_may_be_added_above),
        WITH_CASE(a_pass_with_a_field_too_many_does_not_count),
        WITH_CASE(a_second_transfer_encoding_makes_another_message_of_the_body),
        WITH_CASE(names_in_h_have_no_case_and_long_ones_are_told_apart),
        WITH_CASE(signatures_may_sign_other_signatures),
        WITH_CASE(l_decides_how_much_of_the_body_counts),
        WITH_CASE(rsa_sha1_is_refused_unless_allowed),
        WITH_CASE(times_are_judged_with_some_grace),
        WITH_CASE(a_field_that_cannot_be_used_asks_nothing),
        WITH_CASE(the_best_result_is_the_messages),
        WITH_CASE(eight_signatures_are_evaluated_the_authors_first),
        WITH_CASE(old_algorithms_and_broken_fields_take_no_place_under_the_ceiling),
        WITH_CASE(fields_beyond_the_hundredth_are_counted_only),
        WITH_CASE(each_distinct_key_name_is_asked_once),
        WITH_CASE(a_body_longer_than_the_window_verifies),
    };
    return cmocka_run_group_tests_name("dkim verify", tests, NULL, NULL);
}
