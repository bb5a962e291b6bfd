/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_OCTETS = 32, DIRECTORY_MODE = 0700, FILE_MODE = 0600 };

struct finding {
    struct arena *arena;
    struct crypto *crypto;
    const char *directory;
    slice path; /* of the file; a NUL follows it */
    char *secret;
    slice notice, why;
};

/* ---- one that is there ------------------------------------------------------------------ */

static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(fd, out + have, size - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)have;
        }
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static enum yett_err refuse(struct finding *finding, const char *fault)
{
    finding->why =
        arena_printf(finding->arena, "%.*s: %s", SLICE_ARG(finding->path), fault);
    return YETT_BAD_SYNTAX;
}

/* YETT_NOT_FOUND when it is empty: what a loss of power may leave of a file just made. */
static enum yett_err read_from(struct finding *finding, int fd)
{
    char octets[SECRET_OCTETS + 1];
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        return refuse(finding, "this is no file, so no secret can be read from it");
    }
    ssize_t got = read_all(fd, octets, sizeof octets);
    if (got == 0) {
        return YETT_NOT_FOUND;
    }
    if (got != SECRET_OCTETS) {
        return refuse(finding,
                      "this is no secret of 32 octets; restore it, or remove it, "
                      "and another one is made");
    }
    memcpy(finding->secret, octets, SECRET_OCTETS);
    if ((stat.st_mode & 077) != 0) {
        finding->notice = arena_printf(
            finding->arena, "%.*s can be read by others than its owner: chmod 600 it",
            SLICE_ARG(finding->path));
    }
    return YETT_OK;
}

/* YETT_NOT_FOUND: there is none, errno says why. */
static enum yett_err read_secret(struct finding *finding)
{
    int fd = open(finding->path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return YETT_NOT_FOUND;
    }
    enum yett_err err = read_from(finding, fd);
    (void)close(fd);
    if (err == YETT_NOT_FOUND) {
        errno = ENOENT;
        (void)unlink(finding->path.ptr);
    }
    return err;
}

/* ---- a new one -------------------------------------------------------------------------- */

static bool sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced;
}

static bool write_secret(const struct finding *finding)
{
    if (mkdir(finding->directory, DIRECTORY_MODE) != 0 && errno != EEXIST) {
        return false;
    }
    int fd = open(finding->path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool written = write(fd, finding->secret, SECRET_OCTETS) == SECRET_OCTETS &&
                   fsync(fd) == 0 && sync_directory(finding->directory);
    int reason = errno;
    (void)close(fd);
    if (!written) {
        (void)unlink(finding->path.ptr);
        errno = reason;
    }
    return written;
}

static enum yett_err make_secret(struct finding *finding)
{
    if (crypto_random(finding->crypto, finding->secret, SECRET_OCTETS) != YETT_OK) {
        finding->why = SLICE("libcrypto has no random octets for a secret");
        return YETT_IO;
    }
    if (slice_is_empty(finding->path) || write_secret(finding)) {
        return YETT_OK;
    }
    if (errno == EEXIST && read_secret(finding) == YETT_OK) {
        return YETT_OK; /* another one was faster */
    }
    finding->notice = arena_printf(finding->arena,
                                   "the secret of this installation cannot be kept in %s "
                                   "(%s): after the next reload "
                                   "the draw of pct= is another one (state_directory)",
                                   finding->directory, strerror(errno));
    return YETT_OK;
}

enum yett_err secret_find(struct arena *arena, struct crypto *crypto,
                          const char *directory, slice *out, slice *notice, slice *why)
{
    struct finding finding = {.arena = arena, .crypto = crypto, .directory = directory};
    finding.secret = arena_alloc(arena, SECRET_OCTETS);
    if (finding.secret == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = YETT_NOT_FOUND;
    if (directory[0] != '\0') {
        finding.path = arena_printf(arena, "%s/secret", directory);
        if (finding.path.ptr == NULL) {
            return YETT_NO_MEMORY;
        }
        err = read_secret(&finding);
    }
    if (err == YETT_NOT_FOUND) {
        err = make_secret(&finding);
    }
    *notice = finding.notice;
    *why = finding.why;
    if (err == YETT_OK) {
        *out = slice_of(finding.secret, SECRET_OCTETS);
    }
    return err;
}
