/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/event.h"
#include "core/event/printer.h"
#include "core/event/text.h"

/*
 * autopsy: what was found out about a signature that failed, as a line of the log behind the
 * event's own.  Every text has a bound: a line stays below 2000 octets, an object below 8 KiB.
 */
enum {
    ID_MAX = 64,
    DOMAIN_MAX = 120,
    SELECTOR_MAX = 64,
    SENTENCE_MAX = 1400,
    NAME_MAX_OCTETS = 255,
    TEXT_MAX = 1600,
    CHANGE_MAX = 500
};

void event_write_autopsy_line(struct buf *buf, const struct event_autopsy *event)
{
    const struct autopsy_finding *finding = event->finding;
    if (event->queue_id.len != 0) {
        text_add_solid(buf, event->queue_id, ID_MAX);
    } else {
        buf_add_text(buf, "(no queue id)");
    }
    buf_add_text(buf, ": the signature of ");
    text_add_solid(buf, event->domain, DOMAIN_MAX);
    text_add_word(buf, "(s=", event->selector, SELECTOR_MAX);
    buf_printf(buf, ") failed: %s", autopsy_kind_text(finding->kind));
    if (finding->confidence != AUTOPSY_NONE) {
        buf_printf(buf, ", %s", autopsy_confidence_text(finding->confidence));
    }
    buf_add_text(buf, ": ");
    text_add(buf, finding->text, SENTENCE_MAX);
    buf_add_byte(buf, ';');
    text_add_word(buf, "id=", event->id, ID_MAX);
}

/* ---- for programs ----------------------------------------------------------------------- */

static void put_number(struct printer *out, const char *name, bool has, size_t number)
{
    if (has) {
        printer_number(out, name, number);
    } else {
        printer_null(out, name);
    }
}

/* Where: for one place of a change. */
static void put_place(struct printer *out, const struct autopsy_change *change)
{
    bool in_body = change != NULL && slice_is_empty(change->field);
    printer_optional(out, "field", change == NULL ? SLICE_NONE : change->field, ID_MAX);
    put_number(out, "offset", in_body, in_body ? change->offset : 0);
    put_number(out, "length", in_body && change->length != 0,
               in_body ? change->length : 0);
}

static void put_changes(struct printer *out, const struct autopsy_finding *finding)
{
    printer_open(out, "changes", '[');
    for (size_t i = 0; i < finding->count; i++) {
        const struct autopsy_change *change = &finding->changes[i];
        printer_open(out, NULL, '{');
        printer_word(out, "kind", autopsy_kind_text(change->kind));
        printer_string(out, "text", change->text, CHANGE_MAX);
        put_place(out, change);
        printer_close(out, '}');
    }
    printer_close(out, ']');
}

void event_write_autopsy_json(struct buf *buf, const struct event_autopsy *event)
{
    const struct autopsy_finding *finding = event->finding;
    struct printer out = {.buf = buf};
    printer_open(&out, NULL, '{');
    printer_number(&out, "v", 1);
    printer_time(&out, "time", event->time_s);
    printer_optional(&out, "id", event->id, ID_MAX);
    printer_optional(&out, "queue_id", event->queue_id, ID_MAX);
    printer_optional(&out, "domain", event->domain, NAME_MAX_OCTETS);
    printer_optional(&out, "selector", event->selector, SELECTOR_MAX);
    printer_optional(&out, "algorithm", event->algorithm, ID_MAX);
    printer_open(&out, "autopsy", '{');
    printer_word(&out, "kind", autopsy_kind_text(finding->kind));
    printer_string(&out, "text", finding->text, TEXT_MAX);
    printer_word(&out, "confidence", autopsy_confidence_text(finding->confidence));
    put_place(&out, finding->count == 0 ? NULL : &finding->changes[0]);
    printer_word(&out, "header", autopsy_state_text(finding->header));
    printer_word(&out, "body", autopsy_state_text(finding->body));
    put_changes(&out, finding);
    printer_close(&out, '}');
    printer_close(&out, '}');
}
