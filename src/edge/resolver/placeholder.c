/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/resolver.h"
