/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"
#include "core/autopsy/slots.h"

/* copies: fields as they were when they were signed, from z= (RFC 6376 sections 3.5, 2.11). */

enum { COPIES_MAX = 200 };

static slice decode_copy(struct autopsy_header *header, slice text)
{
    struct autopsy_out plain, out;
    if (!autopsy_out_new(header->work, text.len, &plain) ||
        !autopsy_out_new(header->work, text.len, &out)) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < text.len; i++) { /* folding is no part of it */
        slice octet = slice_between(text, i, i + 1);
        if (slice_trim_fws(octet).len != 0) {
            autopsy_out_add(&plain, octet);
        }
    }
    autopsy_decode_escapes(&out, autopsy_out_slice(&plain), '=');
    return autopsy_out_slice(&out);
}

/* Copy number `number` of this name: "Name:value". */
static slice find_copy(slice copies, slice name, size_t number)
{
    slice copy;
    size_t seen = 0;
    size_t read = 0;
    while (slice_next_piece(&copies, '|', &copy) && read++ < COPIES_MAX) {
        copy = slice_trim_fws(copy);
        slice copied = slice_trim_fws(slice_first(copy, slice_find_byte(copy, ':')));
        if (slice_eq_nocase(copied, name) && seen++ == number) {
            return copy;
        }
    }
    return SLICE_NONE;
}

/* Texts for the slots of a group; what has no copy was not there. */
static bool read_group(struct autopsy_header *header, slice copies,
                       const struct autopsy_group *group, slice *texts, size_t *differs)
{
    bool any = false;
    for (size_t i = 0; i < group->slots; i++) {
        slice copy = find_copy(copies, group->name, i);
        texts[i] = SLICE_NONE;
        if (copy.len != 0) {
            slice raw = decode_copy(header, copy);
            slice name = i < group->count ? group->fields[i]->name : group->name;
            slice value = slice_skip(raw, slice_find_byte(raw, ':') + 1);
            texts[i] = autopsy_canonical(
                header, AUTOPSY_JOIN(header, name, SLICE(":"), value), false);
            any = true;
        }
        if (!slice_eq(texts[i], group->current[i])) {
            *differs = i;
        }
    }
    return any;
}

void autopsy_propose_copies(struct autopsy_header *header)
{
    const struct tag *copies = taglist_find(&header->work->signature->tags, "z");
    slice texts[DKIM_SIGNED_FIELDS_MAX + 1];
    if (copies == NULL) {
        return;
    }
    for (size_t i = 0; i < header->group_count; i++) {
        const struct autopsy_group *group = &header->groups[i];
        struct autopsy_variant variant = {.group = i,
                                          .texts = texts,
                                          .kind = AUTOPSY_FIELD_REPLACED,
                                          .rank = AUTOPSY_RANK_COPY,
                                          .what =
                                              "it differs from the signer's copy (z=)"};
        if (!group->is_signature &&
            read_group(header, copies->value, group, texts, &variant.slot)) {
            autopsy_propose_texts(header, &variant);
        }
    }
}
