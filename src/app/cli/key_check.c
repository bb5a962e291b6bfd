/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/dkim/dkim.h"

#include <stdio.h>

/* key_check: `yett key check`: is what DNS has what it should have? */

enum { SELECTOR_COLUMNS = 16, RECORDS_SHOWN = 5, OCTETS_SHOWN = 200 };

/* One key, and what there is at its name. */
struct finding {
    const struct keyring *ring;
    const struct keyring_key *key;
    const struct dns_answer *answer;
    slice name;
    struct keyring_match match;
    int status;
    slice reason; /* a sentence */
};

/* All keys of one domain, asked for at once. */
struct asking {
    const struct key_work *work;
    const struct keyring *ring;
    struct finding *list;
    size_t count;
};

static bool is_asked_for(const struct key_work *work, const struct keyring_key *key)
{
    return slice_is_empty(work->options.selector) ||
           slice_eq(work->options.selector, key->selector);
}

static enum yett_err prepare(struct asking *asking)
{
    struct arena *arena = asking->work->arena;
    asking->list = ARENA_ARRAY(arena, asking->ring->count, struct finding);
    if (asking->list == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < asking->ring->count; i++) {
        const struct keyring_key *key = &asking->ring->keys[i];
        if (!is_asked_for(asking->work, key)) {
            continue;
        }
        struct finding *finding = &asking->list[asking->count++];
        *finding = (struct finding){.ring = asking->ring, .key = key};
        enum yett_err err =
            keyring_name(arena, key->selector, asking->ring->domain, &finding->name);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

/* ---- judging ----------------------------------------------------------------------------- */

/* What it means that there is no record. */
static void judge_absent(const struct key_work *work, struct finding *finding)
{
    const struct keyring *ring = finding->ring;
    const struct keyring_key *key = finding->key;
    bool named = key_is_named(work, ring->domain, key->selector) ||
                 key_seals(work, ring->domain, key->selector);
    finding->status = EXIT_BAD;
    finding->reason = SLICE("no record is published, and it signs: nobody can verify it");
    if (named) {
        return;
    }
    if (key->phase == KEYRING_NO_PHASE) {
        finding->status = EXIT_FINE;
        finding->reason = SLICE("no record is published, and it is not used");
        return;
    }
    const struct rotation_key *state = &ring->rotation.keys[key->phase];
    switch (state->phase) {
    case ROTATION_PENDING:
        finding->reason = SLICE("no record is published yet");
        return;
    case ROTATION_ACTIVE:
        return;
    case ROTATION_RETIRING:
        break;
    }
    if (state->until_s <= work->now_s) {
        finding->status = EXIT_FINE;
        finding->reason = SLICE("its record is gone, as it should be");
    } else {
        slice until = key_time(work->arena, state->until_s);
        finding->reason =
            arena_printf(work->arena,
                         "its record is gone too early: mail signed with it may be on "
                         "its way until %.*s",
                         SLICE_ARG(until));
    }
}

static void judge_match(const struct key_work *work, struct finding *finding)
{
    if (finding->match.code == KEYRING_ABSENT) {
        judge_absent(work, finding);
        return;
    }
    bool is_ours = finding->match.code == KEYRING_OURS;
    bool are_several = finding->match.code == KEYRING_SEVERAL;
    finding->status = is_ours ? EXIT_FINE : EXIT_BAD;
    finding->reason =
        is_ours ? SLICE("its record is published")
                : arena_printf(work->arena, "there %s %.*s", are_several ? "are" : "is",
                               SLICE_ARG(finding->match.reason));
    if (finding->match.is_testing) {
        finding->reason = arena_printf(
            work->arena, "%.*s; it says t=y (testing), so others may ignore it",
            SLICE_ARG(finding->reason));
    }
}

static enum yett_err judge(const struct key_work *work, struct finding *finding)
{
    const struct dns_answer *answer = finding->answer;
    if (!finding->key->is_usable) {
        finding->status = EXIT_BAD;
        finding->reason = finding->key->trouble;
        return YETT_OK;
    }
    if (dns_is_open(answer)) {
        finding->status = EXIT_CANNOT_TELL;
        finding->reason = arena_printf(
            work->arena, "DNS did not answer: %s%s%.*s", dns_status_text(answer->status),
            slice_is_empty(answer->detail) ? "" : ", ", SLICE_ARG(answer->detail));
        return YETT_OK;
    }
    slice *texts = ARENA_ARRAY(work->arena, answer->count, slice);
    if (texts == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < answer->count; i++) {
        texts[i] = answer->records[i].text;
    }
    enum yett_err err =
        keyring_match(work->arena, finding->key, texts, answer->count, &finding->match);
    judge_match(work, finding);
    return err;
}

/* ---- telling ----------------------------------------------------------------------------- */

static json_t *json_of_list(const slice *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_of_slice(list[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_of_records(const struct dns_answer *answer)
{
    json_t *array = json_array();
    for (size_t i = 0; i < answer->count; i++) {
        if (json_array_append_new(array, json_of_slice(answer->records[i].text)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static const char *result_of(const struct finding *finding)
{
    return !finding->key->is_usable       ? "error"
           : dns_is_open(finding->answer) ? "temperror"
                                          : keyring_match_text(finding->match.code);
}

static bool print_json(const struct key_work *work, const struct finding *finding)
{
    const struct dns_answer *answer = finding->answer;
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "domain", json_of_slice(finding->ring->domain), &failed);
    json_put(out, "selector", json_of_slice(finding->key->selector), &failed);
    json_put(out, "name", json_of_slice(finding->name), &failed);
    json_put(out, "phase", json_of_slice(key_phase(work, finding->ring, finding->key)),
             &failed);
    json_put(out, "result", json_string(result_of(finding)), &failed);
    json_put(out, "fine", json_boolean(finding->status == EXIT_FINE), &failed);
    json_put(out, "testing", json_boolean(finding->match.is_testing), &failed);
    json_put(out, "ttl", json_integer((json_int_t)answer->ttl_s), &failed);
    json_put(out, "dnssec", json_boolean(answer->security == DNS_SECURE), &failed);
    json_put(out, "aliases", json_of_list(answer->aliases, answer->alias_count), &failed);
    json_put(out, "records", json_of_records(answer), &failed);
    json_put(out, "reason", json_of_slice(finding->reason), &failed);
    if (failed) {
        json_decref(out);
        return false;
    }
    return json_print(out);
}

/* Records that are in the way: whose they are is told by their beginning. */
static void print_records(const struct key_work *work, const struct dns_answer *answer)
{
    size_t shown = answer->count < RECORDS_SHOWN ? answer->count : RECORDS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        slice text = answer->records[i].text;
        struct buf record;
        buf_init(&record, work->arena, 8 * OCTETS_SHOWN);
        buf_add_visible(&record, slice_first(text, OCTETS_SHOWN));
        if (text.len > OCTETS_SHOWN) {
            buf_printf(&record, "… (%zu octets)", text.len);
        }
        printf("      ");
        term_wrapped(&work->term, TONE_DIM, buf_slice(&record), 6);
    }
    if (answer->count > shown) {
        printf("      … and %zu more\n", answer->count - shown);
    }
}

static void print_line(const struct key_work *work, const struct finding *finding)
{
    const struct dns_answer *answer = finding->answer;
    enum tone tone = finding->status == EXIT_FINE  ? TONE_GOOD
                     : finding->status == EXIT_BAD ? TONE_BAD
                                                   : TONE_WARN;
    struct buf text;
    buf_init(&text, work->arena, 64 * 1024);
    buf_add_visible(&text, finding->reason);
    if (answer->count > 0) {
        buf_printf(&text, " (TTL %u s%s)", (unsigned)answer->ttl_s,
                   answer->security == DNS_SECURE ? ", DNSSEC" : "");
    }
    for (size_t i = 0; i < answer->alias_count; i++) {
        buf_add_text(&text, i == 0 ? "; the name is an alias of " : ", that of ");
        buf_add_visible(&text, answer->aliases[i]);
    }
    printf("  ");
    term_word(&work->term, TONE_BOLD, finding->key->selector, SELECTOR_COLUMNS);
    printf(" ");
    term_word(&work->term, TONE_PLAIN, key_phase(work, finding->ring, finding->key), 10);
    term_wrapped(&work->term, tone, buf_slice(&text), SELECTOR_COLUMNS + 13);
    if (finding->status == EXIT_BAD) {
        print_records(work, answer);
    }
}

static bool tell(const struct key_work *work, const struct finding *finding)
{
    if (work->options.shared.json) {
        return print_json(work, finding);
    }
    print_line(work, finding);
    return true;
}

/* ---- one domain -------------------------------------------------------------------------- */

static int conclude(const struct asking *asking)
{
    int status = EXIT_FINE;
    for (size_t i = 0; i < asking->count; i++) {
        struct finding *finding = &asking->list[i];
        if (judge(asking->work, finding) != YETT_OK || !tell(asking->work, finding)) {
            return key_complain_text(asking->work, EXIT_CANNOT_TELL,
                                     "out of memory, or of room for the output");
        }
        if (status == EXIT_FINE || finding->status == EXIT_CANNOT_TELL) {
            status = finding->status;
        }
    }
    return status;
}

static int ask_about(struct asking *asking)
{
    const struct key_work *work = asking->work;
    const struct dns_answer *answers = NULL;
    slice *names = ARENA_ARRAY(work->arena, asking->count, slice);
    slice why = SLICE("out of memory");
    if (names == NULL) {
        return key_complain(work, EXIT_CANNOT_TELL, why);
    }
    for (size_t i = 0; i < asking->count; i++) {
        names[i] = asking->list[i].name;
    }
    enum yett_err err =
        asker_texts(work->asker, work->arena, names, asking->count, &answers, &why);
    if (err != YETT_OK) {
        return key_complain(work, EXIT_CANNOT_TELL, why);
    }
    for (size_t i = 0; i < asking->count; i++) {
        asking->list[i].answer = &answers[i];
    }
    return conclude(asking);
}

static int check_ring(const struct key_work *work, struct keyring *ring)
{
    struct asking asking = {.work = work, .ring = ring};
    if (prepare(&asking) != YETT_OK) {
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    if (asking.count == 0) {
        return key_complain_choice(work, EXIT_BAD, ring);
    }
    if (!work->options.shared.json) {
        printf("%.*s\n", SLICE_ARG(ring->domain));
    }
    return ask_about(&asking);
}

static int check_domain(const struct key_work *work, slice domain)
{
    struct keyring ring;
    int status = key_open(work, domain, KEYRING_LOOK, &ring);
    if (status == EXIT_FINE) {
        status = check_ring(work, &ring);
    }
    keyring_close(&ring);
    return status;
}

int key_check(struct key_work *work)
{
    struct asker_options asker = key_resolving(work);
    int status = key_read_file(work);
    if (status == EXIT_FINE) {
        status = key_part(work, &asker, false);
    }
    return status == EXIT_FINE ? key_each_domain(work, check_domain) : status;
}
