/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "edge/files/files.h"
#include "milter-talk.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * send-milter: stored messages to a milter, as Postfix would have sent them, and its answers.
 *
 *     send-milter PORT HOST PATH...
 *
 * PORT is of 127.0.0.1.  The session of a message is the one that HOST noted in its topmost
 * Received field; what stands below that field is sent, as Postfix shows it to a filter.
 */
enum { ARENA_BYTES = 64 * 1024 * 1024, MESSAGE_MAX = 16 * 1024 * 1024 };

/* ---- stored messages --------------------------------------------------------------------- */

static void keep(void *context, slice bytes)
{
    buf_add(context, bytes);
}

static void keep_stored(void *context, slice bytes)
{
    message_newline_feed(context, bytes);
}

/* The address between the angle brackets of "Return-Path" or "To". */
static slice find_path(const struct letter *letter, const char *name)
{
    size_t index = 0;
    const struct message_field *field =
        message_find_field(&letter->header, name, 0, &index);
    slice value = field == NULL ? SLICE_NONE : field->value;
    slice before = SLICE_NONE, path = SLICE_NONE;
    if (!slice_take_until(&value, '<', &before) ||
        !slice_take_until(&value, '>', &path)) {
        return SLICE_NONE;
    }
    return path;
}

/* False: HOST did not take it in. */
static bool find_session(struct arena *arena, slice host, struct letter *letter)
{
    const struct message_field *field;
    size_t index = 0;
    for (size_t from = 0;; from = index + 1) {
        field = message_find_field(&letter->header, "Received", from, &index);
        if (field == NULL) {
            return false;
        }
        if (message_parse_received(arena, field->value, &letter->session) == YETT_OK &&
            slice_eq_nocase(letter->session.by, host)) {
            break;
        }
    }
    struct buf client;
    buf_init(&client, arena, 64);
    ip_write(&client, letter->session.client);
    letter->client = buf_slice(&client);
    letter->mail_from = find_path(letter, "Return-Path");
    letter->rcpt = find_path(letter, "To");
    letter->first_field = index + 1;
    return true;
}

static void read_letter(struct arena *arena, struct mail_source *source,
                        struct letter *letter)
{
    struct buf whole;
    struct message_newline newline;
    bool is_done = false;
    buf_init(&whole, arena, MESSAGE_MAX);
    message_newline_init(&newline, keep, &whole);
    if (mail_source_read(source, keep_stored, &newline) != YETT_OK) {
        slice why = mail_source_why(source);
        (void)fprintf(stderr, "send-milter: %.*s\n", SLICE_ARG(why));
        exit(1);
    }
    message_newline_finish(&newline);
    milter_talk_must(buf_err(&whole), "a message");
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    letter->body = buf_slice(&whole);
    milter_talk_must(parser == NULL
                         ? YETT_NO_MEMORY
                         : message_parser_feed(parser, &letter->body, &is_done),
                     "a header");
    milter_talk_must(message_parser_finish(parser, &letter->header), "a header");
}

static void tell(const struct letter *letter, slice path, slice answer)
{
    size_t slash = slice_find_last_byte(path, '/');
    slice name = slash == path.len ? path : slice_skip(path, slash + 1);
    printf("  %.*s\n", SLICE_ARG(slice_first(name, slice_find_byte(name, ':'))));
    printf("      from %.*s, MAIL FROM:<%.*s>\n", SLICE_ARG(letter->client),
           SLICE_ARG(letter->mail_from));
    printf("%.*s", SLICE_ARG(answer));
}

/* All messages of a path. */
static void send_path(struct arena *arena, uint16_t port, slice host, const char *path)
{
    enum yett_err err = YETT_OK;
    slice why = SLICE_NONE;
    struct mail_item item;
    struct mail_source *source = mail_source_open(arena, path, &err, &why);
    if (source == NULL) {
        (void)fprintf(stderr, "send-milter: %.*s\n", SLICE_ARG(why));
        exit(1);
    }
    while (mail_source_next(source, &item) == YETT_OK) {
        struct arena_mark mark = arena_mark(arena);
        struct letter letter = {0};
        read_letter(arena, source, &letter);
        if (find_session(arena, host, &letter)) {
            tell(&letter, item.path, milter_talk(arena, port, &letter));
        }
        arena_rewind(arena, mark);
    }
    mail_source_free(source);
}

int main(int argc, char **argv)
{
    uint64_t port = 0;
    if (argc < 4 ||
        num_parse_uint(slice_from_text(argv[1]), UINT16_MAX, &port) != YETT_OK) {
        (void)fprintf(stderr, "usage: send-milter PORT HOST PATH...\n");
        return 2;
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        milter_talk_fail("start", "out of memory");
    }
    for (int i = 3; i < argc; i++) {
        send_path(arena, (uint16_t)port, slice_from_text(argv[2]), argv[i]);
    }
    arena_free(arena);
    return 0;
}
