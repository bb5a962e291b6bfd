/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"
#include "core/base/num.h"
#include "edge/scoreboard/scoreboard.h"

#include <stdio.h>

/* options: what the command line of each role may hold, and how all of it is read. */

enum { SLOT_MAX = SCOREBOARD_SLOTS - 1 };
#define ID_MAX  ((uint64_t)UINT32_MAX - 1)
#define NOW_MAX ((uint64_t)1 << 40)

bool role_read_number(slice value, uint64_t max, uint64_t *out)
{
    return num_parse_uint(value, max, out) == YETT_OK;
}

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

static bool read_words(slice argument, struct role_options *out)
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

static bool read_numbers(slice argument, struct role_options *out)
{
    uint64_t number = 0;
    bool good = false;
    if (slice_take(&argument, SLICE("--slot="))) {
        good = role_read_number(argument, SLOT_MAX, &number);
        out->slot = (unsigned)number;
    } else if (slice_take(&argument, SLICE("--now="))) {
        good = out->has_now = role_read_number(argument, NOW_MAX, &number);
        out->now_s = (int64_t)number;
    } else if (slice_take(&argument, SLICE("--uid="))) {
        good = out->has_uid = role_read_number(argument, ID_MAX, &number);
        out->user.uid = (uid_t)number;
    } else if (slice_take(&argument, SLICE("--gid="))) {
        good = out->has_gid = role_read_number(argument, ID_MAX, &number);
        out->user.gid = (gid_t)number;
    }
    return good;
}

static bool is_name(slice argument, const char *name)
{
    return slice_take(&argument, SLICE("--role=")) &&
           slice_eq(argument, slice_from_text(name));
}

bool role_read_options(int argc, char **argv, const char *name, struct role_options *out,
                       bool (*read_own)(void *context, slice argument), void *context)
{
    struct role_options options = {.sandbox = CONFIG_SANDBOX_REQUIRED,
                                   .log_target = CONFIG_LOG_STDERR,
                                   .log_format = CONFIG_LOG_TEXT};
    for (int i = 1; i < argc; i++) {
        slice argument = slice_from_text(argv[i]);
        if (!is_name(argument, name) && !read_numbers(argument, &options) &&
            !read_words(argument, &options) &&
            (read_own == NULL || !read_own(context, argument))) {
            fprintf(stderr, "yett %s: '%s' is no option of this role\n", name, argv[i]);
            return false;
        }
    }
    if (options.has_uid != options.has_gid) {
        fprintf(stderr, "yett %s: --uid and --gid go together\n", name);
        return false;
    }
    options.user.given = options.has_uid;
    *out = options;
    return true;
}
