/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_FILES_TREE_H
#define YETT_TESTS_EDGE_FILES_TREE_H

#include "core/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* tree: a directory of its own for each test, with an arena for what is read from it. */
struct tree {
    struct arena *arena;
    char root[64];
    char path[256]; /* of tree_path() */
};

static inline const char *tree_path(struct tree *tree, const char *name)
{
    snprintf(tree->path, sizeof(tree->path), "%s/%s", tree->root, name);
    return tree->path;
}

static inline void tree_directory(struct tree *tree, const char *name)
{
    assert_int_equal(mkdir(tree_path(tree, name), 0755), 0);
}

/* Write `text` into the file `name`, and make it `size` octets long. */
static inline void tree_file_of_size(struct tree *tree, const char *name, slice text,
                                     off_t size)
{
    int fd = open(tree_path(tree, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.len != 0 ? text.ptr : "", text.len),
                     (ssize_t)text.len);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(close(fd), 0);
}

static inline void tree_file(struct tree *tree, const char *name, slice text)
{
    tree_file_of_size(tree, name, text, (off_t)text.len);
}

static inline int tree_setup(void **state)
{
    struct tree *tree = calloc(1, sizeof(*tree));
    snprintf(tree->root, sizeof(tree->root), "/tmp/yett-test-XXXXXX");
    tree->arena = arena_new((size_t)8 << 20);
    *state = tree;
    return mkdtemp(tree->root) == NULL || tree->arena == NULL ? -1 : 0;
}

static inline int tree_remove_one(const char *path, const struct stat *status, int type,
                                  struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int tree_teardown(void **state)
{
    struct tree *tree = *state;
    int outcome = nftw(tree->root, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(tree->arena);
    free(tree);
    return outcome;
}

#define tree_test(function)                                                              \
    cmocka_unit_test_setup_teardown(function, tree_setup, tree_teardown)

/* The sentence is `PATH: TEXT`. */
static inline void assert_says(struct tree *tree, slice why, const char *name,
                               const char *text)
{
    char expected[600];
    snprintf(expected, sizeof(expected), "%s: %s", tree_path(tree, name), text);
    if (!slice_eq(why, slice_from_text(expected))) {
        fail_msg("'%.*s' instead of '%s'", SLICE_ARG(why), expected);
    }
}

#endif
