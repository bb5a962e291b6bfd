/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"

/*
 * verify: the status of a chain (RFC 8617 section 5.2 steps 4 to 7).
 *
 * The newest message signature and seal are asked for together; the others when those hold,
 * all in one round.  The result is that of the standard's order: the first that does not hold
 * is the one to report.
 */
struct evaluation {
    struct arena *arena;
    const struct arc_chain *chain;
    struct dkim_settings settings;
    int64_t now_s;
    struct dns_view *dns;
    struct dkim_checks *checks;
    struct arc_set *sets;
    bool waiting;
};

const char *arc_code_text(enum arc_code code)
{
    static const char *const texts[] = {
        [ARC_NONE] = "none", [ARC_PASS] = "pass", [ARC_FAIL] = "fail"};
    return texts[code];
}

/* ---- signatures --------------------------------------------------------------------- */

static enum yett_err judge(struct evaluation *at, size_t index, struct dkim_result *out)
{
    enum yett_err err = dkim_verify_added(at->arena, at->chain->dkim, &at->settings,
                                          index, at->now_s, at->dns, at->checks, out);
    if (err == YETT_NEED_ANSWERS) {
        at->waiting = true;
        return YETT_OK;
    }
    return err;
}

/* It holds, or would if the body that is still coming is the one that was signed. */
static bool may_hold(const struct dkim_result *result)
{
    return result->code == DKIM_PASS ||
           (result->code == DKIM_NONE && result->header_verified);
}

static enum yett_err judge_message(struct evaluation *at, unsigned i)
{
    const struct arc_link *link = &at->chain->links[i];
    struct dkim_result *result = &at->sets[i].message;
    struct dkim_result relaxed = {0};
    if (!link->message_added) {
        return YETT_OK;
    }
    enum yett_err err = judge(at, link->message_index, result);
    if (err != YETT_OK || !link->relaxed_added || may_hold(result)) {
        return err;
    }
    err = judge(at, link->relaxed_index, &relaxed);
    if (err == YETT_OK && may_hold(&relaxed)) {
        *result = relaxed;
    }
    return err;
}

static enum yett_err judge_seal(struct evaluation *at, unsigned i)
{
    return judge(at, at->chain->links[i].seal_index, &at->sets[i].seal);
}

static enum yett_err judge_all(struct evaluation *at)
{
    unsigned newest = at->chain->highest - 1;
    enum yett_err err = judge_message(at, newest);
    if (err == YETT_OK) {
        err = judge_seal(at, newest);
    }
    if (!may_hold(&at->sets[newest].message) || !may_hold(&at->sets[newest].seal)) {
        return err;
    }
    for (unsigned i = newest; i > 0 && err == YETT_OK; i--) {
        err = judge_seal(at, i - 1);
        if (err == YETT_OK) {
            err = judge_message(at, i - 1);
        }
    }
    return err;
}

/* ---- the status --------------------------------------------------------------------- */

/* Step 5. */
static int oldest_pass(const struct evaluation *at)
{
    unsigned oldest = at->chain->highest;
    if (oldest > 1 && !at->chain->limits.oldest_pass) {
        return ARC_OLDEST_UNKNOWN;
    }
    while (oldest > 1 && at->sets[oldest - 2].message.code == DKIM_PASS) {
        oldest--;
    }
    return oldest == 1 ? 0 : (int)oldest;
}

static enum yett_err fail(const struct evaluation *at, unsigned i, enum arc_field field,
                          struct arc_result *out)
{
    const struct arc_set *set = &at->sets[i];
    const struct dkim_result *result =
        field == ARC_FIELD_SEAL ? &set->seal : &set->message;
    out->code = ARC_FAIL;
    out->open = result->code == DKIM_TEMPERROR;
    return arc_reason_fail(at->arena, field, set, i + 1 == at->chain->highest, out);
}

static enum yett_err conclude(const struct evaluation *at, struct arc_result *out)
{
    unsigned newest = at->chain->highest - 1;
    if (at->sets[newest].message.code != DKIM_PASS) { /* step 4 */
        return fail(at, newest, ARC_FIELD_MESSAGE, out);
    }
    for (unsigned i = newest + 1; i > 0; i--) { /* step 6 */
        if (at->sets[i - 1].seal.code != DKIM_PASS) {
            return fail(at, i - 1, ARC_FIELD_SEAL, out);
        }
    }
    out->code = ARC_PASS;
    out->counts = at->sets[newest].message.counts;
    out->oldest_pass = oldest_pass(at);
    enum yett_err err = arc_read_results(at->arena, at->chain, at->sets);
    return err == YETT_OK ? arc_reason_pass(at->arena, out) : err;
}

static enum yett_err begin_sets(struct evaluation *at)
{
    at->sets = ARENA_ARRAY(at->arena, at->chain->highest, struct arc_set);
    if (at->sets == NULL) {
        return YETT_NO_MEMORY;
    }
    for (unsigned i = 0; i < at->chain->highest; i++) {
        const struct arc_link *link = &at->chain->links[i];
        at->sets[i] = (struct arc_set){.instance = i + 1,
                                       .cv = link->cv,
                                       .domain = link->seal.domain,
                                       .selector = link->seal.selector,
                                       .trusted = link->trusted};
    }
    return YETT_OK;
}

/* Nothing to verify: no chain, or one that is broken by its looks. */
static enum yett_err settle(struct arena *arena, const struct arc_chain *chain,
                            struct arc_result *out)
{
    if (chain->field_count == 0) {
        out->code = ARC_NONE;
        out->reason = SLICE("the message has no ARC fields");
        return YETT_OK;
    }
    out->code = ARC_FAIL;
    out->reason =
        arena_printf(arena, "the chain is broken: %.*s", SLICE_ARG(chain->fault));
    return out->reason.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

enum yett_err arc_verify(struct arena *arena, const struct arc_chain *chain,
                         const struct dkim_settings *settings, int64_t now_s,
                         struct dns_view *dns, struct dkim_checks *checks,
                         struct arc_result *out)
{
    struct arc_result result = {.instances = chain->highest,
                                .oldest_pass = ARC_OLDEST_UNKNOWN};
    struct evaluation at = {.arena = arena,
                            .chain = chain,
                            .settings = *settings,
                            .now_s = now_s,
                            .dns = dns,
                            .checks = checks};
    enum yett_err err = YETT_OK;

    /* ARC is younger than RFC 8301: nobody ever sealed with it. */
    at.settings.allow_rsa_sha1 = false;
    if (chain->field_count == 0 || chain->fault.len != 0) {
        err = settle(arena, chain, &result);
    } else {
        err = begin_sets(&at);
        if (err == YETT_OK) {
            err = judge_all(&at);
        }
        if (err == YETT_OK && at.waiting) {
            return YETT_NEED_ANSWERS;
        }
        result.sets = at.sets;
        result.set_count = chain->highest;
        if (err == YETT_OK) {
            err = conclude(&at, &result);
        }
    }
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}

bool arc_is_unchanged_since(const struct arc_result *result, size_t set)
{
    const struct dkim_result *message = &result->sets[set].message;
    if (message->code == DKIM_PASS && message->counts) {
        return true;
    }
    for (size_t i = set + 1; i < result->set_count; i++) {
        if (!result->sets[i].trusted) {
            return false;
        }
    }
    return true;
}
