/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/sealing/sealing.h"

/*
 * doubt: mail of a list that was not proved to be its author's when it arrived.
 *
 * A list hands in what it got, also a forgery in the name of a domain of ours: to sign that
 * would make it genuine.
 */

static slice author_of(const struct authres_result *result)
{
    for (size_t i = 0; i < result->property_count; i++) {
        const struct authres_property *property = &result->properties[i];
        if (slice_eq(property->type, SLICE("header")) &&
            slice_eq(property->property, SLICE("from"))) {
            return property->value;
        }
    }
    return SLICE_NONE;
}

static bool speaks_against(const struct authres_result *result, slice author)
{
    if (!slice_eq(result->method, SLICE("dmarc")) ||
        slice_eq(result->result, SLICE("pass"))) {
        return false;
    }
    slice found = author_of(result);
    return found.len == 0 || domain_eq(found, author);
}

enum yett_err sealing_doubts(struct arena *arena, const struct config *config,
                             const struct message_header *header, slice author, bool *out)
{
    struct authres authres = {0};
    struct authres_error error;
    slice results = SLICE_NONE;
    enum yett_err err = arc_gather_results(arena, header, config->authserv_id, &results);
    if (err == YETT_OK) {
        err = authres_parse(arena, results, &authres, &error);
    }
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    *out = err != YETT_OK;
    for (size_t i = 0; i < authres.count && !*out; i++) {
        *out = speaks_against(&authres.results[i], author);
    }
    return YETT_OK;
}
