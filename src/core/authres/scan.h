/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTHRES_SCAN_H
#define YETT_CORE_AUTHRES_SCAN_H

#include "core/base/slice.h"

#include <stdbool.h>

/*
 * The tokens of structured fields (RFC 5322 section 3.2 with RFC 6532, RFC 2045 section 5.1).
 * No recursion, no memory, each octet looked at a fixed number of times.
 */

/*
 * Move past comments and folding white space.  A line end must be followed by white space or
 * end the text.  False at a comment that does not end, with `*in` at its "(".  The inside of
 * the first comment goes to `*comment` unless that is NULL or holds one already.
 */
bool scan_cfws(slice *in, slice *comment);

/* Keyword (RFC 5321 section 4.1.2) at the front of `*in`, empty when there is none. */
slice scan_keyword(slice *in);

/* What may stand in a token (RFC 2045), in a dot-atom with its dots (RFC 5322), in a domain:
   ASCII only. */
bool scan_is_token(int c);
bool scan_is_dot_atom(int c);
bool scan_is_domain(int c);

/* Octets that `accepts` and well-formed UTF-8 beyond ASCII, as many as there are. */
slice scan_run(slice *in, bool (*accepts)(int));

/*
 * quoted-string at the front of `*in`, which begins with a quote; `*inner` is what stands
 * between the quotes, escapes and folding still in it.  NULL when it was taken, else what is
 * wrong, with `*in` at that octet.
 */
const char *scan_quoted(slice *in, slice *inner);

/* The octet that the front of the inside of a quoted-string or comment stands for; moves
   past it.  -1 at the end.  Line ends stand for nothing. */
int scan_unescape(slice *inner);

#endif
