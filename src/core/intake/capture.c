/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * capture: the text of a message whose signatures may fail, kept until that is known.
 *
 * Where there is no room for a text the message is judged like any other; only the header can
 * then be looked into.
 */

void intake_capture_begin(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    if (!house->config->dkim.autopsy || message->dkim == NULL ||
        dkim_message_signature_count(message->dkim) == 0) {
        return;
    }
    struct arena *arena = intake_pool_text(house->pool, message->arenas);
    message->keeps_text = true;
    capture_body_init(&message->text, arena);
    message->text.is_given_up = arena == NULL;
}

void intake_capture_body(struct intake_message *message, slice piece)
{
    if (!message->keeps_text || message->text.is_given_up) {
        return;
    }
    capture_body_feed(&message->text, piece);
    if (message->text.is_given_up) {
        arena_reset(message->arenas->text, 0); /* others have room for theirs */
    }
}

/* ---- the case --------------------------------------------------------------------------- */

/* Records that are longer than any key are left to those who publish them. */
static bool fill_failure(const struct intake_message *message,
                         const struct dkim_result *result, struct capture_failure *out)
{
    const struct dns_answer *answer =
        dns_answers_find(message->answers, (struct dns_question){.name = result->key_name,
                                                                 .type = DNS_TXT});
    *out = (struct capture_failure){.field_index = result->signature->field_index};
    for (size_t i = 0; answer != NULL && i < answer->count; i++) {
        slice record = answer->records[i].text;
        if (record.len <= CAPTURE_RECORD_BYTES &&
            out->record_count < CAPTURE_RECORDS_MAX) {
            out->records[out->record_count++] = record;
        }
    }
    return out->record_count != 0;
}

static void add_failures(const struct intake_message *message, bool aligned,
                         struct capture *out)
{
    const struct verdict *verdict = &message->verdict;
    for (size_t i = 0; i < verdict->dkim.count; i++) {
        const struct dkim_result *result = &verdict->dkim.list[i];
        bool is_aligned = i < verdict->dmarc.aligned_count && verdict->dmarc.aligned[i];
        if (result->code == DKIM_FAIL && result->evaluated && is_aligned == aligned &&
            out->failure_count < CAPTURE_FAILURES_MAX &&
            fill_failure(message, result, &out->failures[out->failure_count])) {
            out->failure_count++;
        }
    }
}

/* Deferred mail comes again, with the same text. */
bool intake_failed_signatures(const struct intake *intake, struct intake_failed *out)
{
    const struct intake_message *message = intake->message;
    if (message == NULL || message->stage != INTAKE_DECIDED || !message->keeps_text ||
        !message->has_verdict || message->decision.outcome == EVENT_DEFERRED) {
        return false;
    }
    const struct event *event = &message->decision.event;
    *out = (struct intake_failed){
        .capture = {.time_s = event->time_s < 0 ? 0 : event->time_s,
                    .id = event->id,
                    .queue_id = event->queue_id,
                    .header = message->header,
                    .has_body = !message->text.is_given_up},
        .client = message->verdict.envelope.client,
        .body = message->text.first,
    };
    add_failures(message, true, &out->capture);
    add_failures(message, false, &out->capture);
    return out->capture.failure_count != 0;
}
