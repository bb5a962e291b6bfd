/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/config.h"
#include "core/domain/domain.h"

static bool is_in_any(struct ip ip, const struct ip_network *networks, size_t count)
{
    struct ip plain = ip_unmap(ip); /* ::ffff:192.0.2.1 is how a dual socket sees IPv4 */
    for (size_t i = 0; i < count; i++) {
        if (ip_in_network(plain, networks[i])) {
            return true;
        }
    }
    return false;
}

bool config_is_submission(const struct config *config, struct ip ip)
{
    return is_in_any(ip, config->submission_networks, config->submission_network_count);
}

bool config_is_trusted_relay(const struct config *config, struct ip ip)
{
    return is_in_any(ip, config->trusted_relays, config->trusted_relay_count);
}

bool config_is_list_host(const struct config *config, struct ip ip)
{
    return is_in_any(ip, config->sealing.list_hosts, config->sealing.list_host_count);
}

bool config_pattern_fits(slice pattern, slice address)
{
    if (slice_has_byte(pattern, '@')) {
        return slice_eq_nocase(pattern, address);
    }
    size_t at = slice_find_last_byte(address, '@');
    return domain_is_under(slice_skip(address, at + 1), pattern);
}

bool config_is_ours(const struct config *config, slice domain)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        if (domain_is_under(domain, config->domains[i].name)) {
            return true;
        }
    }
    return false;
}

bool config_signs(const struct config *config)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->sign_count != 0 || domain->seal_count != 0 || domain->rotate) {
            return true;
        }
    }
    return config->signing.domains_file.len != 0;
}
