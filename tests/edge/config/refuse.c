/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/refuse.h"

static void a_bad_value_is_named_with_file_line_key_and_what_was_expected(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("\n\nmode = sometimes\n",
            "y.conf:3: mode: 'sometimes' is neither observe nor enforce"),
        ROW("dmarc {\n  on_reject = \"sometimes\"\n}",
            "y.conf:2: dmarc.on_reject: 'sometimes' is none of informed, strict, never"),
        ROW("mode = Enforce", "y.conf:1: mode: 'Enforce' is neither observe nor enforce"),
        ROW("mode = \"\"", "y.conf:1: mode: '' is neither observe nor enforce"),
        ROW("spf { on_fail = drop }", "y.conf:1: spf.on_fail: 'drop' is none of accept, "
                                      "tag, quarantine, defer, reject"),
        ROW("dmarc { on_quarantine = reject }",
            "y.conf:1: dmarc.on_quarantine: 'reject' is none of accept, tag, quarantine"),
        ROW("on_internal_error = reject",
            "y.conf:1: on_internal_error: 'reject' is neither accept nor defer"),
        ROW("dmarc { on_temperror = reject }",
            "y.conf:1: dmarc.on_temperror: 'reject' is none of accept, tag, quarantine, "
            "defer"),
        ROW("received_spf = maybe",
            "y.conf:1: received_spf: 'maybe' is neither true nor false"),
        ROW("dkim { min_rsa_bits = 512 }",
            "y.conf:1: dkim.min_rsa_bits: '512' is no whole number from 1024 to 4096"),
        ROW("dkim { min_rsa_bits = 0x800 }",
            "y.conf:1: dkim.min_rsa_bits: '0x800' is no whole number from 1024 to 4096"),
        ROW("dkim { max_signatures = many }",
            "y.conf:1: dkim.max_signatures: 'many' is no whole number from 1 to 100"),
        ROW("dns { timeout = 4 }", "y.conf:1: dns.timeout: '4' is no time such as 20s, "
                                   "5min or 4h, from 100ms to 1min"),
        ROW("dns { timeout = 2min }", "y.conf:1: dns.timeout: '2min' is no time such as "
                                      "20s, 5min or 4h, from 100ms to 1min"),
        ROW("dmarc { temperror_patience = 1500ms }",
            "y.conf:1: dmarc.temperror_patience: '1500ms' is no time such as 20s, 5min "
            "or 4h, from "
            "0s to 7d"),
        ROW("dmarc { temperror_patience = 99999999999999999999h }",
            "y.conf:1: dmarc.temperror_patience: '99999999999999999999h' is no time such "
            "as 20s, "
            "5min or 4h, from 0s to 7d"),
        ROW("dns { cache = 64 }", "y.conf:1: dns.cache: '64' is no size such as 512KiB "
                                  "or 64MiB, from 64KiB to 4GiB"),
        ROW("dns { cache = 64MB }", "y.conf:1: dns.cache: '64MB' is no size such as "
                                    "512KiB or 64MiB, from 64KiB to 4GiB"),
        ROW("workers = 129", "y.conf:1: workers: '129' is no whole number from 0 to 128"),
        ROW("user = \"a b\"", "y.conf:1: user: 'a b' is no name of an account or group, "
                              "such as postfix"),
        ROW("limits { message_size = 2000GiB }",
            "y.conf:1: limits.message_size: '2000GiB' is no size such as 512KiB or "
            "64MiB, "
            "from 0B to 1024GiB"),
        ROW("limits { fields = 0 }",
            "y.conf:1: limits.fields: '0' is no whole number from 1 to 100000"),
        ROW("log { to = file }",
            "y.conf:1: log.to: 'file' is none of stderr, syslog, journald"),
        ROW("authserv_id = \"mx example\"", "y.conf:1: authserv_id: 'mx example' is no "
                                            "domain name such as mail.example.com"),
        ROW("tag_field = \"From\"", "y.conf:1: tag_field: 'From' is a field that "
                                    "messages need; choose another name, such as "
                                    "X-Yett-Tag"),
        ROW("tag_field = \"X Y\"", "y.conf:1: tag_field: 'X Y' must be the name of a "
                                   "header field: printable ASCII without "
                                   "space and colon"),
        ROW("dns { resolver = \"localhost\" }",
            "y.conf:1: dns.resolver: 'localhost' is no name server such as 192.0.2.53 or "
            "2001:db8::53@5353"),
        ROW("dns { resolver = 127.0.0.1@0 }", "y.conf:1: dns.resolver: '127.0.0.1@0' is "
                                              "no name server such as 192.0.2.53 or "
                                              "2001:db8::53@5353"),
        ROW("installation_secret_file = \"/none/secret\"",
            "y.conf:1: installation_secret_file: '/none/secret' cannot be read: "
            "/none/secret: no "
            "such file"),
        ROW("installation_secret_file = \"-\"",
            "y.conf:1: installation_secret_file: '-' is no file; a secret is not read "
            "from standard "
            "input"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void a_network_is_named_as_it_was_meant(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("submission_networks = {\"127.0.0.0/8\",\n \"192.0.2.5/24\"}",
            "y.conf:2: submission_networks: '192.0.2.5/24' has bits set behind its "
            "prefix length; "
            "the network meant is 192.0.2.0/24"),
        ROW("trusted_relays = {\"2001:db8::1/32\"}",
            "y.conf:1: trusted_relays: '2001:db8::1/32' has bits set behind its prefix "
            "length; the "
            "network meant is 2001:db8::/32"),
        ROW("trusted_relays = {\"mx.example.com\"}",
            "y.conf:1: trusted_relays: 'mx.example.com' is no address or network such as "
            "192.0.2.0/24 or 2001:db8::/32"),
        ROW("trusted_relays = {\"192.0.2.0/33\"}",
            "y.conf:1: trusted_relays: '192.0.2.0/33' is no address or network such as "
            "192.0.2.0/24 "
            "or 2001:db8::/32"),
        ROW("trusted_relays = {\"0.0.0.0/0\"}",
            "y.conf:1: trusted_relays: '0.0.0.0/0' is the whole Internet: every message "
            "would come "
            "from there"),
        ROW("trusted_relays = {\"::ffff:192.0.2.0/120\"}",
            "y.conf:1: trusted_relays: '::ffff:192.0.2.0/120' is an IPv4 network written "
            "as IPv6; "
            "write it as IPv4, without ::ffff:"),
        ROW("submission_networks = {\"10.0.0.0/8\"}\ntrusted_relays = {\"10.1.2.3\"}",
            "y.conf:2: trusted_relays: 10.1.2.3/32 overlaps with 10.0.0.0/8 of "
            "submission_networks; "
            "mail from there cannot be both relayed (verified) and submitted (not "
            "verified)"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void keys_and_logins_are_checked_where_they_stand(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("signing {\n expire = 31d }",
            "y.conf:2: signing.expire: '31d' is no time such "
            "as 20s, 5min or 4h, from 1h to 30d"),
        ROW("signing { on_eight_bit = repair }",
            "y.conf:1: signing.on_eight_bit: 'repair' is none of sign, unsigned, reject"),
        ROW("signing { networks = yes }",
            "y.conf:1: signing.networks: 'yes' is neither off nor on"),
        ROW("domain example.com {\n sign = {\"a b\"} }",
            "y.conf:2: domain \"example.com\": sign: 'a b' is no selector such as "
            "s2026r, "
            "with or without =/path/of/key.pem behind it"),
        ROW("domain example.com { sign = {\"s1._DomainKey\"} }",
            "y.conf:1: domain \"example.com\": sign: 's1._DomainKey' is more than a "
            "selector, which ends before ._domainkey"),
        ROW("domain example.com { sign = {\"a=b.pem\"} }",
            "y.conf:1: domain \"example.com\": sign: 'a=b.pem' names a file that does "
            "not "
            "begin with '/'"),
        ROW("\ndomain example.com { sign = {a, b, c, d, e} }",
            "y.conf:2: domain \"example.com\": it names more than four keys of a kind; "
            "each costs every message a signature"),
        ROW("domain example.com { sign = {a, b, A} }",
            "y.conf:1: domain \"example.com\": one of its keys stands twice in a list"),
        ROW("login alice {\n domains = {\"*.*\"} }",
            "y.conf:2: login \"alice\": domains: '*.*' is no domain such as example.com, "
            "*.example.com, or * for any"),
        ROW("sealing { list_hosts = {\"10.0.0.1\"} }",
            "y.conf:1: sealing.list_hosts: is set, and sealing.domain does not say whose "
            "key seals"),
        ROW("domain a.example { seal = {s} }\nsealing {\n domain = a.example }",
            "y.conf:3: sealing.domain: is set, and neither 'recipients', 'next_hops' nor "
            "'list_hosts' says which mail is sealed"),
        ROW("domain a.example { sign = {s} }\nsealing { domain = a.example recipients = "
            "{\"b.example\"} }",
            "y.conf:2: sealing.domain: no key may seal for it; name one in domain { seal "
            "}"),
        ROW("trusted_relays = {\"10.0.0.0/8\"}\ndomain a.example { seal = {s} }\n"
            "sealing { domain = a.example list_hosts = {\"10.0.0.1\"} }",
            "y.conf:3: sealing.list_hosts: overlaps with trusted_relays; mail from there "
            "cannot be both of a list (verified when it arrived) and relayed (verified "
            "now)"),
        ROW("sealing {\n list_hosts = {\"0.0.0.0/0\"} }",
            "y.conf:2: sealing.list_hosts: '0.0.0.0/0' is the whole Internet: every "
            "message would come from there"),
        ROW("sealing {\n recipients = {\"*@a.example\"} }",
            "y.conf:2: sealing.recipients: '*@a.example' is no recipient such as "
            "list@example.com, or example.com for all its addresses"),
        ROW("sealing { next_hops = {\"a b\"} }",
            "y.conf:1: sealing.next_hops: 'a b' is no next hop such as "
            "[mail.example.com]:25"),
        ROW("login alice {}\nlogin alice {}",
            "y.conf:2: login \"alice\": stands twice; the first is in line 1"),
        ROW("login alice {}\nrule alice { author = a.b because = c }\n\nrule alice {}",
            "y.conf:4: rule \"alice\": stands twice; the first is in line 2"),
        ROW("login alice {}\nrule alice { author = a.b because = c }\n\nlogin alice {}",
            "y.conf:4: login \"alice\": stands twice; the first is in line 1"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void servers_of_updates_are_named_so_that_they_can_be_asked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("signing {\n update_server = \"ns1.example.com:53\"\n}",
            "y.conf:2: signing.update_server: 'ns1.example.com:53' is no server such as "
            "ns1.example.com, 192.0.2.53 or 2001:db8::53@5353"),
        ROW("signing { update_server = \"192.0.2.1@99999\" }",
            "y.conf:1: signing.update_server: '192.0.2.1@99999' is no server such as "
            "ns1.example.com, 192.0.2.53 or 2001:db8::53@5353"),
        ROW("signing { update_server = \"192.0.2.1@\" }",
            "y.conf:1: signing.update_server: '192.0.2.1@' is no server such as "
            "ns1.example.com, 192.0.2.53 or 2001:db8::53@5353"),
        ROW("signing { update_server = \"192.0.2.1 192.0.2.2\" }",
            "y.conf:1: signing.update_server: names more than one server; updates go to "
            "one"),
        ROW("signing { name_servers = \"ns1.example.com, 192.0.2.2\" }",
            "y.conf:1: signing.name_servers: 'ns1.example.com,' is no server such as "
            "ns1.example.com, 192.0.2.53 or 2001:db8::53@5353; spaces stand between "
            "servers, not commas"),
        ROW("signing { name_servers = \"192.0.2.1  ns2:x\" }",
            "y.conf:1: signing.name_servers: 'ns2:x' is no server such as "
            "ns1.example.com, 192.0.2.53 or 2001:db8::53@5353"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void a_name_that_is_no_key_is_an_error(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("mode = observe\nlistener milter { address = \"x\" }",
            "y.conf:2: 'listener' is unknown; did you mean 'listen'?"),
        ROW("store { url = \"x\" }",
            "y.conf:1: 'store' is unknown; yett.conf(5) lists what can be set"),
        ROW("report { via = \"x\" }",
            "y.conf:1: 'report' is unknown; yett.conf(5) lists what can be set"),
        ROW("web { address = \"x\" }",
            "y.conf:1: 'web' is unknown; yett.conf(5) lists what can be set"),
        ROW("domain \"example.com\" {\n colour = {\"a\"}\n}",
            "y.conf:2: 'colour' is unknown in domain { }; yett.conf(5) lists what can be "
            "set"),
        ROW("exception \"x\" { signr = a }",
            "y.conf:1: 'signr' is unknown in exception { }; did you mean 'signer'?"),
        ROW("exeption \"x\" { }", "y.conf:1: 'exeption' is unknown; did you mean "
                                  "'exception'?"),
        ROW("standard = rfc7489", "y.conf:1: 'standard' is unknown; it belongs into a "
                                  "block, such as dmarc { }"),
        ROW("login alice { domain = a.test }",
            "y.conf:1: 'domain' is unknown in login { }; "
            "did you mean 'domains'?"),
        ROW("spf { authserv_id = x }", "y.conf:1: 'authserv_id' is unknown in spf { }; "
                                       "it belongs outside of any block"),
        ROW("Mode = observe", "y.conf:1: 'Mode' is unknown; did you mean 'mode'?"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void a_key_or_block_stands_once(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("mode = observe\nmode = observe",
            "y.conf:2: mode: is set a second time; the first is in line 1"),
        ROW("dmarc { on_reject = strict }\n\ndmarc { on_reject = never }",
            "y.conf:3: dmarc.on_reject: is set a second time; the first is in line 1"),
        ROW("trusted_relays = {\"::1\"}\ntrusted_relays = {\"::2\"}",
            "y.conf:2: trusted_relays: is set a second time; the first is in line 1"),
        ROW("trusted_relays = {\"::1\"}\ntrusted_relays = {}",
            "y.conf:1: the list that is set here is set again further down, to nothing"),
        ROW("forwarder \"x\" { signer = a.b\nsigner = c.d }",
            "y.conf:2: forwarder \"x\": signer: is set a second time; the first is in "
            "line 1"),
        ROW("domain \"a.b\" {}\ndomain \"a.b\" {}",
            "y.conf:2: domain \"a.b\": stands twice; the first is in line 1"),
        ROW("domain \"a.b\" {}\ndomain \"A.B.\" {}",
            "y.conf:2: domain \"a.b\": stands twice; the first is in line 1"),
        ROW("rule \"1\" { author = a.b because = x }\nrule \"2\" { author = A.b because "
            "= y }",
            "y.conf:2: rule \"2\": its author a.b has a rule already, \"1\" in line 1"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void an_exception_needs_an_end_a_reason_and_something_to_know_it_by(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("\nexception \"x\" {\n until = 2027-03-01\n because = y\n}\n",
            "y.conf:2: exception \"x\": it has neither 'network' nor 'signer'; without "
            "one of them a "
            "forger could use it"),
        ROW("exception \"x\" { signer = a.b until = 2027-03-01 }",
            "y.conf:1: exception \"x\": it has no 'because'; say who asked for it and "
            "why"),
        ROW("exception \"x\" { signer = a.b because = y }",
            "y.conf:1: exception \"x\": it has no 'until'; an exception ends on some "
            "day, such as "
            "2027-03-01"),
        ROW("exception \"x\" { because = \"\" }",
            "y.conf:1: exception \"x\": because: '' is empty; a sentence is expected"),
        ROW("exception \"x\" { until = \"2027-02-30\" }",
            "y.conf:1: exception \"x\": until: '2027-02-30' is no day such as "
            "2027-03-01"),
        ROW("exception \"x\" { until = \"1.3.2027\" }",
            "y.conf:1: exception \"x\": until: '1.3.2027' is no day such as 2027-03-01"),
        ROW("exception \"x\" { network = \"192.0.2.1/24\" }",
            "y.conf:1: exception \"x\": network: '192.0.2.1/24' has bits set behind its "
            "prefix "
            "length; the network meant is 192.0.2.0/24"),
        ROW("exception \"x\" { treat_as = fine }",
            "y.conf:1: exception \"x\": treat_as: 'fine' is none of pass, accept, tag, "
            "quarantine, "
            "defer, reject"),
        ROW("exception \"x\" { network = \"::1\" because = y until = 2027-03-01 }\n"
            "exception \"y\" { because = y until = 2027-03-01 }",
            "y.conf:2: exception \"y\": it has neither 'network' nor 'signer'; without "
            "one of them a "
            "forger could use it"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void blocks_need_what_makes_them_work(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("rule \"x\" { because = y }",
            "y.conf:1: rule \"x\": it has no 'author', the domain that it is about"),
        ROW("rule \"x\" { author = a.b }",
            "y.conf:1: rule \"x\": it has no 'because'; say who asked for it and why"),
        ROW("rule \"x\" { author = a.b on_fail = accept }",
            "y.conf:1: rule \"x\": on_fail: 'accept' is neither quarantine nor reject"),
        ROW("forwarder \"x\" { because = y }",
            "y.conf:1: forwarder \"x\": it has no 'signer', the d= of the signature that "
            "makes it "
            "known"),
        ROW("forwarder \"x\" { signer = a.b }",
            "y.conf:1: forwarder \"x\": it has no 'because'; say who asked for it and "
            "why"),
        ROW("domain \"exa mple\" { }", "y.conf:1: domain \"exa mple\": its title is no "
                                       "domain name such as example.com"),
        ROW("domain \"\" { }",
            "y.conf:1: domain \"\": its title must have 1 to 255 bytes"),
        ROW("recipient \"*\" { mode = enforce }",
            "y.conf:1: recipient \"*\": what is for everybody stands outside of this "
            "block"),
        ROW("recipient \"@a.b\" { }",
            "y.conf:1: recipient \"@a.b\": its title is a pattern, and none are known "
            "here: \"example.com\" stands for all its addresses"),
        ROW("recipient \"*@a.b\" { }",
            "y.conf:1: recipient \"*@a.b\": its title is a pattern, and none are known "
            "here: \"example.com\" stands for all its addresses"),
        ROW("recipient \"a@b@c.d\" { }",
            "y.conf:1: recipient \"a@b@c.d\": its title is no recipient such as "
            "\"user@example.com\" or \"example.com\""),
        ROW("recipient \"a b@c.d\" { }",
            "y.conf:1: recipient \"a b@c.d\": its title is no recipient such as "
            "\"user@example.com\" or \"example.com\""),
        ROW("recipient \"a@b c\" { }",
            "y.conf:1: recipient \"a@b c\": its title is no recipient such as "
            "\"user@example.com\" or \"example.com\""),
    };
    ASSERT_ALL_REFUSED(rows);
}

#define BRACE_EXPECTED                                                                   \
    "y.conf:1: a '{' follows the name of a block, or its title, in the line: "

static void a_value_of_the_wrong_shape_is_shown_with_its_line(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("mode = {\"observe\"}",
            "y.conf:1: a list stands where one value is expected, "
            "in the line: mode = {\"observe\"}"),
        ROW("mode observe",
            "y.conf:1: missing equal sign after option 'mode' in the line: mode observe"),
        ROW("mode { }",
            "y.conf:1: missing equal sign after option 'mode' in the line: mode { }"),
        ROW("mode += observe",
            "y.conf:1: '+=' adds to lists only; in the line: mode += observe"),
        ROW("mode =", "y.conf:1: the file ends before what belongs there, last in the "
                      "line: mode ="),
        ROW("dmarc = strict", BRACE_EXPECTED "dmarc = strict"),
        ROW("dmarc = { on_reject = strict }",
            BRACE_EXPECTED "dmarc = { on_reject = strict }"),
        ROW("exception { }", "y.conf:1: a block of this kind needs a title, as in domain "
                             "\"example.com\" { }, in the line: exception { }"),
        ROW("spf \"x\" { }", BRACE_EXPECTED "spf \"x\" { }"),
        ROW("domain a.b c.d { }", BRACE_EXPECTED "domain a.b c.d { }"),
        ROW("trusted_relays = {\"::1\" ::2}", "y.conf:1: unexpected token '::2' in the "
                                              "line: trusted_relays = {\"::1\" ::2}"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void values_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("dns {\n deadline = 2s\n}",
            "y.conf:2: dns.deadline: is 2s, which is shorter than dns.timeout (5s); one "
            "question may take no longer than all"),
        ROW("dns {\n timeout = 20500ms }", "y.conf:2: dns.deadline: is 20s, which is "
                                           "shorter than dns.timeout (20500ms); "
                                           "one question may take no longer than all"),
        ROW("tag_field = \"X-YETT-quarantine\"",
            "y.conf:1: quarantine_field: is the same as tag_field; filters could not "
            "tell "
            "the two "
            "apart"),
        ROW("limits {\n stall_timeout = 19s\n}",
            "y.conf:2: limits.stall_timeout: is shorter than dns.deadline; a message "
            "that "
            "waits for name servers would count as stalled"),
        ROW("status_socket = \"/run/yett/\"", "y.conf:1: status_socket: ends in a slash: "
                                              "the name of the socket is missing"),
        ROW("dmarc { standard = rfc7489\n suffix_list = \"\" }",
            "y.conf:2: dmarc.suffix_list: is empty, and dmarc.standard = \"rfc7489\" "
            "cannot do "
            "without"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void a_long_value_is_shown_in_part(void **state)
{
    (void)state;
    char text[3000] = "mode = \"";
    size_t at = strlen(text);
    memset(text + at, 'x', 2000);
    text[at + 2000] = '"';
    struct arena *arena = arena_new((size_t)8 << 20);
    struct config config;
    slice why = SLICE_NONE;
    assert_int_equal(
        config_file_parse(arena, slice_of(text, at + 2001), "y.conf", &config, &why),
        YETT_BAD_SYNTAX);
    assert_true(slice_ends_with(why, SLICE("xxx…' is longer than 1000 bytes")));
    assert_true(why.len < 200);
    arena_free(arena);
}

static void too_many_of_anything_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *each, *after;
        size_t most;
        const char *says;
    } rows[] = {
        {"trusted_relays = {", "\"::1\",",                                       "}", 1000,
         "y.conf:1: trusted_relays: '::1' is one too many: a list holds 1000 networks at "
         "most"                                                                        },
        {"",                   "listen \"%zu\" { address = \"unix:/%zu\" }",     "",  32,
         "y.conf:1: listen \"32\": there are more than 32 blocks of this kind"         },
        {"",                   "forwarder \"%zu\" { signer = a.b because = c }", "",  10000,
         "y.conf:1: forwarder \"10000\": there are more than 10000 blocks of this kind"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t over = 0; over < 2; over++) {
            struct arena *arena = arena_new(CONFIG_FILE_ARENA_BYTES);
            struct config config;
            slice why = SLICE_NONE;
            struct buf text;
            buf_init(&text, arena, 1 << 20);
            buf_add_text(&text, rows[i].before);
            for (size_t n = 0; n < rows[i].most + over; n++) {
                slice each = slice_from_text(rows[i].each);
                size_t number;
                while ((number = slice_find(each, SLICE("%zu"))) < each.len) {
                    buf_add(&text, slice_first(each, number));
                    buf_add_uint(&text, n);
                    each = slice_skip(each, number + 3);
                }
                buf_add(&text, each);
            }
            buf_add_text(&text, rows[i].after);
            enum yett_err err =
                config_file_parse(arena, buf_slice(&text), "y.conf", &config, &why);
            assert_int_equal(err, over ? YETT_BAD_SYNTAX : YETT_OK);
            if (over && !slice_eq(why, slice_from_text(rows[i].says))) {
                fail_msg("'%.*s'", SLICE_ARG(why));
            }
            arena_free(arena);
        }
    }
}

static void without_memory_nothing_is_read(void **state)
{
    (void)state;
    static const slice text =
        SLICE_INIT("exception \"x\" { network = \"::1\" because = y until = "
                   "2027-03-01 } trusted_relays = {\"::1\"}");
    bool fitted = false;
    for (size_t size = 0; size < 100000; size += 500) {
        struct arena *arena = arena_new(size);
        struct config config;
        slice why = SLICE_NONE;
        enum yett_err err = config_file_parse(arena, text, "y.conf", &config, &why);
        assert_true(err == YETT_OK || (err == YETT_NO_MEMORY && !fitted && why.len != 0));
        fitted = err == YETT_OK;
        arena_free(arena);
    }
    assert_true(fitted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_value_is_named_with_file_line_key_and_what_was_expected),
        cmocka_unit_test(a_network_is_named_as_it_was_meant),
        cmocka_unit_test(keys_and_logins_are_checked_where_they_stand),
        cmocka_unit_test(servers_of_updates_are_named_so_that_they_can_be_asked),
        cmocka_unit_test(a_name_that_is_no_key_is_an_error),
        cmocka_unit_test(a_key_or_block_stands_once),
        cmocka_unit_test(an_exception_needs_an_end_a_reason_and_something_to_know_it_by),
        cmocka_unit_test(blocks_need_what_makes_them_work),
        cmocka_unit_test(a_value_of_the_wrong_shape_is_shown_with_its_line),
        cmocka_unit_test(values_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(a_long_value_is_shown_in_part),
        cmocka_unit_test(too_many_of_anything_is_refused),
        cmocka_unit_test(without_memory_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
