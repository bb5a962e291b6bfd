/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_PROCESS_H
#define YETT_BENCH_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * process: `yett serve` in a folder of its own, and what the system says about its
 * processes.  What goes wrong ends the program.
 */
struct process;

struct process_options {
    const char *yett; /* the program */
    const char *zone; /* where answers come from, master-file text */
    const char *now;  /* seconds since 1970 */
    unsigned workers;
    const char *settings; /* more text of yett.conf(5), or NULL */
};

/* Observes and logs each message as it does by default, into a file. */
struct process *process_start(const struct process_options *options);
void process_stop(struct process *process); /* removes the folder */

uint16_t process_port(const struct process *process);

/* CPU of supervisor and workers so far. */
double process_cpu_us(const struct process *process);

/* Memory of one worker, on average; what processes share counts in part for each.  0 where
   the system does not tell. */
double process_pss_mib(const struct process *process);

/* Lines of the log that hold `text`. */
size_t process_log_lines(const struct process *process, const char *text);

#endif
