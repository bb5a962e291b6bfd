/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "core/milter/milter.h"

#include <stdlib.h>
#include <time.h>

/*
 * session: ties a connection to a milter session.  Octets that come are fed to it; what its
 * intake wants is asked; answers that come later go back to intake, and when that makes the
 * decision, the reply is written.
 *
 * The deadline of a message runs from the end of its body, which is when the mail server
 * begins to wait for us.  Deliberately not from MAIL: a client that needs a minute for its
 * message would never get an answer to a question about its header.
 */
struct question {
    struct gateway_session *session;
    struct question *before, *after;
    struct resolver_question *asked;
};

struct gateway_session {
    struct gateway *gateway;
    struct milter_connection *connection;
    struct milter_session *milter;
    const struct config_listener *listener;
    struct question *questions;             /* on their way */
    struct keeper_call *signing;            /* the same; NULL: none */
    struct gateway_session *before, *after; /* in the line of those that wait */
    int64_t began_ms;                       /* MAIL */
    int64_t due_ms;
    bool in_message; /* it is counted among those in work */
    bool waits;      /* it is in the line */
    bool asking;
};

/* ---- the line of those that wait -------------------------------------------------------- */

static void set_deadline(struct gateway *gateway)
{
    const struct gateway_session *first = gateway->waiting.first;
    if (first != NULL) {
        loop_timer_start(gateway->deadline, first->due_ms - loop_now_ms(gateway->loop));
    }
}

static void begin_to_wait(struct gateway_session *session)
{
    struct gateway *gateway = session->gateway;
    struct deadline_line *line = &gateway->waiting;
    if (session->waits) {
        return;
    }
    session->waits = true;
    session->due_ms = loop_now_ms(gateway->loop) + gateway->config.deadline_ms;
    session->before = line->last;
    session->after = NULL;
    *(line->last == NULL ? &line->first : &line->last->after) = session;
    line->last = session;
    if (line->first == session) {
        set_deadline(gateway);
    }
}

/* The timer stays: it finds nobody, or the next. */
static void end_waiting(struct gateway_session *session)
{
    struct deadline_line *line = &session->gateway->waiting;
    if (!session->waits) {
        return;
    }
    session->waits = false;
    *(session->before == NULL ? &line->first : &session->before->after) = session->after;
    *(session->after == NULL ? &line->last : &session->after->before) = session->before;
}

/* ---- questions -------------------------------------------------------------------------- */

static void forget_question(struct question *question)
{
    struct gateway_session *session = question->session;
    *(question->before == NULL ? &session->questions : &question->before->after) =
        question->after;
    if (question->after != NULL) {
        question->after->before = question->before;
    }
    free(question);
}

static void cancel_questions(struct gateway_session *session)
{
    if (session->signing != NULL) {
        keeper_client_cancel(session->signing);
        session->signing = NULL;
    }
    while (session->questions != NULL) {
        resolver_cancel(session->questions->asked);
        forget_question(session->questions);
    }
}

static void proceed(struct gateway_session *session);

static void on_answer(void *context, struct dns_question asked,
                      const struct dns_answer *answer)
{
    struct question *question = context;
    struct gateway_session *session = question->session;
    forget_question(question);
    intake_answer(milter_session_intake(session->milter), asked, answer);
    if (!session->asking) {
        proceed(session);
    }
}

static void ask_resolver(struct gateway_session *session, struct dns_question wanted)
{
    static const struct dns_answer no_memory = {.status = DNS_SERVFAIL,
                                                .detail = SLICE_INIT("out of memory")};
    struct question *question = calloc(1, sizeof(*question));
    if (question == NULL) {
        intake_answer(milter_session_intake(session->milter), wanted, &no_memory);
        return;
    }
    question->session = session;
    question->after = session->questions;
    if (question->after != NULL) {
        question->after->before = question;
    }
    session->questions = question;
    struct resolver_question *asked =
        resolver_ask(session->gateway->shares.resolver, wanted, on_answer, question);
    if (asked != NULL) { /* else it was answered, and the question is gone */
        question->asked = asked;
    }
}

static void on_signed(void *context, const struct keeper_reply *reply, const char *why)
{
    struct gateway_session *session = context;
    session->signing = NULL;
    sign_answer(session->gateway, milter_session_intake(session->milter), reply, why);
    proceed(session);
}

/* Answers that are there at once may lead to more questions. */
static void ask_wants(struct gateway_session *session)
{
    struct intake *intake = milter_session_intake(session->milter);
    struct zone *zone = session->gateway->shares.zone;
    struct dns_question wanted;
    session->asking = true;
    while (intake_next_want(intake, &wanted)) {
        if (zone != NULL) {
            intake_answer(intake, wanted, zone_find(zone, wanted));
        } else {
            ask_resolver(session, wanted);
        }
    }
    if (session->signing == NULL && session->gateway->keeper != NULL) {
        session->signing = sign_ask(session->gateway, intake, on_signed, session);
    }
    session->asking = false;
}

/* ---- what comes of it ------------------------------------------------------------------- */

static void begin_message(struct gateway_session *session, int64_t now_ms)
{
    if (!session->in_message) {
        session->in_message = true;
        session->began_ms = now_ms;
        session->gateway->messages++;
        if (session->gateway->messages > session->gateway->messages_peak) {
            session->gateway->messages_peak = session->gateway->messages;
        }
    }
}

static void end_message(struct gateway_session *session)
{
    cancel_questions(session);
    end_waiting(session);
    if (session->in_message) {
        session->in_message = false;
        session->gateway->messages--;
    }
}

/* Give out what the milter session made.  True: a message was decided. */
static bool deliver(struct gateway_session *session, const struct event *event)
{
    struct gateway *gateway = session->gateway;
    milter_connection_write(session->connection,
                            milter_session_take_output(session->milter));
    if (event == NULL) {
        return false;
    }
    tell_event(gateway, event, loop_now_ms(gateway->loop) - session->began_ms);
    examine_failed(gateway, milter_session_intake(session->milter));
    end_message(session);
    milter_session_release(session->milter);
    return true;
}

/* The processor is no longer busy with a message. */
static void lay_down(const struct gateway *gateway)
{
    scoreboard_work_on(gateway->board, gateway->options.slot, 0);
}

/* Answers came, or none will. */
static void proceed(struct gateway_session *session)
{
    ask_wants(session);
    enum milter_state state = milter_session_proceed(session->milter);
    (void)deliver(session, milter_session_event(session->milter));
    if (state == MILTER_CLOSED) {
        milter_connection_close(session->connection, SLICE_NONE);
    }
    lay_down(session->gateway);
}

void session_on_deadline(void *context)
{
    struct gateway *gateway = context;
    struct gateway_session *session;
    while ((session = gateway->waiting.first) != NULL &&
           session->due_ms <= loop_now_ms(gateway->loop)) {
        cancel_questions(session);
        intake_time_out(milter_session_intake(session->milter));
        proceed(session);
        if (session->waits) { /* nothing may keep a mail server waiting for ever */
            end_waiting(session);
            milter_connection_close(session->connection,
                                    SLICE("no decision was made in time"));
        }
    }
    set_deadline(gateway);
}

/* ---- the handler ------------------------------------------------------------------------ */

static void *open_session(void *context, struct milter_connection *connection,
                          size_t index)
{
    struct gateway *gateway = context;
    struct gateway_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    session->gateway = gateway;
    session->connection = connection;
    session->listener = &gateway->config.listeners[index];
    session->milter = milter_session_new(&gateway->house, session->listener);
    if (session->milter == NULL) {
        free(session);
        return NULL;
    }
    return session;
}

static int64_t message_time_s(const struct gateway *gateway)
{
    return gateway->options.has_now ? gateway->options.now_s : (int64_t)time(NULL);
}

/*
 * What became of messages in one feed, in which `begun` began.  Each but the one at its end
 * is over without a decision: the sender gave up, maybe long before the end of the octets.
 */
static void follow(struct gateway_session *session, uint64_t begun, bool has_one,
                   int64_t now_ms)
{
    uint64_t had = (session->in_message ? 1 : 0) + begun;
    uint64_t has = has_one ? 1 : 0;
    if (had > has) {
        tell_count(session->gateway, COUNT_ABORTED, had - has);
    }
    if (begun > 0 || !has_one) {
        end_message(session);
    }
    if (has_one) {
        begin_message(session, now_ms);
    }
}

/* One feed.  True: a message was decided, and there may be more to take. */
static bool feed(struct gateway_session *session, slice *in, int64_t now_ms,
                 enum milter_state *state)
{
    struct gateway *gateway = session->gateway;
    uint64_t begun = gateway->messages_begun;
    *state = milter_session_feed(session->milter, in, message_time_s(gateway));
    const struct event *event = milter_session_event(session->milter);
    bool is_busy = milter_session_is_busy(session->milter);
    follow(session, gateway->messages_begun - begun, is_busy || event != NULL, now_ms);
    if (is_busy) {
        ask_wants(session);
    }
    if (*state == MILTER_WAITING) {
        begin_to_wait(session);
        *state = milter_session_proceed(session->milter);
        event = milter_session_event(session->milter);
    }
    return deliver(session, event);
}

static bool take(void *context, slice *in)
{
    struct gateway_session *session = context;
    int64_t now_ms = loop_now_ms(session->gateway->loop);
    enum milter_state state = MILTER_READING;
    while (feed(session, in, now_ms, &state) && state != MILTER_CLOSED &&
           !slice_is_empty(*in)) {
    }
    lay_down(session->gateway);
    return state != MILTER_CLOSED;
}

static void closed(void *context, slice why)
{
    struct gateway_session *session = context;
    struct gateway *gateway = session->gateway;
    slice fault = milter_session_fault(session->milter);
    if (!slice_is_empty(fault)) {
        tell_count(gateway, COUNT_CONNECTIONS_BROKEN, 1);
        why = fault;
    }
    if (!slice_is_empty(why)) {
        tell_fault(gateway, session->listener->name,
                   milter_connection_peer(session->connection), why);
    }
    if (session->in_message) {
        end_message(session);
        tell_count(gateway, COUNT_ABORTED, 1);
    }
    cancel_questions(session);
    end_waiting(session);
    milter_session_free(session->milter);
    free(session);
}

static bool is_busy(const void *context)
{
    const struct gateway_session *session = context;
    return milter_session_is_busy(session->milter);
}

const struct milter_handler session_handler = {
    .open = open_session, .take = take, .closed = closed, .is_busy = is_busy};
