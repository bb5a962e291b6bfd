/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/err.h"
