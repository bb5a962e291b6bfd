/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"

/* autopsy: body and header, each by itself, and what both together say. */

/* ---- words ------------------------------------------------------------------------------ */

const char *autopsy_kind_text(enum autopsy_kind kind)
{
    static const char *const texts[] = {
        [AUTOPSY_UNTOUCHED] = "untouched",
        [AUTOPSY_UNRECOGNISED] = "unrecognised",
        [AUTOPSY_OTHER_KEY] = "other-key",
        [AUTOPSY_TOO_LARGE] = "too-large",
        [AUTOPSY_FOOTER_ADDED] = "footer-added",
        [AUTOPSY_BANNER_ADDED] = "banner-added",
        [AUTOPSY_TEXT_INSERTED] = "text-inserted",
        [AUTOPSY_PART_ADDED] = "part-added",
        [AUTOPSY_PART_WRAPPED] = "part-wrapped",
        [AUTOPSY_LINE_ENDS_CHANGED] = "line-ends-changed",
        [AUTOPSY_BLANK_LINES_CHANGED] = "blank-lines-changed",
        [AUTOPSY_DOTS_CHANGED] = "dots-changed",
        [AUTOPSY_FROM_QUOTED] = "from-quoted",
        [AUTOPSY_LINES_WRAPPED] = "lines-wrapped",
        [AUTOPSY_SPACE_CHANGED] = "space-changed",
        [AUTOPSY_ENCODING_CHANGED] = "encoding-changed",
        [AUTOPSY_LINKS_REWRITTEN] = "links-rewritten",
        [AUTOPSY_PREAMBLE_REMOVED] = "preamble-removed",
        [AUTOPSY_SUBJECT_TAGGED] = "subject-tagged",
        [AUTOPSY_FROM_REPLACED] = "from-replaced",
        [AUTOPSY_FIELD_ADDED] = "field-added",
        [AUTOPSY_FIELD_REMOVED] = "field-removed",
        [AUTOPSY_FIELD_REFOLDED] = "field-refolded",
        [AUTOPSY_FIELD_BROKEN] = "field-broken",
        [AUTOPSY_FIELD_NAME_CHANGED] = "field-name-changed",
        [AUTOPSY_FIELD_TEXT_INSERTED] = "field-text-inserted",
        [AUTOPSY_FIELD_REPLACED] = "field-replaced",
        [AUTOPSY_FIELDS_REORDERED] = "fields-reordered",
        [AUTOPSY_WORDS_RECODED] = "words-recoded",
        [AUTOPSY_ADDRESSES_REORDERED] = "addresses-reordered",
        [AUTOPSY_ADDRESSES_REWRITTEN] = "addresses-rewritten",
        [AUTOPSY_MIME_FIELD_CHANGED] = "mime-field-changed",
        [AUTOPSY_DATE_REWRITTEN] = "date-rewritten",
        [AUTOPSY_SIGNATURE_REWRITTEN] = "signature-rewritten",
    };
    return texts[kind];
}

const char *autopsy_state_text(enum autopsy_state state)
{
    switch (state) {
    case AUTOPSY_AS_SIGNED:
        return "as-signed";
    case AUTOPSY_EXPLAINED:
        return "explained";
    case AUTOPSY_UNEXPLAINED:
        return "unexplained";
    case AUTOPSY_NOT_LOOKED_AT:
        break;
    }
    return "unknown";
}

const char *autopsy_confidence_text(enum autopsy_confidence confidence)
{
    static const char *const texts[] = {[AUTOPSY_NONE] = "none",
                                        [AUTOPSY_LIKELY] = "likely",
                                        [AUTOPSY_CERTAIN] = "certain"};
    return texts[confidence];
}

/* ---- the key ---------------------------------------------------------------------------- */

static bool is_usable(const struct autopsy_input *input)
{
    const struct dkim_signature *signature = input->signature;
    if (signature->error.len != 0) {
        return false;
    }
    switch (signature->algorithm) {
    case DKIM_RSA_SHA1:
    case DKIM_RSA_SHA256:
        return input->key_type == CRYPTO_RSA;
    case DKIM_ED25519_SHA256:
        return input->key_type == CRYPTO_ED25519;
    case DKIM_UNKNOWN_ALGORITHM:
        break;
    }
    return false;
}

/* What candidates of the header are compared with; `*signed_by_key` is false for an RSA key
   that did not make this signature. */
static enum yett_err find_target(struct autopsy_header *header, bool *signed_by_key)
{
    struct autopsy_work *work = header->work;
    const struct autopsy_input *input = work->input;
    const char *why = NULL;
    *signed_by_key = true;
    if (input->key_type == CRYPTO_ED25519) {
        return crypto_key_from_ed25519(work->crypto, input->key, &header->key, &why);
    }
    header->has_target = true;
    return crypto_rsa_recover(input->key, work->digest, input->signature->signature,
                              header->target, signed_by_key, &why);
}

/* ---- the sentence ----------------------------------------------------------------------- */

/* That another key made a signature shows with RSA only: its digest cannot be recovered. */
static const char *header_text(const struct autopsy_finding *out, bool is_rsa)
{
    switch (out->header) {
    case AUTOPSY_AS_SIGNED:
        return "the header is as signed";
    case AUTOPSY_EXPLAINED:
        return "with that undone the header is as signed";
    case AUTOPSY_UNEXPLAINED:
        return is_rsa ? "the signed header fields were changed, and no known change "
                        "explains it"
                      : "the signed header fields were changed, or another key made the "
                        "signature, and no known change explains it";
    case AUTOPSY_NOT_LOOKED_AT:
        break;
    }
    return "the signature was not made with this key, or it was damaged, so nothing can "
           "be "
           "said about the header";
}

static const char *body_text(const struct autopsy_finding *out)
{
    switch (out->body) {
    case AUTOPSY_AS_SIGNED:
        return "the body is as signed";
    case AUTOPSY_EXPLAINED:
        return "with that undone the body is as signed";
    case AUTOPSY_UNEXPLAINED:
        return "the body was changed, and no known change explains it";
    case AUTOPSY_NOT_LOOKED_AT:
        break;
    }
    return "the body was not kept, as it is too large or memory was short, and so was "
           "not "
           "looked into";
}

static enum yett_err write_text(struct autopsy_work *work, struct autopsy_finding *out)
{
    struct buf buf;
    bool is_rsa = work->input->key_type == CRYPTO_RSA;
    autopsy_told_init(work, &buf, AUTOPSY_TEXT_MAX);
    for (size_t i = 0; i < out->count; i++) {
        buf_add(&buf, out->changes[i].text);
        buf_add_text(&buf, "; ");
    }
    if (work->unnamed != 0) {
        buf_printf(&buf, "and %zu other change%s; ", work->unnamed,
                   work->unnamed == 1 ? "" : "s");
    }
    if (out->header == AUTOPSY_EXPLAINED && out->body == AUTOPSY_EXPLAINED) {
        buf_add_text(&buf, "with that undone the message is as signed");
    } else if (out->body == AUTOPSY_EXPLAINED) {
        buf_printf(&buf, "%s; %s", body_text(out), header_text(out, is_rsa));
    } else {
        buf_printf(&buf, "%s; %s", header_text(out, is_rsa), body_text(out));
    }
    if (out->budget_ended && out->kind == AUTOPSY_UNRECOGNISED) {
        buf_add_text(&buf, " (there was more to try than one autopsy may cost)");
    }
    out->text = buf_slice(&buf);
    return buf_err(&buf) == YETT_LIMIT ? YETT_OK : buf_err(&buf);
}

/* ---- both together ---------------------------------------------------------------------- */

static void conclude(struct autopsy_finding *out)
{
    bool header_known =
        out->header == AUTOPSY_AS_SIGNED || out->header == AUTOPSY_EXPLAINED;
    if (out->count != 0) {
        out->kind = out->changes[0].kind;
        out->confidence = header_known ? AUTOPSY_CERTAIN : AUTOPSY_LIKELY;
    } else if (out->header == AUTOPSY_NOT_LOOKED_AT) {
        out->kind = AUTOPSY_OTHER_KEY;
        out->confidence = AUTOPSY_CERTAIN;
    } else if (out->header == AUTOPSY_AS_SIGNED && out->body == AUTOPSY_AS_SIGNED) {
        out->kind = AUTOPSY_UNTOUCHED;
        out->confidence = AUTOPSY_CERTAIN;
    } else {
        out->kind =
            out->body == AUTOPSY_NOT_LOOKED_AT ? AUTOPSY_TOO_LARGE : AUTOPSY_UNRECOGNISED;
        out->confidence = AUTOPSY_NONE;
    }
}

static enum yett_err search(struct autopsy_work *work, struct autopsy_header *header,
                            struct autopsy_finding *out)
{
    bool signed_by_key = false;
    enum yett_err err = find_target(header, &signed_by_key);
    if (err != YETT_OK) {
        return err;
    }
    out->body = autopsy_search_body(work);
    if (work->err != YETT_OK) {
        return work->err;
    }
    bool ended = work->ended;
    work->ended = false;
    out->header = AUTOPSY_NOT_LOOKED_AT;
    if (signed_by_key) {
        err = autopsy_slots_read(header);
        if (err != YETT_OK) {
            return err;
        }
        out->header = autopsy_search_header(header);
    }
    work->ended |= ended;
    return work->err;
}

enum yett_err autopsy_perform(struct arena *arena, struct crypto *crypto,
                              const struct autopsy_input *input,
                              struct autopsy_limits limits, struct autopsy_finding *out)
{
    struct autopsy_work work = {
        .arena = arena,
        .crypto = crypto,
        .input = input,
        .signature = input->signature,
        .digest =
            input->signature->algorithm == DKIM_RSA_SHA1 ? CRYPTO_SHA1 : CRYPTO_SHA256,
        .body_left = limits.body_hashed_bytes,
        .header_left = limits.header_hashed_bytes,
        .verifications_left = limits.verifications,
        .told_left = AUTOPSY_CHANGES_MAX * AUTOPSY_NOTE_MAX + AUTOPSY_TEXT_MAX,
    };
    struct autopsy_header header = {.work = &work,
                                    .canon = input->signature->header_canon};
    struct autopsy_finding found = {0};
    if (!is_usable(input)) {
        return YETT_BAD_SYNTAX;
    }
    work.told = arena_alloc(arena, work.told_left);
    if (work.told == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = search(&work, &header, &found);
    crypto_key_free(header.key);
    if (err != YETT_OK) {
        return err;
    }
    memcpy(found.changes, work.changes, sizeof(work.changes));
    found.count = work.count;
    found.hashed_bytes = work.hashed_bytes;
    found.header_candidates = work.header_candidates;
    found.budget_ended = work.ended;
    conclude(&found);
    err = write_text(&work, &found);
    if (err == YETT_OK) {
        *out = found;
    }
    return err;
}
