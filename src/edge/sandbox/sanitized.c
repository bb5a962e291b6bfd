/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"

#include <fcntl.h>

/*
 * For builds with -Db_sanitize, which are not for use: the leak sanitizer stops and traces
 * its own process when it ends, and reports name the lines of the sources, which are read
 * from the files of the program.
 */
/* clang-format off */
#define ANY(call)            {call, 0, {{0}}}
#define TO_READ(call, flags) {call, 1, {{flags, SCMP_CMP_MASKED_EQ, \
                                         O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}}}

static const struct call_rule rules[] = {
    TO_READ("open", 1), TO_READ("openat", 2),
    ANY("stat"), ANY("lstat"), ANY("newfstatat"), ANY("readlink"), ANY("readlinkat"),
    ANY("getdents"), ANY("getdents64"),
    ANY("clone"), ANY("ptrace"), ANY("wait4"), ANY("prctl"), ANY("prlimit64"),
    ANY("uname"), ANY("set_robust_list"), ANY("rseq"),
};
/* clang-format on */

const struct call_list calls_of_sanitizers = {rules, sizeof(rules) / sizeof(rules[0])};
const bool sanitizers_read_files = true;
