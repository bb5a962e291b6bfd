/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/story.h"

#include "app/cli/lines.h"
#include "core/base/buf.h"

#include <stdio.h>

enum { SIGNATURES_TOLD_MAX = 12, FIELD_SHOWN_MAX = 2000 };

/* ---- tones ------------------------------------------------------------------------------ */

enum tone story_spf_tone(enum spf_code code)
{
    switch (code) {
    case SPF_PASS:
        return TONE_GOOD;
    case SPF_FAIL:
    case SPF_PERMERROR:
        return TONE_BAD;
    case SPF_SOFTFAIL:
    case SPF_TEMPERROR:
        return TONE_WARN;
    case SPF_NONE:
    case SPF_NEUTRAL:
        break;
    }
    return TONE_DIM;
}

static enum tone dkim_tone(enum dkim_code code)
{
    switch (code) {
    case DKIM_PASS:
        return TONE_GOOD;
    case DKIM_FAIL:
    case DKIM_PERMERROR:
        return TONE_BAD;
    case DKIM_POLICY:
    case DKIM_TEMPERROR:
    case DKIM_NEUTRAL:
        return TONE_WARN;
    case DKIM_NONE:
        break;
    }
    return TONE_DIM;
}

static enum tone dmarc_tone(enum dmarc_code code)
{
    switch (code) {
    case DMARC_PASS:
        return TONE_GOOD;
    case DMARC_FAIL:
    case DMARC_PERMERROR:
        return TONE_BAD;
    case DMARC_TEMPERROR:
        return TONE_WARN;
    case DMARC_NONE:
        break;
    }
    return TONE_DIM;
}

enum tone story_action_tone(enum config_action action)
{
    switch (action) {
    case CONFIG_ACCEPT:
        return TONE_GOOD;
    case CONFIG_TAG:
    case CONFIG_DEFER:
        return TONE_WARN;
    case CONFIG_QUARANTINE:
    case CONFIG_REJECT:
        break;
    }
    return TONE_BAD;
}

/* ---- the head --------------------------------------------------------------------------- */

static void tell_name(const struct lines *lines, const struct mail_item *item)
{
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX); /* lines.c cuts */
    if (slice_eq(item->path, SLICE("-"))) {
        buf_add_text(&buf, "standard input");
    } else {
        buf_add(&buf, item->path);
    }
    if (!slice_is_empty(item->from_line)) {
        buf_printf(&buf, ", message %zu", item->number);
    }
    term_wrapped(lines->term, TONE_BOLD, lines_visible(lines, buf_slice(&buf)), 0);
}

static slice first_value(const struct message_header *header, const char *name)
{
    size_t index = 0;
    const struct message_field *field = message_find_field(header, name, 0, &index);
    return field == NULL ? SLICE_NONE : slice_first(field->value, FIELD_SHOWN_MAX);
}

static slice shown(const struct lines *lines, slice value)
{
    slice text = value;
    return message_display_text(lines->paper, value, &text) == YETT_OK ? text : value;
}

static void tell_envelope(const struct lines *lines, const struct judged *judged)
{
    const struct verdict_envelope *envelope = &judged->verdict->envelope;
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX);
    if (envelope->client.family == IP_NONE) {
        buf_add_text(&buf, "client unknown");
    } else {
        ip_write(&buf, envelope->client);
    }
    if (!slice_is_empty(envelope->helo)) {
        buf_add_text(&buf, ", HELO ");
        buf_add(&buf, envelope->helo);
    }
    if (envelope->has_mail_from) {
        buf_add_text(&buf, ", MAIL FROM <");
        buf_add(&buf, envelope->mail_from);
        buf_add_byte(&buf, '>');
    }
    lines_fact(lines, "Envelope", buf_slice(&buf));
    if (!slice_is_empty(judged->envelope_note)) {
        lines_fact(lines, "", judged->envelope_note);
    }
    if (judged->verdict->source != VERDICT_SOURCE_OTHER &&
        judged->verdict->source != VERDICT_SOURCE_UNKNOWN) {
        lines_fact(lines, "", judged->verdict->source_reason);
    }
}

static void tell_defects(const struct lines *lines, unsigned defects)
{
    static const struct {
        unsigned defect;
        const char *text;
    } texts[] = {
        {MESSAGE_NUL,          "NUL octets in the header"                               },
        {MESSAGE_BARE_CR,      "bare CR in the header"                                  },
        {MESSAGE_BARE_LF,      "bare LF in the header"                                  },
        {MESSAGE_NO_COLON,     "a line that is no field ended the header"               },
        {MESSAGE_NO_BODY,      "the message ends within its header"                     },
        {MESSAGE_LEADING_FOLD, "the first line begins with white space"                 },
        {MESSAGE_MBOX_FROM,    "an mbox \"From \" line stood on top and was passed over"},
    };
    const char *label = "Form";
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if ((defects & texts[i].defect) != 0) {
            lines_fact(lines, label, slice_from_text(texts[i].text));
            label = "";
        }
    }
}

static void tell_head(const struct lines *lines, const struct mail_item *item,
                      const struct judged *judged)
{
    slice from = first_value(judged->header, "From");
    tell_name(lines, item);
    lines_fact(lines, "From",
               slice_is_empty(slice_trim_fws(from)) ? SLICE("(none)")
                                                    : shown(lines, from));
    if (!slice_is_empty(judged->subject)) {
        lines_fact(lines, "Subject", slice_first(judged->subject, FIELD_SHOWN_MAX));
    }
    tell_envelope(lines, judged);
    tell_defects(lines, judged->header->defects);
}

/* ---- SPF -------------------------------------------------------------------------------- */

static void tell_spf_detail(const struct lines *lines, const struct spf_result *spf)
{
    if (!slice_is_empty(spf->record)) {
        lines_detail(lines, spf->record);
    }
    if (!slice_is_empty(spf->error_record) && !slice_eq(spf->error_record, spf->record)) {
        lines_detail(lines, spf->error_record);
    }
    if (!slice_is_empty(spf->explanation)) {
        struct buf buf;
        buf_init(&buf, lines->paper, SIZE_MAX);
        buf_add(&buf, spf->explanation_domain);
        buf_add_text(&buf, " explains: \"");
        buf_add(&buf, spf->explanation);
        buf_add_byte(&buf, '"');
        lines_detail(lines, buf_slice(&buf));
    }
}

static void tell_spf_result(const struct lines *lines, const char *label,
                            const struct spf_result *spf)
{
    lines_result(lines, label, story_spf_tone(spf->code), spf_code_text(spf->code),
                 spf->reason);
    tell_spf_detail(lines, spf);
}

static void tell_spf(const struct lines *lines, const struct verdict *verdict)
{
    if (verdict->has_spf) {
        tell_spf_result(lines, "SPF", &verdict->spf);
    } else {
        lines_result(lines, "SPF", TONE_DIM, "-",
                     verdict->envelope.client.family == IP_NONE
                         ? SLICE("not asked: no client address is known")
                         : SLICE("not asked: the envelope sender is not known"));
    }
    if (verdict->has_spf_helo && !slice_is_empty(verdict->envelope.helo)) {
        tell_spf_result(lines, "SPF HELO", &verdict->spf_helo);
    }
}

void story_of_spf(const struct term *term, struct arena *paper,
                  const struct spf_result *spf)
{
    struct lines lines = {.term = term, .paper = paper};
    tell_spf_result(&lines, spf->scope == SPF_SCOPE_HELO ? "SPF HELO" : "SPF", spf);
}

/* A note ends a sentence that begins with the term: "which holds 192.0.2.1".  Behind a
   colon it stands better without its conjunction. */
static slice note_alone(slice note)
{
    if (!slice_take(&note, SLICE("and ")) && !slice_take(&note, SLICE("but "))) {
        (void)slice_take(&note, SLICE("which "));
    }
    return note;
}

static void tell_step(const struct lines *lines, const struct spf_step *step,
                      unsigned lookups_before)
{
    struct buf buf;
    size_t indent = 4 + 2 * (size_t)(step->depth > 20 ? 20 : step->depth);
    buf_init(&buf, lines->paper, SIZE_MAX);
    for (size_t i = 0; i < indent; i++) {
        putchar(' ');
    }
    if (step->is_record) {
        buf_add(&buf, step->domain);
        buf_add_text(&buf, ": ");
        buf_add(&buf, step->term);
    } else {
        buf_printf(&buf, "%s ", step->matched ? "=>" : "  ");
        buf_add(&buf, step->term);
    }
    if (!slice_is_empty(step->note)) {
        bool is_pair = step->is_record && !slice_is_empty(step->term);
        buf_add_text(&buf, is_pair ? " -- " : step->is_record ? "" : ": ");
        buf_add(&buf, note_alone(step->note));
    }
    if (step->lookups > lookups_before) {
        buf_printf(&buf, " (lookup %u)", step->lookups);
    }
    term_wrapped(lines->term, step->matched ? TONE_BOLD : TONE_PLAIN,
                 lines_visible(lines, buf_slice(&buf)), indent + 5);
}

void story_of_spf_tree(const struct term *term, struct arena *paper,
                       const struct spf_result *spf)
{
    struct lines lines = {.term = term, .paper = paper};
    for (size_t i = 0; i < spf->step_count; i++) {
        tell_step(&lines, &spf->steps[i], i == 0 ? 0 : spf->steps[i - 1].lookups);
    }
    printf("    %u lookup%s (10 are allowed), %u void one%s (2)\n", spf->lookups,
           spf->lookups == 1 ? "" : "s", spf->void_lookups,
           spf->void_lookups == 1 ? "" : "s");
}

/* ---- DKIM ------------------------------------------------------------------------------- */

/* Most mail with two signatures has one story; `before` is that of the signature above. */
static void tell_autopsy(const struct lines *lines, const struct autopsy_finding *autopsy,
                         const struct autopsy_finding *before)
{
    struct buf buf;
    if (before != NULL && before->kind == autopsy->kind &&
        before->confidence == autopsy->confidence &&
        slice_eq(before->text, autopsy->text)) {
        lines_detail(lines, SLICE("autopsy: the same as above"));
        return;
    }
    buf_init(&buf, lines->paper, SIZE_MAX);
    buf_printf(&buf, "autopsy: %s", autopsy_kind_text(autopsy->kind));
    if (autopsy->confidence != AUTOPSY_NONE) {
        buf_printf(&buf, ", %s", autopsy_confidence_text(autopsy->confidence));
    }
    buf_add_text(&buf, ": ");
    buf_add(&buf, autopsy->text);
    lines_detail(lines, buf_slice(&buf));
}

static void tell_signature(const struct lines *lines, const struct dkim_result *result,
                           bool first, bool aligned)
{
    const struct dkim_signature *signature = result->signature;
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX);
    if (!slice_is_empty(signature->domain)) {
        buf_add_text(&buf, aligned ? "aligned: " : "not aligned: ");
    }
    buf_add(&buf, result->reason);
    lines_result(lines, first ? "DKIM" : "", dkim_tone(result->code),
                 dkim_code_text(result->code), buf_slice(&buf));
    if (!slice_is_empty(result->key_name)) {
        buf_init(&buf, lines->paper, SIZE_MAX);
        buf_add_text(&buf, "key at ");
        buf_add(&buf, result->key_name);
        buf_add_text(&buf, result->secure ? ", validated by DNSSEC" : "");
        lines_detail(lines, buf_slice(&buf));
    }
}

static void tell_dkim(const struct lines *lines, const struct judged *judged)
{
    const struct verdict *verdict = judged->verdict;
    const struct dkim_results *dkim = &verdict->dkim;
    if (dkim->count == 0) {
        lines_result(lines, "DKIM", TONE_DIM, "none", dkim->reason);
        return;
    }
    const struct autopsy_finding *const *autopsies = judged->autopsies;
    for (size_t i = 0; i < dkim->count && i < SIGNATURES_TOLD_MAX; i++) {
        tell_signature(lines, &dkim->list[i], i == 0,
                       i < verdict->dmarc.aligned_count && verdict->dmarc.aligned[i]);
        if (autopsies != NULL && autopsies[i] != NULL) {
            tell_autopsy(lines, autopsies[i], i == 0 ? NULL : autopsies[i - 1]);
        }
    }
    size_t fields = dkim->count + dkim->uncounted;
    if (fields > SIGNATURES_TOLD_MAX) {
        lines_detail(lines, arena_printf(lines->paper, "and %zu more signature fields",
                                         fields - SIGNATURES_TOLD_MAX));
    }
}

/* ---- ARC -------------------------------------------------------------------------------- */

static const char *part_text(const struct dkim_result *result)
{
    return result->code == DKIM_NONE ? "not evaluated" : dkim_code_text(result->code);
}

static void tell_set(const struct lines *lines, const struct arc_set *set)
{
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX);
    buf_printf(&buf, "set %u by ", set->instance);
    buf_add(&buf, slice_is_empty(set->domain) ? SLICE("somebody") : set->domain);
    buf_printf(&buf, "%s: seal %s, message signature %s, chain before it %s",
               set->trusted ? " (trusted)" : "", part_text(&set->seal),
               part_text(&set->message), arc_code_text(set->cv));
    lines_detail(lines, buf_slice(&buf));
}

/* Mail without a chain is most of all mail: nothing is said of what is not there. */
static void tell_arc(const struct lines *lines, const struct arc_result *arc)
{
    if (arc->code == ARC_NONE) {
        return;
    }
    lines_result(lines, "ARC", arc->code == ARC_PASS ? TONE_GOOD : TONE_BAD,
                 arc_code_text(arc->code), arc->reason);
    for (size_t i = arc->set_count; i > 0; i--) {
        tell_set(lines, &arc->sets[i - 1]);
    }
}

/* ---- DMARC ------------------------------------------------------------------------------ */

static void tell_dmarc_step(const struct lines *lines, const struct dmarc_step *step)
{
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX);
    buf_add(&buf, step->name);
    buf_add_text(&buf, ": ");
    if (slice_is_empty(step->record)) {
        buf_add_text(&buf, step->status == DNS_FOUND ? "no DMARC record"
                                                     : dns_status_text(step->status));
    } else {
        buf_add(&buf, step->record);
    }
    if (!slice_is_empty(step->note)) {
        buf_add_text(&buf, " -- ");
        buf_add(&buf, step->note);
    }
    buf_add_text(&buf, step->secure ? " -- validated by DNSSEC" : "");
    lines_detail(lines, buf_slice(&buf));
}

static void tell_dmarc(const struct lines *lines, const struct dmarc_result *dmarc)
{
    lines_result(lines, "DMARC", dmarc_tone(dmarc->code), dmarc_code_text(dmarc->code),
                 dmarc->reason);
    for (size_t i = 0; i < dmarc->step_count; i++) {
        tell_dmarc_step(lines, &dmarc->steps[i]);
    }
    for (size_t i = 0; i < dmarc->record.note_count && dmarc->has_record; i++) {
        struct buf buf;
        buf_init(&buf, lines->paper, SIZE_MAX);
        buf_printf(&buf, "record, octet %zu: ", dmarc->record.notes[i].offset + 1);
        buf_add(&buf, dmarc->record.notes[i].text);
        lines_detail(lines, buf_slice(&buf));
    }
}

/* ---- the end ---------------------------------------------------------------------------- */

static void tell_action(const struct lines *lines, const struct verdict_action *action)
{
    struct buf buf;
    buf_init(&buf, lines->paper, SIZE_MAX);
    buf_add(&buf, action->reason);
    buf_add_text(&buf, " [");
    buf_add(&buf, action->rule);
    buf_add_byte(&buf, ']');
    lines_result(lines, "Verdict", story_action_tone(action->action),
                 config_action_text(action->action), buf_slice(&buf));
    if (!slice_is_empty(action->reply)) {
        lines_detail(lines, action->reply);
    }
    if (action->observed && action->action != CONFIG_ACCEPT) {
        lines_detail(lines,
                     SLICE("mode is observe: the gateway would only write this down"));
    }
}

static void tell_removed(const struct lines *lines, const struct judged *judged)
{
    size_t count = judged->verdict->removed_count;
    if (count != 0) {
        lines_detail(lines,
                     arena_printf(lines->paper,
                                  "%zu field%s that claim%s to be ours would be removed",
                                  count, count == 1 ? "" : "s", count == 1 ? "s" : ""));
    }
}

void story_tell(const struct term *term, struct arena *paper,
                const struct mail_item *item, const struct judged *judged)
{
    struct lines lines = {.term = term, .paper = paper};
    tell_head(&lines, item, judged);
    lines_gap();
    if (judged->verdict->verified) {
        tell_spf(&lines, judged->verdict);
        tell_dkim(&lines, judged);
        tell_arc(&lines, &judged->verdict->arc);
        tell_dmarc(&lines, &judged->verdict->dmarc);
    }
    tell_action(&lines, &judged->action);
    tell_removed(&lines, judged);
    lines_gap();
}

void story_of_failure(const struct term *term, struct arena *paper,
                      const struct mail_item *item, const struct judged *judged)
{
    struct lines lines = {.term = term, .paper = paper};
    tell_name(&lines, item);
    lines_result(&lines, "Verdict", story_action_tone(judged->action.action),
                 config_action_text(judged->action.action), judged->why);
    lines_detail(&lines, judged->action.reply);
    lines_gap();
}
