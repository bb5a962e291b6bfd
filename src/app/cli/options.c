/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/options.h"

#include "core/base/num.h"
#include "core/config/config.h"
#include "core/message/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A setter returns NULL, or what is wrong with the value. */
typedef const char *option_setter(struct options *options, struct arena *arena,
                                  const char *value);

static const char *set_ip(struct options *options, struct arena *arena, const char *value)
{
    (void)arena;
    options->has_ip = true;
    return ip_parse(slice_from_text(value), &options->ip) == YETT_OK
               ? NULL
               : "is no IPv4 or IPv6 address";
}

static const char *set_helo(struct options *options, struct arena *arena,
                            const char *value)
{
    (void)arena;
    options->helo = slice_from_text(value);
    return NULL;
}

/* Only the brackets go: the rest is what SMTP would have carried, however odd. */
static slice without_brackets(const char *value)
{
    slice text = slice_trim_wsp(slice_from_text(value));
    if (slice_starts_with(text, SLICE("<")) && slice_ends_with(text, SLICE(">"))) {
        text = slice_between(text, 1, text.len - 1);
    }
    return text;
}

static const char *set_mail_from(struct options *options, struct arena *arena,
                                 const char *value)
{
    (void)arena;
    options->has_mail_from = true;
    options->mail_from = without_brackets(value);
    return NULL;
}

static const char *set_rcpt(struct options *options, struct arena *arena,
                            const char *value)
{
    slice local, domain;
    if (options->rcpt_count == OPTIONS_RCPT_MAX) {
        return "is one recipient too many (100 at most)";
    }
    if (message_parse_path(arena, slice_from_text(value), &local, &domain) != YETT_OK) {
        return "is no mail address";
    }
    options->rcpt[options->rcpt_count++] = without_brackets(value);
    return NULL;
}

static const char *set_auth(struct options *options, struct arena *arena,
                            const char *value)
{
    (void)arena;
    options->login = slice_from_text(value);
    return value[0] == '\0' ? "must name the login" : NULL;
}

static const char *set_nothing(struct options *options, struct arena *arena,
                               const char *value)
{
    (void)options;
    (void)arena;
    (void)value;
    return NULL;
}

static const char *set_from(struct options *options, struct arena *arena,
                            const char *value)
{
    (void)arena;
    options->from = without_brackets(value);
    return NULL;
}

static const char *set_local(struct options *options, struct arena *arena,
                             const char *value)
{
    (void)arena;
    (void)value;
    options->local = true;
    return NULL;
}

static const char *set_trust_received(struct options *options, struct arena *arena,
                                      const char *value)
{
    (void)arena;
    options->trust_received = slice_from_text(value);
    return value[0] == '\0' || strcmp(value, "0") == 0
               ? "must be a host name, or the number of the field counted from 1 at the "
                 "top"
               : NULL;
}

static const char *set_now(struct options *options, struct arena *arena,
                           const char *value)
{
    (void)arena;
    uint64_t seconds;
    if (num_parse_uint(slice_from_text(value), INT64_MAX / 2, &seconds) != YETT_OK) {
        return "is no time in seconds since 1970";
    }
    options->has_now = true;
    options->now_s = (int64_t)seconds;
    return NULL;
}

static const char *set_dns(struct options *options, struct arena *arena,
                           const char *value)
{
    (void)arena;
    options->zone_path = value;
    return NULL;
}

static const char *set_resolver(struct options *options, struct arena *arena,
                                const char *value)
{
    (void)arena;
    options->resolver = slice_from_text(value);
    return NULL;
}

static const char *set_validate(struct options *options, struct arena *arena,
                                const char *value)
{
    (void)arena;
    (void)value;
    options->validate = true;
    return NULL;
}

static const char *set_trust_anchor(struct options *options, struct arena *arena,
                                    const char *value)
{
    (void)arena;
    options->validate = true;
    options->trust_anchor_path = value;
    return NULL;
}

static const char *set_dmarc_mode(struct options *options, struct arena *arena,
                                  const char *value)
{
    (void)arena;
    options->has_dmarc_mode = true;
    options->dmarc_7489 = strcmp(value, "7489") == 0;
    return options->dmarc_7489 || strcmp(value, "9989") == 0 ? NULL
                                                             : "is neither 9989 nor 7489";
}

static const char *set_psl(struct options *options, struct arena *arena,
                           const char *value)
{
    (void)arena;
    options->psl_path = value;
    return NULL;
}

static const char *set_allow_rsa_sha1(struct options *options, struct arena *arena,
                                      const char *value)
{
    (void)arena;
    (void)value;
    options->allow_rsa_sha1 = true;
    return NULL;
}

static const char *set_min_rsa_bits(struct options *options, struct arena *arena,
                                    const char *value)
{
    (void)arena;
    uint64_t bits;
    if (num_parse_uint(slice_from_text(value), 8192, &bits) != YETT_OK || bits < 256) {
        return "is no key size from 256 to 8192";
    }
    options->min_rsa_bits = (unsigned)bits;
    return NULL;
}

static const char *set_config(struct options *options, struct arena *arena,
                              const char *value)
{
    (void)arena;
    options->config_path = value;
    return NULL;
}

static const char *set_json(struct options *options, struct arena *arena,
                            const char *value)
{
    (void)arena;
    (void)value;
    options->json = true;
    return NULL;
}

static const char *set_summary(struct options *options, struct arena *arena,
                               const char *value)
{
    (void)arena;
    (void)value;
    options->summary_only = true;
    return NULL;
}

/* The index of `value` among `words`, or -1. */
static int word_index(const char *value, const char *const *words, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *set_color(struct options *options, struct arena *arena,
                             const char *value)
{
    (void)arena;
    static const char *const words[] = {"auto", "always", "never"};
    int index = word_index(value, words, 3);
    options->color = (enum color_mode)(index < 0 ? 0 : index);
    return index < 0 ? "is none of auto, always, never" : NULL;
}

static const char *set_answers(struct options *options, struct arena *arena,
                               const char *value)
{
    (void)arena;
    static const char *const words[] = {"warm", "round", "each"};
    int index = word_index(value, words, 3);
    options->answers = (enum answers_mode)(index < 0 ? 0 : index);
    return index < 0 ? "is none of warm, round, each" : NULL;
}

static const char *set_mode(struct options *options, struct arena *arena,
                            const char *value)
{
    (void)arena;
    options->mode = value;
    return word_index(value, config_mode_words, CONFIG_MODE_COUNT) < 0
               ? "is neither observe nor enforce"
               : NULL;
}

static const char *set_listen(struct options *options, struct arena *arena,
                              const char *value)
{
    (void)arena;
    if (options->listen_count == OPTIONS_LISTEN_MAX) {
        return "is one address too many (32 at most)";
    }
    options->listen[options->listen_count++] = value;
    return config_listen_address_fault(slice_from_text(value));
}

static const char *set_workers(struct options *options, struct arena *arena,
                               const char *value)
{
    (void)arena;
    uint64_t count;
    options->workers = value;
    return num_parse_uint(slice_from_text(value), 128, &count) == YETT_OK
               ? NULL
               : "is no number from 0 to 128";
}

static const char *set_sandbox(struct options *options, struct arena *arena,
                               const char *value)
{
    (void)arena;
    options->sandbox = value;
    return word_index(value, config_sandbox_words, CONFIG_SANDBOX_COUNT) < 0
               ? "is neither required nor best-effort"
               : NULL;
}

static const char *set_status_socket(struct options *options, struct arena *arena,
                                     const char *value)
{
    (void)arena;
    options->status_socket = value;
    return value[0] == '\0' ? NULL : config_socket_path_fault(slice_from_text(value));
}

static const char *set_socket(struct options *options, struct arena *arena,
                              const char *value)
{
    (void)arena;
    options->socket_path = value;
    return value[0] == '\0' ? "must be a path" : NULL;
}

static const struct option_rule {
    const char *name;
    const char *argument; /* NULL: none */
    unsigned group;
    option_setter *set;
    const char *help;
} option_rules[] = {
  /* clang-format off */
    {"would-sign", NULL, OPTIONS_WOULD_SIGN, set_nothing,
     "sign nothing, and say what would be signed"},
    {"from", "ADDR", OPTIONS_WOULD_SIGN, set_from,
     "the author: an address, or a domain"},
    {"login", "NAME", OPTIONS_WOULD_SIGN, set_auth,
     "the client has logged in by this name"},
    {"local", NULL, OPTIONS_WOULD_SIGN, set_local,
     "a program on the mail server itself sent it"},
    {"ip", "ADDR", OPTIONS_ENVELOPE | OPTIONS_WOULD_SIGN, set_ip,
     "address of the client that sent the message"},
    {"helo", "NAME", OPTIONS_ENVELOPE, set_helo,
     "what the client said in HELO or EHLO"},
    {"mail-from", "ADDR", OPTIONS_ENVELOPE | OPTIONS_WOULD_SIGN, set_mail_from,
     "envelope sender; '<>' for a bounce"},
    {"rcpt", "ADDR", OPTIONS_ENVELOPE, set_rcpt,
     "envelope recipient; may be given often"},
    {"auth", "LOGIN", OPTIONS_MESSAGE, set_auth,
     "the client was logged in: a submission"},
    {"trust-received", "HOST|N", OPTIONS_MESSAGE, set_trust_received,
     "envelope from the Received field that HOST wrote, or the Nth one"},
    {"dns", "ZONEFILE", OPTIONS_DNS | OPTIONS_SERVE, set_dns,
     "answers from this master file instead of the network"},
    {"resolver", "ADDR@PORT", OPTIONS_DNS | OPTIONS_SERVE, set_resolver,
     "ask this name server; default: /etc/resolv.conf"},
    {"validate", NULL, OPTIONS_DNS, set_validate,
     "validate DNSSEC"},
    {"trust-anchor", "FILE", OPTIONS_DNS, set_trust_anchor,
     "validate DNSSEC from these DS or DNSKEY records on; default: the root's"},
    {"now", "EPOCH", OPTIONS_DNS | OPTIONS_SERVE, set_now,
     "as of this time, in seconds since 1970"},
    {"dmarc-mode", "9989|7489", OPTIONS_MESSAGE, set_dmarc_mode,
     "the DMARC standard to follow; default 9989"},
    {"psl", "FILE", OPTIONS_MESSAGE, set_psl,
     "public suffix list for RFC 7489"},
    {"allow-rsa-sha1", NULL, OPTIONS_MESSAGE, set_allow_rsa_sha1,
     "accept signatures that RFC 8301 forbids"},
    {"min-rsa-bits", "N", OPTIONS_MESSAGE, set_min_rsa_bits,
     "smallest RSA key accepted; default 1024"},
    {"config", "FILE", OPTIONS_CONFIG, set_config,
     "file of settings, see yett.conf(5)"},
    {"mode", "MODE", OPTIONS_SERVE, set_mode,
     "observe (default: change results only) or enforce"},
    {"listen", "ADDRESS", OPTIONS_SERVE, set_listen,
     "inet:127.0.0.1:8891 (default), unix:/path; may be given often"},
    {"workers", "N", OPTIONS_SERVE, set_workers,
     "gateway processes; default: 0, one for each processor"},
    {"sandbox", "HOW", OPTIONS_SERVE, set_sandbox,
     "required (default) or best-effort: when a wall cannot be had"},
    {"status-socket", "PATH", OPTIONS_SERVE, set_status_socket,
     "where `yett status` asks; '' for nowhere"},
    {"socket", "PATH", OPTIONS_STATUS, set_socket,
     "the gateway's status socket; default: the setting status_socket"},
    {"domain", "DOMAIN", OPTIONS_SIGN, sign_set_domain,
     "sign for this domain (d=)"},
    {"selector", "NAME", OPTIONS_SIGN, sign_set_selector,
     "name of the key in DNS (s=); with --key as often as there are keys"},
    {"key", "FILE", OPTIONS_SIGN, sign_set_key,
     "private key, PEM; RSA or Ed25519"},
    {"algorithm", "NAME", OPTIONS_SIGN, sign_set_algorithm,
     "rsa-sha256, ed25519-sha256; default: what the key is for"},
    {"headers", "LIST", OPTIONS_SIGN, sign_set_headers,
     "fields to sign, in place of the usual: From:To:Subject+:…"},
    {"canon", "HOW/HOW", OPTIONS_SIGN, sign_set_canon,
     "of header and body: relaxed (default) or simple"},
    {"identity", "ADDR", OPTIONS_SIGN, sign_set_identity,
     "on whose behalf (i=): user@domain or @domain"},
    {"expire", "TIME", OPTIONS_SIGN, sign_set_expire,
     "how long it is valid (x=): 14d (default), 36h, none"},
    {"arc", NULL, OPTIONS_SIGN, sign_set_arc,
     "add an ARC set and no DKIM signature"},
    {"authserv-id", "NAME", OPTIONS_SIGN, sign_set_authserv_id,
     "with --arc: whose Authentication-Results are sealed"},
    {"summary", NULL, OPTIONS_MANY, set_summary,
     "only the table over all messages"},
    {"json", NULL, OPTIONS_OUTPUT, set_json,
     "one JSON object a line"},
    {"color", "WHEN", OPTIONS_OUTPUT, set_color,
     "auto (default: on a terminal), always, never"},
    {"answers", "HOW", OPTIONS_DNS, set_answers,
     "with --dns: warm (default), round or each: how answers arrive"},
  /* clang-format on */
};

enum { OPTION_RULES = sizeof(option_rules) / sizeof(option_rules[0]) };

_Static_assert((size_t)OPTION_RULES <= (size_t)OPTION_ROWS_MAX, "the table fits");

static struct option_row row_at(size_t index)
{
    const struct option_rule *rule = &option_rules[index];
    return (struct option_row){.name = rule->name,
                               .argument = rule->argument,
                               .groups = rule->group,
                               .help = rule->help};
}

struct setting {
    struct options *out;
    struct arena *arena;
};

static const char *set_at(void *context, size_t index, const char *value)
{
    const struct setting *setting = context;
    return option_rules[index].set(setting->out, setting->arena, value);
}

enum options_outcome options_parse(int argc, char **argv, unsigned groups,
                                   const struct option_help *help, struct arena *arena,
                                   struct options *out, int *first)
{
    struct setting setting = {.out = out, .arena = arena};
    const struct option_table table = {
        .count = OPTION_RULES, .row = row_at, .set = set_at, .context = &setting};
    *out = (struct options){0};
    enum options_outcome outcome =
        option_table_parse(&table, groups, argv[0], help, argc, argv, first);
    if (outcome == OPTIONS_GO && out->zone_path != NULL &&
        (out->resolver.len != 0 || out->validate)) {
        fprintf(stderr,
                "yett %s: --dns replaces the network: it goes without --resolver, "
                "--validate and --trust-anchor\n",
                argv[0]);
        return OPTIONS_WRONG;
    }
    return outcome;
}
