/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/lines.h"

#include "core/base/buf.h"

#include <stdio.h>

enum {
    LABEL_COLUMNS = 10,
    WORD_COLUMNS = 11,
    MARGIN = 2,
    TEXT_MAX = 2048, /* longer than any record that a person would read */
    ESCAPE_OCTETS = 4
};

slice lines_visible(const struct lines *lines, slice text)
{
    struct buf buf;
    slice shown = slice_first(text, TEXT_MAX);
    buf_init(&buf, lines->paper, (size_t)TEXT_MAX * ESCAPE_OCTETS + 8);
    buf_add_visible(&buf, shown);
    buf_add_text(&buf, shown.len < text.len ? " ..." : "");
    return buf_slice(&buf);
}

static void margin(size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        putchar(' ');
    }
}

static void text_at(const struct lines *lines, enum tone tone, slice text, size_t column)
{
    slice visible = lines_visible(lines, text);
    if (slice_is_empty(visible)) {
        putchar('\n');
        return;
    }
    term_wrapped(lines->term, tone, visible, column);
}

void lines_result(const struct lines *lines, const char *label, enum tone tone,
                  const char *word, slice text)
{
    margin(MARGIN);
    term_word(lines->term, TONE_BOLD, slice_from_text(label), LABEL_COLUMNS);
    term_word(lines->term, tone, slice_from_text(word),
              slice_is_empty(text) ? 0 : WORD_COLUMNS);
    text_at(lines, TONE_PLAIN, text, MARGIN + LABEL_COLUMNS + WORD_COLUMNS);
}

void lines_detail(const struct lines *lines, slice text)
{
    size_t column = MARGIN + LABEL_COLUMNS + WORD_COLUMNS;
    margin(column);
    text_at(lines, TONE_DIM, text, column);
}

void lines_fact(const struct lines *lines, const char *label, slice text)
{
    margin(MARGIN);
    term_word(lines->term, TONE_DIM, slice_from_text(label), LABEL_COLUMNS);
    text_at(lines, TONE_PLAIN, text, MARGIN + LABEL_COLUMNS);
}

void lines_gap(void)
{
    putchar('\n');
}
