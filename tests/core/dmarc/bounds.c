/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/dmarc.h"
#include "support/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What a sender can make us do: hundreds of signatures, names of many labels. */
enum { SIGNATURES = 400, NAME_MAX_OCTETS = 253 };

/* Names asked at most: 8 for the author domain, for 16 others what is not shared with it. */
enum { QUESTIONS_MAX = 8 + 16 * 7 };

struct flood {
    char names[SIGNATURES][NAME_MAX_OCTETS];
    struct dkim_signature signatures[SIGNATURES];
    struct dkim_result results[SIGNATURES];
    struct dkim_results dkim;
    slice author;
    struct message_from from;
    struct spf_result spf;
    struct dmarc_result result;
};

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct flood *flood = context;
    struct dmarc_input input = {
        .from = &flood->from, .spf = &flood->spf, .dkim = &flood->dkim};
    return dmarc_evaluate(scratch, &input, view, &flood->result);
}

/* "1.2.3.4.5.NUMBER.1.1.….example.org", as long as names may be. */
static void fill(struct flood *flood, enum dkim_code code)
{
    for (size_t i = 0; i < SIGNATURES; i++) {
        char *name = flood->names[i];
        char tail[64];
        int tail_length = snprintf(tail, sizeof(tail), "a.b.c.d.x%zu.example.org", i);
        size_t room = (size_t)240 - (size_t)tail_length;
        for (size_t at = 0; at + 1 < room; at += 2) {
            name[at] = 'y';
            name[at + 1] = '.';
        }
        room -= room % 2;
        memcpy(name + room, tail, (size_t)tail_length);
        flood->signatures[i].domain = slice_of(name, room + (size_t)tail_length);
        flood->results[i] = (struct dkim_result){.code = code,
                                                 .signature = &flood->signatures[i],
                                                 .evaluated = true,
                                                 .counts = code == DKIM_PASS};
    }
    flood->dkim = (struct dkim_results){.list = flood->results, .count = SIGNATURES};
    flood->author = SLICE("example.org");
    flood->from = (struct message_from){
        .status = MESSAGE_FROM_OK, .domains = &flood->author, .domain_count = 1};
    flood->spf = (struct spf_result){.domain = SLICE("spf.example.org")};
}

static void check(const char *zone, enum dkim_code code, enum dmarc_code expected)
{
    static struct flood flood;

    fill(&flood, code);
    for (int schedule = ANSWERS_WARM; schedule <= ANSWERS_EACH; schedule++) {
        struct answers_run run;
        answers_begin(&run, zone, (enum answers_schedule)schedule);
        assert_int_equal(answers_run(&run, evaluate, &flood), YETT_OK);
        assert_int_equal(flood.result.code, expected);
        assert_true(dns_answers_count(run.answers) <= QUESTIONS_MAX);
        assert_int_equal(flood.result.step_count, dns_answers_count(run.answers));
        assert_int_equal(flood.result.aligned_count, SIGNATURES);
        if (schedule == ANSWERS_ROUND) {
            assert_true(run.rounds <= 3);
        }
        answers_end(&run);
    }
}

#define ORG "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n"

static void hundreds_of_signatures_cost_a_bounded_number_of_questions(void **state)
{
    (void)state;
    check(ORG, DKIM_PASS, DMARC_PASS);
    check(ORG, DKIM_FAIL, DMARC_FAIL);
    check(ORG, DKIM_TEMPERROR, DMARC_TEMPERROR);
}

static void also_when_nothing_answers(void **state)
{
    (void)state;
    check("; yett: default timeout\n", DKIM_PASS, DMARC_TEMPERROR);
    check(ORG "; yett: default servfail\n", DKIM_PASS, DMARC_TEMPERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_of_signatures_cost_a_bounded_number_of_questions),
        cmocka_unit_test(also_when_nothing_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
