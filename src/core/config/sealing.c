/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/config/check.h"

/* sealing: the settings of sealing { } beside each other, and beside others. */

/* A key that says what is sealed; NULL when none does. */
static const char *what_is_sealed(const struct config_sealing *sealing)
{
    if (sealing->recipient_count != 0) {
        return "sealing.recipients";
    }
    if (sealing->next_hop_count != 0) {
        return "sealing.next_hops";
    }
    return sealing->list_host_count != 0 ? "sealing.list_hosts" : NULL;
}

/* Keys of a domain may stand in signing.domains_file as well. */
static bool may_have_key(const struct config *config)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (slice_eq(domain->name, config->sealing.domain)) {
            return domain->seal_count != 0 || config->signing.domains_file.len != 0;
        }
    }
    return config->signing.domains_file.len != 0;
}

static enum yett_err check_list_hosts(struct arena *arena, const struct config *config,
                                      slice *why)
{
    const struct config_sealing *sealing = &config->sealing;
    for (size_t i = 0; i < sealing->list_host_count; i++) {
        const char *text = config_network_fault(sealing->list_hosts[i]);
        if (text != NULL) {
            return config_fault(arena, why, "sealing.list_hosts", SLICE_NONE, text);
        }
        for (size_t j = 0; j < config->trusted_relay_count; j++) {
            if (config_networks_overlap(sealing->list_hosts[i],
                                        config->trusted_relays[j])) {
                return config_fault(
                    arena, why, "sealing.list_hosts", SLICE_NONE,
                    "overlaps with trusted_relays; mail from there cannot be both of a "
                    "list (verified when it arrived) and relayed (verified now)");
            }
        }
    }
    return YETT_OK;
}

enum yett_err config_check_sealing(struct arena *arena, const struct config *config,
                                   slice *why)
{
    const struct config_sealing *sealing = &config->sealing;
    const char *key = what_is_sealed(sealing);
    if (sealing->domain.len == 0) {
        return key == NULL ? YETT_OK
                           : config_fault(arena, why, key, SLICE_NONE,
                                          "is set, and sealing.domain does not say whose "
                                          "key seals");
    }
    if (key == NULL) {
        return config_fault(arena, why, "sealing.domain", SLICE_NONE,
                            "is set, and neither 'recipients', 'next_hops' nor "
                            "'list_hosts' says which mail is sealed");
    }
    if (!may_have_key(config)) {
        return config_fault(arena, why, "sealing.domain", SLICE_NONE,
                            "no key may seal for it; name one in domain { seal }");
    }
    return check_list_hosts(arena, config, why);
}
