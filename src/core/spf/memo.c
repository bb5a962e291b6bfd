/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/spf/record.h"

#include <stdlib.h>

/*
 * memo: the selected and parsed record of an answer, kept with the answer.
 *
 * One block on the heap, owned by the answer's memo list once that took it.
 */

/* Beyond this a record is parsed for each message: no sender shall fill the cache's memory
   with many times the bytes it sent.  Room for three hundred terms. */
enum { MEMO_BYTES_MAX = 16 * 1024 };

static const char memo_kind;

struct record_memo {
    struct dns_memo memo;            /* first: the list knows only this */
    size_t index;                    /* of the TXT record it was parsed from */
    const struct spf_record *record; /* in the same block */
};

static void free_memo(struct dns_memo *memo)
{
    free(memo);
}

/* NULL when the record is too large to be kept, or the system out of memory. */
static struct record_memo *make_memo(slice text, size_t index)
{
    size_t bytes;
    if (!spf_record_bytes(text, &bytes) ||
        !num_add(bytes, sizeof(struct record_memo), &bytes) || bytes > MEMO_BYTES_MAX) {
        return NULL;
    }
    struct record_memo *made = malloc(bytes);
    if (made == NULL) {
        return NULL;
    }
    struct spf_record *record = (struct spf_record *)(made + 1);
    *made = (struct record_memo){
        .memo = {.kind = &memo_kind, .bytes = bytes, .free = free_memo},
        .index = index,
        .record = record
    };
    spf_record_parse_into(text, record);
    return made;
}

static bool select_known(const struct dns_answer *answer, struct spf_selection *out)
{
    const struct dns_memo *memo = dns_memo_find(answer, &memo_kind);
    if (memo == NULL) {
        return false;
    }
    const struct record_memo *known = (const struct record_memo *)memo;
    *out = (struct spf_selection){.published = 1,
                                  .text = answer->records[known->index].text,
                                  .record = known->record};
    return true;
}

/* Section 4.5.  `*index` is that of the first. */
static void select_texts(const struct dns_answer *answer, struct spf_selection *out,
                         size_t *index)
{
    *out = (struct spf_selection){0};
    for (size_t i = 0; i < answer->count; i++) {
        slice text = answer->records[i].text;
        if (!spf_record_is_spf(text)) {
            continue;
        }
        out->published++;
        if (out->published == 1) {
            out->text = text;
            *index = i;
        } else if (out->published == 2) {
            out->second = text;
        }
    }
}

enum yett_err spf_record_select(struct arena *arena, const struct dns_answer *answer,
                                struct spf_selection *out)
{
    if (select_known(answer, out)) {
        return YETT_OK;
    }
    struct spf_selection found;
    size_t index = 0;
    select_texts(answer, &found, &index);
    if (found.published != 1) {
        *out = found;
        return YETT_OK;
    }

    struct record_memo *made =
        answer->memos == NULL ? NULL : make_memo(found.text, index);
    if (made != NULL && dns_memo_keep(answer, &made->memo)) {
        found.record = made->record;
        *out = found;
        return YETT_OK;
    }
    free(made);
    enum yett_err err = spf_record_parse(arena, found.text, &found.record);
    if (err == YETT_OK) {
        *out = found;
    }
    return err;
}
