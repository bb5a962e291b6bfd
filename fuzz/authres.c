/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"

#include "core/authres/field.h"
#include "core/base/ascii.h"
#include "core/domain/domain.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was written is one field, and reads. */
static slice written(struct arena *arena, const struct authres *authres)
{
    struct buf buf;
    size_t longest;
    buf_init(&buf, arena, 4 << 20);
    authres_write(&buf, authres);
    if (buf_err(&buf) != YETT_OK) {
        return SLICE_NONE;
    }
    assert(field_fault(buf_slice(&buf), &longest) == NULL);
    return slice_skip(buf_slice(&buf), sizeof("Authentication-Results:") - 1);
}

static bool same_property(const struct authres_property *a,
                          const struct authres_property *b)
{
    return slice_eq(a->type, b->type) && slice_eq(a->property, b->property) &&
           slice_eq(a->value, b->value);
}

static void check_same(const struct authres *a, const struct authres *b)
{
    assert(slice_eq(a->authserv_id, b->authserv_id));
    assert(a->has_version == b->has_version && a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct authres_result *x = &a->results[i];
        const struct authres_result *y = &b->results[i];
        assert(slice_eq(x->method, y->method) && slice_eq(x->result, y->result));
        assert(slice_eq(x->reason, y->reason) && slice_eq(x->comment, y->comment));
        assert(x->property_count == y->property_count);
        for (size_t at = 0; at < x->property_count; at++) {
            assert(same_property(&x->properties[at], &y->properties[at]));
        }
    }
}

/* Nothing that the writer would change: only ASCII, short keywords, all of it short. */
static bool is_tame(slice value)
{
    size_t word = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_printable(value.ptr[i])) {
            return false;
        }
        word = ascii_is_alnum(value.ptr[i]) || value.ptr[i] == '-' ? word + 1 : 0;
        if (word >= 40) {
            return false;
        }
    }
    return value.len < 400;
}

static void check_round_trip(struct arena *arena, slice value,
                             const struct authres *first)
{
    struct authres second;
    struct authres third;
    struct authres_error error = {0};
    slice text = written(arena, first);
    if (text.ptr == NULL || authres_parse(arena, text, &second, &error) != YETT_OK) {
        assert(text.ptr == NULL || error.why == NULL); /* out of memory */
        return;
    }
    if (is_tame(value)) {
        check_same(first, &second);
    }
    slice again = written(arena, &second);
    if (again.ptr != NULL && authres_parse(arena, again, &third, &error) == YETT_OK) {
        check_same(&second, &third);
    }
}

/* Whatever a struct holds, what comes out is a field with as many results. */
static void check_hostile(struct arena *arena, slice data)
{
    slice parts[8] = {{0}};
    for (size_t i = 0; i < 8; i++) {
        if (!slice_next_piece(&data, '\x1e', &parts[i])) {
            break;
        }
    }
    struct authres_property property = {parts[0], parts[1], parts[2]};
    struct authres_result results[] = {
        {.method = parts[3],
         .method_version = 1,
         .result = parts[4],
         .reason = parts[5],
         .comment = parts[6],
         .properties = &property,
         .property_count = 1},
        {.method = SLICE("spf"), .method_version = 1, .result = SLICE("none")},
    };
    struct authres authres = {
        .authserv_id = parts[7], .version = 1, .results = results, .count = 2};
    struct authres_error error = {0};
    struct authres back;
    slice text = written(arena, &authres);
    if (text.ptr != NULL && authres_parse(arena, text, &back, &error) == YETT_OK) {
        assert(back.count == 2 && slice_eq(back.results[1].method, SLICE("spf")));
        /* Our own field is recognised as such, unless its name is one that is odd. */
        if (parts[7].len != 0 && slice_eq(back.authserv_id, parts[7])) {
            assert(authres_is_forged(text, parts[7]));
        }
    } else {
        assert(error.why == NULL);
    }
    struct authres_received_spf spf = {parts[0], parts[1], parts[2], parts[3], parts[4],
                                       parts[5], parts[6], parts[7], parts[0]};
    struct buf buf;
    size_t longest;
    buf_init(&buf, arena, 4 << 20);
    authres_write_received_spf(&buf, &spf);
    assert(buf_err(&buf) != YETT_OK || field_fault(buf_slice(&buf), &longest) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const slice ours = SLICE_INIT("mx.example.com");
    slice value = slice_of((const char *)data, size);
    struct arena *arena = arena_new(32 << 20);
    struct authres first;
    struct authres_error error = {0};
    enum yett_err err = authres_parse(arena, value, &first, &error);
    bool forged = authres_is_forged(value, ours);

    if (err == YETT_OK) {
        assert(forged || !domain_eq(first.authserv_id, ours));
        assert(authres_is_forged(value, first.authserv_id));
        check_round_trip(arena, value, &first);
    } else if (err == YETT_BAD_SYNTAX) {
        assert(error.why != NULL && error.offset <= size);
        assert(error.offset != 0 || forged);
    }
    check_hostile(arena, value);
    arena_free(arena);
    return 0;
}
