/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keys/keys.h"

#include "edge/files/tree.h"

#include <dirent.h>
#include <string.h>

enum { STRANGER = 12345, KEEPER = 12346 };

static void put(struct tree *tree, const char *name, slice text, mode_t mode)
{
    tree_file(tree, name, text);
    assert_int_equal(chmod(tree_path(tree, name), mode), 0);
}

static enum yett_err get(struct tree *tree, const char *name, slice *out, slice *why)
{
    return keys_read(tree->arena, tree_path(tree, name), out, why);
}

static void what_only_its_owner_reads_is_read(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    put(tree, "k", SLICE("secret"), 0600);
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("secret")));
    assert_int_equal(out.ptr[out.len], 0);
    keys_wipe(out);
    assert_true(slice_eq(out, SLICE("\0\0\0\0\0\0")));
}

static void its_group_may_read_it(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    put(tree, "k", SLICE("secret"), 0640);
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
}

/* Root's, that of who runs this, and the keepers'. */
static void only_a_group_that_is_ours_may_read_it(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    if (geteuid() != 0) {
        printf("# skipped: only root gives files away\n");
        return;
    }
    put(tree, "k", SLICE("secret"), 0640);
    assert_int_equal(chown(tree_path(tree, "k"), 0, STRANGER), 0);
    assert_int_equal(get(tree, "k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(
        tree, why, "k",
        "can be read by group 12345: chmod 600 it, or give it to the group of root "
        "or of the keepers (chgrp)");
    assert_int_equal(chown(tree_path(tree, "k"), 0, KEEPER), 0);
    assert_int_equal(get(tree, "k", &out, &why), YETT_BAD_SYNTAX);
    keys_trust_keeper(KEEPER, KEEPER);
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
    keys_trust_keeper(0, 0);
}

static void what_others_can_read_or_change_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    static const mode_t read_modes[] = {0644, 0604};
    static const mode_t write_modes[] = {0660, 0602, 0601};
    for (size_t i = 0; i < 2; i++) {
        put(tree, "k", SLICE("secret"), read_modes[i]);
        assert_int_equal(get(tree, "k", &out, &why), YETT_BAD_SYNTAX);
        assert_true(slice_ends_with(why, SLICE("others can read it; chmod 600 it")));
    }
    for (size_t i = 0; i < 3; i++) {
        put(tree, "k", SLICE("secret"), write_modes[i]);
        assert_int_equal(get(tree, "k", &out, &why), YETT_BAD_SYNTAX);
        assert_true(slice_ends_with(why, SLICE("others can change it; chmod 600 it")));
    }
}

static void a_directory_that_others_can_write_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    tree_directory(tree, "d");
    put(tree, "d/k", SLICE("secret"), 0600);
    assert_int_equal(chmod(tree_path(tree, "d"), 0775), 0);
    assert_int_equal(get(tree, "d/k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "d/k",
                "its directory has mode 775: others could put files there; take their "
                "permission to write (chmod go-w)");
    assert_int_equal(keys_write(tree->arena, tree_path(tree, "d/new"), SLICE("x"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(access(tree_path(tree, "d/new"), F_OK), -1);
    /* In a sticky one nobody takes another's file away. */
    assert_int_equal(chmod(tree_path(tree, "d"), 01777), 0);
    assert_int_equal(get(tree, "d/k", &out, &why), YETT_OK);
}

static void a_file_of_a_stranger_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    if (geteuid() != 0) {
        printf("# skipped: only root gives files away\n");
        return;
    }
    put(tree, "k", SLICE("secret"), 0600);
    assert_int_equal(chown(tree_path(tree, "k"), STRANGER, 0), 0);
    assert_int_equal(get(tree, "k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "k",
                "belongs to user 12345, who may have put it there: it must be root's, "
                "yours, or the keepers' (chown it)");
}

/* Who owns a directory puts another file in the place of what lies there. */
static void a_directory_of_a_stranger_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    if (geteuid() != 0) {
        printf("# skipped: only root gives files away\n");
        return;
    }
    tree_directory(tree, "d");
    put(tree, "d/k", SLICE("secret"), 0600);
    assert_int_equal(chown(tree_path(tree, "d"), STRANGER, 0), 0);
    assert_int_equal(get(tree, "d/k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(
        tree, why, "d/k",
        "its directory belongs to user 12345, who could put other files there: it "
        "must be root's, yours, or the keepers' (chown it)");
    assert_int_equal(keys_write(tree->arena, tree_path(tree, "d/n"), SLICE("x"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(keys_replace(tree->arena, tree_path(tree, "d/n"), SLICE("x"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(keys_make_directory(tree->arena, tree_path(tree, "d/n"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(access(tree_path(tree, "d/n"), F_OK), -1);
    assert_int_equal(keys_check_directory(tree->arena, tree_path(tree, "d/"), &why),
                     YETT_BAD_SYNTAX);
    keys_trust_keeper(STRANGER, STRANGER);
    assert_int_equal(get(tree, "d/k", &out, &why), YETT_OK);
    assert_int_equal(chown(tree_path(tree, "d/k"), STRANGER, STRANGER), 0);
    assert_int_equal(get(tree, "d/k", &out, &why), YETT_OK);
    keys_trust_keeper(0, 0);
}

/* He puts another directory there. */
static void directories_above_are_looked_at_as_well(void **state)
{
    struct tree *tree = *state;
    char inner[256], say[320];
    slice out, why;
    tree_directory(tree, "a");
    tree_directory(tree, "a/b");
    tree_directory(tree, "a/b/c");
    put(tree, "a/b/c/k", SLICE("secret"), 0600);
    assert_int_equal(chmod(tree_path(tree, "a"), 0757), 0);
    snprintf(say, sizeof say,
             "the directory %.200s has mode 757: others could put files there; take their "
             "permission to write (chmod go-w)",
             tree_path(tree, "a"));
    assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "a/b/c/k", say);
    /* However it is called. */
    snprintf(inner, sizeof inner, "%s", tree_path(tree, "a/b/c"));
    assert_int_equal(symlink(inner, tree_path(tree, "short")), 0);
    assert_int_equal(get(tree, "short/k", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "short/k",
                "a directory above it has mode 757: others could put files there; take "
                "their permission to write (chmod go-w)");
    assert_int_equal(chmod(tree_path(tree, "a"), 01777), 0);
    assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_OK);
    assert_int_equal(chmod(tree_path(tree, "a"), 0775), 0); /* its group is ours */
    assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_OK);
    if (geteuid() == 0) {
        assert_int_equal(chown(tree_path(tree, "a"), 0, STRANGER), 0);
        assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_BAD_SYNTAX);
        assert_int_equal(chmod(tree_path(tree, "a"), 0755), 0);
        assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_OK);
        assert_int_equal(chown(tree_path(tree, "a"), STRANGER, 0), 0);
        assert_int_equal(get(tree, "a/b/c/k", &out, &why), YETT_BAD_SYNTAX);
    }
}

static void links_directories_and_pipes_are_refused(void **state)
{
    struct tree *tree = *state;
    char target[256];
    slice out, why;
    put(tree, "k", SLICE("secret"), 0600);
    snprintf(target, sizeof target, "%s", tree_path(tree, "k"));
    assert_int_equal(symlink(target, tree_path(tree, "link")), 0);
    assert_int_equal(get(tree, "link", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "link", "is a symbolic link; name the file that it leads to");
    tree_directory(tree, "d");
    assert_int_equal(get(tree, "d", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "d", "is no regular file");
    assert_int_equal(get(tree, "d/", &out, &why), YETT_BAD_SYNTAX);
    assert_int_equal(mkfifo(tree_path(tree, "pipe"), 0600), 0);
    assert_int_equal(get(tree, "pipe", &out, &why), YETT_BAD_SYNTAX);
}

static void what_is_missing_empty_or_too_large_says_so(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    assert_int_equal(get(tree, "none", &out, &why), YETT_NOT_FOUND);
    assert_says(tree, why, "none", "no such file");
    assert_int_equal(get(tree, "no/where", &out, &why), YETT_NOT_FOUND);
    put(tree, "empty", SLICE_NONE, 0600);
    assert_int_equal(get(tree, "empty", &out, &why), YETT_BAD_SYNTAX);
    assert_says(tree, why, "empty", "is empty");
    tree_file_of_size(tree, "large", SLICE_NONE, KEYS_FILE_MAX);
    assert_int_equal(chmod(tree_path(tree, "large"), 0600), 0);
    assert_int_equal(get(tree, "large", &out, &why), YETT_OK);
    assert_int_equal(out.len, KEYS_FILE_MAX);
    tree_file_of_size(tree, "large", SLICE_NONE, KEYS_FILE_MAX + 1);
    assert_int_equal(get(tree, "large", &out, &why), YETT_LIMIT);
}

static size_t count_entries(struct tree *tree)
{
    size_t count = 0;
    DIR *directory = opendir(tree->root);
    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count - 2; /* "." and ".." */
}

static void a_new_file_is_its_owners_alone(void **state)
{
    struct tree *tree = *state;
    struct stat stat_of;
    slice out, why;
    mode_t mask = umask(0);
    assert_int_equal(keys_write(tree->arena, tree_path(tree, "k"), SLICE("one"), &why),
                     YETT_OK);
    (void)umask(mask);
    assert_int_equal(stat(tree_path(tree, "k"), &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0600);
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("one")));
    assert_int_equal(count_entries(tree), 1);
}

static void a_file_is_never_written_over_but_can_be_replaced(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    put(tree, "k", SLICE("old"), 0600);
    assert_int_equal(keys_write(tree->arena, tree_path(tree, "k"), SLICE("new"), &why),
                     YETT_BAD_SYNTAX);
    assert_says(tree, why, "k", "there is a file already, and it is not written over");
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("old")));
    assert_int_equal(keys_replace(tree->arena, tree_path(tree, "k"), SLICE("new"), &why),
                     YETT_OK);
    assert_int_equal(get(tree, "k", &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("new")));
    assert_int_equal(count_entries(tree), 1);
}

static void a_link_is_replaced_not_followed(void **state)
{
    struct tree *tree = *state;
    char target[256];
    slice out, why;
    put(tree, "other", SLICE("untouched"), 0600);
    snprintf(target, sizeof target, "%s", tree_path(tree, "other"));
    assert_int_equal(symlink(target, tree_path(tree, "link")), 0);
    assert_int_equal(keys_write(tree->arena, tree_path(tree, "link"), SLICE("new"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(
        keys_replace(tree->arena, tree_path(tree, "link"), SLICE("new"), &why), YETT_OK);
    assert_int_equal(get(tree, "other", &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("untouched")));
}

static void paths_of_keys_end_in_nul_and_have_a_bound(void **state)
{
    struct tree *tree = *state;
    const char *path = NULL;
    assert_int_equal(
        keys_path(tree->arena, SLICE("/k"), SLICE("example.org"), SLICE_NONE, &path),
        YETT_OK);
    assert_string_equal(path, "/k/example.org");
    assert_int_equal(
        keys_path(tree->arena, slice_from_text(path), SLICE("s1"), KEYS_SUFFIX, &path),
        YETT_OK);
    assert_string_equal(path, "/k/example.org/s1.pem");

    char *long_name = arena_alloc(tree->arena, KEYS_PATH_MAX);
    assert_non_null(long_name);
    memset(long_name, 'x', KEYS_PATH_MAX);
    assert_int_equal(keys_path(tree->arena, SLICE("/k"),
                               slice_of(long_name, KEYS_PATH_MAX), KEYS_SUFFIX, &path),
                     YETT_LIMIT);
    assert_string_equal(path, "/k/example.org/s1.pem");
}

static void a_directory_is_made_for_its_owner_alone(void **state)
{
    struct tree *tree = *state;
    struct stat stat_of;
    slice why;
    mode_t mask = umask(0);
    assert_int_equal(keys_make_directory(tree->arena, tree_path(tree, "d"), &why),
                     YETT_OK);
    (void)umask(mask);
    assert_int_equal(stat(tree_path(tree, "d"), &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0700);
    assert_int_equal(keys_make_directory(tree->arena, tree_path(tree, "d"), &why),
                     YETT_OK);
    put(tree, "f", SLICE("x"), 0600);
    assert_int_equal(keys_make_directory(tree->arena, tree_path(tree, "f"), &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(keys_make_directory(tree->arena, tree_path(tree, "no/d"), &why),
                     YETT_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(what_only_its_owner_reads_is_read),
        tree_test(its_group_may_read_it),
        tree_test(what_others_can_read_or_change_is_refused),
        tree_test(a_directory_that_others_can_write_is_refused),
        tree_test(only_a_group_that_is_ours_may_read_it),
        tree_test(a_directory_of_a_stranger_is_refused),
        tree_test(directories_above_are_looked_at_as_well),
        tree_test(a_file_of_a_stranger_is_refused),
        tree_test(links_directories_and_pipes_are_refused),
        tree_test(what_is_missing_empty_or_too_large_says_so),
        tree_test(a_new_file_is_its_owners_alone),
        tree_test(a_file_is_never_written_over_but_can_be_replaced),
        tree_test(a_link_is_replaced_not_followed),
        tree_test(paths_of_keys_end_in_nul_and_have_a_bound),
        tree_test(a_directory_is_made_for_its_owner_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
