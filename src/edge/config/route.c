/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/domain/domain.h"
#include "edge/config/given.h"

/* route: where mail goes: lists of recipients and of next hops. */

enum { HOST_OCTETS_MAX = 300 };

static bool is_local_part(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '@' || text.ptr[i] == '<' || text.ptr[i] == '*' ||
            ascii_is_wsp(text.ptr[i])) {
            return false;
        }
    }
    return text.len != 0;
}

/* "example.org", or "user@example.org": the domain in normal form. */
enum yett_err given_read_recipients(const struct given *given)
{
    static const char text[] = "is no recipient such as list@example.com, or example.com "
                               "for all its addresses";
    slice local = SLICE_NONE;
    slice domain = given->text;
    slice normal;
    struct buf buf;
    size_t at = slice_find_last_byte(given->text, '@');
    if (at < given->text.len) {
        local = slice_first(given->text, at);
        domain = slice_skip(given->text, at + 1);
        if (!is_local_part(local)) {
            return given_expected(given, text);
        }
    }
    enum yett_err err = domain_normalize(given->arena, domain, &normal);
    if (err != YETT_OK) {
        return err == YETT_BAD_SYNTAX ? given_expected(given, text) : err;
    }
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add(&buf, local);
    buf_add_text(&buf, local.len == 0 ? "" : "@");
    buf_add(&buf, normal);
    slice recipient = buf_slice(&buf);
    return buf_err(&buf) != YETT_OK
               ? YETT_NO_MEMORY
               : given_append(given, &recipient, sizeof(recipient),
                              "is one too many: a list holds 1000 recipients at most");
}

enum yett_err given_read_hosts(const struct given *given)
{
    slice host;
    bool is_visible = given->text.len != 0 && given->text.len <= HOST_OCTETS_MAX;
    for (size_t i = 0; is_visible && i < given->text.len; i++) {
        is_visible = ascii_is_vchar(given->text.ptr[i]);
    }
    if (!is_visible) {
        return given_expected(given, "is no next hop such as [mail.example.com]:25");
    }
    enum yett_err err = arena_copy(given->arena, given->text, &host);
    return err != YETT_OK
               ? err
               : given_append(given, &host, sizeof(host),
                              "is one too many: a list holds 1000 hosts at most");
}
