/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Whole evaluations: an octet of settings, zone text up to the first NUL, a message.  All
 * answers at once with the body whole, or one by one with the body in pieces, checks
 * performed at once or wanted first: the results are the same, and make sense.
 */
struct evaluation {
    struct arena *evidence;
    struct arena *scratch;
    struct dns_answers *answers;
    struct dns_questions wanted;
    struct dkim_message *facts;
    struct dkim_checks *checks;
    struct dkim_results results;
};

static struct crypto *crypto;

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct evaluation *at = context;
    return dkim_check_perform(at->facts, check, out);
}

static bool read_message(struct evaluation *at, slice message, size_t piece)
{
    struct message_parser *parser =
        message_parser_new(at->evidence, (struct message_limits){1 << 20, 1000});
    struct message_header header;
    bool done = false;
    if (message_parser_feed(parser, &message, &done) != YETT_OK ||
        message_parser_finish(parser, &header) != YETT_OK) {
        return false;
    }
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    limits.proof_window_bytes = 2048;
    limits.proof_candidates = 20;
    enum yett_err err = dkim_message_new(at->evidence, crypto, &header,
                                         SLICE("example.org"), limits, &at->facts);
    assert(err == YETT_OK);
    while (message.len != 0) {
        dkim_message_body(at->facts, slice_first(message, piece));
        message = slice_skip(message, piece);
    }
    err = dkim_message_end(at->facts);
    assert(err == YETT_OK);
    return true;
}

static void answer_one(struct evaluation *at, struct zone *zone)
{
    struct dkim_check_result result;
    if (at->wanted.count != 0) {
        struct dns_question question = at->wanted.list[0];
        enum yett_err err =
            dns_answers_add(at->answers, question, zone_find(zone, question));
        assert(err == YETT_OK);
        return;
    }
    assert(dkim_checks_wanted_count(at->checks) != 0);
    const struct dkim_check check = *dkim_checks_wanted(at->checks, 0);
    enum yett_err err = dkim_check_perform(at->facts, &check, &result);
    assert(err == YETT_OK);
    err = dkim_checks_add(at->checks, &check, &result);
    assert(err == YETT_OK);
}

static void evaluate(struct evaluation *at, struct zone *zone, unsigned flags)
{
    struct dns_view view = {.known = at->answers, .wanted = &at->wanted};
    struct arena_mark mark = arena_mark(at->scratch);
    struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    settings.allow_rsa_sha1 = (flags & 1) != 0;
    settings.min_rsa_bits = (flags & 2) != 0 ? 512 : 1024;
    settings.allow_partial_body = (flags & 4) != 0;
    for (int round = 0; round < 500; round++) {
        arena_rewind(at->scratch, mark);
        dns_questions_clear(&at->wanted);
        enum yett_err err =
            dkim_verify(at->scratch, at->facts, &settings, SLICE("example.org"),
                        1795500000, (flags & 8) != 0, &view, at->checks, &at->results);
        if (err == YETT_OK) {
            return;
        }
        assert(err == YETT_NEED_ANSWERS);
        answer_one(at, zone);
    }
    abort();
}

static void begin(struct evaluation *at, struct zone *zone, bool at_once)
{
    struct dns_source source = {.find = at_once ? zone_find : NULL, .context = zone};
    *at = (struct evaluation){.evidence = arena_new(64 << 20),
                              .scratch = arena_new(64 << 20)};
    at->answers = dns_answers_new(at->evidence, source, DNS_BOUNDS_DEFAULT);
    dns_questions_init(&at->wanted, at->evidence);
    at->checks = dkim_checks_new(at->evidence, at_once ? perform : NULL, at);
}

static void end(struct evaluation *at)
{
    if (at->facts != NULL) {
        dkim_message_finish(at->facts);
    }
    dns_answers_finish(at->answers);
    arena_free(at->scratch);
    arena_free(at->evidence);
}

static void check_sense(const struct dkim_result *r)
{
    bool holds = r->header_verified && r->body_verified;
    assert(r->code != DKIM_NONE && r->reason.len != 0);
    assert((r->code == DKIM_PASS) == holds);
    assert(!r->counts || holds);
    assert(r->evaluated || (r->code != DKIM_PASS && r->code != DKIM_FAIL));
    assert(!r->partial_body == (r->unsigned_bytes == 0));
    assert(!r->body_proved || (r->body_proof_done && r->code == DKIM_FAIL));
}

static void compare(const struct dkim_results *a, const struct dkim_results *b)
{
    assert(a->code == b->code && a->count == b->count && slice_eq(a->reason, b->reason));
    for (size_t i = 0; i < a->count; i++) {
        assert(a->list[i].code == b->list[i].code);
        assert(slice_eq(a->list[i].reason, b->list[i].reason));
        assert(a->list[i].unsigned_bytes == b->list[i].unsigned_bytes);
        check_sense(&a->list[i]);
    }
}

static void run(struct zone *zone, slice message, unsigned flags)
{
    struct evaluation whole;
    struct evaluation pieces;
    begin(&whole, zone, true);
    begin(&pieces, zone, false);
    if (read_message(&whole, message, SIZE_MAX) &&
        read_message(&pieces, message, 1 + flags / 16)) {
        evaluate(&whole, zone, flags);
        evaluate(&pieces, zone, flags);
        compare(&whole.results, &pieces.results);
    }
    end(&whole);
    end(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice in = slice_of((const char *)data, size);
    slice zone_text;
    struct zone *zone = NULL;
    struct zone_error error;
    if (crypto == NULL) {
        crypto = crypto_new(); /* for all runs */
        assert(crypto != NULL);
    }
    if (size == 0 || !slice_take_until(&in, '\0', &zone_text)) {
        return 0;
    }
    struct arena *arena = arena_new(64 << 20);
    if (zone_parse(arena, slice_skip(zone_text, 1), &zone, &error) == YETT_OK) {
        run(zone, in, data[0]);
        zone_finish(zone);
    }
    arena_free(arena);
    return 0;
}
