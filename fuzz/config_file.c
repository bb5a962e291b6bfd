/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"
#include "edge/config/config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Settings as a file again; blocks may stand several times, titled ones are gathered. */
struct writer {
    struct buf text;
    bool is_open; /* a titled block */
};

static void close_block(struct writer *writer)
{
    if (writer->is_open) {
        buf_add_text(&writer->text, "}\n");
        writer->is_open = false;
    }
}

static void add_quoted(struct buf *buf, slice text)
{
    buf_add_byte(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            buf_add_byte(buf, '\\');
        }
        buf_add_byte(buf, text.ptr[i]);
    }
    buf_add_byte(buf, '"');
}

static void write_entry(void *context, const struct config_entry *entry)
{
    struct writer *writer = context;
    struct buf *buf = &writer->text;
    bool is_secret = strcmp(entry->key, "installation_secret_file") == 0;
    if (entry->is_default || is_secret) {
        return;
    }
    if (entry->key[0] == '\0') {
        close_block(writer);
        buf_add_text(buf, entry->block);
        buf_add_byte(buf, ' ');
        add_quoted(buf, entry->title);
        buf_add_text(buf, " {\n");
        writer->is_open = true;
        return;
    }
    bool in_own_block = !writer->is_open && entry->block[0] != '\0';
    buf_add_text(buf, in_own_block ? entry->block : "");
    buf_add_text(buf, in_own_block ? " { " : "");
    buf_add_text(buf, entry->key);
    buf_add_text(buf, " = ");
    buf_add(buf, entry->value);
    buf_add_text(buf, in_own_block ? " }\n" : "\n");
}

static slice write_all(struct arena *arena, const struct config *config)
{
    struct writer writer = {.is_open = false};
    buf_init(&writer.text, arena, 1 << 20);
    enum yett_err err = config_file_each(arena, config, write_entry, &writer);
    assert(err == YETT_OK);
    close_block(&writer);
    assert(buf_err(&writer.text) == YETT_OK);
    return buf_slice(&writer.text);
}

/* What was read and written reads as the same. */
static void check_accepted(struct arena *arena, const struct config *config)
{
    struct config again;
    slice why = SLICE_NONE;
    enum yett_err err = config_check(arena, config, &why);
    assert(err == YETT_OK);
    slice text = write_all(arena, config);
    if (slice_find(text, SLICE("${")) < text.len) {
        return; /* was in single quotation marks, which the writer does not use */
    }
    err = config_file_parse(arena, text, "/none/again.conf", &again, &why);
    assert(err == YETT_OK);
    assert(slice_eq(text, write_all(arena, &again)));
}

/* One line that can be shown, and says where. */
static void check_refused(slice why)
{
    assert(slice_starts_with(why, SLICE("/none/fuzz.conf:")));
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
