/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { COMPLAINT_MAX = 400 };

struct pair {
    struct loop *loop;
    struct loop_watch *watch;
    int ours, theirs;
    int reads, writes;
};

static void note(void *context, bool readable, bool writable)
{
    struct pair *pair = context;
    pair->reads += readable;
    pair->writes += writable;
    loop_stop(pair->loop);
}

static void note_and_free(void *context, bool readable, bool writable)
{
    struct pair *pair = context;
    note(context, readable, writable);
    loop_watch_free(pair->watch);
    pair->watch = NULL;
}

static void note_and_want_nothing(void *context, bool readable, bool writable)
{
    struct pair *pair = context;
    note(context, readable, writable);
    assert_true(loop_watch_set(pair->watch, false, false));
}

static void open_pair(struct pair *pair, void (*ready)(void *, bool, bool))
{
    int fds[2];
    *pair = (struct pair){.loop = loop_new()};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    pair->ours = fds[0];
    pair->theirs = fds[1];
    pair->watch = loop_watch_new(pair->loop, pair->ours, ready, pair);
    assert_non_null(pair->watch);
}

static void close_pair(struct pair *pair)
{
    loop_watch_free(pair->watch);
    loop_free(pair->loop);
    (void)close(pair->ours);
    (void)close(pair->theirs);
}

static void send_one(const struct pair *pair)
{
    assert_int_equal(send(pair->theirs, "x", 1, 0), 1);
}

static void nothing_is_wanted_at_first(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair, note);
    send_one(&pair);
    loop_run(pair.loop); /* returns: nothing is waited for */
    assert_int_equal(pair.reads + pair.writes, 0);
    close_pair(&pair);
}

static void what_is_wanted_is_told_as_long_as_it_is_so(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair, note);
    assert_true(loop_watch_set(pair.watch, true, false));
    send_one(&pair);
    loop_run(pair.loop);
    loop_run(pair.loop); /* still unread */
    assert_int_equal(pair.reads, 2);
    assert_int_equal(pair.writes, 0);
    assert_true(loop_watch_set(pair.watch, false, true));
    loop_run(pair.loop);
    assert_int_equal(pair.reads, 2);
    assert_int_equal(pair.writes, 1);
    close_pair(&pair);
}

static void a_watch_may_be_freed_by_what_it_calls(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair, note_and_free);
    assert_true(loop_watch_set(pair.watch, true, true));
    send_one(&pair);
    loop_run(pair.loop); /* readable and writable at once: one of both is told */
    assert_int_equal(pair.reads + pair.writes, 1);
    assert_null(pair.watch);
    loop_run(pair.loop); /* and nothing is left */
    close_pair(&pair);
}

static void a_watch_may_stop_wanting_in_what_it_calls(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair, note_and_want_nothing);
    assert_true(loop_watch_set(pair.watch, true, true));
    send_one(&pair);
    loop_run(pair.loop);
    loop_run(pair.loop);
    assert_int_equal(pair.reads + pair.writes, 1);
    close_pair(&pair);
}

static void the_end_of_the_other_side_is_readable(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair, note);
    assert_true(loop_watch_set(pair.watch, true, false));
    assert_int_equal(shutdown(pair.theirs, SHUT_RDWR), 0);
    loop_run(pair.loop);
    assert_true(pair.reads >= 1);
    close_pair(&pair);
}

static void a_descriptor_that_cannot_be_watched_is_refused(void **state)
{
    struct loop *loop = loop_new();
    struct pair pair = {.loop = loop};
    char path[] = "/tmp/yett-watch-XXXXXX";
    (void)state;
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)unlink(path);
    pair.watch = loop_watch_new(loop, file, note, &pair);
    assert_non_null(pair.watch);
    assert_false(loop_watch_set(pair.watch, true, false)); /* epoll: not of a file */
    loop_watch_free(pair.watch);
    loop_free(loop);
    (void)close(file);
}

static void keep_complaint(void *context, const char *text)
{
    char *kept = context;
    (void)snprintf(kept, COMPLAINT_MAX, "%s", text);
}

static void what_libevent_complains_of_can_be_heard(void **state)
{
    char heard[COMPLAINT_MAX] = "";
    (void)state;
    loop_on_complaint(keep_complaint, heard);
    a_descriptor_that_cannot_be_watched_is_refused(NULL);
    loop_on_complaint(NULL, NULL);
    assert_non_null(strstr(heard, "poll"));
    assert_null(strchr(heard, '\n'));

    /* And nobody who went away is told. */
    heard[0] = '\0';
    a_descriptor_that_cannot_be_watched_is_refused(NULL);
    assert_string_equal(heard, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wanted_at_first),
        cmocka_unit_test(what_is_wanted_is_told_as_long_as_it_is_so),
        cmocka_unit_test(a_watch_may_be_freed_by_what_it_calls),
        cmocka_unit_test(a_watch_may_stop_wanting_in_what_it_calls),
        cmocka_unit_test(the_end_of_the_other_side_is_readable),
        cmocka_unit_test(a_descriptor_that_cannot_be_watched_is_refused),
        cmocka_unit_test(what_libevent_complains_of_can_be_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
