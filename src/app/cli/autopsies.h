/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_AUTOPSIES_H
#define YETT_APP_CLI_AUTOPSIES_H

#include "core/autopsy/autopsy.h"
#include "core/verdict/verdict.h"

/*
 * autopsies: the failed signatures of one message after the other, looked into.
 *
 * A body is kept, up to AUTOPSY_BODY_MAX, while the message has signatures.  Results are
 * those of the verdict; an autopsy changes none.
 */
struct autopsies;

/* NULL when out of memory. */
YETT_MUST_USE
struct autopsies *autopsies_new(void);
void autopsies_free(struct autopsies *autopsies);

/* The next message; what was found of the last one becomes invalid. */
void autopsies_begin(struct autopsies *autopsies);
void autopsies_keep(struct autopsies *autopsies, slice body_bytes);

/*
 * Look into each signature of `verdict` that failed.  What was found is for result i of
 * `verdict->dkim.list` at `(*out)[i]`, or NULL there; `*out` is NULL when memory ran out.
 */
void autopsies_perform(struct autopsies *autopsies, struct crypto *crypto,
                       const struct message_header *header, const struct verdict *verdict,
                       const struct dns_answers *answers,
                       const struct autopsy_finding *const **out);

#endif
