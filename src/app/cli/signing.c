/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/signing.h"

#include "app/cli/signing_files.h"
#include "app/table/table.h"
#include "core/domain/domain.h"
#include "core/update/update.h"
#include "edge/keys/keys.h"
#include "edge/sandbox/sandbox.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * signing: the table is made as the supervisor would, which finds what is wrong; and blocks are
 * looked at for what is only odd.  signing_files.c does that with the lines of the files.
 */
enum { SENTENCE_MAX = 2048, WHY_SIZE = 500 };

/* Rotation goes on without it, by hand; so this keeps nobody from starting. */
static void look_at_update_key(const struct signing_looking *looking)
{
    static const char name[] = "signing.update_key";
    struct arena *arena = looking->arena;
    slice path = looking->config->signing.update_key;
    slice octets = SLICE_NONE, why = SLICE_NONE;
    const char *fault = NULL;
    struct update_key key;
    if (slice_is_empty(path)) {
        return;
    }
    enum yett_err err = keys_read(arena, path.ptr, &octets, &why);
    if (err == YETT_OK) {
        err = update_key_parse(arena, octets, &key, &fault);
        keys_wipe(octets);
    }
    if (err != YETT_OK && fault != NULL) {
        why = keys_sentence(arena, path.ptr, fault);
    }
    if (err != YETT_OK && !slice_is_empty(why)) {
        slice place = config_place_text(arena, looking->config, name);
        looking->warn(looking->context,
                      arena_printf(arena, "%.*s: %s: %.*s", SLICE_ARG(place), name,
                                   SLICE_ARG(why)));
    }
}

/* ---- logins ------------------------------------------------------------------------------ */

/* `pattern` as a login has it: something is said of its mail, or may be.  There is no table
   where a key is out of our reach. */
static bool is_served(const struct signing_looking *looking, slice pattern)
{
    const struct config *config = looking->config;
    struct signing_rows rows;
    bool is_below = slice_take(&pattern, SLICE("*."));
    bool found = slice_eq(pattern, SLICE("*")) ||
                 (looking->table == NULL || is_below
                      ? !slice_is_empty(config->signing.domains_file)
                      : signing_find_author(looking->table, pattern, &rows));
    /* Of domains below it some may be named, though it is not. */
    bool by_blocks = looking->table == NULL || is_below;
    for (size_t i = 0; by_blocks && !found && i < config->domain_count; i++) {
        slice name = config->domains[i].name;
        found = domain_is_under(pattern, name) ||
                (is_below && domain_is_under(name, pattern));
    }
    return found;
}

static void warn_of_login(const struct signing_looking *looking,
                          const struct config_login *login, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void warn_of_login(const struct signing_looking *looking,
                          const struct config_login *login, const char *format, ...)
{
    struct buf text;
    char sentence[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    buf_init(&text, looking->arena, 2 * SENTENCE_MAX);
    buf_add_visible(&text, login->file);
    buf_printf(&text, ":%u: login \"", login->line);
    buf_add_visible(&text, login->name);
    buf_printf(&text, "\"%s", sentence);
    looking->warn(looking->context, buf_slice(&text));
}

/* A slip of the pen there would leave somebody's mail without signatures. */
static void look_at_login(const struct signing_looking *looking,
                          const struct config_login *login)
{
    const char *or_file = slice_is_empty(looking->config->signing.domains_file)
                              ? ""
                              : ", nor in domains_file";
    const char *oddity = signing_login_oddity(login->name, login->domain_count);
    if (oddity != NULL) {
        warn_of_login(looking, login, "%s", oddity);
    }
    for (size_t i = 0; i < login->domain_count; i++) {
        if (!is_served(looking, login->domains[i])) {
            warn_of_login(looking, login,
                          ": %.*s is in no domain block%s, so nothing is signed for it",
                          SLICE_ARG(login->domains[i]), or_file);
        }
    }
}

static void look_at_logins(const struct signing_looking *looking)
{
    for (size_t i = 0; i < looking->config->login_count; i++) {
        look_at_login(looking, &looking->config->logins[i]);
    }
}

/* ---- algorithms -------------------------------------------------------------------------- */

/* The keys of a block, or those that rotation made for it. */
static bool is_ed25519_only(const struct signing_looking *looking,
                            const struct config_domain *domain)
{
    struct signing_rows rows;
    bool only = (domain->sign_count != 0 || domain->rotate) &&
                signing_find_author(looking->table, domain->name, &rows) &&
                slice_eq(rows.pattern, domain->name) && rows.count != 0;
    for (size_t i = 0; only && i < rows.count; i++) {
        only = rows.list[i].type == CRYPTO_ED25519;
    }
    return only;
}

static void look_at_blocks(const struct signing_looking *looking)
{
    for (size_t i = 0; i < looking->config->domain_count; i++) {
        const struct config_domain *domain = &looking->config->domains[i];
        if (is_ed25519_only(looking, domain)) {
            struct buf text;
            buf_init(&text, looking->arena, SENTENCE_MAX);
            buf_add_visible(&text, domain->file);
            buf_printf(&text, ":%u: domain \"%.*s\": its mail is " SIGNING_ED25519_ONLY,
                       domain->line, SLICE_ARG(domain->name));
            looking->warn(looking->context, buf_slice(&text));
        }
    }
}

/* One domain seals, with keys of its block, of lines of the file, or both. */
static void look_at_seals(const struct signing_looking *looking)
{
    slice domain = looking->config->sealing.domain;
    size_t rows = slice_is_empty(domain) ? 0 : signing_row_count(looking->table);
    bool has_ed25519 = false, has_rsa = false;
    for (size_t i = 0; i < rows; i++) {
        struct signing_row row = signing_row_at(looking->table, i);
        if ((row.uses & SIGNING_ARC) != 0 && slice_eq(row.domain, domain)) {
            has_rsa |= row.type == CRYPTO_RSA;
            has_ed25519 |= row.type == CRYPTO_ED25519;
        }
    }
    if (has_ed25519 && !has_rsa) {
        slice place =
            config_place_text(looking->arena, looking->config, "sealing.domain");
        looking->warn(
            looking->context,
            arena_printf(
                looking->arena,
                "%.*s: sealing.domain: seals of %.*s are made with Ed25519, which "
                "hardly anybody can check; name an RSA key in its seal",
                SLICE_ARG(place), SLICE_ARG(domain)));
    }
}

static enum yett_err look_at_table(struct signing_looking *looking, slice octets,
                                   slice *why)
{
    const char *fault = "";
    enum yett_err err =
        signing_table_open(looking->arena, octets, &looking->table, &fault);
    if (err != YETT_OK) {
        *why = slice_from_text(fault);
        return err;
    }
    look_at_logins(looking);
    look_at_blocks(looking);
    look_at_seals(looking);
    return signing_look_at_files(looking);
}

/* Of the default accounts only those that nobody else uses. */
void signing_trust_keeper(const struct config *config)
{
    const slice names[] = {config->signing.keeper_user, SLICE(SANDBOX_KEEPER_ACCOUNT),
                           config->user};
    bool is_named = !slice_is_empty(names[0]);
    for (size_t i = is_named ? 0 : 1; i < (is_named ? 1 : 3); i++) {
        struct sandbox_user user;
        char why[WHY_SIZE] = "";
        const char *name = slice_is_empty(names[i]) ? "" : names[i].ptr;
        if (sandbox_find_user(name, &user, why, sizeof why) == YETT_OK && user.given &&
            why[0] == '\0') {
            keys_trust_keeper(user.uid, user.gid);
            return;
        }
    }
}

/* ---- all --------------------------------------------------------------------------------- */

static enum yett_err make_table(const struct signing_looking *looking, slice *octets,
                                slice *why)
{
    const struct table_notes notes = {looking->warn, looking->context};
    struct buf buf;
    struct crypto *crypto = crypto_new();
    if (crypto == NULL) {
        *why = SLICE("libcrypto cannot be used");
        return YETT_NO_MEMORY;
    }
    buf_init(&buf, looking->arena, SIGNING_TABLE_MAX);
    *why = SLICE("out of memory");
    enum yett_err err =
        table_build(looking->arena, crypto, looking->config, &notes, &buf, why);
    crypto_free(crypto);
    *octets = buf_slice(&buf);
    return err;
}

/* Nothing is signed: what is said of logins has no effect.  Whoever goes on with it later
   learns now what is wrong with it. */
static enum yett_err look_at_unused(const struct signing_looking *looking, slice *why)
{
    const struct config *config = looking->config;
    const char *key = "signing.logins_file";
    slice place = config_place_text(looking->arena, config, key);
    slice octets;
    if (slice_is_empty(config->signing.logins_file)) {
        if (config->login_count == 0) {
            return YETT_OK;
        }
        key = "login";
        place = arena_printf(looking->arena, "%.*s:%u", SLICE_ARG(config->logins[0].file),
                             config->logins[0].line);
    }
    looking->warn(looking->context,
                  arena_printf(looking->arena,
                               "%.*s: %s: has no effect: nothing is signed, since no "
                               "domain block names keys and there is no domains_file",
                               SLICE_ARG(place), key));
    enum yett_err err = make_table(looking, &octets, why);
    if (err == YETT_OK || err == YETT_NO_MEMORY) {
        return err;
    }
    looking->warn(looking->context, *why);
    return YETT_OK;
}

enum yett_err signing_look(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context,
                           slice *why)
{
    struct signing_looking looking = {arena, config, NULL, warn, context};
    slice octets;
    if (!config_signs(config)) {
        return look_at_unused(&looking, why);
    }
    signing_trust_keeper(config);
    look_at_update_key(&looking);
    enum yett_err err = make_table(&looking, &octets, why);
    if (err == YETT_OK) {
        err = look_at_table(&looking, octets, why);
    }
    if (err == YETT_IO) {
        warn(context, *why);
        look_at_logins(&looking);
        return YETT_OK;
    }
    return err;
}
