/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* key_each: the domains that a command is about. */

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
        printf(": no keys\n");
    }
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(work->arena);
        status = worse(status, visit(work, domains[i]));
        arena_rewind(work->arena, mark);
    }
    return status;
}
