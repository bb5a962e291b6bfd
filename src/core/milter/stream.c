/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/milter/session.h"
#include "core/milter/wire.h"

/*
 * Octets cut into commands.  Only a packet that is used as a whole has to be there as a
 * whole; of the others nothing stays.
 */

static void answer(struct milter_session *session, const struct command *command)
{
    if (session->phase != PHASE_CLOSED && command->no_reply != 0 &&
        (session->options.steps & command->no_reply) == 0) {
        session_reply(session, 'c');
    }
}

/* ---- packets that are taken as they come ------------------------------------------------ */

static void end_stream(struct milter_session *session, int64_t now_s)
{
    const struct command *command = session->streaming;
    session->streaming = NULL;
    if (command->use == PACKET_LAST) {
        session_end_body(session, now_s);
    }
    answer(session, command);
}

static void begin_stream(struct milter_session *session, const struct command *command,
                         size_t left, int64_t now_s)
{
    session->streaming = command;
    session->stream_left = (uint32_t)left;
    if (left == 0) {
        end_stream(session, now_s);
    }
}

/* Of a body each piece is used, of a field that was cut none. */
static void take_stream(struct milter_session *session, slice *in, int64_t now_s)
{
    slice piece = slice_first(*in, session->stream_left);
    *in = slice_skip(*in, piece.len);
    session->stream_left -= (uint32_t)piece.len;
    if (session->streaming->use != PACKET_FIELD) {
        session->streaming->run(session, piece, now_s);
    }
    if (session->stream_left == 0) {
        end_stream(session, now_s);
    }
}

/* ---- packets ---------------------------------------------------------------------------- */

static void fail_unknown(struct milter_session *session, char code)
{
    if (ascii_is_vchar((unsigned char)code)) {
        session_fail(session, "an unknown command came: \"%c\"", code);
    } else {
        session_fail(session, "an unknown command came: 0x%02x", (unsigned char)code);
    }
}

/* The command of a packet that begins with `head`, or NULL with the fault set. */
static const struct command *expected(struct milter_session *session, uint32_t length,
                                      char code)
{
    const struct command *command = command_find(code);
    if (command == NULL) {
        fail_unknown(session, code);
        return NULL;
    }
    if ((command->phases & (unsigned)session->phase) == 0) {
        session_fail(session, "%s came %s", command->name, phase_text(session->phase));
        return NULL;
    }
    if (length > MILTER_PACKET_MAX - WIRE_UINT32_BYTES && command->use == PACKET_WHOLE) {
        session_fail(session, "%s was announced with %lu octets", command->name,
                     (unsigned long)length);
        return NULL;
    }
    return command;
}

static bool take_whole(struct milter_session *session, const struct command *command,
                       slice *in, int64_t now_s)
{
    struct milter_packet packet;
    if (milter_take_packet(in, MILTER_PACKET_MAX, &packet) != YETT_OK) {
        return false;
    }
    command->run(session, packet.data, now_s);
    answer(session, command);
    return true;
}

static bool take_long_field(struct milter_session *session, const struct command *command,
                            uint32_t length, slice *in, int64_t now_s)
{
    if (in->len < MILTER_HEAD + MILTER_FIELD_KEPT) {
        return false;
    }
    slice kept = slice_between(*in, MILTER_HEAD, MILTER_HEAD + MILTER_FIELD_KEPT);
    command_cut_field(session, kept);
    *in = slice_skip(*in, MILTER_HEAD + MILTER_FIELD_KEPT);
    if (session->phase != PHASE_CLOSED) {
        begin_stream(session, command, length - 1 - MILTER_FIELD_KEPT, now_s);
    }
    return true;
}

/* False when there is not enough for anything. */
static bool take_packet(struct milter_session *session, slice *in, int64_t now_s)
{
    slice rest = *in;
    uint32_t length;
    if (!wire_take_uint32(&rest, &length)) {
        return false;
    }
    if (length == 0) {
        session_fail(session, "a packet without a command came");
        return true;
    }
    if (rest.len == 0) {
        return false;
    }
    const struct command *command = expected(session, length, rest.ptr[0]);
    if (command == NULL) {
        return true;
    }
    if (command->use == PACKET_BODY || command->use == PACKET_LAST) {
        *in = slice_skip(rest, 1);
        begin_stream(session, command, length - 1, now_s);
        return true;
    }
    if (length > MILTER_PACKET_MAX - WIRE_UINT32_BYTES) {
        return take_long_field(session, command, length, in, now_s);
    }
    return take_whole(session, command, in, now_s);
}

void session_take(struct milter_session *session, slice *in, int64_t now_s)
{
    while (session->phase != PHASE_CLOSED && !session->is_decided) {
        if (session->streaming != NULL) {
            if (in->len == 0) {
                return;
            }
            take_stream(session, in, now_s);
        } else if (!take_packet(session, in, now_s)) {
            return;
        }
    }
}
