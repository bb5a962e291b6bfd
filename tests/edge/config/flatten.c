/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/config.h"
#include "edge/files/tree.h"

/* Every key is set, and to something else than its default. */
static const slice everything = SLICE_INIT(
    "authserv_id = \"MX.Bücher.example\"\n"
    "mode = enforce\n"
    "submission_networks = {\"127.0.0.0/8\", \"::1\", \"2001:db8::/32\"}\n"
    "trusted_relays = {\"192.0.2.25\"}\n"
    "trusted_sealers = {lists.example.net, \"Bücher.example\"}\n"
    "on_internal_error = accept\n"
    "tag_field = X-T quarantine_field = X-Q received_spf = yes\n"
    "installation_secret_file = secret\n"
    "quarantine_by = hold workers = 3 user = mail-gate sandbox = best-effort\n"
    "status_socket = \"run/s \\\"1\\\".sock\" state_directory = '/var/${HOME}'\n"
    "spf { on_fail = reject on_softfail = quarantine on_neutral = tag on_none = defer\n"
    " on_permerror = accept on_temperror = defer }\n"
    "dkim { on_fail = quarantine on_none = tag on_policy = accept on_neutral = reject\n"
    " on_permerror = defer on_temperror = defer allow_rsa_sha1 = true\n"
    " min_rsa_bits = 2048 allow_partial_body = true max_signatures = 20\n"
    " autopsy = true }\n"
    "arc { max_sets = 9 oldest_pass = true }\n"
    "dmarc { standard = rfc7489 on_reject = strict on_quarantine = tag\n"
    " on_temperror = accept on_bad_from = strictest temperror_patience = 90min\n"
    " suffix_list = 'psl \\\\ 1' }\n"
    "dns { resolver = \"2001:db8::53@5353\" timeout = 1501ms deadline = 61s\n"
    " cache = 77777777B validate = true trust_anchor = \"\" }\n"
    "limits { connections = 7 message_size = 5000MiB header_size = 65537B fields = 77\n"
    " recipients = 3 idle_timeout = 1min stall_timeout = 100s shutdown_timeout = 0s }\n"
    "log { to = journald format = json }\n"
    "status_group = staff status_mode = 0606\n"
    "listen in { address = \"inet:localhost:10025\" role = verify insert = top }\n"
    "listen '${out}\\'' { address = \"unix:/run/o'\\\"ut.sock\" group = postfix mode = "
    "0606 "
    "}\n"
    "listen six { address = \"inet:[2001:DB8:0::1]:8891\" role = sign }\n"
    "signing { keys_directory = keys domains_file = \"d 1\" logins_file = '/l' networks "
    "= on\n"
    " header_canonicalization = simple body_canonicalization = simple fields = "
    "\"From:To+\"\n"
    " identity = author expire = 3d on_mismatch = reject on_keeper_down = unsigned\n"
    " on_long_line = sign on_bare_newline = reject on_eight_bit = unsigned\n"
    " on_missing_date = reject on_missing_message_id = sign on_several_from = reject\n"
    " rate_per_domain = 0 keeper_user = keys rotate_every = 0s rotate_with = rsa\n"
    " update_key = \"/k\" update_server = \"ns@54\" name_servers = \"a b@1\"\n"
    " record_ttl = 5min }\n"
    "sealing { domain = Example.com recipients = {\"List@Bücher.example\", "
    "\"L.Example\"}\n"
    " next_hops = {\"[10.0.0.1]:25\", \"Mail.example\"} list_hosts = {\"10.1.0.0/16\"} "
    "}\n"
    "domain \"Example.com\" { sign = {S1, \"s2=/keys/a \\\"1\\\".pem\"} seal = {s1}\n"
    " subdomains = no rotate = yes }\n"
    "domain \"bücher.example\" {}\n"
    "login 'al\"ice' { domains = {\"*.Bücher.example\", Example.com} }\n"
    "login \"*\" { domains = {\"*\"} }\n"
    "exception \"a \\\"b\\\" \\\\\" { network = \"198.51.100.0/24\" signer = l.example\n"
    " author = example.org treat_as = quarantine until = 9999-12-31\n"
    " because = 'ticket \"5\" ${x}' }\n"
    "exception \"pass\" { signer = l.example until = 2027-03-01 because = y }\n"
    "rule \"bank\" { author = \"bank.example\" on_fail = quarantine because = x }\n"
    "forwarder \"list\" { signer = \"l.example\" because = y }\n"
    "recipient \"Joe+\\\"x\\\"@Example.org\" { mode = enforce on_reject = never }\n"
    "recipient \"Example.NET\" { on_quarantine = accept }\n");

static const slice secret = SLICE_INIT("\0\xff\"\\ 16 octets and more");

static struct config parse(struct arena *arena, slice text, const char *name)
{
    struct config config;
    slice why = SLICE_NONE;
    if (config_file_parse(arena, text, name, &config, &why) != YETT_OK) {
        fail_msg("%.*s", SLICE_ARG(why));
    }
    return config;
}

static slice write_config(struct arena *arena, const struct config *config)
{
    struct buf out;
    buf_init(&out, arena, 1 << 20);
    assert_int_equal(config_file_write(arena, config, &out), YETT_OK);
    return buf_slice(&out);
}

/* What config_file_each() visits, line by line. */
struct listing {
    struct buf text;
    bool all_are_set; /* no key of a block without title is at its default */
};

static void list(void *context, const struct config_entry *entry)
{
    struct listing *listing = context;
    buf_printf(&listing->text, "%s|%.*s|%s|%.*s\n", entry->block, SLICE_ARG(entry->title),
               entry->key, SLICE_ARG(entry->value));
    if (entry->is_default) {
        listing->all_are_set = false;
    }
}

static struct listing listing_of(struct arena *arena, const struct config *config)
{
    struct listing listing = {.all_are_set = true};
    buf_init(&listing.text, arena, 1 << 20);
    assert_int_equal(config_file_each(arena, config, list, &listing), YETT_OK);
    return listing;
}

static void assert_same(struct arena *arena, const struct config *a,
                        const struct config *b)
{
    struct listing first_listing = listing_of(arena, a);
    struct listing second_listing = listing_of(arena, b);
    slice first = buf_slice(&first_listing.text);
    slice second = buf_slice(&second_listing.text);
    if (!slice_eq(first, second)) {
        fail_msg("%.*s\n--- is not ---\n%.*s", SLICE_ARG(first), SLICE_ARG(second));
    }
    assert_true(slice_eq(a->installation_secret, b->installation_secret));
}

static void settings_that_are_written_read_as_the_same(void **state)
{
    struct tree *tree = *state;
    char name[600];
    snprintf(name, sizeof(name), "%s/yett.conf", tree->root);
    tree_file(tree, "secret", secret);
    struct config config = parse(tree->arena, everything, name);
    assert_true(slice_eq(config.installation_secret, secret));
    assert_true(listing_of(tree->arena, &config).all_are_set);

    slice text = write_config(tree->arena, &config);
    struct config again = parse(tree->arena, text, "/elsewhere/yett.conf");
    assert_same(tree->arena, &config, &again);
    assert_true(slice_eq(write_config(tree->arena, &again), text));
    assert_int_equal(again.listener_count, 3);
    assert_string_equal(again.listeners[0].address.ptr, "inet:127.0.0.1:10025");
    assert_string_equal(again.listeners[1].address.ptr, "unix:/run/o'\"ut.sock");
    assert_string_equal(again.listeners[1].group.ptr, "postfix");
    assert_int_equal(again.listeners[1].mode, 0606);
    assert_string_equal(again.listeners[2].address.ptr, "inet:[2001:db8::1]:8891");
    assert_int_equal(again.limits.message_bytes, (uint64_t)5000 << 20);
    assert_int_equal(again.domains[0].sign_count, 2);
    assert_string_equal(again.domains[0].sign[1].path.ptr, "/keys/a \"1\".pem");
    assert_true(slice_eq(again.logins[0].domains[0], SLICE("*.xn--bcher-kva.example")));
}

static void the_defaults_are_written_in_full(void **state)
{
    struct tree *tree = *state;
    struct config defaults;
    config_init(&defaults);
    slice text = write_config(tree->arena, &defaults);
    struct config again = parse(tree->arena, text, "again");
    assert_same(tree->arena, &defaults, &again);
    assert_true(slice_find(text, SLICE("\nlisten \"milter\" {\n")) < text.len);
    assert_true(slice_find(text, SLICE("    fields = 10000\n")) < text.len);
}

static void a_relative_path_is_written_from_the_root(void **state)
{
    struct tree *tree = *state;
    struct config config =
        parse(tree->arena, SLICE("dmarc { suffix_list = list }"), "here.conf");
    assert_true(slice_eq(config.dmarc.suffix_list, SLICE("list")));
    slice text = write_config(tree->arena, &config);
    struct config again = parse(tree->arena, text, "/elsewhere/yett.conf");
    assert_true(slice_starts_with(again.dmarc.suffix_list, SLICE("/")));
    assert_true(slice_ends_with(again.dmarc.suffix_list, SLICE("/list")));
    assert_false(slice_starts_with(again.dmarc.suffix_list, SLICE("/elsewhere")));
}

static void a_long_path_survives(void **state)
{
    struct tree *tree = *state;
    char text[2000] = "state_directory = \"", name[2000] = "/";
    size_t at = strlen(text);
    memset(text + at, 'x', 990);
    memcpy(text + at + 990, "\"", 2);
    memset(name + 1, 'y', 990);
    memcpy(name + 991, "/y.conf", 8);
    struct config config = parse(tree->arena, slice_from_text(text), name);
    assert_int_equal(config.state_directory.len, 992 + 990);
    struct config again =
        parse(tree->arena, write_config(tree->arena, &config), "again.conf");
    assert_true(slice_eq(again.state_directory, config.state_directory));
}

static void a_secret_of_any_size_survives(void **state)
{
    struct tree *tree = *state;
    char octets[4096];
    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] = (char)(i * 7);
    }
    static const size_t sizes[] = {16, 17, 1000, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct config config;
        config_init(&config);
        config.installation_secret = slice_of(octets, sizes[i]);
        struct config again =
            parse(tree->arena, write_config(tree->arena, &config), "again");
        assert_true(slice_eq(again.installation_secret, config.installation_secret));
    }
}

static void what_does_not_fit_is_not_written(void **state)
{
    struct tree *tree = *state;
    struct config config;
    struct buf out;
    config_init(&config);
    buf_init(&out, tree->arena, 100);
    assert_int_equal(config_file_write(tree->arena, &config, &out), YETT_LIMIT);
}

static void settings_of_a_command_line_go_over_those_of_a_file(void **state)
{
    struct tree *tree = *state;
    slice why;
    struct config over;
    struct config base = parse(tree->arena,
                               SLICE("mode = enforce received_spf = true\n"
                                     "trusted_relays = {\"192.0.2.1\", \"192.0.2.2\"}\n"
                                     "submission_networks = {\"127.0.0.0/8\"}\n"
                                     "listen a { address = \"inet:127.0.0.1:1\" }\n"
                                     "listen b { address = \"inet:127.0.0.1:2\" }\n"
                                     "domain \"a.example\" {}\n"),
                               "y.conf");
    assert_int_equal(
        config_file_parse_over(tree->arena, &base,
                               SLICE("mode = observe\nlimits { idle_timeout = 5s }\n"
                                     "trusted_relays = {\"192.0.2.3\"}\n"
                                     "listen c { address = \"inet:127.0.0.1:3\" }\n"),
                               "command line", &over, &why),
        YETT_OK);
    assert_int_equal(over.mode, CONFIG_OBSERVE);
    assert_true(slice_eq(over.source, SLICE("y.conf")));
    assert_true(over.received_spf);
    assert_int_equal(over.limits.idle_timeout_ms, 5000);
    assert_int_equal(over.trusted_relay_count, 1);
    assert_int_equal(over.trusted_relays[0].address.bytes[3], 3);
    assert_int_equal(over.submission_network_count, 1);
    assert_int_equal(over.listener_count, 1);
    assert_true(slice_eq(over.listeners[0].name, SLICE("c")));
    assert_int_equal(over.domain_count, 1);
    assert_int_equal(base.listener_count, 2);
    assert_int_equal(base.trusted_relays[0].address.bytes[3], 1);

    assert_int_equal(config_file_parse_over(tree->arena, &base,
                                            SLICE("trusted_relays = {}"), "command line",
                                            &over, &why),
                     YETT_OK);
    assert_int_equal(over.trusted_relay_count, 0);
    assert_int_equal(over.submission_network_count, 1);
    assert_int_equal(config_file_parse_over(tree->arena, &base, SLICE("mode = off"),
                                            "command line", &over, &why),
                     YETT_BAD_SYNTAX);
    assert_true(slice_starts_with(why, SLICE("command line:1: mode: 'off'")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(settings_that_are_written_read_as_the_same),
        tree_test(the_defaults_are_written_in_full),
        tree_test(a_relative_path_is_written_from_the_root),
        tree_test(a_long_path_survives),
        tree_test(a_secret_of_any_size_survives),
        tree_test(what_does_not_fit_is_not_written),
        tree_test(settings_of_a_command_line_go_over_those_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
