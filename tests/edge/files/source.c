/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/files/files.h"
#include "edge/files/tree.h"

#include <sys/resource.h>
#include <sys/wait.h>

#define DATE "Tue Nov 24 02:35:00 2026"

static void append(void *context, slice bytes)
{
    buf_add(context, bytes);
}

static void count(void *context, slice bytes)
{
    *(uint64_t *)context += bytes.len;
}

static struct mail_source *open_source(struct tree *tree, const char *name)
{
    enum yett_err err = YETT_OK;
    slice why = SLICE_NONE;
    /* The path must outlive the source. */
    slice path = arena_printf(tree->arena, "%s%c", tree_path(tree, name), '\0');
    struct mail_source *source = mail_source_open(tree->arena, path.ptr, &err, &why);
    if (source == NULL) {
        fail_msg("%.*s", SLICE_ARG(why));
    }
    return source;
}

static void assert_refused(struct tree *tree, const char *name, enum yett_err expected,
                           const char *text)
{
    enum yett_err err = YETT_OK;
    slice why = SLICE_NONE;
    assert_null(mail_source_open(tree->arena, tree_path(tree, name), &err, &why));
    assert_int_equal(err, expected);
    assert_says(tree, why, name, text);
}

/* All messages, each with '|' before it. */
static slice read_all(struct tree *tree, struct mail_source *source)
{
    struct buf buf;
    struct mail_item item;
    enum yett_err err;
    buf_init(&buf, tree->arena, 1 << 20);
    while ((err = mail_source_next(source, &item)) == YETT_OK) {
        buf_add_byte(&buf, '|');
        assert_int_equal(mail_source_read(source, append, &buf), YETT_OK);
    }
    assert_int_equal(err, YETT_NOT_FOUND);
    assert_int_equal(mail_source_next(source, &item),
                     YETT_NOT_FOUND); /* and it stays so */
    return buf_slice(&buf);
}

static void assert_reads(struct tree *tree, const char *name, slice expected)
{
    struct mail_source *source = open_source(tree, name);
    slice all = read_all(tree, source);
    if (!slice_eq(all, expected)) {
        fail_msg("%s: '%.*s'", name, SLICE_ARG(all));
    }
    mail_source_free(source);
}

static void a_file_is_one_message_octet_for_octet(void **state)
{
    struct tree *tree = *state;
    tree_file(tree, "m", SLICE("X: 1\r\n\n\nFrom a " DATE "\n>From b\n\0\r"));
    assert_reads(tree, "m", SLICE("|X: 1\r\n\n\nFrom a " DATE "\n>From b\n\0\r"));
    tree_file(tree, "short", SLICE("x"));
    assert_reads(tree, "short", SLICE("|x"));
}

static void a_file_that_begins_with_from_is_an_mbox(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    tree_file(tree, "mbox",
              SLICE("From a@b " DATE "\nX: 1\n\n>From hi\n\nFrom c " DATE "\nX: 2\n\n"));
    assert_reads(tree, "mbox", SLICE("|X: 1\n\nFrom hi\n|X: 2\n"));

    struct mail_source *source = open_source(tree, "mbox");
    assert_int_equal(mail_source_kind(source), MAIL_SOURCE_MBOX);
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(item.number, 1);
    assert_true(slice_eq(item.from_line, SLICE("a@b " DATE)));
    assert_true(slice_eq(item.path, slice_from_text(tree_path(tree, "mbox"))));
    mail_source_free(source);
}

static void a_message_that_is_not_read_is_skipped(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    struct buf buf;
    buf_init(&buf, tree->arena, 1000);
    tree_file(tree, "mbox", SLICE("From a " DATE "\nX: 1\n\nFrom b " DATE "\nX: 2\n\n"));
    struct mail_source *source = open_source(tree, "mbox");
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_true(slice_eq(item.from_line, SLICE("b " DATE)));
    assert_int_equal(mail_source_read(source, append, &buf), YETT_OK);
    assert_true(slice_eq(buf_slice(&buf), SLICE("X: 2\n")));
    assert_true(slice_eq(item.from_line, SLICE("b " DATE))); /* still */
    assert_int_equal(mail_source_read(source, append, &buf),
                     YETT_OK); /* nothing is left */
    assert_int_equal(buf_slice(&buf).len, 5);
    assert_int_equal(mail_source_next(source, &item), YETT_NOT_FOUND);
    mail_source_free(source);
}

static void a_maildir_is_read_in_the_order_of_arrival(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    tree_directory(tree, "dir");
    tree_directory(tree, "dir/cur");
    tree_directory(tree, "dir/new");
    tree_directory(tree, "dir/tmp");
    tree_file(tree, "dir/cur/1700000002.M1.host:2,S", SLICE("two"));
    tree_file(tree, "dir/new/1700000001.M1.host", SLICE("one"));
    tree_file(tree, "dir/new/1700000003.M1.host", SLICE("From three"));
    tree_file(tree, "dir/cur/.hidden", SLICE("no message"));
    tree_file(tree, "dir/tmp/1700000000.M1.host", SLICE("not delivered yet"));
    assert_reads(tree, "dir", SLICE("|one|two|From three"));
    assert_reads(tree, "dir/", SLICE("|one|two|From three"));

    struct mail_source *source = open_source(tree, "dir//");
    assert_int_equal(mail_source_kind(source), MAIL_SOURCE_MAILDIR);
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_true(slice_eq(item.path,
                         slice_from_text(tree_path(tree, "dir/new/1700000001.M1.host"))));
    struct mail_progress progress = mail_source_progress(source);
    assert_int_equal(progress.messages_done, 1);
    assert_int_equal(progress.messages_total, 3);
    mail_source_free(source);
}

static void one_of_cur_and_new_makes_a_maildir(void **state)
{
    struct tree *tree = *state;
    tree_directory(tree, "dir");
    tree_directory(tree, "dir/new");
    assert_reads(tree, "dir", SLICE_NONE);
    tree_file(tree, "dir/new/1", SLICE("x"));
    assert_reads(tree, "dir", SLICE("|x"));
}

static void a_message_that_is_lost_does_not_stop_the_next(void **state)
{
    struct tree *tree = *state;
    static const struct {
        enum yett_err err;
        const char *name, *says;
    } rows[] = {
        {YETT_NOT_FOUND,  "dir/new/1",
         "vanished after the Maildir was listed; another program moved it"  },
        {YETT_BAD_SYNTAX, "dir/new/2", "is empty: there is no message in it"},
        {YETT_BAD_SYNTAX, "dir/new/3", "is a directory, not a file"         },
        {YETT_BAD_SYNTAX, "dir/new/4", "is a FIFO, not a file"              },
        {YETT_BAD_SYNTAX, "dir/new/5",
         "is a device; only files, FIFOs and directories are read"          },
        {YETT_OK,         "dir/new/6", NULL                                 },
    };
    struct mail_item item;
    uint64_t octets = 0;
    tree_directory(tree, "dir");
    tree_directory(tree, "dir/new");
    tree_file(tree, "dir/new/1", SLICE("gone"));
    tree_file(tree, "dir/new/2", SLICE_NONE);
    tree_directory(tree, "dir/new/3");
    assert_int_equal(mkfifo(tree_path(tree, "dir/new/4"), 0644), 0);
    assert_int_equal(symlink("/dev/zero", tree_path(tree, "dir/new/5")), 0);
    tree_file(tree, "elsewhere", SLICE("six"));
    assert_int_equal(symlink("../../elsewhere", tree_path(tree, "dir/new/6")), 0);

    struct mail_source *source = open_source(tree, "dir");
    assert_int_equal(unlink(tree_path(tree, "dir/new/1")), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(mail_source_next(source, &item), YETT_OK);
        assert_int_equal(mail_source_read(source, count, &octets), rows[i].err);
        if (rows[i].says != NULL) {
            assert_says(tree, mail_source_why(source), rows[i].name, rows[i].says);
        }
    }
    assert_int_equal(octets, 3);
    assert_int_equal(mail_source_next(source, &item), YETT_NOT_FOUND);
    mail_source_free(source);
}

static void what_holds_no_mail_is_refused(void **state)
{
    struct tree *tree = *state;
    tree_directory(tree, "d");
    tree_file(tree, "empty", SLICE_NONE);
    assert_int_equal(symlink("/dev/zero", tree_path(tree, "zero")), 0);
    assert_refused(tree, "none", YETT_NOT_FOUND, "no such file");
    assert_refused(tree, "empty", YETT_BAD_SYNTAX, "is empty: there is no message in it");
    assert_refused(tree, "d", YETT_BAD_SYNTAX,
                   "is a directory, but no Maildir: it has neither cur/ nor new/");
    assert_refused(tree, "zero", YETT_BAD_SYNTAX,
                   "is a device; only files, FIFOs and directories are read");
}

static void a_maildir_that_cannot_be_listed_is_refused(void **state)
{
    struct tree *tree = *state;
    tree_directory(tree, "dir");
    tree_file(tree, "dir/new", SLICE("no directory"));
    assert_refused(tree, "dir", YETT_IO,
                   "its folder new/: a part of the path is no directory");
}

/* A child writes `text` into the FIFO `name`, in two pieces. */
static void write_from_a_child(struct tree *tree, const char *name, slice text)
{
    const char *path = tree_path(tree, name);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool written = write(fd, text.ptr, 2) == 2;
        usleep(20000);
        written =
            written && write(fd, text.ptr + 2, text.len - 2) == (ssize_t)(text.len - 2);
        _exit(written ? 0 : 1);
    }
}

static void a_fifo_is_read_to_its_end(void **state)
{
    struct tree *tree = *state;
    int status;
    assert_int_equal(mkfifo(tree_path(tree, "fifo"), 0644), 0);
    write_from_a_child(tree, "fifo", SLICE("X: 1\n\nhi\n"));
    assert_reads(tree, "fifo", SLICE("|X: 1\n\nhi\n"));
    assert_true(wait(&status) > 0 && status == 0);
    /* An mbox is known by its first five octets, also when they come in two pieces. */
    write_from_a_child(tree, "fifo",
                       SLICE("From a " DATE "\nX: 1\n\nFrom b " DATE "\nX: 2\n"));
    assert_reads(tree, "fifo", SLICE("|X: 1\n|X: 2\n"));
    assert_true(wait(&status) > 0 && status == 0);
}

static void standard_input_is_a_source_too(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    enum yett_err err;
    slice why;
    uint64_t octets = 0;
    tree_file(tree, "f", SLICE("skipped X: 1\n"));
    int saved = dup(STDIN_FILENO);
    int fd = open(tree_path(tree, "f"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    assert_int_equal(lseek(STDIN_FILENO, 8, SEEK_SET), 8); /* somebody read a part */

    struct mail_source *source = mail_source_open(tree->arena, "-", &err, &why);
    assert_non_null(source);
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_true(slice_eq(item.path, SLICE("-")));
    assert_int_equal(mail_source_progress(source).bytes_total, 5);
    assert_int_equal(mail_source_read(source, count, &octets), YETT_OK);
    assert_int_equal(octets, 5);
    mail_source_free(source);
    assert_null(mail_source_open(tree->arena, "-", &err, &why)); /* nothing is left */
    assert_true(
        slice_eq(why, SLICE("standard input: is empty: there is no message in it")));
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        close(saved);
    }
}

struct cutter {
    const char *path;
    uint64_t octets;
};

/* Shortens the file behind the reader's back. */
static void cut(void *context, slice bytes)
{
    struct cutter *cutter = context;
    if (cutter->octets == 0) {
        assert_int_equal(truncate(cutter->path, 150000), 0);
    }
    cutter->octets += bytes.len;
}

static void a_file_that_becomes_shorter_is_a_read_error(void **state)
{
    struct tree *tree = *state;
    static const slice beginnings[] = {SLICE_INIT("X: 1\n"),
                                       SLICE_INIT("From a " DATE "\nX: 1\n")};
    for (size_t i = 0; i < 2; i++) {
        struct mail_item item;
        tree_file_of_size(tree, "m", beginnings[i], 1000000);
        struct mail_source *source = open_source(tree, "m");
        struct cutter cutter = {.path = tree_path(tree, "m")};
        assert_int_equal(mail_source_next(source, &item), YETT_OK);
        assert_int_equal(mail_source_read(source, cut, &cutter), YETT_IO);
        assert_says(tree, mail_source_why(source), "m",
                    "became shorter while it was read");
        assert_true(cutter.octets >= 60000 && cutter.octets <= 150000);
        assert_int_equal(mail_source_next(source, &item), YETT_NOT_FOUND);
        mail_source_free(source);
    }
}

static void progress_is_told(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    uint64_t octets = 0;
    tree_file_of_size(tree, "m", SLICE("X: 1\n"), 500000);
    struct mail_source *source = open_source(tree, "m");
    assert_int_equal(mail_source_progress(source).messages_done, 0);
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(mail_source_read(source, count, &octets), YETT_OK);
    struct mail_progress progress = mail_source_progress(source);
    assert_int_equal(progress.bytes_done, 500000);
    assert_int_equal(progress.bytes_total, 500000);
    assert_int_equal(progress.messages_done, 1);
    assert_int_equal(progress.messages_total, 1);
    mail_source_free(source);
}

static long resident_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

#define TWO_GIB ((off_t)1 << 31)

static void two_gibibytes_stream_in_constant_memory(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    uint64_t octets = 0;
    tree_file_of_size(tree, "m", SLICE("X: 1\n\n"), TWO_GIB + 5);
    struct mail_source *source = open_source(tree, "m");
    long before = resident_kib();
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(mail_source_read(source, count, &octets), YETT_OK);
    assert_true(octets == (uint64_t)TWO_GIB + 5);
    assert_true(resident_kib() - before < 16 * 1024);
    mail_source_free(source);
}

static void an_mbox_of_more_than_two_gibibytes_is_split(void **state)
{
    struct tree *tree = *state;
    struct mail_item item;
    uint64_t octets = 0;
    static const char tail[] = "\n\nFrom b " DATE "\nX: 2\n\n";
    tree_file_of_size(tree, "mbox", SLICE("From a " DATE "\nX: 1\n\n"), TWO_GIB + 7);
    int fd = open(tree_path(tree, "mbox"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, tail, sizeof(tail) - 1), sizeof(tail) - 1);
    close(fd);
    struct mail_source *source = open_source(tree, "mbox");
    long before = resident_kib();
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(mail_source_read(source, count, &octets), YETT_OK);
    assert_true(octets == (uint64_t)TWO_GIB + 7 - (sizeof("From a " DATE "\n") - 1) + 1);
    octets = 0;
    assert_int_equal(mail_source_next(source, &item), YETT_OK);
    assert_int_equal(item.number, 2);
    assert_int_equal(mail_source_read(source, count, &octets), YETT_OK);
    assert_int_equal(octets, 5);
    assert_int_equal(mail_source_next(source, &item), YETT_NOT_FOUND);
    assert_true(resident_kib() - before < 16 * 1024);
    mail_source_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(a_file_is_one_message_octet_for_octet),
        tree_test(a_file_that_begins_with_from_is_an_mbox),
        tree_test(a_message_that_is_not_read_is_skipped),
        tree_test(a_maildir_is_read_in_the_order_of_arrival),
        tree_test(one_of_cur_and_new_makes_a_maildir),
        tree_test(a_message_that_is_lost_does_not_stop_the_next),
        tree_test(what_holds_no_mail_is_refused),
        tree_test(a_maildir_that_cannot_be_listed_is_refused),
        tree_test(a_fifo_is_read_to_its_end),
        tree_test(standard_input_is_a_source_too),
        tree_test(a_file_that_becomes_shorter_is_a_read_error),
        tree_test(progress_is_told),
        tree_test(two_gibibytes_stream_in_constant_memory),
        tree_test(an_mbox_of_more_than_two_gibibytes_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
