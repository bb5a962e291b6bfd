/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/verdict/parts.h"

/* What an administrator named: exceptions and forwarders.  Both need something that the
   message cannot just claim: an address, or a signature that holds for the whole body. */

static bool has_passing_signer(const struct dkim_results *dkim, slice signer)
{
    for (size_t i = 0; i < dkim->count; i++) {
        const struct dkim_result *result = &dkim->list[i];
        if (result->code == DKIM_PASS && result->counts &&
            domain_eq(result->signature->domain, signer)) {
            return true;
        }
    }
    return false;
}

/* The author as far as there is exactly one. */
static slice author_of(const struct verdict_findings *findings)
{
    const struct message_from *from = findings->input->from;
    return from->status == MESSAGE_FROM_OK ? from->domains[0] : SLICE_NONE;
}

static bool shows_what_it_must(const struct config_exception *exception,
                               const struct verdict *verdict)
{
    if (exception->has_network &&
        !ip_in_network(verdict->envelope.client, exception->network)) {
        return false;
    }
    if (!slice_is_empty(exception->signer) &&
        !has_passing_signer(&verdict->dkim, exception->signer)) {
        return false;
    }
    return exception->has_network || !slice_is_empty(exception->signer);
}

const struct config_exception *verdict_find_exception(
    const struct verdict_findings *findings)
{
    const struct config *config = findings->input->config;
    for (size_t i = 0; i < config->exception_count; i++) {
        const struct config_exception *exception = &config->exceptions[i];
        if (findings->input->now_s >= exception->until_s ||
            !shows_what_it_must(exception, findings->verdict)) {
            continue;
        }
        if (slice_is_empty(exception->author) ||
            domain_is_under(author_of(findings), exception->author)) {
            return exception;
        }
    }
    return NULL;
}

const struct config_forwarder *verdict_find_forwarder(
    const struct verdict_findings *findings)
{
    const struct config *config = findings->input->config;
    for (size_t i = 0; i < config->forwarder_count; i++) {
        if (has_passing_signer(&findings->verdict->dkim, config->forwarders[i].signer)) {
            return &config->forwarders[i];
        }
    }
    return NULL;
}
