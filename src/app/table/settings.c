/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/table/inside.h"
#include "core/rotation/rotation.h"
#include "edge/keys/keys.h"

/* settings: the blocks domain and login. */

enum { KEYS_MAX = ROTATION_KEYS_MAX };

/* Where a block stands. */
static slice place_of(struct building *building, slice file, unsigned line,
                      const char *kind, slice name)
{
    struct buf at;
    buf_init(&at, building->room, TABLE_SENTENCE_MAX);
    if (!slice_is_empty(file)) {
        buf_add_visible(&at, file);
        buf_printf(&at, ":%u: ", line);
    }
    buf_printf(&at, "%s \"", kind);
    buf_add_visible(&at, name);
    buf_add_byte(&at, '"');
    return buf_slice(&at);
}

/* ---- keys that rotate -------------------------------------------------------------------- */

/* Those that sign now, by the state of the domain; a domain without state has none yet. */
static enum yett_err find_active(struct building *building, slice at, slice domain,
                                 struct rotation *out)
{
    slice path, text = SLICE_NONE, why = SLICE_NONE;
    const char *fault = NULL;
    size_t line = 0;
    *out = (struct rotation){.count = 0};
    enum yett_err err = table_path(building, domain, KEYS_STATE, SLICE_NONE, &path);
    if (err != YETT_OK) {
        return building_fail(building, err, at,
                             SLICE("the path of its keys is too long"));
    }
    err = keys_read(building->room, path.ptr, &text, &why);
    if (err == YETT_NOT_FOUND) {
        return YETT_OK;
    }
    if (err == YETT_OK) {
        err = rotation_parse(building->room, text, out, &line, &fault);
    }
    if (err != YETT_OK && fault != NULL) {
        why = arena_printf(building->room, "%s:%zu: %s", path.ptr, line, fault);
    }
    return err == YETT_OK ? err : building_fail(building, err, at, why);
}

static enum yett_err choose_active(struct building *building, slice at, slice domain,
                                   struct config_key keys[KEYS_MAX], size_t *count)
{
    struct rotation rotation;
    enum yett_err err = find_active(building, at, domain, &rotation);
    *count = 0;
    for (size_t i = 0; err == YETT_OK && i < rotation.count; i++) {
        if (rotation.keys[i].phase == ROTATION_ACTIVE) {
            keys[(*count)++] = (struct config_key){.selector = rotation.keys[i].selector};
        }
    }
    if (err == YETT_OK && *count == 0 && building->notes != NULL) {
        building->notes->note(
            building->notes->context,
            arena_printf(building->room,
                         "%.*s: none of its keys signs yet (yett key rotate)",
                         SLICE_ARG(at)));
    }
    return err;
}

/* ---- domains ----------------------------------------------------------------------------- */

static enum yett_err add_keys(struct building *building, slice at, slice domain,
                              const struct config_key *keys, size_t count,
                              enum signing_use use, uint32_t *rows)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        err = table_add_key(building, at, domain, keys[i].selector, keys[i].path, use,
                            &rows[i]);
    }
    return err;
}

static enum yett_err add_author(struct building *building, slice at,
                                const struct config_domain *domain, const uint32_t *rows,
                                size_t count)
{
    slice why = SLICE_NONE;
    enum yett_err err =
        signing_add_author(building->builder, domain->name, rows, count, &why);
    if (err == YETT_OK && domain->subdomains) {
        slice below = arena_printf(building->room, "*.%.*s", SLICE_ARG(domain->name));
        err = below.ptr == NULL
                  ? YETT_NO_MEMORY
                  : signing_add_author(building->builder, below, rows, count, &why);
    }
    return err == YETT_OK ? err : building_fail(building, err, at, why);
}

static enum yett_err add_domain(struct building *building,
                                const struct config_domain *domain)
{
    struct config_key rotating[KEYS_MAX];
    const struct config_key *keys = domain->sign;
    size_t count = domain->sign_count;
    slice at = place_of(building, domain->file, domain->line, "domain", domain->name);
    enum yett_err err = YETT_OK;
    if (count == 0 && domain->rotate) {
        err = choose_active(building, at, domain->name, rotating, &count);
        keys = rotating;
    }
    uint32_t *rows =
        ARENA_ARRAY(building->room, count + domain->seal_count + 1, uint32_t);
    if (err == YETT_OK && rows == NULL) {
        err = YETT_NO_MEMORY;
    }
    if (err == YETT_OK) {
        err = add_keys(building, at, domain->name, keys, count, SIGNING_DKIM, rows);
    }
    if (err == YETT_OK && count != 0) {
        err = add_author(building, at, domain, rows, count);
    }
    if (err == YETT_OK) {
        err = add_keys(building, at, domain->name, domain->seal, domain->seal_count,
                       SIGNING_ARC, rows);
    }
    return err;
}

/* ---- logins ------------------------------------------------------------------------------ */

static enum yett_err add_login(struct building *building,
                               const struct config_login *login)
{
    slice why = SLICE_NONE;
    enum yett_err err = signing_add_login(building->builder, login->name, login->domains,
                                          login->domain_count, &why);
    return err == YETT_OK ? err
                          : building_fail(building, err,
                                          place_of(building, login->file, login->line,
                                                   "login", login->name),
                                          why);
}

enum yett_err table_add_settings(struct building *building)
{
    const struct config *config = building->config;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < config->domain_count; i++) {
        struct arena_mark mark = arena_mark(building->room);
        err = add_domain(building, &config->domains[i]);
        arena_rewind(building->room, mark);
    }
    for (size_t i = 0; err == YETT_OK && i < config->login_count; i++) {
        struct arena_mark mark = arena_mark(building->room);
        err = add_login(building, &config->logins[i]);
        arena_rewind(building->room, mark);
    }
    return err;
}

/* ---- domains without keys ---------------------------------------------------------------- */

static enum yett_err silence(struct building *building, slice pattern)
{
    slice why = SLICE_NONE;
    if (pattern.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    return signing_has_author(building->builder, pattern)
               ? YETT_OK
               : signing_add_author(building->builder, pattern, NULL, 0, &why);
}

enum yett_err table_add_silent(struct building *building)
{
    const struct config *config = building->config;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < config->domain_count; i++) {
        slice name = config->domains[i].name;
        struct arena_mark mark = arena_mark(building->room);
        bool stands = signing_has_author(building->builder, name);
        if (!stands) {
            err = silence(building, name);
        }
        if (err == YETT_OK && !stands) {
            err = silence(building,
                          arena_printf(building->room, "*.%.*s", SLICE_ARG(name)));
        }
        arena_rewind(building->room, mark);
    }
    return err;
}
