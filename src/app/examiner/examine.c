/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/examiner/inside.h"
#include "core/autopsy/autopsy.h"
#include "core/event/event.h"

#include <assert.h>

/* examine: one case, one signature after the other. */

enum {
    LINE_MAX_BYTES = 16 * 1024,
    KEPT_BYTES = 1024 * 1024, /* of the arena, from one case to the next */
};

static_assert((int)CAPTURE_RECORDS_MAX <= (int)AUTOPSY_RECORDS_MAX,
              "all keys that are handed over are looked with");

static void tell_finding(struct examiner *examiner, const struct capture *capture,
                         const struct dkim_signature *signature,
                         const struct autopsy_finding *finding)
{
    struct event_autopsy event = {.time_s = capture->time_s,
                                  .id = capture->id,
                                  .queue_id = capture->queue_id,
                                  .domain = signature->domain,
                                  .selector = signature->selector,
                                  .algorithm = signature->algorithm_text,
                                  .finding = finding};
    struct buf line;
    buf_init(&line, examiner->table, LINE_MAX_BYTES);
    switch (log_format(examiner->log)) {
    case CONFIG_LOG_TEXT:
        event_write_autopsy_line(&line, &event);
        break;
    case CONFIG_LOG_JSON:
        event_write_autopsy_json(&line, &event);
        break;
    }
    if (buf_err(&line) == YETT_OK) {
        log_line(examiner->log, LOG_LEVEL_INFO, buf_slice(&line));
    }
}

void examiner_count(const struct examiner *examiner, enum scoreboard_counter which,
                    uint64_t more)
{
    scoreboard_count(examiner->board, examiner->options.slot, which, more);
}

/* That it failed, the gateway has found; only what was changed is of interest. */
static bool is_explained(const struct autopsy_finding *finding)
{
    return finding->count != 0 || finding->kind == AUTOPSY_OTHER_KEY;
}

static enum yett_err examine_failure(struct examiner *examiner,
                                     const struct capture *capture,
                                     const struct capture_failure *failure)
{
    struct dkim_signature signature;
    struct autopsy_finding finding;
    enum yett_err err = dkim_parse_signature(
        examiner->table, &capture->header.fields[failure->field_index], &signature);
    if (err != YETT_OK) {
        return err;
    }
    signature.field_index = failure->field_index;
    struct autopsy_input input = {.header = &capture->header,
                                  .body = capture->body,
                                  .has_body = capture->has_body,
                                  .signature = &signature};
    err = autopsy_perform_with_records(examiner->table, examiner->crypto, &input,
                                       failure->records, failure->record_count, &finding);
    if (err == YETT_OK && finding.kind != AUTOPSY_UNTOUCHED) {
        tell_finding(examiner, capture, &signature, &finding);
        examiner_count(examiner, COUNT_AUTOPSIES, 1);
        if (is_explained(&finding)) {
            examiner_count(examiner, COUNT_AUTOPSIES_EXPLAINED, 1);
        }
    }
    return err;
}

/* False: nothing could be looked into. */
static bool examine_failures(struct examiner *examiner, const struct capture *capture)
{
    bool any = false;
    for (size_t i = 0; i < capture->failure_count; i++) {
        struct arena_mark mark = arena_mark(examiner->table);
        examiner_beat(examiner);
        any = examine_failure(examiner, capture, &capture->failures[i]) == YETT_OK || any;
        arena_rewind(examiner->table, mark);
    }
    return any;
}

void examine_case(struct examiner *examiner, slice octets)
{
    struct capture capture;
    enum yett_err err = capture_read(examiner->table, octets, &capture);
    if (err != YETT_OK) {
        examiner_complain(examiner, err == YETT_NO_MEMORY
                                        ? "cannot be read: out of memory"
                                        : "cannot be read: it is no case");
        examiner_count(examiner, COUNT_AUTOPSIES_LEFT, 1);
    } else if (!examine_failures(examiner, &capture)) {
        examiner_count(examiner, COUNT_AUTOPSIES_LEFT, 1);
    }
    arena_reset(examiner->table, KEPT_BYTES);
}
