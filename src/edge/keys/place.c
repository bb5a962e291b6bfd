/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keys/place.h"

#include "core/base/buf.h"
#include "edge/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

/* Nobody else may put files there, or take another's away. */
static enum yett_err enter(struct place *place, const char *directory, int how,
                           const char *trouble)
{
    place->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | how);
    if (place->directory < 0 && errno == ENOENT && !place->is_directory) {
        return place_fail(place, YETT_NOT_FOUND,
                          "no such file; its directory is not there either");
    }
    if (place->directory < 0) {
        return errno == ENOTDIR || errno == ELOOP
                   ? place_fail(place, YETT_BAD_SYNTAX,
                                place->is_directory ? "is no directory"
                                                    : "lies in what is no directory")
                   : place_fail_errno(place, trouble);
    }
    enum yett_err err =
        place->is_given ? YETT_OK : trust_check(place, slice_from_text(directory));
    if (err != YETT_OK) {
        place_close(place);
    }
    return err;
}

/* The directory of its path. */
static enum yett_err enter_above(struct place *place, struct arena *arena,
                                 const char *path, bool is_given, slice *why)
{
    char directory[KEYS_PATH_MAX];

    *place = (struct place){.arena = arena,
                            .path = path,
                            .name = path,
                            .directory = -1,
                            .is_given = is_given,
                            .why = why};
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
    return enter(place, directory, 0, "its directory cannot be opened");
}

enum yett_err place_open(struct place *place, struct arena *arena, const char *path,
                         slice *why)
{
    return enter_above(place, arena, path, false, why);
}

enum yett_err place_open_given(struct place *place, struct arena *arena, const char *path,
                               slice *why)
{
    return enter_above(place, arena, path, true, why);
}

enum yett_err place_open_directory(struct place *place, struct arena *arena,
                                   const char *path, slice *why)
{
    *place = (struct place){.arena = arena,
                            .path = path,
                            .name = path,
                            .directory = -1,
                            .is_directory = true,
                            .why = why};
    return enter(place, path, O_NOFOLLOW, "cannot be opened");
}

void place_close(struct place *place)
{
    if (place->directory >= 0) {
        (void)close(place->directory);
        place->directory = -1;
    }
}
