/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_SIGN_H
#define YETT_CORE_DKIM_SIGN_H

#include "core/dkim/dkim.h"

/* sign: what the files that make signatures have in common. */

/* sign_names.c: the fields that go into h=, `list` in its order, and the names themselves. */
struct dkim_chosen {
    const struct message_field **list;
    size_t count;
    const slice *names; /* as often as they are named */
    size_t name_count;
};

/* YETT_BAD_SYNTAX with `*why`. */
YETT_MUST_USE
enum yett_err dkim_choose_fields(struct arena *arena, const struct message_header *header,
                                 const struct dkim_sign_rules *rules,
                                 struct dkim_chosen *out, slice *why);

/* sign_field.c: the field up to "b=", without line end. */
void dkim_compose_field(struct buf *out, const struct dkim_signing *signing,
                        const struct dkim_chosen *chosen, slice body_hash);

/* signature.c: dkim_parse_form() of a field whose b= is still empty, which is then an error if
   it is not. */
YETT_MUST_USE
enum yett_err dkim_parse_unsigned(struct arena *arena, enum dkim_form form,
                                  const struct message_field *field,
                                  struct dkim_signature *out);

#endif
