/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keeper: what it costs that the keys are in another process: CPU of both processes for one
 * message's request, through the socket and the contract, beside the same signatures made in
 * process.
 *
 *     bench-keeper YETT
 *
 * "alone" asks and waits for the answer, so that each request wakes both processes up; "busy"
 * has sixteen under way, as under load.  What an idle processor costs that must be woken is the
 * machine's: tens of microseconds in a virtual one.  "paired" asks and waits as well, with both
 * processes on one processor: what is left is ours.
 */
#include "edge/keeper/keeper.h"

#include "app/role/role.h"
#include "core/signer/signer.h"
#include "edge/scoreboard/scoreboard.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TURNS = 15, REQUESTS = 100, BUSY = 16, NOW = 1795500000, OUT_OF_THE_WAY = 32 };

/* The aim that the project set itself, in parts of an RSA-2048 signature. */
#define AIM 0.10

struct bench {
    struct crypto *crypto;
    struct arena *arena;
    struct crypto_private_key *keys[2];
    struct keeper_text texts[2];
    char folder[40];
    char paths[2][64];
    int table, board_fd, pair[2], control;
    pid_t pid;
    struct loop *loop;
    struct keeper_client *client;
    size_t left, asked_now, texts_now; /* of the requests of one turn */
    bool failed;
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

static int moved(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    must(fd >= 0 && high >= 0, "descriptors");
    (void)close(fd);
    return high;
}

/* ---- keys and texts --------------------------------------------------------------------- */

static const slice selectors[2] = {SLICE_INIT("r"), SLICE_INIT("e")};

static void make_keys(struct bench *bench)
{
    must(crypto_private_key_generate(bench->crypto, CRYPTO_RSA, 2048, &bench->keys[0]) ==
                 YETT_OK &&
             crypto_private_key_generate(bench->crypto, CRYPTO_ED25519, 0,
                                         &bench->keys[1]) == YETT_OK,
         "keys");
    must(mkdtemp(strcpy(bench->folder, "/tmp/yett-bench-XXXXXX")) != NULL, "folder");
    for (size_t i = 0; i < 2; i++) {
        struct buf pem;
        buf_init(&pem, bench->arena, 16384);
        (void)snprintf(bench->paths[i], sizeof bench->paths[i], "%s/%zu.pem",
                       bench->folder, i);
        int fd = open(bench->paths[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        must(crypto_private_key_write(bench->crypto, bench->keys[i], &pem) == YETT_OK &&
                 fd >= 0 && write(fd, pem.ptr, pem.len) == (ssize_t)pem.len,
             "key file");
        (void)close(fd);
    }
}

static void make_table(struct bench *bench)
{
    static const uint8_t hash_key[16] = {1};
    struct signing_builder *builder = signing_builder_new(bench->arena, hash_key);
    uint32_t rows[2];
    struct buf buf;
    slice why;
    must(builder != NULL, "table");
    for (size_t i = 0; i < 2; i++) {
        struct signing_key key = {
            .path = slice_from_text(bench->paths[i]),
            .type = crypto_private_key_type(bench->keys[i]),
            .bits = crypto_private_key_bits(bench->keys[i]),
        };
        struct signing_row row = {.domain = SLICE("example.org"),
                                  .selector = selectors[i],
                                  .uses = SIGNING_DKIM};
        must(signing_add_key(builder, &key, &row.key, &why) == YETT_OK &&
                 signing_add_row(builder, &row, &rows[i], &why) == YETT_OK,
             "table");
    }
    buf_init(&buf, bench->arena, 1 << 20);
    must(signing_add_author(builder, SLICE("example.org"), rows, 2, &why) == YETT_OK &&
             signing_builder_finish(builder, &buf) == YETT_OK,
         "table");
    bench->table = moved(memfd_create("table", MFD_CLOEXEC));
    must(write(bench->table, buf.ptr, buf.len) == (ssize_t)buf.len, "table");
}

/* A header as mail programs write it: 700 octets of it are signed. */
static void make_texts(struct bench *bench)
{
    static const char mail[] =
        "Received: from laptop.example.org ([192.0.2.7]) by mx.example.org;\r\n"
        "\tWed, 25 Nov 2026 08:00:00 +0000\r\n"
        "From: Jo Example <jo@example.org>\r\n"
        "To: Sam Sample <sam@example.net>, Kim <kim@example.com>\r\n"
        "Cc: list@example.net\r\n"
        "Subject: Re: The minutes of the meeting of last Tuesday, and what is next\r\n"
        "Date: Wed, 25 Nov 2026 08:00:00 +0000\r\n"
        "Message-ID: <3f0c9a0e-6c1d-4a0b-9b60-0c6d3c8f1a11@example.org>\r\n"
        "In-Reply-To: <CAK1f2=z5VvMx@mail.example.net>\r\n"
        "References: <CAK1f2=z5VvMx@mail.example.net> <b@mail.example.net>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n";
    static const char digest[] = "not a digest, but as long as one";
    struct message_parser *parser =
        message_parser_new(bench->arena, MESSAGE_LIMITS_DEFAULT);
    struct message_header header;
    slice in = slice_from_text(mail);
    bool done = false;
    must(parser != NULL && message_parser_feed(parser, &in, &done) == YETT_OK &&
             message_parser_finish(parser, &header) == YETT_OK,
         "header");
    for (size_t i = 0; i < 2; i++) {
        const struct signer_plan signing = {
            .domain = SLICE("example.org"),
            .selector = selectors[i],
            .algorithm = signer_algorithm_of(bench->keys[i]),
            .header_canon = DKIM_RELAXED,
            .body_canon = DKIM_RELAXED,
            .signed_at_s = NOW,
            .expires_at_s = NOW + 14 * 24 * 3600,
            .rules = signer_default_rules(),
        };
        struct signer_draft draft;
        slice why;
        must(signer_make_draft(bench->arena, &header, &signing, slice_of(digest, 32),
                               &draft, &why) == YETT_OK,
             "text");
        bench->texts[i] = (struct keeper_text){KEEPER_DKIM, draft.text};
    }
}

/* ---- the keeper ------------------------------------------------------------------------- */

static void become_keeper(const struct bench *bench, const char *yett, int control)
{
    char now[40];
    (void)snprintf(now, sizeof now, "--now=%d", NOW);
    (void)dup2(control, ROLE_CONTROL);
    (void)dup2(bench->board_fd, ROLE_SCOREBOARD);
    (void)dup2(bench->table, ROLE_SIGNING);
    (void)dup2(bench->pair[1], ROLE_KEEPER);
    (void)execl(yett, "yett", "--role=keeper", "--slot=0", "--rate=0",
                "--sandbox=best-effort", now, (char *)NULL);
    _exit(127);
}

static void start(struct bench *bench, const char *yett)
{
    int control[2];
    struct role_message message;
    must(scoreboard_create(&bench->board_fd) != NULL, "scoreboard");
    bench->board_fd = moved(bench->board_fd);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0 &&
             socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bench->pair) == 0,
         "sockets");
    bench->control = moved(control[0]);
    int theirs = moved(control[1]);
    bench->pair[0] = moved(bench->pair[0]);
    bench->pair[1] = moved(bench->pair[1]);
    bench->pid = fork();
    if (bench->pid == 0) {
        become_keeper(bench, yett, theirs);
    }
    (void)close(theirs);
    struct pollfd wait = {.fd = bench->control, .events = POLLIN};
    must(bench->pid > 0 && poll(&wait, 1, 30000) == 1 &&
             role_receive(bench->control, &message) == YETT_OK &&
             message.kind == ROLE_READY,
         "the keeper does not start");
    struct keeper_client_options options = {.loop = bench->loop, .fd = bench->pair[0]};
    bench->client = keeper_client_new(&options);
    must(bench->client != NULL, "client");
}

static void ask(struct bench *bench);

static void on_answer(void *context, const struct keeper_reply *reply, const char *why)
{
    struct bench *bench = context;
    (void)why;
    for (size_t i = 0; i < bench->texts_now; i++) {
        bench->failed = bench->failed || reply == NULL ||
                        reply->count != bench->texts_now ||
                        reply->answers[i].refusal != KEEPER_SIGNED;
    }
    bench->left--;
    if (bench->asked_now != 0) {
        ask(bench);
    }
}

static void ask(struct bench *bench)
{
    const char *why = "";
    bench->asked_now--;
    must(keeper_client_sign(bench->client, bench->texts, bench->texts_now, on_answer,
                            bench, &why) != NULL,
         why);
}

static void ask_all(struct bench *bench, size_t requests, size_t at_once)
{
    bench->left = bench->asked_now = requests;
    for (size_t i = 0; i < at_once; i++) {
        ask(bench);
    }
    while (bench->left != 0) {
        loop_run_once(bench->loop);
    }
    must(!bench->failed, "the keeper did not sign");
}

/* ---- measuring -------------------------------------------------------------------------- */

static double clock_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double cpu_us(const struct bench *bench)
{
    clockid_t keeper;
    must(clock_getcpuclockid(bench->pid, &keeper) == 0, "the keeper's clock");
    return clock_us(CLOCK_PROCESS_CPUTIME_ID) + clock_us(keeper);
}

static void sign_here(struct bench *bench, size_t texts)
{
    for (size_t i = 0; i < texts; i++) {
        struct arena_mark mark = arena_mark(bench->arena);
        struct buf signature;
        buf_init(&signature, bench->arena, CRYPTO_SIGNATURE_MAX);
        must(signer_sign(bench->crypto, bench->keys[i], bench->texts[i].octets,
                         &signature) == YETT_OK,
             "signature");
        arena_rewind(bench->arena, mark);
    }
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double values[TURNS])
{
    qsort(values, TURNS, sizeof(double), by_value);
    return values[TURNS / 2];
}

/* In turns, so that a noisy machine disturbs all of them alike. */
static void compare(struct bench *bench, size_t texts, size_t at_once, const char *what,
                    const char *how)
{
    double rsa[TURNS], here[TURNS], there[TURNS], detour[TURNS], wall[TURNS];
    bench->texts_now = texts;
    ask_all(bench, REQUESTS, at_once);
    for (size_t turn = 0; turn < TURNS; turn++) {
        double start_us = cpu_us(bench);
        for (size_t i = 0; i < REQUESTS; i++) {
            sign_here(bench, 1);
        }
        rsa[turn] = (cpu_us(bench) - start_us) / REQUESTS;
        start_us = cpu_us(bench);
        for (size_t i = 0; i < REQUESTS; i++) {
            sign_here(bench, texts);
        }
        here[turn] = (cpu_us(bench) - start_us) / REQUESTS;
        start_us = cpu_us(bench);
        double began_us = clock_us(CLOCK_MONOTONIC);
        ask_all(bench, REQUESTS, at_once);
        there[turn] = (cpu_us(bench) - start_us) / REQUESTS;
        wall[turn] = (clock_us(CLOCK_MONOTONIC) - began_us) / REQUESTS;
        detour[turn] = (there[turn] - here[turn]) / rsa[turn];
    }
    double part = median(detour);
    printf(
        "%-21s %-6s %10.1f %10.1f %10.1f %8.1f %%   aim: < %.0f %% of one RSA-2048 %s\n",
        what, how, median(here), median(there), median(wall), part * 100, AIM * 100,
        part < AIM ? "met" : "MISSED");
}

/* Where both processes may run: on the first processor that we may use, or on all of those. */
static void pair_up(const struct bench *bench, const cpu_set_t *all, bool paired)
{
    cpu_set_t set = *all;
    size_t first = 0;
    while (paired && first < CPU_SETSIZE && !CPU_ISSET(first, all)) {
        first++;
    }
    if (paired) {
        CPU_ZERO(&set);
        CPU_SET(first, &set);
    }
    must(sched_setaffinity(0, sizeof set, &set) == 0 &&
             sched_setaffinity(bench->pid, sizeof set, &set) == 0,
         "processors");
}

static void compare_all(struct bench *bench, size_t texts, const char *what)
{
    cpu_set_t all;
    must(sched_getaffinity(0, sizeof all, &all) == 0, "processors");
    compare(bench, texts, 1, what, "alone");
    compare(bench, texts, BUSY, what, "busy");
    pair_up(bench, &all, true);
    compare(bench, texts, 1, what, "paired");
    pair_up(bench, &all, false);
}

static void finish(struct bench *bench)
{
    keeper_client_free(bench->client);
    (void)kill(bench->pid, SIGKILL);
    (void)waitpid(bench->pid, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        crypto_private_key_free(bench->keys[i]);
        (void)unlink(bench->paths[i]);
    }
    (void)rmdir(bench->folder);
    loop_free(bench->loop);
    arena_free(bench->arena);
    crypto_free(bench->crypto);
}

int main(int argc, char **argv)
{
    struct bench bench = {
        .crypto = crypto_new(), .arena = arena_new((size_t)16 << 20), .loop = loop_new()};
    must(argc == 2, "usage: bench-keeper YETT");
    must(bench.crypto != NULL && bench.arena != NULL && bench.loop != NULL, "memory");
    make_keys(&bench);
    make_table(&bench);
    make_texts(&bench);
    start(&bench, argv[1]);
    printf("\n%-21s %-6s %10s %10s %10s %10s\n", "one request, of", "", "in process",
           "keeper us", "wall us", "detour");
    compare_all(&bench, 1, "RSA-2048");
    compare_all(&bench, 2, "RSA-2048 and Ed25519");
    finish(&bench);
    return 0;
}
