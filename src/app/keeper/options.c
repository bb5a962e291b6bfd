/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keeper/inside.h"
#include "core/base/num.h"

#include <stdio.h>

/* options: the command line that the supervisor gives to the role. */

enum { SLOT_MAX = SCOREBOARD_SLOTS - 1 };
#define ID_MAX  ((uint64_t)UINT32_MAX - 1)
#define NOW_MAX ((uint64_t)1 << 40)

/* The place of `value` among `count` words.  False: it is none of them. */
static bool read_word(slice value, const char *const *words, size_t count, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(value, slice_from_text(words[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_words(slice argument, struct keeper_role_options *out)
{
    bool good = false;
    size_t word = 0;
    if (slice_take(&argument, SLICE("--sandbox="))) {
        good = read_word(argument, config_sandbox_words, CONFIG_SANDBOX_COUNT, &word);
        out->sandbox = (enum config_sandbox)word;
    } else if (slice_take(&argument, SLICE("--log="))) {
        good =
            read_word(argument, config_log_target_words, CONFIG_LOG_TARGET_COUNT, &word);
        out->log_target = (enum config_log_target)word;
    } else if (slice_take(&argument, SLICE("--log-format="))) {
        good =
            read_word(argument, config_log_format_words, CONFIG_LOG_FORMAT_COUNT, &word);
        out->log_format = (enum config_log_format)word;
    }
    return good;
}

/* One "--name=value".  False: unknown, or not of its form. */
static bool read_one(slice argument, struct keeper_role_options *out)
{
    uint64_t number = 0;
    bool good = false;
    if (slice_take(&argument, SLICE("--role="))) {
        return slice_eq(argument, SLICE("keeper"));
    }
    if (slice_take(&argument, SLICE("--slot="))) {
        good = num_parse_uint(argument, SLOT_MAX, &number) == YETT_OK;
        out->slot = (unsigned)number;
    } else if (slice_take(&argument, SLICE("--rate="))) {
        good = num_parse_uint(argument, UINT32_MAX, &number) == YETT_OK;
        out->rate_per_domain = (unsigned)number;
    } else if (slice_take(&argument, SLICE("--now="))) {
        good = out->has_now = num_parse_uint(argument, NOW_MAX, &number) == YETT_OK;
        out->now_s = (int64_t)number;
    } else if (slice_take(&argument, SLICE("--uid="))) {
        good = out->has_uid = num_parse_uint(argument, ID_MAX, &number) == YETT_OK;
        out->uid = (uid_t)number;
    } else if (slice_take(&argument, SLICE("--gid="))) {
        good = out->has_gid = num_parse_uint(argument, ID_MAX, &number) == YETT_OK;
        out->gid = (gid_t)number;
    } else {
        good = read_words(argument, out);
    }
    return good;
}

bool keeper_read_options(int argc, char **argv, struct keeper_role_options *out)
{
    struct keeper_role_options options = {.sandbox = CONFIG_SANDBOX_REQUIRED,
                                          .log_target = CONFIG_LOG_STDERR,
                                          .log_format = CONFIG_LOG_TEXT};
    for (int i = 1; i < argc; i++) {
        if (!read_one(slice_from_text(argv[i]), &options)) {
            fprintf(stderr, "yett keeper: '%s' is no option of this role\n", argv[i]);
            return false;
        }
    }
    if (options.has_uid != options.has_gid) {
        fprintf(stderr, "yett keeper: --uid and --gid go together\n");
        return false;
    }
    *out = options;
    return true;
}
