/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PLENTY = 64 << 20 };

/* ---- the intake ------------------------------------------------------------------------- */

struct intake {
    struct talk *talk;
    bool has_message, is_at_end, has_decision;
};

struct intake *intake_new(const struct intake_house *house,
                          const struct config_listener *listener)
{
    struct talk *talk = house->context;
    struct intake *intake = calloc(1, sizeof(*intake));
    assert_non_null(intake);
    assert_ptr_equal(listener, &talk->listener);
    intake->talk = talk;
    return intake;
}

void intake_free(struct intake *intake)
{
    free(intake);
}

static void note(struct intake *intake, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A body that was told piece by piece is one line. */
static void note(struct intake *intake, const char *format, ...)
{
    struct talk *talk = intake->talk;
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    buf_add_text(&talk->noted, text);
    buf_add_byte(&talk->noted, '\n');
}

static slice visible(struct intake *intake, slice text)
{
    struct buf buf;
    buf_init(&buf, intake->talk->arena, 1 << 20);
    buf_add_visible(&buf, slice_first(text, 100));
    return buf_slice(&buf);
}

#define VISIBLE(intake, text) SLICE_ARG(visible((intake), (text)))

void intake_connect(struct intake *intake, struct ip client, slice name)
{
    struct buf address;
    assert_false(intake->has_message);
    buf_init(&address, intake->talk->arena, 100);
    if (client.family != IP_NONE) {
        ip_write(&address, client);
    }
    note(intake, "connect [%.*s] %.*s", SLICE_ARG(buf_slice(&address)),
         VISIBLE(intake, name));
}

void intake_helo(struct intake *intake, slice helo)
{
    assert_false(intake->has_message);
    note(intake, "helo %.*s", VISIBLE(intake, helo));
}

void intake_mail(struct intake *intake, const struct intake_mail *mail)
{
    assert_false(intake->has_message);
    *intake = (struct intake){.talk = intake->talk, .has_message = true};
    note(intake, "mail %.*s login=%.*s id=%.*s%s at %lld", VISIBLE(intake, mail->path),
         VISIBLE(intake, mail->login), VISIBLE(intake, mail->queue_id),
         mail->local ? " local" : "", (long long)mail->now_s);
}

void intake_rcpt(struct intake *intake, slice path)
{
    assert_true(intake->has_message);
    note(intake, "rcpt %.*s", VISIBLE(intake, path));
}

void intake_next_hop(struct intake *intake, slice host)
{
    assert_true(intake->has_message);
    if (host.len != 0) {
        note(intake, "next hop %.*s", VISIBLE(intake, host));
    }
}

void intake_queue_id(struct intake *intake, slice queue_id)
{
    assert_true(intake->has_message);
    note(intake, "id %.*s", VISIBLE(intake, queue_id));
}

void intake_field(struct intake *intake, slice name, slice value, bool is_cut)
{
    assert_true(intake->has_message);
    note(intake, "field %.*s:%.*s (%zu)%s", VISIBLE(intake, name), VISIBLE(intake, value),
         value.len, is_cut ? " cut" : "");
}

void intake_end_of_header(struct intake *intake)
{
    assert_true(intake->has_message);
    note(intake, "end of header");
}

void intake_body(struct intake *intake, slice piece)
{
    assert_true(intake->has_message && !intake->is_at_end);
    assert_true(piece.len != 0);
    intake->talk->body_bytes += piece.len;
    intake->talk->body_calls++;
}

void intake_end_of_body(struct intake *intake, int64_t now_s)
{
    (void)now_s;
    assert_true(intake->has_message && !intake->is_at_end);
    intake->is_at_end = true;
    intake->has_decision = !intake->talk->waits;
    note(intake, "end of body, %zu octets", intake->talk->body_bytes);
    intake->talk->body_bytes = 0;
}

void intake_finish_message(struct intake *intake)
{
    assert_true(intake->has_message);
    *intake = (struct intake){.talk = intake->talk};
    note(intake, "finish");
}

bool intake_has_message(const struct intake *intake)
{
    return intake->has_message;
}

const struct intake_decision *intake_decision(const struct intake *intake)
{
    return intake->has_decision ? &intake->talk->decision : NULL;
}

/* ---- the mail server -------------------------------------------------------------------- */

void peer_init(struct peer *peer)
{
    peer->arena = arena_new(PLENTY);
    assert_non_null(peer->arena);
    buf_init(&peer->octets, peer->arena, PLENTY);
}

void peer_finish(struct peer *peer)
{
    arena_free(peer->arena);
}

void peer_packet(struct peer *peer, char command, slice data)
{
    milter_write_packet(&peer->octets, command, &data, 1);
    assert_int_equal(buf_err(&peer->octets), YETT_OK);
}

void peer_options(struct peer *peer, uint32_t version, uint32_t actions, uint32_t steps)
{
    const uint32_t numbers[] = {version, actions, steps};
    char data[12];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)(unsigned char)(numbers[i / 4] >> (24 - 8 * (i % 4)));
    }
    peer_packet(peer, 'O', slice_of(data, sizeof(data)));
}

/* ---- the connection --------------------------------------------------------------------- */

static void talk_open(struct talk *talk)
{
    talk->session = milter_session_new(&talk->house, &talk->listener);
    assert_non_null(talk->session);
    talk->state = MILTER_READING;
    buf_init(&talk->noted, talk->arena, PLENTY);
    buf_init(&talk->output, talk->arena, PLENTY);
    buf_init(&talk->unread, talk->arena, PLENTY);
    talk->body_bytes = talk->body_calls = talk->unread_most = talk->events = 0;
}

void talk_init(struct talk *talk)
{
    *talk = (struct talk){.now_s = 1764000000};
    talk->house.context = talk;
    talk->decision.outcome = EVENT_ACCEPTED;
    talk->arena = arena_new((size_t)1 << 30);
    assert_non_null(talk->arena);
    talk_open(talk);
}

void talk_finish(struct talk *talk)
{
    milter_session_free(talk->session);
    arena_free(talk->arena);
}

static void take_results(struct talk *talk)
{
    buf_add(&talk->output, milter_session_take_output(talk->session));
    assert_true(slice_is_empty(milter_session_take_output(talk->session)));
    const struct event *event = milter_session_event(talk->session);
    if (event != NULL) {
        talk->events++;
        talk->outcome = event->outcome;
        assert_null(milter_session_event(talk->session));
    }
}

/* Feed all that is unread until nothing more is taken. */
static void pump(struct talk *talk)
{
    slice in = buf_slice(&talk->unread);
    size_t before;
    char *copy = malloc(in.len + 1);
    assert_non_null(copy);
    if (in.len != 0) {
        memcpy(copy, in.ptr,
               in.len); /* gone after the call, so that a kept pointer shows */
    }
    slice rest = slice_of(copy, in.len);
    do {
        before = rest.len;
        talk->state = milter_session_feed(talk->session, &rest, talk->now_s);
        take_results(talk);
    } while (rest.len != 0 && rest.len < before);
    if (rest.len != 0) {
        memmove(talk->unread.ptr, rest.ptr, rest.len);
    }
    buf_truncate(&talk->unread, rest.len);
    free(copy);
    if (rest.len > talk->unread_most) {
        talk->unread_most = rest.len;
    }
}

void talk_send(struct talk *talk, slice octets, size_t at_once)
{
    while (octets.len != 0 && talk->state != MILTER_CLOSED) {
        slice piece = slice_first(octets, at_once == 0 ? octets.len : at_once);
        octets = slice_skip(octets, piece.len);
        buf_add(&talk->unread, piece);
        pump(talk);
    }
}

void talk_answer(struct talk *talk)
{
    struct intake *intake = milter_session_intake(talk->session);
    intake->has_decision = intake->is_at_end;
    talk->state = milter_session_proceed(talk->session);
    take_results(talk);
}

void talk_again(struct talk *talk, slice octets, size_t at_once)
{
    milter_session_free(talk->session);
    arena_reset(talk->arena, PLENTY);
    talk_open(talk);
    talk_send(talk, octets, at_once);
}

/* ---- what came of it -------------------------------------------------------------------- */

slice talk_words(struct talk *talk)
{
    slice in = buf_slice(&talk->output);
    struct buf words;
    struct milter_packet packet;
    buf_init(&words, talk->arena, PLENTY);
    while (in.len != 0) {
        assert_int_equal(milter_take_packet(&in, PLENTY, &packet), YETT_OK);
        buf_add_byte(&words, packet.command);
    }
    return buf_slice(&words);
}

void assert_slice(slice got, slice expected)
{
    if (!slice_eq(got, expected)) {
        struct arena *arena = arena_new(PLENTY);
        struct buf a, b;
        buf_init(&a, arena, PLENTY);
        buf_init(&b, arena, PLENTY);
        buf_add_visible(&a, got);
        buf_add_visible(&b, expected);
        fail_msg("got\n%.*s\nnot\n%.*s", SLICE_ARG(buf_slice(&a)),
                 SLICE_ARG(buf_slice(&b)));
    }
}

void assert_noted(struct talk *talk, const char *expected)
{
    assert_slice(buf_slice(&talk->noted), slice_from_text(expected));
}

void assert_fault(struct talk *talk, const char *fault)
{
    assert_slice(milter_session_fault(talk->session), slice_from_text(fault));
    assert_int_equal(talk->state, fault[0] == '\0' ? talk->state : MILTER_CLOSED);
}
