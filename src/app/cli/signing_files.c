/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/signing_files.h"

#include "edge/files/files.h"

#include <sys/stat.h>

/* signing_files: lines are looked up in the table one by one. */

#define FILE_BYTES ((size_t)256 << 20)
#define ROOM_BYTES (FILE_BYTES + ((size_t)16 << 20))

enum { SENTENCE_MAX = 8192 };

/* What may be odd about a line: what its mail is signed with, or that it is not; its login. */
enum oddity { ODD_MAIL, ODD_LOGIN, ODDITIES };

/* Lines that are alike: the first, and how many there are. */
struct alike {
    slice sentence; /* in the arena of the whole look */
    size_t count;
};

struct reading {
    const struct signing_looking *looking;
    struct arena *room; /* of the file, and of one line */
    const char *path;
    struct signing_file file;
    struct alike alike[ODDITIES];
};

static enum yett_err note(struct reading *reading, enum oddity oddity, const char *before,
                          slice name, const char *after)
{
    struct alike *alike = &reading->alike[oddity];
    struct buf text;
    if (alike->count++ > 0) {
        return YETT_OK;
    }
    buf_init(&text, reading->looking->arena, SENTENCE_MAX);
    buf_printf(&text, "%s:%zu: %s", reading->path, reading->file.line, before);
    buf_add_visible(&text, name);
    buf_add_text(&text, after);
    alike->sentence = buf_slice(&text);
    return buf_err(&text);
}

static void tell(const struct signing_looking *looking, const struct alike *alike)
{
    slice sentence = alike->sentence;
    size_t more = alike->count - 1;
    if (alike->count == 0) {
        return;
    }
    if (more > 0) {
        sentence = arena_printf(looking->arena, "%.*s; so it is with %zu more %s",
                                SLICE_ARG(sentence), more, more == 1 ? "line" : "lines");
    }
    looking->warn(looking->context, sentence);
}

/* ---- domains ----------------------------------------------------------------------------- */

static bool is_ed25519_only(const struct signing_table *table,
                            const struct signing_domain_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < line->key_count; i++) {
        struct signing_row row;
        if (line->keys[i].seals) {
            continue;
        }
        if (!signing_find_row(table, line->domain, line->keys[i].selector, &row) ||
            row.type != CRYPTO_ED25519) {
            return false;
        }
        count++;
    }
    return count != 0;
}

static enum yett_err look_at_domain(struct reading *reading)
{
    struct signing_domain_line line;
    slice why;
    enum yett_err err = signing_next_domain(reading->room, &reading->file, &line, &why);
    return err != YETT_OK || !is_ed25519_only(reading->looking->table, &line)
               ? err
               : note(reading, ODD_MAIL, "mail of ", line.pattern,
                      " is " SIGNING_ED25519_ONLY);
}

/* ---- logins ------------------------------------------------------------------------------ */

/* Below a domain that is not named others may be; so nothing is said of such patterns. */
static bool is_served(const struct signing_table *table, slice pattern)
{
    struct signing_rows rows;
    return slice_peek(pattern) == '*' || signing_find_author(table, pattern, &rows);
}

const char *signing_login_oddity(slice login, size_t patterns)
{
    static const char separators[] = ":,;=|";
    if (slice_has_byte(login, '*') && login.len != 1) {
        return ": no login is a pattern; it stands for these characters only, and "
               "* alone for all that are not named";
    }
    for (size_t i = 0; patterns == 0 && i < sizeof separators - 1; i++) {
        if (slice_has_byte(login, separators[i])) {
            return ": this login has no domains; a space stands between a login and its "
                   "domains";
        }
    }
    return NULL;
}

static enum yett_err look_at_login(struct reading *reading)
{
    struct signing_login_line line;
    slice why;
    enum yett_err err = signing_next_login(reading->room, &reading->file, &line, &why);
    const char *oddity =
        err == YETT_OK ? signing_login_oddity(line.login, line.pattern_count) : NULL;
    if (oddity != NULL) {
        err = note(reading, ODD_LOGIN, "", line.login, oddity);
    }
    for (size_t i = 0; err == YETT_OK && i < line.pattern_count; i++) {
        if (!is_served(reading->looking->table, line.patterns[i])) {
            return note(
                reading, ODD_MAIL, "", line.patterns[i],
                " is in no domain block, nor in domains_file, so nothing is signed "
                "for it");
        }
    }
    return err;
}

/* ---- both -------------------------------------------------------------------------------- */

/* What is wrong with the file was found when the table was made. */
static enum yett_err look_at_file(const struct signing_looking *looking, slice path,
                                  enum yett_err (*look)(struct reading *reading))
{
    struct reading reading = {.looking = looking, .path = path.ptr};
    struct stat stat_of_file;
    slice why;
    /* What is no file, but a pipe, was read up when the table was made. */
    if (slice_is_empty(path) || stat(path.ptr, &stat_of_file) != 0 ||
        !S_ISREG(stat_of_file.st_mode)) {
        return YETT_OK;
    }
    reading.room = arena_new(ROOM_BYTES);
    enum yett_err err =
        reading.room == NULL
            ? YETT_NO_MEMORY
            : file_read(reading.room, path.ptr, FILE_BYTES, &reading.file.rest, &why);
    while (err == YETT_OK) {
        struct arena_mark mark = arena_mark(reading.room);
        err = look(&reading);
        arena_rewind(reading.room, mark);
    }
    for (size_t i = 0; i < ODDITIES; i++) {
        tell(looking, &reading.alike[i]);
    }
    arena_free(reading.room);
    return err == YETT_NO_MEMORY ? err : YETT_OK;
}

enum yett_err signing_look_at_files(const struct signing_looking *looking)
{
    const struct config_signing *signing = &looking->config->signing;
    enum yett_err err = look_at_file(looking, signing->domains_file, look_at_domain);
    return err == YETT_OK ? look_at_file(looking, signing->logins_file, look_at_login)
                          : err;
}
