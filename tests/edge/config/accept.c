/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "edge/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = arena_new((size_t)64 << 20);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

#define arena_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static struct config parse(struct arena *arena, slice text)
{
    struct config config;
    slice why = SLICE_NONE;
    if (config_file_parse(arena, text, "y.conf", &config, &why) != YETT_OK) {
        fail_msg("%.*s", SLICE_ARG(why));
    }
    return config;
}

static slice written(struct arena *arena, const struct config *config)
{
    struct buf text;
    buf_init(&text, arena, 1 << 20);
    assert_int_equal(config_file_write(arena, config, &text), YETT_OK);
    return buf_slice(&text);
}

static void an_empty_file_is_the_defaults(void **state)
{
    static const slice texts[] = {
        SLICE_INIT(""), SLICE_INIT("\n"), SLICE_INIT("# only a comment"),
        SLICE_INIT(
            "#\n//\n/**/ /* a\n b */\r\n#" /* 32 octets: one more than libconfuse likes */
            "#################################\n")};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config config = parse(*state, texts[i]);
        struct config defaults;
        config_init(&defaults);
        assert_true(slice_eq(config.source, SLICE("y.conf")));
        assert_true(slice_eq(written(*state, &config), written(*state, &defaults)));
        assert_int_equal(config.mode, CONFIG_OBSERVE);
        assert_int_equal(config.authserv_id.len, 0);
        assert_int_equal(config.exception_count, 0);
    }
}

static void every_key_of_the_installation_is_read(void **state)
{
    struct config c =
        parse(*state, SLICE("authserv_id = \"MX.B\xc3\xbc"
                            "cher.Example.\"\n"
                            "mode = 'enforce'\n"
                            "submission_networks = {\"127.0.0.0/8\", ::1,}\n"
                            "submission_networks += {\"10.0.0.0/8\"}\n"
                            "trusted_relays = 192.0.2.25\n"
                            "on_internal_error = accept\n"
                            "tag_field = X-T quarantine_field = \"X-Q\"\n"
                            "received_spf = yes\n"
                            "installation_secret_file = \"\"\n"));
    assert_true(slice_eq(c.authserv_id, SLICE("mx.xn--bcher-kva.example")));
    assert_int_equal(c.mode, CONFIG_ENFORCE);
    assert_int_equal(c.submission_network_count, 3);
    assert_int_equal(c.submission_networks[0].prefix, 8);
    assert_int_equal(c.submission_networks[1].prefix, 128);
    assert_int_equal(c.submission_networks[2].address.bytes[0], 10);
    assert_int_equal(c.trusted_relay_count, 1);
    assert_int_equal(c.trusted_relays[0].prefix, 32);
    assert_int_equal(c.on_internal_error, CONFIG_ACCEPT);
    assert_true(slice_eq(c.tag_field, SLICE("X-T")));
    assert_true(slice_eq(c.quarantine_field, SLICE("X-Q")));
    assert_true(c.received_spf);
}

static void every_key_of_the_checks_is_read(void **state)
{
    struct config c = parse(
        *state,
        SLICE(
            "spf { on_fail = reject on_softfail = quarantine on_neutral = tag on_none = "
            "defer\n"
            " on_permerror = accept on_temperror = defer }\n"
            "dkim { on_fail = quarantine on_none = tag on_policy = accept on_neutral = "
            "reject\n"
            " on_permerror = defer on_temperror = defer allow_rsa_sha1 = true\n"
            " min_rsa_bits = 2048 allow_partial_body = true max_signatures = 20 autopsy "
            "= true }\n"
            "dmarc { standard = rfc7489 on_reject = strict on_quarantine = tag\n"
            " on_temperror = accept on_bad_from = strictest temperror_patience = 90min\n"
            " suffix_list = \"/psl\" }\n"
            "dns { resolver = \"2001:db8::53@5353\" timeout = 1500ms deadline = 1min\n"
            " cache = 512KiB validate = true trust_anchor = \"/key\" }\n"));
    const struct config_spf spf = {CONFIG_REJECT, CONFIG_QUARANTINE, CONFIG_TAG,
                                   CONFIG_DEFER,  CONFIG_ACCEPT,     CONFIG_DEFER};
    assert_memory_equal(&c.spf, &spf, sizeof(spf));
    assert_int_equal(c.dkim.on_fail, CONFIG_QUARANTINE);
    assert_int_equal(c.dkim.on_none, CONFIG_TAG);
    assert_int_equal(c.dkim.on_policy, CONFIG_ACCEPT);
    assert_int_equal(c.dkim.on_neutral, CONFIG_REJECT);
    assert_int_equal(c.dkim.on_permerror, CONFIG_DEFER);
    assert_int_equal(c.dkim.on_temperror, CONFIG_DEFER);
    assert_true(c.dkim.allow_rsa_sha1);
    assert_int_equal(c.dkim.min_rsa_bits, 2048);
    assert_true(c.dkim.allow_partial_body);
    assert_int_equal(c.dkim.max_signatures, 20);
    assert_true(c.dkim.autopsy);
    assert_int_equal(c.dmarc.standard, CONFIG_RFC7489);
    assert_int_equal(c.dmarc.on_reject, CONFIG_REJECT_STRICT);
    assert_int_equal(c.dmarc.on_quarantine, CONFIG_TAG);
    assert_int_equal(c.dmarc.on_temperror, CONFIG_ACCEPT);
    assert_int_equal(c.dmarc.on_bad_from, CONFIG_BAD_FROM_STRICTEST);
    assert_int_equal(c.dmarc.temperror_patience_s, 5400);
    assert_true(slice_eq(c.dmarc.suffix_list, SLICE("/psl")));
    assert_int_equal(c.dmarc.suffix_list.ptr[4], 0);
    assert_true(slice_eq(c.resolver, SLICE("2001:db8::53@5353")));
    assert_int_equal(c.dns_timeout_ms, 1500);
    assert_int_equal(c.deadline_ms, 60000);
    assert_int_equal(c.dns_cache_bytes, 512 * 1024);
    assert_true(c.dns_validate);
    assert_string_equal(c.dns_trust_anchor.ptr, "/key");
}

static void every_key_of_the_gateway_is_read(void **state)
{
    struct config c = parse(
        *state,
        SLICE("quarantine_by = hold workers = 4 user = mail-gate sandbox = best-effort\n"
              "status_socket = \"/run/s\" state_directory = \"/var/s\"\n"
              "status_group = staff status_mode = 0606\n"
              "limits { connections = 10 message_size = 50MiB header_size = 256KiB\n"
              " fields = 500 recipients = 20 idle_timeout = 2h stall_timeout = 90s\n"
              " shutdown_timeout = 30s }\n"
              "log { to = syslog format = json }\n"
              "listen milter { address = \"inet:localhost:8892\" }\n"
              "listen \"to sign\" { address = 'unix:/run/m' role = sign insert = top\n"
              " group = postfix mode = 0666 }\n"));
    assert_int_equal(c.quarantine_by, CONFIG_QUARANTINE_HOLD);
    assert_int_equal(c.workers, 4);
    assert_string_equal(c.user.ptr, "mail-gate");
    assert_int_equal(c.sandbox, CONFIG_SANDBOX_BEST_EFFORT);
    assert_string_equal(c.status_socket.ptr, "/run/s");
    assert_string_equal(c.state_directory.ptr, "/var/s");
    assert_string_equal(c.status_group.ptr, "staff");
    assert_int_equal(c.status_mode, 0606);
    assert_int_equal(c.limits.connections, 10);
    assert_int_equal(c.limits.message_bytes, 50 << 20);
    assert_int_equal(c.limits.header_bytes, 256 << 10);
    assert_int_equal(c.limits.fields, 500);
    assert_int_equal(c.limits.recipients, 20);
    assert_int_equal(c.limits.idle_timeout_ms, 7200000);
    assert_int_equal(c.limits.stall_timeout_ms, 90000);
    assert_int_equal(c.limits.shutdown_timeout_ms, 30000);
    assert_int_equal(c.log_target, CONFIG_LOG_SYSLOG);
    assert_int_equal(c.log_format, CONFIG_LOG_JSON);

    assert_int_equal(c.listener_count, 2);
    const struct config_listener *l = c.listeners;
    assert_true(slice_eq(l[0].name, SLICE("milter")));
    assert_string_equal(l[0].address.ptr, "inet:127.0.0.1:8892");
    assert_int_equal(l[0].address.len, strlen("inet:127.0.0.1:8892"));
    assert_int_equal(l[0].role, CONFIG_LISTENER_BOTH);
    assert_int_equal(l[0].insert, CONFIG_INSERT_BELOW_RECEIVED);
    assert_int_equal(l[0].group.len, 0);
    assert_int_equal(l[0].mode, 0660);
    assert_true(slice_eq(l[1].name, SLICE("to sign")));
    assert_string_equal(l[1].address.ptr, "unix:/run/m");
    assert_int_equal(l[1].role, CONFIG_LISTENER_SIGN);
    assert_int_equal(l[1].insert, CONFIG_INSERT_TOP);
    assert_string_equal(l[1].group.ptr, "postfix");
    assert_int_equal(l[1].mode, 0666);
}

static void without_a_listener_there_is_the_default_one(void **state)
{
    struct config c = parse(*state, SLICE("mode = enforce status_socket = \"\""));
    assert_int_equal(c.listener_count, 1);
    assert_true(slice_eq(c.listeners[0].name, SLICE("milter")));
    assert_true(slice_eq(c.listeners[0].address, SLICE("inet:127.0.0.1:8891")));
    assert_int_equal(c.status_socket.len, 0);
}

static void a_secret_may_stand_in_the_file_itself(void **state)
{
    struct config c = parse(*state, SLICE("installation_secret_file = "
                                          "\"hex:000102030405060708090a0b0C0D0E0Fff\""));
    assert_true(slice_eq(c.installation_secret,
                         SLICE("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff")));
}

static void blocks_keep_their_order_and_do_not_mix(void **state)
{
    int64_t day;
    struct config c = parse(
        *state,
        SLICE(
            "domain \"Example.com\" {}\n"
            "domain \"example.net\" {}\n"
            "exception \"a \\\"b\\\"\" {\n"
            "    network = \"198.51.100.0/24\" signer = \"Lists.Example.org\"\n"
            "    author = example.org treat_as = quarantine\n"
            "    until = \"2027-03-01\" because = 'ticket \"5\"' }\n"
            "\n"
            "exception \"second\" { signer = x.example until = 2027-03-01 because = y }\n"
            "rule \"bank\" { author = \"Bank.Example\" on_fail = quarantine because = x "
            "}\n"
            "rule \"other\" { author = other.example because = x }\n"
            "forwarder \"list\" { signer = \"L.example\" because = y }\n"
            "recipient \"Joe@Example.org\" { mode = enforce on_reject = never }\n"
            "recipient \"Example.NET\" { on_quarantine = accept }\n"));
    assert_int_equal(c.domain_count, 2);
    assert_true(slice_eq(c.domains[0].name, SLICE("example.com")));
    assert_true(slice_eq(c.domains[1].name, SLICE("example.net")));

    assert_int_equal(c.exception_count, 2);
    const struct config_exception *e = &c.exceptions[0];
    assert_true(slice_eq(e->name, SLICE("a \"b\"")));
    assert_true(e->has_network);
    assert_int_equal(e->network.prefix, 24);
    assert_true(slice_eq(e->signer, SLICE("lists.example.org")));
    assert_true(slice_eq(e->author, SLICE("example.org")));
    assert_false(e->as_pass);
    assert_int_equal(e->treat_as, CONFIG_QUARANTINE);
    assert_int_equal(date_parse_iso_day(SLICE("2027-03-02"), &day), YETT_OK);
    assert_int_equal(e->until_s, day); /* the first moment it is over */
    assert_true(slice_eq(e->because, SLICE("ticket \"5\"")));
    assert_int_equal(e->line, 3);
    assert_false(c.exceptions[1].has_network);
    assert_int_equal(c.exceptions[1].author.len, 0);
    assert_true(c.exceptions[1].as_pass);
    assert_int_equal(c.exceptions[1].line, 8);

    assert_int_equal(c.rule_count, 2);
    assert_true(slice_eq(c.rules[0].author, SLICE("bank.example")));
    assert_int_equal(c.rules[0].on_fail, CONFIG_QUARANTINE);
    assert_int_equal(c.rules[1].on_fail, CONFIG_REJECT);

    assert_int_equal(c.forwarder_count, 1);
    assert_true(slice_eq(c.forwarders[0].signer, SLICE("l.example")));
    assert_true(slice_eq(c.forwarders[0].because, SLICE("y")));

    assert_int_equal(c.recipient_count, 2);
    assert_true(slice_eq(c.recipients[0].pattern, SLICE("Joe@example.org")));
    assert_true(c.recipients[0].has_mode && c.recipients[0].has_on_reject);
    assert_false(c.recipients[0].has_on_quarantine);
    assert_int_equal(c.recipients[0].mode, CONFIG_ENFORCE);
    assert_int_equal(c.recipients[0].on_reject, CONFIG_REJECT_NEVER);
    assert_true(slice_eq(c.recipients[1].pattern, SLICE("example.net")));
    assert_false(c.recipients[1].has_mode);
    assert_int_equal(c.recipients[1].on_quarantine, CONFIG_ACCEPT);
}

static void quantities_have_units(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"0s",     0     },
        {"90s",    90    },
        {"1000ms", 1     },
        {"5min",   300   },
        {"4h",     14400 },
        {"7d",     604800},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice text =
            arena_printf(*state, "dmarc { temperror_patience = \"%s\" }", rows[i].text);
        assert_int_equal(parse(*state, text).dmarc.temperror_patience_s, rows[i].seconds);
    }
    assert_int_equal(parse(*state, SLICE("dns { cache = 65536B }")).dns_cache_bytes,
                     65536);
    assert_true(parse(*state, SLICE("dns { cache = 4GiB }")).dns_cache_bytes ==
                (size_t)4 * 1024 * 1024 * 1024);
}

/* Counts what config_file_each() visits; keeps the text of one entry. */
struct seen {
    struct buf text;
    size_t visited;
};

static void note(void *context, const struct config_entry *entry)
{
    struct seen *seen = context;
    seen->visited++;
    if (!entry->is_default) {
        buf_printf(&seen->text, "%s|%.*s|%s|%.*s\n", entry->block,
                   SLICE_ARG(entry->title), entry->key, SLICE_ARG(entry->value));
    }
}

static slice changes(struct arena *arena, const struct config *config)
{
    struct seen seen = {0};
    buf_init(&seen.text, arena, 100000);
    assert_int_equal(config_file_each(arena, config, note, &seen), YETT_OK);
    assert_true(seen.visited > 35);
    return buf_slice(&seen.text);
}

static void what_is_not_default_is_told(void **state)
{
    struct config c =
        parse(*state, SLICE("mode = enforce received_spf = true\n"
                            "trusted_relays = {192.0.2.25, \"2001:db8::/32\"}\n"
                            "dkim { min_rsa_bits = 1024 max_signatures = 9 }\n"
                            "dns { timeout = 2500ms cache = 1536KiB }\n"
                            "limits { message_size = 0B fields = 50 }\n"
                            "listen a { address = \"inet:127.0.0.1:8891\" }\n"
                            "domain \"a.b\" {}\n"
                            "exception \"x\" { signer = a.b because = 'say \"no\"'\n"
                            " until = 2027-03-01 }\n"));
    slice told = changes(*state, &c);
    assert_true(
        slice_eq(told, SLICE("||mode|\"enforce\"\n"
                             "||trusted_relays|{\"192.0.2.25\", \"2001:db8::/32\"}\n"
                             "||received_spf|true\n"
                             "dkim||max_signatures|9\n"
                             "dns||timeout|2500ms\n"
                             "dns||cache|1536KiB\n"
                             "limits||fields|50\n"
                             "listen|a||\n"
                             "listen|a|address|\"inet:127.0.0.1:8891\"\n"
                             "listen|a|role|\"both\"\n"
                             "listen|a|insert|\"below-received\"\n"
                             "listen|a|mode|\"0660\"\n"
                             "domain|a.b||\n"
                             "domain|a.b|subdomains|true\n"
                             "domain|a.b|rotate|false\n"
                             "exception|x||\n"
                             "exception|x|signer|\"a.b\"\n"
                             "exception|x|treat_as|\"pass\"\n"
                             "exception|x|until|\"2027-03-01\"\n"
                             "exception|x|because|\"say \\\"no\\\"\"\n")));
    struct config defaults;
    config_init(&defaults);
    assert_int_equal(changes(*state, &defaults).len, 0);
}

/* Take the '#' off every line where something else than a blank follows it. */
static slice put_in_force(struct arena *arena, slice text)
{
    struct buf out;
    slice line;
    buf_init(&out, arena, 100000);
    while (slice_next_piece(&text, '\n', &line)) {
        size_t at = slice_find_byte(line, '#');
        if (at + 1 < line.len && line.ptr[at + 1] != ' ') {
            buf_add(&out, slice_first(line, at));
            line = slice_skip(line, at + 1);
        }
        buf_add(&out, line);
        buf_add_byte(&out, '\n');
    }
    return buf_slice(&out);
}

static void the_printed_defaults_are_the_defaults(void **state)
{
    struct buf printed;
    buf_init(&printed, *state, 100000);
    config_file_write_defaults(&printed);
    assert_int_equal(buf_err(&printed), YETT_OK);

    struct config as_comments = parse(*state, buf_slice(&printed));
    assert_int_equal(changes(*state, &as_comments).len, 0);

    slice text = put_in_force(*state, buf_slice(&printed));
    assert_true(slice_find(text, SLICE("\nmode = \"observe\"\n")) < text.len);
    struct config config = parse(*state, text);
    /* Nothing but the examples of the titled blocks. */
    slice told = changes(*state, &config);
    assert_true(slice_starts_with(told, SLICE("domain|example.com||\n"
                                              "domain|example.com|sign|{\"s2026r\"}\n")));
    assert_int_equal(config.recipient_count, 1);
}

static void an_empty_authserv_id_becomes_the_name_of_the_host(void **state)
{
    struct config config;
    config_init(&config);
    assert_int_equal(config_file_set_host_name(*state, &config), YETT_OK);
    assert_true(config.authserv_id.len > 0);
    config.authserv_id = SLICE("mx.example");
    assert_int_equal(config_file_set_host_name(*state, &config), YETT_OK);
    assert_true(slice_eq(config.authserv_id, SLICE("mx.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        arena_test(an_empty_file_is_the_defaults),
        arena_test(every_key_of_the_installation_is_read),
        arena_test(every_key_of_the_checks_is_read),
        arena_test(every_key_of_the_gateway_is_read),
        arena_test(without_a_listener_there_is_the_default_one),
        arena_test(a_secret_may_stand_in_the_file_itself),
        arena_test(blocks_keep_their_order_and_do_not_mix),
        arena_test(quantities_have_units),
        arena_test(what_is_not_default_is_told),
        arena_test(the_printed_defaults_are_the_defaults),
        arena_test(an_empty_authserv_id_becomes_the_name_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
