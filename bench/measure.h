/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_MEASURE_H
#define YETT_BENCH_MEASURE_H

#include <stddef.h>

/*
 * measure: CPU time of pieces of work, taken in turns so that a noisy machine disturbs all
 * of them alike.
 */
struct work {
    const char *name;
    void (*run)(void *context); /* once */
    void *context;
    double us;    /* result: microseconds of CPU for one run, median over the turns */
    double ratio; /* … to the first work in the same turn, median over the turns */
};

enum { MEASURE_TURNS = 21 };

/* Fills `us` and `ratio` of each.  One turn of each work takes about `turn_ms`. */
void measure(struct work *works, size_t count, double turn_ms);

#endif
