/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_QUESTION_H
#define YETT_EDGE_RESOLVER_QUESTION_H

#include "core/dns/dns.h"

#include <stdbool.h>
#include <stdint.h>

/* question: a question as the key of a table, as text for libunbound, and its zone. */

/* Under a random key: senders choose the names. */
uint64_t question_hash(const uint8_t key[16], struct dns_question question);

bool question_eq(struct dns_question a, struct dns_question b);

/* The longest normal name, each octet as \DDD, the last dot and the terminator. */
enum { QUESTION_TEXT_MAX = 4 * 255 + 2 };

/* The name in master-file form, NUL-terminated; false when it is too long to be a name. */
YETT_MUST_USE
bool question_write_name(slice name, char out[QUESTION_TEXT_MAX]);

/*
 * The part of `name` that probably one organisation's servers answer for: a guess, since
 * zone cuts are not known before asking.  The last two labels; three below "co.uk" and its
 * like; a /16 or /32 of the reverse trees.
 */
slice question_zone(slice name);

#endif
