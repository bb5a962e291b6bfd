/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_WOULD_SIGN_H
#define YETT_APP_CLI_WOULD_SIGN_H

#include <stdbool.h>

/* would_sign: `yett sign --would-sign`, which signs nothing and takes options of its own. */
bool would_sign_is_asked(int argc, char **argv);

/* The program's exit status. */
int would_sign(int argc, char **argv);

#endif
