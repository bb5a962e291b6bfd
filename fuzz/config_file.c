/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/utf8.h"
#include "edge/config/config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static slice write_all(struct arena *arena, const struct config *config)
{
    struct buf text;
    buf_init(&text, arena, (size_t)4 << 20);
    enum yett_err err = config_file_write(arena, config, &text);
    assert(err == YETT_OK);
    return buf_slice(&text);
}

static void count(void *context, const struct config_entry *entry)
{
    size_t *octets = context;
    *octets += entry->title.len + strlen(entry->key) + entry->value.len;
}

/* What was read and written reads as the same. */
static void check_accepted(struct arena *arena, const struct config *config)
{
    struct config again, over;
    slice why = SLICE_NONE;
    size_t octets = 0, octets_again = 0;
    enum yett_err err = config_check(arena, config, &why);
    assert(err == YETT_OK);
    slice text = write_all(arena, config);
    err = config_file_parse(arena, text, "/none/again.conf", &again, &why);
    assert(err == YETT_OK);
    assert(slice_eq(text, write_all(arena, &again)));
    assert(slice_eq(config->installation_secret, again.installation_secret));
    err = config_file_each(arena, config, count, &octets);
    assert(err == YETT_OK);
    err = config_file_each(arena, &again, count, &octets_again);
    assert(err == YETT_OK && octets == octets_again);
    /* And goes over any other as it is. */
    err = config_file_parse_over(arena, config, text, "/none/over.conf", &over, &why);
    assert(err == YETT_OK);
    assert(slice_eq(text, write_all(arena, &over)));
}

/* One line that can be shown, and says where: in which line of the file. */
static void check_refused(slice why)
{
    slice place = why;
    assert(slice_take(&place, SLICE("/none/fuzz.conf:")));
    assert(ascii_is_digit(slice_peek(place)) && slice_peek(place) != '0');
    while (why.len != 0) {
        size_t length = utf8_visible_length(why);
        assert(length != 0);
        why = slice_skip(why, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * 1024) {
        return 0;
    }
    struct arena *arena = arena_new((size_t)64 << 20);
    struct config config;
    slice why = SLICE_NONE;
    slice text = slice_of((const char *)data, size);
    enum yett_err err = config_file_parse(arena, text, "/none/fuzz.conf", &config, &why);
    if (err == YETT_OK) {
        check_accepted(arena, &config);
    } else if (err == YETT_BAD_SYNTAX) {
        check_refused(why);
    } else {
        assert(err == YETT_NO_MEMORY);
    }
    arena_free(arena);
    return 0;
}
