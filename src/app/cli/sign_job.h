/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SIGN_JOB_H
#define YETT_APP_CLI_SIGN_JOB_H

#include "app/cli/options.h"
#include "app/cli/setup.h"
#include "core/arc/arc.h"
#include "core/signer/signer.h"

/*
 * sign_job: one message to be signed, from its octets to the fields that go on top.
 *
 * sign_job.c takes the octets and makes signatures, sign_seal.c an ARC set, sign_keys.c
 * reads the keys.
 */
struct sign_key {
    struct crypto_private_key *key;
    slice domain;
    slice selector;
};

struct sign_job {
    const struct options *options;
    struct arena *arena;
    struct crypto *crypto;
    int64_t now_s;
    struct sign_key keys[SIGN_SIGNATURES_MAX];
    size_t key_count;
    const struct setup *setup; /* for a seal; else NULL */

    /* The message: its octets with CRLF line ends. */
    struct message_newline newline;
    struct message_parser *parser;
    struct message_header header;
    bool in_body;
    enum yett_err err;
    struct signer_sums *sums;
    struct dkim_message *dkim; /* for a seal */
    struct arc_chain *chain;   /* for a seal */

    /* What was noticed on the way. */
    bool stored_with_lf; /* so the fields are written */
    bool saw_line;
    char stored_last; /* octet before it */
    char last_octet;  /* with CRLF line ends */
    size_t column;
    bool has_long_line;
    bool has_bare_end;  /* a CR or LF on its own */
    bool has_eight_bit; /* octets over 127 */
    bool begins_with_space;
};

/* sign_keys.c.  Exit status, the error printed; what was read is in the job then. */
int sign_read_keys(struct sign_job *job);
void sign_free_keys(struct sign_job *job);

YETT_MUST_USE
enum yett_err sign_begin(struct sign_job *job);

/* For spool_read(), which hands over the whole message. */
bool sign_take(void *job, slice octets);

/* The message has ended.  Exit status: the fields are in `*fields` or the error was printed;
   `path` is for that. */
int sign_finish(struct sign_job *job, const char *path, slice *fields);
void sign_end(struct sign_job *job);

/* sign_seal.c: the ARC set.  The same. */
int sign_seal(struct sign_job *job, const char *path, slice *fields);

/* Print "yett sign: PATH: why" and return `status`. */
int sign_complain(const char *path, slice why, int status);

/* What is told about a message that is signed all the same. */
void sign_note(const char *path, slice what);

#endif
