/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/processors.h"

#include "core/base/num.h"
#include "core/base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

enum {
    TABLE_BYTES = 16 * 1024, /* a line for each hierarchy: a dozen at most */
    FIGURE_BYTES = 128,
    PATH_BYTES = PATH_MAX + 32
};

/* Beyond any host, so that it can be multiplied. */
#define TIME_MAX UINT64_C(1000000000000)

/* What we may have of all processors, in hundredths of one; UINT64_MAX: no bound. */
struct quota {
    const char *mount;
    uint64_t percent;
};

/* ---- files of the kernel ---------------------------------------------------------------- */

static slice read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t have = 0;
    while (fd >= 0 && have < size) {
        ssize_t got = read(fd, out + have, size - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return slice_of(out, have);
}

/* What stands before `end`, taken off with it; all of it when it is not there. */
static slice take_until(slice *in, char end)
{
    slice part = slice_first(*in, slice_find_byte(*in, end));
    *in = slice_skip(*in, part.len + 1);
    return part;
}

/* ---- quotas ----------------------------------------------------------------------------- */

static void bound(struct quota *quota, slice time, slice period)
{
    uint64_t time_us, period_us;
    if (num_parse_uint(time, TIME_MAX, &time_us) == YETT_OK &&
        num_parse_uint(period, TIME_MAX, &period_us) == YETT_OK && period_us != 0) {
        uint64_t percent = time_us * 100 / period_us;
        percent = percent == 0 ? 1 : percent;
        quota->percent = percent < quota->percent ? percent : quota->percent;
    }
}

/* "max 100000" or "150000 100000" */
static void read_version_2(struct quota *quota, const char *directory)
{
    char path[PATH_BYTES], text[FIGURE_BYTES];
    (void)snprintf(path, sizeof path, "%s/cpu.max", directory);
    slice line = read_file(path, text, sizeof text);
    line = take_until(&line, '\n');
    slice time = take_until(&line, ' ');
    bound(quota, time, line);
}

/* "-1" is none, which is no number for us. */
static void read_version_1(struct quota *quota, const char *directory)
{
    char path[PATH_BYTES], time[FIGURE_BYTES], period[FIGURE_BYTES];
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    slice times = read_file(path, time, sizeof time);
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    slice periods = read_file(path, period, sizeof period);
    bound(quota, take_until(&times, '\n'), take_until(&periods, '\n'));
}

/* A group is bound by those above it.  Within a container its path may be that of the host,
   which does not exist there; then the last step, to the top, finds the group. */
static void walk_up(struct quota *quota, slice hierarchy, slice group,
                    void (*read)(struct quota *quota, const char *directory))
{
    for (;;) {
        char directory[PATH_MAX];
        int length = snprintf(directory, sizeof directory, "%s/%.*s%.*s", quota->mount,
                              SLICE_ARG(hierarchy), SLICE_ARG(group));
        if (length > 0 && (size_t)length < sizeof directory) {
            read(quota, directory);
        }
        if (group.len == 0) {
            return;
        }
        while (group.len != 0 && group.ptr[group.len - 1] != '/') {
            group.len--;
        }
        group.len -= group.len != 0;
    }
}

static bool names_cpu(slice controllers)
{
    while (controllers.len != 0) {
        if (slice_eq(take_until(&controllers, ','), SLICE("cpu"))) {
            return true;
        }
    }
    return false;
}

/* "0::/system.slice/yett.service", or "4:cpu,cpuacct:/docker/0123" */
static void read_line(struct quota *quota, slice line)
{
    (void)take_until(&line, ':');
    slice controllers = take_until(&line, ':');
    if (controllers.len == 0) {
        walk_up(quota, SLICE(""), line, read_version_2);
    } else if (names_cpu(controllers)) {
        /* Where several controllers share a hierarchy, its name has either form. */
        walk_up(quota, controllers, line, read_version_1);
        walk_up(quota, SLICE("cpu"), line, read_version_1);
    }
}

static uint64_t find_quota_percent(const char *table, const char *mount)
{
    char text[TABLE_BYTES];
    struct quota quota = {mount, UINT64_MAX};
    slice lines = read_file(table, text, sizeof text);
    while (lines.len != 0) {
        read_line(&quota, take_until(&lines, '\n'));
    }
    return quota.percent;
}

/* ---- all of it -------------------------------------------------------------------------- */

static unsigned online(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (unsigned)count;
}

static unsigned usable(unsigned all)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return all; /* of a host with more than 1024 */
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

void processors_find(const char *table, const char *mount, struct processors *out)
{
    uint64_t percent = find_quota_percent(table, mount);
    *out = (struct processors){.online = online()};
    out->count = out->usable = usable(out->online);
    if (percent < (uint64_t)out->usable * 100) {
        out->quota_percent = (unsigned)percent;
        out->count = (out->quota_percent + 99) / 100;
    }
}

void processors_explain(const struct processors *processors, char *out, size_t size)
{
    if (processors->quota_percent != 0) {
        (void)snprintf(out, size, "a CPU quota of %u.%02u processors",
                       processors->quota_percent / 100, processors->quota_percent % 100);
    } else if (processors->usable == 1 && processors->online > 1) {
        (void)snprintf(out, size, "for the one processor, of %u, that it may use",
                       processors->online);
    } else if (processors->usable < processors->online) {
        (void)snprintf(out, size,
                       "one for each of the %u processors, of %u, that it may use",
                       processors->usable, processors->online);
    } else {
        (void)snprintf(out, size, "%s %u processor%s",
                       processors->usable == 1 ? "for" : "one for each of",
                       processors->usable, processors->usable == 1 ? "" : "s");
    }
}
