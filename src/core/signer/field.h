/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNER_FIELD_H
#define YETT_CORE_SIGNER_FIELD_H

#include "core/signer/signer.h"

/* field: the field up to "b=", without line end. */
void signer_compose_field(struct buf *out, const struct signer_plan *plan,
                          const struct signer_chosen *chosen, slice body_hash);

#endif
