/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/config/reader.h"
#include "edge/config/value.h"

#include <stdio.h>

enum { SENTENCE_MAX = 4096, LIBRARY_TEXT_MAX = 400, SHOWN_MAX = 80 };

static void begin_sentence(struct buf *buf, const struct reader *reader, unsigned line)
{
    buf_init(buf, reader->arena, SENTENCE_MAX);
    buf_add(buf, reader->file->name);
    if (line != 0) {
        buf_add_byte(buf, ':');
        buf_add_uint(buf, line);
    }
    buf_add_text(buf, ": ");
}

static void fail(struct reader *reader, enum yett_err err, const struct buf *buf)
{
    if (reader->err != YETT_OK) {
        return;
    }
    reader->err = err;
    if (buf != NULL && buf_err(buf) == YETT_OK) {
        reader->why = buf_slice(buf);
    } else {
        reader->why = SLICE("there is no memory left for the settings");
        reader->err = YETT_NO_MEMORY;
    }
}

/* Enough of what somebody wrote to find it again. */
static void add_shown(struct buf *buf, char quote, slice text)
{
    buf_add_byte(buf, quote);
    buf_add_visible(buf, slice_first(text, SHOWN_MAX));
    buf_add_text(buf, text.len > SHOWN_MAX ? "…" : "");
    buf_add_byte(buf, quote);
}

/* How much of it may be shown: a secret may not. */
static size_t visible_length(slice text)
{
    size_t secret = slice_find(text, SLICE(VALUE_HEX));
    return secret == text.len ? text.len : secret + sizeof(VALUE_HEX) - 1;
}

/* "dmarc.on_reject", or "exception \"old-list\": until" */
static void add_key(struct buf *buf, const cfg_t *section, const struct key *key)
{
    if (block_is_titled(key->block)) {
        buf_add_text(buf, blocks[key->block].name);
        buf_add_byte(buf, ' ');
        add_shown(buf, '"', slice_from_text(section->title));
        buf_add_text(buf, ": ");
    } else if (key->block != BLOCK_TOP) {
        buf_add_text(buf, blocks[key->block].name);
        buf_add_byte(buf, '.');
    }
    buf_add_text(buf, key->name);
}

int complain_value(struct reader *reader, const cfg_t *section, const struct key *key,
                   slice value, enum yett_err err, slice expected)
{
    struct buf buf;
    begin_sentence(&buf, reader, (unsigned)section->line);
    add_key(&buf, section, key);
    buf_add_text(&buf, ": ");
    add_shown(&buf, '\'', slice_first(value, visible_length(value)));
    buf_add_byte(&buf, ' ');
    buf_add(&buf, expected);
    fail(reader, err, err == YETT_NO_MEMORY ? NULL : &buf);
    return -1;
}

int complain_second(struct reader *reader, const cfg_t *section, const struct key *key,
                    const struct place *first)
{
    struct buf buf;
    begin_sentence(&buf, reader, (unsigned)section->line);
    add_key(&buf, section, key);
    buf_add_text(&buf, ": is set a second time; the first is in line ");
    buf_add_uint(&buf, first->line);
    if (!slice_eq(first->file, reader->file->name)) {
        buf_add_text(&buf, " of ");
        buf_add(&buf, first->file);
    }
    fail(reader, YETT_BAD_SYNTAX, &buf);
    return -1;
}

int complain(struct reader *reader, enum yett_err err, unsigned line, slice text)
{
    struct buf buf;
    begin_sentence(&buf, reader, line);
    buf_add(&buf, text);
    fail(reader, err, err == YETT_NO_MEMORY ? NULL : &buf);
    return -1;
}

int complain_block(struct reader *reader, const char *block, slice title, unsigned line,
                   enum yett_err err, slice why)
{
    struct buf buf;
    begin_sentence(&buf, reader, line);
    buf_add_text(&buf, block);
    buf_add_byte(&buf, ' ');
    add_shown(&buf, '"', title);
    buf_add_text(&buf, ": ");
    buf_add(&buf, why);
    fail(reader, err, err == YETT_NO_MEMORY ? NULL : &buf);
    return -1;
}

static void add_line(struct buf *buf, const struct reader *reader, unsigned line)
{
    slice text = text_line(&reader->file->text, line);
    size_t shown = visible_length(slice_first(text, SHOWN_MAX));
    buf_add_text(buf, " in the line: ");
    buf_add_visible(buf, slice_first(text, shown));
    buf_add_text(buf, text.len > shown ? "…" : "");
}

static void complain_name(struct reader *reader, const cfg_t *section, slice name)
{
    char suggestion[100];
    struct buf buf;
    if (slice_ends_with(name, SLICE(":"))) {
        (void)snprintf(suggestion, sizeof(suggestion),
                       "; behind a name stands = or {, no colon");
    } else {
        suggest_key(section->name, name, suggestion, sizeof(suggestion));
    }
    begin_sentence(&buf, reader, (unsigned)section->line);
    add_shown(&buf, '\'', name);
    buf_add_text(&buf, " is unknown");
    if (strcmp(section->name, "root") != 0) {
        buf_add_text(&buf, " in ");
        buf_add_text(&buf, section->name);
        buf_add_text(&buf, " { }");
    }
    buf_add_text(&buf, suggestion[0] != '\0' ? suggestion
                                             : "; yett.conf(5) lists what can be set");
    fail(reader, YETT_BAD_SYNTAX, &buf);
}

/* libconfuse's own words, told apart by how they begin; some say it better with ours. */
static const struct library_text {
    slice begins;
    const char *ours;
} library_texts[] = {
    {SLICE_INIT("unexpected token '{'"),  "a list stands where one value is expected,"},
    {SLICE_INIT("unexpected token"),      NULL                                        },
    {SLICE_INIT("missing equal sign"),    NULL                                        },
    {SLICE_INIT("missing opening brace"),
     "a '{' follows the name of a block, or its title,"                               },
    {SLICE_INIT("missing title"),
     "a block of this kind needs a title, as in domain \"example.com\" { },"          },
    {SLICE_INIT("premature end of file"),
     "the file ends before what belongs there, last"                                  },
    {SLICE_INIT("attempt to append"),     "'+=' adds to lists only;"                  },
};

static void add_library_text(struct buf *buf, const struct reader *reader, slice text,
                             unsigned line)
{
    for (size_t i = 0; i < sizeof(library_texts) / sizeof(library_texts[0]); i++) {
        const struct library_text *known = &library_texts[i];
        if (slice_starts_with(text, known->begins)) {
            buf_add_visible(buf,
                            known->ours != NULL ? slice_from_text(known->ours) : text);
            add_line(buf, reader, line);
            return;
        }
    }
    buf_add_visible(buf, text);
}

static void complain_twice(struct reader *reader, unsigned line, slice title)
{
    const struct place place = {reader->file->name, line};
    slice why = SLICE_NONE;
    enum yett_err err = block_twice(&reader->gatherer, title,
                                    text_line(&reader->file->text, line), &place, &why);
    (void)complain(reader, err, line, why);
}

void complain_library(struct reader *reader, const cfg_t *section, const char *format,
                      va_list args)
{
    char text[LIBRARY_TEXT_MAX];
    struct buf buf;
    if (strcmp(format, "no such option '%s'") == 0) {
        complain_name(reader, section, slice_from_text(va_arg(args, const char *)));
        return;
    }
    if (strcmp(format, "found duplicate title '%s'") == 0) {
        complain_twice(reader, (unsigned)section->line,
                       slice_from_text(va_arg(args, const char *)));
        return;
    }
    begin_sentence(&buf, reader, (unsigned)section->line);
    int length = vsnprintf(text, sizeof(text), format, args);
    add_library_text(&buf, reader, slice_from_text(length < 0 ? "cannot be read" : text),
                     (unsigned)section->line);
    fail(reader, YETT_BAD_SYNTAX, &buf);
}
