/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/config.h"

/* Where Debian's package publicsuffix puts it. */
#define SUFFIX_LIST "/usr/share/publicsuffix/public_suffix_list.dat"

/* The root's key, where Debian's package dns-root-data puts it. */
#define TRUST_ANCHOR "/usr/share/dns/root.key"

#define KEYS_DIRECTORY "/var/lib/yett/keys"

/* Where a mail server on the same host finds the gateway when nothing is set. */
static const struct config_listener default_listener = {
    .name = SLICE_INIT("milter"),
    .address = SLICE_INIT("inet:127.0.0.1:8891"),
    .role = CONFIG_LISTENER_BOTH,
    .insert = CONFIG_INSERT_BELOW_RECEIVED,
    .mode = 0660,
};

void config_init(struct config *config)
{
    *config = (struct config){
        .source = SLICE("built-in defaults"),
        .mode = CONFIG_OBSERVE,
        .spf = {.on_fail = CONFIG_TAG,
                .on_softfail = CONFIG_TAG,
                .on_neutral = CONFIG_ACCEPT,
                .on_none = CONFIG_ACCEPT,
                .on_permerror = CONFIG_TAG,
                .on_temperror = CONFIG_TAG                },
        .dkim = {              .on_fail = CONFIG_TAG,
                .on_none = CONFIG_ACCEPT,
                .on_policy = CONFIG_TAG,
                .on_neutral = CONFIG_TAG,
                .on_permerror = CONFIG_TAG,
                .on_temperror = CONFIG_TAG,
                .min_rsa_bits = 1024, /* RFC 8301 section 3.2 */
                 .max_signatures = 8},
        .arc = { .max_sets = 50                    },
        .dmarc = {                     .standard = CONFIG_RFC9989,
                .on_reject = CONFIG_REJECT_INFORMED,
                .on_quarantine = CONFIG_QUARANTINE,
                .on_temperror = CONFIG_DEFER,
                .on_bad_from = CONFIG_BAD_FROM_REJECT,
                .temperror_patience_s = 4 * 3600,
                .suffix_list = SLICE(SUFFIX_LIST)},
        .signing = {                      .keys_directory = SLICE(KEYS_DIRECTORY),
                .header_canonicalization = CONFIG_RELAXED,
                .body_canonicalization = CONFIG_RELAXED,
                .expire_s = CONFIG_EXPIRE_S,
                .on_long_line = CONFIG_HAZARD_REPAIR,
                .on_bare_newline = CONFIG_HAZARD_SIGN,
                .on_eight_bit = CONFIG_HAZARD_SIGN,
                .on_missing_date = CONFIG_HAZARD_REPAIR,
                .on_missing_message_id = CONFIG_HAZARD_REPAIR,
                .on_several_from = CONFIG_HAZARD_UNSIGNED,
                .rate_per_domain = 60000,
                .rotate_every_s = (int64_t)180 * 24 * 3600,
                .record_ttl_s = 3600},
        .on_internal_error = CONFIG_DEFER,
        .tag_field = SLICE("X-Yett-Tag"),
        .quarantine_field = SLICE("X-Yett-Quarantine"),
        .dns_timeout_ms = 5000,
        .deadline_ms = 20000,
        .dns_cache_bytes = (size_t)64 * 1024 * 1024,
        .dns_trust_anchor = SLICE(TRUST_ANCHOR),
        .quarantine_by = CONFIG_QUARANTINE_FIELD,
        .listeners = &default_listener,
        .listener_count = 1,
        .limits = {                                      .connections = 2000,
                .header_bytes = (size_t)2 * 1024 * 1024,
                .fields = 10000,
                .recipients = 1000,
                .idle_timeout_ms = 3600 * 1000,
                .stall_timeout_ms = 600 * 1000,
                .shutdown_timeout_ms = 300 * 1000},
        .log_target = CONFIG_LOG_STDERR,
        .log_format = CONFIG_LOG_TEXT,
        .sandbox = CONFIG_SANDBOX_REQUIRED,
        .status_socket = SLICE("/run/yett/status.sock"),
        .status_mode = 0660,
        .state_directory = SLICE("/var/lib/yett"),
    };
}
