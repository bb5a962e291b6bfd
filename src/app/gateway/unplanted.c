/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"

/* unplanted: no fault is planted. */

void planted_strike(void)
{
}
