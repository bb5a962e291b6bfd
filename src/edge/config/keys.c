/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/keys.h"

#include "core/config/config.h"

#include <string.h>

#define TITLED(name, summary, title, member)                                             \
    {                                                                                    \
        name, summary, title, offsetof(struct config, member##s),                        \
            offsetof(struct config, member##_count), sizeof(struct config_##member)      \
    }

#define UNTITLED(name, summary)                                                          \
    {                                                                                    \
        name, summary, NULL, 0, 0, 0                                                     \
    }

const struct block_info blocks[BLOCK_COUNT] = {
    [BLOCK_TOP] = UNTITLED("", "Settings of the installation."),
    [BLOCK_SPF] =
        UNTITLED("spf", "Mail that no DMARC policy governs: what follows from SPF."),
    [BLOCK_DKIM] =
        UNTITLED("dkim", "Mail that no DMARC policy governs: what follows from DKIM; and "
                         "which signatures count."),
    [BLOCK_ARC] =
        UNTITLED("arc", "Chains of seals (ARC), which forwarders and lists add."),
    [BLOCK_DMARC] = UNTITLED("dmarc", "What follows from DMARC."),
    [BLOCK_DNS] = UNTITLED("dns", "Whom to ask, and how long."),
    [BLOCK_LIMITS] =
        UNTITLED("limits", "What one message, connection or worker may take."),
    [BLOCK_LOG] = UNTITLED("log", "Where the gateway says what it does."),
    [BLOCK_SIGNING] = UNTITLED("signing", "Signatures (DKIM) for mail of our own users."),
    [BLOCK_SEALING] =
        UNTITLED("sealing", "Seals (ARC) for mail that is handed on, and for lists."),
    [BLOCK_LISTEN] =
        TITLED("listen",
               "Where mail servers reach the gateway (milter); once there is "
               "one, the default goes.",
               "milter", listener),
    [BLOCK_DOMAIN] = TITLED("domain", "A domain of ours; subdomains belong to it.",
                            "example.com", domain),
    [BLOCK_LOGIN] = TITLED("login",
                           "The domains that a login may send mail of; \"*\" stands for "
                           "logins that are not named.",
                           "alice", login),
    [BLOCK_EXCEPTION] = TITLED("exception",
                               "Another action for mail that a network or a "
                               "signature makes known.",
                               "old-list", exception),
    [BLOCK_RULE] = TITLED("rule",
                          "Act on the failures of an author domain, without knowing it "
                          "from experience.",
                          "bank", rule),
    [BLOCK_FORWARDER] = TITLED("forwarder",
                               "A list or forwarder that is trusted to have checked "
                               "what it signs.",
                               "members-list", forwarder),
    [BLOCK_RECIPIENT] = TITLED("recipient",
                               "Other settings for some recipients: an address, "
                               "or a domain.",
                               "postmaster@example.com", recipient),
};

/* Columns that most rows share. */
#define ROW(block_, name_, kind_, type, member, ...)                                     \
    {                                                                                    \
        .block = block_, .name = name_, .kind = kind_, .offset = offsetof(type, member), \
        __VA_ARGS__                                                                      \
    }
#define TOP(name, kind, member, ...)                                                     \
    ROW(BLOCK_TOP, name, kind, struct config, member, __VA_ARGS__)
#define IN(block, name, kind, member, ...)                                               \
    ROW(block, name, kind, struct config, member, __VA_ARGS__)
#define OF(block, name, kind, type, member, ...)                                         \
    ROW(block, name, kind, struct type, member, __VA_ARGS__)
#define WORDS(list, count)                                                               \
    .words = list, .word_count = count, .allowed = (1u << (count)) - 1
#define ACTIONS(mask)                                                                    \
    .words = config_action_words, .word_count = CONFIG_ACTION_COUNT, .allowed = mask

enum {
    ALL_ACTIONS = (1 << CONFIG_ACTION_COUNT) - 1,
    UP_TO_QUARANTINE = 1 << CONFIG_ACCEPT | 1 << CONFIG_TAG | 1 << CONFIG_QUARANTINE,
    UP_TO_DEFER = UP_TO_QUARANTINE | 1 << CONFIG_DEFER,
    UNREPAIRED =
        1 << CONFIG_HAZARD_SIGN | 1 << CONFIG_HAZARD_UNSIGNED | 1 << CONFIG_HAZARD_REJECT,
    REPAIRED = UNREPAIRED | 1 << CONFIG_HAZARD_REPAIR
};

#define HAZARDS(mask)                                                                    \
    .words = config_on_hazard_words, .word_count = CONFIG_ON_HAZARD_COUNT, .allowed = mask

#define SECONDS_OF_DAY (24 * 3600)
#define KIB            ((uint64_t)1 << 10)
#define MIB            ((uint64_t)1 << 20)
#define GIB            ((uint64_t)1 << 30)

const struct key keys[] = {
    TOP("authserv_id", KIND_DOMAIN, authserv_id, .may_be_empty = true,
        .summary = "name that our Authentication-Results fields carry; empty: the name "
                   "of the host"),
    TOP("mode", KIND_WORD, mode, WORDS(config_mode_words, CONFIG_MODE_COUNT),
        .summary = "observe: change nothing but Authentication-Results; enforce: act"),
    TOP("submission_networks", KIND_NETWORKS, submission_networks,
        .beside = offsetof(struct config, submission_network_count),
        .summary = "our own clients: their mail is not verified"),
    TOP("trusted_relays", KIND_NETWORKS, trusted_relays,
        .beside = offsetof(struct config, trusted_relay_count),
        .summary =
            "hosts that hand on mail of others: it is verified for the client they saw"),
    TOP("trusted_sealers", KIND_DOMAINS, trusted_sealers,
        .beside = offsetof(struct config, trusted_sealer_count),
        .summary = "domains whose word in a chain of seals (ARC) makes up for a DMARC "
                   "failure"),
    TOP("on_internal_error", KIND_WORD, on_internal_error,
        ACTIONS(1 << CONFIG_ACCEPT | 1 << CONFIG_DEFER),
        .summary = "when yett itself fails, or a message exceeds its limits"),
    TOP("tag_field", KIND_FIELD_NAME, tag_field,
        .summary = "header field that a tag adds; those of others are removed"),
    TOP("quarantine_field", KIND_FIELD_NAME, quarantine_field,
        .summary = "header field that a quarantine adds; those of others are removed"),
    TOP("received_spf", KIND_BOOL, received_spf,
        .summary = "write a Received-SPF field as well"),
    TOP("installation_secret_file", KIND_SECRET, installation_secret,
        .may_be_empty = true,
        .summary =
            "file of 16 to 4096 random bytes that keys the draw of pct= (RFC 7489); "
            "or hex: and its digits"),
    TOP("quarantine_by", KIND_WORD, quarantine_by,
        WORDS(config_quarantine_words, CONFIG_QUARANTINE_COUNT),
        .summary = "field: add the field only; hold: put the message on hold as well"),
    TOP("workers", KIND_COUNT, workers, .min = 0, .max = CONFIG_WORKERS_MAX,
        .summary = "processes that talk to mail servers; 0: one for each processor that "
                   "may be used"),
    TOP("user", KIND_ACCOUNT, user, .may_be_empty = true,
        .summary = "account of the workers when started as root; empty: yett, or nobody"),
    TOP("sandbox", KIND_WORD, sandbox, WORDS(config_sandbox_words, CONFIG_SANDBOX_COUNT),
        .summary =
            "required: do not start without every wall; best-effort: say which one "
            "is missing"),
    TOP("status_socket", KIND_PATH, status_socket, .may_be_empty = true,
        .summary = "where `yett status` asks; empty: nowhere"),
    TOP("status_group", KIND_ACCOUNT, status_group, .may_be_empty = true,
        .summary =
            "group of that socket, whose members may ask; empty: yett, if there is "
            "such a group"),
    TOP("status_mode", KIND_MODE, status_mode,
        .summary = "mode of that socket: whoever asks needs to write"),
    TOP("state_directory", KIND_PATH, state_directory, .may_be_empty = true,
        .summary = "where the gateway keeps what must last; empty: nowhere"),

    IN(BLOCK_SPF, "on_fail", KIND_WORD, spf.on_fail, ACTIONS(ALL_ACTIONS),
       .summary = "the domain says that this client may not send for it"),
    IN(BLOCK_SPF, "on_softfail", KIND_WORD, spf.on_softfail, ACTIONS(ALL_ACTIONS),
       .summary = "the domain says that this client probably may not"),
    IN(BLOCK_SPF, "on_neutral", KIND_WORD, spf.on_neutral, ACTIONS(ALL_ACTIONS),
       .summary = "the domain says nothing about this client"),
    IN(BLOCK_SPF, "on_none", KIND_WORD, spf.on_none, ACTIONS(ALL_ACTIONS),
       .summary = "the domain has no SPF record"),
    IN(BLOCK_SPF, "on_permerror", KIND_WORD, spf.on_permerror, ACTIONS(ALL_ACTIONS),
       .summary = "the domain's record cannot be understood"),
    IN(BLOCK_SPF, "on_temperror", KIND_WORD, spf.on_temperror, ACTIONS(ALL_ACTIONS),
       .summary = "the domain's name servers do not answer"),

    IN(BLOCK_DKIM, "on_fail", KIND_WORD, dkim.on_fail, ACTIONS(ALL_ACTIONS),
       .summary = "signatures, and none that holds"),
    IN(BLOCK_DKIM, "on_none", KIND_WORD, dkim.on_none, ACTIONS(ALL_ACTIONS),
       .summary = "no signature"),
    IN(BLOCK_DKIM, "on_policy", KIND_WORD, dkim.on_policy, ACTIONS(ALL_ACTIONS),
       .summary = "a signature that holds, but is not accepted here (weak key, part of "
                  "the body)"),
    IN(BLOCK_DKIM, "on_neutral", KIND_WORD, dkim.on_neutral, ACTIONS(ALL_ACTIONS),
       .summary = "signatures that cannot be read"),
    IN(BLOCK_DKIM, "on_permerror", KIND_WORD, dkim.on_permerror, ACTIONS(ALL_ACTIONS),
       .summary = "signatures whose key does not exist or is unusable"),
    IN(BLOCK_DKIM, "on_temperror", KIND_WORD, dkim.on_temperror, ACTIONS(ALL_ACTIONS),
       .summary = "signatures whose key cannot be had now"),
    IN(BLOCK_DKIM, "allow_rsa_sha1", KIND_BOOL, dkim.allow_rsa_sha1,
       .summary = "accept rsa-sha1, which RFC 8301 forbids"),
    IN(BLOCK_DKIM, "min_rsa_bits", KIND_COUNT, dkim.min_rsa_bits, .min = 1024,
       .max = 4096, .summary = "smallest RSA key that is accepted"),
    IN(BLOCK_DKIM, "allow_partial_body", KIND_BOOL, dkim.allow_partial_body,
       .summary = "accept l= that leaves a part of the body unsigned"),
    IN(BLOCK_DKIM, "max_signatures", KIND_COUNT, dkim.max_signatures, .min = 1,
       .max = 100,
       .summary = "signatures of one message that are verified; those of the author "
                  "domain first"),
    IN(BLOCK_DKIM, "autopsy", KIND_BOOL, dkim.autopsy,
       .summary = "log what was changed in a message whose signature fails; found out "
                  "beside the mail"),

    IN(BLOCK_ARC, "max_sets", KIND_COUNT, arc.max_sets, .min = 1, .max = 50,
       .summary = "sets of a chain that are evaluated; a longer chain fails"),
    IN(BLOCK_ARC, "oldest_pass", KIND_BOOL, arc.oldest_pass,
       .summary = "find out since which set the message is unchanged, too"),

    IN(BLOCK_DMARC, "standard", KIND_WORD, dmarc.standard,
       WORDS(config_standard_words, CONFIG_STANDARD_COUNT),
       .summary = "rfc9989: tree walk, t=; rfc7489: public suffix list, pct="),
    IN(BLOCK_DMARC, "on_reject", KIND_WORD, dmarc.on_reject,
       WORDS(config_on_reject_words, CONFIG_ON_REJECT_COUNT),
       .summary = "p=reject: informed: reject with a reason of our own, else quarantine; "
                  "strict: "
                  "always reject; never: quarantine"),
    IN(BLOCK_DMARC, "on_quarantine", KIND_WORD, dmarc.on_quarantine,
       ACTIONS(UP_TO_QUARANTINE), .summary = "p=quarantine"),
    IN(BLOCK_DMARC, "on_temperror", KIND_WORD, dmarc.on_temperror, ACTIONS(UP_TO_DEFER),
       .summary = "an open question could still change the result"),
    IN(BLOCK_DMARC, "on_bad_from", KIND_WORD, dmarc.on_bad_from,
       WORDS(config_on_bad_from_words, CONFIG_ON_BAD_FROM_COUNT),
       .summary =
           "From missing, unreadable, twice, or of several domains; strictest: of their "
           "policies (at most 4)"),
    IN(BLOCK_DMARC, "temperror_patience", KIND_SECONDS, dmarc.temperror_patience_s,
       .min = 0, .max = 7 * SECONDS_OF_DAY,
       .summary = "for how long the same message is deferred because of temperror"),
    IN(BLOCK_DMARC, "suffix_list", KIND_PATH, dmarc.suffix_list, .may_be_empty = true,
       .summary = "public suffix list, for rfc7489"),

    IN(BLOCK_DNS, "resolver", KIND_RESOLVER, resolver, .may_be_empty = true,
       .summary =
           "name server, ADDRESS or ADDRESS@PORT; empty: those of /etc/resolv.conf"),
    IN(BLOCK_DNS, "timeout", KIND_MILLISECONDS, dns_timeout_ms, .min = 100,
       .max = 60 * 1000, .summary = "for one question"),
    IN(BLOCK_DNS, "deadline", KIND_MILLISECONDS, deadline_ms, .min = 100,
       .max = 300 * 1000,
       .summary = "for all questions of a message; keep it below the mail server's own"),
    IN(BLOCK_DNS, "cache", KIND_BYTES, dns_cache_bytes, .min = 64 * KIB, .max = 4 * GIB,
       .summary = "memory for answers"),
    IN(BLOCK_DNS, "validate", KIND_BOOL, dns_validate,
       .summary = "validate DNSSEC; the name server must pass signatures on"),
    IN(BLOCK_DNS, "trust_anchor", KIND_PATH, dns_trust_anchor,
       .summary = "file of the DS or DNSKEY records that validation begins with"),

    IN(BLOCK_LIMITS, "connections", KIND_COUNT, limits.connections, .min = 1,
       .max = 100000, .summary = "connections of one worker, open at once"),
    IN(BLOCK_LIMITS, "message_size", KIND_BYTES_64, limits.message_bytes, .min = 0,
       .max = 1024 * GIB,
       .summary = "largest message; 0B: whatever the mail server lets through"),
    IN(BLOCK_LIMITS, "header_size", KIND_BYTES, limits.header_bytes, .min = KIB,
       .max = 64 * MIB, .summary = "largest header of a message"),
    IN(BLOCK_LIMITS, "fields", KIND_SIZE_COUNT, limits.fields, .min = 1, .max = 100000,
       .summary = "header fields of a message"),
    IN(BLOCK_LIMITS, "recipients", KIND_COUNT, limits.recipients, .min = 1, .max = 100000,
       .summary = "recipients of a message whose settings are looked up"),
    IN(BLOCK_LIMITS, "idle_timeout", KIND_MILLISECONDS, limits.idle_timeout_ms,
       .min = 1000, .max = 7 * SECONDS_OF_DAY * 1000,
       .summary = "how long a connection may do nothing between messages"),
    IN(BLOCK_LIMITS, "stall_timeout", KIND_MILLISECONDS, limits.stall_timeout_ms,
       .min = 1000, .max = SECONDS_OF_DAY * 1000,
       .summary = "how long nothing may come within a message"),
    IN(BLOCK_LIMITS, "shutdown_timeout", KIND_MILLISECONDS, limits.shutdown_timeout_ms,
       .min = 0, .max = SECONDS_OF_DAY * 1000,
       .summary = "how long a stop or reload waits for messages in work"),

    IN(BLOCK_LOG, "to", KIND_WORD, log_target,
       WORDS(config_log_target_words, CONFIG_LOG_TARGET_COUNT),
       .summary = "stderr; syslog: /dev/log; journald"),
    IN(BLOCK_LOG, "format", KIND_WORD, log_format,
       WORDS(config_log_format_words, CONFIG_LOG_FORMAT_COUNT),
       .summary = "text: for people; json: an object for each line"),

    IN(BLOCK_SIGNING, "keys_directory", KIND_PATH, signing.keys_directory,
       .summary = "where keys are: DOMAIN/SELECTOR.pem in it"),
    IN(BLOCK_SIGNING, "domains_file", KIND_PATH, signing.domains_file,
       .may_be_empty = true,
       .summary = "file with a line for each domain, beside the blocks; empty: none"),
    IN(BLOCK_SIGNING, "logins_file", KIND_PATH, signing.logins_file, .may_be_empty = true,
       .summary = "file with a line for each login, beside the blocks; empty: none"),
    IN(BLOCK_SIGNING, "networks", KIND_WORD, signing.networks,
       WORDS(config_switch_words, CONFIG_SWITCH_COUNT),
       .summary = "on: sign what submission_networks and local programs send without a "
                  "login, too"),
    IN(BLOCK_SIGNING, "header_canonicalization", KIND_WORD,
       signing.header_canonicalization,
       WORDS(config_canonicalization_words, CONFIG_CANONICALIZATION_COUNT),
       .summary = "relaxed: folding and case may change on the way; simple: nothing may"),
    IN(BLOCK_SIGNING, "body_canonicalization", KIND_WORD, signing.body_canonicalization,
       WORDS(config_canonicalization_words, CONFIG_CANONICALIZATION_COUNT),
       .summary = "relaxed: white space at the end of lines may change; simple: nothing "
                  "may"),
    IN(BLOCK_SIGNING, "fields", KIND_FIELDS, signing.fields, .may_be_empty = true,
       .max = 900,
       .summary = "header fields to sign: \"From:To:Subject+\"; empty: the usual ones"),
    IN(BLOCK_SIGNING, "identity", KIND_WORD, signing.identity,
       WORDS(config_identity_words, CONFIG_IDENTITY_COUNT),
       .summary = "i= of signatures: none, the author's domain, or the author's address"),
    IN(BLOCK_SIGNING, "expire", KIND_SECONDS, signing.expire_s, .min = 3600,
       .max = CONFIG_EXPIRE_MAX_S, .summary = "how long a signature is good for"),
    IN(BLOCK_SIGNING, "on_mismatch", KIND_WORD, signing.on_mismatch,
       WORDS(config_on_mismatch_words, CONFIG_ON_MISMATCH_COUNT),
       .summary = "mail of a domain that the login may not use"),
    IN(BLOCK_SIGNING, "on_keeper_down", KIND_WORD, signing.on_keeper_down,
       WORDS(config_on_keeper_down_words, CONFIG_ON_KEEPER_DOWN_COUNT),
       .summary = "no signature can be had now"),
    IN(BLOCK_SIGNING, "on_long_line", KIND_WORD, signing.on_long_line, HAZARDS(REPAIRED),
       .summary =
           "a line of more than 998 octets; repair: sign what Postfix makes of it"),
    IN(BLOCK_SIGNING, "on_bare_newline", KIND_WORD, signing.on_bare_newline,
       HAZARDS(UNREPAIRED), .summary = "a CR or LF by itself"),
    IN(BLOCK_SIGNING, "on_eight_bit", KIND_WORD, signing.on_eight_bit,
       HAZARDS(UNREPAIRED),
       .summary = "octets over 127, which are encoded anew where a next hop knows none"),
    IN(BLOCK_SIGNING, "on_missing_date", KIND_WORD, signing.on_missing_date,
       HAZARDS(REPAIRED), .summary = "no Date field; repair: add one"),
    IN(BLOCK_SIGNING, "on_missing_message_id", KIND_WORD, signing.on_missing_message_id,
       HAZARDS(REPAIRED), .summary = "no Message-ID field; repair: add one"),
    IN(BLOCK_SIGNING, "on_several_from", KIND_WORD, signing.on_several_from,
       HAZARDS(UNREPAIRED),
       .summary = "several From fields; sign: if all are of one domain"),
    IN(BLOCK_SIGNING, "rate_per_domain", KIND_COUNT, signing.rate_per_domain, .min = 0,
       .max = 10000000,
       .summary = "signatures a minute for one domain, by each worker's keeper; 0: any "
                  "number"),
    IN(BLOCK_SIGNING, "keeper_user", KIND_ACCOUNT, signing.keeper_user,
       .may_be_empty = true,
       .summary = "account of the keepers when started as root; empty: yett-keeper, or "
                  "that of the workers"),
    IN(BLOCK_SIGNING, "rotate_every", KIND_SECONDS, signing.rotate_every_s, .min = 0,
       .max = 3650 * (uint64_t)SECONDS_OF_DAY,
       .summary = "new keys for domains that rotate; 0s: only when told to"),
    IN(BLOCK_SIGNING, "rotate_with", KIND_WORD, signing.rotate_with,
       WORDS(config_rotate_with_words, CONFIG_ROTATE_WITH_COUNT),
       .summary = "which kinds of key they get"),
    IN(BLOCK_SIGNING, "update_key", KIND_PATH, signing.update_key, .may_be_empty = true,
       .summary = "file with a TSIG key, for dynamic updates of zones; empty: they are "
                  "changed by hand"),
    IN(BLOCK_SIGNING, "update_server", KIND_TEXT, signing.update_server,
       .may_be_empty = true, .max = 300,
       .summary = "where updates go: HOST or HOST@PORT; empty: to the server that the "
                  "zone names"),
    IN(BLOCK_SIGNING, "name_servers", KIND_TEXT, signing.name_servers,
       .may_be_empty = true, .max = 2000,
       .summary = "who must show a new record: HOST or HOST@PORT, spaces between; empty: "
                  "the zone's"),
    IN(BLOCK_SIGNING, "record_ttl", KIND_SECONDS, signing.record_ttl_s, .min = 60,
       .max = 7 * SECONDS_OF_DAY, .summary = "time to live of the records of new keys"),

    IN(BLOCK_SEALING, "domain", KIND_DOMAIN, sealing.domain, .may_be_empty = true,
       .summary = "whose keys seal, those of domain { seal }; empty: nothing is sealed"),
    IN(BLOCK_SEALING, "recipients", KIND_RECIPIENTS, sealing.recipients,
       .beside = offsetof(struct config, sealing.recipient_count),
       .summary = "addresses and domains whose mail is sealed when it arrives"),
    IN(BLOCK_SEALING, "next_hops", KIND_HOSTS, sealing.next_hops,
       .beside = offsetof(struct config, sealing.next_hop_count),
       .summary = "next hops, as the mail server writes them: the same"),
    IN(BLOCK_SEALING, "list_hosts", KIND_NETWORKS, sealing.list_hosts,
       .beside = offsetof(struct config, sealing.list_host_count),
       .summary =
           "hosts of mailing lists: what they hand in was verified when it arrived, "
           "and is sealed by that"),

    OF(BLOCK_LISTEN, "address", KIND_ADDRESS, config_listener, address,
       .example = "inet:127.0.0.1:8891",
       .summary = "inet:ADDRESS:PORT, inet:[ADDRESS]:PORT or unix:/path; must be set"),
    OF(BLOCK_LISTEN, "role", KIND_WORD, config_listener, role,
       WORDS(config_listener_role_words, CONFIG_LISTENER_ROLE_COUNT),
       .summary =
           "verify: incoming mail; sign: outgoing mail; both: who is talking decides"),
    OF(BLOCK_LISTEN, "insert", KIND_WORD, config_listener, insert,
       WORDS(config_insert_words, CONFIG_INSERT_COUNT),
       .summary =
           "where our fields go: top, or below-received, the mail server's own field"),
    OF(BLOCK_LISTEN, "group", KIND_ACCOUNT, config_listener, group, .may_be_empty = true,
       .summary = "group of a unix socket; empty: that of the program"),
    OF(BLOCK_LISTEN, "mode", KIND_MODE, config_listener, mode,
       .summary = "mode of a unix socket: whoever connects needs to write"),

    OF(BLOCK_DOMAIN, "sign", KIND_KEYS, config_domain, sign,
       .beside = offsetof(struct config_domain, sign_count), .example = "s2026r",
       .summary =
           "selectors of the keys that sign its mail, at most 4; SELECTOR=/path for "
           "a key that is elsewhere"),
    OF(BLOCK_DOMAIN, "seal", KIND_KEYS, config_domain, seal,
       .beside = offsetof(struct config_domain, seal_count), .example = "s2026r",
       .summary = "selectors of the keys that may seal (ARC) for it"),
    OF(BLOCK_DOMAIN, "subdomains", KIND_BOOL, config_domain, subdomains,
       .summary = "its subdomains are signed as well, with the name of the domain"),
    OF(BLOCK_DOMAIN, "rotate", KIND_BOOL, config_domain, rotate,
       .summary = "its keys are changed by yett"),

    OF(BLOCK_LOGIN, "domains", KIND_PATTERNS, config_login, domains,
       .beside = offsetof(struct config_login, domain_count), .example = "example.com",
       .summary = "domains; \"*.example.com\": those below; \"*\": any"),

    OF(BLOCK_EXCEPTION, "network", KIND_NETWORK, config_exception, network,
       .beside = offsetof(struct config_exception, has_network),
       .example = "198.51.100.7", .summary = "the client's address or network"),
    OF(BLOCK_EXCEPTION, "signer", KIND_DOMAIN, config_exception, signer,
       .example = "lists.example.net", .summary = "d= of a signature that holds"),
    OF(BLOCK_EXCEPTION, "author", KIND_DOMAIN, config_exception, author,
       .example = "example.org",
       .summary = "only for this author domain and below; unset: for all"),
    OF(BLOCK_EXCEPTION, "treat_as", KIND_TREAT_AS, config_exception, treat_as,
       ACTIONS(ALL_ACTIONS), .beside = offsetof(struct config_exception, as_pass),
       .summary = "pass: a DMARC failure is accepted; or an action"),
    OF(BLOCK_EXCEPTION, "until", KIND_DAY, config_exception, until_s,
       .example = "2027-03-01", .summary = "last day it is good for (UTC); must be set"),
    OF(BLOCK_EXCEPTION, "because", KIND_TEXT, config_exception, because, .max = 500,
       .example = "list server, ticket 4711",
       .summary = "the reason, for those who read it later; "
                  "must be set"),

    OF(BLOCK_RULE, "author", KIND_DOMAIN, config_rule, author, .example = "bank.example",
       .summary = "the author domain; subdomains belong to it; must be set"),
    OF(BLOCK_RULE, "on_fail", KIND_WORD, config_rule, on_fail,
       ACTIONS(1 << CONFIG_QUARANTINE | 1 << CONFIG_REJECT),
       .summary = "what to do when DMARC fails"),
    OF(BLOCK_RULE, "because", KIND_TEXT, config_rule, because, .max = 500,
       .example = "phished every week", .summary = "the reason; must be set"),

    OF(BLOCK_FORWARDER, "signer", KIND_DOMAIN, config_forwarder, signer,
       .example = "lists.example.net", .summary = "d= of its signature; must be set"),
    OF(BLOCK_FORWARDER, "because", KIND_TEXT, config_forwarder, because, .max = 500,
       .example = "checks DMARC before it resends", .summary = "the reason; must be set"),

    OF(BLOCK_RECIPIENT, "mode", KIND_WORD, config_recipient, mode,
       WORDS(config_mode_words, CONFIG_MODE_COUNT),
       .beside = offsetof(struct config_recipient, has_mode), .example = "observe",
       .summary = "as the key of the same name above"),
    OF(BLOCK_RECIPIENT, "on_reject", KIND_WORD, config_recipient, on_reject,
       WORDS(config_on_reject_words, CONFIG_ON_REJECT_COUNT),
       .beside = offsetof(struct config_recipient, has_on_reject), .example = "never",
       .summary = "as dmarc.on_reject"),
    OF(BLOCK_RECIPIENT, "on_quarantine", KIND_WORD, config_recipient, on_quarantine,
       ACTIONS(UP_TO_QUARANTINE),
       .beside = offsetof(struct config_recipient, has_on_quarantine), .example = "tag",
       .summary = "as dmarc.on_quarantine"),
};

const size_t key_count = sizeof(keys) / sizeof(keys[0]);

bool is_block_named(enum block block, const char *name)
{
    return strcmp(block == BLOCK_TOP ? "root" : blocks[block].name, name) == 0;
}

const struct key *find_key(const char *block, const char *name)
{
    for (size_t i = 0; i < key_count; i++) {
        if (strcmp(keys[i].name, name) == 0 && is_block_named(keys[i].block, block)) {
            return &keys[i];
        }
    }
    return NULL;
}
