/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/checks.h"

/* checks: what the evaluator wanted to have checked, and what came out. */

struct entry {
    struct dkim_check check; /* its key copied to the evidence */
    struct dkim_check_result result;
    bool done;
    bool wanted; /* by the evaluation at work, or the last one */
    struct entry *next;
};

/* In the order first asked; a message has a few dozen at most. */
struct dkim_checks {
    struct arena *evidence;
    enum yett_err (*perform)(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out);
    void *context;
    struct entry *first;
    struct entry **end;
};

struct dkim_checks *dkim_checks_new(
    struct arena *evidence,
    enum yett_err (*perform)(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out),
    void *context)
{
    struct dkim_checks *checks = ARENA_NEW(evidence, struct dkim_checks);
    if (checks != NULL) {
        checks->evidence = evidence;
        checks->perform = perform;
        checks->context = context;
        checks->end = &checks->first;
    }
    return checks;
}

static bool is_same(const struct dkim_check *a, const struct dkim_check *b)
{
    return a->kind == b->kind && a->index == b->index && a->key_type == b->key_type &&
           slice_eq(a->key, b->key);
}

static struct entry *find(const struct dkim_checks *checks,
                          const struct dkim_check *check)
{
    struct entry *entry = checks->first;
    while (entry != NULL && !is_same(&entry->check, check)) {
        entry = entry->next;
    }
    return entry;
}

/* The entry of this check, made when it is not there; NULL when the arena is full. */
static struct entry *find_or_make(struct dkim_checks *checks,
                                  const struct dkim_check *check)
{
    struct entry *entry = find(checks, check);
    if (entry != NULL) {
        return entry;
    }
    entry = ARENA_NEW(checks->evidence, struct entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->check = *check;
    if (arena_copy(checks->evidence, check->key, &entry->check.key) != YETT_OK) {
        return NULL;
    }
    *checks->end = entry;
    checks->end = &entry->next;
    return entry;
}

static enum yett_err pin(struct dkim_checks *checks, struct entry *entry,
                         const struct dkim_check_result *result)
{
    slice reason = SLICE_NONE;
    if (entry->done) {
        return YETT_OK;
    }
    if (result->reason.len != 0 &&
        arena_copy(checks->evidence, result->reason, &reason) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    entry->result = *result;
    entry->result.reason = reason;
    entry->done = true;
    return YETT_OK;
}

enum yett_err dkim_checks_add(struct dkim_checks *checks, const struct dkim_check *check,
                              const struct dkim_check_result *result)
{
    struct entry *entry = find_or_make(checks, check);
    return entry == NULL ? YETT_NO_MEMORY : pin(checks, entry, result);
}

enum yett_err dkim_checks_ask(struct dkim_checks *checks, const struct dkim_check *check,
                              const struct dkim_check_result **out)
{
    struct entry *entry = find_or_make(checks, check);
    if (entry == NULL) {
        return YETT_NO_MEMORY;
    }
    if (!entry->done) {
        struct dkim_check_result result = {0};
        enum yett_err err =
            checks->perform == NULL
                ? YETT_NEED_ANSWERS
                : checks->perform(checks->context, &entry->check, &result);
        entry->wanted = err == YETT_NEED_ANSWERS;
        err = err == YETT_OK ? pin(checks, entry, &result) : err;
        if (err != YETT_OK) {
            return err;
        }
    }
    *out = &entry->result;
    return YETT_OK;
}

void dkim_checks_clear_wanted(struct dkim_checks *checks)
{
    for (struct entry *entry = checks->first; entry != NULL; entry = entry->next) {
        entry->wanted = false;
    }
}

static bool is_open(const struct entry *entry)
{
    return entry->wanted && !entry->done;
}

size_t dkim_checks_wanted_count(const struct dkim_checks *checks)
{
    size_t count = 0;
    for (const struct entry *entry = checks->first; entry != NULL; entry = entry->next) {
        count += is_open(entry);
    }
    return count;
}

const struct dkim_check *dkim_checks_wanted(const struct dkim_checks *checks,
                                            size_t index)
{
    for (const struct entry *entry = checks->first; entry != NULL; entry = entry->next) {
        if (is_open(entry) && index-- == 0) {
            return &entry->check;
        }
    }
    return NULL;
}
