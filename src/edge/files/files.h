/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_FILES_FILES_H
#define YETT_EDGE_FILES_FILES_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * files: what is read from the file system.
 *
 * read.c reads a small file whole (settings, zone text, a suffix list); source.c walks over
 * the messages of a path, of which maildir.c lists a directory and mbox.c splits a mailbox
 * file.  input.c opens things, and words what went wrong.
 *
 * Knows no rule of mail besides the framing of an mbox.  Sentences (`why`) begin with the
 * path, made visible, and are complete: "/etc/yett.conf: no such file".
 */

/*
 * Read `path` ("-": standard input) whole, at most `limit_bytes`.
 *
 * YETT_OK with `*out` in `arena`, followed by one NUL octet that is not counted (libraries
 * want one).  Otherwise `*out` is untouched and `*why` (in `arena`) says what was wrong:
 * YETT_NOT_FOUND there is no such file, YETT_LIMIT it is larger, YETT_BAD_SYNTAX it is a
 * directory or another special file (a FIFO is read), YETT_IO the system refused,
 * YETT_NO_MEMORY.  An empty file is fine.
 */
YETT_MUST_USE
enum yett_err file_read(struct arena *arena, const char *path, size_t limit_bytes,
                        slice *out, slice *why);

/*
 * Mail of one path, message by message, without ever holding one in memory.
 *
 * - A file (or FIFO, or "-" for standard input) is one message, unless it begins with
 *   "From ": then it is an mbox.
 * - A directory with cur/ or new/ is a Maildir: all files of both, by unique name, which is
 *   the order of arrival.  Names that begin with a dot are none of its messages.
 * - Symbolic links are followed.  Devices and sockets are refused (not as "-").
 *
 * An mbox is split at lines that begin with "From ", follow an empty line, and hold a time
 * and a year or nothing but an address; that empty line belongs to no message.  One '>' is
 * taken off lines that begin with any number of '>' and "From " (mboxrd).  Deliberately also
 * in files of mboxo writers: there it gives back every line that began with "From ", and is
 * wrong only about lines that began with ">From " when they were sent.  Content-Length is
 * ignored: it is wrong in every file that another program edited.
 *
 *     while ((err = mail_source_next(source, &item)) == YETT_OK) {
 *         err = mail_source_read(source, feed, message);
 *         …
 *     }
 */
struct mail_source;

enum mail_source_kind { MAIL_SOURCE_MESSAGE, MAIL_SOURCE_MBOX, MAIL_SOURCE_MAILDIR };

struct mail_item {
    slice path;      /* of the file it stands in, raw octets; "-" for standard input */
    size_t number;   /* within the path that was opened, from 1 */
    slice from_line; /* mbox: what follows "From ", without line end: sender and date */
};

/* Opens nothing that could hang except a FIFO.  NULL on failure, with `*err` (as for
   file_read()) and `*why` in `arena`.  `path` must outlive the source. */
YETT_MUST_USE
struct mail_source *mail_source_open(struct arena *arena, const char *path,
                                     enum yett_err *err, slice *why);
void mail_source_free(struct mail_source *source);

enum mail_source_kind mail_source_kind(const struct mail_source *source);

/*
 * Go to the next message; what was not read of this one is skipped.  YETT_OK with `*item`,
 * valid until this is called again; YETT_NOT_FOUND when there is none any more; YETT_IO when the
 * rest cannot be read (see mail_source_why()).
 */
YETT_MUST_USE
enum yett_err mail_source_next(struct mail_source *source, struct mail_item *item);

/*
 * Hand all octets of the message to `piece`, in order, in pieces of any size that are valid
 * during the call only.  Line ends are as in the file.
 *
 * YETT_OK: it was read to its end.  Otherwise this message is lost, mail_source_why() says
 * why, and the next may be asked for: YETT_NOT_FOUND it vanished after the Maildir was
 * listed, YETT_BAD_SYNTAX the file is empty or no file, YETT_IO the system refused, perhaps
 * midway: what was handed over is then the beginning of the message.
 */
YETT_MUST_USE
enum yett_err mail_source_read(struct mail_source *source,
                               void (*piece)(void *context, slice bytes), void *context);

/* The last failure as a sentence; valid until the next call. */
slice mail_source_why(const struct mail_source *source);

/* For a progress bar: 0 where a total is not known. */
struct mail_progress {
    uint64_t bytes_done; /* read of the file system, this path */
    uint64_t bytes_total;
    size_t messages_done; /* that mail_source_next() returned */
    size_t messages_total;
};

struct mail_progress mail_source_progress(const struct mail_source *source);

#endif
