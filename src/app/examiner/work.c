/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/examiner/examiner.h"
#include "app/examiner/inside.h"
#include "edge/handover/handover.h"

/*
 * work: the life of an examiner, from its command line to its exit status.
 *
 * One case after the other, and between two of them the supervisor is heard.  Told to leave, it
 * finishes those that wait, as far as it gets within some seconds: there are few, as the pair
 * holds no more.
 */
enum {
    HEARTBEAT_MS = 1000,
    LAST_CASES_MS = 3000, /* when leaving; then the others go without */
    LEFT_MAX = 1000 /* more than a pair holds: who sends on and on is not waited for */
};

void examiner_beat(struct examiner *examiner)
{
    scoreboard_beat(examiner->board, examiner->options.slot, loop_now_ms(examiner->loop));
}

/* False: there is none. */
static bool take_one(struct examiner *examiner)
{
    slice octets;
    enum yett_err err = handover_receive(ROLE_EXAMINER, CAPTURE_OCTETS_MAX, &octets);
    if (err == YETT_OK) {
        examine_case(examiner, octets);
        handover_release(octets);
    } else if (err == YETT_BAD_SYNTAX) {
        examiner_complain(examiner, "is no text");
    } else if (err == YETT_IO) { /* the supervisor holds both ends: it is gone, too */
        examiner->left = true;
    }
    examiner_beat(examiner);
    return err == YETT_OK || err == YETT_BAD_SYNTAX;
}

static void on_cases(void *context, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    (void)take_one(context);
}

/* Its lines are all that comes of its work. */
static void tell_lost(struct examiner *examiner)
{
    uint64_t lost = log_lost(examiner->log);
    examiner_count(examiner, COUNT_LOG_LOST, lost - examiner->told_log_lost);
    examiner->told_log_lost = lost;
}

static void on_second(void *context)
{
    struct examiner *examiner = context;
    examiner_beat(examiner);
    examiner_end_minute(examiner);
    tell_lost(examiner);
    loop_timer_start(examiner->second, HEARTBEAT_MS);
}

/* It tells us once our gateway has gone: what is in the pair is all there will be. */
static void on_control(void *context, bool readable, bool writable)
{
    struct examiner *examiner = context;
    (void)readable;
    (void)writable;
    examiner->left = examiner->left || role_hears_leave();
}

/* ---- life ------------------------------------------------------------------------------- */

static bool start(void *context)
{
    struct examiner *examiner = context;
    examiner->second = loop_timer_new(examiner->loop, on_second, examiner);
    examiner->control =
        loop_watch_new(examiner->loop, ROLE_CONTROL, on_control, examiner);
    examiner->cases = loop_watch_new(examiner->loop, ROLE_EXAMINER, on_cases, examiner);
    if (examiner->second == NULL || examiner->control == NULL ||
        examiner->cases == NULL || !loop_watch_set(examiner->control, true, false) ||
        !loop_watch_set(examiner->cases, true, false)) {
        return false;
    }
    on_second(examiner);
    return true;
}

/* What nobody will look into any more: it is gone with the pair. */
static void leave_the_rest(struct examiner *examiner)
{
    unsigned left = 0, taken = 0;
    enum yett_err err = YETT_OK;
    slice octets;
    while (taken++ < LEFT_MAX && (err == YETT_OK || err == YETT_BAD_SYNTAX)) {
        err = handover_receive(ROLE_EXAMINER, CAPTURE_OCTETS_MAX, &octets);
        if (err == YETT_OK) {
            handover_release(octets);
            left++;
        }
    }
    if (left != 0) {
        examiner_count(examiner, COUNT_AUTOPSIES_LEFT, left);
        log_say(examiner->log, LOG_LEVEL_WARNING,
                "told to leave: of %u more message%s it is not looked into why a "
                "signature failed",
                left, left == 1 ? "" : "s");
    }
}

static void work(void *context)
{
    struct examiner *examiner = context;
    while (!examiner->left) {
        loop_run_once(examiner->loop);
        log_flush(examiner->log);
    }
    int64_t until_ms = loop_now_ms(examiner->loop) + LAST_CASES_MS;
    while (loop_now_ms(examiner->loop) < until_ms && take_one(examiner)) {
    }
    leave_the_rest(examiner);
    log_flush(examiner->log);
    tell_lost(examiner);
}

static bool read_options(void *context, int argc, char **argv)
{
    struct examiner *examiner = context;
    return role_read_options(argc, argv, "examiner", &examiner->options, NULL, NULL);
}

int examiner_main(int argc, char **argv)
{
    static const struct role_life life = {.size = sizeof(struct examiner),
                                          .read = read_options,
                                          .open = examiner_open,
                                          .start = start,
                                          .work = work,
                                          .close = examiner_close};
    return role_live(&life, argc, argv);
}
