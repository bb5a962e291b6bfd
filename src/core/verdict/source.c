/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/parts.h"

/*
 * Who is talking (doc/verdict.md).
 *
 * Behind a trusted relay the client that counts is the one that the outermost trusted relay
 * saw, so Received fields are read from the top as long as each names a trusted client.
 * The first that does not is the boundary: whatever stands below was written by strangers.
 */
enum { RELAY_HOPS_MAX = 20 };

static slice address_text(struct arena *arena, struct ip ip)
{
    struct buf buf;
    buf_init(&buf, arena, 64);
    ip_write(&buf, ip);
    return buf_slice(&buf);
}

static void forget_client(struct verdict *out)
{
    out->envelope.client = (struct ip){0};
    out->envelope.helo = SLICE_NONE;
}

static void say_unavailable(struct arena *arena, struct verdict *out, struct ip relay,
                            const char *why)
{
    forget_client(out);
    out->source_reason =
        arena_printf(arena, "came through the trusted relay %.*s, %s: SPF is unavailable",
                     SLICE_ARG(address_text(arena, relay)), why);
}

static void take_from_received(struct arena *arena, struct verdict *out, struct ip relay,
                               const struct message_received *received)
{
    out->envelope.client = received->client;
    out->envelope.helo = received->helo;
    if (received->has_mail_from) {
        out->envelope.mail_from = received->mail_from;
        out->envelope.has_mail_from = true;
    }
    out->source_reason =
        arena_printf(arena, "came through the trusted relay %.*s, which had it from %.*s",
                     SLICE_ARG(address_text(arena, relay)),
                     SLICE_ARG(address_text(arena, received->client)));
}

static enum yett_err look_behind_relay(struct arena *arena,
                                       const struct verdict_input *input,
                                       struct verdict *out)
{
    struct ip relay = out->envelope.client;
    size_t from = 0;
    for (unsigned hop = 0; hop < RELAY_HOPS_MAX; hop++) {
        size_t index = 0;
        const struct message_field *field =
            message_find_field(input->header, "Received", from, &index);
        if (field == NULL) {
            say_unavailable(arena, out, relay, "which added no Received field");
            return YETT_OK;
        }
        struct message_received received = {0};
        enum yett_err err = message_parse_received(arena, field->value, &received);
        if (err == YETT_BAD_SYNTAX) {
            say_unavailable(arena, out, relay, "whose Received field names no client");
            return YETT_OK;
        }
        if (err != YETT_OK) {
            return err;
        }
        received.client = ip_unmap(received.client);
        if (!config_is_trusted_relay(input->config, received.client)) {
            if (ip_is_private(received.client)) {
                /* A content filter that hands the message back, or a network behind the
                   relay: no address that SPF could know. */
                say_unavailable(arena, out, relay,
                                "which had it from a private address that is not among "
                                "trusted_relays");
                return YETT_OK;
            }
            take_from_received(arena, out, relay, &received);
            return YETT_OK;
        }
        relay = received.client;
        from = index + 1;
    }
    say_unavailable(arena, out, relay, "after more relays than anybody has");
    return YETT_OK;
}

/* Who logged in is never taken for a list host, whatever its address: through a web mail
   program on the same host any user could write results in our name.  The same goes for what
   the mail server's own sendmail command brings. */
bool verdict_is_of_list_host(const struct config *config,
                             const struct verdict_envelope *envelope)
{
    return !envelope->authenticated && !envelope->local &&
           config_is_list_host(config, envelope->client);
}

enum verdict_source verdict_source_of(const struct config *config,
                                      const struct verdict_envelope *envelope)
{
    struct ip client = ip_unmap(envelope->client);
    if (envelope->authenticated) {
        return VERDICT_SOURCE_SUBMISSION;
    }
    if (envelope->local && (client.family == IP_NONE || ip_is_loopback(client))) {
        return VERDICT_SOURCE_LOCAL;
    }
    if (client.family == IP_NONE) {
        return VERDICT_SOURCE_UNKNOWN;
    }
    if (config_is_submission(config, client) || config_is_list_host(config, client)) {
        return VERDICT_SOURCE_SUBMISSION;
    }
    return config_is_trusted_relay(config, client) ? VERDICT_SOURCE_RELAY
                                                   : VERDICT_SOURCE_OTHER;
}

bool verdict_is_of_our_own(const struct config *config,
                           const struct verdict_envelope *envelope)
{
    enum verdict_source source = verdict_source_of(config, envelope);
    return source == VERDICT_SOURCE_SUBMISSION || source == VERDICT_SOURCE_LOCAL;
}

static slice why_submission(const struct verdict_input *input)
{
    if (verdict_is_of_list_host(input->config, &input->envelope)) {
        return SLICE("the client is in sealing.list_hosts: mail of a list, which was "
                     "verified when it arrived");
    }
    return input->envelope.authenticated
               ? SLICE("the client is logged in: a submission of our own")
               : SLICE("the client is in submission_networks: a submission of our own");
}

enum yett_err verdict_find_source(struct arena *arena, const struct verdict_input *input,
                                  struct verdict *out)
{
    out->envelope = input->envelope;
    out->envelope.client = ip_unmap(input->envelope.client);
    out->source = verdict_source_of(input->config, &input->envelope);

    switch (out->source) {
    case VERDICT_SOURCE_SUBMISSION:
        out->source_reason = why_submission(input);
        return YETT_OK;
    case VERDICT_SOURCE_LOCAL:
        out->source_reason = SLICE("it was made on the mail server itself: a local "
                                   "program, or a bounce");
        return YETT_OK;
    case VERDICT_SOURCE_UNKNOWN:
        out->source_reason =
            SLICE("nobody says which client sent it: SPF is unavailable");
        return YETT_OK;
    case VERDICT_SOURCE_RELAY:
        return look_behind_relay(arena, input, out);
    case VERDICT_SOURCE_OTHER:
        out->source_reason = SLICE("an ordinary client: everything is verified");
        return YETT_OK;
    }
    return YETT_OK;
}
