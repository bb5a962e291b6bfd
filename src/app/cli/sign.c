/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/sign_job.h"
#include "app/cli/spool.h"
#include "app/cli/would_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* sign: `yett sign`: a message with signatures on top, else as it came. */

enum { JOB_BYTES = 64 * 1024 * 1024 };

static const struct option_help help = {
    .usage = "yett sign --domain DOMAIN --selector NAME --key FILE [OPTION…] [FILE|-]",
    .overview = "Write a message with a DKIM signature on top to standard output, "
                "unchanged otherwise.\n"
                "With --arc: with an ARC set.  FILE is one message; - is standard input, "
                "the default.",
    .closing =
        "Exit status: 0 signed, 1 the message cannot be signed, 2 wrong usage, a file "
        "that "
        "cannot\nbe read or a key that cannot be used, 75 it cannot be told now.\n\n"
        "  yett sign --domain example.org --selector s2026r --key s2026r.pem mail.eml\n"
        "  yett sign --domain example.org --selector s2026r --key s2026r.pem \\\n"
        "            --selector s2026e --key s2026e.pem - < mail.eml\n"
        "  yett sign --arc --authserv-id mx.example.org --domain example.org \\\n"
        "            --selector s2026r --key s2026r.pem mail.eml\n\n"
        "--config, --dns, --resolver, --validate, --trust-anchor and --answers matter to "
        "--arc\nonly.  What the gateway would sign, and why: yett sign --would-sign "
        "--help"};

/* ---- output ------------------------------------------------------------------------- */

static bool write_octets(void *context, slice octets)
{
    bool *broken = context;
    *broken |= fwrite(octets.ptr, 1, octets.len, stdout) != octets.len;
    return !*broken;
}

static int write_message(struct spool *spool, slice fields)
{
    slice why = SLICE_NONE;
    bool broken = false;
    enum yett_err err = YETT_OK;
    if (write_octets(&broken, fields)) {
        err = spool_read(spool, write_octets, &broken, &why);
    }
    broken |= fflush(stdout) != 0;
    if (err != YETT_OK) {
        fprintf(stderr, "yett sign: %.*s: what was written is not whole\n",
                SLICE_ARG(why));
        return EXIT_CANNOT_TELL;
    }
    if (broken) {
        fprintf(stderr, "yett sign: standard output cannot be written\n");
        return EXIT_CANNOT_TELL;
    }
    return EXIT_FINE;
}

/* ---- one message -------------------------------------------------------------------- */

static int sign_spool(struct sign_job *job, struct spool *spool, const char *path)
{
    const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
    slice why = SLICE_NONE;
    slice fields = SLICE_NONE;
    enum yett_err err = sign_begin(job);
    if (err == YETT_OK) {
        err = spool_read(spool, sign_take, job, &why);
    }
    if (err != YETT_OK) {
        fprintf(stderr, "yett sign: %.*s\n",
                SLICE_ARG(err == YETT_IO ? why : slice_from_text(yett_err_text(err))));
        return err == YETT_IO ? EXIT_USAGE : EXIT_CANNOT_TELL;
    }
    int status = sign_finish(job, shown, &fields);
    return status == EXIT_FINE ? write_message(spool, fields) : status;
}

static int sign_path(struct sign_job *job, const char *path)
{
    slice why;
    struct spool *spool = spool_open(job->arena, path, &why);
    if (spool == NULL) {
        fprintf(stderr, "yett sign: %.*s\n", SLICE_ARG(why));
        return EXIT_USAGE;
    }
    int status = sign_spool(job, spool, path);
    spool_close(spool);
    return status;
}

/* ---- what it takes ------------------------------------------------------------------ */

static int run_job(struct sign_job *job, const char *path)
{
    int status = sign_read_keys(job);
    if (status == EXIT_FINE) {
        status = sign_path(job, path);
    }
    sign_end(job);
    sign_free_keys(job);
    return status;
}

/* A seal needs answers of DNS and the name of this host: all that a verifier has. */
static int run_sealing(struct sign_job *job, const char *path)
{
    int status = EXIT_FINE;
    struct setup *setup = setup_open(job->options, "sign", &status);
    if (setup == NULL) {
        return status;
    }
    job->setup = setup;
    job->crypto = setup->shares.crypto;
    status = run_job(job, path);
    setup_close(setup);
    return status;
}

static int run_signing(struct sign_job *job, const char *path)
{
    job->crypto = crypto_new();
    if (job->crypto == NULL) {
        fprintf(stderr, "yett sign: libcrypto cannot be used\n");
        return EXIT_CANNOT_TELL;
    }
    int status = run_job(job, path);
    crypto_free(job->crypto);
    return status;
}

static int run(const struct options *options, struct arena *arena, const char *path)
{
    struct sign_job job = {
        .options = options,
        .arena = arena,
        .now_s = options->has_now ? options->now_s : (int64_t)time(NULL),
    };
    const char *fault = sign_options_fault(&options->sign);
    if (fault != NULL) {
        fprintf(stderr, "yett sign: %s; `yett sign --help` lists the options\n", fault);
        return EXIT_USAGE;
    }
    return options->sign.arc ? run_sealing(&job, path) : run_signing(&job, path);
}

static int run_arguments(const struct options *options, struct arena *arena, int count,
                         char *const *paths)
{
    if (count > 1) {
        fprintf(stderr,
                "yett sign: one message is signed at a time, and '%s' is the "
                "second\n",
                paths[1]);
        return EXIT_USAGE;
    }
    return run(options, arena, count == 0 ? "-" : paths[0]);
}

int command_sign(int argc, char **argv)
{
    enum { GROUPS = OPTIONS_SIGN | OPTIONS_DNS | OPTIONS_CONFIG };
    static struct options options;
    int first = 0;
    if (would_sign_is_asked(argc, argv)) {
        return would_sign(argc, argv);
    }
    struct arena *arena = arena_new(JOB_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett sign: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = EXIT_FINE;
    switch (options_parse(argc, argv, GROUPS, &help, arena, &options, &first)) {
    case OPTIONS_GO:
        status = run_arguments(&options, arena, argc - first, argv + first);
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
