/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/domain/domain.h"
#include "core/update/value.h"

/*
 * contract: what the holder of the key signs, whoever asks.
 *
 * Who may change TXT records at any name can prove the domain to be his, to a certificate
 * authority for one.  So it is only the names where mail authentication has its records.
 */

static const slice dmarc_label = SLICE_INIT("_dmarc.");
static const slice keys_label = SLICE_INIT("._domainkey.");

static bool serves(const struct update_contract *contract,
                   const struct update_change *change, slice domain)
{
    return domain.len != 0 && domain_is_under(domain, change->zone) &&
           contract->serves(contract->context, change->zone, domain);
}

/* A selector is one label or more (RFC 6376 section 3.1). */
static bool is_selector(slice text)
{
    slice label;

    while (slice_next_piece(&text, '.', &label)) {
        for (size_t i = 0; i < label.len; i++) {
            if (!ascii_is_alnum(label.ptr[i]) && label.ptr[i] != '-' &&
                label.ptr[i] != '_') {
                return false;
            }
        }
        if (label.len == 0) {
            return false;
        }
    }
    return true;
}

static bool is_key_name(const struct update_contract *contract,
                        const struct update_change *change)
{
    size_t at = slice_find(change->name, keys_label);
    slice selector = slice_first(change->name, at);
    slice domain = slice_skip(change->name, at + keys_label.len);

    return at < change->name.len && is_selector(selector) &&
           serves(contract, change, domain);
}

static bool is_dmarc_name(const struct update_contract *contract,
                          const struct update_change *change)
{
    return slice_starts_with(change->name, dmarc_label) &&
           serves(contract, change, slice_skip(change->name, dmarc_label.len));
}

/* No value may come or go that is no SPF record. */
static bool only_spf_changes(const struct update_rrset *from,
                             const struct update_rrset *to)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!rrset_has(to, from->values[i]) &&
            !value_is_text(from->values[i], SLICE("v=spf1")) &&
            !value_begins(from->values[i], SLICE("v=spf1 "))) {
            return false;
        }
    }
    return true;
}

static const char *fault_of_domain(const struct update_contract *contract,
                                   const struct update_change *change)
{
    if (!serves(contract, change, change->name)) {
        return "it is about a name that is none of ours: only keys, the DMARC record and "
               "the TXT records of domains served may be changed";
    }
    return contract->only_spf && (!only_spf_changes(&change->before, &change->after) ||
                                  !only_spf_changes(&change->after, &change->before))
               ? "it changes another TXT record of the domain than SPF's"
               : NULL;
}

static bool adds_any(const struct update_change *change)
{
    for (size_t i = 0; i < change->after.count; i++) {
        if (!rrset_has(&change->before, change->after.values[i])) {
            return true;
        }
    }
    return false;
}

enum yett_err update_check_contract(const struct update_contract *contract,
                                    const struct update_change *change, const char **why)
{
    const char *fault = NULL;

    if (!is_key_name(contract, change) && !is_dmarc_name(contract, change)) {
        fault = fault_of_domain(contract, change);
    }
    if (fault == NULL && change->after.count > contract->values_max) {
        fault = "it leaves more records at the name than are allowed";
    }
    if (fault == NULL && adds_any(change) && change->after.ttl_s > contract->ttl_max_s) {
        fault = "it adds a record with a longer time to live than is allowed";
    }
    if (fault != NULL) {
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}
