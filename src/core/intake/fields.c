/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * fields: what is put into a message.
 *
 * Results were written by core/verdict.  Marks say the rule and the results in words of our
 * own, nothing of the message's: filters behind us read them.
 */
enum { VALUE_MAX = 400, LINE_MAX_OCTETS = 76 };

struct mark {
    struct buf buf;
    size_t line; /* octets on the line in work */
};

static void add_word(struct mark *mark, const char *name, const char *word)
{
    slice left = slice_from_text(name);
    slice right = slice_from_text(word);
    size_t octets = left.len + right.len + SLICE("; =").len;
    bool folds = mark->line + octets > LINE_MAX_OCTETS;
    buf_add_text(&mark->buf, folds ? ";\r\n " : "; ");
    mark->line = folds ? octets : mark->line + octets;
    buf_add(&mark->buf, left);
    buf_add_byte(&mark->buf, '=');
    buf_add(&mark->buf, right);
}

static enum yett_err write_mark(struct intake_message *message, slice name, slice *out)
{
    const struct verdict *verdict = &message->verdict;
    struct mark mark = {.line = name.len + 2 + verdict->action.rule.len};
    buf_init(&mark.buf, message->arenas->desk, VALUE_MAX);
    buf_add_byte(&mark.buf, ' ');
    buf_add(&mark.buf, verdict->action.rule);
    add_word(&mark, "dmarc", dmarc_code_text(verdict->dmarc.code));
    if (verdict->dmarc.code == DMARC_FAIL) {
        add_word(&mark, "policy", dmarc_policy_text(verdict->dmarc.disposition));
    }
    if (verdict->has_spf) {
        add_word(&mark, "spf", spf_code_text(verdict->spf.code));
    }
    add_word(&mark, "dkim", dkim_code_text(verdict->dkim.code));
    *out = buf_slice(&mark.buf);
    return buf_err(&mark.buf);
}

struct intake_edit intake_field_edit(slice field)
{
    size_t colon = slice_find_byte(field, ':');
    slice value = slice_skip(field, colon + 1);
    if (slice_ends_with(value, SLICE("\r\n"))) {
        value = slice_first(value, value.len - 2);
    }
    return (struct intake_edit){
        .kind = INTAKE_ADD, .name = slice_first(field, colon), .value = value};
}

static slice mark_name(const struct config *config, enum config_action performed)
{
    switch (performed) {
    case CONFIG_TAG:
        return config->tag_field;
    case CONFIG_QUARANTINE:
        return config->quarantine_field;
    case CONFIG_ACCEPT:
    case CONFIG_DEFER:
    case CONFIG_REJECT:
        break;
    }
    return SLICE_NONE;
}

enum yett_err intake_added_edits(struct intake_message *message,
                                 enum config_action performed, struct intake_edit *edits,
                                 size_t *count)
{
    const struct verdict *verdict = &message->verdict;
    slice mark = mark_name(message->house->config, performed);
    enum yett_err err = YETT_OK;
    *count = 0;
    if (verdict->authentication_results.len != 0) {
        edits[(*count)++] = intake_field_edit(verdict->authentication_results);
    }
    if (verdict->received_spf.len != 0) {
        edits[(*count)++] = intake_field_edit(verdict->received_spf);
    }
    if (mark.len != 0) {
        struct intake_edit *edit = &edits[(*count)++];
        *edit = (struct intake_edit){.kind = INTAKE_ADD, .name = mark};
        err = write_mark(message, mark, &edit->value);
    }
    return err;
}
