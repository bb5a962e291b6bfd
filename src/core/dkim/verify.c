/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/checks.h"
#include "core/dkim/facts.h"
#include "core/dkim/reason.h"

/*
 * verify: the result of each signature (RFC 6376 section 6.1).
 *
 * All questions and checks that are sure to be needed go out in one round; a second key at the
 * same name is tried only when the first did not make the signature.
 */

/* Of several usable keys at one name so many are tried, and so many beyond the first one of each
   signature in a message: they cost as much as signatures. */
enum { KEYS_TRIED_MAX = 4, FURTHER_KEYS_MAX = 16 };

struct evaluation {
    struct arena *arena;
    struct dkim_message *message;
    const struct dkim_settings *settings;
    slice author_domain;
    int64_t now_s;
    bool want_body_proof;
    struct dns_view *dns;
    struct dkim_checks *checks;
    const bool *chosen; /* NULL: whatever is asked for */
};

/* ---- before a key is asked for ------------------------------------------------------ */

static bool is_ahead(const struct evaluation *at, int64_t time_s)
{
    return time_s != DKIM_NO_TIME && time_s - at->settings->clock_skew_s > at->now_s;
}

static bool is_past(const struct evaluation *at, int64_t time_s)
{
    return time_s != DKIM_NO_TIME && time_s != INT64_MAX &&
           time_s + at->settings->clock_skew_s < at->now_s;
}

/*
 * What settles the result by itself.  Section 3.5 lets a verifier ignore what was signed in
 * the future or has expired, and we do: a clock that far off, or mail that old, is not what
 * the signer vouched for.
 */
static enum yett_err judge_field(const struct evaluation *at, size_t index,
                                 struct dkim_result *out)
{
    const struct dkim_signature *signature = out->signature;
    if (signature->error.len != 0) {
        out->code = signature->error_code;
        return dkim_reason_field(at->arena, out);
    }
    if (signature->algorithm == DKIM_RSA_SHA1 && !at->settings->allow_rsa_sha1) {
        out->code = DKIM_POLICY;
        out->reason = SLICE("signed with rsa-sha1, which RFC 8301 forbids to accept");
        return YETT_OK;
    }
    if (is_ahead(at, signature->signed_at_s)) {
        out->code = DKIM_POLICY;
        return dkim_reason_time(at->arena, out, "signed in the future: t= is ",
                                signature->signed_at_s, "");
    }
    if (is_past(at, signature->expires_at_s)) {
        out->code = DKIM_POLICY;
        return dkim_reason_time(at->arena, out, "the signature expired at ",
                                signature->expires_at_s, " (x=)");
    }
    bool is_chosen = at->chosen == NULL || at->chosen[index];
    if (!is_chosen || (signature->form != DKIM_FORM_SEAL &&
                       dkim_digests_find(&at->message->digests, signature) == NULL)) {
        out->code = DKIM_NEUTRAL;
        return dkim_reason_ceiling(at->arena, out, at->message->limits.signatures);
    }
    return YETT_OK;
}

/* ---- the key ------------------------------------------------------------------------ */

static enum yett_err write_key_name(const struct evaluation *at, struct dkim_result *out)
{
    const struct dkim_signature *signature = out->signature;
    struct buf buf;
    buf_init(&buf, at->arena, 255);
    buf_add(&buf, signature->selector);
    buf_add_text(&buf, "._domainkey.");
    buf_add(&buf, signature->domain);
    out->key_name = buf_slice(&buf);
    return buf_err(&buf);
}

/* The key that was used, or the best reason why there was none. */
struct key_search {
    const struct dkim_key_entry
        *used; /* the one that made the signature, else the first */
    size_t tried;
    enum dkim_key_fault fault;
    struct dkim_key_entry faulty;
};

static void note_fault(struct key_search *search, enum dkim_key_fault fault,
                       const struct dkim_key_entry *entry)
{
    if (search->fault == DKIM_KEY_USABLE || fault > search->fault) {
        search->fault = fault;
        search->faulty = *entry;
    }
}

/* Section 6.1.3 step 4: whether this key made the signature. */
static enum yett_err try_key(const struct evaluation *at, size_t index,
                             const struct dns_answer *source,
                             const struct dkim_key_entry *entry,
                             struct key_search *search, bool *valid)
{
    const struct dkim_check check = {
        .kind = DKIM_CHECK_SIGNATURE,
        .index = index,
        .key_type = entry->record.type,
        .key = entry->record.key,
        .source = source,
    };
    const struct dkim_check_result *result = NULL;
    enum yett_err err = dkim_checks_ask(at->checks, &check, &result);
    if (err != YETT_OK) {
        return err;
    }
    if (!result->performed) {
        struct dkim_key_entry bad = *entry;
        bad.key_why = result->reason;
        note_fault(search, DKIM_KEY_BAD_OCTETS, &bad);
        return YETT_OK;
    }
    *valid = result->valid;
    search->tried++;
    if (result->valid || search->used == NULL) {
        search->used = entry;
    }
    return YETT_OK;
}

/* The same however answers arrive. */
static size_t keys_tried_max(const struct dkim_message *message)
{
    size_t signatures = message->count + message->added;
    size_t further = signatures == 0 ? 0 : FURTHER_KEYS_MAX / signatures;
    return further < KEYS_TRIED_MAX - 1 ? 1 + further : (size_t)KEYS_TRIED_MAX;
}

static enum yett_err search_keys(const struct evaluation *at, size_t index,
                                 const struct dns_answer *answer,
                                 const struct dkim_keyset *set, struct key_search *search,
                                 bool *valid)
{
    const struct dkim_signature *signature = &at->message->signatures[index];
    size_t tried_max = keys_tried_max(at->message);
    *search = (struct key_search){.fault = DKIM_KEY_USABLE};
    for (size_t i = 0; i < set->count && search->tried < tried_max && !*valid; i++) {
        const struct dkim_key_entry *entry = &set->entries[i];
        enum dkim_key_fault fault =
            dkim_key_judge(entry, signature, at->settings->min_rsa_bits);
        if (fault != DKIM_KEY_USABLE) {
            note_fault(search, fault, entry);
            continue;
        }
        enum yett_err err = try_key(at, index, answer, entry, search, valid);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static void note_key(const struct dkim_key_entry *entry, struct dkim_result *out)
{
    out->key_bits = entry->bits;
    out->testing = entry->record.testing;
    out->weak_key =
        entry->record.type == CRYPTO_RSA && entry->bits < CRYPTO_RSA_BITS_ADVISED;
}

/* Fetch the key and verify the header part; `out->code` is set when that settles it. */
static enum yett_err verify_header(const struct evaluation *at, size_t index,
                                   struct dkim_result *out, size_t *keys_tried)
{
    const struct dns_answer *answer = NULL;
    const struct dkim_keyset *set = NULL;
    struct key_search search;

    enum yett_err err = write_key_name(at, out);
    if (err == YETT_OK) {
        err = dns_ask(at->dns, DNS_TXT, out->key_name, &answer);
    }
    if (err != YETT_OK) {
        return err;
    }
    out->evaluated = true;
    out->secure = answer->security == DNS_SECURE;
    if (answer->status != DNS_FOUND) {
        out->code = dns_is_open(answer) ? DKIM_TEMPERROR : DKIM_PERMERROR;
        return dkim_reason_no_key(at->arena, out, answer);
    }
    err = dkim_keyset_read(at->arena, answer, &set);
    if (err == YETT_OK) {
        err = search_keys(at, index, answer, set, &search, &out->header_verified);
    }
    if (err != YETT_OK) {
        return err;
    }
    if (search.used == NULL) {
        note_key(&search.faulty, out);
        out->code = dkim_key_fault_code(search.fault);
        return dkim_reason_key_fault(at->arena, out, search.fault, &search.faulty,
                                     set->count, at->settings->min_rsa_bits);
    }
    note_key(search.used, out);
    *keys_tried = search.tried;
    return YETT_OK;
}

/* ---- the body ----------------------------------------------------------------------- */

/* Section 6.1.3 step 3.  l= beyond the end is no digest of this body (section 3.5). */
static void verify_body(const struct evaluation *at, struct dkim_result *out,
                        struct dkim_reason_facts *facts)
{
    const struct dkim_signature *signature = out->signature;
    const struct dkim_digests *digests = &at->message->digests;
    const struct dkim_body_digest *digest = dkim_digests_find(digests, signature);
    uint64_t length = signature->body_length;

    facts->body_bytes = dkim_digests_total(digests, signature->body_canon);
    if (length != DKIM_NO_LENGTH && length > facts->body_bytes) {
        return;
    }
    out->body_verified =
        memcmp(digest->value, signature->body_hash.ptr, signature->body_hash.len) == 0;
    if (length != DKIM_NO_LENGTH && length < facts->body_bytes) {
        out->partial_body = true;
        out->unsigned_bytes = facts->body_bytes - length;
    }
}

static enum yett_err prove_body(const struct evaluation *at, size_t index,
                                struct dkim_result *out, struct dkim_reason_facts *facts)
{
    const struct dkim_check check = {.kind = DKIM_CHECK_BODY_PROOF, .index = index};
    const struct dkim_check_result *result = NULL;
    if (!at->want_body_proof || !out->header_verified || out->body_verified ||
        out->signature->body_length != DKIM_NO_LENGTH ||
        !dkim_is_related(out->signature->domain, at->author_domain)) {
        return YETT_OK;
    }
    enum yett_err err = dkim_checks_ask(at->checks, &check, &result);
    if (err == YETT_OK) {
        out->body_proof_done = result->performed;
        out->body_proved = result->performed && result->valid;
        facts->signed_bytes = result->signed_bytes;
    }
    return err;
}

/* ---- results ------------------------------------------------------------------------ */

static enum yett_err conclude(const struct evaluation *at, struct dkim_result *out,
                              const struct dkim_reason_facts *facts)
{
    bool holds = out->header_verified && out->body_verified;
    out->code = holds ? DKIM_PASS : DKIM_FAIL;
    out->extra_field = dkim_extra_field(at->message, out->signature);
    out->counts = holds && out->extra_field == NULL &&
                  (!out->partial_body || at->settings->allow_partial_body);
    return dkim_reason_outcome(at->arena, out, facts);
}

/* A seal has no body to look at (RFC 8617 section 4.1.3). */
static enum yett_err conclude_seal(const struct evaluation *at, struct dkim_result *out)
{
    out->code = out->header_verified ? DKIM_PASS : DKIM_FAIL;
    out->counts = out->header_verified;
    return dkim_reason_seal(at->arena, out);
}

static enum yett_err evaluate(const struct evaluation *at, size_t index,
                              struct dkim_result *out)
{
    struct dkim_reason_facts facts = {0};
    *out = (struct dkim_result){.signature = &at->message->signatures[index]};

    enum yett_err err = judge_field(at, index, out);
    if (err == YETT_OK && out->code == DKIM_NONE) {
        err = verify_header(at, index, out, &facts.keys_tried);
    }
    if (err != YETT_OK || out->code != DKIM_NONE) {
        return err;
    }
    if (out->signature->form == DKIM_FORM_SEAL) {
        return conclude_seal(at, out);
    }
    if (!at->message->ended) {
        return YETT_NEED_ANSWERS;
    }
    verify_body(at, out, &facts);
    err = prove_body(at, index, out, &facts);
    return err == YETT_OK ? conclude(at, out, &facts) : err;
}

/* What can still become a pass comes before what failed, and that before what was never
   tried. */
static unsigned goodness(const struct dkim_result *result)
{
    static const unsigned of_code[] = {
        [DKIM_NONE] = 0, [DKIM_PERMERROR] = 1, [DKIM_NEUTRAL] = 2, [DKIM_POLICY] = 3,
        [DKIM_FAIL] = 4, [DKIM_TEMPERROR] = 5, [DKIM_PASS] = 6,
    };
    return of_code[result->code] * 2 + result->counts;
}

static enum yett_err evaluate_all(const struct evaluation *at, struct dkim_result *list)
{
    bool need_answers = false;
    for (size_t i = 0; i < at->message->count; i++) {
        enum yett_err err = evaluate(at, i, &list[i]);
        if (err == YETT_NEED_ANSWERS) {
            need_answers = true;
        } else if (err != YETT_OK) {
            return err;
        }
    }
    return need_answers ? YETT_NEED_ANSWERS : YETT_OK;
}

static enum yett_err sum_up(struct arena *arena, struct dkim_results *results)
{
    const struct dkim_result *best = results->list;
    for (size_t i = 1; i < results->count; i++) {
        if (goodness(&results->list[i]) > goodness(best)) {
            best = &results->list[i];
        }
    }
    results->code = results->count == 0 ? DKIM_NONE : best->code;
    return dkim_reason_overall(arena, results, best);
}

enum yett_err dkim_verify(struct arena *arena, struct dkim_message *message,
                          const struct dkim_settings *settings, slice author_domain,
                          int64_t now_s, bool want_body_proof, struct dns_view *dns,
                          struct dkim_checks *checks, struct dkim_results *out)
{
    bool *chosen = ARENA_ARRAY(arena, message->count, bool);
    struct dkim_result *list = ARENA_ARRAY(arena, message->count, struct dkim_result);
    if (chosen == NULL || list == NULL) {
        return YETT_NO_MEMORY;
    }
    dkim_select(message, author_domain, chosen);
    dkim_checks_clear_wanted(checks);
    const struct evaluation at = {
        .arena = arena,
        .message = message,
        .settings = settings,
        .author_domain = author_domain,
        .now_s = now_s,
        .want_body_proof = want_body_proof,
        .dns = dns,
        .checks = checks,
        .chosen = chosen,
    };
    enum yett_err err = evaluate_all(&at, list);
    if (err != YETT_OK) {
        return err;
    }
    struct dkim_results results = {
        .list = list,
        .count = message->count,
        .uncounted = message->field_count - message->count,
    };
    err = sum_up(arena, &results);
    if (err == YETT_OK) {
        *out = results;
    }
    return err;
}

enum yett_err dkim_verify_added(struct arena *arena, struct dkim_message *message,
                                const struct dkim_settings *settings, size_t index,
                                int64_t now_s, struct dns_view *dns,
                                struct dkim_checks *checks, struct dkim_result *out)
{
    const struct evaluation at = {
        .arena = arena,
        .message = message,
        .settings = settings,
        .now_s = now_s,
        .dns = dns,
        .checks = checks,
    };
    return evaluate(&at, index, out);
}
