/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/summary.h"

#include "app/cli/story.h"
#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { DOMAINS_MAX = 1000, DOMAINS_SHOWN = 20, ACTIONS = 5, NAME_COLUMNS = 34 };

struct tally {
    slice domain;
    size_t messages;
    size_t passed; /* DMARC */
    size_t failed;
    size_t actions[ACTIONS];
};

struct summary {
    struct arena *arena;
    struct tally total;
    struct tally others;
    struct tally domains[DOMAINS_MAX];
    size_t domain_count;
};

struct summary *summary_new(void)
{
    struct summary *summary = calloc(1, sizeof(*summary));
    struct arena *arena = arena_new((size_t)1024 * 1024);
    if (summary == NULL || arena == NULL) {
        free(summary);
        arena_free(arena);
        return NULL;
    }
    summary->arena = arena;
    summary->total.domain = SLICE("all");
    summary->others.domain = SLICE("(other domains)");
    return summary;
}

void summary_free(struct summary *summary)
{
    if (summary != NULL) {
        arena_free(summary->arena);
        free(summary);
    }
}

static void count(struct tally *tally, const struct judged *judged)
{
    tally->messages++;
    tally->actions[judged->action.action]++;
    if (judged->verdict != NULL && judged->verdict->verified) {
        tally->passed += judged->verdict->dmarc.code == DMARC_PASS;
        tally->failed += judged->verdict->dmarc.code == DMARC_FAIL;
    }
}

static struct tally *find_tally(struct summary *summary, slice domain)
{
    for (size_t i = 0; i < summary->domain_count; i++) {
        if (slice_eq(summary->domains[i].domain, domain)) {
            return &summary->domains[i];
        }
    }
    struct tally *fresh = &summary->domains[summary->domain_count];
    if (summary->domain_count == DOMAINS_MAX ||
        arena_copy(summary->arena, domain, &fresh->domain) != YETT_OK) {
        return &summary->others;
    }
    summary->domain_count++;
    return fresh;
}

static slice domain_of(const struct judged *judged)
{
    if (judged->from == NULL || judged->from->status != MESSAGE_FROM_OK) {
        return SLICE("(no single author domain)");
    }
    return judged->from->domains[0];
}

void summary_add(struct summary *summary, const struct judged *judged)
{
    count(&summary->total, judged);
    count(find_tally(summary, domain_of(judged)), judged);
}

size_t summary_messages(const struct summary *summary)
{
    return summary->total.messages;
}

/* ---- printing --------------------------------------------------------------------------- */

static int more_messages_first(const void *left, const void *right)
{
    const struct tally *a = left;
    const struct tally *b = right;
    if (a->messages != b->messages) {
        return a->messages < b->messages ? 1 : -1;
    }
    return slice_cmp(a->domain, b->domain);
}

static void print_head(const struct term *term)
{
    char line[200];
    snprintf(line, sizeof line, "%-*s %8s %6s %6s  %7s %7s %10s %7s %7s", NAME_COLUMNS,
             "author domain", "messages", "pass", "fail", "accept", "tag", "quarantine",
             "defer", "reject");
    term_word(term, TONE_BOLD, slice_from_text(line), 0);
    putchar('\n');
}

/* Zeros are dots: the eye then finds what there is. */
static void print_number(const struct term *term, enum tone tone, size_t number,
                         size_t width)
{
    char text[32];
    int length = number == 0 ? snprintf(text, sizeof text, ".")
                             : snprintf(text, sizeof text, "%zu", number);
    for (size_t at = (size_t)length; at < width; at++) {
        putchar(' ');
    }
    term_word(term, number == 0 ? TONE_DIM : tone, slice_of(text, (size_t)length), 0);
}

static void print_tally(const struct term *term, const struct tally *tally)
{
    static const size_t widths[ACTIONS] = {7, 7, 10, 7, 7};
    /* Columns follow the order in which actions grow sterner. */
    slice name = slice_first(tally->domain, NAME_COLUMNS - 1);
    term_word(term, TONE_PLAIN, name, NAME_COLUMNS + 1);
    print_number(term, TONE_PLAIN, tally->messages, 8);
    print_number(term, TONE_GOOD, tally->passed, 7);
    print_number(term, TONE_BAD, tally->failed, 7);
    putchar(' ');
    for (size_t i = 0; i < ACTIONS; i++) {
        print_number(term, story_action_tone((enum config_action)i), tally->actions[i],
                     widths[i] + 1);
    }
    putchar('\n');
}

void summary_print(const struct summary *summary, const struct term *term)
{
    size_t count_of_domains = summary->domain_count;
    struct tally *sorted = calloc(count_of_domains + 1, sizeof(*sorted));
    struct tally others = summary->others;
    if (sorted == NULL) {
        return;
    }
    memcpy(sorted, summary->domains, count_of_domains * sizeof(*sorted));
    qsort(sorted, count_of_domains, sizeof(*sorted), more_messages_first);

    print_head(term);
    for (size_t i = 0; i < count_of_domains; i++) {
        if (i < DOMAINS_SHOWN) {
            print_tally(term, &sorted[i]);
            continue;
        }
        others.messages += sorted[i].messages;
        others.passed += sorted[i].passed;
        others.failed += sorted[i].failed;
        for (size_t action = 0; action < ACTIONS; action++) {
            others.actions[action] += sorted[i].actions[action];
        }
    }
    if (others.messages != 0) {
        print_tally(term, &others);
    }
    print_tally(term, &summary->total);
    free(sorted);
}
