/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/identify.h"

#include "core/base/buf.h"
#include "core/domain/domain.h"

enum { WHY_BYTES_MAX = 320 }; /* a domain and a few words */

const struct dkim_result *dmarc_dkim_result(const struct dmarc_input *input, size_t index)
{
    return &input->dkim->list[index];
}

slice dmarc_dkim_domain(const struct dkim_result *result)
{
    return result->signature == NULL ? SLICE_NONE : result->signature->domain;
}

bool dmarc_dkim_passes(const struct dkim_result *result)
{
    return result->code == DKIM_PASS && result->counts;
}

bool dmarc_dkim_is_open(const struct dkim_result *result)
{
    return result->code == DKIM_TEMPERROR;
}

/* ---- gathering ------------------------------------------------------------------------- */

/* In the order of walking. */
enum rank { RANK_PASSES, RANK_OPEN, RANK_OTHER, RANKS };

static enum rank rank_of(const struct dkim_result *result)
{
    if (dmarc_dkim_passes(result)) {
        return RANK_PASSES;
    }
    return dmarc_dkim_is_open(result) ? RANK_OPEN : RANK_OTHER;
}

static struct dmarc_identifier *find(struct dmarc_identities *identities, slice domain)
{
    for (size_t i = 0; i < identities->count; i++) {
        if (slice_eq(identities->list[i].domain, domain)) {
            return &identities->list[i];
        }
    }
    return NULL;
}

static void add(struct dmarc_identities *identities, slice domain)
{
    if (domain.len != 0 && identities->count < DMARC_IDENTIFIERS_MAX &&
        find(identities, domain) == NULL) {
        identities->list[identities->count++] =
            (struct dmarc_identifier){.domain = domain};
    }
}

/* No organizational domain is shared without a shared top-level domain. */
static bool shares_top(slice a, slice b)
{
    return domain_is_under(a, domain_suffix(b, 1));
}

static void add_signers(struct dmarc_identities *identities, slice author)
{
    for (enum rank rank = RANK_PASSES; rank < RANKS; rank++) {
        for (size_t i = 0; i < identities->dkim_count; i++) {
            const struct dkim_result *result = dmarc_dkim_result(identities->input, i);
            slice domain = dmarc_dkim_domain(result);
            bool tried = rank != RANK_OTHER || result->evaluated;
            if (rank_of(result) == rank && shares_top(domain, author) &&
                (tried || domain_is_under(author, domain))) {
                add(identities, domain);
            }
        }
    }
}

/* The HELO identity never counts (RFC 9989 section 4.4.2); a null sender's is MAIL FROM. */
static enum yett_err add_spf(struct arena *arena, struct dmarc_identities *identities)
{
    const struct spf_result *spf = identities->input->spf;

    identities->has_spf = spf != NULL && spf->scope == SPF_SCOPE_MAIL_FROM;
    if (!identities->has_spf) {
        return YETT_OK;
    }
    slice domain;
    enum yett_err err = domain_normalize(arena, spf->domain, &domain);
    if (err == YETT_BAD_SYNTAX) {
        return YETT_OK; /* such as an address literal */
    }
    if (err == YETT_OK) {
        identities->spf_domain = domain;
    }
    return err;
}

enum yett_err dmarc_identities_init(struct arena *arena, const struct dmarc_input *input,
                                    struct dmarc_identities *out)
{
    slice author = input->from->domains[0];

    *out = (struct dmarc_identities){
        .input = input, .dkim_count = input->dkim == NULL ? 0 : input->dkim->count};
    out->dkim = ARENA_ARRAY(arena, out->dkim_count, enum dmarc_alignment);
    if (out->dkim == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = add_spf(arena, out);
    if (err != YETT_OK) {
        return err;
    }
    if (shares_top(out->spf_domain, author)) {
        add(out, out->spf_domain);
    }
    add_signers(out, author);
    return YETT_OK;
}

static void ask_walk_ahead(struct dns_view *dns, slice domain)
{
    slice names[DMARC_WALK_MAX];
    size_t count = dmarc_walk_names(domain, names);
    for (size_t i = 0; i < count; i++) {
        dmarc_ask_place_ahead(dns, names[i]);
    }
}

void dmarc_identities_ask_ahead(const struct dmarc_identities *identities, slice author,
                                struct dns_view *dns)
{
    /* Deliberately a rough measure: two labels in common are most often an organization,
       or a public suffix such as co.uk, which costs a question too many. */
    slice family = domain_suffix(author, 2);

    for (size_t i = 0; i < identities->count; i++) {
        if (domain_is_under(identities->list[i].domain, family)) {
            ask_walk_ahead(dns, identities->list[i].domain);
        }
    }
}

/* ---- comparing ------------------------------------------------------------------------- */

/* Whose walk this is, for the story. */
static enum yett_err why_walked(const struct dmarc_identities *identities,
                                struct dmarc_discovery *discovery, slice domain,
                                slice *why)
{
    struct buf buf;

    buf_init(&buf, discovery->survey.arena, WHY_BYTES_MAX);
    buf_add_text(&buf, "organizational domain of ");
    buf_add_text(&buf, slice_eq(domain, identities->spf_domain) ? "SPF's " : "d=");
    buf_add(&buf, domain);
    *why = buf_slice(&buf);
    return buf_err(&buf);
}

/* Does a result of this domain matter beyond being the author domain itself? */
static bool needs_comparing(const struct dmarc_identities *identities,
                            const struct dmarc_discovery *discovery, slice domain)
{
    if (!dmarc_applies(discovery)) {
        return false;
    }
    if (discovery->open != NULL) {
        return true;
    }
    const struct dmarc_record *record = discovery->place->record;
    bool only_spf = slice_eq(domain, identities->spf_domain);
    for (size_t i = 0; only_spf && i < identities->dkim_count; i++) {
        only_spf =
            !slice_eq(domain, dmarc_dkim_domain(dmarc_dkim_result(identities->input, i)));
    }
    if (only_spf) {
        return !record->strict_spf;
    }
    return !record->strict_dkim ||
           (slice_eq(domain, identities->spf_domain) && !record->strict_spf);
}

static enum yett_err align_one(struct dmarc_identities *identities,
                               struct dmarc_discovery *discovery,
                               struct dmarc_identifier *identifier)
{
    slice why = SLICE_NONE;
    enum yett_err err = YETT_OK;

    if (!slice_eq(identifier->domain, discovery->domain)) {
        err = why_walked(identities, discovery, identifier->domain, &why);
    }
    return err == YETT_OK ? dmarc_align(discovery, why, identifier) : err;
}

/* Once something is missing nothing more is consumed, so that the order in which answers are
   used does not depend on when they came; but the questions all go out in this round. */
static enum yett_err align_all(struct dmarc_identities *identities,
                               struct dmarc_discovery *discovery, enum yett_err so_far)
{
    for (size_t i = 0; i < identities->count; i++) {
        struct dmarc_identifier *identifier = &identities->list[i];
        slice domain = identifier->domain;
        bool same = slice_eq(domain, discovery->domain);
        if (!same && (!needs_comparing(identities, discovery, domain) ||
                      !dmarc_may_align(discovery, domain))) {
            continue;
        }
        if (so_far == YETT_NEED_ANSWERS) {
            ask_walk_ahead(discovery->survey.dns, domain);
            continue;
        }
        so_far = align_one(identities, discovery, identifier);
        if (so_far != YETT_OK && so_far != YETT_NEED_ANSWERS) {
            break;
        }
    }
    return so_far;
}

static enum dmarc_alignment alignment_of(struct dmarc_identities *identities,
                                         const struct dmarc_discovery *discovery,
                                         slice domain, bool strict)
{
    const struct dmarc_identifier *identifier = find(identities, domain);
    struct dmarc_identifier unwalked = {.domain = domain};

    if (domain.len == 0) {
        return DMARC_ALIGNED_NO;
    }
    return dmarc_alignment_of(discovery, identifier == NULL ? &unwalked : identifier,
                              strict);
}

enum yett_err dmarc_identities_align(struct dmarc_identities *identities,
                                     struct dmarc_discovery *discovery,
                                     enum yett_err so_far)
{
    enum yett_err err = align_all(identities, discovery, so_far);
    if (err != YETT_OK) {
        return err;
    }
    bool known = discovery->place != NULL;
    bool strict_spf = known && discovery->place->record->strict_spf;
    bool strict_dkim = known && discovery->place->record->strict_dkim;

    identities->spf =
        alignment_of(identities, discovery, identities->spf_domain, strict_spf);
    const struct dmarc_identifier *spf = find(identities, identities->spf_domain);
    if (spf != NULL) {
        identities->spf_org_domain = spf->org_domain;
    }
    for (size_t i = 0; i < identities->dkim_count; i++) {
        slice domain = dmarc_dkim_domain(dmarc_dkim_result(identities->input, i));
        identities->dkim[i] = alignment_of(identities, discovery, domain, strict_dkim);
    }
    return YETT_OK;
}
