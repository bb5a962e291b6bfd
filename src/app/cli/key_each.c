/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* key_each: the domains that a command is about. */

/* A run for all that is due ends by itself within so many seconds and what the last domain
   takes: the supervisor ends it after ten minutes. */
enum { DUE_S = 8 * 60, HOUR_S = 3600 };

/* What one domain adds: unusable keys are worse than none, not knowing is worse still. */
static int worse(int a, int b)
{
    return a == EXIT_FINE || b == EXIT_CANNOT_TELL ? b : a;
}

static int compare(const void *a, const void *b)
{
    return slice_cmp(*(const slice *)a, *(const slice *)b);
}

/* Those with a directory, and those of which the settings say that they sign; sorted, once each. */
static enum yett_err find_domains(const struct key_work *work, const slice **out,
                                  size_t *count, slice *why)
{
    const slice *found = NULL;
    size_t have = 0;
    enum yett_err err = keyring_domains(work->arena, work->directory, &found, &have, why);
    slice *all = ARENA_ARRAY(work->arena, have + work->config.domain_count, slice);
    if (err != YETT_OK || all == NULL) {
        return err != YETT_OK ? err : YETT_NO_MEMORY;
    }
    memcpy(all, found, have * sizeof all[0]);
    for (size_t i = 0; i < work->config.domain_count; i++) {
        if (work->config.domains[i].sign_count > 0 ||
            work->config.domains[i].seal_count > 0 || work->config.domains[i].rotate) {
            all[have++] = work->config.domains[i].name;
        }
    }
    qsort(all, have, sizeof all[0], compare);
    *count = 0;
    for (size_t i = 0; i < have; i++) {
        if (i == 0 || !slice_eq(all[i], all[i - 1])) {
            all[(*count)++] = all[i];
        }
    }
    *out = all;
    return YETT_OK;
}

/* Domains whose name servers are silent take minutes.  So that no others always come after
   them, each hour begins with another one. */
static size_t first_of(const struct key_work *work, size_t count)
{
    uint64_t hour = (uint64_t)(work->now_s / HOUR_S);
    return work->options.due ? (size_t)(hour * 0x9e3779b97f4a7c15U >> 32) % count : 0;
}

static int64_t elapsed_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

static int visit_all(const struct key_work *work, const slice *domains, size_t count,
                     int (*visit)(const struct key_work *work, slice domain))
{
    int status = EXIT_FINE;
    int64_t until_s = elapsed_s() + DUE_S;
    size_t first = count == 0 ? 0 : first_of(work, count);
    for (size_t i = 0; i < count; i++) {
        if (work->options.due && elapsed_s() > until_s) {
            return key_complain(
                work, EXIT_CANNOT_TELL,
                arena_printf(work->arena,
                             "this took long, so %zu domains are left for "
                             "the next time",
                             count - i));
        }
        struct arena_mark mark = arena_mark(work->arena);
        status = worse(status, visit(work, domains[(first + i) % count]));
        arena_rewind(work->arena, mark);
    }
    return status;
}

int key_each_domain(const struct key_work *work,
                    int (*visit)(const struct key_work *work, slice domain))
{
    int status = EXIT_FINE;
    for (int i = 0; i < work->count; i++) {
        slice domain;
        int own = key_domain(work, i, &domain);
        status = worse(status, own == EXIT_FINE ? visit(work, domain) : own);
    }
    if (work->count > 0) {
        return status;
    }
    const slice *domains;
    size_t count = 0;
    slice why = SLICE("out of memory");
    enum yett_err err = find_domains(work, &domains, &count, &why);
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    if (count == 0 && !work->options.due && !work->options.shared.json) {
        term_word(&work->term, TONE_PLAIN, slice_from_text(work->directory), 0);
        printf(access(work->directory, F_OK) == 0
                   ? ": no keys\n"
                   : ": no keys, since there is no such directory\n");
    }
    return visit_all(work, domains, count, visit);
}
