/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/option_table.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

enum { FIRST_VALUE = 1000 };

static void print_help(const struct option_table *table, unsigned groups,
                       const struct option_help *help)
{
    printf("usage: %s\n\n%s\n\n", help->usage, help->overview);
    for (size_t i = 0; i < table->count; i++) {
        char left[64];
        struct option_row row = table->row(i);
        if ((row.groups & groups) == 0) {
            continue;
        }
        snprintf(left, sizeof(left), "--%s%s%s", row.name,
                 row.argument == NULL ? "" : " ",
                 row.argument == NULL ? "" : row.argument);
        printf("  %-24s  %s\n", left, row.help);
    }
    printf("  %-24s  %s\n", "--help", "this text");
    if (help->closing != NULL) {
        printf("\n%s\n", help->closing);
    }
}

/* getopt's table of the options this command takes; its values give the rows. */
static void fill(const struct option_table *table, unsigned groups, struct option *out)
{
    size_t at = 0;
    for (size_t i = 0; i < table->count; i++) {
        struct option_row row = table->row(i);
        if ((row.groups & groups) != 0) {
            out[at++] = (struct option){
                .name = row.name,
                .has_arg = row.argument == NULL ? no_argument : required_argument,
                .val = FIRST_VALUE + (int)i};
        }
    }
    out[at++] = (struct option){.name = "help", .has_arg = no_argument, .val = 'h'};
    out[at] = (struct option){0};
}

/* Of letters in one word getopt says only which; the word may not be behind it yet. */
static void complain_of(const char *name, const char *word, bool lacks_value)
{
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt > 0 && optopt < FIRST_VALUE;
    fprintf(stderr, "yett %s: %s %s; `yett %s --help` lists the options\n", name,
            is_letter ? letter : word,
            lacks_value ? "needs a value" : "is no option of this command", name);
}

enum options_outcome option_table_parse(const struct option_table *table, unsigned groups,
                                        const char *name, const struct option_help *help,
                                        int argc, char **argv, int *first)
{
    struct option options[OPTION_ROWS_MAX + 2];
    int value;
    assert(table->count <= OPTION_ROWS_MAX);
    fill(table, groups, options);
    opterr = 0;
    optind = 1;

    while ((value = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (value == 'h') {
            print_help(table, groups, help);
            return OPTIONS_DONE;
        }
        if (value < FIRST_VALUE) {
            complain_of(name, argv[optind - 1], value == ':');
            return OPTIONS_WRONG;
        }
        size_t index = (size_t)(value - FIRST_VALUE);
        const char *wrong = table->set(table->context, index, optarg);
        if (wrong != NULL) {
            fprintf(stderr, "yett %s: --%s: '%s' %s\n", name, table->row(index).name,
                    optarg, wrong);
            return OPTIONS_WRONG;
        }
    }
    *first = optind;
    return OPTIONS_GO;
}
