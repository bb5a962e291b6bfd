/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/config.h"

const char *const config_mode_words[CONFIG_MODE_COUNT] = {
    [CONFIG_OBSERVE] = "observe",
    [CONFIG_ENFORCE] = "enforce",
};

const char *const config_action_words[CONFIG_ACTION_COUNT] = {
    [CONFIG_ACCEPT] = "accept",         [CONFIG_TAG] = "tag",
    [CONFIG_QUARANTINE] = "quarantine", [CONFIG_DEFER] = "defer",
    [CONFIG_REJECT] = "reject",
};

const char *const config_standard_words[CONFIG_STANDARD_COUNT] = {
    [CONFIG_RFC9989] = "rfc9989",
    [CONFIG_RFC7489] = "rfc7489",
};

const char *const config_on_reject_words[CONFIG_ON_REJECT_COUNT] = {
    [CONFIG_REJECT_INFORMED] = "informed",
    [CONFIG_REJECT_STRICT] = "strict",
    [CONFIG_REJECT_NEVER] = "never",
};

const char *const config_on_bad_from_words[CONFIG_ON_BAD_FROM_COUNT] = {
    [CONFIG_BAD_FROM_REJECT] = "reject",
    [CONFIG_BAD_FROM_QUARANTINE] = "quarantine",
    [CONFIG_BAD_FROM_STRICTEST] = "strictest",
};

const char *config_action_text(enum config_action action)
{
    return config_action_words[action];
}
