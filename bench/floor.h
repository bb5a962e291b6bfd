/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_FLOOR_H
#define YETT_BENCH_FLOOR_H

#include <stddef.h>

/*
 * floor: what nobody can do without: the public-key operations of a message's signatures,
 * or the private-key operations of making them, and one SHA-256 over its octets, straight from
 * libcrypto with everything prepared.
 */
struct floor;

/* So many signatures with RSA-2048 and with Ed25519 are checked, or made. */
struct floor *floor_new(unsigned rsa, unsigned ed25519, const char *text, size_t bytes);
struct floor *floor_new_signing(unsigned rsa, unsigned ed25519, const char *text,
                                size_t bytes);
/* Of RSA-2048 some are checked, and some made. */
struct floor *floor_new_sealing(unsigned checked, unsigned made, const char *text,
                                size_t bytes);
void floor_run(void *floor);
void floor_free(struct floor *floor);

#endif
