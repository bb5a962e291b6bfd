/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNER_CHOSEN_H
#define YETT_CORE_SIGNER_CHOSEN_H

#include "core/signer/signer.h"

/* chosen: the fields that one signature signs, between the files that make it. */

/* names.c: the fields that go into h=, `list` in its order, and the names themselves. */
struct signer_chosen {
    const struct message_field **list;
    size_t count;
    const slice *names; /* as often as they are named */
    size_t name_count;
};

/* YETT_BAD_SYNTAX with `*why`. */
YETT_MUST_USE
enum yett_err signer_choose_fields(struct arena *arena,
                                   const struct message_header *header,
                                   const struct signer_rules *rules,
                                   struct signer_chosen *out, slice *why);

/* field.c: the field up to "b=", without line end. */
void signer_compose_field(struct buf *out, const struct signer_plan *plan,
                          const struct signer_chosen *chosen, slice body_hash);

#endif
