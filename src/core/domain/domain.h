/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DOMAIN_DOMAIN_H
#define YETT_CORE_DOMAIN_DOMAIN_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * domain: domain names of mail, compared and walked in one place.
 *
 * A domain in *normal form* is lower-case A-labels (RFC 5890) joined by dots: no trailing
 * dot, no empty label, labels of 1 to 63 octets, at most DOMAIN_OCTETS_MAX octets, only
 * letters, digits, hyphen and underscore.  Every domain that yett compares, asks DNS for or
 * prints went through domain_normalize(); the walking functions below expect that form.
 * Names in DNS questions may hold other octets (SPF macros make them): those have core/dns's
 * own form.
 */

/* Of a name as text (RFC 1035 section 2.3.4: 255 on the wire). */
enum { DOMAIN_OCTETS_MAX = 253 };

/*
 * Bring `text` into normal form: U-labels through libidn2 (RFC 5891, RFC 8616 section 3),
 * upper case folded, one trailing dot dropped.
 *
 * Returns YETT_OK; YETT_BAD_SYNTAX when the text is no such name (empty, an octet that is
 * not allowed, a label or the whole too long, a U-label that IDNA refuses); YETT_NO_MEMORY.
 * `*out` points into `text` when that was in normal form already, else into `arena`.
 */
YETT_MUST_USE
enum yett_err domain_normalize(struct arena *arena, slice text, slice *out);

/* Equal as DNS sees it: ASCII case and one trailing dot do not matter. */
bool domain_eq(slice a, slice b);

/* `name` is `parent` or lies below it, at a label boundary.  Case does not matter. */
bool domain_is_under(slice name, slice parent);

/* Number of labels; 0 for the empty name. */
size_t domain_label_count(slice name);

/* Without the leftmost label; empty when there was only one. */
slice domain_parent(slice name);

/* The rightmost `labels` labels (all of `name` when it has fewer). */
slice domain_suffix(slice name, size_t labels);

/* For people: U-labels where they are valid, the name itself otherwise. */
YETT_MUST_USE
enum yett_err domain_to_unicode(struct arena *arena, slice name, slice *out);

#endif
