/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Plain files of domains and of logins: each reading ends, moves on, and what was accepted is
   the same when it is written and read again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(struct arena *arena, const struct signing_domain_line *line)
{
    struct buf buf;
    struct signing_file file = {0};
    struct signing_domain_line again;
    slice why = SLICE_NONE;
    buf_init(&buf, arena, (size_t)1 << 20);
    buf_add(&buf, line->pattern);
    buf_add_text(&buf, " d=");
    buf_add(&buf, line->domain);
    for (size_t i = 0; i < line->key_count; i++) {
        buf_add_text(&buf, line->keys[i].seals ? " arc:" : " ");
        buf_add(&buf, line->keys[i].selector);
        buf_add_text(&buf, line->keys[i].path.len != 0 ? "=" : "");
        buf_add(&buf, line->keys[i].path);
    }
    file.rest = buf_slice(&buf);
    if (file.rest.len > SIGNING_LINE_MAX) {
        return; /* names grow when they get their ASCII form */
    }
    assert(signing_next_domain(arena, &file, &again, &why) == YETT_OK);
    assert(slice_eq(again.pattern, line->pattern));
    assert(slice_eq(again.domain, line->domain));
    assert(again.key_count == line->key_count);
    for (size_t i = 0; i < line->key_count; i++) {
        assert(slice_eq(again.keys[i].selector, line->keys[i].selector));
        assert(slice_eq(again.keys[i].path, line->keys[i].path));
        assert(again.keys[i].seals == line->keys[i].seals);
    }
}

static void read_domains(struct arena *arena, slice text)
{
    struct signing_file file = {.rest = text};
    struct signing_domain_line line;
    slice why = SLICE_NONE;
    enum yett_err err;
    size_t before = file.line;
    while ((err = signing_next_domain(arena, &file, &line, &why)) == YETT_OK) {
        assert(file.line > before);
        before = file.line;
        read_again(arena, &line);
    }
    assert(err == YETT_NOT_FOUND || err == YETT_NO_MEMORY || why.len != 0);
}

static void read_logins(struct arena *arena, slice text)
{
    struct signing_file file = {.rest = text};
    struct signing_login_line line;
    slice why = SLICE_NONE;
    enum yett_err err;
    while ((err = signing_next_login(arena, &file, &line, &why)) == YETT_OK) {
        assert(line.login.len != 0 && line.login.len <= SIGNING_LOGIN_MAX);
        for (size_t i = 0; i < line.pattern_count; i++) {
            assert(line.patterns[i].len != 0);
        }
    }
    assert(err == YETT_NOT_FOUND || err == YETT_NO_MEMORY || why.len != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    slice text = slice_of((const char *)data, size);
    if (arena == NULL) {
        abort();
    }
    read_domains(arena, text);
    read_logins(arena, text);
    arena_free(arena);
    return 0;
}
