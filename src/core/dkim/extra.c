/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/facts.h"

/*
 * extra: fields that stand more often than they were signed (RFC 6376 section 8.15).
 *
 * A genuine message can be sent again with a second Subject on top: the signature holds for
 * the one at the bottom, and people are shown the other.  Only of fields that RFC 5322
 * (section 3.6) and RFC 2045 (section 3) allow once, and which decide what people see, how the
 * body is read, or whom they answer.  One that stands once only is none of them, signed or not.
 *
 * Not among them is what changes nothing of that, and is often there twice by mistake
 * (MIME-Version), or is added on the way (Sender, Message-ID).
 */
static const struct {
    const char *name;
    size_t length;
} single_fields[DKIM_SINGLE_FIELDS] = {
    {"Subject",                   7 },
    {"To",                        2 },
    {"Cc",                        2 },
    {"Date",                      4 },
    {"Reply-To",                  8 },
    {"From",                      4 },
    {"Content-Type",              12},
    {"Content-Transfer-Encoding", 25},
};

static slice single_name(size_t i)
{
    return slice_of(single_fields[i].name, single_fields[i].length);
}

static void count_name(size_t counts[DKIM_SINGLE_FIELDS], slice name)
{
    for (size_t i = 0; i < DKIM_SINGLE_FIELDS; i++) {
        if (slice_eq_nocase(name, single_name(i))) {
            counts[i]++;
            return;
        }
    }
}

void dkim_count_single_fields(struct dkim_message *message)
{
    const struct message_header *header = &message->header;
    bool may_hide = (header->defects & MESSAGE_MAY_HIDE) != 0;
    for (size_t i = 0; i < header->count; i++) {
        slice rest = SLICE_NONE;
        slice name;
        count_name(message->single_counts, header->fields[i].name);
        /* One that only some readers see cannot be signed. */
        while (may_hide && message_next_hidden(&header->fields[i], &rest, &name)) {
            count_name(message->single_counts, name);
        }
    }
}

const char *dkim_extra_field(const struct dkim_message *message,
                             const struct dkim_signature *signature)
{
    size_t signed_counts[DKIM_SINGLE_FIELDS] = {0};
    slice names = signature->signed_fields;
    slice name;
    while (slice_next_piece(&names, ':', &name)) {
        count_name(signed_counts, slice_trim_fws(name));
    }
    for (size_t i = 0; i < DKIM_SINGLE_FIELDS; i++) {
        size_t count = message->single_counts[i];
        if (count > 1 && count > signed_counts[i]) {
            return single_fields[i].name;
        }
    }
    return NULL;
}
