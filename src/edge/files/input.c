/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/input.h"

#include "core/base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SENTENCE_MAX = 8 * 1024 };

/* Words of our own, so that no locale decides them. */
static const struct errno_text {
    int number;
    const char *text;
} errno_texts[] = {
    {ENOENT,       "no such file"                           },
    {EACCES,       "permission denied"                      },
    {EPERM,        "not permitted"                          },
    {EISDIR,       "is a directory"                         },
    {ENOTDIR,      "a part of the path is no directory"     },
    {ELOOP,        "too many symbolic links"                },
    {ENAMETOOLONG, "the name is too long"                   },
    {EMFILE,       "too many files are open in this program"},
    {ENFILE,       "too many files are open in this system" },
    {ENOMEM,       "out of memory"                          },
    {EIO,          "input/output error"                     },
    {ESTALE,       "the file is gone from its server"       },
    {EBADF,        "is closed"                              },
};

const char *input_errno_text(int number)
{
    for (size_t i = 0; i < sizeof(errno_texts) / sizeof(errno_texts[0]); i++) {
        if (errno_texts[i].number == number) {
            return errno_texts[i].text;
        }
    }
    const char *text = strerrordesc_np(number);
    return text != NULL ? text : "an error that has no name";
}

slice input_sentence(struct arena *arena, slice name, const char *text)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add(&buf, name);
    buf_add_text(&buf, ": ");
    buf_add_text(&buf, text);
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE("out of memory");
}

slice input_shown(struct arena *arena, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return SLICE("standard input");
    }
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_visible(&buf, slice_from_text(path));
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE("(a long name)");
}

static enum yett_err system_refused(struct arena *arena, slice shown, slice *why)
{
    int number = errno;
    *why = input_sentence(arena, shown, input_errno_text(number));
    return number == ENOENT ? YETT_NOT_FOUND : YETT_IO;
}

/* False for what is neither file, FIFO nor directory. */
static bool kind_of(const struct stat *status, enum input_kind *out)
{
    if (S_ISREG(status->st_mode)) {
        *out = INPUT_FILE;
    } else if (S_ISFIFO(status->st_mode)) {
        *out = INPUT_PIPE;
    } else if (S_ISDIR(status->st_mode)) {
        *out = INPUT_DIRECTORY;
    } else {
        return false;
    }
    return true;
}

static const char *special_text(const struct stat *status)
{
    if (S_ISSOCK(status->st_mode)) {
        return "is a socket; only files, FIFOs and directories are read";
    }
    return "is a device; only files, FIFOs and directories are read";
}

/*
 * The kind is asked before the file is opened, because opening alone can wind a tape or
 * hang, and again afterwards, because it may have been changed for another meanwhile.
 */
static enum yett_err open_named(struct arena *arena, int dir_fd, const char *file,
                                struct input *input, slice *why)
{
    struct stat status;
    enum input_kind kind;

    if (fstatat(dir_fd, file, &status, 0) != 0) {
        return system_refused(arena, input->name, why);
    }
    if (!kind_of(&status, &kind)) {
        *why = input_sentence(arena, input->name, special_text(&status));
        return YETT_BAD_SYNTAX;
    }
    if (kind == INPUT_PIPE && dir_fd != AT_FDCWD) {
        *why = input_sentence(arena, input->name, "is a FIFO, not a file");
        return YETT_BAD_SYNTAX;
    }
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (kind == INPUT_PIPE ? 0 : O_NONBLOCK);
    int fd = openat(dir_fd, file, flags);
    if (fd < 0) {
        return system_refused(arena, input->name, why);
    }
    if (fstat(fd, &status) != 0 || !kind_of(&status, &input->kind) ||
        input->kind != kind) {
        *why = input_sentence(arena, input->name, "changed while it was opened");
        close(fd);
        return YETT_IO;
    }
    input->fd = fd;
    input->is_ours = true;
    input->size = kind == INPUT_FILE ? (uint64_t)status.st_size : 0;
    return YETT_OK;
}

/* Terminals, sockets and devices are fine here: somebody put them there. */
static enum yett_err open_standard_input(struct arena *arena, struct input *input,
                                         slice *why)
{
    struct stat status;
    if (fstat(STDIN_FILENO, &status) != 0) {
        return system_refused(arena, input->name, why);
    }
    if (!kind_of(&status, &input->kind)) {
        input->kind = INPUT_PIPE;
    }
    if (input->kind == INPUT_DIRECTORY) {
        *why = input_sentence(arena, input->name, "is a directory");
        return YETT_BAD_SYNTAX;
    }
    off_t at = input->kind == INPUT_FILE ? lseek(STDIN_FILENO, 0, SEEK_CUR) : -1;
    if (at >= 0 && at < status.st_size) {
        input->size = (uint64_t)(status.st_size - at);
    }
    input->fd = STDIN_FILENO;
    return YETT_OK;
}

enum yett_err input_open(struct arena *arena, int dir_fd, const char *file, slice shown,
                         struct input *out, slice *why)
{
    struct input input = {.name = shown, .fd = -1};
    enum yett_err err = dir_fd == AT_FDCWD && strcmp(file, "-") == 0
                            ? open_standard_input(arena, &input, why)
                            : open_named(arena, dir_fd, file, &input, why);
    if (err != YETT_OK) {
        return err;
    }
    if (input.kind != INPUT_DIRECTORY) {
        input.block = malloc(INPUT_BLOCK);
        if (input.block == NULL) {
            input_close(&input);
            *why = input_sentence(arena, shown, "out of memory");
            return YETT_NO_MEMORY;
        }
    }
    *out = input;
    return YETT_OK;
}

void input_close(struct input *input)
{
    if (input->is_ours) {
        close(input->fd);
    }
    free(input->block);
    *input = (struct input){.fd = -1};
}

/* read(2), again after a signal, and patient with a non-blocking standard input. */
static ssize_t read_some(int fd, char *to, size_t size)
{
    for (;;) {
        ssize_t count = read(fd, to, size);
        if (count >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return count;
        }
        if (errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLIN};
            (void)poll(&ready, 1, -1);
        }
    }
}

static enum yett_err read_failed(const struct input *input, struct arena *arena,
                                 slice *why)
{
    int number = errno;
    slice text =
        arena_printf(arena, "read error after %llu bytes: %s%c",
                     (unsigned long long)input->done, input_errno_text(number), '\0');
    *why = input_sentence(arena, input->name, text.ptr != NULL ? text.ptr : "read error");
    return YETT_IO;
}

enum yett_err input_fill(struct input *input, struct arena *arena, size_t count,
                         slice *why)
{
    assert(count <= INPUT_BLOCK && input->block != NULL);
    if (input->rest.len >= count || input->ended) {
        return YETT_OK;
    }
    if (input->rest.len != 0) {
        memmove(input->block, input->rest.ptr, input->rest.len);
    }
    size_t have = input->rest.len;
    while (have < count && !input->ended) {
        ssize_t got = read_some(input->fd, input->block + have, INPUT_BLOCK - have);
        if (got < 0) {
            input->ended = true;
            return read_failed(input, arena, why);
        }
        have += (size_t)got;
        input->done += (uint64_t)got;
        input->ended = got == 0;
        input->rest = slice_of(input->block, have);
    }
    if (input->ended && input->done < input->size) {
        *why = input_sentence(arena, input->name, "became shorter while it was read");
        return YETT_IO;
    }
    return YETT_OK;
}
