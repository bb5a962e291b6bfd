/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"
#include "edge/config/given.h"

/* fields: a list of header fields to sign; refused here where it cannot be followed. */

enum yett_err given_read_fields(const struct given *given)
{
    struct signer_rules rules;
    struct buf buf;
    slice why = SLICE_NONE;
    enum yett_err err = given_check_length(given);
    if (err == YETT_OK) {
        err = signer_parse_rules(given->arena, given->text, &rules, &why);
    }
    if (err == YETT_OK) {
        return given_store_text(given, given->text);
    }
    if (err != YETT_BAD_SYNTAX || slice_is_empty(why)) {
        return err;
    }
    if (slice_ends_with(why, SLICE("."))) {
        why.len--;
    }
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add_text(&buf, "is no list of fields to sign: ");
    buf_add(&buf, why);
    return given_expected_buf(given, &buf);
}
