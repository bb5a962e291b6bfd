/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"

/*
 * results: what sealers testify (RFC 8617 section 4.1.1).
 *
 * How it is written never decides about the chain (section 3.4): what cannot be read, or is
 * too much, is only not there.
 */
enum { TEXT_MAX = 64 * 1024 };

static enum yett_err read_set(struct arena *arena, const struct message_field *field,
                              struct arc_set *set)
{
    struct authres_error error;
    slice value = field->value;
    unsigned instance = 0;
    enum yett_err err = authres_take_instance(&value, &instance);
    if (err == YETT_OK) {
        err = authres_parse(arena, value, &set->results, &error);
    }
    set->has_results = err == YETT_OK;
    return err == YETT_NO_MEMORY ? err : YETT_OK;
}

enum yett_err arc_read_results(struct arena *arena, const struct arc_chain *chain,
                               struct arc_set *sets)
{
    size_t left = TEXT_MAX;
    for (unsigned i = chain->highest; i > 0; i--) {
        const struct message_field *field = chain->links[i - 1].fields[ARC_FIELD_RESULTS];
        if (field->value.len > left) {
            return YETT_OK;
        }
        left -= field->value.len;
        enum yett_err err = read_set(arena, field, &sets[i - 1]);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}
