/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/judge.h"

#include "app/cli/envelope.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * judge: one message, from its octets to its verdict.
 *
 * The header is parsed as it streams past; when it is complete the signatures are read and
 * the rest goes to their digests, so memory does not grow with the body.
 */
enum {
    EVIDENCE_BYTES = 24 * 1024 * 1024,
    SCRATCH_BYTES = 24 * 1024 * 1024,
    KEPT_BYTES = 256 * 1024 /* of each, from one message to the next */
};

struct sitting {
    const struct setup *setup;
    struct arena *evidence;
    struct arena *scratch;
    struct autopsies *autopsies; /* NULL: nobody would read them */
    struct message_newline newline;
    struct message_parser *parser;
    struct message_header header;
    struct message_from from;
    struct dkim_message *dkim;
    struct arc_chain *arc;
    struct dns_answers *answers;
    struct dkim_checks *checks;
    struct verdict_input input;
    struct verdict verdict;
    uint64_t size_bytes;
    bool in_body;
    enum yett_err err; /* of parsing; the rest of the message is then passed over */
};

/* ---- the octets ------------------------------------------------------------------------- */

static slice author_domain(const struct message_from *from)
{
    return from->status == MESSAGE_FROM_OK ? from->domains[0] : SLICE_NONE;
}

/* An autopsy needs the body at hand, and a message with signatures an autopsy. */
static void take_body(struct sitting *sitting, slice bytes)
{
    dkim_message_body(sitting->dkim, bytes);
    if (sitting->autopsies != NULL && dkim_message_signature_count(sitting->dkim) != 0) {
        autopsies_keep(sitting->autopsies, bytes);
    }
}

static enum yett_err begin_body(struct sitting *sitting)
{
    const struct setup *setup = sitting->setup;
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    limits.signatures = setup->config.dkim.max_signatures;

    sitting->in_body = true;
    enum yett_err err = message_parser_finish(sitting->parser, &sitting->header);
    if (err == YETT_OK) {
        err = message_read_from(sitting->evidence, &sitting->header, &sitting->from);
    }
    if (err == YETT_OK) {
        err = dkim_message_new(sitting->evidence, setup->shares.crypto, &sitting->header,
                               author_domain(&sitting->from), limits, &sitting->dkim);
    }
    if (err == YETT_OK) {
        err = arc_chain_new(sitting->evidence, setup->shares.crypto, &sitting->header,
                            sitting->dkim, verdict_arc_limits(&setup->config),
                            &sitting->arc);
    }
    if (err == YETT_OK) {
        take_body(sitting, sitting->header.rest);
    }
    return err;
}

/* After line ends are what the network would have carried. */
static void take_crlf_bytes(void *context, slice bytes)
{
    struct sitting *sitting = context;
    bool done = false;
    if (sitting->err != YETT_OK) {
        return;
    }
    if (!sitting->in_body) {
        sitting->err = message_parser_feed(sitting->parser, &bytes, &done);
        if (sitting->err == YETT_OK && done) {
            sitting->err = begin_body(sitting);
        }
    }
    if (sitting->err == YETT_OK && sitting->in_body) {
        take_body(sitting, bytes);
    }
}

static void take_stored_bytes(void *context, slice bytes)
{
    struct sitting *sitting = context;
    sitting->size_bytes += bytes.len;
    message_newline_feed(&sitting->newline, bytes);
}

static enum yett_err finish_message(struct sitting *sitting)
{
    message_newline_finish(&sitting->newline);
    if (sitting->err == YETT_OK && !sitting->in_body) {
        sitting->err = begin_body(sitting);
    }
    if (sitting->err == YETT_OK) {
        sitting->err = dkim_message_end(sitting->dkim);
    }
    return sitting->err;
}

/* ---- the verdict ------------------------------------------------------------------------ */

static enum yett_err perform_check(void *context, const struct dkim_check *check,
                                   struct dkim_check_result *out)
{
    struct sitting *sitting = context;
    return dkim_check_perform(sitting->dkim, check, out);
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct sitting *sitting = context;
    struct verdict_view verdict_view = {.dns = *view, .checks = sitting->checks};
    return verdict_evaluate(scratch, &sitting->input, &verdict_view, &sitting->verdict);
}

static enum yett_err reach_verdict(struct sitting *sitting)
{
    const struct setup *setup = sitting->setup;
    sitting->answers = dns_answers_new(
        sitting->evidence, answerer_source(&setup->answerer), DNS_BOUNDS_DEFAULT);
    sitting->checks = dkim_checks_new(sitting->evidence, perform_check, sitting);
    if (sitting->answers == NULL || sitting->checks == NULL) {
        return YETT_NO_MEMORY;
    }
    struct round round = {.evaluate = evaluate, .context = sitting};
    return answerer_run(&setup->answerer, sitting->answers, sitting->evidence,
                        sitting->scratch, &round);
}

static enum yett_err prepare_input(struct sitting *sitting, struct judged *out)
{
    const struct setup *setup = sitting->setup;
    sitting->input = (struct verdict_input){
        .config = &setup->config,
        .header = &sitting->header,
        .from = &sitting->from,
        .dkim = sitting->dkim,
        .arc = sitting->arc,
        .suffixes = setup->shares.suffixes,
        .now_s = setup->now_s,
        .first_seen_s = setup->now_s,
        .id = SLICE("check"),
    };
    return envelope_find(sitting->evidence, setup->options, &sitting->header,
                         &sitting->input.envelope, &out->envelope_note);
}

static enum yett_err read_texts(struct sitting *sitting, struct judged *out)
{
    size_t index = 0;
    const struct message_field *subject =
        message_find_field(&sitting->header, "Subject", 0, &index);
    const struct message_field *message_id =
        message_find_field(&sitting->header, "Message-ID", 0, &index);
    enum yett_err err = YETT_OK;
    if (subject != NULL) {
        err = message_display_text(sitting->evidence, subject->value, &out->subject);
    }
    if (message_id != NULL && err == YETT_OK) {
        err = message_unfold(sitting->evidence, message_id->value, &out->message_id);
    }
    return err;
}

/* ---- one after the other ---------------------------------------------------------------- */

/* What was found about the message in work is done with; its arenas serve the next one. */
static void clear_sitting(struct sitting *sitting)
{
    if (sitting->dkim != NULL) {
        dkim_message_finish(sitting->dkim);
    }
    if (sitting->answers != NULL) {
        dns_answers_finish(sitting->answers);
    }
    if (sitting->autopsies != NULL) {
        autopsies_begin(sitting->autopsies);
    }
    arena_reset(sitting->scratch, KEPT_BYTES);
    arena_reset(sitting->evidence, KEPT_BYTES);
}

static enum yett_err begin_sitting(struct sitting *sitting)
{
    clear_sitting(sitting);
    *sitting = (struct sitting){.setup = sitting->setup,
                                .evidence = sitting->evidence,
                                .scratch = sitting->scratch,
                                .autopsies = sitting->autopsies};
    message_newline_init(&sitting->newline, take_crlf_bytes, sitting);
    sitting->parser = message_parser_new(sitting->evidence, MESSAGE_LIMITS_DEFAULT);
    return sitting->parser == NULL ? YETT_NO_MEMORY : YETT_OK;
}

static const char *why_not(enum yett_err err)
{
    return err == YETT_LIMIT
               ? "its header is larger than 2 MiB or has more than 10000 fields"
               : "there is not enough memory for it under the limits of one message";
}

static enum yett_err give_up(struct sitting *sitting, enum yett_err err,
                             struct judged *out)
{
    out->why = slice_from_text(why_not(err));
    verdict_internal_error(sitting->evidence, &sitting->setup->config, SLICE("check"),
                           err, &out->action);
    return err;
}

struct judge {
    struct sitting sitting; /* the message in work */
};

struct judge *judge_new(const struct setup *setup)
{
    struct judge *judge = calloc(1, sizeof(*judge));
    if (judge == NULL) {
        return NULL;
    }
    judge->sitting.setup = setup;
    judge->sitting.evidence = arena_new(EVIDENCE_BYTES);
    judge->sitting.scratch = arena_new(SCRATCH_BYTES);
    bool wants_autopsies = !setup->options->summary_only;
    if (wants_autopsies) {
        judge->sitting.autopsies = autopsies_new();
    }
    if (judge->sitting.evidence == NULL || judge->sitting.scratch == NULL ||
        (wants_autopsies && judge->sitting.autopsies == NULL)) {
        autopsies_free(judge->sitting.autopsies);
        arena_free(judge->sitting.scratch);
        arena_free(judge->sitting.evidence);
        free(judge);
        return NULL;
    }
    return judge;
}

void judge_free(struct judge *judge)
{
    if (judge != NULL) {
        clear_sitting(&judge->sitting);
        autopsies_free(judge->sitting.autopsies);
        arena_free(judge->sitting.scratch);
        arena_free(judge->sitting.evidence);
        free(judge);
    }
}

enum yett_err judge_message(struct judge *judge, struct mail_source *source,
                            struct judged *out)
{
    *out = (struct judged){0};
    struct sitting *sitting = &judge->sitting;
    enum yett_err err = begin_sitting(sitting);
    if (err != YETT_OK) {
        return give_up(sitting, err, out);
    }
    err = mail_source_read(source, take_stored_bytes, sitting);
    out->size_bytes = sitting->size_bytes;
    if (err != YETT_OK) {
        out->why = mail_source_why(source);
        return err;
    }
    err = finish_message(sitting);
    if (err == YETT_OK) {
        err = read_texts(sitting, out);
    }
    if (err == YETT_OK) {
        err = prepare_input(sitting, out);
    }
    if (err == YETT_OK) {
        err = reach_verdict(sitting);
    }
    if (err != YETT_OK) {
        return give_up(sitting, err, out);
    }
    if (sitting->autopsies != NULL && sitting->verdict.verified) {
        autopsies_perform(sitting->autopsies, sitting->setup->shares.crypto,
                          &sitting->header, &sitting->verdict, sitting->answers,
                          &out->autopsies);
    }
    out->header = &sitting->header;
    out->from = &sitting->from;
    out->verdict = &sitting->verdict;
    out->answers = sitting->answers;
    out->action = sitting->verdict.action;
    return YETT_OK;
}
