/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The process that talks to name servers: what it has, and what comes of one that lies, hangs
   or dies. */

static struct arena *arena;
static const slice name = SLICE_INIT("s1._domainkey.example.com");

static int begin(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct asker_options options_of_haste(void)
{
    struct asker_options options = {.dns = NAMESERVER_OPTIONS_DEFAULT};
    options.dns.resolver = SLICE("127.0.0.1@9"); /* nobody listens there */
    options.dns.timeout_ms = 10;
    options.dns.attempts = 1;
    options.dns.update_timeout_ms = 10;
    if (geteuid() == 0) {
        options.user = (struct sandbox_user){65534, 65534, true};
    }
    return options;
}

static struct asker *start(asker_life *live)
{
    struct asker_options options = options_of_haste();
    struct asker *asker = NULL;
    unsigned walls = 0;
    int status = 0;
    slice why = SLICE_NONE;
    enum yett_err err =
        asker_start_as(live, arena, &options, &asker, &walls, &status, &why);
    if (err != YETT_OK) {
        fail_msg("not started: %.*s", SLICE_ARG(why));
    }
    return asker;
}

static bool holds(slice text, const char *part)
{
    slice wanted = slice_from_text(part);
    for (; text.len >= wanted.len; text = slice_skip(text, 1)) {
        if (slice_starts_with(text, wanted)) {
            return true;
        }
    }
    return false;
}

/* ---- what it has ----------------------------------------------------------------------------- */

static size_t read_status(pid_t pid, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = read(fd, text, size - 1);
    (void)close(fd);
    assert_true(got > 0);
    text[got] = '\0';
    return (size_t)got;
}

static void it_is_somebody_else_without_privileges(void **state)
{
    char status[4096];
    struct asker *asker = start(asker_live);
    (void)state;
    slice text = slice_of(status, read_status(asker->pid, status, sizeof status));
    assert_true(holds(text, "CapEff:\t0000000000000000"));
    assert_true(holds(text, "NoNewPrivs:\t1"));
    if (geteuid() == 0) {
        assert_true(holds(text, "Uid:\t65534\t65534\t65534\t65534"));
        assert_true(holds(text, "Gid:\t65534\t65534\t65534\t65534"));
        assert_true(holds(text, "Groups:\t \n") || holds(text, "Groups:\t\n"));
    }
    asker_stop(asker);
}

/* What the caller has open when it starts one, be it a key, is not its. */
static void it_has_no_file_open(void **state)
{
    struct dirent *entry;
    char path[64], link[320], to[64];
    int sockets = 0;
    int secret = open("/proc/self/status", O_RDONLY); /* deliberately without O_CLOEXEC */
    struct asker *asker = start(asker_live);
    (void)state;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)asker->pid);
    DIR *directory = opendir(path);
    if (directory == NULL) {
        print_message("# skipped: only root sees what an undumpable process has open\n");
        asker_stop(asker);
        (void)close(secret);
        return;
    }
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        ssize_t size = readlink(link, to, sizeof to - 1);
        assert_true(size > 0);
        to[size] = '\0';
        if (strncmp(to, "socket:", 7) == 0) {
            sockets++;
        } else {
            assert_string_equal(to, "/dev/null");
        }
    }
    assert_int_equal(sockets, 1);
    (void)closedir(directory);
    (void)close(secret);
    asker_stop(asker);
}

static void every_wall_stands_where_there_are_walls(void **state)
{
    struct asker_options options = options_of_haste();
    struct asker *asker = NULL;
    unsigned walls = 0;
    int status = 0;
    slice why;
    (void)state;
    assert_int_equal(asker_start(arena, &options, &asker, &walls, &status, &why),
                     YETT_OK);
    assert_true((walls == SANDBOX_ALL) == slice_is_empty(why)); /* or it says which not */
    assert_true((walls & SANDBOX_UNDUMPABLE) != 0);
    asker_stop(asker);
}

static int refuse(void *context)
{
    (void)context;
    return 2;
}

static void what_its_beginning_says_is_the_status(void **state)
{
    struct asker_options options = options_of_haste();
    struct asker *asker = NULL;
    unsigned walls = 0;
    int status = 0;
    slice why;
    (void)state;
    options.prepare = refuse;
    assert_int_equal(asker_start(arena, &options, &asker, &walls, &status, &why),
                     YETT_NOT_FOUND);
    assert_int_equal(status, 2);
}

static void a_resolver_that_is_not_there_is_named(void **state)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    struct asker *asker = start(asker_live);
    (void)state;
    for (int i = 0; i < 3; i++) { /* it goes on */
        assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
        assert_true(holds(why, "the resolver 127.0.0.1@9 "));
    }
    asker_stop(asker);
}

/* ---- one that lies, hangs or dies --------------------------------------------------------------- */

static void put(int fd, slice octets)
{
    if (!asker_put_all(fd, octets, INT64_MAX)) {
        _exit(1);
    }
}

static void put_packet(int fd, slice content)
{
    char head[] = {0, 0, 0, 0};
    head[2] = (char)(unsigned char)(content.len >> 8);
    head[3] = (char)(unsigned char)content.len;
    put(fd, slice_of(head, sizeof head));
    put(fd, content);
}

static void say_hello(int fd)
{
    put_packet(
        fd, SLICE("\0\0\x0f\0\0\0\0\0")); /* hello, fine, all walls, status 0, no word */
}

static void wait_for_question(int fd)
{
    char octet;
    if (recv(fd, &octet, 1, 0) != 1) {
        _exit(1);
    }
}

static void stay(void)
{
    for (;;) {
        (void)pause();
    }
}

static void speak_garbage(const struct asker_options *options, int fd)
{
    char octets[4096];
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    memset(octets, 0xa5, sizeof octets);
    put_packet(fd, slice_of(octets, sizeof octets));
    stay();
}

static void speak_of_another_zone(const struct asker_options *options, int fd)
{
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    put_packet(fd, SLICE("\x01\0\0\0\0\x03"
                         "org"
                         "\0\0\0\x02"
                         "ns"
                         "\0\0\0\0\0\x01"
                         "\0\0\0\x02"
                         "ns"
                         "\0\0\0\0\0"));
    stay();
}

static void speak_without_end(const struct asker_options *options, int fd)
{
    static const char much[65536];
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    put(fd, SLICE("\xff\xff\xff\xff"));
    for (;;) {
        put(fd, slice_of(much, sizeof much));
    }
}

static void hang(const struct asker_options *options, int fd)
{
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    put(fd, SLICE("\0\x10\0\0\x01")); /* a beginning */
    stay();
}

static void crash(const struct asker_options *options, int fd)
{
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

static void leave(const struct asker_options *options, int fd)
{
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
}

static void turn_away(const struct asker_options *options, int fd)
{
    (void)options;
    say_hello(fd);
    wait_for_question(fd);
    (void)close(fd);
    stay();
}

static void one_that_cannot_be_trusted_is_ended(void **state)
{
    static const struct {
        const char *why;
        asker_life *live;
        const char *says;
    } rows[] = {
        {"garbage",      speak_garbage,         "said what it may not say (a number is too large)"},
        {"another zone", speak_of_another_zone, "is not in this zone"                             },
        {"too much",     speak_without_end,     "wanted to say more than there is to say"         },
        {"silence",      hang,                  "did not answer in time, and was ended"           },
        {"a crash",      crash,                 "was ended by signal 11"                          },
        {"an end",       leave,                 "has ended"                                       },
        {"a closed ear", turn_away,             "was ended by signal 9"                           },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct nameserver_zone zone;
        slice why = SLICE_NONE;
        struct asker *asker = start(rows[i].live);
        pid_t pid = asker->pid;
        enum yett_err err = asker_find(asker, arena, name, &zone, &why);
        if (err != YETT_IO || !holds(why, rows[i].says)) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(why));
        }
        assert_int_equal(asker_process(asker), 0);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* gone, and nobody's ghost */
        /* and so it stays */
        assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
        assert_true(holds(why, rows[i].says));
        asker_stop(asker);
    }
}

static void one_that_is_killed_amid_its_work_is_told(void **state)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    struct asker *asker = start(asker_live);
    (void)state;
    assert_int_equal(kill(asker->pid, SIGKILL), 0);
    assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
    assert_true(holds(why, "was ended by signal 9"));
    asker_stop(asker);
}

static void an_update_that_it_died_over_may_have_been_made(void **state)
{
    static const struct nameserver server = {.name = SLICE_INIT("ns1.example.com"),
                                             .addresses = {{{IP_V4, {127, 0, 0, 1}}, 9}},
                                             .count = 1};
    slice reply, why = SLICE_NONE;
    struct asker *asker = start(crash);
    (void)state;
    for (int i = 0; i < 2; i++) { /* the second time nothing can have been sent */
        assert_int_equal(asker_send(asker, arena, &server, SLICE("update"), &reply, &why),
                         YETT_IO);
        assert_true(holds(why, "was ended by signal 11"));
        assert_int_equal(holds(why, "the update may have been made or not"), i == 0);
    }
    asker_stop(asker);
}

static void one_that_is_stopped_is_not_waited_for(void **state)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    struct asker *asker = start(asker_live);
    (void)state;
    assert_int_equal(kill(asker->pid, SIGSTOP), 0);
    assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
    assert_true(holds(why, "did not answer in time"));
    asker_stop(asker);
}

/* ---- spares ------------------------------------------------------------------------------------- */

static struct asker *start_with_spares(asker_life *live, unsigned spares)
{
    struct asker_options options = options_of_haste();
    struct asker *asker = NULL;
    unsigned walls = 0;
    int status = 0;
    slice why = SLICE_NONE;
    options.spares = spares;
    assert_int_equal(asker_start_as(live, arena, &options, &asker, &walls, &status, &why),
                     YETT_OK);
    return asker;
}

static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void a_spare_takes_the_place_of_one_that_died(void **state)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    struct asker *asker = start_with_spares(crash, 2);
    (void)state;
    for (int i = 0; i < 3; i++) {
        pid_t pid = asker->pid;
        assert_true(asker_renew(asker));
        assert_int_equal(asker->pid, pid); /* it is there */
        assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
        assert_true(holds(why, "was ended by signal 11"));
        assert_int_equal(asker_renew(asker), i < 2);
        assert_int_not_equal(asker->pid, pid);
    }
    assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
    assert_true(holds(why, "was ended by signal 11"));
    assert_no_child();
    asker_stop(asker);
}

/* As a system does that has no memory left. */
static void one_that_died_at_rest_is_passed_over(void **state)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    struct asker *asker = start_with_spares(asker_live, 2);
    pid_t last = asker->spare->spare->pid;
    (void)state;
    assert_int_equal(kill(asker->pid, SIGKILL), 0);
    assert_int_equal(kill(asker->spare->pid, SIGKILL), 0);
    for (int i = 0; i < 1000 && !(asker_is_loose(asker) && asker_is_loose(asker->spare));
         i++) {
        (void)usleep(10000);
    }
    assert_true(asker_renew(asker));
    assert_int_equal(asker->pid, last);
    assert_int_equal(asker_find(asker, arena, name, &zone, &why), YETT_IO);
    assert_true(holds(why, "the resolver 127.0.0.1@9 ")); /* it works */
    asker_stop(asker);
    assert_no_child();
}

static void spares_end_with_it(void **state)
{
    struct asker *asker = start_with_spares(asker_live, 99);
    unsigned count = 0;
    (void)state;
    for (const struct asker *one = asker; one != NULL; one = one->spare) {
        count++;
    }
    assert_int_equal(count, 1 + ASKER_SPARES_MAX);
    asker_stop(asker);
    assert_no_child();
}

/* ---- the other way ------------------------------------------------------------------------------ */

/* The child of this test starts one, and dies without a word. */
static void it_ends_with_its_caller(void **state)
{
    int ends[2];
    pid_t asked = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t caller = fork();
    if (caller == 0) {
        struct asker *asker = start(asker_live);
        if (write(ends[1], &asker->pid, sizeof asker->pid) != sizeof asker->pid) {
            _exit(1);
        }
        (void)raise(SIGKILL);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &asked, sizeof asked), sizeof asked);
    assert_int_equal(waitpid(caller, NULL, 0), caller);
    (void)close(ends[0]);
    for (int i = 0; i < 1000; i++) {
        char status[4096], path[64];
        (void)snprintf(path, sizeof path, "/proc/%d/status", (int)asked);
        if (access(path, F_OK) != 0) {
            return;
        }
        slice text = slice_of(status, read_status(asked, status, sizeof status));
        if (holds(text, "State:\tZ")) { /* of whoever is its parent now */
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("it lives on");
}

/* A caller that was taken over gets nothing of it but an end. */
static void a_caller_that_talks_nonsense_is_left(void **state)
{
    struct asker *asker = start(asker_live);
    char octet;
    (void)state;
    put_packet(asker->fd, SLICE("\x01\0\0\0\x03"
                                "A.B"));
    assert_int_equal(asker_take_all(asker->fd, &octet, 1, asker_now_ms() + 20000),
                     TAKE_GONE);
    asker_stop(asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_somebody_else_without_privileges),
        cmocka_unit_test(it_has_no_file_open),
        cmocka_unit_test(every_wall_stands_where_there_are_walls),
        cmocka_unit_test(what_its_beginning_says_is_the_status),
        cmocka_unit_test(a_resolver_that_is_not_there_is_named),
        cmocka_unit_test(one_that_cannot_be_trusted_is_ended),
        cmocka_unit_test(one_that_is_killed_amid_its_work_is_told),
        cmocka_unit_test(an_update_that_it_died_over_may_have_been_made),
        cmocka_unit_test(one_that_is_stopped_is_not_waited_for),
        cmocka_unit_test(a_spare_takes_the_place_of_one_that_died),
        cmocka_unit_test(one_that_died_at_rest_is_passed_over),
        cmocka_unit_test(spares_end_with_it),
        cmocka_unit_test(it_ends_with_its_caller),
        cmocka_unit_test(a_caller_that_talks_nonsense_is_left),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
