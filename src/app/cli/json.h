/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_JSON_H
#define YETT_APP_CLI_JSON_H

#include "app/cli/judge.h"
#include "core/spf/spf.h"

#include <jansson.h>

/*
 * json: results for programs.  Names are those of the manual pages; fields may be added,
 * never renamed.  Octets that are no UTF-8 appear as \xNN within a string.  What is printed
 * is ASCII.
 *
 * All functions return NULL, or false, when memory runs out; json_object_set_new() and its
 * like take NULL and fail, so that it is enough to look at the end.
 */
json_t *json_of_slice(slice text);    /* a string */
json_t *json_of_optional(slice text); /* null when empty */
json_t *json_of_spf(const struct spf_result *spf);
json_t *json_of_spf_steps(const struct spf_result *spf);
json_t *json_of_envelope(const struct verdict_envelope *envelope);
json_t *json_of_judged(const struct mail_item *item, const struct judged *judged);

/* Of a message that could not be judged; `is_answered_for`: because of a limit of ours. */
json_t *json_of_failure(const struct mail_item *item, const struct judged *judged,
                        bool is_answered_for);

/* `name` of `object`; notes in `*failed` when it could not be set. */
void json_put(json_t *object, const char *name, json_t *value, bool *failed);

/* One line on standard output; takes `value` over.  False when it is NULL or cannot be
   written. */
bool json_print(json_t *value);

#endif
