/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TOOLS_MILTER_TALK_H
#define YETT_TOOLS_MILTER_TALK_H

#include "core/message/message.h"

/*
 * milter_talk: a message told to a filter, and its answer in words.  What goes wrong ends the
 * program.
 */
struct letter {
    struct message_received session;
    slice client; /* its address */
    slice mail_from, rcpt;
    struct message_header header;
    size_t first_field; /* that is sent */
    slice body;
};

/* To the filter at this port of 127.0.0.1, over a connection of its own.  The lines of the
   answer, in `arena`. */
slice milter_talk(struct arena *arena, uint16_t port, const struct letter *letter);

_Noreturn void milter_talk_fail(const char *what, const char *why);
void milter_talk_must(enum yett_err err, const char *what);

#endif
