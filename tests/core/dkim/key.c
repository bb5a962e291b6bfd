/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Key records (RFC 6376 section 3.6.1, RFC 8463 section 4.2). */

static const struct {
    const char *text;
    const char *refused; /* NULL: it is a key record */
    struct dkim_key_record record;
    size_t key_bytes;
    const char *why;
} records[] = {
    {"p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .allows_sha256 = true, .for_email = true},
     3,                                                                                                                                                                                               "p= alone: all else has a default"},
    {"v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; n=hello there; p=AA AA;",
     NULL,                                                                                                   {.allows_sha256 = true, .for_email = true, .testing = true, .strict_identity = true},
     3,                                                                                                                                                                                               "everything"                      },
    {"v=DKIM1;k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
     NULL,                                                                                                   {.type = CRYPTO_ED25519,
      .allows_sha1 = true,
      .allows_sha256 = true,
      .for_email = true},
     32,                                                                                                                                                                                              "RFC 8463"                        },
    {"v=DKIM1; p=",
     NULL,                                                                                                   {.revoked = true, .allows_sha1 = true, .allows_sha256 = true, .for_email = true},
     0,                                                                                                                                                                                               "empty p=: revoked"               },
    {"h=sha1 : sha999; p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .for_email = true},
     3,                                                                                                                                                                                               "unknown digests are passed over" },
    {"h=; p=AAAA",                                                        NULL,                              {.for_email = true},                                                                  3, "an empty list allows nothing"    },
    {"s=other:*; p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .allows_sha256 = true, .for_email = true},
     3,                                                                                                                                                                                               "s=*"                             },
    {"s=tlsrpt; p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .allows_sha256 = true},
     3,                                                                                                                                                                                               "another service"                 },
    {"t=yes:x; p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .allows_sha256 = true, .for_email = true},
     3,                                                                                                                                                                                               "unknown flags are passed over"   },
    {"g=*; new=tag; p=AAAA",
     NULL,                                                                                                   {.allows_sha1 = true, .allows_sha256 = true, .for_email = true},
     3,                                                                                                                                                                                               "unknown tags are passed over"    },
    {"v=DKIM1.0; p=AAAA",                                                 "v= is not DKIM1",                 {0},                                                                                  0, "another version"                 },
    {"v=dkim1; p=AAAA",                                                   "v= is not DKIM1",                 {0},                                                                                  0, "the version has case"            },
    {"k=rsa; v=DKIM1; p=AAAA",                                            "v= is not the first tag",         {0},                                                                                  0, "v= must stand first"             },
    {"v=spf1 ip4:192.0.2.1 -all",
     "v= is not DKIM1",                                                                                      {0},
     0,                                                                                                                                                                                               "another record (a wildcard)"     },
    {"v=DKIM1; k=rsa",                                                    "p= is missing",                   {0},                                                                                  0, "p= is required"                  },
    {"",                                                                  "p= is missing",                   {0},                                                                                  0, "an empty record"                 },
    {"v=DKIM1; p=AAA*",                                                   "p= is not base64",                {0},                                                                                  0, "no base64"                       },
    {"v=DKIM1; k=dsa; p=AAAA",                                            "k= names an unknown type of key", {0},                                                                                  0, "unknown type"                    },
    {"v=DKIM1; k=; p=AAAA",
     "k= names an unknown type of key",                                                                      {0},
     0,                                                                                                                                                                                               "an empty value is no default"    },
    {"v=DKIM1; p=AAAA; p=AAAA",                                           "",                                {0},                                                                                  0, "a tag twice"                     },
    {"v=DKIM1; p=AAAA; rubbish",                                          "",                                {0},                                                                                  0, "no tag"                          },
    {"v=DKIM1\\; k=rsa\\; p=AAAA",                                        "v= is not DKIM1",                 {0},                                                                                  0, "a zone file's escapes"           },
};

static void records_are_read_by_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct arena *arena = arena_new(65536);
        struct dkim_key_record record = {.for_email = true, .testing = true};
        const struct dkim_key_record *want = &records[i].record;
        const char *why = "";
        size_t bad_at = SIZE_MAX;
        slice text = slice_from_text(records[i].text);
        enum yett_err err = dkim_parse_key_record(arena, text, &record, &bad_at, &why);
        bool as_wanted;
        if (records[i].refused != NULL) {
            as_wanted =
                err == YETT_BAD_SYNTAX && bad_at <= text.len && why[0] != '\0' &&
                (records[i].refused[0] == '\0' ||
                 slice_eq(slice_from_text(why), slice_from_text(records[i].refused)));
        } else {
            as_wanted = err == YETT_OK && record.type == want->type &&
                        record.revoked == want->revoked &&
                        record.testing == want->testing &&
                        record.strict_identity == want->strict_identity &&
                        record.allows_sha1 == want->allows_sha1 &&
                        record.allows_sha256 == want->allows_sha256 &&
                        record.for_email == want->for_email &&
                        record.key.len == records[i].key_bytes;
        }
        if (!as_wanted) {
            fail_msg("%s: %d %s", records[i].why, (int)err, why);
        }
        arena_free(arena);
    }
}

static void what_is_refused_is_left_untouched_and_pointed_at(void **state)
{
    (void)state;
    struct arena *arena = arena_new(65536);
    struct dkim_key_record record = {.notes = SLICE("before")};
    slice text = SLICE("v=DKIM1; p=AA!A");
    const char *why = NULL;
    size_t bad_at = 0;
    assert_int_equal(dkim_parse_key_record(arena, text, &record, &bad_at, &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(text.ptr[bad_at], '!');
    assert_true(slice_eq(record.notes, SLICE("before")));
    assert_int_equal(
        dkim_parse_key_record(arena, SLICE("n=for mail; p=AAAA"), &record, &bad_at, &why),
        YETT_OK);
    assert_true(slice_eq(record.notes, SLICE("for mail")));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_by_the_standard),
        cmocka_unit_test(what_is_refused_is_left_untouched_and_pointed_at),
    };
    return cmocka_run_group_tests_name("dkim key", tests, NULL, NULL);
}
