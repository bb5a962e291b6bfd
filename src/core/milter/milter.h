/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_MILTER_H
#define YETT_CORE_MILTER_MILTER_H

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/intake/intake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * milter: Sendmail's mail filter protocol, versions 2 to 6, as a conversation of octets.
 *
 * packet.c cuts and writes packets, negotiate.c agrees on version, actions and steps,
 * macro.c reads the macros we use, client.c who is connected; command.c says what each
 * command means and when it may come, stream.c cuts the octets into them, edits.c turns the
 * decision into edits and one final reply, output.c holds what is to be sent.  session.c is a
 * connection's life.  Pure: octets in, octets out; the edge moves them, asks what intake wants,
 * and keeps time.
 */

/* ---- packets --------------------------------------------------------------------------- */

/* A command of the mail server, or a reply of ours; also for a client's side (bench, tests). */
struct milter_packet {
    char command;
    slice data;
};

enum {
    MILTER_PACKET_MAX =
        1024 * 1024, /* octets of one packet; the body may be in longer ones,
                                        and of a longer field the beginning is kept */
    MILTER_FIELD_KEPT =
        64 * 1024,  /* of such a field: its name and what fits of its value */
    MILTER_HEAD = 5 /* length and command */
};

/*
 * Take one packet off the front of `*in`.  YETT_OK; YETT_NEED_ANSWERS when it is not all
 * there yet; YETT_LIMIT when it would be more than `max` octets, its length included;
 * YETT_BAD_SYNTAX when it announces none.  `*in` moves on YETT_OK only.
 */
YETT_MUST_USE
enum yett_err milter_take_packet(slice *in, size_t max, struct milter_packet *out);

/* Append a packet; its data are `parts` behind each other.  YETT_LIMIT in `buf` when they are
   too long for one. */
void milter_write_packet(struct buf *buf, char command, const slice *parts, size_t count);

/* Take one NUL-terminated string off the front of `*in`. */
YETT_MUST_USE
enum yett_err milter_take_string(slice *in, slice *out);

/* ---- negotiation ----------------------------------------------------------------------- */

/* Bits of OPTNEG, by the names of the protocol's descriptions. */
enum milter_action {
    SMFIF_ADDHDRS = 0x01,
    SMFIF_CHGBODY = 0x02,
    SMFIF_ADDRCPT = 0x04,
    SMFIF_DELRCPT = 0x08,
    SMFIF_CHGHDRS = 0x10,
    SMFIF_QUARANTINE = 0x20,
    SMFIF_CHGFROM = 0x40,
    SMFIF_ADDRCPT_PAR = 0x80,
    SMFIF_SETSYMLIST = 0x100
};

enum milter_step {
    SMFIP_NOCONNECT = 0x01,
    SMFIP_NOHELO = 0x02,
    SMFIP_NOMAIL = 0x04,
    SMFIP_NORCPT = 0x08,
    SMFIP_NOBODY = 0x10,
    SMFIP_NOHDRS = 0x20,
    SMFIP_NOEOH = 0x40,
    SMFIP_NR_HDR = 0x80,
    SMFIP_NOUNKNOWN = 0x100,
    SMFIP_NODATA = 0x200,
    SMFIP_SKIP = 0x400,
    SMFIP_RCPT_REJ = 0x800,
    SMFIP_NR_CONN = 0x1000,
    SMFIP_NR_HELO = 0x2000,
    SMFIP_NR_MAIL = 0x4000,
    SMFIP_NR_RCPT = 0x8000,
    SMFIP_NR_DATA = 0x10000,
    SMFIP_NR_UNKN = 0x20000,
    SMFIP_NR_EOH = 0x40000,
    SMFIP_NR_BODY = 0x80000,
    SMFIP_HDR_LEADSPC = 0x100000
};

struct milter_options {
    uint32_t version;
    uint32_t actions;
    uint32_t steps;
};

/* ---- the conversation ------------------------------------------------------------------ */

struct milter_session;

/* NULL when out of memory. */
YETT_MUST_USE
struct milter_session *milter_session_new(const struct intake_house *house,
                                          const struct config_listener *listener);
void milter_session_free(struct milter_session *session);

/* For wants and answers. */
struct intake *milter_session_intake(struct milter_session *session);

enum milter_state {
    MILTER_READING, /* feed more */
    MILTER_WAITING, /* the end of a message came, its decision did not: answer wants, then
                       milter_session_proceed() */
    MILTER_CLOSED   /* write what is to be written, then close */
};

/*
 * Take what can be taken off the front of `*in`: whole packets, and body as it comes.  What
 * is left is the beginning of a packet: feed it again with what follows it.  It is never
 * longer than MILTER_PACKET_MAX.  Takes commands while it is waiting as well: the mail
 * server may give up.  `now_s` is the time of messages that begin here.
 *
 * Stops behind a message that was decided, so that its event is not lost: when
 * milter_session_event() has one and `*in` is not empty, feed again.  (A mail server that
 * waits for the reply sends nothing behind the end of a message.)
 */
enum milter_state milter_session_feed(struct milter_session *session, slice *in,
                                      int64_t now_s);

/* Answers came, or the deadline. */
enum milter_state milter_session_proceed(struct milter_session *session);

/* Octets for the peer, the edits and the reply of a message in one piece; valid until the
   next call, which should come after all of it was taken over. */
slice milter_session_take_output(struct milter_session *session);

/* Why it was closed, for the log: "a packet of 4294967295 octets was announced"; empty for
   an orderly end. */
slice milter_session_fault(const struct milter_session *session);

/* A decision that was just sent out: for the log.  NULL, or once for each message; valid
   until the next feed. */
const struct event *milter_session_event(struct milter_session *session);

/* The event was used: what its message took is free for others, at once instead of with the
   next feed.  Idle connections should not hold it. */
void milter_session_release(struct milter_session *session);

/* Something belongs to be finished before the process may leave: a message in work. */
bool milter_session_is_busy(const struct milter_session *session);

#endif
