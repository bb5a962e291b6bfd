/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/domain/domain.h"
#include "core/spf/evaluation.h"

/*
 * identity: the <domain> and <sender> that check_host() begins with (RFC 7208 sections 2.3,
 * 2.4 and 4.3; RFC 8616 section 4).
 */

#define POSTMASTER SLICE("postmaster")

/* "@relay.test:user@example.org": the route says nothing any more (RFC 5321 section 4.1.2). */
static slice without_route(slice path)
{
    size_t at = slice_find_last_byte(path, '@');
    size_t colon = slice_find_last_byte(slice_first(path, at), ':');
    bool routed = slice_peek(path) == '@' && at > 0 && colon < at;
    return routed ? slice_skip(path, colon + 1) : path;
}

static bool is_ascii(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool is_address(slice text)
{
    struct ip ip;
    return slice_peek(text) == '[' || ip_parse(text, &ip) == YETT_OK;
}

/* `*domain` holds what was given. */
static enum yett_err normalize(struct arena *arena, slice *domain, const char **problem)
{
    if (slice_is_empty(*domain)) {
        *problem = "no domain was given, so there is no record to look for";
        return YETT_OK;
    }
    if (is_address(*domain)) {
        *problem =
            "$n is an address and no domain name, so there is no record to look for";
        return YETT_OK;
    }
    slice normal;
    enum yett_err err = domain_normalize(arena, *domain, &normal);
    if (err == YETT_BAD_SYNTAX) {
        *problem =
            "$n is not a well-formed domain name, so there is no record to look for";
        return YETT_OK;
    }
    if (err != YETT_OK) {
        return err;
    }
    *domain = normal;
    if (domain_label_count(normal) < 2) {
        *problem =
            "$n is not a fully qualified domain name, so there is no record to look for";
    }
    return YETT_OK;
}

/* %{h}: U-labels become A-labels; a name that is none stays as the client gave it. */
static enum yett_err normal_helo(struct arena *arena, slice helo, slice *out)
{
    enum yett_err err = domain_normalize(arena, helo, out);
    if (err == YETT_BAD_SYNTAX) {
        *out = helo;
        return YETT_OK;
    }
    return err;
}

static enum yett_err join_sender(struct arena *arena, struct spf_identity *identity)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX);
    buf_add(&buf, identity->local);
    buf_add_byte(&buf, '@');
    buf_add(&buf, identity->domain);
    identity->sender = buf_slice(&buf);
    return buf_err(&buf);
}

enum yett_err spf_identity_of(struct arena *arena, const struct spf_query *query,
                              struct spf_identity *out)
{
    slice path = SLICE_NONE; /* the mailbox, when there is one */
    slice given = query->helo;
    struct spf_identity identity = {.local = POSTMASTER};
    if (query->scope == SPF_SCOPE_MAIL_FROM && !slice_is_empty(query->mail_from)) {
        path = without_route(query->mail_from);
        size_t at = slice_find_last_byte(path, '@');
        given = at == path.len ? path : slice_skip(path, at + 1);
        if (at > 0 && at < path.len) {
            identity.local = slice_first(path, at);
        }
    }

    identity.domain = given;
    enum yett_err err = normalize(arena, &identity.domain, &identity.problem);
    if (err == YETT_OK) {
        err = normal_helo(arena, query->helo, &identity.helo);
    }
    if (err != YETT_OK) {
        return err;
    }
    identity.local_is_ascii = is_ascii(identity.local);

    bool as_given = identity.local.ptr == path.ptr && slice_eq(identity.domain, given);
    if (as_given) {
        identity.sender = path;
    } else {
        err = join_sender(arena, &identity);
    }
    if (err == YETT_OK) {
        *out = identity;
    }
    return err;
}
