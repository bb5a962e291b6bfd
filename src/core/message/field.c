/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/message/message.h"

/* Fields by name, top to bottom. */

const struct message_field *message_find_field(const struct message_header *header,
                                               const char *name, size_t from,
                                               size_t *index)
{
    slice wanted = slice_from_text(name);
    for (size_t i = from; i < header->count; i++) {
        if (slice_eq_nocase(header->fields[i].name, wanted)) {
            if (index != NULL) {
                *index = i;
            }
            return &header->fields[i];
        }
    }
    return NULL;
}

size_t message_count_fields(const struct message_header *header, const char *name)
{
    slice wanted = slice_from_text(name);
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++) {
        count += slice_eq_nocase(header->fields[i].name, wanted);
    }
    return count;
}
