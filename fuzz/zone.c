/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/zone.h"

#include "core/base/ascii.h"
#include "core/base/buf.h"

#include <assert.h>

/*
 * Zone text.  An error names a line of the text, one further down when a line is put in
 * front; line ends do not matter; every word of the text can be asked for and gets the same
 * answer each time, through CNAMEs the one that their end gives.
 */

enum { ARENA_BYTES = 16 * 1024 * 1024, WORDS_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct dns_answer *find(struct zone *zone, enum dns_type type, slice name)
{
    return zone_find(zone, (struct dns_question){type, name});
}

static void check_answer(struct zone *zone, enum dns_type type, slice name)
{
    const struct dns_answer *answer = find(zone, type, name);

    assert(answer != NULL && answer == find(zone, type, name));
    assert((answer->status == DNS_FOUND) == (answer->count != 0));
    assert(answer->alias_count <= 16);
    if (answer->status == DNS_FOUND && answer->alias_count != 0) {
        slice last = answer->aliases[answer->alias_count - 1];
        const struct dns_answer *direct = find(zone, type, last);
        assert(direct->status == DNS_FOUND && direct->records == answer->records);
        assert(direct->alias_count == 0 && direct->ttl_s >= answer->ttl_s);
    }
}

static void ask_for_words(struct arena *arena, struct zone *zone, slice text)
{
    static const enum dns_type types[] = {DNS_A,  DNS_CNAME, DNS_PTR,
                                          DNS_MX, DNS_TXT,   DNS_AAAA};
    for (size_t words = 0; text.len != 0 && words < WORDS_MAX; words++) {
        size_t length = 0;
        slice name;
        while (length < text.len && !ascii_is_fws(text.ptr[length])) {
            length++;
        }
        if (dns_name_normalize(arena, slice_first(text, length), &name) == YETT_OK) {
            for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                check_answer(zone, types[i], name);
            }
        }
        text = slice_skip(text, length + 1);
    }
}

static enum yett_err parse_again(slice text, struct zone_error *error)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct zone *zone = NULL;
    enum yett_err err = zone_parse(arena, text, &zone, error);
    arena_free(arena);
    return err;
}

static void check_variants(struct arena *arena, slice text, enum yett_err err,
                           size_t line)
{
    struct zone_error error = {0};
    struct buf variant;

    buf_init(&variant, arena, 2 * text.len + 16);
    buf_add(&variant, SLICE("; x\n"));
    buf_add(&variant, text);
    assert(parse_again(buf_slice(&variant), &error) == err);
    assert(err == YETT_OK || error.line == line + 1);

    if (slice_has_byte(text, '\r')) {
        return;
    }
    buf_truncate(&variant, 0);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            buf_add_byte(&variant, '\r');
        }
        buf_add_byte(&variant, text.ptr[i]);
    }
    assert(parse_again(buf_slice(&variant), &error) == err);
    assert(err == YETT_OK || error.line == line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    slice text = slice_of((const char *)data, size);
    struct zone *zone = NULL;
    struct zone_error error = {0};

    enum yett_err err = zone_parse(arena, text, &zone, &error);
    if (err == YETT_OK) {
        ask_for_words(arena, zone, text);
        check_variants(arena, text, err, 0);
    } else if (err == YETT_BAD_SYNTAX) {
        assert(error.line >= 1 && error.line <= slice_count_byte(text, '\n') + 1);
        assert(error.why.len != 0 && !slice_has_byte(error.why, '\n'));
        check_variants(arena, text, err, error.line);
    }
    zone_finish(zone);
    arena_free(arena);
    return 0;
}
