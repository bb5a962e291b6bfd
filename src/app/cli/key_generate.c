/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/domain/domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* key_generate: `yett key generate`. */

static int check_options(const struct key_work *work)
{
    const struct key_options *options = &work->options;
    slice normal;
    if (work->count != 1) {
        return key_complain_text(work, EXIT_USAGE,
                                 "one domain must be named: yett key generate DOMAIN");
    }
    if (slice_is_empty(options->selector)) {
        return EXIT_FINE;
    }
    if (domain_normalize(work->arena, options->selector, &normal) != YETT_OK ||
        !slice_eq(normal, options->selector)) {
        return key_complain_text(work, EXIT_USAGE,
                                 "--selector must be made of small letters, digits and "
                                 "hyphens, as a domain name is");
    }
    if (slice_find(normal, SLICE("_domainkey")) < normal.len) {
        return key_complain_text(
            work, EXIT_USAGE,
            "--selector is what stands before ._domainkey in the name "
            "of the record, and no more");
    }
    if (options->rsa && options->ed25519 && options->has_algorithm) {
        return key_complain_text(
            work, EXIT_USAGE,
            "two keys cannot have one selector: name --algorithm rsa "
            "or ed25519, or leave --selector away");
    }
    return EXIT_FINE;
}

static int tell_json(const struct key_work *work, const struct keyring *ring,
                     const struct keyring_key *key, slice name)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "domain", json_of_slice(ring->domain), &failed);
    json_put(out, "selector", json_of_slice(key->selector), &failed);
    json_put(out, "algorithm", json_string(key_type_text(key->type)), &failed);
    json_put(out, "bits", json_integer((json_int_t)key->bits), &failed);
    json_put(out, "file", json_of_slice(slice_from_text(key->path)), &failed);
    json_put(out, "record", key_json_of_record(work, name, key->record), &failed);
    if (failed) {
        json_decref(out);
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    return json_print(out) ? EXIT_FINE : EXIT_CANNOT_TELL;
}

static int tell(const struct key_work *work, const struct keyring *ring,
                const struct keyring_key *key)
{
    slice name;
    if (keyring_name(work->arena, key->selector, ring->domain, &name) != YETT_OK) {
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    if (work->options.shared.json) {
        return tell_json(work, ring, key, name);
    }
    term_word(&work->term, TONE_GOOD, slice_from_text(key->path), 0);
    if (key->type == CRYPTO_RSA) {
        printf(" holds a new RSA key of %u bits.\n", key->bits);
    } else {
        printf(" holds a new Ed25519 key.\n");
    }
    key_show_record(work, name, key->record);
    return EXIT_FINE;
}

/* The directory as settings have to name it, to be freed; NULL: they say so already. */
static char *other_directory(const struct key_work *work)
{
    char *path = realpath(work->directory, NULL);
    char *set = realpath(work->config.signing.keys_directory.ptr, NULL);
    bool same = path == NULL || (set != NULL && strcmp(path, set) == 0);
    free(set);
    if (same) {
        free(path);
        return NULL;
    }
    return path;
}

/* The lines of yett.conf with which the new keys sign. */
static void show_settings(const struct keyring *ring, size_t before,
                          const char *directory)
{
    if (directory != NULL) {
        printf("  signing { keys_directory = \"");
        for (const char *c = directory; *c != '\0'; c++) {
            printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        }
        printf("\" }\n");
    }
    printf("  domain \"%.*s\" { sign = {", SLICE_ARG(ring->domain));
    for (size_t i = before; i < ring->count; i++) {
        printf("%s\"%.*s\"", i == before ? "" : ", ", SLICE_ARG(ring->keys[i].selector));
    }
    printf("} }\n");
}

/* What is left to do. */
static void advise(const struct key_work *work, const struct keyring *ring, size_t before)
{
    const struct config_domain *settings = key_settings_of(work, ring->domain);
    char *directory = other_directory(work);
    const char *config = work->has_config ? work->options.shared.config_path : NULL;
    bool one = ring->count - before == 1;
    printf("Publish %s, or let `yett key publish` do it, and ask whether %s there:\n\n"
           "  yett key check %.*s%s%s\n\n",
           one ? "this record" : "these records", one ? "it is" : "they are",
           SLICE_ARG(ring->domain),
           directory != NULL ? " --directory "
           : config != NULL  ? " --config "
                             : "",
           directory != NULL ? directory
           : config != NULL  ? config
                             : "");
    if (settings != NULL && settings->rotate && settings->sign_count == 0) {
        printf("Rotation takes the %s into use then.\n", one ? "key" : "keys");
    } else {
        printf("Then sign with %s, in yett.conf:\n\n", one ? "it" : "them");
        show_settings(ring, before, directory);
    }
    free(directory);
}

static int generate_all(const struct key_work *work, struct keyring *ring)
{
    const struct key_options *options = &work->options;
    size_t before = ring->count;
    int status = EXIT_FINE;
    /* A selector is for one key: RSA, which everybody can verify. */
    bool only_rsa = !slice_is_empty(options->selector) && !options->has_algorithm;
    const struct {
        bool is_wanted;
        enum crypto_key_type type;
    } kinds[] = {
        {options->rsa,                  CRYPTO_RSA    },
        {options->ed25519 && !only_rsa, CRYPTO_ED25519}
    };
    for (size_t i = 0; status == EXIT_FINE && i < 2; i++) {
        struct keyring_key *key;
        slice why;
        if (!kinds[i].is_wanted) {
            continue;
        }
        enum yett_err err = keyring_generate(ring, options->selector, kinds[i].type,
                                             options->bits, work->now_s, &key, &why);
        if (err == YETT_OK && options->testing) {
            err = keyring_set_testing(ring, key);
        }
        status = err == YETT_OK ? tell(work, ring, key)
                                : key_complain(work, key_status_of(err), why);
    }
    if (status == EXIT_FINE && !options->shared.json) {
        advise(work, ring, before);
    }
    return status;
}

int key_generate(struct key_work *work)
{
    struct keyring ring;
    slice domain;
    int status = check_options(work);
    if (status == EXIT_FINE) {
        status = key_domain(work, 0, &domain);
    }
    if (status != EXIT_FINE) {
        return status;
    }
    status = key_open(work, domain, KEYRING_MAKE, &ring);
    if (status == EXIT_FINE) {
        status = generate_all(work, &ring);
    }
    keyring_close(&ring);
    return status;
}
