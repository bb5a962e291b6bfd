/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTOPSY_SITES_H
#define YETT_CORE_AUTOPSY_SITES_H

#include "core/autopsy/inside.h"

/*
 * sites: places where something may have been put in.
 *
 * A site has cuts: stretches of which one may be what was added.
 */
enum { AUTOPSY_SITES_MAX = 48 };

struct cut {
    size_t from;
    size_t to;
};

struct site {
    enum autopsy_kind kind;
    const char *what; /* "a footer" */
    const char *where;
    struct cut *cuts; /* by `from` */
    size_t count;
};

struct sites {
    struct autopsy_work *work;
    slice body;
    bool usual_only; /* where several things are put in together */
    bool plausible_only;
    bool blocks_only; /* of HTML: where a block begins or ends */
    size_t room;      /* cuts of a site */
    struct site list[AUTOPSY_SITES_MAX];
    size_t count;
};

/* All of a body, in its order; the first is that of whole MIME parts. */
bool autopsy_find_sites(struct sites *sites, const struct autopsy_parts *parts);

#endif
