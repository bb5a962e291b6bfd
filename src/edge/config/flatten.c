/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/block.h"
#include "edge/config/config.h"
#include "edge/config/value.h"

#include <limits.h>
#include <unistd.h>

/* What is written needs no reader who knows where it came from. */
struct flattening {
    struct buf *out;
    char directory[PATH_MAX + 1]; /* the current one, with its slash; empty: unknown */
};

static void write_path(const struct flattening *flattening, slice path)
{
    struct buf *out = flattening->out;
    bool is_relative = path.len != 0 && !slice_starts_with(path, SLICE("/"));
    slice whole = path;
    if (is_relative) {
        whole = value_path(out->arena, slice_from_text(flattening->directory), path);
        if (whole.ptr == NULL) {
            out->err = YETT_NO_MEMORY;
            return;
        }
    }
    value_write_quoted(out, whole);
}

static void write_secret(struct buf *out, slice secret)
{
    buf_add_byte(out, '"');
    if (secret.len != 0) {
        buf_add_text(out, VALUE_HEX);
        buf_add_hex(out, secret);
    }
    buf_add_byte(out, '"');
}

static void write_key(const struct flattening *flattening, const struct key *key,
                      const void *base)
{
    struct buf *out = flattening->out;
    slice text;
    buf_add_text(out, key->block == BLOCK_TOP ? "" : "    ");
    buf_add_text(out, key->name);
    buf_add_text(out, " = ");
    if (key->kind == KIND_SECRET || key->kind == KIND_PATH) {
        memcpy(&text, (const char *)base + key->offset, sizeof(text));
    }
    if (key->kind == KIND_SECRET) {
        write_secret(out, text);
    } else if (key->kind == KIND_PATH) {
        write_path(flattening, text);
    } else {
        value_write(out, key, base);
    }
    buf_add_byte(out, '\n');
}

static void write_keys(const struct flattening *flattening, enum block block,
                       const void *base)
{
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i].block == block &&
            (!block_is_titled(block) || value_is_set(&keys[i], base))) {
            write_key(flattening, &keys[i], base);
        }
    }
}

static void write_titled(const struct flattening *flattening, enum block block,
                         const struct config *config)
{
    for (size_t i = 0; i < block_count(block, config); i++) {
        union block_item item = block_at(block, config, i);
        buf_add_text(flattening->out, blocks[block].name);
        buf_add_byte(flattening->out, ' ');
        value_write_quoted(flattening->out, item.title);
        buf_add_text(flattening->out, " {\n");
        write_keys(flattening, block, &item);
        buf_add_text(flattening->out, "}\n");
    }
}

static void find_directory(struct flattening *flattening)
{
    if (getcwd(flattening->directory, PATH_MAX) == NULL) {
        flattening->directory[0] = '\0';
        return;
    }
    size_t length = strlen(flattening->directory);
    flattening->directory[length] = '/';
    flattening->directory[length + 1] = '\0';
}

enum yett_err config_file_write(struct arena *arena, const struct config *config,
                                struct buf *out)
{
    struct flattening *flattening = ARENA_NEW(arena, struct flattening);
    if (flattening == NULL) {
        return YETT_NO_MEMORY;
    }
    flattening->out = out;
    find_directory(flattening);
    write_keys(flattening, BLOCK_TOP, config);
    for (enum block i = BLOCK_TOP + 1; i < BLOCK_FIRST_TITLED; i++) {
        buf_add_text(out, blocks[i].name);
        buf_add_text(out, " {\n");
        write_keys(flattening, i, config);
        buf_add_text(out, "}\n");
    }
    for (enum block i = BLOCK_FIRST_TITLED; i < BLOCK_COUNT; i++) {
        write_titled(flattening, i, config);
    }
    return buf_err(out);
}
