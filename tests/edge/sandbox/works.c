/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/hex.h"
#include "edge/log/place.h"
#include "edge/resolver/resolver.h"
#include "edge/sandbox/child.h"
#include "edge/sandbox/nameserver.h"
#include "edge/scoreboard/scoreboard.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* Only some are used here. */
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#include "core/crypto/vectors.h"

/* What a gateway must still be able to do, as root and as another user. */

static int listener(int type, struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    require(bind(fd, (const struct sockaddr *)address, size) == 0);
    require(getsockname(fd, (struct sockaddr *)address, &size) == 0);
    require(type == SOCK_DGRAM || listen(fd, 10) == 0);
    return fd;
}

static void take_memory(void)
{
    enum { BYTES = 64 << 20 };
    char *memory = malloc(BYTES);
    require(memory != NULL);
    memset(memory, 1, BYTES);
    memory = realloc(memory, BYTES + (BYTES / 2));
    require(memory != NULL && memory[BYTES - 1] == 1);
    free(memory);
    for (size_t i = 0; i < 1000; i++) {
        free(malloc(i * 100));
    }
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sort(void)
{
    static int numbers[100000];
    for (size_t i = 0; i < 100000; i++) {
        numbers[i] = (int)((i * 7919) % 100003);
    }
    qsort(numbers, 100000, sizeof(numbers[0]), by_value);
    require(numbers[0] < numbers[99999]);
}

static void take_chance_and_time(void)
{
    uint8_t octets[32];
    struct timespec now, brief = {0, 1000000};
    require(getrandom(octets, sizeof(octets), 0) == (ssize_t)sizeof(octets));
    require(clock_gettime(CLOCK_REALTIME, &now) == 0);
    require(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    require(nanosleep(&brief, NULL) == 0);
}

static void use_pipe(int write_fd)
{
    require(write(write_fd, "hello", 5) == 5);
}

static void verify_signature(struct crypto *crypto)
{
    uint8_t octets[512], signature[512], digest[CRYPTO_DIGEST_MAX], chance[16];
    struct crypto_key *key = NULL;
    const char *why = "";
    bool valid = false;
    struct crypto_hash *hash = crypto_hash_new(crypto, CRYPTO_SHA256);
    require(hash != NULL);
    crypto_hash_update(hash, SLICE("a message"));
    require(crypto_hash_final(hash, digest) == YETT_OK);
    crypto_hash_free(hash);
    require(crypto_key_from_rsa(crypto, hex_octets(rsa2048_spki, octets, sizeof(octets)),
                                &key, &why) == YETT_OK);
    require(
        crypto_verify(crypto, key, CRYPTO_SHA256, digest,
                      hex_octets(rsa2048_sha256_signature, signature, sizeof(signature)),
                      &valid) == YETT_OK);
    require(valid);
    crypto_key_free(key);
    require(crypto_random(crypto, chance, sizeof(chance)) == YETT_OK);
}

/* ---- the loop --------------------------------------------------------------------------- */

struct sitting {
    struct loop *loop;
    int listener, client, server;
    struct loop_watch *watch, *connection;
    const char *expected;
    size_t got;
};

static void on_octets(void *context, bool readable, bool writable)
{
    struct sitting *s = context;
    char octets[16];
    (void)readable;
    (void)writable;
    ssize_t got = recv(s->server, octets, sizeof(octets), 0);
    require(got > 0);
    s->got += (size_t)got;
    if (s->got == 5) {
        require(send(s->server, "world", 5, MSG_NOSIGNAL) == 5);
        loop_stop(s->loop);
    }
}

static void on_connection(void *context, bool readable, bool writable)
{
    struct sitting *s = context;
    int on = 1;
    (void)readable;
    (void)writable;
    s->server = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    require(s->server >= 0);
    require(setsockopt(s->server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    require(setsockopt(s->server, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == 0);
    s->connection = loop_watch_new(s->loop, s->server, on_octets, s);
    require(s->connection != NULL && loop_watch_set(s->connection, true, false));
}

/* A conversation over TCP with what was a listener before the walls. */
static void serve(struct loop *loop, int tcp, const struct sockaddr_in *address)
{
    struct sitting s = {.loop = loop, .listener = tcp};
    char octets[8];
    s.watch = loop_watch_new(loop, tcp, on_connection, &s);
    require(s.watch != NULL && loop_watch_set(s.watch, true, false));
    s.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(connect(s.client, (const struct sockaddr *)address, sizeof(*address)) == 0);
    require(write(s.client, "hello", 5) == 5);
    loop_run(loop);
    require(read(s.client, octets, sizeof(octets)) == 5);
    loop_watch_free(s.connection);
    loop_watch_free(s.watch);
    (void)close(s.server);
    (void)close(s.client);
}

static void send_datagram(int udp, const struct sockaddr_in *address)
{
    char octets[8];
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(sendto(fd, "hello", 5, 0, (const struct sockaddr *)address,
                   sizeof(*address)) == 5);
    require(recvfrom(udp, octets, sizeof(octets), 0, (struct sockaddr *)&from, &size) ==
            5);
    (void)close(fd);
}

static void on_answer(void *context, struct dns_question question,
                      const struct dns_answer *answer)
{
    int *answered = context;
    (void)question;
    require(answer->status == DNS_FOUND && answer->count == 1);
    (*answered)++;
}

static void on_deadline(void *context)
{
    (void)context;
    child_failed("answered in time", __FILE__, __LINE__);
}

static void ask(struct loop *loop, struct resolver *resolver, slice name)
{
    int answered = 0;
    struct loop_timer *timer = loop_timer_new(loop, on_deadline, NULL);
    loop_timer_start(timer, 10000);
    (void)resolver_ask(resolver, (struct dns_question){DNS_TXT, name}, on_answer,
                       &answered);
    while (answered == 0) {
        loop_run_once(loop);
    }
    loop_timer_free(timer);
}

/* ---- all of it -------------------------------------------------------------------------- */

struct given {
    bool as_nobody;
    int udp, tcp, pipe_fd;
    struct sockaddr_in udp_address, tcp_address;
    struct nameserver nameserver;
    struct crypto *crypto;
    struct loop *loop;
    struct resolver *resolver;
    struct scoreboard *board;
    struct log *log;
};

static void open_all(struct given *g)
{
    char why[200];
    int fd;
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    options.server = slice_from_text(g->nameserver.address);
    g->udp = listener(SOCK_DGRAM, &g->udp_address);
    g->tcp = listener(SOCK_STREAM, &g->tcp_address);
    g->crypto = crypto_new();
    g->loop = loop_new();
    g->resolver = resolver_new(g->loop, &options, why, sizeof(why));
    g->board = scoreboard_create(&fd);
    g->log = log_new(CONFIG_LOG_STDERR, CONFIG_LOG_TEXT, "test");
    require(g->crypto != NULL && g->resolver != NULL && g->board != NULL &&
            g->log != NULL);
}

static void work(void *context)
{
    struct given *g = context;
    require(dup2(g->pipe_fd, STDERR_FILENO) == STDERR_FILENO);
    open_all(g);
    if (g->as_nobody) {
        child_become_nobody();
    }
    child_lock_in();

    take_memory();
    sort();
    take_chance_and_time();
    use_pipe(g->pipe_fd);
    verify_signature(g->crypto);
    send_datagram(g->udp, &g->udp_address);
    serve(g->loop, g->tcp, &g->tcp_address);
    ask(g->loop, g->resolver, SLICE("small.test"));
    ask(g->loop, g->resolver, SLICE("large.test"));
    scoreboard_count(g->board, 0, COUNT_MESSAGES, 1);
    scoreboard_beat(g->board, 0, loop_now_ms(g->loop));
    log_say(g->log, LOG_LEVEL_NOTICE, "all is well");
    require(log_lost(g->log) == 0);

    resolver_free(g->resolver);
    loop_free(g->loop);
    crypto_free(g->crypto);
    scoreboard_close(g->board);
    log_free(g->log);
    exit(0); /* with all that is done at the end of a program */
}

static void work_within(bool as_nobody)
{
    struct given given = {.as_nobody = as_nobody};
    char text[2000] = "";
    int ends[2];
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    assert_int_equal(pipe(ends), 0);
    given.pipe_fd = ends[1];
    nameserver_start(&given.nameserver);
    int status = child_status(work, &given);
    nameserver_stop(&given.nameserver);
    (void)close(ends[1]);
    (void)read(ends[0], text, sizeof(text) - 1);
    if (status != 0) {
        fail_msg("the child ended with %d and said \"%s\"", status, text);
    }
    assert_memory_equal(text, "hello", 5);
    assert_non_null(strstr(text, " all is well\n"));
    (void)close(ends[0]);
}

static void a_gateway_can_do_its_work(void **state)
{
    (void)state;
    work_within(false);
}

static void so_can_an_ordinary_user(void **state)
{
    (void)state;
    work_within(true);
}

static size_t count_threads(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    require(tasks != NULL);
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(tasks);
    return count;
}

static void count_them(void *context)
{
    struct given *g = context;
    size_t before = count_threads(); /* of a sanitizer, perhaps */
    open_all(g);
    ask(g->loop, g->resolver, SLICE("small.test"));
    ask(g->loop, g->resolver, SLICE("large.test"));
    require(count_threads() == before);
}

static void no_library_starts_a_thread(void **state)
{
    struct given given = {.as_nobody = false};
    (void)state;
    nameserver_start(&given.nameserver);
    child_must_succeed(count_them, &given);
    nameserver_stop(&given.nameserver);
}

struct lines {
    bool as_nobody;
    struct place place;
    int told[2], done[2]; /* "go on", in both directions */
};

static void wait_for(int fd)
{
    char octet;
    require(read(fd, &octet, 1) == 1);
}

static void tell(int fd)
{
    require(write(fd, "x", 1) == 1);
}

static void write_lines(void *context)
{
    struct lines *l = context;
    struct log *syslog_log =
        log_open(&l->place.places, CONFIG_LOG_SYSLOG, CONFIG_LOG_TEXT, "gateway");
    struct log *journal =
        log_open(&l->place.places, CONFIG_LOG_JOURNALD, CONFIG_LOG_TEXT, "gateway");
    if (l->as_nobody) {
        child_become_nobody();
    }
    child_lock_in();
    log_say(syslog_log, LOG_LEVEL_INFO, "first");
    log_say(journal, LOG_LEVEL_INFO, "first");
    tell(l->done[1]);
    wait_for(l->told[0]);
    (void)usleep(1100000);
    log_say(syslog_log, LOG_LEVEL_INFO, "second");
    log_say(journal, LOG_LEVEL_INFO, "second");
    require(log_lost(syslog_log) == 0 && log_lost(journal) == 0);
    log_free(syslog_log);
    log_free(journal);
}

static int listen_for_all(const char *path)
{
    int fd = place_listen(path);
    assert_int_equal(chmod(path, 0666), 0);
    return fd;
}

static void receive_lines(struct lines *l)
{
    int syslog_fd = listen_for_all(l->place.syslog_path);
    int journal_fd = listen_for_all(l->place.journald_path);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        (void)alarm(CHILD_PATIENCE_S);
        (void)close(syslog_fd); /* else the first daemon lives on in here */
        (void)close(journal_fd);
        write_lines(l);
        _exit(0);
    }
    wait_for(l->done[0]);
    assert_matches(place_receive(syslog_fd), "first$");
    assert_matches(place_receive(journal_fd), "MESSAGE=first\n$");
    (void)close(syslog_fd);
    (void)close(journal_fd);
    syslog_fd = listen_for_all(l->place.syslog_path);
    journal_fd = listen_for_all(l->place.journald_path);
    tell(l->told[1]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_matches(place_receive(syslog_fd), "second$");
    assert_matches(place_receive(journal_fd), "MESSAGE=second\n$");
    (void)close(syslog_fd);
    (void)close(journal_fd);
}

static void the_log_finds_a_daemon_that_was_started_again(void **state)
{
    struct lines lines = {.as_nobody = geteuid() == 0};
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    place_init(&lines.place);
    assert_int_equal(chmod(lines.place.folder, 0711), 0);
    assert_int_equal(pipe(lines.told), 0);
    assert_int_equal(pipe(lines.done), 0);
    receive_lines(&lines);
    place_finish(&lines.place);
    for (size_t i = 0; i < 2; i++) {
        (void)close(lines.told[i]);
        (void)close(lines.done[i]);
    }
}

static void abort_inside(void *context)
{
    (void)context;
    (void)signal(SIGABRT, SIG_DFL);
    child_lock_in();
    abort();
}

static void a_failed_assertion_ends_it_as_usual(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    int status = child_status(abort_inside, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_can_do_its_work),
        cmocka_unit_test(so_can_an_ordinary_user),
        cmocka_unit_test(the_log_finds_a_daemon_that_was_started_again),
        cmocka_unit_test(no_library_starts_a_thread),
        cmocka_unit_test(a_failed_assertion_ends_it_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
