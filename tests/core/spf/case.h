/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_SPF_CASE_H
#define YETT_TESTS_CORE_SPF_CASE_H

#include "core/spf/spf.h"
#include "support/answers.h"

/*
 * case: one SPF evaluation over zone text, run with answers at hand, round by round and one
 * by one.  The three results are asserted to be the same, steps and sentences included.
 */
struct spf_case {
    struct spf_query query; /* scope, receiver, time and limits may be set beforehand */
    struct answers_run runs[ANSWERS_SCHEDULES];
    struct spf_result results[ANSWERS_SCHEDULES];
    bool running;
};

/* For cmocka_unit_test_setup_teardown(). */
int case_setup(void **state);
int case_teardown(void **state);

/* The result lives until the next call, or the end of the test. */
const struct spf_result *case_run(struct spf_case *c, const char *zone, const char *ip,
                                  const char *helo, const char *mail_from);

/* As user@example.org at mail.example.org. */
const struct spf_result *case_org(struct spf_case *c, const char *zone, const char *ip);

/* Just the code of that. */
enum spf_code case_code(struct spf_case *c, const char *zone, const char *ip);

/* Asserts with both texts printed. */
void assert_text(slice found, const char *expected);
void assert_holds(slice found, const char *part);

#define SPF_TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

#endif
