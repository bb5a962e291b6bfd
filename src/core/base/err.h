/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_ERR_H
#define YETT_CORE_BASE_ERR_H

/*
 * err: what kept us from doing what was asked.
 *
 * An SPF permerror or a failed signature is not one of these: it is a value in a result,
 * with its reason.  These say that there is no result.
 */
enum yett_err {
    YETT_OK,
    YETT_NEED_ANSWERS, /* wants were recorded: answer them all and call again */
    YETT_NO_MEMORY,    /* an arena reached its ceiling, or the system ran out */
    YETT_LIMIT,        /* a documented bound of ours was exceeded */
    YETT_BAD_SYNTAX,   /* the input does not have the form asked for */
    YETT_NOT_FOUND,    /* the thing named does not exist */
    YETT_IO            /* the system refused; errno says why */
};

/* A short phrase for a log line: "out of memory".  Static, never NULL. */
const char *yett_err_text(enum yett_err err);

#define YETT_MUST_USE __attribute__((warn_unused_result))

#endif
