/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/sign_job.h"

#include "app/cli/command.h"
#include "core/config/config.h"
#include "core/domain/domain.h"

#include <stdio.h>

enum { FIELDS_BYTES = 512 * 1024 };

/* Names of files are the system's: control characters are not shown. */
static void tell(const char *path, const char *kind, slice what)
{
    char name[4096];
    size_t length = 0;
    for (; path[length] != '\0' && length < sizeof(name); length++) {
        bool is_odd = (unsigned char)path[length] < 0x20 || path[length] == 0x7f;
        name[length] = is_odd ? '?' : path[length];
    }
    fprintf(stderr, "yett sign: %.*s: %s%.*s\n", (int)length, name, kind,
            SLICE_ARG(what));
}

int sign_complain(const char *path, slice why, int status)
{
    tell(path, "", why);
    return status;
}

void sign_note(const char *path, slice what)
{
    tell(path, "note: ", what);
}

static enum dkim_canon header_canon(const struct sign_job *job)
{
    const struct sign_options *options = &job->options->sign;
    return options->has_canon ? options->header_canon : DKIM_RELAXED;
}

static enum dkim_canon body_canon(const struct sign_job *job)
{
    const struct sign_options *options = &job->options->sign;
    return options->has_canon ? options->body_canon : DKIM_RELAXED;
}

/* ---- the octets --------------------------------------------------------------------- */

static enum yett_err begin_seal(struct sign_job *job)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    limits.signatures = 0; /* the message's own are nobody's question here */
    enum yett_err err = dkim_message_new(job->arena, job->crypto, &job->header,
                                         SLICE_NONE, limits, &job->dkim);
    if (err == YETT_OK) {
        err = arc_chain_new(job->arena, job->crypto, &job->header, job->dkim,
                            ARC_LIMITS_DEFAULT, &job->chain);
    }
    return err == YETT_OK ? arc_prepare_seal(job->chain) : err;
}

static void feed_body(struct sign_job *job, slice bytes)
{
    if (job->dkim != NULL) {
        dkim_message_body(job->dkim, bytes);
    } else {
        signer_sums_feed(job->sums, bytes);
    }
}

static enum yett_err begin_body(struct sign_job *job)
{
    bool relaxed = body_canon(job) == DKIM_RELAXED;
    job->in_body = true;
    enum yett_err err = message_parser_finish(job->parser, &job->header);
    if (err == YETT_OK) {
        err = job->options->sign.arc ? begin_seal(job)
                                     : signer_sums_new(job->arena, job->crypto, !relaxed,
                                                       relaxed, 0, &job->sums);
    }
    if (err == YETT_OK) {
        feed_body(job, job->header.rest);
    }
    return err;
}

/* What survives no mail server: told, so that nobody wonders later. */
static void look_at(struct sign_job *job, slice bytes)
{
    if (job->last_octet == '\0' && job->column == 0 && bytes.len > 0) {
        job->begins_with_space = bytes.ptr[0] == ' ' || bytes.ptr[0] == '\t';
    }
    for (size_t i = 0; i < bytes.len; i++) {
        char octet = bytes.ptr[i];
        job->has_eight_bit |= ((unsigned char)octet & 0x80) != 0;
        if (octet == '\n') {
            job->has_bare_end |= job->last_octet != '\r';
            job->has_long_line |= job->column > SIGNER_LINE_OCTETS + 1; /* with its CR */
            job->column = 0;
        } else {
            job->has_bare_end |= job->last_octet == '\r';
            job->column++;
        }
        job->last_octet = octet;
    }
}

static void take_crlf_bytes(void *context, slice bytes)
{
    struct sign_job *job = context;
    bool done = false;
    if (job->err != YETT_OK) {
        return;
    }
    look_at(job, bytes);
    if (!job->in_body) {
        job->err = message_parser_feed(job->parser, &bytes, &done);
        if (job->err == YETT_OK && done) {
            job->err = begin_body(job);
        }
    }
    if (job->err == YETT_OK && job->in_body) {
        feed_body(job, bytes);
    }
}

/* As message_newline does: the first line end tells. */
static void find_line_ends(struct sign_job *job, slice octets)
{
    size_t at = slice_find_byte(octets, '\n');
    if (job->saw_line || octets.len == 0) {
        return;
    }
    if (at < octets.len) {
        char before = at == 0 ? job->stored_last : octets.ptr[at - 1];
        job->stored_with_lf = before != '\r';
        job->saw_line = true;
    }
    job->stored_last = octets.ptr[octets.len - 1];
}

bool sign_take(void *context, slice octets)
{
    struct sign_job *job = context;
    find_line_ends(job, octets);
    message_newline_feed(&job->newline, octets);
    return job->err == YETT_OK;
}

enum yett_err sign_begin(struct sign_job *job)
{
    message_newline_init(&job->newline, take_crlf_bytes, job);
    job->parser = message_parser_new(job->arena, MESSAGE_LIMITS_DEFAULT);
    return job->parser == NULL ? YETT_NO_MEMORY : YETT_OK;
}

void sign_end(struct sign_job *job)
{
    if (job->sums != NULL) {
        signer_sums_finish(job->sums);
    }
    if (job->dkim != NULL) {
        dkim_message_finish(job->dkim);
    }
}

/* ---- what is wrong with it ---------------------------------------------------------- */

static bool has_field(const struct sign_job *job, const char *name)
{
    return message_count_fields(&job->header, name) != 0;
}

/* The hazards of core/signing, for which there are no settings here. */
static void tell_hazards(const struct sign_job *job, const char *path)
{
    const bool is_there[] = {job->has_long_line, job->has_bare_end, job->has_eight_bit,
                             !has_field(job, "Date"), !has_field(job, "Message-ID")};
    static const char *const texts[] = {
        "a line has more than 998 octets: mail servers break it, and the signature",
        "a CR or LF stands on its own: mail servers change or refuse it, and the "
        "signature breaks",
        "it has octets over 127: a mail server whose next hop does not take 8BITMIME "
        "encodes them anew, and the signature breaks",
        "it has no Date field, which every message must have; one that a mail server "
        "adds is not signed",
        "it has no Message-ID field, which every message should have; one that a mail "
        "server adds is not signed",
    };
    for (size_t i = 0; i < sizeof is_there / sizeof is_there[0]; i++) {
        if (is_there[i]) {
            sign_note(path, slice_from_text(texts[i]));
        }
    }
}

static bool is_aligned(const struct sign_job *job, slice author)
{
    for (size_t i = 0; i < job->key_count; i++) {
        if (domain_is_under(author, job->keys[i].domain) ||
            domain_is_under(job->keys[i].domain, author)) {
            return true;
        }
    }
    return false;
}

/* Whether DMARC can make anything of these signatures. */
static void tell_author(const struct sign_job *job, const char *path,
                        const struct message_from *from)
{
    if (from->status != MESSAGE_FROM_OK) {
        sign_note(path, arena_printf(job->arena,
                                     "%.*s, and receivers may refuse it for that: these "
                                     "signatures count nothing for DMARC",
                                     SLICE_ARG(from->reason)));
    } else if (!is_aligned(job, from->domains[0])) {
        sign_note(path, arena_printf(job->arena,
                                     "the author's domain is %.*s, so these signatures "
                                     "count nothing for DMARC",
                                     SLICE_ARG(from->domains[0])));
    }
}

/* Two authors are what forgers write: which one is meant is not for a signature to say. */
static int judge_message(struct sign_job *job, const char *path)
{
    struct message_from from;
    if ((job->header.defects & MESSAGE_MBOX_FROM) != 0) {
        return sign_complain(path,
                             SLICE("begins with a \"From \" line, as an mbox does: sign "
                                   "one message, without that line"),
                             EXIT_BAD);
    }
    if (job->begins_with_space) {
        return sign_complain(path,
                             SLICE("begins with white space: its first line would belong "
                                   "to the field put above it, and no signature hold"),
                             EXIT_BAD);
    }
    if (message_read_from(job->arena, &job->header, &from) != YETT_OK) {
        return sign_complain(path, SLICE("out of memory"), EXIT_CANNOT_TELL);
    }
    if (from.status == MESSAGE_FROM_SEVERAL_FIELDS) {
        return sign_complain(
            path, SLICE("has several From fields, which no receiver accepts"), EXIT_BAD);
    }
    if (!has_field(job, "From")) {
        return EXIT_FINE; /* core/dkim refuses it, core/arc as well */
    }
    tell_hazards(job, path);
    if (!job->options->sign.arc) {
        tell_author(job, path, &from);
    }
    return EXIT_FINE;
}

static int complain_of(const char *path, enum yett_err err, slice why)
{
    switch (err) {
    case YETT_BAD_SYNTAX:
    case YETT_NOT_FOUND:
        return sign_complain(path, why, EXIT_BAD);
    case YETT_LIMIT:
        return sign_complain(path, SLICE("its header is larger than what is signed"),
                             EXIT_BAD);
    case YETT_OK:
    case YETT_NEED_ANSWERS:
    case YETT_NO_MEMORY:
    case YETT_IO:
        break;
    }
    return sign_complain(path, slice_from_text(yett_err_text(err)), EXIT_CANNOT_TELL);
}

/* ---- signatures --------------------------------------------------------------------- */

static struct signer_plan signing_of(const struct sign_job *job,
                                     const struct sign_key *key)
{
    const struct sign_options *options = &job->options->sign;
    int64_t expire_s = options->has_expire ? options->expire_s : CONFIG_EXPIRE_S;
    return (struct signer_plan){
        .domain = key->domain,
        .selector = key->selector,
        .algorithm = signer_algorithm_of(key->key),
        .header_canon = header_canon(job),
        .body_canon = body_canon(job),
        .identity = options->identity,
        .signed_at_s = job->now_s,
        .expires_at_s = expire_s == 0 ? DKIM_NO_TIME : job->now_s + expire_s,
        .rules = options->has_rules ? options->rules : signer_default_rules(),
    };
}

static enum yett_err add_signature(struct sign_job *job, const struct sign_key *key,
                                   struct buf *fields, slice *why)
{
    const struct signer_plan signing = signing_of(job, key);
    struct signer_draft draft;
    struct buf signature;
    slice field;
    enum yett_err err =
        signer_make_draft(job->arena, &job->header, &signing,
                          signer_sums_digest(job->sums, signing.body_canon), &draft, why);
    buf_init(&signature, job->arena, CRYPTO_SIGNATURE_MAX);
    if (err == YETT_OK) {
        err = signer_sign(job->crypto, key->key, draft.text, &signature);
    }
    if (err == YETT_OK) {
        err = signer_make_field(job->arena, draft.field, buf_slice(&signature), &field);
    }
    if (err == YETT_OK) {
        buf_add(fields, field);
        err = buf_err(fields);
    }
    return err;
}

static int sign_all(struct sign_job *job, const char *path, slice *fields)
{
    struct buf all;
    slice why = SLICE_NONE;
    buf_init(&all, job->arena, FIELDS_BYTES);
    enum yett_err err = signer_sums_end(job->sums);
    for (size_t i = 0; i < job->key_count && err == YETT_OK; i++) {
        err = add_signature(job, &job->keys[i], &all, &why);
    }
    *fields = buf_slice(&all);
    return err == YETT_OK ? EXIT_FINE : complain_of(path, err, why);
}

/* The fields with line ends as those of the message. */
static int write_as_stored(struct sign_job *job, const char *path, slice *fields)
{
    struct buf out;
    slice line;
    slice rest = *fields;
    if (!job->stored_with_lf) {
        return EXIT_FINE;
    }
    buf_init(&out, job->arena, FIELDS_BYTES);
    while (slice_next_piece(&rest, '\r', &line)) {
        buf_add(&out, line);
    }
    *fields = buf_slice(&out);
    return buf_err(&out) == YETT_OK ? EXIT_FINE
                                    : complain_of(path, buf_err(&out), SLICE_NONE);
}

int sign_finish(struct sign_job *job, const char *path, slice *fields)
{
    message_newline_finish(&job->newline);
    if (job->err == YETT_OK && !job->in_body) {
        job->err = begin_body(job);
    }
    if (job->err != YETT_OK) {
        return complain_of(path, job->err, SLICE_NONE);
    }
    int status = judge_message(job, path);
    if (status == EXIT_FINE) {
        status = job->options->sign.arc ? sign_seal(job, path, fields)
                                        : sign_all(job, path, fields);
    }
    return status == EXIT_FINE ? write_as_stored(job, path, fields) : status;
}
