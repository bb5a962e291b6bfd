/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "core/base/num.h"

#include <stdio.h>

/* options: the command line that the supervisor gives to the role. */

enum { SLOT_MAX = SCOREBOARD_SLOTS - 1, LISTENERS_MAX = 1024 };
#define ID_MAX  ((uint64_t)UINT32_MAX - 1)
#define NOW_MAX ((uint64_t)1 << 40)

static bool read_number(slice value, uint64_t max, uint64_t *out)
{
    return num_parse_uint(value, max, out) == YETT_OK;
}

static bool read_sandbox(slice value, enum config_sandbox *out)
{
    for (size_t i = 0; i < CONFIG_SANDBOX_COUNT; i++) {
        if (slice_eq(value, slice_from_text(config_sandbox_words[i]))) {
            *out = (enum config_sandbox)i;
            return true;
        }
    }
    return false;
}

/* One "--name=value".  False: unknown, or not of its form. */
static bool read_one(slice argument, struct gateway_options *out)
{
    uint64_t number = 0;
    if (slice_take(&argument, SLICE("--role="))) {
        return slice_eq(argument, SLICE("gateway"));
    }
    if (slice_take(&argument, SLICE("--slot="))) {
        bool good = read_number(argument, SLOT_MAX, &number);
        out->slot = (unsigned)number;
        return good;
    }
    if (slice_take(&argument, SLICE("--listeners="))) {
        bool good = read_number(argument, LISTENERS_MAX, &number);
        out->listeners = (unsigned)number;
        return good;
    }
    if (slice_take(&argument, SLICE("--zone="))) {
        out->zone_path = argument.ptr; /* an argument ends in NUL */
        return !slice_is_empty(argument);
    }
    if (slice_take(&argument, SLICE("--settings="))) {
        out->settings = argument;
        return true;
    }
    if (slice_take(&argument, SLICE("--now="))) {
        out->has_now = read_number(argument, NOW_MAX, &number);
        out->now_s = (int64_t)number;
        return out->has_now;
    }
    if (slice_take(&argument, SLICE("--uid="))) {
        out->has_uid = read_number(argument, ID_MAX, &number);
        out->uid = (uid_t)number;
        return out->has_uid;
    }
    if (slice_take(&argument, SLICE("--gid="))) {
        out->has_gid = read_number(argument, ID_MAX, &number);
        out->gid = (gid_t)number;
        return out->has_gid;
    }
    if (slice_take(&argument, SLICE("--sandbox="))) {
        out->has_sandbox = read_sandbox(argument, &out->sandbox);
        return out->has_sandbox;
    }
    return false;
}

bool gateway_read_options(int argc, char **argv, struct gateway_options *out)
{
    struct gateway_options options = {0};
    for (int i = 1; i < argc; i++) {
        if (!read_one(slice_from_text(argv[i]), &options)) {
            fprintf(stderr, "yett gateway: '%s' is no option of this role\n", argv[i]);
            return false;
        }
    }
    if (options.has_uid != options.has_gid) {
        fprintf(stderr, "yett gateway: --uid and --gid go together\n");
        return false;
    }
    *out = options;
    return true;
}
