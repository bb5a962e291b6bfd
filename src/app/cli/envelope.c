/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/envelope.h"

#include "core/base/num.h"
#include "core/domain/domain.h"
#include "core/message/message.h"

enum { NOTE_MAX = 2000 };

struct search {
    struct arena *arena;
    const struct options *options;
    const struct message_header *header;
    struct verdict_envelope *out;
    struct buf note;
};

static void say(struct search *search, const char *text)
{
    if (search->note.len != 0) {
        buf_add_text(&search->note, "; ");
    }
    buf_add_text(&search->note, text);
}

/* The field numbered `wanted` from 1 at the top, or the topmost that `host` wrote. */
static const struct message_field *find_received(struct search *search, uint64_t wanted,
                                                 slice host, struct message_received *out,
                                                 enum yett_err *err)
{
    const struct message_field *field;
    uint64_t number = 0;
    size_t from = 0;
    size_t index = 0;
    *err = YETT_NOT_FOUND;
    while ((field = message_find_field(search->header, "Received", from, &index)) !=
           NULL) {
        from = index + 1;
        number++;
        if (wanted != 0 && number != wanted) {
            continue;
        }
        *err = message_parse_received(search->arena, field->value, out);
        if (*err == YETT_NO_MEMORY || wanted != 0) {
            return field;
        }
        if (*err == YETT_OK && domain_eq(out->by, host)) {
            return field;
        }
        *err = YETT_NOT_FOUND;
    }
    return NULL;
}

static void take_received(struct search *search, const struct message_received *received)
{
    struct verdict_envelope *out = search->out;
    if (!search->options->has_ip) {
        out->client = received->client;
    }
    if (slice_is_empty(search->options->helo)) {
        out->helo = received->helo;
    }
    if (!search->options->has_mail_from && received->has_mail_from) {
        out->mail_from = received->mail_from;
        out->has_mail_from = true;
    }
}

static enum yett_err look_at_received(struct search *search)
{
    slice trusted = search->options->trust_received;
    uint64_t number = 0;
    struct message_received received = {0};
    enum yett_err err;

    if (slice_is_empty(trusted)) {
        return YETT_OK;
    }
    if (num_parse_uint(trusted, 10000, &number) != YETT_OK) {
        number = 0;
    }
    (void)find_received(search, number, trusted, &received, &err);
    switch (err) {
    case YETT_OK:
        take_received(search, &received);
        say(search, "client taken from the Received field of ");
        buf_add_visible(&search->note, received.by);
        return YETT_OK;
    case YETT_NOT_FOUND:
        say(search, number != 0
                        ? "there is no Received field number "
                        : "no Received field that names its client was written by ");
        buf_add_visible(&search->note, trusted);
        return YETT_OK;
    case YETT_BAD_SYNTAX:
        say(search, "the Received field does not say which client it is about");
        return YETT_OK;
    case YETT_NEED_ANSWERS:
    case YETT_NO_MEMORY:
    case YETT_LIMIT:
    case YETT_IO:
        break;
    }
    return err;
}

static slice without_brackets(slice path)
{
    path = slice_trim_fws(path);
    if (slice_starts_with(path, SLICE("<")) && slice_ends_with(path, SLICE(">"))) {
        path = slice_between(path, 1, path.len - 1);
    }
    return path;
}

/* Final delivery writes it on top (RFC 5321 section 4.4). */
static enum yett_err look_at_return_path(struct search *search)
{
    size_t index = 0;
    slice local, domain;
    const struct message_field *field =
        message_find_field(search->header, "Return-Path", 0, &index);
    if (field == NULL || search->out->has_mail_from) {
        return YETT_OK;
    }
    enum yett_err err =
        message_parse_path(search->arena, slice_trim_fws(field->value), &local, &domain);
    if (err == YETT_BAD_SYNTAX) {
        say(search, "Return-Path holds no address");
        return YETT_OK;
    }
    if (err == YETT_OK) {
        search->out->mail_from = without_brackets(field->value);
        search->out->has_mail_from = true;
        say(search, "sender taken from Return-Path");
    }
    return err;
}

static void say_what_is_missing(struct search *search)
{
    const struct verdict_envelope *out = search->out;
    if (out->authenticated) {
        return;
    }
    if (out->client.family == IP_NONE) {
        say(search, "no client address: give --ip, or --trust-received to take it from a "
                    "Received field");
    } else if (!out->has_mail_from) {
        say(search, "no envelope sender: give --mail-from");
    }
}

enum yett_err envelope_find(struct arena *arena, const struct options *options,
                            const struct message_header *header,
                            struct verdict_envelope *out, slice *note)
{
    *out = (struct verdict_envelope){
        .client = options->ip,
        .helo = options->helo,
        .mail_from = options->mail_from,
        .has_mail_from = options->has_mail_from,
        .rcpt = options->rcpt,
        .rcpt_count = options->rcpt_count,
        .authenticated = !slice_is_empty(options->login),
        .login = options->login,
    };
    struct search search = {
        .arena = arena, .options = options, .header = header, .out = out};
    buf_init(&search.note, arena, NOTE_MAX);

    enum yett_err err = look_at_received(&search);
    if (err == YETT_OK) {
        err = look_at_return_path(&search);
    }
    if (err == YETT_OK) {
        say_what_is_missing(&search);
        err = buf_err(&search.note) == YETT_LIMIT ? YETT_OK : buf_err(&search.note);
        *note = buf_slice(&search.note);
    }
    return err;
}
