/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/scan.h"
#include "core/base/num.h"

/* The front of ARC-Authentication-Results (RFC 8617 section 4.1.1): instance [CFWS] ";". */

enum { INSTANCE_MAX = 99 };

enum yett_err authres_take_instance(slice *value, unsigned *instance)
{
    slice in = *value;
    uint64_t number = 0;
    if (!scan_cfws(&in, NULL) || !slice_take_byte(&in, 'i') || !scan_cfws(&in, NULL) ||
        !slice_take_byte(&in, '=') || !scan_cfws(&in, NULL)) {
        return YETT_BAD_SYNTAX;
    }
    slice digits = in;
    if (num_take_uint(&in, INSTANCE_MAX, &number) != YETT_OK || number == 0 ||
        digits.len - in.len > 2 || !scan_cfws(&in, NULL) || !slice_take_byte(&in, ';')) {
        return YETT_BAD_SYNTAX;
    }
    *value = in;
    *instance = (unsigned)number;
    return YETT_OK;
}
