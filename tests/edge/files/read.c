/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/files.h"
#include "edge/files/tree.h"

#include <sys/socket.h>
#include <sys/un.h>

static enum yett_err read_it(struct tree *tree, const char *name, size_t limit,
                             slice *out, slice *why)
{
    return file_read(tree->arena, tree_path(tree, name), limit, out, why);
}

static void a_file_is_read_whole_with_a_nul_behind_it(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    tree_file(tree, "f", SLICE("a\0b\n"));
    assert_int_equal(read_it(tree, "f", 4, &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("a\0b\n")));
    assert_int_equal(out.ptr[out.len], 0);
}

static void an_empty_file_is_fine(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    tree_file(tree, "f", SLICE_NONE);
    assert_int_equal(read_it(tree, "f", 0, &out, &why), YETT_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(out.ptr[0], 0);
}

static void one_octet_over_the_limit_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    tree_file_of_size(tree, "f", SLICE_NONE, 200000);
    assert_int_equal(read_it(tree, "f", 200000, &out, &why), YETT_OK);
    assert_int_equal(out.len, 200000);
    assert_int_equal(read_it(tree, "f", 199999, &out, &why), YETT_LIMIT);
    assert_says(tree, why, "f",
                "is larger than 199999 bytes, which is the most that is read");
}

static void a_file_that_states_no_size_is_bounded_too(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    /* Has st_size 0, and more than ten octets. */
    assert_int_equal(file_read(tree->arena, "/proc/self/status", 100000, &out, &why),
                     YETT_OK);
    assert_true(out.len > 10);
    assert_int_equal(file_read(tree->arena, "/proc/self/status", 10, &out, &why),
                     YETT_LIMIT);
}

static void a_file_that_does_not_fit_the_memory_is_refused(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    struct arena *small = arena_new(100000);
    tree_file_of_size(tree, "f", SLICE_NONE, 300000);
    assert_int_equal(file_read(small, tree_path(tree, "f"), 1 << 20, &out, &why),
                     YETT_NO_MEMORY);
    arena_free(small);
}

static void symbolic_links_are_followed(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    tree_file(tree, "f", SLICE("x"));
    assert_int_equal(symlink("f", tree_path(tree, "link")), 0);
    assert_int_equal(read_it(tree, "link", 4, &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("x")));
}

static void what_is_no_file_is_named(void **state)
{
    struct tree *tree = *state;
    static const struct {
        const char *name;
        enum yett_err err;
        const char *says;
    } rows[] = {
        {"none",     YETT_NOT_FOUND,  "no such file"                      },
        {"f/x",      YETT_IO,         "a part of the path is no directory"},
        {"loop",     YETT_IO,         "too many symbolic links"           },
        {"dangling", YETT_NOT_FOUND,  "no such file"                      },
        {"d",        YETT_BAD_SYNTAX, "is a directory, not a file"        },
        {"socket",   YETT_BAD_SYNTAX,
         "is a socket; only files, FIFOs and directories are read"        },
        {"null",     YETT_BAD_SYNTAX,
         "is a device; only files, FIFOs and directories are read"        },
    };
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", tree->root);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    tree_file(tree, "f", SLICE("x"));
    tree_directory(tree, "d");
    assert_int_equal(symlink("loop", tree_path(tree, "loop")), 0);
    assert_int_equal(symlink("nowhere", tree_path(tree, "dangling")), 0);
    assert_int_equal(symlink("/dev/null", tree_path(tree, "null")), 0);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out = SLICE("untouched"), why = SLICE_NONE;
        assert_int_equal(read_it(tree, rows[i].name, 100, &out, &why), rows[i].err);
        assert_says(tree, why, rows[i].name, rows[i].says);
        assert_true(slice_eq(out, SLICE("untouched")));
    }
    close(fd);
}

static void permission_denied_is_said(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    uid_t me = geteuid();
    tree_file(tree, "f", SLICE("x"));
    assert_int_equal(chmod(tree_path(tree, "f"), 0), 0);
    if (me == 0) { /* whom no mode stops */
        assert_int_equal(seteuid(65534), 0);
    }
    enum yett_err err = read_it(tree, "f", 100, &out, &why);
    assert_int_equal(seteuid(me), 0);
    assert_int_equal(err, YETT_IO);
    assert_says(tree, why, "f", "permission denied");
}

static void a_read_error_says_how_far_it_came(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    /* A file whose first page is not there to be read. */
    assert_int_equal(file_read(tree->arena, "/proc/self/mem", 100, &out, &why), YETT_IO);
    assert_true(slice_eq(why, SLICE("/proc/self/mem: read error after 0 bytes: "
                                    "input/output error")));
}

static void a_hostile_name_is_made_visible(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    assert_int_equal(file_read(tree->arena, "/none/\x1b[2J", 100, &out, &why),
                     YETT_NOT_FOUND);
    assert_true(slice_eq(why, SLICE("/none/\\x1b[2J: no such file")));
}

static void standard_input_is_a_dash(void **state)
{
    struct tree *tree = *state;
    slice out, why;
    int saved = dup(STDIN_FILENO);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(file_read(tree->arena, "-", 5, &out, &why), YETT_OK);
    assert_true(slice_eq(out, SLICE("hello")));
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) >= 0, 1); /* still open */

    close(STDIN_FILENO);
    assert_int_equal(file_read(tree->arena, "-", 5, &out, &why), YETT_IO);
    assert_true(slice_eq(why, SLICE("standard input: is closed")));
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        close(saved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(a_file_is_read_whole_with_a_nul_behind_it),
        tree_test(an_empty_file_is_fine),
        tree_test(one_octet_over_the_limit_is_refused),
        tree_test(a_file_that_states_no_size_is_bounded_too),
        tree_test(a_file_that_does_not_fit_the_memory_is_refused),
        tree_test(symbolic_links_are_followed),
        tree_test(what_is_no_file_is_named),
        tree_test(permission_denied_is_said),
        tree_test(a_read_error_says_how_far_it_came),
        tree_test(a_hostile_name_is_made_visible),
        tree_test(standard_input_is_a_dash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
