/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTHRES_LINE_H
#define YETT_CORE_AUTHRES_LINE_H

#include "core/base/buf.h"

/*
 * Writing a field: items are made one by one and put on lines.  However an item came about,
 * it holds printable ASCII (and UTF-8 where an address has it), so nothing that was put in a
 * value can end a line; and it is short enough that no line passes 998 octets.
 */
enum {
    LINE_SOFT_MAX = 78,
    ITEM_VALUE_MAX = 900, /* octets of a value as written, quotes and escapes counted */
    ITEM_KEYWORD_MAX = 40,
    ITEM_MAX = 1023 /* "ptype.property=" before a value */
};

struct item {
    char text[ITEM_MAX];
    size_t len;
};

/* Letters, digits and inner hyphens as they are, in lower case, the rest as hyphens. */
void item_add_keyword(struct item *item, slice keyword);
void item_add_text(struct item *item, const char *text);
void item_add_uint(struct item *item, uint64_t value);

/*
 * value (RFC 2045 section 5.1): as it is when it is a token, between quotes otherwise, "?" for
 * each character that is not ASCII and printable.  False when it is too long: what is there
 * now is only its beginning, marked "...".
 */
bool item_add_value(struct item *item, slice value);

/* As item_add_value(); UTF-8 stays.  For our own name only: no sender chose it. */
bool item_add_id(struct item *item, slice id);

/* pvalue (RFC 8601 section 2.2): an address stays as it is, with UTF-8 where RFC 6531 has
   it.  Otherwise as item_add_value(). */
bool item_add_pvalue(struct item *item, slice value);

/* A dot-atom, or between quotes (RFC 7208 section 9.1).  UTF-8 as in
   item_add_pvalue(); otherwise as item_add_value(). */
bool item_add_word(struct item *item, slice value);

/* In parentheses; what is too long ends in "...". */
void item_add_comment(struct item *item, slice comment);

struct line {
    struct buf *buf;
    size_t start; /* of the line in `buf` */
    bool fresh;   /* nothing on it but the indentation */
};

/* The field's name and colon. */
void line_begin(struct line *line, struct buf *buf, const char *name);

/* On a new line from here. */
void line_fold(struct line *line);

/* The item, a space before it, where it fits: a long one is folded at its spaces. */
void line_put(struct line *line, const struct item *item);

/* Directly behind the last item, which left room for it. */
void line_put_semicolon(struct line *line);
void line_end(struct line *line);

#endif
