/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
#include "support/dkim_naive.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The canonical body is the one that the rules of RFC 6376 give, read one after the other,
 * and does not depend on where the body is cut.  The first eight octets say where.
 */
static void collect(void *context, slice bytes)
{
    naive_add(context, bytes.ptr, bytes.len);
}

static struct naive_text canonical(enum dkim_canon canon, slice body, uint64_t cuts)
{
    struct naive_text out = {NULL, 0};
    struct dkim_body_canon state;
    size_t from = 0;
    naive_add(&out, "", 0);
    dkim_body_canon_init(&state, canon,
                         (struct dkim_sink){.write = collect, .context = &out});
    for (size_t at = 1; at <= body.len; at++) {
        if (at == body.len || (cuts >> (at % 64) & 1) != 0) {
            dkim_body_canon_feed(&state, slice_between(body, from, at));
            from = at;
        }
    }
    dkim_body_canon_finish(&state);
    return out;
}

static void compare(enum dkim_canon canon, slice body, uint64_t cuts)
{
    struct naive_text expected = naive_body(canon == DKIM_RELAXED, body.ptr, body.len);
    struct naive_text found = canonical(canon, body, cuts);
    assert(
        slice_eq(slice_of(found.ptr, found.len), slice_of(expected.ptr, expected.len)));
    free(found.ptr);
    free(expected.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t cuts;
    if (size < sizeof(cuts)) {
        return 0;
    }
    memcpy(&cuts, data, sizeof(cuts));
    slice body = slice_of((const char *)data + sizeof(cuts), size - sizeof(cuts));
    for (int canon = 0; canon < 2; canon++) {
        compare((enum dkim_canon)canon, body, 0);
        compare((enum dkim_canon)canon, body, cuts);
    }
    return 0;
}
