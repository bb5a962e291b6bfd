/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_SEALING_DESK_H
#define YETT_TESTS_CORE_SEALING_DESK_H

#include "core/sealing/sealing.h"

/* desk: settings and a table by which b.test seals. */

#define LIST_HOST "192.0.2.30"
#define FRIEND    "192.0.2.7" /* in submission_networks */
#define STRANGER  "198.51.100.9"

struct desk {
    struct arena *arena;
    struct config config;
    const struct signing_table *table;
    struct sealing_house house;
};

/* `rows`: "b.test/s b.test/ed", those that end in "ed" being Ed25519 keys; a "-" before one:
   it may not seal.  The address of a desk must not change. */
void desk_init(struct desk *desk, const char *rows);
void desk_finish(struct desk *desk);

struct ip desk_ip(const char *text);

#endif
