/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/memo.h"

#include <assert.h>
#include <stdlib.h>

/*
 * One block on the heap holds everything: the record, its lists, its text and the words of
 * its notes.  It belongs to the answer once that took it.
 */

/* Beyond this a record is parsed for each message: no sender shall fill the cache's memory
   with many times the bytes it sent. */
enum { MEMO_TEXT_MAX = 2048, MEMO_BYTES_MAX = 8192 };

/* What the two standards make of a text differs; the addresses name the two kinds. */
static const char kinds[2];

struct record_memo {
    struct dns_memo memo; /* first: the list knows only this */
    struct dmarc_record record;
};

static void free_memo(struct dns_memo *memo)
{
    free(memo);
}

static const void *kind_of(enum dmarc_standard standard)
{
    return standard == DMARC_RFC9989 ? &kinds[0] : &kinds[1];
}

const struct dmarc_record *dmarc_memo_find(const struct dns_answer *answer,
                                           enum dmarc_standard standard)
{
    const struct dns_memo *memo = dns_memo_find(answer, kind_of(standard));
    return memo == NULL ? NULL : &((const struct record_memo *)memo)->record;
}

/* ---- packing --------------------------------------------------------------------------- */

/* The counts and the text are bounded by MEMO_TEXT_MAX, so the sums cannot wrap. */
static size_t packed_bytes(const struct dmarc_record *record)
{
    size_t bytes = sizeof(struct record_memo) + record->text.len;
    bytes += (record->rua_count + record->ruf_count) * sizeof(slice);
    bytes += record->note_count * sizeof(struct dmarc_note);
    for (size_t i = 0; i < record->note_count; i++) {
        bytes += record->notes[i].text.len;
    }
    return bytes;
}

/* Room in the block, handed out from the front: what is aligned first, then octets. */
struct room {
    char *at;
};

static void *take(struct room *room, size_t bytes)
{
    char *taken = room->at;
    room->at += bytes;
    return taken;
}

static slice pack_text(struct room *room, slice text)
{
    char *copy = take(room, text.len);
    if (text.len != 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return slice_of(copy, text.len);
}

static void pack(const struct dmarc_record *from, struct dmarc_record *to,
                 struct room *room)
{
    slice *rua = take(room, from->rua_count * sizeof(slice));
    slice *ruf = take(room, from->ruf_count * sizeof(slice));
    struct dmarc_note *notes = take(room, from->note_count * sizeof(struct dmarc_note));

    *to = *from;
    to->text = pack_text(room, from->text);
    for (size_t i = 0; i < from->rua_count; i++) {
        rua[i] = slice_between(to->text, slice_offset(from->text, from->rua[i]),
                               slice_offset(from->text, from->rua[i]) + from->rua[i].len);
    }
    for (size_t i = 0; i < from->ruf_count; i++) {
        ruf[i] = slice_between(to->text, slice_offset(from->text, from->ruf[i]),
                               slice_offset(from->text, from->ruf[i]) + from->ruf[i].len);
    }
    for (size_t i = 0; i < from->note_count; i++) {
        notes[i] = (struct dmarc_note){.offset = from->notes[i].offset,
                                       .text = pack_text(room, from->notes[i].text)};
    }
    to->rua = rua;
    to->ruf = ruf;
    to->notes = notes;
}

void dmarc_memo_keep(const struct dns_answer *answer, enum dmarc_standard standard,
                     const struct dmarc_record *record)
{
    if (answer->memos == NULL || record->text.len > MEMO_TEXT_MAX) {
        return;
    }
    size_t bytes = packed_bytes(record);
    struct record_memo *made = bytes > MEMO_BYTES_MAX ? NULL : malloc(bytes);
    if (made == NULL) {
        return; /* it is parsed again for the next message */
    }
    struct room room = {.at = (char *)(made + 1)};
    made->memo =
        (struct dns_memo){.kind = kind_of(standard), .bytes = bytes, .free = free_memo};
    pack(record, &made->record, &room);
    assert(room.at == (char *)made + bytes);
    if (!dns_memo_keep(answer, &made->memo)) {
        free(made);
    }
}
