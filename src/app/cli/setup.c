/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/setup.h"

#include "app/cli/command.h"
#include "core/base/buf.h"
#include "edge/config/config.h"

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

struct judge {
    struct setup setup;
    struct sitting *sitting; /* the message in work */
    const char *command;
};

struct setup *judge_setup(struct judge *judge)
{
    return &judge->setup;
}

struct sitting *judge_seat(struct judge *judge, struct sitting *sitting)
{
    sitting_free(judge->sitting);
    judge->sitting = sitting;
    return sitting;
}

const struct config *judge_config(const struct judge *judge)
{
    return &judge->setup.config;
}

const struct answerer *judge_answerer(const struct judge *judge)
{
    return &judge->setup.answerer;
}

int64_t judge_now_s(const struct judge *judge)
{
    return judge->setup.now_s;
}

static int complain(const struct judge *judge, slice why, int status)
{
    fprintf(stderr, "yett %s: %.*s\n", judge->command, SLICE_ARG(why));
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

static int open_settings(struct judge *judge)
{
    struct setup *setup = &judge->setup;
    slice why = SLICE_NONE;
    config_init(&setup->config);
    if (setup->options->config_path != NULL &&
        config_file_read(setup->arena, setup->options->config_path, &setup->config,
                         &why) != YETT_OK) {
        return complain(judge, why, EXIT_USAGE);
    }
    apply_options(setup->options, &setup->config);
    if (config_file_set_host_name(setup->arena, &setup->config) != YETT_OK) {
        return complain(judge, SLICE("out of memory"), EXIT_CANNOT_TELL);
    }
    return EXIT_FINE;
}

static int open_suffix_list(struct judge *judge)
{
    struct setup *setup = &judge->setup;
    slice text, why = SLICE_NONE;
    if (setup->config.dmarc.standard != CONFIG_RFC7489) {
        return EXIT_FINE;
    }
    /* The path has a NUL behind it, see core/config. */
    const char *path = setup->config.dmarc.suffix_list.ptr;
    if (file_read(setup->arena, path, SUFFIX_LIST_BYTES_MAX, &text, &why) != YETT_OK) {
        complain(judge, why, EXIT_USAGE);
        return complain(
            judge,
            SLICE("RFC 7489 needs the public suffix list: name it with --psl, or "
                  "install Debian's package publicsuffix"),
            EXIT_USAGE);
    }
    if (dmarc_suffixes_parse(text, &setup->suffixes) != YETT_OK) {
        return complain(judge, SLICE("the public suffix list cannot be read"),
                        EXIT_USAGE);
    }
    return EXIT_FINE;
}

/* ---- answers ---------------------------------------------------------------------------- */

static int open_zone(struct judge *judge)
{
    struct setup *setup = &judge->setup;
    struct zone_error error = {0};
    slice text, why = SLICE_NONE;
    const char *path = setup->options->zone_path;

    if (file_read(setup->arena, path, ZONE_BYTES_MAX, &text, &why) != YETT_OK) {
        return complain(judge, why, EXIT_USAGE);
    }
    enum yett_err err = zone_parse(setup->arena, text, &setup->answerer.zone, &error);
    if (err == YETT_OK) {
        setup->answerer.mode = setup->options->answers;
        return EXIT_FINE;
    }
    setup->answerer.zone = NULL;
    if (err != YETT_BAD_SYNTAX) {
        return complain(judge, slice_from_text(yett_err_text(err)), EXIT_CANNOT_TELL);
    }
    struct buf line;
    buf_init(&line, setup->arena, 4096);
    buf_add_visible(&line, slice_from_text(path));
    buf_printf(&line, ":%zu: %.*s", error.line, SLICE_ARG(error.why));
    return complain(judge, buf_slice(&line), EXIT_USAGE);
}

static int read_trust_anchor(struct judge *judge, slice *out)
{
    struct setup *setup = &judge->setup;
    slice why = SLICE_NONE;
    /* The path has a NUL behind it, see core/config. */
    if (file_read(setup->arena, setup->config.dns_trust_anchor.ptr,
                  TRUST_ANCHOR_BYTES_MAX, out, &why) == YETT_OK) {
        return EXIT_FINE;
    }
    complain(judge, why, EXIT_USAGE);
    return complain(
        judge,
        SLICE("DNSSEC validation begins with the root's key: install Debian's "
              "package dns-root-data, or name a file of DS or DNSKEY records "
              "with --trust-anchor or in dns.trust_anchor"),
        EXIT_USAGE);
}

static int open_resolver(struct judge *judge)
{
    struct setup *setup = &judge->setup;
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    char why[512];
    options.server = setup->config.resolver;
    options.timeout_ms = setup->config.dns_timeout_ms;
    options.cache_bytes = setup->config.dns_cache_bytes;
    if (setup->config.dns_validate) {
        int status = read_trust_anchor(judge, &options.trust_anchor);
        if (status != EXIT_FINE) {
            return status;
        }
        options.validate = true;
        options.trust_anchor_source = setup->config.dns_trust_anchor;
    }

    setup->answerer.deadline_ms = setup->config.deadline_ms;
    setup->answerer.loop = loop_new();
    if (setup->answerer.loop == NULL) {
        return complain(judge, SLICE("the event loop cannot be started"),
                        EXIT_CANNOT_TELL);
    }
    setup->answerer.resolver =
        resolver_new(setup->answerer.loop, &options, why, sizeof why);
    return setup->answerer.resolver == NULL
               ? complain(judge, slice_from_text(why), EXIT_USAGE)
               : EXIT_FINE;
}

static int open_answers(struct judge *judge)
{
    return judge->setup.options->zone_path != NULL ? open_zone(judge)
                                                   : open_resolver(judge);
}

static int open_crypto(struct judge *judge)
{
    judge->setup.crypto = crypto_new();
    return judge->setup.crypto == NULL
               ? complain(
                     judge,
                     SLICE("libcrypto cannot be used: out of memory, or it lacks RSA, "
                           "Ed25519 or SHA-256"),
                     EXIT_CANNOT_TELL)
               : EXIT_FINE;
}

/* ---- life ------------------------------------------------------------------------------- */

struct judge *judge_open(const struct options *options, const char *command, int *status)
{
    static int (*const steps[])(struct judge *) = {open_settings, open_crypto,
                                                   open_suffix_list, open_answers};
    struct judge *judge = calloc(1, sizeof(*judge));
    struct arena *arena = arena_new(ARENA_BYTES);
    if (judge == NULL || arena == NULL) {
        free(judge);
        arena_free(arena);
        *status = EXIT_CANNOT_TELL;
        return NULL;
    }
    judge->command = command;
    judge->setup.arena = arena;
    judge->setup.options = options;
    judge->setup.now_s = options->has_now ? options->now_s : (int64_t)time(NULL);

    *status = EXIT_FINE;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        *status = steps[i](judge);
        if (*status != EXIT_FINE) {
            judge_close(judge);
            return NULL;
        }
    }
    return judge;
}

void judge_close(struct judge *judge)
{
    if (judge == NULL) {
        return;
    }
    (void)judge_seat(judge, NULL);
    resolver_free(judge->setup.answerer.resolver);
    loop_free(judge->setup.answerer.loop);
    if (judge->setup.answerer.zone != NULL) {
        zone_finish(judge->setup.answerer.zone);
    }
    dmarc_suffixes_free(judge->setup.suffixes);
    crypto_free(judge->setup.crypto);
    arena_free(judge->setup.arena);
    free(judge);
}
