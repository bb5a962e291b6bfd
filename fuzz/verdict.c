/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/verdict.h"

#include "core/zone/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Whole verdicts: two octets of settings, then up to a NUL each HELO, MAIL FROM, RCPT and
 * zone text, then a message.  The three schedules of answers end the same.  What is written
 * is what others can read: one Authentication-Results field that is ours, one line of reply.
 * Under a small arena there is the same verdict or none.
 */
enum {
    NOW = 1764000000,
    PLENTY = 64 << 20,
    ROUNDS_MAX = 600,
    REPLY_OCTETS_MAX = 510 /* RFC 5321 section 4.5.3.1.5, less CRLF */
};

enum schedule { WARM, ROUND, EACH, SCHEDULES };

struct scene {
    struct config config;
    struct config_domain own;
    struct ip_network relay;
    struct config_exception exception;
    struct config_forwarder forwarder;
    struct zone *zone;
    slice helo, mail_from, rcpt, message;
    struct ip client;
};

struct run {
    const struct scene *scene;
    struct arena *evidence;
    struct arena *scratch;
    struct message_header header;
    struct message_from from;
    struct dkim_message *dkim;
    struct dns_answers *answers;
    struct dns_questions wanted;
    struct dkim_checks *checks;
    struct verdict verdict;
};

static struct crypto *crypto;

/* ---- one run ---------------------------------------------------------------------------- */

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct run *run = context;
    return dkim_check_perform(run->dkim, check, out);
}

static slice author_domain(const struct run *run)
{
    return run->from.status == MESSAGE_FROM_OK ? run->from.domains[0] : SLICE_NONE;
}

static enum yett_err take_in(struct run *run)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    slice in = run->scene->message;
    bool done = false;
    struct message_parser *parser =
        message_parser_new(run->evidence, MESSAGE_LIMITS_DEFAULT);
    if (parser == NULL) {
        return YETT_NO_MEMORY;
    }
    limits.proof_window_bytes = 2048;
    enum yett_err err = message_parser_feed(parser, &in, &done);
    err = err != YETT_OK ? err : message_parser_finish(parser, &run->header);
    err =
        err != YETT_OK ? err : message_read_from(run->evidence, &run->header, &run->from);
    err = err != YETT_OK ? err
                         : dkim_message_new(run->evidence, crypto, &run->header,
                                            author_domain(run), limits, &run->dkim);
    if (err != YETT_OK) {
        return err;
    }
    dkim_message_body(run->dkim, run->header.rest);
    dkim_message_body(run->dkim, in);
    return dkim_message_end(run->dkim);
}

static enum yett_err answer(struct run *run, enum schedule schedule)
{
    size_t count = schedule == ROUND ? run->wanted.count : 1;
    assert(run->wanted.count != 0);
    for (size_t i = 0; i < count; i++) {
        struct dns_question question = run->wanted.list[i];
        enum yett_err err = dns_answers_add(run->answers, question,
                                            zone_find(run->scene->zone, question));
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static struct verdict_input input_of(const struct run *run)
{
    const struct scene *scene = run->scene;
    return (struct verdict_input){
        .config = &scene->config,
        .header = &run->header,
        .from = &run->from,
        .dkim = run->dkim,
        .envelope = {.client = scene->client,
                     .helo = scene->helo,
                     .mail_from = scene->mail_from,
                     .has_mail_from = true,
                     .rcpt = &scene->rcpt,
                     .rcpt_count = 1},
        .now_s = NOW,
        .first_seen_s = NOW,
        .id = SLICE("7f3a"),
    };
}

static enum yett_err evaluate(struct run *run, enum schedule schedule)
{
    struct dns_source source = {.find = schedule == WARM ? zone_find : NULL,
                                .context = run->scene->zone};
    enum yett_err err = take_in(run);
    if (err != YETT_OK) {
        return err;
    }
    run->answers = dns_answers_new(run->evidence, source, DNS_BOUNDS_DEFAULT);
    run->checks = dkim_checks_new(run->evidence, perform, run);
    if (run->answers == NULL || run->checks == NULL) {
        return YETT_NO_MEMORY;
    }
    dns_questions_init(&run->wanted, run->evidence);
    const struct verdict_input input = input_of(run);
    struct verdict_view view = {
        .dns = {.known = run->answers, .wanted = &run->wanted},
          .checks = run->checks
    };
    struct arena_mark mark = arena_mark(run->scratch);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        arena_rewind(run->scratch, mark);
        dns_questions_clear(&run->wanted);
        err = verdict_evaluate(run->scratch, &input, &view, &run->verdict);
        if (err != YETT_NEED_ANSWERS) {
            return err;
        }
        err = answer(run, schedule);
        if (err != YETT_OK) {
            return err;
        }
    }
    abort();
}

static void begin(struct run *run, const struct scene *scene, size_t evidence_bytes,
                  size_t scratch_bytes)
{
    *run = (struct run){.scene = scene,
                        .evidence = arena_new(evidence_bytes),
                        .scratch = arena_new(scratch_bytes)};
    assert(run->evidence != NULL && run->scratch != NULL);
}

static void end(struct run *run)
{
    if (run->dkim != NULL) {
        dkim_message_finish(run->dkim);
    }
    if (run->answers != NULL) {
        dns_answers_finish(run->answers);
    }
    arena_free(run->scratch);
    arena_free(run->evidence);
}

/* ---- what must hold --------------------------------------------------------------------- */

static void check_results_field(const struct run *run)
{
    static const slice name = SLICE_INIT("Authentication-Results:");
    slice field = run->verdict.authentication_results;
    struct authres parsed;
    struct authres_error error;
    assert(slice_starts_with(field, name) && slice_ends_with(field, SLICE("\r\n")));
    slice value = slice_between(field, name.len, field.len - 2);
    struct arena *arena = arena_new(PLENTY);
    enum yett_err err = authres_parse(arena, value, &parsed, &error);
    assert(err == YETT_OK);
    assert(slice_eq_nocase(parsed.authserv_id, run->scene->config.authserv_id));
    assert(authres_is_forged(value, run->scene->config.authserv_id));
    assert(parsed.count >= (size_t)run->verdict.has_spf + 1);
    arena_free(arena);
}

static void check_ascii_field(slice field)
{
    for (slice line; field.len != 0;) {
        size_t at = slice_find(field, SLICE("\r\n"));
        line = slice_first(field, at);
        assert(at < field.len && at <= 998);
        assert(!slice_has_byte(line, '\r') && !slice_has_byte(line, '\n') &&
               !slice_has_byte(line, '\0') && !slice_has_byte(line, '\x1b'));
        field = slice_skip(field, at + 2);
        assert(field.len == 0 || field.ptr[0] == ' ');
    }
}

static void check_reply(const struct verdict_action *action)
{
    bool refuses = action->action == CONFIG_REJECT || action->action == CONFIG_DEFER;
    assert((action->reply.len != 0) == refuses);
    assert(action->reply.len <= REPLY_OCTETS_MAX);
    for (size_t i = 0; i < action->reply.len; i++) {
        assert(action->reply.ptr[i] >= ' ' && action->reply.ptr[i] <= '~');
    }
}

static void check_removed(const struct run *run)
{
    const struct verdict *verdict = &run->verdict;
    for (size_t i = 0; i < verdict->removed_count; i++) {
        assert(verdict->removed_fields[i] <
               (i == 0 ? run->header.count : verdict->removed_fields[i - 1]));
    }
}

/* Nothing passes that could not. */
static void check_sense(const struct run *run)
{
    const struct verdict *verdict = &run->verdict;
    assert(verdict->action.rule.len != 0 && verdict->action.reason.len != 0);
    check_removed(run);
    if (!verdict->verified) {
        assert(verdict->action.action == CONFIG_ACCEPT);
        return;
    }
    if (verdict->dmarc.code == DMARC_PASS) {
        bool spf = verdict->has_spf && verdict->spf.code == SPF_PASS;
        bool dkim = false;
        for (size_t i = 0; i < verdict->dkim.count; i++) {
            dkim = dkim || verdict->dkim.list[i].counts;
        }
        assert(run->from.status == MESSAGE_FROM_OK && (spf || dkim));
    }
    check_results_field(run);
    check_ascii_field(verdict->authentication_results);
    check_ascii_field(verdict->received_spf);
    check_reply(&verdict->action);
}

static void compare(const struct verdict *a, const struct verdict *b)
{
    assert(a->source == b->source && a->verified == b->verified);
    assert(a->action.action == b->action.action &&
           a->action.performed == b->action.performed);
    assert(slice_eq(a->action.rule, b->action.rule));
    assert(slice_eq(a->action.reason, b->action.reason));
    assert(slice_eq(a->action.reply, b->action.reply));
    assert(slice_eq(a->authentication_results, b->authentication_results));
    assert(slice_eq(a->received_spf, b->received_spf));
    assert(a->removed_count == b->removed_count);
    assert(a->dmarc.code == b->dmarc.code && a->dkim.code == b->dkim.code);
    assert(a->dmarc.step_count == b->dmarc.step_count);
}

/* ---- all of them ------------------------------------------------------------------------ */

static void run_in_little(const struct scene *scene, size_t ceiling, bool evidence,
                          const struct run *wanted)
{
    struct run run;
    begin(&run, scene, evidence ? ceiling : PLENTY, evidence ? PLENTY : ceiling);
    enum yett_err err = evaluate(&run, evidence ? EACH : ROUND);
    assert(err == YETT_OK || err == YETT_NO_MEMORY);
    if (err == YETT_OK) {
        compare(&run.verdict, &wanted->verdict);
    }
    end(&run);
}

static void run_all(const struct scene *scene, size_t ceiling)
{
    struct run runs[SCHEDULES];
    for (int i = 0; i < SCHEDULES; i++) {
        begin(&runs[i], scene, PLENTY, PLENTY);
        enum yett_err err = evaluate(&runs[i], (enum schedule)i);
        assert(err == YETT_OK);
        check_sense(&runs[i]);
        compare(&runs[i].verdict, &runs[0].verdict);
    }
    run_in_little(scene, ceiling, true, &runs[0]);
    run_in_little(scene, ceiling, false, &runs[0]);
    for (int i = 0; i < SCHEDULES; i++) {
        end(&runs[i]);
    }
}

/* Each bit of the first octet is a setting; bits of the second are the client. */
static void set_up(struct scene *scene, uint8_t flags, uint8_t client)
{
    static const char *const clients[] = {"192.0.2.1", "203.0.113.9", "2001:db8::1",
                                          "127.0.0.1"};
    struct config *config = &scene->config;
    config_init(config);
    config->authserv_id = SLICE("mx.example.com");
    config->mode = (flags & 1) != 0 ? CONFIG_OBSERVE : CONFIG_ENFORCE;
    config->dmarc.standard = (flags & 2) != 0 ? CONFIG_RFC7489 : CONFIG_RFC9989;
    config->dmarc.on_reject =
        (flags & 4) != 0 ? CONFIG_REJECT_STRICT : CONFIG_REJECT_INFORMED;
    config->dmarc.on_bad_from =
        (flags & 8) != 0 ? CONFIG_BAD_FROM_STRICTEST : CONFIG_BAD_FROM_REJECT;
    config->received_spf = true;
    config->spf.on_fail = (flags & 16) != 0 ? CONFIG_REJECT : config->spf.on_fail;
    config->dkim.on_fail = (flags & 32) != 0 ? CONFIG_REJECT : config->dkim.on_fail;
    config->dkim.allow_rsa_sha1 = (flags & 64) != 0;
    scene->own = (struct config_domain){.name = SLICE("bank.test")};
    config->domains = &scene->own;
    config->domain_count = 1;
    scene->relay.prefix = 32;
    enum yett_err err = ip_parse(SLICE("203.0.113.9"), &scene->relay.address);
    assert(err == YETT_OK);
    config->trusted_relays = &scene->relay;
    config->trusted_relay_count = 1;
    scene->exception = (struct config_exception){.name = SLICE("old"),
                                                 .signer = SLICE("lists.club.test"),
                                                 .as_pass = true,
                                                 .until_s = NOW + 1,
                                                 .because = SLICE("ticket")};
    config->exceptions = &scene->exception;
    config->exception_count = 1;
    scene->forwarder = (struct config_forwarder){.name = SLICE("alumni"),
                                                 .signer = SLICE("club.test"),
                                                 .because = SLICE("ticket")};
    config->forwarders = &scene->forwarder;
    config->forwarder_count = (flags & 128) != 0;
    err = ip_parse(slice_from_text(clients[client & 3]), &scene->client);
    assert(err == YETT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {0};
    struct zone_error error;
    slice zone_text;
    if (crypto == NULL) {
        crypto = crypto_new(); /* for all runs */
        assert(crypto != NULL);
    }
    if (size < 2) {
        return 0;
    }
    slice in = slice_of((const char *)data + 2, size - 2);
    if (!slice_take_until(&in, '\0', &scene.helo) ||
        !slice_take_until(&in, '\0', &scene.mail_from) ||
        !slice_take_until(&in, '\0', &scene.rcpt) ||
        !slice_take_until(&in, '\0', &zone_text)) {
        return 0;
    }
    scene.message = in;
    set_up(&scene, data[0], data[1]);
    struct arena *arena = arena_new(PLENTY);
    if (zone_parse(arena, zone_text, &scene.zone, &error) == YETT_OK) {
        run_all(&scene, (size_t)(data[1] >> 2) * 1024 + size % 1024);
        zone_finish(scene.zone);
    }
    arena_free(arena);
    return 0;
}
