/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/walk.h"
#include "core/domain/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * What walks come to while places are open is judged with one assumed record at a time
 * (dmarc_guesses()).  Here all that could be there is tried instead, place by place and
 * together, over many small worlds: the judgement must be the same.
 */
enum { NAMES = 15, WORLDS = 30000, OPEN_MAX = 5 };

/* All names of at most four labels in this world, and of some five. */
static const char *const names[NAMES] = {"t",       "a.t",       "b.t",      "a.a.t",
                                         "b.a.t",   "a.b.t",     "b.b.t",    "a.a.a.t",
                                         "b.a.a.t", "a.b.a.t",   "b.b.a.t",  "a.a.b.t",
                                         "b.a.b.t", "a.a.a.a.t", "b.a.a.a.t"};

static const struct dmarc_record plain = {.psd = DMARC_PSD_UNKNOWN};
static const struct dmarc_record psd_no = {.psd = DMARC_PSD_NO};
static const struct dmarc_record psd_yes = {.psd = DMARC_PSD_YES};

/* A fixed sequence: the test is the same each time. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

static void put(struct dmarc_place *place, unsigned what)
{
    static const struct dmarc_record *const records[] = {NULL, &plain, &psd_no, &psd_yes};
    place->record = records[what];
    place->state = what == 0 ? DMARC_PLACE_EMPTY : DMARC_PLACE_RECORD;
}

static struct dmarc_place *find(struct dmarc_place world[NAMES], slice domain)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (slice_eq(world[i].domain, domain)) {
            return &world[i];
        }
    }
    fail_msg("no such name");
    return NULL;
}

static struct dmarc_walk walk(struct dmarc_place world[NAMES], slice start)
{
    struct dmarc_walk out = {.start = start};
    slice list[DMARC_WALK_MAX];
    size_t count = dmarc_walk_names(start, list);
    for (size_t i = 0; i < count; i++) {
        struct dmarc_place *place = find(world, list[i]);
        out.places[out.count++] = place;
        if (place->state == DMARC_PLACE_RECORD &&
            place->record->psd != DMARC_PSD_UNKNOWN) {
            break;
        }
    }
    return out;
}

static bool same_organization(struct dmarc_place world[NAMES], slice a, slice b)
{
    struct dmarc_guess nothing = {0};
    struct dmarc_walk walk_a = walk(world, a);
    struct dmarc_walk walk_b = walk(world, b);
    return slice_eq(dmarc_walk_organizational(&walk_a, nothing),
                    dmarc_walk_organizational(&walk_b, nothing));
}

/* In how many of all possible worlds the two belong together; `*all` is their number. */
static size_t try_all(struct dmarc_place world[NAMES], struct dmarc_place **open,
                      size_t open_count, slice a, slice b, size_t *all)
{
    size_t together = 0;
    *all = (size_t)1 << (2 * open_count);
    for (size_t code = 0; code < *all; code++) {
        for (size_t i = 0; i < open_count; i++) {
            put(open[i], (unsigned)(code >> (2 * i)) & 3);
        }
        together += same_organization(world, a, b);
    }
    for (size_t i = 0; i < open_count; i++) {
        open[i]->state = DMARC_PLACE_OPEN;
        open[i]->record = NULL;
    }
    return together;
}

static void check_pair(struct dmarc_place world[NAMES], struct dmarc_place **open,
                       size_t open_count, slice a, slice b)
{
    struct dmarc_walk walk_a = walk(world, a);
    struct dmarc_walk walk_b = walk(world, b);
    struct dmarc_guess guesses[DMARC_GUESSES_MAX];
    size_t count = dmarc_guesses(&walk_a, &walk_b, guesses);
    size_t equal = 0;
    size_t all;
    size_t together = try_all(world, open, open_count, a, b, &all);

    assert_true(count >= 1 && count <= DMARC_GUESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        equal += slice_eq(dmarc_walk_organizational(&walk_a, guesses[i]),
                          dmarc_walk_organizational(&walk_b, guesses[i]));
    }
    if ((equal == 0) != (together == 0) || (equal == count) != (together == all)) {
        for (size_t i = 0; i < NAMES; i++) {
            print_message("%.*s: %s psd %d\n", SLICE_ARG(world[i].domain),
                          world[i].state == DMARC_PLACE_OPEN ? "open" : "known",
                          world[i].record == NULL ? -1 : (int)world[i].record->psd);
        }
        fail_msg("%.*s and %.*s: %zu of %zu guesses, %zu of %zu worlds", SLICE_ARG(a),
                 SLICE_ARG(b), equal, count, together, all);
    }
}

static void one_assumed_record_at_a_time_is_enough(void **state)
{
    (void)state;
    uint32_t seed = 9989;
    for (size_t round = 0; round < WORLDS; round++) {
        struct dmarc_place world[NAMES] = {0};
        struct dmarc_place *open[OPEN_MAX];
        size_t open_count = 0;
        for (size_t i = 0; i < NAMES; i++) {
            uint32_t what = next_random(&seed) % 10;
            world[i].domain = slice_from_text(names[i]);
            put(&world[i], what < 4 ? what : 0);
            if (what >= 8 && open_count < OPEN_MAX) {
                world[i].state = DMARC_PLACE_OPEN;
                open[open_count++] = &world[i];
            }
        }
        slice a = slice_from_text(names[next_random(&seed) % NAMES]);
        slice b = slice_from_text(names[next_random(&seed) % NAMES]);
        check_pair(world, open, open_count, a, b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_assumed_record_at_a_time_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
