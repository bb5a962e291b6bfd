/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_SUPPORT_SIGN_KEYS_H
#define YETT_TESTS_SUPPORT_SIGN_KEYS_H

#include "support/sign.h"

/* By enum sign_key_name. */
extern const char *const sign_private_keys[];

#endif
