/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/spf.h"
