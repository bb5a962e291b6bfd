/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keys/place.h"

#include "core/base/buf.h"
#include "edge/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum yett_err place_fail(const struct place *place, enum yett_err err, const char *fault)
{
    *place->why = keys_sentence(place->arena, place->path, fault);
    return err;
}

enum yett_err place_fail_errno(const struct place *place, const char *doing)
{
    enum yett_err err = errno == ENOENT ? YETT_NOT_FOUND : YETT_IO;
    struct buf text;
    buf_init(&text, place->arena, 512);
    buf_printf(&text, "%s: %s%c", doing, strerror(errno), '\0');
    return place_fail(place, err, buf_err(&text) == YETT_OK ? text.ptr : doing);
}

static enum yett_err refuse_place(const struct place *place, const struct stat *stat)
{
    struct buf text;
    buf_init(&text, place->arena, 512);
    buf_printf(&text,
               "its directory has mode %03o: others could put files there; take "
               "their permission to write (chmod go-w)%c",
               (unsigned)(stat->st_mode & 07777), '\0');
    return place_fail(place, YETT_BAD_SYNTAX,
                      buf_err(&text) == YETT_OK ? text.ptr : "others can write here");
}

/* Nobody else may put files there, or take another's away. */
static enum yett_err check_place(struct place *place)
{
    struct stat stat;
    if (fstat(place->directory, &stat) != 0) {
        return place_fail_errno(place, "its directory cannot be looked at");
    }
    place->directory_owner = stat.st_uid;
    bool others_write = (stat.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (others_write && (stat.st_mode & S_ISVTX) == 0) {
        return refuse_place(place, &stat);
    }
    return YETT_OK;
}

enum yett_err place_open(struct place *place, struct arena *arena, const char *path,
                         slice *why)
{
    char directory[KEYS_PATH_MAX];

    *place = (struct place){
        .arena = arena, .path = path, .name = path, .directory = -1, .why = why};
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    if (length >= sizeof directory) {
        return place_fail(place, YETT_LIMIT, "the path is too long");
    }
    if (slash == NULL) {
        memcpy(directory, ".", sizeof ".");
    } else {
        memcpy(directory, path, length);
        memcpy(directory + length, length == 0 ? "/" : "", length == 0 ? 2 : 1);
        place->name = slash + 1;
    }
    if (place->name[0] == '\0') {
        return place_fail(place, YETT_BAD_SYNTAX, "is a directory, not a file");
    }
    place->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->directory < 0) {
        return place_fail_errno(place, "its directory cannot be opened");
    }
    enum yett_err err = check_place(place);
    if (err != YETT_OK) {
        place_close(place);
    }
    return err;
}

void place_close(struct place *place)
{
    if (place->directory >= 0) {
        (void)close(place->directory);
        place->directory = -1;
    }
}
