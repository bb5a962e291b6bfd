/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOG_STREAM_H
#define YETT_EDGE_LOG_STREAM_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream: whole lines to a pipe, a terminal, a file or a stream socket, without waiting.
 *
 * Standard error is shared with whoever started us, so it is not made non-blocking: a pipe
 * or terminal is opened anew through /proc, which gives a descriptor of our own; a socket
 * is asked each time; what cannot be opened anew is polled, and then written at most 4096
 * octets at a time, for which a pipe that polls as writable has room.
 */
enum {
    STREAM_GATHER = 4096, /* as much as a pipe takes at once from several writers */
    STREAM_LINE_MAX = 20480
};

struct stream {
    int fd; /* -1: none, all is lost */
    bool is_own;
    enum { STREAM_AT_ONCE, STREAM_POLLED, STREAM_SOCKET } way;
    size_t len;
    size_t unfinished; /* octets at the front: the rest of a line that was begun */
    char gathered[STREAM_LINE_MAX];
};

void stream_open(struct stream *stream, int fd);
void stream_close(struct stream *stream);

/* Both return the lines that were lost.  `line` ends in the only LF it has. */
size_t stream_add(struct stream *stream, slice line);
size_t stream_flush(struct stream *stream);

#endif
