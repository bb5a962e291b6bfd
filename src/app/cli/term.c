/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_MIN = 60, WIDTH_MAX = 120, BAR_COLUMNS = 30 };

struct term term_of(enum color_mode mode)
{
    struct winsize size;
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const char *no_color = getenv("NO_COLOR");
    struct term term = {.width = WIDTH_DEFAULT};

    term.color = mode == COLOR_ALWAYS || (mode == COLOR_AUTO && is_terminal &&
                                          (no_color == NULL || no_color[0] == '\0'));
    if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
        term.width = size.ws_col < WIDTH_MIN   ? WIDTH_MIN
                     : size.ws_col > WIDTH_MAX ? WIDTH_MAX
                                               : size.ws_col;
    }
    return term;
}

static void begin(const struct term *term, enum tone tone)
{
    static const char *const codes[] = {
        [TONE_PLAIN] = "",        [TONE_GOOD] = "\x1b[32m", [TONE_BAD] = "\x1b[31m",
        [TONE_WARN] = "\x1b[33m", [TONE_DIM] = "\x1b[2m",   [TONE_BOLD] = "\x1b[1m"};
    if (term->color) {
        fputs(codes[tone], stdout);
    }
}

static void end(const struct term *term, enum tone tone)
{
    if (term->color && tone != TONE_PLAIN) {
        fputs("\x1b[0m", stdout);
    }
}

static void put(slice text)
{
    if (text.len != 0) {
        fwrite(text.ptr, 1, text.len, stdout);
    }
}

size_t term_columns(slice text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++) {
        columns += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return columns;
}

void term_word(const struct term *term, enum tone tone, slice text, size_t columns)
{
    begin(term, tone);
    put(text);
    end(term, tone);
    for (size_t at = term_columns(text); at < columns; at++) {
        putchar(' ');
    }
}

/* Octets of the longest front of `text` that ends at a space and fits `columns`; a word that
   is longer than that is not broken. */
static size_t line_length(slice text, size_t columns)
{
    size_t last_space = 0;
    size_t seen = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ' ') {
            if (seen > columns && last_space != 0) {
                return last_space;
            }
            last_space = i;
            if (seen >= columns) {
                return i;
            }
        }
        seen += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return seen > columns && last_space != 0 ? last_space : text.len;
}

void term_wrapped(const struct term *term, enum tone tone, slice text, size_t indent)
{
    size_t columns = term->width > indent + 20 ? term->width - indent : 20;
    while (text.len != 0) {
        size_t length = line_length(text, columns);
        begin(term, tone);
        put(slice_first(text, length));
        end(term, tone);
        text = slice_skip(text, length);
        while (slice_take_byte(&text, ' ')) {
        }
        putchar('\n');
        for (size_t i = 0; i < indent && text.len != 0; i++) {
            putchar(' ');
        }
    }
}

void term_progress(size_t done, size_t total, size_t bytes)
{
    if (isatty(STDERR_FILENO) != 1) {
        return;
    }
    if (total == 0) {
        fprintf(stderr, "\r%zu messages, %zu MiB ", done, bytes >> 20);
    } else {
        size_t filled = done >= total ? BAR_COLUMNS : done * BAR_COLUMNS / total;
        fprintf(stderr, "\r[%.*s%*s] %zu of %zu ", (int)filled,
                "##############################", (int)(BAR_COLUMNS - filled), "", done,
                total);
    }
    fflush(stderr);
}

void term_progress_end(void)
{
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "\r\x1b[K");
    }
}
