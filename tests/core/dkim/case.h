/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_DKIM_CASE_H
#define YETT_TESTS_CORE_DKIM_CASE_H

#include "core/dkim/dkim.h"
#include "support/answers.h"
#include "support/dkim_naive.h"
#include "support/sign.h"

/*
 * case: a message, a zone, and the results.  Each evaluation is run in the three schedules
 * of answers, with checks performed at once and with checks wanted first, and with the body
 * whole and in small pieces: all must end the same.
 */
struct dkim_case {
    struct crypto *crypto;
    struct sign_key *rsa;     /* 2048 bits, in the zone as test._domainkey.example.org */
    struct sign_key *ed25519; /* … as edward._domainkey.example.org */
    struct dkim_settings settings;
    struct dkim_limits limits;
    int64_t now_s;
    const char *author; /* "example.org" */
    bool want_proof;
    struct naive_text zone;
    struct naive_text message;
    /* Of the last run: */
    bool is_running;
    struct answers_run run;
    struct arena *facts_arena;
    struct dkim_message *facts;
    struct dkim_checks *checks;
    struct dkim_results results;
    unsigned checks_performed;
    struct naive_text summary;
};

/* "From: Jo <jo@example.org>", To, Subject, Date, a two-line body. */
extern const char *const case_plain_message;

/* For cmocka. */
int case_setup(void **state);
int case_teardown(void **state);

/* Lines of a zone, beside those that are there; case_no_zone() drops all. */
void case_zone(struct dkim_case *c, const char *lines);
void case_zone_key(struct dkim_case *c, const struct sign_key *key, const char *selector,
                   const char *domain, const char *tags);
void case_no_zone(struct dkim_case *c);

/* The message to be verified. */
void case_message(struct dkim_case *c, const char *message);

/* Put a signature of `key` on top of the message at hand. */
void case_sign(struct dkim_case *c, const struct sign_key *key,
               const struct sign_options *options);

/* Replace the first `from` in the message at hand. */
void case_replace(struct dkim_case *c, const char *from, const char *to);
void case_append(struct dkim_case *c, const char *text);

/* Verify in every way; the overall code. */
enum dkim_code case_verify(struct dkim_case *c);
const struct dkim_result *case_result(const struct dkim_case *c, size_t index);

/* The reason of a result holds these words. */
void case_reason_has(const struct dkim_case *c, size_t index, const char *words);

/* The plain message with one signature of the RSA key; verified. */
enum dkim_code case_verify_signed(struct dkim_case *c,
                                  const struct sign_options *options);

#endif
