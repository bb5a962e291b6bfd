/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/autopsies.h"

#include <stdlib.h>

enum {
    KEPT_BYTES = 1024 * 1024, /* of arena and body, from one message to the next */
    FIRST_BODY_BYTES = 64 * 1024,
    FAILED_MAX = 4 /* signatures of one message looked into */
};

struct autopsies {
    struct arena *arena;
    char *body;
    size_t len;
    size_t capacity;
    bool incomplete; /* larger than what is kept, or memory ran out */
};

struct autopsies *autopsies_new(void)
{
    struct autopsies *autopsies = calloc(1, sizeof(*autopsies));
    if (autopsies == NULL) {
        return NULL;
    }
    autopsies->arena = arena_new(AUTOPSY_ARENA_BYTES);
    if (autopsies->arena == NULL) {
        free(autopsies);
        return NULL;
    }
    return autopsies;
}

void autopsies_free(struct autopsies *autopsies)
{
    if (autopsies != NULL) {
        arena_free(autopsies->arena);
        free(autopsies->body);
        free(autopsies);
    }
}

void autopsies_begin(struct autopsies *autopsies)
{
    arena_reset(autopsies->arena, KEPT_BYTES);
    autopsies->len = 0;
    autopsies->incomplete = false;
    if (autopsies->capacity > KEPT_BYTES) {
        free(autopsies->body);
        autopsies->body = NULL;
        autopsies->capacity = 0;
    }
}

static bool make_room(struct autopsies *autopsies, size_t len)
{
    size_t capacity = autopsies->capacity == 0 ? FIRST_BODY_BYTES : autopsies->capacity;
    if (len > AUTOPSY_BODY_MAX) {
        return false;
    }
    while (capacity < len) {
        capacity *= 2;
    }
    if (capacity == autopsies->capacity) {
        return true;
    }
    char *body = realloc(autopsies->body, capacity);
    if (body == NULL) {
        return false;
    }
    autopsies->body = body;
    autopsies->capacity = capacity;
    return true;
}

void autopsies_keep(struct autopsies *autopsies, slice body_bytes)
{
    if (autopsies->incomplete || body_bytes.len == 0) {
        return;
    }
    if (!make_room(autopsies, autopsies->len + body_bytes.len)) {
        autopsies->incomplete = true;
        return;
    }
    memcpy(autopsies->body + autopsies->len, body_bytes.ptr, body_bytes.len);
    autopsies->len += body_bytes.len;
}

/* ---- one signature ---------------------------------------------------------------------- */

static enum yett_err look_into(struct autopsies *autopsies, struct crypto *crypto,
                               const struct autopsy_input *input,
                               const struct dns_answer *answer,
                               struct autopsy_finding *out)
{
    slice records[AUTOPSY_RECORDS_MAX];
    size_t count = 0;
    for (; count < answer->count && count < AUTOPSY_RECORDS_MAX; count++) {
        records[count] = answer->records[count].text;
    }
    return autopsy_perform_with_records(autopsies->arena, crypto, input, records, count,
                                        out);
}

void autopsies_perform(struct autopsies *autopsies, struct crypto *crypto,
                       const struct message_header *header, const struct verdict *verdict,
                       const struct dns_answers *answers,
                       const struct autopsy_finding *const **out)
{
    size_t count = verdict->dkim.count;
    size_t failed = 0;
    const struct autopsy_finding **list =
        arena_calloc(autopsies->arena, count + 1, sizeof(*list));
    *out = list;
    for (size_t i = 0; i < count && list != NULL && failed < FAILED_MAX; i++) {
        const struct dkim_result *result = &verdict->dkim.list[i];
        const struct dns_answer *answer =
            result->code == DKIM_FAIL
                ? dns_answers_find(
                      answers,
                      (struct dns_question){.name = result->key_name, .type = DNS_TXT})
                : NULL;
        struct autopsy_finding *finding =
            ARENA_NEW(autopsies->arena, struct autopsy_finding);
        if (answer == NULL || finding == NULL) {
            continue;
        }
        struct autopsy_input input = {
            .header = header,
            .body = slice_of(autopsies->body, autopsies->len),
            .has_body = !autopsies->incomplete,
            .signature = result->signature,
        };
        failed++;
        if (look_into(autopsies, crypto, &input, answer, finding) == YETT_OK &&
            finding->kind != AUTOPSY_UNTOUCHED) {
            list[i] = finding;
        }
    }
}
