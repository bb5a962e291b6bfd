/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/arc.h"
#include "core/keeper/keeper.h"

/*
 * check: the contract.
 *
 * Each clause is a function that refuses or lets pass; the tables say which of them hold for
 * a kind of text.  Whoever wrote the text may have been taken over: nothing it says is taken
 * for granted but that these octets are what will be signed.
 */
struct checking {
    struct arena *arena;
    const struct signing_table *table;
    const struct keeper_text *text;
    int64_t now_s;
    struct signer_request request;
    struct signing_row row;
    struct keeper_finding *out;
    enum yett_err err;
};

/* A clause: false when it is broken, or when there is no memory. */
typedef bool clause(struct checking *c);

/* ---- refusing --------------------------------------------------------------------------- */

/* `detail` may hold anything. */
static bool refuse(struct checking *c, enum keeper_refusal refusal, slice detail)
{
    struct buf buf;
    buf_init(&buf, c->arena, KEEPER_REASON_MAX);
    buf_add_text(&buf, keeper_refusal_text(refusal));
    if (!slice_is_empty(detail)) {
        buf_add_text(&buf, ": ");
        buf_add_visible(&buf, slice_first(detail, KEEPER_REASON_MAX / 2));
    }
    c->err = buf_err(&buf) == YETT_LIMIT ? YETT_OK : buf_err(&buf); /* then it is cut */
    c->out->refusal = refusal;
    c->out->reason = buf_slice(&buf);
    return false;
}

static bool refuse_for(struct checking *c, enum keeper_refusal refusal, const char *text)
{
    return refuse(c, refusal, slice_from_text(text));
}

/* ---- clauses ---------------------------------------------------------------------------- */

static bool is_written_so(struct checking *c)
{
    static const enum dkim_form forms[] = {
        [KEEPER_DKIM] = DKIM_FORM_SIGNATURE,
        [KEEPER_ARC_MESSAGE] = DKIM_FORM_MESSAGE,
        [KEEPER_ARC_SEAL] = DKIM_FORM_SEAL,
    };
    slice why = SLICE_NONE;
    enum yett_err err = signer_parse_text(c->arena, forms[c->text->kind], c->text->octets,
                                          &c->request, &why);
    if (err == YETT_NO_MEMORY) {
        c->err = err;
        return false;
    }
    if (err != YETT_OK) {
        return refuse(c, KEEPER_REFUSED_TEXT,
                      err == YETT_LIMIT ? SLICE("it is too large") : why);
    }
    c->out->domain = c->request.signature.domain;
    c->out->selector = c->request.signature.selector;
    c->out->algorithm = c->request.signature.algorithm;
    return true;
}

/* A verifier would call the chain broken, and it would be broken by us. */
static bool claims_what_can_be(struct checking *c)
{
    const char *why = NULL;
    enum yett_err err =
        arc_check_claims(c->arena, &c->request.header, &c->request.signature, &why);
    if (err == YETT_NO_MEMORY) {
        c->err = err;
        return false;
    }
    return err == YETT_OK || refuse_for(c, KEEPER_REFUSED_TEXT, why);
}

static bool covers_the_body(struct checking *c)
{
    return c->request.signature.body_length == DKIM_NO_LENGTH ||
           refuse_for(c, KEEPER_REFUSED_LENGTH, NULL);
}

static bool is_made_now(struct checking *c)
{
    int64_t at_s = c->request.signature.signed_at_s;
    if (at_s == DKIM_NO_TIME) {
        return refuse_for(c, KEEPER_REFUSED_TIME, "there is none");
    }
    if (at_s < c->now_s - KEEPER_CLOCK_SKEW_S) {
        return refuse_for(c, KEEPER_REFUSED_TIME, "it is past");
    }
    return at_s <= c->now_s + KEEPER_CLOCK_SKEW_S ||
           refuse_for(c, KEEPER_REFUSED_TIME, "it is to come");
}

static bool ends_in_time(struct checking *c)
{
    int64_t end_s = c->request.signature.expires_at_s;
    if (end_s == DKIM_NO_TIME) {
        return true;
    }
    if (end_s <= c->now_s || end_s <= c->request.signature.signed_at_s) {
        return refuse_for(c, KEEPER_REFUSED_EXPIRY, "it is over");
    }
    return end_s <= c->now_s + KEEPER_EXPIRY_MAX_S ||
           refuse_for(c, KEEPER_REFUSED_EXPIRY, "it is more than 30 days away");
}

static bool ends(struct checking *c)
{
    return c->request.signature.expires_at_s != DKIM_NO_TIME ||
           refuse_for(c, KEEPER_REFUSED_EXPIRY, "there is none");
}

static bool has_a_key(struct checking *c)
{
    const struct keeper_finding *out = c->out;
    return signing_find_row(c->table, out->domain, out->selector, &c->row) ||
           refuse(c, KEEPER_REFUSED_KEY,
                  arena_printf(c->arena, "d=%.*s s=%.*s", SLICE_ARG(out->domain),
                               SLICE_ARG(out->selector)));
}

static bool is_permitted(struct checking *c)
{
    unsigned wanted = c->text->kind == KEEPER_DKIM ? SIGNING_DKIM : SIGNING_ARC;
    return (c->row.uses & wanted) != 0 ||
           refuse(c, KEEPER_REFUSED_PERMISSION, c->out->selector);
}

static bool suits_the_key(struct checking *c)
{
    enum dkim_algorithm wanted =
        c->row.type == CRYPTO_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
    return c->out->algorithm == wanted ||
           refuse_for(c, KEEPER_REFUSED_ALGORITHM, dkim_algorithm_text(wanted));
}

/* So that nobody adds another one to what was signed (RFC 6376 section 8.15). */
static bool seals_from(struct checking *c)
{
    size_t count = message_count_fields(&c->request.header, "From");
    if (count == 0) {
        return refuse_for(c, KEEPER_REFUSED_AUTHOR, "there is none");
    }
    return dkim_count_signed(&c->request.signature, "From") > count ||
           refuse_for(c, KEEPER_REFUSED_FROM_UNSIGNED, NULL);
}

/* The From of `header` names one domain, and mail of that one is signed so. */
static bool is_ours(struct checking *c, const struct message_header *header)
{
    struct message_from from;
    struct signing_rows rows;
    c->err = message_read_from(c->arena, header, &from);
    if (c->err != YETT_OK) {
        return false;
    }
    if (from.status != MESSAGE_FROM_OK || from.domain_count != 1) {
        return refuse(c, KEEPER_REFUSED_AUTHOR, from.reason);
    }
    if (!signing_find_author(c->table, from.domains[0], &rows)) {
        return refuse(c, KEEPER_REFUSED_DOMAIN, from.domains[0]);
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (slice_eq(rows.list[i].domain, c->out->domain) &&
            slice_eq(rows.list[i].selector, c->out->selector)) {
            return true;
        }
    }
    return refuse(c, KEEPER_REFUSED_DOMAIN, from.domains[0]);
}

/* Each From by itself: several are odd, but a setting allows them.  Where a field may hide in
   another, the header is read as a whole, which finds it: then there may be only one. */
static bool is_of_our_author(struct checking *c)
{
    const struct message_header *header = &c->request.header;
    const struct message_field *field;
    size_t at = 0;
    if ((header->defects & MESSAGE_MAY_HIDE) != 0) {
        return is_ours(c, header);
    }
    while ((field = message_find_field(header, "From", at, &at)) != NULL) {
        const struct message_header alone = {.fields = field, .count = 1};
        if (!is_ours(c, &alone)) {
            return false;
        }
        at++;
    }
    return true;
}

/* ---- the contract ----------------------------------------------------------------------- */

/* End in NULL. */
static clause *const clauses_of_dkim[] = {
    is_written_so, covers_the_body,  is_made_now,  ends,
    ends_in_time,  has_a_key,        is_permitted, suits_the_key,
    seals_from,    is_of_our_author, NULL};
static clause *const clauses_of_arc_message[] = {
    is_written_so, claims_what_can_be, covers_the_body, is_made_now, ends_in_time,
    has_a_key,     is_permitted,       suits_the_key,   seals_from,  NULL};
static clause *const clauses_of_arc_seal[] = {
    is_written_so, claims_what_can_be, is_made_now, has_a_key,
    is_permitted,  suits_the_key,      NULL};

static clause *const *clauses_for(uint8_t kind)
{
    switch (kind) {
    case KEEPER_DKIM:
        return clauses_of_dkim;
    case KEEPER_ARC_MESSAGE:
        return clauses_of_arc_message;
    case KEEPER_ARC_SEAL:
        return clauses_of_arc_seal;
    default: /* a number from outside, no enum; and KEEPER_TSIG */
        return NULL;
    }
}

enum yett_err keeper_check(struct arena *arena, const struct signing_table *table,
                           const struct keeper_text *text, int64_t now_s,
                           struct keeper_finding *out)
{
    struct keeper_finding finding = {.algorithm = DKIM_UNKNOWN_ALGORITHM};
    struct checking checking = {
        .arena = arena, .table = table, .text = text, .now_s = now_s, .out = &finding};
    clause *const *clauses = clauses_for(text->kind);
    bool holds = clauses != NULL;
    if (!holds) {
        (void)refuse_for(&checking, KEEPER_REFUSED_KIND, NULL);
    }
    for (; holds && *clauses != NULL; clauses++) {
        holds = (*clauses)(&checking);
    }
    if (checking.err != YETT_OK) {
        return checking.err;
    }
    finding.key = checking.row.key;
    *out = finding;
    return YETT_OK;
}
