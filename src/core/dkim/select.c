/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/facts.h"
#include "core/domain/domain.h"

/*
 * select: which signatures are worth their cost.  Those that could make DMARC pass come
 * first, so that nobody hides them behind a heap of others.
 */

enum rank { RANK_RELATED, RANK_RELATED_SHA1, RANK_OTHER, RANK_OTHER_SHA1, RANKS };

bool dkim_is_related(slice domain, slice author_domain)
{
    return domain_is_under(domain, author_domain) ||
           domain_is_under(author_domain, domain);
}

static enum rank rank_of(const struct dkim_signature *signature, slice author_domain)
{
    bool is_sha1 = signature->algorithm == DKIM_RSA_SHA1;
    if (dkim_is_related(signature->domain, author_domain)) {
        return is_sha1 ? RANK_RELATED_SHA1 : RANK_RELATED;
    }
    return is_sha1 ? RANK_OTHER_SHA1 : RANK_OTHER;
}

void dkim_select(const struct dkim_message *message, slice author_domain, bool *chosen)
{
    size_t left = message->limits.signatures;

    memset(chosen, 0, message->count * sizeof(*chosen));
    for (enum rank rank = RANK_RELATED; rank < RANKS; rank++) {
        for (size_t i = 0; i < message->count && left != 0; i++) {
            const struct dkim_signature *signature = &message->signatures[i];
            if (signature->error.len == 0 && !chosen[i] &&
                rank_of(signature, author_domain) == rank) {
                chosen[i] = true;
                left--;
            }
        }
    }
}
