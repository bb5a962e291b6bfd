/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * sign: our own mail on its way to a keeper and back.
 *
 * With its header it is decided whether a message is signed; the body is digested as it
 * passes; when it has ended, draft.c makes the texts that a keeper is asked to sign.
 */

static void fail(struct intake_message *message, enum yett_err err)
{
    intake_fail(
        message, err,
        err == YETT_NO_MEMORY
            ? SLICE("there is not enough memory for it under the limits of one message")
            : slice_from_text(yett_err_text(err)));
}

/* It will not be signed.  Mail of our own host cannot be refused: nobody is left who could be
   told. */
static void give_up(struct intake_message *message, enum signing_act act, slice rule,
                    slice reason)
{
    struct intake_sign *sign = &message->sign;
    bool spared = message->is_local && act == SIGNING_REFUSED;
    sign->decision.act = spared ? SIGNING_FAILED : act;
    sign->decision.rule = rule;
    sign->decision.reason = reason;
    sign->decision.rows.count = 0;
    sign->stage = INTAKE_SIGN_DONE;
}

static bool is_to_be_signed(const struct intake_message *message)
{
    return message->sign.stage != INTAKE_SIGN_OFF &&
           message->sign.stage != INTAKE_SIGN_DONE && message->err == YETT_OK;
}

/* ---- the header -------------------------------------------------------------------------- */

static bool needs_canon(const struct config_signing *config,
                        enum config_canonicalization canon)
{
    return config->body_canonicalization == canon;
}

static enum yett_err begin_digests(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    const struct config_signing *config = &house->config->signing;
    bool breaks = config->on_long_line == CONFIG_HAZARD_REPAIR;
    return signer_sums_new(message->arenas->evidence, house->crypto,
                           needs_canon(config, CONFIG_SIMPLE),
                           needs_canon(config, CONFIG_RELAXED),
                           breaks ? SIGNER_LINE_OCTETS : 0, &message->sign.sums);
}

/* A forgery in our name that a list or a program of ours hands on (a forward, a redirection of
   Sieve) must not get our signature.  Who has logged in answers for what he sends. */
static enum yett_err doubt_what_was_here(struct intake_message *message)
{
    struct signing_decision *decision = &message->sign.decision;
    bool is_doubtful = false;
    if (decision->act != SIGNING_SIGN || message->input.envelope.authenticated) {
        return YETT_OK;
    }
    enum yett_err err = sealing_doubts(message->arenas->evidence, message->house->config,
                                       &message->header, decision->author, &is_doubtful);
    if (err == YETT_OK && is_doubtful) {
        decision->act = SIGNING_LEFT;
        decision->rule = SLICE("unproven");
        decision->reason =
            SLICE("it arrived here before, and was not proved to be mail of "
                  "its author then");
    }
    return err;
}

void intake_sign_begin(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    struct intake_sign *sign = &message->sign;
    const struct signing_question question = {
        .config = house->config,
        .table = house->signing == NULL ? NULL : house->signing->table,
        .role = message->intake->listener->role,
        .envelope = message->input.envelope,
        .header = &message->header,
        .from = &message->from,
    };
    enum yett_err err =
        signing_decide(message->arenas->evidence, &question, &sign->decision);
    if (err == YETT_OK) {
        err = doubt_what_was_here(message);
    }
    if (err != YETT_OK) {
        sign->decision.act = SIGNING_NOT_ASKED;
        fail(message, err);
        return;
    }
    if (sign->decision.act != SIGNING_SIGN) {
        give_up(message, sign->decision.act, sign->decision.rule, sign->decision.reason);
        return;
    }
    signing_scan_header(&sign->scan, &message->header, &message->from);
    sign->stage = INTAKE_SIGN_PASSING;
    err = begin_digests(message);
    if (err != YETT_OK) {
        fail(message, err);
    }
}

/* ---- the body ---------------------------------------------------------------------------- */

void intake_sign_body(struct intake_message *message, slice piece)
{
    if (is_to_be_signed(message)) {
        signing_scan_body(&message->sign.scan, piece);
        signer_sums_feed(message->sign.sums, piece);
    }
}

void intake_sign_end(struct intake_message *message)
{
    if (!is_to_be_signed(message)) {
        return;
    }
    signing_scan_end(&message->sign.scan);
    message->sign.stage = INTAKE_SIGN_PASSED;
    enum yett_err err = signer_sums_end(message->sign.sums);
    if (err != YETT_OK) {
        fail(message, err);
    }
}

void intake_sign_finish(struct intake_message *message)
{
    if (message->sign.sums != NULL) {
        signer_sums_finish(message->sign.sums);
        message->sign.sums = NULL;
    }
}

/* ---- texts ------------------------------------------------------------------------------- */

static slice hazard_reason(struct arena *arena, enum signing_hazard hazard)
{
    static const char *const sentences[SIGNING_HAZARDS] = {
        [SIGNING_LONG_LINE] = "it has a line of more than 998 octets",
        [SIGNING_BARE_NEWLINE] = "it has a CR or LF by itself",
        [SIGNING_EIGHT_BIT] = "it has octets over 127",
        [SIGNING_NO_DATE] = "it has no Date field",
        [SIGNING_NO_MESSAGE_ID] = "it has no Message-ID field",
        [SIGNING_SEVERAL_FROM] = "it has several From fields",
    };
    slice text = arena_printf(arena, "%s, which its signature would not survive",
                              sentences[hazard]);
    return text.ptr == NULL ? slice_from_text(sentences[hazard]) : text;
}

static bool judge_hazards(struct intake_message *message)
{
    struct intake_sign *sign = &message->sign;
    enum signing_hazard hazard;
    enum config_on_hazard action =
        signing_judge_scan(&message->house->config->signing, &sign->scan, &hazard);
    sign->decision.hazards = sign->scan.found;
    if (hazard == SIGNING_HAZARDS || action < CONFIG_HAZARD_UNSIGNED) {
        return true;
    }
    give_up(message, action == CONFIG_HAZARD_REJECT ? SIGNING_REFUSED : SIGNING_FAILED,
            slice_from_text(signing_hazard_text(hazard)),
            hazard_reason(message->arenas->desk, hazard));
    return false;
}

/* As many texts as one request holds. */
static void prepare(struct intake_message *message)
{
    slice why = SLICE_NONE;
    enum yett_err err = intake_make_drafts(message, &why);
    if (err == YETT_LIMIT) {
        give_up(message, SIGNING_FAILED, SLICE("too-large"),
                SLICE("its header is too large to be signed"));
    } else if (err == YETT_BAD_SYNTAX) {
        give_up(message, SIGNING_FAILED, SLICE("cannot-sign"), why);
    } else if (err != YETT_OK) {
        fail(message, err);
    } else {
        message->sign.stage = INTAKE_SIGN_WANTED;
    }
}

bool intake_sign_is_open(struct intake_message *message)
{
    struct intake_sign *sign = &message->sign;
    if (is_to_be_signed(message) && sign->stage == INTAKE_SIGN_PASSED &&
        judge_hazards(message)) {
        prepare(message);
    }
    return is_to_be_signed(message);
}

/* ---- a keeper ---------------------------------------------------------------------------- */

void intake_sign_texts(struct intake_message *message, struct intake_signing *out)
{
    struct intake_sign *sign = &message->sign;
    if (sign->stage != INTAKE_SIGN_WANTED) {
        return;
    }
    sign->stage = INTAKE_SIGN_GIVEN;
    for (size_t i = 0; i < sign->decision.rows.count; i++) {
        out->texts[out->count++] = (struct intake_text){.form = DKIM_FORM_SIGNATURE,
                                                        .octets = sign->drafts[i].text};
    }
}

/* None of them, or not all: a message with one of two signatures is not what was asked for. */
void intake_sign_fail(struct intake_message *message, slice why)
{
    bool defers = message->house->config->signing.on_keeper_down == CONFIG_KEEPER_DEFER;
    slice reason = SLICE_NONE;
    if (arena_copy(message->arenas->desk, why, &reason) != YETT_OK) {
        reason = SLICE("no keeper signed it");
    }
    message->sign.defers = defers && !message->is_local;
    give_up(message, SIGNING_FAILED, SLICE("keeper"), reason);
}

size_t intake_sign_awaits(const struct intake_message *message)
{
    enum intake_sign_stage stage = message->sign.stage;
    return stage == INTAKE_SIGN_WANTED || stage == INTAKE_SIGN_GIVEN
               ? message->sign.decision.rows.count
               : 0;
}

static bool take_signatures(struct intake_message *message,
                            const struct intake_signature *answers)
{
    struct intake_sign *sign = &message->sign;
    for (size_t i = 0; i < sign->decision.rows.count; i++) {
        if (!answers[i].is_signed) {
            intake_sign_fail(message, answers[i].octets);
            return true;
        }
        enum yett_err err =
            signer_make_field(message->arenas->desk, sign->drafts[i].field,
                              answers[i].octets, &sign->fields[i]);
        if (err != YETT_OK) {
            fail(message, err);
            return false;
        }
    }
    sign->stage = INTAKE_SIGN_DONE;
    return true;
}

void intake_sign_take(struct intake_message *message,
                      const struct intake_signature *answers)
{
    if (!take_signatures(message, answers)) {
        give_up(message, SIGNING_FAILED, SLICE("not-judged"), message->why);
    }
}

/* ---- for the decision -------------------------------------------------------------------- */

bool intake_sign_action(struct intake_message *message, struct verdict_action *out)
{
    const struct intake_sign *sign = &message->sign;
    const struct signing_decision *decision = &sign->decision;
    bool refuses = decision->act == SIGNING_REFUSED;
    if (!refuses && !sign->defers) {
        return false;
    }
    struct buf reply;
    buf_init(&reply, message->arenas->desk, 512);
    if (sign->defers) {
        buf_add_text(&reply,
                     "451 4.7.5 the message could not be signed, try again later");
    } else if (slice_eq(decision->rule, SLICE("mismatch"))) {
        buf_add_text(&reply, "550 5.7.1 you may not send mail of ");
        buf_add(&reply, decision->author);
    } else {
        buf_add_text(&reply, "550 5.6.0 ");
        buf_add(&reply, decision->reason);
    }
    buf_printf(&reply, " (id %.*s)", INTAKE_ID_LENGTH, message->id);
    slice rule =
        arena_printf(message->arenas->desk, "signing-%.*s", SLICE_ARG(decision->rule));
    enum config_action action = refuses ? CONFIG_REJECT : CONFIG_DEFER;
    *out = (struct verdict_action){
        .action = action,
        .performed = action,
        .rule = rule.ptr == NULL ? SLICE("signing") : rule,
        .reason = decision->reason,
        .reply = buf_err(&reply) == YETT_OK
                     ? buf_slice(&reply)
                     : slice_from_text(refuses ? "550 5.7.1 the message is refused"
                                               : "451 4.7.5 try again later"),
    };
    return true;
}

size_t intake_sign_edits(const struct intake_message *message, struct intake_edit *edits)
{
    const struct intake_sign *sign = &message->sign;
    size_t count = 0;
    if (sign->decision.act != SIGNING_SIGN || sign->stage != INTAKE_SIGN_DONE) {
        return 0;
    }
    for (size_t i = 0; i < sign->decision.rows.count; i++) {
        edits[count++] = intake_field_edit(sign->fields[i]);
    }
    for (size_t i = 0; i < sign->repair_count; i++) {
        edits[count++] = sign->repairs[i];
    }
    return count;
}

const struct signing_decision *intake_sign_report(struct intake_message *message,
                                                  bool is_let_out)
{
    struct signing_decision *decision = &message->sign.decision;
    if (decision->act == SIGNING_SIGN && message->sign.stage != INTAKE_SIGN_DONE) {
        give_up(message, SIGNING_FAILED, SLICE("not-judged"), message->why);
    }
    if (decision->act == SIGNING_SIGN && !is_let_out) {
        return NULL;
    }
    return decision->act == SIGNING_NOT_ASKED ? NULL : decision;
}
