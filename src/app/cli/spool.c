/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/spool.h"

#include "core/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, WHY_BYTES = 8 * 1024 };

struct spool {
    struct arena *arena;
    const char *path;
    int input;
    int copy;    /* -1: the input itself can be read again */
    off_t begin; /* where it was handed to us */
    bool was_read;
    uint64_t octets; /* of the first reading */
    char piece[PIECE_BYTES];
};

static slice sentence(const struct spool *spool, const char *what, const char *detail)
{
    struct buf buf;
    buf_init(&buf, spool->arena, WHY_BYTES);
    buf_add_visible(&buf, slice_from_text(strcmp(spool->path, "-") == 0 ? "standard input"
                                                                        : spool->path));
    buf_add_text(&buf, ": ");
    buf_add_text(&buf, what);
    buf_add_text(&buf, detail);
    return buf_slice(&buf);
}

static slice system_fault(const struct spool *spool, const char *what)
{
    char text[128];
    return sentence(spool, what, strerror_r(errno, text, sizeof(text)));
}

/* A file without a name goes with the process, however that ends. */
static int nameless_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    folder = folder == NULL || folder[0] == '\0' ? "/tmp" : folder;
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0) {
        return file;
    }
    int length = snprintf(path, sizeof(path), "%s/yett-sign-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0) {
        unlink(path);
    }
    return file;
}

static bool open_input(struct spool *spool, slice *why)
{
    struct stat facts;
    spool->input = strcmp(spool->path, "-") == 0
                       ? STDIN_FILENO
                       : open(spool->path, O_RDONLY | O_CLOEXEC);
    if (spool->input < 0 || fstat(spool->input, &facts) != 0) {
        *why = system_fault(spool, "");
        return false;
    }
    if (S_ISDIR(facts.st_mode)) {
        *why = sentence(spool, "is a directory, and one message is signed at a time", "");
        return false;
    }
    if (S_ISREG(facts.st_mode)) {
        spool->begin = lseek(spool->input, 0, SEEK_CUR);
    } else {
        spool->copy = nameless_file();
        if (spool->copy < 0) {
            *why =
                system_fault(spool, "it has to be read twice, and there is no temporary "
                                    "file for it: ");
            return false;
        }
    }
    return true;
}

struct spool *spool_open(struct arena *arena, const char *path, slice *why)
{
    struct spool *spool = ARENA_NEW(arena, struct spool);
    if (spool == NULL) {
        *why = SLICE("out of memory");
        return NULL;
    }
    spool->arena = arena;
    spool->path = path;
    spool->copy = -1;
    if (!open_input(spool, why)) {
        spool_close(spool);
        return NULL;
    }
    return spool;
}

void spool_close(struct spool *spool)
{
    if (spool == NULL) {
        return;
    }
    if (spool->input > STDIN_FILENO) {
        close(spool->input);
    }
    if (spool->copy >= 0) {
        close(spool->copy);
    }
}

static ssize_t read_some(int file, char *into, size_t size)
{
    ssize_t got = 0;
    do {
        got = read(file, into, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool write_all(int file, slice octets)
{
    while (octets.len != 0) {
        ssize_t done = write(file, octets.ptr, octets.len);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        octets = slice_skip(octets, done < 0 ? 0 : (size_t)done);
    }
    return true;
}

/* Where this reading takes its octets from, at their beginning. */
static int rewound(const struct spool *spool)
{
    if (spool->copy >= 0 && !spool->was_read) {
        return spool->input;
    }
    int file = spool->copy >= 0 ? spool->copy : spool->input;
    return lseek(file, spool->copy >= 0 ? 0 : spool->begin, SEEK_SET) < 0 ? -1 : file;
}

static enum yett_err check_same(struct spool *spool, uint64_t octets, slice *why)
{
    if (spool->was_read && spool->octets != octets) {
        *why = sentence(spool, "changed while it was being signed", "");
        return YETT_IO;
    }
    spool->octets = octets;
    spool->was_read = true;
    return YETT_OK;
}

enum yett_err spool_read(struct spool *spool, bool (*piece)(void *context, slice octets),
                         void *context, slice *why)
{
    uint64_t octets = 0;
    int file = rewound(spool);
    bool copies = file == spool->input && spool->copy >= 0;
    ssize_t got = -1;
    while (file >= 0 && (got = read_some(file, spool->piece, PIECE_BYTES)) > 0) {
        slice text = slice_of(spool->piece, (size_t)got);
        octets += text.len;
        if (copies && !write_all(spool->copy, text)) {
            *why = system_fault(spool, "its temporary copy cannot be written: ");
            return YETT_IO;
        }
        if (!piece(context, text)) {
            return YETT_OK;
        }
    }
    if (got < 0) {
        *why = system_fault(spool, "cannot be read: ");
        return YETT_IO;
    }
    return check_same(spool, octets, why);
}
