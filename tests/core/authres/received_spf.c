/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = arena_new(1 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static slice written(struct arena *arena, const struct authres_received_spf *spf)
{
    struct buf buf;
    size_t longest;
    buf_init(&buf, arena, 1 << 16);
    authres_write_received_spf(&buf, spf);
    assert_int_equal(buf_err(&buf), YETT_OK);
    const char *fault = field_fault(buf_slice(&buf), &longest);
    if (fault != NULL) {
        fail_msg("%s: %.*s", fault, SLICE_ARG(buf_slice(&buf)));
    }
    return buf_slice(&buf);
}

static void assert_text(slice text, const char *expected)
{
    if (!slice_eq(text, slice_from_text(expected))) {
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(text), expected);
    }
}

/* RFC 7208 section 9.1: at least client-ip, helo and envelope-from. */
static void a_result_is_written_with_its_evidence(void **state)
{
    struct authres_received_spf spf = {
        .result = SLICE("pass"),
        .comment = SLICE("mybox.example.org: domain of myname@example.com designates "
                         "192.0.2.1 as permitted sender"),
        .receiver = SLICE("mybox.example.org"),
        .client_ip = SLICE("192.0.2.1"),
        .envelope_from = SLICE("myname@example.com"),
        .helo = SLICE("foo.example.com"),
        .identity = SLICE("mailfrom"),
        .mechanism = SLICE("ip4:192.0.2.1"),
    };
    assert_text(
        written(*state, &spf),
        "Received-SPF: pass (mybox.example.org: domain of myname@example.com\r\n"
        " designates 192.0.2.1 as permitted sender) receiver=mybox.example.org;\r\n"
        "    identity=mailfrom; client-ip=192.0.2.1;\r\n"
        "    envelope-from=\"myname@example.com\"; helo=foo.example.com;\r\n"
        "    mechanism=\"ip4:192.0.2.1\"\r\n");
}

static void what_is_empty_is_left_out(void **state)
{
    struct authres_received_spf spf = {.result = SLICE("none")};
    assert_text(written(*state, &spf), "Received-SPF: none\r\n");
    spf.client_ip = SLICE("2001:db8::1");
    spf.helo = SLICE("[192.0.2.1]");
    assert_text(written(*state, &spf),
                "Received-SPF: none client-ip=\"2001:db8::1\"; helo=\"[192.0.2.1]\"\r\n");
}

/* MUST of section 9.1: no invalid characters, not too long, nothing malicious. */
static void the_sender_cannot_write_into_the_field(void **state)
{
    static char text[3000];
    for (int octet = 0; octet < 256; octet++) {
        struct arena_mark mark = arena_mark(*state);
        memset(text, octet, sizeof(text));
        slice hostile = slice_of(text, octet % 2 == 0 ? 3 : sizeof(text));
        struct authres_received_spf spf = {hostile, hostile, hostile, hostile, hostile,
                                           hostile, hostile, hostile, hostile};
        (void)written(*state, &spf);
        arena_rewind(*state, mark);
    }
    struct authres_received_spf spf = {
        .result = SLICE("fail"),
        .envelope_from = SLICE("a\"; helo=x\r\nX-Evil: y@example.org"),
        .helo = SLICE("a; envelope-from=b"),
    };
    assert_text(
        written(*state, &spf),
        "Received-SPF: fail envelope-from=\"a\\\"; helo=x??X-Evil: y@example.org\";\r\n"
        "    helo=\"a; envelope-from=b\"\r\n");
    spf.envelope_from = SLICE("j\xc3\xb6@example.org");
    spf.helo = SLICE("j\xc3\xb6");
    assert_text(
        written(*state, &spf),
        "Received-SPF: fail envelope-from=\"j\xc3\xb6@example.org\"; helo=\"j?\"\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_written_with_its_evidence),
        cmocka_unit_test(what_is_empty_is_left_out),
        cmocka_unit_test(the_sender_cannot_write_into_the_field),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
