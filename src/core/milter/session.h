/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_SESSION_H
#define YETT_CORE_MILTER_SESSION_H

#include "core/milter/macro.h"
#include "core/milter/milter.h"
#include "core/milter/output.h"

/*
 * session: what the parts of one conversation share.
 *
 * stream.c cuts the octets into commands, command.c says which may come when and what each
 * does, session.c begins and ends all of it and sends out decisions.
 */

/* How far a conversation is; combined with | where a command may come. */
enum phase {
    PHASE_START = 0x01,    /* nothing is agreed */
    PHASE_NOBODY = 0x02,   /* no client */
    PHASE_CLIENT = 0x04,   /* a client, no message */
    PHASE_ENVELOPE = 0x08, /* MAIL came */
    PHASE_HEADER = 0x10,   /* a field came */
    PHASE_BODY = 0x20,     /* the header is complete */
    PHASE_WAITING = 0x40,  /* the body is complete, the decision is not there */
    PHASE_CLOSED = 0x80
};

enum {
    PHASES_MESSAGE = PHASE_ENVELOPE | PHASE_HEADER | PHASE_BODY | PHASE_WAITING,
    FAULT_MAX = 160
};

struct command;

struct milter_session {
    const struct config_listener *listener;
    struct intake *intake;
    enum phase phase;
    bool is_local_client; /* neither IPv4 nor IPv6 */
    struct milter_options options;
    struct macros macros;
    struct output output;

    /* A packet that is taken as it comes. */
    const struct command *streaming; /* NULL: none is */
    uint32_t stream_left;

    char *field; /* where a value gets its leading space back; NULL until needed */
    size_t field_room;

    bool is_decided; /* the message in intake is over, but for its event */
    bool has_event;
    struct event event;

    size_t fault_len;
    char fault[FAULT_MAX];
};

/* Close, and remember why: our own formats only. */
void session_fail(struct milter_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* There is no message in work any more, whatever became of it. */
void session_drop_message(struct milter_session *session);

/* So, and what was told of it is forgotten: another may come. */
void session_end_message(struct milter_session *session);

/* The end of the body came: send the decision, or wait for it. */
void session_end_body(struct milter_session *session, int64_t now_s);

/* Take from the front of `*in` until a message is decided, or all is closed. */
void session_take(struct milter_session *session, slice *in, int64_t now_s);

/* Send a packet without data. */
void session_reply(struct milter_session *session, char command);

/* ---- commands --------------------------------------------------------------------------- */

/* How a packet is taken. */
enum packet_use {
    PACKET_WHOLE, /* not before all of it is there */
    PACKET_FIELD, /* so, unless it is too long: then its beginning is used */
    PACKET_BODY,  /* as it comes */
    PACKET_LAST   /* so, and the message ends with it */
};

struct command {
    char code;
    const char *name;
    enum packet_use use;
    unsigned phases; /* where it may come */
    /* The step whose reply is CONTINUE, unless it was agreed that there is none.  0: there
       never is one, or it is the decision. */
    uint32_t no_reply;
    void (*run)(struct milter_session *session, slice data, int64_t now_s);
};

/* NULL when there is no such command. */
const struct command *command_find(char code);

/* A field of which only the beginning is there. */
void command_cut_field(struct milter_session *session, slice data);

/* Where it came, for the sentence "BODY came …". */
const char *phase_text(enum phase phase);

#endif
