/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_address_has_one_form(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    static const struct {
        const char *written, *form;
    } rows[] = {
        {"inet:127.0.0.1:8891",         "inet:127.0.0.1:8891"       },
        {"inet:localhost:8891",         "inet:127.0.0.1:8891"       },
        {"inet:LocalHost:1",            "inet:127.0.0.1:1"          },
        {"inet:0.0.0.0:65535",          "inet:0.0.0.0:65535"        },
        {"inet:127.0.0.1:008891",       "inet:127.0.0.1:8891"       },
        {"inet:[::1]:8891",             "inet:[::1]:8891"           },
        {"inet:[::]:8891",              "inet:[::]:8891"            },
        {"inet:[2001:DB8:0:0:0::1]:25", "inet:[2001:db8::1]:25"     },
        {"unix:/run/yett/milter.sock",  "unix:/run/yett/milter.sock"},
        {"unix:/a b:c@d",               "unix:/a b:c@d"             },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_address address, again;
        struct buf buf;
        const char *fault =
            config_read_address(slice_from_text(rows[i].written), &address);
        if (fault != NULL) {
            fail_msg("'%s' %s", rows[i].written, fault);
        }
        buf_init(&buf, arena, 1000);
        config_write_address(&buf, &address);
        assert_true(slice_eq(buf_slice(&buf), slice_from_text(rows[i].form)));
        assert_null(config_read_address(buf_slice(&buf), &again));
        assert_true(config_addresses_clash(&address, &again));
        assert_null(config_listen_address_fault(buf_slice(&buf)));
    }
    arena_free(arena);
}

static void what_is_no_address_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const struct {
        const char *written, *says;
    } rows[] = {
        {"",                                "is no address to listen on"               },
        {"127.0.0.1:8891",                  "is no address to listen on"               },
        {"8891",                            "is no address to listen on"               },
        {"/run/milter.sock",                "is no address to listen on"               },
        {"INET:127.0.0.1:8891",             "is no address to listen on"               },
        {"local:/run/milter.sock",          "is written unix: here"                    },
        {"inet6:[::1]:8891",                "is written inet:[::1]:8891"               },
        {"tcp:127.0.0.1:8891",              "is written inet: here"                    },
        {"inet:8891@127.0.0.1",             "is written as Sendmail does"              },
        {"inet:8891@[::1]",                 "is written as Sendmail does"              },
        {"inet:8891",                       "lacks the address or the port"            },
        {"inet:",                           "lacks the address or the port"            },
        {"inet::8891",                      "does not begin with an address in numbers"},
        {"inet:*:8891",                     "does not begin with an address in numbers"},
        {"inet:mx.example.com:8891",        "does not begin with an address in numbers"},
        {"inet:127.0.0.256:8891",           "does not begin with an address in numbers"},
        {"inet:127.1:8891",                 "does not begin with an address in numbers"},
        {"inet:::1:8891",                   "one of IPv6 stands in brackets"           },
        {"inet:[::1]",                      "is no IPv6 address with a port"           },
        {"inet:[::1]8891",                  "is no IPv6 address with a port"           },
        {"inet:[::1:8891",                  "is no IPv6 address with a port"           },
        {"inet:[127.0.0.1]:8891",           "is no IPv6 address with a port"           },
        {"inet:[fe80::1%eth0]:8891",        "is no IPv6 address with a port"           },
        {"inet:[::ffff:127.0.0.1]:8891",    "is an IPv4 address written as IPv6"       },
        {"inet:127.0.0.1:0",                "has no port from 1 to 65535"              },
        {"inet:127.0.0.1:65536",            "has no port from 1 to 65535"              },
        {"inet:127.0.0.1:",                 "has no port from 1 to 65535"              },
        {"inet:127.0.0.1:smtp",             "has no port from 1 to 65535"              },
        {"inet:[::1]:99999999999999999999", "has no port from 1 to 65535"              },
        {"unix:",                           "is no absolute path"                      },
        {"unix:run/milter.sock",            "is no absolute path"                      },
        {"unix:@abstract",                  "is no absolute path"                      },
        {"unix:/run/yett/",                 "the name of the socket is missing"        },
        {"unix:/run/a\nb",                  "holds a control character"                },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_address address = {.port = 42};
        const char *fault =
            config_read_address(slice_from_text(rows[i].written), &address);
        if (fault == NULL || strstr(fault, rows[i].says) == NULL) {
            fail_msg("'%s' %s, not '%s'", rows[i].written,
                     fault == NULL ? "is accepted" : fault, rows[i].says);
        }
        assert_int_equal(address.port, 42);
    }
}

static void a_socket_has_a_path_of_107_octets_at_most(void **state)
{
    (void)state;
    char text[113];
    struct config_address address;
    memset(text, 'x', sizeof(text));
    memcpy(text, "unix:/", 6);
    assert_null(config_read_address(slice_of(text, 5 + 107), &address));
    assert_int_equal(address.path.len, 107);
    assert_non_null(config_read_address(slice_of(text, 5 + 108), &address));
}

static struct config_address address_of(const char *text)
{
    struct config_address address;
    assert_null(config_read_address(slice_from_text(text), &address));
    return address;
}

static void addresses_that_cannot_both_be_bound_clash(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool clash;
    } rows[] = {
        {"inet:127.0.0.1:1", "inet:127.0.0.1:1", true },
        {"inet:127.0.0.1:1", "inet:127.0.0.1:2", false},
        {"inet:127.0.0.1:1", "inet:127.0.0.2:1", false},
        {"inet:0.0.0.0:1",   "inet:127.0.0.1:1", true },
        {"inet:0.0.0.0:1",   "inet:127.0.0.1:2", false},
        {"inet:[::]:1",      "inet:[::1]:1",     true },
        {"inet:[::]:1",      "inet:127.0.0.1:1", false},
        {"inet:[::1]:1",     "inet:[::2]:1",     false},
        {"unix:/a",          "unix:/a",          true },
        {"unix:/a",          "unix:/b",          false},
        {"unix:/a",          "inet:127.0.0.1:1", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_address a = address_of(rows[i].a), b = address_of(rows[i].b);
        if (config_addresses_clash(&a, &b) != rows[i].clash ||
            config_addresses_clash(&b, &a) != rows[i].clash) {
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        }
    }
}

static void an_address_that_strangers_reach_is_public(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_public;
    } rows[] = {
        {"inet:127.0.0.1:1",      false},
        {"inet:127.8.0.1:1",      false},
        {"inet:10.0.0.1:1",       false},
        {"inet:172.16.0.1:1",     false},
        {"inet:192.168.1.1:1",    false},
        {"inet:192.0.2.1:1",      true },
        {"inet:0.0.0.0:1",        true },
        {"inet:[::1]:1",          false},
        {"inet:[fd00::1]:1",      false},
        {"inet:[::]:1",           true },
        {"inet:[2001:db8::1]:1",  true },
        {"unix:/run/milter.sock", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_address address = address_of(rows[i].address);
        if (config_address_is_public(&address) != rows[i].is_public) {
            fail_msg("%s", rows[i].address);
        }
    }
}

#define LISTENER(...)                                                                    \
    {                                                                                    \
        .name = SLICE_INIT("x"), .mode = 0660, __VA_ARGS__                               \
    }

static void a_listener_says_what_is_wrong_with_it(void **state)
{
    (void)state;
    static const struct {
        struct config_listener listener;
        const char *says; /* NULL: nothing */
    } rows[] = {
        {LISTENER(.address = SLICE_INIT("inet:127.0.0.1:8891")), NULL                      },
        {LISTENER(.address = SLICE_INIT("inet:127.0.0.1:8891"),
         .role = CONFIG_LISTENER_SIGN,                                                       .insert = CONFIG_INSERT_TOP),
         NULL},
        {LISTENER(.address = SLICE_INIT("unix:/run/m"),                                                   .group = SLICE_INIT("postfix")),
         NULL},
        {LISTENER(.role = CONFIG_LISTENER_BOTH),"it has no 'address'"                                                                              },
        {LISTENER(.address = SLICE_INIT("x")),                 "is no address to listen on"                                                 },
        {LISTENER(.address = SLICE_INIT("inet:127.0.0.1:8891"),
         .group = SLICE_INIT("postfix")),
         "it has a 'group'"},
        {{.address = SLICE_INIT("unix:/run/m"), .mode = 0444},  "lets nobody connect"                                                   },
        {{.address = SLICE_INIT("unix:/run/m"), .mode = 01777},                                                      "is no mode"                            },
        {{.address = SLICE_INIT("unix:/run/m"), .mode = 0},                                                      "lets nobody connect"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *fault = config_listener_fault(&rows[i].listener);
        if (rows[i].says == NULL) {
            assert_null(fault);
        } else {
            assert_non_null(fault);
            assert_non_null(strstr(fault, rows[i].says));
        }
    }
}

static void an_account_is_a_plain_name(void **state)
{
    (void)state;
    char name[65];
    memset(name, 'a', sizeof(name));
    assert_null(config_account_fault(SLICE("postfix")));
    assert_null(config_account_fault(SLICE("_mail-gate.2")));
    assert_null(config_account_fault(slice_of(name, 64)));
    static const slice bad[] = {
        SLICE_INIT(""),    SLICE_INIT("-x"),   SLICE_INIT("a b"),      SLICE_INIT("a:b"),
        SLICE_INIT("a/b"), SLICE_INIT("a\0b"), SLICE_INIT("b\xc3\xbc")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(config_account_fault(bad[i]));
    }
    assert_non_null(config_account_fault(slice_of(name, 65)));
}

static void make_no_listener(struct config *c)
{
    c->listener_count = 0;
}

static void make_listeners_too_many(struct config *c)
{
    static struct config_listener many[CONFIG_LISTENERS_MAX + 1];
    c->listeners = many;
    c->listener_count = CONFIG_LISTENERS_MAX + 1;
}

static void make_listener_odd(struct config *c)
{
    static const struct config_listener listeners[] = {
        {.name = SLICE_INIT("odd"), .address = SLICE_INIT("x"), .mode = 0660}
    };
    c->listeners = listeners;
}

static void make_listeners_clash(struct config *c)
{
    static const struct config_listener listeners[] = {
        {.name = SLICE_INIT("all"),
         .address = SLICE_INIT("inet:0.0.0.0:1"),
         .mode = 0660},
        {.name = SLICE_INIT("own"),
         .address = SLICE_INIT("inet:127.0.0.1:1"),
         .mode = 0660},
    };
    c->listeners = listeners;
    c->listener_count = 2;
}

static void make_listener_twice(struct config *c)
{
    static const struct config_listener listeners[] = {
        {.name = SLICE_INIT("x"), .address = SLICE_INIT("unix:/a"), .mode = 0660},
        {.name = SLICE_INIT("x"), .address = SLICE_INIT("unix:/b"), .mode = 0660},
    };
    c->listeners = listeners;
    c->listener_count = 2;
}

static void make_sockets_one(struct config *c)
{
    static const struct config_listener listeners[] = {
        {.name = SLICE_INIT("s"), .address = SLICE_INIT("unix:/run/s"), .mode = 0660}
    };
    c->listeners = listeners;
    c->status_socket = SLICE("/run/s");
}

static void make_status_socket_relative(struct config *c)
{
    c->status_socket = SLICE("status.sock");
}

static void make_user_odd(struct config *c)
{
    c->user = SLICE("a b");
}

static void make_connections_none(struct config *c)
{
    c->limits.connections = 0;
}

static void make_header_none(struct config *c)
{
    c->limits.header_bytes = 0;
}

static void make_fields_none(struct config *c)
{
    c->limits.fields = 0;
}

static void make_recipients_none(struct config *c)
{
    c->limits.recipients = 0;
}

static void make_idle_none(struct config *c)
{
    c->limits.idle_timeout_ms = 0;
}

static void make_stall_short(struct config *c)
{
    c->limits.stall_timeout_ms = c->deadline_ms - 1;
}

static void what_a_gateway_cannot_do_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*make)(struct config *config);
        const char *begins;
    } rows[] = {
        {make_no_listener,            "listen: "                                   },
        {make_listeners_too_many,     "listen: "                                   },
        {make_listener_odd,           "listen \"odd\": is no address to listen on" },
        {make_listeners_clash,        "listen \"own\": its address is taken"       },
        {make_listener_twice,         "listen \"x\": stands twice"                 },
        {make_sockets_one,            "listen \"s\": its address is that of status"},
        {make_status_socket_relative, "status_socket: is no absolute path"         },
        {make_user_odd,               "user: is no name of an account"             },
        {make_connections_none,       "limits.connections: "                       },
        {make_header_none,            "limits.header_size: "                       },
        {make_fields_none,            "limits.fields: "                            },
        {make_recipients_none,        "limits.recipients: "                        },
        {make_idle_none,              "limits.idle_timeout: "                      },
        {make_stall_short,            "limits.stall_timeout: is shorter than dns." },
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

static void the_default_is_one_listener_on_this_host(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    assert_int_equal(config.listener_count, 1);
    assert_null(config_listener_fault(&config.listeners[0]));
    struct config_address address = address_of(config.listeners[0].address.ptr);
    assert_true(ip_is_loopback(address.ip));
    assert_int_equal(address.port, 8891);
    assert_int_equal(config.sandbox, CONFIG_SANDBOX_REQUIRED);
    assert_int_equal(config.quarantine_by, CONFIG_QUARANTINE_FIELD);
    assert_int_equal(config.status_socket.ptr[config.status_socket.len], 0);
    assert_int_equal(config.state_directory.ptr[config.state_directory.len], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_form),
        cmocka_unit_test(what_is_no_address_is_refused_with_a_hint),
        cmocka_unit_test(a_socket_has_a_path_of_107_octets_at_most),
        cmocka_unit_test(addresses_that_cannot_both_be_bound_clash),
        cmocka_unit_test(an_address_that_strangers_reach_is_public),
        cmocka_unit_test(a_listener_says_what_is_wrong_with_it),
        cmocka_unit_test(an_account_is_a_plain_name),
        cmocka_unit_test(what_a_gateway_cannot_do_is_named),
        cmocka_unit_test(the_default_is_one_listener_on_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
