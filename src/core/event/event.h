/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_EVENT_EVENT_H
#define YETT_CORE_EVENT_EVENT_H

#include "core/autopsy/autopsy.h"
#include "core/base/buf.h"
#include "core/sealing/sealing.h"
#include "core/signing/signing.h"
#include "core/verdict/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * event: what is kept of a decision, and how it is written down.
 *
 * An event means "verdict given".  line.c writes it as one line that a person reads, json.c
 * as one line of JSON ("v":1), which the log has when asked and the journal will have.
 * autopsy.c does both for what is found out later about a signature that failed.  text.c and
 * printer.c are the letters of the two, words.c has words.
 */

/* What was done with the message. */
enum event_outcome {
    EVENT_ACCEPTED, /* tags and a quarantine field included, see `action` */
    EVENT_HELD,     /* accepted into the mail server's hold queue */
    EVENT_DEFERRED,
    EVENT_REJECTED
};

const char *event_outcome_text(enum event_outcome outcome); /* "accepted" */

struct event {
    int64_t time_s;    /* when the message began (MAIL) */
    slice id;          /* ours, opaque, the one in replies */
    slice queue_id;    /* the mail server's; may be empty */
    slice listener;    /* name of the listener it came through */
    slice settings;    /* fingerprint of the settings, hexadecimal */
    struct ip client;  /* of the session, before any relay was looked behind */
    slice client_name; /* as the mail server found it; may be empty */
    slice helo;        /* of the session */
    slice mail_from;   /* of the session, without angle brackets */
    slice login;       /* empty: not logged in */
    slice first_rcpt;  /* without angle brackets */
    size_t rcpt_count;
    uint64_t size_bytes;                    /* header and body as they came */
    slice subject, message_id;              /* decoded, for people; may be empty */
    const struct message_from *from;        /* NULL when it was never read */
    const struct verdict *verdict;          /* NULL when there is none: see `action` */
    const struct signing_decision *signing; /* NULL: it was no mail to be signed */
    const struct sealing_decision *sealing; /* NULL: it was no mail to be sealed */
    struct verdict_action action; /* the verdict's, or that of an internal error */
    enum event_outcome outcome;
    slice reply;         /* what the mail server was told; may be empty */
    unsigned rounds;     /* of questions */
    size_t questions;    /* DNS answers used */
    unsigned elapsed_ms; /* from MAIL to the reply; the edge fills it in */
    size_t removed_fields;
    bool was_poisoned; /* it took workers down before, so it was not looked into */
};

/*
 * One line without line end, at most 2000 octets, printable UTF-8 whatever the message
 * holds:
 *
 *   4bX1: rejected: DMARC fail for bank.test (p=reject) [dmarc-reject-ours]: …
 *
 * It names queue id and id, what was done and the rule, From domain, client, SPF, DKIM, ARC (of
 * a message that has it) and DMARC results, size and time.
 */
void event_write_line(struct buf *buf, const struct event *event);

/* The same as a JSON object on one line, at most 18 KiB; fields as `yett check --json` has
   them where it has them.  yett-serve(8) lists them. */
void event_write_json(struct buf *buf, const struct event *event);

/* What is found out about one signature of a message, after the event of the message. */
struct event_autopsy {
    int64_t time_s; /* of the event, not negative */
    slice id, queue_id;
    slice domain, selector, algorithm; /* of the signature */
    const struct autopsy_finding *finding;
};

/* At most 2000 octets, as above:
 *
 *   4bX1: the signature of bank.test (s=s2025r) failed: footer-added, certain: …; id=…
 */
void event_write_autopsy_line(struct buf *buf, const struct event_autopsy *event);

/* At most 8 KiB; the object `autopsy` is that of `yett check --json`. */
void event_write_autopsy_json(struct buf *buf, const struct event_autopsy *event);

#endif
