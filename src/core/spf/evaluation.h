/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SPF_EVALUATION_H
#define YETT_CORE_SPF_EVALUATION_H

#include "core/dns/dns.h"
#include "core/spf/macro.h"
#include "core/spf/record.h"
#include "core/spf/spf.h"

/*
 * evaluation: what the parts of one spf_check() share.
 *
 * check.c begins and ends it, identity.c says whose record is looked for, load.c fetches a
 * record, walk.c goes through the terms, target.c says which name a term asks for, match.c
 * whether it matches, names.c what the client is called,
 * ahead.c what may be asked early, explain.c the text after a fail; trace.c and words.c
 * keep what people read.  All of them may return YETT_NEED_ANSWERS, which ends the
 * evaluation: the next one begins anew.
 */

/* Sections 2.3, 2.4 and 4.3. */
struct spf_identity {
    slice domain; /* in normal form, unless there is a problem */
    slice local;
    slice sender;        /* local "@" domain */
    slice helo;          /* in normal form where it has one */
    bool local_is_ascii; /* RFC 8616 section 4 */
    const char *problem; /* NULL, or why no record can be looked for: for spf_say() */
};

/* An include or redirect that was followed. */
struct spf_link {
    const struct spf_link *up; /* the one that led to the record it stands in */
    slice term;
    unsigned depth; /* 1 for one of the first record */
};

/* A record that is being walked. */
struct spf_frame {
    struct spf_frame *caller; /* whose include waits for this one; NULL: none does */
    const struct spf_term *include;
    size_t include_step; /* in the trace */
    const struct spf_link *via;
    slice domain;
    slice text;
    const struct spf_record *record;
    size_t next; /* term to be looked at */
};

/* What a term came to.  `note` is a clause about it: "which holds 192.0.2.1". */
enum spf_finding {
    SPF_FOUND_NOTHING,
    SPF_FOUND_MATCH,
    SPF_FOUND_TEMPERROR,
    SPF_FOUND_PERMERROR
};

struct spf_outcome {
    enum spf_finding finding;
    slice note;
};

/* What decided so far.  An include that does not match makes room for another. */
struct spf_decision {
    enum spf_code code;
    enum {
        SPF_SENTENCE,    /* `note` says it all */
        SPF_RECORD_SAYS, /* "...'s record" note */
        SPF_TERM_SAYS    /* "...'s record has" term "," note */
    } shape;
    slice note;
    slice term;
    slice domain;
    const struct spf_link *via; /* how that record was reached */
    slice error_record;
    size_t error_offset;
};

struct spf_trace {
    struct spf_step *steps;
    size_t count;
    size_t capacity;
};

/* A TXT answer whose record was parsed; one record may be included many times. */
struct spf_parsed {
    struct spf_parsed *next;
    const struct dns_answer *answer;
    struct spf_selection selection;
};

struct spf_evaluation {
    struct arena *arena;
    struct dns_view *dns;
    struct spf_limits limits;
    struct spf_identity identity;
    struct ip ip;
    enum dns_type address_type; /* A or AAAA: the client's kind (section 5) */
    slice receiver;
    int64_t now_s;
    slice reverse_name; /* of the client; empty until it is needed */
    struct spf_parsed *parsed;
    unsigned lookups;
    unsigned void_lookups;
    struct spf_trace trace;
    struct spf_frame *frame; /* the innermost */
    struct spf_decision decision;
    bool decided;
};

/* ---- check.c ------------------------------------------------------------------------ */

/* The evaluation ends with this. */
void spf_decide(struct spf_evaluation *ev, struct spf_decision decision);

/* ---- identity.c --------------------------------------------------------------------- */

YETT_MUST_USE
enum yett_err spf_identity_of(struct arena *arena, const struct spf_query *query,
                              struct spf_identity *out);

/* ---- target.c ----------------------------------------------------------------------- */

enum spf_target_state {
    SPF_TARGET_READY,
    SPF_TARGET_MALFORMED, /* no name that DNS could be asked for (section 4.8) */
    SPF_TARGET_NO_LOCAL /* needs a local part, which is not ASCII (RFC 8616 section 4) */
};

struct spf_target {
    enum spf_target_state state;
    slice name; /* in the form of DNS questions; as expanded when malformed */
};

/* The <target-name> of a term in a record of `domain`. */
YETT_MUST_USE
enum yett_err spf_target_of(struct spf_evaluation *ev, slice domain, slice domain_spec,
                            unsigned uses, struct spf_target *out);

/* Append the expansion of a checked string, with the client's name looked up if it `uses` it. */
YETT_MUST_USE
enum yett_err spf_expand(struct spf_evaluation *ev, slice domain, slice text,
                         unsigned uses, struct buf *buf);

/*
 * What every term that asks DNS begins with: count it, find its target.  When `*go_on` is
 * false the term came to `*out` already.
 */
YETT_MUST_USE
enum yett_err spf_begin_term(struct spf_evaluation *ev, const struct spf_frame *frame,
                             const struct spf_term *term, struct spf_target *target,
                             struct spf_outcome *out, bool *go_on);

/* ---- walk.c ------------------------------------------------------------------------- */

/* From the record of the identity's domain to a decision. */
YETT_MUST_USE
enum yett_err spf_walk(struct spf_evaluation *ev);

/* ---- load.c ------------------------------------------------------------------------- */

struct spf_loading {
    const struct spf_record *record; /* NULL: `problem`.  May be a broken one. */
    slice text;
    enum spf_code problem; /* none, temperror or permerror */
    bool is_void;          /* DNS has nothing there at all */
    slice note;            /* "example.org does not exist" */
};

YETT_MUST_USE
enum yett_err spf_load(struct spf_evaluation *ev, slice domain, struct spf_loading *out);

/* ---- names.c ------------------------------------------------------------------------ */

/* The answer to the PTR question for the client. */
YETT_MUST_USE
enum yett_err spf_ask_client_names(struct spf_evaluation *ev,
                                   const struct dns_answer **out);

/*
 * The first name of `answer` under `target` that leads back to the client; empty when there
 * is none (section 5.5).
 */
YETT_MUST_USE
enum yett_err spf_find_client_name_under(struct spf_evaluation *ev,
                                         const struct dns_answer *answer, slice target,
                                         slice *out);

/* %{p} in a record of `domain` (section 7.3): a validated name, or "unknown". */
YETT_MUST_USE
enum yett_err spf_client_name(struct spf_evaluation *ev, slice domain, slice *out);

/* ---- match.c ------------------------------------------------------------------------ */

/* Evaluate a mechanism other than include (sections 5.1, 5.3 to 5.7). */
YETT_MUST_USE
enum yett_err spf_match(struct spf_evaluation *ev, const struct spf_frame *frame,
                        const struct spf_term *term, struct spf_outcome *out);

/* True for ip4 and ip6 that hold the client. */
bool spf_network_holds(const struct spf_evaluation *ev, const struct spf_term *term);

/* ---- ahead.c ------------------------------------------------------------------------ */

/* The term at `ev->frame->next` waits for an answer: ask for what follows it as well. */
void spf_look_ahead(struct spf_evaluation *ev);

/* ---- explain.c ---------------------------------------------------------------------- */

/* The explanation of the record `frame`, which made the result a fail (section 6.2). */
YETT_MUST_USE
enum yett_err spf_explain(struct spf_evaluation *ev, const struct spf_frame *frame,
                          slice *out);

/* ---- trace.c ------------------------------------------------------------------------ */

/* Add a step with the counts as they are now; `*index` is for spf_trace_include(). */
YETT_MUST_USE
enum yett_err spf_trace_term(struct spf_evaluation *ev, const struct spf_frame *frame,
                             const struct spf_term *term,
                             const struct spf_outcome *outcome, size_t *index);
YETT_MUST_USE
enum yett_err spf_trace_record(struct spf_evaluation *ev, const struct spf_link *via,
                               slice domain, slice text, slice note);

/* The included record came to `code`. */
void spf_trace_include(struct spf_evaluation *ev, size_t index, enum spf_code code);

/* ---- words.c ------------------------------------------------------------------------ */

/* What a clause may speak of. */
struct spf_words {
    slice name;                      /* $n */
    struct ip address;               /* $a */
    size_t number;                   /* $u */
    size_t maximum;                  /* $m */
    enum dns_type type;              /* $t */
    const struct dns_answer *answer; /* $s: its status, and why */
};

/*
 * Fill in a template: the places above, and $c, the client's address.  Names may hold any
 * octets: they are made visible, and cut.
 */
YETT_MUST_USE
enum yett_err spf_say(struct spf_evaluation *ev, const char *template,
                      const struct spf_words *words, slice *out);

/* The same piece by piece: what does not fit in the end is cut off. */
void spf_words_init(struct spf_evaluation *ev, struct buf *buf);
void spf_words_add(struct spf_evaluation *ev, struct buf *buf, const char *template,
                   const struct spf_words *words);
YETT_MUST_USE
enum yett_err spf_words_end(const struct buf *buf, slice *out);

/* The sentence for what decided; `includes` lead from the first record to that of the decision. */
YETT_MUST_USE
enum yett_err spf_sentence(struct spf_evaluation *ev, const struct spf_decision *decision,
                           const slice *includes, size_t include_count, slice *out);

/* ---- limits (section 4.6.4), in target.c -------------------------------------------- */

/*
 * A term found nothing where it asked: count it (once a term, as the section counts terms).
 * The outcome is no match, or a permerror when there are too many.  `clause` says what was
 * not there, in the way of spf_say() with $n and $t.
 */
YETT_MUST_USE
enum yett_err spf_count_void(struct spf_evaluation *ev, const char *clause, slice name,
                             enum dns_type type, struct spf_outcome *out);

#endif
