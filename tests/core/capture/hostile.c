/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The reader believes nothing. */

#define HEAD    "yettcap1\0\0\0\0\0\0\0\x01"
#define IDS     "\0\0\0\x01i\0\0\0\x01q"
#define FAILED  "\x01\0\0\0\0\x01\0\0\0\x01p"
#define FIELD   "\0\0\0\x01n\0\0\0\x01v"
#define FIELDS  "\0\0\0\x01" FIELD
#define FIVE    "\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LATE    "yettcap1\0\0\x01\0\0\0\0\x01"
#define NEVER   "yettcap1\xff\xff\xff\xff\xff\xff\xff\xff"
#define ENDLESS "\xff\xff\xff\xff"

static void what_is_never_written_is_not_read(void **state)
{
    static const struct {
        const char *why;
        slice octets;
    } rows[] = {
        {"nothing",                  SLICE_INIT("")                                         },
        {"another packet",
         SLICE_INIT("yettcap2\0\0\0\0\0\0\0\x01" IDS FAILED FIELDS "\x01")                  },
        {"a time before 1970",       SLICE_INIT(NEVER IDS FAILED FIELDS "\x01")             },
        {"a time too late",          SLICE_INIT(LATE IDS FAILED FIELDS "\x01")              },
        {"an id without end",
         SLICE_INIT(HEAD ENDLESS "i\0\0\0\x01q" FAILED FIELDS "\x01")                       },
        {"no failure",               SLICE_INIT(HEAD IDS "\0" FIELDS "\x01")                },
        {"five failures",            SLICE_INIT(HEAD IDS FIVE FIELDS "\x01")                },
        {"five records",             SLICE_INIT(HEAD IDS "\x01\0\0\0\0" FIVE FIELDS "\x01") },
        {"no such field",            SLICE_INIT(HEAD IDS "\x01\0\0\0\x01\0" FIELDS "\x01")  },
        {"a field far away",         SLICE_INIT(HEAD IDS "\x01" ENDLESS "\0" FIELDS "\x01") },
        {"no fields",                SLICE_INIT(HEAD IDS FAILED "\0\0\0\0\x01")             },
        {"too few fields",           SLICE_INIT(HEAD IDS FAILED "\0\0\0\x02" FIELD "\x01")  },
        {"too many fields",          SLICE_INIT(HEAD IDS FAILED "\0\0\x27\x11" FIELD "\x01")},
        {"endless fields",           SLICE_INIT(HEAD IDS FAILED ENDLESS FIELD "\x01")       },
        {"an endless value",
         SLICE_INIT(HEAD IDS FAILED "\0\0\0\x01\0\0\0\x01n" ENDLESS "v")                    },
        {"a fold without CR",
         SLICE_INIT(HEAD IDS FAILED "\0\0\0\x01\0\0\0\x01n\0\0\0\x03v\n \x01")              },
        {"nothing of a body",        SLICE_INIT(HEAD IDS FAILED FIELDS)                     },
        {"half a body",              SLICE_INIT(HEAD IDS FAILED FIELDS "\x02")              },
        {"a body that is not there", SLICE_INIT(HEAD IDS FAILED FIELDS "\0x")               },
    };
    static const slice good = SLICE_INIT(HEAD IDS FAILED FIELDS "\x01");
    struct capture_case *c = *state;
    struct capture read;
    assert_int_equal(capture_read(c->arena, good, &read), YETT_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_refuse(c, rows[i].octets, rows[i].why);
    }
}

/* A packet with a text of so many octets in it. */
static slice with_text(struct capture_case *c, slice before, size_t length, slice after)
{
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    buf_add(&buf, before);
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_add_byte(&buf, (char)(length >> shift & 0xff));
    }
    buf_add(&buf, slice_of(c->filler, length));
    buf_add(&buf, after);
    return buf_slice(&buf);
}

static void texts_longer_than_may_be_are_not_read(void **state)
{
    static const struct {
        const char *why;
        slice before;
        size_t most;
        slice after;
    } rows[] = {
        {"id",             SLICE_INIT(HEAD),                                     CAPTURE_ID_BYTES,
         SLICE_INIT("\0\0\0\0" FAILED FIELDS "\x01")                                                                     },
        {"queue id",       SLICE_INIT(HEAD "\0\0\0\0"),                          CAPTURE_ID_BYTES,
         SLICE_INIT(FAILED FIELDS "\x01")                                                                                },
        {"record",         SLICE_INIT(HEAD IDS "\x01\0\0\0\0\x01"),              CAPTURE_RECORD_BYTES,
         SLICE_INIT(FIELDS "\x01")                                                                                       },
        {"name",           SLICE_INIT(HEAD IDS FAILED "\0\0\0\x01"),             CAPTURE_HEADER_BYTES,
         SLICE_INIT("\0\0\0\0\x01")                                                                                      },
        {"value",          SLICE_INIT(HEAD IDS FAILED "\0\0\0\x01\0\0\0\0"),     CAPTURE_HEADER_BYTES,
         SLICE_INIT("\x01")                                                                                              },
        {"name and value", SLICE_INIT(HEAD IDS FAILED "\0\0\0\x01\0\0\0\x02nn"),
         CAPTURE_HEADER_BYTES - 2,                                                                     SLICE_INIT("\x01")},
        {"two fields",
         SLICE_INIT(HEAD IDS FAILED "\0\0\0\x02\0\0\0\x01n\0\0\0\x01v\0\0\0\0"),
         CAPTURE_HEADER_BYTES - 2,                                                                     SLICE_INIT("\x01")},
    };
    struct capture_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct capture read;
        slice octets = with_text(c, rows[i].before, rows[i].most, rows[i].after);
        enum yett_err err = capture_read(c->arena, octets, &read);
        if (err != YETT_OK) {
            fail_msg("%s: %s", rows[i].why, yett_err_text(err));
        }
        case_refuse(c, with_text(c, rows[i].before, rows[i].most + 1, rows[i].after),
                    rows[i].why);
    }
}

static void cut_anywhere_it_is_refused_or_has_less_of_its_body(void **state)
{
    struct capture_case *c = *state;
    slice octets = case_write(c);
    size_t head = octets.len - c->body.len;
    for (size_t length = 0; length < octets.len; length++) {
        struct capture read;
        if (length < head) {
            case_refuse(c, slice_first(octets, length), "cut");
            continue;
        }
        assert_int_equal(capture_read(c->arena, slice_first(octets, length), &read),
                         YETT_OK);
        assert_true(slice_eq(read.body, slice_first(c->body, length - head)));
    }
    free((char *)(uintptr_t)octets.ptr);
}

static void assert_written_the_same(struct capture_case *c, const struct capture *read,
                                    slice octets)
{
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    assert_int_equal(capture_write(read, &buf), YETT_OK);
    buf_add(&buf, read->body);
    assert_true(slice_eq(buf_slice(&buf), octets));
}

/* Every octet becomes every other. */
static void with_one_octet_changed_it_is_refused_or_in_range(void **state)
{
    struct capture_case *c = *state;
    c->capture.failure_count = 2;
    c->capture.failures[1] = c->capture.failures[0];
    slice octets = case_write(c);
    char *changed = (char *)(uintptr_t)octets.ptr;
    size_t refused = 0, accepted = 0;
    for (size_t i = 0; i < octets.len; i++) {
        for (int turn = 1; turn < 256; turn++) {
            struct capture read;
            changed[i] = (char)(changed[i] + 1);
            enum yett_err err = capture_read(c->arena, octets, &read);
            if (err == YETT_OK) {
                case_assert_in_bounds(&read, octets);
                assert_written_the_same(c, &read, octets);
                accepted++;
            } else {
                assert_int_equal(err, YETT_BAD_SYNTAX);
                refused++;
            }
            arena_reset(c->arena, CASE_ARENA_BYTES);
        }
        changed[i] = (char)(changed[i] + 1);
    }
    assert_true(refused > 1000 && accepted > 1000);
    free(changed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_never_written_is_not_read),
        TEST(texts_longer_than_may_be_are_not_read),
        TEST(cut_anywhere_it_is_refused_or_has_less_of_its_body),
        TEST(with_one_octet_changed_it_is_refused_or_in_range),
    };
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
