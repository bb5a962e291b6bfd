/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/setup.h"

#include "app/cli/command.h"
#include "core/base/buf.h"
#include "edge/config/config.h"
#include "edge/files/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* setup: opens what all messages of a command share, and words what went wrong. */

enum {
    ARENA_BYTES = 1024 * 1024 * 1024, /* a ceiling: the zone is the administrator's own */
    ZONE_BYTES_MAX = 256 * 1024 * 1024,
    SUFFIX_LIST_BYTES_MAX = 16 * 1024 * 1024,
    TRUST_ANCHOR_BYTES_MAX = 1024 * 1024
};

static int complain(const struct setup *setup, slice why, int status)
{
    fprintf(stderr, "yett %s: %.*s\n", setup->command, SLICE_ARG(why));
    return status;
}

/* ---- settings --------------------------------------------------------------------------- */

static void apply_options(const struct options *options, struct config *config)
{
    if (options->has_dmarc_mode) {
        config->dmarc.standard = options->dmarc_7489 ? CONFIG_RFC7489 : CONFIG_RFC9989;
    }
    if (options->psl_path != NULL) {
        config->dmarc.suffix_list = slice_from_text(options->psl_path);
    }
    if (options->allow_rsa_sha1) {
        config->dkim.allow_rsa_sha1 = true;
    }
    if (options->min_rsa_bits != 0) {
        config->dkim.min_rsa_bits = options->min_rsa_bits;
    }
    if (!slice_is_empty(options->resolver)) {
        config->resolver = options->resolver;
    }
    if (options->validate) {
        config->dns_validate = true;
    }
    if (options->trust_anchor_path != NULL) {
        config->dns_trust_anchor = slice_from_text(options->trust_anchor_path);
    }
}

static int open_settings(struct setup *setup)
{
    slice why = SLICE_NONE;
    config_init(&setup->config);
    if (setup->options->config_path != NULL &&
        config_file_read(setup->arena, setup->options->config_path, &setup->config,
                         &why) != YETT_OK) {
        return complain(setup, why, EXIT_USAGE);
    }
    apply_options(setup->options, &setup->config);
    if (config_file_set_host_name(setup->arena, &setup->config) != YETT_OK) {
        return complain(setup, SLICE("out of memory"), EXIT_CANNOT_TELL);
    }
    return EXIT_FINE;
}

static int open_suffix_list(struct setup *setup)
{
    slice text, why = SLICE_NONE;
    if (setup->config.dmarc.standard != CONFIG_RFC7489) {
        return EXIT_FINE;
    }
    /* The path has a NUL behind it, see core/config. */
    const char *path = setup->config.dmarc.suffix_list.ptr;
    if (file_read(setup->arena, path, SUFFIX_LIST_BYTES_MAX, &text, &why) != YETT_OK) {
        complain(setup, why, EXIT_USAGE);
        return complain(
            setup,
            SLICE("RFC 7489 needs the public suffix list: name it with --psl, or "
                  "install Debian's package publicsuffix"),
            EXIT_USAGE);
    }
    if (dmarc_suffixes_parse(text, &setup->suffixes) != YETT_OK) {
        return complain(setup, SLICE("the public suffix list cannot be read"),
                        EXIT_USAGE);
    }
    return EXIT_FINE;
}

/* ---- answers ---------------------------------------------------------------------------- */

static int open_zone(struct setup *setup)
{
    struct zone_error error = {0};
    slice text, why = SLICE_NONE;
    const char *path = setup->options->zone_path;

    if (file_read(setup->arena, path, ZONE_BYTES_MAX, &text, &why) != YETT_OK) {
        return complain(setup, why, EXIT_USAGE);
    }
    enum yett_err err = zone_parse(setup->arena, text, &setup->answerer.zone, &error);
    if (err == YETT_OK) {
        setup->answerer.mode = setup->options->answers;
        return EXIT_FINE;
    }
    setup->answerer.zone = NULL;
    if (err != YETT_BAD_SYNTAX) {
        return complain(setup, slice_from_text(yett_err_text(err)), EXIT_CANNOT_TELL);
    }
    struct buf line;
    buf_init(&line, setup->arena, 4096);
    buf_add_visible(&line, slice_from_text(path));
    buf_printf(&line, ":%zu: %.*s", error.line, SLICE_ARG(error.why));
    return complain(setup, buf_slice(&line), EXIT_USAGE);
}

static int read_trust_anchor(struct setup *setup, slice *out)
{
    slice why = SLICE_NONE;
    /* The path has a NUL behind it, see core/config. */
    if (file_read(setup->arena, setup->config.dns_trust_anchor.ptr,
                  TRUST_ANCHOR_BYTES_MAX, out, &why) == YETT_OK) {
        return EXIT_FINE;
    }
    complain(setup, why, EXIT_USAGE);
    return complain(
        setup,
        SLICE("DNSSEC validation begins with the root's key: install Debian's "
              "package dns-root-data, or name a file of DS or DNSKEY records "
              "with --trust-anchor or in dns.trust_anchor"),
        EXIT_USAGE);
}

static int open_resolver(struct setup *setup)
{
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    char why[512];
    options.server = setup->config.resolver;
    options.timeout_ms = setup->config.dns_timeout_ms;
    options.cache_bytes = setup->config.dns_cache_bytes;
    if (setup->config.dns_validate) {
        int status = read_trust_anchor(setup, &options.trust_anchor);
        if (status != EXIT_FINE) {
            return status;
        }
        options.validate = true;
        options.trust_anchor_source = setup->config.dns_trust_anchor;
    }

    setup->answerer.deadline_ms = setup->config.deadline_ms;
    setup->answerer.loop = loop_new();
    if (setup->answerer.loop == NULL) {
        return complain(setup, SLICE("the event loop cannot be started"),
                        EXIT_CANNOT_TELL);
    }
    setup->answerer.resolver =
        resolver_new(setup->answerer.loop, &options, why, sizeof why);
    return setup->answerer.resolver == NULL
               ? complain(setup, slice_from_text(why), EXIT_USAGE)
               : EXIT_FINE;
}

static int open_answers(struct setup *setup)
{
    return setup->options->zone_path != NULL ? open_zone(setup) : open_resolver(setup);
}

static int open_crypto(struct setup *setup)
{
    setup->crypto = crypto_new();
    return setup->crypto == NULL
               ? complain(
                     setup,
                     SLICE("libcrypto cannot be used: out of memory, or it lacks RSA, "
                           "Ed25519 or SHA-256"),
                     EXIT_CANNOT_TELL)
               : EXIT_FINE;
}

/* ---- life ------------------------------------------------------------------------------- */

struct setup *setup_open(const struct options *options, const char *command, int *status)
{
    static int (*const steps[])(struct setup *) = {open_settings, open_crypto,
                                                   open_suffix_list, open_answers};
    struct setup *setup = calloc(1, sizeof(*setup));
    *status = EXIT_CANNOT_TELL;
    if (setup == NULL || (setup->arena = arena_new(ARENA_BYTES)) == NULL) {
        free(setup);
        return NULL;
    }
    setup->command = command;
    setup->options = options;
    setup->now_s = options->has_now ? options->now_s : (int64_t)time(NULL);

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        *status = steps[i](setup);
        if (*status != EXIT_FINE) {
            setup_close(setup);
            return NULL;
        }
    }
    return setup;
}

void setup_close(struct setup *setup)
{
    if (setup == NULL) {
        return;
    }
    resolver_free(setup->answerer.resolver);
    loop_free(setup->answerer.loop);
    if (setup->answerer.zone != NULL) {
        zone_finish(setup->answerer.zone);
    }
    dmarc_suffixes_free(setup->suffixes);
    crypto_free(setup->crypto); /* after the answers, whose memos hold its keys */
    arena_free(setup->arena);
    free(setup);
}
