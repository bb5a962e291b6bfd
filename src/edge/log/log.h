/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOG_LOG_H
#define YETT_EDGE_LOG_LOG_H

#include "core/base/slice.h"
#include "core/config/config.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * log: lines to standard error, to syslog (RFC 3164 over /dev/log) or to journald, as people
 * read them or as JSON.
 *
 * Never blocks: what cannot be written at once is dropped and counted, and the next line
 * that can be written says how many were lost.  Control octets never reach the target,
 * whatever the text holds.  Opens what it needs when it is made, before the process locks
 * itself in.  A line of text is at most 4096 octets long with its line end, and is cut
 * between two characters when it is longer.  SIGPIPE, where it would end the program, is
 * ignored from then on.
 *
 * log.c is a log's life, compose.c writes the words, stream.c and datagram.c bring them to the
 * target.  For journald that is its native protocol, since libsystemd opens its socket when
 * the first line is written, which is after the walls.
 */
struct log;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO };

/* Never NULL but for memory; a target that cannot be reached falls back to standard error,
   and says so there.  `role` is "gateway", "supervisor". */
YETT_MUST_USE
struct log *log_new(enum config_log_target target, enum config_log_format format,
                    const char *role);
void log_free(struct log *log);

/* A line about the program, written at once.  Text: "warning: …" and "error: …".  In JSON:
   {"time", "level", "role", "text"}, with names and types that do not clash with those of
   event_write_json(). */
void log_say(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line that the caller wrote in the format of the log: event_write_line(),
   event_write_json().  JSON is never cut; a line of more than 20000 octets is lost. */
void log_line(struct log *log, enum log_level level, slice line);

enum config_log_format log_format(const struct log *log);

/* Write what was gathered.  Lines about messages are gathered for as long as one turn of the
   loop takes. */
void log_flush(struct log *log);

uint64_t log_lost(const struct log *log); /* lines, since log_new() */

#endif
