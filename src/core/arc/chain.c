/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"

#include "core/base/buf.h"
#include "core/domain/domain.h"

/*
 * chain: from fields to sets, and what is wrong with their structure (RFC 8617 section 5.2
 * steps 1 to 3).
 *
 * All faults end the same, so the first one found is kept; only that the newest seal says
 * "fail" comes before all others, as the standard has it.
 */
const char *const arc_field_names[ARC_FIELDS] = {
    [ARC_FIELD_RESULTS] = "ARC-Authentication-Results",
    [ARC_FIELD_MESSAGE] = "ARC-Message-Signature",
    [ARC_FIELD_SEAL] = "ARC-Seal",
};

enum { FAULT_MAX = 700 };

struct collector {
    struct arc_chain *chain;
    enum yett_err err; /* of memory */
};

/* ---- what is wrong ------------------------------------------------------------------ */

static void note_fault(struct collector *collector, slice fault)
{
    if (fault.ptr == NULL) {
        collector->err = YETT_NO_MEMORY;
    } else if (collector->chain->fault.len == 0) {
        collector->chain->fault = fault;
    }
}

static void set_fault(struct collector *collector, unsigned instance, const char *what)
{
    note_fault(collector,
               arena_printf(collector->chain->arena, "set %u %s", instance, what));
}

/* The field cannot even be given to a set. */
static void field_fault(struct collector *collector, enum arc_field field, slice why)
{
    struct buf buf;
    buf_init(&buf, collector->chain->arena, FAULT_MAX);
    buf_printf(&buf, "an %s field ", arc_field_names[field]);
    if (why.len == 0) {
        buf_printf(&buf, "has no instance number from 1 to %d (i=)", ARC_SETS_MAX);
    } else {
        buf_add_text(&buf, "cannot be read: ");
        buf_add(&buf, why);
    }
    collector->err = buf_err(&buf) == YETT_NO_MEMORY ? YETT_NO_MEMORY : collector->err;
    note_fault(collector, buf_slice(&buf));
}

/* ---- fields ------------------------------------------------------------------------- */

static void note_unnumbered(struct collector *collector, enum arc_field field,
                            const struct dkim_signature *signature)
{
    /* Without any tag the list itself was refused. */
    bool is_unreadable = field != ARC_FIELD_RESULTS && signature->tags.count == 0;
    field_fault(collector, field, is_unreadable ? signature->error : SLICE_NONE);
}

static const enum dkim_form forms[ARC_FIELDS] = {
    [ARC_FIELD_MESSAGE] = DKIM_FORM_MESSAGE, [ARC_FIELD_SEAL] = DKIM_FORM_SEAL};

static void collect_field(struct collector *collector, enum arc_field field,
                          const struct message_field *at, size_t field_index)
{
    struct arc_chain *chain = collector->chain;
    struct dkim_signature signature = {0};
    unsigned instance = 0;

    if (field != ARC_FIELD_RESULTS) {
        collector->err = dkim_parse_form(chain->arena, forms[field], at, &signature);
        signature.field_index = field_index;
    }
    if (collector->err != YETT_OK) {
        return;
    }
    if (!arc_read_instance(field, at->value, &signature.tags, &instance)) {
        note_unnumbered(collector, field, &signature);
        return;
    }
    struct arc_link *link = &chain->links[instance - 1];
    chain->highest = instance > chain->highest ? instance : chain->highest;
    if (link->fields[field] != NULL) {
        note_fault(collector, arena_printf(chain->arena, "set %u has more than one %s",
                                           instance, arc_field_names[field]));
        return;
    }
    link->fields[field] = at;
    if (field == ARC_FIELD_MESSAGE) {
        link->message = signature;
    } else if (field == ARC_FIELD_SEAL) {
        link->seal = signature;
        link->has_cv = arc_read_cv(&signature.tags, &link->cv);
    }
}

static void collect_fields(struct collector *collector,
                           const struct message_header *header, enum arc_field field)
{
    size_t index = 0;
    const struct message_field *at =
        message_find_field(header, arc_field_names[field], 0, &index);
    while (at != NULL && collector->err == YETT_OK) {
        collect_field(collector, field, at, index);
        at = message_find_field(header, arc_field_names[field], index + 1, &index);
    }
}

/* ---- structure ---------------------------------------------------------------------- */

/* Section 5.2 step 3, A and B: with every set from 1 to the highest there are no gaps. */
static void check_presence(struct collector *collector)
{
    struct arc_chain *chain = collector->chain;
    for (unsigned i = 1; i <= chain->highest; i++) {
        const struct arc_link *link = &chain->links[i - 1];
        bool any = false;
        for (int field = 0; field < ARC_FIELDS; field++) {
            any = any || link->fields[field] != NULL;
        }
        for (int field = 0; field < ARC_FIELDS && any; field++) {
            if (link->fields[field] == NULL) {
                note_fault(collector, arena_printf(chain->arena, "set %u has no %s", i,
                                                   arc_field_names[field]));
            }
        }
        if (!any) {
            note_fault(collector, arena_printf(chain->arena, "set %u of %u is missing", i,
                                               chain->highest));
        }
    }
}

/* Step 3 C. */
static void check_status(struct collector *collector)
{
    struct arc_chain *chain = collector->chain;
    for (unsigned i = 1; i <= chain->highest; i++) {
        const struct arc_link *link = &chain->links[i - 1];
        enum arc_code wanted = i == 1 ? ARC_NONE : ARC_PASS;
        if (!link->has_cv) {
            set_fault(collector, i, "has a seal without a cv= of none, pass or fail");
        } else if (link->cv != wanted) {
            note_fault(collector,
                       arena_printf(chain->arena, "set %u has cv=%s where cv=%s belongs",
                                    i, arc_code_text(link->cv), arc_code_text(wanted)));
        }
    }
}

/* Step 2. */
bool arc_newest_says_fail(const struct arc_chain *chain)
{
    const struct arc_link *newest =
        chain->highest == 0 ? NULL : &chain->links[chain->highest - 1];
    return newest != NULL && newest->fields[ARC_FIELD_SEAL] != NULL && newest->has_cv &&
           newest->cv == ARC_FAIL;
}

static void check_length(struct collector *collector)
{
    struct arc_chain *chain = collector->chain;
    if (chain->highest > chain->limits.sets) {
        note_fault(collector,
                   arena_printf(chain->arena,
                                "it has %u sets, and at most %u are evaluated here",
                                chain->highest, chain->limits.sets));
    }
}

static enum yett_err collect(struct arc_chain *chain, const struct message_header *header)
{
    struct collector collector = {.chain = chain};
    size_t counts[ARC_FIELDS];
    for (int field = 0; field < ARC_FIELDS; field++) {
        counts[field] = message_count_fields(header, arc_field_names[field]);
        chain->field_count += counts[field];
    }
    if (chain->field_count == 0) {
        return YETT_OK;
    }
    for (int field = 0; field < ARC_FIELDS; field++) {
        if (counts[field] > ARC_SETS_MAX) { /* step 1 */
            note_fault(&collector,
                       arena_printf(chain->arena,
                                    "there are %zu fields %s, and a chain has at most %d "
                                    "sets",
                                    counts[field], arc_field_names[field], ARC_SETS_MAX));
            chain->is_uncounted = true;
            return collector.err;
        }
    }
    chain->links = ARENA_ARRAY(chain->arena, ARC_SETS_MAX, struct arc_link);
    if (chain->links == NULL) {
        return YETT_NO_MEMORY;
    }
    for (int field = 0; field < ARC_FIELDS && collector.err == YETT_OK; field++) {
        collect_fields(&collector, header, (enum arc_field)field);
    }
    if (arc_newest_says_fail(chain)) {
        chain->fault = SLICE_NONE;
        set_fault(&collector, chain->highest,
                  "says that the chain was broken when it came there (cv=fail)");
    }
    check_presence(&collector);
    check_status(&collector);
    check_length(&collector);
    return collector.err;
}

/* ---- taking part -------------------------------------------------------------------- */

static bool is_trusted(const struct arc_limits *limits, slice domain)
{
    for (size_t i = 0; i < limits->trusted_count && domain.len != 0; i++) {
        if (domain_eq(limits->trusted[i], domain)) {
            return true;
        }
    }
    return false;
}

/*
 * Without c= a message signature is simple/simple, as in DKIM.  Drafts of ARC had relaxed/relaxed
 * there, and so do sealers; what holds when it is read so holds as well.
 */
static enum yett_err add_relaxed(struct arc_chain *chain, struct arc_link *link)
{
    struct dkim_signature signature = link->message;
    if (signature.error.len != 0 || taglist_find(&signature.tags, "c") != NULL) {
        return YETT_OK;
    }
    signature.header_canon = DKIM_RELAXED;
    signature.body_canon = DKIM_RELAXED;
    link->relaxed_added = true;
    return dkim_message_add(chain->dkim, &signature, NULL, &link->relaxed_index);
}

static enum yett_err add_message(struct arc_chain *chain, struct arc_link *link)
{
    link->message_added = true;
    enum yett_err err =
        dkim_message_add(chain->dkim, &link->message, NULL, &link->message_index);
    return err == YETT_OK ? add_relaxed(chain, link) : err;
}

/* The newest always, others where somebody asked for them. */
static enum yett_err add_messages(struct arc_chain *chain)
{
    unsigned trusted = 0;
    for (unsigned i = chain->highest; i > 0; i--) {
        struct arc_link *link = &chain->links[i - 1];
        link->trusted = is_trusted(&chain->limits, link->seal.domain);
        trusted += link->trusted;
        if (i < chain->highest && !chain->limits.oldest_pass &&
            !(link->trusted && trusted <= ARC_TRUSTED_SETS_MAX)) {
            continue;
        }
        enum yett_err err = add_message(chain, link);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static enum yett_err add_seals(struct arc_chain *chain, struct crypto *crypto)
{
    uint8_t digests[ARC_SETS_MAX][CRYPTO_DIGEST_MAX];
    enum yett_err err = arc_hash_seals(crypto, chain, digests);
    for (unsigned i = 0; i < chain->highest && err == YETT_OK; i++) {
        struct arc_link *link = &chain->links[i];
        err = dkim_message_add(chain->dkim, &link->seal, digests[i], &link->seal_index);
    }
    return err;
}

enum yett_err arc_chain_new(struct arena *arena, struct crypto *crypto,
                            const struct message_header *header,
                            struct dkim_message *dkim, struct arc_limits limits,
                            struct arc_chain **out)
{
    struct arc_chain *chain = ARENA_NEW(arena, struct arc_chain);
    if (chain == NULL) {
        return YETT_NO_MEMORY;
    }
    chain->arena = arena;
    chain->dkim = dkim;
    chain->header = *header;
    chain->limits = limits;
    enum yett_err err = collect(chain, header);
    if (err == YETT_OK && chain->field_count != 0 && chain->fault.len == 0) {
        err = add_messages(chain);
        if (err == YETT_OK) {
            err = add_seals(chain, crypto);
        }
    }
    if (err == YETT_OK) {
        *out = chain;
    }
    return err;
}

bool arc_chain_exists(const struct arc_chain *chain)
{
    return chain->field_count != 0;
}

slice arc_newest_domain(const struct arc_chain *chain)
{
    return chain->field_count == 0 || chain->fault.len != 0
               ? SLICE_NONE
               : chain->links[chain->highest - 1].seal.domain;
}
