/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_COMMAND_H
#define YETT_APP_CLI_COMMAND_H

#include <sysexits.h>

/*
 * The commands of the command line, one file each.  `argv[0]` is the command's name.  Each
 * returns the program's exit status.
 */
enum exit_status {
    EXIT_FINE = 0,
    EXIT_BAD = 1,                  /* the thing checked is bad */
    EXIT_USAGE = 2,                /* wrong usage, or an input that cannot be opened */
    EXIT_CANNOT_TELL = EX_TEMPFAIL /* 75: try again */
};

int command_check(int argc, char **argv);
int command_spf(int argc, char **argv);
int command_authres(int argc, char **argv);
int command_config(int argc, char **argv);
int command_sign(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_status(int argc, char **argv);
int command_key(int argc, char **argv);

#endif
