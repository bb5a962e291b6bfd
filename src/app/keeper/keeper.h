/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_KEEPER_KEEPER_H
#define YETT_APP_KEEPER_KEEPER_H

/*
 * keeper: the role that holds the signing keys.  One process beside each gateway, which has
 * nothing but its end of a socket pair, and asks through it (core/keeper).
 *
 * options.c reads the command line; open.c maps the table, reads the key files as whoever
 * started it, becomes another user and locks itself in; keys.c keeps keys at hand; work.c is
 * its life: a packet in, a reply out.
 *
 *     yett --role=keeper --slot=N … (app/role)
 *
 * Returns the exit status: 0 after an orderly leave.
 */
int keeper_main(int argc, char **argv);

#endif
