/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/keys/keys.h"
#include "edge/keys/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * trust: who may own files of secrets and the directories above them.
 *
 * Whoever owns a directory can put another one in the place of what lies in it, and so on up
 * to the root: each of them must be of somebody who could take the keys anyway, and writable
 * for nobody else.  It is the real path that is walked up, by "..": what a symbolic link on
 * the way says does not matter.
 */

enum { DEPTH_MAX = 256, SENTENCE_MAX = 5 * KEYS_PATH_MAX };

/* Of the process as a whole, like its own user and group. */
static struct {
    bool is_known;
    uid_t uid;
    gid_t gid;
} keeper;

void keys_trust_keeper(uid_t uid, gid_t gid)
{
    keeper.is_known = true;
    keeper.uid = uid;
    keeper.gid = gid;
}

bool trust_user(uid_t uid)
{
    return uid == 0 || uid == geteuid() || (keeper.is_known && uid == keeper.uid);
}

bool trust_group(gid_t gid)
{
    return gid == 0 || gid == getegid() || (keeper.is_known && gid == keeper.gid);
}

/* Above, a group that is ours may write, as on systems where everybody has one of his own; and
   in a sticky directory nobody takes away what is another's, but he may add to it. */
static bool others_write(const struct place *place, const struct stat *stat,
                         unsigned level)
{
    mode_t bits = level > 0 && trust_group(stat->st_gid) ? S_IWOTH : S_IWGRP | S_IWOTH;
    bool may_be_sticky = level > 0 || !place->is_directory;
    return (stat->st_mode & bits) != 0 &&
           !(may_be_sticky && (stat->st_mode & S_ISVTX) != 0);
}

/* ---- sentences -------------------------------------------------------------------------- */

/* The directory as the path names it, `level` above the first: false where a link makes that
   another one. */
static bool find_name(slice directory, unsigned level, const struct stat *stat_of,
                      char name[KEYS_PATH_MAX])
{
    struct stat named;
    while (level-- > 0) {
        size_t slash = slice_find_last_byte(directory, '/');
        directory = slice_first(directory, slash < directory.len ? slash : 0);
    }
    directory = slice_is_empty(directory) ? SLICE("/") : directory;
    if (directory.len >= KEYS_PATH_MAX) {
        return false;
    }
    memcpy(name, directory.ptr, directory.len);
    name[directory.len] = '\0';
    return stat(name, &named) == 0 && named.st_dev == stat_of->st_dev &&
           named.st_ino == stat_of->st_ino;
}

static enum yett_err refuse(const struct place *place, slice directory, unsigned level,
                            const struct stat *stat)
{
    char name[KEYS_PATH_MAX];
    struct buf text;
    buf_init(&text, place->arena, SENTENCE_MAX);
    if (level == 0) {
        buf_add_text(&text, place->is_directory ? "it" : "its directory");
    } else if (find_name(directory, level, stat, name)) {
        buf_add_text(&text, "the directory ");
        buf_add_visible(&text, slice_from_text(name));
    } else {
        buf_add_text(&text, "a directory above it");
    }
    if (!trust_user(stat->st_uid)) {
        buf_printf(&text,
                   " belongs to user %lu, who could put other files there: it must be "
                   "root's, yours, or the keepers' (chown it)",
                   (unsigned long)stat->st_uid);
    } else {
        buf_printf(&text,
                   " has mode %03o: others could put files there; take their permission "
                   "to write (chmod go-w)",
                   (unsigned)(stat->st_mode & 07777));
    }
    buf_add_byte(&text, '\0');
    return place_fail(place, YETT_BAD_SYNTAX,
                      buf_err(&text) == YETT_OK ? text.ptr : "others can write here");
}

/* ---- the way up ------------------------------------------------------------------------- */

/* `*fd` goes up; false at the root. */
static bool go_up(int *fd, struct stat *at, enum yett_err *err, const struct place *place)
{
    struct stat above;
    int next = openat(*fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0 || fstat(next, &above) != 0) {
        *err = place_fail_errno(place, "a directory above it cannot be looked at");
    }
    bool is_root =
        *err == YETT_OK && above.st_dev == at->st_dev && above.st_ino == at->st_ino;
    (void)close(*fd);
    *fd = next;
    *at = above;
    return *err == YETT_OK && !is_root;
}

enum yett_err trust_check(const struct place *place, slice directory)
{
    struct stat at;
    enum yett_err err = YETT_OK;
    int fd = openat(place->directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &at) != 0) {
        err = place_fail_errno(place, "its directory cannot be looked at");
    }
    for (unsigned level = 0; err == YETT_OK; level++) {
        if (!trust_user(at.st_uid) || others_write(place, &at, level)) {
            err = refuse(place, directory, level, &at);
        } else if (level == DEPTH_MAX) {
            err = place_fail(place, YETT_LIMIT, "lies too deep");
        } else if (!go_up(&fd, &at, &err, place)) {
            break;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}
