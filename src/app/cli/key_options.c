/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/base/num.h"
#include "core/update/update.h"

#include <stdio.h>
#include <string.h>

/* key_options: the options of `yett key …`, in one table. */

typedef const char *key_setter(struct key_options *options, const char *value);

static const char *set_config(struct key_options *options, const char *value)
{
    options->shared.config_path = value;
    return NULL;
}

static const char *set_directory(struct key_options *options, const char *value)
{
    options->directory = value;
    return value[0] == '\0' ? "must be a path" : NULL;
}

static const char *set_selector(struct key_options *options, const char *value)
{
    options->selector = slice_from_text(value);
    return value[0] == '\0' ? "must be a selector" : NULL;
}

static const char *set_algorithm(struct key_options *options, const char *value)
{
    bool both = strcmp(value, "both") == 0;
    options->has_algorithm = true;
    options->rsa = both || strcmp(value, "rsa") == 0;
    options->ed25519 = both || strcmp(value, "ed25519") == 0;
    return options->rsa || options->ed25519 ? NULL : "is none of rsa, ed25519, both";
}

static const char *set_bits(struct key_options *options, const char *value)
{
    uint64_t bits = 0;
    if (num_parse_uint(slice_from_text(value), CRYPTO_RSA_BITS_MAX, &bits) != YETT_OK ||
        bits < CRYPTO_RSA_BITS_MIN) {
        return "is no size from 1024 to 8192";
    }
    options->bits = (unsigned)bits;
    return NULL;
}

static const char *set_testing(struct key_options *options, const char *value)
{
    (void)value;
    options->testing = true;
    return NULL;
}

static const char *set_dns(struct key_options *options, const char *value)
{
    options->shared.zone_path = value;
    return NULL;
}

static const char *set_resolver(struct key_options *options, const char *value)
{
    options->shared.resolver = slice_from_text(value);
    return value[0] == '\0' ? "must be an address" : NULL;
}

static const char *set_update_key(struct key_options *options, const char *value)
{
    options->update_key = value;
    return value[0] == '\0' ? "must be a path" : NULL;
}

static const char *set_table(struct key_options *options, const char *value)
{
    options->table = value;
    return value[0] == '\0' ? "must be a path" : NULL;
}

static const char *set_server(struct key_options *options, const char *value)
{
    options->server = slice_from_text(value);
    return value[0] == '\0' ? "must be a name server" : NULL;
}

static const char *set_authority(struct key_options *options, const char *value)
{
    if (options->authority_count == KEY_AUTHORITIES_MAX) {
        return "is one name server too many (32 at most)";
    }
    options->authorities[options->authority_count++] = slice_from_text(value);
    return value[0] == '\0' ? "must be a name server" : NULL;
}

/* "90", "10s", "5min", "2h", "1d" */
static bool parse_duration(const char *value, uint64_t max_s, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = {
        {"",    1    },
        {"s",   1    },
        {"m",   60   },
        {"min", 60   },
        {"h",   3600 },
        {"d",   86400}
    };
    slice text = slice_from_text(value);
    uint64_t number = 0;
    if (num_take_uint(&text, max_s, &number) != YETT_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (slice_eq(text, slice_from_text(units[i].unit))) {
            *out = number * units[i].seconds;
            return number <= max_s / units[i].seconds;
        }
    }
    return false;
}

static const char *set_ttl(struct key_options *options, const char *value)
{
    uint64_t seconds = 0;
    options->has_ttl = true;
    bool is_good = parse_duration(value, (uint64_t)7 * 86400, &seconds);
    options->ttl_s = (uint32_t)seconds;
    return is_good ? NULL : "is no time up to 7 days, such as 3600, 1h";
}

static const char *set_wait(struct key_options *options, const char *value)
{
    uint64_t seconds = 0;
    options->has_wait = true;
    bool is_good = parse_duration(value, (uint64_t)30 * 86400, &seconds);
    options->wait_s = (unsigned)seconds;
    return is_good ? NULL : "is no time up to 30 days, such as 90, 10min, 2h";
}

static const char *set_now(struct key_options *options, const char *value)
{
    uint64_t seconds = 0;
    options->shared.has_now = true;
    bool is_good =
        num_parse_uint(slice_from_text(value), INT64_MAX / 2, &seconds) == YETT_OK;
    options->shared.now_s = (int64_t)seconds;
    return is_good ? NULL : "is no time in seconds since 1970";
}

static const char *set_undo(struct key_options *options, const char *value)
{
    (void)value;
    options->undo = true;
    return NULL;
}

static const char *set_due(struct key_options *options, const char *value)
{
    (void)value;
    options->due = true;
    return NULL;
}

static const char *set_no_reload(struct key_options *options, const char *value)
{
    (void)value;
    options->no_reload = true;
    return NULL;
}

static const char *set_really(struct key_options *options, const char *value)
{
    (void)value;
    options->really = true;
    return NULL;
}

static const char *set_json(struct key_options *options, const char *value)
{
    (void)value;
    options->shared.json = true;
    return NULL;
}

static const char *set_color(struct key_options *options, const char *value)
{
    static const char *const words[] = {"auto", "always", "never"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(value, words[i]) == 0) {
            options->shared.color = (enum color_mode)i;
            return NULL;
        }
    }
    return "is none of auto, always, never";
}

enum { KEY_ZONE = KEY_PUBLISH | KEY_ROTATE | KEY_RETIRE };

static const struct key_rule {
    const char *name;
    const char *argument; /* NULL: none */
    unsigned bits;
    key_setter *set;
    const char *help;
} rules[] = {
  /* clang-format off */
    {"config", "FILE", KEY_ALL, set_config,
     "file of settings, see yett.conf(5); default: none is read"},
    {"directory", "DIR", KEY_ALL, set_directory,
     "where keys lie; default: the setting signing.keys_directory"},
    {"selector", "S", KEY_ALL & ~(KEY_LIST | KEY_ROTATE), set_selector,
     "the key; a new one gets by default the date and its kind"},
    {"algorithm", "KIND", KEY_GENERATE | KEY_ROTATE, set_algorithm,
     "rsa, ed25519, both; default: both, with rotate the setting rotate_with"},
    {"bits", "N", KEY_GENERATE | KEY_ROTATE, set_bits,
     "size of an RSA key; default 2048"},
    {"testing", NULL, KEY_GENERATE | KEY_PUBLISH, set_testing,
     "the record says t=y: others are to treat the mail as unsigned"},
    {"dns", "ZONEFILE", KEY_CHECK, set_dns,
     "answers from this master file instead of the network"},
    {"resolver", "ADDR@PORT", KEY_CHECK | KEY_ZONE, set_resolver,
     "ask this name server; default: /etc/resolv.conf"},
    {"update-key", "FILE", KEY_ZONE, set_update_key,
     "TSIG key for dynamic updates of the zone"},
    {"server", "HOST@PORT", KEY_ZONE, set_server,
     "where updates go; default: the server that the zone's SOA names"},
    {"authority", "HOST@PORT", KEY_ZONE, set_authority,
     "must show records, in place of the zone's servers; may be given often"},
    {"ttl", "TIME", KEY_GENERATE | KEY_ZONE, set_ttl,
     "time to live of records; default 1h"},
    {"wait", "TIME", KEY_ZONE, set_wait,
     "for all name servers to show a change; default 10min; 0: look once"},
    {"undo", NULL, KEY_PUBLISH, set_undo,
     "take the record out again"},
    {"due", NULL, KEY_ROTATE, set_due,
     "only what is due, of each domain with rotate = true"},
    {"table", "FILE", KEY_ROTATE, set_table,
     "what the running gateway signs with; yett serve says so"},
    {"no-reload", NULL, KEY_ROTATE | KEY_RETIRE, set_no_reload,
     "leave the gateway alone; rotate ends with 10 when other keys sign now"},
    {"now-really", NULL, KEY_PUBLISH | KEY_RETIRE, set_really,
     "also when signatures that are on their way will fail"},
    {"now", "EPOCH", KEY_ALL, set_now,
     "as of this time, in seconds since 1970"},
    {"json", NULL, KEY_GENERATE | KEY_LIST | KEY_CHECK, set_json,
     "one JSON object a line"},
    {"color", "WHEN", KEY_ALL, set_color,
     "auto (default: on a terminal), always, never"},
  /* clang-format on */
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

_Static_assert((size_t)RULES <= (size_t)OPTION_ROWS_MAX, "the table fits");

static struct option_row row_at(size_t index)
{
    const struct key_rule *rule = &rules[index];
    return (struct option_row){.name = rule->name,
                               .argument = rule->argument,
                               .groups = rule->bits,
                               .help = rule->help};
}

static const char *set_at(void *context, size_t index, const char *value)
{
    return rules[index].set(context, value);
}

enum options_outcome key_options_parse(int argc, char **argv, unsigned bits,
                                       const char *name, const struct option_help *help,
                                       struct key_options *out, int *first)
{
    const struct option_table table = {
        .count = RULES, .row = row_at, .set = set_at, .context = out};
    *out = (struct key_options){
        .bits = CRYPTO_RSA_BITS_ADVISED, .rsa = true, .ed25519 = true};
    enum options_outcome outcome =
        option_table_parse(&table, bits, name, help, argc, argv, first);
    if (outcome == OPTIONS_GO && out->shared.zone_path != NULL &&
        out->shared.resolver.len != 0) {
        fprintf(stderr,
                "yett %s: --dns replaces the network: it goes without --resolver\n",
                name);
        return OPTIONS_WRONG;
    }
    return outcome;
}
