/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Whole sessions: three octets of settings, then up to a NUL HELO and zone text, then what the
 * mail server says, each step ended by a NUL:
 *
 *   M path    MAIL          R path    RCPT          Q id      queue id
 *   F n:v     a field       C n:v     a cut field   E         end of the header
 *   B octets  of the body   A         one answer    T         time is over
 *   Z         given up      X         other client  P         poisoned from here on
 *
 *   K octet   a keeper answers from here on: signs, refuses one, all, or is gone
 *   H host    where the mail of the last recipient goes next
 *
 * There is a decision in the end, whatever came.  Nothing that speaks for us is left in what
 * is let in, and what is removed is named in a way that mail servers understand.  However the
 * body is cut and answers come, the decision is the same; with little memory, too, or it is an
 * internal error.  Of our own mail of bank.test signatures are wanted at most once, and where
 * they are made they are added, all of them.  Of mail that is handed on, or that a list hands
 * in, a set is added whole or not at all.  What failed is handed over such that it can be read,
 * with the body as it came.
 */
enum { NOW = 1764000000, FIELDS_MAX = 512, OPEN_MAX = 1000, PLENTY = 64 << 20 };

enum schedule { WARM, LATE, EARLY, BACKWARD, TRICKLE, SCHEDULES };

struct scene {
    struct config config;
    struct config_domain own;
    struct config_recipient pilot;
    struct config_listener listener;
    struct ip_network relay;
    struct zone *zone;
    slice helo, script;
    struct ip client;
    bool local, login, signs, seals;
    struct sealing_house sealing;
    struct ip_network list_host;
    bool depends_on_time; /* T or P: when answers come does matter */
    size_t ceiling;
};

struct field {
    slice name, value;
    bool is_cut;
};

struct run {
    const struct scene *scene;
    enum schedule schedule;
    size_t piece_bytes;
    struct intake_house house;
    struct intake *intake;
    struct field fields[FIELDS_MAX]; /* of the message in work */
    size_t field_count;
    struct dns_question open[OPEN_MAX];
    size_t open_count;
    bool poisoned;
    char keeper;    /* how it answers */
    size_t wanted;  /* signatures, of the message in work */
    bool has_asked; /* for them */
    struct arena *arena;
    slice summary;
};

static struct crypto *crypto;
static struct signing_house signs_for_bank; /* for all runs */
static const slice handed_on[] = {SLICE_INIT("list@example.com")};
static const slice next_hops[] = {SLICE_INIT("hop.example")};

/* ---- the house ----------------------------------------------------------------------------- */

static void draw_id(void *context, char *out)
{
    (void)context;
    memcpy(out, "0123456789abcdef", INTAKE_ID_LENGTH);
}

static bool enter(void *context, uint64_t fingerprint)
{
    (void)fingerprint;
    return !((struct run *)context)->poisoned;
}

static int64_t first_deferred(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    return (key & 1) != 0 ? now_s : now_s - 100000;
}

static void note_deferral(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    (void)key;
    assert(now_s == NOW);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void collect(struct run *run)
{
    struct dns_question question;
    while (intake_next_want(run->intake, &question)) {
        for (size_t i = 0; i < run->open_count; i++) {
            assert(run->open[i].type != question.type ||
                   !slice_eq(run->open[i].name, question.name));
        }
        assert(run->open_count < OPEN_MAX);
        run->open[run->open_count++] = question;
    }
    assert(run->schedule != WARM || run->open_count == 0);
}

static void answer_at(struct run *run, size_t at)
{
    struct dns_question question = run->open[at];
    run->open[at] = run->open[--run->open_count];
    intake_answer(run->intake, question, zone_find(run->scene->zone, question));
}

static void answer_all(struct run *run, bool backward)
{
    for (collect(run); run->open_count != 0; collect(run)) {
        answer_at(run, backward ? run->open_count - 1 : 0);
    }
}

static void between_steps(struct run *run)
{
    collect(run);
    if (run->schedule == EARLY) {
        answer_all(run, false);
    }
}

static void at_the_end(struct run *run)
{
    collect(run);
    answer_all(run, run->schedule != LATE);
}

/* ---- a keeper ------------------------------------------------------------------------------ */

enum { KEYS = 2, ROWS = 3 }; /* one row is for seals */

static void make_table(void)
{
    static const uint8_t hash_key[16];
    static const char *const selectors[ROWS] = {"r", "e", "arc"};
    struct arena *arena = arena_new(PLENTY); /* for all runs */
    struct signing_builder *builder = signing_builder_new(arena, hash_key);
    struct config config;
    struct buf octets;
    uint32_t rows[ROWS];
    const char *fault;
    slice why;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < ROWS; i++) {
        struct signing_key key = {.path = slice_from_text(selectors[i]),
                                  .type = i == 1 ? CRYPTO_ED25519 : CRYPTO_RSA,
                                  .bits = 2048};
        struct signing_row row = {.domain = SLICE("bank.test"),
                                  .selector = slice_from_text(selectors[i]),
                                  .uses = i < KEYS ? SIGNING_DKIM : SIGNING_ARC};
        err = signing_add_key(builder, &key, &row.key, &why);
        assert(err == YETT_OK);
        err = signing_add_row(builder, &row, &rows[i], &why);
        assert(err == YETT_OK);
    }
    err = signing_add_author(builder, SLICE("bank.test"), rows, KEYS, &why);
    assert(err == YETT_OK);
    buf_init(&octets, arena, PLENTY);
    err = signing_builder_finish(builder, &octets);
    assert(err == YETT_OK);
    const struct signing_table *table = NULL;
    err = signing_table_open(arena, buf_slice(&octets), &table, &fault);
    assert(err == YETT_OK);
    config_init(&config);
    err = signing_house_init(arena, &config, table, &signs_for_bank, &why);
    assert(err == YETT_OK);
}

/* Signatures first, then the message signature of a set; its seal by itself, afterwards. */
static void check_wanted(struct run *run, const struct intake_signing *wanted, bool again)
{
    size_t count = 0;
    assert(run->scene->signs && wanted->count > 0 && wanted->count <= KEYS + 1);
    assert(intake_decision(run->intake) == NULL && intake_is_waiting(run->intake));
    for (size_t i = 0; i < wanted->count; i++) {
        const struct intake_text *text = &wanted->texts[i];
        bool is_signature = text->form == DKIM_FORM_SIGNATURE;
        assert(is_signature || (run->scene->seals && i + 1 == wanted->count));
        assert((text->form == DKIM_FORM_SEAL) == again);
        assert(text->octets.len <= DKIM_SIGNED_TEXT_MAX);
        count += is_signature;
    }
    assert(count <= KEYS && (!again || wanted->count == 1));
    run->wanted = again ? run->wanted : count;
}

static void ask_keeper(struct run *run)
{
    struct intake_signing wanted;
    while (intake_next_signing(run->intake, &wanted)) {
        struct intake_signature answers[SIGNING_ROWS_MAX + 1] = {{0}};
        check_wanted(run, &wanted, run->has_asked);
        for (size_t i = 0; i < wanted.count; i++) {
            bool seals = wanted.texts[i].form != DKIM_FORM_SIGNATURE;
            bool signs =
                seals ? (run->keeper & 8) == 0 : (run->keeper & 1) == 0 || i != 1;
            answers[i] = (struct intake_signature){
                signs, signs ? SLICE("sixteen octets..") : SLICE("it is refused")};
        }
        run->has_asked = true;
        if ((run->keeper & 2) != 0) {
            intake_signing_failed(run->intake, SLICE("the keeper is gone"));
        } else {
            intake_signed(run->intake, answers, wanted.count - ((run->keeper & 4) != 0));
        }
    }
}

/* ---- steps --------------------------------------------------------------------------------- */

static void take_field(struct run *run, slice text, bool is_cut)
{
    struct field field = {.is_cut = is_cut};
    size_t colon = slice_find_byte(text, ':');
    field.name = slice_first(text, colon);
    field.value = slice_skip(text, colon + 1);
    if (run->field_count == FIELDS_MAX) {
        return;
    }
    bool counts = intake_has_message(run->intake) && !intake_is_waiting(run->intake) &&
                  intake_decision(run->intake) == NULL;
    intake_field(run->intake, field.name, field.value, is_cut);
    if (counts) {
        run->fields[run->field_count++] = field;
    }
}

static void take_body(struct run *run, slice octets)
{
    size_t piece = run->piece_bytes == 0 ? octets.len : run->piece_bytes;
    do {
        intake_body(run->intake, slice_first(octets, piece));
        octets = slice_skip(octets, piece);
        between_steps(run);
    } while (octets.len != 0);
}

static void begin_message(struct run *run, slice path)
{
    struct intake_mail mail = {.path = path,
                               .login = run->scene->login ? SLICE("alice") : SLICE_NONE,
                               .local = run->scene->local,
                               .now_s = NOW};
    intake_mail(run->intake, &mail);
    run->field_count = 0;
    run->open_count = 0;
    run->has_asked = false;
    run->wanted = 0;
}

static void forget_message(struct run *run)
{
    run->has_asked = false;
    run->field_count = 0;
    run->open_count = 0;
}

static void take_step(struct run *run, char what, slice text)
{
    switch (what) {
    case 'M':
        begin_message(run, text);
        break;
    case 'R':
        intake_rcpt(run->intake, text);
        break;
    case 'Q':
        intake_queue_id(run->intake, text);
        break;
    case 'F':
    case 'C':
        take_field(run, text, what == 'C');
        break;
    case 'E':
        intake_end_of_header(run->intake);
        break;
    case 'B':
        take_body(run, text);
        break;
    case 'A':
        collect(run);
        if (run->schedule == TRICKLE && run->open_count != 0) {
            answer_at(run, run->open_count - 1);
        }
        break;
    case 'T':
        intake_time_out(run->intake);
        break;
    case 'Z':
        intake_finish_message(run->intake);
        forget_message(run);
        break;
    case 'X':
        intake_connect(run->intake, run->scene->client, text);
        intake_helo(run->intake, run->scene->helo);
        forget_message(run);
        break;
    case 'P':
        run->poisoned = true;
        break;
    case 'H':
        intake_next_hop(run->intake, text);
        break;
    case 'K':
        run->keeper = text.len == 0 ? '\0' : text.ptr[0];
        break;
    default:
        break;
    }
    between_steps(run);
}

static void take_steps(struct run *run)
{
    slice in = run->scene->script;
    slice step;
    while (slice_take_until(&in, '\0', &step)) {
        if (step.len != 0) {
            take_step(run, step.ptr[0], slice_skip(step, 1));
        }
    }
}

/* ---- what must hold ------------------------------------------------------------------------ */

static bool is_mark(const struct scene *scene, slice name)
{
    return slice_eq_nocase(name, scene->config.tag_field) ||
           slice_eq_nocase(name, scene->config.quarantine_field);
}

static slice plain_name(const struct field *field)
{
    slice name = field->name;
    while (name.len != 0 &&
           (name.ptr[name.len - 1] == ' ' || name.ptr[name.len - 1] == '\t')) {
        name = slice_first(name, name.len - 1);
    }
    return name;
}

/* Somebody who ends lines at a bare CR or LF, or skips leading white space, sees a result. */
static bool speaks_for_us(const struct run *run, const struct field *field)
{
    const struct scene *scene = run->scene;
    slice name = plain_name(field);
    if (is_mark(scene, name)) {
        return true;
    }
    if (slice_eq_nocase(name, SLICE("Authentication-Results"))) {
        return field->is_cut ||
               authres_is_forged(field->value, scene->config.authserv_id);
    }
    struct buf raw;
    buf_init(&raw, run->arena, SIZE_MAX);
    buf_add(&raw, field->name);
    buf_add_byte(&raw, ':');
    buf_add(&raw, field->value);
    const struct message_field whole = {.raw = buf_slice(&raw)};
    slice rest = SLICE_NONE;
    while (message_next_hidden(&whole, &rest, &name)) {
        if (is_mark(scene, name) ||
            slice_eq_nocase(name, SLICE("Authentication-Results"))) {
            return true;
        }
    }
    return false;
}

static void check_removal(const struct run *run, const struct intake_edit *edit,
                          bool gone[FIELDS_MAX])
{
    assert(edit->index < run->field_count && !gone[edit->index]);
    gone[edit->index] = true;
    assert(slice_eq_nocase(edit->name, plain_name(&run->fields[edit->index])));
    size_t occurrence = 0;
    for (size_t i = 0; i <= edit->index; i++) {
        occurrence += slice_eq_nocase(plain_name(&run->fields[i]), edit->name);
    }
    assert(edit->occurrence == occurrence);
}

static void check_added(const struct run *run, const struct intake_edit *edit)
{
    assert(edit->name.len != 0 && slice_starts_with(edit->value, SLICE(" ")));
    slice rest = edit->value;
    for (size_t at = 0; (at = slice_find_byte(rest, '\n')) < rest.len;) {
        assert(at > 0 && rest.ptr[at - 1] == '\r' && at < 998);
        rest = slice_skip(rest, at + 1);
        assert(rest.len > 1 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'));
    }
    if (slice_eq(edit->name, SLICE("Authentication-Results"))) {
        assert(authres_is_forged(edit->value, run->scene->config.authserv_id));
    }
}

/* From a list: our results in it are the testimony of its arrival, and stay. */
static bool comes_back(const struct scene *scene)
{
    return scene->config.sealing.list_host_count != 0 &&
           ip_in_network(scene->client, scene->list_host);
}

static void check_edits(const struct run *run, const struct intake_decision *decision)
{
    bool gone[FIELDS_MAX] = {0};
    size_t last = SIZE_MAX;
    bool adds = false;
    for (size_t i = 0; i < decision->edit_count; i++) {
        const struct intake_edit *edit = &decision->edits[i];
        if (edit->kind == INTAKE_ADD) {
            adds = true;
            check_added(run, edit);
        } else {
            assert(!adds && edit->index < last);
            last = edit->index;
            check_removal(run, edit, gone);
        }
    }
    bool lets_in = decision->outcome == EVENT_ACCEPTED || decision->outcome == EVENT_HELD;
    bool is_judged = decision->event.verdict != NULL;
    assert(lets_in || decision->edit_count == 0);
    if (!lets_in || run->scene->listener.role == CONFIG_LISTENER_SIGN ||
        (run->scene->local && !is_judged) || comes_back(run->scene)) {
        return;
    }
    for (size_t i = 0; i < run->field_count; i++) {
        assert(gone[i] || !speaks_for_us(run, &run->fields[i]));
    }
}

static void check_outcome(const struct run *run, const struct intake_decision *decision)
{
    const struct scene *scene = run->scene;
    bool refuses =
        decision->outcome == EVENT_REJECTED || decision->outcome == EVENT_DEFERRED;
    bool is_error = slice_eq(decision->event.action.rule, SLICE("internal-error"));
    bool is_unsigned =
        slice_starts_with(decision->event.action.rule, SLICE("signing-")) ||
        slice_eq(decision->event.action.rule, SLICE("sealing-keeper"));
    assert((decision->reply.len != 0) == refuses && decision->reply.len <= 510);
    assert((decision->hold_reason.len != 0) == (decision->outcome == EVENT_HELD));
    assert(is_error || is_unsigned || scene->config.mode == CONFIG_ENFORCE || !refuses);
    assert(decision->outcome != EVENT_REJECTED || !is_error);
    assert(decision->event.action.rule.len != 0 &&
           decision->event.action.reason.len != 0);
    if (scene->local && decision->event.id.len != 0) {
        assert(decision->outcome == EVENT_ACCEPTED);
    }
    if (scene->listener.role == CONFIG_LISTENER_SIGN && decision->event.id.len != 0) {
        assert(is_unsigned || is_error || decision->outcome == EVENT_ACCEPTED);
        assert(scene->signs || decision->edit_count == 0);
    }
}

static size_t count_added(const struct intake_decision *decision, slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->edit_count; i++) {
        count += decision->edits[i].kind == INTAKE_ADD &&
                 slice_eq(decision->edits[i].name, name);
    }
    return count;
}

static void check_signing(const struct run *run, const struct intake_decision *decision)
{
    const struct signing_decision *signing = decision->event.signing;
    size_t count = count_added(decision, SLICE("DKIM-Signature"));
    bool is_signed = signing != NULL && signing->act == SIGNING_SIGN;
    assert(signing == NULL || run->scene->signs);
    assert(count == (is_signed ? run->wanted : 0));
    assert(!is_signed || (run->has_asked && (run->keeper & 6) == 0));
    assert(signing == NULL || (signing->rule.len != 0 && signing->reason.len != 0));
}

static void check_sealing(const struct run *run, const struct intake_decision *decision)
{
    const struct sealing_decision *sealing = decision->event.sealing;
    bool is_sealed = sealing != NULL && sealing->act == SEALING_SEAL;
    assert(sealing == NULL || (run->scene->seals && sealing->rule.len != 0));
    assert(sealing == NULL || sealing->act != SEALING_NOT_ASKED);
    assert(!is_sealed || (run->has_asked && (run->keeper & 14) == 0));
    assert(is_sealed || sealing == NULL || sealing->reason.len != 0);
    assert(count_added(decision, SLICE("ARC-Seal")) == is_sealed);
    assert(count_added(decision, SLICE("ARC-Message-Signature")) == is_sealed);
    assert(count_added(decision, SLICE("ARC-Authentication-Results")) == is_sealed);
}

/* What an examiner gets, appended; it can be read, and names signatures. */
static void add_failed(struct run *run, struct buf *buf)
{
    struct intake_failed failed;
    struct capture read;
    size_t start = buf->len;
    if (!intake_failed_signatures(run->intake, &failed)) {
        return;
    }
    assert(run->scene->config.dkim.autopsy);
    enum yett_err err = capture_write(&failed.capture, buf);
    assert(err == YETT_OK);
    for (const struct capture_piece *piece = failed.body; piece != NULL;
         piece = piece->next) {
        buf_add(buf, slice_of(piece->octets, piece->length));
    }
    err = capture_read(run->arena, slice_skip(buf_slice(buf), start), &read);
    assert(err == YETT_OK && read.failure_count == failed.capture.failure_count);
    for (size_t i = 0; i < read.failure_count; i++) {
        const struct message_field *field =
            &read.header.fields[read.failures[i].field_index];
        assert(slice_eq_nocase(field->name, SLICE("DKIM-Signature")));
    }
}

static void write_summary(struct run *run, const struct intake_decision *decision)
{
    struct event event = decision->event;
    struct buf buf;
    event.rounds = 0;
    buf_init(&buf, run->arena, SIZE_MAX);
    event_write_line(&buf, &event);
    assert(buf.len <= 2000);
    size_t line = buf.len;
    event_write_json(&buf, &event);
    assert(buf.len - line <= 16384);
    for (size_t i = 0; i < decision->edit_count; i++) {
        const struct intake_edit *edit = &decision->edits[i];
        buf_printf(&buf, "\n%d %zu %zu ", (int)edit->kind, edit->index, edit->occurrence);
        buf_add(&buf, edit->name);
        buf_add_byte(&buf, ':');
        buf_add(&buf, edit->value);
    }
    buf_add(&buf, decision->hold_reason);
    add_failed(run, &buf);
    assert(buf_err(&buf) == YETT_OK);
    run->summary = buf_slice(&buf);
}

/* ---- runs ---------------------------------------------------------------------------------- */

static void begin(struct run *run, const struct scene *scene, enum schedule schedule,
                  size_t piece_bytes, size_t ceiling)
{
    memset(run, 0, sizeof(*run));
    run->scene = scene;
    run->schedule = schedule;
    run->piece_bytes = piece_bytes;
    run->arena = arena_new(PLENTY);
    run->house = (struct intake_house){
        .config = &scene->config,
        .settings = SLICE("5e77"),
        .crypto = crypto,
        .source = {.find = schedule == WARM ? zone_find : NULL, .context = scene->zone},
        .signing = scene->signs ? &signs_for_bank : NULL,
        .sealing = scene->seals ? &scene->sealing : NULL,
        .pool = ceiling == 0
                    ? intake_pool_new(1)
                    : intake_pool_with_ceilings(
                          1, (struct intake_ceilings){ ceiling,                                    ceiling,                ceiling}
          ),
        .key = "a fuzzing key",
        .context = run,
        .draw_id = draw_id,
        .enter = enter,
        .first_deferred = first_deferred,
        .note_deferral = note_deferral,
    };
    assert(run->arena != NULL && run->house.pool != NULL);
    run->intake = intake_new(&run->house, &scene->listener);
    assert(run->intake != NULL);
    intake_connect(run->intake, scene->client, SLICE("client.example"));
    intake_helo(run->intake, scene->helo);
}

/* The steps, and what is missing at their end. */
static void go(struct run *run)
{
    take_steps(run);
    if (!intake_has_message(run->intake)) {
        return;
    }
    intake_end_of_body(run->intake, NOW);
    at_the_end(run);
    ask_keeper(run);
    const struct intake_decision *decision = intake_decision(run->intake);
    assert(decision != NULL && !intake_is_waiting(run->intake));
    intake_time_out(run->intake);
    assert(decision == intake_decision(run->intake));
    check_edits(run, decision);
    check_outcome(run, decision);
    check_signing(run, decision);
    check_sealing(run, decision);
    write_summary(run, decision);
}

static void end(struct run *run)
{
    intake_free(run->intake);
    intake_pool_free(run->house.pool);
    arena_free(run->arena);
}

/* With little memory. */
static void run_in_little(const struct scene *scene, const struct run *wanted)
{
    static struct run run;
    begin(&run, scene, TRICKLE, 0, scene->ceiling);
    go(&run);
    const struct intake_decision *decision = intake_decision(run.intake);
    if (decision != NULL && !scene->depends_on_time &&
        !slice_eq(decision->event.action.rule, SLICE("internal-error"))) {
        assert(slice_eq(run.summary, wanted->summary));
    }
    end(&run);
}

static void run_all(const struct scene *scene)
{
    static const size_t pieces[SCHEDULES] = {0, 1, 3, 7, 0};
    static struct run first, other;
    begin(&first, scene, WARM, 0, 0);
    go(&first);
    for (int i = 1; i < SCHEDULES; i++) {
        begin(&other, scene, (enum schedule)i, pieces[i], 0);
        go(&other);
        if (!scene->depends_on_time) {
            assert(slice_eq(first.summary, other.summary));
        }
        end(&other);
    }
    run_in_little(scene, &first);
    end(&first);
}

/* ---- settings ------------------------------------------------------------------------------ */

/* Each bit of the first two octets is a setting. */
static void set_up(struct scene *scene, uint8_t flags, uint8_t more)
{
    static const char *const clients[] = {"192.0.2.10", "203.0.113.9", "127.0.0.1", NULL};
    const char *client = clients[more & 3];
    struct config *config = &scene->config;
    config_init(config);
    config->authserv_id = SLICE("mx.example.com");
    config->mode = (flags & 1) != 0 ? CONFIG_OBSERVE : CONFIG_ENFORCE;
    config->on_internal_error = (flags & 2) != 0 ? CONFIG_ACCEPT : CONFIG_DEFER;
    config->quarantine_by =
        (flags & 4) != 0 ? CONFIG_QUARANTINE_HOLD : CONFIG_QUARANTINE_FIELD;
    config->received_spf = (flags & 8) != 0;
    config->dmarc.on_reject =
        (flags & 16) != 0 ? CONFIG_REJECT_STRICT : CONFIG_REJECT_INFORMED;
    config->limits.message_bytes = (flags & 32) != 0 ? 600 : 0;
    config->limits.fields = (flags & 64) != 0 ? 6 : 10000;
    config->limits.recipients = (flags & 64) != 0 ? 2 : 1000;
    config->dkim.autopsy = (flags & 128) == 0;
    config->spf.on_temperror = (flags & 128) != 0 ? CONFIG_DEFER : CONFIG_TAG;
    scene->own = (struct config_domain){.name = SLICE("bank.test")};
    config->domains = &scene->own;
    config->domain_count = 1;
    scene->pilot = (struct config_recipient){
        .pattern = SLICE("pilot@example.com"), .has_mode = true, .mode = CONFIG_OBSERVE};
    config->recipients = &scene->pilot;
    config->recipient_count = (more & 4) != 0;
    scene->local = (more & 8) != 0;
    scene->login = (more & 16) != 0;
    scene->signs = (more & 128) != 0;
    config->signing.networks = (flags & 2) != 0 ? CONFIG_ON : CONFIG_OFF;
    config->signing.on_keeper_down =
        (flags & 4) != 0 ? CONFIG_KEEPER_UNSIGNED : CONFIG_KEEPER_DEFER;
    config->signing.on_eight_bit =
        (flags & 8) != 0 ? CONFIG_HAZARD_REJECT : CONFIG_HAZARD_SIGN;
    config->signing.on_long_line =
        (flags & 16) != 0 ? CONFIG_HAZARD_UNSIGNED : CONFIG_HAZARD_REPAIR;
    scene->listener = config->listeners[0];
    scene->listener.role =
        (more & 96) == 96 ? CONFIG_LISTENER_SIGN : CONFIG_LISTENER_BOTH;
    scene->seals = scene->signs && ((more & 96) == 32 || (more & 96) == 64);
    config->sealing.domain = scene->seals ? SLICE("bank.test") : SLICE_NONE;
    config->sealing.recipients = handed_on;
    config->sealing.recipient_count = 1;
    config->sealing.next_hops = next_hops;
    config->sealing.next_hop_count = 1;
    scene->relay.prefix = 32;
    enum yett_err err = ip_parse(SLICE("203.0.113.9"), &scene->relay.address);
    assert(err == YETT_OK);
    scene->list_host.prefix = 32;
    err = ip_parse(SLICE("192.0.2.10"), &scene->list_host.address);
    assert(err == YETT_OK);
    config->sealing.list_hosts = &scene->list_host;
    config->sealing.list_host_count = (more & 96) == 64; /* else it arrives */
    config->trusted_relays = &scene->relay;
    config->trusted_relay_count = 1;
    err = client == NULL ? YETT_OK : ip_parse(slice_from_text(client), &scene->client);
    assert(err == YETT_OK);
    sealing_house_init(config, signs_for_bank.table, &scene->sealing);
    assert(scene->sealing.seals == scene->seals);
}

static bool has_step(slice script, char what)
{
    slice step;
    while (slice_take_until(&script, '\0', &step)) {
        if (slice_peek(step) == what) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {0};
    struct zone_error error;
    slice zone_text;
    if (crypto == NULL) {
        crypto = crypto_new(); /* for all runs */
        assert(crypto != NULL);
        make_table();
    }
    if (size < 3) {
        return 0;
    }
    slice in = slice_of((const char *)data + 3, size - 3);
    if (!slice_take_until(&in, '\0', &scene.helo) ||
        !slice_take_until(&in, '\0', &zone_text)) {
        return 0;
    }
    scene.script = in;
    scene.depends_on_time = has_step(in, 'T') || has_step(in, 'P') || has_step(in, 'K');
    scene.ceiling = 1 + (size_t)data[2] * 512;
    set_up(&scene, data[0], data[1]);
    struct arena *arena = arena_new(PLENTY);
    if (zone_parse(arena, zone_text, &scene.zone, &error) == YETT_OK) {
        run_all(&scene);
        zone_finish(scene.zone);
    }
    arena_free(arena);
    return 0;
}
