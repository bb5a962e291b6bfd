/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/config/config.h"
#include "edge/config/reader.h"
#include "edge/config/value.h"
#include "edge/files/files.h"

#include <assert.h>
#include <stdio.h>

enum { INCLUDE_DEPTH_MAX = 10, INCLUDES_MAX = 100, SENTENCE_MAX = 4096 };

/*
 * libconfuse hands its callbacks no pointer of ours.  Its scanner is global as well, so there
 * is never more than one reader.
 */
static struct reader *current;

/* libconfuse does not say when a block begins: its first key, or else its end, shows. */
static void begin_block(struct reader *reader, enum block block)
{
    if (reader->block_is_open) {
        return;
    }
    reader->block_is_open = true;
    reader->gatherer.item = block_default(block);
    for (size_t i = 0; i < key_count; i++) {
        if (block_is_titled(keys[i].block)) {
            reader->seen[i] = (struct place){0};
        }
    }
}

/* libconfuse found `value` for a key: convert it at once, while the line is known. */
static int on_value(cfg_t *section, cfg_opt_t *option, const char *value, void *result)
{
    struct reader *reader = current;
    const struct key *key = find_key(section->name, option->name);
    void *nothing = NULL;
    memcpy(result, &nothing, sizeof(nothing));

    if (block_is_titled(key->block)) {
        begin_block(reader, key->block);
    }
    struct place *first = &reader->seen[key - keys];
    bool goes_on = kind_is_list(key->kind) && option->nvalues > 1;
    if (first->line != 0 && !goes_on) {
        return complain_second(reader, section, key, first);
    }
    void *base = block_is_titled(key->block) ? (void *)&reader->gatherer.item
                                             : (void *)&reader->config;
    if (first->line == 0) {
        *first = (struct place){reader->file->name, (unsigned)section->line};
        value_clear_list(key, base);
    }
    slice text = slice_from_text(value);
    slice expected = SLICE_NONE;
    enum yett_err err =
        value_read(reader->arena, key, text, reader->file->directory, base, &expected);
    return err == YETT_OK ? 0 : complain_value(reader, section, key, text, err, expected);
}

static enum block block_named(const char *name)
{
    enum block block = BLOCK_FIRST_TITLED;
    while (block + 1 < BLOCK_COUNT && strcmp(blocks[block].name, name) != 0) {
        block++;
    }
    return block;
}

/* A block was closed.  Only titled ones have anything to check. */
static int on_block_end(cfg_t *root, cfg_opt_t *option)
{
    struct reader *reader = current;
    enum block block = block_named(option->name);
    slice title =
        slice_from_text(cfg_title(cfg_opt_getnsec(option, cfg_opt_size(option) - 1)));
    unsigned line = reader->file->text.opened[root->line];
    slice why = SLICE_NONE;

    begin_block(reader, block);
    reader->block_is_open = false;
    enum yett_err err = block_finish(&reader->gatherer, block, title,
                                     (struct place){reader->file->name, line}, &why);
    if (err != YETT_OK) {
        return complain_block(reader, option->name, title, line, err, why);
    }
    return 0;
}

__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *section,
                                                           const char *format,
                                                           va_list args)
{
    complain_library(current, section, format, args);
}

/* What stands before the last slash, with it. */
static slice directory_of(slice path)
{
    size_t slash = slice_find_last_byte(path, '/');
    return slash == path.len ? SLICE("") : slice_first(path, slash + 1);
}

/* Run the library over one file; `cfg` may be in the middle of another. */
static int parse_file(struct reader *reader, cfg_t *cfg, slice name, slice path,
                      slice raw)
{
    const struct file *outer = reader->file;
    struct file file = {.name = name, .directory = directory_of(path)};
    unsigned line = 0;
    slice why = SLICE_NONE;

    reader->file = &file;
    enum yett_err err = text_clean(reader->arena, raw, &file.text, &line, &why);
    if (err != YETT_OK) {
        return complain(reader, err, line, why);
    }
    if (file.text.clean.len == 0) { /* fmemopen() refuses to read nothing */
        reader->file = outer;
        return 0;
    }
    char *text = arena_alloc(reader->arena, file.text.clean.len);
    FILE *stream = NULL;
    if (text != NULL) {
        memcpy(text, file.text.clean.ptr, file.text.clean.len);
        stream = fmemopen(text, file.text.clean.len, "r");
    }
    if (stream == NULL) {
        return complain(reader, YETT_NO_MEMORY, 0, SLICE_NONE);
    }
    int outcome = cfg_parse_fp(cfg, stream);
    fclose(stream);
    if (outcome != CFG_SUCCESS) {
        return complain(reader, YETT_BAD_SYNTAX, (unsigned)cfg->line,
                        SLICE("this line cannot be read"));
    }
    reader->file = outer;
    return 0;
}

static slice visible(struct arena *arena, slice text)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_visible(&buf, text);
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE("(a long name)");
}

/* include("file"): relative to the file it stands in. */
static int on_include(cfg_t *cfg, cfg_opt_t *option, int argc, const char **argv)
{
    struct reader *reader = current;
    unsigned line = (unsigned)cfg->line;
    slice raw, why;
    (void)option;

    if (argc != 1) {
        return complain(reader, YETT_BAD_SYNTAX, line,
                        SLICE("include takes one file name"));
    }
    if (reader->depth == INCLUDE_DEPTH_MAX) {
        return complain(reader, YETT_BAD_SYNTAX, line,
                        SLICE("include: more than 10 files include each other; is one of "
                              "them its own?"));
    }
    if (reader->includes == INCLUDES_MAX) {
        return complain(reader, YETT_BAD_SYNTAX, line,
                        SLICE("include: more than 100 files are included"));
    }
    slice path =
        value_path(reader->arena, reader->file->directory, slice_from_text(argv[0]));
    if (path.ptr == NULL) {
        return complain(reader, YETT_NO_MEMORY, line, SLICE_NONE);
    }
    enum yett_err err = YETT_BAD_SYNTAX;
    why = SLICE("is no file: settings are included from files only");
    if (!slice_eq(path, SLICE("-"))) {
        err = file_read(reader->arena, path.ptr, CONFIG_FILE_MAX_BYTES, &raw, &why);
    }
    if (err != YETT_OK) {
        struct buf buf;
        buf_init(&buf, reader->arena, SENTENCE_MAX);
        buf_add_text(&buf, "include: ");
        buf_add(&buf, why);
        if (err == YETT_NOT_FOUND && slice_has_byte(path, '*')) {
            buf_add_text(&buf, "; patterns are not known: name each file");
        }
        return complain(reader, err == YETT_NO_MEMORY ? err : YETT_BAD_SYNTAX, line,
                        buf_slice(&buf));
    }
    reader->depth++;
    reader->includes++;
    int outcome = parse_file(reader, cfg, visible(reader->arena, path), path, raw);
    reader->depth--;
    cfg->line = (int)line;
    return outcome;
}

/* The options of one block, for the library, with room for its terminator. */
static cfg_opt_t *options_of(struct arena *arena, enum block block, size_t more)
{
    size_t count = 0;
    for (size_t i = 0; i < key_count; i++) {
        count += keys[i].block == block;
    }
    cfg_opt_t *options = ARENA_ARRAY(arena, count + more + 1, cfg_opt_t);
    size_t at = more;
    for (size_t i = 0; options != NULL && i < key_count; i++) {
        if (keys[i].block == block) {
            options[at++] =
                (cfg_opt_t){.name = keys[i].name,
                            .type = CFGT_PTR,
                            .flags = kind_is_list(keys[i].kind) ? CFGF_LIST : CFGF_NONE,
                            .parsecb = on_value};
        }
    }
    return options;
}

/* All options: include, the blocks, the keys of no block. */
static cfg_opt_t *all_options(struct arena *arena)
{
    cfg_opt_t *options = options_of(arena, BLOCK_TOP, BLOCK_COUNT);
    if (options == NULL) {
        return NULL;
    }
    options[0] = (cfg_opt_t){.name = "include", .type = CFGT_FUNC, .func = on_include};
    for (enum block i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++) {
        cfg_opt_t *inner = options_of(arena, i, 0);
        if (inner == NULL) {
            return NULL;
        }
        options[i] =
            (cfg_opt_t){.name = blocks[i].name, .type = CFGT_SEC, .subopts = inner};
        if (block_is_titled(i)) {
            options[i].flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
            options[i].validcb = on_block_end;
        }
    }
    return options;
}

/* Of a key outside of titled blocks: they begin with empty lists anyway. */
static const cfg_opt_t *list_option(cfg_t *cfg, const struct key *key)
{
    if (!kind_is_list(key->kind) || block_is_titled(key->block)) {
        return NULL;
    }
    cfg_t *section =
        key->block == BLOCK_TOP ? cfg : cfg_getsec(cfg, blocks[key->block].name);
    return section == NULL ? NULL : cfg_getopt(section, key->name);
}

/* The same about another place than where the library is. */
static void complain_at(struct reader *reader, struct place place, enum yett_err err,
                        slice why)
{
    const struct file *file = reader->file;
    struct file named = {.name = place.line != 0 ? place.file : file->name};
    reader->file = &named;
    (void)complain(reader, err, place.line, why);
    reader->file = file;
}

/* `x = {}` hands over no value: not one that could be refused as the second, nor one that
   could take the place of what is set below these settings. */
static void find_emptied_lists(struct reader *reader, cfg_t *cfg)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *key = &keys[i];
        const cfg_opt_t *option = list_option(cfg, key);
        if (option == NULL || option->nvalues != 0) {
            continue;
        }
        if (reader->seen[i].line != 0) {
            complain_at(reader, reader->seen[i], YETT_BAD_SYNTAX,
                        SLICE("the list that is set here is set again further down, to "
                              "nothing"));
        } else if ((option->flags & CFGF_MODIFIED) != 0) {
            value_clear_list(key, &reader->config);
        }
    }
}

static void check(struct reader *reader)
{
    slice why = SLICE_NONE;
    struct place place = {.line = 0};
    enum yett_err err = block_check_once(&reader->gatherer, &place, &why);
    if (err == YETT_OK) {
        err = config_check(reader->arena, &reader->config, &why);
        place = where_is(reader, why);
    }
    if (err != YETT_OK) {
        complain_at(reader, place, err, why);
    }
}

static void run(struct reader *reader, slice name, slice text)
{
    cfg_opt_t *options = all_options(reader->arena);
    cfg_t *cfg = options == NULL ? NULL : cfg_init(options, CFGF_NONE);
    slice shown = visible(reader->arena, name);
    struct file file = {.name = shown};

    reader->file = &file; /* for what goes wrong outside of any */
    if (cfg == NULL) {
        (void)complain(reader, YETT_NO_MEMORY, 0, SLICE_NONE);
        return;
    }
    cfg_set_error_function(cfg, on_error);
    if (parse_file(reader, cfg, shown, name, text) == 0) {
        find_emptied_lists(reader, cfg);
    }
    cfg_free(cfg);
    reader->file = &file;
    if (reader->err == YETT_OK &&
        (block_store(&reader->gatherer, &reader->config) != YETT_OK ||
         where_note(reader) != YETT_OK)) {
        (void)complain(reader, YETT_NO_MEMORY, 0, SLICE_NONE);
    }
    if (reader->err == YETT_OK) {
        if (!reader->is_over_file) {
            reader->config.source = shown;
        }
        check(reader);
    }
    reader->file = NULL;
}

enum yett_err config_file_parse(struct arena *arena, slice text, const char *name,
                                struct config *out, slice *why)
{
    struct config defaults;
    config_init(&defaults);
    return config_file_parse_over(arena, &defaults, text, name, out, why);
}

enum yett_err config_file_parse_over(struct arena *arena, const struct config *base,
                                     slice text, const char *name, struct config *out,
                                     slice *why)
{
    struct config defaults;
    struct reader *reader = ARENA_NEW(arena, struct reader);
    if (reader == NULL) {
        *why = SLICE("there is no memory left for the settings");
        return YETT_NO_MEMORY;
    }
    assert(current == NULL && key_count <= KEYS_MAX);
    config_init(&defaults);
    reader->arena = arena;
    reader->config = *base;
    reader->is_over_file = !slice_eq(base->source, defaults.source);
    block_gatherer_init(&reader->gatherer, arena);
    current = reader;
    run(reader, slice_from_text(name), text);
    current = NULL;
    if (reader->err != YETT_OK) {
        *why = reader->why;
        return reader->err;
    }
    *out = reader->config;
    return YETT_OK;
}

enum yett_err config_file_read(struct arena *arena, const char *path, struct config *out,
                               slice *why)
{
    slice text;
    enum yett_err err = file_read(arena, path, CONFIG_FILE_MAX_BYTES, &text, why);
    if (err != YETT_OK) {
        /* A directory, or a file that is too large: no settings that could be wrong. */
        return err == YETT_BAD_SYNTAX || err == YETT_LIMIT ? YETT_IO : err;
    }
    return config_file_parse(arena, text,
                             strcmp(path, "-") == 0 ? "standard input" : path, out, why);
}
