/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/sealing/sealing.h"

/*
 * doubt: mail that was not proved to be its author's when it arrived.
 *
 * A list or a forward hands in what it got, also a forgery in the name of a domain of ours: to
 * sign that would make it genuine.
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

/* List software that writes fields anew may have spoilt ours: then nobody knows what it said. */
static enum yett_err may_be_spoilt(struct arena *arena,
                                   const struct message_header *header, slice authserv_id,
                                   bool *out)
{
    static const char name[] = "Authentication-Results";
    unsigned close_looks = AUTHRES_CLOSE_LOOKS_MAX;
    size_t index = 0;
    enum yett_err err = YETT_OK;
    for (const struct message_field *field = message_find_field(header, name, 0, &index);
         field != NULL && !*out && err != YETT_NO_MEMORY;
         field = message_find_field(header, name, index + 1, &index)) {
        struct arena_mark mark = arena_mark(arena);
        struct authres authres;
        struct authres_error error;
        err = authres_parse(arena, field->value, &authres, &error);
        *out = err != YETT_OK &&
               authres_is_forged_of_many(field->value, authserv_id, &close_looks);
        arena_rewind(arena, mark);
    }
    return err == YETT_NO_MEMORY ? err : YETT_OK;
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
    return *out ? YETT_OK : may_be_spoilt(arena, header, config->authserv_id, out);
}
