/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dkim/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* DKIM-Signature fields (RFC 6376 sections 3.5 and 6.1.1). */

#define BH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"

struct field {
    struct arena *arena;
    struct message_field field;
    struct dkim_signature signature;
};

static int setup(void **state)
{
    struct field *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->arena = arena_new(4 * 1024 * 1024);
    assert_non_null(f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct field *f = *state;
    arena_free(f->arena);
    free(f);
    return 0;
}

static const struct dkim_signature *parse(struct field *f, slice value)
{
    slice raw = arena_printf(f->arena, "DKIM-Signature:%.*s\r\n", SLICE_ARG(value));
    assert_non_null(raw.ptr);
    f->field = (struct message_field){.raw = raw,
                                      .name = slice_first(raw, 14),
                                      .value = slice_between(raw, 15, raw.len - 2)};
    assert_int_equal(dkim_parse_signature(f->arena, &f->field, &f->signature), YETT_OK);
    return &f->signature;
}

static const struct dkim_signature *parse_text(struct field *f, const char *value)
{
    return parse(f, slice_from_text(value));
}

static void a_whole_field_is_read(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s =
        parse_text(f, " v=1; a=rsa-sha256; d=Example.NET; s=Brisbane;\r\n"
                      "\tc=relaxed/simple; q=dns/txt; i=Joe=20X@eng.\r\n example.net;\r\n"
                      " t=1117574938; x=1118006938; l=42; n=unknown;\r\n"
                      " h=from : to:subject\r\n :date; z=From:foo|To:joe;\r\n " BH
                      " b= dzdVyOfAKCdL\r\n  XdJOc9G2 ;\r\n");
    assert_int_equal(s->error.len, 0);
    assert_int_equal(s->error_code, DKIM_NONE);
    assert_int_equal(s->algorithm, DKIM_RSA_SHA256);
    assert_true(slice_eq(s->algorithm_text, SLICE("rsa-sha256")));
    assert_true(slice_eq(s->domain, SLICE("example.net")));
    assert_true(slice_eq(s->selector, SLICE("brisbane")));
    assert_true(slice_eq(s->identity, SLICE("Joe=20X@eng.example.net")));
    assert_true(slice_eq(s->identity_domain, SLICE("eng.example.net")));
    assert_int_equal(s->header_canon, DKIM_RELAXED);
    assert_int_equal(s->body_canon, DKIM_SIMPLE);
    assert_int_equal(s->body_hash.len, 32);
    assert_int_equal(s->signature.len, 15);
    assert_true(slice_eq(s->b_text, SLICE("dzdVyOfAKCdLXdJOc9G2")));
    assert_true(slice_eq(s->b_region, SLICE(" dzdVyOfAKCdL\r\n  XdJOc9G2 ")));
    assert_int_equal(s->body_length, 42);
    assert_int_equal(s->signed_at_s, 1117574938);
    assert_int_equal(s->expires_at_s, 1118006938);
    assert_true(dkim_signs_field(s, "From"));
    assert_true(dkim_signs_field(s, "DATE"));
    assert_false(dkim_signs_field(s, "Sub"));
    assert_false(dkim_signs_field(s, "Cc"));
}

static void what_is_not_said_has_its_default(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s =
        parse_text(f, "v=1;a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=AAAA");
    assert_int_equal(s->error.len, 0);
    assert_int_equal(s->header_canon, DKIM_SIMPLE);
    assert_int_equal(s->body_canon, DKIM_SIMPLE);
    assert_true(slice_eq(s->identity, SLICE("@example.net")));
    assert_true(slice_eq(s->identity_domain, SLICE("example.net")));
    assert_int_equal(s->body_length, DKIM_NO_LENGTH);
    assert_int_equal(s->signed_at_s, DKIM_NO_TIME);
    assert_int_equal(s->expires_at_s, DKIM_NO_TIME);
}

/* RFC 8616: U-labels are compared as A-labels. */
static void u_labels_become_a_labels(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s =
        parse_text(f, "v=1;a=rsa-sha256;d=b\xc3\xbc"
                      "cher.example;s=s\xc3\xa9l;"
                      "i=j\xc3\xb6@mail.xn--bcher-kva.example;h=from;" BH "b=AAAA");
    assert_int_equal(s->error.len, 0);
    assert_true(slice_eq(s->domain, SLICE("xn--bcher-kva.example")));
    assert_true(slice_eq(s->selector, SLICE("xn--sl-bja")));
    assert_true(slice_eq(s->identity_domain, SLICE("mail.xn--bcher-kva.example")));
}

static const struct {
    const char *value;
    enum dkim_code code; /* NONE: accepted */
    const char *words;   /* in the reason */
    const char *why;
} fields[] = {
  /* 3.2 */
    {"",                                                                            DKIM_NEUTRAL,   "v= is missing",            "an empty field"                                                    },
    {"v=1; nonsense",                                                               DKIM_NEUTRAL,   "",                         "no tag"                                                            },
    {"v=1;a=rsa-sha256;d=example.net;d=example.net;s=x;h=from;" BH "b=AAAA",        DKIM_NEUTRAL,
     "",                                                                                                                        "a tag twice makes the whole list invalid"                          },
    {"v=1;a=rsa-sha256;D=x;d=example.net;s=x;h=from;" BH "b=AAAA",                  DKIM_NONE,      "",
     "names of tags have case, so D= is another one"                                                                                                                                                },
 /* v= */
    {"a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=AAAA",                          DKIM_NEUTRAL,   "v= is missing",
     "v= is required"                                                                                                                                                                               },
    {"v=2;a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=AAAA",                      DKIM_NEUTRAL,
     "v= is not 1",                                                                                                             "another version"                                                   },
    {"v=1.0;a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=AAAA",                    DKIM_NEUTRAL,
     "v= is not 1",                                                                                                             "no number"                                                         },
 /* a= */
    {"v=1;d=example.net;s=x;h=from;" BH "b=AAAA",                                   DKIM_NEUTRAL,   "a= is missing",
     "a= is required"                                                                                                                                                                               },
    {"v=1;a=rsa-sha512;d=example.net;s=x;h=from;" BH "b=AAAA",                      DKIM_NEUTRAL,
     "unknown algorithm, \"rsa-sha512\"",                                                                                       "an algorithm that is not implemented"                              },
    {"v=1;a=RSA-SHA256;d=example.net;s=x;h=from;" BH "b=AAAA",                      DKIM_NONE,      "",
     "ABNF literals have no case"                                                                                                                                                                   },
    {"v=1;a=ed25519-sha256;d=example.net;s=x;h=from;" BH "b=AAAA",                  DKIM_NONE,      "",
     "RFC 8463"                                                                                                                                                                                     },
 /* b= and bh= */
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;" BH,                               DKIM_NEUTRAL,   "b= is missing",
     "b= is required"                                                                                                                                                                               },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=",                          DKIM_NEUTRAL,
     "b= is not base64",                                                                                                        "b= is empty"                                                       },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;" BH "b=AA*A",                      DKIM_NEUTRAL,
     "b= is not base64",                                                                                                        "no base64"                                                         },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;b=AAAA",                            DKIM_NEUTRAL,   "bh= is missing",
     "bh= is required"                                                                                                                                                                              },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;bh=;b=AAAA",                        DKIM_NEUTRAL,
     "bh= is not base64",                                                                                                       "bh= is empty"                                                      },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from;bh=AAAA;b=AAAA",                    DKIM_NEUTRAL,
     "not as long as",                                                                                                          "bh= is too short, and nobody reads behind it"                      },
    {"v=1;a=rsa-sha1;d=example.net;s=x;h=from;" BH "b=AAAA",                        DKIM_NEUTRAL,
     "not as long as",                                                                                                          "bh= of SHA-256 under rsa-sha1"                                     },
 /* c= */
    {"v=1;a=rsa-sha256;c=relaxed;d=example.net;s=x;h=from;" BH "b=AAAA",            DKIM_NONE,      "",
     "one word"                                                                                                                                                                                     },
    {"v=1;a=rsa-sha256;c=nofws;d=example.net;s=x;h=from;" BH "b=AAAA",              DKIM_NEUTRAL,
     "unknown canonicalisation, \"nofws\"",                                                                                     "an unknown word"                                                   },
    {"v=1;a=rsa-sha256;c=simple/bogus;d=example.net;s=x;h=from;" BH "b=AAAA",
     DKIM_NEUTRAL,                                                                                  "unknown canonicalisation", "an unknown word for the body"                                      },
    {"v=1;a=rsa-sha256;c=simple/;d=example.net;s=x;h=from;" BH "b=AAAA",            DKIM_NEUTRAL,
     "unknown canonicalisation",                                                                                                "no word for the body"                                              },
    {"v=1;a=rsa-sha256;c=;d=example.net;s=x;h=from;" BH "b=AAAA",                   DKIM_NEUTRAL,
     "unknown canonicalisation",                                                                                                "an empty value is no default (section 3.2)"                        },
 /* d= and s= */
    {"v=1;a=rsa-sha256;s=x;h=from;" BH "b=AAAA",                                    DKIM_NEUTRAL,   "d= is missing",
     "d= is required"                                                                                                                                                                               },
    {"v=1;a=rsa-sha256;d=;s=x;h=from;" BH "b=AAAA",                                 DKIM_NEUTRAL,   "d= is not a domain",
     "d= is empty"                                                                                                                                                                                  },
    {"v=1;a=rsa-sha256;d=example..net;s=x;h=from;" BH "b=AAAA",                     DKIM_NEUTRAL,
     "d= is not a domain",                                                                                                      "an empty label"                                                    },
    {"v=1;a=rsa-sha256;d=exam ple.net;s=x;h=from;" BH "b=AAAA",                     DKIM_NEUTRAL,
     "d= is not a domain",                                                                                                      "white space inside"                                                },
    {"v=1;a=rsa-sha256;d=example.net.;s=x;h=from;" BH "b=AAAA",                     DKIM_NEUTRAL,
     "d= is not a domain",                                                                                                      "a dot at the end"                                                  },
    {"v=1;a=rsa-sha256;d=example.net(.example.com;s=x;h=from;" BH "b=AAAA",         DKIM_NEUTRAL,
     "d= is not a domain",                                                                                                      "something to be put into another header field"                     },
    {"v=1;a=rsa-sha256;d=[192.0.2.1];s=x;h=from;" BH "b=AAAA",                      DKIM_NEUTRAL,
     "d= is not a domain",                                                                                                      "an address literal"                                                },
    {"v=1;a=rsa-sha256;d=net;s=x;h=from;" BH "b=AAAA",                              DKIM_NEUTRAL,   "one label",
     "domain-name has two labels at least"                                                                                                                                                          },
    {"v=1;a=rsa-sha256;d=example.net;h=from;" BH "b=AAAA",                          DKIM_NEUTRAL,   "s= is missing",
     "s= is required"                                                                                                                                                                               },
    {"v=1;a=rsa-sha256;d=example.net;s=a.b;h=from;" BH "b=AAAA",                    DKIM_NONE,      "",
     "a selector may have dots"                                                                                                                                                                     },
    {"v=1;a=rsa-sha256;d=example.net;s=a/b;h=from;" BH "b=AAAA",                    DKIM_NEUTRAL,
     "s= is not a selector",                                                                                                    "no name of DNS"                                                    },
 /* h= */
    {"v=1;a=rsa-sha256;d=example.net;s=x;" BH "b=AAAA",                             DKIM_NEUTRAL,   "h= is missing",
     "h= is required"                                                                                                                                                                               },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=;" BH "b=AAAA",                          DKIM_NEUTRAL,   "h= is empty",
     "the list must not be empty"                                                                                                                                                                   },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from::to;" BH "b=AAAA",                  DKIM_NEUTRAL,
     "no field name",                                                                                                           "an empty name"                                                     },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from to;" BH "b=AAAA",                   DKIM_NEUTRAL,
     "no field name",                                                                                                           "a space in a name"                                                 },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=to:subject;" BH "b=AAAA",                DKIM_PERMERROR,
     "From is not in h=",                                                                                                       "From must be signed"                                               },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=to:FROM;" BH "b=AAAA",                   DKIM_NONE,      "",
     "names of fields have no case"                                                                                                                                                                 },
    {"v=1;a=rsa-sha256;d=example.net;s=x;h=from:from:DKIM-Signature;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "names may stand more than once, and other signatures may be signed"},
 /* i= */
    {"v=1;a=rsa-sha256;d=example.net;i=@example.net;s=x;h=from;" BH "b=AAAA",       DKIM_NONE,
     "",                                                                                                                        "the same domain"                                                   },
    {"v=1;a=rsa-sha256;d=example.net;i=a@b@x.example.net;s=x;h=from;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "the last @ counts"                                                 },
    {"v=1;a=rsa-sha256;d=example.net;i=a@ex=61mpl=65.net;s=x;h=from;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "octets may be encoded"                                             },
    {"v=1;a=rsa-sha256;d=jexample.net;i=a@=6aexample.net;s=x;h=from;" BH "b=AAAA",
     DKIM_NEUTRAL,                                                                                  "i= has no domain",         "with digits in upper case only"                                    },
    {"v=1;a=rsa-sha256;d=example.net;i=a=b+c@example.net;s=x;h=from;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "what the local part holds does not matter"                         },
    {"v=1;a=rsa-sha256;d=example.net;i=a@evilexample.net;s=x;h=from;" BH "b=AAAA",
     DKIM_PERMERROR,                                                                                "not that of d=",           "a suffix that is no label"                                         },
    {"v=1;a=rsa-sha256;d=sub.example.net;i=a@example.net;s=x;h=from;" BH "b=AAAA",
     DKIM_PERMERROR,                                                                                "not that of d=",           "a parent of d="                                                    },
    {"v=1;a=rsa-sha256;d=example.net;i=example.net;s=x;h=from;" BH "b=AAAA",        DKIM_NEUTRAL,
     "i= has no domain",                                                                                                        "no @"                                                              },
    {"v=1;a=rsa-sha256;d=example.net;i=a@;s=x;h=from;" BH "b=AAAA",                 DKIM_NEUTRAL,
     "i= has no domain",                                                                                                        "nothing behind the @"                                              },
 /* l= */
    {"v=1;a=rsa-sha256;d=example.net;l=0;s=x;h=from;" BH "b=AAAA",                  DKIM_NONE,      "",                         "zero"                                                              },
    {"v=1;a=rsa-sha256;d=example.net;l=;s=x;h=from;" BH "b=AAAA",                   DKIM_NEUTRAL,
     "l= is not",                                                                                                               "no number"                                                         },
    {"v=1;a=rsa-sha256;d=example.net;l=-1;s=x;h=from;" BH "b=AAAA",                 DKIM_NEUTRAL,
     "l= is not",                                                                                                               "a sign"                                                            },
    {"v=1;a=rsa-sha256;d=example.net;l=1x;s=x;h=from;" BH "b=AAAA",                 DKIM_NEUTRAL,
     "l= is not",                                                                                                               "a letter"                                                          },
    {"v=1;a=rsa-sha256;d=example.net;l=9999999999999999999999999999999999999999x;s=x;h="
     "from;" BH "b=AAAA",
     DKIM_NEUTRAL,                                                                                  "l= is not",                "a letter behind more digits than fit"                              },
    {"v=1;a=rsa-sha256;d=example.net;l="
     "99999999999999999999999999999999999999999999999999999"
     "99999999999999999999999;s=x;h=from;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "76 digits"                                                         },
    {"v=1;a=rsa-sha256;d=example.net;l="
     "99999999999999999999999999999999999999999999999999999"
     "999999999999999999999999;s=x;h=from;" BH "b=AAAA",
     DKIM_NEUTRAL,                                                                                  "l= is not",                "77 digits"                                                         },
 /* q= */
    {"v=1;a=rsa-sha256;d=example.net;q=ldap:dns/txt;s=x;h=from;" BH "b=AAAA",       DKIM_NONE,
     "",                                                                                                                        "an unknown method before the known one"                            },
    {"v=1;a=rsa-sha256;d=example.net;q=dns;s=x;h=from;" BH "b=AAAA",                DKIM_NEUTRAL,
     "q= names no way",                                                                                                         "without the option that must be there"                             },
    {"v=1;a=rsa-sha256;d=example.net;q=;s=x;h=from;" BH "b=AAAA",                   DKIM_NEUTRAL,
     "q= names no way",                                                                                                         "empty"                                                             },
 /* t= and x= */
    {"v=1;a=rsa-sha256;d=example.net;t=10;x=11;s=x;h=from;" BH "b=AAAA",            DKIM_NONE,      "",
     "x= after t="                                                                                                                                                                                  },
    {"v=1;a=rsa-sha256;d=example.net;t=10;x=10;s=x;h=from;" BH "b=AAAA",            DKIM_PERMERROR,
     "x= is not later",                                                                                                         "x= must be greater"                                                },
    {"v=1;a=rsa-sha256;d=example.net;x=9;t=10;s=x;h=from;" BH "b=AAAA",             DKIM_PERMERROR,
     "x= is not later",                                                                                                         "in any order"                                                      },
    {"v=1;a=rsa-sha256;d=example.net;t=10;x=1000000000000;s=x;h=from;" BH "b=AAAA",
     DKIM_NONE,                                                                                     "",                         "13 digits are for ever"                                            },
    {"v=1;a=rsa-sha256;d=example.net;t=yesterday;s=x;h=from;" BH "b=AAAA",          DKIM_NEUTRAL,
     "t= is not",                                                                                                               "no number"                                                         },
    {"v=1;a=rsa-sha256;d=example.net;x=;s=x;h=from;" BH "b=AAAA",                   DKIM_NEUTRAL,
     "x= is not",                                                                                                               "no number"                                                         },
};

static void fields_are_judged_by_the_standard(void **state)
{
    struct field *f = *state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct dkim_signature *s = parse_text(f, fields[i].value);
        bool has_words = slice_find(s->error, slice_from_text(fields[i].words)) <
                         s->error.len + (fields[i].words[0] == '\0');
        if (s->error_code != fields[i].code || !has_words ||
            (s->error.len != 0) != (fields[i].code != DKIM_NONE)) {
            fail_msg("%s: %s \"%.*s\"", fields[i].why, dkim_code_text(s->error_code),
                     SLICE_ARG(s->error));
        }
        assert_true(s->error_offset <= f->field.value.len);
    }
}

static void an_error_points_at_what_is_wrong(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s =
        parse_text(f, "v=1; a=rsa-sha256; d=example.net; s=x; h=from; " BH " b=AA*A");
    assert_int_equal(f->field.value.ptr[s->error_offset], '*');
    s = parse_text(f, "v=1; a=rsa-md5; d=example.net; s=x; h=from; " BH " b=AAAA");
    assert_true(
        slice_starts_with(slice_skip(f->field.value, s->error_offset), SLICE("rsa-md5")));
}

static void the_first_error_is_told_and_the_rest_is_read(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s =
        parse_text(f, "v=3; a=rsa-sha256; d=example.net; s=x; h=to; " BH " b=AAAA");
    assert_int_equal(s->error_code, DKIM_NEUTRAL);
    assert_true(slice_starts_with(s->error, SLICE("v= is not 1")));
    assert_true(slice_eq(s->domain, SLICE("example.net")));
    assert_true(slice_eq(s->selector, SLICE("x")));
}

static void hostile_octets_are_shown_harmlessly(void **state)
{
    struct field *f = *state;
    const struct dkim_signature *s = parse_text(
        f, "v=1; a=\xe2\x80\xaegnp-asr; d=example.net; s=x; h=from; " BH " b=AAAA");
    assert_int_equal(s->error_code, DKIM_NEUTRAL);
    assert_int_equal(slice_find(s->error, SLICE("\xe2\x80\xae")), s->error.len);
}

static void more_than_500_names_in_h_are_refused(void **state)
{
    struct field *f = *state;
    for (int names = 500; names <= 501; names++) {
        struct buf buf;
        buf_init(&buf, f->arena, 100000);
        buf_add_text(&buf, "v=1;a=rsa-sha256;d=example.net;s=x;" BH "b=AAAA;h=from");
        for (int i = 1; i < names; i++) {
            buf_add_text(&buf, ":a");
        }
        const struct dkim_signature *s = parse(f, buf_slice(&buf));
        assert_int_equal(s->error.len != 0, names > 500);
    }
}

static void a_key_name_that_is_too_long_for_dns_is_refused(void **state)
{
    struct field *f = *state;
    static const char label[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    char text[1024];
    for (int labels = 2; labels <= 5; labels++) {
        int len =
            snprintf(text, sizeof(text), "v=1;a=rsa-sha256;s=x;h=from;" BH "b=AAAA;d=");
        for (int i = 0; i < labels; i++) {
            len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s",
                            i == 0 ? "" : ".", label);
        }
        const struct dkim_signature *s = parse_text(f, text);
        assert_int_equal(s->error.len != 0, labels * 53 - 1 + 13 > 253);
    }
}

static void parsing_stops_at_the_arenas_ceiling(void **state)
{
    (void)state;
    slice raw =
        SLICE("v=1;a=rsa-sha256;d=Example.net;i=a@example.net;s=x;h=from;" BH "b=AAAA");
    struct message_field field = {.raw = raw, .value = raw};
    bool worked = false;
    for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct dkim_signature signature;
        enum yett_err err = dkim_parse_signature(arena, &field, &signature);
        assert_true(err == YETT_NO_MEMORY ||
                    (err == YETT_OK && signature.error.len == 0));
        worked = worked || err == YETT_OK;
        arena_free(arena);
    }
    assert_true(worked);
}

#define WITH_FIELD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIELD(a_whole_field_is_read),
        WITH_FIELD(what_is_not_said_has_its_default),
        WITH_FIELD(u_labels_become_a_labels),
        WITH_FIELD(fields_are_judged_by_the_standard),
        WITH_FIELD(an_error_points_at_what_is_wrong),
        WITH_FIELD(the_first_error_is_told_and_the_rest_is_read),
        WITH_FIELD(hostile_octets_are_shown_harmlessly),
        WITH_FIELD(more_than_500_names_in_h_are_refused),
        WITH_FIELD(a_key_name_that_is_too_long_for_dns_is_refused),
        cmocka_unit_test(parsing_stops_at_the_arenas_ceiling),
    };
    return cmocka_run_group_tests_name("dkim signature", tests, NULL, NULL);
}
