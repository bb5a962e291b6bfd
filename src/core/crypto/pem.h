/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_PEM_H
#define YETT_CORE_CRYPTO_PEM_H

#include "core/base/slice.h"

/*
 * pem: the block of a file that is a private key (RFC 7468).
 *
 * NULL with `*block` from "-----BEGIN" to the end of "-----END …-----", or why there is none
 * that could be read: a static sentence.
 */
const char *pem_find_private_key(slice text, slice *block);

#endif
