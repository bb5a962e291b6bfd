/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CORE_UPDATE_CASE_H
#define TESTS_CORE_UPDATE_CASE_H

#include "core/crypto/hex.h"
#include "core/update/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* What the tests of updates begin with. */
static struct arena *arena;

static inline int begin(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return arena == NULL;
}

static inline int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static inline slice octets(const char *hex)
{
    size_t size = strlen(hex) / 2 + 1;
    void *room = arena_alloc(arena, size);
    assert_non_null(room);
    return hex_octets(hex, room, size);
}

/* A value with the text in one string or more. */
static inline slice value_of(const char *text)
{
    slice value = SLICE_NONE;
    assert_int_equal(update_value(arena, slice_from_text(text), &value), YETT_OK);
    return value;
}

/* Up to three texts as an RRset; NULL for the rest. */
static inline struct update_rrset rrset_of(uint32_t ttl_s, const char *first,
                                           const char *second, const char *third)
{
    const char *texts[] = {first, second, third};
    slice *values = ARENA_ARRAY(arena, 3, slice);
    struct update_rrset rrset = {.values = values, .ttl_s = ttl_s};
    assert_non_null(values);
    for (size_t i = 0; i < 3 && texts[i] != NULL; i++) {
        values[rrset.count++] = value_of(texts[i]);
    }
    return rrset;
}

/* What add_message of vectors.h does. */
static inline struct update_change addition(void)
{
    return (struct update_change){
        .zone = SLICE("example.com"),
        .name = SLICE("s1._domainkey.example.com"),
        .after = rrset_of(3600, "v=DKIM1; p=new", NULL, NULL),
    };
}

static inline slice written(const struct update_change *change, uint16_t id)
{
    const char *why = NULL;
    slice message = SLICE_NONE;
    enum yett_err err = update_write(arena, change, id, &message, &why);
    if (err != YETT_OK) {
        fail_msg("not written: %s", why == NULL ? yett_err_text(err) : why);
    }
    return message;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
