/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
