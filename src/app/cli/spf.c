/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/spf.h"

#include "app/cli/command.h"
#include "app/cli/json.h"
#include "app/cli/story.h"

#include <stdio.h>

/* spf: `yett spf`: SPF alone, with the tree of includes. */

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static const struct option_help help = {
    .usage = "yett spf [OPTION…]",
    .overview =
        "Evaluate SPF (RFC 7208) for a client, its HELO name and an envelope sender, "
        "and show\nthe tree of records that were looked at, with the lookups counted.",
    .closing =
        "Without --mail-from the HELO name is checked.  Exit status: 0 pass, neutral or "
        "none,\n1 fail, softfail or permerror, 75 temperror, 2 wrong usage.\n\n"
        "  yett spf --ip 192.0.2.7 --helo mx.example.org --mail-from a@example.org"};

struct spf_case {
    struct spf_query query;
    struct spf_result result;
};

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct spf_case *spf_case = context;
    return spf_check(scratch, &spf_case->query, view, &spf_case->result);
}

static int status_of(enum spf_code code)
{
    switch (code) {
    case SPF_NONE:
    case SPF_NEUTRAL:
    case SPF_PASS:
        return EXIT_FINE;
    case SPF_FAIL:
    case SPF_SOFTFAIL:
    case SPF_PERMERROR:
        return EXIT_BAD;
    case SPF_TEMPERROR:
        break;
    }
    return EXIT_CANNOT_TELL;
}

static bool print_json(const struct options *options, const struct spf_result *result)
{
    bool failed = false;
    struct verdict_envelope envelope = {.client = options->ip,
                                        .helo = options->helo,
                                        .mail_from = options->mail_from,
                                        .has_mail_from = options->has_mail_from,
                                        .rcpt = options->rcpt,
                                        .rcpt_count = options->rcpt_count};
    json_t *out = json_of_spf(result);
    json_put(out, "envelope", json_of_envelope(&envelope), &failed);
    json_put(out, "steps", json_of_spf_steps(result), &failed);
    json_put(out, "spf", json_of_spf(result), &failed); /* as in the output of check */
    if (failed) {
        json_decref(out);
        return false;
    }
    return json_print(out);
}

static bool print_result(const struct options *options, struct arena *paper,
                         const struct spf_result *result)
{
    if (options->json) {
        return print_json(options, result) && fflush(stdout) == 0;
    }
    struct term term = term_of(options->color);
    story_of_spf(&term, paper, result);
    story_of_spf_tree(&term, paper, result);
    return fflush(stdout) == 0;
}

/* Evaluate with answers and memory of its own. */
static int run_case(const struct setup *setup, const struct options *options,
                    struct arena *evidence, struct arena *scratch)
{
    const struct answerer *answerer = &setup->answerer;
    struct spf_case spf_case = {
        .query = {.ip = options->ip,
                  .helo = options->helo,
                  .mail_from = options->mail_from,
                  .scope = options->has_mail_from ? SPF_SCOPE_MAIL_FROM : SPF_SCOPE_HELO,
                  .receiver = setup->config.authserv_id,
                  .now_s = setup->now_s}
    };
    struct round round = {.evaluate = evaluate, .context = &spf_case};
    struct dns_answers *answers =
        dns_answers_new(evidence, answerer_source(answerer), DNS_BOUNDS_DEFAULT);
    enum yett_err err = answers == NULL
                            ? YETT_NO_MEMORY
                            : answerer_run(answerer, answers, evidence, scratch, &round);
    int status = EXIT_CANNOT_TELL;
    if (err == YETT_OK && print_result(options, scratch, &spf_case.result)) {
        status = status_of(spf_case.result.code);
    } else {
        fprintf(stderr, "yett spf: %s\n",
                err == YETT_OK ? "standard output cannot be written"
                               : yett_err_text(err));
    }
    if (answers != NULL) {
        dns_answers_finish(answers);
    }
    return status;
}

static int run(const struct options *options)
{
    int status;
    if (!options->has_ip) {
        fprintf(stderr, "yett spf: --ip must name the client\n");
        return EXIT_USAGE;
    }
    if (!options->has_mail_from && slice_is_empty(options->helo)) {
        fprintf(stderr, "yett spf: --mail-from or --helo must name an identity\n");
        return EXIT_USAGE;
    }
    struct setup *setup = setup_open(options, "spf", &status);
    if (setup == NULL) {
        return status;
    }
    struct arena *evidence = arena_new(ARENA_BYTES);
    struct arena *scratch = arena_new(ARENA_BYTES);
    if (evidence == NULL || scratch == NULL) {
        fprintf(stderr, "yett spf: out of memory\n");
        status = EXIT_CANNOT_TELL;
    } else {
        status = run_case(setup, options, evidence, scratch);
    }
    arena_free(scratch);
    arena_free(evidence);
    setup_close(setup);
    return status;
}

int command_spf(int argc, char **argv)
{
    enum { GROUPS = OPTIONS_ENVELOPE | OPTIONS_DNS | OPTIONS_CONFIG | OPTIONS_OUTPUT };
    static struct options options;
    int first = 0;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    if (arena == NULL) {
        fprintf(stderr, "yett spf: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = EXIT_USAGE;
    switch (options_parse(argc, argv, GROUPS, &help, arena, &options, &first)) {
    case OPTIONS_GO:
        if (first < argc) {
            fprintf(stderr, "yett spf: '%s': this command takes options only\n",
                    argv[first]);
        } else {
            status = run(&options);
        }
        break;
    case OPTIONS_DONE:
        status = EXIT_FINE;
        break;
    case OPTIONS_WRONG:
        break;
    }
    arena_free(arena);
    return status;
}
