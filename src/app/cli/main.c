/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/examiner/examiner.h"
#include "app/gateway/gateway.h"
#include "app/keeper/keeper.h"
#include "app/supervisor/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"check",   command_check,
     "verify messages and say why: SPF, DKIM, ARC, DMARC, what a gateway would do"           },
    {"spf",     command_spf,     "evaluate SPF alone, with the tree of includes"             },
    {"authres", command_authres, "read an Authentication-Results field"                      },
    {"sign",    command_sign,    "sign a message: DKIM, or an ARC set"                       },
    {"key",     command_key,     "make, check, publish, rotate and retire the keys that sign"},
    {"serve",   command_serve,   "run the gateway: check and sign mail beside a mail server" },
    {"status",  command_status,  "ask a running gateway how it is"                           },
    {"config",  command_config,  "check a configuration file"                                },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* What the supervisor starts this program as (app/role): nothing for people. */
static const struct role {
    const char *argument;
    int (*run)(int argc, char **argv);
} roles[] = {
    {"--role=settings", settings_main},
    {"--role=gateway",  gateway_main },
    {"--role=keeper",   keeper_main  },
    {"--role=examiner", examiner_main},
};

static const struct role *find_role(const char *argument)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].argument, argument) == 0) {
            return &roles[i];
        }
    }
    return NULL;
}

static void print_help(FILE *to)
{
    fprintf(to, "usage: yett COMMAND [OPTION…] [ARGUMENT…]\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(to, "  %-8s  %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(to, "\n`yett COMMAND --help` explains a command; so does "
                "`man yett-COMMAND`.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* `yett help key list` is `yett key list --help`: the words move up, and there is room for
   one behind them. */
static void ask_for_help(int argc, char **argv)
{
    static char option[] = "--help";
    for (int i = 1; i + 1 < argc; i++) {
        argv[i] = argv[i + 1];
    }
    argv[argc - 1] = option;
}

int main(int argc, char **argv)
{
    /* A pager that is closed early is an error of write(2), reported once, not a death. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2) {
        ask_for_help(argc, argv);
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_FINE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("yett %s\n", YETT_VERSION);
        return EXIT_FINE;
    }
    const struct role *role = find_role(name);
    if (role != NULL) {
        return role->run(argc, argv);
    }
    const struct command *command = find_command(name);
    if (command == NULL) {
        fprintf(stderr, "yett: '%s' is no command of yett; `yett --help` lists them\n",
                name);
        return EXIT_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}
