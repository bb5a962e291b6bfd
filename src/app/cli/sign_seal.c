/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/sign_job.h"

/*
 * sign_seal: an ARC set on top of the chain that is there (RFC 8617 section 5.1).
 *
 * A seal says how the chain was found, so it is verified first; what the set testifies are
 * the Authentication-Results that this host wrote into the message.
 */
enum { SCRATCH_BYTES = 24 * 1024 * 1024 };

struct look {
    struct sign_job *job;
    struct dkim_checks *checks;
    struct arc_result result;
};

static enum yett_err perform_check(void *context, const struct dkim_check *check,
                                   struct dkim_check_result *out)
{
    struct look *look = context;
    return dkim_check_perform(look->job->dkim, check, out);
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct look *look = context;
    const struct sign_job *job = look->job;
    struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    (void)scratch; /* the result outlives it */
    settings.min_rsa_bits = job->setup->config.dkim.min_rsa_bits;
    return arc_verify(job->arena, job->chain, &settings, job->now_s, view, look->checks,
                      &look->result);
}

static enum yett_err verify_chain(struct look *look)
{
    struct sign_job *job = look->job;
    const struct answerer *answerer = &job->setup->answerer;
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct dns_answers *answers =
        dns_answers_new(job->arena, answerer_source(answerer), DNS_BOUNDS_DEFAULT);
    struct round round = {.evaluate = evaluate, .context = look};
    look->checks = dkim_checks_new(job->arena, perform_check, look);
    enum yett_err err = YETT_NO_MEMORY;
    if (scratch != NULL && answers != NULL && look->checks != NULL) {
        err = answerer_run(answerer, answers, job->arena, scratch, &round);
    }
    if (answers != NULL) {
        dns_answers_finish(answers);
    }
    arena_free(scratch);
    return err;
}

/* ---- the set ------------------------------------------------------------------------ */

static enum yett_err sign_texts(struct sign_job *job, struct arc_seal *seal)
{
    enum yett_err err = YETT_OK;
    slice text;
    while (err == YETT_OK && !slice_is_empty(text = arc_seal_text(seal))) {
        struct buf signature;
        buf_init(&signature, job->arena, CRYPTO_SIGNATURE_MAX);
        err = signer_sign(job->crypto, job->keys[0].key, text, &signature);
        if (err == YETT_OK) {
            err = arc_seal_take(seal, buf_slice(&signature));
        }
    }
    return err;
}

static slice authserv_id(const struct sign_job *job)
{
    slice named = job->options->sign.authserv_id;
    return named.len != 0 ? named : job->setup->config.authserv_id;
}

static enum yett_err make_set(struct sign_job *job, const struct arc_result *result,
                              slice *testified, slice *fields, const char **why)
{
    const struct sign_key *key = &job->keys[0];
    struct arc_seal *seal = NULL;
    struct arc_sealer sealer = {
        .domain = key->domain,
        .selector = key->selector,
        .algorithm = signer_algorithm_of(key->key),
        .now_s = job->now_s,
    };
    if (job->options->sign.has_rules) {
        sealer.rules = job->options->sign.rules;
    }
    enum yett_err err =
        arc_gather_results(job->arena, &job->header, authserv_id(job), &sealer.results);
    *testified = sealer.results;
    if (err == YETT_OK) {
        err = arc_seal_new(job->arena, job->chain, result, &sealer, &seal, why);
    }
    if (err == YETT_OK) {
        err = sign_texts(job, seal);
    }
    if (err == YETT_OK) {
        *fields = arc_seal_fields(seal);
    }
    return err;
}

/* What the seal says, where that may surprise. */
static void tell_seal(struct sign_job *job, const char *path,
                      const struct arc_result *result, slice testified)
{
    if (slice_ends_with(testified, SLICE("; none"))) {
        slice name = authserv_id(job);
        sign_note(path, arena_printf(job->arena,
                                     "there are no results of %.*s in its fields "
                                     "Authentication-Results, so the seal testifies "
                                     "nothing (--authserv-id)",
                                     SLICE_ARG(name)));
    }
    if (result->code == ARC_FAIL) {
        sign_note(path, arena_printf(job->arena,
                                     "the chain is broken, and the new seal says so "
                                     "(cv=fail): %.*s",
                                     SLICE_ARG(result->reason)));
    }
}

int sign_seal(struct sign_job *job, const char *path, slice *fields)
{
    struct look look = {.job = job};
    const char *why = NULL;
    slice testified = SLICE_NONE;
    enum yett_err err = dkim_message_end(job->dkim);
    if (err == YETT_OK) {
        err = verify_chain(&look);
    }
    if (err == YETT_OK && look.result.open) {
        return sign_complain(path, look.result.reason, EXIT_CANNOT_TELL);
    }
    if (err == YETT_OK) {
        err = make_set(job, &look.result, &testified, fields, &why);
    }
    if (err == YETT_OK) {
        tell_seal(job, path, &look.result, testified);
        return EXIT_FINE;
    }
    if (why == NULL) {
        why = err == YETT_LIMIT ? "its header is larger than what is signed"
                                : yett_err_text(err);
    }
    return sign_complain(path, slice_from_text(why),
                         err == YETT_NO_MEMORY ? EXIT_CANNOT_TELL : EXIT_BAD);
}
