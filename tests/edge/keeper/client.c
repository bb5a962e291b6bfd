/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keeper/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Calls to a keeper that answers, begins anew, falls silent, lies, or goes away. */
enum {
    PATIENCE_MS = 20 * 1000,
    DEADLINE_MS = 200,
    FIRST_ID = 1000,
    OCTETS_MAX = 1024 * 1024
};

struct world {
    struct loop *loop;
    struct keeper_client *client;
    struct arena *arena;
    int keeper; /* its end */
    struct loop_timer *limit;
    bool is_over;
};

/* One call and what came of it. */
struct asked {
    struct world *world;
    struct keeper_call *call;
    unsigned done;
    bool answered;
    char octets[32];
    const char *why;
};

static void on_limit(void *context)
{
    struct world *w = context;
    w->is_over = true;
}

static struct keeper_client *make_client(struct world *w, int fd, unsigned deadline_ms)
{
    struct keeper_client_options options = {.loop = w->loop,
                                            .fd = fd,
                                            .first_id = FIRST_ID,
                                            .octets_max = OCTETS_MAX,
                                            .deadline_ms = deadline_ms};
    struct keeper_client *client = keeper_client_new(&options);
    assert_non_null(client);
    return client;
}

static int ours; /* the client's end */

static int set_up_with(void **state, unsigned deadline_ms)
{
    struct world *w = calloc(1, sizeof(*w));
    int pair[2];
    assert_non_null(w);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    ours = pair[0];
    w->keeper = pair[1];
    w->loop = loop_new();
    w->arena = arena_new((size_t)8 << 20);
    assert_non_null(w->loop);
    assert_non_null(w->arena);
    w->limit = loop_timer_new(w->loop, on_limit, w);
    loop_timer_start(w->limit, PATIENCE_MS);
    w->client = make_client(w, ours, deadline_ms);
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, PATIENCE_MS);
}

static int set_up_hasty(void **state)
{
    return set_up_with(state, DEADLINE_MS);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    keeper_client_free(w->client);
    loop_timer_free(w->limit);
    loop_free(w->loop);
    arena_free(w->arena);
    (void)close(ours);
    if (w->keeper >= 0) {
        (void)close(w->keeper);
    }
    free(w);
    return 0;
}

static void on_done(void *context, const struct keeper_reply *reply, const char *why)
{
    struct asked *asked = context;
    asked->done++;
    asked->call = NULL;
    asked->why = why;
    asked->answered = reply != NULL;
    if (reply != NULL && reply->count == 1) {
        assert_in_range(reply->answers[0].octets.len, 1, sizeof asked->octets - 1);
        memcpy(asked->octets, reply->answers[0].octets.ptr, reply->answers[0].octets.len);
    }
}

static const char *ask(struct world *w, struct asked *asked, slice text)
{
    const struct keeper_text texts[] = {
        {KEEPER_DKIM, text}
    };
    const char *why = NULL;
    *asked = (struct asked){.world = w};
    asked->call = keeper_client_sign(w->client, texts, 1, on_done, asked, &why);
    assert_int_equal(asked->done, 0); /* never from within */
    return asked->call == NULL ? why : NULL;
}

static void run_until(struct world *w, const struct asked *asked)
{
    while (asked->done == 0) {
        loop_run_once(w->loop);
        assert_false(w->is_over);
    }
    assert_int_equal(asked->done, 1);
}

/* ---- the keeper's side ------------------------------------------------------------------- */

static struct keeper_request take(struct world *w)
{
    enum { SIZE = KEEPER_REQUEST_MAX };
    char *packet = arena_alloc(w->arena, SIZE);
    struct keeper_request request;
    assert_non_null(packet);
    ssize_t got = recv(w->keeper, packet, SIZE, MSG_DONTWAIT);
    assert_true(got > 0);
    assert_int_equal(keeper_read_request(slice_of(packet, (size_t)got), &request),
                     YETT_OK);
    return request;
}

static bool has_request(struct world *w)
{
    char octet;
    return recv(w->keeper, &octet, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
}

static void say(struct world *w, slice packet)
{
    assert_int_equal(send(w->keeper, packet.ptr, packet.len, MSG_NOSIGNAL),
                     (ssize_t)packet.len);
}

static void answer(struct world *w, uint64_t id, slice signature)
{
    const struct keeper_reply reply = {
        .id = id, .answers[0] = {KEEPER_SIGNED, signature},
             .count = 1
    };
    struct buf buf;
    buf_init(&buf, w->arena, KEEPER_REPLY_MAX);
    keeper_write_reply(&buf, &reply);
    say(w, buf_slice(&buf));
}

static void hello(struct world *w)
{
    struct buf buf;
    buf_init(&buf, w->arena, KEEPER_REPLY_MAX);
    keeper_write_hello(&buf);
    say(w, buf_slice(&buf));
}

/* ---- tests ------------------------------------------------------------------------------ */

static void an_answer_goes_to_who_asked(void **state)
{
    struct world *w = *state;
    struct asked one, two;
    assert_null(ask(w, &one, SLICE("one")));
    assert_null(ask(w, &two, SLICE("two")));
    struct keeper_request first = take(w), second = take(w);
    assert_true(slice_eq(first.texts[0].octets, SLICE("one")));
    assert_int_equal(first.texts[0].kind, KEEPER_DKIM);
    answer(w, second.id, SLICE("for two"));
    answer(w, first.id, SLICE("for one"));
    run_until(w, &two);
    run_until(w, &one);
    assert_string_equal(one.octets, "for one");
    assert_string_equal(two.octets, "for two");
    assert_int_equal(keeper_client_statistics(w->client).open, 0);
    assert_int_equal(keeper_client_statistics(w->client).answered, 2);
}

static void who_begins_anew_gets_all_that_is_open_once_more(void **state)
{
    struct world *w = *state;
    struct asked asked[3];
    for (size_t i = 0; i < 3; i++) {
        assert_null(ask(w, &asked[i], SLICE("text")));
    }
    answer(w, take(w).id, SLICE("before"));
    run_until(w, &asked[0]);
    (void)take(w);
    (void)take(w);
    assert_false(has_request(w));
    hello(w);
    while (!has_request(w)) {
        loop_run_once(w->loop);
    }
    struct keeper_request again = take(w);
    assert_true(again.id == FIRST_ID + 1);
    answer(w, again.id, SLICE("after"));
    answer(w, take(w).id, SLICE("after"));
    run_until(w, &asked[1]);
    run_until(w, &asked[2]);
    assert_string_equal(asked[2].octets, "after");
    assert_int_equal(keeper_client_statistics(w->client).sent_again, 2);
    assert_int_equal(keeper_client_statistics(w->client).hellos, 1);
}

static void an_answer_of_the_one_before_is_not_lost_and_not_given_twice(void **state)
{
    struct world *w = *state;
    struct asked asked;
    assert_null(ask(w, &asked, SLICE("text")));
    uint64_t id = take(w).id;
    answer(w, id, SLICE("first"));
    hello(w);
    answer(w, id, SLICE("second"));
    run_until(w, &asked);
    assert_string_equal(asked.octets, "first");
    for (int i = 0; i < 3; i++) {
        struct asked another;
        assert_null(ask(w, &another, SLICE("text")));
        answer(w, take(w).id, SLICE("x"));
        run_until(w, &another);
    }
    assert_int_equal(asked.done, 1);
}

static void silence_ends_at_the_deadline(void **state)
{
    struct world *w = *state;
    struct asked one, two;
    int64_t before_ms = loop_now_ms(w->loop);
    assert_null(ask(w, &one, SLICE("text")));
    assert_null(ask(w, &two, SLICE("text")));
    run_until(w, &one);
    run_until(w, &two);
    assert_true(loop_now_ms(w->loop) - before_ms >= DEADLINE_MS);
    assert_false(one.answered);
    assert_non_null(one.why);
    assert_int_equal(keeper_client_statistics(w->client).timed_out, 2);
    /* The answer that comes after all is nobody's. */
    answer(w, take(w).id, SLICE("late"));
    assert_null(ask(w, &one, SLICE("text")));
    (void)take(w);
    answer(w, take(w).id, SLICE("in time"));
    run_until(w, &one);
    assert_string_equal(one.octets, "in time");
}

static void one_that_begins_anew_gives_nobody_more_time(void **state)
{
    struct world *w = *state;
    struct asked asked;
    int64_t before_ms = loop_now_ms(w->loop);
    assert_null(ask(w, &asked, SLICE("text")));
    while (asked.done == 0 && !w->is_over) {
        if (loop_now_ms(w->loop) - before_ms < 5 * DEADLINE_MS) {
            hello(w);
        }
        loop_run_once(w->loop);
    }
    assert_false(asked.answered);
}

static void who_cancelled_is_not_called(void **state)
{
    struct world *w = *state;
    struct asked one, two;
    assert_null(ask(w, &one, SLICE("one")));
    assert_null(ask(w, &two, SLICE("two")));
    keeper_client_cancel(one.call);
    answer(w, take(w).id, SLICE("for one"));
    answer(w, take(w).id, SLICE("for two"));
    run_until(w, &two);
    assert_int_equal(one.done, 0);
}

static void no_more_octets_are_open_than_may_be(void **state)
{
    enum { LARGE = 100 * 1024, FIT = OCTETS_MAX / LARGE };
    struct world *w = *state;
    struct asked asked[FIT], more;
    char *octets = calloc(1, LARGE);
    assert_non_null(octets);
    for (size_t i = 0; i < FIT; i++) {
        assert_null(ask(w, &asked[i], slice_of(octets, LARGE)));
    }
    assert_string_equal(ask(w, &more, slice_of(octets, LARGE)),
                        "too many requests wait for the keeper");
    answer(w, take(w).id, SLICE("x"));
    run_until(w, &asked[0]);
    assert_null(ask(w, &more, slice_of(octets, LARGE)));
    assert_int_equal(keeper_client_statistics(w->client).refused, 1);
    free(octets);
}

/* As when a thousand clients hand in their mail at the same time. */
static void a_thousand_may_wait_at_once(void **state)
{
    enum { CALLS = 1000 };
    struct world *w = *state;
    struct asked *asked = calloc(CALLS, sizeof(*asked));
    assert_non_null(asked);
    for (size_t i = 0; i < CALLS; i++) {
        assert_null(ask(w, &asked[i], SLICE("text")));
    }
    for (size_t i = 0; i < CALLS; i++) {
        struct arena_mark mark = arena_mark(w->arena);
        answer(w, take(w).id, SLICE("x"));
        arena_rewind(w->arena, mark);
        run_until(w, &asked[i]);
        assert_true(asked[i].answered);
    }
    free(asked);
}

static void what_is_too_large_is_refused(void **state)
{
    struct world *w = *state;
    struct asked asked;
    char *octets = calloc(1, KEEPER_REQUEST_MAX);
    assert_non_null(octets);
    assert_non_null(ask(w, &asked, slice_of(octets, KEEPER_REQUEST_MAX)));
    assert_null(
        ask(w, &asked,
            slice_of(octets, KEEPER_REQUEST_MAX - KEEPER_HEAD - KEEPER_ITEM_HEAD)));
    answer(w, take(w).id, SLICE("x"));
    run_until(w, &asked);
    free(octets);
}

/* Large ones fill the socket: those that find no room go when there is some. */
static void what_finds_no_room_goes_later(void **state)
{
    struct world *w = *state;
    enum { LARGE = 100 * 1024, CALLS = 8 };
    struct asked asked[CALLS];
    char *octets = calloc(1, LARGE);
    int bytes = 4096;
    assert_non_null(octets);
    (void)setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &(int){128 * 1024}, sizeof bytes);
    for (size_t i = 0; i < CALLS; i++) {
        assert_null(ask(w, &asked[i], slice_of(octets, LARGE)));
    }
    unsigned at_first = 0;
    uint64_t ids[CALLS];
    while (has_request(w)) {
        ids[at_first++] = take(w).id;
    }
    assert_in_range(at_first, 1, CALLS - 1);
    for (unsigned i = 0; i < at_first; i++) {
        answer(w, ids[i], SLICE("x"));
    }
    for (size_t i = 0; i < CALLS; i++) {
        while (asked[i].done == 0) {
            loop_run_once(w->loop);
            assert_false(w->is_over);
            while (has_request(w)) {
                answer(w, take(w).id, SLICE("x"));
            }
        }
        assert_true(asked[i].answered);
    }
    free(octets);
}

static void what_is_no_reply_ends_nothing(void **state)
{
    static const slice lies[] = {
        SLICE_INIT(""),
        SLICE_INIT("x"),
        SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\3\350\0\0\0\0\0\0\0\1x"), /* a request */
        SLICE_INIT("\1\3\1\0\0\0\0\0\0\0\3\350\0\0\0\0\0\0\0\2x"), /* cut off */
        SLICE_INIT("\1\3\1\0\0\0\0\0\0\0\3\351\0\0\0\0\0\0\0\1x"), /* not asked for */
        SLICE_INIT("\1\11\1\0\0\0\0\0\0\0\3\350"),
    };
    struct world *w = *state;
    struct asked asked;
    assert_null(ask(w, &asked, SLICE("text")));
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        say(w, lies[i]);
    }
    answer(w, take(w).id, SLICE("true"));
    run_until(w, &asked);
    assert_string_equal(asked.octets, "true");
    assert_int_equal(keeper_client_statistics(w->client).malformed, 5);
}

static void one_that_is_gone_for_good_is_said_so(void **state)
{
    struct world *w = *state;
    struct asked one, two;
    assert_null(ask(w, &one, SLICE("text")));
    assert_null(ask(w, &two, SLICE("text")));
    (void)close(w->keeper);
    w->keeper = -1;
    run_until(w, &one);
    run_until(w, &two);
    assert_string_equal(one.why, "the keeper is gone");
    assert_string_equal(ask(w, &one, SLICE("text")), "the keeper is gone");
}

/* ---- within a callback ------------------------------------------------------------------- */

struct chain {
    struct asked asked;
    unsigned left;
};

static void ask_again(void *context, const struct keeper_reply *reply, const char *why)
{
    struct chain *chain = context;
    struct world *w = chain->asked.world;
    const struct keeper_text text = {KEEPER_DKIM, SLICE_INIT("text")};
    const char *refused;
    (void)reply;
    (void)why;
    chain->asked.done = --chain->left == 0;
    if (chain->left != 0) {
        assert_non_null(
            keeper_client_sign(w->client, &text, 1, ask_again, chain, &refused));
    }
}

static void who_is_answered_may_ask_again(void **state)
{
    struct world *w = *state;
    struct chain chain = {.asked = {.world = w}, .left = 20};
    const struct keeper_text text = {KEEPER_DKIM, SLICE_INIT("text")};
    const char *why;
    assert_non_null(keeper_client_sign(w->client, &text, 1, ask_again, &chain, &why));
    while (chain.left != 0) {
        while (has_request(w)) {
            answer(w, take(w).id, SLICE("x"));
        }
        loop_run_once(w->loop);
        assert_false(w->is_over);
    }
}

static void cancel_the_other(void *context, const struct keeper_reply *reply,
                             const char *why)
{
    struct asked *other = context;
    (void)reply;
    (void)why;
    keeper_client_cancel(other->call);
    other->call = NULL;
    other->world->is_over = true;
}

static void who_is_timed_out_may_cancel_others(void **state)
{
    struct world *w = *state;
    struct asked other;
    const struct keeper_text text = {KEEPER_DKIM, SLICE_INIT("text")};
    const char *why;
    assert_non_null(
        keeper_client_sign(w->client, &text, 1, cancel_the_other, &other, &why));
    assert_null(ask(w, &other, SLICE("text")));
    while (!w->is_over) {
        loop_run_once(w->loop);
    }
    assert_int_equal(other.done, 0);
    assert_int_equal(keeper_client_statistics(w->client).open, 0);
}

int main(void)
{
#define CALM(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define HASTY(test) cmocka_unit_test_setup_teardown(test, set_up_hasty, tear_down)
    const struct CMUnitTest tests[] = {
        CALM(an_answer_goes_to_who_asked),
        CALM(who_begins_anew_gets_all_that_is_open_once_more),
        CALM(an_answer_of_the_one_before_is_not_lost_and_not_given_twice),
        HASTY(silence_ends_at_the_deadline),
        HASTY(one_that_begins_anew_gives_nobody_more_time),
        CALM(who_cancelled_is_not_called),
        CALM(no_more_octets_are_open_than_may_be),
        CALM(a_thousand_may_wait_at_once),
        CALM(what_is_too_large_is_refused),
        CALM(what_finds_no_room_goes_later),
        CALM(what_is_no_reply_ends_nothing),
        CALM(one_that_is_gone_for_good_is_said_so),
        CALM(who_is_answered_may_ask_again),
        HASTY(who_is_timed_out_may_cancel_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
