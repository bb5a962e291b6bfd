/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/setup.h"

#include "app/cli/command.h"
#include "edge/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* setup: opens what all messages of a command share, and words what went wrong. */

/* A ceiling: the zone is the administrator's own. */
enum { ARENA_BYTES = 1024 * 1024 * 1024 };

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

/* ---- what they lead to ------------------------------------------------------------------- */

static int open_shares(struct setup *setup)
{
    slice why, line;
    enum yett_err err =
        shares_open(setup->arena, &setup->config, setup->options->zone_path, NULL,
                    &setup->shares, &why);
    if (err != YETT_OK) {
        int status =
            err == YETT_NO_MEMORY || err == YETT_IO ? EXIT_CANNOT_TELL : EXIT_USAGE;
        while (slice_next_piece(&why, '\n', &line)) {
            complain(setup, line, status);
        }
        return status;
    }
    setup->answerer = (struct answerer){.zone = setup->shares.zone,
                                        .mode = setup->options->answers,
                                        .resolver = setup->shares.resolver,
                                        .loop = setup->shares.loop,
                                        .deadline_ms = setup->config.deadline_ms};
    return EXIT_FINE;
}

/* ---- life ------------------------------------------------------------------------------- */

struct setup *setup_open(const struct options *options, const char *command, int *status)
{
    static int (*const steps[])(struct setup *) = {open_settings, open_shares};
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
    shares_close(&setup->shares);
    arena_free(setup->arena);
    free(setup);
}
