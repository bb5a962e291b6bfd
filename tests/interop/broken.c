/* SPDX-License-Identifier: BSD-2-Clause */
/* What core/dkim says becomes of the lines of a message: standard input to standard output. */
#include "core/dkim/dkim.h"

#include <stdio.h>

static void print(void *context, slice bytes)
{
    (void)context;
    fwrite(bytes.ptr, 1, bytes.len, stdout);
}

int main(void)
{
    char piece[333]; /* pieces that fit nothing */
    struct dkim_breaker breaker;
    size_t got = 0;
    dkim_breaker_init(&breaker, DKIM_LINE_OCTETS, (struct dkim_sink){.write = print});
    while ((got = fread(piece, 1, sizeof(piece), stdin)) != 0) {
        dkim_breaker_feed(&breaker, slice_of(piece, got));
    }
    dkim_breaker_finish(&breaker);
    return fflush(stdout) != 0;
}
