/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static slice written(const struct nameserver_address *address)
{
    struct buf buf;
    buf_init(&buf, arena, 100);
    address_write(&buf, address);
    return buf_slice(&buf);
}

static void an_address_may_have_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1",        "192.0.2.1"     },
        {"192.0.2.1@53",     "192.0.2.1"     },
        {"192.0.2.1@5353",   "192.0.2.1@5353"},
        {"[192.0.2.1]@1",    "192.0.2.1@1"   },
        {"2001:db8::1",      "2001:db8::1"   },
        {"2001:DB8:0::1@99", "2001:db8::1@99"},
        {"[2001:db8::1]@99", "2001:db8::1@99"},
        {"[2001:db8::1]",    "2001:db8::1"   },
        {"",                 NULL            },
        {"@53",              NULL            },
        {"192.0.2.1@",       NULL            },
        {"192.0.2.1@0",      NULL            },
        {"192.0.2.1@65536",  NULL            },
        {"192.0.2.1@dns",    NULL            },
        {"192.0.2.1:53",     NULL            },
        {"[192.0.2.1",       NULL            },
        {"ns1.example.com",  NULL            },
        {"fe80::1%eth0",     NULL            },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nameserver_address address;
        bool is_good = address_read(slice_from_text(rows[i].text), 53, &address);
        if (is_good != (rows[i].expected != NULL) ||
            (is_good &&
             !slice_eq(written(&address), slice_from_text(rows[i].expected)))) {
            fail_msg("\"%s\"", rows[i].text);
        }
    }
}

static void a_server_is_named_with_its_address_once(void **state)
{
    (void)state;
    struct nameserver named = {.name = SLICE("ns1.example.com")};
    struct nameserver given = {.name = SLICE("[192.0.2.1]@5353")};
    struct nameserver_address address;
    struct buf buf;
    assert_true(address_read(SLICE("192.0.2.1"), 5353, &address));
    buf_init(&buf, arena, 1000);
    address_write_server(&buf, &named, &address);
    buf_add_byte(&buf, '|');
    address_write_server(&buf, &given, &address);
    buf_add_byte(&buf, '|');
    address_write_server(&buf, &named, NULL);
    assert_true(slice_eq(
        buf_slice(&buf),
        SLICE("ns1.example.com (192.0.2.1@5353)|192.0.2.1@5353|ns1.example.com")));
}

static void resolvers_stand_in_resolv_conf(void **state)
{
    (void)state;
    char path[] = "/tmp/yett-resolv-XXXXXX";
    struct nameserver_address list[2];
    size_t count = 0;
    slice why = SLICE_NONE;
    int fd = mkstemp(path);
    static const char text[] = "# nameserver 192.0.2.9\nsearch example.com\n"
                               " nameserver\t192.0.2.1 # first\nnameserver rubbish\n"
                               "nameserver fe80::1%eth0\nnameserver 2001:db8::1\n"
                               "nameserver 192.0.2.3";
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(address_read_resolvers(arena, path, list, 2, &count, &why), YETT_OK);
    assert_int_equal(count, 2);
    assert_true(slice_eq(written(&list[0]), SLICE("192.0.2.1")));
    assert_true(slice_eq(written(&list[1]), SLICE("2001:db8::1")));

    assert_int_equal(ftruncate(fd, 30), 0);
    assert_int_equal(address_read_resolvers(arena, path, list, 2, &count, &why), YETT_IO);
    assert_true(slice_starts_with(why, slice_from_text(path)));
    (void)close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(address_read_resolvers(arena, path, list, 2, &count, &why), YETT_IO);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_may_have_a_port),
        TEST(a_server_is_named_with_its_address_once),
        TEST(resolvers_stand_in_resolv_conf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
