/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    int fd;
    struct scoreboard *board;  /* the supervisor's */
    struct scoreboard *worker; /* the same memory, mapped again */
    bool notes_deferrals;      /* a confined worker */
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->board = scoreboard_create(&w->fd);
    assert_non_null(w->board);
    w->worker = scoreboard_attach(w->fd);
    assert_non_null(w->worker);
    w->notes_deferrals = true;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    scoreboard_close(w->worker);
    scoreboard_close(w->board);
    (void)close(w->fd);
    free(w);
    return 0;
}

/* ---- the memory ------------------------------------------------------------------------ */

static void all_who_map_it_have_one_random_key(void **state)
{
    struct world *w = *state;
    int other_fd;
    struct scoreboard *other = scoreboard_create(&other_fd);
    assert_non_null(other);
    assert_memory_equal(scoreboard_key(w->board), scoreboard_key(w->worker), 16);
    assert_memory_not_equal(scoreboard_key(w->board), scoreboard_key(other), 16);
    scoreboard_close(other);
    (void)close(other_fd);
}

static void nobody_can_change_its_size(void **state)
{
    struct world *w = *state;
    assert_int_equal(ftruncate(w->fd, 4096), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(w->fd, 1 << 24), -1);
    assert_int_equal(fcntl(w->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

static void it_is_not_handed_on_by_accident(void **state)
{
    struct world *w = *state;
    assert_int_equal(fcntl(w->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

/* A memfd of the board's size and seals, with the board's beginning changed at `at`. */
static int forged(const struct world *w, size_t at, char byte)
{
    static char bytes[1 << 22];
    ssize_t size = pread(w->fd, bytes, sizeof(bytes), 0);
    assert_in_range(size, 4096, sizeof(bytes) - 1);
    bytes[at] = (char)(bytes[at] ^ byte);
    int fd = memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(write(fd, bytes, (size_t)size), size);
    return fd;
}

static void what_is_no_scoreboard_is_not_mapped(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *why;
        size_t at;
        char byte;
        int seals;
        bool is_good;
    } rows[] = {
        {"a copy",            0,  0, F_SEAL_SHRINK, true },
        {"may still shrink",  0,  0, F_SEAL_GROW,   false},
        {"another magic",     3,  1, F_SEAL_SHRINK, false},
        {"another version",   8,  7, F_SEAL_SHRINK, false},
        {"another structure", 12, 1, F_SEAL_SHRINK, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = forged(w, rows[i].at, rows[i].byte);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, rows[i].seals), 0);
        struct scoreboard *board = scoreboard_attach(fd);
        if ((board != NULL) != rows[i].is_good) {
            fail_msg("%s", rows[i].why);
        }
        scoreboard_close(board);
        (void)close(fd);
    }
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_null(scoreboard_attach(ends[0]));
    assert_null(scoreboard_attach(-1));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_shorter_one_is_not_mapped(void **state)
{
    struct world *w = *state;
    int fd = forged(w, 0, 0);
    assert_int_equal(ftruncate(fd, 65536), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    assert_null(scoreboard_attach(fd));
    assert_int_equal(errno, EINVAL);
    (void)close(fd);
}

/* ---- slots ----------------------------------------------------------------------------- */

static void what_a_worker_writes_the_supervisor_reads(void **state)
{
    struct world *w = *state;
    size_t slot = scoreboard_take_slot(w->board, 7);
    scoreboard_set_pid(w->board, slot, 1234);
    scoreboard_beat(w->worker, slot, 99000);
    scoreboard_work_on(w->worker, slot, 0xfeedbeef01020304);
    scoreboard_count(w->worker, slot, COUNT_MESSAGES, 2);
    scoreboard_count(w->worker, slot, COUNT_MESSAGES, 3);
    scoreboard_gauge(w->worker, slot, GAUGE_CONNECTIONS, 17);
    assert_int_equal(scoreboard_heartbeat_ms(w->board, slot), 99000);
    assert_true(scoreboard_work(w->board, slot) == 0xfeedbeef01020304);
    assert_int_equal(scoreboard_sum(w->board, COUNT_MESSAGES), 5);
    assert_int_equal(scoreboard_sum(w->board, COUNT_ACCEPTED), 0);
    assert_int_equal(scoreboard_gauge_sum(w->board, GAUGE_CONNECTIONS), 17);
    assert_int_equal(scoreboard_pid(w->board, slot), 1234);
    assert_int_equal(scoreboard_generation(w->board, slot), 7);
}

static void a_slot_is_held_by_one_until_it_is_given_back(void **state)
{
    struct world *w = *state;
    bool seen[SCOREBOARD_SLOTS] = {false};
    for (size_t i = 0; i < SCOREBOARD_SLOTS; i++) {
        size_t slot = scoreboard_take_slot(w->board, 1);
        assert_in_range(slot, 0, SCOREBOARD_SLOTS - 1);
        assert_false(seen[slot]);
        seen[slot] = true;
    }
    assert_int_equal(scoreboard_take_slot(w->board, 2), SCOREBOARD_SLOTS);
    scoreboard_give_back(w->board, 100);
    assert_int_equal(scoreboard_take_slot(w->board, 2), 100);
    assert_int_equal(scoreboard_take_slot(w->board, 2), SCOREBOARD_SLOTS);
}

static void the_dead_stay_in_the_sums_and_leave_nothing_else(void **state)
{
    struct world *w = *state;
    size_t first = scoreboard_take_slot(w->board, 1);
    size_t second = scoreboard_take_slot(w->board, 1);
    scoreboard_set_pid(w->board, first, 41);
    scoreboard_count(w->worker, first, COUNT_REJECTED, 10);
    scoreboard_count(w->worker, second, COUNT_REJECTED, 1);
    scoreboard_gauge(w->worker, first, GAUGE_CACHE_BYTES, 1000);
    scoreboard_work_on(w->worker, first, 5);
    scoreboard_beat(w->worker, first, 5);
    scoreboard_give_back(w->board, first);
    assert_int_equal(scoreboard_sum(w->board, COUNT_REJECTED), 11);
    assert_int_equal(scoreboard_gauge_sum(w->board, GAUGE_CACHE_BYTES), 0);
    assert_int_equal(scoreboard_pid(w->board, first), 0);

    size_t again = scoreboard_take_slot(w->board, 2);
    assert_int_equal(again, first);
    assert_int_equal(scoreboard_work(w->board, again), 0);
    assert_int_equal(scoreboard_heartbeat_ms(w->board, again), 0);
    scoreboard_count(w->worker, again, COUNT_REJECTED, 4);
    assert_int_equal(scoreboard_sum(w->board, COUNT_REJECTED), 15);
}

static void places_that_do_not_exist_are_ignored(void **state)
{
    struct world *w = *state;
    static const size_t slots[] = {SCOREBOARD_SLOTS, SCOREBOARD_SLOTS + 1, SIZE_MAX,
                                   SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        size_t slot = slots[i];
        scoreboard_beat(w->board, slot, 1);
        scoreboard_count(w->board, slot, COUNT_MESSAGES, 1);
        scoreboard_gauge(w->board, slot, GAUGE_MESSAGES, 1);
        scoreboard_work_on(w->board, slot, 1);
        scoreboard_set_pid(w->board, slot, 1);
        scoreboard_give_back(w->board, slot);
        assert_int_equal(scoreboard_heartbeat_ms(w->board, slot), 0);
        assert_int_equal(scoreboard_work(w->board, slot), 0);
        assert_int_equal(scoreboard_pid(w->board, slot), 0);
        assert_int_equal(scoreboard_generation(w->board, slot), 0);
    }
    size_t slot = scoreboard_take_slot(w->board, 1);
    scoreboard_count(w->board, slot, (enum scoreboard_counter)COUNT_COUNTERS, 1);
    scoreboard_gauge(w->board, slot, (enum scoreboard_gauge)GAUGE_GAUGES, 1);
    assert_int_equal(scoreboard_sum(w->board, (enum scoreboard_counter)COUNT_COUNTERS),
                     0);
    assert_int_equal(scoreboard_gauge_sum(w->board, (enum scoreboard_gauge)GAUGE_GAUGES),
                     0);
    for (size_t i = 0; i < COUNT_COUNTERS; i++) {
        assert_int_equal(scoreboard_sum(w->board, (enum scoreboard_counter)i), 0);
    }
}

static void a_process_to_kill_is_never_read_from_what_workers_can_write(void **state)
{
    struct world *w = *state;
    size_t slot = scoreboard_take_slot(w->board, 1);
    scoreboard_set_pid(w->board, slot, 4321);
    assert_int_equal(scoreboard_take_slot(w->worker, 9), slot);
    scoreboard_set_pid(w->worker, slot, 1);
    scoreboard_give_back(w->worker, slot);
    assert_int_equal(scoreboard_pid(w->board, slot), 4321);
    assert_int_equal(scoreboard_generation(w->board, slot), 1);
}

static void wild_values_of_a_worker_do_not_overflow_anything(void **state)
{
    struct world *w = *state;
    static const int64_t beats[] = {INT64_MIN, -1, INT64_MAX};
    size_t slot = scoreboard_take_slot(w->board, 1);
    size_t other = scoreboard_take_slot(w->board, 1);
    for (size_t i = 0; i < sizeof(beats) / sizeof(beats[0]); i++) {
        scoreboard_beat(w->worker, slot, beats[i]);
        assert_in_range(scoreboard_heartbeat_ms(w->board, slot), 0, INT64_MAX / 2);
    }
    scoreboard_count(w->worker, slot, COUNT_BYTES, UINT64_MAX);
    scoreboard_count(w->worker, other, COUNT_BYTES, 5);
    assert_true(scoreboard_sum(w->board, COUNT_BYTES) == INT64_MAX);
}

/* ---- confined -------------------------------------------------------------------------- */

/* What a child that may only write into slot 3 tries. */
enum attempt {
    OWN_SLOT,
    DEFERRAL,
    READING,
    SLOT_BEFORE,
    SLOT_BEHIND,
    POISON,
    MAPPING /* to make what is read-only writable again */
};

static bool make_writable(void)
{
    char line[400];
    bool made = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        void *from = NULL, *to = NULL;
        if (strstr(line, "yett-scoreboard") != NULL && strstr(line, " r--s ") != NULL &&
            sscanf(line, "%p-%p", &from, &to) == 2) {
            size_t size = (size_t)((char *)to - (char *)from);
            made = made || mprotect(from, size, PROT_READ | PROT_WRITE) == 0;
        }
    }
    (void)fclose(maps);
    return made;
}

static void attempt(struct scoreboard *board, enum attempt what)
{
    switch (what) {
    case OWN_SLOT:
        scoreboard_beat(board, 3, 7);
        scoreboard_count(board, 3, COUNT_MESSAGES, 1);
        return;
    case DEFERRAL:
        scoreboard_note_deferral(board, 5, 100, 1000);
        return;
    case READING:
        _exit(!scoreboard_is_poisoned(board, 77) || scoreboard_work(board, 4) != 4);
    case SLOT_BEFORE:
        scoreboard_beat(board, 2, 0);
        return;
    case SLOT_BEHIND:
        scoreboard_work_on(board, 4, 1);
        return;
    case POISON:
        (void)scoreboard_blame(board, 1);
        (void)scoreboard_blame(board, 1);
        return;
    case MAPPING:
        _exit(make_writable() ? 0 : 1);
    }
}

/* In a child, whose end says whether it could. */
static bool can(const struct world *w, enum attempt what)
{
    int status;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        struct scoreboard *board = scoreboard_attach(w->fd);
        if (board == NULL || !scoreboard_confine(board, w->fd, 3, w->notes_deferrals)) {
            _exit(1);
        }
        (void)close(w->fd);
        attempt(board, what);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_confined_worker_writes_into_its_own_slot_and_no_other(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(scoreboard_take_slot(w->board, 1), i);
    }
    scoreboard_work_on(w->worker, 4, 4);
    scoreboard_beat(w->worker, 2, 2);
    (void)scoreboard_blame(w->board, 77);
    (void)scoreboard_blame(w->board, 77);
    assert_true(can(w, OWN_SLOT));
    assert_int_equal(scoreboard_heartbeat_ms(w->board, 3), 7);
    assert_int_equal(scoreboard_sum(w->board, COUNT_MESSAGES), 1);
    w->notes_deferrals = false; /* one that decides nothing */
    assert_true(can(w, OWN_SLOT));
    assert_false(can(w, DEFERRAL));
    assert_false(can(w, SLOT_BEHIND));
    assert_int_equal(scoreboard_first_deferred(w->board, 5, 200, 1000), 200);
    w->notes_deferrals = true;
    assert_true(can(w, DEFERRAL));
    assert_int_equal(scoreboard_first_deferred(w->board, 5, 200, 1000), 100);
    assert_true(can(w, READING));
    assert_false(can(w, SLOT_BEFORE));
    assert_false(can(w, SLOT_BEHIND));
    assert_false(can(w, POISON));
    assert_false(can(w, MAPPING));
    assert_int_equal(scoreboard_heartbeat_ms(w->board, 2), 2);
    assert_true(scoreboard_work(w->board, 4) == 4);
    assert_false(scoreboard_is_poisoned(w->board, 1));
}

static void nobody_is_confined_to_a_slot_that_does_not_exist(void **state)
{
    struct world *w = *state;
    assert_false(scoreboard_confine(w->worker, w->fd, SCOREBOARD_SLOTS, true));
    assert_int_equal(errno, EINVAL);
}

static void all_names_are_there_and_differ(void **state)
{
    const char *names[COUNT_COUNTERS + GAUGE_GAUGES];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_COUNTERS; i++) {
        names[count++] = scoreboard_counter_names[i];
    }
    for (size_t i = 0; i < GAUGE_GAUGES; i++) {
        names[count++] = scoreboard_gauge_names[i];
    }
    for (size_t i = 0; i < count; i++) {
        assert_non_null(names[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(names[i], names[j]);
        }
    }
    assert_string_equal(scoreboard_counter_names[COUNT_MESSAGES], "messages");
}

static void a_killed_worker_leaves_its_work_behind_and_nothing_locked(void **state)
{
    struct world *w = *state;
    size_t slot = scoreboard_take_slot(w->board, 1);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        struct scoreboard *mine = scoreboard_attach(w->fd);
        if (mine == NULL) {
            _exit(1);
        }
        for (uint64_t i = 1;; i++) {
            scoreboard_work_on(mine, slot, 0x1111111111111111 * (i % 15 + 1));
            scoreboard_count(mine, slot, COUNT_MESSAGES, 1);
            scoreboard_note_deferral(mine, i, (int64_t)i, 1000);
        }
    }
    while (scoreboard_sum(w->board, COUNT_MESSAGES) < 10000) {
        (void)usleep(1000);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    uint64_t work = scoreboard_work(w->board, slot);
    assert_int_not_equal(work, 0);
    assert_int_equal(work % 0x1111111111111111, 0);
    scoreboard_give_back(w->board, slot);
    assert_true(scoreboard_sum(w->board, COUNT_MESSAGES) >= 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(all_who_map_it_have_one_random_key),
        TEST(nobody_can_change_its_size),
        TEST(it_is_not_handed_on_by_accident),
        TEST(what_is_no_scoreboard_is_not_mapped),
        TEST(a_shorter_one_is_not_mapped),
        TEST(what_a_worker_writes_the_supervisor_reads),
        TEST(a_slot_is_held_by_one_until_it_is_given_back),
        TEST(the_dead_stay_in_the_sums_and_leave_nothing_else),
        TEST(places_that_do_not_exist_are_ignored),
        TEST(a_process_to_kill_is_never_read_from_what_workers_can_write),
        TEST(wild_values_of_a_worker_do_not_overflow_anything),
        TEST(a_confined_worker_writes_into_its_own_slot_and_no_other),
        TEST(nobody_is_confined_to_a_slot_that_does_not_exist),
        TEST(all_names_are_there_and_differ),
        TEST(a_killed_worker_leaves_its_work_behind_and_nothing_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
