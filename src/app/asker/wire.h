/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_ASKER_WIRE_H
#define YETT_APP_ASKER_WIRE_H

#include "core/base/octets.h"
#include "edge/nameserver/nameserver.h"

/*
 * wire: the parts of which packets between an asker and its caller are made: what consists of
 * numbers and of octets behind their number (core/base/octets), which are read here too.
 *
 * Writing goes to a buf, which remembers its first failure.  Reading remembers it as well:
 * once something did not fit, all that follows is empty, and wire_is_read() is false.
 */
enum {
    WIRE_TEXT_MAX = 16 * 1024, /* of a sentence, made visible */
    WIRE_VALUES_MAX = 6000     /* records of one message: it has 65535 octets */
};

struct wire {
    slice left;
    struct arena *arena;
    bool failed;
    bool no_memory;
    const char *fault; /* a phrase: the first thing that was wrong */
};

/* What is read points into `packet` and into `arena`. */
struct wire wire_of(struct arena *arena, slice packet);
void wire_fail(struct wire *wire, const char *fault);

/* Nothing failed and nothing is left over.  YETT_OK, YETT_BAD_SYNTAX, YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err wire_end(struct wire *wire);

uint64_t wire_get(struct wire *wire, unsigned octets, uint64_t max);
slice wire_get_slice(struct wire *wire, size_t max);

/* A sentence for people: what it holds can be shown as it is. */
slice wire_get_text(struct wire *wire);

/* A name in normal form. */
slice wire_get_name(struct wire *wire);

/* A server: its name, or what somebody called it, which can be shown as it is. */
void wire_put_server(struct buf *buf, const struct nameserver *server);
void wire_get_server(struct wire *wire, struct nameserver *out);

/* Values are rdata of TXT: strings, each after its length. */
void wire_put_rrset(struct buf *buf, const struct update_rrset *rrset);
void wire_get_rrset(struct wire *wire, struct update_rrset *out);

/* Lists; a count first. */
const slice *wire_get_slices(struct wire *wire, size_t max_count, size_t *count,
                             slice (*get)(struct wire *wire));

#endif
