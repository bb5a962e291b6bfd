/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * seal: mail that is handed on gets a set of ARC fields.
 *
 * With its header it is known whether there is an occasion; the body is digested as it
 * passes; when the message is judged and let in the set is begun.  It takes two answers of a
 * keeper, one after the other, for the seal covers the message signature.
 */

static void give_up(struct intake_message *message, enum sealing_act act, slice reason)
{
    message->seal.decision.act = act;
    message->seal.decision.reason = reason;
    message->seal.stage = INTAKE_SEAL_DONE;
}

static void fail(struct intake_message *message, enum yett_err err)
{
    intake_fail(
        message, err,
        err == YETT_NO_MEMORY
            ? SLICE("there is not enough memory for it under the limits of one message")
            : slice_from_text(yett_err_text(err)));
}

static slice keep(struct intake_message *message, slice why, const char *without_memory)
{
    slice reason = SLICE_NONE;
    return arena_copy(message->arenas->desk, why, &reason) == YETT_OK
               ? reason
               : slice_from_text(without_memory);
}

/* ---- the message ------------------------------------------------------------------------- */

void intake_next_hop(struct intake *intake, slice host)
{
    struct intake_message *message = intake->message;
    if (message != NULL && message->stage == INTAKE_HEADER && host.len != 0 &&
        message->house->sealing != NULL) {
        message->seal.has_next_hop |= sealing_has_next_hop(message->house->sealing, host);
    }
}

/* Mail of a list is not verified, so nobody has begun to digest it. */
static enum yett_err begin_digest(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    struct arena *evidence = message->arenas->evidence;
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    limits.signatures = 0;
    limits.signature_fields = 0;
    enum yett_err err = dkim_message_new(evidence, house->crypto, &message->header,
                                         SLICE_NONE, limits, &message->dkim);
    return err != YETT_OK
               ? err
               : arc_chain_new(evidence, house->crypto, &message->header, message->dkim,
                               verdict_arc_limits(house->config), &message->arc);
}

void intake_seal_begin(struct intake_message *message)
{
    struct intake_seal *seal = &message->seal;
    const struct sealing_question question = {
        .house = message->house->sealing,
        .role = message->intake->listener->role,
        .envelope = message->input.envelope,
        .has_next_hop = seal->has_next_hop,
    };
    enum yett_err err = YETT_OK;
    sealing_find_occasion(&question, &seal->decision);
    if (seal->decision.act != SEALING_SEAL || message->err != YETT_OK) {
        return;
    }
    seal->stage = INTAKE_SEAL_PASSING;
    signing_scan_header(&seal->scan, &message->header, &message->from);
    if (message->dkim == NULL) {
        err = begin_digest(message);
    }
    if (err == YETT_OK) {
        err = arc_prepare_seal(message->arc);
    }
    if (err != YETT_OK) {
        fail(message, err);
    }
}

void intake_seal_body(struct intake_message *message, slice piece)
{
    if (message->seal.stage == INTAKE_SEAL_PASSING) {
        signing_scan_body(&message->seal.scan, piece);
    }
}

/* ---- the set ----------------------------------------------------------------------------- */

static bool comes_in(const struct intake_message *message)
{
    const struct intake_sign *sign = &message->sign;
    return !sign->defers && sign->decision.act != SIGNING_REFUSED &&
           (!message->has_verdict || message->verdict.action.performed < CONFIG_DEFER);
}

static bool removes_what_is_sealed(const struct intake_message *message)
{
    const struct config *config = message->house->config;
    size_t count = message->has_verdict ? message->verdict.removed_count : 0;
    for (size_t i = 0; i < count; i++) {
        slice name = message->header.fields[message->verdict.removed_fields[i]].name;
        if (!slice_eq_nocase(name, SLICE("Authentication-Results")) &&
            !slice_eq_nocase(name, config->tag_field) &&
            !slice_eq_nocase(name, config->quarantine_field)) {
            return true;
        }
    }
    return false;
}

/* Why a seal would not hold, or NULL. */
static const char *hazard_of(struct intake_message *message)
{
    struct signing_scan *scan = &message->seal.scan;
    signing_scan_end(scan);
    if ((scan->found & 1u << SIGNING_LONG_LINE) != 0) {
        return "it has a line of more than 998 octets, which is broken on the way out: "
               "no "
               "seal would survive it";
    }
    return removes_what_is_sealed(message)
               ? "a field is removed from it that seems to hold another field"
               : NULL;
}

static void begin_set(struct intake_message *message)
{
    struct intake_seal *seal = &message->seal;
    const char *hazard = hazard_of(message);
    if (hazard != NULL) {
        give_up(message, SEALING_FAILED, slice_from_text(hazard));
        return;
    }
    enum yett_err err =
        sealing_begin(message->arenas->desk, message->house->sealing, &message->header,
                      message->arc, message->has_verdict ? &message->verdict : NULL,
                      message->ended_s, &seal->decision, &seal->made);
    if (err != YETT_OK) {
        fail(message, err);
        return;
    }
    seal->stage = seal->made == NULL ? INTAKE_SEAL_DONE : INTAKE_SEAL_WANTED;
}

bool intake_seal_is_open(struct intake_message *message)
{
    struct intake_seal *seal = &message->seal;
    if (seal->stage == INTAKE_SEAL_OFF || message->err != YETT_OK) {
        return false;
    }
    if (!comes_in(message)) {
        seal->decision.act = SEALING_NOT_ASKED;
        seal->stage = INTAKE_SEAL_DONE;
    }
    if (seal->stage == INTAKE_SEAL_PASSING) {
        begin_set(message);
    }
    return message->err == YETT_OK &&
           (seal->stage == INTAKE_SEAL_WANTED || seal->stage == INTAKE_SEAL_GIVEN);
}

/* ---- a keeper ---------------------------------------------------------------------------- */

bool intake_seal_text(struct intake_message *message, size_t octets_left,
                      struct intake_text *out)
{
    struct intake_seal *seal = &message->seal;
    if (seal->stage != INTAKE_SEAL_WANTED) {
        return false;
    }
    slice text = arc_seal_text(seal->made);
    if (text.len > octets_left) {
        return false;
    }
    *out = (struct intake_text){.form = seal->is_message_signed ? DKIM_FORM_SEAL
                                                                : DKIM_FORM_MESSAGE,
                                .octets = text};
    seal->stage = INTAKE_SEAL_GIVEN;
    return true;
}

bool intake_seal_awaits(const struct intake_message *message)
{
    return message->seal.stage == INTAKE_SEAL_GIVEN;
}

void intake_seal_take(struct intake_message *message,
                      const struct intake_signature *answer)
{
    struct intake_seal *seal = &message->seal;
    if (!answer->is_signed) {
        give_up(message, SEALING_FAILED,
                keep(message, answer->octets, "a keeper refused to seal it"));
        return;
    }
    enum yett_err err = arc_seal_take(seal->made, answer->octets);
    if (err == YETT_NO_MEMORY) {
        fail(message, err);
    } else if (err != YETT_OK) {
        give_up(message, SEALING_FAILED,
                SLICE("its chain has more in it than a seal can cover"));
    } else {
        seal->stage = seal->is_message_signed ? INTAKE_SEAL_DONE : INTAKE_SEAL_WANTED;
        seal->is_message_signed = true;
    }
}

void intake_seal_fail(struct intake_message *message, slice why)
{
    bool defers = message->house->config->signing.on_keeper_down == CONFIG_KEEPER_DEFER;
    message->seal.defers = defers && !message->is_local;
    give_up(message, SEALING_FAILED, keep(message, why, "no keeper sealed it"));
}

/* ---- for the decision -------------------------------------------------------------------- */

bool intake_seal_action(struct intake_message *message, struct verdict_action *out)
{
    const struct intake_seal *seal = &message->seal;
    if (!seal->defers) {
        return false;
    }
    slice reply =
        arena_printf(message->arenas->desk,
                     "451 4.7.5 the message could not be sealed, try again later (id "
                     "%.*s)",
                     INTAKE_ID_LENGTH, message->id);
    *out = (struct verdict_action){
        .action = CONFIG_DEFER,
        .performed = CONFIG_DEFER,
        .rule = SLICE("sealing-keeper"),
        .reason = seal->decision.reason,
        .reply = reply.ptr == NULL ? SLICE("451 4.7.5 try again later") : reply,
    };
    return true;
}

/* The length of the field at the front, its line end and folded lines included. */
static size_t field_length(slice text)
{
    static const slice line_end = SLICE_INIT("\r\n");
    size_t length = 0;
    do {
        slice rest = slice_skip(text, length);
        length += slice_find(rest, line_end) + line_end.len;
    } while (length < text.len && (text.ptr[length] == ' ' || text.ptr[length] == '\t'));
    return length;
}

size_t intake_seal_edits(const struct intake_message *message, struct intake_edit *edits)
{
    const struct intake_seal *seal = &message->seal;
    size_t count = 0;
    if (seal->decision.act != SEALING_SEAL || seal->stage != INTAKE_SEAL_DONE) {
        return 0;
    }
    slice rest = arc_seal_fields(seal->made);
    for (; rest.len != 0 && count < INTAKE_SEAL_EDITS_MAX; count++) {
        size_t length = field_length(rest);
        edits[count] = intake_field_edit(slice_first(rest, length));
        rest = slice_skip(rest, length);
    }
    return count;
}

const struct sealing_decision *intake_seal_report(struct intake_message *message,
                                                  bool is_let_out)
{
    struct intake_seal *seal = &message->seal;
    if (seal->decision.act == SEALING_SEAL && seal->stage != INTAKE_SEAL_DONE) {
        give_up(message, SEALING_FAILED, message->why);
    }
    bool is_told = seal->decision.act != SEALING_NOT_ASKED &&
                   (is_let_out || seal->decision.act != SEALING_SEAL);
    return is_told ? &seal->decision : NULL;
}
