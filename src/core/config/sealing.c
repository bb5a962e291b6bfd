/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/config/check.h"

/* sealing: the settings of sealing { } beside each other, and beside others. */

static bool seals_nothing(const struct config_sealing *sealing)
{
    return sealing->recipient_count == 0 && sealing->next_hop_count == 0 &&
           sealing->list_host_count == 0;
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
    if (sealing->domain.len == 0) {
        return seals_nothing(sealing)
                   ? YETT_OK
                   : config_fault(arena, why, "sealing.domain", SLICE_NONE,
                                  "is empty; say which domain of ours seals");
    }
    if (seals_nothing(sealing)) {
        return config_fault(arena, why, "sealing.domain", SLICE_NONE,
                            "is set, and neither 'recipients', 'next_hops' nor "
                            "'list_hosts' says which mail is sealed");
    }
    if (!may_have_key(config)) {
        return config_fault(arena, why, "sealing.domain", sealing->domain,
                            "no key may seal for it; name one in domain { seal }");
    }
    return check_list_hosts(arena, config, why);
}
