/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_GIVEN_H
#define YETT_EDGE_CONFIG_GIVEN_H

#include "core/config/config.h"
#include "edge/config/value.h"

/* given: what the readers of values share, one reader for each kind. */
enum { SENTENCE_MAX = 2000 };

struct given {
    struct arena *arena;
    const struct key *key;
    slice text;
    slice directory;
    void *base;
    slice *expected;
};

/* Put the value where the key says; `flag` into what stands beside it, if anything does. */
void given_store(const struct given *given, const void *value, size_t size);
void given_store_flag(const struct given *given, bool flag);

/* The same with a copy of `text`; whether it is as short as the key wants it. */
enum yett_err given_store_text(const struct given *given, slice text);
enum yett_err given_check_length(const struct given *given);

/* What was expected instead: YETT_BAD_SYNTAX, or YETT_NO_MEMORY. */
enum yett_err given_expected(const struct given *given, const char *text);
enum yett_err given_expected_buf(const struct given *given, const struct buf *buf);

/* One item more in a list; `too_many` is what is said of one that has no room. */
enum yett_err given_append(const struct given *given, const void *item, size_t size,
                           const char *too_many);

/* route.c */
enum yett_err given_read_recipients(const struct given *given);
enum yett_err given_read_hosts(const struct given *given);

/* fields.c */
enum yett_err given_read_fields(const struct given *given);

/* number.c */
enum yett_err given_read_count(const struct given *given);
enum yett_err given_read_size_count(const struct given *given);
enum yett_err given_read_seconds(const struct given *given);
enum yett_err given_read_milliseconds(const struct given *given);
enum yett_err given_read_bytes(const struct given *given);
enum yett_err given_read_bytes_64(const struct given *given);
enum yett_err given_read_mode(const struct given *given);

/* secret.c */
enum yett_err given_read_secret(const struct given *given);

#endif
