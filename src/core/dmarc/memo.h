/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_MEMO_H
#define YETT_CORE_DMARC_MEMO_H

#include "core/dmarc/dmarc.h"

/* memo: the one policy record of an answer, parsed, kept with the answer. */

/* NULL when nothing is kept. */
const struct dmarc_record *dmarc_memo_find(const struct dns_answer *answer,
                                           enum dmarc_standard standard);

/* Keep a copy of `record`, if the answer can keep anything and it is not too large. */
void dmarc_memo_keep(const struct dns_answer *answer, enum dmarc_standard standard,
                     const struct dmarc_record *record);

#endif
