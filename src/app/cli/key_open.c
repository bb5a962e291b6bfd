/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/domain/domain.h"

#include <stdio.h>

/* key_open: settings and rings for `yett key …`, and the words for what went wrong. */

enum { WAIT_S = 600, GRACE_S = 7 * 86400 };

int key_complain(const struct key_work *work, int status, slice sentence)
{
    fprintf(stderr, "yett %s: %.*s\n", work->name, SLICE_ARG(sentence));
    return status;
}

int key_complain_text(const struct key_work *work, int status, const char *sentence)
{
    return key_complain(work, status, slice_from_text(sentence));
}

int key_complain_none(const struct key_work *work, int status, slice domain)
{
    fprintf(stderr,
            "yett %s: %.*s has no keys in %s; yett key list shows which domains have "
            "some, yett key generate %.*s makes some\n",
            work->name, SLICE_ARG(domain), work->directory, SLICE_ARG(domain));
    return status;
}

/* A selector that somebody wrote, and that there is no key of. */
static int complain_selector(const struct key_work *work, int status, slice domain)
{
    struct buf shown;
    buf_init(&shown, work->arena, 8192);
    buf_add_visible(&shown, work->options.selector);
    fprintf(stderr, "yett %s: %.*s has no key with the selector %.*s in %s\n", work->name,
            SLICE_ARG(domain), SLICE_ARG(buf_slice(&shown)), work->directory);
    return status;
}

int key_complain_choice(const struct key_work *work, int status,
                        const struct keyring *ring)
{
    return ring->count == 0 ? key_complain_none(work, status, ring->domain)
                            : complain_selector(work, status, ring->domain);
}

int key_status_of(enum yett_err err)
{
    switch (err) {
    case YETT_OK:
        return EXIT_FINE;
    case YETT_BAD_SYNTAX:
        return EXIT_BAD;
    case YETT_NOT_FOUND:
        return EXIT_USAGE;
    case YETT_NEED_ANSWERS:
    case YETT_NO_MEMORY:
    case YETT_LIMIT:
    case YETT_IO:
        break;
    }
    return EXIT_CANNOT_TELL;
}

int key_domain(const struct key_work *work, int index, slice *out)
{
    slice text = slice_from_text(work->arguments[index]);
    if (domain_normalize(work->arena, text, out) == YETT_OK) {
        return EXIT_FINE;
    }
    struct buf shown;
    buf_init(&shown, work->arena, 8192);
    buf_add_visible(&shown, text);
    fprintf(stderr, "yett %s: '%.*s' is no domain name\n", work->name,
            SLICE_ARG(buf_slice(&shown)));
    return EXIT_USAGE;
}

const struct config_domain *key_settings_of(const struct key_work *work, slice domain)
{
    uint32_t number = key_index_find(&work->index, work->config.domains, domain);
    return number == KEY_INDEX_NONE ? NULL : &work->config.domains[number];
}

static bool is_among(const struct config_key *keys, size_t count, slice selector)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = slice_eq(keys[i].selector, selector);
    }
    return found;
}

bool key_is_named(const struct key_work *work, slice domain, slice selector)
{
    const struct config_domain *settings = key_settings_of(work, domain);
    return settings != NULL && is_among(settings->sign, settings->sign_count, selector);
}

bool key_seals(const struct key_work *work, slice domain, slice selector)
{
    const struct config_domain *settings = key_settings_of(work, domain);
    return settings != NULL && is_among(settings->seal, settings->seal_count, selector);
}

bool key_is_used(const void *context, slice domain, slice selector)
{
    const struct key_work *work = context;
    struct signing_row row;
    return key_is_named(work, domain, selector) || key_seals(work, domain, selector) ||
           (work->table != NULL && signing_find_row(work->table, domain, selector, &row));
}

/* ---- rings ------------------------------------------------------------------------------- */

static enum yett_err add_named(struct keyring *ring, const struct config_key *keys,
                               size_t count)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        bool is_elsewhere = !slice_is_empty(keys[i].path);
        if (is_elsewhere || keyring_find(ring, keys[i].selector) == NULL) {
            err = keyring_add_file(ring, keys[i].selector,
                                   is_elsewhere ? keys[i].path.ptr : NULL);
        }
    }
    return err;
}

int key_open(const struct key_work *work, slice domain, enum keyring_access access,
             struct keyring *out)
{
    slice why = SLICE_NONE;
    const struct config_domain *settings = key_settings_of(work, domain);
    enum yett_err err = keyring_open(work->arena, work->crypto, work->directory, domain,
                                     access, out, &why);
    if (err == YETT_NOT_FOUND && access == KEYRING_CHANGE) {
        return key_complain_none(work, EXIT_USAGE, domain);
    }
    if (err == YETT_OK && settings != NULL) {
        err = add_named(out, settings->sign, settings->sign_count);
        if (err == YETT_OK) {
            err = add_named(out, settings->seal, settings->seal_count);
        }
        why = SLICE("the settings name too many keys");
    }
    return err == YETT_OK ? EXIT_FINE : key_complain(work, key_status_of(err), why);
}

static int complain_several(const struct key_work *work, const struct keyring *ring)
{
    fprintf(stderr, "yett %s: %.*s has %zu keys: --selector must name one\n", work->name,
            SLICE_ARG(ring->domain), ring->count);
    return EXIT_USAGE;
}

struct keyring_key *key_choose(const struct key_work *work, struct keyring *ring,
                               int *status)
{
    struct keyring_key *key = NULL;
    slice selector = work->options.selector;
    if (!slice_is_empty(selector)) {
        key = keyring_find(ring, selector);
    } else if (ring->count == 1) {
        key = &ring->keys[0];
    }
    *status = EXIT_USAGE;
    if (key == NULL) {
        *status = ring->count > 1 && slice_is_empty(selector)
                      ? complain_several(work, ring)
                      : key_complain_choice(work, EXIT_USAGE, ring);
        return NULL;
    }
    if (!key->is_usable) {
        *status = key_complain(work, EXIT_BAD, key->trouble);
        return NULL;
    }
    return key;
}

/* ---- settings ---------------------------------------------------------------------------- */

uint32_t key_ttl_s(const struct key_work *work)
{
    return work->options.has_ttl ? work->options.ttl_s
                                 : (uint32_t)work->config.signing.record_ttl_s;
}

/* The servers of the setting, in room that outlives the command's work. */
static void name_servers(const struct key_work *work, struct nameserver_options *out)
{
    static slice list[KEY_AUTHORITIES_MAX];
    slice rest = work->config.signing.name_servers;
    slice word;
    while (out->server_count < KEY_AUTHORITIES_MAX &&
           slice_next_piece(&rest, ' ', &word)) {
        if (!slice_is_empty(word)) {
            list[out->server_count++] = word;
        }
    }
    out->servers = list;
}

const char *key_update_key(const struct key_work *work)
{
    slice path = work->config.signing.update_key;
    return work->options.update_key != NULL || slice_is_empty(path)
               ? work->options.update_key
               : path.ptr;
}

struct nameserver_options key_nameservers(const struct key_work *work)
{
    const struct key_options *options = &work->options;
    struct nameserver_options dns = NAMESERVER_OPTIONS_DEFAULT;
    dns.resolver = !slice_is_empty(options->shared.resolver) ? options->shared.resolver
                                                             : work->config.resolver;
    dns.primary = !slice_is_empty(options->server) ? options->server
                                                   : work->config.signing.update_server;
    dns.servers = options->authorities;
    dns.server_count = options->authority_count;
    if (options->authority_count == 0) {
        name_servers(work, &dns);
    }
    return dns;
}

struct keyring_dns key_dns(const struct key_work *work)
{
    return (struct keyring_dns){.asker = work->asker,
                                .update_key_path = key_update_key(work),
                                .ttl_s = key_ttl_s(work),
                                .wait_s = work->options.has_wait ? work->options.wait_s
                                                                 : WAIT_S};
}

struct rotation_settings key_rotation_settings(const struct key_work *work)
{
    const struct config_signing *signing = &work->config.signing;
    return (struct rotation_settings){
        .rsa = signing->rotate_with != CONFIG_ROTATE_ED25519,
        .ed25519 = signing->rotate_with != CONFIG_ROTATE_RSA,
        .interval_s = signing->rotate_every_s,
        .expire_s = signing->expire_s,
        .grace_s = GRACE_S};
}
