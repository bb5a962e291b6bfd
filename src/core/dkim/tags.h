/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_TAGS_H
#define YETT_CORE_DKIM_TAGS_H

#include "core/dkim/dkim.h"

/* tags: what signature.c asks of tags.c, which knows the tags one by one. */

struct dkim_reader {
    struct arena *arena;
    struct dkim_signature *out;
    enum yett_err err;
    bool is_unsigned; /* b= is still to be made */
};

struct dkim_tag_rule {
    slice name;
    const char *missing; /* NULL: optional */
    void (*read)(struct dkim_reader *reader, const struct tag *tag);
};

enum { DKIM_TAG_RULES_MAX = 13 };

/* In the order in which they are to be read: one tag's meaning may need another's. */
struct dkim_tag_rules {
    const struct dkim_tag_rule *list;
    size_t count;
};

struct dkim_tag_rules dkim_tag_rules(enum dkim_form form);

/* The field cannot be read, for a reason that lies `at`; SLICE_NONE: at its end. */
void dkim_unreadable(struct dkim_reader *reader, slice at, const char *why);

#endif
