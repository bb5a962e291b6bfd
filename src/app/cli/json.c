/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/json.h"

#include "core/base/buf.h"
#include "core/base/utf8.h"

#include <stdio.h>

/* A text takes four times its room when every octet is written as \xNN, and a buffer that
   grows by doubling four times that. */
enum { ROOM_PER_OCTET = 16, ROOM_BYTES = 64 * 1024 };

/* ---- pieces ----------------------------------------------------------------------------- */

void json_put(json_t *object, const char *name, json_t *value, bool *failed)
{
    if (json_object_set_new(object, name, value) != 0) {
        *failed = true;
    }
}

static json_t *when_whole(json_t *value, bool failed)
{
    if (failed) {
        json_decref(value);
        return NULL;
    }
    return value;
}

json_t *json_of_slice(slice text)
{
    if (utf8_is_valid(text)) {
        return json_stringn(text.len == 0 ? "" : text.ptr, text.len);
    }
    struct arena *arena = arena_new(text.len * ROOM_PER_OCTET + ROOM_BYTES);
    if (arena == NULL) {
        return NULL;
    }
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX);
    buf_add_visible(&buf, text);
    slice visible = buf_slice(&buf);
    json_t *value =
        buf_err(&buf) == YETT_OK ? json_stringn(visible.ptr, visible.len) : NULL;
    arena_free(arena);
    return value;
}

json_t *json_of_optional(slice text)
{
    return slice_is_empty(text) ? json_null() : json_of_slice(text);
}

static json_t *json_of_ip(struct ip ip)
{
    struct arena *arena = arena_new(4096);
    if (ip.family == IP_NONE || arena == NULL) {
        arena_free(arena);
        return json_null();
    }
    struct buf buf;
    buf_init(&buf, arena, 64);
    ip_write(&buf, ip);
    json_t *value = json_of_slice(buf_slice(&buf));
    arena_free(arena);
    return value;
}

bool json_print(json_t *value)
{
    if (value == NULL) {
        return false;
    }
    /* ASCII, for what senders write must not act on a terminal: C1 controls, directions. */
    int written = json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(value);
    return written == 0 && putchar('\n') != EOF;
}

/* ---- SPF -------------------------------------------------------------------------------- */

json_t *json_of_spf(const struct spf_result *spf)
{
    bool failed = false;
    bool refused = spf->code == SPF_FAIL;
    bool senders = refused && !slice_is_empty(spf->explanation);
    json_t *out = json_object();
    json_put(out, "result", json_string(spf_code_text(spf->code)), &failed);
    json_put(out, "domain", json_of_optional(spf->domain), &failed);
    json_put(out, "scope", json_string(spf_scope_text(spf->scope)), &failed);
    json_put(out, "mechanism", json_of_optional(spf->mechanism), &failed);
    json_put(out, "mechanism_domain", json_of_optional(spf->mechanism_domain), &failed);
    json_put(out, "explanation",
             !refused  ? json_null()
             : senders ? json_of_slice(spf->explanation)
                       : json_of_slice(spf->reason),
             &failed);
    json_put(out, "explanation_source",
             !refused ? json_null() : json_string(senders ? "sender" : "default"),
             &failed);
    json_put(out, "lookups", json_integer(spf->lookups), &failed);
    json_put(out, "void_lookups", json_integer(spf->void_lookups), &failed);
    json_put(out, "reason", json_of_slice(spf->reason), &failed);
    json_put(out, "record", json_of_optional(spf->record), &failed);
    json_t *includes = json_array();
    for (size_t i = 0; i < spf->include_count; i++) {
        failed |= json_array_append_new(includes, json_of_slice(spf->includes[i])) != 0;
    }
    json_put(out, "includes", includes, &failed);
    if (!slice_is_empty(spf->error_record)) {
        json_put(out, "error_record", json_of_slice(spf->error_record), &failed);
        json_put(out, "error_offset", json_integer((json_int_t)spf->error_offset),
                 &failed);
    }
    return when_whole(out, failed);
}

static json_t *json_of_step(const struct spf_step *step)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "depth", json_integer(step->depth), &failed);
    json_put(out, "domain", json_of_slice(step->domain), &failed);
    json_put(out, step->is_record ? "record" : "term", json_of_slice(step->term),
             &failed);
    json_put(out, "matched", json_boolean(step->matched), &failed);
    json_put(out, "lookups", json_integer(step->lookups), &failed);
    json_put(out, "void_lookups", json_integer(step->void_lookups), &failed);
    json_put(out, "note", json_of_optional(step->note), &failed);
    return when_whole(out, failed);
}

json_t *json_of_spf_steps(const struct spf_result *spf)
{
    bool failed = false;
    json_t *out = json_array();
    for (size_t i = 0; i < spf->step_count; i++) {
        failed |= json_array_append_new(out, json_of_step(&spf->steps[i])) != 0;
    }
    return when_whole(out, failed);
}

/* Where SPF could not be asked there is a reason, but no word of RFC 7208 for it. */
static json_t *json_of_spf_or_not(bool has, const struct spf_result *spf,
                                  enum spf_scope scope, slice why_not)
{
    if (has) {
        return json_of_spf(spf);
    }
    bool failed = false;
    struct spf_result nothing = {.scope = scope, .reason = why_not};
    json_t *out = json_of_spf(&nothing);
    json_put(out, "result", json_null(), &failed);
    return when_whole(out, failed);
}

/* ---- DKIM ------------------------------------------------------------------------------- */

/* Where: for one place of a change. */
static void put_place(json_t *out, const struct autopsy_change *change, bool *failed)
{
    bool in_body = change != NULL && slice_is_empty(change->field);
    bool has_length = change != NULL && change->length != 0;
    json_put(out, "field", change == NULL ? json_null() : json_of_optional(change->field),
             failed);
    json_put(out, "offset",
             in_body ? json_integer((json_int_t)change->offset) : json_null(), failed);
    json_put(out, "length",
             in_body && has_length ? json_integer((json_int_t)change->length)
                                   : json_null(),
             failed);
}

static json_t *json_of_change(const struct autopsy_change *change)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "kind", json_string(autopsy_kind_text(change->kind)), &failed);
    json_put(out, "text", json_of_slice(change->text), &failed);
    put_place(out, change, &failed);
    return when_whole(out, failed);
}

static json_t *json_of_autopsy(const struct autopsy_finding *finding)
{
    if (finding == NULL) {
        return json_null();
    }
    bool failed = false;
    json_t *changes = json_array();
    for (size_t i = 0; i < finding->count; i++) {
        failed |=
            json_array_append_new(changes, json_of_change(&finding->changes[i])) != 0;
    }
    json_t *out = json_object();
    json_put(out, "kind", json_string(autopsy_kind_text(finding->kind)), &failed);
    json_put(out, "text", json_of_slice(finding->text), &failed);
    json_put(out, "confidence", json_string(autopsy_confidence_text(finding->confidence)),
             &failed);
    put_place(out, finding->count == 0 ? NULL : &finding->changes[0], &failed);
    json_put(out, "header", json_string(autopsy_state_text(finding->header)), &failed);
    json_put(out, "body", json_string(autopsy_state_text(finding->body)), &failed);
    json_put(out, "changes", changes, &failed);
    return when_whole(out, failed);
}

static json_t *json_of_dkim_result(const struct dkim_result *result, bool aligned,
                                   const struct autopsy_finding *autopsy)
{
    bool failed = false;
    const struct dkim_signature *signature = result->signature;
    json_t *out = json_object();
    json_put(out, "result", json_string(dkim_code_text(result->code)), &failed);
    json_put(out, "domain", json_of_optional(signature->domain), &failed);
    json_put(out, "selector", json_of_optional(signature->selector), &failed);
    json_put(out, "identity", json_of_optional(signature->identity), &failed);
    json_put(out, "algorithm", json_of_optional(signature->algorithm_text), &failed);
    json_put(out, "key_bits",
             result->key_bits == 0 ? json_null() : json_integer(result->key_bits),
             &failed);
    json_put(out, "aligned", json_boolean(aligned), &failed);
    json_put(out, "counts", json_boolean(result->counts), &failed);
    json_put(out, "secure", json_boolean(result->secure), &failed);
    json_put(out, "reason", json_of_slice(result->reason), &failed);
    json_put(out, "autopsy", json_of_autopsy(autopsy), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_dkim(const struct judged *judged)
{
    const struct verdict *verdict = judged->verdict;
    bool failed = false;
    json_t *out = json_array();
    for (size_t i = 0; i < verdict->dkim.count; i++) {
        bool aligned = i < verdict->dmarc.aligned_count && verdict->dmarc.aligned[i];
        const struct autopsy_finding *autopsy =
            judged->autopsies == NULL ? NULL : judged->autopsies[i];
        failed |= json_array_append_new(out, json_of_dkim_result(&verdict->dkim.list[i],
                                                                 aligned, autopsy)) != 0;
    }
    return when_whole(out, failed);
}

/* ---- ARC -------------------------------------------------------------------------------- */

/* null: not evaluated. */
static json_t *json_of_part(const struct dkim_result *result)
{
    return result->code == DKIM_NONE ? json_null()
                                     : json_string(dkim_code_text(result->code));
}

static json_t *json_of_set(const struct arc_set *set)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "instance", json_integer(set->instance), &failed);
    json_put(out, "domain", json_of_optional(set->domain), &failed);
    json_put(out, "selector", json_of_optional(set->selector), &failed);
    json_put(out, "cv", json_string(arc_code_text(set->cv)), &failed);
    json_put(out, "seal", json_of_part(&set->seal), &failed);
    json_put(out, "message", json_of_part(&set->message), &failed);
    json_put(out, "trusted", json_boolean(set->trusted), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_arc(const struct arc_result *arc)
{
    bool failed = false;
    json_t *sets = json_array();
    for (size_t i = 0; i < arc->set_count; i++) {
        failed |= json_array_append_new(sets, json_of_set(&arc->sets[i])) != 0;
    }
    json_t *out = json_object();
    json_put(out, "result", json_string(arc_code_text(arc->code)), &failed);
    json_put(out, "instances", json_integer(arc->instances), &failed);
    json_put(out, "oldest_pass",
             arc->oldest_pass == ARC_OLDEST_UNKNOWN ? json_null()
                                                    : json_integer(arc->oldest_pass),
             &failed);
    json_put(out, "reason", json_of_slice(arc->reason), &failed);
    json_put(out, "sets", sets, &failed);
    return when_whole(out, failed);
}

/* ---- DMARC ------------------------------------------------------------------------------ */

/* A record may be there, and ask for nothing that can be told or used. */
static bool has_policy(const struct dmarc_result *dmarc)
{
    return dmarc->has_record && dmarc->policy_known && dmarc->code != DMARC_NONE;
}

static json_t *json_of_policy(const struct dmarc_result *dmarc, enum dmarc_policy policy)
{
    return has_policy(dmarc) ? json_string(dmarc_policy_text(policy)) : json_null();
}

static json_t *json_of_alignment(const struct dmarc_result *dmarc)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "spf", json_boolean(dmarc->spf_aligned), &failed);
    json_put(out, "dkim", json_boolean(dmarc->dkim_aligned), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_dmarc_step(const struct dmarc_step *step)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "name", json_of_slice(step->name), &failed);
    json_put(out, "status", json_string(dns_status_text(step->status)), &failed);
    json_put(out, "secure", json_boolean(step->secure), &failed);
    json_put(out, "record", json_of_optional(step->record), &failed);
    json_put(out, "note", json_of_optional(step->note), &failed);
    json_put(out, "why", json_of_optional(step->why), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_dmarc(const struct verdict *verdict)
{
    bool failed = false;
    const struct dmarc_result *dmarc = &verdict->dmarc;
    json_t *steps = json_array();
    for (size_t i = 0; i < dmarc->step_count; i++) {
        failed |= json_array_append_new(steps, json_of_dmarc_step(&dmarc->steps[i])) != 0;
    }
    json_t *out = json_object();
    json_put(out, "result", json_string(dmarc_code_text(dmarc->code)), &failed);
    json_put(out, "policy", json_of_policy(dmarc, dmarc->policy), &failed);
    json_put(out, "policy_tag",
             has_policy(dmarc) ? json_string(dmarc->policy_tag) : json_null(), &failed);
    json_put(out, "disposition", json_of_policy(dmarc, dmarc->disposition), &failed);
    json_put(out, "domain", json_of_optional(dmarc->domain), &failed);
    json_put(out, "org_domain", json_of_optional(dmarc->org_domain), &failed);
    json_put(out, "policy_domain", json_of_optional(dmarc->policy_domain), &failed);
    json_put(out, "record",
             dmarc->has_record ? json_of_slice(dmarc->record.text) : json_null(),
             &failed);
    json_put(out, "secure", json_boolean(dmarc->secure), &failed);
    json_put(out, "reason", json_of_slice(dmarc->reason), &failed);
    json_put(out, "alignment", json_of_alignment(dmarc), &failed);
    if (dmarc->has_record && dmarc->record.pct < 100) { /* RFC 7489 */
        json_put(out, "pct", json_integer(dmarc->record.pct), &failed);
        json_put(out, "pct_draw", json_integer(dmarc->pct_draw), &failed);
        json_put(out, "sampled_out", json_boolean(dmarc->sampled_out), &failed);
    }
    json_put(out, "steps", steps, &failed);
    return when_whole(out, failed);
}

/* ---- the whole -------------------------------------------------------------------------- */

json_t *json_of_envelope(const struct verdict_envelope *envelope)
{
    bool failed = false;
    json_t *rcpt = json_array();
    for (size_t i = 0; i < envelope->rcpt_count; i++) {
        failed |= json_array_append_new(rcpt, json_of_slice(envelope->rcpt[i])) != 0;
    }
    json_t *out = json_object();
    json_put(out, "ip", json_of_ip(envelope->client), &failed);
    json_put(out, "helo", json_of_optional(envelope->helo), &failed);
    json_put(out, "mail_from",
             envelope->has_mail_from ? json_of_slice(envelope->mail_from) : json_null(),
             &failed);
    json_put(out, "rcpt", rcpt, &failed);
    return when_whole(out, failed);
}

static slice from_value(const struct judged *judged)
{
    size_t index = 0;
    const struct message_field *from =
        judged->header == NULL ? NULL
                               : message_find_field(judged->header, "From", 0, &index);
    return from == NULL ? SLICE_NONE : slice_trim_fws(from->value);
}

static json_t *message_value(const struct mail_item *item, const struct judged *judged)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "file", json_of_slice(item->path), &failed);
    json_put(out, "number", json_integer((json_int_t)item->number), &failed);
    json_put(out, "size", json_integer((json_int_t)judged->size_bytes), &failed);
    json_put(out, "from", json_of_optional(from_value(judged)), &failed);
    json_put(out, "subject", json_of_optional(judged->subject), &failed);
    json_put(out, "message_id", json_of_optional(judged->message_id), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_action(const struct verdict_action *action)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "verdict", json_string(config_action_text(action->action)), &failed);
    json_put(out, "rule", json_of_slice(action->rule), &failed);
    json_put(out, "reply", json_of_optional(action->reply), &failed);
    json_put(out, "reason", json_of_slice(action->reason), &failed);
    json_put(out, "performed", json_string(config_action_text(action->performed)),
             &failed);
    json_put(out, "exception", json_of_optional(action->exception), &failed);
    return when_whole(out, failed);
}

static json_t *json_of_removed(const struct judged *judged)
{
    bool failed = false;
    json_t *out = json_array();
    for (size_t i = 0; i < judged->verdict->removed_count; i++) {
        size_t index = judged->verdict->removed_fields[i];
        failed |=
            json_array_append_new(out, json_of_slice(slice_trim_fws(
                                           judged->header->fields[index].raw))) != 0;
    }
    return when_whole(out, failed);
}

json_t *json_of_failure(const struct mail_item *item, const struct judged *judged,
                        bool is_answered_for)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "message", message_value(item, judged), &failed);
    json_put(out, "error", json_of_slice(judged->why), &failed);
    json_put(out, "action",
             is_answered_for ? json_of_action(&judged->action) : json_null(), &failed);
    return when_whole(out, failed);
}

static void put_checks(json_t *out, const struct judged *judged, bool *failed)
{
    const struct verdict *verdict = judged->verdict;
    if (!verdict->verified) { /* a submission of our own */
        json_put(out, "spf", json_null(), failed);
        json_put(out, "spf_helo", json_null(), failed);
        json_put(out, "dkim", json_array(), failed);
        json_put(out, "arc", json_null(), failed);
        json_put(out, "dmarc", json_null(), failed);
        return;
    }
    slice why_not = verdict->envelope.client.family == IP_NONE
                        ? verdict->source_reason
                        : SLICE("the envelope sender is not known");
    json_put(
        out, "spf",
        json_of_spf_or_not(verdict->has_spf, &verdict->spf, SPF_SCOPE_MAIL_FROM, why_not),
        failed);
    json_put(out, "spf_helo",
             json_of_spf_or_not(verdict->has_spf_helo, &verdict->spf_helo, SPF_SCOPE_HELO,
                                verdict->source_reason),
             failed);
    json_put(out, "dkim", json_of_dkim(judged), failed);
    json_put(out, "arc", json_of_arc(&verdict->arc), failed);
    json_put(out, "dmarc", json_of_dmarc(verdict), failed);
}

json_t *json_of_judged(const struct mail_item *item, const struct judged *judged)
{
    bool failed = false;
    const struct verdict *verdict = judged->verdict;
    json_t *out = json_object();
    json_put(out, "message", message_value(item, judged), &failed);
    json_put(out, "envelope", json_of_envelope(&verdict->envelope), &failed);
    put_checks(out, judged, &failed);
    json_put(out, "action", json_of_action(&judged->action), &failed);
    json_put(out, "authentication_results",
             json_of_optional(verdict->authentication_results), &failed);
    if (!slice_is_empty(verdict->received_spf)) {
        json_put(out, "received_spf", json_of_slice(verdict->received_spf), &failed);
    }
    json_put(out, "removed_fields", json_of_removed(judged), &failed);
    return when_whole(out, failed);
}
