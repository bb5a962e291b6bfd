/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/milter.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Whole conversations: two octets of settings, then steps, each ended by an octet 0xFF:
 *
 *   ? data      a packet with this command, one of "OCHMRUTLNBEADKQ" or any other
 *   # octets    as they are: a broken packet, or the beginning of a long one
 *   + n         n KiB of filling, as part of what was announced
 *   ! and ~     what is wanted is answered; time is over
 *
 * However the octets are cut, what goes back is the same, and so is why it ended.  It is made
 * of whole packets: never more of them than commands that expect one, edits only before the
 * one final reply of a message, an event for each of these.
 */
enum {
    NOW = 1764000000,
    PLENTY = 64 << 20,
    STREAM_MAX = 4 << 20,
    OPEN_MAX = 2000,
    CUTS = 4
};

static const char zone_text[] =
    "bank.test. TXT \"v=spf1 ip4:192.0.2.0/28 include:more.test -all\"\n"
    "more.test. TXT \"v=spf1 a:x.test ~all\"\n"
    "_dmarc.bank.test. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.shop.test. TXT \"v=DMARC1; p=quarantine\"\n"
    "shop.test. TXT \"v=spf1 -all\"\n"
    "; yett: timeout slow.test ANY\n";

struct scene {
    struct config config;
    struct config_listener listener;
    struct config_domain own;
    slice script;
};

struct run {
    const struct scene *scene;
    struct intake_house house;
    struct milter_session *session;
    enum milter_state state;
    struct arena *arena;
    struct buf unread, output, told; /* told: outcomes of the events */
    size_t events;
    size_t expected; /* commands that expect a reply, as far as they were sent */
    struct dns_question open[OPEN_MAX];
    size_t open_count;
};

static struct crypto *crypto;
static struct zone *zone;

/* ---- the house -------------------------------------------------------------------------- */

static void draw_id(void *context, char *out)
{
    (void)context;
    memcpy(out, "0123456789abcdef", INTAKE_ID_LENGTH);
}

static bool enter(void *context, uint64_t fingerprint)
{
    (void)context;
    (void)fingerprint;
    return true;
}

static int64_t first_deferred(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    (void)key;
    return now_s;
}

static void note_deferral(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    (void)key;
    (void)now_s;
}

static void begin(struct run *run, const struct scene *scene)
{
    *run = (struct run){.scene = scene, .state = MILTER_READING};
    run->arena = arena_new((size_t)PLENTY * 4);
    run->house = (struct intake_house){
        .config = &scene->config,
        .settings = SLICE("5e77"),
        .crypto = crypto,
        .pool = intake_pool_new(1),
        .key = "a fuzzing key",
        .context = run,
        .draw_id = draw_id,
        .enter = enter,
        .first_deferred = first_deferred,
        .note_deferral = note_deferral,
    };
    assert(run->arena != NULL && run->house.pool != NULL);
    buf_init(&run->unread, run->arena, PLENTY);
    buf_init(&run->output, run->arena, PLENTY);
    buf_init(&run->told, run->arena, PLENTY);
    run->session = milter_session_new(&run->house, &scene->listener);
    assert(run->session != NULL);
}

static void end(struct run *run)
{
    milter_session_free(run->session);
    intake_pool_free(run->house.pool);
    arena_free(run->arena);
}

/* ---- the connection --------------------------------------------------------------------- */

static void take_results(struct run *run)
{
    buf_add(&run->output, milter_session_take_output(run->session));
    assert(slice_is_empty(milter_session_take_output(run->session)));
    const struct event *event = milter_session_event(run->session);
    if (event != NULL) {
        run->events++;
        run->open_count = 0;
        event_write_line(&run->told, event);
        assert(milter_session_event(run->session) == NULL);
        assert(!milter_session_is_busy(run->session));
    }
    assert(run->state != MILTER_WAITING || milter_session_is_busy(run->session));
    assert(run->state != MILTER_CLOSED || !milter_session_is_busy(run->session));
}

/* What is not taken stays, in memory of its own: a pointer into it that is kept shows. */
static void pump(struct run *run)
{
    slice unread = buf_slice(&run->unread);
    char *copy = malloc(unread.len + 1);
    assert(copy != NULL);
    if (unread.len != 0) {
        memcpy(copy, unread.ptr, unread.len);
    }
    slice in = slice_of(copy, unread.len);
    size_t before;
    do {
        before = in.len;
        run->state = milter_session_feed(run->session, &in, NOW);
        take_results(run);
    } while (in.len != 0 && in.len < before);
    assert(in.len < MILTER_PACKET_MAX);
    if (in.len != 0) {
        memmove(run->unread.ptr, in.ptr, in.len);
    }
    buf_truncate(&run->unread, in.len);
    free(copy);
}

static void send(struct run *run, slice octets, size_t at_once)
{
    while (octets.len != 0 && run->state != MILTER_CLOSED) {
        slice piece = at_once == 0 ? octets : slice_first(octets, at_once);
        octets = slice_skip(octets, piece.len);
        buf_add(&run->unread, piece);
        pump(run);
    }
}

static void proceed(struct run *run)
{
    run->state = milter_session_proceed(run->session);
    take_results(run);
}

static void answer(struct run *run)
{
    struct intake *intake = milter_session_intake(run->session);
    struct dns_question question;
    while (milter_session_is_busy(run->session) && intake_next_want(intake, &question)) {
        intake_answer(intake, question, zone_find(zone, question));
    }
    proceed(run);
}

static void time_out(struct run *run)
{
    if (milter_session_is_busy(run->session)) {
        intake_time_out(milter_session_intake(run->session));
    }
    proceed(run);
    assert(run->state != MILTER_WAITING);
}

/* ---- steps ------------------------------------------------------------------------------ */

static void add_filling(struct buf *stream, slice text)
{
    char filling[1024];
    memset(filling, 'x', sizeof(filling));
    for (int n = text.len == 0 ? 1 : (unsigned char)text.ptr[0]; n > 0; n--) {
        if (stream->len < STREAM_MAX) {
            buf_add(stream, slice_of(filling, sizeof(filling)));
        }
    }
}

static void take_step(struct run *run, slice step, size_t at_once, struct buf *stream)
{
    char what = step.ptr[0];
    slice text = slice_skip(step, 1);
    if (what == '!' || what == '~') {
        send(run, buf_slice(stream), at_once);
        buf_truncate(stream, 0);
        what == '!' ? answer(run) : time_out(run);
    } else if (what == '#') {
        buf_add(stream, text);
    } else if (what == '+') {
        add_filling(stream, text);
    } else {
        milter_write_packet(stream, what, &text, 1);
        run->expected += strchr("OCHMRUTLNBE", what) != NULL;
    }
}

static void go(struct run *run, size_t at_once)
{
    slice script = run->scene->script, step;
    struct buf stream;
    buf_init(&stream, run->arena, PLENTY);
    while (slice_take_until(&script, '\xff', &step)) {
        if (step.len != 0) {
            take_step(run, step, at_once, &stream);
        }
    }
    send(run, buf_slice(&stream), at_once);
    if (run->state == MILTER_WAITING) {
        time_out(run);
    }
    assert(buf_err(&run->unread) == YETT_OK && buf_err(&run->output) == YETT_OK);
}

/* ---- what must hold --------------------------------------------------------------------- */

static void check_reply(slice data)
{
    assert(data.len > 5 && data.len <= 2 * 510 + 1);
    assert(data.ptr[0] == '4' || data.ptr[0] == '5');
    assert(data.ptr[3] == ' ' && slice_find_byte(data, '\0') == data.len - 1);
    for (size_t i = 0; i + 1 < data.len; i++) {
        assert(data.ptr[i] >= ' ' && data.ptr[i] <= '~');
    }
    assert(slice_count_byte(data, '%') % 2 == 0);
}

/* Two strings, of which the second goes on in lines that begin with white space. */
static void check_field(slice data)
{
    slice name, value;
    assert(milter_take_string(&data, &name) == YETT_OK && name.len != 0);
    assert(milter_take_string(&data, &value) == YETT_OK && data.len == 0);
    assert(!slice_has_byte(value, '\r'));
    for (size_t i = 0; i < value.len; i++) {
        assert(value.ptr[i] != '\n' || (i + 1 < value.len && (value.ptr[i + 1] == ' ' ||
                                                              value.ptr[i + 1] == '\t')));
    }
}

/* Counts replies; each final one ends what edits began. */
static void check_output(const struct run *run, bool counts)
{
    slice in = buf_slice(&run->output);
    struct milter_packet packet;
    size_t replies = 0, finals = 0;
    bool edits = false, is_last_edit = false;
    while (in.len != 0) {
        enum yett_err err = milter_take_packet(&in, PLENTY, &packet);
        assert(err == YETT_OK);
        bool is_edit = strchr("miq", packet.command) != NULL;
        bool is_final = strchr("aytr", packet.command) != NULL;
        assert(is_edit || is_final || strchr("Oc", packet.command) != NULL);
        assert(packet.command != 'O' || (!edits && replies == 0));
        assert(packet.command != 'c' || (packet.data.len == 0 && !edits));
        assert(!edits || is_edit || packet.command == 'a');
        assert(!is_last_edit || packet.command == 'a');
        if (packet.command == 'm' || packet.command == 'i') {
            check_field(slice_skip(packet.data, 4));
        }
        if (packet.command == 'y') {
            check_reply(packet.data);
        }
        is_last_edit = packet.command == 'q';
        edits = is_edit;
        replies += !is_edit;
        finals += is_final;
    }
    assert(!edits && finals == run->events);
    assert(!counts || replies <= run->expected);
}

static void check_same(const struct run *first, const struct run *other)
{
    assert(slice_eq(buf_slice(&first->output), buf_slice(&other->output)));
    assert(slice_eq(buf_slice(&first->told), buf_slice(&other->told)));
    assert(slice_eq(milter_session_fault(first->session),
                    milter_session_fault(other->session)));
    assert(first->state == other->state && first->events == other->events);
    assert(first->unread.len == other->unread.len);
}

/* ---- runs ------------------------------------------------------------------------------- */

static void set_up(struct scene *scene, uint8_t flags, uint8_t more)
{
    struct config *config = &scene->config;
    config_init(config);
    config->authserv_id = SLICE("mx.example.com");
    config->mode = (flags & 1) != 0 ? CONFIG_OBSERVE : CONFIG_ENFORCE;
    config->on_internal_error = (flags & 2) != 0 ? CONFIG_ACCEPT : CONFIG_DEFER;
    config->quarantine_by =
        (flags & 4) != 0 ? CONFIG_QUARANTINE_FIELD : CONFIG_QUARANTINE_HOLD;
    config->received_spf = (flags & 8) != 0;
    config->limits.fields = (flags & 16) != 0 ? 6 : 10000;
    config->limits.message_bytes = (flags & 32) != 0 ? 3000 : 0;
    scene->own = (struct config_domain){.name = SLICE("bank.test")};
    config->domains = &scene->own;
    config->domain_count = 1;
    scene->listener = config->listeners[0];
    scene->listener.insert =
        (more & 1) != 0 ? CONFIG_INSERT_TOP : CONFIG_INSERT_BELOW_RECEIVED;
    scene->listener.role = (more & 2) != 0 ? CONFIG_LISTENER_SIGN : CONFIG_LISTENER_BOTH;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct arena *arena = arena_new(PLENTY); /* as long as the process */
    struct zone_error error;
    crypto = crypto_new();
    assert(crypto != NULL && arena != NULL);
    enum yett_err err =
        zone_parse(arena, slice_of(zone_text, sizeof(zone_text) - 1), &zone, &error);
    assert(err == YETT_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t cuts[CUTS] = {0, 1, 7, 4093};
    static struct scene scene;
    static struct run first, other;
    if (size < 2) {
        return 0;
    }
    set_up(&scene, data[0], data[1]);
    scene.script = slice_of((const char *)data + 2, size - 2);
    bool is_regular = !slice_has_byte(scene.script, '#');
    begin(&first, &scene);
    go(&first, cuts[0]);
    check_output(&first, is_regular);
    for (size_t i = 1; i < CUTS; i++) {
        /* An octet at a time is for what fits. */
        bool is_long = slice_has_byte(scene.script, '+');
        begin(&other, &scene);
        go(&other, is_long ? cuts[i] + 997 : cuts[i]);
        check_output(&other, is_regular);
        check_same(&first, &other);
        end(&other);
    }
    end(&first);
    return 0;
}
