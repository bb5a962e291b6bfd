/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/zone.h"
