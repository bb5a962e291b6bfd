/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dmarc/dmarc.h"
#include "core/domain/domain.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Whole evaluations.  The input is a few lines about the message, an empty line, and a zone:
 *
 *     9 AUTHOR         the standard (7: RFC 7489, with a small list of suffixes)
 *     p SPF-DOMAIN     SPF: p pass, t temperror, u unavailable, else fail
 *     p D=             a signature: p pass, n pass that does not count, t temperror, else fail
 *     …
 *
 * However answers come (all known, a round at a time, one at a time) the result is the same
 * to the last step and word; its parts agree with each other; questions are bounded.
 */
enum {
    ARENA_BYTES = 16 * 1024 * 1024,
    TEXT_MAX = 1024 * 1024,
    INPUT_MAX = 16 * 1024,
    SIGNATURES_MAX = 24,
    ROUNDS_MAX = 300,
    QUESTIONS_MAX = 8 + 16 * 7 + 1
};

static const char suffixes_text[] = "com\norg\nuk\nco.uk\n*.ck\n!www.ck\ntest\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct message {
    slice author;
    struct message_from from;
    struct spf_result spf;
    struct dkim_signature signatures[SIGNATURES_MAX];
    struct dkim_result results[SIGNATURES_MAX];
    struct dkim_results dkim;
    struct dmarc_input input;
};

enum schedule { WARM, ROUNDS, EACH, SCHEDULES };

/* ---- the message ------------------------------------------------------------------------ */

/* "x NAME": the letter and the name, normal form; false for anything else. */
static bool take_line(struct arena *arena, slice *in, char *letter, slice *name)
{
    slice line;
    if (!slice_next_piece(in, '\n', &line) || line.len < 3 || line.ptr[1] != ' ') {
        return false;
    }
    *letter = line.ptr[0];
    return domain_normalize(arena, slice_skip(line, 2), name) == YETT_OK;
}

static void add_signature(struct message *message, char letter, slice domain)
{
    size_t i = message->dkim.count++;
    message->signatures[i].domain = domain;
    message->results[i] =
        (struct dkim_result){.code = letter == 'p' || letter == 'n' ? DKIM_PASS
                                     : letter == 't'                ? DKIM_TEMPERROR
                                                                    : DKIM_FAIL,
                             .signature = &message->signatures[i],
                             .evaluated = letter != 'x',
                             .counts = letter == 'p'};
}

static bool read_message(struct arena *arena, slice *in, struct message *message)
{
    char letter;
    slice domain;
    if (!take_line(arena, in, &letter, &message->author)) {
        return false;
    }
    message->input.settings.standard = letter == '7' ? DMARC_RFC7489 : DMARC_RFC9989;
    message->input.settings.pct_draw = 50;
    if (!take_line(arena, in, &letter, &domain)) {
        return false;
    }
    message->spf = (struct spf_result){.code = letter == 'p'   ? SPF_PASS
                                               : letter == 't' ? SPF_TEMPERROR
                                                               : SPF_FAIL,
                                       .domain = domain};
    message->input.spf = letter == 'u' ? NULL : &message->spf;
    while (message->dkim.count < SIGNATURES_MAX &&
           take_line(arena, in, &letter, &domain)) {
        add_signature(message, letter, domain);
    }
    message->dkim.list = message->results;
    message->input.dkim = &message->dkim;
    message->from = (struct message_from){
        .status = MESSAGE_FROM_OK, .domains = &message->author, .domain_count = 1};
    message->input.from = &message->from;
    return true;
}

/* ---- the result as text ----------------------------------------------------------------- */

static void add_part(struct buf *buf, slice part)
{
    buf_add(buf, part);
    buf_add_byte(buf, '\n');
}

static slice text_of(struct arena *arena, const struct dmarc_result *result)
{
    struct buf buf;
    buf_init(&buf, arena, TEXT_MAX);
    buf_printf(&buf, "%d %d %s %d %d %d %d %d %d\n", (int)result->code,
               (int)result->policy, result->policy_tag, (int)result->disposition,
               result->policy_known, (int)result->known_policy_floor, result->sampled_out,
               result->spf_aligned, result->dkim_aligned);
    add_part(&buf, result->domain);
    add_part(&buf, result->org_domain);
    add_part(&buf, result->policy_domain);
    add_part(&buf, result->spf_domain);
    add_part(&buf, result->spf_org_domain);
    add_part(&buf, result->record.text);
    add_part(&buf, result->reason);
    for (size_t i = 0; i < result->aligned_count; i++) {
        buf_add_byte(&buf, result->aligned[i] ? 'y' : 'n');
    }
    for (size_t i = 0; i < result->step_count; i++) {
        add_part(&buf, result->steps[i].name);
        add_part(&buf, slice_from_text(dns_status_text(result->steps[i].status)));
        add_part(&buf, result->steps[i].record);
        add_part(&buf, result->steps[i].note);
        add_part(&buf, result->steps[i].why);
    }
    assert(buf_err(&buf) == YETT_OK);
    return buf_slice(&buf);
}

static void check_result(const struct dmarc_result *result, const struct message *message)
{
    bool passes = result->spf_aligned || result->dkim_aligned;

    assert(result->reason.len != 0 && result->step_count != 0);
    assert(result->aligned_count == message->dkim.count);
    assert(result->code != DMARC_PASS || passes);
    assert(!passes || (result->code != DMARC_FAIL && result->code != DMARC_TEMPERROR));
    assert(result->code != DMARC_FAIL || (result->has_record && result->policy_known));
    assert(result->code != DMARC_PERMERROR || result->record.unusable);
    assert(result->disposition <= result->policy);
    assert(result->code != DMARC_PASS || result->disposition == DMARC_POLICY_NONE);
    if (result->has_record) {
        assert(domain_is_under(result->domain, result->policy_domain));
    }
    if (result->org_domain.len != 0) {
        assert(domain_is_under(result->domain, result->org_domain));
    }
}

/* ---- answers ---------------------------------------------------------------------------- */

static void answer(struct dns_view *view, struct zone *zone, enum schedule schedule)
{
    size_t count = schedule == EACH ? 1 : view->wanted->count;
    for (size_t i = 0; i < count; i++) {
        struct dns_question question = view->wanted->list[i];
        enum yett_err err =
            dns_answers_add(view->known, question, zone_find(zone, question));
        assert(err == YETT_OK);
    }
}

/* The result as text in `texts`. */
static slice evaluate(struct arena *texts, slice zone_text, const struct message *message,
                      enum schedule schedule)
{
    struct arena *evidence = arena_new(ARENA_BYTES);
    struct arena *scratch = arena_new(ARENA_BYTES);
    struct zone *zone;
    struct zone_error error;
    struct dmarc_result result;
    slice text = SLICE_NONE;

    if (zone_parse(evidence, zone_text, &zone, &error) == YETT_OK) {
        struct dns_source source = {0};
        if (schedule == WARM) {
            source = (struct dns_source){.find = zone_find, .context = zone};
        }
        struct dns_questions wanted;
        struct dns_view view = {.known =
                                    dns_answers_new(evidence, source, DNS_BOUNDS_DEFAULT),
                                .wanted = &wanted};
        assert(view.known != NULL);
        dns_questions_init(&wanted, evidence);
        struct arena_mark mark = arena_mark(scratch);
        enum yett_err err = YETT_NEED_ANSWERS;
        for (int round = 0; err == YETT_NEED_ANSWERS; round++) {
            assert(round < ROUNDS_MAX);
            arena_rewind(scratch, mark);
            dns_questions_clear(&wanted);
            err = dmarc_evaluate(scratch, &message->input, &view, &result);
            if (err == YETT_NEED_ANSWERS) {
                assert(wanted.count != 0);
                answer(&view, zone, schedule);
            }
        }
        assert(err == YETT_OK);
        assert(dns_answers_count(view.known) <= QUESTIONS_MAX);
        check_result(&result, message);
        text = text_of(texts, &result);
        dns_answers_finish(view.known);
        zone_finish(zone);
    }
    arena_free(scratch);
    arena_free(evidence);
    return text;
}

static void compare(struct arena *texts, slice zone, const struct message *message)
{
    slice warm = evaluate(texts, zone, message, WARM);
    for (enum schedule schedule = ROUNDS; schedule < SCHEDULES && warm.len != 0;
         schedule++) {
        assert(slice_eq(warm, evaluate(texts, zone, message, schedule)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dmarc_suffixes *suffixes;
    struct arena *texts = arena_new(ARENA_BYTES);
    slice in = slice_of((const char *)data, size);
    struct message message = {0};

    if (suffixes == NULL &&
        dmarc_suffixes_parse(slice_from_text(suffixes_text), &suffixes) != YETT_OK) {
        abort();
    }
    if (texts != NULL && size <= INPUT_MAX && read_message(texts, &in, &message)) {
        message.input.settings.suffixes = suffixes;
        compare(texts, in, &message);
    }
    arena_free(texts);
    return 0;
}
