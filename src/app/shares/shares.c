/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/shares/shares.h"

#include "core/base/buf.h"
#include "edge/files/files.h"

enum {
    ZONE_BYTES_MAX = 256 * 1024 * 1024,
    SUFFIX_LIST_BYTES_MAX = 16 * 1024 * 1024,
    TRUST_ANCHOR_BYTES_MAX = 1024 * 1024,
    SENTENCE_MAX = 4096
};

/* What a step works with. */
struct opening {
    struct arena *arena;
    const struct config *config;
    const char *zone_path;
    struct shares *shares;
    slice why;
};

/* What the administrator can mend is told apart from what he cannot. */
static enum yett_err unreadable(enum yett_err err)
{
    return err == YETT_NO_MEMORY ? err : YETT_NOT_FOUND;
}

/* The sentence of file_read(), where `key` was set before it, and below it what the file is
   for. */
static void add_advice(struct opening *opening, const char *key, const char *advice)
{
    slice place = SLICE("");
    if (config_find_place(opening->config, slice_from_text(key)) != NULL) {
        place = arena_printf(
            opening->arena, "%.*s: %s: ",
            SLICE_ARG(config_place_text(opening->arena, opening->config, key)), key);
    }
    slice both = arena_printf(opening->arena, "%.*s%.*s\n%s", SLICE_ARG(place),
                              SLICE_ARG(opening->why), advice);
    if (both.ptr != NULL) {
        opening->why = both;
    }
}

static enum yett_err open_crypto(struct opening *opening)
{
    opening->shares->crypto = crypto_new();
    if (opening->shares->crypto != NULL) {
        return YETT_OK;
    }
    opening->why = SLICE("libcrypto cannot be used: out of memory, or it lacks RSA, "
                         "Ed25519 or SHA-256");
    return YETT_NO_MEMORY;
}

static enum yett_err open_suffix_list(struct opening *opening)
{
    slice text;
    if (opening->config->dmarc.standard != CONFIG_RFC7489) {
        return YETT_OK;
    }
    /* The path has a NUL behind it, see core/config. */
    enum yett_err err = file_read(opening->arena, opening->config->dmarc.suffix_list.ptr,
                                  SUFFIX_LIST_BYTES_MAX, &text, &opening->why);
    if (err != YETT_OK) {
        add_advice(opening, "dmarc.suffix_list",
                   "RFC 7489 needs the public suffix list: install Debian's "
                   "package publicsuffix, or name the file in dmarc.suffix_list "
                   "(--psl of yett check)");
        return unreadable(err);
    }
    if (dmarc_suffixes_parse(text, &opening->shares->suffixes) != YETT_OK) {
        opening->why = SLICE("the public suffix list cannot be read");
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}

static enum yett_err open_zone(struct opening *opening)
{
    struct zone_error error = {0};
    slice text;
    enum yett_err err = file_read(opening->arena, opening->zone_path, ZONE_BYTES_MAX,
                                  &text, &opening->why);
    if (err != YETT_OK) {
        return unreadable(err);
    }
    err = zone_parse(opening->arena, text, &opening->shares->zone, &error);
    if (err == YETT_OK) {
        return YETT_OK;
    }
    opening->shares->zone = NULL;
    if (err != YETT_BAD_SYNTAX) {
        return err;
    }
    struct buf line;
    buf_init(&line, opening->arena, SENTENCE_MAX);
    buf_add_visible(&line, slice_from_text(opening->zone_path));
    buf_printf(&line, ":%zu: %.*s", error.line, SLICE_ARG(error.why));
    opening->why = buf_slice(&line);
    return err;
}

static enum yett_err read_trust_anchor(struct opening *opening, slice *out)
{
    /* The path has a NUL behind it, see core/config. */
    enum yett_err err = file_read(opening->arena, opening->config->dns_trust_anchor.ptr,
                                  TRUST_ANCHOR_BYTES_MAX, out, &opening->why);
    if (err == YETT_OK) {
        return YETT_OK;
    }
    add_advice(opening, "dns.trust_anchor",
               "DNSSEC validation begins with the root's key: install Debian's "
               "package dns-root-data, or name a file of DS or DNSKEY records "
               "in dns.trust_anchor (--trust-anchor of yett check)");
    return unreadable(err);
}

static enum yett_err open_loop(struct opening *opening)
{
    struct shares *shares = opening->shares;
    if (shares->loop != NULL) {
        return YETT_OK;
    }
    shares->loop = loop_new();
    shares->owns_loop = shares->loop != NULL;
    if (!shares->owns_loop) {
        opening->why = SLICE("the event loop cannot be started");
        return YETT_IO;
    }
    return YETT_OK;
}

static enum yett_err open_resolver(struct opening *opening)
{
    const struct config *config = opening->config;
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    char why[512];

    options.server = config->resolver;
    options.timeout_ms = config->dns_timeout_ms;
    options.cache_bytes = config->dns_cache_bytes;
    if (config->dns_validate) {
        enum yett_err err = read_trust_anchor(opening, &options.trust_anchor);
        if (err != YETT_OK) {
            return err;
        }
        options.validate = true;
        options.trust_anchor_source = config->dns_trust_anchor;
    }
    enum yett_err err = open_loop(opening);
    if (err != YETT_OK) {
        return err;
    }
    opening->shares->resolver =
        resolver_new(opening->shares->loop, &options, why, sizeof why);
    if (opening->shares->resolver != NULL) {
        return YETT_OK;
    }
    err = arena_copy(opening->arena, slice_from_text(why), &opening->why);
    return err == YETT_OK ? YETT_BAD_SYNTAX : err;
}

static enum yett_err open_answers(struct opening *opening)
{
    return opening->zone_path != NULL ? open_zone(opening) : open_resolver(opening);
}

enum yett_err shares_open(struct arena *arena, const struct config *config,
                          const char *zone_path, struct loop *loop, struct shares *out,
                          slice *why)
{
    static enum yett_err (*const steps[])(struct opening *) = {
        open_crypto, open_suffix_list, open_answers};
    struct shares shares = {.arena = arena, .loop = loop};
    struct opening opening = {
        .arena = arena, .config = config, .zone_path = zone_path, .shares = &shares};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum yett_err err = steps[i](&opening);
        if (err != YETT_OK) {
            *why = slice_is_empty(opening.why) ? slice_from_text(yett_err_text(err))
                                               : opening.why;
            shares_close(&shares);
            return err;
        }
    }
    *out = shares;
    return YETT_OK;
}

void shares_close(struct shares *shares)
{
    resolver_free(shares->resolver);
    if (shares->owns_loop) {
        loop_free(shares->loop);
    }
    if (shares->zone != NULL) {
        zone_finish(shares->zone);
    }
    dmarc_suffixes_free(shares->suffixes);
    crypto_free(shares->crypto); /* after the answers, whose memos hold its keys */
    *shares = (struct shares){0};
}
