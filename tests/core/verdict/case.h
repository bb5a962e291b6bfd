/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_VERDICT_CASE_H
#define YETT_TESTS_CORE_VERDICT_CASE_H

#include "core/verdict/parts.h"

/*
 * case: a message as the table sees it: an author, results of the checks, settings.  It
 * begins as a DMARC failure of example.org under p=reject, from 192.0.2.66, enforced.
 */
struct verdict_case {
    struct arena *arena;
    struct config config;
    struct message_header header;
    struct message_mailbox mailbox;
    struct message_from from;
    slice author;
    struct dkim_signature signature;
    struct dkim_result dkim;
    bool aligned;
    struct verdict verdict;
    struct dmarc_result dmarc;
    struct verdict_input input;
    struct verdict_findings findings;
    struct verdict_settings settings;
    struct verdict_outcome outcome;
    slice reply;
};

int case_setup(void **state);
int case_teardown(void **state);

/* The action under the settings of nobody in particular; outcome and reply are filled. */
enum config_action case_decide(struct verdict_case *c);

/* The message carries one signature of `domain` with this result. */
void case_sign(struct verdict_case *c, const char *domain, enum dkim_code code);

/* The rule that decided. */
void case_assert_rule(const struct verdict_case *c, const char *rule);

/* Fields as text, "Name: value\r\n…", become the header. */
void case_header(struct verdict_case *c, const char *text);

#endif
