/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keeper/inside.h"

/* options: the command line that the supervisor gives to the role. */

static bool read_own(void *context, slice argument)
{
    struct keeper_role *role = context;
    uint64_t number = 0;
    bool good = slice_take(&argument, SLICE("--rate=")) &&
                role_read_number(argument, UINT32_MAX, &number);
    role->rate_per_domain = (unsigned)number;
    return good;
}

bool keeper_read_options(void *context, int argc, char **argv)
{
    struct keeper_role *role = context;
    return role_read_options(argc, argv, "keeper", &role->options, read_own, role);
}
