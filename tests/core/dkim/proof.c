/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Whether what was signed is the beginning of a body to which lines were added. */

static const char footer[] =
    "_______________\r\nlist mailing list\r\nhttps://list.example\r\n";

/* Verify what is at hand with a footer; true when the signed part was proved. */
static bool proves(struct dkim_case *c, const char *appended)
{
    c->want_proof = true;
    case_append(c, appended);
    assert_int_equal(case_verify(c), DKIM_FAIL);
    const struct dkim_result *r = case_result(c, 0);
    assert_true(r->header_verified);
    assert_true(r->body_proof_done);
    assert_false(r->counts);
    return r->body_proved;
}

static void an_appended_footer_leaves_the_signed_text_proved(void **state)
{
    struct dkim_case *c = *state;
    static const char *const canons[] = {"simple/simple", "relaxed/relaxed"};
    static const char *const appended[] = {
        "x", "x\r\n", "\r\n\r\nx\r\n", footer, "\r\n-- \r\n\r\nfooter\r\n\r\n\r\n",
    };
    for (size_t canon = 0; canon < 2; canon++) {
        for (size_t i = 0; i < sizeof(appended) / sizeof(appended[0]); i++) {
            case_message(c, case_plain_message);
            case_sign(c, c->rsa, &(struct sign_options){.canon = canons[canon]});
            assert_true(proves(c, appended[i]));
            case_reason_has(c, 0, canon == 0 ? "the first 25 of" : "the first 24 of");
        }
    }
}

static void text_that_was_changed_is_not_proved(void **state)
{
    struct dkim_case *c = *state;
    static const struct {
        const char *from, *to, *why;
    } rows[] = {
        {"ready",             "Ready",                         "a letter"               },
        {"Is dinner",         "[list] hello\r\n\r\nIs dinner", "a text before it"       },
        {"Is dinner",         "is dinner",                     "the first letter"       },
        {"\r\n\r\nIs dinner", "\r\n\r\n\r\nIs dinner",         "an empty line before it"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, &(struct sign_options){0});
        case_replace(c, rows[i].from, rows[i].to);
        if (proves(c, footer)) {
            fail_msg("%s", rows[i].why);
        }
        case_reason_has(c, 0, "was not found");
    }
}

static void a_text_on_the_last_line_is_not_proved(void **state)
{
    struct dkim_case *c = *state;
    case_message(c, "From: jo@example.org\r\n\r\nOne line");
    case_sign(c, c->rsa, &(struct sign_options){0});
    assert_false(proves(c, " and more\r\n"));
}

/* Everything begins with nothing. */
static void an_empty_body_is_no_proof_of_anything(void **state)
{
    struct dkim_case *c = *state;
    static const char *const canons[] = {"simple/simple", "relaxed/relaxed"};
    for (size_t i = 0; i < 2; i++) {
        case_message(c, "From: jo@example.org\r\n\r\n");
        case_sign(c, c->rsa, &(struct sign_options){.canon = canons[i]});
        assert_false(proves(c, "\r\nBuy this!\r\n"));
    }
}

static void a_proof_is_tried_only_where_it_could_matter(void **state)
{
    struct dkim_case *c = *state;
    c->want_proof = true;
    case_zone_key(c, c->rsa, "test", "other.example", "");
    static const struct {
        struct sign_options options;
        const char *from, *to;
        bool want;
        const char *why;
    } rows[] = {
        {{0},                         "Jo\r\n", "Jo\r\nx\r\n", false, "nobody asked"              },
        {{.domain = "other.example"}, "Jo\r\n", "Jo\r\nx\r\n", true,  "another domain"            },
        {{0},                         "Dinner", "Supper",      true,  "the header does not verify"},
        {{.length = "10"},            "Is",     "is",          true,  "l= is a part already"      },
        {{0},                         "Jo\r\n", "Jo\r\n\r\n",  true,  "the body verifies"         },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        c->want_proof = rows[i].want;
        case_message(c,
                     "From: X <jo@example.org>\r\nSubject: Dinner\r\n\r\nIs it?\r\n\r\n"
                     "Jo\r\n");
        case_sign(c, c->rsa, &rows[i].options);
        case_replace(c, rows[i].from, rows[i].to);
        case_verify(c);
        if (case_result(c, 0)->body_proof_done || case_result(c, 0)->body_proved) {
            fail_msg("%s", rows[i].why);
        }
    }
}

static void add_lines(struct dkim_case *c, int count, const char *line)
{
    struct naive_text lines = {NULL, 0};
    for (int i = 0; i < count; i++) {
        naive_add(&lines, line, strlen(line));
    }
    naive_add(&c->message, lines.ptr, lines.len);
    free(lines.ptr);
}

/* 200 line ends with text, of those that the body has before its end. */
static void candidates_are_the_last_lines_with_text(void **state)
{
    struct dkim_case *c = *state;
    for (int lines = 198; lines <= 203; lines++) {
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, &(struct sign_options){0});
        add_lines(c, lines - 1, "x\r\n\r\n");
        assert_int_equal(proves(c, "x\r\n"), lines <= 200);
    }
    c->limits.proof_candidates = 3;
    for (int lines = 1; lines <= 5; lines++) {
        case_message(c, case_plain_message);
        case_sign(c, c->rsa, &(struct sign_options){0});
        add_lines(c, lines - 1, "x\r\n");
        assert_int_equal(proves(c, "x\r\n"), lines <= 3);
    }
}

static void long_bodies_are_proved_too(void **state)
{
    struct dkim_case *c = *state;
    static const char line[] =
        "Sixty-four octets of text, the line end counted, are a line.\r\n";
    static const int sizes[] = {100, 500, 1000, 1023, 1024, 1025, 1100, 1500, 1600, 4000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        case_message(c, case_plain_message);
        add_lines(c, sizes[i], line);
        case_sign(c, c->rsa, &(struct sign_options){0});
        assert_int_equal(case_verify(c), DKIM_PASS);
        if (!proves(c, footer)) {
            fail_msg("%d lines: %s", sizes[i], c->summary.ptr);
        }
    }
}

static void as_many_lines_are_tried_in_long_bodies(void **state)
{
    struct dkim_case *c = *state;
    for (int lines = 150; lines <= 201; lines += 17) {
        case_message(c, case_plain_message);
        add_lines(c, 8000, "Beyond the window\r\n");
        case_sign(c, c->rsa, &(struct sign_options){0});
        add_lines(c, lines - 1, "x\r\n");
        assert_int_equal(proves(c, "x\r\n"), lines <= 200);
    }
}

/* Each starts from what was hashed before the window, and leaves it for the next. */
static void several_signatures_of_a_long_body_are_proved(void **state)
{
    struct dkim_case *c = *state;
    case_message(c, case_plain_message);
    add_lines(c, 8000, "Beyond the window\r\n");
    case_sign(c, c->rsa, &(struct sign_options){0});
    case_sign(c, c->rsa, &(struct sign_options){.canon = "relaxed/simple"});
    case_sign(c, c->rsa, &(struct sign_options){0});
    assert_true(proves(c, footer));
    assert_true(case_result(c, 1)->body_proved);
    assert_true(case_result(c, 2)->body_proved);
}

static void a_part_before_the_window_is_not_proved(void **state)
{
    struct dkim_case *c = *state;
    c->limits.proof_window_bytes = 4096;
    case_sign(c, c->rsa, &(struct sign_options){0});
    add_lines(c, 1, "x\r\n");
    assert_true(proves(c, ""));
    case_message(c, case_plain_message);
    case_sign(c, c->rsa, &(struct sign_options){0});
    add_lines(
        c, 50,
        "A line that is long enough to fill the window after a hundred of them, and "
        "more text that makes it longer still.\r\n");
    assert_false(proves(c, ""));
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(an_appended_footer_leaves_the_signed_text_proved),
        WITH_CASE(text_that_was_changed_is_not_proved),
        WITH_CASE(a_text_on_the_last_line_is_not_proved),
        WITH_CASE(an_empty_body_is_no_proof_of_anything),
        WITH_CASE(a_proof_is_tried_only_where_it_could_matter),
        WITH_CASE(candidates_are_the_last_lines_with_text),
        WITH_CASE(long_bodies_are_proved_too),
        WITH_CASE(as_many_lines_are_tried_in_long_bodies),
        WITH_CASE(several_signatures_of_a_long_body_are_proved),
        WITH_CASE(a_part_before_the_window_is_not_proved),
    };
    return cmocka_run_group_tests_name("dkim proof", tests, NULL, NULL);
}
