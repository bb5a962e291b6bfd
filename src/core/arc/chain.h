/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_ARC_CHAIN_H
#define YETT_CORE_ARC_CHAIN_H

#include "core/arc/arc.h"

/* chain: the facts of a chain. */

enum arc_field { ARC_FIELD_RESULTS, ARC_FIELD_MESSAGE, ARC_FIELD_SEAL, ARC_FIELDS };

/* In the order in which they are hashed (section 5.1.1). */
extern const char *const arc_field_names[ARC_FIELDS];

struct arc_link {
    const struct message_field *fields[ARC_FIELDS]; /* NULL: missing */
    struct dkim_signature message;
    struct dkim_signature seal;
    enum arc_code cv;
    bool has_cv;
    bool trusted;
    bool message_added;
    size_t message_index; /* in `dkim`, when message_added */
    bool relaxed_added;   /* without c=: read as relaxed/relaxed as well */
    size_t relaxed_index;
    size_t seal_index;
};

struct arc_chain {
    struct arena *arena;
    struct dkim_message *dkim;
    struct message_header header;
    struct arc_limits limits;
    size_t field_count;
    bool is_uncounted;      /* too many fields to look for the highest number */
    unsigned highest;       /* instance number found */
    struct arc_link *links; /* room for ARC_SETS_MAX; NULL without fields */
    slice fault; /* what is wrong with the structure; empty: nothing, and all is added */
};

/* seal_hash.c: what each seal of a chain signs, by index; `digests` has room for all. */
YETT_MUST_USE
enum yett_err arc_hash_seals(struct crypto *crypto, const struct arc_chain *chain,
                             uint8_t (*digests)[CRYPTO_DIGEST_MAX]);

/* claims.c: i= of a field from 1 to ARC_SETS_MAX, and cv= of a seal; false: there is none.
   `tags` are those of a field that has some, `value` is for results. */
bool arc_read_instance(enum arc_field field, slice value, const struct taglist *tags,
                       unsigned *out);
bool arc_read_cv(const struct taglist *tags, enum arc_code *out);

/* chain.c: step 2 of section 5.2. */
bool arc_newest_says_fail(const struct arc_chain *chain);

/* compose.c: fields, each complete with CRLF but for the b= of the last two, which ends the
   text.  YETT_BAD_SYNTAX with `*why`. */
YETT_MUST_USE
enum yett_err arc_compose_results(struct buf *out, struct arena *arena, unsigned instance,
                                  slice results, const char **why);
void arc_compose_message(struct buf *out, unsigned instance,
                         const struct arc_sealer *sealer,
                         const struct signer_chosen *chosen, slice body_hash);
void arc_compose_seal(struct buf *out, unsigned instance, enum arc_code cv,
                      const struct arc_sealer *sealer);

/* The value of b= as it is folded behind "b=". */
void arc_compose_signature(struct buf *out, slice signature);

/* reason.c */
YETT_MUST_USE
enum yett_err arc_reason_pass(struct arena *arena, struct arc_result *out);
YETT_MUST_USE
enum yett_err arc_reason_fail(struct arena *arena, enum arc_field field,
                              const struct arc_set *set, bool newest,
                              struct arc_result *out);

/* results.c: read what the newest sets testify. */
YETT_MUST_USE
enum yett_err arc_read_results(struct arena *arena, const struct arc_chain *chain,
                               struct arc_set *sets);

#endif
