/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/* sign: our own mail on its way to a keeper and back. */

bool intake_next_signing(struct intake *intake, struct intake_signing *out)
{
    (void)intake;
    (void)out;
    return false;
}

void intake_signed(struct intake *intake, const struct intake_signature *answers,
                   size_t count)
{
    (void)intake;
    (void)answers;
    (void)count;
}

void intake_signing_failed(struct intake *intake, slice why)
{
    (void)intake;
    (void)why;
}
