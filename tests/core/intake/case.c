/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include "core/base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char base_zone[] =
    "$TTL 3600\n"
    "example.org. TXT \"v=spf1 include:spf.example.org -all\"\n"
    "spf.example.org. TXT \"v=spf1 ip4:192.0.2.0/28 mx:example.org ~all\"\n"
    "example.org. MX 10 mail.example.org.\n"
    "mail.example.org. A 192.0.2.40\n"
    "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n"
    "quarantine.example. TXT \"v=spf1 -all\"\n"
    "_dmarc.quarantine.example. TXT \"v=DMARC1; p=quarantine\"\n"
    "nopolicy.example. TXT \"v=spf1 ~all\"\n"
    "; yett: timeout _dmarc.slow.example. TXT\n"
    "; yett: timeout slow.example. TXT\n";

static const char plain[] = "Received: from client.example.net (client.example.net "
                            "[203.0.113.66])\r\n"
                            "\tby mx.example.com (Postfix) with ESMTPS id 4bX1;\r\n"
                            "\tMon, 24 Nov 2025 16:00:02 +0000 (UTC)\r\n"
                            "From: Alice <a@example.org>\r\n"
                            "To: You <you@example.com>\r\n"
                            "Subject: Figures =?utf-8?q?=E2=82=AC?=\r\n"
                            "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
                            "Message-ID: <1@example.org>\r\n"
                            "\r\n"
                            "The figures are ready.\r\n"
                            "\r\n"
                            "Alice\r\n\r\n";

/* ---- the house ----------------------------------------------------------------------------- */

static void draw_id(void *context, char *out)
{
    (void)context;
    memcpy(out, "0123456789abcdef", INTAKE_ID_LENGTH);
}

static bool enter(void *context, uint64_t fingerprint)
{
    struct intake_case *c = context;
    c->enters++;
    c->last_entered = fingerprint;
    return !c->poison_everything && (c->poison == 0 || fingerprint != c->poison);
}

static int64_t first_deferred(void *context, uint64_t key, int64_t now_s)
{
    struct intake_case *c = context;
    c->asked_for_first++;
    return c->first_s != 0 && (c->noted == 0 || key == c->noted_key) ? c->first_s : now_s;
}

static void note_deferral(void *context, uint64_t key, int64_t now_s)
{
    struct intake_case *c = context;
    assert_int_equal(now_s, c->now_s);
    c->noted++;
    c->noted_key = key;
}

int case_setup(void **state)
{
    struct intake_case *c = calloc(1, sizeof(*c));
    c->crypto = crypto_new();
    c->key = sign_key_new(SIGN_RSA_2048);
    config_init(&c->config);
    c->config.authserv_id = SLICE("mx.example.com");
    c->config.mode = CONFIG_ENFORCE;
    c->listener = c->config.listeners[0];
    c->message = strdup(plain);
    c->client = "203.0.113.66";
    c->helo = "client.example.net";
    c->mail_from = "<a@example.org>";
    c->rcpt[0] = "<you@example.com>";
    c->rcpt_count = 1;
    c->now_s = CASE_NOW;
    c->piece_bytes = 65535;
    char *line = sign_key_zone(c->key, "test", "example.org", "");
    char *zone = NULL;
    assert_true(asprintf(&zone, "%s%s", base_zone, line) > 0);
    case_set_zone(c, zone);
    free(zone);
    free(line);
    *state = c;
    return 0;
}

static void close_gate(struct intake_case *c)
{
    intake_free(c->intake);
    intake_pool_free(c->house.pool);
    c->intake = NULL;
    c->house.pool = NULL;
    c->decision = NULL;
}

int case_teardown(void **state)
{
    struct intake_case *c = *state;
    close_gate(c);
    zone_finish(c->zone);
    arena_free(c->zone_arena);
    sign_key_free(c->key);
    crypto_free(c->crypto);
    free(c->message);
    free(c->summary);
    free(c);
    return 0;
}

void case_open(struct intake_case *c, struct intake_ceilings ceilings)
{
    close_gate(c);
    c->house = (struct intake_house){
        .config = &c->config,
        .settings = SLICE("5e771265"),
        .crypto = c->crypto,
        .pool = ceilings.desk_bytes != 0 ? intake_pool_with_ceilings(2, ceilings)
                                         : intake_pool_new(2),
        .key = "a key for tests",
        .context = c,
        .draw_id = draw_id,
        .enter = enter,
        .first_deferred = first_deferred,
        .note_deferral = note_deferral,
    };
    assert_non_null(c->house.pool);
    c->intake = intake_new(&c->house, &c->listener);
    assert_non_null(c->intake);
}

/* ---- what a test changes ------------------------------------------------------------------- */

void case_set_zone(struct intake_case *c, const char *text)
{
    if (c->zone != NULL) {
        zone_finish(c->zone);
        arena_free(c->zone_arena);
    }
    c->zone_arena = arena_new(16 << 20);
    struct zone_error error = {0};
    if (zone_parse(c->zone_arena, slice_from_text(text), &c->zone, &error) != YETT_OK) {
        fail_msg("zone line %zu: %.*s", error.line, SLICE_ARG(error.why));
    }
}

void case_set_message(struct intake_case *c, const char *text)
{
    free(c->message);
    c->message = strdup(text);
}

void case_add_to_header(struct intake_case *c, const char *fields)
{
    char *text = NULL;
    assert_true(asprintf(&text, "%s%s", fields, c->message) > 0);
    free(c->message);
    c->message = text;
}

void case_sign(struct intake_case *c)
{
    struct sign_options options = {.fields = "From:To:Subject:Date:Message-ID",
                                   .signed_at = "1763999940"};
    char *text = sign_message(c->key, &options, c->message);
    free(c->message);
    c->message = text;
}

/* ---- the mail server ----------------------------------------------------------------------- */

void case_connect(struct intake_case *c)
{
    struct ip client = {0};
    if (c->client != NULL) {
        assert_int_equal(ip_parse(slice_from_text(c->client), &client), YETT_OK);
    }
    intake_connect(c->intake, client, SLICE("client.example.net"));
    intake_helo(c->intake, slice_from_text(c->helo));
}

void case_mail(struct intake_case *c)
{
    struct intake_mail mail = {.path = slice_from_text(c->mail_from),
                               .login = slice_from_text(c->login),
                               .local = c->local,
                               .now_s = c->now_s};
    c->open_count = 0;
    intake_mail(c->intake, &mail);
    assert_true(intake_has_message(c->intake));
}

void case_rcpts(struct intake_case *c)
{
    for (size_t i = 0; i < c->rcpt_count; i++) {
        intake_rcpt(c->intake, slice_from_text(c->rcpt[i]));
    }
    intake_queue_id(c->intake, SLICE("4bX1"));
}

/* Ask the intake what it wants, once. */
static void collect(struct intake_case *c)
{
    struct dns_question question;
    while (intake_next_want(c->intake, &question)) {
        for (size_t i = 0; i < c->open_count; i++) {
            assert_false(c->open[i].type == question.type &&
                         slice_eq(c->open[i].name, question.name));
        }
        assert_true(c->open_count < 400);
        c->open[c->open_count++] = question;
    }
}

static void answer_at(struct intake_case *c, size_t at)
{
    struct dns_question question = c->open[at];
    c->open[at] = c->open[--c->open_count];
    intake_answer(c->intake, question, zone_find(c->zone, question));
}

static void answer_all(struct intake_case *c)
{
    for (collect(c); c->open_count != 0; collect(c)) {
        while (c->open_count != 0) {
            answer_at(c, 0);
        }
    }
}

static void answer_backward(struct intake_case *c)
{
    for (collect(c); c->open_count != 0; collect(c)) {
        answer_at(c, c->open_count - 1);
    }
}

void case_answer(struct intake_case *c, enum case_schedule schedule, bool at_end)
{
    collect(c);
    if (c->no_answers) {
        return;
    }
    switch (schedule) {
    case CASE_WARM:
        assert_int_equal(c->open_count, 0);
        break;
    case CASE_LATE:
        if (at_end) {
            answer_all(c);
        }
        break;
    case CASE_EARLY:
        answer_all(c);
        break;
    case CASE_BACKWARD:
        if (at_end) {
            answer_backward(c);
        }
        break;
    case CASE_TRICKLE:
        if (c->open_count != 0) {
            answer_at(c, c->open_count - 1);
        }
        if (at_end) {
            answer_backward(c);
        }
        break;
    case CASE_SCHEDULES:
        break;
    }
}

static slice take_raw_field(slice *in)
{
    slice all = *in;
    size_t length = 0;
    do {
        length += slice_find(slice_skip(all, length), SLICE("\r\n")) + 2;
    } while (ascii_is_wsp(slice_peek(slice_skip(all, length))));
    *in = slice_skip(all, length);
    return slice_first(all, length - 2);
}

/* A field's value as a mail server hands it over: folds end in LF unless asked otherwise. */
static slice value_of(struct intake_case *c, slice field, char *room)
{
    slice value = slice_skip(field, slice_find_byte(field, ':') + 1);
    size_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        bool crlf = value.ptr[i] == '\r' && i + 1 < value.len && value.ptr[i + 1] == '\n';
        if (!crlf || c->folds_are_crlf) {
            room[length++] = value.ptr[i];
        }
    }
    return slice_of(room, length);
}

static void feed_fields(struct intake_case *c, slice *in, enum case_schedule schedule)
{
    char *room = malloc(in->len + 1);
    while (in->len != 0 && !slice_starts_with(*in, SLICE("\r\n"))) {
        slice field = take_raw_field(in);
        slice name = slice_first(field, slice_find_byte(field, ':'));
        intake_field(c->intake, name, value_of(c, field, room), false);
        case_answer(c, schedule, false);
    }
    free(room);
}

void case_header(struct intake_case *c, enum case_schedule schedule)
{
    slice in = slice_from_text(c->message);
    feed_fields(c, &in, schedule);
    intake_end_of_header(c->intake);
    case_answer(c, schedule, false);
}

void case_body(struct intake_case *c, enum case_schedule schedule)
{
    slice all = slice_from_text(c->message);
    slice body = slice_skip(all, slice_find(all, SLICE("\r\n\r\n")) + 4);
    while (body.len != 0) {
        intake_body(c->intake, slice_first(body, c->piece_bytes));
        body = slice_skip(body, c->piece_bytes);
        case_answer(c, schedule, false);
    }
}

const struct intake_decision *case_run(struct intake_case *c, enum case_schedule schedule)
{
    if (c->intake == NULL) {
        case_open(c, (struct intake_ceilings){0});
    }
    c->house.source = schedule == CASE_WARM
                          ? (struct dns_source){.find = zone_find, .context = c->zone}
                          : (struct dns_source){0};
    case_connect(c);
    case_mail(c);
    case_answer(c, schedule, false);
    case_rcpts(c);
    case_header(c, schedule);
    case_body(c, schedule);
    assert_null(intake_decision(c->intake));
    intake_end_of_body(c->intake, c->now_s);
    case_answer(c, schedule, true);
    if (c->no_answers) {
        intake_time_out(c->intake);
    }
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
    assert_false(intake_is_waiting(c->intake));
    return c->decision;
}

/* ---- the same in every way ----------------------------------------------------------------- */

static char *write_summary(const struct intake_decision *decision)
{
    struct arena *arena = arena_new(16 << 20);
    struct buf buf;
    struct event event = decision->event;
    event.rounds = 0;
    buf_init(&buf, arena, SIZE_MAX);
    buf_add_text(&buf, event_outcome_text(decision->outcome));
    buf_add(&buf, decision->reply);
    buf_add(&buf, decision->hold_reason);
    for (size_t i = 0; i < decision->edit_count; i++) {
        const struct intake_edit *edit = &decision->edits[i];
        buf_printf(&buf, "\n%d %zu %zu ", (int)edit->kind, edit->index, edit->occurrence);
        buf_add(&buf, edit->name);
        buf_add_byte(&buf, ':');
        buf_add(&buf, edit->value);
    }
    buf_add_byte(&buf, '\n');
    event_write_json(&buf, &event);
    buf_add_byte(&buf, '\n');
    event_write_line(&buf, &event);
    assert_int_equal(buf_err(&buf), YETT_OK);
    char *out = strndup(buf_slice(&buf).ptr, buf_slice(&buf).len);
    arena_free(arena);
    return out;
}

static void check_edits(const struct intake_decision *decision)
{
    size_t last = SIZE_MAX;
    bool adds = false;
    for (size_t i = 0; i < decision->edit_count; i++) {
        const struct intake_edit *edit = &decision->edits[i];
        if (edit->kind == INTAKE_REMOVE) {
            assert_false(adds);
            assert_true(edit->index < last);
            assert_true(edit->occurrence >= 1);
            last = edit->index;
        } else {
            adds = true;
            assert_true(slice_starts_with(edit->value, SLICE(" ")));
            assert_false(slice_ends_with(edit->value, SLICE("\n")));
        }
    }
}

const struct intake_decision *case_judge(struct intake_case *c)
{
    static const size_t cuts[] = {65535, 7, 1};
    free(c->summary);
    c->summary = NULL;
    for (int schedule = CASE_SCHEDULES - 1; schedule >= 0; schedule--) {
        for (size_t cut = 0; cut < sizeof cuts / sizeof cuts[0]; cut++) {
            c->piece_bytes = cuts[cut];
            check_edits(case_run(c, (enum case_schedule)schedule));
            char *summary = write_summary(c->decision);
            if (c->summary != NULL) {
                assert_string_equal(summary, c->summary);
            }
            free(c->summary);
            c->summary = summary;
        }
    }
    return c->decision;
}

void case_expect(struct intake_case *c, enum event_outcome outcome, const char *rule)
{
    const struct intake_decision *decision = case_judge(c);
    slice found = decision->event.action.rule;
    if (!slice_eq(found, slice_from_text(rule)) || decision->outcome != outcome) {
        fail_msg("%s by %.*s, wanted %s by %s (%.*s)",
                 event_outcome_text(decision->outcome), SLICE_ARG(found),
                 event_outcome_text(outcome), rule,
                 SLICE_ARG(decision->event.action.reason));
    }
    assert_int_equal(decision->event.outcome, outcome);
}

/* ---- looking at a decision ----------------------------------------------------------------- */

slice case_added(const struct intake_decision *decision, const char *name)
{
    for (size_t i = 0; i < decision->edit_count; i++) {
        const struct intake_edit *edit = &decision->edits[i];
        if (edit->kind == INTAKE_ADD &&
            slice_eq_nocase(edit->name, slice_from_text(name))) {
            return edit->value;
        }
    }
    return SLICE_NONE;
}

size_t case_count(const struct intake_decision *decision, enum intake_edit_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->edit_count; i++) {
        count += decision->edits[i].kind == kind;
    }
    return count;
}

bool case_has(slice text, const char *part)
{
    return slice_find(text, slice_from_text(part)) < text.len;
}

enum { FIELDS_MAX = 30000 };

/* The fields of a header as text, each with its name. */
static size_t cut_fields(const struct intake_case *c, slice *fields)
{
    slice in = slice_from_text(c->message);
    size_t count = 0;
    while (in.len != 0 && !slice_starts_with(in, SLICE("\r\n"))) {
        assert_true(count < FIELDS_MAX);
        fields[count++] = take_raw_field(&in);
    }
    return count;
}

static slice name_of(slice field)
{
    slice name = slice_first(field, slice_find_byte(field, ':'));
    return slice_trim_wsp(name);
}

/* The index of the n-th field of this name, as a mail server counts. */
static size_t find_occurrence(const slice *fields, size_t count, slice name, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_nocase(name_of(fields[i]), name) && --n == 0) {
            return i;
        }
    }
    fail_msg("there is no such field to remove: %.*s", SLICE_ARG(name));
    return count;
}

char *case_edited_header(const struct intake_case *c)
{
    slice *fields = calloc(FIELDS_MAX, sizeof(*fields));
    bool *gone = calloc(FIELDS_MAX, sizeof(*gone));
    size_t count = cut_fields(c, fields);
    char *out = calloc(strlen(c->message) + 65536, 1);
    for (size_t i = 0; i < c->decision->edit_count; i++) {
        const struct intake_edit *edit = &c->decision->edits[i];
        if (edit->kind == INTAKE_REMOVE) {
            size_t at = find_occurrence(fields, count, edit->name, edit->occurrence);
            assert_int_equal(at, edit->index);
            assert_false(gone[at]);
            gone[at] = true;
        } else {
            sprintf(out + strlen(out), "%.*s:%.*s\r\n", SLICE_ARG(edit->name),
                    SLICE_ARG(edit->value));
        }
    }
    size_t length = strlen(out);
    for (size_t i = 0; i < count; i++) {
        if (!gone[i]) {
            memcpy(out + length, fields[i].ptr, fields[i].len);
            length += fields[i].len;
            memcpy(out + length, "\r\n", 2);
            length += 2;
        }
    }
    free(fields);
    free(gone);
    return out;
}
