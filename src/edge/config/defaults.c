/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/block.h"
#include "edge/config/config.h"
#include "edge/config/value.h"

static void write_key(struct buf *out, const struct key *key, const void *base)
{
    const char *indent = key->block == BLOCK_TOP ? "" : "    ";
    buf_add_text(out, indent);
    buf_add_text(out, "# ");
    buf_add_text(out, key->summary);
    buf_add_byte(out, '\n');
    buf_add_text(out, indent);
    buf_add_byte(out, '#');
    buf_add_text(out, key->name);
    buf_add_text(out, " = ");
    if (key->example != NULL) {
        buf_add_text(out, kind_is_list(key->kind) ? "{" : "");
        value_write_quoted(out, slice_from_text(key->example));
        buf_add_text(out, kind_is_list(key->kind) ? "}" : "");
    } else {
        value_write(out, key, base);
    }
    buf_add_byte(out, '\n');
}

static void write_block(struct buf *out, enum block block, const struct config *config)
{
    union block_item item = block_default(block);
    const void *base =
        block_is_titled(block) ? (const void *)&item : (const void *)config;

    buf_add_text(out, "\n# ");
    buf_add_text(out, blocks[block].summary);
    buf_add_text(out, block_is_titled(block) ? "  An example:\n" : "\n");
    if (block != BLOCK_TOP) {
        buf_add_byte(out, '#');
        buf_add_text(out, blocks[block].name);
        if (blocks[block].title != NULL) {
            buf_add_byte(out, ' ');
            value_write_quoted(out, slice_from_text(blocks[block].title));
        }
        buf_add_text(out, " {\n");
    }
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i].block == block) {
            write_key(out, &keys[i], base);
        }
    }
    if (block != BLOCK_TOP) {
        buf_add_text(out, "#}\n");
    }
}

void config_file_write_defaults(struct buf *out)
{
    struct config config;
    config_init(&config);
    buf_add_text(
        out, "# Settings of yett, all at their defaults; yett.conf(5) explains them.\n"
             "# A line begins with # and a blank where it explains, with # alone where\n"
             "# it can be put in force: take that # away.\n");
    for (enum block i = BLOCK_TOP; i < BLOCK_COUNT; i++) {
        write_block(out, i, &config);
    }
}
