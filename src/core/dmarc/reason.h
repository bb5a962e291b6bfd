/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_REASON_H
#define YETT_CORE_DMARC_REASON_H

#include "core/dmarc/identify.h"

/* reason: the result as a clause for people, without capital and full stop. */

/* `identities` is NULL when only the policy was looked for. */
YETT_MUST_USE
enum yett_err dmarc_reason(const struct dmarc_discovery *discovery,
                           const struct dmarc_identities *identities,
                           const struct dmarc_result *result, slice *out);

/* Of a From field that is not exactly one domain. */
YETT_MUST_USE
enum yett_err dmarc_reason_no_author(struct arena *arena, const struct message_from *from,
                                     slice *out);

#endif
