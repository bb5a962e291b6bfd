/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/sign_job.h"
#include "edge/keys/keys.h"

#include <stdio.h>

/* sign_keys: the keys that the command line names. */

static int complain(const char *path, const char *why)
{
    return sign_complain(path, slice_from_text(why), EXIT_USAGE);
}

static int read_key(struct sign_job *job, const char *path,
                    struct crypto_private_key **out)
{
    slice pem, why;
    const char *fault = NULL;
    enum yett_err err = keys_read_given(job->arena, path, &pem, &why);
    if (err != YETT_OK) {
        fprintf(stderr, "yett sign: %.*s\n", SLICE_ARG(why));
        return err == YETT_NO_MEMORY ? EXIT_CANNOT_TELL : EXIT_USAGE;
    }
    err = crypto_private_key_read(job->crypto, pem, out, &fault);
    keys_wipe(pem);
    if (err == YETT_BAD_SYNTAX) {
        return complain(path, fault);
    }
    return err == YETT_OK ? EXIT_FINE
                          : sign_complain(path, SLICE("out of memory"), EXIT_CANNOT_TELL);
}

/* The n-th of a list, or the one that is for all. */
static size_t nth(size_t n, size_t count)
{
    return count == 1 ? 0 : n;
}

static int check_algorithm(const struct sign_job *job, size_t n)
{
    const struct sign_options *options = &job->options->sign;
    enum dkim_algorithm own = signer_algorithm_of(job->keys[n].key);
    if (options->algorithm_count == 0 ||
        options->algorithms[nth(n, options->algorithm_count)] == own) {
        return EXIT_FINE;
    }
    return complain(options->keys[n], own == DKIM_RSA_SHA256
                                          ? "is an RSA key: it signs with rsa-sha256"
                                          : "is an Ed25519 key: it signs with "
                                            "ed25519-sha256");
}

int sign_read_keys(struct sign_job *job)
{
    const struct sign_options *options = &job->options->sign;
    int status = EXIT_FINE;
    for (size_t i = 0; i < options->selector_count && status == EXIT_FINE; i++) {
        struct sign_key *key = &job->keys[i];
        key->domain = options->domains[nth(i, options->domain_count)];
        key->selector = options->selectors[i];
        status = read_key(job, options->keys[i], &key->key);
        if (status == EXIT_FINE) {
            job->key_count++;
            status = check_algorithm(job, i);
        }
    }
    return status;
}

void sign_free_keys(struct sign_job *job)
{
    for (size_t i = 0; i < job->key_count; i++) {
        crypto_private_key_free(job->keys[i].key);
    }
    job->key_count = 0;
}
