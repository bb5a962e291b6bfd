/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/question.h"
#include "edge/resolver/servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void a_zone_is_guessed_from_the_end_of_the_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone, *why;
    } rows[] = {
        {"example.com",                              "example.com",              "the whole"                },
        {"a.b.example.com",                          "example.com",              "two labels"               },
        {"com",                                      "com",                      "one label is all there is"},
        {"a.b.example.co.uk",                        "example.co.uk",            "a registry below uk"      },
        {"a.b.example.com.br",                       "example.com.br",           "a registry below br"      },
        {"a.example.de",                             "example.de",               "no registry: too long"    },
        {"a.bmw.de",                                 "bmw.de",
         "short, but anybody's: he would have a zone for each name"                                         },
        {"a.b.example.gov.au",                       "example.gov.au",           "a registry below au"      },
        {"a.b.co.example",                           "co.example",               "below a country only"     },
        {"co.uk",                                    "co.uk",                    "shorter than three labels"},
        {"_spf.example.test",                        "example.test",             "two labels"               },
        {"4.3.2.1.in-addr.arpa",                     "2.1.in-addr.arpa",         "a /16"                    },
        {"1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "a /32"                    },
        {"",                                         "",                         "no name"                  },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice zone = question_zone(slice_from_text(rows[i].name));
        if (!slice_eq(zone, slice_from_text(rows[i].zone))) {
            fail_msg("%s (%s): %.*s", rows[i].name, rows[i].why, SLICE_ARG(zone));
        }
    }
}

static void odd_octets_of_a_name_are_escaped(void **state)
{
    (void)state;
    static const struct {
        slice name;
        const char *text;
    } rows[] = {
        {SLICE_INIT("_dmarc.a-b.test"), "_dmarc.a-b.test."               },
        {SLICE_INIT("a b.test"),        "a\\032b.test."                  },
        {SLICE_INIT("\\\"@;$.test"),    "\\092\\034\\064\\059\\036.test."},
        {SLICE_INIT("\xff\x01.test"),   "\\255\\001.test."               },
    };
    char text[QUESTION_TEXT_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(question_write_name(rows[i].name, text));
        assert_string_equal(text, rows[i].text);
    }
}

static void the_longest_name_fits_when_all_of_it_is_escaped(void **state)
{
    (void)state;
    char name[256], text[QUESTION_TEXT_MAX];
    memset(name, 0xff, sizeof(name));
    assert_true(question_write_name(slice_of(name, 255), text));
    assert_int_equal(strlen(text), 4 * 255 + 1);
    assert_false(question_write_name(slice_of(name, 256), text));
}

static void a_server_is_an_address_and_perhaps_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *server; /* NULL: refused */
        const char *says;          /* part of the reason */
    } rows[] = {
        {"127.0.0.1",         "127.0.0.1",       NULL                          },
        {"127.0.0.1@5301",    "127.0.0.1@5301",  NULL                          },
        {"[127.0.0.1]@5301",  "127.0.0.1@5301",  NULL                          },
        {"::1",               "::1",             NULL                          },
        {"::1@5353",          "::1@5353",        NULL                          },
        {"[::1]@5353",        "::1@5353",        NULL                          },
        {"[::1]",             "::1",             NULL                          },
        {"fe80::1%eth0@53",   "fe80::1%eth0@53", NULL                          },
        {"127.0.0.1@00053",   "127.0.0.1@53",    NULL                          },
        {"127.0.0.300@53",    NULL,              "127.0.0.300@53 is no address"},
        {"127.0.0.1:53",      NULL,              "write ADDR or ADDR@PORT"     },
        {"127.0.0.1@",        NULL,              "from 1 to 65535"             },
        {"127.0.0.1@0",       NULL,              "from 1 to 65535"             },
        {"127.0.0.1@65536",   NULL,              "from 1 to 65535"             },
        {"127.0.0.1@53#name", NULL,              "from 1 to 65535"             },
        {"@53",               NULL,              "is no address"               },
        {"resolver.test",     NULL,              "is no address"               },
        {"[::1@53",           NULL,              "is no address"               },
        {"fe80::1%a b",       NULL,              "is no address"               },
        {"127.0.0.1%lo",      NULL,              "is no address"               },
        {"\x1b[2J",           NULL,              "\\x1b[2J is no address"      },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new(1 << 16);
        struct servers servers;
        struct buf why;
        buf_init(&why, arena, 400);
        enum yett_err err =
            servers_from_option(arena, slice_from_text(rows[i].text), &servers, &why);
        if (rows[i].server == NULL) {
            if (err != YETT_BAD_SYNTAX ||
                slice_find(buf_slice(&why), slice_from_text(rows[i].says)) ==
                    buf_slice(&why).len) {
                fail_msg("%s: %d, %.*s", rows[i].text, (int)err,
                         SLICE_ARG(buf_slice(&why)));
            }
        } else {
            assert_int_equal(err, YETT_OK);
            assert_int_equal(servers.count, 1);
            assert_string_equal(servers.list[0], rows[i].server);
            assert_true(slice_eq(servers.text, slice_from_text(rows[i].server)));
        }
        arena_free(arena);
    }
}

static enum yett_err read_file(struct arena *arena, const char *text,
                               struct servers *servers, struct buf *why)
{
    char path[] = "/tmp/yett-resolv-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    enum yett_err err = servers_from_file(arena, path, servers, why);
    assert_int_equal(unlink(path), 0);
    return err;
}

static void resolv_conf_is_read_as_libc_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *file, *servers; /* NULL: refused */
    } rows[] = {
        {"nameserver 192.0.2.1\n",                      "192.0.2.1"                  },
        {"nameserver 192.0.2.1",                        "192.0.2.1"                  },
        {"search a.test\nnameserver\t::1 \r\noptions edns0\n"
         "nameserver 192.0.2.2 # mine\n",      "::1 or 192.0.2.2"           },
        {"nameserver fe80::1%eth0\n",                   "fe80::1%eth0"               },
        {"nameserver rubbish\nnameserver 1.1.1.1\n",    "1.1.1.1"                    },
        {"nameserver 1.1.1.1\nnameserver 1.1.1.2\n"
         "nameserver 1.1.1.3\n",               "1.1.1.1, 1.1.1.2 or 1.1.1.3"},
        {"",                                            NULL                         },
        {"# nameserver 1.1.1.1\n;nameserver 1.1.1.2\n", NULL                         },
        {"nameserver rubbish\n",                        NULL                         },
        {"nameservers 1.1.1.1\n",                       NULL                         },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new(1 << 20);
        struct servers servers;
        struct buf why;
        buf_init(&why, arena, 400);
        enum yett_err err = read_file(arena, rows[i].file, &servers, &why);
        if (rows[i].servers == NULL) {
            assert_int_equal(err, YETT_BAD_SYNTAX);
            assert_true(slice_ends_with(buf_slice(&why), SLICE("name a name server")));
        } else {
            assert_int_equal(err, YETT_OK);
            if (!slice_eq(servers.text, slice_from_text(rows[i].servers))) {
                fail_msg("%s: %.*s", rows[i].file, SLICE_ARG(servers.text));
            }
        }
        arena_free(arena);
    }
}

static void a_missing_resolv_conf_is_named(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct servers servers;
    struct buf why;
    buf_init(&why, arena, 400);
    assert_int_equal(servers_from_file(arena, "/nonexistent/resolv.conf", &servers, &why),
                     YETT_IO);
    assert_true(slice_starts_with(buf_slice(&why), SLICE("/nonexistent/resolv.conf")));
    arena_free(arena);
}

static void more_servers_than_there_is_room_for_are_left_out(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct servers servers;
    struct buf why;
    char file[1000] = "";
    for (int i = 0; i < 20; i++) {
        (void)snprintf(file + strlen(file), sizeof(file) - strlen(file),
                       "nameserver 192.0.2.%d\n", i);
    }
    buf_init(&why, arena, 400);
    assert_int_equal(read_file(arena, file, &servers, &why), YETT_OK);
    assert_int_equal(servers.count, SERVERS_MAX);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_is_guessed_from_the_end_of_the_name),
        cmocka_unit_test(odd_octets_of_a_name_are_escaped),
        cmocka_unit_test(the_longest_name_fits_when_all_of_it_is_escaped),
        cmocka_unit_test(a_server_is_an_address_and_perhaps_a_port),
        cmocka_unit_test(resolv_conf_is_read_as_libc_reads_it),
        cmocka_unit_test(a_missing_resolv_conf_is_named),
        cmocka_unit_test(more_servers_than_there_is_room_for_are_left_out),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
