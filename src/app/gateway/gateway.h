/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_GATEWAY_GATEWAY_H
#define YETT_APP_GATEWAY_GATEWAY_H

/*
 * gateway: the role that talks to mail servers.  One process for each processor, each with
 * one loop, one resolver with its cache, and connections of its own.
 *
 * options.c reads the command line; open.c takes what is needed in the order in which it can be
 * had, settings from the memfd first and the walls last; worker.c is its life: READY, the loop,
 * leaving.  session.c ties a connection to a milter session, asks what its intake wants, keeps
 * its deadline; house.c is what intake asks of the process, sign.c takes to the keeper what is
 * to be signed, examine.c to the examiner what failed, within what share.c gives a network.
 * tell.c logs and counts what was decided.  planted.c makes a message crash the gateway, for
 * tests alone; unplanted.c does not.
 *
 *     yett --role=gateway --slot=N --listeners=N … (app/role)
 *
 * Descriptors as there.  Returns the exit status: 0 after an orderly leave.
 */
int gateway_main(int argc, char **argv);

#endif
