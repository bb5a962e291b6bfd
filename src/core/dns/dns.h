/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_DNS_H
#define YETT_CORE_DNS_DNS_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dns: DNS as a set of questions and answers.
 *
 * An evaluator holds a dns_view.  dns_ask() gives the answer if it is known and writes the
 * question down if it is not; the evaluator then returns YETT_NEED_ANSWERS, the caller
 * answers everything wanted and calls again from the start.  An answer, once given to one
 * message, is pinned: the same on every restart.  answers.c holds that set, questions.c what is
 * wanted, memo.c what hangs on an answer in parsed form; name.c keeps the form of names, text.c
 * has the words.
 *
 * packet.c makes an answer of a response (RFC 1035 section 4): sections.c finds its records,
 * wire.c reads the names in it, rdata.c the data of a record.  direct.c is for programs that
 * ask one name server what it has, server.c reads where servers are.
 */

enum dns_type {
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28
};

enum dns_status {
    DNS_FOUND,     /* at least one record of the type asked for */
    DNS_NODATA,    /* the name exists, the type does not */
    DNS_NXDOMAIN,  /* the name does not exist */
    DNS_SERVFAIL,  /* a server failed, refused, or sent what cannot be read */
    DNS_TIMED_OUT, /* no answer in time, or a bound of ours was reached */
    DNS_BOGUS      /* DNSSEC validation failed */
};

enum dns_security { DNS_INSECURE, DNS_SECURE };

/* One record of the type asked for.  Names are in the form of dns_name_normalize(). */
struct dns_record {
    slice text;          /* TXT: the character-strings joined with nothing between */
    struct ip ip;        /* A, AAAA */
    slice name;          /* MX exchange, PTR, CNAME; the root (null MX) is empty */
    uint16_t preference; /* MX */
};

/*
 * A parsed form of an answer, kept with it: owned by the cache entry, derived from the
 * answer's bytes alone.  The maker embeds it first in a struct of its own and `kind` is the
 * address of a static of the maker's, so that two makers never mistake each other's.
 */
struct dns_memo {
    const void *kind;
    size_t bytes; /* it holds on the heap, for whoever bounds that: near enough will do */
    void (*free)(struct dns_memo *memo);
    struct dns_memo *next;
};

/* Where memos hang.  Part of a cache entry, so it may change while the answer may not. */
struct dns_memos {
    struct dns_memo *first;
};

struct dns_answer {
    enum dns_status status;
    enum dns_security security;
    uint32_t ttl_s;                   /* smallest on the way; 0 when unknown */
    const struct dns_record *records; /* in the order received */
    size_t count;
    const slice *aliases; /* CNAME targets followed, first to last */
    size_t alias_count;
    slice detail; /* the edge's word on a failure: "no reply within 5 s"; may be empty */
    struct dns_memos *memos; /* NULL: nothing can be kept with this answer */
};

/* `name` in the form of dns_name_normalize(). */
struct dns_question {
    enum dns_type type;
    slice name;
};

const char *dns_type_text(enum dns_type type);       /* "TXT" */
const char *dns_status_text(enum dns_status status); /* "NXDOMAIN", "timed out" */

/* SERVFAIL, timed out or bogus: the question stays open. */
bool dns_is_open(const struct dns_answer *answer);

/*
 * Names in questions: labels joined by dots, upper case folded, no trailing dot (one is
 * dropped), octets as they are.  YETT_BAD_SYNTAX for an empty label, a label over 63, a name
 * over 253 octets, a NUL, or the empty name.  `*out` points into `text` when no octet had to
 * change.
 */
YETT_MUST_USE
enum yett_err dns_name_normalize(struct arena *arena, slice text, slice *out);

/*
 * Read a wire name that is not compressed, e.g. from a zone-file scanner or a server's own
 * buffer: the whole slice.  YETT_BAD_SYNTAX when it is malformed or when a label holds a
 * dot or NUL, for which this text form has no place.  The root gives the empty slice.
 */
YETT_MUST_USE
enum yett_err dns_name_from_wire(struct arena *arena, slice wire, slice *out);

/*
 * Read rdata whose names are not compressed, e.g. from a zone-file scanner.
 * YETT_BAD_SYNTAX when it is malformed; YETT_NOT_FOUND when it holds a name for which there
 * is no text form: such a record is of no use.
 */
YETT_MUST_USE
enum yett_err dns_record_from_wire(struct arena *arena, enum dns_type type, slice rdata,
                                   struct dns_record *out);

/* ---- what one message asked and was told -------------------------------------------- */

/* A place where answers may lie ready: a cache, a zone.  An answer found stays valid until
   released; release may be NULL. */
struct dns_source {
    const struct dns_answer *(*find)(void *context, struct dns_question question);
    void (*release)(void *context, const struct dns_answer *answer);
    void *context;
};

/* For each purse of a set, see dns_view. */
struct dns_bounds {
    size_t questions;    /* distinct ones */
    size_t answer_bytes; /* of all answers */
};

#define DNS_BOUNDS_DEFAULT                                                               \
    ((struct dns_bounds){.questions = 200, .answer_bytes = 512 * 1024})

struct dns_answers;

/*
 * An empty set in `evidence`, which outlives it; `source.find` may be NULL.  NULL when the
 * arena is full.  dns_answers_finish() releases what was pinned from the source, and must
 * be called before the source goes and before the arena does.
 */
YETT_MUST_USE
struct dns_answers *dns_answers_new(struct arena *evidence, struct dns_source source,
                                    struct dns_bounds bounds);
void dns_answers_finish(struct dns_answers *answers);

/*
 * Hold `answer` as the answer to `question`; the first answer stays.  It is copied into the
 * evidence arena, but for the memo slot, which is its owner's and may go at once: the copy
 * has none.  It is pinned, and counts against the bounds, when dns_ask() first gives it out.
 * Over the bound of bytes, what is pinned is DNS_TIMED_OUT, and its detail says so.
 */
YETT_MUST_USE
enum yett_err dns_answers_add(struct dns_answers *answers, struct dns_question question,
                              const struct dns_answer *answer);

/* All that dns_ask() gave out, in the order of their first use, for stories and capsules.
   What was only asked ahead is not among them. */
size_t dns_answers_count(const struct dns_answers *answers);
struct dns_question dns_answers_question(const struct dns_answers *answers, size_t index);
const struct dns_answer *dns_answers_answer(const struct dns_answers *answers,
                                            size_t index);

/* That to one question, if it was given out; else NULL. */
const struct dns_answer *dns_answers_find(const struct dns_answers *answers,
                                          struct dns_question question);

/* Wanted questions, without duplicates, in the order asked.  Fields are read-only. */
struct dns_questions {
    struct arena *arena;
    struct dns_question *list;
    size_t count;
    size_t capacity;
};

void dns_questions_init(struct dns_questions *questions, struct arena *evidence);
void dns_questions_clear(struct dns_questions *questions);

/*
 * A set has several purses, each with all of the bounds.  Evaluators that share a set pay
 * from different ones, so that the questions that a sender's own records lead to cannot
 * take from those about the domain he claims to be.
 */
enum { DNS_PURSES = 5 };

struct dns_view {
    struct dns_answers *known;
    struct dns_questions *wanted;
    unsigned purse; /* below DNS_PURSES */
};

/*
 * Ask.  YETT_OK with `*out`; YETT_NEED_ANSWERS when the question was written down, or must
 * wait for others that were; YETT_NO_MEMORY.  `name` must be in normal form and is copied when written down.  Beyond
 * the bound of questions the answer is DNS_TIMED_OUT, pinned as such.
 */
YETT_MUST_USE
enum yett_err dns_ask(struct dns_view *view, enum dns_type type, slice name,
                      const struct dns_answer **out);

/*
 * Write a question down that a later step will ask for certain or nearly so, so that it
 * goes out in the same round.  Nothing is consumed; unknown stays unknown.
 */
void dns_ask_ahead(struct dns_view *view, enum dns_type type, slice name);

/* The memo of this kind, or NULL. */
struct dns_memo *dns_memo_find(const struct dns_answer *answer, const void *kind);

/* True when the memo was taken over; false when the answer keeps none (the caller frees). */
YETT_MUST_USE
bool dns_memo_keep(const struct dns_answer *answer, struct dns_memo *memo);

void dns_memos_free(struct dns_memos *memos);

/* ---- wire format -------------------------------------------------------------------- */

/*
 * Read a response packet (RFC 1035 section 4.1) to `question` into an answer in `arena`,
 * following at most 16 CNAMEs within it (and the DNAMEs that made them).  Never reads
 * outside `packet`, whatever its compression pointers say.
 *
 * Returns YETT_OK, also when the answer is an error status; YETT_BAD_SYNTAX when the packet
 * cannot be read, is truncated (TC) or answers something else, with `*why` a static phrase
 * that says what "it" (the response) is; YETT_NO_MEMORY.  Records of other types, classes
 * and owners are passed over, and so are those with a name that has no text form.  The id
 * and the AD bit are the caller's affair: `security` is DNS_INSECURE.  The time to live of
 * a negative answer is that of RFC 2308 section 5, 0 without an SOA record.
 */
YETT_MUST_USE
enum yett_err dns_packet_read(struct arena *arena, slice packet,
                              struct dns_question question, struct dns_answer *out,
                              const char **why);

/* Where the name at `*at` in a packet ends.  False, with `*at` untouched, when it is
   malformed or leaves the packet.  Pointers are not followed. */
YETT_MUST_USE
bool dns_wire_skip_name(slice packet, size_t *at);

/* Is the name at `at`, compressed or not, the one that has the text form `name`?  A
   malformed one is none. */
bool dns_wire_name_is(slice packet, size_t at, slice name);

/* Append a name in normal form (asserted; empty: the root) as labels, not compressed. */
void dns_name_to_wire(struct buf *buf, slice name);

/* "NXRRSET" (RFC 1035 section 4.1.1, RFC 2136 section 2.2); NULL for one without a name. */
const char *dns_rcode_text(unsigned rcode);

/* ---- asking one server -------------------------------------------------------------- */

/* For who asks a server about itself, instead of a resolver about the world. */
enum dns_direct_type {
    DNS_DIRECT_A = 1,
    DNS_DIRECT_NS = 2,
    DNS_DIRECT_SOA = 6,
    DNS_DIRECT_TXT = 16,
    DNS_DIRECT_AAAA = 28
};

struct dns_direct_question {
    enum dns_direct_type type;
    slice name;   /* in normal form */
    bool recurse; /* RD: the server is a resolver */
};

/* What a server said, nothing followed and nothing concluded. */
struct dns_reply {
    bool is_truncated;     /* ask again through TCP: only `rcode` is known besides */
    bool is_authoritative; /* AA */
    bool is_referral;      /* it names other servers and offers no recursion */
    unsigned rcode;
    slice alias;         /* the name has a CNAME record, which leads here; else empty */
    const slice *values; /* of the records at just this name; see dns_reply_read() */
    size_t count;
    uint32_t ttl_s; /* the lowest of theirs */
};

/* The packet of a question (RFC 1035 section 4.1).  Deliberately without EDNS(0): what
   does not fit into 512 octets comes by TCP, which every server has to offer (RFC 7766),
   and there is no server that an option of ours could confuse. */
void dns_query_write(struct buf *buf, uint16_t id, struct dns_direct_question question);

/*
 * Read the packet that came for it.  Values are rdata octets for A, AAAA and TXT (with
 * the lengths of its character-strings), and the server's name in normal form for NS and
 * SOA (MNAME).  Everything is copied into `arena`.
 *
 * YETT_OK, whatever the RCODE; YETT_BAD_SYNTAX when it cannot be read or does not belong
 * to this id and question, with `*why` as in dns_packet_read(); YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err dns_reply_read(struct arena *arena, slice packet, uint16_t id,
                             struct dns_direct_question question, struct dns_reply *out,
                             const char **why);

/* ---- where servers are ----------------------------------------------------------------- */

/* "WHERE", "WHERE@PORT", "[WHERE]@PORT": the part before the port, and the port, which stays
   as it is when none is given.  False for a port that is none. */
YETT_MUST_USE
bool dns_split_server(slice text, slice *where, uint16_t *port);

/* What the next "nameserver" line of a resolv.conf(5) names, which need not be an address;
   `*file` moves past it.  False at the end. */
bool dns_next_server(slice *file, slice *address);

#endif
