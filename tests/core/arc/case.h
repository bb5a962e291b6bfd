/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_ARC_CASE_H
#define YETT_TESTS_CORE_ARC_CASE_H

#include "core/arc/arc.h"
#include "support/answers.h"
#include "support/dkim_naive.h"
#include "support/sign.h"

/*
 * case: a message, sets sealed on it, a zone, and the status of the chain.  Sets are sealed by
 * code that shares nothing with core/arc.  Each evaluation is run in the three schedules of
 * answers, with checks performed at once and with checks wanted first, with the body whole and
 * in pieces, and asked before the body has ended: all must end the same.
 */
struct arc_case {
    struct crypto *crypto;
    struct sign_key *rsa; /* 2048 bits, in the zone as s._domainkey of a.test to e.test */
    struct sign_key *ed25519; /* … as ed._domainkey.a.test */
    struct dkim_settings settings;
    struct arc_limits limits;
    int64_t now_s;
    struct naive_text zone;
    struct naive_text message;
    unsigned sealed; /* sets so far */
    /* Of the last run: */
    bool is_running;
    struct answers_run run;
    struct arena *facts_arena;
    struct message_header header;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct dkim_checks *checks;
    struct arc_result result;
    size_t questions;
};

/* NULL is the default. */
struct arc_options {
    const struct sign_key *key;
    const char *domain;   /* of the seal and the message signature: a.test */
    const char *selector; /* s */
    const char *instance; /* the next */
    const char *aar_instance, *ams_instance, *seal_instance; /* instead of `instance` */
    const char *cv;         /* none for the first, then pass */
    const char *aar;        /* "mx.NAME; dmarc=pass header.from=example.org" */
    const char *fields;     /* h= of the message signature */
    const char *ams_more;   /* further tags, each ended by ";" */
    const char *canon;      /* of the message signature */
    const char *length;     /* l= */
    const char *ams_domain; /* of the message signature only */
    const char *seal_more;
    const char *seal_algorithm; /* what a= says */
    bool no_aar, no_ams, no_seal;
    bool only_own; /* the seal covers its own set only */
};

extern const char *const arc_plain_message;

/* For cmocka. */
int arc_setup(void **state);
int arc_teardown(void **state);

void arc_zone(struct arc_case *c, const char *lines);
void arc_zone_key(struct arc_case *c, const struct sign_key *key, const char *selector,
                  const char *domain);
void arc_message(struct arc_case *c, const char *message);

/* Put a set on top.  `options` may be NULL. */
void arc_add_set(struct arc_case *c, const struct arc_options *options);

/* A set by `domain`, all else by default. */
void arc_add_set_by(struct arc_case *c, const char *domain);

/* Put a field on top, replace the first `from`, append to the body. */
void arc_put(struct arc_case *c, const char *field);
void arc_replace(struct arc_case *c, const char *from, const char *to);
void arc_append(struct arc_case *c, const char *text);

/* Validate in every way. */
enum arc_code arc_validate(struct arc_case *c);

/* Validate, and look for words in the reason. */
void arc_expect(struct arc_case *c, enum arc_code code, const char *words);

#endif
