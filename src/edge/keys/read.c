/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/keys/keys.h"
#include "edge/keys/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void keys_wipe(slice secret)
{
    if (secret.len > 0) {
        explicit_bzero((char *)(uintptr_t)secret.ptr, secret.len);
    }
}

static enum yett_err refuse_mode(const struct place *place, mode_t mode)
{
    struct buf text;
    buf_init(&text, place->arena, 256);
    buf_printf(&text, "has mode %03o: others can %s it; chmod 600 it%c",
               (unsigned)(mode & 07777), (mode & S_IROTH) != 0 ? "read" : "change", '\0');
    return place_fail(place, YETT_BAD_SYNTAX,
                      buf_err(&text) == YETT_OK ? text.ptr : "others have access");
}

/* "BEFORE NUMBER AFTER" */
static enum yett_err refuse_number(const struct place *place, const char *before,
                                   unsigned long number, const char *after)
{
    struct buf text;
    buf_init(&text, place->arena, 512);
    buf_printf(&text, "%s %lu%s%c", before, number, after, '\0');
    return place_fail(place, YETT_BAD_SYNTAX,
                      buf_err(&text) == YETT_OK ? text.ptr : before);
}

static enum yett_err check_file(const struct place *place, const struct stat *stat)
{
    if (!S_ISREG(stat->st_mode)) {
        return place_fail(place, YETT_BAD_SYNTAX, "is no regular file");
    }
    if ((stat->st_mode & (S_IRWXO | S_IWGRP)) != 0) {
        return refuse_mode(place, stat->st_mode);
    }
    if (!place->is_given && !trust_user(stat->st_uid)) {
        return refuse_number(place, "belongs to user", stat->st_uid,
                             ", who may have put it there: it must be root's, yours, or "
                             "the keepers' (chown it)");
    }
    if (!place->is_given && (stat->st_mode & S_IRGRP) != 0 &&
        !trust_group(stat->st_gid)) {
        return refuse_number(place, "can be read by group", stat->st_gid,
                             ": chmod 600 it, or give it to the group of root or of the "
                             "keepers (chgrp)");
    }
    if (stat->st_size > KEYS_FILE_MAX) {
        return place_fail(place, YETT_LIMIT, "is larger than a key can be (64 KiB)");
    }
    return YETT_OK;
}

/* One octet more than allowed tells of a file that grew. */
static enum yett_err read_all(const struct place *place, int fd, char *into, size_t *have)
{
    while (*have <= KEYS_FILE_MAX) {
        ssize_t got = read(fd, into + *have, KEYS_FILE_MAX + 1 - *have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return place_fail_errno(place, "cannot be read");
        }
        if (got == 0) {
            break;
        }
        *have += (size_t)got;
    }
    if (*have > KEYS_FILE_MAX) {
        return place_fail(place, YETT_LIMIT, "is larger than a key can be (64 KiB)");
    }
    return *have > 0 ? YETT_OK : place_fail(place, YETT_BAD_SYNTAX, "is empty");
}

static enum yett_err read_file(const struct place *place, int fd, slice *out)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return place_fail_errno(place, "cannot be looked at");
    }
    enum yett_err err = check_file(place, &stat);
    if (err != YETT_OK) {
        return err;
    }
    char *room = arena_alloc(place->arena, KEYS_FILE_MAX + 2);
    if (room == NULL) {
        return place_fail(place, YETT_NO_MEMORY, "there is no memory left to read it");
    }
    size_t have = 0;
    err = read_all(place, fd, room, &have);
    if (err != YETT_OK) {
        keys_wipe(slice_of(room, have));
        return err;
    }
    room[have] = '\0';
    *out = slice_of(room, have);
    return YETT_OK;
}

static enum yett_err read_at(struct place *place, slice *out)
{
    enum yett_err err;
    int fd = openat(place->directory, place->name,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        err = read_file(place, fd, out);
        (void)close(fd);
    } else if (errno == ELOOP) {
        err = place_fail(place, YETT_BAD_SYNTAX,
                         "is a symbolic link; name the file that it leads to");
    } else if (errno == ENOENT) {
        err = place_fail(place, YETT_NOT_FOUND, "no such file");
    } else {
        err = place_fail_errno(place, "cannot be opened");
    }
    place_close(place);
    return err;
}

enum yett_err keys_read(struct arena *arena, const char *path, slice *out, slice *why)
{
    struct place place;
    enum yett_err err = place_open(&place, arena, path, why);
    return err == YETT_OK ? read_at(&place, out) : err;
}

enum yett_err keys_read_given(struct arena *arena, const char *path, slice *out,
                              slice *why)
{
    struct place place;
    enum yett_err err = place_open_given(&place, arena, path, why);
    return err == YETT_OK ? read_at(&place, out) : err;
}
