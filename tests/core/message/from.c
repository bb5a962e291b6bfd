/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct message_header parse(slice text)
{
    struct message_header header;
    bool done = false;
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &text, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    return header;
}

static struct message_from read_header(slice text)
{
    struct message_header header = parse(text);
    struct message_from from;
    assert_int_equal(message_read_from(arena, &header, &from), YETT_OK);
    return from;
}

static slice joined_domains(const struct message_from *from)
{
    struct buf buf;
    buf_init(&buf, arena, 4096);
    for (size_t i = 0; i < from->domain_count; i++) {
        buf_add_text(&buf, i == 0 ? "" : " ");
        buf_add(&buf, from->domains[i]);
    }
    return buf_slice(&buf);
}

static slice value_as_header(slice value)
{
    struct buf buf;
    buf_init(&buf, arena, 4 * 1024 * 1024);
    buf_add_text(&buf, "From:");
    buf_add(&buf, value);
    buf_add_text(&buf, "\r\n\r\n");
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

#define IN(literal) SLICE_INIT(literal)

/* ---- what is read --------------------------------------------------------------------- */

struct good {
    const char *why;
    slice value;
    const char *domains;
    const char *local_part; /* of the first mailbox */
    const char *name;
};

static const struct good good[] = {
    {"addr-spec",                                         IN(" user@example.org"),                      "example.org",           "user",          ""              },
    {"no white space after the colon",                    IN("user@example.org"),                       "example.org",           "user",          ""              },
    {"white space around",                                IN("  user@example.org\t "),                  "example.org",           "user",          ""              },
    {"folded",                                            IN("\r\n user@example.org"),                  "example.org",           "user",          ""              },
    {"name-addr",                                         IN(" Ann <user@example.org>"),                "example.org",           "user",          "Ann"           },
    {"angle-addr alone",                                  IN(" <user@example.org>"),                    "example.org",           "user",          ""              },
    {"no space before the bracket",                       IN("Ann<user@example.org>"),                  "example.org",           "user",
     "Ann"                                                                                                                                                        },
    {"white space within brackets",                       IN("Ann < user@example.org >"),               "example.org",           "user",
     "Ann"                                                                                                                                                        },
    {"quoted name",                                       IN(" \"Ann B.\" <user@example.org>"),         "example.org",           "user",
     "Ann B."                                                                                                                                                     },
    {"a quoted pair in the name (OpenDMARC#72)",
     IN(" \"Medtronic\\, Inc\" <x@y.example>"),                                                         "y.example",             "x",             "Medtronic, Inc"},
    {"a comma in a quoted name",                          IN(" \"B, Ann\" <x@y.example>"),              "y.example",             "x",
     "B, Ann"                                                                                                                                                     },
    {"an escaped quote in a name",                        IN(" \"Ann \\\"A\\\" B\" <x@y.example>"),     "y.example",
     "x",                                                                                                                                         "Ann \"A\" B"   },
    {"an address in a quoted name",                       IN(" \"a@b.example\" <c@d.example>"),         "d.example",
     "c",                                                                                                                                         "a@b.example"   },
    {"a bracketed address in a quoted name",              IN(" \"<a@b.example>\" <c@d.example>"),
     "d.example",                                                                                                                "c",             "<a@b.example>" },
    {"a backslash at the end of a quoted name",           IN(" \"x\\\\\" <c@d.example>"),
     "d.example",                                                                                                                "c",             "x\\"           },
    {"a name of several words",                           IN(" Ann \"van\" Beek <x@y.example>"),        "y.example",             "x",
     "Ann van Beek"                                                                                                                                               },
    {"a name with dots (obs-phrase)",                     IN(" John Q. Public <x@y.example>"),          "y.example",
     "x",                                                                                                                                         "John Q. Public"},
    {"quoted and plain without space",                    IN(" \"a\"b<x@y.example>"),                   "y.example",             "x",
     "ab"                                                                                                                                                         },
    {"an empty quoted name",                              IN(" \"\" <x@y.example>"),                    "y.example",             "x",             ""              },
    {"a folded name",                                     IN(" Ann\r\n\tBeek <x@y.example>"),           "y.example",             "x",             "Ann Beek"      },
    {"a folded quoted name",                              IN(" \"Ann\r\n Beek\" <x@y.example>"),        "y.example",             "x",
     "Ann Beek"                                                                                                                                                   },
    {"an encoded word",                                   IN(" =?utf-8?q?J=C3=BCrgen?= <x@y.example>"), "y.example",             "x",
     "J\xc3\xbcrgen"                                                                                                                                              },
    {"encoded words next to each other",
     IN(" =?utf-8?q?J=C3=BC?= =?utf-8?b?cmdlbg==?= <x@y.a>"),                                           "y.a",                   "x",
     "J\xc3\xbcrgen"                                                                                                                                              },
    {"an encoded word that spells an address",            IN(" =?utf-8?q?a=40b?= <x@y.example>"),
     "y.example",                                                                                                                "x",             "a@b"           },
    {"UTF-8 in a name",                                   IN(" J\xc3\xbcrgen <x@y.example>"),           "y.example",             "x",
     "J\xc3\xbcrgen"                                                                                                                                              },
    {"Latin-1 in a name",                                 IN(" J\xfcrgen <x@y.example>"),               "y.example",             "x",
     "J\xef\xbf\xbdrgen"                                                                                                                                          },
    {"UTF-8 local part",                                  IN(" j\xc3\xbcrgen@y.example"),               "y.example",             "j\xc3\xbcrgen",
     ""                                                                                                                                                           },
    {"U-label",
     IN(" x@B\xc3\xbc"
        "cher.example"),
     "xn--bcher-kva.example",                                                                                                    "x",             ""              },
    {"A-label",                                           IN(" x@XN--BCHER-KVA.example"),               "xn--bcher-kva.example", "x",             ""              },
    {"upper case",                                        IN(" X@EXAMPLE.Org"),                         "example.org",           "X",             ""              },
    {"underscore",                                        IN(" x@a_b.example"),                         "a_b.example",           "x",             ""              },
    {"one label",                                         IN(" root@localhost"),                        "localhost",             "root",          ""              },
    {"every octet of atext",                              IN(" !#$%&'*+-/=?^_`{|}~@y.example"),         "y.example",
     "!#$%&'*+-/=?^_`{|}~",                                                                                                                       ""              },
    {"quoted local part",                                 IN(" \"a b\"@y.example"),                     "y.example",             "a b",           ""              },
    {"quoted and plain words with dots (obs-local-part)",
     IN(" \"a\".b.\"c\\\"\"@y.example"),                                                                "y.example",             "a.b.c\"",       ""              },
    {"white space around dots of the local part",         IN(" a . b@y.example"),                       "y.example",
     "a.b",                                                                                                                                       ""              },
    {"an empty quoted local part",                        IN(" \"\"@y.example"),                        "y.example",             "",              ""              },
    {"a comment behind",                                  IN(" a@b.example (Ann Beek)"),                "b.example",             "a",             ""              },
    {"a comment right behind",                            IN(" a@b.example(comment)"),                  "b.example",             "a",             ""              },
    {"a comment in front",                                IN(" (x) a@b.example"),                       "b.example",             "a",             ""              },
    {"nested comments",                                   IN(" (x (y (z))) a@b.example"),               "b.example",             "a",             ""              },
    {"a quoted parenthesis in a comment",                 IN(" (x \\) y) a@b.example"),                 "b.example",             "a",
     ""                                                                                                                                                           },
    {"a quote in a comment",                              IN(" (x \" y) a@b.example"),                  "b.example",             "a",             ""              },
    {"parentheses in quotes are no comment",              IN(" \"(x\" <a@b.example>"),                  "b.example",
     "a",                                                                                                                                         "(x"            },
    {"RFC 5322 appendix A.5",
     IN(" Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),                             "silly.test",
     "pete",                                                                                                                                      "Pete"          },
    {"several in one domain",                             IN(" a@b.example, c@B.example"),              "b.example",             "a",             ""              },
    {"missing members of the list",                       IN(" ,, a@b.example,,(x), c@b.example,"),     "b.example",
     "a",                                                                                                                                         ""              },
    {"a group",                                           IN(" Team: a@b.example, Ann <c@b.example>;"), "b.example",             "a",             ""              },
    {"an empty group beside an address",                  IN(" None:; , a@b.example"),                  "b.example",             "a",
     ""                                                                                                                                                           },
    {"a group with missing members",                      IN(" Team:,a@b.example,;"),                   "b.example",             "a",             ""              },
    {"a long domain",
     IN(" a@a23456789012345678901234567890123456789012345678901234567890123"
        ".example"),
     "a23456789012345678901234567890123456789012345678901234567890123.example",                                                  "a",             ""              },
};

static void what_every_reader_reads_alike_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct good *row = &good[i];
        struct message_from from = read_header(value_as_header(row->value));
        if (from.status != MESSAGE_FROM_OK ||
            !slice_eq(joined_domains(&from), slice_from_text(row->domains)) ||
            !slice_eq(from.mailboxes[0].local_part, slice_from_text(row->local_part)) ||
            !slice_eq(from.mailboxes[0].display_name, slice_from_text(row->name))) {
            fail_msg(
                "%s: status %d, domains %.*s, local part %.*s, name %.*s, %.*s", row->why,
                (int)from.status, SLICE_ARG(joined_domains(&from)),
                SLICE_ARG(from.count == 0 ? SLICE_NONE : from.mailboxes[0].local_part),
                SLICE_ARG(from.count == 0 ? SLICE_NONE : from.mailboxes[0].display_name),
                SLICE_ARG(from.reason));
        }
        assert_int_equal(from.reason.len, 0);
    }
}

/* ---- what is refused ------------------------------------------------------------------ */

struct bad {
    const char *why;
    slice value;
    size_t offset;
    const char *reason; /* a part of it */
};

static const struct bad bad[] = {
    {"an address as the name of another",                         IN("a@b.example <c@d.example>"),           12, "comma"             },
    {"two bracketed addresses",                                   IN("<a@b.example> <c@d.example>"),         14, "comma"             },
    {"without white space",                                       IN("<a@b.example><c@d.example>"),          13, "comma"             },
    {"a domain behind a bracket",                                 IN("<a@b.example>@d.example"),             13, "comma"             },
    {"a bracket that is not closed",                              IN("Ann <a@b.example"),                    16, "closed"            },
    {"a bracket that is not opened",                              IN("a@b.example>"),                        11, "comma"             },
    {"a bracket in the domain (OpenDMARC#113)",                   IN("<a@b.example>>"),                      13, "comma"             },
    {"brackets in brackets",                                      IN("<<a@b.example>>"),                     1,  "without an address"},
    {"an address and a name in brackets",                         IN("<Ann a@b.example>"),                   5,  "local part"        },
    {"two addresses in brackets",                                 IN("<a@b.example, c@b.example>"),          12, "closed"            },
    {"empty brackets",                                            IN("Ann <>"),                              5,  "without an address"},
    {"an address in brackets twice @",                            IN("a@b@c.example"),                       3,  "comma"             },
    {"words behind the address",                                  IN("a@b.example junk"),                    12, "comma"             },
    {"a semicolon instead of a comma",                            IN("a@b.example; c@b.example"),            11, "comma"             },
    {"a name without an address",                                 IN("Ann Beek"),                            0,  "name without"      },
    {"one of two has no address",                                 IN("a@b.example, Ann"),                    13, "name without"      },
    {"a comma in a name without quotes",                          IN("Beek, Ann <a@b.example>"),             0,
     "name without"                                                                                                                  },
    {"a backslash in a name without quotes",                      IN("Medtronic\\, Inc <x@y>"),              9,
     "outside quotes"                                                                                                                },
    {"a backslash between addresses",                             IN("<a@b.example>\\, <c@d.example>"),      13, "comma"             },
    {"square brackets in a name",                                 IN("[list] Ann <a@b.example>"),            0,  "outside quotes"    },
    {"a colon in a name",                                         IN("Re: Ann <a@b.example>"),               21, "semicolon"         },
    {"a group that is not closed",                                IN("Team: a@b.example"),                   17, "semicolon"         },
    {"a group in a group",                                        IN("Team: More: a@b.example;;"),           10, "colon"             },
    {"a group without a name",                                    IN(": a@b.example;"),                      0,  "colon"             },
    {"junk behind a group",                                       IN("Team: a@b.example; c@b.example"),      19, "comma"             },
    {"an address as a group's name",                              IN("a@b.example: c@b.example;"),           11, "comma"             },
    {"a quoted local part with an address in it (OpenDMARC#243)",
     IN("\"Someone <a@junk.example>\"@mydomain.example"),                                                    0,  "some readers"      },
    {"an address as a quoted local part",                         IN("Ann <\"a@b.example\"@c.example>"),     5,
     "some readers"                                                                                                                  },
    {"no local part",                                             IN("@b.example"),                          0,  "nothing before"    },
    {"no local part in brackets",                                 IN("Ann <@b.example>"),                    5,  "source route"      },
    {"no domain",                                                 IN("a@"),                                  2,  "empty label"       },
    {"no domain in brackets",                                     IN("<a@>"),                                3,  "empty label"       },
    {"a dot first",                                               IN(".a@b.example"),                        0,  "dots"              },
    {"a dot last",                                                IN("a.@b.example"),                        2,  "dots"              },
    {"two dots",                                                  IN("a..b@b.example"),                      2,  "dots"              },
    {"a dot first in the domain",                                 IN("a@.b.example"),                        2,  "empty label"       },
    {"a dot last in the domain",                                  IN("a@b.example."),                        12, "empty label"       },
    {"two dots in the domain",                                    IN("a@b..example"),                        4,  "empty label"       },
    {"a domain that is none",                                     IN("a@b!c.example"),                       2,  "no valid domain"   },
    {"a label too long",
     IN("a@a234567890123456789012345678901234567890123456789012345678901234.example"),                       2,
     "no valid domain"                                                                                                               },
    {"a full stop that is not ASCII",
     IN("a@b\xe3\x80\x82"
        "example"),
     2,                                                                                                          "no valid domain"   },
    {"a domain not in UTF-8",                                     IN("a@b\xfc.example"),                     2,  "no valid domain"   },
    {"a local part not in UTF-8",                                 IN("a\xfc@b.example"),                     0,  "UTF-8"             },
    {"an address literal",                                        IN("a@[192.0.2.1]"),                       2,  "literal"           },
    {"a source route",                                            IN("<@a.example,@b.example:c@d.example>"), 1,  "source route"      },
    {"white space in the domain",                                 IN("a@b.example .d.example"),              11, "within a domain"   },
    {"white space behind a dot of the domain",                    IN("a@b.example. d.example"),              12,
     "within a domain"                                                                                                               },
    {"a comment in the domain",                                   IN("a@b.example(x).d.example"),            11, "within a domain"   },
    {"a comment in front of the domain",                          IN("a@(b.example)d.example"),              2,  "between @"         },
    {"white space behind @",                                      IN("a@ b.example"),                        2,  "between @"         },
    {"an address in a comment",                                   IN("a@b.example (c@d.example)"),           14, "comment"           },
    {"a bracket in a comment",                                    IN("a@b.example (<)"),                     13, "comment"           },
    {"a comment that is not closed",                              IN("a@b.example (x"),                      14, "closed"            },
    {"a comment closed twice",                                    IN("a@b.example (x))"),                    15, "comma"             },
    {"a quoted string that is not closed",                        IN("\"Ann <a@b.example>"),                 18, "closed"            },
    {"a quote open behind a name",                                IN("Ann\" <a@b.example>"),                 18, "closed"            },
    {"an encoded word that spells an address in brackets",
     IN("=?utf-8?b?PGFkbWluQGIuZXhhbXBsZT4=?= <c@d.example>"),                                               0,  "encoded word"      },
    {"the same in two encoded words",
     IN("=?utf-8?q?=3Ca=40?= =?utf-8?q?b=3E?= <c@d.example>"),                                               0,  "encoded word"      },
    {"an encoded address instead of an address",
     IN("=?utf-8?b?PGFkbWluQGIuZXhhbXBsZT4=?=, <c@d.example>"),                                              0,  "name without"      },
    {"an encoded word as the local part",                         IN("=?utf-8?q?a?=@b.example"),             0,
     "encoded word"                                                                                                                  },
    {"an encoded word as the domain",                             IN("a@=?utf-8?q?b?=.example"),             2,
     "no valid domain"                                                                                                               },
    {"a bracket between escaped quotes",
     IN("\"a\\\" <b@c.example>, \\\"\" <d@e.example>"),                                                      0,  "escaped quote"     },
    {"NUL behind the address",                                    IN("a@b.example\0@d.example"),             11, "NUL"               },
    {"NUL in front",                                              IN("\0a@b.example"),                       0,  "NUL"               },
    {"NUL in the local part",                                     IN("a\0c@b.example"),                      1,  "NUL"               },
    {"NUL in a quoted name",                                      IN("\"a\0\" <a@b.example>"),               2,  "NUL"               },
    {"NUL in a comment",                                          IN("(\0)a@b.example"),                     1,  "NUL"               },
    {"a control character in a quoted name",                      IN("\"\033[2J\" <a@b.example>"),           1,
     "control"                                                                                                                       },
    {"DEL in an atom",                                            IN("a\177@b.example"),                     1,  "outside quotes"    },
    {"an escaped line end",                                       IN("\"a\\\r\n b\" <a@b.example>"),         3,  "control"           },
    {"a bare LF",                                                 IN("a@b.example\n c"),                     11, "folds no line"     },
    {"a bare CR",                                                 IN("a@b.example\r c"),                     11, "folds no line"     },
    {"a bare CR in quotes",                                       IN("\"a\rb\" <a@b.example>"),              2,  "folds no line"     },
    {"no comma but a line end",                                   IN("a@b.example\r\n c@b.example"),         14, "comma"             },
};

static void what_could_be_read_in_two_ways_is_unparsable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct bad *row = &bad[i];
        struct message_from from = read_header(value_as_header(row->value));
        bool named =
            slice_find(from.reason, slice_from_text(row->reason)) < from.reason.len;
        if (from.status != MESSAGE_FROM_UNPARSABLE || from.offset != row->offset ||
            !named) {
            fail_msg("%s: status %d, offset %zu, %.*s", row->why, (int)from.status,
                     from.offset, SLICE_ARG(from.reason));
        }
    }
}

/* ---- whole headers -------------------------------------------------------------------- */

struct whole {
    const char *why;
    slice header;
    enum message_from_status status;
    const char *domains;
};

static const struct whole whole[] = {
    {"no field",                                         IN("To: a@b\r\n\r\n"),                                           MESSAGE_FROM_MISSING,        ""                     },
    {"an empty header",                                  IN("\r\n"),                                                      MESSAGE_FROM_MISSING,        ""                     },
    {"an empty field",                                   IN("From:\r\n\r\n"),                                             MESSAGE_FROM_MISSING,        ""                     },
    {"a field of white space",                           IN("From: \r\n  \r\n\r\n"),                                      MESSAGE_FROM_MISSING,        ""                     },
    {"only a comment",                                   IN("From: (nobody)\r\n\r\n"),                                    MESSAGE_FROM_MISSING,        ""                     },
    {"only commas",                                      IN("From: ,,\r\n\r\n"),                                          MESSAGE_FROM_MISSING,        ""                     },
    {"an empty group",                                   IN("From: undisclosed:;\r\n\r\n"),                               MESSAGE_FROM_MISSING,        ""                     },
    {"any case",                                         IN("fRoM: a@b.example\r\n\r\n"),                                 MESSAGE_FROM_OK,             "b.example"            },
    {"white space before the colon",                     IN("From \t: a@b.example\r\n\r\n"),                              MESSAGE_FROM_OK,
     "b.example"                                                                                                                                                              },
    {"two domains",                                      IN("From: a@b.example, c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_DOMAINS,                                                                                                                     "b.example d.example"  },
    {"two domains, one in a group",                      IN("From: a@b.example, x: c@d.example;\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_DOMAINS,                                                                                                                     "b.example d.example"  },
    {"a subdomain is another domain",                    IN("From: a@b.example, c@x.b.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_DOMAINS,                                                                                                                     "b.example x.b.example"},
    {"two fields",                                       IN("From: a@b.example\r\nTo: x@y\r\nFrom: c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example d.example"  },
    {"two fields in one domain",                         IN("From: a@b.example\r\nFrom: a@b.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example"            },
    {"two fields, one obsolete",                         IN("From: a@b.example\r\nFrom : c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example d.example"  },
    {"two fields, one empty",                            IN("From: a@b.example\r\nFrom:\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example"            },
    {"two fields, one unparsable",                       IN("From: <a\r\nFrom: c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "d.example"            },
    {"hidden behind a bare LF",
     IN("From: a@b.example\r\nX: y\nFrom: c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example d.example"  },
    {"hidden behind a bare CR",
     IN("X: y\rfrom \t: c@d.example\r\nFrom: a@b.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "d.example b.example"  },
    {"hidden behind two bare LF",
     IN("X: y\n\nFrom: c@d.example\r\nFrom: a@b.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "d.example b.example"  },
    {"hidden in From itself",                            IN("From: a@b.example\nFrom: c@d.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "b.example d.example"  },
    {"hidden, and ended by a bare LF",
     IN("X: y\nFrom: c@d.example\nZ: z\r\nFrom: a@b.example\r\n\r\n"),
     MESSAGE_FROM_SEVERAL_FIELDS,                                                                                                                      "d.example b.example"  },
    {"hidden behind white space that continues nothing",
     IN(" From: c@d.example\r\nFrom: a@b.example\r\n\r\n"),                                                               MESSAGE_FROM_SEVERAL_FIELDS,
     "d.example b.example"                                                                                                                                                    },
    {"only a hidden one",                                IN("X: y\nFrom: c@d.example\r\n\r\n"),                           MESSAGE_FROM_MISSING,
     "d.example"                                                                                                                                                              },
    {"a fold is not a hidden field",
     IN("X: y\r\n From: c@d\r\nFrom: a@b.example\r\n\r\n"),                                                               MESSAGE_FROM_OK,             "b.example"            },
    {"another name behind a bare LF",                    IN("X: y\nXFrom: c@d\r\nFrom: a@b.example\r\n\r\n"),
     MESSAGE_FROM_OK,                                                                                                                                  "b.example"            },
    {"the word without a colon behind a bare LF",
     IN("X: y\nFrom me\r\nFrom: a@b.example\r\n\r\n"),                                                                    MESSAGE_FROM_OK,             "b.example"            },
    {"names that contain it",
     IN("X-From: c@d\r\nFromage: c@d\r\nFrom: a@b.example\r\n\r\n"),                                                      MESSAGE_FROM_OK,
     "b.example"                                                                                                                                                              },
    {"behind the header",                                IN("From: a@b.example\r\n\r\nFrom: c@d\r\n"),                    MESSAGE_FROM_OK,
     "b.example"                                                                                                                                                              },
    {"unparsable keeps what was read",                   IN("From: a@b.example, <c\r\n\r\n"),
     MESSAGE_FROM_UNPARSABLE,                                                                                                                          "b.example"            },
};

static void the_author_is_one_field_with_one_domain(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        const struct whole *row = &whole[i];
        struct message_from from = read_header(row->header);
        if (from.status != row->status ||
            !slice_eq(joined_domains(&from), slice_from_text(row->domains))) {
            fail_msg("%s: status %d, domains %.*s, %.*s", row->why, (int)from.status,
                     SLICE_ARG(joined_domains(&from)), SLICE_ARG(from.reason));
        }
        assert_int_equal(from.reason.len == 0, from.status == MESSAGE_FROM_OK);
    }
}

static void more_than_256_kib_of_authors_are_not_read(void **state)
{
    (void)state;
    static char text[300 * 1024];
    size_t before = arena_used_bytes(arena);
    memset(text, '\xff', sizeof(text));
    memcpy(text, "From: \"", 7);
    memcpy(text + sizeof(text) - 20, "\" <a@b.example>\r\n\r\n", 20);
    struct message_from from = read_header(slice_of(text, sizeof(text)));
    assert_int_equal(from.status, MESSAGE_FROM_UNPARSABLE);
    assert_true(arena_used_bytes(arena) - before < 3 * sizeof(text));
}

static void a_peer_that_cut_the_fields_hides_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        slice name, value;
    } rows[] = {
        {"behind LF",                        IN("Subject"), IN(" x\nFrom: c@d.example")  },
        {"behind CRLF",                      IN("Subject"), IN(" x\r\nFrom: c@d.example")},
        {"white space in front of the name", IN(" From"),   IN(" c@d.example")           },
        {"white space behind the name",      IN("From "),   IN(" c@d.example")           },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message_header header;
        struct message_from from;
        struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
        assert_non_null(parser);
        assert_int_equal(
            message_parser_add_field(parser, SLICE("From"), SLICE(" a@b.example")),
            YETT_OK);
        assert_int_equal(message_parser_add_field(parser, rows[i].name, rows[i].value),
                         YETT_OK);
        assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
        assert_int_equal(message_read_from(arena, &header, &from), YETT_OK);
        if (from.status != MESSAGE_FROM_SEVERAL_FIELDS) {
            fail_msg("%s: status %d", rows[i].why, (int)from.status);
        }
    }
}

static void a_mailbox_tells_where_it_stands(void **state)
{
    (void)state;
    struct message_from from =
        read_header(SLICE("From: (x) Ann <a@b.example> (y), c@b.example (z)\r\n\r\n"));
    assert_int_equal(from.status, MESSAGE_FROM_OK);
    assert_int_equal(from.count, 2);
    assert_true(slice_eq(from.mailboxes[0].raw, SLICE("Ann <a@b.example>")));
    assert_true(slice_eq(from.mailboxes[1].raw, SLICE("c@b.example")));
}

static void a_reason_shows_hostile_octets_escaped(void **state)
{
    (void)state;
    struct message_from from = read_header(SLICE("From: a@b.example \033[2J\r\n\r\n"));
    assert_int_equal(from.status, MESSAGE_FROM_UNPARSABLE);
    assert_true(slice_find(from.reason, SLICE("\\x1b[2J")) < from.reason.len);
    assert_int_equal(from.offset, 13);
}

static void sixteen_domains_are_kept(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, arena, 4096);
    for (unsigned i = 0; i < 20; i++) {
        buf_printf(&buf, "%sx@d%u.example", i == 0 ? "" : ",", i);
    }
    struct message_from from = read_header(value_as_header(buf_slice(&buf)));
    assert_int_equal(from.status, MESSAGE_FROM_SEVERAL_DOMAINS);
    assert_int_equal(from.count, 20);
    assert_int_equal(from.domain_count, MESSAGE_FROM_DOMAINS_MAX);
    assert_true(slice_eq(from.domains[15], SLICE("d15.example")));
}

static void a_thousand_addresses_are_read_and_one_more_is_unparsable(void **state)
{
    (void)state;
    for (size_t count = 1000; count <= 1001; count++) {
        struct buf buf;
        buf_init(&buf, arena, 65536);
        for (size_t i = 0; i < count; i++) {
            buf_add_text(&buf, i == 0 ? "a@b.example" : ",a@b.example");
        }
        struct message_from from = read_header(value_as_header(buf_slice(&buf)));
        assert_int_equal(from.status,
                         count == 1000 ? MESSAGE_FROM_OK : MESSAGE_FROM_UNPARSABLE);
        assert_int_equal(from.count, 1000);
    }
}

/* Each would take minutes if it were quadratic. */
static void long_hostile_values_take_linear_time_and_memory(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(",   ")",    "\"",         "\\",     "<",
        "a@",  "a.",   "a b ",       ",",      "x:;",
        "=?",  "=?a",  "()",         "\"\"",   "\"\\\"",
        "(x)", "a@b,", "=?a?q?b?= ", "\r\n ",  "x:",
        "[",   "a(x)", "\xc3\xbc",   "\"a\" ", "=?utf-8?q?=3C?= "};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct arena_mark mark = arena_mark(arena);
        struct buf buf;
        buf_init(&buf, arena, 2 * 1024 * 1024);
        while (buf.len < 1900000) {
            buf_add_text(&buf, patterns[i]);
        }
        buf_add_text(&buf, " <x@y.example>");
        struct message_from from = read_header(value_as_header(buf_slice(&buf)));
        assert_true(from.count <= 1000);
        arena_rewind(arena, mark);
    }
}

static void memory_runs_out_without_harm(void **state)
{
    (void)state;
    struct message_header header = parse(
        SLICE("From: =?utf-8?q?J=C3=BCrgen?= \"x\" <a@B.example>, c@d.example\r\n\r\n"));
    bool enough = false;
    for (size_t ceiling = 0; ceiling < 8192; ceiling += 8) {
        struct arena *small = arena_new(ceiling);
        struct message_from from;
        assert_non_null(small);
        enum yett_err err = message_read_from(small, &header, &from);
        assert_true(err == YETT_OK || (err == YETT_NO_MEMORY && !enough));
        enough = err == YETT_OK;
        arena_free(small);
    }
    assert_true(enough);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_every_reader_reads_alike_is_read),
        TEST(what_could_be_read_in_two_ways_is_unparsable),
        TEST(the_author_is_one_field_with_one_domain),
        TEST(more_than_256_kib_of_authors_are_not_read),
        TEST(a_peer_that_cut_the_fields_hides_nothing),
        TEST(a_mailbox_tells_where_it_stands),
        TEST(a_reason_shows_hostile_octets_escaped),
        TEST(sixteen_domains_are_kept),
        TEST(a_thousand_addresses_are_read_and_one_more_is_unparsable),
        TEST(long_hostile_values_take_linear_time_and_memory),
        TEST(memory_runs_out_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
