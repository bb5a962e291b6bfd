/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"

/*
 * use: keys that are to retire, and are still signed with.
 *
 * The state says what should be; a gateway that was not told, or settings that name a key, say
 * what is.  Until they do not, the record stays: a signature under a record that is gone is
 * worse than none.
 */

static void tell(struct keyring *ring, const struct rotation_key *key,
                 const struct keyring_voice *voice)
{
    voice_say(
        voice, KEYRING_WARN,
        arena_printf(ring->arena,
                     "%.*s: something still signs with it, the settings or a gateway "
                     "that was not reloaded; so its record stays",
                     SLICE_ARG(key->selector)));
}

enum yett_err keep_used(struct keyring *ring, const struct keyring_plan *plan,
                        const struct keyring_voice *voice, slice *why)
{
    bool changed = false;
    for (size_t i = 0; plan->signs != NULL && i < ring->rotation.count; i++) {
        struct rotation_key *key = &ring->rotation.keys[i];
        if (key->phase != ROTATION_RETIRING ||
            !plan->signs(plan->context, ring->domain, key->selector)) {
            continue;
        }
        tell(ring, key, voice);
        changed =
            rotation_prolong(&ring->rotation, i, &plan->settings, plan->now_s) || changed;
    }
    return changed ? keyring_save(ring, why) : YETT_OK;
}
