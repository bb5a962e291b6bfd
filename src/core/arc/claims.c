/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"
#include "core/base/num.h"

/* claims: which set a field says it belongs to, and how a seal says the chain was. */

static bool read_number(slice text, unsigned *out)
{
    uint64_t number = 0;
    if (text.len > 2 || num_parse_uint(text, ARC_SETS_MAX, &number) != YETT_OK ||
        number == 0) {
        return false;
    }
    *out = (unsigned)number;
    return true;
}

/* Section 4.2.1 has i= from 1 on; whatever else is not a number of a set. */
bool arc_read_instance(enum arc_field field, slice value, const struct taglist *tags,
                       unsigned *out)
{
    const struct tag *tag = NULL;
    unsigned number = 0;
    switch (field) {
    case ARC_FIELD_RESULTS:
        if (authres_take_instance(&value, &number) != YETT_OK || number > ARC_SETS_MAX) {
            return false;
        }
        *out = number;
        return true;
    case ARC_FIELD_MESSAGE:
    case ARC_FIELD_SEAL:
        tag = taglist_find(tags, "i");
        return tag != NULL && read_number(tag->value, out);
    case ARC_FIELDS:
        break;
    }
    return false;
}

/* seal-cv-tag (section 3.9): its words are ABNF literals, in any case. */
bool arc_read_cv(const struct taglist *tags, enum arc_code *out)
{
    const struct tag *tag = taglist_find(tags, "cv");
    for (enum arc_code code = ARC_NONE; tag != NULL && code <= ARC_FAIL; code++) {
        if (slice_eq_nocase(tag->value, slice_from_text(arc_code_text(code)))) {
            *out = code;
            return true;
        }
    }
    return false;
}

/* ---- what is asked to be signed ----------------------------------------------------- */

static enum yett_err refuse(const char **why, const char *reason)
{
    *why = reason;
    return YETT_BAD_SYNTAX;
}

/* The field of this place says that it is of this set. */
static enum yett_err check_number(struct arena *arena, const struct message_header *sets,
                                  size_t at, unsigned wanted, const char **why)
{
    const struct arena_mark mark = arena_mark(arena);
    enum arc_field field = (enum arc_field)(at % ARC_FIELDS);
    slice value = sets->fields[at].value;
    struct taglist tags = {.count = 0};
    struct taglist_error error;
    unsigned found = 0;
    enum yett_err err =
        field == ARC_FIELD_RESULTS ? YETT_OK : taglist_parse(arena, value, &tags, &error);
    bool fits = err == YETT_OK && arc_read_instance(field, value, &tags, &found) &&
                found == wanted;
    arena_rewind(arena, mark);
    if (err == YETT_NO_MEMORY || fits) {
        return err;
    }
    return refuse(why, "The sets of ARC fields are not numbered from 1 on (i=).");
}

/* Which numbers the sets of a seal have, the first of them (sections 5.1.1 and 5.1.2). */
static const char *seal_fault(const struct message_header *sets,
                              const struct dkim_signature *own, unsigned instance,
                              unsigned *first)
{
    enum arc_code cv = ARC_NONE;
    size_t count = sets->count / ARC_FIELDS + 1; /* its own included */
    if (!arc_read_cv(&own->tags, &cv)) {
        return "The seal does not say how the chain was (cv=).";
    }
    *first = cv == ARC_FAIL ? instance : 1;
    if (count != instance - *first + 1) {
        return cv == ARC_FAIL ? "A seal that says \"fail\" covers its own set only."
                              : "The sets of ARC fields are not all there.";
    }
    if (cv != ARC_FAIL && (cv == ARC_NONE) != (instance == 1)) {
        return "The seal says of a chain what cannot be (cv=).";
    }
    return NULL;
}

enum yett_err arc_check_claims(struct arena *arena, const struct message_header *sets,
                               const struct dkim_signature *own, const char **why)
{
    bool is_seal = own->form == DKIM_FORM_SEAL;
    enum arc_field field = is_seal ? ARC_FIELD_SEAL : ARC_FIELD_MESSAGE;
    unsigned instance = 0;
    unsigned first = 1;
    enum yett_err err = YETT_OK;
    if (!arc_read_instance(field, SLICE_NONE, &own->tags, &instance)) {
        return refuse(why, "It has no number of a set from 1 to 50 (i=).");
    }
    const char *fault = is_seal ? seal_fault(sets, own, instance, &first) : NULL;
    if (fault != NULL) {
        return refuse(why, fault);
    }
    for (size_t i = 0; is_seal && i < sets->count && err == YETT_OK; i++) {
        err = check_number(arena, sets, i, first + (unsigned)(i / ARC_FIELDS), why);
    }
    return err;
}
