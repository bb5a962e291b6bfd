/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/check.h"

/* signing: what the settings of signatures may say. */
static bool has_twice(const struct config_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (slice_eq(keys[i].selector, keys[j].selector)) {
                return true;
            }
        }
    }
    return false;
}

const char *config_domain_fault(const struct config_domain *domain)
{
    if (domain->sign_count > CONFIG_KEYS_OF_DOMAIN_MAX ||
        domain->seal_count > CONFIG_KEYS_OF_DOMAIN_MAX) {
        return "it names more than four keys of a kind; each costs every message a "
               "signature";
    }
    if (has_twice(domain->sign, domain->sign_count) ||
        has_twice(domain->seal, domain->seal_count)) {
        return "one of its keys stands twice in a list";
    }
    return NULL;
}

static enum yett_err check_domains(struct arena *arena, const struct config *config,
                                   slice *why)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        const char *fault = config_domain_fault(&config->domains[i]);
        if (fault != NULL) {
            return config_fault(arena, why, "domain", config->domains[i].name, fault);
        }
    }
    return YETT_OK;
}

enum yett_err config_check_signing(struct arena *arena, const struct config *config,
                                   slice *why)
{
    const struct config_signing *signing = &config->signing;
    if (signing->expire_s <= 0 || signing->expire_s > CONFIG_EXPIRE_MAX_S) {
        return config_fault(arena, why, "signing.expire", SLICE_NONE,
                            "must be from an hour to 30 days, which is the longest that "
                            "keepers sign for");
    }
    if (signing->keys_directory.len == 0) {
        return config_fault(arena, why, "signing.keys_directory", SLICE_NONE,
                            "must name a directory");
    }
    const char *fault =
        signing->keeper_user.len == 0 ? NULL : config_account_fault(signing->keeper_user);
    return fault != NULL
               ? config_fault(arena, why, "signing.keeper_user", SLICE_NONE, fault)
               : check_domains(arena, config, why);
}
