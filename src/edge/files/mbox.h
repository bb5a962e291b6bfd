/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_FILES_MBOX_H
#define YETT_EDGE_FILES_MBOX_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * mbox: a mailbox file in pieces becomes From_ lines and messages (the rules stand in
 * files.h).  What comes out does not depend on where the pieces are cut.  Holds at most one
 * undecided beginning of a line.
 */
enum { MBOX_HOLD_MAX = 1024 };

enum mbox_event {
    MBOX_NEEDS_INPUT, /* `*in` is used up */
    MBOX_FROM_LINE,   /* a message begins; `*out`: what follows "From " */
    MBOX_BYTES,       /* `*out`: the next octets of the message */
    MBOX_END
};

struct mbox {
    bool any;     /* a From_ line was seen */
    bool in_line; /* the line is known to be text */
    bool had_blank;
    size_t blank_len; /* of an empty line that may be the one before a From_ line */
    char blank[2];
    size_t quotes;  /* '>' at the beginning of the line */
    size_t matched; /* octets of "From " behind them */
    size_t hold_len;
    char hold[MBOX_HOLD_MAX];
    char ready[MBOX_HOLD_MAX + 2]; /* where `*out` may point */
};

void mbox_init(struct mbox *mbox);

/*
 * Take from the front of `*in` until there is something to say.  `last`: nothing comes after
 * `*in`.  `*out` is valid until the next call.
 */
enum mbox_event mbox_next(struct mbox *mbox, slice *in, bool last, slice *out);

#endif
