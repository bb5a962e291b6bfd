/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/session.h"

#include "core/milter/edits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct milter_session *milter_session_new(const struct intake_house *house,
                                          const struct config_listener *listener)
{
    struct milter_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    session->listener = listener;
    session->phase = PHASE_START;
    session->intake = intake_new(house, listener);
    if (session->intake == NULL) {
        free(session);
        return NULL;
    }
    return session;
}

void milter_session_free(struct milter_session *session)
{
    if (session != NULL) {
        intake_free(session->intake);
        output_finish(&session->output);
        free(session->field);
        free(session);
    }
}

struct intake *milter_session_intake(struct milter_session *session)
{
    return session->intake;
}

/* ---- how a message ends ----------------------------------------------------------------- */

/* What only a message in work needs. */
void session_drop_message(struct milter_session *session)
{
    if (intake_has_message(session->intake)) {
        intake_finish_message(session->intake);
    }
    free(session->field);
    session->field = NULL;
    session->field_room = 0;
}

void milter_session_release(struct milter_session *session)
{
    if (session->is_decided) {
        session_drop_message(session);
        session->is_decided = false;
        session->has_event = false;
    }
}

void session_end_message(struct milter_session *session)
{
    session_drop_message(session);
    macros_end_message(&session->macros);
    if ((session->phase & PHASES_MESSAGE) != 0) {
        session->phase = PHASE_CLIENT;
    }
}

void session_fail(struct milter_session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(session->fault, sizeof(session->fault), format, arguments);
    va_end(arguments);
    session->fault_len = length < 0                    ? 0
                         : (size_t)length >= FAULT_MAX ? FAULT_MAX - 1
                                                       : (size_t)length;
    session_end_message(session);
    session->phase = PHASE_CLOSED;
}

void session_reply(struct milter_session *session, char command)
{
    const char packet[MILTER_HEAD] = {0, 0, 0, 1, command};
    if (!output_add(&session->output, slice_of(packet, sizeof(packet)))) {
        session_fail(session, "out of memory");
    }
}

/* ---- the decision ----------------------------------------------------------------------- */

/* False, and nothing to be sent, when memory or a bound was exceeded. */
static bool send_decision(struct milter_session *session,
                          const struct intake_decision *decision)
{
    struct arena *arena = arena_new(4 * (size_t)EDITS_BYTES_MAX);
    struct buf buf;
    bool is_sent = false;
    if (arena != NULL) {
        buf_init(&buf, arena, EDITS_BYTES_MAX);
        session->event.outcome =
            edits_write(&buf, decision, &session->options, session->listener->insert);
        is_sent =
            buf_err(&buf) == YETT_OK && output_add(&session->output, buf_slice(&buf));
    }
    arena_free(arena);
    return is_sent;
}

static void decide(struct milter_session *session, const struct intake_decision *decision)
{
    session->event = decision->event;
    session->event.outcome = decision->outcome;
    if (!send_decision(session, decision)) {
        /* Without the edits it must not go on. */
        session->event.outcome = EVENT_DEFERRED;
        session_reply(session, 't');
    }
    if (session->phase == PHASE_CLOSED) {
        return;
    }
    macros_end_message(&session->macros);
    session->phase = PHASE_CLIENT;
    session->is_decided = true;
    session->has_event = true;
}

static void decide_or_wait(struct milter_session *session)
{
    const struct intake_decision *decision = intake_decision(session->intake);
    session->phase = PHASE_WAITING;
    if (decision != NULL) {
        decide(session, decision);
    }
}

void session_end_body(struct milter_session *session, int64_t now_s)
{
    intake_end_of_body(session->intake, now_s);
    decide_or_wait(session);
}

/* ---- from outside ----------------------------------------------------------------------- */

static enum milter_state state_of(const struct milter_session *session)
{
    return session->phase == PHASE_CLOSED    ? MILTER_CLOSED
           : session->phase == PHASE_WAITING ? MILTER_WAITING
                                             : MILTER_READING;
}

enum milter_state milter_session_feed(struct milter_session *session, slice *in,
                                      int64_t now_s)
{
    output_clear_taken(&session->output);
    milter_session_release(session);
    session_take(session, in, now_s);
    if (session->phase == PHASE_CLOSED) {
        *in = slice_skip(*in, in->len); /* nobody will want it */
    }
    return state_of(session);
}

enum milter_state milter_session_proceed(struct milter_session *session)
{
    if (session->phase == PHASE_WAITING) {
        output_clear_taken(&session->output);
        decide_or_wait(session);
    }
    return state_of(session);
}

slice milter_session_take_output(struct milter_session *session)
{
    return output_take(&session->output);
}

slice milter_session_fault(const struct milter_session *session)
{
    return slice_of(session->fault, session->fault_len);
}

const struct event *milter_session_event(struct milter_session *session)
{
    bool has_event = session->has_event;
    session->has_event = false;
    return has_event ? &session->event : NULL;
}

bool milter_session_is_busy(const struct milter_session *session)
{
    return (session->phase & PHASES_MESSAGE) != 0;
}
