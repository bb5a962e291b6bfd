/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dmarc/dmarc.h"

#include <assert.h>
#include <stdlib.h>

/*
 * A policy record under both standards.  Whatever it holds: notes point into it, addresses
 * are parts of it, an unusable policy asks for nothing, and a separator at the end or an
 * unknown tag changes nothing.
 */
enum { ARENA_BYTES = 8 * 1024 * 1024, INPUT_MAX = 16 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_uris(slice text, const slice *uris, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert(slice_offset(text, uris[i]) + uris[i].len <= text.len);
        assert(uris[i].len != 0 && !slice_has_byte(uris[i], ','));
        assert(!slice_has_byte(uris[i], '!'));
    }
}

static void check_record(const struct dmarc_record *record, slice text)
{
    for (size_t i = 0; i < record->note_count; i++) {
        assert(record->notes[i].offset <= text.len);
        assert(record->notes[i].text.len != 0);
    }
    check_uris(text, record->rua, record->rua_count);
    check_uris(text, record->ruf, record->ruf_count);
    assert(!record->falls_to_none || (!record->unusable && record->rua_count != 0));
    assert(record->has_p || record->falls_to_none || record->unusable);
    if (record->falls_to_none || record->unusable) {
        assert(record->p == DMARC_POLICY_NONE && record->sp == DMARC_POLICY_NONE &&
               record->np == DMARC_POLICY_NONE);
    }
    assert(record->pct <= 100 && record->failure_options != 0);
}

static struct dmarc_record parse(struct arena *arena, slice text,
                                 enum dmarc_standard standard)
{
    struct dmarc_record record;
    assert(dmarc_is_record(text, standard));
    enum yett_err err = dmarc_parse_record(arena, text, standard, &record);
    assert(err == YETT_OK);
    check_record(&record, text);
    return record;
}

static void check_same(const struct dmarc_record *a, const struct dmarc_record *b)
{
    assert(a->p == b->p && a->sp == b->sp && a->np == b->np && a->psd == b->psd);
    assert(a->testing == b->testing && a->pct == b->pct);
    assert(a->strict_dkim == b->strict_dkim && a->strict_spf == b->strict_spf);
    assert(a->failure_options == b->failure_options && a->unusable == b->unusable);
    assert(a->rua_count == b->rua_count && a->ruf_count == b->ruf_count);
}

static void check_text(struct arena *arena, slice text, enum dmarc_standard standard)
{
    if (!dmarc_is_record(text, standard)) {
        return;
    }
    struct dmarc_record record = parse(arena, text, standard);
    struct buf longer;
    buf_init(&longer, arena, INPUT_MAX + 16);
    buf_add(&longer, text);
    buf_add_text(&longer, ";unknown=1;");
    assert(buf_err(&longer) == YETT_OK);
    struct dmarc_record again = parse(arena, buf_slice(&longer), standard);
    check_same(&record, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    char *copy = malloc(size == 0 ? 1 : size); /* its end is known to the sanitizer */
    if (arena != NULL && copy != NULL && size <= INPUT_MAX) {
        memcpy(copy, data, size);
        check_text(arena, slice_of(copy, size), DMARC_RFC9989);
        check_text(arena, slice_of(copy, size), DMARC_RFC7489);
    }
    free(copy);
    arena_free(arena);
    return 0;
}
