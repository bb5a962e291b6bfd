/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/keeper.h"
#include "core/keeper/rate.h"

#include <stdio.h>

/* answer: a reply to each packet. */

enum { COMPLAINT_BYTES = KEEPER_REASON_MAX + 40 };

struct keeper {
    struct keeper_options options;
    struct rate *rate;
    struct keeper_counts counts;
    char complaint[COMPLAINT_BYTES];
    size_t complaint_len;
};

struct keeper *keeper_new(struct arena *arena, const struct keeper_options *options)
{
    struct keeper *keeper = ARENA_NEW(arena, struct keeper);
    if (keeper == NULL) {
        return NULL;
    }
    keeper->options = *options;
    keeper->rate = rate_new(arena, options->hash_key, signing_row_count(options->table),
                            options->rate_per_minute);
    return keeper->rate == NULL ? NULL : keeper;
}

struct keeper_counts keeper_counts(const struct keeper *keeper)
{
    return keeper->counts;
}

/* ---- refusing --------------------------------------------------------------------------- */

static void complain(struct keeper *keeper, enum keeper_refusal refusal, slice reason)
{
    int len = snprintf(keeper->complaint, sizeof keeper->complaint, "%s: %.*s",
                       keeper_refusal_word(refusal),
                       SLICE_ARG(slice_first(reason, KEEPER_REASON_MAX)));
    keeper->complaint_len = len < 0 ? 0 : (size_t)len;
}

slice keeper_take_complaint(struct keeper *keeper)
{
    slice complaint = slice_of(keeper->complaint, keeper->complaint_len);
    keeper->complaint_len = 0;
    return complaint;
}

static struct keeper_answer refuse(struct keeper *keeper, enum keeper_refusal refusal,
                                   slice reason)
{
    if (slice_is_empty(reason)) {
        reason = slice_from_text(keeper_refusal_text(refusal));
    }
    keeper->counts.refused++;
    complain(keeper, refusal, reason);
    return (struct keeper_answer){.refusal = refusal, .octets = reason};
}

static struct keeper_answer refuse_rate(struct keeper *keeper, struct arena *scratch,
                                        slice domain, uint64_t count)
{
    keeper->counts.limited++;
    return refuse(keeper, KEEPER_REFUSED_RATE,
                  arena_printf(scratch, "%s: %.*s has had %llu of this keeper",
                               keeper_refusal_text(KEEPER_REFUSED_RATE),
                               SLICE_ARG(domain), (unsigned long long)count));
}

/* ---- signing ---------------------------------------------------------------------------- */

static struct keeper_answer sign(struct keeper *keeper, struct arena *scratch,
                                 const struct keeper_text *text, uint32_t number)
{
    const char *why = "";
    struct buf signature;
    const struct crypto_private_key *key =
        keeper->options.key(keeper->options.context, number, &why);
    if (key == NULL) {
        return refuse(keeper, KEEPER_REFUSED_INTERNAL, slice_from_text(why));
    }
    buf_init(&signature, scratch, KEEPER_SIGNATURE_MAX);
    if (signer_sign(keeper->options.crypto, key, text->octets, &signature) != YETT_OK ||
        buf_err(&signature) != YETT_OK) {
        return refuse(keeper, KEEPER_REFUSED_INTERNAL,
                      SLICE("libcrypto cannot sign with this key"));
    }
    keeper->counts.signatures++;
    return (struct keeper_answer){.refusal = KEEPER_SIGNED,
                                  .octets = buf_slice(&signature)};
}

static struct keeper_answer answer_text(struct keeper *keeper, struct arena *scratch,
                                        const struct keeper_text *text, int64_t now_s,
                                        int64_t now_ms)
{
    struct keeper_finding finding;
    uint64_t count;
    if (keeper_check(scratch, keeper->options.table, text, now_s, &finding) != YETT_OK) {
        return refuse(keeper, KEEPER_REFUSED_INTERNAL, SLICE("the keeper has no memory"));
    }
    if (finding.refusal != KEEPER_SIGNED) {
        return refuse(keeper, finding.refusal, finding.reason);
    }
    if (!rate_take(keeper->rate, finding.domain, now_ms, &count)) {
        return refuse_rate(keeper, scratch, finding.domain, count);
    }
    return sign(keeper, scratch, text, finding.key);
}

void keeper_answer_packet(struct keeper *keeper, struct arena *scratch, slice packet,
                          int64_t now_s, int64_t now_ms, struct buf *reply)
{
    struct arena_mark mark = arena_mark(scratch);
    struct keeper_request request;
    struct keeper_reply answers = {.count = 0};
    if (keeper_read_request(packet, &request) != YETT_OK) {
        keeper->counts.malformed++;
        (void)refuse(keeper, KEEPER_REFUSED_REQUEST, SLICE_NONE);
        answers.refusal = KEEPER_REFUSED_REQUEST;
    } else {
        keeper->counts.requests++;
    }
    answers.id = request.id;
    for (; answers.count < request.count; answers.count++) {
        answers.answers[answers.count] =
            answer_text(keeper, scratch, &request.texts[answers.count], now_s, now_ms);
    }
    keeper_write_reply(reply, &answers);
    arena_rewind(scratch, mark);
}
