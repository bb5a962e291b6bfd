/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/dmarc.h"
#include "core/zone/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* When a policy may be told as DNSSEC-validated. */

static const char zone_text[] =
    "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; np=none\"\n";

enum { NAMES_MAX = 4 };

struct row {
    const char *why;
    const char *domain;
    const char *insecure[NAMES_MAX]; /* all other answers are validated */
    bool secure;
};

struct source {
    struct zone *zone;
    const struct row *row;
    struct dns_answer answers[16];
    size_t count;
};

static const struct dns_answer *find(void *context, struct dns_question question)
{
    struct source *source = context;
    struct dns_answer *answer = &source->answers[source->count++];
    *answer = *zone_find(source->zone, question);
    answer->security = DNS_SECURE;
    for (size_t i = 0; i < NAMES_MAX && source->row->insecure[i] != NULL; i++) {
        if (slice_eq(question.name, slice_from_text(source->row->insecure[i]))) {
            answer->security = DNS_INSECURE;
        }
    }
    return answer;
}

static void check(const struct row *row)
{
    struct source source = {.row = row};
    struct zone_error error;
    struct arena *arena = arena_new((size_t)8 << 20);
    assert_int_equal(zone_parse(arena, slice_from_text(zone_text), &source.zone, &error),
                     YETT_OK);
    struct dns_questions wanted;
    dns_questions_init(&wanted, arena);
    struct dns_answers *answers = dns_answers_new(
        arena, (struct dns_source){.find = find, .context = &source}, DNS_BOUNDS_DEFAULT);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    const struct dmarc_settings settings = {.standard = DMARC_RFC9989};
    struct dmarc_result result;

    assert_int_equal(
        dmarc_find_policy(arena, slice_from_text(row->domain), &settings, &view, &result),
        YETT_OK);
    if (result.secure != row->secure) {
        fail_msg("%s: told as %s", row->why, result.secure ? "secure" : "insecure");
    }
    for (size_t i = 0; i < result.step_count; i++) {
        bool insecure = false;
        for (size_t j = 0; j < NAMES_MAX && row->insecure[j] != NULL; j++) {
            insecure |= slice_eq(result.steps[i].name, slice_from_text(row->insecure[j]));
        }
        assert_int_equal(result.steps[i].secure, !insecure);
    }
    dns_answers_finish(answers);
    zone_finish(source.zone);
    arena_free(arena);
}

static void a_policy_is_secure_when_all_that_led_to_it_was_validated(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct row rows[] = {
        {.why = "all is validated", .domain = "example.org", .secure = true},
        {.why = "the record is not", .domain = "example.org",
         .insecure = {"_dmarc.example.org"}},
        {.why = "a record at the author domain applies whatever is above", .secure = true,
         .domain = "example.org", .insecure = {"_dmarc.org"}},
        {.why = "of a parent", .domain = "a.example.org", .secure = true},
        {.why = "a record below the parent's may have been hidden", .domain = "a.example.org",
         .insecure = {"_dmarc.a.example.org"}},
        {.why = "the walk may have been led astray", .domain = "a.example.org",
         .insecure = {"_dmarc.org"}},
        {.why = "np= applies by an answer that may be forged", .domain = "a.example.org",
         .insecure = {"a.example.org"}},
        {.why = "there is no record", .domain = "example.net"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check(&rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_secure_when_all_that_led_to_it_was_validated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
