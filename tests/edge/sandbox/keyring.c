/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "edge/sandbox/calls.h"
#include "edge/sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/*
 * Who holds keys and writes them has the files that it is told and no network; who talks to
 * name servers for it has the network and no file.
 */

static char top[] = "/tmp/yett-sandbox-XXXXXX";
static char below[64], readable[64], other[64], beside[64];
static int pair[2]; /* made before the walls */

static void write_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    require(fd >= 0 && write(fd, "x", 1) == 1);
    (void)close(fd);
}

static int begin(void **state)
{
    (void)state;
    if (mkdtemp(top) == NULL || chmod(top, 0755) != 0) {
        return 1;
    }
    (void)snprintf(below, sizeof(below), "%s/keys", top);
    (void)snprintf(readable, sizeof(readable), "%s/update.key", top);
    (void)snprintf(other, sizeof(other), "%s/other", top);
    (void)snprintf(beside, sizeof(beside), "%s/keys/../new", top);
    write_file(readable);
    write_file(other);
    return mkdir(below, 0777) != 0 || chmod(below, 0777) != 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", top);
    return system(command);
}

static void lock_in(enum sandbox_role role)
{
    char why[400];
    const struct sandbox_path paths[] = {
        {below,             SANDBOX_CHANGE_BELOW  },
        {readable,          SANDBOX_READ_FILE     },
        {top,               SANDBOX_READ_DIRECTORY},
        {"/nowhere/at/all", SANDBOX_CHANGE_BELOW  },
    };
    unsigned walls = sandbox_lock_in_with(role, paths, role == SANDBOX_KEYRING ? 4 : 0,
                                          why, sizeof(why));
    if (walls != SANDBOX_ALL || why[0] != '\0') {
        child_failed(why, __FILE__, __LINE__);
    }
}

/* ---- what is refused -------------------------------------------------------------------- */

static long open_a_stream(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long open_a_datagram(void)
{
    return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static long open_a_raw_socket(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
}

static long open_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long open_a_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long send_elsewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    return sendto(pair[0], "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&address,
                  sizeof(address));
}

static long take_a_descriptor(void)
{
    char octet;
    struct iovec iov = {&octet, 1};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    return recvmsg(pair[0], &message, MSG_DONTWAIT);
}

static long read_another_file(void)
{
    return open(other, O_RDONLY | O_CLOEXEC);
}

static long read_its_own_file(void)
{
    return open(readable, O_RDONLY | O_CLOEXEC);
}

static long write_what_it_may_read(void)
{
    return open(readable, O_WRONLY | O_CLOEXEC);
}

static long make_a_file_beside(void)
{
    return open(beside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static long start_a_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}

static long accept_somebody(void)
{
    return accept(pair[0], NULL, NULL);
}

static long stop_its_parent(void)
{
    return kill(getppid(), SIGSTOP) == 0 ? kill(getppid(), SIGCONT) : -1;
}

static const struct refusal {
    const char *why;
    const char *call; /* its name, as the sanitizers' list may have it */
    enum sandbox_role role;
    long (*attempt)(void);
} refusals[] = {
    {"keys, a stream",               "",       SANDBOX_KEYRING, open_a_stream         },
    {"keys, datagrams",              "",       SANDBOX_KEYRING, open_a_datagram       },
    {"keys, raw packets",            "",       SANDBOX_KEYRING, open_a_raw_socket     },
    {"keys, netlink",                "",       SANDBOX_KEYRING, open_netlink          },
    {"keys, send to an address",     "",       SANDBOX_KEYRING, send_elsewhere        },
    {"keys, a peer's descriptor",    "",       SANDBOX_KEYRING, take_a_descriptor     },
    {"keys, another file",           "openat", SANDBOX_KEYRING, read_another_file     },
    {"keys, write what it may read", "",       SANDBOX_KEYRING, write_what_it_may_read},
    {"keys, a new file beside",      "",       SANDBOX_KEYRING, make_a_file_beside    },
    {"keys, a process",              "clone",  SANDBOX_KEYRING, start_a_process       },
    {"keys, stop its parent",        "",       SANDBOX_KEYRING, stop_its_parent       },
    {"asker, any file",              "openat", SANDBOX_ASKER,   read_its_own_file     },
    {"asker, a new file",            "",       SANDBOX_ASKER,   make_a_file_beside    },
    {"asker, a unix socket",         "",       SANDBOX_ASKER,   open_a_unix_socket    },
    {"asker, accept",                "",       SANDBOX_ASKER,   accept_somebody       },
    {"asker, a process",             "clone",  SANDBOX_ASKER,   start_a_process       },
    {"asker, raw packets",           "",       SANDBOX_ASKER,   open_a_raw_socket     },
};

static bool is_for_sanitizers(const char *call)
{
    for (size_t i = 0; i < calls_of_sanitizers.count; i++) {
        if (strcmp(calls_of_sanitizers.rules[i].name, call) == 0) {
            return true;
        }
    }
    return false;
}

struct attempt {
    const struct refusal *refusal;
    bool as_nobody;
};

static void attempt_it(void *context)
{
    const struct attempt *attempt = context;
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    if (attempt->as_nobody) {
        child_become_nobody();
    }
    lock_in(attempt->refusal->role);
    if (attempt->refusal->attempt() >= 0) {
        child_failed(attempt->refusal->why, "was able to", 0);
    }
}

static void refuse_all(bool as_nobody)
{
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct attempt attempt = {&refusals[i], as_nobody};
        if (is_for_sanitizers(refusals[i].call)) {
            continue;
        }
        if (child_status(attempt_it, &attempt) != 0) {
            fail_msg("%s", refusals[i].why);
        }
    }
}

static void each_is_refused_what_the_other_has(void **state)
{
    (void)state;
    refuse_all(false);
}

static void so_it_is_for_an_ordinary_user(void **state)
{
    (void)state;
    refuse_all(true);
}

/* ---- what works -------------------------------------------------------------------------- */

static void change_files(const char *directory)
{
    char draft[160], name[160];
    (void)snprintf(draft, sizeof(draft), "%s/.draft", directory);
    (void)snprintf(name, sizeof(name), "%s/key", directory);
    int fd = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    require(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, "key", 3) == 3);
    require(fsync(fd) == 0 && close(fd) == 0);
    require(link(draft, name) == 0 && unlink(draft) == 0);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(fd >= 0 && renameat(fd, "key", fd, "another") == 0);
    require(unlinkat(fd, "another", 0) == 0 && fsync(fd) == 0 && close(fd) == 0);
}

static void hold_keys(void *context)
{
    const bool *as_nobody = context;
    char domain[128];
    struct crypto *crypto = crypto_new();
    struct crypto_private_key *key = NULL;
    require(crypto != NULL);
    if (*as_nobody) {
        child_become_nobody();
    }
    (void)snprintf(domain, sizeof(domain), "%s/of-%d", below, (int)getpid());
    lock_in(SANDBOX_KEYRING);
    require(mkdir(domain, 0700) == 0);
    change_files(domain);
    int fd = open(readable, O_RDONLY | O_CLOEXEC);
    require(fd >= 0 && close(fd) == 0);
    fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require(fd >= 0 && close(fd) == 0);
    require(open_a_unix_socket() >= 0);
    require(crypto_private_key_generate(crypto, CRYPTO_RSA, 2048, &key) == YETT_OK);
    crypto_private_key_free(key);
    crypto_free(crypto);
}

static void who_holds_keys_works_below_its_directory(void **state)
{
    bool as_nobody = false;
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    child_must_succeed(hold_keys, &as_nobody);
    as_nobody = true;
    child_must_succeed(hold_keys, &as_nobody);
}

/* Keys are often those of another account. */
static void change_what_is_anothers(void *context)
{
    char domain[128];
    (void)context;
    (void)snprintf(domain, sizeof(domain), "%s/of-another", below);
    require(mkdir(domain, 0700) == 0 && chown(domain, 65534, 65534) == 0);
    lock_in(SANDBOX_KEYRING);
    change_files(domain);
    require(setuid(65534) < 0);
}

static void root_works_with_the_keys_of_another_account(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("# skipped: not root\n");
        return;
    }
    if (!cannot_have(SANDBOX_ALL)) {
        child_must_succeed(change_what_is_anothers, NULL);
    }
}

static volatile sig_atomic_t told;

static void on_hangup(int signal)
{
    told = signal;
}

static void tell_its_parent(void *context)
{
    (void)context;
    lock_in(SANDBOX_KEYRING);
    require(kill(getppid(), SIGHUP) == 0);
}

static void a_gateway_outside_can_be_told_to_reload(void **state)
{
    struct sigaction action = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    assert_int_equal(sigaction(SIGHUP, &action, NULL), 0);
    child_must_succeed(tell_its_parent, NULL);
    assert_int_equal(told, SIGHUP);
}

static void ask_somebody(void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in own;
    socklen_t size = sizeof(own);
    char octet;
    (void)context;
    lock_in(SANDBOX_ASKER);
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(server >= 0 && client >= 0);
    require(bind(server, (const struct sockaddr *)&address, sizeof(address)) == 0);
    require(getsockname(server, (struct sockaddr *)&own, &size) == 0);
    require(connect(client, (const struct sockaddr *)&own, sizeof(own)) == 0);
    require(send(client, "x", 1, MSG_NOSIGNAL) == 1);
    require(recv(server, &octet, 1, 0) == 1);
}

static void who_asks_has_the_network(void **state)
{
    (void)state;
    if (!cannot_have(SANDBOX_ALL)) {
        child_must_succeed(ask_somebody, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_refused_what_the_other_has),
        cmocka_unit_test(so_it_is_for_an_ordinary_user),
        cmocka_unit_test(who_holds_keys_works_below_its_directory),
        cmocka_unit_test(root_works_with_the_keys_of_another_account),
        cmocka_unit_test(a_gateway_outside_can_be_told_to_reload),
        cmocka_unit_test(who_asks_has_the_network),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
