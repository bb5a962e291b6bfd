/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/config.h"
#include "edge/files/tree.h"

static enum yett_err read_it(struct tree *tree, const char *name, struct config *config,
                             slice *why)
{
    *why = SLICE_NONE;
    return config_file_read(tree->arena, tree_path(tree, name), config, why);
}

/* `config_file_read` of `name` fails, with "ROOT/" before what it `says`. */
static void assert_fails(struct tree *tree, const char *name, enum yett_err expected,
                         const char *says)
{
    struct config config;
    slice why;
    char sentence[600];
    enum yett_err err = read_it(tree, name, &config, &why);
    snprintf(sentence, sizeof(sentence), "%s/%s", tree->root, says);
    if (err != expected || !slice_eq(why, slice_from_text(sentence))) {
        fail_msg("%s: '%.*s', not '%s'", yett_err_text(err), SLICE_ARG(why), sentence);
    }
}

static void an_included_file_stands_where_it_is_named(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    tree_directory(tree, "d");
    tree_file(tree, "main",
              SLICE("mode = enforce\ninclude(\"d/a\")\n# c\ndkim { min_rsa_bits = "
                    "2048 }\n"));
    tree_file(tree, "d/a", SLICE("include('b') received_spf = true\n"));
    tree_file(tree, "d/b", SLICE("\n\ndomain \"a.b\" {}\n"));
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_OK);
    assert_int_equal(config.mode, CONFIG_ENFORCE);
    assert_true(config.received_spf);
    assert_int_equal(config.domain_count, 1);
    assert_int_equal(config.dkim.min_rsa_bits, 2048);
    assert_true(slice_eq(config.source, slice_from_text(tree_path(tree, "main"))));
}

static void lines_are_right_within_and_behind_an_include(void **state)
{
    struct tree *tree = *state;
    tree_directory(tree, "d");
    tree_file(tree, "d/a", SLICE("\n\n\nmode = x\n"));
    tree_file(tree, "within", SLICE("\ninclude(\"d/a\")\n"));
    assert_fails(tree, "within", YETT_BAD_SYNTAX,
                 "d/a:4: mode: 'x' is neither observe nor enforce");
    tree_file(tree, "d/b", SLICE("\n\n\n\n\n\n\n\n"));
    tree_file(tree, "behind", SLICE("\ninclude(\"d/b\")\nmode = x\n"));
    assert_fails(tree, "behind", YETT_BAD_SYNTAX,
                 "behind:3: mode: 'x' is neither observe nor enforce");
    tree_file(tree, "d/c", SLICE("mode = observe"));
    tree_file(tree, "twice", SLICE("include(\"d/c\")\nmode = observe\n"));
    tree_file(tree, "nothing", SLICE_NONE);
    tree_file(tree, "empty", SLICE("include(\"nothing\")\nmode = y\n"));
    assert_fails(tree, "empty", YETT_BAD_SYNTAX,
                 "empty:2: mode: 'y' is neither observe nor enforce");
}

static void a_key_set_in_an_included_file_is_set(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    char expected[600];
    tree_file(tree, "c", SLICE("\nmode = observe"));
    tree_file(tree, "twice", SLICE("include(\"c\")\n\nmode = observe\n"));
    assert_int_equal(read_it(tree, "twice", &config, &why), YETT_BAD_SYNTAX);
    snprintf(expected, sizeof(expected),
             "%s/twice:3: mode: is set a second time; the first is in line 2 of %s/c",
             tree->root, tree->root);
    assert_true(slice_eq(why, slice_from_text(expected)));
}

static void a_listener_in_the_way_is_named_with_its_file(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    char expected[600];
    tree_file(tree, "c", SLICE("\nlisten a { address = \"unix:/run/m\" }"));
    tree_file(tree, "main",
              SLICE("include(\"c\")\n\n"
                    "listen b { address = \"unix:/run/m\" }\n"));
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_BAD_SYNTAX);
    snprintf(
        expected, sizeof(expected),
        "%s/main:3: listen \"b\": its address is taken by unix:/run/m of listen \"a\" "
        "in line 2 of %s/c",
        tree->root, tree->root);
    assert_true(slice_eq(why, slice_from_text(expected)));
}

static void a_block_may_not_begin_in_one_file_and_end_in_another(void **state)
{
    struct tree *tree = *state;
    tree_file(tree, "open", SLICE("dmarc {\n"));
    tree_file(tree, "main", SLICE("include(\"open\")\n}\n"));
    assert_fails(tree, "main", YETT_BAD_SYNTAX,
                 "main:2: a '}' too many: no block and no list is open here");
    tree_file(tree, "main", SLICE("include(\"open\")\n"));
    assert_fails(tree, "main", YETT_BAD_SYNTAX,
                 "open:1: the '{' in this line is never closed: its '}' is missing");
    tree_file(tree, "key", SLICE("mode ="));
    tree_file(tree, "main", SLICE("include(\"key\") observe\n"));
    assert_fails(
        tree, "main", YETT_BAD_SYNTAX,
        "key:1: the file ends before what belongs there, last in the line: mode =");
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    struct tree *tree = *state;
    tree_file(tree, "main", SLICE("include(\"main\")\n"));
    assert_fails(tree, "main", YETT_BAD_SYNTAX,
                 "main:1: include: more than 10 files include each other; is one of them "
                 "its own?");
    tree_file(tree, "wide", SLICE("include(\"x\") include(\"x\")"));
    tree_file(tree, "x",
              SLICE("include(\"y\") include(\"y\") include(\"y\") include(\"y\")"));
    tree_file(tree, "y",
              SLICE("include(\"z\") include(\"z\") include(\"z\") include(\"z\")"));
    tree_file(tree, "z",
              SLICE("include(\"e\") include(\"e\") include(\"e\") include(\"e\")"));
    tree_file(tree, "e", SLICE(""));
    assert_fails(tree, "wide", YETT_BAD_SYNTAX,
                 "z:1: include: more than 100 files are included");
}

static void what_cannot_be_included_is_named(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    char expected[600];
    tree_directory(tree, "d");
    tree_file(tree, "main", SLICE("\ninclude(\"none\")"));
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_BAD_SYNTAX);
    snprintf(expected, sizeof(expected), "%s/main:2: include: %s/none: no such file",
             tree->root, tree->root);
    assert_true(slice_eq(why, slice_from_text(expected)));
    tree_file(tree, "main", SLICE("include(\"d\")"));
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_BAD_SYNTAX);
    snprintf(expected, sizeof(expected),
             "%s/main:1: include: %s/d: is a directory, not a file", tree->root,
             tree->root);
    assert_true(slice_eq(why, slice_from_text(expected)));
}

static void a_settings_file_that_cannot_be_read_is_no_bad_one(void **state)
{
    struct tree *tree = *state;
    tree_directory(tree, "d");
    tree_file_of_size(tree, "large", SLICE_NONE, CONFIG_FILE_MAX_BYTES + 1);
    assert_fails(tree, "none", YETT_NOT_FOUND, "none: no such file");
    assert_fails(tree, "d", YETT_IO, "d: is a directory, not a file");
    assert_fails(tree, "large", YETT_IO,
                 "large: is larger than 1048576 bytes, which is the most that is read");
}

static void paths_are_relative_to_the_file_that_names_them(void **state)
{
    struct tree *tree = *state;
    struct config config;
    slice why;
    tree_directory(tree, "d");
    tree_file(tree, "main", SLICE("include(\"d/a\")"));
    tree_file(tree, "d/a",
              SLICE("installation_secret_file = secret\n"
                    "dmarc { suffix_list = \"psl.dat\" }\n"));
    tree_file(tree, "d/secret", SLICE("0123456789abcdef\n"));
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_OK);
    assert_true(slice_eq(config.installation_secret, SLICE("0123456789abcdef")));
    assert_true(slice_eq(config.dmarc.suffix_list,
                         slice_from_text(tree_path(tree, "d/psl.dat"))));
    assert_int_equal(config.dmarc.suffix_list.ptr[config.dmarc.suffix_list.len], 0);
}

static void a_secret_has_a_size(void **state)
{
    struct tree *tree = *state;
    tree_file(tree, "main", SLICE("installation_secret_file = secret\n"));
    tree_file(tree, "secret", SLICE("0123456789abcde\n"));
    assert_fails(tree, "main", YETT_BAD_SYNTAX,
                 "main:1: installation_secret_file: 'secret' is shorter than 16 bytes; "
                 "`head -c 32 "
                 "/dev/urandom` makes a good secret");
    struct config config;
    slice why;
    tree_file_of_size(tree, "secret", SLICE_NONE, 4096);
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_OK);
    assert_int_equal(config.installation_secret.len, 4096);
    tree_file_of_size(tree, "secret", SLICE_NONE, 4097);
    assert_int_equal(read_it(tree, "main", &config, &why), YETT_BAD_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(an_included_file_stands_where_it_is_named),
        tree_test(lines_are_right_within_and_behind_an_include),
        tree_test(a_key_set_in_an_included_file_is_set),
        tree_test(a_listener_in_the_way_is_named_with_its_file),
        tree_test(a_block_may_not_begin_in_one_file_and_end_in_another),
        tree_test(a_file_that_includes_itself_is_refused),
        tree_test(what_cannot_be_included_is_named),
        tree_test(a_settings_file_that_cannot_be_read_is_no_bad_one),
        tree_test(paths_are_relative_to_the_file_that_names_them),
        tree_test(a_secret_has_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
