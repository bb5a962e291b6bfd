/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CONFIG_CONFIG_H
#define YETT_CORE_CONFIG_CONFIG_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * config: the settings of an installation as plain values, their defaults and the checks
 * between them.  Reading them from a file is edge/config's work.
 *
 * defaults.c is config_init(), check.c what the values must be and may say beside each other,
 * gateway.c, signing.c, servers.c and sealing.c the same for theirs, address.c where a
 * gateway listens, ask.c the questions the evaluators put to the settings, words.c the words
 * of files, place.c where something was set.
 */
enum {
    CONFIG_WORKERS_MAX = 128,
    CONFIG_KEYS_OF_DOMAIN_MAX = 4, /* that sign at the same time */
    CONFIG_NAME_SERVERS_MAX = 32,  /* that must show a new record */
    CONFIG_EXPIRE_S = 14 * 24 * 3600,
    CONFIG_EXPIRE_MAX_S = 30 * 24 * 3600 /* what a keeper takes */
};

enum config_mode { CONFIG_OBSERVE, CONFIG_ENFORCE };

/* What to do with a message, mildest first: comparing two takes the milder. */
enum config_action {
    CONFIG_ACCEPT,
    CONFIG_TAG,        /* accept, with the tag field */
    CONFIG_QUARANTINE, /* accept, with the quarantine field (or hold, folder) */
    CONFIG_DEFER,      /* 451: come again */
    CONFIG_REJECT      /* 550 */
};

const char *config_action_text(enum config_action action); /* "quarantine" */

enum config_standard { CONFIG_RFC9989, CONFIG_RFC7489 };
enum config_on_reject {
    CONFIG_REJECT_INFORMED,
    CONFIG_REJECT_STRICT,
    CONFIG_REJECT_NEVER
};
enum config_on_bad_from {
    CONFIG_BAD_FROM_REJECT,
    CONFIG_BAD_FROM_QUARANTINE,
    CONFIG_BAD_FROM_STRICTEST
};

/* The words that files and people use, by enum value. */
enum {
    CONFIG_MODE_COUNT = 2,
    CONFIG_ACTION_COUNT = 5,
    CONFIG_STANDARD_COUNT = 2,
    CONFIG_ON_REJECT_COUNT = 3,
    CONFIG_ON_BAD_FROM_COUNT = 3
};
extern const char *const config_mode_words[CONFIG_MODE_COUNT];
extern const char *const config_action_words[CONFIG_ACTION_COUNT];
extern const char *const config_standard_words[CONFIG_STANDARD_COUNT];
extern const char *const config_on_reject_words[CONFIG_ON_REJECT_COUNT];
extern const char *const config_on_bad_from_words[CONFIG_ON_BAD_FROM_COUNT];

/* spf { } and dkim { }: mail that no DMARC policy governs. */
struct config_spf {
    enum config_action on_fail, on_softfail, on_neutral, on_none, on_permerror,
        on_temperror;
};

struct config_dkim {
    enum config_action on_fail, on_none, on_policy, on_neutral, on_permerror,
        on_temperror;
    bool allow_rsa_sha1;
    unsigned min_rsa_bits;
    bool allow_partial_body;
    unsigned max_signatures;
    bool autopsy; /* signatures that fail are looked into, beside the mail path */
};

/* arc { }: chains of seals (RFC 8617). */
struct config_arc {
    unsigned max_sets; /* a longer chain fails: 50 */
    bool oldest_pass;  /* verify older message signatures as well */
};

struct config_dmarc {
    enum config_standard standard;
    enum config_on_reject on_reject;
    enum config_action on_quarantine; /* CONFIG_QUARANTINE, or milder */
    enum config_action on_temperror;  /* CONFIG_DEFER by default */
    enum config_on_bad_from on_bad_from;
    int64_t temperror_patience_s; /* 4 h */
    slice suffix_list; /* path of the public suffix list, RFC 7489; a NUL follows it */
};

/* exception "name" { … }: looser or stricter for mail that shows a network or a passing d=. */
struct config_exception {
    slice name;
    bool has_network;
    struct ip_network network;
    slice signer; /* passing d=, normal form; empty: not asked for */
    slice author; /* domain it is for, subdomains included, normal form; empty: all */
    bool as_pass; /* treat_as = "pass": a DMARC fail is accepted */
    enum config_action treat_as; /* when not as_pass */
    int64_t until_s;             /* end of the last day it is good for, exclusive */
    slice because;
    slice file; /* where it stands, for messages; with `line` */
    unsigned line;
};

/* A key that signs: its selector, and where it is when it is not in its usual place. */
struct config_key {
    slice selector; /* normal form */
    slice
        path; /* of the file; a NUL follows it; empty: keys_directory/DOMAIN/SELECTOR.pem */
};

/* domain "example.com" { … }: a domain of ours. */
struct config_domain {
    slice name; /* normal form; covers its subdomains unless they have their own */
    const struct config_key *sign; /* its mail is signed with each of these */
    size_t sign_count;
    const struct config_key *seal; /* these may seal for it (ARC) */
    size_t seal_count;
    bool subdomains; /* mail of its subdomains is signed as well, with its d=; true */
    bool
        rotate; /* its keys are changed by themselves: those that sign are in its state */
    slice file; /* where it stands, for messages; with `line` */
    unsigned line;
};

/* login "alice" { … }: the domains that somebody may send mail of. */
struct config_login {
    slice name; /* exact octets; "*" stands for those that are not named */
    const slice
        *domains; /* "example.com", "*.example.com" for those below, "*" for any */
    size_t domain_count;
    slice file; /* where it stands, for messages; with `line` */
    unsigned line;
};

/* signing { }: our own mail gets signatures. */
enum config_switch { CONFIG_OFF, CONFIG_ON };
enum config_canonicalization { CONFIG_SIMPLE, CONFIG_RELAXED };
enum config_identity {
    CONFIG_IDENTITY_NONE,   /* no i= */
    CONFIG_IDENTITY_DOMAIN, /* "@" and the author domain */
    CONFIG_IDENTITY_AUTHOR  /* the author's address */
};
enum config_on_mismatch { CONFIG_MISMATCH_UNSIGNED, CONFIG_MISMATCH_REJECT };
enum config_on_keeper_down { CONFIG_KEEPER_DEFER, CONFIG_KEEPER_UNSIGNED };

/* What to do about something that will break a signature; harsher is greater. */
enum config_on_hazard {
    CONFIG_HAZARD_REPAIR,   /* sign what will become of it, or mend it first */
    CONFIG_HAZARD_SIGN,     /* sign it as it is */
    CONFIG_HAZARD_UNSIGNED, /* let it out without signature */
    CONFIG_HAZARD_REJECT
};

enum config_rotate_with { CONFIG_ROTATE_BOTH, CONFIG_ROTATE_RSA, CONFIG_ROTATE_ED25519 };

enum {
    CONFIG_SWITCH_COUNT = 2,
    CONFIG_CANONICALIZATION_COUNT = 2,
    CONFIG_IDENTITY_COUNT = 3,
    CONFIG_ON_MISMATCH_COUNT = 2,
    CONFIG_ON_KEEPER_DOWN_COUNT = 2,
    CONFIG_ON_HAZARD_COUNT = 4,
    CONFIG_ROTATE_WITH_COUNT = 3
};
extern const char *const config_switch_words[CONFIG_SWITCH_COUNT];
extern const char *const config_canonicalization_words[CONFIG_CANONICALIZATION_COUNT];
extern const char *const config_identity_words[CONFIG_IDENTITY_COUNT];
extern const char *const config_on_mismatch_words[CONFIG_ON_MISMATCH_COUNT];
extern const char *const config_on_keeper_down_words[CONFIG_ON_KEEPER_DOWN_COUNT];
extern const char *const config_on_hazard_words[CONFIG_ON_HAZARD_COUNT];
extern const char *const config_rotate_with_words[CONFIG_ROTATE_WITH_COUNT];

struct config_signing {
    slice keys_directory; /* path; a NUL follows it: /var/lib/yett/keys */
    slice domains_file;   /* path, or empty; a NUL follows it */
    slice logins_file;    /* the same */
    enum config_switch
        networks; /* mail of submission_networks and of local programs: off */
    enum config_canonicalization header_canonicalization, body_canonicalization;
    slice fields; /* names for h=, as signer_parse_rules() reads them; empty: the usual */
    enum config_identity identity;
    int64_t expire_s; /* from t= to x=: 14 days */
    enum config_on_mismatch on_mismatch;
    enum config_on_keeper_down on_keeper_down;
    enum config_on_hazard on_long_line, on_bare_newline, on_eight_bit, on_missing_date,
        on_missing_message_id, on_several_from;
    unsigned
        rate_per_domain; /* signatures a minute, of one d= and one keeper; 0: any: 60000 */
    slice
        keeper_user; /* account of keepers when started as root; empty: yett-keeper, or that
                          of the gateway; a NUL follows it */
    int64_t rotate_every_s; /* of domains with `rotate`; 0: when told to: 180 days */
    enum config_rotate_with rotate_with; /* which kinds of key they get */
    slice update_key;    /* path of a TSIG key, or empty: zones are changed by hand; a NUL
                             follows it */
    slice update_server; /* HOST@PORT for updates; empty: the one that the SOA names */
    slice name_servers;  /* HOST@PORT, spaces between; empty: those of the zone */
    int64_t record_ttl_s; /* of key records that are made: 1 h */
};

/* sealing { }: mail that is handed on gets a seal of ours (ARC, RFC 8617). */
struct config_sealing {
    slice
        domain; /* d=, normal form: one of ours with keys that seal; empty: none is made */
    const slice
        *recipients; /* at arrival: "list@example.org", or "example.org" and below */
    size_t recipient_count;
    const slice *next_hops; /* at arrival: where the mail server takes it, as it says */
    size_t next_hop_count;
    const struct ip_network *list_hosts; /* what comes back from them is sealed by the */
    size_t list_host_count;              /* results of its arrival, and not verified */
};

/* forwarder "name" { … }: a list or forwarder whose passing signature an administrator
   trusts to have checked (doc/verdict.md). */
struct config_forwarder {
    slice name;
    slice signer; /* d=, normal form */
    slice because;
};

/* recipient "pattern" { … }: other settings for some recipients.  Unset ones are inherited. */
struct config_recipient {
    slice pattern; /* "user@example.org", or "example.org" and below */
    bool has_mode, has_on_reject, has_on_quarantine;
    enum config_mode mode;
    enum config_on_reject on_reject;
    enum config_action on_quarantine;
};

/* rule "name" { … }: an administrator's word on an author domain: reject its failures. */
struct config_rule {
    slice name;
    slice author; /* author domain, normal form, subdomains included */
    enum config_action on_fail;
    slice because;
};

/* listen name { … }: where mail servers reach the gateway. */
enum config_listener_role {
    CONFIG_LISTENER_VERIFY, /* incoming mail */
    CONFIG_LISTENER_SIGN, /* outgoing mail: nothing is verified, removed or added here */
    CONFIG_LISTENER_BOTH  /* who is talking decides */
};

/* Where our fields go.  A mail server may hide its own Received field from the next filter,
   and with it what stands above. */
enum config_insert { CONFIG_INSERT_TOP, CONFIG_INSERT_BELOW_RECEIVED };

struct config_listener {
    slice name;
    slice
        address; /* "inet:127.0.0.1:8891", "inet:[::1]:8891", "unix:/path"; a NUL follows it */
    enum config_listener_role role;
    enum config_insert insert;
    slice group;   /* of a unix socket; empty: as it comes; a NUL follows it */
    unsigned mode; /* of a unix socket: 0660 */
    slice file;    /* where it stands, for messages; with `line`; empty: nowhere */
    unsigned line;
};

/* What a quarantine is. */
enum config_quarantine {
    CONFIG_QUARANTINE_FIELD, /* the quarantine field */
    CONFIG_QUARANTINE_HOLD   /* the field, and the mail server's hold queue */
};

enum config_sandbox { CONFIG_SANDBOX_REQUIRED, CONFIG_SANDBOX_BEST_EFFORT };
enum config_log_target { CONFIG_LOG_STDERR, CONFIG_LOG_SYSLOG, CONFIG_LOG_JOURNALD };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };

enum { CONFIG_LISTENERS_MAX = 32 };

enum {
    CONFIG_LISTENER_ROLE_COUNT = 3,
    CONFIG_INSERT_COUNT = 2,
    CONFIG_QUARANTINE_COUNT = 2,
    CONFIG_SANDBOX_COUNT = 2,
    CONFIG_LOG_TARGET_COUNT = 3,
    CONFIG_LOG_FORMAT_COUNT = 2
};
extern const char *const config_listener_role_words[CONFIG_LISTENER_ROLE_COUNT];
extern const char *const config_insert_words[CONFIG_INSERT_COUNT];
extern const char *const config_quarantine_words[CONFIG_QUARANTINE_COUNT];
extern const char *const config_sandbox_words[CONFIG_SANDBOX_COUNT];
extern const char *const config_log_target_words[CONFIG_LOG_TARGET_COUNT];
extern const char *const config_log_format_words[CONFIG_LOG_FORMAT_COUNT];

/* limits { }: of the gateway. */
struct config_limits {
    unsigned connections;         /* of one worker: 2000 */
    uint64_t message_bytes;       /* 0: none; larger ones get on_internal_error */
    size_t header_bytes;          /* 2 MiB */
    size_t fields;                /* 10000 */
    unsigned recipients;          /* evaluated for their settings: 1000 */
    unsigned idle_timeout_ms;     /* a connection without a message: 1 h */
    unsigned stall_timeout_ms;    /* nothing comes within a message: 10 min */
    unsigned shutdown_timeout_ms; /* messages in work when leaving: 5 min */
};

/* Where a setting of no titled block was set, for messages. */
struct config_place {
    const char *block, *key; /* "signing", "fields"; block "": of none */
    slice file;
    unsigned line;
};

struct config {
    slice source;                      /* file name, or "built-in defaults" */
    const struct config_place *places; /* of what was set; of a key the first counts */
    size_t place_count;
    slice authserv_id; /* normal form; empty: the program puts the host's name there */
    enum config_mode mode;
    const struct ip_network *submission_networks;
    size_t submission_network_count;
    const struct ip_network *trusted_relays;
    size_t trusted_relay_count;
    struct config_spf spf;
    const slice *trusted_sealers; /* normal form: their word on a message is taken */
    size_t trusted_sealer_count;
    struct config_dkim dkim;
    struct config_arc arc;
    struct config_dmarc dmarc;
    enum config_action on_internal_error; /* CONFIG_DEFER or CONFIG_ACCEPT */
    slice tag_field;                      /* "X-Yett-Tag" */
    slice quarantine_field;               /* "X-Yett-Quarantine" */
    bool received_spf;                    /* write Received-SPF as well */
    slice installation_secret;            /* keys the pct draw; from a file or empty */
    const struct config_domain *domains;
    size_t domain_count;
    struct config_signing signing;
    struct config_sealing sealing;
    const struct config_login *logins;
    size_t login_count;
    const struct config_exception *exceptions;
    size_t exception_count;
    const struct config_rule *rules;
    size_t rule_count;
    const struct config_forwarder *forwarders;
    size_t forwarder_count;
    const struct config_recipient *recipients;
    size_t recipient_count;
    slice resolver;          /* ADDR@PORT; empty: the system's */
    unsigned dns_timeout_ms; /* one question: 5000 */
    unsigned deadline_ms;    /* all of a message: 20000 */
    size_t dns_cache_bytes;  /* 64 MiB */
    bool dns_validate;       /* DNSSEC, by ourselves */
    slice dns_trust_anchor;  /* path of DS or DNSKEY records; a NUL follows it */

    /* The gateway. */
    enum config_quarantine quarantine_by;
    const struct config_listener *listeners; /* by default one, inet:127.0.0.1:8891 */
    size_t listener_count;
    struct config_limits limits;
    enum config_log_target log_target;
    enum config_log_format log_format;
    unsigned workers; /* 0: one for each processor */
    slice user; /* account of the gateway when started as root; empty: see yett.conf(5); a
                   NUL follows it */
    enum config_sandbox sandbox;
    slice status_socket;  /* path; empty: none; a NUL follows it */
    slice status_group;   /* of that file; empty: see yett.conf(5); a NUL follows it */
    unsigned status_mode; /* of that file: 0660 */
    slice
        state_directory; /* path: the installation secret; empty: none; a NUL follows it */
};

/*
 * Every default, as the manual states them.  `authserv_id` is left empty, which stands for
 * the name of the host: core cannot ask for it, so the program that reads the settings puts
 * it in before it evaluates anything.
 */
void config_init(struct config *config);

/*
 * Checks that no single value can fail alone, and those that would do harm if a program made
 * the settings itself.  YETT_BAD_SYNTAX with `*why` (in `arena`) naming the key.  An empty
 * `authserv_id` is fine.
 */
YETT_MUST_USE
enum yett_err config_check(struct arena *arena, const struct config *config, slice *why);

/* The part of it for one exception or network: what is wrong, or NULL.  Text of ours. */
const char *config_exception_fault(const struct config_exception *exception);
const char *config_network_fault(struct ip_network network);

/* `network` without the bits beyond its prefix. */
struct ip_network config_network_meant(struct ip_network network);

/* May a mark of ours have this field name?  What is wrong with it, or NULL. */
const char *config_field_name_fault(slice name);

/* An address to listen on, taken apart. */
struct config_address {
    bool is_unix;
    slice path; /* unix: absolute, at most 107 octets, in the text that was read */
    struct ip ip;
    unsigned port; /* 1 to 65535 */
};

/*
 * Read "inet:ADDRESS:PORT", "inet:[ADDRESS]:PORT" or "unix:/path".  "inet:localhost:PORT" is
 * 127.0.0.1; other names are refused, and so is port 0.  Returns what is wrong, with a hint
 * where it is the form of another program, or NULL with `*out`.
 */
const char *config_read_address(slice text, struct config_address *out);
const char *config_listen_address_fault(slice address);

/* The one way to write it. */
void config_write_address(struct buf *out, const struct config_address *address);

/* Others than this host and private networks may reach it. */
bool config_address_is_public(const struct config_address *address);

/* The two cannot be listened on at once: they are the same, or one stands for all addresses
   of its family. */
bool config_addresses_clash(const struct config_address *a,
                            const struct config_address *b);

/* Where `key` ("user", "signing.fields") was set; NULL: it was not. */
const struct config_place *config_find_place(const struct config *config, slice key);

/* The same as text: "yett.conf:12", in `arena`; where it was not set, the source of the
   settings.  Without memory its `ptr` is NULL. */
slice config_place_text(struct arena *arena, const struct config *config,
                        const char *key);

/* What is wrong with one listener, with the mode and the path of a socket, with the name of
   an account or group; or NULL. */
const char *config_listener_fault(const struct config_listener *listener);
const char *config_socket_mode_fault(unsigned mode);
const char *config_socket_path_fault(slice path);
const char *config_account_fault(slice name);

/* The same with the keys of one domain. */
const char *config_domain_fault(const struct config_domain *domain);

bool config_listeners_clash(const struct config_listener *a,
                            const struct config_listener *b);

bool config_is_submission(const struct config *config, struct ip ip);
bool config_is_trusted_relay(const struct config *config, struct ip ip);

/* It is a host that hands in mail of lists: sealing.list_hosts. */
bool config_is_list_host(const struct config *config, struct ip ip);

/* `address` is the address `pattern`, or is of the domain `pattern` or of one below. */
bool config_pattern_fits(slice pattern, slice address);

/* `domain` (normal form) is one of ours or below one. */
bool config_is_ours(const struct config *config, slice domain);

/* Something is to be signed: a domain names keys, or there is a file of domains. */
bool config_signs(const struct config *config);

#endif
