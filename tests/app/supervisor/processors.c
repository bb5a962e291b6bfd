/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/processors.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A tree of cgroups in a folder of its own, and this process on one processor only. */
struct world {
    char folder[64];
    cpu_set_t before;
};

static int set_up(void **state)
{
    static struct world world;
    (void)snprintf(world.folder, sizeof world.folder, "/tmp/yett-cgroup-XXXXXX");
    *state = &world;
    return mkdtemp(world.folder) == NULL ||
           sched_getaffinity(0, sizeof world.before, &world.before) != 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char command[128];
    (void)sched_setaffinity(0, sizeof world->before, &world->before);
    (void)snprintf(command, sizeof command, "rm -rf %s", world->folder);
    return system(command); /* NOLINT(cert-env33-c): a folder of ours */
}

/* Write `text` to `path` below the folder, whose directories are made. */
static void put(const struct world *world, const char *path, const char *text)
{
    char whole[256];
    (void)snprintf(whole, sizeof whole, "%s/%s", world->folder, path);
    for (char *slash = whole + strlen(world->folder) + 1;
         (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct processors find(const struct world *world)
{
    struct processors processors;
    char table[128], mount[128];
    (void)snprintf(table, sizeof table, "%s/table", world->folder);
    (void)snprintf(mount, sizeof mount, "%s/mount", world->folder);
    processors_find(table, mount, &processors);
    return processors;
}

static void assert_explained(const struct processors *processors, const char *expected)
{
    char text[80];
    processors_explain(processors, text, sizeof text);
    assert_string_equal(text, expected);
}

/* ---- what is allowed -------------------------------------------------------------------- */

static void without_quotas_all_usable_ones_count(void **state)
{
    struct processors found = find(*state);
    assert_true(found.count >= 1);
    assert_int_equal(found.count, found.usable);
    assert_int_equal(found.quota_percent, 0);
}

static void only_those_count_that_it_may_run_on(void **state)
{
    struct world *world = *state;
    size_t first = 0;
    cpu_set_t one;
    while (!CPU_ISSET(first, &world->before)) {
        first++;
    }
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct processors found = find(world);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.usable, 1);
}

static void quotas_bound_what_is_usable(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *why, *table, *path, *text, *second_path, *second_text;
        unsigned percent; /* 0: no bound */
    } rows[] = {
        {"half of one",                 "0::/a/b\n",                       "mount/a/b/cpu.max",               "50000 100000\n",   NULL,                               NULL,
         50                                                                                                                                                                               },
        {"one bound above",             "0::/a/b\n",                       "mount/a/cpu.max",                 "60000 100000\n",   NULL,                               NULL,
         60                                                                                                                                                                               },
        {"the least of several",        "0::/a/b\n",                       "mount/a/cpu.max",                 "70000 100000\n",
         "mount/a/b/cpu.max",                                                                                                                                         "80000 100000\n", 70},
        {"at the top of a container",   "0::/\n",                          "mount/cpu.max",                   "25000 100000\n",   NULL,
         NULL,                                                                                                                                                                          25},
        {"a path of the host",          "0::/docker/0123\n",               "mount/cpu.max",                   "25000 100000",     NULL,
         NULL,                                                                                                                                                                          25},
        {"a little is not nothing",     "0::/a\n",                         "mount/a/cpu.max",                 "1 100000\n",       NULL,
         NULL,                                                                                                                                                                          1 },
        {"max",                         "0::/a\n",                         "mount/a/cpu.max",                 "max 100000\n",     NULL,                               NULL,             0 },
        {"more than there is",          "0::/a\n",                         "mount/a/cpu.max",                 "999999999 1000\n", NULL,
         NULL,                                                                                                                                                                          0 },
        {"no period",                   "0::/a\n",                         "mount/a/cpu.max",                 "1000 0\n",         NULL,                               NULL,             0 },
        {"no figures",                  "0::/a\n",                         "mount/a/cpu.max",                 "x y\n",            NULL,                               NULL,             0 },
        {"beyond all bounds",           "0::/a\n",                         "mount/a/cpu.max",
         "99999999999999999999 100000\n",                                                                                         NULL,                               NULL,             0 },
        {"version 1",                   "9:memory:/x\n4:cpu,cpuacct:/a\n",
         "mount/cpu,cpuacct/a/cpu.cfs_quota_us",                                                              "30000\n",
         "mount/cpu,cpuacct/a/cpu.cfs_period_us",                                                                                                                     "100000\n",       30},
        {"version 1 by its short name", "4:cpuacct,cpu:/a\n",
         "mount/cpu/a/cpu.cfs_quota_us",                                                                      "30000\n",          "mount/cpu/a/cpu.cfs_period_us",
         "100000\n",                                                                                                                                                                    30},
        {"version 1 without one",       "1:cpu:/\n0::/\n",                 "mount/cpu/cpu.cfs_quota_us",      "-1\n",
         "mount/cpu/cpu.cfs_period_us",                                                                                                                               "100000\n",       0 },
        {"of processors, not of time",  "3:cpuset:/a\n",                   "mount/cpuset/a/cpu.cfs_quota_us",
         "30000\n",                                                                                                               "mount/cpuset/a/cpu.cfs_period_us", "100000\n",       0 },
        {"a table that is none",        "\n:\n::\n0:\n",                   "mount/x",                         "",                 NULL,                               NULL,             0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put(world, "table", rows[i].table);
        put(world, rows[i].path, rows[i].text);
        if (rows[i].second_path != NULL) {
            put(world, rows[i].second_path, rows[i].second_text);
        }
        struct processors found = find(world);
        unsigned count = rows[i].percent == 0 ? found.usable : 1;
        if (found.quota_percent != rows[i].percent || found.count != count) {
            fail_msg("%s: %u processes, %u percent", rows[i].why, found.count,
                     found.quota_percent);
        }
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(mkdir(world->folder, 0700), 0);
    }
}

static void a_part_of_a_processor_gets_a_process(void **state)
{
    struct world *world = *state;
    put(world, "table", "0::/\n");
    put(world, "mount/cpu.max", "101000 100000\n");
    struct processors found = find(world);
    assert_int_equal(found.count, found.usable >= 2 ? 2 : 1);
}

/* ---- what is said about it -------------------------------------------------------------- */

static void the_reason_is_told(void **state)
{
    (void)state;
    assert_explained(&(struct processors){1, 1, 1, 0}, "for 1 processor");
    assert_explained(&(struct processors){8, 8, 8, 0}, "one for each of 8 processors");
    assert_explained(&(struct processors){1, 8, 1, 0},
                     "for the one processor, of 8, that it may use");
    assert_explained(&(struct processors){2, 8, 2, 0},
                     "one for each of the 2 processors, of 8, that it may use");
    assert_explained(&(struct processors){2, 8, 8, 105},
                     "a CPU quota of 1.05 processors");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(without_quotas_all_usable_ones_count),
        TEST(only_those_count_that_it_may_run_on),
        TEST(quotas_bound_what_is_usable),
        TEST(a_part_of_a_processor_gets_a_process),
        cmocka_unit_test(the_reason_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
