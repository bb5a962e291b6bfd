/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A server that takes questions and never answers; servers.py has the others. */
struct world {
    int fd;
    char server[64];
    struct loop *loop;
    struct resolver *resolver;
    int done;
    struct resolver_question *to_cancel;
    enum dns_status status;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    char why[200];
    assert_non_null(w);
    w->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(w->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(w->fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(w->server, sizeof(w->server), "127.0.0.1@%u", ntohs(address.sin_port));
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    options.server = slice_from_text(w->server);
    options.timeout_ms = 150;
    w->loop = loop_new();
    w->resolver = resolver_new(w->loop, &options, why, sizeof(why));
    assert_non_null(w->resolver);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    resolver_free(w->resolver);
    loop_free(w->loop);
    (void)close(w->fd);
    free(w);
    return 0;
}

static struct dns_question numbered(char name[32], int number)
{
    (void)snprintf(name, 32, "n%d.slow.test", number);
    return (struct dns_question){DNS_TXT, slice_from_text(name)};
}

static void count(void *context, struct dns_question question,
                  const struct dns_answer *answer)
{
    struct world *w = context;
    (void)question;
    w->done++;
    w->status = answer->status;
}

static void run_until_done(struct world *w, int done)
{
    while (w->done < done) {
        loop_run_once(w->loop);
    }
}

static void ask_again(void *context, struct dns_question question,
                      const struct dns_answer *answer)
{
    struct world *w = context;
    count(context, question, answer);
    /* The failure is cached by now: answered before the call returns. */
    assert_null(resolver_ask(w->resolver, question, count, w));
    assert_int_equal(w->done, 2);
    assert_non_null(resolver_ask(
        w->resolver, (struct dns_question){DNS_A, SLICE("other.test")}, count, w));
}

static void who_is_answered_may_ask_at_once(void **state)
{
    struct world *w = *state;
    char name[32];
    (void)resolver_ask(w->resolver, numbered(name, 0), ask_again, w);
    run_until_done(w, 3);
    assert_int_equal(w->status, DNS_TIMED_OUT);
    assert_int_equal(resolver_statistics(w->resolver).timeouts, 2);
}

static void cancel_other(void *context, struct dns_question question,
                         const struct dns_answer *answer)
{
    struct world *w = context;
    count(context, question, answer);
    resolver_cancel(w->to_cancel);
    w->to_cancel = NULL;
}

static void who_times_out_may_cancel_who_waits_for_the_same(void **state)
{
    struct world *w = *state;
    char name[32];
    /* The zone's places, so that the last question never leaves. */
    for (int i = 0; i < 32; i++) {
        (void)resolver_ask(w->resolver, numbered(name, i), count, w);
    }
    struct resolver_question *first =
        resolver_ask(w->resolver, numbered(name, 99), cancel_other, w);
    w->to_cancel = resolver_ask(w->resolver, numbered(name, 99), count, w);
    assert_non_null(first);
    assert_non_null(w->to_cancel);
    run_until_done(w, 33);
    assert_null(w->to_cancel);
    assert_int_equal(resolver_statistics(w->resolver).asked, 32);
}

static void who_waits_in_line_and_is_cancelled_never_leaves(void **state)
{
    struct world *w = *state;
    struct resolver_question *handles[40];
    char name[32];
    for (int i = 0; i < 40; i++) {
        handles[i] = resolver_ask(w->resolver, numbered(name, i), count, w);
    }
    for (int i = 0; i < 40; i++) {
        resolver_cancel(handles[i]);
    }
    resolver_cancel(NULL);
    (void)resolver_ask(w->resolver, numbered(name, 39), count, w);
    run_until_done(w, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(resolver_statistics(w->resolver).asked, 32);
}

static void stop(void *context)
{
    loop_stop(context);
}

static void each_caller_has_its_own_time(void **state)
{
    struct world *w = *state;
    char name[32];
    struct loop_timer *timer = loop_timer_new(w->loop, stop, w->loop);
    (void)resolver_ask(w->resolver, numbered(name, 0), count, w);
    loop_timer_start(timer, 100);
    loop_run(w->loop);
    assert_int_equal(w->done, 0);
    int64_t joined_ms = loop_now_ms(w->loop);
    (void)resolver_ask(w->resolver, numbered(name, 0), count, w);
    run_until_done(w, 1); /* the second may be told later, whatever the first was told */
    run_until_done(w, 2);
    assert_true(loop_now_ms(w->loop) - joined_ms >= 149);
    assert_int_equal(resolver_statistics(w->resolver).asked, 1);
    loop_timer_free(timer);
}

static void what_the_source_finds_is_pinned_with_its_memos(void **state)
{
    struct world *w = *state;
    char name[32];
    struct dns_question question = numbered(name, 0);
    struct dns_source source = resolver_source(w->resolver);
    assert_null(source.find(source.context, question));
    (void)resolver_ask(w->resolver, question, count, w);
    run_until_done(w, 1);
    const struct dns_answer *first = source.find(source.context, question);
    const struct dns_answer *second = source.find(source.context, question);
    assert_ptr_equal(first, second);
    assert_non_null(first->memos);
    assert_true(slice_starts_with(first->detail, SLICE("no reply from 127.0.0.1@")));
    source.release(source.context, first);
    source.release(source.context, second);
    assert_int_equal(resolver_statistics(w->resolver).hits, 2);
}

static void it_goes_with_questions_open_and_waiting(void **state)
{
    struct world *w = *state;
    char name[32];
    for (int i = 0; i < 100; i++) {
        assert_non_null(resolver_ask(w->resolver, numbered(name, i), count, w));
    }
    resolver_free(w->resolver);
    w->resolver = NULL;
    assert_int_equal(w->done, 0);
    resolver_free(NULL);
}

static void a_bad_option_is_refused_with_words_that_fit(void **state)
{
    struct world *w = *state;
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    char why[16];
    options.server = SLICE("nonsense");
    assert_null(resolver_new(w->loop, &options, why, sizeof(why)));
    assert_string_equal(why, "nonsense is no ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_answered_may_ask_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_times_out_may_cancel_who_waits_for_the_same,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_in_line_and_is_cancelled_never_leaves,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_caller_has_its_own_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_source_finds_is_pinned_with_its_memos,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_goes_with_questions_open_and_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_bad_option_is_refused_with_words_that_fit,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("asking", tests, NULL, NULL);
}
