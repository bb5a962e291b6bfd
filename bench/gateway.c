/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gateway: `yett serve` under the load of a mail server, on loopback; CPU beside the floor
 * of the same run, latency, memory.
 *
 *     bench-gateway YETT
 *
 * Each message has one aligned RSA-2048 signature, relaxed/relaxed, and an SPF and a DMARC
 * record; all checks are on and a line of the log is written for it.  One worker, so that
 * "messages/s" is what one processor does while the generator has another.
 *
 * Then with its text kept for an autopsy that is not needed, and as a submission that is signed
 * with RSA-2048, CPU of the keeper included.
 */
#include "floor.h"
#include "mail.h"
#include "milter_client.h"
#include "process.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define NOW      "1764000000"
#define EXPECTED "dmarc=pass"
#define SIGNED   "DKIM-Signature"

/* The aims that the project set itself. */
#define AIM_RATIO   4.0
#define AIM_PSS_MIB 16.0
enum { AIM_BYTES = 10 * 1024, AIM_CONNECTIONS = 500 };

enum {
    TURNS = 9,
    LARGE_BYTES = 512 * 1024,
    TURNS_OF_LARGE = 5,
    TURNS_OF_HUGE = 3,
    TURN_US = 120000,
    FLOOR_US = 10000
};

struct cell {
    size_t bytes, connections;
    bool reconnects; /* a connection for each message */
    bool signs;      /* it is not verified, but signed */
    double floor_us, us, ratio, per_second, p50_us, p99_us;
};

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double floor_us(struct floor *floor, size_t runs)
{
    double start = cpu_us();
    for (size_t i = 0; i < runs; i++) {
        floor_run(floor);
    }
    return (cpu_us() - start) / (double)runs;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double values[TURNS], size_t count)
{
    qsort(values, count, sizeof(double), by_value);
    return values[count / 2];
}

/* So many that they take about `us` of CPU, each connection at least one. */
static size_t times(double us, double one_us, size_t least)
{
    double count = us / (one_us > 1 ? one_us : 1);
    return count < (double)least ? least : (size_t)count;
}

/* Floor and load in turns, so that a noisy machine disturbs both alike. */
static void measure_cell(const struct process *process, const struct mail *mail,
                         struct cell *cell, size_t turns)
{
    double floors[TURNS], costs[TURNS], ratios[TURNS], rates[TURNS], p50[TURNS],
        p99[TURNS];
    struct floor *floor =
        (cell->signs ? floor_new_signing : floor_new)(1, 0, mail->text, mail->bytes);
    struct milter_client *client =
        milter_client_new(process_port(process), cell->connections, mail->text,
                          mail->bytes, cell->signs ? SIGNED : EXPECTED);
    if (cell->reconnects) {
        milter_client_reconnect(client);
    }
    struct milter_load load;
    double least_us = floor_us(floor, 2);
    size_t floor_runs = times(FLOOR_US, least_us, 1);
    size_t messages = cell->connections;
    milter_client_run(client, messages, &load); /* warms both up */
    double start = process_cpu_us(process);
    milter_client_run(client, messages, &load);
    double one_us = (process_cpu_us(process) - start) / (double)messages;
    /* Of a few messages the system may not have counted all when it is asked. */
    messages = times(TURN_US, one_us > least_us ? one_us : least_us, cell->connections);
    for (size_t i = 0; i < turns; i++) {
        floors[i] = floor_us(floor, floor_runs);
        start = process_cpu_us(process);
        milter_client_run(client, messages, &load);
        costs[i] = (process_cpu_us(process) - start) / (double)messages;
        ratios[i] = costs[i] / floors[i];
        rates[i] = (double)messages / load.seconds;
        p50[i] = load.p50_us;
        p99[i] = load.p99_us;
    }
    cell->floor_us = median(floors, turns);
    cell->us = median(costs, turns);
    cell->ratio = median(ratios, turns);
    cell->per_second = median(rates, turns);
    cell->p50_us = median(p50, turns);
    cell->p99_us = median(p99, turns);
    milter_client_free(client);
    floor_free(floor);
}

static void print_cell(const struct cell *cell)
{
    printf("%9zu %5zu%c %11.1f %10.1f %10.1f %7.2f %9.2f %9.2f\n", cell->bytes,
           cell->connections, cell->reconnects ? '*' : ' ', cell->per_second, cell->us,
           cell->floor_us, cell->ratio, cell->p50_us / 1e3, cell->p99_us / 1e3);
    (void)fflush(stdout);
}

static void print_head(void)
{
    printf("%9s %6s %11s %10s %10s %7s %9s %9s\n", "octets", "conns", "messages/s",
           "CPU us", "floor us", "ratio", "p50 ms", "p99 ms");
}

static double measure_size(const struct process *process, size_t bytes, size_t turns,
                           const size_t *connections, size_t count)
{
    double worst = 0;
    struct mail *mail = mail_new(bytes, MAIL_RSA, MAIL_PROSE);
    for (size_t i = 0; i < count; i++) {
        struct cell cell = {.bytes = mail->bytes, .connections = connections[i]};
        measure_cell(process, mail, &cell, turns);
        print_cell(&cell);
        worst = cell.ratio > worst ? cell.ratio : worst;
    }
    mail_free(mail);
    return worst;
}

/* As when SMTP clients send one message each. */
static void measure_short_sessions(const struct process *process)
{
    struct mail *mail = mail_new(AIM_BYTES, MAIL_RSA, MAIL_PROSE);
    struct cell cell = {.bytes = mail->bytes, .connections = 10, .reconnects = true};
    measure_cell(process, mail, &cell, TURNS);
    print_cell(&cell);
    printf("                * a connection for each message\n");
    mail_free(mail);
}

static double measure_load(const struct process *process, size_t only)
{
    static const size_t sizes[] = {2 * 1024, AIM_BYTES, 100 * 1024, 1024 * 1024};
    static const size_t connections[] = {1, 50, AIM_CONNECTIONS};
    static const size_t huge = 100 * 1024 * 1024;
    double at_aim = 0;
    print_head();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (only == 0 || only == sizes[i]) {
            size_t turns = sizes[i] < LARGE_BYTES ? TURNS : TURNS_OF_LARGE;
            double worst = measure_size(process, sizes[i], turns, connections, 3);
            at_aim = sizes[i] == AIM_BYTES ? worst : at_aim;
        }
    }
    if (only == 0 || only == huge) {
        (void)measure_size(process, huge, TURNS_OF_HUGE, connections, 1);
    }
    if (only == 0 || only == AIM_BYTES) {
        measure_short_sessions(process);
    }
    return at_aim;
}

/* Texts are kept as long as a signature may fail, which none of these does. */
static void measure_kept(const char *yett, const struct mail *mail)
{
    static const size_t sizes[] = {AIM_BYTES, 1024 * 1024};
    static const size_t connections[] = {1, 50, AIM_CONNECTIONS};
    const struct process_options options = {yett, mail->zone, NOW, 1,
                                            "dkim { autopsy = true }\n"};
    struct process *process = process_start(&options);
    printf("\nThe same with dkim.autopsy, which keeps texts until they are judged:\n\n");
    print_head();
    (void)measure_size(process, sizes[0], TURNS, connections, 3);
    (void)measure_size(process, sizes[1], TURNS_OF_LARGE, connections, 2);
    process_stop(process);
}

/* ---- signing ---------------------------------------------------------------------------- */

static void write_key(char path[64])
{
    (void)snprintf(path, 64, "/tmp/yett-bench-key-XXXXXX");
    int fd = mkstemp(path); /* mode 0600 */
    EVP_PKEY *key = EVP_RSA_gen(2048);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (key == NULL || file == NULL ||
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(file) != 0) {
        (void)fprintf(stderr, "bench: no key can be written to %s\n", path);
        exit(1);
    }
    EVP_PKEY_free(key);
}

static void measure_signing(const char *yett, const struct mail *mail)
{
    static const size_t connections[] = {1, 50, AIM_CONNECTIONS};
    char path[64], settings[256];
    write_key(path);
    (void)snprintf(settings, sizeof settings,
                   "submission_networks = {\"192.0.2.0/24\"}\n"
                   "signing { networks = on rate_per_domain = 0 }\n"
                   "domain \"example.org\" { sign = {\"bench=%s\"} }\n",
                   path);
    const struct process_options options = {yett, mail->zone, NOW, 1, settings};
    struct process *process = process_start(&options);
    printf("\nThe same as a submission, signed with RSA-2048, the keeper included:\n\n");
    print_head();
    for (size_t i = 0; i < sizeof connections / sizeof connections[0]; i++) {
        struct cell cell = {
            .bytes = mail->bytes, .connections = connections[i], .signs = true};
        measure_cell(process, mail, &cell, TURNS);
        print_cell(&cell);
    }
    process_stop(process);
    (void)unlink(path);
}

/* ---- memory ----------------------------------------------------------------------------- */

struct memory {
    double before, open, more; /* without connections, with AIM_CONNECTIONS, with more */
};

/* All connections have carried a message and do nothing now. */
static double pss_with(const struct process *process, const struct mail *mail,
                       size_t connections)
{
    struct milter_load load;
    struct milter_client *client = milter_client_new(process_port(process), connections,
                                                     mail->text, mail->bytes, EXPECTED);
    milter_client_run(client, connections, &load);
    double mib = process_pss_mib(process);
    milter_client_free(client);
    return mib;
}

static void measure_memory(const struct process *process, const struct mail *mail,
                           struct memory *out)
{
    /* Its listeners stand before the worker does. */
    milter_client_free(
        milter_client_new(process_port(process), 1, mail->text, mail->bytes, EXPECTED));
    out->before = process_pss_mib(process);
    out->open = pss_with(process, mail, AIM_CONNECTIONS);
    out->more = pss_with(process, mail, 2 * AIM_CONNECTIONS);
}

static void print_memory(const char *yett, const struct mail *mail)
{
    struct memory one, two;
    struct process_options options = {yett, mail->zone, NOW, 1, NULL};
    struct process *process = process_start(&options);
    measure_memory(process, mail, &one);
    process_stop(process);
    options.workers = 2;
    process = process_start(&options);
    measure_memory(process, mail, &two);
    process_stop(process);
    printf(
        "\nMemory of a worker (PSS, MiB):     at start  %d connections open  and idle, "
        "each more\n",
        AIM_CONNECTIONS);
    printf("  one worker                       %8.1f  %20.1f  %16.1f KiB\n", one.before,
           one.open, (one.more - one.open) * 1024 / AIM_CONNECTIONS);
    printf("  each of two workers              %8.1f  %20.1f\n", two.before, two.open);
    printf("aim: at most %.0f MiB with %d connections: %s\n", AIM_PSS_MIB,
           AIM_CONNECTIONS, one.open <= AIM_PSS_MIB ? "met" : "not met");
}

/* With a second argument, only messages of that size. */
int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "bench-gateway YETT [OCTETS]\n");
        return 2;
    }
    size_t only = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct mail *mail = mail_new(AIM_BYTES, MAIL_RSA, MAIL_PROSE);
    const struct process_options options = {argv[1], mail->zone, NOW, 1, NULL};
    struct process *process = process_start(&options);
    printf("\nThe gateway behind a mail server's milter connections: one worker, answers "
           "from a\nzone, one line of log for each message.\n\n");
    double ratio = measure_load(process, only);
    printf("\nMemory after all that: %.1f MiB (PSS)\n", process_pss_mib(process));
    printf("Lines of log: %zu\n", process_log_lines(process, "dmarc"));
    process_stop(process);
    if (ratio > 0) {
        printf("aim: within %.1fx of the floor at 10 KB: %s (at most %.2fx)\n", AIM_RATIO,
               ratio <= AIM_RATIO ? "met" : "not met", ratio);
    }
    if (only == 0 || only == AIM_BYTES) {
        measure_kept(argv[1], mail);
        measure_signing(argv[1], mail);
    }
    print_memory(argv[1], mail);
    mail_free(mail);
    return 0;
}
