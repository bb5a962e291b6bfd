/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_FACTS_H
#define YETT_CORE_DKIM_FACTS_H

#include "core/dkim/digest.h"

struct dkim_name;

enum { DKIM_SINGLE_FIELDS = 8 };

/* facts: what one message says of itself, gathered as it passes. */
struct dkim_message {
    struct arena *arena;
    struct crypto *crypto;
    struct message_header header;
    struct dkim_limits limits;
    struct dkim_signature *signatures; /* parsed, top to bottom; then those added */
    size_t count;
    size_t added;       /* behind the first `count`: of other forms */
    size_t capacity;    /* of both lists */
    size_t field_count; /* all DKIM-Signature fields */
    size_t single_counts[DKIM_SINGLE_FIELDS]; /* how often each stands: extra.c */
    struct dkim_digests digests;
    bool ended;
    struct dkim_name *names; /* of all fields; NULL until the first header hash */
    bool *taken;             /* fields hashed already; room for the header hash at work */
    struct dkim_header_digest {
        bool known;
        uint8_t value[CRYPTO_DIGEST_MAX];
    } * header_digests; /* per signature */
};

/*
 * Which signatures are evaluated under the ceiling, into `chosen` (one per signature):
 * usable fields only, those whose d= is equal to, above or below `author_domain` first,
 * rsa-sha1 last among their like, else top to bottom.
 */
void dkim_select(const struct dkim_message *message, slice author_domain, bool *chosen);

/* Equal, above or below. */
bool dkim_is_related(slice domain, slice author_domain);

/* For dkim_extra_field(): hidden fields counted too. */
void dkim_count_single_fields(struct dkim_message *message);

/* A field that may stand once only, stands more often, and is not signed each time; or NULL. */
const char *dkim_extra_field(const struct dkim_message *message,
                             const struct dkim_signature *signature);

/* The digest that signature `index` signs: chosen fields, then itself (section 3.7). */
YETT_MUST_USE
enum yett_err dkim_header_digest(struct dkim_message *message, size_t index,
                                 const uint8_t **out);

#endif
