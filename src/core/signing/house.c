/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

/* house: what does not change from one message to the next. */

enum yett_err signing_house_init(struct arena *arena, const struct config *config,
                                 const struct signing_table *table,
                                 struct signing_house *out, slice *why)
{
    *out = (struct signing_house){.table = table, .fields = signer_default_rules()};
    return config->signing.fields.len == 0
               ? YETT_OK
               : signer_parse_rules(arena, config->signing.fields, &out->fields, why);
}
