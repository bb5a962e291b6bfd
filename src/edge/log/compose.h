/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOG_COMPOSE_H
#define YETT_EDGE_LOG_COMPOSE_H

#include "core/base/buf.h"
#include "edge/log/log.h"

#include <stdint.h>

/*
 * compose: the words of a line, without what a target puts around them.
 *
 * `room` is for how many octets it may be long; what is longer is cut between two
 * characters and ends in "…".
 */
enum { COMPOSE_ELLIPSIS = 3 };

/* "warning: …" */
void compose_text(struct buf *out, enum log_level level, slice message, size_t room);

/* {"time":…,"level":…,"role":…,"text":…} */
void compose_json(struct buf *out, enum log_level level, const char *role, int64_t time_s,
                  slice message, size_t room);

/* A line of the caller's: text with what cannot be seen as \xNN, cut. */
void compose_line(struct buf *out, slice line, size_t room);

/* A line of the caller's: JSON, as it is, for it is his to see that it is well-formed.  A
   control octet, which JSON has between its tokens at most, becomes a space. */
void compose_json_line(struct buf *out, slice line);

#endif
