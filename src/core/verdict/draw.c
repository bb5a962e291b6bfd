/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/siphash.h"
#include "core/verdict/parts.h"

/*
 * The draw for pct= (RFC 7489 section 6.6.4) is made from what identifies a message, so a
 * deferred message draws the same number when it comes back, and keyed, so a sender cannot
 * look for a Message-ID that is spared.
 */
static void key_from_secret(slice secret, uint8_t key[16])
{
    static const uint8_t halves[2][16] = {
        {'y', 'e', 't', 't', 'p', 'c', 't', 1},
        {'y', 'e', 't', 't', 'p', 'c', 't', 2}
    };
    for (size_t half = 0; half < 2; half++) {
        uint64_t word = siphash(halves[half], secret);
        memcpy(key + 8 * half, &word, sizeof word);
    }
}

unsigned verdict_draw(const struct message_header *header, slice installation_secret)
{
    static const char *const names[] = {"From", "Date", "Message-ID", "Subject"};
    uint8_t key[16];
    uint64_t mixed = 0;

    key_from_secret(installation_secret, key);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t index = 0;
        const struct message_field *field =
            message_find_field(header, names[i], 0, &index);
        uint64_t part = siphash(key, field == NULL ? SLICE_NONE : field->value);
        uint64_t both[2] = {mixed, part};
        mixed = siphash(key, slice_of((const char *)both, sizeof both));
    }
    return (unsigned)(mixed % 100);
}
