/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"

/* memo: parsed forms that hang on an answer. */

struct dns_memo *dns_memo_find(const struct dns_answer *answer, const void *kind)
{
    if (answer->memos == NULL) {
        return NULL;
    }
    for (struct dns_memo *memo = answer->memos->first; memo != NULL; memo = memo->next) {
        if (memo->kind == kind) {
            return memo;
        }
    }
    return NULL;
}

bool dns_memo_keep(const struct dns_answer *answer, struct dns_memo *memo)
{
    if (answer->memos == NULL || dns_memo_find(answer, memo->kind) != NULL) {
        return false; /* a second one of a kind would never be found */
    }
    memo->next = answer->memos->first;
    answer->memos->first = memo;
    return true;
}

void dns_memos_free(struct dns_memos *memos)
{
    struct dns_memo *next;

    for (struct dns_memo *memo = memos->first; memo != NULL; memo = next) {
        next = memo->next;
        memo->free(memo);
    }
    memos->first = NULL;
}
