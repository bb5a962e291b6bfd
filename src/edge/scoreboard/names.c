/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/scoreboard.h"

const char *const scoreboard_counter_names[COUNT_COUNTERS] = {
    [COUNT_CONNECTIONS] = "connections",
    [COUNT_CONNECTIONS_REFUSED] = "connections_refused",
    [COUNT_CONNECTIONS_BROKEN] = "connections_broken",
    [COUNT_CONNECTIONS_TIMED_OUT] = "connections_timed_out",
    [COUNT_MESSAGES] = "messages",
    [COUNT_ACCEPTED] = "accepted",
    [COUNT_TAGGED] = "tagged",
    [COUNT_QUARANTINED] = "quarantined",
    [COUNT_DEFERRED] = "deferred",
    [COUNT_REJECTED] = "rejected",
    [COUNT_OBSERVED] = "observed",
    [COUNT_SUBMISSIONS] = "submissions",
    [COUNT_ABORTED] = "aborted",
    [COUNT_INTERNAL_ERRORS] = "internal_errors",
    [COUNT_POISONED] = "poisoned",
    [COUNT_DMARC_PASS] = "dmarc_pass",
    [COUNT_DMARC_FAIL] = "dmarc_fail",
    [COUNT_DMARC_NONE] = "dmarc_none",
    [COUNT_DMARC_TEMPERROR] = "dmarc_temperror",
    [COUNT_DMARC_PERMERROR] = "dmarc_permerror",
    [COUNT_FIELDS_REMOVED] = "fields_removed",
    [COUNT_BYTES] = "bytes",
    [COUNT_DNS_ASKED] = "dns_asked",
    [COUNT_DNS_CACHED] = "dns_cached",
    [COUNT_DNS_TIMEOUTS] = "dns_timeouts",
    [COUNT_DNS_FAILURES] = "dns_failures",
    [COUNT_SIGNED] = "signed",
    [COUNT_SEALED] = "sealed",
    [COUNT_SIGNING_FAILED] = "signing_failed",
    [COUNT_SIGNATURES] = "signatures",
    [COUNT_SIGNATURES_REFUSED] = "signatures_refused",
    [COUNT_SIGNATURES_LIMITED] = "signatures_limited",
    [COUNT_AUTOPSIES] = "autopsies",
    [COUNT_AUTOPSIES_EXPLAINED] = "autopsies_explained",
    [COUNT_AUTOPSIES_LEFT] = "autopsies_left",
    [COUNT_LOG_LOST] = "log_lost",
};

/* No name is that of a counter: both may stand in one list. */
const char *const scoreboard_gauge_names[GAUGE_GAUGES] = {
    [GAUGE_CONNECTIONS] = "open_connections", [GAUGE_MESSAGES] = "messages_in_work",
    [GAUGE_CACHE_ENTRIES] = "cache_entries",  [GAUGE_CACHE_BYTES] = "cache_bytes",
    [GAUGE_PENDING_BYTES] = "pending_bytes",
};
