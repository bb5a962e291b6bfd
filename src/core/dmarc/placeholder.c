/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/dmarc.h"
