/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/table/table.h"

#include "core/rotation/rotation.h"
#include "edge/config/config.h"
#include "edge/files/tree.h"

/* The table as it is made of settings, plain files and key files. */

static struct crypto *crypto;
static slice rsa, ed25519; /* keys as PEM */
static struct arena *pem_arena;

static slice make_pem(enum crypto_key_type type)
{
    struct crypto_private_key *key = NULL;
    struct buf pem;
    buf_init(&pem, pem_arena, 8192);
    assert_int_equal(crypto_private_key_generate(crypto, type, 1024, &key), YETT_OK);
    assert_int_equal(crypto_private_key_write(crypto, key, &pem), YETT_OK);
    crypto_private_key_free(key);
    assert_int_equal(buf_err(&pem), YETT_OK);
    return buf_slice(&pem);
}

static int make_keys(void **state)
{
    (void)state;
    crypto = crypto_new();
    pem_arena = arena_new(1 << 20);
    rsa = make_pem(CRYPTO_RSA);
    ed25519 = make_pem(CRYPTO_ED25519);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    arena_free(pem_arena);
    crypto_free(crypto);
    return 0;
}

/* ---- a directory of keys, and settings --------------------------------------------------- */

static void put(struct tree *tree, const char *name, slice text)
{
    tree_file(tree, name, text);
    assert_int_equal(chmod(tree_path(tree, name), 0600), 0);
}

static void put_keys(struct tree *tree)
{
    tree_directory(tree, "keys");
    tree_directory(tree, "keys/example.com");
    put(tree, "keys/example.com/r.pem", rsa);
    put(tree, "keys/example.com/e.pem", ed25519);
}

struct notes {
    unsigned count;
    char last[400];
};

static void note(void *context, slice sentence)
{
    struct notes *notes = context;
    notes->count++;
    snprintf(notes->last, sizeof(notes->last), "%.*s", SLICE_ARG(sentence));
}

/* `settings` begin with line 2. */
static enum yett_err build(struct tree *tree, const char *settings, struct notes *notes,
                           const struct signing_table **out, slice *why)
{
    const struct table_notes table_notes = {note, notes};
    struct config config;
    struct buf octets;
    const char *fault = "";
    char name[300];
    snprintf(name, sizeof(name), "%s", tree_path(tree, "yett.conf"));
    slice text =
        arena_printf(tree->arena, "\n%s\nsigning { keys_directory = keys }\n", settings);
    if (config_file_parse(tree->arena, text, name, &config, why) != YETT_OK) {
        fail_msg("%.*s", SLICE_ARG(*why));
    }
    buf_init(&octets, tree->arena, 1 << 20);
    enum yett_err err =
        table_build(tree->arena, crypto, &config, &table_notes, &octets, why);
    if (err == YETT_OK) {
        assert_int_equal(signing_table_open(tree->arena, buf_slice(&octets), out, &fault),
                         YETT_OK);
    }
    return err;
}

static const struct signing_table *made(struct tree *tree, const char *settings)
{
    const struct signing_table *table = NULL;
    struct notes notes = {0};
    slice why = SLICE_NONE;
    if (build(tree, settings, &notes, &table, &why) != YETT_OK) {
        fail_msg("%.*s", SLICE_ARG(why));
    }
    return table;
}

/* It is refused, by a sentence with all of these in it. */
static void refused(struct tree *tree, const char *settings, const char *where,
                    const char *what)
{
    const struct signing_table *table = NULL;
    struct notes notes = {0};
    slice why = SLICE_NONE;
    enum yett_err err = build(tree, settings, &notes, &table, &why);
    if (err != YETT_BAD_SYNTAX ||
        slice_find(why, slice_from_text(tree_path(tree, where))) == why.len ||
        slice_find(why, slice_from_text(what)) == why.len) {
        fail_msg("%d: '%.*s' does not say '%s' and '%s'", err, SLICE_ARG(why),
                 tree_path(tree, where), what);
    }
}

/* The selectors that sign mail of `author`, each with a space behind it; "none" when there is
   an entry without keys, "" when there is no entry. */
static void assert_signs(struct tree *tree, const struct signing_table *table,
                         const char *author, const char *wanted)
{
    struct signing_rows rows;
    struct buf text;
    buf_init(&text, tree->arena, 1000);
    if (signing_find_author(table, slice_from_text(author), &rows)) {
        buf_add_text(&text, rows.count == 0 ? "none" : "");
        for (size_t i = 0; i < rows.count; i++) {
            buf_add(&text, rows.list[i].selector);
            buf_add_byte(&text, ' ');
        }
    }
    if (!slice_eq(buf_slice(&text), slice_from_text(wanted))) {
        fail_msg("%s: '%.*s', wanted '%s'", author, SLICE_ARG(buf_slice(&text)), wanted);
    }
}

/* ---- tests ------------------------------------------------------------------------------- */

static void blocks_become_rows_with_what_their_keys_are(void **state)
{
    struct tree *tree = *state;
    struct signing_row row;
    put_keys(tree);
    const struct signing_table *table =
        made(tree, "domain example.com { sign = {r, e} }\n");
    assert_signs(tree, table, "example.com", "r e ");
    assert_signs(tree, table, "a.b.example.com", "r e ");
    assert_signs(tree, table, "example.net", "");
    assert_true(signing_find_row(table, SLICE("example.com"), SLICE("r"), &row));
    assert_int_equal(row.type, CRYPTO_RSA);
    assert_int_equal(row.bits, 1024);
    assert_int_equal(row.uses, SIGNING_DKIM);
    assert_true(signing_find_row(table, SLICE("example.com"), SLICE("e"), &row));
    assert_int_equal(row.type, CRYPTO_ED25519);
    assert_string_equal(signing_key_at(table, row.key).path.ptr,
                        tree_path(tree, "keys/example.com/e.pem"));
}

static void subdomains_are_signed_unless_they_are_named_or_it_is_off(void **state)
{
    struct tree *tree = *state;
    put_keys(tree);
    const struct signing_table *table = made(tree, "domain example.com { sign = {r} }\n"
                                                   "domain quiet.example.com {}\n");
    assert_signs(tree, table, "shop.example.com", "r ");
    assert_signs(tree, table, "quiet.example.com", "none");
    assert_signs(tree, table, "very.quiet.example.com", "none");
    table = made(tree, "domain example.com { sign = {r} subdomains = false }\n");
    assert_signs(tree, table, "example.com", "r ");
    assert_signs(tree, table, "shop.example.com", "");
}

static void a_key_may_be_elsewhere_and_seal_as_well(void **state)
{
    struct tree *tree = *state;
    struct signing_row row;
    char settings[700];
    put_keys(tree);
    put(tree, "other", rsa);
    snprintf(settings, sizeof(settings),
             "domain a.test { sign = {\"s=%s\"} seal = {\"s=%s\"} }\n",
             tree_path(tree, "other"), tree->path);
    const struct signing_table *table = made(tree, settings);
    assert_true(signing_find_row(table, SLICE("a.test"), SLICE("s"), &row));
    assert_int_equal(row.uses, SIGNING_DKIM | SIGNING_ARC);
    assert_int_equal(signing_key_count(table), 1);
}

static void lines_of_a_file_stand_beside_the_blocks(void **state)
{
    struct tree *tree = *state;
    struct signing_row row;
    put_keys(tree);
    put(tree, "domains",
        SLICE("# customers\n"
              "shop.test   d=example.com r e\n"
              "*.shop.test d=example.com r\n"
              "quiet.test\n"
              "seal.test   d=example.com arc:e\n"));
    put(tree, "logins", SLICE("alice shop.test\n\"b c\" *\n"));
    const struct signing_table *table =
        made(tree, "signing { domains_file = domains logins_file = logins }\n"
                   "domain example.com { sign = {r} }\n"
                   "domain quiet.test {}\n"
                   "login alice { domains = {example.com} }\n");
    assert_signs(tree, table, "shop.test", "r e ");
    assert_signs(tree, table, "x.shop.test", "r ");
    assert_signs(tree, table, "quiet.test", "none");
    assert_signs(tree, table, "seal.test", "none");
    assert_true(signing_find_row(table, SLICE("example.com"), SLICE("e"), &row));
    assert_int_equal(row.uses, SIGNING_DKIM | SIGNING_ARC);
    assert_int_equal(signing_find_login(table, SLICE("alice"), SLICE("shop.test")),
                     SIGNING_MAY);
    assert_int_equal(signing_find_login(table, SLICE("alice"), SLICE("example.com")),
                     SIGNING_MAY);
    assert_int_equal(signing_find_login(table, SLICE("b c"), SLICE("any.test")),
                     SIGNING_MAY_ANY);
}

static void a_line_may_name_files_and_its_words_end_where_they_end(void **state)
{
    struct tree *tree = *state;
    char lines[1000];
    put_keys(tree);
    put(tree, "other", rsa);
    snprintf(lines, sizeof(lines), "a.test s=%s arc:t=%s # both\nb.test s=%s\n",
             tree_path(tree, "other"), tree->path, tree->path);
    put(tree, "domains", slice_from_text(lines));
    const struct signing_table *table =
        made(tree, "signing { domains_file = domains }\n");
    assert_signs(tree, table, "a.test", "s ");
    assert_signs(tree, table, "b.test", "s ");
    assert_int_equal(signing_key_count(table), 1);
    assert_string_equal(signing_key_at(table, 0).path.ptr, tree_path(tree, "other"));
}

static void a_domain_that_rotates_signs_with_what_is_active(void **state)
{
    struct tree *tree = *state;
    struct notes notes = {0};
    const struct signing_table *table = NULL;
    slice why;
    put_keys(tree);
    put(tree, "keys/example.com/new.pem", rsa);
    assert_int_equal(
        build(tree, "domain example.com { rotate = true }\n", &notes, &table, &why),
        YETT_OK);
    assert_int_equal(notes.count, 1);
    assert_non_null(strstr(notes.last, "none of its keys signs yet"));
    assert_signs(tree, table, "example.com", "none");

    const struct rotation_settings settings = {.rsa = true, .expire_s = 1, .grace_s = 1};
    struct rotation rotation = {.count = 0};
    struct buf state_text;
    buf_init(&state_text, tree->arena, 4096);
    assert_int_equal(rotation_add(&rotation, SLICE("new"), CRYPTO_RSA, 1000), YETT_OK);
    rotation_activate(&rotation, &settings, 2000);
    assert_int_equal(rotation_add(&rotation, SLICE("r"), CRYPTO_RSA, 3000), YETT_OK);
    rotation_write(&state_text, &rotation);
    put(tree, "keys/example.com/state", buf_slice(&state_text));
    assert_signs(tree, made(tree, "domain example.com { rotate = true }\n"),
                 "example.com", "new ");
    /* What the settings name goes before the state. */
    assert_signs(tree, made(tree, "domain example.com { rotate = true sign = {r} }\n"),
                 "example.com", "r ");
    put(tree, "keys/example.com/state", SLICE("nonsense\n"));
    refused(tree, "domain example.com { rotate = true }\n", "keys/example.com/state:1",
            ": ");
}

static void faults_name_the_setting_or_the_line_and_the_file(void **state)
{
    static const struct {
        const char *settings, *where, *what;
    } cases[] = {
        {"domain example.com { sign = {none} }\n",                                "yett.conf:2",
         "none.pem: no such file (yett key list"                                                                                           },
        {"\ndomain example.com { sign = {r} seal = {none} }\n",                   "yett.conf:3",
         "none.pem"                                                                                                                        },
        {"domain example.com { sign = {\"r.pem\"} }\n",                           "yett.conf:2",
         "a selector ends before .pem"                                                                                                     },
        {"domain none.test { sign = {r} }\n",                                     "yett.conf:2",                       "none.test/r.pem"   },
        {"domain example.com { sign = {open} }\n",                                "keys/example.com/open.pem",
         "others can read it"                                                                                                              },
        {"domain example.com { sign = {link} }\n",                                "keys/example.com/link.pem",
         "symbolic link"                                                                                                                   },
        {"domain example.com { sign = {text} }\n",                                "keys/example.com/text.pem",         ": "                },
        {"signing { domains_file = none }\n",                                     "yett.conf:2: signing.domains_file",
         "none: no such file"                                                                                                              },
        {"\nsigning { domains_file = d\n logins_file = none }\n",
         "yett.conf:4: signing.logins_file",                                                                           "none: no such file"},
        {"signing { domains_file = bad }\n",                                      "bad:2",                             "'x=y'"             },
        {"signing { domains_file = twice }\n",                                    "twice:2",
         "example.com stands twice in this file"                                                                                           },
        {"signing { domains_file = keyless }\n",                                  "keyless:1",                         "none.pem"          },
        {"signing { domains_file = d logins_file = bad }\ndomain example.com { sign = "
         "{r} }\n",                                                      "bad:2",                             "'x=y'"             },
        {"signing { domains_file = clash }\ndomain example.com { sign = {r} }\n",
         "clash:1: example.com has a block as well, ",                                                                 "yett.conf:3"       },
    };
    struct tree *tree = *state;
    put_keys(tree);
    put(tree, "keys/example.com/open.pem", rsa);
    assert_int_equal(chmod(tree_path(tree, "keys/example.com/open.pem"), 0644), 0);
    assert_int_equal(symlink("r.pem", tree_path(tree, "keys/example.com/link.pem")), 0);
    put(tree, "keys/example.com/text.pem", SLICE("no key\n"));
    put(tree, "bad", SLICE("example.com\nexample.net x=y\n"));
    put(tree, "twice", SLICE("example.com r\nexample.com r\n"));
    put(tree, "keyless", SLICE("example.com none\n"));
    put(tree, "clash", SLICE("example.com r\n"));
    put(tree, "d", SLICE(""));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refused(tree, cases[i].settings, cases[i].where, cases[i].what);
    }
}

static void a_directory_that_others_can_write_is_refused(void **state)
{
    struct tree *tree = *state;
    put_keys(tree);
    assert_int_equal(chmod(tree_path(tree, "keys/example.com"), 0777), 0);
    refused(tree, "domain example.com { sign = {r} }\n", "yett.conf:2", "r.pem: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(blocks_become_rows_with_what_their_keys_are),
        tree_test(subdomains_are_signed_unless_they_are_named_or_it_is_off),
        tree_test(a_key_may_be_elsewhere_and_seal_as_well),
        tree_test(lines_of_a_file_stand_beside_the_blocks),
        tree_test(a_line_may_name_files_and_its_words_end_where_they_end),
        tree_test(a_domain_that_rotates_signs_with_what_is_active),
        tree_test(faults_name_the_setting_or_the_line_and_the_file),
        tree_test(a_directory_that_others_can_write_is_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
