/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(slice_from_text(text), &ip), YETT_OK);
    return ip;
}

static struct ip_network network_of(const char *text)
{
    struct ip_network network;
    assert_int_equal(ip_parse_network(slice_from_text(text), &network), YETT_OK);
    return network;
}

static void the_defaults_hold_together(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct config config;
    slice why = SLICE_NONE;
    config_init(&config);
    assert_int_equal(config_check(arena, &config, &why), YETT_OK);
    arena_free(arena);
}

static void the_defaults_change_no_mail_and_only_tag_without_a_policy(void **state)
{
    (void)state;
    struct config c;
    config_init(&c);
    assert_int_equal(c.mode, CONFIG_OBSERVE);
    const enum config_action actions[] = {
        c.spf.on_fail,      c.spf.on_softfail,  c.spf.on_neutral,    c.spf.on_none,
        c.spf.on_permerror, c.spf.on_temperror, c.dkim.on_fail,      c.dkim.on_none,
        c.dkim.on_policy,   c.dkim.on_neutral,  c.dkim.on_permerror, c.dkim.on_temperror};
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        assert_true(actions[i] <= CONFIG_TAG);
    }
    assert_int_equal(c.dmarc.standard, CONFIG_RFC9989);
    assert_int_equal(c.dmarc.on_reject, CONFIG_REJECT_INFORMED);
    assert_int_equal(c.dmarc.on_quarantine, CONFIG_QUARANTINE);
    assert_int_equal(c.dmarc.on_temperror, CONFIG_DEFER);
    assert_int_equal(c.dmarc.on_bad_from, CONFIG_BAD_FROM_REJECT);
    assert_int_equal(c.dmarc.temperror_patience_s, 4 * 3600);
    assert_int_equal(c.on_internal_error, CONFIG_DEFER);
    assert_int_equal(c.dkim.min_rsa_bits, 1024);
    assert_false(c.dkim.allow_rsa_sha1);
    assert_false(c.dkim.allow_partial_body);
    assert_int_equal(c.dns_timeout_ms, 5000);
    assert_int_equal(c.deadline_ms, 20000);
    assert_int_equal(c.dns_cache_bytes, 64 << 20);
    assert_false(c.dns_validate);
    assert_int_equal(c.dns_trust_anchor.ptr[c.dns_trust_anchor.len], 0);
    assert_int_equal(c.authserv_id.len, 0);
    assert_int_equal(c.dmarc.suffix_list.ptr[c.dmarc.suffix_list.len], 0);
}

static void of_two_actions_the_smaller_is_the_milder(void **state)
{
    (void)state;
    static const char *const milder_to_harsher[] = {"accept", "tag", "quarantine",
                                                    "defer", "reject"};
    for (int i = 0; i < CONFIG_ACTION_COUNT; i++) {
        assert_string_equal(config_action_text((enum config_action)i),
                            milder_to_harsher[i]);
    }
}

static void networks_are_looked_up_by_prefix_and_family(void **state)
{
    (void)state;
    const struct ip_network networks[] = {network_of("192.0.2.128/25"),
                                          network_of("2001:db8::/32"),
                                          network_of("198.51.100.7")};
    struct config config;
    config_init(&config);
    config.submission_networks = networks;
    config.submission_network_count = 3;
    static const struct {
        const char *ip;
        bool is_in;
        const char *why;
    } rows[] = {
        {"192.0.2.128",        true,  "first of the network"              },
        {"192.0.2.255",        true,  "last of the network"               },
        {"192.0.2.127",        false, "just below it"                     },
        {"192.0.3.0",          false, "just above it"                     },
        {"2001:db8:ffff::1",   true,  "IPv6"                              },
        {"2001:db9::",         false, "another IPv6 network"              },
        {"198.51.100.7",       true,  "a single address"                  },
        {"198.51.100.6",       false, "its neighbour"                     },
        {"::ffff:192.0.2.200", true,  "IPv4 as a socket for both shows it"},
        {"::192.0.2.200",      false, "IPv4-compatible is no IPv4"        },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (config_is_submission(&config, ip_of(rows[i].ip)) != rows[i].is_in) {
            fail_msg("%s", rows[i].why);
        }
        assert_false(config_is_trusted_relay(&config, ip_of(rows[i].ip)));
    }
    config.trusted_relays = networks;
    config.trusted_relay_count = 1;
    assert_true(config_is_trusted_relay(&config, ip_of("192.0.2.200")));
    assert_false(config_is_trusted_relay(&config, ip_of("198.51.100.7")));
    assert_false(
        config_is_submission(&config, (struct ip){0})); /* nobody knows the client */
}

static void a_domain_of_ours_covers_what_is_below(void **state)
{
    (void)state;
    const struct config_domain domains[] = {{SLICE("example.com")},
                                            {SLICE("a.example.net")}};
    struct config config;
    config_init(&config);
    assert_false(config_is_ours(&config, SLICE("example.com")));
    config.domains = domains;
    config.domain_count = 2;
    assert_true(config_is_ours(&config, SLICE("example.com")));
    assert_true(config_is_ours(&config, SLICE("x.y.example.com")));
    assert_true(config_is_ours(&config, SLICE("a.example.net")));
    assert_false(config_is_ours(&config, SLICE("example.net")));
    assert_false(config_is_ours(&config, SLICE("badexample.com")));
    assert_false(config_is_ours(&config, SLICE("")));
}

static const struct ip_network everybody = {
    {IP_V4, {0}},
    0
};
static const struct ip_network host_bits = {
    {IP_V4, {192, 0, 2, 5}},
    24
};
static const struct ip_network mapped = {
    {IP_V6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10}},
    104
};
static const struct ip_network ten = {
    {IP_V4, {10}},
    8
};
static const struct ip_network within_ten = {
    {IP_V4, {10, 1}},
    16
};

/* Each makes one thing wrong; the sentence must begin with the key. */
static void make_authserv_id_odd(struct config *c)
{
    c->authserv_id = SLICE("mx example");
}

static void make_fields_equal(struct config *c)
{
    c->tag_field = SLICE("x-yett-QUARANTINE");
}

static void make_tag_field_from(struct config *c)
{
    c->tag_field = SLICE("from");
}

static void make_quarantine_field_a_seal(struct config *c)
{
    c->quarantine_field = SLICE("ARC-Seal");
}

static void make_field_name_inject(struct config *c)
{
    c->tag_field = SLICE("X: y\r\nZ");
}

static void make_quarantine_reject(struct config *c)
{
    c->dmarc.on_quarantine = CONFIG_REJECT;
}

static void make_temperror_reject(struct config *c)
{
    c->dmarc.on_temperror = CONFIG_REJECT;
}

static void make_internal_error_reject(struct config *c)
{
    c->on_internal_error = CONFIG_REJECT;
}

static void make_list_missing(struct config *c)
{
    c->dmarc.standard = CONFIG_RFC7489;
    c->dmarc.suffix_list = SLICE_NONE;
}

static void make_timeout_zero(struct config *c)
{
    c->dns_timeout_ms = 0;
}

static void make_deadline_short(struct config *c)
{
    c->deadline_ms = c->dns_timeout_ms - 1;
}

static void make_everybody_ours(struct config *c)
{
    c->submission_networks = &everybody;
    c->submission_network_count = 1;
}

static void make_host_bits(struct config *c)
{
    c->trusted_relays = &host_bits;
    c->trusted_relay_count = 1;
}

static void make_mapped(struct config *c)
{
    c->trusted_relays = &mapped;
    c->trusted_relay_count = 1;
}

static void make_overlap(struct config *c)
{
    c->trusted_relays = &within_ten;
    c->trusted_relay_count = 1;
    c->submission_networks = &ten;
    c->submission_network_count = 1;
}

static void make_overlap_the_other_way(struct config *c)
{
    c->trusted_relays = &ten;
    c->trusted_relay_count = 1;
    c->submission_networks = &within_ten;
    c->submission_network_count = 1;
}

static void make_domain_twice(struct config *c)
{
    static const struct config_domain domains[] = {
        {SLICE_INIT("b.example")}, {SLICE_INIT("a.example")}, {SLICE_INIT("b.example")}};
    c->domains = domains;
    c->domain_count = 3;
}

static void make_domain_nameless(struct config *c)
{
    static const struct config_domain domains[] = {{{NULL, 0}}};
    c->domains = domains;
    c->domain_count = 1;
}

static void make_author_twice(struct config *c)
{
    static const struct config_rule rules[] = {
        {.name = SLICE_INIT("one"), .author = SLICE_INIT("a.example")},
        {.name = SLICE_INIT("two"), .author = SLICE_INIT("a.example")}
    };
    c->rules = rules;
    c->rule_count = 2;
}

static void make_exception_for_all(struct config *c)
{
    static const struct config_exception exceptions[] = {
        {.name = SLICE_INIT("x"), .until_s = 1, .because = SLICE_INIT("y")}
    };
    c->exceptions = exceptions;
    c->exception_count = 1;
}

static void make_exception_for_ever(struct config *c)
{
    static const struct config_exception exceptions[] = {
        {.name = SLICE_INIT("x"), .signer = SLICE_INIT("a"), .because = SLICE_INIT("y")}
    };
    c->exceptions = exceptions;
    c->exception_count = 1;
}

static void make_exception_without_reason(struct config *c)
{
    static const struct config_exception exceptions[] = {
        {.name = SLICE_INIT("x"), .signer = SLICE_INIT("a"), .until_s = 1}
    };
    c->exceptions = exceptions;
    c->exception_count = 1;
}

static void make_recipient_harsh(struct config *c)
{
    static const struct config_recipient recipients[] = {
        {.pattern = SLICE_INIT("a.b"),
         .has_on_quarantine = true,
         .on_quarantine = CONFIG_REJECT}
    };
    c->recipients = recipients;
    c->recipient_count = 1;
}

static void what_does_not_fit_together_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*make)(struct config *config);
        const char *begins;
    } rows[] = {
        {make_authserv_id_odd,          "authserv_id: "                                        },
        {make_fields_equal,             "quarantine_field: "                                   },
        {make_tag_field_from,           "tag_field: "                                          },
        {make_quarantine_field_a_seal,  "quarantine_field: "                                   },
        {make_field_name_inject,        "tag_field: "                                          },
        {make_quarantine_reject,        "dmarc.on_quarantine: "                                },
        {make_temperror_reject,         "dmarc.on_temperror: "                                 },
        {make_internal_error_reject,    "on_internal_error: "                                  },
        {make_list_missing,             "dmarc.suffix_list: "                                  },
        {make_timeout_zero,             "dns.timeout: "                                        },
        {make_deadline_short,           "dns.deadline: "                                       },
        {make_everybody_ours,           "submission_networks: "                                },
        {make_host_bits,                "trusted_relays: "                                     },
        {make_mapped,                   "trusted_relays: "                                     },
        {make_overlap,                  "trusted_relays: 10.1.0.0/16 overlaps with 10.0.0.0/8 "},
        {make_overlap_the_other_way,
         "trusted_relays: 10.0.0.0/8 overlaps with 10.1.0.0/16 "                               },
        {make_domain_twice,             "domain \"b.example\": "                               },
        {make_domain_nameless,          "domain: "                                             },
        {make_author_twice,             "rule for author \"a.example\": "                      },
        {make_exception_for_all,
         "exception \"x\": it has neither 'network' nor 'signer'"                              },
        {make_exception_for_ever,       "exception \"x\": it has no 'until'"                   },
        {make_exception_without_reason, "exception \"x\": it has no 'because'"                 },
        {make_recipient_harsh,          "recipient \"a.b\": "                                  },
    };
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config config;
        slice why = SLICE_NONE;
        config_init(&config);
        rows[i].make(&config);
        assert_int_equal(config_check(arena, &config, &why), YETT_BAD_SYNTAX);
        if (!slice_starts_with(why, slice_from_text(rows[i].begins))) {
            fail_msg("'%.*s' does not begin with '%s'", SLICE_ARG(why), rows[i].begins);
        }
    }
    arena_free(arena);
}

static void the_network_meant_has_no_bits_behind_its_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *written, *meant;
    } rows[] = {
        {"192.0.2.5/24",        "192.0.2.0/24"      },
        {"192.0.2.255/31",      "192.0.2.254/31"    },
        {"10.9.8.7/9",          "10.0.0.0/9"        },
        {"192.0.2.5/32",        "192.0.2.5/32"      },
        {"192.0.2.5/0",         "0.0.0.0/0"         },
        {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ip_network meant = config_network_meant(network_of(rows[i].written));
        struct ip_network expected = network_of(rows[i].meant);
        assert_true(ip_eq(meant.address, expected.address));
        assert_int_equal(meant.prefix, expected.prefix);
    }
}

static void checking_needs_memory_only_for_sorting_names(void **state)
{
    (void)state;
    static struct config_domain domains[2000];
    for (size_t i = 0; i < 2000; i++) {
        domains[i].name = SLICE("a.example");
    }
    struct arena *small = arena_new(1000);
    struct config config;
    slice why = SLICE_NONE;
    config_init(&config);
    config.domains = domains;
    config.domain_count = 2000;
    assert_int_equal(config_check(small, &config, &why), YETT_NO_MEMORY);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_hold_together),
        cmocka_unit_test(the_defaults_change_no_mail_and_only_tag_without_a_policy),
        cmocka_unit_test(of_two_actions_the_smaller_is_the_milder),
        cmocka_unit_test(networks_are_looked_up_by_prefix_and_family),
        cmocka_unit_test(a_domain_of_ours_covers_what_is_below),
        cmocka_unit_test(what_does_not_fit_together_is_named),
        cmocka_unit_test(the_network_meant_has_no_bits_behind_its_prefix),
        cmocka_unit_test(checking_needs_memory_only_for_sorting_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
