/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * decide: what the mail server is told.
 *
 * A verdict is performed, milder where the message cannot be refused any more.  Without one
 * `on_internal_error` says what happens; but a message in which a forged result may be left is
 * not let in whatever it says.
 */

#define ERROR_REPLY "451 4.3.0 the message could not be checked, try again later"

static const struct intake_decision destitute = {
    .outcome = EVENT_DEFERRED,
    .reply = SLICE_INIT(ERROR_REPLY),
    .event = {.action = {.action = CONFIG_DEFER,
                         .rule = SLICE_INIT("internal-error"),
                         .reason = SLICE_INIT("the gateway is out of memory"),
                         .reply = SLICE_INIT(ERROR_REPLY),
                         .performed = CONFIG_DEFER},
              .outcome = EVENT_DEFERRED,
              .reply = SLICE_INIT(ERROR_REPLY)}
};

const struct intake_decision *intake_destitute_decision(void)
{
    return &destitute;
}

/* ---- the event ----------------------------------------------------------------------------- */

/* For the log: so much of a long field is enough. */
static slice shown_field(struct intake_message *message, const char *name)
{
    enum { SHOWN_MAX = 1000 };
    size_t index = 0;
    slice out = SLICE_NONE;
    const struct message_field *field =
        message->has_header ? message_find_field(&message->header, name, 0, &index)
                            : NULL;
    if (field == NULL ||
        message_display_text(message->arenas->desk, slice_first(field->value, SHOWN_MAX),
                             &out) != YETT_OK) {
        return SLICE_NONE;
    }
    return out;
}

static void fill_event(struct intake_message *message,
                       const struct verdict_action *action)
{
    const struct intake *intake = message->intake;
    struct intake_decision *decision = &message->decision;
    bool is_let_out =
        decision->outcome == EVENT_ACCEPTED || decision->outcome == EVENT_HELD;
    decision->event = (struct event){
        .time_s = message->input.now_s,
        .id = slice_of(message->id, sizeof(message->id)),
        .queue_id = slice_of(message->queue_id, message->queue_id_length),
        .listener = intake->listener->name,
        .settings = message->house->settings,
        .client = intake->client,
        .client_name = slice_of(intake->client_name, intake->client_name_length),
        .helo = slice_of(intake->helo, intake->helo_length),
        .mail_from = message->mail_from,
        .login = message->login,
        .first_rcpt = message->first_rcpt,
        .rcpt_count = message->rcpt_count,
        .size_bytes = message->size_bytes,
        .subject = shown_field(message, "Subject"),
        .message_id = shown_field(message, "Message-ID"),
        .from = message->has_header ? &message->from : NULL,
        .verdict = message->has_verdict ? &message->verdict : NULL,
        .action = *action,
        .outcome = decision->outcome,
        .reply = decision->reply,
        .was_poisoned = message->poisoned,
        .signing = intake_sign_report(message, is_let_out),
        .sealing = intake_seal_report(message, is_let_out),
        .rounds = message->early_rounds + message->rounds,
        .questions = message->has_verdict ? dns_answers_count(message->answers) : 0,
    };
    for (size_t i = 0; i < decision->edit_count; i++) {
        decision->event.removed_fields += decision->edits[i].kind == INTAKE_REMOVE;
    }
}

/* ---- without a verdict --------------------------------------------------------------------- */

static const struct verdict_action passed_by = {
    .action = CONFIG_ACCEPT,
    .performed = CONFIG_ACCEPT,
    .rule = SLICE_INIT("outgoing"),
    .reason = SLICE_INIT("came through a listener for outgoing mail, where nothing is "
                         "checked"),
};

/* With its signatures, if it was to be signed. */
static enum yett_err pass_by(struct intake_message *message)
{
    struct intake_edit *edits =
        ARENA_ARRAY(message->arenas->desk, INTAKE_SEAL_EDITS_MAX + INTAKE_SIGN_EDITS_MAX,
                    struct intake_edit);
    size_t seals = 0;
    if (edits == NULL) {
        return YETT_NO_MEMORY;
    }
    seals = intake_seal_edits(message, edits);
    message->decision = (struct intake_decision){
        .outcome = EVENT_ACCEPTED,
        .edits = edits,
        .edit_count = seals + intake_sign_edits(message, edits + seals),
    };
    fill_event(message, &passed_by);
    return YETT_OK;
}

/* It is refused, or shall come again, for want of a signature. */
static void refuse_unsigned(struct intake_message *message,
                            const struct verdict_action *action)
{
    message->decision = (struct intake_decision){
        .outcome = action->performed == CONFIG_REJECT ? EVENT_REJECTED : EVENT_DEFERRED,
        .reply = action->reply,
    };
    fill_event(message, action);
}

/* What is done when `on_internal_error` has no say. */
static void must_defer(struct intake_message *message, struct verdict_action *action)
{
    struct config sterner = *message->house->config;
    sterner.on_internal_error = CONFIG_DEFER;
    sterner.mode = CONFIG_ENFORCE;
    verdict_internal_error(message->arenas->desk, &sterner,
                           slice_of(message->id, sizeof(message->id)), message->err,
                           action);
    action->reason = arena_printf(
        message->arenas->desk,
        "%.*s; a forged Authentication-Results field could be in it, so it is not "
        "accepted either",
        SLICE_ARG(message->why));
    if (action->reason.ptr == NULL) {
        action->reason = message->why;
    }
}

static void decide_without_verdict(struct intake_message *message)
{
    struct intake_decision *decision = &message->decision;
    struct verdict_action action = {0};
    struct intake_edit *edits = NULL;
    size_t edit_count = 0;
    verdict_internal_error(message->arenas->desk, message->house->config,
                           slice_of(message->id, sizeof(message->id)), message->err,
                           &action);
    action.reason = message->why;
    bool is_told =
        message->is_sign_only ||
        intake_removal_edits(&message->removal, message->poisoned, &edits, &edit_count);
    if (message->is_local) {
        action.performed = CONFIG_ACCEPT;
    } else if (!is_told) {
        must_defer(message, &action);
    }
    bool defers = action.performed == CONFIG_DEFER;
    *decision = (struct intake_decision){
        .outcome = defers ? EVENT_DEFERRED : EVENT_ACCEPTED,
        .reply = defers ? action.reply : SLICE_NONE,
        .edits = defers ? NULL : edits,
        .edit_count = defers ? 0 : edit_count,
    };
    message->has_verdict = false;
    fill_event(message, &action);
}

/* ---- the verdict performed ----------------------------------------------------------------- */

/* Mail out of our own queue is at most marked: its sender is gone. */
static void spare_local(struct intake_message *message, struct verdict_action *action)
{
    bool refused =
        action->performed == CONFIG_REJECT || action->performed == CONFIG_DEFER;
    if (!message->is_local || !refused) {
        return;
    }
    action->performed =
        action->performed == CONFIG_REJECT ? CONFIG_QUARANTINE : CONFIG_TAG;
    slice reason = arena_printf(message->arenas->desk,
                                "%.*s (only marked: it was in the queue already)",
                                SLICE_ARG(action->reason));
    action->reason = reason.ptr == NULL ? action->reason : reason;
}

static enum event_outcome outcome_of(const struct intake_message *message,
                                     enum config_action performed)
{
    bool holds = message->house->config->quarantine_by == CONFIG_QUARANTINE_HOLD &&
                 !message->is_local;
    switch (performed) {
    case CONFIG_QUARANTINE:
        return holds ? EVENT_HELD : EVENT_ACCEPTED;
    case CONFIG_DEFER:
        return EVENT_DEFERRED;
    case CONFIG_REJECT:
        return EVENT_REJECTED;
    case CONFIG_ACCEPT:
    case CONFIG_TAG:
        break;
    }
    return EVENT_ACCEPTED;
}

static enum yett_err write_edits(struct intake_message *message,
                                 enum config_action performed)
{
    const struct verdict *verdict = &message->verdict;
    struct intake_decision *decision = &message->decision;
    struct intake_edit *edits = NULL;
    size_t count = verdict->removed_count, added = 0;
    enum yett_err err = intake_removal_of_header(
        message->arenas->desk, &message->header, verdict->removed_fields, count,
        INTAKE_SEAL_EDITS_MAX + INTAKE_SIGN_EDITS_MAX + INTAKE_ADDED_MAX, &edits);
    if (err != YETT_OK) {
        return err;
    }
    count += intake_seal_edits(message, edits + count);
    count += intake_sign_edits(message, edits + count);
    err = intake_added_edits(message, performed, edits + count, &added);
    if (err == YETT_OK) {
        decision->edits = edits;
        decision->edit_count = count + added;
    }
    return err;
}

static slice hold_reason(struct intake_message *message)
{
    slice rule = message->verdict.action.rule;
    slice text = arena_printf(message->arenas->desk, "%.*s (id %.*s)", SLICE_ARG(rule),
                              INTAKE_ID_LENGTH, message->id);
    return text.ptr == NULL ? rule : text;
}

static enum yett_err decide_by_verdict(struct intake_message *message)
{
    struct verdict_action action = message->verdict.action;
    spare_local(message, &action);
    enum event_outcome outcome = outcome_of(message, action.performed);
    bool comes_in = outcome == EVENT_ACCEPTED || outcome == EVENT_HELD;
    message->decision = (struct intake_decision){
        .outcome = outcome,
        .reply = comes_in ? SLICE_NONE : action.reply,
        .hold_reason = outcome == EVENT_HELD ? hold_reason(message) : SLICE_NONE,
    };
    enum yett_err err = comes_in ? write_edits(message, action.performed) : YETT_OK;
    if (err != YETT_OK) {
        return err;
    }
    if (outcome == EVENT_DEFERRED) {
        intake_note_deferral(message);
    }
    fill_event(message, &action);
    return YETT_OK;
}

static enum yett_err decide(struct intake_message *message)
{
    struct verdict_action action;
    if (intake_sign_action(message, &action) || intake_seal_action(message, &action)) {
        refuse_unsigned(message, &action);
        return YETT_OK;
    }
    return message->is_passed_by || message->is_sign_only ? pass_by(message)
                                                          : decide_by_verdict(message);
}

void intake_decide(struct intake_message *message)
{
    if (message->err == YETT_OK || message->is_passed_by) {
        enum yett_err err = decide(message);
        if (err == YETT_OK) {
            return;
        }
        intake_fail(message, err,
                    SLICE("there is too much in its header that would have to be "
                          "removed"));
    }
    decide_without_verdict(message);
}
