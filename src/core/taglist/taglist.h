/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_TAGLIST_TAGLIST_H
#define YETT_CORE_TAGLIST_TAGLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"

/*
 * taglist: "tag=value; tag=value" lists as DKIM writes them (RFC 6376 section 3.2), the
 * common form of DKIM-Signature fields, key records and ARC fields.  (DMARC records look alike,
 * but ignore what they cannot read: core/dmarc has its own reader.)
 */
struct tag {
    slice name;  /* as written: names are case-sensitive */
    slice value; /* folding white space around it removed, what is inside kept */
    slice raw;   /* from the first octet of the name to the end of the value, without ";" */
    slice region; /* the value with the white space around it: what b= removal cuts out */
};

struct taglist {
    const struct tag *tags;
    size_t count;
};

/* Where and why a list was refused. */
struct taglist_error {
    size_t offset; /* octets from the beginning of the text */
    const char *why;
};

/*
 * Parse a whole list into `arena`; slices point into `text`.
 *
 * YETT_BAD_SYNTAX with `*error` for a tag without "=", a name that is not ALPHA *(ALNUM /
 * "_"), an octet outside VALCHAR / FWS in a value (UTF-8 is allowed, RFC 8616 section 4),
 * more than 500 tags (no message's memory goes for lists of nothing), or a name that stands
 * twice (`RFC 6376: the entire tag-list is invalid`).  An empty text is
 * an empty list; one trailing ";" is fine, an empty tag elsewhere is not.
 */
YETT_MUST_USE
enum yett_err taglist_parse(struct arena *arena, slice text, struct taglist *out,
                            struct taglist_error *error);

/* NULL when there is no such tag. */
const struct tag *taglist_find(const struct taglist *list, const char *name);

#endif
