/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Texts to be signed, read by who holds the key: what is accepted and what is not. */

static struct signer_case signer;

static int set_up(void **state)
{
    int failed = case_setup(state);
    signer_case_begin(&signer, *state);
    return failed;
}

static int tear_down(void **state)
{
    signer_case_end(&signer);
    return case_teardown(state);
}

static enum yett_err parse(enum dkim_form form, slice text, struct signer_request *out)
{
    /* Where it ends, so does the memory. */
    char *copy = malloc(text.len == 0 ? 1 : text.len);
    slice kept;
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    struct signer_request found;
    slice why = SLICE_NONE;
    enum yett_err err =
        signer_parse_text(signer.arena, form, slice_of(copy, text.len), &found, &why);
    free(copy);
    if (err != YETT_OK) {
        assert_int_not_equal(why.len, 0);
        assert_int_equal(arena_copy(signer.arena, why, &signer.why), YETT_OK);
        return err;
    }
    assert_int_equal(arena_copy(signer.arena, text, &kept), YETT_OK);
    return signer_parse_text(signer.arena, form, kept, out, &why);
}

/* ---- what signers make -------------------------------------------------------------- */

static const char message[] = "Received: x\r\n"
                              "Subject: first\r\n"
                              "From: Jo  <jo@example.org>\r\n"
                              "To: Sam\r\n <sam@example.net>\r\n"
                              "Subject : second\r\n"
                              "\r\n"
                              "Hello\r\n";

static void a_text_that_was_made_is_read_again(void **state)
{
    struct dkim_case *c = *state;
    for (unsigned way = 0; way < 4; way++) {
        struct signer_draft draft;
        struct signer_request request;
        signer.signing.header_canon = way & 1 ? DKIM_RELAXED : DKIM_SIMPLE;
        signer.signing.algorithm = way & 2 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
        signer.signing.identity = SLICE("jo@sub.example.org");
        case_message(c, message);
        assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
        if (parse(DKIM_FORM_SIGNATURE, draft.text, &request) != YETT_OK) {
            fail_msg("%.*s", SLICE_ARG(signer.why));
        }
        const struct dkim_signature *signature = &request.signature;
        assert_int_equal(request.header.count, 4);
        assert_true(
            slice_eq(slice_trim_wsp(request.header.fields[2].value), SLICE("second")));
        assert_int_equal(signature->algorithm, signer.signing.algorithm);
        assert_int_equal(signature->header_canon, signer.signing.header_canon);
        assert_true(slice_eq(signature->domain, SLICE("example.org")));
        assert_true(slice_eq(signature->selector, SLICE("mine")));
        assert_true(slice_eq(signature->identity, SLICE("jo@sub.example.org")));
        assert_int_equal(signature->signed_at_s, 1795500000);
        assert_int_equal(signature->expires_at_s, 1796709600);
        assert_int_equal(signature->body_length, DKIM_NO_LENGTH);
        assert_int_equal(dkim_count_signed(signature, "from"), 2);
        assert_int_equal(dkim_count_signed(signature, "Subject"), 3);
        assert_int_equal(dkim_count_signed(signature, "X-None"), 0);
        assert_int_equal(message_count_fields(&request.header, "From"), 1);
    }
}

static void fields_that_hide_in_others_are_noted(void **state)
{
    struct dkim_case *c = *state;
    struct signer_draft draft;
    struct signer_request request;
    struct message_from from;
    case_message(c, "From: jo@example.org\r\n"
                    "Subject: x\nFrom: mallory@example.com\r\n\r\n");
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
    assert_int_equal(parse(DKIM_FORM_SIGNATURE, draft.text, &request), YETT_OK);
    assert_int_equal(request.header.defects & MESSAGE_MAY_HIDE, MESSAGE_BARE_LF);
    assert_int_equal(message_read_from(signer.arena, &request.header, &from), YETT_OK);
    assert_int_equal(from.status, MESSAGE_FROM_SEVERAL_FIELDS);
}

/* ---- what they do not make ---------------------------------------------------------- */

#define BH   "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"
#define OWN  "dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mine; "
#define FROM "from:jo@example.org\r\n"

static void texts_of_no_signer_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"",                                                                             "does not end in the field"},
        {"x",                                                                            "no header field"          },
        {FROM,                                                                           "does not end in the field"},
        {FROM OWN "h=from; " BH " b=\r\n",                                               "does not end in the field"},
        {FROM "\r\n" OWN "h=from; " BH " b=",                                            "no header field"          },
        {FROM "no colon\r\n" OWN "h=from; " BH " b=",                                    "no header field"          },
        {FROM ":x\r\n" OWN "h=from; " BH " b=",                                          "no header field"          },
        {FROM "to:x",                                                                    "not the one to be signed" },
        {FROM OWN "h=from; " BH " b=AAAA",                                               "b= holds something"       },
        {FROM OWN "h=from; " BH " b=;",                                                  "not the last tag"         },
        {FROM OWN "h=from; b=; " BH,                                                     "not the last tag"         },
        {FROM OWN "h=from; " BH,                                                         "b= is missing"            },
        {FROM OWN "h=from; b=",                                                          "bh= is missing"           },
        {FROM OWN BH " b=",                                                              "h= is missing"            },
        {FROM OWN "h=to; " BH " b=",                                                     "From is not in h="        },
        {FROM "dkim-signature:v=2; a=rsa-sha256; d=example.org; s=m; h=from; " BH " b=",
         "v= is not 1"                                                                                              },
        {FROM "dkim-signature:v=1; a=rsa-sha999; d=example.org; s=m; h=from; " BH " b=",
         "a= names"                                                                                                 },
 /* What stands there and what h= says. */
        {OWN "h=from:to; " BH " b=",                                                     ""                         },
        {FROM OWN "h=to:from:from; " BH " b=",                                           ""                         },
        {FROM "to:x\r\n" OWN "h=from; " BH " b=",                                        "not those of h="          },
        {FROM "to:x\r\n" OWN "h=to:from; " BH " b=",                                     "not those of h="          },
        {FROM FROM OWN "h=from; " BH " b=",                                              "not those of h="          },
        {FROM "to:x\r\n" OWN "h=to:from:to; " BH " b=",                                  "leaves out a field"       },
        {FROM "x-evil:1\r\n" OWN "h=from:from; " BH " b=",                               "not those of h="          },
 /* Canonical form. */
        {"From:jo@example.org\r\n" OWN "h=from; " BH " b=",                              "canonical"                },
        {"from: jo@example.org\r\n" OWN "h=from; " BH " b=",                             "canonical"                },
        {"from:jo@example.org \r\n" OWN "h=from; " BH " b=",                             "canonical"                },
        {"from:jo@example.org\r\n x\r\n" OWN "h=from; " BH " b=",                        "canonical"                },
        {"from:jo  @example.org\r\n" OWN "h=from; " BH " b=",                            "canonical"                },
        {"from:jo\t@example.org\r\n" OWN "h=from; " BH " b=",                            "canonical"                },
        {"from :jo@example.org\r\n" OWN "h=from; " BH " b=",                             "canonical"                },
        {FROM OWN "h=from;  " BH " b=",                                                  "canonical"                },
        {FROM OWN "h=from;\r\n\t" BH " b=",                                              "canonical"                },
        {FROM " " OWN "h=from; " BH " b=",                                               "not the one to be signed" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_request request;
        enum yett_err err =
            parse(DKIM_FORM_SIGNATURE, slice_from_text(rows[i].text), &request);
        if (rows[i].words[0] == '\0') {
            assert_int_equal(err, YETT_OK); /* nothing wrong that is found here */
        } else if (err != YETT_BAD_SYNTAX ||
                   slice_find(signer.why, slice_from_text(rows[i].words)) ==
                       signer.why.len) {
            fail_msg("row %zu: %d, %.*s", i, (int)err, SLICE_ARG(signer.why));
        }
    }
}

static void a_text_changed_in_any_octet_says_something_else(void **state)
{
    struct dkim_case *c = *state;
    struct signer_draft draft;
    struct signer_request request;
    case_message(c, message);
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
    const struct arena_mark mark = arena_mark(signer.arena);
    for (size_t at = 0; at < draft.text.len; at++) {
        char *changed = malloc(draft.text.len);
        assert_non_null(changed);
        memcpy(changed, draft.text.ptr, draft.text.len);
        changed[at] = (char)(changed[at] ^ 0x20);
        slice text = slice_of(changed, draft.text.len);
        /* Refused, or read as what it then is: never a crash, never half an answer. */
        if (parse(DKIM_FORM_SIGNATURE, text, &request) == YETT_OK) {
            assert_int_equal(request.header.bytes + request.field.raw.len, text.len);
        }
        free(changed);
        arena_rewind(signer.arena, mark);
    }
    for (size_t length = 0; length < draft.text.len; length++) {
        assert_int_not_equal(
            parse(DKIM_FORM_SIGNATURE, slice_first(draft.text, length), &request),
            YETT_OK);
        arena_rewind(signer.arena, mark);
    }
}

static void what_is_too_long_is_a_limit(void **state)
{
    struct signer_request request;
    struct naive_text text = {NULL, 0};
    (void)state;
    for (int i = 0; i < DKIM_SIGNED_FIELDS_MAX + 2; i++) {
        naive_add(&text, "to:x\r\n", 6);
    }
    assert_int_equal(parse(DKIM_FORM_SIGNATURE, slice_of(text.ptr, text.len), &request),
                     YETT_LIMIT);
    while (text.len <= DKIM_SIGNED_TEXT_MAX) {
        naive_add(&text, "x", 1);
    }
    assert_int_equal(parse(DKIM_FORM_SIGNATURE, slice_of(text.ptr, text.len), &request),
                     YETT_LIMIT);
    free(text.ptr);
}

static void a_text_may_be_as_long_as_the_limit_whatever_its_form(void **state)
{
    static const struct {
        enum dkim_form form;
        slice name;
        slice own;
    } cases[] = {
        {DKIM_FORM_SIGNATURE, SLICE_INIT("from:"),
         SLICE_INIT("dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; "
                    "s=mine; h=from; " BH " b=")},
        {DKIM_FORM_SEAL,      SLICE_INIT("arc-authentication-results:"),
         SLICE_INIT(
             "arc-message-signature:i=1; a=rsa-sha256; d=example.org; s=x; h=from; "
             "b=AA\r\narc-seal:i=1; a=rsa-sha256; cv=none; d=example.org; s=mine; "
             "t=1; b=")                         },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const slice own = cases[i].own;
        for (size_t over = 0; over < 2; over++) {
            struct signer_request request;
            struct naive_text text = {NULL, 0};
            naive_add(&text, cases[i].name.ptr, cases[i].name.len);
            while (text.len + 2 + own.len < DKIM_SIGNED_TEXT_MAX + over) {
                naive_add(&text, "x", 1);
            }
            naive_add(&text, "\r\n", 2);
            naive_add(&text, own.ptr, own.len);
            assert_int_equal(text.len, DKIM_SIGNED_TEXT_MAX + over);
            assert_int_equal(parse(cases[i].form, slice_of(text.ptr, text.len), &request),
                             over == 0 ? YETT_OK : YETT_LIMIT);
            free(text.ptr);
        }
    }
}

/* ---- other forms -------------------------------------------------------------------- */

#define AMS                                                                              \
    "arc-message-signature:i=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; "        \
    "s=mine; h=from:to; " BH " b="
#define SET(n)                                                                           \
    "arc-authentication-results:i=" n "; mx.example; none\r\n"                           \
    "arc-message-signature:i=" n "; a=rsa-sha256; d=example.org; s=x; h=from; b=AA\r\n"

static void fields_of_arc_are_read(void **state)
{
    struct signer_request request;
    (void)state;
    assert_int_equal(parse(DKIM_FORM_MESSAGE, SLICE(FROM AMS), &request), YETT_OK);
    assert_true(slice_eq(request.signature.domain, SLICE("example.org")));
    assert_int_equal(parse(DKIM_FORM_SEAL,
                           SLICE(SET("1") "arc-seal:i=1; a=rsa-sha256; cv=none; "
                                          "d=example.org; s=mine; t=1; b="),
                           &request),
                     YETT_OK);
    assert_int_equal(
        parse(
            DKIM_FORM_SEAL,
            SLICE(
                SET("1") "arc-seal:i=1; a=rsa-sha256; cv=none; d=a; s=b; b=AAAA\r\n" SET(
                    "2") "arc-seal:i=2; a=rsa-sha256; cv=pass; d=example.org; s=mine; "
                         "b="),
            &request),
        YETT_OK);
    assert_int_equal(request.header.count, 5);
}

static void fields_of_arc_are_none_of_each_other(void **state)
{
    static const struct {
        enum dkim_form form;
        const char *text;
    } rows[] = {
        {DKIM_FORM_SIGNATURE, FROM AMS                                                    },
        {DKIM_FORM_MESSAGE,   FROM OWN "h=from; " BH " b="                                },
        {DKIM_FORM_SEAL,      FROM "arc-seal:i=1; a=rsa-sha256; d=a.example; s=b; b="     },
        {DKIM_FORM_SEAL,      "arc-seal:i=1; a=rsa-sha256; d=a.example; s=b; b="          },
        {DKIM_FORM_SEAL,      SET("1") SET("2") "arc-seal:i=1; a=rsa-sha256; d=a; s=b; b="},
        {DKIM_FORM_SEAL,
         "arc-message-signature:i=1; b=AA\r\narc-authentication-results:i=1; x\r\n"
         "arc-seal:i=1; a=rsa-sha256; d=a.example; s=b; b="                               },
        {DKIM_FORM_SEAL,
         SET("1") "arc-seal:i=1; a=rsa-sha256; h=from; d=a.example; s=b; b="              },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_request request;
        if (parse(rows[i].form, slice_from_text(rows[i].text), &request) !=
            YETT_BAD_SYNTAX) {
            fail_msg("row %zu was read", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_text_that_was_made_is_read_again),
        TEST(fields_that_hide_in_others_are_noted),
        TEST(texts_of_no_signer_are_refused),
        TEST(a_text_changed_in_any_octet_says_something_else),
        TEST(what_is_too_long_is_a_limit),
        TEST(a_text_may_be_as_long_as_the_limit_whatever_its_form),
        TEST(fields_of_arc_are_read),
        TEST(fields_of_arc_are_none_of_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
