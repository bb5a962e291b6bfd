/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_CAPTURE_CASE_H
#define YETT_TESTS_CORE_CAPTURE_CASE_H

#include "core/capture/capture.h"

/* case: a case to be handed over, and what may be said of one that was read. */

enum { CASE_ARENA_BYTES = 32 * 1024 * 1024 };
#define CASE_TIME_MAX ((int64_t)1 << 40)

struct case_row {
    slice name, value;
};

struct capture_case {
    struct arena *arena;
    struct capture capture; /* a small one at first */
    slice body;
    char *filler; /* one octet more than the largest body */
};

int case_setup(void **state);
int case_teardown(void **state);

/* The header, as it is made of what a mail server hands over. */
void case_set_header(struct capture_case *c, const struct case_row *rows, size_t count);

/* One of so many fields, with so many octets in their names and values. */
void case_fill_header(struct capture_case *c, size_t count, size_t bytes);

/* The case and its body, in octets of their own on the heap. */
slice case_write(struct capture_case *c);

void case_assert_in_bounds(const struct capture *capture, slice octets);
void case_assert_same(const struct capture *a, const struct capture *b);

/* Write it, read it: it is the same. */
void case_read_back(struct capture_case *c);

/* These octets are none. */
void case_refuse(struct capture_case *c, slice octets, const char *why);

#endif
