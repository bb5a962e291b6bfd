/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

/* However large or odd a message is, an autopsy costs no more than it may. */

#define HEAD "From: jo@example.org\r\nSubject: Dinner\r\nMIME-Version: 1.0\r\n"

static const struct sign_options options = {.fields = "From:Subject"};

/* Large bodies are signed so: the naive way of relaxed takes an octet at a time. */
static const struct sign_options simple_body = {.canon = "relaxed/simple",
                                                .fields = "From:Subject"};

static char *large_message(const char *head, const char *line, size_t bytes)
{
    struct naive_text out = {NULL, 0};
    size_t length = strlen(line);
    out.ptr = malloc(strlen(head) + bytes + length + 1);
    assert_non_null(out.ptr);
    memcpy(out.ptr, head, strlen(head));
    for (out.len = strlen(head); out.len < bytes; out.len += length) {
        memcpy(out.ptr + out.len, line, length);
    }
    out.ptr[out.len] = '\0';
    return out.ptr;
}

static void assert_within(const struct autopsy_case *c)
{
    assert_true(c->finding.hashed_bytes <=
                c->limits.body_hashed_bytes + c->limits.header_hashed_bytes);
}

static void a_footer_of_a_large_body_is_found(void **state)
{
    struct autopsy_case *c = *state;
    char *message =
        large_message(HEAD "\r\n", "sixty octets of text, and some more of them.\r\n",
                      AUTOPSY_BODY_MAX - 4096);
    case_sign(c, c->rsa, &simple_body, message);
    case_edit(c, "", "____\r\nlist\r\n");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_FOOTER_ADDED);
    assert_within(c);
    free(message);
}

static void a_larger_body_is_not_looked_into(void **state)
{
    struct autopsy_case *c = *state;
    char *message = large_message(HEAD "\r\n", "text\r\n", AUTOPSY_BODY_MAX + 4096);
    case_sign(c, c->rsa, &simple_body, message);
    case_edit(c, "", "____\r\nlist\r\n");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_TOO_LARGE);
    free(message);
}

/* The costliest shapes: nothing fits, and there is much to try. */
static void nothing_found_in_a_large_body_ends_as_well(void **state)
{
    struct autopsy_case *c = *state;
    static const struct {
        const char *head, *line;
    } shapes[] = {
        {HEAD "\r\n",                                                "x\r\n"                                                           },
        {HEAD "\r\n",                                                "a\r\n\r\n\r\n"                                                   },
        {HEAD "\r\n",                                                "\t."                                                             },
        {HEAD "\r\n",                                                "<"                                                               },
        {HEAD "Content-Type: text/html\r\n\r\n",                     "<body></body>\r\n"                                               },
        {HEAD "Content-Type: text/html\r\n\r\n",                     "<<<<>>>>"                                                        },
        {HEAD "Content-Transfer-Encoding: base64\r\n\r\n",           "Cg0KDQoNCg0KDQo=\r\n"                                            },
        {HEAD "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=0D=0A=41=\r\n"                                                  },
        {HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
         "--b\r\nContent-Type: text/html\r\n\r\n<body>x</body>\r\n"                                                                    },
        {HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
         "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"                                                                    },
        {HEAD "\r\n",                                                "https://a.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa "},
        {HEAD "\r\n",                                                "https://"                                                        },
        {HEAD "\r\n",                                                "https://urldefense.com/v3/__"                                    },
    };
    c->limits.body_hashed_bytes = 24 * 1024 * 1024;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct naive_text small = {NULL, 0};
        char *body = large_message("", shapes[i].line, 1024 * 1024);
        naive_add(&small, shapes[i].head, strlen(shapes[i].head));
        naive_add(&small, "what was signed", 15);
        case_sign(c, c->rsa, &options, small.ptr);
        case_edit(c, "what was signed", body);
        case_perform(c);
        if (c->finding.kind != AUTOPSY_UNRECOGNISED) {
            fail_msg("%zu: %.*s", i, SLICE_ARG(c->finding.text));
        }
        assert_within(c);
        free(body);
        free(small.ptr);
    }
}

static void a_header_of_many_fields_ends_as_well(void **state)
{
    struct autopsy_case *c = *state;
    struct naive_text names = {NULL, 0};
    struct naive_text message = {NULL, 0};
    naive_add(&names, "From", 4);
    for (int i = 0; i < 200; i++) {
        char text[300];
        int length = snprintf(
            text, sizeof(text),
            "X-%d: <a@b>, \"c\" <d@e>, f@g (h)\r\n =?UTF-8?Q?=41?= x\r\n", i % 100);
        naive_add(&message, text, (size_t)length);
        length = snprintf(text, sizeof(text), ":X-%d:To", i % 100);
        naive_add(&names, text, (size_t)length);
        naive_add(&message, "To: a@b, c@d, e@f, g@h, i@j, k@l\r\n", 34);
    }
    naive_add(&message, "From: jo@example.org\r\n\r\nHello\r\n", 31);
    const struct sign_options many = {.fields = names.ptr};
    const struct sign_key *keys[] = {c->rsa, c->ed25519};
    for (size_t i = 0; i < 2; i++) {
        case_sign(c, keys[i], &many, message.ptr);
        case_edit(c, "From: jo@", "From: eve@");
        case_perform(c);
        assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
        assert_true(c->finding.budget_ended);
        assert_within(c);
        /* None is begun for which nothing is left, and each is of more than 10000 octets. */
        assert_true(c->finding.header_candidates * 10000ULL <
                    c->limits.header_hashed_bytes);
    }
    free(message.ptr);
    free(names.ptr);
}

static void fields_of_a_megabyte_end_as_well(void **state)
{
    struct autopsy_case *c = *state;
    static const char *const pieces[] = {" a@b.example,\r\n", " =?UTF-8?Q?=41?=\r\n",
                                         " [tag] Re:\r\n"};
    for (size_t i = 0; i < 3; i++) {
        char *field = large_message("", pieces[i], 1024 * 1024);
        case_sign(c, c->rsa, &(struct sign_options){.fields = "From:To:Subject"},
                  "From: jo@example.org\r\nTo: x\r\nSubject: x\r\n\r\nHello\r\n");
        case_edit(c, " x\r\n", field);
        case_perform(c);
        assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
        assert_within(c);
        free(field);
    }
}

/* So that of a header like that there is a finding at all. */
static void proposals_that_fill_the_arena_leave_room_for_the_finding(void **state)
{
    struct autopsy_case *c = *state;
    static const char *const names[] = {"To", "Cc", "Reply-To"};
    struct naive_text message = {NULL, 0};
    char name[801];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (size_t field = 0; field < 3; field++) {
        naive_add(&message, names[field], strlen(names[field]));
        for (int i = 0; i < 16; i++) {
            char text[900];
            int length = snprintf(text, sizeof(text), "%s\r\n \"%s\" <a%d@b.example>",
                                  i == 0 ? ":" : ",", name, i);
            naive_add(&message, text, (size_t)length);
        }
        naive_add(&message, "\r\n", 2);
    }
    static const char rest[] = "From: jo@example.org\r\nSubject: x\r\n\r\nHello\r\n";
    naive_add(&message, rest, strlen(rest));
    case_sign(c, c->rsa, &(struct sign_options){.fields = "From:To:Cc:Reply-To:Subject"},
              message.ptr);
    case_edit(c, "Subject: x", "Subject: y");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    assert_true(c->finding.text.len != 0);
    free(message.ptr);
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double cost_of(struct autopsy_case *c, const char *line)
{
    struct naive_text small = {NULL, 0};
    char *body = large_message("", line, 2 * 1024 * 1024);
    naive_add(&small, HEAD "\r\nwhat was signed", strlen(HEAD) + 17);
    case_sign(c, c->rsa, &options, small.ptr);
    case_edit(c, "what was signed", body);
    case_edit(c, "", "the end\r\n");
    double before = cpu_s();
    case_perform(c);
    double cost = cpu_s() - before;
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    free(body);
    free(small.ptr);
    return cost;
}

/* What a body costs depends on its size, and hardly on what it is made of. */
static void no_body_costs_many_times_what_another_costs(void **state)
{
    struct autopsy_case *c = *state;
    static const char *const lines[] = {"\r\n", "\n", "\r", " \r\n", "\t", "\n\r"};
    double usual = cost_of(c, "a\r\n");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        double cost = cost_of(c, lines[i]);
        if (cost > 5 * usual + 0.1) {
            fail_msg("%zu: %.2f s, where others cost %.2f s", i, cost, usual);
        }
    }
}

static void a_budget_of_nothing_finds_nothing(void **state)
{
    struct autopsy_case *c = *state;
    c->limits = (struct autopsy_limits){0};
    case_sign(c, c->rsa, &options, HEAD "\r\nHello\r\n");
    case_edit(c, "", "____\r\nlist\r\n");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    assert_true(c->finding.budget_ended);
    assert_int_equal(c->finding.hashed_bytes, 0);
}

static void no_more_verifications_are_made_than_allowed(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->ed25519, &(struct sign_options){0},
              "From: jo@example.org\r\nTo: a@b, c@d, e@f, g@h\r\nSubject: [a] Re: b\r\n"
              "Date: Fri, 06 Nov 2026 11:22:33 +0100\r\n\r\nHello\r\n");
    case_edit(c, "Subject: [a] Re: b", "Subject: [a] Re: c");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    assert_true(c->finding.budget_ended);
    /* Candidates that come to the same text are verified once. */
    assert_true(c->finding.header_candidates >= c->limits.verifications);
    assert_true(c->finding.header_candidates < 4 * c->limits.verifications);
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(a_footer_of_a_large_body_is_found),
        WITH_CASE(a_larger_body_is_not_looked_into),
        WITH_CASE(nothing_found_in_a_large_body_ends_as_well),
        WITH_CASE(a_header_of_many_fields_ends_as_well),
        WITH_CASE(fields_of_a_megabyte_end_as_well),
        WITH_CASE(proposals_that_fill_the_arena_leave_room_for_the_finding),
        WITH_CASE(no_body_costs_many_times_what_another_costs),
        WITH_CASE(a_budget_of_nothing_finds_nothing),
        WITH_CASE(no_more_verifications_are_made_than_allowed),
    };
    return cmocka_run_group_tests_name("autopsy bounds", tests, NULL, NULL);
}
