/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"
#include "core/keeper/case.h"
#include "edge/scoreboard/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A keeper as a process, asked by somebody who lies.
 *
 *     test-app-keeper YETT
 *
 * This is what a gateway that was taken over can say to its keeper, and all that it gets.
 */
enum { PATIENCE_MS = 30 * 1000, OUT_OF_THE_WAY = 32, PACKET_MAX = 400 * 1024 };

static const char *program;

struct role {
    struct keeper_case *c;
    char folder[40];
    struct scoreboard *board;
    int board_fd, table, control, pair[2]; /* ours, the keeper's */
    size_t slot;
    pid_t pid;
};

/* ---- what it is given ------------------------------------------------------------------- */

static int moved(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    assert_true(fd >= 0 && high >= 0);
    (void)close(fd);
    return high;
}

static void write_key(const struct role *role, uint32_t number, const char *path)
{
    struct buf pem;
    buf_init(&pem, role->c->arena, 16384);
    assert_int_equal(
        crypto_private_key_write(role->c->crypto, role->c->keys[number], &pem), YETT_OK);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem.ptr, pem.len), (ssize_t)pem.len);
    (void)close(fd);
}

/* As the case has it, with files that exist. */
static void write_table(struct role *role)
{
    static const uint8_t hash_key[16] = {9};
    struct signing_builder *builder = signing_builder_new(role->c->arena, hash_key);
    slice why;
    struct buf buf;
    uint32_t numbers[CASE_KEYS];
    assert_non_null(builder);
    for (uint32_t i = 0; i < CASE_KEYS; i++) {
        struct signing_row row = signing_row_at(role->c->table, i);
        char path[100];
        (void)snprintf(path, sizeof path, "%s/%u.pem", role->folder, i);
        struct signing_key key = {
            .path = slice_from_text(path), .type = row.type, .bits = row.bits};
        write_key(role, i, path);
        assert_int_equal(signing_add_key(builder, &key, &row.key, &why), YETT_OK);
        assert_int_equal(signing_add_row(builder, &row, &numbers[i], &why), YETT_OK);
    }
    assert_int_equal(signing_add_author(builder, SLICE("example.org"), numbers, 2, &why),
                     YETT_OK);
    buf_init(&buf, role->c->arena, 1 << 20);
    assert_int_equal(signing_builder_finish(builder, &buf), YETT_OK);
    role->table = moved(memfd_create("table", MFD_CLOEXEC));
    assert_int_equal(write(role->table, buf.ptr, buf.len), (ssize_t)buf.len);
}

static void become_keeper(const struct role *role, int control)
{
    char slot[40], now[40];
    (void)snprintf(slot, sizeof slot, "--slot=%zu", role->slot);
    (void)snprintf(now, sizeof now, "--now=%d", CASE_NOW);
    (void)dup2(control, ROLE_CONTROL);
    (void)dup2(role->board_fd, ROLE_SCOREBOARD);
    (void)dup2(role->table, ROLE_SIGNING);
    (void)dup2(role->pair[1], ROLE_KEEPER);
    (void)execl(program, "yett", "--role=keeper", slot, "--rate=1000", "--log=stderr",
                "--log-format=text", "--sandbox=required", now, (char *)NULL);
    _exit(127);
}

static bool can_read(int fd, int ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, ms) > 0;
}

static void start(struct role *role)
{
    int control[2];
    struct role_message message;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    role->control = moved(control[0]);
    int theirs = moved(control[1]);
    role->pid = fork();
    assert_int_not_equal(role->pid, -1);
    if (role->pid == 0) {
        become_keeper(role, theirs);
    }
    (void)close(theirs);
    assert_true(can_read(role->control, PATIENCE_MS));
    assert_int_equal(role_receive(role->control, &message), YETT_OK);
    if (message.kind != ROLE_READY) {
        fail_msg("%s", message.text);
    }
}

/* How it ended, as waitpid() has it. */
static int wait_for_end(struct role *role)
{
    int status = -1;
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    (void)close(role->control);
    role->pid = 0;
    return status;
}

/* ---- asking it -------------------------------------------------------------------------- */

static slice receive(struct role *role)
{
    static char packet[PACKET_MAX];
    assert_true(can_read(role->pair[0], PATIENCE_MS));
    ssize_t got = recv(role->pair[0], packet, sizeof packet, 0);
    assert_true(got >= 0);
    return slice_of(packet, (size_t)got);
}

static void expect_hello(struct role *role)
{
    enum keeper_what what;
    assert_int_equal(keeper_read_what(receive(role), &what), YETT_OK);
    assert_int_equal(what, KEEPER_HELLO);
}

static void say(struct role *role, slice packet)
{
    assert_int_equal(send(role->pair[0], packet.ptr, packet.len, MSG_NOSIGNAL),
                     (ssize_t)packet.len);
}

static struct keeper_reply hear(struct role *role)
{
    struct keeper_reply reply;
    assert_int_equal(keeper_read_reply(receive(role), &reply), YETT_OK);
    return reply;
}

static void ask(struct role *role, uint64_t id, uint8_t kind, slice text)
{
    const struct keeper_text asked = {kind, text};
    struct buf packet;
    struct arena_mark mark = arena_mark(role->c->arena);
    buf_init(&packet, role->c->arena, KEEPER_REQUEST_MAX);
    keeper_write_request(&packet, id, &asked, 1);
    assert_int_equal(buf_err(&packet), YETT_OK);
    say(role, buf_slice(&packet));
    arena_rewind(role->c->arena, mark);
}

static enum keeper_refusal answer_to(struct role *role, uint8_t kind, slice text)
{
    static uint64_t id;
    ask(role, ++id, kind, text);
    struct keeper_reply reply = hear(role);
    assert_true(reply.id == id);
    assert_int_equal(reply.refusal, KEEPER_SIGNED);
    assert_int_equal(reply.count, 1);
    return reply.answers[0].refusal;
}

static int set_up(void **state)
{
    struct role *role = calloc(1, sizeof(*role));
    void *c;
    assert_non_null(role);
    assert_int_equal(case_setup(&c), 0);
    role->c = c;
    strcpy(role->folder, "/tmp/yett-keeper-XXXXXX");
    assert_non_null(mkdtemp(role->folder));
    write_table(role);
    role->board = scoreboard_create(&role->board_fd);
    assert_non_null(role->board);
    role->board_fd = moved(role->board_fd);
    role->slot = scoreboard_take_slot(role->board, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, role->pair),
                     0);
    role->pair[0] = moved(role->pair[0]);
    role->pair[1] = moved(role->pair[1]);
    start(role);
    *state = role;
    return 0;
}

static int tear_down(void **state)
{
    struct role *role = *state;
    void *c = role->c;
    if (role->pid != 0) {
        (void)kill(role->pid, SIGKILL);
        (void)wait_for_end(role);
    }
    for (uint32_t i = 0; i < CASE_KEYS; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "%s/%u.pem", role->folder, i);
        (void)unlink(path);
    }
    (void)rmdir(role->folder);
    (void)close(role->pair[0]);
    (void)close(role->pair[1]);
    (void)close(role->table);
    (void)close(role->board_fd);
    scoreboard_close(role->board);
    (void)case_teardown(&c);
    free(role);
    return 0;
}

/* ---- lies ------------------------------------------------------------------------------- */

#define LIE(by, h) CASE_FROM CASE_DKIM by h CASE_END

static void every_breach_is_refused_by_the_process_as_well(void **state)
{
    static const struct {
        const char *why;
        uint8_t kind;
        enum keeper_refusal refusal;
        const char *text;
    } rows[] = {
        {"a digest",                    KEEPER_DKIM,                      KEEPER_REFUSED_TEXT,
         "0123456789abcdef0123456789abcdef"                                                                                                  },
        {"an unknown kind",             77,                               KEEPER_REFUSED_KIND, CASE_GOOD                                     },
        {"an update",                   KEEPER_TSIG,                      KEEPER_REFUSED_KIND, CASE_GOOD                                     },
        {"a key of nobody",             KEEPER_DKIM,                      KEEPER_REFUSED_KEY,
         LIE(CASE_BY("rsa-sha256",                                                                                                             "example.org", "x"), CASE_H)},
        {"a key that seals",                         KEEPER_DKIM,                                                  KEEPER_REFUSED_PERMISSION,
         LIE(CASE_BY("rsa-sha256",                                                                                                  "example.org", "arc"), CASE_H)},
        {"another algorithm",    KEEPER_DKIM,                                        KEEPER_REFUSED_ALGORITHM,
         LIE(CASE_BY("ed25519-sha256","example.org", "r"), CASE_H)},
        {"others' mail",                             KEEPER_DKIM,                                           KEEPER_REFUSED_DOMAIN,
         "from:ceo@bank.example\r\n" CASE_DKIM CASE_BY("rsa-sha256",                               "example.org", "r")
             CASE_H CASE_END},
        {"two authors",                KEEPER_DKIM,                                            KEEPER_REFUSED_AUTHOR,
         "from:a@example.org, b@bank.example\r\n" CASE_DKIM CASE_BY(
             "rsa-sha256",                                                                                                                  "example.org", "r") CASE_H CASE_END},
        {"room for another From",KEEPER_DKIM,KEEPER_REFUSED_FROM_UNSIGNED,
         LIE(CASE_BY("rsa-sha256",                              "example.org", "r"), "h=from; ")},
        {"room in the body",                             KEEPER_DKIM,                                                 KEEPER_REFUSED_LENGTH,
         LIE(CASE_BY("rsa-sha256",                        "example.org", "r") "l=1; ", CASE_H)},
        {"for ever",                KEEPER_DKIM,                            KEEPER_REFUSED_EXPIRY,
         LIE("v=1; a=rsa-sha256; " CASE_RELAXED "d=example.org; s=r; t=1795500000; ",
         CASE_H)},
        {"tomorrow", KEEPER_DKIM,                                        KEEPER_REFUSED_TIME,
         LIE("v=1; a=rsa-sha256; " CASE_RELAXED
             "d=example.org; s=r; t=1795600000; x=1796709600; ",                                                           CASE_H)},
        {"as it should be",                             KEEPER_DKIM,                                            KEEPER_SIGNED,                        CASE_GOOD},
    };
    struct role *role = *state;
    expect_hello(role);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (answer_to(role, rows[i].kind, slice_from_text(rows[i].text)) !=
            rows[i].refusal) {
            fail_msg("%s", rows[i].why);
        }
    }
}

static void packets_of_no_form_end_nothing(void **state)
{
    struct role *role = *state;
    static char large[KEEPER_REQUEST_MAX + 1000];
    expect_hello(role);
    uint32_t chance = 12345;
    for (int i = 0; i < 2000; i++) {
        char octets[64];
        size_t len = (size_t)i % sizeof octets;
        for (size_t j = 0; j < len; j++) {
            chance = chance * 1664525 + 1013904223;
            octets[j] = (char)(chance >> 24);
        }
        if (len > 2 && i % 3 == 0) {
            octets[0] = KEEPER_VERSION;
            octets[1] = KEEPER_REQUEST;
        }
        say(role, slice_of(octets, len)); /* the empty one, too */
        assert_int_equal(hear(role).refusal, KEEPER_REFUSED_REQUEST);
    }
    say(role, slice_of(large, sizeof large));
    assert_int_equal(hear(role).refusal, KEEPER_REFUSED_REQUEST);
    assert_int_equal(answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD)), KEEPER_SIGNED);
}

/* As much as fits is taken, and then it waits for somebody to listen. */
static void who_does_not_listen_keeps_only_himself_waiting(void **state)
{
    struct role *role = *state;
    const struct keeper_text asked = {KEEPER_DKIM, SLICE_INIT("rubbish")};
    struct buf packet;
    unsigned sent = 0;
    bool full = false;
    expect_hello(role);
    buf_init(&packet, role->c->arena, KEEPER_REQUEST_MAX);
    keeper_write_request(&packet, 5, &asked, 1);
    while (sent < 100000 && !full) {
        ssize_t done = send(role->pair[0], packet.ptr, packet.len, MSG_DONTWAIT);
        full = done < 0 && errno == EAGAIN;
        sent += !full;
        if (full && sent < 100000) { /* it may only be slow */
            struct pollfd poll_fd = {.fd = role->pair[0], .events = POLLOUT};
            full = poll(&poll_fd, 1, 500) == 0;
        }
    }
    assert_true(full);
    int64_t before = scoreboard_heartbeat_ms(role->board, role->slot);
    for (int i = 0; i < 100 && scoreboard_heartbeat_ms(role->board, role->slot) == before;
         i++) {
        (void)usleep(100 * 1000);
    }
    assert_true(scoreboard_heartbeat_ms(role->board, role->slot) > before);
    for (unsigned i = 0; i < sent; i++) {
        assert_int_equal(hear(role).answers[0].refusal, KEEPER_REFUSED_TEXT);
    }
    assert_int_equal(answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD)), KEEPER_SIGNED);
}

static void no_domain_gets_more_than_its_rate(void **state)
{
    struct role *role = *state;
    unsigned signatures = 0, limited = 0;
    expect_hello(role);
    for (int i = 0; i < 1200; i++) {
        enum keeper_refusal refusal = answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD_E));
        signatures += refusal == KEEPER_SIGNED;
        limited += refusal == KEEPER_REFUSED_RATE;
    }
    assert_int_equal(signatures + limited, 1200);
    assert_true(signatures >= 1000 && limited > 0);
    for (int i = 0;
         i < 300 && scoreboard_sum(role->board, COUNT_SIGNATURES_LIMITED) < limited;
         i++) {
        (void)usleep(100 * 1000);
    }
    assert_int_equal(scoreboard_sum(role->board, COUNT_SIGNATURES_LIMITED), limited);
    assert_int_equal(scoreboard_sum(role->board, COUNT_SIGNATURES), signatures);
}

/* Its answers are slow where keys are large, and still it is told to leave and shows that it
   lives. */
static void no_queue_of_requests_keeps_it_from_being_heard(void **state)
{
    enum { PACKETS = 16, BITS = 4096 };
    struct role *role = *state;
    const struct role_message leave = {.kind = ROLE_LEAVE};
    struct keeper_text asked[KEEPER_TEXTS_MAX];
    struct buf packet;
    char path[100], what[PACKET_MAX];
    unsigned answered = 0;
    (void)kill(role->pid, SIGKILL);
    (void)wait_for_end(role);
    crypto_private_key_free(role->c->keys[0]);
    assert_int_equal(
        crypto_private_key_generate(role->c->crypto, CRYPTO_RSA, BITS, &role->c->keys[0]),
        YETT_OK);
    (void)snprintf(path, sizeof path, "%s/0.pem", role->folder);
    assert_int_equal(unlink(path), 0);
    write_key(role, 0, path);
    start(role);
    expect_hello(role); /* of the first one */
    expect_hello(role);
    for (size_t i = 0; i < KEEPER_TEXTS_MAX; i++) {
        asked[i] = (struct keeper_text){KEEPER_DKIM, SLICE_INIT(CASE_GOOD)};
    }
    buf_init(&packet, role->c->arena, KEEPER_REQUEST_MAX);
    keeper_write_request(&packet, 5, asked, KEEPER_TEXTS_MAX);
    (void)kill(role->pid, SIGSTOP);
    for (int i = 0; i < PACKETS; i++) {
        say(role, buf_slice(&packet));
    }
    assert_int_equal(role_send(role->control, &leave), YETT_OK);
    (void)kill(role->pid, SIGCONT);
    assert_int_equal(wait_for_end(role), 0);
    while (recv(role->pair[0], what, sizeof what, MSG_DONTWAIT) > 0) {
        answered++;
    }
    assert_true(answered < PACKETS);
}

/* ---- its life --------------------------------------------------------------------------- */

static void the_next_one_says_hello_and_leaves_the_past_alone(void **state)
{
    struct role *role = *state;
    expect_hello(role);
    (void)kill(role->pid, SIGSTOP);
    ask(role, 1, KEEPER_DKIM, SLICE(CASE_GOOD));
    ask(role, 2, KEEPER_DKIM, SLICE(CASE_GOOD));
    (void)kill(role->pid, SIGKILL);
    int status = wait_for_end(role);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    start(role);
    expect_hello(
        role); /* and no answer to 1 and 2, which are sent again by who wants it */
    assert_int_equal(answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD)), KEEPER_SIGNED);
}

static void it_leaves_when_told_and_when_nobody_is_there(void **state)
{
    struct role *role = *state;
    struct role_message leave = {.kind = ROLE_LEAVE};
    expect_hello(role);
    assert_int_equal(role_send(role->control, &leave), YETT_OK);
    assert_int_equal(wait_for_end(role), 0);
    start(role);
    (void)close(role->control);
    role->control = -1;
    assert_int_equal(wait_for_end(role), 0);
}

/* What the kernel says of a process. */
static unsigned long status_of(pid_t pid, const char *name, int base)
{
    char path[40], line[200];
    unsigned long value = ~0UL;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoul(line + strlen(name), NULL, base);
        }
    }
    assert_true(file == NULL || fclose(file) == 0);
    return value;
}

static void it_stands_within_its_walls(void **state)
{
    struct role *role = *state;
    expect_hello(role);
    assert_int_equal(status_of(role->pid, "NoNewPrivs:", 10), 1);
    assert_int_equal(status_of(role->pid, "Seccomp:", 10), 2);
    assert_int_equal(status_of(role->pid, "CapEff:", 16), 0);
}

static void a_key_file_that_went_away_is_missed_alone(void **state)
{
    struct role *role = *state;
    char path[100];
    (void)kill(role->pid, SIGKILL);
    (void)wait_for_end(role);
    (void)snprintf(path, sizeof path, "%s/0.pem", role->folder);
    assert_int_equal(unlink(path), 0);
    start(role);
    expect_hello(role); /* of the first one */
    expect_hello(role);
    assert_int_equal(answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD)),
                     KEEPER_REFUSED_INTERNAL);
    assert_int_equal(answer_to(role, KEEPER_DKIM, SLICE(CASE_GOOD_E)), KEEPER_SIGNED);
}

int main(int argc, char **argv)
{
#define IN_A_KEEPER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_KEEPER(every_breach_is_refused_by_the_process_as_well),
        IN_A_KEEPER(packets_of_no_form_end_nothing),
        IN_A_KEEPER(who_does_not_listen_keeps_only_himself_waiting),
        IN_A_KEEPER(no_domain_gets_more_than_its_rate),
        IN_A_KEEPER(no_queue_of_requests_keeps_it_from_being_heard),
        IN_A_KEEPER(the_next_one_says_hello_and_leaves_the_past_alone),
        IN_A_KEEPER(it_leaves_when_told_and_when_nobody_is_there),
        IN_A_KEEPER(it_stands_within_its_walls),
        IN_A_KEEPER(a_key_file_that_went_away_is_missed_alone),
    };
    if (argc != 2) {
        return 2;
    }
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
