/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define IN(literal) SLICE_INIT(literal)

/* "name <local part|domain>" of each, joined by ", ". */
static const struct {
    const char *why;
    slice value;
    const char *expected;
} good[] = {
    {"empty",                              IN(""),                                      ""                },
    {"RFC 5322 appendix A.1.2",
     IN(" Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
     "Mary Smith <mary|x.test>,  <jdoe|example.org>, Who? <one|y.test>"                                   },
    {"A.1.2, quoted",
     IN(" <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"),
     " <boss|nil.test>, Giant; \"Big\" Box <sysservices|example.net>"                                     },
    {"A.1.3, groups",
     IN(" A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
     "Ed Jones <c|a.test>,  <joe|where.test>, John <jdoe|one.test>"                                       },
    {"A.1.3, an empty group",              IN(" Undisclosed recipients:;"),             ""                },
    {"A.5, white space and comments",
     IN(" A Group(Some people)\r\n     :Chris Jones <c@(Chris's "
        "host.)public.example>,\r\n"
        "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end "
        "of the "
        "group)"),
     "Chris Jones <c|public.example>,  <joe|example.org>, John <jdoe|one.test>"                           },
    {"A.5, an empty group with a comment",
     IN("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"),             ""                },
    {"A.6.1, obsolete forms",
     IN(" Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example"),
     "Mary Smith <mary|example.net>,  <jdoe|test.example>"                                                },
    {"a longer route",                     IN("<@a.test,@b.test,,@c.test : x@d.test>"), " <x|d.test>"     },
    {"a route with empty members first",   IN("<,, @a.test:x@d.test>"),                 " <x|d.test>"     },
    {"an address literal",                 IN("x@[192.0.2.1]"),                         " <x|[192.0.2.1]>"},
    {"white space around @",               IN("x @ d.test"),                            " <x|d.test>"     },
    {"an address in a comment",            IN("x@d.test (y@e.test)"),                   " <x|d.test>"     },
};

static void the_grammar_of_rfc5322_is_read_with_its_obsolete_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct message_mailbox *list = NULL;
        size_t count = 99;
        size_t bad_at = 0;
        const char *why = "";
        enum yett_err err =
            message_parse_addresses(arena, good[i].value, &list, &count, &bad_at, &why);
        if (err != YETT_OK) {
            fail_msg("%s: at %zu: %s", good[i].why, bad_at, why);
        }
        struct buf buf;
        buf_init(&buf, arena, 4096);
        for (size_t m = 0; m < count; m++) {
            buf_add_text(&buf, m == 0 ? "" : ", ");
            buf_add(&buf, list[m].display_name);
            buf_add_text(&buf, " <");
            buf_add(&buf, list[m].local_part);
            buf_add_text(&buf, "|");
            buf_add(&buf, list[m].domain);
            buf_add_text(&buf, ">");
        }
        slice got = buf_slice(&buf);
        if (!slice_eq(got, slice_from_text(good[i].expected))) {
            fail_msg("%s: %.*s", good[i].why, SLICE_ARG(got));
        }
    }
}

static const struct {
    const char *why;
    slice value;
    size_t bad_at;
} bad[] = {
    {"a route without its colon",             IN("<@a.test x@d.test>"),                   9 },
    {"a route that ends in a comma",          IN("<@a.test,x@d.test>"),                   9 },
    {"an address literal that is not closed", IN("x@[192.0.2.1"),                         12},
    {"a bracket in an address literal",       IN("x@[[]"),                                3 },
    {"a bare LF",                             IN("x@d.test\n y"),                         8 },
    {"words behind the address",              IN("x@d.test y"),                           9 },
    {"only a name",                           IN("x"),                                    0 },
    {"comments nested too deeply",
     IN("((((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))))x@d.test"),
     32                                                                                     },
};

static void bad_syntax_names_the_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct message_mailbox *list = NULL;
        size_t count = 0;
        size_t bad_at = 99;
        const char *why = NULL;
        enum yett_err err =
            message_parse_addresses(arena, bad[i].value, &list, &count, &bad_at, &why);
        if (err != YETT_BAD_SYNTAX || bad_at != bad[i].bad_at || why == NULL) {
            fail_msg("%s: error %d at %zu, %s", bad[i].why, (int)err, bad_at,
                     why == NULL ? "" : why);
        }
    }
}

/* ---- envelope addresses --------------------------------------------------------------- */

static const struct path_row {
    const char *why;
    slice text;
    const char *local_part; /* NULL: refused */
    const char *domain;
} paths[] = {
    {"brackets",                       IN("<user@example.org>"),                         "user",       "example.org"      },
    {"no brackets",                    IN("user@example.org"),                           "user",       "example.org"      },
    {"the null reverse-path",          IN("<>"),                                         "",           ""                 },
    {"nothing",                        IN(""),                                           "",           ""                 },
    {"upper case",                     IN("<User@EXAMPLE.ORG>"),                         "User",       "example.org"      },
    {"white space around",             IN(" <user@example.org>\t"),                      "user",       "example.org"      },
    {"no domain",                      IN("<postmaster>"),                               "postmaster", ""                 },
    {"no local part (RFC 7208 4.3)",   IN("<@example.org>"),                             "",           "example.org"      },
    {"a source route",                 IN("<@a.example,@b.example:user@example.org>"),   "user",
     "example.org"                                                                                                        },
    {"a quoted local part",            IN("<\"a b\"@example.org>"),                      "a b",        "example.org"      },
    {"a quoted local part with @",     IN("<\"a@b\"@example.org>"),                      "a@b",        "example.org"      },
    {"escapes",                        IN("\"a\\\"\\\\b\"@example.org"),                 "a\"\\b",     "example.org"      },
    {"two dots",                       IN("<a..b@example.org>"),                         "a..b",       "example.org"      },
    {"a dot last",                     IN("<a.@example.org>"),                           "a.",         "example.org"      },
    {"SRS",                            IN("<SRS0=HHH=TT=example.com=user@example.org>"),
     "SRS0=HHH=TT=example.com=user",                                                                   "example.org"      },
    {"UTF-8",                          IN("<j\xc3\xbc@b\xc3\xbc.example>"),              "j\xc3\xbc",  "xn--b-eha.example"},
    {"an address literal",             IN("<user@[192.0.2.1]>"),                         "user",       "[192.0.2.1]"      },
    {"an IPv6 address literal",        IN("<user@[IPv6:2001:db8::1]>"),                  "user",
     "[IPv6:2001:db8::1]"                                                                                                 },
    {"a domain with a trailing dot",   IN("<user@example.org.>"),                        "user",       "example.org"      },
    {"a bracket that is not closed",   IN("<user@example.org"),                          NULL,         NULL               },
    {"a bracket that is not opened",   IN("user@example.org>"),                          NULL,         NULL               },
    {"two @",                          IN("<a@b@example.org>"),                          NULL,         NULL               },
    {"nothing behind @",               IN("<user@>"),                                    NULL,         NULL               },
    {"white space",                    IN("<us er@example.org>"),                        NULL,         NULL               },
    {"white space behind @",           IN("<user@ example.org>"),                        NULL,         NULL               },
    {"a quote not closed",             IN("<\"a@example.org>"),                          NULL,         NULL               },
    {"text behind a quoted string",    IN("<\"a\"b@example.org>"),                       NULL,         NULL               },
    {"a line end in quotes",           IN("<\"a\r\n b\"@example.org>"),                  NULL,         NULL               },
    {"NUL",                            IN("<a\0@example.org>"),                          NULL,         NULL               },
    {"NUL in quotes",                  IN("<\"a\0\"@example.org>"),                      NULL,         NULL               },
    {"not UTF-8",                      IN("<j\xfc@example.org>"),                        NULL,         NULL               },
    {"an empty label",                 IN("<a@b..example>"),                             NULL,         NULL               },
    {"a comment",                      IN("<a(x)@example.org>"),                         NULL,         NULL               },
    {"an empty address literal",       IN("<a@[]>"),                                     NULL,         NULL               },
    {"an address literal not closed",  IN("<a@[192.0.2.1>"),                             NULL,         NULL               },
    {"brackets in an address literal", IN("<a@[[192.0.2.1]]>"),                          NULL,         NULL               },
    {"a source route without a colon", IN("<@a.example,@b.example>"),                    NULL,         NULL               },
    {"only a bracket",                 IN("<"),                                          NULL,         NULL               },
    {"only a quote",                   IN("\""),                                         NULL,         NULL               },
};

static void envelope_addresses_are_read_as_smtp_writes_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct path_row *row = &paths[i];
        slice local = SLICE("untouched");
        slice domain = SLICE("untouched");
        enum yett_err err = message_parse_path(arena, row->text, &local, &domain);
        bool wanted = row->local_part != NULL;
        if (err != (wanted ? YETT_OK : YETT_BAD_SYNTAX) ||
            !slice_eq(local, slice_from_text(wanted ? row->local_part : "untouched")) ||
            !slice_eq(domain, slice_from_text(wanted ? row->domain : "untouched"))) {
            fail_msg("%s: error %d, %.*s, %.*s", row->why, (int)err, SLICE_ARG(local),
                     SLICE_ARG(domain));
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_grammar_of_rfc5322_is_read_with_its_obsolete_forms),
        TEST(bad_syntax_names_the_octet),
        TEST(envelope_addresses_are_read_as_smtp_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
