/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"
#include "core/base/buf.h"

/*
 * seal: one more set (RFC 8617 section 5.1).
 *
 * Texts are made to be signed elsewhere, and wait for their signatures one after the other:
 * the seal covers the message signature with its b=.
 */
enum { FIELD_MAX = 64 * 1024 };

enum stage { STAGE_MESSAGE, STAGE_SEAL, STAGE_DONE };

struct arc_seal {
    struct arena *arena;
    const struct arc_chain *chain;
    struct arc_sealer sealer;
    unsigned instance;
    enum arc_code cv;
    enum stage stage;
    struct buf fields[ARC_FIELDS]; /* the one in the making ends with an empty b= */
    struct buf text;               /* to be signed next */
};

/* ---- texts -------------------------------------------------------------------------- */

/* As the header parser would have it, for canonicalisation. */
static struct message_field field_of(const struct arc_seal *seal, enum arc_field which)
{
    slice raw = buf_slice(&seal->fields[which]);
    slice name = slice_from_text(arc_field_names[which]);
    slice value = slice_skip(raw, name.len + 1);
    if (slice_ends_with(value, SLICE("\r\n"))) {
        value = slice_first(value, value.len - 2);
    }
    return (struct message_field){.raw = raw, .name = name, .value = value};
}

static void add_to_buf(void *context, slice bytes)
{
    buf_add(context, bytes);
}

static void add_canonical(struct arc_seal *seal, const struct message_field *field,
                          bool is_last)
{
    dkim_header_canon(DKIM_RELAXED, field, is_last,
                      (struct dkim_sink){.write = add_to_buf, .context = &seal->text});
}

static enum yett_err begin_text(struct arc_seal *seal)
{
    buf_init(&seal->text, seal->arena, DKIM_SIGNED_TEXT_MAX);
    for (int field = 0; field < ARC_FIELDS; field++) {
        enum yett_err err = buf_err(&seal->fields[field]);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static enum yett_err write_message_text(struct arc_seal *seal,
                                        const struct signer_chosen *chosen)
{
    enum yett_err err = begin_text(seal);
    if (err != YETT_OK) {
        return err;
    }
    signer_write_text(chosen, DKIM_RELAXED, buf_slice(&seal->fields[ARC_FIELD_MESSAGE]),
                      &seal->text);
    return buf_err(&seal->text);
}

/* Section 5.1.1; of a chain that failed only what is added now (5.1.2). */
static enum yett_err write_seal_text(struct arc_seal *seal)
{
    unsigned before = seal->cv == ARC_FAIL ? 0 : seal->instance - 1;
    enum yett_err err = begin_text(seal);
    if (err != YETT_OK) {
        return err;
    }
    for (unsigned i = 0; i < before; i++) {
        for (int field = 0; field < ARC_FIELDS; field++) {
            add_canonical(seal, seal->chain->links[i].fields[field], false);
        }
    }
    for (int which = 0; which < ARC_FIELDS; which++) {
        const struct message_field field = field_of(seal, (enum arc_field)which);
        add_canonical(seal, &field, which == ARC_FIELD_SEAL);
    }
    return buf_err(&seal->text);
}

/* ---- the life of a seal ------------------------------------------------------------- */

static bool is_among(slice name, const slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_nocase(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Section 4.1.2. */
static bool has_excluded(const struct signer_rules *rules)
{
    static const slice excluded[] = {
        SLICE_INIT("Authentication-Results"), SLICE_INIT("ARC-Authentication-Results"),
        SLICE_INIT("ARC-Message-Signature"), SLICE_INIT("ARC-Seal")};
    for (size_t i = 0; i < rules->count; i++) {
        if (is_among(rules->list[i].name, excluded,
                     sizeof(excluded) / sizeof(excluded[0]))) {
            return true;
        }
    }
    return false;
}

static enum yett_err choose_fields(const struct arc_seal *seal, struct signer_chosen *out,
                                   const char **why)
{
    const struct signer_rules rules =
        seal->sealer.rules.count != 0 ? seal->sealer.rules : signer_default_seal_rules();
    slice too_many = SLICE_NONE;
    if (has_excluded(&rules)) {
        *why = "Authentication-Results and the fields of ARC must not be signed";
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err =
        signer_choose_fields(seal->arena, &seal->chain->header, &rules, out, &too_many);
    if (err == YETT_OK && !is_among(SLICE("From"), out->names, out->name_count)) {
        *why = "From must be signed";
        return YETT_BAD_SYNTAX;
    }
    return err == YETT_BAD_SYNTAX ? YETT_LIMIT : err;
}

/* Steps 2 and 3. */
static enum yett_err choose_instance(const struct arc_chain *chain, unsigned *out,
                                     const char **why)
{
    if (arc_newest_says_fail(chain)) {
        *why = "the newest seal says that the chain is broken; there is nothing to add";
        return YETT_NOT_FOUND;
    }
    if (chain->highest >= ARC_SETS_MAX || chain->is_uncounted) {
        *why = "the chain has 50 sets already, or as many fields";
        return YETT_NOT_FOUND;
    }
    *out = chain->highest + 1;
    return YETT_OK;
}

static enum yett_err compose(struct arc_seal *seal, const char **why)
{
    const struct arc_chain *chain = seal->chain;
    slice body_hash = dkim_message_digest(chain->dkim, DKIM_RELAXED);
    struct signer_chosen chosen;
    if (body_hash.len == 0) {
        *why = "the body was not digested for a seal, or has not ended";
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = choose_fields(seal, &chosen, why);
    if (err == YETT_OK) {
        err = arc_compose_results(&seal->fields[ARC_FIELD_RESULTS], seal->arena,
                                  seal->instance, seal->sealer.results, why);
    }
    if (err != YETT_OK) {
        return err;
    }
    arc_compose_message(&seal->fields[ARC_FIELD_MESSAGE], seal->instance, &seal->sealer,
                        &chosen, body_hash);
    return write_message_text(seal, &chosen);
}

enum yett_err arc_prepare_seal(struct arc_chain *chain)
{
    return dkim_message_want_digest(chain->dkim, DKIM_RELAXED);
}

enum yett_err arc_seal_new(struct arena *arena, const struct arc_chain *chain,
                           const struct arc_result *result,
                           const struct arc_sealer *sealer, struct arc_seal **out,
                           const char **why)
{
    struct arc_seal *seal = ARENA_NEW(arena, struct arc_seal);
    if (seal == NULL) {
        return YETT_NO_MEMORY;
    }
    seal->arena = arena;
    seal->chain = chain;
    seal->sealer = *sealer;
    seal->cv = chain->fault.len != 0 ? ARC_FAIL : result->code;
    for (int field = 0; field < ARC_FIELDS; field++) {
        buf_init(&seal->fields[field], arena, FIELD_MAX);
    }
    enum yett_err err = choose_instance(chain, &seal->instance, why);
    if (err == YETT_OK) {
        err = compose(seal, why);
    }
    if (err == YETT_OK) {
        *out = seal;
    }
    return err;
}

slice arc_seal_text(const struct arc_seal *seal)
{
    return seal->stage == STAGE_DONE ? SLICE_NONE : buf_slice(&seal->text);
}

unsigned arc_seal_instance(const struct arc_seal *seal)
{
    return seal->instance;
}

enum arc_code arc_seal_cv(const struct arc_seal *seal)
{
    return seal->cv;
}

enum yett_err arc_seal_take(struct arc_seal *seal, slice signature)
{
    switch (seal->stage) {
    case STAGE_MESSAGE:
        arc_compose_signature(&seal->fields[ARC_FIELD_MESSAGE], signature);
        arc_compose_seal(&seal->fields[ARC_FIELD_SEAL], seal->instance, seal->cv,
                         &seal->sealer);
        seal->stage = STAGE_SEAL;
        return write_seal_text(seal);
    case STAGE_SEAL:
        arc_compose_signature(&seal->fields[ARC_FIELD_SEAL], signature);
        seal->stage = STAGE_DONE;
        /* The whole set takes the place of the text, which is done with. */
        enum yett_err err = begin_text(seal);
        for (int field = ARC_FIELDS; field > 0; field--) {
            buf_add(&seal->text, buf_slice(&seal->fields[field - 1]));
        }
        return err == YETT_OK ? buf_err(&seal->text) : err;
    case STAGE_DONE:
        break;
    }
    return YETT_OK;
}

slice arc_seal_fields(const struct arc_seal *seal)
{
    return seal->stage == STAGE_DONE ? buf_slice(&seal->text) : SLICE_NONE;
}
