/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/config.h"
#include "edge/files/tree.h"

/* Whatever is wrong with a file of settings, the file and the line are named. */

static const struct row {
    const char *why;
    const char *text;
    unsigned line;
    const char *says; /* what follows the place begins so */
} rows[] = {
    {"a word",                              "\nmode = x",                                        2, "mode: 'x' is neither"                                                  },
    {"a typo",                              "\n\nmoed = x",                                      3, "'moed' is unknown; did you mean 'mode'?"                               },
    {"no equals sign",                      "\nmode x",                                          2, "missing equal sign"                                                    },
    {"a brace too many",                    "spf {}\n\n}",                                       3, "a '}' too many"                                                        },
    {"a brace missing",                     "\nspf {\n",                                         2, "the '{' in this line is never closed"                                  },
    {"a quotation mark missing",            "\nmode = \"x\n",                                    2, "the string that begins"                                                },
    {"a sign of other programs",            "\nmode = observe;",                                 2, "the character ;"                                                       },
    {"a key twice",                         "mode = observe\nmode = observe",                    2, "mode: is set a second time"                                            },
    {"a list set again",                    "trusted_relays = {\"::1\"}\ntrusted_relays = {}",   1,
     "the list that is set here"                                                                                                                                            },
    {"a value of a block",                  "domain a.b {\n sign = {\"a b\"}\n}",                2,
     "domain \"a.b\": sign: 'a b' is no selector"                                                                                                                           },
    {"what a block lacks",                  "\nrule x {\n}\n",                                   2, "rule \"x\": it has no 'author'"                                        },
    {"a title",                             "\ndomain \"a b\" {\n}\n",                           2, "domain \"a b\": its title is no domain"                                },
    {"fields: a name twice marked",         "\nsigning {\n fields = \"From++\" }",               3,
     "signing.fields: 'From++' is no list of fields to sign: \"From+\" is not the name"                                                                                     },
    {"fields: white space",                 "signing {\n fields = \"From:Reply To\" }",          2,
     "signing.fields: 'From:Reply To' is no list of fields to sign: \"Reply To\""                                                                                           },
    {"fields: one that changes",            "signing {\n fields = \"From:Bcc\" }",               2,
     "signing.fields: 'From:Bcc' is no list of fields to sign: Bcc cannot be signed: "
     "mail servers remove it"                                                                                                                                               },
    {"fields: an end without a name",       "signing {\n fields = \"From:\" }",                  2,
     "signing.fields: 'From:' is no list of fields to sign: \"\" is not the name"                                                                                           },
    {"servers",                             "signing {\n name_servers = \"a,b\" }",              2, "signing.name_servers: 'a,b'"                                           },
    {"a value that does not fit a default", "\ndns { timeout = 30s }",                           2,
     "dns.deadline: is 20s, which is shorter"                                                                                                                               },
    {"a name that is a default's",          "\ntag_field = X-Yett-Quarantine",                   2,
     "quarantine_field: is the same as tag_field"                                                                                                                           },
    {"two that do not fit",                 "\ndns { timeout = 30s\n deadline = 20s }",          3,
     "dns.deadline: is 20s, which is shorter"                                                                                                                               },
    {"a socket twice",
     "status_socket = \"/run/y\"\n\nlisten m { address = "
     "\"unix:/run/y\" }",                                                                        3, "listen \"m\": its address is that of status_socket"                    },
    {"an address twice",
     "listen a { address = \"inet:[::1]:1\" }\nlisten b {\n address "
     "= \"inet:[::1]:1\" }",                                                                     2, "listen \"b\": its address is taken"                                    },
    {"a domain twice",                      "\ndomain a.b {}\ndomain c.d {}\ndomain A.B. {}",    4,
     "domain \"a.b\": stands twice; the first is in line 2"                                                                                                                 },
    {"a domain thrice",                     "domain a.b {}\ndomain A.b {}\ndomain a.B {}",       2,
     "domain \"a.b\": stands twice; the first is in line 1"                                                                                                                 },
    {"an IDN domain twice",
     "domain \"b\xc3\xbc"
     "cher.example\" {}\n"
     "domain xn--bcher-kva.example {}",                                                          2, "domain \"xn--bcher-kva.example\": stands twice; the first is in line 1"},
    {"a recipient twice",                   "recipient \"a@B.C\" {}\nrecipient \"a@b.c\" {}",    2,
     "recipient \"a@b.c\": stands twice; the first is in line 1"                                                                                                            },
    {"two rules of an author",
     "rule a { author = a.b because = x }\n\nrule b {\n author = A.B because = x }",             3,
     "rule \"b\": its author a.b has a rule already, \"a\" in line 1"                                                                                                       },
    {"who seals",                           "sealing {\n domain = a.b }",                        2, "sealing.domain: is set, and neither"                                   },
    {"a suffix list",                       "dmarc { standard = rfc7489\n suffix_list = \"\" }", 2,
     "dmarc.suffix_list: is empty"                                                                                                                                          },
    {"a file of a secret",                  "\ninstallation_secret_file = none",                 2,
     "installation_secret_file: 'none' cannot be read"                                                                                                                      },
    {"a file to include",                   "\ninclude(\"none\")",                               2, "include: "                                                             },
};

static void assert_place(struct tree *tree, const struct row *row, const char *main,
                         const char *file)
{
    struct config config;
    slice why = SLICE_NONE;
    char begin[700];
    enum yett_err err =
        config_file_read(tree->arena, tree_path(tree, main), &config, &why);
    snprintf(begin, sizeof(begin), "%s:%u: %s", tree_path(tree, file), row->line,
             row->says);
    if (err != YETT_BAD_SYNTAX || !slice_starts_with(why, slice_from_text(begin))) {
        fail_msg("%s: '%.*s', not '%s'", row->why, SLICE_ARG(why), begin);
    }
}

static void whatever_is_wrong_has_a_place_in_the_file(void **state)
{
    struct tree *tree = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tree_file(tree, "main", slice_from_text(rows[i].text));
        assert_place(tree, &rows[i], "main", "main");
    }
}

static void so_it_has_in_a_file_that_is_included(void **state)
{
    struct tree *tree = *state;
    tree_file(tree, "outer", SLICE("# a line\n\n\n\ninclude(\"inner\")\n\n# another"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tree_file(tree, "inner", slice_from_text(rows[i].text));
        assert_place(tree, &rows[i], "outer", "inner");
    }
}

static void the_first_of_two_is_named_with_its_file(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why = SLICE_NONE;
    char expected[900];
    tree_file(tree, "inner", SLICE("\n\ndomain a.b {}"));
    tree_file(tree, "outer", SLICE("include(\"inner\")\ndomain A.B {}"));
    assert_int_equal(
        config_file_read(tree->arena, tree_path(tree, "outer"), &config, &why),
        YETT_BAD_SYNTAX);
    snprintf(expected, sizeof(expected),
             "%s/outer:2: domain \"a.b\": stands twice; the first is in line 3 of "
             "%s/inner",
             tree->root, tree->root);
    assert_true(slice_eq(why, slice_from_text(expected)));
}

/* ---- what was set, for those who find later that it cannot be ---------------------------- */

static void assert_set_at(struct tree *tree, const struct config *config, const char *key,
                          const char *place)
{
    slice found = config_place_text(tree->arena, config, key);
    if (!slice_eq(found, slice_from_text(place))) {
        fail_msg("%s: '%.*s', not '%s'", key, SLICE_ARG(found), place);
    }
}

static void it_is_known_afterwards_where_a_key_was_set(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    assert_int_equal(config_file_parse(tree->arena,
                                       SLICE("\nuser = a\nsigning {\n domains_file = d\n "
                                             "keeper_user = k }\nlisten m {\n address = "
                                             "\"inet:[::1]:1\" }\n"),
                                       "y.conf", &config, &why),
                     YETT_OK);
    assert_set_at(tree, &config, "user", "y.conf:2");
    assert_set_at(tree, &config, "signing.domains_file", "y.conf:4");
    assert_set_at(tree, &config, "signing.keeper_user", "y.conf:5");
    assert_set_at(tree, &config, "signing.user", "y.conf");
    assert_set_at(tree, &config, "keeper_user", "y.conf");
    assert_set_at(tree, &config, "mode", "y.conf");
    assert_int_equal(config.listeners[0].line, 6);
    assert_true(slice_eq(config.listeners[0].file, SLICE("y.conf")));
    config_init(&config);
    assert_set_at(tree, &config, "mode", "built-in defaults");
}

static void what_is_set_over_a_file_has_its_own_place(void **state)
{
    struct tree *tree = *state;
    struct config file, config;
    slice why;
    assert_int_equal(config_file_parse(tree->arena,
                                       SLICE("user = a\nmode = enforce\nworkers = 2"),
                                       "y.conf", &file, &why),
                     YETT_OK);
    assert_int_equal(config_file_parse_over(tree->arena, &file,
                                            SLICE("\nmode = observe\nsandbox = required"),
                                            "command line", &config, &why),
                     YETT_OK);
    assert_set_at(tree, &config, "user", "y.conf:1");
    assert_set_at(tree, &config, "mode", "command line:2");
    assert_set_at(tree, &config, "sandbox", "command line:3");
    assert_set_at(tree, &config, "workers", "y.conf:3");
    assert_set_at(tree, &config, "status_socket", "y.conf");
    assert_set_at(tree, &file, "mode", "y.conf:2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(whatever_is_wrong_has_a_place_in_the_file),
        tree_test(so_it_has_in_a_file_that_is_included),
        tree_test(the_first_of_two_is_named_with_its_file),
        tree_test(it_is_known_afterwards_where_a_key_was_set),
        tree_test(what_is_set_over_a_file_has_its_own_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
