/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/sealing/sealing.h"

/* begin: what is sealed, and what the set testifies. */

enum { SENTENCE_MAX = 600, ID_SHOWN_MAX = 255 };

/* What a set says, or why there is none. */
struct testimony {
    slice results; /* empty: there is none, and `why` says why */
    enum arc_code cv;
    slice why;
};

/* ---- at arrival -------------------------------------------------------------------------- */

static void testify_to_arrival(const struct verdict *verdict, struct testimony *out)
{
    if (verdict->arc.open) {
        /* cv=fail is for ever (section 5.2.1), and the next host may get the answer. */
        out->why = SLICE("the state of its chain is not known for want of an answer from "
                         "DNS, and a seal would have to call it broken");
        return;
    }
    out->results = verdict->authentication_results;
    out->cv = verdict->arc.code;
}

/* ---- of a list --------------------------------------------------------------------------- */

static bool says_nothing(slice results, slice authserv_id)
{
    return slice_eq(slice_skip(results, authserv_id.len), SLICE("; none"));
}

/* The worst that results of ours say of the chain; false when they say nothing of it. */
static enum yett_err read_arrival(struct arena *arena, slice results, bool *says,
                                  enum arc_code *cv)
{
    struct authres authres;
    struct authres_error error;
    enum yett_err err = authres_parse(arena, results, &authres, &error);
    *says = false;
    for (size_t i = 0; err == YETT_OK && i < authres.count; i++) {
        const struct authres_result *result = &authres.results[i];
        if (!slice_eq(result->method, SLICE("arc")) || (*says && *cv == ARC_FAIL)) {
            continue;
        }
        *says = true;
        *cv = slice_eq(result->result, SLICE("pass")) ? ARC_PASS : ARC_FAIL;
    }
    return err == YETT_NO_MEMORY ? err : YETT_OK;
}

static enum yett_err say_no_results(struct arena *arena, slice authserv_id,
                                    struct testimony *out)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_text(&buf, "it brings no Authentication-Results of ");
    buf_add_visible(&buf, slice_first(authserv_id, ID_SHOWN_MAX));
    buf_add_text(&buf, ", so nobody knows how it arrived");
    out->why = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_OK : YETT_NO_MEMORY;
}

static enum yett_err testify_to_list(struct arena *arena,
                                     const struct sealing_house *house,
                                     const struct message_header *header,
                                     const struct arc_chain *chain, struct testimony *out)
{
    slice authserv_id = house->config->authserv_id;
    slice results = SLICE_NONE;
    bool says = false;
    enum arc_code cv = ARC_NONE;
    enum yett_err err = arc_gather_results(arena, header, authserv_id, &results);
    if (err == YETT_OK && says_nothing(results, authserv_id)) {
        return say_no_results(arena, authserv_id, out);
    }
    if (err == YETT_OK) {
        err = read_arrival(arena, results, &says, &cv);
    }
    if (err != YETT_OK) {
        return err;
    }
    bool newest_is_ours = slice_eq(arc_newest_domain(chain), house->row.domain);
    if (!arc_chain_exists(chain)) {
        cv = ARC_NONE;
    } else if (!says && newest_is_ours) {
        cv = ARC_PASS; /* added since, by ourselves */
    } else if (!says) {
        out->why = SLICE("its chain was begun after its arrival, by somebody else");
        return YETT_OK;
    }
    out->results = results;
    out->cv = cv;
    return YETT_OK;
}

/* ---- both -------------------------------------------------------------------------------- */

static void leave(struct sealing_decision *decision, enum sealing_act act, slice why)
{
    decision->act = act;
    decision->reason = why;
}

static const char *why_not(enum yett_err err, const char *why)
{
    if (why != NULL) {
        return why;
    }
    return err == YETT_LIMIT ? "its header has more in it than a seal can cover"
                             : yett_err_text(err);
}

static enum yett_err make(struct arena *arena, const struct sealing_house *house,
                          const struct arc_chain *chain,
                          const struct testimony *testimony, int64_t now_s,
                          struct sealing_decision *decision, struct arc_seal **seal)
{
    const struct signing_row *row = &house->row;
    const struct arc_result result = {.code = testimony->cv};
    const struct arc_sealer sealer = {
        .domain = row->domain,
        .selector = row->selector,
        .algorithm = row->type == CRYPTO_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
        .now_s = now_s,
        .results = testimony->results,
    };
    const char *why = NULL;
    struct arc_seal *made = NULL;
    enum yett_err err = arc_seal_new(arena, chain, &result, &sealer, &made, &why);
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    if (err != YETT_OK) {
        leave(decision, err == YETT_NOT_FOUND ? SEALING_LEFT : SEALING_FAILED,
              slice_from_text(why_not(err, why)));
        return YETT_OK;
    }
    decision->domain = row->domain;
    decision->selector = row->selector;
    decision->instance = arc_seal_instance(made);
    decision->cv = arc_seal_cv(made);
    *seal = made;
    return YETT_OK;
}

enum yett_err sealing_begin(struct arena *arena, const struct sealing_house *house,
                            const struct message_header *header,
                            const struct arc_chain *chain, const struct verdict *verdict,
                            int64_t now_s, struct sealing_decision *decision,
                            struct arc_seal **seal)
{
    struct testimony testimony = {0};
    enum yett_err err = YETT_OK;
    *seal = NULL;
    if (sealing_is_of_list(decision)) {
        err = testify_to_list(arena, house, header, chain, &testimony);
    } else {
        testify_to_arrival(verdict, &testimony);
    }
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    if (err != YETT_OK) {
        leave(decision, SEALING_FAILED,
              SLICE("there is too much in its Authentication-Results fields"));
        return YETT_OK;
    }
    if (testimony.results.len == 0) {
        leave(decision, SEALING_LEFT, testimony.why);
        return YETT_OK;
    }
    return make(arena, house, chain, &testimony, now_s, decision, seal);
}
