/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_JUDGE_H
#define YETT_APP_CLI_JUDGE_H

#include "app/cli/autopsies.h"
#include "app/cli/setup.h"
#include "core/verdict/verdict.h"
#include "edge/files/files.h"

/*
 * judge: a message from a file, an envelope from wherever it can be had, and answers from a
 * zone or the network, put together, give a verdict.
 *
 * setup.c opens what all messages of a command share, judge.c takes one message after the
 * other, envelope.c finds out who is said to have sent it.
 */
struct judge;

/* `setup` must outlive it.  NULL when out of memory. */
YETT_MUST_USE
struct judge *judge_new(const struct setup *setup);
void judge_free(struct judge *judge);

/* What became of one message. */
struct judged {
    const struct message_header *header;
    const struct message_from *from;
    const struct verdict *verdict; /* NULL when it could not be judged */
    const struct dns_answers *answers;
    /* For each DKIM result what was found of it, or NULL; NULL with --summary. */
    const struct autopsy_finding *const *autopsies;
    uint64_t size_bytes; /* as stored */
    slice subject;       /* decoded, for people */
    slice message_id;
    slice envelope_note; /* where the envelope came from, or what is missing of it */
    slice why;           /* on failure: a sentence */
    struct verdict_action action; /* the verdict's, or that of an internal error */
};

/*
 * Judge the message that mail_source_next() just gave.  YETT_OK with `*out` filled, valid
 * until the next call or judge_free().  YETT_LIMIT and YETT_NO_MEMORY: a bound of ours was
 * exceeded, `out->why` says which and `out->action` what a gateway does about it.  Other
 * errors are the source's, with its sentence in `out->why`.
 */
YETT_MUST_USE
enum yett_err judge_message(struct judge *judge, struct mail_source *source,
                            struct judged *out);

#endif
