/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/autopsy.h"

/*
 * keys: which of the keys at a signature's name made it.  There should be one; where there are
 * several, an RSA key tells by itself whether it is the one.
 */

/* More than by default for none, and less for what most mail is. */
struct autopsy_limits autopsy_limits_for(size_t body_bytes)
{
    struct autopsy_limits limits = AUTOPSY_LIMITS_DEFAULT;
    uint64_t enough = (uint64_t)48 * 1024 * 1024 + (uint64_t)body_bytes * 16;
    limits.body_hashed_bytes =
        enough < limits.body_hashed_bytes ? enough : limits.body_hashed_bytes;
    return limits;
}

/* YETT_BAD_SYNTAX: it is no key, or none for this signature. */
static enum yett_err try_record(struct arena *arena, struct crypto *crypto,
                                const struct autopsy_input *input, slice text,
                                struct autopsy_finding *out)
{
    struct dkim_key_record record = {0};
    const char *why = NULL;
    size_t bad_at = 0;
    enum yett_err err = dkim_parse_key_record(arena, text, &record, &bad_at, &why);
    if (err != YETT_OK || record.revoked) {
        return err != YETT_OK ? err : YETT_BAD_SYNTAX;
    }
    struct autopsy_input with_key = *input;
    with_key.key_type = record.type;
    with_key.key = record.key;
    return autopsy_perform(arena, crypto, &with_key, autopsy_limits_for(input->body.len),
                           out);
}

enum yett_err autopsy_perform_with_records(struct arena *arena, struct crypto *crypto,
                                           const struct autopsy_input *input,
                                           const slice *records, size_t count,
                                           struct autopsy_finding *out)
{
    bool any = false;
    for (size_t i = 0; i < count && i < AUTOPSY_RECORDS_MAX; i++) {
        struct autopsy_finding found;
        enum yett_err err = try_record(arena, crypto, input, records[i], &found);
        if (err == YETT_BAD_SYNTAX) {
            continue;
        }
        if (err != YETT_OK) {
            return err;
        }
        if (!any || found.kind != AUTOPSY_OTHER_KEY) {
            *out = found;
        }
        any = true;
        if (found.kind != AUTOPSY_OTHER_KEY) {
            break;
        }
    }
    return any ? YETT_OK : YETT_NOT_FOUND;
}
