/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_OPTION_TABLE_H
#define YETT_APP_CLI_OPTION_TABLE_H

#include <stddef.h>

/*
 * option_table: the command line read by a table, which `--help` prints as well, so that the
 * two cannot disagree.  options.c and key_options.c have the tables.
 */
struct option_row {
    const char *name;     /* "config" */
    const char *argument; /* "FILE"; NULL: it takes none */
    unsigned groups;      /* which commands take it, in bits */
    const char *help;
};

enum { OPTION_ROWS_MAX = 100 };

struct option_table {
    size_t count; /* OPTION_ROWS_MAX at most */
    struct option_row (*row)(size_t index);
    /* NULL, or what is wrong with the value: "is no number". */
    const char *(*set)(void *context, size_t index, const char *value);
    void *context;
};

struct option_help {
    const char *usage;    /* "yett check [OPTION…] [FILE…|-]" */
    const char *overview; /* a paragraph */
    const char *closing;  /* examples; may be NULL */
};

enum options_outcome { OPTIONS_GO, OPTIONS_DONE, OPTIONS_WRONG };

/*
 * Parse `argv` for the command `name` ("key generate"), which takes `groups`.  OPTIONS_GO
 * leaves the arguments from `*first` on; OPTIONS_DONE: --help was printed; OPTIONS_WRONG: the
 * error was printed.
 */
enum options_outcome option_table_parse(const struct option_table *table, unsigned groups,
                                        const char *name, const struct option_help *help,
                                        int argc, char **argv, int *first);

#endif
