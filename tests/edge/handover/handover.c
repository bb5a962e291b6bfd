/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/handover/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Texts from one end of a pair to the other, and what somebody sends who means harm. */
enum { OCTETS_MAX = 64 * 1024, MANY = 4000 };

static int pair[2];

static int set_up(void **state)
{
    int bytes = 8 * 1024;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(pair[0]);
    (void)close(pair[1]);
    return 0;
}

/* The lowest free descriptor: the same before and after where none was left behind. */
static int next_descriptor(void)
{
    int fd = dup(STDIN_FILENO);
    assert_true(fd >= 0);
    (void)close(fd);
    return fd;
}

static int text_of(slice octets)
{
    int text = handover_new();
    assert_true(text >= 0);
    assert_true(handover_write(text, octets));
    return text;
}

static void give(slice octets)
{
    int text = text_of(octets);
    assert_int_equal(handover_send(pair[0], text), YETT_OK);
    (void)close(text);
}

/* A descriptor, or none, beside so many octets. */
static void send_raw(int fd, size_t octets)
{
    char packet[8] = "";
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } attachment = {.room = {0}};
    struct iovec iov = {packet, octets};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        attachment.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS,
                                           .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(&attachment.head), &fd, sizeof fd);
        message.msg_control = &attachment;
        message.msg_controllen = sizeof attachment.room;
    }
    assert_int_equal(sendmsg(pair[0], &message, MSG_NOSIGNAL), (ssize_t)octets);
}

static void expect_refused(void)
{
    slice out = SLICE("untouched");
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_BAD_SYNTAX);
    assert_true(slice_eq(out, SLICE("untouched")));
}

/* ---- what is there for ------------------------------------------------------------------ */

static void a_text_comes_as_it_was_written(void **state)
{
    slice out;
    int free_one = next_descriptor();
    (void)state;
    int text = handover_new();
    assert_true(handover_write(text, SLICE("one, ")));
    assert_true(handover_write(text, SLICE_NONE));
    assert_true(handover_write(text, slice_of("t\0o", 3)));
    assert_int_equal(handover_send(pair[0], text), YETT_OK);
    (void)close(text);
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
    assert_true(slice_eq(out, slice_of("one, t\0o", 8)));
    handover_release(out);
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_NEED_ANSWERS);
    assert_int_equal(next_descriptor(), free_one);
}

static void texts_come_in_their_order(void **state)
{
    static const char *const words[] = {"first", "second", "third"};
    slice out;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        give(slice_from_text(words[i]));
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
        assert_true(slice_eq(out, slice_from_text(words[i])));
        handover_release(out);
    }
}

static void who_has_sent_a_text_cannot_change_it(void **state)
{
    slice out;
    (void)state;
    int text = text_of(SLICE("sealed"));
    assert_int_equal(handover_send(pair[0], text), YETT_OK);
    assert_false(handover_write(text, SLICE("more")));
    assert_int_equal(pwrite(text, "S", 1, 0), -1);
    assert_int_equal(ftruncate(text, 0), -1);
    assert_ptr_equal(mmap(NULL, 6, PROT_WRITE, MAP_SHARED, text, 0), MAP_FAILED);
    (void)close(text);
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
    handover_release(out);
}

static void a_full_pair_is_said_to_be_and_takes_more_later(void **state)
{
    slice out;
    int free_one = next_descriptor(), count = 0;
    enum yett_err err = YETT_OK;
    (void)state;
    while (err == YETT_OK && count < MANY) {
        int text = text_of(SLICE("x"));
        err = handover_send(pair[0], text);
        count += err == YETT_OK;
        (void)close(text);
    }
    assert_int_equal(err, YETT_LIMIT);
    assert_in_range(count, 4, 100);
    for (int i = 0; i < count; i++) {
        assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
        handover_release(out);
    }
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_NEED_ANSWERS);
    give(SLICE("x"));
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
    handover_release(out);
    assert_int_equal(next_descriptor(), free_one);
}

static void the_end_of_either_side_is_noticed(void **state)
{
    slice out;
    int text = text_of(SLICE("x"));
    (void)state;
    give(SLICE("the last"));
    (void)close(pair[0]);
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
    handover_release(out);
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_IO);
    (void)close(pair[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    (void)close(pair[1]);
    assert_int_equal(handover_send(pair[0], text), YETT_IO);
    (void)close(text);
    pair[1] = dup(pair[0]);
}

/* ---- what means harm -------------------------------------------------------------------- */

static int sealed(int text, int seals)
{
    assert_int_equal(fcntl(text, F_ADD_SEALS, seals), 0);
    return text;
}

static void only_what_is_sealed_memory_is_taken(void **state)
{
    enum { ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
    static const int too_few[] = {0,
                                  F_SEAL_WRITE,
                                  F_SEAL_SHRINK | F_SEAL_GROW,
                                  ALL & ~F_SEAL_SHRINK,
                                  ALL & ~F_SEAL_WRITE,
                                  ALL & ~F_SEAL_SEAL};
    int pipes[2], free_one = next_descriptor();
    (void)state;
    for (size_t i = 0; i < sizeof(too_few) / sizeof(too_few[0]); i++) {
        int text = sealed(text_of(SLICE("x")), too_few[i]);
        send_raw(text, 1);
        (void)close(text);
        expect_refused();
    }
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(pipe(pipes), 0);
    const int others[] = {file, pipes[0], pair[0], pair[1]};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        send_raw(others[i], 1);
        expect_refused();
    }
    (void)close(file);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    assert_int_equal(next_descriptor(), free_one);
}

static void a_text_that_is_empty_or_too_large_is_refused(void **state)
{
    static char large[OCTETS_MAX + 1];
    slice out;
    int free_one = next_descriptor();
    (void)state;
    give(SLICE_NONE);
    expect_refused();
    give(slice_of(large, sizeof large));
    expect_refused();
    give(slice_of(large, OCTETS_MAX));
    assert_int_equal(handover_receive(pair[1], OCTETS_MAX, &out), YETT_OK);
    assert_int_equal(out.len, OCTETS_MAX);
    handover_release(out);
    assert_int_equal(next_descriptor(), free_one);
}

static void a_packet_of_another_form_is_refused(void **state)
{
    int free_one = next_descriptor();
    (void)state;
    for (size_t octets = 0; octets < 4; octets++) {
        send_raw(-1, octets);
        expect_refused();
        if (octets != 1) {
            int text = text_of(SLICE("x"));
            (void)sealed(text, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
            send_raw(text, octets);
            (void)close(text);
            expect_refused();
        }
    }
    assert_int_equal(next_descriptor(), free_one);
}

/* However many descriptors come at once, none is left behind. */
static void many_descriptors_fill_nothing(void **state)
{
    enum { AT_ONCE = 200 };
    int fds[AT_ONCE], free_one = next_descriptor();
    char octet = 0, room[CMSG_SPACE(sizeof fds)] = {0};
    struct iovec iov = {&octet, 1};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = room,
                             .msg_controllen = sizeof room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    (void)state;
    for (size_t i = 0; i < AT_ONCE; i++) {
        fds[i] = STDIN_FILENO;
    }
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_RIGHTS,
                             .cmsg_len = CMSG_LEN(sizeof fds)};
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    assert_int_equal(sendmsg(pair[0], &message, 0), 1);
    expect_refused();
    assert_int_equal(next_descriptor(), free_one);
}

#define HANDOVER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HANDOVER_TEST(a_text_comes_as_it_was_written),
        HANDOVER_TEST(texts_come_in_their_order),
        HANDOVER_TEST(who_has_sent_a_text_cannot_change_it),
        HANDOVER_TEST(a_full_pair_is_said_to_be_and_takes_more_later),
        HANDOVER_TEST(the_end_of_either_side_is_noticed),
        HANDOVER_TEST(only_what_is_sealed_memory_is_taken),
        HANDOVER_TEST(a_text_that_is_empty_or_too_large_is_refused),
        HANDOVER_TEST(a_packet_of_another_form_is_refused),
        HANDOVER_TEST(many_descriptors_fill_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
