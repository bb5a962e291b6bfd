/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"
#include "edge/sandbox/child.h"
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What a gateway can no longer do. */

static bool is_for_sanitizers(const char *call)
{
    for (size_t i = 0; i < calls_of_sanitizers.count; i++) {
        if (strcmp(calls_of_sanitizers.rules[i].name, call) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what is refused -------------------------------------------------------------------- */

static int pair[2]; /* made before the walls */

static long open_to_read(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long open_to_write(void)
{
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static long open_to_write_through_proc(void)
{
    return open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC);
}

static long create(void)
{
    return open("/tmp/yett-sandbox-test", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static long make_folder(void)
{
    return mkdir("/tmp/yett-sandbox-folder", 0700);
}

static long remove_file(void)
{
    return unlink("/tmp/yett-sandbox-nothing");
}

static long start_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}

static long become_root(void)
{
    return setuid(0);
}

static long become_another(void)
{
    return setresgid(1, 1, 1);
}

static long map_to_execute(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
}

static long make_executable(void)
{
    static char page[8192] __attribute__((aligned(4096)));
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long kill_the_supervisor(void)
{
    return kill(getppid(), 0);
}

static long kill_all(void)
{
    return kill(-1, SIGURG);
}

static long unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long crypto_socket(void)
{
    return socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static long raw_socket(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static long set_an_option_of_another_protocol(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int value = 1;
    return setsockopt(fd, SOL_TLS, 1, &value, sizeof(value));
}

static long listen_anew(void)
{
    return listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
}

static long allow_core_dumps(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long raise_a_limit(void)
{
    struct rlimit limit = {4096, 4096};
    return setrlimit(RLIMIT_CORE, &limit);
}

/* A page of shared memory that it may write to, and what lies behind that page. */
static long write_behind_its_page(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *grown = mremap(page, 4096, 8192, MREMAP_MAYMOVE);
    return grown == MAP_FAILED ? -1 : 0;
}

/* The pairs to those beside it are held by the supervisor as well, for who comes after it. */
static long shut_down_what_others_hold(void)
{
    return shutdown(pair[0], SHUT_RDWR);
}

static long filter_what_others_hold(void)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    return setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static long have_a_file_be_written_past_the_cache(void)
{
    return fcntl(STDERR_FILENO, F_SETFL, O_DIRECT);
}

static long a_call_from_the_future(void)
{
    return syscall(9999);
}

static const struct refusal {
    const char *why;
    const char *call; /* its name, as the sanitizers' list may have it */
    long (*attempt)(void);
    int reason; /* 0: any */
} refusals[] = {
    {"open a file to read it",             "openat",    open_to_read,                          EPERM },
    {"open a file to write it",            "",          open_to_write,                         0     },
    {"open its own descriptor anew",       "",          open_to_write_through_proc,            0     },
    {"create a file",                      "",          create,                                0     },
    {"make a folder",                      "",          make_folder,                           EPERM },
    {"remove a file",                      "",          remove_file,                           EPERM },
    {"start a process",                    "clone",     start_process,                         EPERM },
    {"become root",                        "",          become_root,                           EPERM },
    {"become another",                     "",          become_another,                        EPERM },
    {"map memory to execute it",           "",          map_to_execute,                        ENOSYS},
    {"make memory executable",             "",          make_executable,                       ENOSYS},
    {"signal the supervisor",              "",          kill_the_supervisor,                   ENOSYS},
    {"signal everybody",                   "",          kill_all,                              ENOSYS},
    {"make a unix socket",                 "",          unix_socket,                           ENOSYS},
    {"make a netlink socket",              "",          netlink_socket,                        ENOSYS},
    {"make a socket to the kernel's keys", "",          crypto_socket,                         ENOSYS},
    {"make a raw socket",                  "",          raw_socket,                            ENOSYS},
    {"set an option of another protocol",  "",          set_an_option_of_another_protocol,     ENOSYS},
    {"listen",                             "",          listen_anew,                           EPERM },
    {"become dumpable",                    "prctl",     allow_core_dumps,                      EPERM },
    {"raise a limit",                      "prlimit64", raise_a_limit,                         EPERM },
    {"write behind its page",              "",          write_behind_its_page,                 EPERM },
    {"shut down what others hold, too",    "",          shut_down_what_others_hold,            EPERM },
    {"filter what others hold, too",       "",          filter_what_others_hold,               ENOSYS},
    {"spoil the log for others",           "",          have_a_file_be_written_past_the_cache, ENOSYS},
    {"call what is not known yet",         "",          a_call_from_the_future,                ENOSYS},
};

struct attempt {
    const struct refusal *refusal;
    bool as_nobody;
};

static void attempt_it(void *context)
{
    const struct attempt *attempt = context;
    if (attempt->as_nobody) {
        child_become_nobody();
    }
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    child_lock_in();
    errno = 0;
    long result = attempt->refusal->attempt();
    if (result >= 0) {
        child_failed(attempt->refusal->why, "was able to", 0);
    }
    require(attempt->refusal->reason == 0 || errno == attempt->refusal->reason);
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

static void what_a_gateway_has_no_use_for_is_refused(void **state)
{
    (void)state;
    refuse_all(false);
}

static void so_it_is_for_an_ordinary_user(void **state)
{
    (void)state;
    refuse_all(true);
}

/* ---- what is the end -------------------------------------------------------------------- */

static void start_a_program(void)
{
    char *none[] = {NULL};
    (void)execve("/bin/true", none, none);
}

static void start_a_program_that_is_open(void)
{
    (void)syscall(SYS_execveat, -1, "", NULL, NULL, 0x1000 /* AT_EMPTY_PATH */);
}

static void trace_the_supervisor(void)
{
    (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void read_the_supervisor(void)
{
    (void)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static void mount_something(void)
{
    (void)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static void load_a_program_into_the_kernel(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}

static void ask_through_a_ring(void)
{
    (void)syscall(SYS_io_uring_setup, 1, NULL);
}

static void read_keys(void)
{
    (void)syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static void have_namespaces_of_its_own(void)
{
    (void)unshare(CLONE_NEWUSER);
}

static void load_a_module(void)
{
    (void)syscall(SYS_init_module, NULL, 0, "");
}

static const struct end {
    const char *why;
    const char *call;
    void (*attempt)(void);
} ends[] = {
    {"execve",           "execve",   start_a_program               },
    {"execveat",         "execveat", start_a_program_that_is_open  },
    {"ptrace",           "ptrace",   trace_the_supervisor          },
    {"process_vm_readv", "",         read_the_supervisor           },
    {"mount",            "",         mount_something               },
    {"bpf",              "",         load_a_program_into_the_kernel},
    {"io_uring_setup",   "",         ask_through_a_ring            },
    {"keyctl",           "",         read_keys                     },
    {"unshare",          "",         have_namespaces_of_its_own    },
    {"init_module",      "",         load_a_module                 },
};

static void come_to_an_end(void *context)
{
    const struct end *end = context;
    child_lock_in();
    end->attempt();
}

static void what_only_an_intruder_would_do_ends_the_process(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct end end = ends[i];
        if (is_for_sanitizers(end.call)) {
            continue;
        }
        int status = child_status(come_to_an_end, &end);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
            fail_msg("%s: ended with %d", end.why, status);
        }
    }
}

/* ---- one wall by itself ------------------------------------------------------------------ */

static void hold_without_seccomp(void *context)
{
    char text[100] = "";
    struct why why = {text, sizeof(text)};
    int before = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    (void)context;
    require(wall_no_new_privileges(SANDBOX_GATEWAY, why));
    require(wall_landlock(SANDBOX_GATEWAY, why));
    require(create() < 0 && errno == EACCES);
    require(make_folder() < 0 && errno == EACCES);
    require(open_to_write() < 0 && errno == EACCES);
    require(open("/etc/passwd", O_RDWR | O_CLOEXEC) < 0 && errno == EACCES);
    require(sanitizers_read_files || open_to_read() < 0);
    require(read(before, text, sizeof(text)) > 0);
    require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

static void landlock_alone_keeps_files_away(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_NO_NEW_PRIVILEGES | SANDBOX_LANDLOCK)) {
        return;
    }
    child_must_succeed(hold_without_seccomp, NULL);
}

static unsigned long long effective_capabilities(void)
{
    char line[200];
    unsigned long long capabilities = ~0ULL;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "CapEff:", 7) == 0) {
            capabilities = strtoull(line + 7, NULL, 16);
        }
    }
    return file == NULL || fclose(file) != 0 ? ~0ULL : capabilities;
}

static void have_no_capabilities(void *context)
{
    char text[100] = "";
    (void)context;
    require(wall_no_new_privileges(SANDBOX_GATEWAY, (struct why){text, sizeof(text)}));
    require(effective_capabilities() == 0);
    require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void no_capability_is_left_even_to_root(void **state)
{
    (void)state;
    child_must_succeed(have_no_capabilities, NULL);
}

struct dump {
    bool locked;
    char folder[32];
};

static void crash(void *context)
{
    const struct dump *dump = context;
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    (void)setrlimit(RLIMIT_CORE, &all);
    require(chdir(dump->folder) == 0);
    (void)signal(SIGABRT, SIG_DFL);
    if (dump->locked) {
        child_lock_in();
    }
    abort();
}

static void a_crash_leaves_no_core_behind(void **state)
{
    struct dump dump = {.folder = "/tmp/yett-core-XXXXXX"};
    char command[80];
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    assert_non_null(mkdtemp(dump.folder));
    int unlocked = child_status(crash, &dump);
    dump.locked = true;
    int locked = child_status(crash, &dump);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dump.folder);
    assert_int_equal(system(command), 0);
    assert_true(WIFSIGNALED(locked) && WTERMSIG(locked) == SIGABRT);
    assert_false(WCOREDUMP(locked));
    if (!WCOREDUMP(unlocked)) {
        print_message("# skipped: no process leaves a core here\n");
    }
}

struct victim {
    int ready[2], over[2];
    bool locked;
};

/* Is locked in until it is told that all is over. */
static void be_a_victim(void *context)
{
    struct victim *victim = context;
    char octet = 0;
    (void)close(victim->over[1]);
    child_become_nobody();
    if (victim->locked) {
        child_lock_in();
    } else {
        /* As after starting a program as this user: changing users had made it undumpable. */
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    }
    require(write(victim->ready[1], &octet, 1) == 1);
    require(read(victim->over[0], &octet, 1) == 0);
}

/* 0: it could be traced.  In a process of the same user. */
static void attack(void *context)
{
    const pid_t *victim = context;
    char path[40];
    int reason = 0;
    child_become_nobody();
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)*victim);
    if (open(path, O_RDONLY | O_CLOEXEC) < 0) {
        reason |= 1;
    }
    if (ptrace(PTRACE_ATTACH, *victim, NULL, NULL) != 0) {
        reason |= 2;
    } else {
        (void)waitpid(*victim, NULL, 0);
        (void)ptrace(PTRACE_DETACH, *victim, NULL, NULL);
    }
    _exit(reason);
}

static int attacked(bool locked)
{
    struct victim victim = {.locked = locked};
    char octet;
    assert_int_equal(pipe(victim.ready), 0);
    assert_int_equal(pipe(victim.over), 0);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        be_a_victim(&victim);
        _exit(0);
    }
    assert_int_equal(read(victim.ready[0], &octet, 1), 1);
    int status = child_status(attack, &pid);
    (void)close(victim.over[1]);
    int end;
    assert_int_equal(waitpid(pid, &end, 0), pid);
    assert_int_equal(end, 0);
    (void)close(victim.over[0]);
    (void)close(victim.ready[0]);
    (void)close(victim.ready[1]);
    return status;
}

static void nobody_of_the_same_user_can_look_into_it(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    int locked = attacked(true);
    assert_true(WIFEXITED(locked));
    assert_int_equal(WEXITSTATUS(locked), 3);
    if (attacked(false) != 0) {
        print_message("# skipped: nobody can trace a process here\n");
    }
}

static void lose_walls(void *context)
{
    char why[200] = "";
    int pipe_ends[2];
    (void)context;
    /* Within a filter that refuses what the walls are built with. */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    require(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                             SCMP_SYS(landlock_create_ruleset), 0) == 0);
    require(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) == 0);
    require(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1,
                             SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) == 0);
    require(seccomp_load(filter) == 0);
    require(sandbox_lock_in(SANDBOX_GATEWAY, why, sizeof(why)) ==
            (SANDBOX_NO_NEW_PRIVILEGES | SANDBOX_UNDUMPABLE));
    require(strcmp(why, "landlock: this kernel does not have it; seccomp: it is not "
                        "permitted here; does a container forbid it?") == 0);
    require(pipe(pipe_ends) == 0); /* goes on without */
}

static void a_wall_that_cannot_be_built_is_named_and_the_others_stand(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_SECCOMP)) {
        return;
    }
    child_must_succeed(lose_walls, NULL);
}

/* ---- the supervisor ---------------------------------------------------------------------- */

static void be_a_supervisor(void *context)
{
    char why[200];
    int status = -1;
    (void)context;
    unsigned walls = sandbox_lock_in(SANDBOX_SUPERVISOR, why, sizeof(why));
    require(walls == sandbox_walls(SANDBOX_SUPERVISOR));
    require(why[0] == '\0');
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    require(waitpid(pid, &status, 0) == pid && status == 0);
    require(open_to_read() >= 0);
    require(syscall(SYS_bpf, 0, NULL, 0) == -1 && errno == EPERM);
    require(unshare(CLONE_NEWNS) == -1 && errno == EPERM);
    require(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    child_lock_in(); /* what it starts can be a gateway */
}

static void a_supervisor_still_starts_programs(void **state)
{
    (void)state;
    if (cannot_have(SANDBOX_ALL)) {
        return;
    }
    child_must_succeed(be_a_supervisor, NULL);
}

static void every_name_of_a_call_is_one(void **state)
{
    static const char *const *const lists[] = {calls_to_itself, calls_refused,
                                               calls_refused_to_keepers, calls_hostile,
                                               calls_of_supervisor};
    static const struct call_list *const rules[] = {&calls_of_all, &calls_of_gateway,
                                                    &calls_of_keeper};
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        for (size_t j = 0; j < rules[i]->count; j++) {
            const char *name = rules[i]->rules[j].name;
            if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR) {
                fail_msg("%s", name);
            }
        }
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t j = 0; lists[i][j] != NULL; j++) {
            if (seccomp_syscall_resolve_name(lists[i][j]) == __NR_SCMP_ERROR) {
                fail_msg("%s", lists[i][j]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_a_call_is_one),
        cmocka_unit_test(what_a_gateway_has_no_use_for_is_refused),
        cmocka_unit_test(so_it_is_for_an_ordinary_user),
        cmocka_unit_test(what_only_an_intruder_would_do_ends_the_process),
        cmocka_unit_test(landlock_alone_keeps_files_away),
        cmocka_unit_test(no_capability_is_left_even_to_root),
        cmocka_unit_test(a_crash_leaves_no_core_behind),
        cmocka_unit_test(nobody_of_the_same_user_can_look_into_it),
        cmocka_unit_test(a_wall_that_cannot_be_built_is_named_and_the_others_stand),
        cmocka_unit_test(a_supervisor_still_starts_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
