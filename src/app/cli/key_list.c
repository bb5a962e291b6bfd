/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <stdio.h>

/* key_list: `yett key list`. */

enum { SELECTOR_COLUMNS = 16, KIND_COLUMNS = 14, PHASE_COLUMNS = 10 };

static const struct rotation_key *state_of(const struct keyring *ring,
                                           const struct keyring_key *key)
{
    return key->phase == KEYRING_NO_PHASE ? NULL : &ring->rotation.keys[key->phase];
}

static json_t *json_of_time(int64_t epoch_s)
{
    return epoch_s > 0 ? json_integer((json_int_t)epoch_s) : json_null();
}

static bool print_json(const struct key_work *work, const struct keyring *ring,
                       const struct keyring_key *key)
{
    const struct rotation_key *state = state_of(ring, key);
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "domain", json_of_slice(ring->domain), &failed);
    json_put(out, "selector", json_of_slice(key->selector), &failed);
    json_put(out, "algorithm",
             key->is_usable ? json_string(key_type_text(key->type)) : json_null(),
             &failed);
    json_put(out, "bits",
             key->is_usable ? json_integer((json_int_t)key->bits) : json_null(), &failed);
    json_put(out, "phase", json_of_slice(key_phase(work, ring, key)), &failed);
    json_put(out, "since", json_of_time(state == NULL ? 0 : state->since_s), &failed);
    json_put(out, "until", json_of_time(state == NULL ? 0 : state->until_s), &failed);
    json_put(out, "file", json_of_slice(slice_from_text(key->path)), &failed);
    json_put(out, "error", json_of_optional(key->trouble), &failed);
    if (failed) {
        json_decref(out);
        return false;
    }
    return json_print(out);
}

static slice kind_of(const struct key_work *work, const struct keyring_key *key)
{
    if (!key->is_usable) {
        return SLICE("unusable");
    }
    return key->type == CRYPTO_RSA ? arena_printf(work->arena, "RSA %u", key->bits)
                                   : SLICE("Ed25519");
}

static void print_line(const struct key_work *work, const struct keyring *ring,
                       const struct keyring_key *key)
{
    const struct rotation_key *state = state_of(ring, key);
    slice since = state == NULL ? SLICE("") : key_time(work->arena, state->since_s);
    printf("  ");
    term_word(&work->term, TONE_BOLD, key->selector, SELECTOR_COLUMNS);
    printf(" ");
    term_word(&work->term, key->is_usable ? TONE_PLAIN : TONE_BAD, kind_of(work, key),
              KIND_COLUMNS);
    term_word(&work->term, TONE_PLAIN, key_phase(work, ring, key), PHASE_COLUMNS);
    printf("%s%.*s", slice_is_empty(since) ? "" : "since ", SLICE_ARG(since));
    if (state != NULL && state->phase == ROTATION_RETIRING) {
        slice until = key_time(work->arena, state->until_s);
        printf(", its record stays until %.*s", SLICE_ARG(until));
    }
    printf("\n    ");
    if (slice_is_empty(key->trouble)) {
        term_word(&work->term, TONE_DIM, slice_from_text(key->path), 0);
    } else {
        term_word(&work->term, TONE_BAD, key->trouble, 0);
    }
    putchar('\n');
}

static int list_ring(const struct key_work *work, const struct keyring *ring)
{
    int status = EXIT_FINE;
    if (!work->options.shared.json) {
        term_word(&work->term, TONE_PLAIN, ring->domain, 0);
        if (ring->count == 0) {
            printf(": no keys in %s", work->directory);
        }
        putchar('\n');
    }
    for (size_t i = 0; i < ring->count; i++) {
        if (!ring->keys[i].is_usable) {
            status = EXIT_BAD;
        }
        if (!work->options.shared.json) {
            print_line(work, ring, &ring->keys[i]);
        } else if (!print_json(work, ring, &ring->keys[i])) {
            return key_complain_text(work, EXIT_CANNOT_TELL,
                                     "standard output cannot be written");
        }
    }
    return status;
}

static int list_domain(const struct key_work *work, slice domain)
{
    struct keyring ring;
    int status = key_open(work, domain, KEYRING_LOOK, &ring);
    if (status == EXIT_FINE) {
        status = list_ring(work, &ring);
    }
    keyring_close(&ring);
    return status;
}

int key_list(struct key_work *work)
{
    int status = key_read_file(work);
    return status == EXIT_FINE ? key_each_domain(work, list_domain) : status;
}
