/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* clang-format off */
#define ANY(call)          {call, 0, {{0}}}
#define IS(call, arg, value) \
                           {call, 1, {{arg, SCMP_CMP_EQ, value, 0}}}
#define HAS(call, arg, bits) \
                           {call, 1, {{arg, SCMP_CMP_MASKED_EQ, bits, bits}}}
#define LACKS(call, arg, bits) \
                           {call, 1, {{arg, SCMP_CMP_MASKED_EQ, bits, 0}}}
/* Descriptors are shared with others, the log's above all: with O_DIRECT nobody could write to
   a file any more. */
#define SETFL(call) \
                           {call, 2, {{1, SCMP_CMP_EQ, F_SETFL, 0}, \
                                      {2, SCMP_CMP_MASKED_EQ, O_DIRECT | O_ASYNC, 0}}}
/* Sockets are shared as well, so not any option: a filter on a listener, or on a pair, would stay
   there for whoever has it next. */
#define OPTION(option) \
                           {"setsockopt", 2, {{1, SCMP_CMP_EQ, SOL_SOCKET, 0}, \
                                              {2, SCMP_CMP_EQ, option, 0}}}
#define OPTIONS_OF_SOCKETS OPTION(SO_REUSEADDR), OPTION(SO_KEEPALIVE), \
                           OPTION(SO_RCVBUF), OPTION(SO_SNDBUF)
/* The type is beside SOCK_NONBLOCK and SOCK_CLOEXEC, which are higher bits. */
#define SOCKET(family, type) \
                           {"socket", 2, {{0, SCMP_CMP_EQ, family, 0}, \
                                          {1, SCMP_CMP_MASKED_EQ, 0xf, type}}}

static const struct call_rule all[] = {
    /* Octets of what is open already. */
    ANY("read"), ANY("readv"), ANY("write"), ANY("writev"), ANY("close"),
    ANY("fstat"), ANY("fstat64"),
    HAS("newfstatat", 3, AT_EMPTY_PATH), HAS("fstatat64", 3, AT_EMPTY_PATH),
    HAS("statx", 2, AT_EMPTY_PATH),
    IS("fcntl", 1, F_GETFL), SETFL("fcntl"),
    IS("fcntl", 1, F_GETFD), IS("fcntl", 1, F_SETFD),
    IS("fcntl64", 1, F_GETFL), SETFL("fcntl64"),
    IS("fcntl64", 1, F_GETFD), IS("fcntl64", 1, F_SETFD),

    /* Waiting. */
    ANY("epoll_ctl"), ANY("epoll_wait"), ANY("epoll_pwait"), ANY("epoll_pwait2"),
    ANY("poll"), ANY("ppoll"), ANY("ppoll_time64"),
    ANY("timerfd_settime"), ANY("timerfd_settime64"),

    /* Memory, none of it to be executed.  Not mremap: it would stretch a page of shared memory
       over its neighbours.  Without it realloc() copies. */
    ANY("brk"), ANY("munmap"), ANY("madvise"),
    LACKS("mmap", 2, PROT_EXEC), LACKS("mmap2", 2, PROT_EXEC),
    LACKS("mprotect", 2, PROT_EXEC),

    /* Time and chance. */
    ANY("clock_gettime"), ANY("clock_gettime64"), ANY("clock_getres"),
    ANY("clock_getres_time64"), ANY("gettimeofday"), ANY("time"), ANY("nanosleep"),
    ANY("clock_nanosleep"), ANY("clock_nanosleep_time64"), ANY("getrandom"),

    /* The process itself. */
    ANY("futex"), ANY("futex_time64"), ANY("rt_sigaction"), ANY("rt_sigprocmask"),
    ANY("rt_sigreturn"), ANY("sigreturn"), ANY("sigaltstack"), ANY("restart_syscall"),
    ANY("exit"), ANY("exit_group"),
    ANY("getpid"), ANY("gettid"), ANY("getppid"), ANY("getuid"), ANY("geteuid"),
    ANY("getgid"), ANY("getegid"), ANY("getresuid"), ANY("getresgid"), ANY("getrusage"),
    ANY("sched_yield"), ANY("sched_getaffinity"),
    ANY("sysinfo"), /* by qsort(), which does not ask whether it worked */
};

static const struct call_rule gateway[] = {
    ANY("pread64"), ANY("lseek"), ANY("_llseek"),
    IS("ioctl", 1, FIONREAD), IS("ioctl", 1, FIONBIO),

    /* Mail servers, name servers, the log. */
    SOCKET(AF_INET, SOCK_STREAM), SOCKET(AF_INET, SOCK_DGRAM),
    SOCKET(AF_INET6, SOCK_STREAM), SOCKET(AF_INET6, SOCK_DGRAM),
    ANY("bind"), ANY("connect"), ANY("accept"), ANY("accept4"),
    ANY("send"), ANY("sendto"), ANY("sendmsg"), ANY("sendmmsg"),
    ANY("recv"), ANY("recvfrom"), ANY("recvmsg"), ANY("recvmmsg"), ANY("recvmmsg_time64"),
    ANY("getsockname"), ANY("getpeername"), ANY("getsockopt"),
    OPTIONS_OF_SOCKETS, IS("setsockopt", 1, IPPROTO_TCP),
    IS("setsockopt", 1, IPPROTO_IP), IS("setsockopt", 1, IPPROTO_IPV6),

    /* Texts for its examiner. */
    ANY("memfd_create"), IS("fcntl", 1, F_ADD_SEALS), IS("fcntl64", 1, F_ADD_SEALS),
};

/* Its gateway, the supervisor and the log, to whom it is connected already: it calls nobody
   else, and takes no descriptor out of a message (recvmsg). */
static const struct call_rule keeper[] = {
    ANY("send"), IS("sendto", 4, 0), ANY("recv"), ANY("recvfrom"),
};

/* Its gateway, the supervisor and the log, as well; from the first it takes texts, which it
   looks at before it reads them. */
static const struct call_rule examiner[] = {
    ANY("send"), IS("sendto", 4, 0), ANY("recv"), ANY("recvfrom"), ANY("recvmsg"),
    IS("fcntl", 1, F_GET_SEALS), IS("fcntl64", 1, F_GET_SEALS),
};

/* Name servers, and who started it: a gateway that has no mail server. */
static const struct call_rule asker[] = {
    IS("ioctl", 1, FIONREAD), IS("ioctl", 1, FIONBIO),
    SOCKET(AF_INET, SOCK_STREAM), SOCKET(AF_INET, SOCK_DGRAM),
    SOCKET(AF_INET6, SOCK_STREAM), SOCKET(AF_INET6, SOCK_DGRAM),
    ANY("bind"), ANY("connect"), ANY("shutdown"),
    ANY("send"), ANY("sendto"), ANY("sendmsg"), ANY("sendmmsg"),
    ANY("recv"), ANY("recvfrom"), ANY("recvmsg"), ANY("recvmmsg"), ANY("recvmmsg_time64"),
    ANY("getsockname"), ANY("getpeername"), ANY("getsockopt"),
    OPTIONS_OF_SOCKETS, IS("setsockopt", 1, IPPROTO_TCP),
    IS("setsockopt", 1, IPPROTO_IP), IS("setsockopt", 1, IPPROTO_IPV6),
};

/* Files, where landlock lets it; its asker, to whom it is connected; the gateway, of which
   it asks the kernel who it is (a socket, SO_PEERCRED), to tell it to reload. */
static const struct call_rule keyring[] = {
    ANY("open"), ANY("openat"), ANY("stat"), ANY("stat64"), ANY("lstat"), ANY("lstat64"),
    ANY("newfstatat"), ANY("fstatat64"), ANY("statx"), ANY("access"), ANY("faccessat"),
    ANY("faccessat2"), ANY("getdents"), ANY("getdents64"), ANY("lseek"), ANY("_llseek"),
    ANY("pread64"), ANY("mkdir"), ANY("mkdirat"), ANY("unlink"), ANY("unlinkat"),
    ANY("rename"), ANY("renameat"), ANY("renameat2"), ANY("link"), ANY("linkat"),
    ANY("fchmod"), ANY("fsync"), ANY("flock"),
    IS("ioctl", 1, TCGETS), IS("ioctl", 1, TIOCGWINSZ),
    ANY("send"), IS("sendto", 4, 0), ANY("recv"), ANY("recvfrom"),
    SOCKET(AF_UNIX, SOCK_STREAM), ANY("connect"), IS("getsockopt", 1, SOL_SOCKET),
    IS("kill", 1, SIGHUP), IS("kill", 1, SIGKILL), ANY("wait4"), ANY("waitpid"),
};

const struct call_list calls_of_all = {all, sizeof(all) / sizeof(all[0])};
const struct call_list calls_of_gateway = {gateway, sizeof(gateway) / sizeof(gateway[0])};
const struct call_list calls_of_keeper = {keeper, sizeof(keeper) / sizeof(keeper[0])};
const struct call_list calls_of_examiner = {examiner,
                                            sizeof(examiner) / sizeof(examiner[0])};
const struct call_list calls_of_asker = {asker, sizeof(asker) / sizeof(asker[0])};
const struct call_list calls_of_keyring = {keyring, sizeof(keyring) / sizeof(keyring[0])};

const char *const calls_to_itself[] = {"kill", "tgkill", "tkill", NULL};

const char *const calls_refused[] = {
    "open", "openat", "openat2", "creat", "stat", "lstat", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getdents64", "statfs", "fstatfs",
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
    "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "chmod", "fchmod",
    "fchmodat", "chown", "fchown", "lchown", "fchownat", "truncate", "ftruncate",
    "fork", "vfork", "clone", "prctl", "prlimit64", "getrlimit", "setrlimit", "uname",
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
    "setfsgid", "setgroups", "capset", "listen", "socketpair", "pipe", "pipe2", "dup",
    "dup2", "dup3", "eventfd2", "epoll_create1", "timerfd_create", "memfd_create",
    "setsid", "setpgid", "pidfd_open", "mremap", "shutdown", NULL
};

const char *const calls_refused_to_keepers[] = {
    "socket", "bind", "connect", "accept", "accept4", "sendmsg", "sendmmsg", "recvmsg",
    "recvmmsg", "setsockopt", NULL
};

const char *const calls_refused_to_examiners[] = {
    "socket", "bind", "connect", "accept", "accept4", "sendmsg", "sendmmsg", "recvmmsg",
    "setsockopt", NULL
};

const char *const calls_refused_to_askers[] = {"accept", "accept4", NULL};

const char *const calls_hostile[] = {
    /* Other programs, other processes. */
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "pidfd_getfd", "pidfd_send_signal", "kcmp", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    /* Other views of the file system. */
    "mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "pivot_root", "chroot", "setns", "unshare",
    "name_to_handle_at", "open_by_handle_at", "swapon", "swapoff", "quotactl",
    "quotactl_fd", "acct", "fanotify_init",
    /* Large and young parts of the kernel, which have been a way into it. */
    "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd",
    "perf_event_open", "keyctl", "add_key", "request_key", "vmsplice", "io_setup",
    "io_submit", "modify_ldt", "mbind", "migrate_pages", "move_pages",
    /* The machine. */
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load",
    "kexec_file_load", "reboot", "iopl", "ioperm", "settimeofday", "stime",
    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
    "sethostname", "setdomainname", "syslog", "vhangup", "personality", "uselib",
    "_sysctl", "nfsservctl", "lookup_dcookie", NULL
};

const char *const calls_of_supervisor[] = {
    "execve", "execveat", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "mbind", "personality", "name_to_handle_at", NULL
};
/* clang-format on */
