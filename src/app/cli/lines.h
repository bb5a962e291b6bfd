/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_LINES_H
#define YETT_APP_CLI_LINES_H

#include "app/cli/term.h"
#include "core/base/arena.h"

/*
 * lines: the three columns of a story: what is talked about, its result, and the text.
 *
 *     SPF      fail       192.0.2.66 is not among the senders of example.org
 *                         v=spf1 ip4:192.0.2.0/24 -all
 */
struct lines {
    const struct term *term;
    struct arena *paper;
};

/* `label` and `word` are ours; `text` is made visible here. */
void lines_result(const struct lines *lines, const char *label, enum tone tone,
                  const char *word, slice text);

/* Below it, in the third column. */
void lines_detail(const struct lines *lines, slice text);

/* Label and text, without a result. */
void lines_fact(const struct lines *lines, const char *label, slice text);

void lines_gap(void);

/* `text` as it may be shown; the text itself when memory is out and it is plain. */
slice lines_visible(const struct lines *lines, slice text);

#endif
