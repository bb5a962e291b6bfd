/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/signing/parts.h"

/*
 * decide: one message, gone through the rules in a row; the first that fits decides.
 *
 * Signed is mail that our own users hand in, and nothing else: what was only passed on is not
 * ours to vouch for, whatever its From says.
 */

typedef enum yett_err rule_function(struct arena *arena,
                                    const struct signing_question *question,
                                    struct signing_decision *out, bool *is_decided);

/* ---- sentences --------------------------------------------------------------------------- */

static enum yett_err end(struct signing_decision *out, enum signing_act act,
                         const char *rule, slice reason, bool *is_decided)
{
    out->act = act;
    out->rule = slice_from_text(rule);
    out->reason = reason;
    *is_decided = true;
    return YETT_OK;
}

#define END(act, rule, text) end(out, act, rule, SLICE(text), is_decided)

static enum yett_err end_about(struct arena *arena, struct signing_decision *out,
                               enum signing_act act, const char *rule, slice name,
                               const char *text, bool *is_decided)
{
    struct buf buf;
    buf_init(&buf, arena, SIGNING_SENTENCE_MAX);
    buf_add(&buf, name);
    buf_add_text(&buf, text);
    if (buf_err(&buf) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    return end(out, act, rule, buf_slice(&buf), is_decided);
}

/* ---- who is talking ---------------------------------------------------------------------- */

static enum yett_err ask_role(struct arena *arena,
                              const struct signing_question *question,
                              struct signing_decision *out, bool *is_decided)
{
    (void)arena;
    if (question->table == NULL) {
        return END(SIGNING_NOT_ASKED, "nothing-signed",
                   "no domain is set to be signed for");
    }
    if (question->role == CONFIG_LISTENER_VERIFY) {
        return END(SIGNING_NOT_ASKED, "verify-only",
                   "it came through a listener that only verifies (role)");
    }
    return YETT_OK;
}

/* Of mail that passes a listener for all mail there is nothing to say; who set one up for
   signing wonders why nothing is signed. */
static enum signing_act act_for_strangers(const struct signing_question *question)
{
    return question->role == CONFIG_LISTENER_SIGN ? SIGNING_LEFT : SIGNING_NOT_ASKED;
}

/* Mail servers write bounces in this name.  The null sender alone proves nothing: any user of
   the host can hand in mail with it, in anybody's name. */
static bool is_bounce(const struct signing_question *question)
{
    const struct message_from *from = question->from;
    return question->envelope.mail_from.len == 0 && from->status == MESSAGE_FROM_OK &&
           from->count == 1 &&
           slice_eq_nocase(from->mailboxes[0].local_part, SLICE("mailer-daemon"));
}

static enum yett_err ask_source(struct arena *arena,
                                const struct signing_question *question,
                                struct signing_decision *out, bool *is_decided)
{
    const struct verdict_envelope *envelope = &question->envelope;
    bool networks = question->config->signing.networks == CONFIG_ON;
    (void)arena;
    switch (verdict_source_of(question->config, envelope)) {
    case VERDICT_SOURCE_RELAY:
        return END(act_for_strangers(question), "trusted-relay",
                   "it came through a trusted relay: mail of others is never signed");
    case VERDICT_SOURCE_OTHER:
        return END(act_for_strangers(question), "stranger",
                   "its client is neither logged in nor in submission_networks");
    case VERDICT_SOURCE_UNKNOWN:
        return END(act_for_strangers(question), "no-client",
                   "nobody says which client sent it");
    case VERDICT_SOURCE_SUBMISSION:
        if (!envelope->authenticated && !networks) {
            return END(SIGNING_LEFT, "networks-off",
                       "its client is not logged in, and signing for submission_networks "
                       "is off (signing.networks)");
        }
        out->rule = envelope->authenticated ? SLICE("login") : SLICE("network");
        return YETT_OK;
    case VERDICT_SOURCE_LOCAL:
        break;
    }
    if (is_bounce(question)) {
        out->rule = SLICE("bounce");
        return YETT_OK;
    }
    out->rule = SLICE("local");
    return networks ? YETT_OK
                    : END(SIGNING_LEFT, "networks-off",
                          "a local program sent it, and signing for such is off "
                          "(signing.networks)");
}

/* An envelope sender that was rewritten so that bounces come back to a forwarder (SRS):
   "SRS0=" or "SRS1=", also with "+" or "-". */
static bool is_srs(slice mail_from)
{
    slice rest = mail_from;
    (void)slice_take_byte(&rest, '"');
    if (!slice_take_nocase(&rest, SLICE("SRS"))) {
        return false;
    }
    int digit = slice_peek(rest);
    int separator = slice_peek(slice_skip(rest, 1));
    return (digit == '0' || digit == '1') &&
           (separator == '=' || separator == '+' || separator == '-');
}

static enum yett_err ask_forward(struct arena *arena,
                                 const struct signing_question *question,
                                 struct signing_decision *out, bool *is_decided)
{
    (void)arena;
    return is_srs(question->envelope.mail_from)
               ? END(SIGNING_LEFT, "forward",
                     "its envelope sender is one that a forwarder made (SRS): mail of "
                     "others is never signed")
               : YETT_OK;
}

/* ---- whose mail it is -------------------------------------------------------------------- */

static bool names_one_of_ours(const struct signing_question *question)
{
    struct signing_rows rows;
    bool found = false;
    for (size_t i = 0; !found && i < question->from->domain_count; i++) {
        found = signing_find_author(question->table, question->from->domains[i], &rows);
    }
    return found;
}

/* By itself, as a keeper reads them: one that hides in another field cannot be signed. */
static enum yett_err can_read_each(struct arena *arena,
                                   const struct message_header *header, bool *out)
{
    const struct message_field *field;
    size_t at = 0;
    *out = header == NULL || (header->defects & MESSAGE_MAY_HIDE) == 0;
    while (header != NULL && *out &&
           (field = message_find_field(header, "From", at, &at)) != NULL) {
        const struct message_header alone = {.fields = field, .count = 1};
        struct message_from from;
        enum yett_err err = message_read_from(arena, &alone, &from);
        if (err != YETT_OK) {
            return err;
        }
        *out = from.status == MESSAGE_FROM_OK;
        at++;
    }
    return YETT_OK;
}

static enum yett_err several_fields(struct arena *arena,
                                    const struct signing_question *question,
                                    struct signing_decision *out, bool *is_decided)
{
    bool is_readable = true;
    enum yett_err err = YETT_OK;
    switch (question->config->signing.on_several_from) {
    case CONFIG_HAZARD_REJECT:
        return END(SIGNING_REFUSED, "several-from",
                   "it has several From fields, which most receivers refuse");
    case CONFIG_HAZARD_REPAIR:
    case CONFIG_HAZARD_SIGN:
        err = can_read_each(arena, question->header, &is_readable);
        if (err != YETT_OK || (is_readable && question->from->domain_count == 1)) {
            return err;
        }
        break;
    case CONFIG_HAZARD_UNSIGNED:
        break;
    }
    return END(SIGNING_FAILED, "several-from",
               "it has several From fields: nobody can tell which of them counts");
}

static enum yett_err ask_from(struct arena *arena,
                              const struct signing_question *question,
                              struct signing_decision *out, bool *is_decided)
{
    const struct message_from *from = question->from;
    enum signing_act act = names_one_of_ours(question) ? SIGNING_FAILED : SIGNING_LEFT;
    switch (from->status) {
    case MESSAGE_FROM_OK:
        break;
    case MESSAGE_FROM_MISSING:
        return END(act, "no-from", "it has no From field that names anybody");
    case MESSAGE_FROM_UNPARSABLE:
        return end_about(arena, out, act, "bad-from", from->reason,
                         ": its From cannot be read", is_decided);
    case MESSAGE_FROM_SEVERAL_DOMAINS:
        return END(act, "several-domains", "its From names more than one domain");
    case MESSAGE_FROM_SEVERAL_FIELDS:
        if (act == SIGNING_LEFT) {
            return END(act, "several-from",
                       "it has several From fields, none of a domain of ours");
        }
        enum yett_err err = several_fields(arena, question, out, is_decided);
        if (err != YETT_OK || *is_decided) {
            return err;
        }
        break;
    }
    out->author = from->domains[0];
    return YETT_OK;
}

static enum yett_err ask_domain(struct arena *arena,
                                const struct signing_question *question,
                                struct signing_decision *out, bool *is_decided)
{
    if (!signing_find_author(question->table, out->author, &out->rows)) {
        bool is_ours = config_is_ours(question->config, out->author);
        return end_about(
            arena, out, SIGNING_LEFT, is_ours ? "no-key" : "other-domain", out->author,
            is_ours ? " is one of our domains, and no key is set for it (domain { sign })"
                    : ", the domain of its From, is none that is signed for here",
            is_decided);
    }
    if (out->rows.count == 0) {
        return end_about(
            arena, out, SIGNING_LEFT, "no-key", out->rows.pattern,
            " is named without a key, so its mail is not signed (domain { sign })",
            is_decided);
    }
    return YETT_OK;
}

static enum yett_err ask_login(struct arena *arena,
                               const struct signing_question *question,
                               struct signing_decision *out, bool *is_decided)
{
    struct signing_claim claim;
    if (!question->envelope.authenticated) {
        return YETT_OK;
    }
    enum yett_err err = signing_judge_login(
        arena, question->table, question->envelope.login, out->author, &claim);
    if (err != YETT_OK) {
        return err;
    }
    out->reason = claim.reason;
    if (claim.is_permitted) {
        return YETT_OK;
    }
    bool rejects = question->config->signing.on_mismatch == CONFIG_MISMATCH_REJECT;
    return end(out, rejects ? SIGNING_REFUSED : SIGNING_FAILED, "mismatch", claim.reason,
               is_decided);
}

/* ---- what was done already --------------------------------------------------------------- */

static enum yett_err is_signed_by_us(struct arena *arena,
                                     const struct signing_question *question, bool *out)
{
    struct arena_mark mark = arena_mark(arena);
    size_t index = 0;
    *out = false;
    for (const struct message_field *field;
         !*out && (field = message_find_field(question->header, "DKIM-Signature", index,
                                              &index)) != NULL;
         index++) {
        struct dkim_signature signature;
        struct signing_row row;
        enum yett_err err = dkim_parse_signature(arena, field, &signature);
        if (err != YETT_OK) {
            return err;
        }
        *out =
            signature.error.len == 0 &&
            signing_find_row(question->table, signature.domain, signature.selector, &row);
    }
    arena_rewind(arena, mark);
    return YETT_OK;
}

/* From our own queue it may come a second time, with the signatures of the first. */
static enum yett_err ask_again(struct arena *arena,
                               const struct signing_question *question,
                               struct signing_decision *out, bool *is_decided)
{
    bool is_signed = false;
    if (!question->envelope.local || question->header == NULL) {
        return YETT_OK;
    }
    enum yett_err err = is_signed_by_us(arena, question, &is_signed);
    if (err != YETT_OK || !is_signed) {
        return err;
    }
    return END(SIGNING_LEFT, "signed-already",
               "it has a signature of ours: it was in our queue before");
}

/* ---- the row ----------------------------------------------------------------------------- */

static rule_function *const rules[] = {ask_role,   ask_source, ask_forward, ask_from,
                                       ask_domain, ask_login,  ask_again};

static slice why_signed(const struct signing_question *question,
                        const struct signing_decision *decision)
{
    if (decision->reason.len != 0) {
        return decision->reason;
    }
    if (slice_eq(decision->rule, SLICE("network"))) {
        return verdict_is_of_list_host(question->config, &question->envelope)
                   ? SLICE("its client is in sealing.list_hosts")
                   : SLICE("its client is in submission_networks");
    }
    return slice_eq(decision->rule, SLICE("bounce"))
               ? SLICE("it is a bounce of our own")
               : SLICE("a program on the mail server sent it");
}

enum yett_err signing_decide(struct arena *arena, const struct signing_question *question,
                             struct signing_decision *out)
{
    bool is_decided = false;
    *out = (struct signing_decision){0};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        enum yett_err err = rules[i](arena, question, out, &is_decided);
        if (err != YETT_OK || is_decided) {
            return err;
        }
    }
    out->act = SIGNING_SIGN;
    out->reason = why_signed(question, out);
    return YETT_OK;
}
