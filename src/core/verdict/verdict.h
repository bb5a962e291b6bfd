/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_VERDICT_VERDICT_H
#define YETT_CORE_VERDICT_VERDICT_H

#include "core/arc/arc.h"
#include "core/authres/authres.h"
#include "core/base/arena.h"
#include "core/config/config.h"
#include "core/dkim/dkim.h"
#include "core/dmarc/dmarc.h"
#include "core/dns/dns.h"
#include "core/message/message.h"
#include "core/spf/spf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * verdict: all checks of one message put together, and what a gateway should do about it.
 *
 *     verdict = evaluate(facts, envelope, answers, knowledge, settings, now)
 *
 * source.c decides who is talking, evaluate.c runs the checks, disposition.c is the table of
 * doc/verdict.md with informed.c and ungoverned.c as its larger rows, named.c what an
 * administrator named besides: exceptions and forwarders in trust.c, sealers in sealer.c.
 * recipients.c finds the settings of a recipient, draw.c draws for pct=, reply.c words the SMTP
 * reply, fields.c the header fields.
 */

/* The SMTP session as the edge saw it. */
struct verdict_envelope {
    struct ip client;
    slice helo;
    slice mail_from;    /* without angle brackets; empty: null reverse-path */
    bool has_mail_from; /* false: nobody knows (a stored message without Return-Path) */
    const slice *rcpt;
    size_t rcpt_count;
    bool authenticated;
    slice login;
    bool local; /* it never came from the network: sendmail command, bounce, requeue */
};

enum verdict_source {
    VERDICT_SOURCE_OTHER,      /* verified */
    VERDICT_SOURCE_SUBMISSION, /* ours to sign, not verified */
    VERDICT_SOURCE_RELAY,      /* verified for the client that a trusted relay saw */
    VERDICT_SOURCE_LOCAL,      /* made on the mail server itself, not verified */
    VERDICT_SOURCE_UNKNOWN     /* no client address: SPF is unavailable */
};

struct verdict_input {
    const struct config *config;
    const struct message_header *header;
    const struct message_from *from;
    struct dkim_message *dkim;
    const struct arc_chain *arc;           /* NULL: ARC is not looked at */
    const struct dmarc_suffixes *suffixes; /* RFC 7489 only; may be NULL */
    struct verdict_envelope envelope;
    int64_t now_s;
    int64_t
        first_seen_s; /* of (author domain, source network, envelope pair); now_s at first */
    slice id;         /* opaque random id for the reply and the event */
};

/* For arc_chain_new(): what these settings want of chains.  Good as long as they are. */
struct arc_limits verdict_arc_limits(const struct config *config);

/* Of this mail nothing is verified: its sender is a user or a program of our own.  `dkim` of
   its input may be NULL. */
bool verdict_is_of_our_own(const struct config *config,
                           const struct verdict_envelope *envelope);

/* A list host hands it in (sealing.list_hosts), not somebody who logged in there or a program
   on the mail server: it was verified when it arrived, and what that found is believed. */
bool verdict_is_of_list_host(const struct config *config,
                             const struct verdict_envelope *envelope);

/* Who is talking, before any relay is looked behind. */
enum verdict_source verdict_source_of(const struct config *config,
                                      const struct verdict_envelope *envelope);

/* What kept the evaluator going. */
struct verdict_view {
    struct dns_view dns;
    struct dkim_checks *checks;
};

struct verdict_action {
    enum config_action action; /* what the mode in force does */
    slice rule;   /* stable words: "dmarc-pass", "dmarc-reject-ours", "spf-softfail" */
    slice reason; /* a sentence for people: evidence included, never sent out */
    slice reply; /* "550 5.7.26 …" for reject, "451 4.7.26 …" for defer; else empty */
    bool observed; /* mode observe: `action` is what enforce would do … */
    enum config_action performed; /* … and this is what happens */
    slice exception;              /* name of the exception that applied, or empty */
};

/* It defers because an answer of DNS is missing, which ends with `temperror_patience_s`: when
   the message came first matters. */
bool verdict_waits_for_dns(const struct verdict_action *action);

struct verdict {
    enum verdict_source source;
    slice source_reason;
    struct verdict_envelope envelope; /* the one evaluated (from Received for a relay) */
    bool verified;                    /* false for submission: nothing below is filled */
    bool has_spf, has_spf_helo;
    struct spf_result spf;
    struct spf_result spf_helo;
    struct dkim_results dkim;
    struct arc_result arc; /* ARC_NONE without ARC fields */
    struct dmarc_result dmarc;
    struct verdict_action action;
    slice authentication_results; /* the whole field, with CRLF */
    slice received_spf;           /* the whole field, or empty */
    const size_t *removed_fields; /* indices into the header, highest first */
    size_t removed_count;
};

/*
 * Evaluate.  YETT_OK with `*out`; YETT_NEED_ANSWERS: questions in view->dns.wanted, checks
 * wanted in view->checks: answer all of them and call again with a rewound arena;
 * YETT_NO_MEMORY or YETT_LIMIT: the caller applies `on_internal_error`.
 */
YETT_MUST_USE
enum yett_err verdict_evaluate(struct arena *scratch, const struct verdict_input *input,
                               struct verdict_view *view, struct verdict *out);

/*
 * While the message is still coming: write down the questions about its envelope that
 * verdict_evaluate() will ask for certain (SPF; nothing for mail that is not verified, or
 * whose client stands in a field).  `input` needs config, envelope and now_s only.  YETT_OK
 * when there is nothing more to ask so far, YETT_NEED_ANSWERS, or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err verdict_ask_early(struct arena *scratch, const struct verdict_input *input,
                                struct verdict_view *view);

/* The action when evaluation itself failed; everything in `out` is set. */
void verdict_internal_error(struct arena *scratch, const struct config *config, slice id,
                            enum yett_err err, struct verdict_action *out);

#endif
