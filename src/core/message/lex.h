/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MESSAGE_LEX_H
#define YETT_CORE_MESSAGE_LEX_H

#include "core/base/buf.h"
#include "core/base/slice.h"

#include <stdbool.h>

/*
 * lex: the tokens of structured field bodies (RFC 5322 section 3.2, with RFC 6532's UTF-8).
 *
 * Control characters, which section 4.1 allows in comments and quoted strings, and line ends
 * that fold nothing are refused everywhere: readers do not agree on them.
 */
struct lex {
    slice in;
    size_t at;       /* where reading stands, and after a failure the offending octet */
    const char *why; /* set by a failure; static */
    bool strict;     /* also refuse what is well-formed but read in different ways */
};

/* The octet that comes next, or -1. */
int lex_peek(const struct lex *lex);

/* Octets of atext (RFC 5322 section 3.2.3, RFC 6532 section 3.2). */
bool lex_is_atext(int c);

/* Record the failure; false, to be returned. */
bool lex_fail(struct lex *lex, const char *why);

/* The skipping functions move past the token and return true, or fail. */
YETT_MUST_USE
bool lex_skip_cfws(struct lex *lex);
YETT_MUST_USE
bool lex_skip_quoted(struct lex *lex); /* the next octet is the opening quote */
void lex_skip_atom(struct lex *lex);

/* The meaning of a quoted string that was skipped, quotes included: no quotes, no escapes, no
   line ends. */
void lex_unquote(struct buf *buf, slice quoted);

#endif
