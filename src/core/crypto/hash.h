/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_HASH_H
#define YETT_CORE_CRYPTO_HASH_H

#include "core/crypto/crypto.h"

/* Empty the pool of one digest. */
void crypto_hash_free_idle(struct crypto *crypto, enum crypto_digest digest);

#endif
