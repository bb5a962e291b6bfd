/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_ENVELOPE_H
#define YETT_APP_CLI_ENVELOPE_H

#include "app/cli/options.h"
#include "core/verdict/verdict.h"

/*
 * envelope: the SMTP session of a stored message: options first, then the Received field
 * that --trust-received names, then Return-Path for the sender.  `*note` tells people what
 * was taken from where and what is missing.  YETT_OK or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err envelope_find(struct arena *arena, const struct options *options,
                            const struct message_header *header,
                            struct verdict_envelope *out, slice *note);

#endif
