/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* At every ceiling of the arenas there is a result or YETT_NO_MEMORY, and what was taken from
   libcrypto is given back. */

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    return dkim_check_perform(context, check, out);
}

static enum yett_err collect(struct arc_case *c, struct arena *arena,
                             struct dkim_message **dkim, struct arc_chain **chain)
{
    enum yett_err err = dkim_message_new(arena, c->crypto, &c->header,
                                         SLICE("example.org"), DKIM_LIMITS_DEFAULT, dkim);
    if (err != YETT_OK) {
        return err;
    }
    err = arc_chain_new(arena, c->crypto, &c->header, *dkim, c->limits, chain);
    if (err == YETT_OK) {
        dkim_message_body(*dkim, SLICE("Is dinner  ready?\r\n\r\nJo\r\n"));
        err = dkim_message_end(*dkim);
    }
    return err;
}

static enum yett_err validate_within(struct arc_case *c, size_t bytes)
{
    struct arena *arena = arena_new(bytes);
    struct arena *roomy = arena_new(16 << 20);
    struct zone *zone = NULL;
    struct zone_error error;
    struct dkim_message *dkim = NULL;
    struct arc_chain *chain = NULL;
    struct arc_result result;
    assert_true(arena != NULL && roomy != NULL);
    assert_int_equal(zone_parse(roomy, slice_from_text(c->zone.ptr), &zone, &error),
                     YETT_OK);
    struct dns_questions wanted;
    struct dns_answers *answers =
        dns_answers_new(roomy, (struct dns_source){.find = zone_find, .context = zone},
                        DNS_BOUNDS_DEFAULT);
    dns_questions_init(&wanted, roomy);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    enum yett_err err = collect(c, arena, &dkim, &chain);
    if (err == YETT_OK) {
        struct dkim_checks *checks = dkim_checks_new(roomy, perform, dkim);
        err = arc_verify(arena, chain, &c->settings, c->now_s, &view, checks, &result);
        assert_true(err != YETT_OK || result.code == ARC_PASS);
    }
    if (dkim != NULL) {
        dkim_message_finish(dkim);
    }
    dns_answers_finish(answers);
    zone_finish(zone);
    arena_free(roomy);
    arena_free(arena);
    return err;
}

static void a_full_arena_is_no_result(void **state)
{
    struct arc_case *c = *state;
    unsigned without = 0;
    bool enough = false;
    arc_add_set_by(c, "a.test");
    arc_add_set_by(c, "b.test");
    assert_int_equal(arc_validate(c), ARC_PASS);
    for (size_t bytes = 1024; !enough; bytes += 1024) {
        enum yett_err err = validate_within(c, bytes);
        assert_true(err == YETT_OK || err == YETT_NO_MEMORY);
        without += err == YETT_NO_MEMORY;
        enough = err == YETT_OK;
        assert_true(bytes < 4 << 20);
    }
    assert_true(without > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_arena_is_no_result, arc_setup,
                                        arc_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
