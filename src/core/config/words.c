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

const char *const config_listener_role_words[CONFIG_LISTENER_ROLE_COUNT] = {
    [CONFIG_LISTENER_VERIFY] = "verify",
    [CONFIG_LISTENER_SIGN] = "sign",
    [CONFIG_LISTENER_BOTH] = "both",
};

const char *const config_insert_words[CONFIG_INSERT_COUNT] = {
    [CONFIG_INSERT_TOP] = "top",
    [CONFIG_INSERT_BELOW_RECEIVED] = "below-received",
};

const char *const config_quarantine_words[CONFIG_QUARANTINE_COUNT] = {
    [CONFIG_QUARANTINE_FIELD] = "field",
    [CONFIG_QUARANTINE_HOLD] = "hold",
};

const char *const config_sandbox_words[CONFIG_SANDBOX_COUNT] = {
    [CONFIG_SANDBOX_REQUIRED] = "required",
    [CONFIG_SANDBOX_BEST_EFFORT] = "best-effort",
};

const char *const config_log_target_words[CONFIG_LOG_TARGET_COUNT] = {
    [CONFIG_LOG_STDERR] = "stderr",
    [CONFIG_LOG_SYSLOG] = "syslog",
    [CONFIG_LOG_JOURNALD] = "journald",
};

const char *const config_log_format_words[CONFIG_LOG_FORMAT_COUNT] = {
    [CONFIG_LOG_TEXT] = "text",
    [CONFIG_LOG_JSON] = "json",
};

const char *const config_switch_words[CONFIG_SWITCH_COUNT] = {
    [CONFIG_OFF] = "off",
    [CONFIG_ON] = "on",
};

const char *const config_canonicalization_words[CONFIG_CANONICALIZATION_COUNT] = {
    [CONFIG_SIMPLE] = "simple",
    [CONFIG_RELAXED] = "relaxed",
};

const char *const config_identity_words[CONFIG_IDENTITY_COUNT] = {
    [CONFIG_IDENTITY_NONE] = "none",
    [CONFIG_IDENTITY_DOMAIN] = "domain",
    [CONFIG_IDENTITY_AUTHOR] = "author",
};

const char *const config_on_mismatch_words[CONFIG_ON_MISMATCH_COUNT] = {
    [CONFIG_MISMATCH_UNSIGNED] = "unsigned",
    [CONFIG_MISMATCH_REJECT] = "reject",
};

const char *const config_on_keeper_down_words[CONFIG_ON_KEEPER_DOWN_COUNT] = {
    [CONFIG_KEEPER_DEFER] = "defer",
    [CONFIG_KEEPER_UNSIGNED] = "unsigned",
};

const char *const config_on_hazard_words[CONFIG_ON_HAZARD_COUNT] = {
    [CONFIG_HAZARD_REPAIR] = "repair",
    [CONFIG_HAZARD_SIGN] = "sign",
    [CONFIG_HAZARD_UNSIGNED] = "unsigned",
    [CONFIG_HAZARD_REJECT] = "reject",
};

const char *const config_rotate_with_words[CONFIG_ROTATE_WITH_COUNT] = {
    [CONFIG_ROTATE_BOTH] = "both",
    [CONFIG_ROTATE_RSA] = "rsa",
    [CONFIG_ROTATE_ED25519] = "ed25519",
};

const char *config_action_text(enum config_action action)
{
    return config_action_words[action];
}
