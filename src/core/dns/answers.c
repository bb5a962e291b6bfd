/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/siphash.h"
#include "core/dns/dns.h"
#include "core/dns/questions.h"

#include <assert.h>

/*
 * answers: what one message asked and was told.
 *
 * Every question that the message ever named has an entry.  An entry is wanted (written
 * down for the caller), held (the caller added an answer, no evaluator asked for it yet) or
 * used (an evaluator was given the answer: pinned for good).  Bounds and order count used
 * answers alone, so that a result is the same whether answers were added round by round,
 * some of them ahead of need, or lay ready in a source.
 *
 * What goes out is bounded too: nothing is asked ahead beyond the bound of questions,
 * nothing at all beyond twice the bound; and answers that nobody used yet may hold as many
 * octets again as those that were used.  All of this by purse: who asks for an answer first
 * pays for it.
 */

enum { FIRST_CAPACITY = 32 };

struct entry {
    struct dns_question question; /* the name is the evidence arena's */
    uint64_t hash;
    const struct dns_answer *answer; /* NULL while wanted */
    size_t bytes;                    /* of the answer */
    unsigned purse;                  /* of who named it first */
    bool is_used;
    bool is_source; /* to be released */
};

struct purse {
    size_t entries;
    size_t used;
    size_t used_bytes;
    size_t held_bytes; /* copied and not yet used */
};

struct dns_answers {
    struct arena *arena;
    struct dns_source source;
    struct dns_bounds bounds;
    struct entry **table; /* open addressing; never more than half full */
    size_t table_size;    /* a power of two */
    size_t entry_count;
    struct entry **used; /* in the order of first use */
    size_t used_count;
    size_t used_capacity;
    struct purse purses[DNS_PURSES];
};

/* Questions of one message are few: a full scan of them would do, the hash saves it. */
static uint64_t hash_question(struct dns_question question)
{
    static const uint8_t key[16] = "yett dns answers";
    return siphash(key, question.name) + (uint64_t)question.type;
}

struct dns_answers *dns_answers_new(struct arena *evidence, struct dns_source source,
                                    struct dns_bounds bounds)
{
    struct dns_answers *answers = ARENA_NEW(evidence, struct dns_answers);
    if (answers == NULL) {
        return NULL;
    }
    answers->arena = evidence;
    answers->source = source;
    answers->bounds = bounds;
    return answers;
}

static void release(const struct dns_answers *answers, const struct dns_answer *answer)
{
    if (answers->source.release != NULL) {
        answers->source.release(answers->source.context, answer);
    }
}

void dns_answers_finish(struct dns_answers *answers)
{
    if (answers == NULL) {
        return;
    }
    for (size_t i = 0; i < answers->used_count; i++) {
        struct entry *entry = answers->used[i];
        if (entry->is_source) {
            release(answers, entry->answer);
            entry->is_source = false;
        }
    }
    answers->used_count = 0;
}

size_t dns_answers_count(const struct dns_answers *answers)
{
    return answers->used_count;
}

struct dns_question dns_answers_question(const struct dns_answers *answers, size_t index)
{
    assert(index < answers->used_count);
    return answers->used[index]->question;
}

const struct dns_answer *dns_answers_answer(const struct dns_answers *answers,
                                            size_t index)
{
    assert(index < answers->used_count);
    return answers->used[index]->answer;
}

/* ---- the table ---------------------------------------------------------------------- */

/* The place of the question's entry, or the free place where it would go. */
static struct entry **place_of(const struct dns_answers *answers,
                               struct dns_question question, uint64_t hash)
{
    size_t mask = answers->table_size - 1;
    size_t at = (size_t)hash & mask;

    while (answers->table[at] != NULL) {
        const struct entry *entry = answers->table[at];
        if (entry->hash == hash && entry->question.type == question.type &&
            slice_eq(entry->question.name, question.name)) {
            break;
        }
        at = (at + 1) & mask;
    }
    return &answers->table[at];
}

static struct entry *find_entry(const struct dns_answers *answers,
                                struct dns_question question)
{
    return answers->table_size == 0
               ? NULL
               : *place_of(answers, question, hash_question(question));
}

const struct dns_answer *dns_answers_find(const struct dns_answers *answers,
                                          struct dns_question question)
{
    const struct entry *entry = find_entry(answers, question);
    return entry != NULL && entry->is_used ? entry->answer : NULL;
}

static enum yett_err grow_table(struct dns_answers *answers)
{
    size_t size = answers->table_size == 0 ? FIRST_CAPACITY : answers->table_size * 2;
    struct entry **old = answers->table;
    size_t old_size = answers->table_size;

    struct entry **table = ARENA_ARRAY(answers->arena, size, struct entry *);
    if (table == NULL) {
        return YETT_NO_MEMORY;
    }
    answers->table = table;
    answers->table_size = size;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != NULL) {
            *place_of(answers, old[i]->question, old[i]->hash) = old[i];
        }
    }
    return YETT_OK;
}

/* The question's entry, made if there was none. */
static enum yett_err make_entry(struct dns_answers *answers, struct dns_question question,
                                unsigned purse, struct entry **out)
{
    struct entry *entry = find_entry(answers, question);
    if (entry != NULL) {
        *out = entry;
        return YETT_OK;
    }
    if (answers->entry_count * 2 >= answers->table_size &&
        grow_table(answers) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    entry = ARENA_NEW(answers->arena, struct entry);
    if (entry == NULL ||
        arena_copy(answers->arena, question.name, &entry->question.name) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    entry->question.type = question.type;
    entry->purse = purse;
    entry->hash = hash_question(question);
    *place_of(answers, entry->question, entry->hash) = entry;
    answers->entry_count++;
    answers->purses[purse].entries++;
    *out = entry;
    return YETT_OK;
}

/* ---- answers ------------------------------------------------------------------------ */

/* What an answer takes from the bound: its octets and the structs that carry them. */
static size_t answer_bytes(const struct dns_answer *answer)
{
    size_t bytes = sizeof(*answer) + answer->detail.len;

    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        bytes += sizeof(*record) + record->text.len + record->name.len;
    }
    for (size_t i = 0; i < answer->alias_count; i++) {
        bytes += sizeof(slice) + answer->aliases[i].len;
    }
    return bytes;
}

static enum yett_err copy_records(struct arena *arena, const struct dns_answer *from,
                                  struct dns_answer *to)
{
    struct dns_record *records = ARENA_ARRAY(arena, from->count, struct dns_record);
    if (records == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < from->count; i++) {
        records[i] = from->records[i];
        if (arena_copy(arena, from->records[i].text, &records[i].text) != YETT_OK ||
            arena_copy(arena, from->records[i].name, &records[i].name) != YETT_OK) {
            return YETT_NO_MEMORY;
        }
    }
    to->records = records;
    return YETT_OK;
}

static enum yett_err copy_aliases(struct arena *arena, const struct dns_answer *from,
                                  struct dns_answer *to)
{
    slice *aliases = ARENA_ARRAY(arena, from->alias_count, slice);
    if (aliases == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < from->alias_count; i++) {
        if (arena_copy(arena, from->aliases[i], &aliases[i]) != YETT_OK) {
            return YETT_NO_MEMORY;
        }
    }
    to->aliases = aliases;
    return YETT_OK;
}

/* All but the memo slot: it goes when its owner lets the answer go, maybe before the copy. */
static enum yett_err copy_answer(struct arena *arena, const struct dns_answer *from,
                                 const struct dns_answer **out)
{
    struct dns_answer *to = ARENA_NEW(arena, struct dns_answer);
    if (to == NULL) {
        return YETT_NO_MEMORY;
    }
    *to = *from;
    to->memos = NULL;
    if (copy_records(arena, from, to) != YETT_OK ||
        copy_aliases(arena, from, to) != YETT_OK ||
        arena_copy(arena, from->detail, &to->detail) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    *out = to;
    return YETT_OK;
}

/* What stands in for an answer when a bound of ours is reached. */
static enum yett_err bound_answer(struct dns_answers *answers, slice detail,
                                  const struct dns_answer **out)
{
    struct dns_answer *answer = ARENA_NEW(answers->arena, struct dns_answer);
    if (answer == NULL || detail.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    answer->status = DNS_TIMED_OUT;
    answer->detail = detail;
    *out = answer;
    return YETT_OK;
}

static enum yett_err too_many_bytes(struct dns_answers *answers,
                                    const struct dns_answer **out)
{
    slice detail =
        arena_printf(answers->arena, "the DNS answers for this message exceed %zu octets",
                     answers->bounds.answer_bytes);
    return bound_answer(answers, detail, out);
}

static enum yett_err too_many_questions(struct dns_answers *answers,
                                        const struct dns_answer **out)
{
    slice detail =
        arena_printf(answers->arena, "this message needs more than %zu DNS questions",
                     answers->bounds.questions);
    return bound_answer(answers, detail, out);
}

enum yett_err dns_answers_add(struct dns_answers *answers, struct dns_question question,
                              const struct dns_answer *answer)
{
    struct entry *entry;
    const struct dns_answer *copy;
    size_t bytes = answer_bytes(answer);

    enum yett_err err = make_entry(answers, question, 0, &entry);
    if (err != YETT_OK || entry->answer != NULL) {
        return err;
    }
    struct purse *purse = &answers->purses[entry->purse];
    if (bytes > answers->bounds.answer_bytes ||
        purse->held_bytes > answers->bounds.answer_bytes - bytes) {
        bytes = 0;
        err = too_many_bytes(answers, &copy);
    } else {
        err = copy_answer(answers->arena, answer, &copy);
    }
    if (err != YETT_OK) {
        return err;
    }
    entry->answer = copy;
    entry->bytes = bytes;
    purse->held_bytes += bytes;
    return YETT_OK;
}

/* ---- use ---------------------------------------------------------------------------- */

static enum yett_err reserve_used(struct dns_answers *answers)
{
    if (answers->used_count < answers->used_capacity) {
        return YETT_OK;
    }
    size_t capacity =
        answers->used_capacity == 0 ? FIRST_CAPACITY : answers->used_capacity * 2;
    struct entry **used = ARENA_ARRAY(answers->arena, capacity, struct entry *);
    if (used == NULL) {
        return YETT_NO_MEMORY;
    }
    if (answers->used_count != 0) {
        memcpy(used, answers->used, answers->used_count * sizeof(struct entry *));
    }
    answers->used = used;
    answers->used_capacity = capacity;
    return YETT_OK;
}

/* Pin what the entry holds, or what a bound puts in its place. */
static enum yett_err use_entry(struct dns_answers *answers, struct entry *entry,
                               struct purse *purse)
{
    const struct dns_answer *answer = entry->answer;
    size_t room = answers->bounds.answer_bytes - purse->used_bytes;
    enum yett_err err = reserve_used(answers);

    if (err == YETT_OK && purse->used >= answers->bounds.questions) {
        err = too_many_questions(answers, &answer);
    } else if (err == YETT_OK && entry->bytes > room) {
        err = too_many_bytes(answers, &answer);
    }
    if (err != YETT_OK) {
        return err;
    }
    if (!entry->is_source) {
        answers->purses[entry->purse].held_bytes -= entry->bytes;
    }
    if (answer == entry->answer) {
        purse->used_bytes += entry->bytes;
    } else if (entry->is_source) {
        release(answers, entry->answer);
        entry->is_source = false;
    }
    entry->answer = answer;
    entry->is_used = true;
    purse->used++;
    answers->used[answers->used_count++] = entry;
    return YETT_OK;
}

static const struct dns_answer *find_in_source(const struct dns_answers *answers,
                                               struct dns_question question)
{
    return answers->source.find == NULL
               ? NULL
               : answers->source.find(answers->source.context, question);
}

/* Use what lies ready in the source. */
static enum yett_err use_source(struct dns_view *view, struct dns_question question,
                                const struct dns_answer *ready, struct entry **out)
{
    struct dns_answers *answers = view->known;
    struct entry *entry;
    enum yett_err err = make_entry(answers, question, view->purse, &entry);
    if (err == YETT_OK) {
        entry->answer = ready;
        entry->bytes = answer_bytes(ready);
        entry->is_source = true;
        err = use_entry(answers, entry, &answers->purses[view->purse]);
        if (err != YETT_OK) {
            entry->answer = NULL;
            entry->is_source = false;
        }
    }
    if (err != YETT_OK) {
        release(answers, ready);
        return err;
    }
    *out = entry;
    return YETT_OK;
}

static enum yett_err use_bound(struct dns_view *view, struct dns_question question,
                               struct entry **out)
{
    struct dns_answers *answers = view->known;
    enum yett_err err = make_entry(answers, question, view->purse, out);
    if (err == YETT_OK) {
        err = too_many_questions(answers, &(*out)->answer);
    }
    return err == YETT_OK ? use_entry(answers, *out, &answers->purses[view->purse]) : err;
}

/* ---- questions ---------------------------------------------------------------------- */

/* An unknown question goes out.  When very many did it waits for those, and is not the
   reason for another round. */
static enum yett_err want(struct dns_view *view, struct dns_question question,
                          struct entry **out)
{
    struct dns_answers *answers = view->known;
    struct entry *entry = find_entry(answers, question);
    const struct purse *purse = &answers->purses[view->purse];
    bool is_one_too_many =
        entry == NULL && purse->entries / 2 >= answers->bounds.questions;

    if (purse->used >= answers->bounds.questions ||
        (is_one_too_many && view->wanted->count == 0)) {
        return use_bound(view, question, out);
    }
    if (is_one_too_many) {
        return YETT_NEED_ANSWERS;
    }
    enum yett_err err = make_entry(answers, question, view->purse, &entry);
    if (err == YETT_OK) {
        err = dns_questions_write_down(view->wanted, entry->question);
    }
    return err == YETT_OK ? YETT_NEED_ANSWERS : err;
}

enum yett_err dns_ask(struct dns_view *view, enum dns_type type, slice name,
                      const struct dns_answer **out)
{
    struct dns_answers *answers = view->known;
    struct dns_question question = {.type = type, .name = name};
    struct entry *entry = find_entry(answers, question);
    enum yett_err err = YETT_OK;

    if (entry == NULL || entry->answer == NULL) {
        const struct dns_answer *ready = find_in_source(answers, question);
        err = ready != NULL ? use_source(view, question, ready, &entry)
                            : want(view, question, &entry);
    } else if (!entry->is_used) {
        err = use_entry(answers, entry, &answers->purses[view->purse]);
    }
    if (err == YETT_OK) {
        *out = entry->answer;
    }
    return err;
}

void dns_ask_ahead(struct dns_view *view, enum dns_type type, slice name)
{
    struct dns_answers *answers = view->known;
    struct dns_question question = {.type = type, .name = name};
    struct entry *entry = find_entry(answers, question);

    if (entry != NULL && entry->answer != NULL) {
        return;
    }
    const struct dns_answer *ready = find_in_source(answers, question);
    if (ready != NULL) {
        release(answers, ready); /* not ours before it is asked for */
        return;
    }
    if (entry == NULL &&
        answers->purses[view->purse].entries >= answers->bounds.questions) {
        return;
    }
    /* Without memory the question goes out when it is asked in earnest. */
    if (make_entry(answers, question, view->purse, &entry) == YETT_OK &&
        dns_questions_write_down(view->wanted, entry->question) != YETT_OK) {
        return;
    }
}
