/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
