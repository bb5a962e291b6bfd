/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_GATEWAY_GATEWAY_H
#define YETT_APP_GATEWAY_GATEWAY_H

/*
 * gateway: the role that talks to mail servers.  One process for each processor, each with
 * one loop, one resolver with its cache, and connections of its own.
 *
 * worker.c is its life: settings from the memfd, shares, walls, READY, the loop, leaving.
 * session.c ties a connection to a milter session, asks what its intake wants, keeps its
 * deadline.  tell.c logs and counts what was decided.
 *
 *     yett --role=gateway --slot=N --listeners=N [--zone=PATH] [--now=EPOCH]
 *
 * Descriptors as in app/role.  Returns the exit status: 0 after an orderly leave.
 */
int gateway_main(int argc, char **argv);

#endif
