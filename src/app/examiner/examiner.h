/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_EXAMINER_EXAMINER_H
#define YETT_APP_EXAMINER_EXAMINER_H

/*
 * examiner: the role that finds out what was changed in a message whose signature failed.  One
 * process beside each gateway, which has nothing but its end of a socket pair: texts come in
 * (edge/handover, core/capture), lines of the log come out.  It looks into what strangers wrote
 * for as long as that takes, so it has neither keys nor files nor a network, and the lowest
 * priority.
 *
 * open.c takes what is needed and locks itself in, examine.c performs one case, complain.c tells
 * of what is none, work.c is its life.
 *
 *     yett --role=examiner --slot=N … (app/role)
 *
 * Returns the exit status: 0 after an orderly leave.
 */
int examiner_main(int argc, char **argv);

#endif
