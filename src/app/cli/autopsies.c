/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/autopsies.h"

#include <stdlib.h>

enum {
    KEPT_BYTES = 1024 * 1024, /* of arena and body, from one message to the next */
    FIRST_BODY_BYTES = 64 * 1024,
    KEYS_MAX = 4,
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

/* Less than by default for what most mail is: a mailbox holds thousands. */
static struct autopsy_limits limits_for(size_t body_bytes)
{
    struct autopsy_limits limits = AUTOPSY_LIMITS_DEFAULT;
    uint64_t enough = (uint64_t)48 * 1024 * 1024 + (uint64_t)body_bytes * 16;
    limits.body_hashed_bytes =
        enough < limits.body_hashed_bytes ? enough : limits.body_hashed_bytes;
    return limits;
}

static const struct dns_answer *find_answer(const struct dns_answers *answers, slice name)
{
    for (size_t i = 0; i < dns_answers_count(answers); i++) {
        struct dns_question question = dns_answers_question(answers, i);
        if (question.type == DNS_TXT && slice_eq(question.name, name)) {
            return dns_answers_answer(answers, i);
        }
    }
    return NULL;
}

/* With the keys at its name, until one is found to have made it. */
static enum yett_err look_into(struct autopsies *autopsies, struct crypto *crypto,
                               struct autopsy_input *input,
                               const struct dns_answer *answer,
                               struct autopsy_finding *out)
{
    bool any = false;
    for (size_t i = 0; i < answer->count && i < KEYS_MAX; i++) {
        struct dkim_key_record record = {0};
        struct autopsy_finding found;
        const char *why = NULL;
        size_t bad_at = 0;
        enum yett_err err = dkim_parse_key_record(
            autopsies->arena, answer->records[i].text, &record, &bad_at, &why);
        if (err == YETT_OK && !record.revoked) {
            input->key_type = record.type;
            input->key = record.key;
            err = autopsy_perform(autopsies->arena, crypto, input,
                                  limits_for(input->body.len), &found);
        }
        if (err == YETT_BAD_SYNTAX || record.revoked) {
            continue;
        }
        if (err != YETT_OK) {
            return err;
        }
        if (!any || found.kind != AUTOPSY_OTHER_KEY) {
            *out = found;
        }
        any = true;
        if (found.kind != AUTOPSY_OTHER_KEY) {
            break;
        }
    }
    return any ? YETT_OK : YETT_NOT_FOUND;
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
            result->code == DKIM_FAIL ? find_answer(answers, result->key_name) : NULL;
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
