/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/loop/loop.h"
