/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rotation/rotation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * The state file of a domain's keys, up to the first NUL, and what happens then: each octet
 * behind it is what the servers show the next time that they are asked.
 *
 * What is read comes out the same when it is written and read again, and so it is with every
 * state that follows.  The steps are done as they are said: no key signs whose record was not
 * seen everywhere, no record is taken away before its time, and once the servers show what
 * they were told there is rest, with a key of each kind that signs.
 */
enum { ARENA_BYTES = 4 << 20, STEPS_MAX = 400, HONEST_STEPS_MAX = 40 };

/* Beyond it there are no dates. */
static const int64_t end_of_days_s = 253402300799;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rotation_settings settings_of[] = {
    {.rsa = true,             .ed25519 = true,   .interval_s = 1000,         .expire_s = 100, .grace_s = 10},
    {.rsa = true,          .interval_s = 90 * 86400,                           .expire_s = 14 * 86400,                                           .grace_s = 604800},
    {.ed25519 = true, .expire_s = 100,.grace_s = 10},
};

struct world {
    struct arena *arena;
    const struct rotation_settings *settings;
    struct rotation rotation;
    bool is_published[ROTATION_KEYS_MAX]; /* by index, as the keys */
    enum rotation_view views[ROTATION_KEYS_MAX];
    slice script;
    int64_t now_s;
};

static void assert_same(const struct rotation *a, const struct rotation *b)
{
    assert(a->count == b->count && a->seen_s == b->seen_s);
    for (size_t i = 0; i < a->count; i++) {
        assert(slice_eq(a->keys[i].selector, b->keys[i].selector));
        assert(a->keys[i].type == b->keys[i].type &&
               a->keys[i].phase == b->keys[i].phase);
        assert(a->keys[i].since_s == b->keys[i].since_s);
        assert(a->keys[i].until_s == b->keys[i].until_s);
    }
}

static void read_again(struct arena *arena, const struct rotation *rotation)
{
    struct rotation again;
    struct buf buf;
    size_t line;
    const char *why = NULL;
    buf_init(&buf, arena, 65536);
    rotation_write(&buf, rotation);
    assert(buf_err(&buf) == YETT_OK);
    enum yett_err err = rotation_parse(arena, buf_slice(&buf), &again, &line, &why);
    assert(err == YETT_OK);
    assert_same(rotation, &again);
}

/* The servers are asked.  One key of the script's is not as it should be. */
static void look(struct world *world)
{
    for (size_t i = 0; i < world->rotation.count; i++) {
        world->views[i] = world->is_published[i] ? ROTATION_SHOWN : ROTATION_ABSENT;
    }
    if (world->script.len != 0 && world->rotation.count != 0) {
        unsigned octet = (unsigned char)world->script.ptr[0];
        world->views[octet / 5 % world->rotation.count] = (enum rotation_view)(octet % 5);
        world->script = slice_skip(world->script, 1);
    }
}

static void add_key(struct world *world, enum crypto_key_type type)
{
    slice selector;
    enum yett_err err =
        rotation_selector(world->arena, &world->rotation, type, world->now_s, &selector);
    assert(err == YETT_OK);
    world->is_published[world->rotation.count] = false;
    err = rotation_add(&world->rotation, selector, type, world->now_s);
    assert(err == YETT_OK);
}

static void forget(struct world *world, size_t index)
{
    rotation_remove(&world->rotation, index);
    memmove(&world->is_published[index], &world->is_published[index + 1],
            (world->rotation.count - index) * sizeof(world->is_published[0]));
}

/* Nothing of this makes anything go sooner. */
static void see(struct world *world)
{
    struct rotation before = world->rotation;
    bool prolonged[ROTATION_KEYS_MAX];
    (void)rotation_see(&world->rotation, world->settings, false, world->now_s, prolonged);
    for (size_t i = 0; i < before.count; i++) {
        const struct rotation_key *a = &before.keys[i], *b = &world->rotation.keys[i];
        assert(a->phase == b->phase && a->since_s == b->since_s);
        assert(prolonged[i] ? b->until_s > world->now_s : a->until_s == b->until_s);
    }
}

/* May this step be about this key? */
static void check_key(const struct world *world, enum rotation_step step, size_t index)
{
    const struct rotation_key *key = &world->rotation.keys[index];
    bool leaves = step == ROTATION_WITHDRAW || step == ROTATION_FORGET;
    assert(step != ROTATION_PUBLISH || key->phase == ROTATION_PENDING);
    assert(!leaves || key->phase == ROTATION_RETIRING);
    assert(!leaves || key->until_s <= world->now_s);
    assert(step != ROTATION_FORGET || world->views[index] == ROTATION_ABSENT ||
           world->views[index] == ROTATION_DIFFERENT);
}

/* From behind, since those that are forgotten leave no gap. */
static void do_to_keys(struct world *world, const struct rotation_next *next)
{
    for (size_t i = world->rotation.count; i-- > 0;) {
        if (!next->keys[i]) {
            continue;
        }
        check_key(world, next->step, i);
        if (next->step == ROTATION_FORGET) {
            forget(world, i);
        } else if (next->step == ROTATION_PUBLISH || next->step == ROTATION_WITHDRAW) {
            world->is_published[i] = next->step == ROTATION_PUBLISH;
        }
    }
}

static void activate(struct world *world)
{
    for (size_t i = 0; i < world->rotation.count; i++) {
        assert(world->rotation.keys[i].phase != ROTATION_PENDING ||
               world->views[i] == ROTATION_SHOWN);
    }
    rotation_activate(&world->rotation, world->settings, world->now_s);
}

static bool has_room(const struct world *world)
{
    return world->rotation.count + 2 <= ROTATION_KEYS_MAX;
}

/* False: nothing more will happen. */
static bool take_step(struct world *world, const struct rotation_next *next)
{
    do_to_keys(world, next);
    switch (next->step) {
    case ROTATION_REST:
        assert(next->at_s > world->now_s);
        world->now_s = next->at_s;
        return next->at_s < end_of_days_s;
    case ROTATION_GENERATE:
        assert(next->rsa || next->ed25519);
        if (!has_room(world)) {
            return false;
        }
        if (next->rsa) {
            add_key(world, CRYPTO_RSA);
        }
        if (next->ed25519) {
            add_key(world, CRYPTO_ED25519);
        }
        break;
    case ROTATION_STOP: /* for good, where the clock is wrong, unless somebody comes */
        (void)rotation_set_right(&world->rotation, world->settings, world->now_s);
        world->now_s += 60;
        break;
    case ROTATION_WAIT:
        world->now_s += 60;
        break;
    case ROTATION_ACTIVATE:
        activate(world);
        break;
    case ROTATION_PUBLISH:
    case ROTATION_WITHDRAW:
    case ROTATION_FORGET:
        break;
    }
    return true;
}

static bool signs(const struct rotation *rotation, enum crypto_key_type type)
{
    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->keys[i].phase == ROTATION_ACTIVE &&
            rotation->keys[i].type == type) {
            return true;
        }
    }
    return false;
}

static void check_rest(const struct world *world)
{
    assert(!world->settings->rsa || signs(&world->rotation, CRYPTO_RSA));
    assert(!world->settings->ed25519 || signs(&world->rotation, CRYPTO_ED25519));
}

static void go(struct world *world)
{
    int honest = 0;
    for (int i = 0; i < STEPS_MAX; i++) {
        bool is_honest = world->script.len == 0;
        bool wanted = !is_honest && ((unsigned char)world->script.ptr[0] & 128) != 0;
        look(world);
        see(world);
        struct rotation_next next = rotation_next(&world->rotation, world->settings,
                                                  world->views, wanted, world->now_s);
        assert(next.reason != NULL);
        for (size_t key = world->rotation.count; key < ROTATION_KEYS_MAX; key++) {
            assert(!next.keys[key]);
        }
        bool goes_on = take_step(world, &next);
        read_again(world->arena, &world->rotation);
        if (next.step == ROTATION_REST) {
            check_rest(world);
        }
        honest += is_honest ? 1 : 0;
        if (!goes_on || (is_honest && next.step == ROTATION_REST)) {
            return;
        }
        assert(honest < HONEST_STEPS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.arena = arena_new(ARENA_BYTES), .now_s = 1764000000};
    slice text = slice_of((const char *)data, size);
    size_t line;
    const char *why = NULL;
    if (world.arena == NULL) {
        abort();
    }
    size_t end = slice_find_byte(text, '\0');
    world.script = slice_skip(text, end + 1);
    enum yett_err err =
        rotation_parse(world.arena, slice_first(text, end), &world.rotation, &line, &why);
    if (err == YETT_OK) {
        world.settings = &settings_of[world.script.len % 3];
        for (size_t i = 0; i < world.rotation.count; i++) {
            world.is_published[i] = world.rotation.keys[i].phase != ROTATION_PENDING;
        }
        read_again(world.arena, &world.rotation);
        go(&world);
    } else {
        assert(why != NULL && line > 0);
    }
    arena_free(world.arena);
    return 0;
}
