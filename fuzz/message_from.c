/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/domain/domain.h"
#include "core/message/message.h"

#include <assert.h>

/*
 * Addresses: what the author parser accepts, the whole grammar accepts with the same
 * mailboxes; a mailbox written anew reads the same; what is shown is UTF-8.
 */
enum { ARENA_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct arena *arena, const struct message_mailbox *mailbox)
{
    struct buf buf;
    slice local, domain;
    buf_init(&buf, arena, ARENA_BYTES);
    buf_add_text(&buf, "\"");
    for (size_t i = 0; i < mailbox->local_part.len; i++) {
        char c = mailbox->local_part.ptr[i];
        buf_add_text(&buf, c == '"' || c == '\\' ? "\\" : "");
        buf_add_byte(&buf, c);
    }
    buf_add_text(&buf, "\"@");
    buf_add(&buf, mailbox->domain);
    if (!slice_has_byte(mailbox->local_part, '\t')) {
        assert(message_parse_path(arena, buf_slice(&buf), &local, &domain) == YETT_OK);
        assert(slice_eq(local, mailbox->local_part));
        assert(slice_eq(domain, mailbox->domain));
    }
    assert(domain_normalize(arena, mailbox->domain, &domain) == YETT_OK);
    assert(slice_eq(domain, mailbox->domain));
    assert(utf8_is_valid(mailbox->display_name));
}

static void check_author(struct arena *arena, slice value)
{
    struct message_header header;
    struct message_from from;
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    assert(parser != NULL);
    assert(message_parser_add_field(parser, SLICE("From"), value) == YETT_OK);
    assert(message_parser_finish(parser, &header) == YETT_OK);
    assert(message_read_from(arena, &header, &from) == YETT_OK);
    assert(from.offset <= header.fields[0].value.len);
    for (size_t i = 0; i < from.count; i++) {
        check_again(arena, &from.mailboxes[i]);
    }
    if (from.status != MESSAGE_FROM_OK) {
        assert(from.reason.len != 0);
        return;
    }
    const struct message_mailbox *list;
    size_t count, bad_at;
    const char *why;
    assert(message_parse_addresses(arena, header.fields[0].value, &list, &count, &bad_at,
                                   &why) == YETT_OK);
    assert(count == from.count && from.domain_count == 1);
    for (size_t i = 0; i < count; i++) {
        assert(slice_eq(list[i].domain, from.domains[0]));
        assert(slice_eq(list[i].local_part, from.mailboxes[i].local_part));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice value = slice_of((const char *)data, size);
    slice shown, local, domain;
    struct arena *arena = arena_new(ARENA_BYTES);
    assert(arena != NULL);
    check_author(arena, value);
    assert(message_display_text(arena, value, &shown) == YETT_OK);
    assert(utf8_is_valid(shown));
    enum yett_err err = message_parse_path(arena, value, &local, &domain);
    assert(err == YETT_OK || err == YETT_BAD_SYNTAX);
    arena_free(arena);
    return 0;
}
