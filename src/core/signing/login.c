/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/domain/domain.h"
#include "core/signing/parts.h"

/*
 * login: who may send mail of which domain.
 *
 * What the tables say of a login counts.  Of one that they do not name: who logs in with an
 * address may use the domain of it; and where only one domain is signed for, and nothing is
 * said of logins at all, there is none that he could mix it up with.
 */

static bool has_gap(slice login)
{
    for (size_t i = 0; i < login.len; i++) {
        uint8_t octet = (uint8_t)login.ptr[i];
        if (octet < 128 && !ascii_is_vchar(login.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* Names are tidied up on the way to their normal form: wide letters, other dots and invisible
   characters come to the same.  Whoever may choose his login must not become somebody else so. */
static enum yett_err is_written_plainly(struct arena *arena, slice domain, slice normal,
                                        bool *out)
{
    slice shown;
    *out = true;
    for (size_t i = 0; i < domain.len; i++) {
        if ((uint8_t)domain.ptr[i] > 127) {
            enum yett_err err = domain_to_unicode(arena, normal, &shown);
            *out = err == YETT_OK && slice_eq(shown, domain);
            return err;
        }
    }
    return YETT_OK;
}

/* The domain of a login that is an address, in normal form; or empty. */
static enum yett_err domain_of_login(struct arena *arena, slice login, slice *out)
{
    size_t at = slice_find_last_byte(login, '@');
    slice domain = slice_skip(login, at + 1);
    slice normal = SLICE_NONE;
    bool is_plain = false;
    *out = SLICE_NONE;
    if (at == login.len || at == 0 || has_gap(login)) {
        return YETT_OK;
    }
    enum yett_err err = domain_normalize(arena, domain, &normal);
    if (err == YETT_OK) {
        err = is_written_plainly(arena, domain, normal, &is_plain);
    }
    if (err == YETT_OK && is_plain) {
        *out = normal;
    }
    return err == YETT_BAD_SYNTAX ? YETT_OK : err;
}

static enum yett_err explain(struct arena *arena, slice login, slice author,
                             const char *text, struct signing_claim *out)
{
    struct buf buf;
    buf_init(&buf, arena, SIGNING_SENTENCE_MAX);
    buf_add_text(&buf, "the login \"");
    buf_add_visible(&buf, slice_first(login, SIGNING_LOGIN_SHOWN));
    buf_add_text(&buf, "\" ");
    buf_add_text(&buf, text);
    buf_add(&buf, author);
    out->reason = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_OK : YETT_NO_MEMORY;
}

/* Some servers take a login in any case and hand it on as it was typed: what the tables keep from
   it must not come back with a capital letter, or with another form of `domain`, which is its
   domain or empty. */
static enum yett_err is_kept_from(struct arena *arena, const struct signing_table *table,
                                  slice login, slice domain, slice author, bool *out)
{
    struct buf lower;
    size_t at = domain.len == 0 ? login.len : slice_find_last_byte(login, '@') + 1;
    buf_init(&lower, arena, SIGNING_LOGIN_MAX + DOMAIN_OCTETS_MAX);
    for (size_t i = 0; i < at; i++) {
        buf_add_byte(&lower, ascii_lower(login.ptr[i]));
    }
    buf_add(&lower, domain);
    *out = signing_find_login(table, buf_slice(&lower), author) == SIGNING_MAY_NOT;
    return buf_err(&lower);
}

static enum yett_err judge_unknown(struct arena *arena, const struct signing_table *table,
                                   slice login, slice author, struct signing_claim *out)
{
    slice domain;
    bool is_kept = false;
    enum yett_err err = domain_of_login(arena, login, &domain);
    if (err == YETT_OK) {
        err = is_kept_from(arena, table, login, domain, author, &is_kept);
    }
    if (err != YETT_OK) {
        return err;
    }
    out->is_permitted = !is_kept;
    if (is_kept) {
        return explain(
            arena, login, author,
            "is in the table of logins in another form, and may not send mail of ", out);
    }
    if (domain.len != 0 && slice_eq(domain, author)) {
        return explain(arena, login, author, "is an address of ", out);
    }
    if (signing_login_count(table) == 0 && signing_serves_one_domain(table)) {
        return explain(
            arena, login, author,
            "may send mail of the one domain that is signed for here, and so of ", out);
    }
    out->is_permitted = false;
    return explain(arena, login, author,
                   "is in no table of logins, and is no address of ", out);
}

enum yett_err signing_judge_login(struct arena *arena, const struct signing_table *table,
                                  slice login, slice author, struct signing_claim *out)
{
    *out = (struct signing_claim){.is_permitted = login.len <= SIGNING_LOGIN_MAX};
    if (!out->is_permitted) {
        /* It may have been cut, and be another one. */
        return explain(arena, login, author, "is too long to be known: it may not use ",
                       out);
    }
    switch (signing_find_login(table, login, author)) {
    case SIGNING_MAY:
        return explain(arena, login, author, "may send mail of ", out);
    case SIGNING_MAY_ANY:
        return explain(arena, login, author, "may send mail of any domain, and so of ",
                       out);
    case SIGNING_MAY_NOT:
        out->is_permitted = false;
        return explain(arena, login, author, "may not send mail of ", out);
    case SIGNING_LOGIN_UNKNOWN:
        break;
    }
    return judge_unknown(arena, table, login, author, out);
}
