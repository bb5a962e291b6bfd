/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/scoreboard.h"

#include "edge/scoreboard/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A generation may be of a newer program than the supervisor that started it: what the
   shared memory looks like must be the same, or the worker has to refuse it.  Count the
   version up with every change to `struct shared`, the counters' order included. */
enum { VERSION = 4 };
static const uint64_t magic = 0x796574742d626f61; /* "yett-boa" */

static const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

/* Newer than the C library's headers (Linux 6.3).  An older kernel refuses the bit. */
static const unsigned mfd_noexec_seal = 8U;

static int memory_new(void)
{
    int fd = memfd_create("yett-scoreboard", MFD_CLOEXEC | mfd_noexec_seal);
    if (fd >= 0 || errno != EINVAL) {
        return fd;
    }
    return memfd_create("yett-scoreboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static struct scoreboard *map(int fd)
{
    struct scoreboard *board = calloc(1, sizeof(*board));
    if (board == NULL) {
        return NULL;
    }
    void *memory =
        mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        free(board);
        return NULL;
    }
    board->shared = memory;
    return board;
}

/* Nothing of it is seen by another before the descriptor is handed on. */
static bool fill(struct scoreboard *board)
{
    ssize_t got = getrandom(board->key, sizeof(board->key), 0);
    if (got != (ssize_t)sizeof(board->key)) {
        return false;
    }
    memcpy(board->shared->key, board->key, sizeof(board->key));
    board->shared->version = VERSION;
    board->shared->size = sizeof(struct shared);
    board->shared->magic = magic;
    return true;
}

static struct scoreboard *create_in(int fd)
{
    if (ftruncate(fd, (off_t)sizeof(struct shared)) != 0 ||
        fcntl(fd, F_ADD_SEALS, seals) != 0) {
        return NULL;
    }
    struct scoreboard *board = map(fd);
    if (board != NULL && !fill(board)) {
        scoreboard_close(board);
        return NULL;
    }
    return board;
}

struct scoreboard *scoreboard_create(int *fd)
{
    int memory = memory_new();
    if (memory < 0) {
        return NULL;
    }
    struct scoreboard *board = create_in(memory);
    if (board == NULL) {
        int reason = errno;
        (void)close(memory);
        errno = reason;
        return NULL;
    }
    *fd = memory;
    return board;
}

/* Of our size for ever: reading beyond the end of a file that shrank is a SIGBUS. */
static bool is_ours(int fd)
{
    struct stat status;
    int found = fcntl(fd, F_GET_SEALS);
    return found >= 0 && (found & F_SEAL_SHRINK) != 0 && fstat(fd, &status) == 0 &&
           status.st_size == (off_t)sizeof(struct shared);
}

struct scoreboard *scoreboard_attach(int fd)
{
    if (!is_ours(fd)) {
        errno = EINVAL;
        return NULL;
    }
    struct scoreboard *board = map(fd);
    if (board == NULL) {
        return NULL;
    }
    const struct shared *shared = board->shared;
    if (shared->magic != magic || shared->version != VERSION ||
        shared->size != sizeof(struct shared)) {
        scoreboard_close(board);
        errno = EINVAL;
        return NULL;
    }
    memcpy(board->key, shared->key, sizeof(board->key));
    board->slots_used = SCOREBOARD_SLOTS; /* who is not the supervisor does not know */
    return board;
}

/* ---- confined to one slot -------------------------------------------------------------- */

/* Map the pages that hold `size` octets at `at` anew, in place. */
static bool map_again(const struct scoreboard *board, const void *at, size_t size,
                      int protection, int fd)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t offset = (size_t)((const char *)at - (const char *)board->shared);
    size_t before = page > 0 ? offset % (size_t)page : 0;
    char *start = (char *)board->shared + (offset - before);
    return mmap(start, size + before, protection, MAP_SHARED | MAP_FIXED, fd,
                (off_t)(offset - before)) != MAP_FAILED;
}

/* A descriptor of the same memory through which nothing is ever written: what is mapped with
   it cannot be made writable later. */
static int open_to_read(int fd)
{
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool scoreboard_confine(struct scoreboard *board, int fd, size_t slot,
                        bool notes_deferrals)
{
    struct shared *shared = board->shared;
    static const int both = PROT_READ | PROT_WRITE;
    if (slot >= SCOREBOARD_SLOTS) {
        errno = EINVAL;
        return false;
    }
    int to_read = open_to_read(fd);
    if (to_read < 0) {
        return false;
    }
    bool confined =
        map_again(board, shared, sizeof(*shared), PROT_READ, to_read) &&
        map_again(board, &shared->slots[slot], sizeof(shared->slots[slot]), both, fd) &&
        (!notes_deferrals || map_again(board, shared->deferral_sets,
                                       sizeof(shared->deferral_sets), both, fd));
    int reason = errno;
    (void)close(to_read);
    errno = reason;
    return confined;
}

void scoreboard_close(struct scoreboard *board)
{
    if (board == NULL) {
        return;
    }
    (void)munmap(board->shared, sizeof(struct shared));
    free(board);
}

const uint8_t *scoreboard_key(const struct scoreboard *board)
{
    return board->key;
}
