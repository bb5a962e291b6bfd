/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <assert.h>

/*
 * Received fields.  The input is read as it is, and as what a client might say of itself in a
 * field that Postfix, Sendmail or Exchange wrote: then no other client may be found in it.
 */
enum { ARENA_BYTES = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(slice value, slice part)
{
    assert(part.ptr == NULL || slice_offset(value, part) + part.len <= value.len);
}

static void check_helo(struct arena *arena, slice helo, const char *after)
{
    struct message_received received;
    struct ip expected;
    struct buf buf;
    buf_init(&buf, arena, ARENA_BYTES);
    buf_add_text(&buf, "from ");
    buf_add(&buf, helo);
    buf_add_text(&buf, after);
    if (message_parse_received(arena, buf_slice(&buf), &received) == YETT_OK) {
        assert(ip_parse(SLICE("192.0.2.7"), &expected) == YETT_OK);
        assert(ip_eq(received.client, expected));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice value = slice_of((const char *)data, size);
    struct message_received received;
    struct arena *arena = arena_new(ARENA_BYTES);
    assert(arena != NULL);
    if (message_parse_received(arena, value, &received) == YETT_OK) {
        assert(received.client.family != IP_NONE && received.by.len != 0);
        check_inside(value, received.by);
        check_inside(value, received.helo);
        check_inside(value, received.mail_from);
        check_inside(value, received.protocol);
    }
    check_helo(arena, value, " (rdns [192.0.2.7]) by mx (Postfix) with SMTP id 1; date");
    check_helo(arena, value,
               " ([192.0.2.7] (may be forged)) by mx (8.1/8.1) with SMTP; date");
    check_helo(arena, value,
               " (192.0.2.7) by mx (10.0.0.1) with Microsoft SMTP Server; date");
    arena_free(arena);
    return 0;
}
