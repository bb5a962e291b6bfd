/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_ALGORITHM_H
#define YETT_CORE_DKIM_ALGORITHM_H

#include "core/dkim/dkim.h"

/* algorithm: what a signature algorithm is made of (RFC 6376 section 3.3, RFC 8463). */

/* Names of algorithms are ABNF literals: their case does not matter. */
enum dkim_algorithm dkim_algorithm_find(slice name);

/* Of a known algorithm. */
enum crypto_key_type dkim_algorithm_key_type(enum dkim_algorithm algorithm);
enum crypto_digest dkim_algorithm_digest(enum dkim_algorithm algorithm);

/* As k= and h= of a key record name it: "rsa", "sha256". */
const char *dkim_key_type_text(enum crypto_key_type type);
const char *dkim_digest_text(enum crypto_digest digest);

#endif
