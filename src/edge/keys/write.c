/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/keys/keys.h"
#include "edge/keys/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0600, DIRECTORY_MODE = 0700, NAME_SIZE = 300 };

static bool write_all(int fd, slice octets)
{
    while (octets.len > 0) {
        ssize_t put = write(fd, octets.ptr, octets.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return false;
        }
        octets = slice_skip(octets, (size_t)put);
    }
    return true;
}

/* A file that nobody knows yet, whole and on the disk. */
static enum yett_err write_draft(const struct place *place, const char *draft,
                                 slice octets)
{
    int fd = openat(place->directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    FILE_MODE);
    if (fd < 0) {
        return place_fail_errno(place, "cannot be written");
    }
    /* The umask took permissions away; not those of the owner, we hope: then say so here. */
    bool written = fchmod(fd, FILE_MODE) == 0 && write_all(fd, octets) && fsync(fd) == 0;
    enum yett_err err = written ? YETT_OK : place_fail_errno(place, "cannot be written");
    (void)close(fd);
    if (err != YETT_OK) {
        (void)unlinkat(place->directory, draft, 0);
    }
    return err;
}

static enum yett_err name_draft(const struct place *place, char draft[NAME_SIZE])
{
    int length = snprintf(draft, NAME_SIZE, ".%s.%ld", place->name, (long)getpid());
    if (length < 0 || length >= NAME_SIZE) {
        return place_fail(place, YETT_LIMIT, "the name is too long");
    }
    /* What a process of the same number left when it was killed. */
    (void)unlinkat(place->directory, draft, 0);
    return YETT_OK;
}

/* In one step, so that a file never has two names, one of which would be left over; and in two
   where the file system knows no such step. */
static bool rename_new(const struct place *place, const char *draft)
{
    int directory = place->directory;
    if (renameat2(directory, draft, directory, place->name, RENAME_NOREPLACE) == 0) {
        return true;
    }
    return (errno == EINVAL || errno == ENOSYS) &&
           linkat(directory, draft, directory, place->name, 0) == 0;
}

static enum yett_err give_name(const struct place *place, const char *draft, bool replace)
{
    if (replace) {
        if (renameat(place->directory, draft, place->directory, place->name) != 0) {
            return place_fail_errno(place, "cannot be replaced");
        }
    } else if (!rename_new(place, draft)) {
        return errno == EEXIST
                   ? place_fail(place, YETT_BAD_SYNTAX,
                                "there is a file already, and it is not written over")
                   : place_fail_errno(place, "cannot be written");
    }
    return fsync(place->directory) == 0
               ? YETT_OK
               : place_fail_errno(place, "its directory cannot be synced");
}

static enum yett_err put(struct arena *arena, const char *path, slice octets,
                         bool replace, slice *why)
{
    char draft[NAME_SIZE];
    struct place place;
    enum yett_err err = place_open(&place, arena, path, why);
    if (err != YETT_OK) {
        return err;
    }
    err = name_draft(&place, draft);
    if (err == YETT_OK) {
        err = write_draft(&place, draft, octets);
    }
    if (err == YETT_OK) {
        err = give_name(&place, draft, replace);
        (void)unlinkat(place.directory, draft, 0);
    }
    place_close(&place);
    return err;
}

enum yett_err keys_write(struct arena *arena, const char *path, slice octets, slice *why)
{
    return put(arena, path, octets, false, why);
}

enum yett_err keys_replace(struct arena *arena, const char *path, slice octets,
                           slice *why)
{
    return put(arena, path, octets, true, why);
}

/* Without slashes at the end, which hide the last name. */
static enum yett_err trim(struct arena *arena, const char *path, const char **out)
{
    slice text = slice_from_text(path);
    struct buf buf;
    while (text.len > 1 && slice_ends_with(text, SLICE("/"))) {
        text = slice_first(text, text.len - 1);
    }
    buf_init(&buf, arena, KEYS_PATH_MAX);
    buf_add(&buf, text);
    buf_add_byte(&buf, '\0');
    *out = buf.ptr;
    return buf_err(&buf);
}

enum yett_err keys_make_directory(struct arena *arena, const char *path, slice *why)
{
    struct place place = {.directory = -1};
    struct stat stat;
    const char *trimmed = path;
    enum yett_err err = trim(arena, path, &trimmed);
    if (err != YETT_OK) {
        return err;
    }
    if (lstat(trimmed, &stat) == 0) {
        *why = keys_sentence(arena, path, "is in the place of a directory, and is none");
        return S_ISDIR(stat.st_mode) ? YETT_OK : YETT_BAD_SYNTAX;
    }
    err = place_open(&place, arena, trimmed, why);
    if (err == YETT_NOT_FOUND) {
        *why = keys_sentence(arena, path,
                             "cannot be made: the directory above it is missing");
    }
    if (err == YETT_OK && mkdirat(place.directory, place.name, DIRECTORY_MODE) != 0 &&
        errno != EEXIST) {
        err = place_fail_errno(&place, "cannot be made");
    }
    place_close(&place);
    return err;
}

enum yett_err keys_check_directory(struct arena *arena, const char *path, slice *why)
{
    struct place place;
    const char *trimmed = path;
    enum yett_err err = trim(arena, path, &trimmed);
    if (err == YETT_OK) {
        err = place_open_directory(&place, arena, trimmed, why);
        place_close(&place);
    }
    return err;
}

/* ---- what was left ---------------------------------------------------------------------- */

/* ".NAME.NUMBER" */
static bool is_draft(slice name)
{
    size_t dot = slice_find_last_byte(name, '.');
    slice number = slice_skip(name, dot < name.len ? dot + 1 : name.len);
    bool is_number = dot > 1 && number.len > 0;
    for (size_t i = 0; i < number.len; i++) {
        is_number = is_number && number.ptr[i] >= '0' && number.ptr[i] <= '9';
    }
    return is_number && slice_starts_with(name, SLICE("."));
}

void keys_sweep(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        slice name = slice_from_text(entry->d_name);
        slice whole = slice_first(name, slice_find_last_byte(name, '.'));
        if (is_draft(name) && (slice_ends_with(whole, KEYS_SUFFIX) ||
                               slice_eq(slice_skip(whole, 1), KEYS_STATE))) {
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
}
