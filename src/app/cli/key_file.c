/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/domain/domain.h"
#include "core/signing/signing.h"
#include "edge/files/files.h"

#include <stdio.h>
#include <string.h>

/*
 * key_file: domains of the file that signing.domains_file names, as if there were blocks for
 * them: those that the command names, or all where they are few.
 */

enum { FILE_BYTES = 256 << 20, ROOM_BYTES = 2 * FILE_BYTES, FEW = 1000 };

struct scan {
    struct key_work *work;
    struct arena *room; /* of the file, and of one line */
    struct config_domain *list;
    size_t count, capacity;
    struct key_index index;      /* of the list */
    struct config_domain *asked; /* names that the command names */
    struct key_index asked_index;
    size_t left_out; /* lines */
};

static slice copy(const struct scan *scan, slice text)
{
    slice with_end = arena_printf(scan->work->arena, "%.*s%c", SLICE_ARG(text), '\0');
    return with_end.ptr == NULL ? SLICE_NONE : slice_first(with_end, text.len);
}

/* What is no domain name is refused by the command itself. */
static enum yett_err index_asked(struct scan *scan)
{
    const struct key_work *work = scan->work;
    size_t count = (size_t)work->count;
    scan->asked = ARENA_ARRAY(work->arena, count + 1, struct config_domain);
    if (scan->asked == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = key_index_init(&scan->asked_index, work->arena, count);
    for (uint32_t i = 0; err == YETT_OK && i < count; i++) {
        err = domain_normalize(work->arena, slice_from_text(work->arguments[i]),
                               &scan->asked[i].name);
        if (err == YETT_OK) {
            key_index_add(&scan->asked_index, scan->asked, i);
        }
        err = err == YETT_BAD_SYNTAX ? YETT_OK : err;
    }
    return err;
}

/* The blocks, and room behind them. */
static enum yett_err begin_list(struct scan *scan)
{
    const struct config *config = &scan->work->config;
    size_t more = scan->work->count > 0 ? (size_t)scan->work->count : FEW;
    scan->capacity = config->domain_count + more;
    scan->list = ARENA_ARRAY(scan->work->arena, scan->capacity, struct config_domain);
    if (scan->list == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = key_index_init(&scan->index, scan->work->arena, scan->capacity);
    for (; err == YETT_OK && scan->count < config->domain_count; scan->count++) {
        scan->list[scan->count] = config->domains[scan->count];
        key_index_add(&scan->index, scan->list, (uint32_t)scan->count);
    }
    return err;
}

/* Without arguments there is room for a few beside the blocks. */
static bool is_left_out(const struct scan *scan, slice domain)
{
    return scan->work->count > 0
               ? key_index_find(&scan->asked_index, scan->asked, domain) == KEY_INDEX_NONE
               : scan->count == scan->capacity;
}

/* The domain of a line among those of the blocks, or a new one; NULL: it is left out, or there
   is no memory. */
static struct config_domain *find_or_add(struct scan *scan, slice domain)
{
    uint32_t known = key_index_find(&scan->index, scan->list, domain);
    if (known != KEY_INDEX_NONE) {
        return &scan->list[known];
    }
    if (is_left_out(scan, domain)) {
        scan->left_out++;
        return NULL;
    }
    slice name = copy(scan, domain);
    if (scan->count == scan->capacity || name.ptr == NULL) {
        return NULL;
    }
    struct config_domain *added = &scan->list[scan->count];
    *added = (struct config_domain){.name = name, .subdomains = true};
    key_index_add(&scan->index, scan->list, (uint32_t)scan->count++);
    return added;
}

static enum yett_err add_key(const struct scan *scan, const struct config_key **keys,
                             size_t *count, const struct signing_file_key *key)
{
    for (size_t i = 0; i < *count; i++) {
        if (slice_eq((*keys)[i].selector, key->selector)) {
            return YETT_OK; /* of a pattern of the same domain */
        }
    }
    struct config_key *more =
        ARENA_ARRAY(scan->work->arena, *count + 1, struct config_key);
    slice selector = copy(scan, key->selector);
    slice path = slice_is_empty(key->path) ? SLICE_NONE : copy(scan, key->path);
    if (more == NULL || selector.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    if (*count > 0) {
        memcpy(more, *keys, *count * sizeof more[0]);
    }
    more[*count] = (struct config_key){.selector = selector, .path = path};
    *keys = more;
    ++*count;
    return YETT_OK;
}

static enum yett_err add_line(struct scan *scan, const struct signing_domain_line *line)
{
    struct config_domain *domain = find_or_add(scan, line->domain);
    enum yett_err err = YETT_OK;
    for (size_t i = 0; domain != NULL && err == YETT_OK && i < line->key_count; i++) {
        err = line->keys[i].seals
                  ? add_key(scan, &domain->seal, &domain->seal_count, &line->keys[i])
                  : add_key(scan, &domain->sign, &domain->sign_count, &line->keys[i]);
    }
    return err;
}

static enum yett_err read_line(struct scan *scan, struct signing_file *file, slice *why)
{
    struct signing_domain_line line = {.key_count = 0};
    slice reason = SLICE("out of memory");
    enum yett_err err = signing_next_domain(scan->room, file, &line, &reason);
    if (err == YETT_OK) {
        return add_line(scan, &line);
    }
    if (err != YETT_NOT_FOUND) {
        *why = arena_printf(scan->work->arena, "%s:%zu: %.*s",
                            scan->work->config.signing.domains_file.ptr, file->line,
                            SLICE_ARG(reason));
    }
    return err;
}

static enum yett_err read_lines(struct scan *scan, slice *why)
{
    struct signing_file file = {.line = 0};
    slice reason = SLICE_NONE;
    enum yett_err err = file_read(scan->room, scan->work->config.signing.domains_file.ptr,
                                  FILE_BYTES, &file.rest, &reason);
    if (err != YETT_OK) {
        static const char key[] = "signing.domains_file";
        slice place = config_place_text(scan->room, &scan->work->config, key);
        *why = arena_printf(scan->work->arena, "%.*s: %s: %.*s", SLICE_ARG(place), key,
                            SLICE_ARG(reason));
        return err;
    }
    while (err == YETT_OK) {
        struct arena_mark mark = arena_mark(scan->room);
        err = read_line(scan, &file, why);
        arena_rewind(scan->room, mark);
    }
    return err == YETT_NOT_FOUND ? YETT_OK : err; /* the end */
}

static int scan_file(struct scan *scan)
{
    struct config *config = &scan->work->config;
    slice why = SLICE("out of memory");
    enum yett_err err = index_asked(scan);
    if (err == YETT_OK) {
        err = begin_list(scan);
    }
    if (err == YETT_OK) {
        err = read_lines(scan, &why);
    }
    if (err != YETT_OK) {
        return key_complain(scan->work, key_status_of(err), why);
    }
    config->domains = scan->list;
    config->domain_count = scan->count;
    scan->work->index = scan->index;
    if (scan->left_out > 0 && scan->work->count == 0) {
        fprintf(stderr,
                "yett %s: of signing.domains_file %zu lines are left out: name the "
                "domains that are meant\n",
                scan->work->name, scan->left_out);
    }
    return EXIT_FINE;
}

int key_read_file(struct key_work *work)
{
    if (slice_is_empty(work->config.signing.domains_file)) {
        return EXIT_FINE;
    }
    struct scan scan = {.work = work, .room = arena_new(ROOM_BYTES)};
    int status = scan.room == NULL
                     ? key_complain_text(work, EXIT_CANNOT_TELL, "out of memory")
                     : scan_file(&scan);
    arena_free(scan.room);
    return status;
}
