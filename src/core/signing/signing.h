/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNING_SIGNING_H
#define YETT_CORE_SIGNING_SIGNING_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/dkim/dkim.h"
#include "core/message/message.h"
#include "core/signer/signer.h"
#include "core/verdict/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * signing: which mail is signed, and with which keys.
 *
 * table.c reads the table of domains, keys and logins, build.c makes it, layout.c is its form,
 * file.c reads the plain files that large tables come from, decide.c is the decision about one
 * message, login.c the part of it that is about who may use which domain, house.c what stays
 * the same from one message to the next, hazards.c finds what would break a signature on the
 * way out, words.c are the words of the log.  Signing itself is core/dkim's, the keys are a
 * keeper's.
 */

/* ---- the table ------------------------------------------------------------------------- */

/*
 * One piece of octets without pointers, made once for each generation and mapped read-only by
 * whoever needs it: nothing is parsed then, and a lookup takes the same time however many
 * domains there are.  Domains and selectors are in normal form.
 */
struct signing_table;

/*
 * Check `octets`, which stay where they are as long as the table is used, and are aligned to
 * 4; the table itself lives in `arena`.  Every offset in them is checked: whatever they are,
 * no lookup leaves them or goes on for ever.  YETT_BAD_SYNTAX with `*why`, a static phrase, or
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err signing_table_open(struct arena *arena, slice octets,
                                 const struct signing_table **out, const char **why);

enum {
    SIGNING_ROWS_MAX = CONFIG_KEYS_OF_DOMAIN_MAX, /* signatures of one message */
    SIGNING_ENTRIES_MAX = 10000000,               /* of each kind, in one table */
    SIGNING_TABLE_MAX = 1 << 30                   /* octets */
};

/* What a (d=, s=) may be used for. */
enum signing_use {
    SIGNING_DKIM = 1 << 0, /* DKIM-Signature */
    SIGNING_ARC = 1 << 1   /* ARC-Message-Signature and ARC-Seal */
};

/* One signature that may be made. */
struct signing_row {
    slice domain;   /* d= */
    slice selector; /* s= */
    enum crypto_key_type type;
    unsigned bits;
    uint32_t key;  /* number of the key file */
    unsigned uses; /* enum signing_use */
};

/* What mail of one author domain is signed with. */
struct signing_rows {
    slice
        pattern; /* the entry that fits: "example.com", or "*.example.com" for those below */
    struct signing_row list[SIGNING_ROWS_MAX];
    size_t count; /* 0: it is named so that it is not signed */
};

/* The entry for mail of `author` (normal form): its own, else the pattern of the nearest
   domain above.  False when there is none. */
bool signing_find_author(const struct signing_table *table, slice author,
                         struct signing_rows *out);

/* The row of d= and s=.  False when there is none. */
bool signing_find_row(const struct signing_table *table, slice domain, slice selector,
                      struct signing_row *out);

/* All rows, in the order in which they were added. */
size_t signing_row_count(const struct signing_table *table);
struct signing_row signing_row_at(const struct signing_table *table, size_t index);

/* The key files, by number: each once, however many rows use it. */
struct signing_key {
    slice path; /* absolute; a NUL follows it */
    enum crypto_key_type type;
    unsigned bits;
};

size_t signing_key_count(const struct signing_table *table);
struct signing_key signing_key_at(const struct signing_table *table, size_t number);

/* Entries for author domains, and logins. */
size_t signing_author_count(const struct signing_table *table);
size_t signing_login_count(const struct signing_table *table);

/* May a client that logged in as `login` send mail of `author`? */
enum signing_permission {
    SIGNING_MAY,
    SIGNING_MAY_ANY,      /* any domain */
    SIGNING_MAY_NOT,      /* the login is known, and the domain is not among its own */
    SIGNING_LOGIN_UNKNOWN /* nothing is said of this login, nor of "*", which stands for all */
};

enum signing_permission signing_find_login(const struct signing_table *table, slice login,
                                           slice author);

/* ---- making a table -------------------------------------------------------------------- */

struct signing_builder;

/* `hash_key` is random: some of the names in the table are chosen by strangers.  NULL when
   there is no memory. */
YETT_MUST_USE
struct signing_builder *signing_builder_new(struct arena *arena,
                                            const uint8_t hash_key[16]);

/*
 * All of these: names in normal form, copied; YETT_BAD_SYNTAX with `*why`, a phrase in the
 * arena or static ("stands twice"); YETT_LIMIT likewise beyond SIGNING_ENTRIES_MAX;
 * YETT_NO_MEMORY.
 */

/* The number of the key file `path`: the one it has, or a new one. */
YETT_MUST_USE
enum yett_err signing_add_key(struct signing_builder *builder,
                              const struct signing_key *key, uint32_t *number,
                              slice *why);

/* Has that file a number already? */
bool signing_has_key(const struct signing_builder *builder, slice path, uint32_t *number);

/* A (d=, s=) whose key is `row->key`, and one more use of it; bits and type are the key's. */
YETT_MUST_USE
enum yett_err signing_add_row(struct signing_builder *builder,
                              const struct signing_row *row, uint32_t *number,
                              slice *why);

/* Mail of `pattern` ("example.com", "*.example.com") is signed with these rows, in this
   order; with none of them: not at all. */
YETT_MUST_USE
enum yett_err signing_add_author(struct signing_builder *builder, slice pattern,
                                 const uint32_t *rows, size_t count, slice *why);

/* Is there an entry of that pattern already? */
bool signing_has_author(const struct signing_builder *builder, slice pattern);

/* A login (exact octets; "*" stands for those that are not named) may send mail of these
   domains: "example.com", "*.example.com", or "*" for any.  Called again, it may of more. */
YETT_MUST_USE
enum yett_err signing_add_login(struct signing_builder *builder, slice login,
                                const slice *patterns, size_t count, slice *why);

/* Append the table to `out`, which is empty. */
YETT_MUST_USE
enum yett_err signing_builder_finish(struct signing_builder *builder, struct buf *out);

/* What is wrong with a pattern, or NULL; `*out` is its normal form in `arena`. */
const char *signing_pattern_fault(struct arena *arena, slice text, bool may_be_any,
                                  slice *out);

/* ---- plain files ----------------------------------------------------------------------- */

/*
 * Lines with words between spaces or tabs; "#" begins a comment at the beginning of a word.
 *
 *     domains   PATTERN [d=DOMAIN] KEY…     KEY: SELECTOR[=/path/of/key.pem]
 *     logins    LOGIN PATTERN…              a login with spaces stands in quotation marks
 *
 * d= is by default the domain of the pattern.  "arc:" before a selector: this key may seal
 * for d= (ARC), and only that; DKIM signatures are made with the others.
 */
enum { SIGNING_LINE_MAX = 8192, SIGNING_LOGIN_MAX = 255 };

struct signing_file {
    slice rest;  /* set it to the text of the file, all else to zero */
    size_t line; /* of what was read last, from 1 */
};

struct signing_file_key {
    slice selector;
    slice path; /* empty: where keys usually are */
    bool seals;
};

struct signing_domain_line {
    slice pattern;
    slice domain; /* d= */
    struct signing_file_key keys[2 * SIGNING_ROWS_MAX];
    size_t key_count; /* 0: not to be signed */
};

struct signing_login_line {
    slice login;
    const slice *patterns;
    size_t pattern_count;
};

/* The next line that says something.  YETT_OK, YETT_NOT_FOUND at the end; YETT_BAD_SYNTAX with
   `*why`, a sentence in `arena` or static, about `file->line`; YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err signing_next_domain(struct arena *arena, struct signing_file *file,
                                  struct signing_domain_line *out, slice *why);
YETT_MUST_USE
enum yett_err signing_next_login(struct arena *arena, struct signing_file *file,
                                 struct signing_login_line *out, slice *why);

/* ---- hazards --------------------------------------------------------------------------- */

/* What somebody on the way out will change, so that a signature of the message as it is now
   would not hold; or what is signed to no use. */
enum signing_hazard {
    SIGNING_LONG_LINE,     /* of more than 998 octets, in header or body */
    SIGNING_BARE_NEWLINE,  /* a CR or LF by itself */
    SIGNING_EIGHT_BIT,     /* octets over 127: encoded anew where a next hop knows none */
    SIGNING_NO_DATE,       /* added by somebody else later */
    SIGNING_NO_MESSAGE_ID, /* the same */
    SIGNING_SEVERAL_FROM,  /* fields: most receivers refuse it */
    SIGNING_HAZARDS
};

const char *signing_hazard_text(enum signing_hazard hazard); /* "long-line" */

/* Looks at a message as it passes. */
struct signing_scan {
    unsigned found;     /* bits, by enum signing_hazard */
    size_t line_octets; /* of the body, so far */
    bool after_cr;
};

void signing_scan_header(struct signing_scan *scan, const struct message_header *header,
                         const struct message_from *from);
void signing_scan_body(struct signing_scan *scan, slice piece);
void signing_scan_end(struct signing_scan *scan);

/* What the settings say of one, and the harshest of those found; `*hazard` is what it is
   about, SIGNING_HAZARDS when nothing was found. */
enum config_on_hazard signing_on_hazard(const struct config_signing *config,
                                        enum signing_hazard hazard);
enum config_on_hazard signing_judge_scan(const struct config_signing *config,
                                         const struct signing_scan *scan,
                                         enum signing_hazard *hazard);

/* ---- the decision ---------------------------------------------------------------------- */

enum signing_act {
    SIGNING_NOT_ASKED, /* nothing is signed here, or not for this listener: nothing to say */
    SIGNING_LEFT,      /* not mail of ours, or not such that is signed */
    SIGNING_FAILED,    /* it should be signed, and cannot: for the log */
    SIGNING_REFUSED, /* the same, and it is not let out unsigned */
    SIGNING_SIGN,    /* it is to be signed; in an event: it was */
};

const char *signing_act_text(enum signing_act act); /* "signed", "unsigned", … */

struct signing_decision {
    enum signing_act act;
    slice rule;   /* stable words: "login", "network", "mismatch", "trusted-relay" */
    slice reason; /* a sentence for people */
    slice author; /* the author domain; empty when there is not one */
    struct signing_rows rows; /* of SIGNING_SIGN */
    unsigned hazards;         /* bits: those found and signed all the same, or repaired */
};

/* What is asked, when the header has come. */
struct signing_question {
    const struct config *config;
    const struct signing_table *table; /* NULL: nothing is signed here */
    enum config_listener_role role;
    struct verdict_envelope envelope;
    const struct message_header *header; /* NULL: only the author is known */
    const struct message_from *from;
};

/*
 * Whether a message is signed, with what, and by which rule; yett-sign(1) lists the rules in
 * the order in which they are gone through.  `*out` points into the table, the settings and
 * `arena`.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err signing_decide(struct arena *arena, const struct signing_question *question,
                             struct signing_decision *out);

/* ---- for who signs --------------------------------------------------------------------- */

/* What does not change from one message to the next. */
struct signing_house {
    const struct signing_table *table;
    struct signer_rules fields; /* as signing.fields says */
};

/* `*out` for these settings.  YETT_BAD_SYNTAX with `*why` when signing.fields cannot be read,
   YETT_NO_MEMORY.  Lives in `arena`, which outlives it. */
YETT_MUST_USE
enum yett_err signing_house_init(struct arena *arena, const struct config *config,
                                 const struct signing_table *table,
                                 struct signing_house *out, slice *why);

#endif
