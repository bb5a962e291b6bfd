/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CAPTURE_CAPTURE_H
#define YETT_CORE_CAPTURE_CAPTURE_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/message/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * capture: the text of a message whose signatures failed, for the process that looks into it.
 *
 * body.c keeps a body as it passes, until it is known whether anybody wants it.  wire.c writes
 * and reads what is handed over: the message's names, the signatures that failed with the
 * records of their keys, the header field by field, and the body.  The reader believes
 * nothing: who handed it over reads hostile octets all day long.
 */

/* ---- a body as it passes ---------------------------------------------------------------- */

#define CAPTURE_BODY_MAX ((size_t)1024 * 1024)

/* Lives in an arena of the caller's, whose ceiling bounds it as well; in an arena that is used
   for nothing else it takes little more than its octets. */
struct capture_body {
    struct arena *arena;
    struct capture_piece *first, *last;
    size_t octets;
    bool is_given_up; /* it is too large, or there was no memory: nothing of it is kept */
};

struct capture_piece {
    struct capture_piece *next;
    size_t length;
    char octets[];
};

void capture_body_init(struct capture_body *body, struct arena *arena);

/* Octets are copied.  One piece too many, and the body is given up: feed on, or not. */
void capture_body_feed(struct capture_body *body, slice piece);

/* ---- a case ----------------------------------------------------------------------------- */

enum {
    CAPTURE_FAILURES_MAX = 4, /* of one message; those of the author domain come first */
    CAPTURE_RECORDS_MAX = 4,
    CAPTURE_RECORD_BYTES = 4096, /* no key that is used is as long */
    CAPTURE_ID_BYTES = 64,
    CAPTURE_FIELDS_MAX = 10000,
    CAPTURE_HEADER_BYTES = 256 * 1024 /* names and values of all fields */
};

/* All of it.  Room for more than can be, so that nothing but a limit above refuses a case. */
#define CAPTURE_OCTETS_MAX                                                               \
    (CAPTURE_BODY_MAX + CAPTURE_HEADER_BYTES +                                           \
     (size_t)CAPTURE_FAILURES_MAX * CAPTURE_RECORDS_MAX * (CAPTURE_RECORD_BYTES + 16) +  \
     (size_t)CAPTURE_FIELDS_MAX * 8 + 4096)

/* A signature that failed. */
struct capture_failure {
    size_t field_index; /* of its field, from 0 at the top of the header */
    slice records[CAPTURE_RECORDS_MAX]; /* TXT, at the name of its key */
    size_t record_count;
};

struct capture {
    int64_t time_s; /* when the message began; not negative */
    slice id;       /* ours, the one of its event */
    slice queue_id; /* the mail server's; may be empty */
    struct message_header header;
    struct capture_failure failures[CAPTURE_FAILURES_MAX];
    size_t failure_count; /* at least one */
    bool has_body;
    slice body; /* as it came from the network; only what was read has it */
};

/*
 * Write a case down, but for its body, which follows behind it as it is.  Its fields are such as
 * message_parser_add_field() makes, and come out of capture_read() octet by octet the same.
 * YETT_LIMIT when something is larger than what is handed over (the header, a record) or than
 * `out` takes, YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err capture_write(const struct capture *capture, struct buf *out);

/*
 * Read one, body and all.  The fields of its header are copied into `arena`, the rest points
 * into `octets`.  YETT_BAD_SYNTAX for what capture_write() never writes, YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err capture_read(struct arena *arena, slice octets, struct capture *out);

#endif
