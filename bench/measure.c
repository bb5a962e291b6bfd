/* SPDX-License-Identifier: BSD-2-Clause */
#include "measure.h"

#include <stdlib.h>
#include <time.h>

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double run_us(const struct work *work, unsigned runs)
{
    double start = cpu_us();
    for (unsigned i = 0; i < runs; i++) {
        work->run(work->context);
    }
    return (cpu_us() - start) / runs;
}

/* So many runs that a turn takes about as long as asked for. */
static unsigned runs_of(const struct work *work, double turn_ms)
{
    double us = run_us(work, 3); /* the first ones warm the caches */
    us = run_us(work, 3);
    double runs = turn_ms * 1000 / (us > 0.05 ? us : 0.05);
    return runs < 3 ? 3 : runs > 200000 ? 200000 : (unsigned)runs;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double values[MEASURE_TURNS])
{
    qsort(values, MEASURE_TURNS, sizeof(double), by_value);
    return values[MEASURE_TURNS / 2];
}

void measure(struct work *works, size_t count, double turn_ms)
{
    enum { WORKS_MAX = 16 };
    unsigned runs[WORKS_MAX];
    double turns[WORKS_MAX][MEASURE_TURNS];
    double ratios[WORKS_MAX][MEASURE_TURNS];
    if (count > WORKS_MAX) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        runs[i] = runs_of(&works[i], turn_ms);
    }
    for (size_t turn = 0; turn < MEASURE_TURNS; turn++) {
        for (size_t i = 0; i < count; i++) {
            turns[i][turn] = run_us(&works[i], runs[i]);
            ratios[i][turn] = turns[i][turn] / turns[0][turn];
        }
    }
    for (size_t i = 0; i < count; i++) {
        works[i].us = median(turns[i]);
        works[i].ratio = median(ratios[i]);
    }
}
