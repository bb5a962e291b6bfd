/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"

#include <time.h>

/* look: what each authoritative server of the zone has at the name of a key, once or until
   all have what is wanted. */

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000, SENTENCE_MAX = 8192 };

struct look {
    struct keyring *ring;
    const struct keyring_key *key;
    bool is_wanted;
    const struct keyring_dns *dns;
    const struct keyring_voice *voice;
    slice name;
    struct nameserver_zone zone;
};

/* Servers, by what they have. */
struct tally {
    size_t ours, absent, different, unknown;
};

static enum yett_err begin(struct look *look, slice *why)
{
    struct arena *arena = look->ring->arena;
    enum yett_err err =
        keyring_name(arena, look->key->selector, look->ring->domain, &look->name);
    if (err != YETT_OK) {
        *why = SLICE("the name of the record is too long for DNS");
        return err;
    }
    return asker_find(look->dns->asker, arena, look->name, &look->zone, why);
}

/* ---- one server ------------------------------------------------------------------------- */

static enum yett_err match_view(const struct look *look,
                                const struct nameserver_view *view,
                                struct keyring_match *out)
{
    struct arena *arena = look->ring->arena;
    slice *texts = ARENA_ARRAY(arena, view->shown.count, slice);
    enum yett_err err = texts == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < view->shown.count; i++) {
        err = update_value_text(arena, view->shown.values[i], &texts[i]);
    }
    return err == YETT_OK ? keyring_match(arena, look->key, texts, view->shown.count, out)
                          : err;
}

static void tell_server(const struct look *look, const struct nameserver_view *view,
                        const char *what, slice reason)
{
    struct buf text;
    buf_init(&text, look->ring->arena, SENTENCE_MAX);
    buf_add_visible(&text, view->server->name);
    buf_add_text(&text, what);
    buf_add(&text, reason);
    voice_say(look->voice, KEYRING_WARN, buf_slice(&text));
}

/* An old record that stands beside others is still there; a new one may not stand so. */
static bool is_ours(const struct look *look, const struct keyring_match *match)
{
    return match->code == KEYRING_OURS ||
           (!look->is_wanted && match->code == KEYRING_SEVERAL && match->has_ours);
}

static enum yett_err count_view(const struct look *look,
                                const struct nameserver_view *view, bool tell,
                                struct tally *tally)
{
    struct keyring_match match;
    if (view->state != NAMESERVER_SHOWS) { /* no answer, or an alias */
        tally->unknown++;
        if (tell) {
            voice_say(look->voice, KEYRING_WARN, view->sentence);
        }
        return YETT_OK;
    }
    enum yett_err err = match_view(look, view, &match);
    if (err != YETT_OK) {
        return err;
    }
    if (is_ours(look, &match)) {
        tally->ours++;
        if (tell && !look->is_wanted) {
            tell_server(look, view, " still shows it", SLICE_NONE);
        }
    } else if (match.code == KEYRING_ABSENT) {
        tally->absent++;
        if (tell && look->is_wanted) {
            tell_server(look, view, " does not show it yet", SLICE_NONE);
        }
    } else {
        tally->different++;
        if (tell) {
            tell_server(look, view, " has there ", match.reason);
        }
    }
    return YETT_OK;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* A change that changes nothing: whoever answers shows it. */
static enum yett_err ask_all(const struct look *look, bool tell, struct tally *out,
                             slice *why)
{
    struct nameserver_views views;
    *out = (struct tally){0};
    enum yett_err err = asker_ask_all(look->dns->asker, look->ring->arena, &look->zone,
                                      look->name, &views, why);
    for (size_t i = 0; err == YETT_OK && i < views.count; i++) {
        err = count_view(look, &views.list[i], tell, out);
    }
    return err;
}

/* Who does not answer keeps a key from being used and a record from being forgotten, but
   nobody from publishing and withdrawing. */
static enum rotation_view sum_up(const struct tally *tally, bool is_wanted)
{
    if (tally->different > 0) {
        return ROTATION_DIFFERENT;
    }
    if (tally->ours > 0) {
        if (tally->absent == 0 && tally->unknown == 0) {
            return ROTATION_SHOWN;
        }
        return tally->absent > 0 || !is_wanted ? ROTATION_PARTLY : ROTATION_UNKNOWN;
    }
    if (tally->absent == 0) {
        return ROTATION_UNKNOWN;
    }
    return tally->unknown == 0 || is_wanted ? ROTATION_ABSENT : ROTATION_UNKNOWN;
}

static bool is_wanted_in(const struct keyring *ring, const struct keyring_key *key)
{
    return key->phase == KEYRING_NO_PHASE ||
           ring->rotation.keys[key->phase].phase != ROTATION_RETIRING;
}

enum yett_err keyring_look(struct keyring *ring, const struct keyring_key *key,
                           const struct keyring_dns *dns,
                           const struct keyring_voice *voice, enum rotation_view *out,
                           slice *why)
{
    struct look look = {.ring = ring,
                        .key = key,
                        .is_wanted = is_wanted_in(ring, key),
                        .dns = dns,
                        .voice = voice};
    struct tally tally = {0};
    enum yett_err err = begin(&look, why);
    if (err == YETT_OK) {
        err = ask_all(&look, voice != NULL, &tally, why);
        *out = sum_up(&tally, look.is_wanted);
    }
    return err;
}

/* ---- again and again -------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static bool is_everywhere(enum rotation_view view, bool is_wanted)
{
    return view == (is_wanted ? ROTATION_SHOWN : ROTATION_ABSENT);
}

static void tell_progress(const struct look *look, const struct tally *tally,
                          struct tally *told)
{
    size_t have = look->is_wanted ? tally->ours : tally->absent;
    size_t had = look->is_wanted ? told->ours : told->absent;
    size_t all = tally->ours + tally->absent + tally->different + tally->unknown;
    if (have != had || told->unknown == SIZE_MAX) {
        voice_say(look->voice, KEYRING_NOTE,
                  arena_printf(look->ring->arena,
                               "%zu of %zu name server%s of %.*s %s it", have, all,
                               all == 1 ? "" : "s", SLICE_ARG(look->zone.apex),
                               look->is_wanted ? all == 1 ? "shows" : "show"
                               : all == 1      ? "no longer shows"
                                               : "no longer show"));
    }
    *told = *tally;
}

enum yett_err keyring_wait(struct keyring *ring, const struct keyring_key *key,
                           bool is_wanted, const struct keyring_dns *dns,
                           const struct keyring_voice *voice, enum rotation_view *out,
                           slice *why)
{
    struct look look = {
        .ring = ring, .key = key, .is_wanted = is_wanted, .dns = dns, .voice = voice};
    struct tally told = {.unknown = SIZE_MAX};
    int64_t pause_ms = FIRST_PAUSE_MS;
    int64_t until_ms = now_ms() + (int64_t)dns->wait_s * 1000;
    enum yett_err err = begin(&look, why);
    struct arena_mark mark = arena_mark(ring->arena);

    while (err == YETT_OK) {
        struct tally tally;
        err = ask_all(&look, false, &tally, why);
        *out = sum_up(&tally, is_wanted);
        tell_progress(&look, &tally, &told);
        int64_t left_ms = until_ms - now_ms();
        if (err != YETT_OK || is_everywhere(*out, is_wanted) || left_ms <= 0 ||
            (is_wanted && *out == ROTATION_DIFFERENT)) {
            break;
        }
        arena_rewind(ring->arena, mark);
        sleep_ms(left_ms < pause_ms ? left_ms : pause_ms);
        pause_ms = pause_ms * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : pause_ms * 2;
    }
    if (err == YETT_OK && !is_everywhere(*out, is_wanted)) {
        struct tally tally;
        err = ask_all(&look, true, &tally, why); /* who it is */
        *out = sum_up(&tally, is_wanted);
    }
    return err;
}
