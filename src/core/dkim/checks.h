/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_CHECKS_H
#define YETT_CORE_DKIM_CHECKS_H

#include "core/dkim/dkim.h"

/* The result of a check: YETT_OK when it is there or can be had at once, YETT_NEED_ANSWERS when
   it was written down as wanted.  `*out` stays as long as the evidence does. */
YETT_MUST_USE
enum yett_err dkim_checks_ask(struct dkim_checks *checks, const struct dkim_check *check,
                              const struct dkim_check_result **out);

/* Before an evaluation: forget what the last one wanted. */
void dkim_checks_clear_wanted(struct dkim_checks *checks);

#endif
