/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "edge/handover/handover.h"
#include "edge/loop/loop.h"
#include "edge/sandbox/calls.h"
#include "edge/sandbox/child.h"
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

/* What a keeper or an examiner can no longer do, and what it still can. */

static enum sandbox_role locked_in; /* as this */

static void lock_in(void)
{
    char why[400];
    unsigned walls = sandbox_lock_in(locked_in, why, sizeof(why));
    if (walls != SANDBOX_ALL || why[0] != '\0') {
        child_failed(why, __FILE__, __LINE__);
    }
}

/* ---- what is refused -------------------------------------------------------------------- */

static int pair[2]; /* made before the walls */

static long open_to_read(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long open_to_write(void)
{
    return open("/tmp/yett-keeper-test", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static long make_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long make_a_datagram_socket(void)
{
    return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static long make_a_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static long make_a_pair(void)
{
    int another[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, another);
}

static long connect_what_it_has(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    return connect(pair[0], (const struct sockaddr *)&address, sizeof(address));
}

static long send_elsewhere(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
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

static long hand_a_descriptor_over(void)
{
    struct iovec iov = {pair, 1};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    return sendmsg(pair[0], &message, MSG_DONTWAIT);
}

static long start_a_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}

static long kill_its_parent(void)
{
    return kill(getppid(), 0);
}

static long make_memory_executable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
}

static long share_memory(void)
{
    return memfd_create("yett", 0);
}

static const struct refusal {
    const char *why;
    const char *call; /* its name, as the sanitizers' list may have it */
    long (*attempt)(void);
    int reason;
    bool is_for_examiners; /* who may */
} refusals[] = {
    {"open a file to read it",        "openat", open_to_read,           EPERM                           },
    {"create a file",                 "",       open_to_write,          0                               },
    {"make a socket",                 "",       make_a_socket,          EPERM                           },
    {"make a datagram socket",        "",       make_a_datagram_socket, EPERM                           },
    {"make a unix socket",            "",       make_a_unix_socket,     EPERM                           },
    {"make a pair",                   "",       make_a_pair,            EPERM                           },
    {"connect to somebody",           "",       connect_what_it_has,    EPERM                           },
    {"send to an address",            "",       send_elsewhere,         ENOSYS                          },
    {"take a descriptor from a peer", "",       take_a_descriptor,      EPERM,                            true},
    {"hand a descriptor over",                               "",                hand_a_descriptor_over,      EPERM},
    {"start a process",                               "clone",                       start_a_process,        EPERM  },
    {"signal its parent",                               "",                     kill_its_parent,           ENOSYS     },
    {"map memory to execute it",                               "",              make_memory_executable,    ENOSYS},
    {"make shared memory",                               "",                    share_memory,          EPERM               },
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
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    if (attempt->as_nobody) {
        child_become_nobody();
    }
    lock_in();
    errno = 0;
    if (attempt->refusal->attempt() >= 0) {
        child_failed(attempt->refusal->why, "was able to", 0);
    }
    require(attempt->refusal->reason == 0 || errno == attempt->refusal->reason);
}

static void refuse_all_to(enum sandbox_role role, bool as_nobody)
{
    locked_in = role;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct attempt attempt = {&refusals[i], as_nobody};
        if (is_for_sanitizers(refusals[i].call) ||
            (role == SANDBOX_EXAMINER && refusals[i].is_for_examiners)) {
            continue;
        }
        if (child_status(attempt_it, &attempt) != 0) {
            fail_msg("%s", refusals[i].why);
        }
    }
}

static void refuse_all(bool as_nobody)
{
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    refuse_all_to(SANDBOX_KEEPER, as_nobody);
    refuse_all_to(SANDBOX_EXAMINER, as_nobody);
}

static void what_they_have_no_use_for_is_refused(void **state)
{
    (void)state;
    refuse_all(false);
}

static void so_it_is_for_an_ordinary_user(void **state)
{
    (void)state;
    refuse_all(true);
}

/* ---- landlock by itself --------------------------------------------------------------------- */

/* By landlock alone, where the kernel has it for the network. */
static void be_without_network(void *context)
{
    char text[100] = "";
    struct why why = {text, sizeof(text)};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons(9)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)context;
    require(fd >= 0);
    require(wall_no_new_privileges(SANDBOX_KEEPER, why));
    require(wall_landlock(SANDBOX_KEEPER, why));
    require(connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0);
    require(errno == EACCES);
    require(sanitizers_read_files || open_to_read() < 0);
}

static void a_socket_that_was_forgotten_leads_nowhere(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_NO_NEW_PRIVILEGES | SANDBOX_LANDLOCK)) {
        return;
    }
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* the version */) < 4) {
        print_message("# skipped: landlock of this kernel knows no network\n");
        return;
    }
    child_must_succeed(be_without_network, NULL);
}

/* ---- what works -------------------------------------------------------------------------- */

struct work {
    struct loop *loop;
    int asked;
};

static void on_request(void *context, bool readable, bool writable)
{
    struct work *work = context;
    char octets[16];
    (void)readable;
    (void)writable;
    require(recv(pair[0], octets, sizeof(octets), MSG_DONTWAIT) == 5);
    require(send(pair[0], octets, 5, MSG_DONTWAIT | MSG_NOSIGNAL) == 5);
    work->asked++;
    loop_stop(work->loop);
}

static void sign_something(struct crypto *crypto, const struct crypto_private_key *key)
{
    uint8_t digest[CRYPTO_DIGEST_MAX], signature[CRYPTO_SIGNATURE_MAX];
    size_t size = 0;
    struct crypto_hash *hash = crypto_hash_new(crypto, CRYPTO_SHA256);
    require(hash != NULL);
    crypto_hash_update(hash, SLICE("a header"));
    require(crypto_hash_final(hash, digest) == YETT_OK);
    crypto_hash_free(hash);
    require(crypto_sign(crypto, key, CRYPTO_SHA256, digest, signature, &size) == YETT_OK);
    require(size == 256);
}

static void work_within_walls(void *context)
{
    const bool *as_nobody = context;
    struct crypto *crypto = crypto_new();
    struct crypto_private_key *key = NULL;
    struct work work = {.loop = loop_new()};
    struct timespec now;
    require(crypto != NULL && work.loop != NULL);
    require(crypto_private_key_generate(crypto, CRYPTO_RSA, 2048, &key) == YETT_OK);
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    struct loop_watch *watch = loop_watch_new(work.loop, pair[0], on_request, &work);
    require(watch != NULL && loop_watch_set(watch, true, false));
    require(send(pair[1], "hello", 5, MSG_NOSIGNAL) == 5);
    if (*as_nobody) {
        child_become_nobody();
    }
    lock_in();
    loop_run(work.loop);
    require(work.asked == 1);
    sign_something(crypto, key);
    require(clock_gettime(CLOCK_REALTIME, &now) == 0);
    char *memory = malloc(8 << 20);
    require(memory != NULL);
    memset(memory, 1, 8 << 20);
    free(memory);
    require(write(STDERR_FILENO, "", 0) == 0);
    loop_watch_free(watch);
    loop_free(work.loop);
    crypto_private_key_free(key);
    crypto_free(crypto);
}

static void lock_in_as_keeper(void *context)
{
    locked_in = SANDBOX_KEEPER;
    work_within_walls(context);
}

static void it_still_answers_and_signs(void **state)
{
    bool as_nobody = false;
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    child_must_succeed(lock_in_as_keeper, &as_nobody);
    as_nobody = true;
    child_must_succeed(lock_in_as_keeper, &as_nobody);
}

/* A gateway behind its walls gives a text, an examiner behind its own takes it. */
static void give_within_walls(void *context)
{
    (void)context;
    locked_in = SANDBOX_GATEWAY;
    lock_in();
    int text = handover_new();
    require(text >= 0 && handover_write(text, SLICE("a text")));
    require(handover_send(pair[0], text) == YETT_OK);
    require(close(text) == 0);
}

static void take_within_walls(void *context)
{
    slice text;
    (void)context;
    locked_in = SANDBOX_EXAMINER;
    lock_in();
    require(handover_receive(pair[1], 100, &text) == YETT_OK);
    require(slice_eq(text, SLICE("a text")));
    handover_release(text);
    require(handover_receive(pair[1], 100, &text) == YETT_NEED_ANSWERS);
}

static void texts_go_from_a_gateway_to_its_examiner(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    child_must_succeed(give_within_walls, NULL);
    child_must_succeed(take_within_walls, NULL);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_they_have_no_use_for_is_refused),
        cmocka_unit_test(so_it_is_for_an_ordinary_user),
        cmocka_unit_test(a_socket_that_was_forgotten_leads_nowhere),
        cmocka_unit_test(it_still_answers_and_signs),
        cmocka_unit_test(texts_go_from_a_gateway_to_its_examiner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
