/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Signatures as they are made (RFC 6376 section 5), each verified by what verifies others'. */

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

static const char *const messages[] = {
    "From: Jo <jo@example.org>\r\n"
    "To: Sam <sam@example.net>\r\n"
    "Subject: Dinner\r\n"
    "\r\n"
    "Is dinner  ready? \r\n\r\nJo\r\n\r\n\r\n",
    "From: jo@example.org\r\n\r\n",            /* no body */
    "From: jo@example.org\r\n",                /* not even an empty line */
    "From: jo@example.org\r\n\r\n\r\n\r\n",    /* blank lines only */
    "From: jo@example.org\r\n\r\nno line end", /* the last line is not ended */
    "FROM :\tjo@example.org \r\n"
    "subject:  odd\t\r\n  folding \r\n\t\r\n here\r\n"
    "SUBJECT: twice\r\n"
    "List-Id: <a.example.org>\r\n"
    "List-Id: <b.example.org>\r\n"
    "X-Bare: a\rb\nc\r\n"
    "To:\r\n"
    "cC: \xc3\xa9\xff <x@example.net>\r\n"
    "\r\n"
    " \t \r\n.\r\n..\r\n\ta\tb\r\n\r\r\n\n\n\r\n",
    "Received: from a\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    "From: Jo <jo@example.org>\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    "Message-ID: <1@example.org>\r\n"
    "References: <a@example.org> <b@example.org> <c@example.org> <d@example.org>\r\n"
    " <e@example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain;\r\n charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "\r\n"
    "\xc3\xa9\r\n",
};

static void what_is_signed_verifies(void **state)
{
    static const struct {
        enum dkim_algorithm algorithm;
        const char *selector;
    } keys[] = {
        {DKIM_RSA_SHA256,     "mine"  },
        {DKIM_ED25519_SHA256, "edward"},
    };
    struct dkim_case *c = *state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        for (unsigned way = 0; way < 8; way++) {
            signer.signing.algorithm = keys[way & 1].algorithm;
            signer.signing.selector = slice_from_text(keys[way & 1].selector);
            signer.signing.header_canon = way & 2 ? DKIM_RELAXED : DKIM_SIMPLE;
            signer.signing.body_canon = way & 4 ? DKIM_RELAXED : DKIM_SIMPLE;
            case_message(c, messages[i]);
            signer_case_sign(&signer, c);
            case_verify(c);
            if (case_result(c, 0)->code != DKIM_PASS) {
                fail_msg("message %zu, way %u: %.*s", i, way,
                         SLICE_ARG(case_result(c, 0)->reason));
            }
        }
    }
}

static void several_signatures_stand_beside_each_other(void **state)
{
    struct dkim_case *c = *state;
    signer_case_sign(&signer, c);
    signer.signing.algorithm = DKIM_ED25519_SHA256;
    signer.signing.selector = SLICE("edward");
    signer_case_sign(&signer, c);
    case_verify(c);
    assert_int_equal(c->results.count, 2);
    assert_int_equal(case_result(c, 0)->code, DKIM_PASS);
    assert_int_equal(case_result(c, 1)->code, DKIM_PASS);
}

/* ---- the field ---------------------------------------------------------------------- */

static void the_field_is_folded_under_78_columns_and_ends_in_b(void **state)
{
    static const char *const domains[] = {
        "example.org", "mail.a-rather-long-name-for-a-domain.department.example.org",
        "a.long.name.with.many.labels.one.two.three.example.org"};
    struct dkim_case *c = *state;
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        char identity[200];
        snprintf(identity, sizeof(identity), "jo@sub.%s", domains[i]);
        signer.signing.domain = slice_from_text(domains[i]);
        signer.signing.identity = slice_from_text(identity);
        case_message(c, messages[6]);
        slice rest = signer_case_sign(&signer, c);
        slice line = SLICE_NONE;
        slice last = SLICE_NONE;
        assert_true(slice_ends_with(rest, SLICE("\r\n")));
        while (slice_next_piece(&rest, '\n', &line) && line.len != 0) {
            size_t columns = line.len - 1; /* without CR */
            columns += slice_starts_with(line, SLICE("\t")) ? 7 : 0;
            if (columns > 77) {
                fail_msg("%zu columns: %.*s", columns, SLICE_ARG(line));
            }
            assert_true(slice_ends_with(line, SLICE("\r")));
            assert_false(slice_ends_with(slice_first(line, line.len - 1), SLICE(" ")));
            last = line;
        }
        assert_int_not_equal(last.len, 0);
        assert_false(slice_has_byte(last, ';'));
    }
}

static bool field_has(slice field, const char *text)
{
    return slice_find(field, slice_from_text(text)) < field.len;
}

static void the_tags_are_those_that_were_asked_for(void **state)
{
    struct dkim_case *c = *state;
    struct signer_draft draft;
    signer.signing.identity = SLICE("jo;=\"x y\"\xc3\xa9@sub.example.org");
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
    assert_true(field_has(draft.field, "v=1; a=rsa-sha256; c=relaxed/relaxed;"));
    assert_true(field_has(draft.field, " d=example.org;"));
    assert_true(field_has(draft.field, "s=mine;"));
    assert_true(field_has(draft.field, "i=jo=3B=3D\"x=20y\"=C3=A9@sub.example.org;"));
    assert_true(field_has(draft.field, "t=1795500000;"));
    assert_true(field_has(draft.field, "x=1796709600;"));
    assert_false(field_has(draft.field, "l="));
    assert_true(slice_ends_with(draft.field, SLICE("\r\n\tb=")));

    signer.signing = signer_case_defaults();
    signer.signing.signed_at_s = DKIM_NO_TIME;
    signer.signing.expires_at_s = DKIM_NO_TIME;
    signer.signing.header_canon = DKIM_SIMPLE;
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
    assert_true(field_has(draft.field, "c=simple/relaxed;"));
    assert_false(field_has(draft.field, "i="));
    assert_false(field_has(draft.field, "t="));
    assert_false(field_has(draft.field, "x="));
}

static void what_no_verifier_would_take_is_not_made(void **state)
{
    static char long_label[] =
        "a12345678901234567890123456789012345678901234567890123456789"
        ".b12345678901234567890123456789012345678901234567890123456789"
        ".c12345678901234567890123456789012345678901234567890123456789"
        ".d12345678901234567890123456789012345678901234567890123456";
    static const struct {
        const char *message;
        const char *identity;
        const char *selector;
        int64_t expires_at_s;
        const char *words;
    } rows[] = {
        {"To: a@example.net\r\n\r\n",    "",                  "mine",     DKIM_NO_TIME, "no From"        },
        {"From: jo@example.org\r\n\r\n", "jo@example.net",    "mine",     DKIM_NO_TIME, "i="             },
        {"From: jo@example.org\r\n\r\n", "jo@badexample.org", "mine",     DKIM_NO_TIME, "i="             },
        {"From: jo@example.org\r\n\r\n", "jo",                "mine",     DKIM_NO_TIME, "i="             },
        {"From: jo@example.org\r\n\r\n", "jo@&.example.org",  "mine",     DKIM_NO_TIME, "i="             },
        {"From: jo@example.org\r\n\r\n", "jo@..example.org",  "mine",     DKIM_NO_TIME, "i="             },
        {"From: jo@example.org\r\n\r\n", "",                  "mine",     1795500000,   "x="             },
        {"From: jo@example.org\r\n\r\n", "",                  long_label, DKIM_NO_TIME, "longer than DNS"},
    };
    struct dkim_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_draft draft;
        signer.signing = signer_case_defaults();
        signer.signing.identity = slice_from_text(rows[i].identity);
        signer.signing.selector = slice_from_text(rows[i].selector);
        signer.signing.expires_at_s = rows[i].expires_at_s;
        case_message(c, rows[i].message);
        assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_BAD_SYNTAX);
        if (slice_find(signer.why, slice_from_text(rows[i].words)) == signer.why.len) {
            fail_msg("row %zu: %.*s", i, SLICE_ARG(signer.why));
        }
    }
}

static void more_fields_than_h_may_name_are_refused(void **state)
{
    struct dkim_case *c = *state;
    struct signer_draft draft;
    case_message(c, "From: jo@example.org\r\n");
    for (int i = 0; i < 600; i++) {
        case_append(c, "Subject: x\r\n");
    }
    case_append(c, "\r\n");
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_BAD_SYNTAX);
    assert_true(field_has(signer.why, "600 fields Subject"));
}

static void a_header_that_is_too_long_is_a_limit(void **state)
{
    struct dkim_case *c = *state;
    struct signer_draft draft;
    case_message(c, "From: jo@example.org\r\nSubject: x\r\n");
    for (size_t bytes = 0; bytes <= DKIM_SIGNED_TEXT_MAX; bytes += 60) {
        case_append(c,
                    " 12345678901234567890123456789012345678901234567890123456789\r\n");
    }
    case_append(c, "\r\n");
    assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_LIMIT);
}

/* All that is made of one message, in an arena with this ceiling. */
static enum yett_err sign_within(struct dkim_case *c, const struct message_header *header,
                                 size_t ceiling)
{
    struct arena *arena = arena_new(ceiling);
    struct signer_sums *sums = NULL;
    struct signer_draft draft;
    struct signer_request request;
    slice field, why;
    assert_non_null(arena);
    enum yett_err err = signer_sums_new(arena, c->crypto, true, true, 998, &sums);
    if (err == YETT_OK) {
        signer_sums_feed(sums, SLICE("body\r\n"));
        err = signer_sums_end(sums);
    }
    if (err == YETT_OK) {
        err = signer_make_draft(arena, header, &signer.signing,
                                signer_sums_digest(sums, DKIM_RELAXED), &draft, &why);
    }
    if (err == YETT_OK) {
        err = signer_parse_text(arena, DKIM_FORM_SIGNATURE, draft.text, &request, &why);
    }
    if (err == YETT_OK) {
        err = signer_make_field(arena, draft.field, SLICE("signature"), &field);
    }
    arena_free(arena);
    return err;
}

static void without_memory_there_is_no_signature_and_no_crash(void **state)
{
    struct dkim_case *c = *state;
    slice body;
    struct message_header header =
        signer_case_header(&signer, slice_from_text(messages[6]), &body);
    enum yett_err err = YETT_NO_MEMORY;
    size_t refused = 0;
    signer.signing.identity = SLICE("jo@sub.example.org");
    for (size_t ceiling = 64; err != YETT_OK; ceiling += 256) {
        assert_in_range(ceiling, 0, 1024 * 1024);
        err = sign_within(c, &header, ceiling);
        assert_true(err == YETT_OK || err == YETT_NO_MEMORY);
        refused += err == YETT_NO_MEMORY ? 1 : 0;
    }
    assert_int_not_equal(refused, 0);
}

/* ---- which fields ------------------------------------------------------------------- */

/* h= without folding. */
static void names_of(slice field, char *out, size_t size)
{
    size_t from = slice_find(field, SLICE("h="));
    slice rest = slice_skip(field, from + 2);
    size_t at = 0;
    for (size_t i = 0; i < rest.len && rest.ptr[i] != ';'; i++) {
        if (rest.ptr[i] > ' ') {
            assert_true(at + 1 < size);
            out[at++] = rest.ptr[i];
        }
    }
    out[at] = '\0';
}

static void fields_are_named_as_the_table_says(void **state)
{
    static const struct {
        const char *header;
        const char *names;
    } rows[] = {
        {"From: a@example.org\r\n",
         "From:From:Reply-To:To:Cc:Subject:MIME-Version:Content-Type:"
         "Content-Transfer-Encoding"                                                                   },
        {"from: a@example.org\r\nDATE: now\r\nReceived: x\r\nX-Own: y\r\n"
         "List-Id: l\r\nSubject: s\r\nBcc: b\r\n",              "From:From:Reply-To:To:Cc:Subject:Subject:Date:Date:MIME-Version:Content-Type:"
         "Content-Transfer-Encoding:List-Id"},
        {"To: x\r\nFrom: a@example.org\r\nTo: y\r\nMessage-ID: <1>\r\n",
         "From:From:Reply-To:To:To:To:Cc:Subject:Message-ID:Message-ID:MIME-Version:"
         "Content-Type:Content-Transfer-Encoding"                                                      },
    };
    struct dkim_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_draft draft;
        char names[1000];
        case_message(c, rows[i].header);
        case_append(c, "\r\n");
        assert_int_equal(signer_case_draft(&signer, c, &draft), YETT_OK);
        names_of(draft.field, names, sizeof(names));
        assert_string_equal(names, rows[i].names);
    }
}

static void what_is_added_later_breaks_the_signature_or_does_not(void **state)
{
    static const struct {
        const char *added;
        enum dkim_code code;
    } rows[] = {
        {"From: mallory@example.com\r\n",     DKIM_FAIL},
        {"Subject: another\r\n",              DKIM_FAIL},
        {"Reply-To: mallory@example.com\r\n", DKIM_FAIL},
        {"Cc: all@example.com\r\n",           DKIM_FAIL},
        {"Content-Type: text/html\r\n",       DKIM_FAIL},
        {"MIME-Version: 1.0\r\n",             DKIM_FAIL},
        {"Date: yesterday\r\n",               DKIM_FAIL},
        {"Message-ID: <added@relay>\r\n",     DKIM_PASS},
        {"Sender: list@example.com\r\n",      DKIM_PASS},
        {"List-Id: <l.example.com>\r\n",      DKIM_PASS},
        {"List-Unsubscribe: <x>\r\n",         DKIM_PASS},
        {"Received: from a by b\r\n",         DKIM_PASS},
        {"Resent-From: x@example.com\r\n",    DKIM_PASS},
        {"X-Spam: no\r\n",                    DKIM_PASS},
    };
    struct dkim_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, case_plain_message);
        slice field = signer_case_sign(&signer, c);
        struct naive_text whole = {NULL, 0};
        naive_add(&whole, rows[i].added, strlen(rows[i].added));
        naive_add(&whole, c->message.ptr, c->message.len);
        free(c->message.ptr);
        c->message = whole;
        assert_int_not_equal(field.len, 0);
        case_verify(c);
        if (case_result(c, 0)->code != rows[i].code) {
            fail_msg("%s: %.*s", rows[i].added, SLICE_ARG(case_result(c, 0)->reason));
        }
    }
}

static struct signer_chosen choose(struct dkim_case *c, struct signer_rules rules)
{
    slice body;
    struct signer_chosen chosen;
    const struct message_header header =
        signer_case_header(&signer, slice_of(c->message.ptr, c->message.len), &body);
    assert_int_equal(
        signer_choose_fields(signer.arena, &header, &rules, &chosen, &signer.why),
        YETT_OK);
    return chosen;
}

/* RFC 8617 section 4.1.2. */
static void a_seal_signs_what_a_signature_does_and_the_signatures_that_are_there(
    void **state)
{
    struct dkim_case *c = *state;
    case_message(c, "DKIM-Signature: v=1; x\r\ndkim-signature: v=1; y\r\n"
                    "ARC-Seal: i=1; z\r\nFrom: jo@example.org\r\nDate: now\r\n\r\n");
    struct signer_chosen usual = choose(c, signer_default_rules());
    struct signer_chosen sealed = choose(c, signer_default_seal_rules());
    assert_int_equal(sealed.name_count, usual.name_count + 2);
    assert_int_equal(sealed.count, usual.count + 2);
    for (size_t i = 0; i < sealed.name_count; i++) {
        assert_true(slice_eq(sealed.names[i], i < usual.name_count
                                                  ? usual.names[i]
                                                  : SLICE("DKIM-Signature")));
    }
}

static void lists_of_fields_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* with "+" for oversigned */
    } rows[] = {
        {"From:To:Subject",        "From+ To Subject "    },
        {"to , subject+",          "From+ to subject+ "   },
        {"To:to+:TO",              "From+ To+ "           },
        {" X-Mine\t:\r\n List-Id", "From+ X-Mine List-Id "},
        {"from+,FROM",             "From+ "               },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_rules rules;
        char found[200] = "";
        slice why;
        assert_int_equal(
            signer_parse_rules(signer.arena, slice_from_text(rows[i].text), &rules, &why),
            YETT_OK);
        for (size_t j = 0; j < rules.count; j++) {
            size_t at = strlen(found);
            snprintf(found + at, sizeof(found) - at, "%.*s%s ",
                     SLICE_ARG(rules.list[j].name),
                     rules.list[j].how == SIGNER_OVERSIGN ? "+" : "");
        }
        assert_string_equal(found, rows[i].expected);
    }
}

static void lists_that_would_break_signatures_are_refused(void **state)
{
    static const char *const rows[] = {
        "",         "From::To",    "From:To:",       "From:Received",
        "bcc",      "Return-Path", "DKIM-Signature", "Authentication-Results",
        "ARC-Seal", "From To",     "From;To",        "+",
        "\xc3\xa9"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer_rules rules;
        slice why = SLICE_NONE;
        if (signer_parse_rules(signer.arena, slice_from_text(rows[i]), &rules, &why) !=
                YETT_BAD_SYNTAX ||
            !slice_ends_with(why, SLICE("."))) {
            fail_msg("\"%s\": %.*s", rows[i], SLICE_ARG(why));
        }
    }
}

static void no_more_than_a_hundred_fields_are_listed(void **state)
{
    struct naive_text text = {NULL, 0};
    struct signer_rules rules;
    slice why;
    (void)state;
    naive_add(&text, "From", 4);
    for (int i = 0; i < SIGNER_RULES_MAX + 1; i++) {
        char name[20];
        snprintf(name, sizeof(name), ":X-%d", i);
        naive_add(&text, name, strlen(name));
        enum yett_err err =
            signer_parse_rules(signer.arena, slice_of(text.ptr, text.len), &rules, &why);
        assert_int_equal(err, i < SIGNER_RULES_MAX ? YETT_OK : YETT_BAD_SYNTAX);
    }
    free(text.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_signed_verifies),
        TEST(several_signatures_stand_beside_each_other),
        TEST(the_field_is_folded_under_78_columns_and_ends_in_b),
        TEST(the_tags_are_those_that_were_asked_for),
        TEST(what_no_verifier_would_take_is_not_made),
        TEST(more_fields_than_h_may_name_are_refused),
        TEST(a_header_that_is_too_long_is_a_limit),
        TEST(without_memory_there_is_no_signature_and_no_crash),
        TEST(fields_are_named_as_the_table_says),
        TEST(a_seal_signs_what_a_signature_does_and_the_signatures_that_are_there),
        TEST(what_is_added_later_breaks_the_signature_or_does_not),
        TEST(lists_of_fields_are_read),
        TEST(lists_that_would_break_signatures_are_refused),
        TEST(no_more_than_a_hundred_fields_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
