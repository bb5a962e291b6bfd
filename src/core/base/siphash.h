/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_SIPHASH_H
#define YETT_CORE_BASE_SIPHASH_H

#include "core/base/slice.h"

#include <stdint.h>

/*
 * siphash: SipHash-2-4 of bytes under a 16-byte key, for tables that an attacker fills.
 * Not a message digest.
 */
uint64_t siphash(const uint8_t key[16], slice bytes);

#endif
