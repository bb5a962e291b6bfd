/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config/check.h"

#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/domain/domain.h"

#include <stdlib.h>

enum { SENTENCE_MAX = 4096, FIELD_NAME_MAX = 76 };

enum yett_err config_fault(struct arena *arena, slice *why, const char *key, slice title,
                           const char *text)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_text(&buf, key);
    if (title.len != 0) {
        buf_add_text(&buf, " \"");
        buf_add_visible(&buf, title);
        buf_add_byte(&buf, '"');
    }
    buf_add_text(&buf, ": ");
    buf_add_text(&buf, text);
    *why = buf_slice(&buf);
    return YETT_BAD_SYNTAX;
}

/* Fields that carry the message or its history: a mark of ours with such a name would have
   the sender's own field removed, or be taken for it. */
static const slice taken_names[] = {
    SLICE_INIT("From"),         SLICE_INIT("Sender"),       SLICE_INIT("Reply-To"),
    SLICE_INIT("To"),           SLICE_INIT("Cc"),           SLICE_INIT("Bcc"),
    SLICE_INIT("Date"),         SLICE_INIT("Subject"),      SLICE_INIT("Message-ID"),
    SLICE_INIT("In-Reply-To"),  SLICE_INIT("References"),   SLICE_INIT("Comments"),
    SLICE_INIT("Keywords"),     SLICE_INIT("Received"),     SLICE_INIT("Return-Path"),
    SLICE_INIT("MIME-Version"), SLICE_INIT("Received-SPF"), SLICE_INIT("DKIM-Signature"),
};
static const slice taken_prefixes[] = {
    SLICE_INIT("ARC-"),     SLICE_INIT("Authentication-Results"),
    SLICE_INIT("Content-"), SLICE_INIT("Resent-"),
    SLICE_INIT("List-"),
};

const char *config_field_name_fault(slice name)
{
    if (name.len == 0 || name.len > FIELD_NAME_MAX) {
        return "must be the name of a header field, of 1 to 76 characters";
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_vchar(name.ptr[i]) || name.ptr[i] == ':') {
            return "must be the name of a header field: printable ASCII without space "
                   "and colon";
        }
    }
    for (size_t i = 0; i < sizeof(taken_names) / sizeof(taken_names[0]); i++) {
        if (slice_eq_nocase(name, taken_names[i])) {
            return "is a field that messages need; choose another name, such as "
                   "X-Yett-Tag";
        }
    }
    for (size_t i = 0; i < sizeof(taken_prefixes) / sizeof(taken_prefixes[0]); i++) {
        if (slice_starts_with_nocase(name, taken_prefixes[i])) {
            return "is a field that messages need; choose another name, such as "
                   "X-Yett-Tag";
        }
    }
    return NULL;
}

struct ip_network config_network_meant(struct ip_network network)
{
    unsigned bits = network.address.family == IP_V4 ? 32 : 128;
    for (unsigned i = network.prefix; i < bits; i++) {
        network.address.bytes[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
    }
    return network;
}

const char *config_network_fault(struct ip_network network)
{
    if (network.prefix == 0) {
        return "is the whole Internet: every message would come from there";
    }
    if (!ip_eq(ip_unmap(network.address), network.address)) {
        return "is an IPv4 network written as IPv6; write it as IPv4, without ::ffff:";
    }
    if (!ip_eq(config_network_meant(network).address, network.address)) {
        return "has bits set behind its prefix length";
    }
    return NULL;
}

const char *config_exception_fault(const struct config_exception *exception)
{
    if (!exception->has_network && exception->signer.len == 0) {
        return "it has neither 'network' nor 'signer'; without one of them a forger "
               "could use it";
    }
    if (exception->because.len == 0) {
        return "it has no 'because'; say who asked for it and why";
    }
    if (exception->until_s <= 0) {
        return "it has no 'until'; an exception ends on some day, such as 2027-03-01";
    }
    return exception->has_network ? config_network_fault(exception->network) : NULL;
}

static enum yett_err check_names(struct arena *arena, const struct config *config,
                                 slice *why)
{
    slice normal;
    if (config->authserv_id.len != 0) {
        enum yett_err err = domain_normalize(arena, config->authserv_id, &normal);
        if (err == YETT_NO_MEMORY) {
            return err;
        }
        if (err != YETT_OK) {
            return config_fault(arena, why, "authserv_id", SLICE_NONE,
                                "is no domain name");
        }
    }
    const char *text = config_field_name_fault(config->tag_field);
    if (text != NULL) {
        return config_fault(arena, why, "tag_field", SLICE_NONE, text);
    }
    text = config_field_name_fault(config->quarantine_field);
    if (text != NULL) {
        return config_fault(arena, why, "quarantine_field", SLICE_NONE, text);
    }
    if (slice_eq_nocase(config->tag_field, config->quarantine_field)) {
        return config_fault(
            arena, why, "quarantine_field", SLICE_NONE,
            "is the same as tag_field; filters could not tell the two apart");
    }
    return YETT_OK;
}

static enum yett_err check_actions(struct arena *arena, const struct config *config,
                                   slice *why)
{
    if (config->dmarc.on_quarantine > CONFIG_QUARANTINE) {
        return config_fault(
            arena, why, "dmarc.on_quarantine", SLICE_NONE,
            "must not be harsher than quarantine, which is what the domain asked for");
    }
    if (config->dmarc.on_temperror > CONFIG_DEFER) {
        return config_fault(
            arena, why, "dmarc.on_temperror", SLICE_NONE,
            "must not be reject: a name server that is down is no failure of "
            "the message");
    }
    if (config->on_internal_error != CONFIG_DEFER &&
        config->on_internal_error != CONFIG_ACCEPT) {
        return config_fault(arena, why, "on_internal_error", SLICE_NONE,
                            "must be defer or accept");
    }
    if (config->dmarc.standard == CONFIG_RFC7489 && config->dmarc.suffix_list.len == 0) {
        return config_fault(
            arena, why, "dmarc.suffix_list", SLICE_NONE,
            "is empty, and dmarc.standard = \"rfc7489\" cannot do without");
    }
    return YETT_OK;
}

static void add_time(struct buf *buf, unsigned ms)
{
    buf_add_uint(buf, ms % 1000 == 0 ? ms / 1000 : ms);
    buf_add_text(buf, ms % 1000 == 0 ? "s" : "ms");
}

/* One of the two may be at its default, which whoever set the other need not know. */
static enum yett_err fault_of_deadline(struct arena *arena, const struct config *config,
                                       slice *why)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_text(&buf, "dns.deadline: is ");
    add_time(&buf, config->deadline_ms);
    buf_add_text(&buf, ", which is shorter than dns.timeout (");
    add_time(&buf, config->dns_timeout_ms);
    buf_add_text(&buf, "); one question may take no longer than all");
    *why = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
}

static enum yett_err check_times(struct arena *arena, const struct config *config,
                                 slice *why)
{
    if (config->dns_timeout_ms == 0) {
        return config_fault(arena, why, "dns.timeout", SLICE_NONE, "must not be zero");
    }
    return config->deadline_ms < config->dns_timeout_ms
               ? fault_of_deadline(arena, config, why)
               : YETT_OK;
}

bool config_networks_overlap(struct ip_network a, struct ip_network b)
{
    return ip_in_network(a.address, b) || ip_in_network(b.address, a);
}

static enum yett_err check_network_list(struct arena *arena, const char *key,
                                        const struct ip_network *networks, size_t count,
                                        slice *why)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = config_network_fault(networks[i]);
        if (text != NULL) {
            return config_fault(arena, why, key, SLICE_NONE, text);
        }
    }
    return YETT_OK;
}

/* Mail of a submission network is not verified, that of a relay is: it cannot be both. */
static enum yett_err check_networks(struct arena *arena, const struct config *config,
                                    slice *why)
{
    enum yett_err err =
        check_network_list(arena, "submission_networks", config->submission_networks,
                           config->submission_network_count, why);
    if (err == YETT_OK) {
        err = check_network_list(arena, "trusted_relays", config->trusted_relays,
                                 config->trusted_relay_count, why);
    }
    for (size_t i = 0; err == YETT_OK && i < config->trusted_relay_count; i++) {
        for (size_t j = 0; j < config->submission_network_count; j++) {
            if (config_networks_overlap(config->trusted_relays[i],
                                        config->submission_networks[j])) {
                struct buf buf;
                buf_init(&buf, arena, SENTENCE_MAX);
                buf_add_text(&buf, "trusted_relays: ");
                ip_write_network(&buf, config->trusted_relays[i]);
                buf_add_text(&buf, " overlaps with ");
                ip_write_network(&buf, config->submission_networks[j]);
                buf_add_text(&buf,
                             " of submission_networks; mail from there cannot be both "
                             "relayed (verified) and submitted (not verified)");
                *why = buf_slice(&buf);
                return YETT_BAD_SYNTAX;
            }
        }
    }
    return err;
}

/* The names of one kind of block, to find one that stands twice. */
struct names {
    const char *key;
    const void *items;
    size_t count;
    size_t item_size;
    size_t name_offset;
    const char *twice;
};

static slice name_at(const struct names *names, size_t index)
{
    const char *item = (const char *)names->items + index * names->item_size;
    slice name;
    memcpy(&name, item + names->name_offset, sizeof(name));
    return name;
}

static int compare_slices(const void *a, const void *b)
{
    return slice_cmp(*(const slice *)a, *(const slice *)b);
}

static enum yett_err check_names_once(struct arena *arena, const struct names *names,
                                      slice *why)
{
    slice *sorted = ARENA_ARRAY(arena, names->count, slice);
    if (sorted == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < names->count; i++) {
        sorted[i] = name_at(names, i);
    }
    if (names->count > 1) {
        qsort(sorted, names->count, sizeof(slice), compare_slices);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (sorted[i].len == 0) {
            return config_fault(arena, why, names->key, SLICE_NONE, "one has no name");
        }
        if (i > 0 && slice_eq(sorted[i - 1], sorted[i])) {
            return config_fault(arena, why, names->key, sorted[i], names->twice);
        }
    }
    return YETT_OK;
}

#define NAMES(key, list, member, twice)                                                  \
    {                                                                                    \
        key, config->list##s, config->list##_count, sizeof(struct config_##list),        \
            offsetof(struct config_##list, member), twice                                \
    }

static enum yett_err check_blocks(struct arena *arena, const struct config *config,
                                  slice *why)
{
    const struct names all[] = {
        NAMES("domain", domain, name, "stands twice"),
        NAMES("login", login, name, "stands twice"),
        NAMES("exception", exception, name, "stands twice"),
        NAMES("rule", rule, name, "stands twice"),
        NAMES("rule for author", rule, author,
              "is named by two rules; one of them is too many"),
        NAMES("forwarder", forwarder, name, "stands twice"),
        NAMES("recipient", recipient, pattern, "stands twice"),
        NAMES("listen", listener, name, "stands twice"),
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        enum yett_err err = check_names_once(arena, &all[i], why);
        if (err != YETT_OK) {
            return err;
        }
    }
    for (size_t i = 0; i < config->exception_count; i++) {
        const char *text = config_exception_fault(&config->exceptions[i]);
        if (text != NULL) {
            return config_fault(arena, why, "exception", config->exceptions[i].name,
                                text);
        }
    }
    for (size_t i = 0; i < config->recipient_count; i++) {
        const struct config_recipient *recipient = &config->recipients[i];
        if (recipient->has_on_quarantine &&
            recipient->on_quarantine > CONFIG_QUARANTINE) {
            return config_fault(arena, why, "recipient", recipient->pattern,
                                "on_quarantine must not be harsher than quarantine");
        }
    }
    return YETT_OK;
}

enum yett_err config_check(struct arena *arena, const struct config *config, slice *why)
{
    static enum yett_err (*const checks[])(struct arena *, const struct config *,
                                           slice *) = {
        check_names,          check_actions,        check_times,
        check_networks,       check_blocks,         config_check_gateway,
        config_check_signing, config_check_servers, config_check_sealing};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum yett_err err = checks[i](arena, config, why);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}
