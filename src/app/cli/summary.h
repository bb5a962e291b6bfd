/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SUMMARY_H
#define YETT_APP_CLI_SUMMARY_H

#include "app/cli/judge.h"
#include "app/cli/term.h"

/*
 * summary: counts over many messages, by author domain.  Bounded: beyond a thousand domains
 * the rest is counted together.
 */
struct summary;

YETT_MUST_USE
struct summary *summary_new(void);
void summary_free(struct summary *summary);

void summary_add(struct summary *summary, const struct judged *judged);
size_t summary_messages(const struct summary *summary);
void summary_print(const struct summary *summary, const struct term *term);

#endif
