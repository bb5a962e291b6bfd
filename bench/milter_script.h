/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_MILTER_SCRIPT_H
#define YETT_BENCH_MILTER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * milter_script: the octets that Postfix 3.7 sends to a filter for one message, and how it
 * writes them: smtpd all from CONNECT to DATA in one write, cleanup the content in pieces of
 * 128 KiB; where a step is answered it writes what it has and waits.
 */
struct milter_part {
    size_t end; /* of its octets, from the beginning of the script */
    bool answered;
};

struct milter_script {
    char *octets;
    size_t count;
    struct milter_part *parts;
    size_t part_count;
};

/* What was agreed on in the negotiation. */
enum { MILTER_LISTS = 7 };
struct milter_agreement {
    uint32_t steps;
    char lists[MILTER_LISTS][512]; /* names of macros; empty: Postfix's own choice */
};

/* From the answer to the offer, head included.  False: it is none. */
bool milter_agreement_read(struct milter_agreement *agreement, const char *answer,
                           size_t bytes);

/* `begins`: with CONNECT and HELO before
   it, else with the ABORT that ends the message before.  `message` has CRLF line ends. */
void milter_script_init(struct milter_script *script,
                        const struct milter_agreement *agreement, bool begins,
                        const char *message, size_t message_bytes);
void milter_script_finish(struct milter_script *script);

#endif
