/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/files.h"

#include "app/table/inside.h"

/* files: the plain files that very many domains and logins stand in. */

#define FILE_MAX_BYTES ((size_t)256 << 20)

/* ---- domains ----------------------------------------------------------------------------- */

/* Among very many lines, which other one is in the way. */
static enum yett_err refuse_pattern(struct building *building, enum yett_err err,
                                    slice at, slice pattern, slice why)
{
    slice name = pattern;
    if (err != YETT_BAD_SYNTAX || !signing_has_author(building->builder, pattern)) {
        return building_fail(building, err, at, why);
    }
    (void)slice_take(&name, SLICE("*."));
    why = arena_printf(building->room, "%.*s stands twice in this file",
                       SLICE_ARG(pattern));
    for (size_t i = 0; i < building->config->domain_count; i++) {
        const struct config_domain *domain = &building->config->domains[i];
        if (slice_eq(domain->name, name)) {
            why = arena_printf(building->room, "%.*s has a block as well, in %.*s:%u",
                               SLICE_ARG(pattern), SLICE_ARG(domain->file), domain->line);
        }
    }
    return building_fail(building, err, at, why);
}

static enum yett_err add_domain(struct building *building, slice at,
                                const struct signing_domain_line *line)
{
    uint32_t rows[2 * SIGNING_ROWS_MAX];
    size_t count = 0;
    slice why = SLICE_NONE;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < line->key_count; i++) {
        const struct signing_file_key *key = &line->keys[i];
        err = table_add_key(building, at, line->domain, key->selector, key->path,
                            key->seals ? SIGNING_ARC : SIGNING_DKIM, &rows[count]);
        count += !key->seals;
    }
    if (err != YETT_OK) {
        return err;
    }
    err = signing_add_author(building->builder, line->pattern, rows, count, &why);
    return err == YETT_OK ? err : refuse_pattern(building, err, at, line->pattern, why);
}

static enum yett_err next_domain(struct building *building, struct signing_file *file,
                                 const char *path)
{
    struct signing_domain_line line = {.key_count = 0};
    slice why = SLICE_NONE;
    enum yett_err err = signing_next_domain(building->room, file, &line, &why);
    slice at = arena_printf(building->room, "%s:%zu", path, file->line);
    if (err == YETT_OK) {
        return add_domain(building, at, &line);
    }
    return err == YETT_NOT_FOUND ? err : building_fail(building, err, at, why);
}

/* ---- logins ------------------------------------------------------------------------------ */

static enum yett_err next_login(struct building *building, struct signing_file *file,
                                const char *path)
{
    struct signing_login_line line = {.pattern_count = 0};
    slice why = SLICE_NONE;
    enum yett_err err = signing_next_login(building->room, file, &line, &why);
    slice at = arena_printf(building->room, "%s:%zu", path, file->line);
    if (err == YETT_NOT_FOUND) {
        return err;
    }
    if (err == YETT_OK) {
        err = signing_add_login(building->builder, line.login, line.patterns,
                                line.pattern_count, &why);
    }
    return err == YETT_OK ? err : building_fail(building, err, at, why);
}

/* ---- both -------------------------------------------------------------------------------- */

/* `key` is the setting, `path` its value. */
static enum yett_err add_file(struct building *building, const char *key, slice path,
                              enum yett_err (*next)(struct building *building,
                                                    struct signing_file *file,
                                                    const char *path))
{
    struct signing_file file = {.line = 0};
    slice why = SLICE_NONE;
    if (slice_is_empty(path)) {
        return YETT_OK;
    }
    enum yett_err err =
        file_read(building->arena, path.ptr, FILE_MAX_BYTES, &file.rest, &why);
    if (err != YETT_OK) {
        slice place = config_place_text(building->room, building->config, key);
        slice at = arena_printf(building->room, "%.*s: %s", SLICE_ARG(place), key);
        return building_fail(building, err == YETT_NOT_FOUND ? YETT_BAD_SYNTAX : err, at,
                             why);
    }
    while (err == YETT_OK) {
        struct arena_mark mark = arena_mark(building->room);
        err = next(building, &file, path.ptr);
        arena_rewind(building->room, mark);
    }
    return err == YETT_NOT_FOUND ? YETT_OK : err;
}

enum yett_err table_add_files(struct building *building)
{
    const struct config_signing *signing = &building->config->signing;
    enum yett_err err =
        add_file(building, "signing.domains_file", signing->domains_file, next_domain);
    return err == YETT_OK ? add_file(building, "signing.logins_file",
                                     signing->logins_file, next_login)
                          : err;
}
