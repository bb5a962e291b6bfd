/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/verdict/parts.h"

/*
 * recipient "pattern" { … }: the most specific pattern wins: the address, then its domain,
 * then domains above that one.
 */
static slice domain_of(slice rcpt)
{
    return slice_skip(rcpt, slice_find_last_byte(rcpt, '@') + 1);
}

/* 0: does not match; an address beats any domain, a longer domain beats a shorter one. */
static size_t match_length(slice pattern, slice rcpt)
{
    if (slice_has_byte(pattern, '@')) {
        /* Deliberately without regard to case in the local part too (RFC 5321 2.3.11 lets
           only the final host decide): nobody runs two mailboxes that differ in it. */
        return slice_eq_nocase(pattern, rcpt) ? SIZE_MAX : 0;
    }
    return domain_is_under(domain_of(rcpt), pattern) ? pattern.len : 0;
}

static const struct config_recipient *find_recipient(const struct config *config,
                                                     slice rcpt)
{
    const struct config_recipient *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < config->recipient_count; i++) {
        size_t length = match_length(config->recipients[i].pattern, rcpt);
        if (length > longest) {
            longest = length;
            found = &config->recipients[i];
        }
    }
    return found;
}

struct verdict_settings verdict_settings_for(const struct config *config, slice rcpt)
{
    struct verdict_settings settings = {.mode = config->mode,
                                        .on_reject = config->dmarc.on_reject,
                                        .on_quarantine = config->dmarc.on_quarantine};
    const struct config_recipient *own =
        slice_is_empty(rcpt) ? NULL : find_recipient(config, rcpt);
    if (own == NULL) {
        return settings;
    }
    settings.mode = own->has_mode ? own->mode : settings.mode;
    settings.on_reject = own->has_on_reject ? own->on_reject : settings.on_reject;
    settings.on_quarantine =
        own->has_on_quarantine ? own->on_quarantine : settings.on_quarantine;
    return settings;
}
