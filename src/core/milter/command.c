/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/client.h"
#include "core/milter/negotiate.h"
#include "core/milter/session.h"

#include <stdlib.h>

/*
 * The commands of the mail server: which may come when, and what each does.
 */

/* ---- before and between messages -------------------------------------------------------- */

static void run_negotiate(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    const char *why;
    if (negotiate_read(data, &session->options, &why) != YETT_OK) {
        session_fail(session, "the mail server %s", why);
        return;
    }
    struct arena *arena = arena_new(NEGOTIATE_BYTES_MAX);
    struct buf buf;
    bool is_sent = false;
    buf_init(&buf, arena, NEGOTIATE_BYTES_MAX);
    if (arena != NULL) {
        negotiate_write(&buf, &session->options);
        is_sent =
            buf_err(&buf) == YETT_OK && output_add(&session->output, buf_slice(&buf));
    }
    arena_free(arena);
    if (!is_sent) {
        session_fail(session, "out of memory");
        return;
    }
    session->phase = PHASE_NOBODY;
}

static void run_macros(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    if (macros_read(&session->macros, data) != YETT_OK) {
        session_fail(session, "a macro packet is not made of pairs of strings that end");
        return;
    }
    if (session->macros.is_id_new && (session->phase & PHASES_MESSAGE) != 0) {
        session->macros.is_id_new = false;
        intake_queue_id(session->intake, macros_queue_id(&session->macros));
    }
}

static void run_connect(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    struct milter_client client;
    const char *why;
    if (client_read(data, &client, &why) != YETT_OK) {
        session_fail(session, "CONNECT cannot be read: %s", why);
        return;
    }
    macros_begin_client(&session->macros);
    session->is_local_client = client.ip.family == IP_NONE;
    intake_connect(session->intake, client.ip, client.name);
    session->phase = PHASE_CLIENT;
}

/* The first string of a command that has them. */
static bool take_argument(struct milter_session *session, const char *name, slice data,
                          slice *out)
{
    if (!slice_ends_with(data, slice_of("", 1)) ||
        milter_take_string(&data, out) != YETT_OK) {
        session_fail(session, "%s cannot be read: its strings do not end", name);
        return false;
    }
    return true;
}

/* A client may greet again within a message and thereby end it.  Postfix passes the greeting
   on first and says that the message is over after it. */
static void run_helo(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    slice helo;
    if (take_argument(session, "HELO", data, &helo)) {
        session_end_message(session);
        intake_helo(session->intake, helo);
    }
}

/* A command that the mail server's client sent and nobody knows. */
static void run_unknown(struct milter_session *session, slice data, int64_t now_s)
{
    (void)session;
    (void)data;
    (void)now_s;
}

/* ---- the message ------------------------------------------------------------------------ */

/*
 * Mail that never came from the network.  Postfix gives such mail its queue id before MAIL,
 * and other mail one after the first recipient.  Others know no client's address.
 */
static bool is_local(const struct milter_session *session)
{
    return session->macros.is_postfix ? session->macros.has_id_with_mail
                                      : session->is_local_client;
}

/* A message before it, of which nothing but the envelope came, is over.  Older versions of
   Postfix do not say so when they refuse a sender after we saw it, as for another filter or a
   full disk. */
static void run_mail(struct milter_session *session, slice data, int64_t now_s)
{
    session_drop_message(session);
    macros_begin_message(&session->macros);
    struct intake_mail mail = {
        .login = macros_login(&session->macros),
        .queue_id = macros_queue_id(&session->macros),
        .local = is_local(session),
        .now_s = now_s,
    };
    if (take_argument(session, "MAIL", data, &mail.path)) {
        intake_mail(session->intake, &mail);
        session->macros.is_id_new = false;
        session->phase = PHASE_ENVELOPE;
    }
}

static void run_rcpt(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    slice path;
    if (take_argument(session, "RCPT", data, &path)) {
        intake_rcpt(session->intake, path);
        intake_next_hop(session->intake, macros_take_next_hop(&session->macros));
    }
}

/* Nothing follows from it: the mail server may refuse it and go on with the envelope. */
static void run_data(struct milter_session *session, slice data, int64_t now_s)
{
    (void)session;
    (void)data;
    (void)now_s;
}

/* The space that the mail server took away.  False when out of memory. */
static bool put_space(struct milter_session *session, slice *value)
{
    if (value->len + 1 > session->field_room) {
        char *moved = realloc(session->field, value->len + 1);
        if (moved == NULL) {
            return false;
        }
        session->field = moved;
        session->field_room = value->len + 1;
    }
    session->field[0] = ' ';
    if (value->len != 0) {
        memcpy(session->field + 1, value->ptr, value->len);
    }
    *value = slice_of(session->field, value->len + 1);
    return true;
}

static void add_field(struct milter_session *session, slice name, slice value,
                      bool is_cut)
{
    if ((session->options.steps & SMFIP_HDR_LEADSPC) == 0 &&
        !put_space(session, &value)) {
        is_cut = true; /* not what it was: the message is beyond what can be handled */
    }
    intake_field(session->intake, name, value, is_cut);
    session->phase = PHASE_HEADER;
}

static void run_field(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    slice name, value;
    if (milter_take_string(&data, &name) != YETT_OK ||
        milter_take_string(&data, &value) != YETT_OK || data.len != 0) {
        session_fail(session, "a header field is not made of two strings that end");
        return;
    }
    add_field(session, name, value, false);
}

void command_cut_field(struct milter_session *session, slice data)
{
    slice name;
    if (milter_take_string(&data, &name) != YETT_OK || slice_has_byte(data, '\0')) {
        session_fail(session, "a header field is not made of two strings that end");
        return;
    }
    add_field(session, name, data, true);
}

static void run_end_of_header(struct milter_session *session, slice data, int64_t now_s)
{
    (void)data;
    (void)now_s;
    intake_end_of_header(session->intake);
    session->phase = PHASE_BODY;
}

static void run_body(struct milter_session *session, slice data, int64_t now_s)
{
    (void)now_s;
    if (data.len != 0) {
        intake_body(session->intake, data);
    }
}

static void run_abort(struct milter_session *session, slice data, int64_t now_s)
{
    (void)data;
    (void)now_s;
    session_end_message(session);
}

static void run_quit_new_client(struct milter_session *session, slice data, int64_t now_s)
{
    (void)data;
    (void)now_s;
    session_end_message(session);
    macros_end_client(&session->macros);
    session->phase = PHASE_NOBODY;
}

static void run_quit(struct milter_session *session, slice data, int64_t now_s)
{
    (void)data;
    (void)now_s;
    session_end_message(session);
    session->phase = PHASE_CLOSED;
}

/* ---- the table -------------------------------------------------------------------------- */

enum {
    BETWEEN = PHASE_NOBODY | PHASE_CLIENT,
    AGREED = BETWEEN | PHASES_MESSAGE,
    SMTP = BETWEEN | PHASE_ENVELOPE, /* the client of the mail server gives commands */
    ENVELOPES = PHASE_CLIENT | PHASE_ENVELOPE,
    BEFORE_END = PHASE_ENVELOPE | PHASE_HEADER,
    ANYWHERE = PHASE_START | AGREED
};

/*
 * HELO may be missing, and so may recipients: mail of the command line can have them in its
 * header.  The last piece of the body may come with its end.
 */
static const struct command commands[] = {
    {'O', "OPTNEG",  PACKET_WHOLE, PHASE_START,    0,             run_negotiate      },
    {'D', "MACRO",   PACKET_WHOLE, AGREED,         0,             run_macros         },
    {'C', "CONNECT", PACKET_WHOLE, BETWEEN,        SMFIP_NR_CONN, run_connect        },
    {'H', "HELO",    PACKET_WHOLE, ENVELOPES,      SMFIP_NR_HELO, run_helo           },
    {'M', "MAIL",    PACKET_WHOLE, ENVELOPES,      SMFIP_NR_MAIL, run_mail           },
    {'R', "RCPT",    PACKET_WHOLE, PHASE_ENVELOPE, SMFIP_NR_RCPT, run_rcpt           },
    {'U', "UNKNOWN", PACKET_WHOLE, SMTP,           SMFIP_NR_UNKN, run_unknown        },
    {'T', "DATA",    PACKET_WHOLE, PHASE_ENVELOPE, SMFIP_NR_DATA, run_data           },
    {'L', "HEADER",  PACKET_FIELD, BEFORE_END,     SMFIP_NR_HDR,  run_field          },
    {'N', "EOH",     PACKET_WHOLE, BEFORE_END,     SMFIP_NR_EOH,  run_end_of_header  },
    {'B', "BODY",    PACKET_BODY,  PHASE_BODY,     SMFIP_NR_BODY, run_body           },
    {'E', "BODYEOB", PACKET_LAST,  PHASE_BODY,     0,             run_body           },
    {'A', "ABORT",   PACKET_WHOLE, AGREED,         0,             run_abort          },
    {'K', "QUIT_NC", PACKET_WHOLE, AGREED,         0,             run_quit_new_client},
    {'Q', "QUIT",    PACKET_WHOLE, ANYWHERE,       0,             run_quit           },
};

const struct command *command_find(char code)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].code == code) {
            return &commands[i];
        }
    }
    return NULL;
}

const char *phase_text(enum phase phase)
{
    switch (phase) {
    case PHASE_START:
        return "before the option negotiation";
    case PHASE_NOBODY:
        return "before CONNECT";
    case PHASE_CLIENT:
        return "outside of a message";
    case PHASE_ENVELOPE:
        return "before the header of a message";
    case PHASE_HEADER:
        return "within the header of a message";
    case PHASE_BODY:
        return "within the body of a message";
    case PHASE_WAITING:
        return "before the reply to the end of a message";
    case PHASE_CLOSED:
        break;
    }
    return "after the end";
}
