/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_EVENT_TEXT_H
#define YETT_CORE_EVENT_TEXT_H

#include "core/base/buf.h"

/* text: what others wrote, in a line for people. */

/* At most `max` octets of what can be shown of `text`; what is left out ends in dots. */
void text_add(struct buf *buf, slice text, size_t max);

/* The same as one word: no space of the text's ends it. */
void text_add_solid(struct buf *buf, slice text, size_t max);

/* A word of a list of words, with a space and `name` before it. */
void text_add_word(struct buf *buf, const char *name, slice text, size_t max);

#endif
