/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter-talk.h"

#include "core/milter/milter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_MAX = 16 * 1024 * 1024,
    ANSWER_MAX = 1024 * 1024,
    BODY_PIECE = 65535,
    PATIENCE_S = 30
};

struct sending {
    struct arena *arena;
    int fd;
    struct milter_options agreed;
    struct buf out;    /* packets that were not written yet */
    char *in;          /* what was read; ANSWER_MAX octets */
    size_t in_bytes;   /* of it */
    size_t in_done;    /* and taken */
    bool is_answered;  /* with what ends the message */
    struct buf answer; /* for people */
};

_Noreturn void milter_talk_fail(const char *what, const char *why)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "send-milter: %s: %s\n", what, why);
    exit(1);
}

void milter_talk_must(enum yett_err err, const char *what)
{
    if (err != YETT_OK) {
        milter_talk_fail(what, err == YETT_IO ? strerror(errno) : yett_err_text(err));
    }
}

/* ---- the connection -------------------------------------------------------------------- */

static bool try_to_connect(struct sending *sending, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    sending->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sending->fd < 0 || setsockopt(sending->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                                      sizeof(patience)) != 0) {
        milter_talk_fail("socket", strerror(errno));
    }
    if (connect(sending->fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        return true;
    }
    close(sending->fd);
    return false;
}

/* The gateway may be starting. */
static void connect_to(struct sending *sending, uint16_t port)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    for (int i = 0; i < PATIENCE_S * 20; i++) {
        if (try_to_connect(sending, port)) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    milter_talk_fail("connect to 127.0.0.1", strerror(errno));
}

static void flush(struct sending *sending)
{
    slice rest = buf_slice(&sending->out);
    milter_talk_must(buf_err(&sending->out), "a message");
    while (!slice_is_empty(rest)) {
        ssize_t sent = send(sending->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
        if (sent < 0) {
            milter_talk_fail("write", strerror(errno));
        }
        rest = slice_skip(rest, (size_t)sent);
    }
    buf_truncate(&sending->out, 0);
}

static void read_more(struct sending *sending)
{
    memmove(sending->in, sending->in + sending->in_done,
            sending->in_bytes - sending->in_done);
    sending->in_bytes -= sending->in_done;
    sending->in_done = 0;
    ssize_t got = recv(sending->fd, sending->in + sending->in_bytes,
                       ANSWER_MAX - sending->in_bytes, 0);
    if (got <= 0) {
        milter_talk_fail("read",
                         got == 0 ? "the filter closed the connection" : strerror(errno));
    }
    sending->in_bytes += (size_t)got;
}

/* Valid until the next call. */
static struct milter_packet next_packet(struct sending *sending)
{
    struct milter_packet packet = {0};
    flush(sending);
    for (;;) {
        slice in = slice_between(slice_of(sending->in, sending->in_bytes),
                                 sending->in_done, sending->in_bytes);
        size_t before = in.len;
        enum yett_err err = milter_take_packet(&in, ANSWER_MAX, &packet);
        if (err == YETT_OK) {
            sending->in_done += before - in.len;
            return packet;
        }
        if (err != YETT_NEED_ANSWERS) {
            milter_talk_fail("an answer of the filter", yett_err_text(err));
        }
        read_more(sending);
    }
}

static uint32_t number_at(slice octets, size_t at)
{
    uint32_t number = 0;
    if (octets.len < at + sizeof(number)) {
        milter_talk_fail("an answer of the filter", "it is too short");
    }
    memcpy(&number, octets.ptr + at, sizeof(number));
    return ntohl(number);
}

static void negotiate(struct sending *sending)
{
    /* What Postfix offers: version 6, all actions but of the envelope, all steps. */
    uint32_t offer[] = {htonl(6), htonl(0x1ff), htonl(0x1fffff)};
    slice part = slice_of((const char *)offer, sizeof(offer));
    milter_write_packet(&sending->out, 'O', &part, 1);
    struct milter_packet packet = next_packet(sending);
    if (packet.command != 'O') {
        milter_talk_fail("an answer of the filter", "it does not negotiate");
    }
    sending->agreed = (struct milter_options){
        number_at(packet.data, 0), number_at(packet.data, 4), number_at(packet.data, 8)};
}

/* ---- what is answered ------------------------------------------------------------------- */

static slice take_text(slice *in)
{
    slice text = SLICE_NONE;
    milter_talk_must(milter_take_string(in, &text), "an answer of the filter");
    return text;
}

/* A field as it stands in a message, a little to the right. */
static void show_field(struct buf *buf, slice name, slice value)
{
    slice line;
    buf_add_text(buf, "      + ");
    buf_add_visible(buf, name);
    buf_add_byte(buf, ':');
    for (bool is_fold = false; slice_next_piece(&value, '\n', &line); is_fold = true) {
        buf_add_text(buf, is_fold ? "\n          " : " ");
        buf_add_visible(buf, slice_trim_fws(line));
    }
    buf_add_byte(buf, '\n');
}

static void show_edit(struct buf *buf, struct milter_packet packet)
{
    slice data = packet.data;
    uint32_t number = 0;
    if (packet.command == 'i' || packet.command == 'm') {
        number = number_at(data, 0);
        data = slice_skip(data, sizeof(number));
    }
    slice name = take_text(&data);
    if (packet.command == 'q') {
        buf_printf(buf, "      on hold: %.*s\n", SLICE_ARG(name));
        return;
    }
    slice value = take_text(&data);
    if (packet.command == 'm' && slice_is_empty(value)) {
        buf_printf(buf, "      - %.*s (number %u of this name)\n", SLICE_ARG(name),
                   number);
        return;
    }
    show_field(buf, name, value);
}

/* What the client is told; a percent sign stands twice in it. */
static void show_reply(struct buf *buf, slice text)
{
    buf_add_text(buf, "      ");
    for (size_t i = 0; i < text.len; i++) {
        i += text.ptr[i] == '%' && i + 1 < text.len;
        buf_add_visible(buf, slice_between(text, i, i + 1));
    }
    buf_add_byte(buf, '\n');
}

/* One answer: an edit, or what ends the step. */
static void take_answer(struct sending *sending, char command)
{
    static const struct {
        char reply;
        const char *text; /* NULL: go on */
    } replies[] = {
        {'a', "accepted" },
        {'c', NULL       },
        {'s', NULL       },
        {'r', "rejected" },
        {'t', "deferred" },
        {'d', "discarded"}
    };
    for (;;) {
        struct milter_packet packet = next_packet(sending);
        if (packet.command == 'y') {
            show_reply(&sending->answer, take_text(&packet.data));
            sending->is_answered = true;
            return;
        }
        for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
            if (packet.command != replies[i].reply) {
                continue;
            }
            bool is_end = replies[i].text != NULL || command == 'E';
            if (is_end) {
                buf_printf(&sending->answer, "      %s\n",
                           replies[i].text == NULL ? "accepted" : replies[i].text);
            }
            sending->is_answered = is_end;
            return;
        }
        if (packet.command != 'p') {
            show_edit(&sending->answer, packet);
        }
    }
}

/* ---- a message --------------------------------------------------------------------------- */

/* Which bits of the negotiation leave a command or its answer out. */
static const struct rule {
    char command;
    uint32_t left_out, unanswered;
} rules[] = {
    {'C', SMFIP_NOCONNECT, SMFIP_NR_CONN},
    {'H', SMFIP_NOHELO,    SMFIP_NR_HELO},
    {'M', SMFIP_NOMAIL,    SMFIP_NR_MAIL},
    {'R', SMFIP_NORCPT,    SMFIP_NR_RCPT},
    {'T', SMFIP_NODATA,    SMFIP_NR_DATA},
    {'L', SMFIP_NOHDRS,    SMFIP_NR_HDR },
    {'N', SMFIP_NOEOH,     SMFIP_NR_EOH },
    {'B', SMFIP_NOBODY,    SMFIP_NR_BODY},
    {'E', 0,               0            }
};

/* Send a command and take its answer; nothing once the message was answered. */
static void say(struct sending *sending, char command, const slice *parts, size_t count)
{
    const struct rule *rule = rules;
    while (rule->command != command) {
        rule++;
    }
    if (sending->is_answered || (sending->agreed.steps & rule->left_out) != 0) {
        return;
    }
    milter_write_packet(&sending->out, command, parts, count);
    if ((sending->agreed.steps & rule->unanswered) == 0) {
        take_answer(sending, command);
    }
}

static void say_macros(struct sending *sending, const char *command, slice text)
{
    const slice parts[] = {slice_from_text(command), text};
    milter_write_packet(&sending->out, 'D', parts, 2);
}

static void say_path(struct sending *sending, char command, slice address)
{
    const slice parts[] = {SLICE("<"), address, SLICE(">\0")};
    say(sending, command, parts, 3);
}

static void send_session(struct sending *sending, const struct letter *letter)
{
    const struct message_received *session = &letter->session;
    const char *family = session->client.family == IP_V6 ? "6" : "4";
    const slice connect[] = {session->helo,     SLICE("\0"),    slice_from_text(family),
                             SLICE("\x99\x9a"), letter->client, SLICE("\0")};
    const slice helo[] = {session->helo, SLICE("\0")};
    say_macros(sending, "C",
               SLICE("j\0mx.example.com\0{daemon_name}\0mx\0v\0Postfix 3.7.11\0"));
    say(sending, 'C', connect, sizeof(connect) / sizeof(connect[0]));
    say(sending, 'H', helo, 2);
    say_path(sending, 'M', letter->mail_from);
    say_macros(sending, "R",
               SLICE("i\0"
                     "4d1Yk2\0"));
    say_path(sending, 'R', letter->rcpt);
    say(sending, 'T', NULL, 0);
}

/* As Postfix gives it: line ends within are LF. */
static slice without_cr(struct arena *arena, slice value)
{
    struct buf buf;
    buf_init(&buf, arena, MESSAGE_MAX);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '\r') {
            buf_add_byte(&buf, value.ptr[i]);
        }
    }
    milter_talk_must(buf_err(&buf), "a field");
    return buf_slice(&buf);
}

static void send_content(struct sending *sending, const struct letter *letter)
{
    bool has_space = (sending->agreed.steps & SMFIP_HDR_LEADSPC) != 0;
    for (size_t i = letter->first_field; i < letter->header.count; i++) {
        const struct message_field *field = &letter->header.fields[i];
        slice value = without_cr(sending->arena, field->value);
        if (!has_space) {
            (void)slice_take_byte(&value, ' ');
        }
        const slice parts[] = {field->name, SLICE("\0"), value, SLICE("\0")};
        say(sending, 'L', parts, 4);
    }
    say(sending, 'N', NULL, 0);
    for (slice rest = letter->body; !slice_is_empty(rest);
         rest = slice_skip(rest, BODY_PIECE)) {
        slice piece = slice_first(rest, BODY_PIECE);
        say(sending, 'B', &piece, 1);
    }
    say(sending, 'E', NULL, 0);
}

slice milter_talk(struct arena *arena, uint16_t port, const struct letter *letter)
{
    struct sending sending = {.arena = arena, .in = malloc(ANSWER_MAX)};
    if (sending.in == NULL) {
        milter_talk_fail("start", "out of memory");
    }
    connect_to(&sending, port);
    buf_init(&sending.out, arena, MESSAGE_MAX);
    buf_init(&sending.answer, arena, ANSWER_MAX);
    negotiate(&sending);
    send_session(&sending, letter);
    send_content(&sending, letter);
    milter_write_packet(&sending.out, 'Q', NULL, 0);
    flush(&sending);
    close(sending.fd);
    free(sending.in);
    milter_talk_must(buf_err(&sending.answer), "the answer");
    return buf_slice(&sending.answer);
}
