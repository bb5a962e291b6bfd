/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOG_INSIDE_H
#define YETT_EDGE_LOG_INSIDE_H

#include "edge/log/log.h"

/* inside: where the targets are, for tests to be elsewhere. */
struct log_places {
    int stderr_fd;
    const char *syslog_path, *journald_path;
    const char
        *journal_stream; /* "DEVICE:INODE" of a standard error that journald reads */
};

YETT_MUST_USE
struct log *log_open(const struct log_places *places, enum config_log_target target,
                     enum config_log_format format, const char *role);

#endif
