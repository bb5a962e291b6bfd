/* SPDX-License-Identifier: BSD-2-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * killer: put before a program (LD_PRELOAD), it ends it at once before the call of the number
 * KILLER_AT among those that change files.  KILLER_ERROR in its place: that call fails so (a
 * full disk is 28).
 */

static long number_of(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

/* True: the call is to fail with errno. */
static int is_disturbed(void)
{
    static long made;
    long error = number_of("KILLER_ERROR");
    if (++made != number_of("KILLER_AT")) {
        return 0;
    }
    if (error == 0) {
        __builtin_trap(); /* no atexit, no signal that anybody handles */
    }
    errno = (int)error;
    return 1;
}

/* The pragma: POSIX has functions come out of dlsym() so. */
#pragma GCC diagnostic ignored "-Wpedantic"
#define WRAP(result, name, parameters, arguments)                                        \
    __attribute__((visibility("default"))) result name parameters;                       \
    result name parameters                                                               \
    {                                                                                    \
        result(*real) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name);        \
        return is_disturbed() ? -1 : real arguments;                                     \
    }

WRAP(int, fsync, (int fd), (fd))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(int, linkat, (int from, const char *old, int to, const char *name, int flags),
     (from, old, to, name, flags))
WRAP(int, renameat, (int from, const char *old, int to, const char *name),
     (from, old, to, name))
WRAP(int, renameat2,
     (int from, const char *old, int to, const char *name, unsigned flags),
     (from, old, to, name, flags))
