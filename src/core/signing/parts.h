/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNING_PARTS_H
#define YETT_CORE_SIGNING_PARTS_H

#include "core/signing/signing.h"

/* parts: what the files of this folder share. */
enum { SIGNING_SENTENCE_MAX = 2400, SIGNING_LOGIN_SHOWN = 256 };

/* table.c: all rows have the same d=. */
bool signing_serves_one_domain(const struct signing_table *table);

/* login.c */
struct signing_claim {
    bool is_permitted;
    slice reason; /* a sentence without full stop */
};

/* May somebody logged in as `login` send mail of `author`?  YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err signing_judge_login(struct arena *arena, const struct signing_table *table,
                                  slice login, slice author, struct signing_claim *out);

#endif
