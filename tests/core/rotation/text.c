/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rotation/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rotation rotation = {0}, again;
    struct rotation_settings settings = {.rsa = true, .expire_s = 100, .grace_s = 10};
    struct buf buf;
    size_t line;
    const char *why;
    assert_int_equal(rotation_add(&rotation, SLICE("old"), CRYPTO_RSA, 1000), YETT_OK);
    rotation_activate(&rotation, &settings, 2000);
    assert_int_equal(rotation_add(&rotation, SLICE("e.sub"), CRYPTO_ED25519, 3000),
                     YETT_OK);
    rotation_activate(&rotation, &settings, 4000);
    assert_int_equal(rotation_add(&rotation, SLICE("new"), CRYPTO_RSA, 5000), YETT_OK);
    buf_init(&buf, arena, 4096);
    rotation_write(&buf, &rotation);
    assert_int_equal(buf_err(&buf), YETT_OK);
    assert_true(slice_ends_with(buf_slice(&buf), SLICE("key old rsa retiring 4000 7710\n"
                                                       "key e.sub ed25519 active 4000\n"
                                                       "key new rsa pending 5000\n")));
    assert_int_equal(rotation_parse(arena, buf_slice(&buf), &again, &line, &why),
                     YETT_OK);
    assert_int_equal(again.count, 3);
    assert_int_equal(again.seen_s, 4000);
    for (size_t i = 0; i < 3; i++) {
        const struct rotation_key *a = &rotation.keys[i], *b = &again.keys[i];
        assert_true(slice_eq(a->selector, b->selector));
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->phase, b->phase);
        assert_int_equal(a->since_s, b->since_s);
        assert_int_equal(a->until_s, b->until_s);
    }
    arena_free(arena);
}

static void an_empty_file_is_no_key(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rotation rotation;
    size_t line;
    const char *why;
    assert_int_equal(rotation_parse(arena, SLICE_NONE, &rotation, &line, &why), YETT_OK);
    assert_int_equal(rotation.count, 0);
    assert_int_equal(rotation_parse(arena, SLICE("# x\n\n"), &rotation, &line, &why),
                     YETT_OK);
    assert_int_equal(rotation.count, 0);
    arena_free(arena);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        const char *why;
    } cases[] = {
        {"kee a rsa active 1\n",                     1, "the line does not begin with \"key\""             },
        {"\nkey A rsa active 1\n",                   2, "this is no selector"                              },
        {"key a..b rsa active 1\n",                  1, "this is no selector"                              },
        {"key ../x rsa active 1\n",                  1, "this is no selector"                              },
        {"key  rsa active 1\n",                      1, "this is no selector"                              },
        {"key a dsa active 1\n",                     1, "the kind of key is neither rsa nor ed25519"       },
        {"key a rsa\n",                              1, "the phase is none of pending, active, retiring"   },
        {"key a rsa gone 1\n",                       1, "the phase is none of pending, active, retiring"   },
        {"key a rsa active\n",                       1, "one time in seconds must follow"                  },
        {"key a rsa active -1\n",                    1, "one time in seconds must follow"                  },
        {"key a rsa active 1 2\n",                   1, "one time in seconds must follow"                  },
        {"key a rsa active 99999999999999999999\n",  1, "one time in seconds must follow"                  },
        {"key a rsa retiring 1\n",                   1, "two times in seconds must follow"                 },
        {"key a rsa active 1\nkey a rsa active 1\n", 2, "this selector was there before"                   },
        {"seen\n",                                   1, "the line does not begin with \"key\""             },
        {"seen 0\n",                                 1, "\"seen\" is followed by one time in seconds, once"},
        {"seen 1 2\n",                               1, "\"seen\" is followed by one time in seconds, once"},
        {"seen 1\nseen 1\n",                         2, "\"seen\" is followed by one time in seconds, once"},
        {"key a rsa active 1",                       1, "the last line is cut off"                         },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1 << 20);
        struct rotation rotation;
        size_t line = 0;
        const char *why = NULL;
        assert_int_equal(
            rotation_parse(arena, slice_from_text(cases[i].text), &rotation, &line, &why),
            YETT_BAD_SYNTAX);
        assert_string_equal(why, cases[i].why);
        assert_int_equal(line, cases[i].line);
        arena_free(arena);
    }
}

static void one_key_too_many_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rotation rotation;
    struct buf buf;
    size_t line;
    const char *why;
    buf_init(&buf, arena, 65536);
    for (unsigned i = 0; i <= ROTATION_KEYS_MAX; i++) {
        buf_printf(&buf, "key s%u rsa active 1\n", i);
    }
    assert_int_equal(rotation_parse(arena, buf_slice(&buf), &rotation, &line, &why),
                     YETT_LIMIT);
    assert_int_equal(line, ROTATION_KEYS_MAX + 1);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(an_empty_file_is_no_key),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(one_key_too_many_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
