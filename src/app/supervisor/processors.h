/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_PROCESSORS_H
#define YETT_APP_SUPERVISOR_PROCESSORS_H

#include <stddef.h>

/*
 * processors: how many processes can work at the same time.  A container or a unit may allow
 * a part of what the host has: certain processors only (sched_setaffinity(2), cpusets), or
 * an amount of time on them (cgroups: cpu.max of version 2, cpu.cfs_quota_us of version 1).
 */
struct processors {
    unsigned count;  /* processes that suit, at least 1 */
    unsigned online; /* of the host */
    unsigned usable; /* those that we may run on */
    unsigned
        quota_percent; /* of one processor; 0: none that would be less than `usable` */
};

/* `table` is the file /proc/self/cgroup, `mount` where cgroups lie: /sys/fs/cgroup.  What
   cannot be read does not count as a bound. */
void processors_find(const char *table, const char *mount, struct processors *out);

/* "one for each of 4 processors", "a CPU quota of 1.50 processors" */
void processors_explain(const struct processors *processors, char *out, size_t size);

#endif
