/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_UPDATE_VALUE_H
#define YETT_CORE_UPDATE_VALUE_H

#include "core/update/update.h"

/* value: the rdata of one TXT record. */

bool value_is_good(slice value); /* one character-string or more */

/* Have two good ones the same text, however it is cut into strings? */
bool value_has_text_of(slice value, slice other);
bool value_is_text(slice value, slice text);
bool value_begins(slice value, slice text);

/* Is this value, octet by octet, one of the set's? */
bool rrset_has(const struct update_rrset *rrset, slice value);

#endif
