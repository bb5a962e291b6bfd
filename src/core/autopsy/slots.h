/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTOPSY_SLOTS_H
#define YETT_CORE_AUTOPSY_SLOTS_H

#include "core/autopsy/inside.h"

/*
 * slots: the text that a signature signs (RFC 6376 section 3.7) as a row of slots, one for
 * each name in h=, the signature's own field the last; and variants of what stood in them.
 *
 * Slots of one name are a group: which field fills which is decided within it, so that a
 * variant concerns one group only, and variants of different groups combine freely.
 */

/* How likely: in this order they are tried, and combined. */
enum autopsy_rank {
    AUTOPSY_RANK_COPY,   /* z= says so */
    AUTOPSY_RANK_LIKELY, /* the field shows signs of it */
    AUTOPSY_RANK_POSSIBLE,
    AUTOPSY_RANKS
};

enum { AUTOPSY_VARIANTS_MAX = 600, AUTOPSY_TRIED_MAX = 1024 };

struct autopsy_variant {
    size_t group;
    size_t slot;        /* of the group: the one that differs */
    const slice *texts; /* canonical, for all slots of the group; empty: no field */
    enum autopsy_kind kind;
    enum autopsy_rank rank;
    const char *what; /* "a tag was put in front" */
};

struct autopsy_group {
    slice name;
    const struct message_field **fields; /* all of this name, the lowest first */
    size_t count;
    size_t slots;
    slice *current; /* what stands there now: canonical, for each slot */
    bool is_signature;
    const struct autopsy_variant *chosen; /* NULL: `current` */
};

struct autopsy_slot {
    size_t group;
    size_t index;
};

struct autopsy_header {
    struct autopsy_work *work;
    enum dkim_canon canon;
    struct autopsy_group *groups; /* the signature's own is the last */
    size_t group_count;
    struct autopsy_slot *slots;
    size_t slot_count;
    bool has_target; /* RSA: the digest that was signed */
    uint8_t target[CRYPTO_DIGEST_MAX];
    struct crypto_key *key; /* Ed25519 */
    uint8_t (*tried)[CRYPTO_DIGEST_MAX];
    size_t tried_count;
    struct autopsy_variant *variants;
    size_t count;
};

/* A field in its slot. */
struct autopsy_place {
    size_t group;
    size_t slot;
    const struct message_field *field; /* NULL: none stands there */
};

enum yett_err autopsy_slots_read(struct autopsy_header *header);

/* Whether what is chosen now is what was signed. */
bool autopsy_slots_fit(struct autopsy_header *header);

/* `raw` without line end; a slice of the arena. */
slice autopsy_canonical(struct autopsy_header *header, slice raw, bool is_last);

/* Try one text in a place, with all else as it is, and forget it. */
bool autopsy_slot_fits(struct autopsy_header *header, const struct autopsy_place *place,
                       slice canonical);

/* All that follows the colon is `value`. */
void autopsy_propose(struct autopsy_header *header, const struct autopsy_place *place,
                     enum autopsy_kind kind, enum autopsy_rank rank, const char *what,
                     slice value);

/* The whole field, without line end. */
void autopsy_propose_raw(struct autopsy_header *header, const struct autopsy_place *place,
                         enum autopsy_kind kind, enum autopsy_rank rank, const char *what,
                         slice raw);

/* Other fields in the slots of a group: canonical texts, copied. */
void autopsy_propose_texts(struct autopsy_header *header,
                           const struct autopsy_variant *variant);

/* "Name:" as the field writes it. */
slice autopsy_name_part(const struct message_field *field);

/* Without the white space before it: what of a value is text. */
slice autopsy_value_text(slice value);

/* Texts joined in the arena; empty when memory is out. */
slice autopsy_join(struct autopsy_header *header, const slice *pieces, size_t count);

#define AUTOPSY_JOIN(header, ...)                                                        \
    autopsy_join((header), (const slice[]){__VA_ARGS__},                                 \
                 sizeof((const slice[]){__VA_ARGS__}) / sizeof(slice))

bool autopsy_is_named(const struct autopsy_place *place, const char *name);

/* What could have been done to a field in its place. */
void autopsy_propose_tags(struct autopsy_header *header,
                          const struct autopsy_place *place);
void autopsy_propose_addresses(struct autopsy_header *header,
                               const struct autopsy_place *place);
void autopsy_propose_authors(struct autopsy_header *header,
                             const struct autopsy_place *place);

/* `what` NULL: nothing else was done. */
void autopsy_propose_words(struct autopsy_header *header,
                           const struct autopsy_place *place, slice value,
                           enum autopsy_rank rank, const char *what);
void autopsy_propose_space(struct autopsy_header *header,
                           const struct autopsy_place *place);
void autopsy_propose_mime(struct autopsy_header *header,
                          const struct autopsy_place *place);
void autopsy_propose_saved(struct autopsy_header *header,
                           const struct autopsy_place *place);

/* A Date that was written anew in UTC, as Exchange does, in the zones of the world. */
void autopsy_propose_zones(struct autopsy_header *header,
                           const struct autopsy_place *place);

void autopsy_propose_copies(struct autopsy_header *header);

/* For RSA: texts taken out of the fields at every place.  True: found and noted. */
bool autopsy_try_deep(struct autopsy_header *header);

/* Note what was changed, for what is chosen in this group. */
void autopsy_note_variant(struct autopsy_header *header,
                          const struct autopsy_variant *variant);

#endif
