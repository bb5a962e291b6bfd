/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_DATE_H
#define YETT_CORE_BASE_DATE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdint.h>

/* date: calendar days and seconds since 1970-01-01T00:00:00Z, without libc's time zone. */

/* "2027-03-01", the beginning of that day in UTC. */
YETT_MUST_USE
enum yett_err date_parse_iso_day(slice text, int64_t *epoch_s);

/* RFC 5322 section 3.3 with the obsolete zones; comments are not skipped here. */
YETT_MUST_USE
enum yett_err date_parse_rfc5322(slice text, int64_t *epoch_s);

void date_write_iso(struct buf *buf, int64_t epoch_s); /* 2026-11-24T02:35:00Z */
void date_write_rfc5322(struct buf *buf,
                        int64_t epoch_s); /* Tue, 24 Nov 2026 02:35:00 +0000 */

#endif
