/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_EDITS_H
#define YETT_CORE_MILTER_EDITS_H

#include "core/milter/milter.h"

/*
 * edits: a decision as packets, the edits first and one final reply behind them.
 *
 * Returns what is done with the message by them: as decided, but that a message cannot be
 * held where the mail server has no quarantine.
 */
enum { EDITS_BYTES_MAX = 8 * 1024 * 1024 };

enum event_outcome edits_write(struct buf *buf, const struct intake_decision *decision,
                               const struct milter_options *options,
                               enum config_insert insert);

#endif
