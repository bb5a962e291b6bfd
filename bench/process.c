/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 128, WORKERS_MAX = 64, START_ATTEMPTS = 1000, PAUSE_MS = 20 };

struct process {
    pid_t pid;
    uint16_t port;
    char folder[PATH_BYTES];
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void path_in(char path[PATH_BYTES], const char *folder, const char *name)
{
    if (snprintf(path, PATH_BYTES, "%s/%s", folder, name) >= PATH_BYTES) {
        fail("path");
    }
}

/* ---- starting ------------------------------------------------------------------------- */

static bool listening_at(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return connected;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        fail("port");
    }
    close(fd);
    return ntohs(address.sin_port);
}

static void write_file(const struct process *process, const char *name, const char *text)
{
    char path[PATH_BYTES];
    path_in(path, process->folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        fail(path);
    }
}

static void write_settings(const struct process *process,
                           const struct process_options *options)
{
    char *text = NULL;
    if (asprintf(&text,
                 "authserv_id = \"mx.example.com\"\n"
                 "workers = %u\n"
                 "state_directory = \"%s\"\n"
                 "listen milter { address = \"inet:127.0.0.1:%u\" }\n"
                 "%s",
                 options->workers, process->folder, (unsigned)process->port,
                 options->settings == NULL ? "" : options->settings) < 0) {
        abort();
    }
    write_file(process, "yett.conf", text);
    free(text);
}

static _Noreturn void become(const struct process *process,
                             const struct process_options *options)
{
    char config[PATH_BYTES], zone[PATH_BYTES], log[PATH_BYTES];
    path_in(config, process->folder, "yett.conf");
    path_in(zone, process->folder, "zone");
    path_in(log, process->folder, "log");
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        _exit(1);
    }
    execl(options->yett, options->yett, "serve", "--config", config, "--dns", zone,
          "--now", options->now, (char *)NULL);
    _exit(1);
}

static void pause_ms(long ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

static void wait_until_it_listens(struct process *process)
{
    for (int i = 0; i < START_ATTEMPTS; i++) {
        if (listening_at(process->port)) {
            return;
        }
        if (waitpid(process->pid, NULL, WNOHANG) != 0) {
            break;
        }
        pause_ms(PAUSE_MS);
    }
    (void)fprintf(stderr, "bench: yett serve does not start; see %s/log\n",
                  process->folder);
    exit(1);
}

struct process *process_start(const struct process_options *options)
{
    struct process *process = calloc(1, sizeof(*process));
    if (process == NULL) {
        abort();
    }
    (void)snprintf(process->folder, sizeof process->folder, "/tmp/yett-bench-XXXXXX");
    if (mkdtemp(process->folder) == NULL || chmod(process->folder, 0755) != 0) {
        fail("folder");
    }
    process->port = free_port();
    write_file(process, "zone", options->zone);
    write_settings(process, options);
    process->pid = fork();
    if (process->pid == 0) {
        become(process, options);
    }
    wait_until_it_listens(process);
    return process;
}

static void remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char path[PATH_BYTES];
        if (strlen(entry->d_name) < 64) {
            path_in(path, folder, entry->d_name);
            (void)unlink(path);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    (void)rmdir(folder);
}

void process_stop(struct process *process)
{
    kill(process->pid, SIGTERM);
    waitpid(process->pid, NULL, 0);
    remove_folder(process->folder);
    free(process);
}

uint16_t process_port(const struct process *process)
{
    return process->port;
}

/* ---- what the system says ------------------------------------------------------------- */

static size_t workers_of(const struct process *process, pid_t workers[WORKERS_MAX])
{
    char path[PATH_BYTES];
    long pid = 0;
    size_t count = 0;
    (void)snprintf(path, PATH_BYTES, "/proc/%ld/task/%ld/children", (long)process->pid,
                   (long)process->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail(path);
    }
    while (count < WORKERS_MAX && fscanf(file, "%ld", &pid) == 1) {
        workers[count++] = (pid_t)pid;
    }
    (void)fclose(file);
    return count;
}

static double cpu_of(pid_t pid)
{
    char path[PATH_BYTES];
    double ns = 0;
    (void)snprintf(path, PATH_BYTES, "/proc/%ld/schedstat", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%lf", &ns) != 1) {
        fail(path);
    }
    (void)fclose(file);
    return ns / 1e3;
}

double process_cpu_us(const struct process *process)
{
    pid_t workers[WORKERS_MAX];
    size_t count = workers_of(process, workers);
    double us = cpu_of(process->pid);
    for (size_t i = 0; i < count; i++) {
        us += cpu_of(workers[i]);
    }
    return us;
}

static double pss_of(pid_t pid)
{
    char path[PATH_BYTES], line[256];
    double kib = 0;
    (void)snprintf(path, PATH_BYTES, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0; /* the workers' memory is theirs: it takes root to look */
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        (void)sscanf(line, "Pss: %lf", &kib);
    }
    (void)fclose(file);
    return kib / 1024;
}

double process_pss_mib(const struct process *process)
{
    pid_t workers[WORKERS_MAX];
    size_t count = workers_of(process, workers);
    double mib = 0;
    for (size_t i = 0; i < count; i++) {
        mib += pss_of(workers[i]);
    }
    return count == 0 ? 0 : mib / (double)count;
}

size_t process_log_lines(const struct process *process, const char *text)
{
    char path[PATH_BYTES], line[4096];
    size_t count = 0;
    path_in(path, process->folder, "log");
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        count += strstr(line, text) != NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return count;
}
