/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_SANDBOX_WALLS_H
#define YETT_EDGE_SANDBOX_WALLS_H

#include "edge/sandbox/sandbox.h"

/*
 * walls: each is built by one function, which returns whether it stands, and else says why
 * not in `why`, a phrase.
 */
struct why {
    char *text; /* ends in NUL */
    size_t size;
};

void why_say(struct why why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What the system answered, for people. */
const char *why_text(int reason);

bool wall_no_new_privileges(enum sandbox_role role, struct why why);
bool wall_undumpable(enum sandbox_role role, struct why why);
bool wall_landlock(enum sandbox_role role, struct why why);
bool wall_landlock_but(enum sandbox_role role, const struct sandbox_path *paths,
                       size_t count, struct why why);
bool wall_seccomp(enum sandbox_role role, struct why why);

#endif
