/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "edge/config/config.h"

#include <limits.h>
#include <unistd.h>

enum { HOST_NAME_OCTETS = 256 };

enum yett_err config_file_set_host_name(struct arena *arena, struct config *config)
{
    char name[HOST_NAME_OCTETS] = "";
    slice normal;
    if (config->authserv_id.len != 0) {
        return YETT_OK;
    }
    if (gethostname(name, sizeof(name) - 1) != 0) {
        name[0] = '\0';
    }
    enum yett_err err = domain_normalize(arena, slice_from_text(name), &normal);
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    /* The normal form may be the array above itself. */
    return arena_copy(arena, err == YETT_OK ? normal : SLICE("localhost"),
                      &config->authserv_id);
}
