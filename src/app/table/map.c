/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/table/table.h"

#include <sys/mman.h>
#include <sys/stat.h>

/* map: the table as it lies in shared memory. */

enum yett_err table_map(struct arena *arena, int fd, const struct signing_table **out,
                        slice *why)
{
    const char *fault = "";
    struct stat stat;
    if (fstat(fd, &stat) != 0 || stat.st_size <= 0 || stat.st_size > SIGNING_TABLE_MAX) {
        *why = SLICE("there is no table of keys at descriptor 6");
        return YETT_BAD_SYNTAX;
    }
    void *octets = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
    enum yett_err err =
        octets == MAP_FAILED
            ? YETT_NO_MEMORY
            : signing_table_open(arena, slice_of(octets, (size_t)stat.st_size), out,
                                 &fault);
    if (err != YETT_OK) {
        *why = arena_printf(arena, "the table of keys cannot be used: %s",
                            err == YETT_NO_MEMORY ? "no memory" : fault);
    }
    return err;
}
