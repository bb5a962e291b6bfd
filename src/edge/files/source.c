/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/files.h"
#include "edge/files/input.h"
#include "edge/files/maildir.h"
#include "edge/files/mbox.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

/* What one message needs: paths and a sentence. */
enum { WORDS_MAX = 128 * 1024 };

struct mail_source {
    enum mail_source_kind kind;
    const char *path;
    struct input input; /* the file; for a Maildir: the message in work */
    struct maildir *maildir;
    struct mbox mbox;
    bool at_from_line; /* mbox: the next message's From_ line was seen and is … */
    slice from_line;
    bool over; /* nothing comes any more */
    size_t number;
    struct arena *words; /* rewound before each message */
    struct arena_mark start;
    slice why;
    uint64_t bytes_done; /* of messages before this one, Maildir only */
};

static void close_message(struct mail_source *source)
{
    source->bytes_done += source->input.done;
    input_close(&source->input);
}

/* From here on the file is a message or an mbox, told apart by its first octets. */
static enum yett_err begin_file(struct mail_source *source, struct arena *arena,
                                slice *why)
{
    slice from = SLICE("From ");
    enum yett_err err = input_fill(&source->input, arena, from.len, why);
    if (err != YETT_OK) {
        return err;
    }
    if (source->input.rest.len == 0) {
        *why = input_sentence(arena, source->input.name,
                              "is empty: there is no message in it");
        return YETT_BAD_SYNTAX;
    }
    source->kind = slice_starts_with(source->input.rest, from) ? MAIL_SOURCE_MBOX
                                                               : MAIL_SOURCE_MESSAGE;
    mbox_init(&source->mbox);
    return YETT_OK;
}

static enum yett_err begin_directory(struct mail_source *source, struct arena *arena,
                                     slice *why)
{
    enum yett_err err = YETT_OK;
    source->kind = MAIL_SOURCE_MAILDIR;
    source->maildir = maildir_open(arena, &source->input, source->path, &err, why);
    input_close(&source->input);
    return err;
}

struct mail_source *mail_source_open(struct arena *arena, const char *path,
                                     enum yett_err *err, slice *why)
{
    struct mail_source *source = calloc(1, sizeof(*source));
    slice shown = input_shown(arena, path);
    if (source == NULL || (source->words = arena_new(WORDS_MAX)) == NULL) {
        free(source);
        *err = YETT_NO_MEMORY;
        *why = input_sentence(arena, shown, "out of memory");
        return NULL;
    }
    source->start = arena_mark(source->words);
    source->path = path;
    source->input.fd = -1;
    *err = input_open(arena, AT_FDCWD, path, shown, &source->input, why);
    if (*err == YETT_OK) {
        *err = source->input.kind == INPUT_DIRECTORY ? begin_directory(source, arena, why)
                                                     : begin_file(source, arena, why);
    }
    if (*err != YETT_OK) {
        mail_source_free(source);
        return NULL;
    }
    return source;
}

void mail_source_free(struct mail_source *source)
{
    if (source == NULL) {
        return;
    }
    input_close(&source->input);
    maildir_free(source->maildir);
    arena_free(source->words);
    free(source);
}

enum mail_source_kind mail_source_kind(const struct mail_source *source)
{
    return source->kind;
}

/* The next event of the mailbox file that is not a want of input. */
static enum yett_err next_event(struct mail_source *source, enum mbox_event *event,
                                slice *out)
{
    struct input *input = &source->input;
    for (;;) {
        *event = mbox_next(&source->mbox, &input->rest, input->ended, out);
        if (*event != MBOX_NEEDS_INPUT) {
            return YETT_OK;
        }
        enum yett_err err = input_fill(input, source->words, 1, &source->why);
        if (err != YETT_OK) {
            source->over = true;
            return err;
        }
    }
}

/* Skip what is left of this message, up to the next From_ line. */
static enum yett_err next_in_mbox(struct mail_source *source, slice *from_line)
{
    enum mbox_event event = source->at_from_line ? MBOX_FROM_LINE : MBOX_BYTES;
    slice out = source->from_line;
    while (event == MBOX_BYTES) {
        enum yett_err err = next_event(source, &event, &out);
        if (err != YETT_OK) {
            return err;
        }
    }
    source->at_from_line = false;
    return event == MBOX_END ? YETT_NOT_FOUND : arena_copy(source->words, out, from_line);
}

static enum yett_err find_next(struct mail_source *source, struct mail_item *item)
{
    item->path = slice_from_text(source->path);
    switch (source->kind) {
    case MAIL_SOURCE_MESSAGE:
        return source->number == 0 ? YETT_OK : YETT_NOT_FOUND;
    case MAIL_SOURCE_MBOX:
        return next_in_mbox(source, &item->from_line);
    case MAIL_SOURCE_MAILDIR:
        close_message(source);
        if (source->number == maildir_count(source->maildir)) {
            return YETT_NOT_FOUND;
        }
        item->path = maildir_path(source->maildir, source->number, source->words);
        return item->path.ptr != NULL ? YETT_OK : YETT_NO_MEMORY;
    }
    assert(false);
    return YETT_IO;
}

enum yett_err mail_source_next(struct mail_source *source, struct mail_item *item)
{
    struct mail_item found = {0};
    if (source->over) {
        return YETT_NOT_FOUND;
    }
    arena_rewind(source->words, source->start);
    source->why = SLICE_NONE;
    enum yett_err err = find_next(source, &found);
    if (err != YETT_OK) {
        source->over = true;
        return err;
    }
    found.number = ++source->number;
    *item = found;
    return YETT_OK;
}

typedef void piece_function(void *context, slice bytes);

static enum yett_err read_file(struct mail_source *source, piece_function *piece,
                               void *context)
{
    struct input *input = &source->input;
    for (;;) {
        enum yett_err err = input_fill(input, source->words, 1, &source->why);
        if (err != YETT_OK || input->rest.len == 0) {
            return err;
        }
        piece(context, input->rest);
        input->rest = SLICE_NONE;
    }
}

static enum yett_err read_mbox(struct mail_source *source, piece_function *piece,
                               void *context)
{
    enum mbox_event event = MBOX_BYTES;
    slice out;
    while (!source->at_from_line) {
        enum yett_err err = next_event(source, &event, &out);
        if (err != YETT_OK || event == MBOX_END) {
            return err;
        }
        if (event == MBOX_BYTES) {
            piece(context, out);
        } else {
            source->at_from_line = true;
            source->from_line = out;
        }
    }
    return YETT_OK;
}

static enum yett_err read_in_maildir(struct mail_source *source, piece_function *piece,
                                     void *context)
{
    struct input *input = &source->input;
    if (input->fd < 0) {
        enum yett_err err = maildir_open_message(source->maildir, source->number - 1,
                                                 source->words, input, &source->why);
        if (err != YETT_OK) {
            return err;
        }
    }
    if (input->kind == INPUT_DIRECTORY) {
        source->why =
            input_sentence(source->words, input->name, "is a directory, not a file");
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = read_file(source, piece, context);
    if (err == YETT_OK && input->done == 0) {
        source->why = input_sentence(source->words, input->name,
                                     "is empty: there is no message in it");
        return YETT_BAD_SYNTAX;
    }
    return err;
}

enum yett_err mail_source_read(struct mail_source *source,
                               void (*piece)(void *context, slice bytes), void *context)
{
    assert(source->number != 0);
    switch (source->kind) {
    case MAIL_SOURCE_MESSAGE:
        return read_file(source, piece, context);
    case MAIL_SOURCE_MBOX:
        return read_mbox(source, piece, context);
    case MAIL_SOURCE_MAILDIR:
        return read_in_maildir(source, piece, context);
    }
    assert(false);
    return YETT_IO;
}

slice mail_source_why(const struct mail_source *source)
{
    return source->why;
}

struct mail_progress mail_source_progress(const struct mail_source *source)
{
    struct mail_progress progress = {.bytes_done =
                                         source->bytes_done + source->input.done,
                                     .messages_done = source->number};
    switch (source->kind) {
    case MAIL_SOURCE_MESSAGE:
        progress.messages_total = 1;
        progress.bytes_total = source->input.size;
        break;
    case MAIL_SOURCE_MBOX:
        progress.bytes_total = source->input.size;
        break;
    case MAIL_SOURCE_MAILDIR:
        progress.messages_total = maildir_count(source->maildir);
        break;
    }
    return progress;
}
