/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/signing.h"

#include "app/table/table.h"
#include "core/domain/domain.h"
#include "core/update/update.h"
#include "edge/keys/keys.h"
#include "edge/sandbox/sandbox.h"

enum { SENTENCE_MAX = 2048, WHY_SIZE = 500 };

/* Rotation goes on without it, by hand; so this keeps nobody from starting. */
static void look_at_update_key(struct arena *arena, const struct config *config,
                               void (*warn)(void *context, slice sentence), void *context)
{
    slice path = config->signing.update_key;
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
        warn(context, arena_printf(arena, "signing.update_key: %.*s", SLICE_ARG(why)));
    }
}

/* `pattern` as a login has it. */
static bool is_served(const struct config *config, slice pattern)
{
    (void)slice_take(&pattern, SLICE("*."));
    for (size_t i = 0; i < config->domain_count; i++) {
        if (domain_is_under(pattern, config->domains[i].name)) {
            return true;
        }
    }
    return slice_eq(pattern, SLICE("*"));
}

/* A slip of the pen there would leave somebody's mail without signatures. */
static void look_at_logins(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context)
{
    if (!slice_is_empty(config->signing.domains_file)) {
        return;
    }
    for (size_t i = 0; i < config->login_count; i++) {
        const struct config_login *login = &config->logins[i];
        for (size_t j = 0; j < login->domain_count; j++) {
            if (!is_served(config, login->domains[j])) {
                struct buf text;
                buf_init(&text, arena, SENTENCE_MAX);
                buf_add_visible(&text, login->file);
                buf_printf(&text, ":%u: login \"", login->line);
                buf_add_visible(&text, login->name);
                buf_printf(&text,
                           "\": %.*s is in no domain block, so nothing is signed for it",
                           SLICE_ARG(login->domains[j]));
                warn(context, buf_slice(&text));
            }
        }
    }
}

/* Whether all of these are Ed25519 keys, which many receivers cannot check. */
static bool is_ed25519_only(const struct signing_table *table, slice domain,
                            const struct config_key *keys, size_t count)
{
    bool only = count > 0;
    for (size_t i = 0; only && i < count; i++) {
        struct signing_row row;
        only = signing_find_row(table, domain, keys[i].selector, &row) &&
               row.type == CRYPTO_ED25519;
    }
    return only;
}

static enum yett_err look_at_algorithms(struct arena *arena, const struct config *config,
                                        slice octets,
                                        void (*warn)(void *context, slice sentence),
                                        void *context, slice *why)
{
    const struct signing_table *table;
    const char *fault = "";
    enum yett_err err = signing_table_open(arena, octets, &table, &fault);
    if (err != YETT_OK) {
        *why = slice_from_text(fault);
        return err;
    }
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        const struct {
            const struct config_key *keys;
            size_t count;
            const char *text;
        } uses[] = {
            {domain->sign, domain->sign_count,
             "its mail is signed with Ed25519 only, which many receivers cannot check; "
             "name an RSA key as well"},
            {domain->seal, domain->seal_count,
             "its seals are made with Ed25519, which hardly anybody can check; name an "
             "RSA "
             "key in seal"            },
        };
        for (size_t j = 0; j < 2; j++) {
            if (is_ed25519_only(table, domain->name, uses[j].keys, uses[j].count)) {
                struct buf text;
                buf_init(&text, arena, SENTENCE_MAX);
                buf_add_visible(&text, domain->file);
                buf_printf(&text, ":%u: domain \"%.*s\": %s", domain->line,
                           SLICE_ARG(domain->name), uses[j].text);
                warn(context, buf_slice(&text));
            }
        }
    }
    return YETT_OK;
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

enum yett_err signing_look(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context,
                           slice *why)
{
    const struct table_notes notes = {warn, context};
    struct buf octets;
    if (!config_signs(config)) {
        return YETT_OK;
    }
    signing_trust_keeper(config);
    look_at_update_key(arena, config, warn, context);
    look_at_logins(arena, config, warn, context);
    struct crypto *crypto = crypto_new();
    if (crypto == NULL) {
        *why = SLICE("libcrypto cannot be used");
        return YETT_NO_MEMORY;
    }
    buf_init(&octets, arena, SIGNING_TABLE_MAX);
    *why = SLICE("out of memory");
    enum yett_err err = table_build(arena, crypto, config, &notes, &octets, why);
    crypto_free(crypto);
    if (err == YETT_OK) {
        err = look_at_algorithms(arena, config, buf_slice(&octets), warn, context, why);
    }
    if (err == YETT_IO) {
        warn(context, *why);
        return YETT_OK;
    }
    return err;
}
