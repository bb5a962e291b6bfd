/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/arc.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Whole chains: an octet of settings, zone text up to the first NUL, a message.  All answers at
 * once with the body whole, or one by one with the body in pieces: the results are the same and
 * make sense.  Then one more set is put on top, with signatures that are none: it reads as a
 * set, the number above the highest.
 */
struct evaluation {
    struct arena *evidence;
    struct arena *scratch;
    struct dns_answers *answers;
    struct dns_questions wanted;
    struct message_header header;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct dkim_checks *checks;
    struct arc_result result;
};

static struct crypto *crypto;
static const slice trusted[] = {SLICE_INIT("a.test"), SLICE_INIT("example.org")};

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct evaluation *at = context;
    return dkim_check_perform(at->dkim, check, out);
}

static bool read_header(struct evaluation *at, slice *message)
{
    struct message_parser *parser =
        message_parser_new(at->evidence, (struct message_limits){1 << 20, 1000});
    bool done = false;
    return message_parser_feed(parser, message, &done) == YETT_OK &&
           message_parser_finish(parser, &at->header) == YETT_OK;
}

static bool read_message(struct evaluation *at, slice message, size_t piece,
                         unsigned flags)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    struct arc_limits chain = {.sets = (flags & 1) != 0 ? 2 : ARC_SETS_MAX,
                               .oldest_pass = (flags & 2) != 0,
                               .trusted = trusted,
                               .trusted_count = (flags & 4) != 0 ? 2 : 0};
    limits.proof_window_bytes = 2048;
    limits.signatures = 1;
    if (!read_header(at, &message)) {
        return false;
    }
    enum yett_err err = dkim_message_new(at->evidence, crypto, &at->header,
                                         SLICE("example.org"), limits, &at->dkim);
    assert(err == YETT_OK);
    err = arc_chain_new(at->evidence, crypto, &at->header, at->dkim, chain, &at->chain);
    assert(err == YETT_OK);
    err = arc_prepare_seal(at->chain);
    assert(err == YETT_OK);
    while (message.len != 0) {
        dkim_message_body(at->dkim, slice_first(message, piece));
        message = slice_skip(message, piece);
    }
    err = dkim_message_end(at->dkim);
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
    enum yett_err err = dkim_check_perform(at->dkim, &check, &result);
    assert(err == YETT_OK);
    err = dkim_checks_add(at->checks, &check, &result);
    assert(err == YETT_OK);
}

static void evaluate(struct evaluation *at, struct zone *zone, unsigned flags)
{
    struct dns_view view = {.known = at->answers, .wanted = &at->wanted};
    struct arena_mark mark = arena_mark(at->scratch);
    struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    settings.allow_partial_body = (flags & 8) != 0;
    for (int round = 0; round < 500; round++) {
        arena_rewind(at->scratch, mark);
        dns_questions_clear(&at->wanted);
        enum yett_err err = arc_verify(at->scratch, at->chain, &settings, 1795500000,
                                       &view, at->checks, &at->result);
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
    if (at->dkim != NULL) {
        dkim_message_finish(at->dkim);
    }
    dns_answers_finish(at->answers);
    arena_free(at->scratch);
    arena_free(at->evidence);
}

static void check_sense(const struct arc_result *r)
{
    assert(r->reason.len != 0 && r->instances <= ARC_SETS_MAX);
    assert((r->code == ARC_NONE) <= (r->instances == 0));
    assert(r->code == ARC_PASS || (!r->counts && r->oldest_pass == ARC_OLDEST_UNKNOWN));
    assert(!r->open || r->code == ARC_FAIL);
    if (r->code != ARC_PASS) {
        return;
    }
    assert(r->set_count == r->instances && r->set_count != 0);
    assert(r->oldest_pass <= (int)r->instances);
    for (size_t i = 0; i < r->set_count; i++) {
        const struct arc_set *set = &r->sets[i];
        assert(set->instance == i + 1 && set->seal.code == DKIM_PASS);
        assert(set->cv == (i == 0 ? ARC_NONE : ARC_PASS));
        (void)arc_is_unchanged_since(r, i);
    }
    assert(r->sets[r->set_count - 1].message.code == DKIM_PASS);
    assert(arc_is_unchanged_since(r, r->set_count - 1) || !r->counts);
}

static void compare(const struct arc_result *a, const struct arc_result *b)
{
    assert(a->code == b->code && a->instances == b->instances);
    assert(a->oldest_pass == b->oldest_pass && a->counts == b->counts);
    assert(a->open == b->open && slice_eq(a->reason, b->reason));
    for (size_t i = 0; i < a->set_count; i++) {
        assert(a->sets[i].seal.code == b->sets[i].seal.code);
        assert(a->sets[i].message.code == b->sets[i].message.code);
        assert(a->sets[i].has_results == b->sets[i].has_results);
    }
}

/* What was written is one set, and fields of its own. */
static void check_set(struct evaluation *at, slice fields)
{
    struct evaluation again = {.evidence = at->scratch};
    struct buf buf;
    bool done = false;
    buf_init(&buf, at->scratch, 1 << 20);
    buf_add(&buf, fields);
    buf_add_text(&buf, "\r\n");
    slice in = buf_slice(&buf);
    struct message_parser *parser =
        message_parser_new(again.evidence, MESSAGE_LIMITS_DEFAULT);
    enum yett_err err = message_parser_feed(parser, &in, &done);
    assert(err == YETT_OK && done && in.len == 0);
    err = message_parser_finish(parser, &again.header);
    assert(err == YETT_OK && again.header.count == 3);
    err = dkim_message_new(again.evidence, crypto, &again.header, SLICE_NONE,
                           DKIM_LIMITS_DEFAULT, &again.dkim);
    assert(err == YETT_OK);
    err = arc_chain_new(again.evidence, crypto, &again.header, again.dkim,
                        ARC_LIMITS_DEFAULT, &again.chain);
    assert(err == YETT_OK);
    struct dns_view view = {.known = at->answers, .wanted = &at->wanted};
    const struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    dkim_message_finish(again.dkim);
    if (at->result.instances != 0) { /* what is below is missing here */
        err = arc_verify(at->scratch, again.chain, &settings, 1795500000, &view,
                         at->checks, &again.result);
        assert(err == YETT_OK && again.result.code == ARC_FAIL);
        assert(again.result.instances == at->result.instances + 1);
    }
}

static void seal(struct evaluation *at, slice results)
{
    const struct arc_sealer sealer = {.domain = SLICE("example.org"),
                                      .selector = SLICE("s"),
                                      .algorithm = DKIM_ED25519_SHA256,
                                      .now_s = 1795500000,
                                      .results = results};
    struct arc_seal *made = NULL;
    const char *why = NULL;
    enum yett_err err =
        arc_seal_new(at->scratch, at->chain, &at->result, &sealer, &made, &why);
    for (int i = 0; i < 2 && err == YETT_OK; i++) {
        assert(arc_seal_text(made).len != 0);
        err = arc_seal_take(made, SLICE("no signature, but as long as one"));
    }
    if (err == YETT_OK) {
        assert(arc_seal_text(made).len == 0);
        check_set(at, arc_seal_fields(made));
    }
}

static void run(struct zone *zone, slice message, unsigned flags)
{
    struct evaluation whole;
    struct evaluation pieces;
    begin(&whole, zone, true);
    begin(&pieces, zone, false);
    if (read_message(&whole, message, SIZE_MAX, flags) &&
        read_message(&pieces, message, 1 + flags / 16, flags)) {
        slice results = SLICE_NONE;
        evaluate(&whole, zone, flags);
        evaluate(&pieces, zone, flags);
        compare(&whole.result, &pieces.result);
        check_sense(&whole.result);
        if (arc_gather_results(whole.scratch, &whole.header, SLICE("mx.a.test"),
                               &results) == YETT_OK) {
            seal(&whole, results);
        }
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
