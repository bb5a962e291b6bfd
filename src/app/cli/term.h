/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_TERM_H
#define YETT_APP_CLI_TERM_H

#include "app/cli/options.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * term: text for people: colour, wrapping to the width, a progress bar.  Whatever is
 * printed here went through buf_add_visible() first.
 */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_WARN, TONE_DIM, TONE_BOLD };

struct term {
    bool color;
    size_t width; /* columns */
};

/* Standard output as it is, and NO_COLOR as the environment has it. */
struct term term_of(enum color_mode mode);

/* `text` padded to `columns`, in colour. */
void term_word(const struct term *term, enum tone tone, slice text, size_t columns);

/* `text` wrapped at spaces, the cursor being at column `indent`, ends the line. */
void term_wrapped(const struct term *term, enum tone tone, slice text, size_t indent);

/* Columns that UTF-8 text takes, one for each character. */
size_t term_columns(slice text);

/* On standard error, only when that is a terminal. */
void term_progress(size_t done, size_t total, size_t bytes);
void term_progress_end(void);

#endif
