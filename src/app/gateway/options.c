/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"

/* options: the command line that the supervisor gives to the role. */

enum { LISTENERS_MAX = 1024 };

static bool read_own(void *context, slice argument)
{
    struct gateway *gateway = context;
    uint64_t number = 0;
    bool good = false;
    if (slice_take(&argument, SLICE("--listeners="))) {
        good = role_read_number(argument, LISTENERS_MAX, &number);
        gateway->listeners = (unsigned)number;
    } else if (slice_take(&argument, SLICE("--zone="))) {
        good = !slice_is_empty(argument);
        gateway->zone_path = argument.ptr; /* an argument ends in NUL */
    } else if (slice_take(&argument, SLICE("--settings="))) {
        good = true;
        gateway->settings = argument;
    }
    return good;
}

bool gateway_read_options(void *context, int argc, char **argv)
{
    struct gateway *gateway = context;
    return role_read_options(argc, argv, "gateway", &gateway->options, read_own, gateway);
}
