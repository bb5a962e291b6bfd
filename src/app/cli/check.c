/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/json.h"
#include "app/cli/judge.h"
#include "app/cli/story.h"
#include "app/cli/summary.h"

#include <stdio.h>
#include <unistd.h>

/* check: `yett check`: verify messages and tell why. */

enum { PAPER_BYTES = 64 * 1024 * 1024, OPTION_BYTES = 1024 * 1024 };

static const struct option_help help = {
    .usage = "yett check [OPTION…] [FILE…|-]",
    .overview = "Verify messages: SPF, DKIM, ARC and DMARC, with a reason for each, and "
                "what a gateway would\n"
                "do.  A FILE is a message, an mbox or a Maildir; - is standard input, "
                "the default.",
    .closing =
        "Exit status: 0 every message would be accepted, 1 one would be quarantined or "
        "refused,\n"
        "75 one would be deferred, 2 wrong usage or a file that cannot be read.\n\n"
        "  yett check --ip 192.0.2.7 --helo mx.example.org --mail-from a@example.org "
        "mail.eml\n"
        "  yett check --trust-received mx.example.com ~/Maildir\n"
        "  yett check --dns zone.txt --json mail.eml"};

struct check {
    const struct options *options;
    struct judge *judge;
    struct term term;
    struct arena *paper;
    struct summary *summary;
    size_t paths;
    bool bad, deferred, unreadable, broken_output;
};

/* ---- one message ------------------------------------------------------------------------ */

static void note_action(struct check *check, enum config_action action)
{
    check->bad |= action == CONFIG_QUARANTINE || action == CONFIG_REJECT;
    check->deferred |= action == CONFIG_DEFER;
}

static void tell(struct check *check, const struct mail_item *item,
                 const struct judged *judged)
{
    if (check->options->json) {
        check->broken_output |= !json_print(json_of_judged(item, judged));
    } else if (!check->options->summary_only) {
        struct arena_mark mark = arena_mark(check->paper);
        story_tell(&check->term, check->paper, item, judged);
        arena_rewind(check->paper, mark);
    }
}

static void print_error(slice why)
{
    term_progress_end();
    fflush(stdout);
    fprintf(stderr, "yett check: %.*s\n", SLICE_ARG(why));
}

/* A message beyond our limits is answered for, one that cannot be read is not. */
static void tell_failure(struct check *check, enum yett_err err,
                         const struct mail_item *item, const struct judged *judged)
{
    bool ours = err == YETT_LIMIT || err == YETT_NO_MEMORY;
    if (ours) {
        note_action(check, judged->action.action);
        summary_add(check->summary, judged);
    } else {
        check->unreadable = true;
    }
    if (check->options->json) {
        check->broken_output |= !json_print(json_of_failure(item, judged, ours));
    } else if (ours && !check->options->summary_only) {
        struct arena_mark mark = arena_mark(check->paper);
        story_of_failure(&check->term, check->paper, item, judged);
        arena_rewind(check->paper, mark);
    } else {
        print_error(judged->why);
    }
}

static void check_message(struct check *check, struct mail_source *source,
                          const struct mail_item *item)
{
    struct judged judged;
    enum yett_err err = judge_message(check->judge, source, &judged);
    if (err != YETT_OK) {
        tell_failure(check, err, item, &judged);
        return;
    }
    note_action(check, judged.action.action);
    summary_add(check->summary, &judged);
    tell(check, item, &judged);
}

/* ---- many ------------------------------------------------------------------------------- */

/* Not where stories scroll by. */
static bool shows_progress(const struct check *check)
{
    return isatty(STDOUT_FILENO) != 1 || check->options->summary_only;
}

/* Of one path; of many it is enough to count the paths. */
static void show_progress(const struct check *check, const struct mail_source *source)
{
    struct mail_progress progress = mail_source_progress(source);
    if (check->paths > 1 || !shows_progress(check)) {
        return;
    }
    if (progress.messages_total > 1) {
        term_progress(progress.messages_done, progress.messages_total, 0);
    } else if (progress.messages_done > 1) {
        term_progress(progress.messages_done, 0, (size_t)progress.bytes_done);
    }
}

static void check_path(struct check *check, const char *path)
{
    struct arena_mark mark = arena_mark(check->paper);
    struct mail_item item;
    slice why = SLICE_NONE;
    enum yett_err err = YETT_OK;
    struct mail_source *source = mail_source_open(check->paper, path, &err, &why);
    if (source == NULL) {
        check->unreadable = true;
        print_error(why);
        arena_rewind(check->paper, mark);
        return;
    }
    while (!check->broken_output && (err = mail_source_next(source, &item)) == YETT_OK) {
        check_message(check, source, &item);
        show_progress(check, source);
    }
    if (err != YETT_OK && err != YETT_NOT_FOUND) {
        check->unreadable = true;
        print_error(mail_source_why(source));
    }
    mail_source_free(source);
    arena_rewind(check->paper, mark);
}

static void check_paths(struct check *check, char *const *paths)
{
    for (size_t i = 0; i < check->paths && !check->broken_output; i++) {
        check_path(check, paths[i]);
        if (check->paths > 1 && shows_progress(check)) {
            term_progress(i + 1, check->paths, 0);
        }
    }
}

static int status_of(const struct check *check)
{
    if (check->unreadable) {
        return EXIT_USAGE;
    }
    if (check->bad) {
        return EXIT_BAD;
    }
    return check->deferred || check->broken_output ? EXIT_CANNOT_TELL : EXIT_FINE;
}

static int finish(struct check *check)
{
    term_progress_end();
    bool many = summary_messages(check->summary) > 1;
    if (!check->options->json && (many || check->options->summary_only)) {
        summary_print(check->summary, &check->term);
    }
    if (fflush(stdout) != 0) {
        check->broken_output = true;
    }
    if (check->broken_output) {
        fprintf(stderr, "yett check: standard output cannot be written\n");
    }
    return status_of(check);
}

static int check_all(const struct options *options, char *const *paths, size_t count)
{
    int status;
    struct check check = {.options = options, .paths = count};
    struct setup *setup = setup_open(options, "check", &status);
    if (setup == NULL) {
        return status;
    }
    check.judge = judge_new(setup);
    check.term = term_of(options->color);
    check.paper = arena_new(PAPER_BYTES);
    check.summary = summary_new();
    if (check.judge == NULL || check.paper == NULL || check.summary == NULL) {
        fprintf(stderr, "yett check: out of memory\n");
        status = EXIT_CANNOT_TELL;
    } else {
        check_paths(&check, paths);
        status = finish(&check);
    }
    summary_free(check.summary);
    arena_free(check.paper);
    judge_free(check.judge);
    setup_close(setup);
    return status;
}

int command_check(int argc, char **argv)
{
    enum {
        GROUPS = OPTIONS_ENVELOPE | OPTIONS_MESSAGE | OPTIONS_DNS | OPTIONS_CONFIG |
                 OPTIONS_OUTPUT | OPTIONS_MANY
    };
    static char standard_input[] = "-";
    static char *const no_paths[] = {standard_input};
    static struct options options;
    int first = 0;
    struct arena *arena = arena_new(OPTION_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett check: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = EXIT_FINE;
    switch (options_parse(argc, argv, GROUPS, &help, arena, &options, &first)) {
    case OPTIONS_GO:
        status = first == argc
                     ? check_all(&options, no_paths, 1)
                     : check_all(&options, argv + first, (size_t)(argc - first));
        break;
    case OPTIONS_DONE:
        break;
    case OPTIONS_WRONG:
        status = EXIT_USAGE;
        break;
    }
    arena_free(arena);
    return status;
}
