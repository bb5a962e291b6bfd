/* SPDX-License-Identifier: BSD-2-Clause */
/* What core/dkim says becomes of the lines of a message: standard input to standard output. */
#include "core/signer/signer.h"

#include <stdio.h>

static void print(void *context, slice bytes)
{
    (void)context;
    fwrite(bytes.ptr, 1, bytes.len, stdout);
}

int main(void)
{
    char piece[333]; /* pieces that fit nothing */
    struct signer_breaker breaker;
    size_t got = 0;
    signer_breaker_init(&breaker, SIGNER_LINE_OCTETS, (struct dkim_sink){.write = print});
    while ((got = fread(piece, 1, sizeof(piece), stdin)) != 0) {
        signer_breaker_feed(&breaker, slice_of(piece, got));
    }
    signer_breaker_finish(&breaker);
    return fflush(stdout) != 0;
}
