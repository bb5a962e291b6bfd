/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/spf/evaluation.h"

/*
 * explain: the sender's own words about a fail (RFC 7208 section 6.2).
 *
 * Whatever goes wrong on the way means that there is no explanation; none of it changes
 * the result or counts towards a limit.
 */

enum {
    /* For an SMTP reply.  A longer text ends at a word within it, so that no address of a
       web page is cut in two, and "..."; without such a place it is dropped. */
    EXPLANATION_MAX = 200,
    EXPANSION_MAX = 4096
};

/* Macros bring in what the client said: nothing but printable ASCII goes into a reply. */
static bool is_printable(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_printable((unsigned char)text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static enum yett_err shorten(struct arena *arena, slice text, slice *out)
{
    const slice dots = SLICE(" ...");
    size_t room = EXPLANATION_MAX - dots.len + 1;
    if (text.len <= EXPLANATION_MAX) {
        *out = text;
        return YETT_OK;
    }
    slice kept = slice_first(text, room);
    size_t space = slice_find_last_byte(kept, ' ');
    kept = slice_trim_wsp(slice_first(kept, space == kept.len ? 0 : space));
    if (slice_is_empty(kept)) {
        *out = SLICE_NONE;
        return YETT_OK;
    }
    struct buf buf;
    buf_init(&buf, arena, EXPLANATION_MAX);
    buf_add(&buf, kept);
    buf_add(&buf, dots);
    *out = buf_slice(&buf);
    return buf_err(&buf);
}

/* The text of `answer`; false when there is none, with the reason in `*why`. */
static bool take_text(const struct dns_answer *answer, slice *text, unsigned *uses,
                      const char **why)
{
    if (answer->status != DNS_FOUND) {
        *why = dns_is_open(answer) ? "is not there: DNS could not answer $n TXT: $s"
                                   : "is not there: $n has no TXT record";
        return false;
    }
    if (answer->count != 1) {
        *why = "is not used: $n has $u TXT records instead of one";
        return false;
    }
    size_t bad_at = 0;
    const char *mistake = NULL;
    *text = answer->records[0].text;
    if (spf_macro_check(*text, SPF_IN_EXPLANATION, uses, &bad_at, &mistake) != YETT_OK) {
        *why = "is not used: the text at $n is broken";
        return false;
    }
    return true;
}

static enum yett_err expand(struct spf_evaluation *ev, slice domain, slice text,
                            unsigned uses, slice *out, const char **why)
{
    struct buf buf;
    buf_init(&buf, ev->arena, EXPANSION_MAX);
    enum yett_err err = spf_expand(ev, domain, text, uses, &buf);
    if (err != YETT_OK) {
        return err;
    }
    if (buf_err(&buf) == YETT_LIMIT) {
        *why = "is not used: the text at $n is too long";
        return YETT_OK;
    }
    if (!is_printable(buf_slice(&buf))) {
        *why = "is not used: the text at $n comes to something else than printable ASCII";
        return YETT_OK;
    }
    err = shorten(ev->arena, buf_slice(&buf), out);
    if (err == YETT_OK && slice_is_empty(*out)) {
        *why = buf.len == 0 ? "is empty" : "is not used: the text at $n is too long";
    }
    return err;
}

/* `*why` stays NULL when there is an explanation. */
static enum yett_err fetch(struct spf_evaluation *ev, const struct spf_frame *frame,
                           struct spf_words *words, slice *out, const char **why)
{
    const struct spf_term *exp = frame->record->exp;
    struct spf_target target;
    enum yett_err err = spf_target_of(
        ev, frame->domain, spf_part_of(frame->text, exp->domain), exp->uses, &target);
    if (err != YETT_OK) {
        return err;
    }
    words->name = target.name;
    if (target.state != SPF_TARGET_READY) {
        *why = "is not there: $n is no name that DNS can hold";
        return YETT_OK;
    }
    err = dns_ask(ev->dns, DNS_TXT, target.name, &words->answer);
    if (err != YETT_OK) {
        return err;
    }
    words->number = words->answer->count;

    slice text;
    unsigned uses = 0;
    if (!take_text(words->answer, &text, &uses, why)) {
        return YETT_OK;
    }
    return expand(ev, frame->domain, text, uses, out, why);
}

enum yett_err spf_explain(struct spf_evaluation *ev, const struct spf_frame *frame,
                          slice *out)
{
    if (frame->record->exp == NULL) {
        return YETT_OK;
    }
    slice found = SLICE_NONE;
    struct spf_words words = {0};
    const char *why = NULL;
    enum yett_err err = fetch(ev, frame, &words, &found, &why);
    if (err != YETT_OK) {
        return err;
    }

    struct spf_outcome outcome = {.note = SLICE("gives the explanation")};
    if (why != NULL) {
        found = SLICE_NONE;
        err = spf_say(ev, why, &words, &outcome.note);
    }
    size_t index;
    if (err == YETT_OK) {
        err = spf_trace_term(ev, frame, frame->record->exp, &outcome, &index);
    }
    if (err == YETT_OK) {
        *out = found;
    }
    return err;
}
