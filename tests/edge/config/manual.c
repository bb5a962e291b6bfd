/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/config/config.h"
#include "edge/config/block.h"
#include "edge/config/keys.h"
#include "edge/config/value.h"
#include "edge/files/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The manual page as it is written, yett.conf.5.scd. */
static slice manual;

static int read_manual(void **state)
{
    slice why;
    struct arena *arena = arena_new(1 << 20);
    *state = arena;
    return file_read(arena, YETT_MANUAL, 1 << 18, &manual, &why) == YETT_OK ? 0 : -1;
}

static int free_manual(void **state)
{
    arena_free(*state);
    return 0;
}

/* What lies between `begin` and the next `end`; it must be there. */
static slice part(slice text, slice begin, slice end)
{
    size_t at = slice_find(text, begin);
    if (at == text.len) {
        fail_msg("the manual lacks '%.*s'", SLICE_ARG(begin));
    }
    slice rest = slice_skip(text, at + begin.len);
    return slice_first(rest, slice_find(rest, end));
}

static slice part_of_block(struct arena *arena, enum block block)
{
    struct buf heading;
    buf_init(&heading, arena, 1000);
    if (block_is_titled(block)) {
        buf_printf(&heading, "\n*%s* \"_", blocks[block].name);
        return part(manual, buf_slice(&heading), SLICE("\n*"));
    }
    if (block == BLOCK_TOP) {
        return part(manual, SLICE("\n# SETTINGS OF THE INSTALLATION\n"), SLICE("\n# "));
    }
    buf_add_text(&heading, "\n# THE BLOCK ");
    for (const char *c = blocks[block].name; *c != '\0'; c++) {
        buf_add_byte(&heading, ascii_upper(*c));
    }
    buf_add_text(&heading, "\n");
    return part(manual, buf_slice(&heading), SLICE("\n# "));
}

static void every_key_stands_in_the_manual_with_its_default(void **state)
{
    struct arena *arena = *state;
    struct config config;
    config_init(&config);
    for (size_t i = 0; i < key_count; i++) {
        const struct key *key = &keys[i];
        union block_item item = block_default(key->block);
        bool is_titled = block_is_titled(key->block);
        struct buf line;
        buf_init(&line, arena, 1000);
        buf_printf(&line, "\n%s*%s*", is_titled ? "\t" : "", key->name);
        if (key->example == NULL) {
            buf_add_text(&line, " = ");
            value_write(&line, key,
                        is_titled ? (const void *)&item : (const void *)&config);
        }
        buf_add_byte(&line, '\n');
        slice text = part_of_block(arena, key->block);
        if (slice_find(text, buf_slice(&line)) == text.len) {
            fail_msg("the manual lacks, in block '%s': %.*s", blocks[key->block].name,
                     SLICE_ARG(buf_slice(&line)));
        }
    }
}

/* Lines that look like keys, "*name* = …", are keys. */
static void the_manual_names_no_key_that_is_not_there(void **state)
{
    (void)state;
    for (enum block block = BLOCK_TOP; block < BLOCK_FIRST_TITLED; block++) {
        slice text = part_of_block(*state, block);
        slice line;
        size_t found = 0, expected = 0;
        while (slice_next_piece(&text, '\n', &line)) {
            found += slice_starts_with(line, SLICE("*")) &&
                     slice_find(line, SLICE("* = ")) < line.len;
        }
        for (size_t i = 0; i < key_count; i++) {
            expected += keys[i].block == block;
        }
        assert_int_equal(found, expected);
    }
}

static void every_word_and_bound_stands_in_the_manual(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *key = &keys[i];
        struct buf line;
        buf_init(&line, arena, 1000);
        buf_printf(&line, "\n%s*%s*", block_is_titled(key->block) ? "\t" : "", key->name);
        slice text =
            part(part_of_block(arena, key->block), buf_slice(&line), SLICE("\n\n"));
        bool all_actions = key->words == config_action_words &&
                           key->allowed == (1u << CONFIG_ACTION_COUNT) - 1;
        for (unsigned w = 0; w < key->word_count && !all_actions; w++) {
            slice word = slice_from_text(key->words[w]);
            bool is_inherited = key->block == BLOCK_RECIPIENT;
            if ((key->allowed & 1u << w) != 0 && !is_inherited &&
                slice_find(text, word) == text.len) {
                fail_msg("the manual lacks '%s' at %s", key->words[w], key->name);
            }
        }
        if (key->kind == KIND_COUNT) {
            struct buf bounds;
            buf_init(&bounds, arena, 100);
            buf_printf(&bounds, "%u to %u", (unsigned)key->min, (unsigned)key->max);
            assert_true(slice_find(text, buf_slice(&bounds)) < text.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_key_stands_in_the_manual_with_its_default,
                                        read_manual, free_manual),
        cmocka_unit_test_setup_teardown(the_manual_names_no_key_that_is_not_there,
                                        read_manual, free_manual),
        cmocka_unit_test_setup_teardown(every_word_and_bound_stands_in_the_manual,
                                        read_manual, free_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
