/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
