/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/signer/signer.h"

/*
 * parse: what one is asked to sign, read before it is signed.
 *
 * The text comes from a process that talks to the network and may have been taken over.  So
 * it is believed in nothing: it is taken apart, and must be exactly what a signer would have
 * put together from the fields that are in it.
 */
enum { SEAL_FIELDS_MAX = 3 * 50 };

static enum yett_err refuse(slice *why, const char *reason)
{
    *why = slice_from_text(reason);
    return YETT_BAD_SYNTAX;
}

/* ---- fields ------------------------------------------------------------------------- */

/* Up to a CRLF that no white space follows, which is taken as well. */
static slice take_field(slice *in)
{
    size_t length = 0;
    slice rest = *in;
    while (rest.len != 0) {
        size_t line = slice_find(rest, SLICE("\r\n"));
        length += line < rest.len ? line + 2 : rest.len;
        rest = slice_skip(*in, length);
        if (!ascii_is_wsp(slice_peek(rest))) {
            break;
        }
    }
    slice raw = slice_first(*in, length);
    *in = rest;
    return raw;
}

static bool cut_field(slice raw, struct message_field *out)
{
    size_t colon = slice_find_byte(raw, ':');
    if (colon == raw.len) {
        return false;
    }
    slice value = slice_skip(raw, colon + 1);
    slice name = slice_first(raw, colon);
    while (name.len != 0 && ascii_is_wsp(name.ptr[name.len - 1])) {
        name.len--;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_vchar(name.ptr[i])) {
            return false;
        }
    }
    *out = (struct message_field){
        .raw = raw,
        .name = name,
        .value = slice_ends_with(value, SLICE("\r\n")) ? slice_first(value, value.len - 2)
                                                       : value,
    };
    return name.len != 0;
}

/* As the header parser notes it: only then fields are looked for that hide in others. */
static unsigned defects_of(slice value)
{
    unsigned defects = 0;
    for (size_t i = 0; i < value.len; i++) {
        bool is_end =
            value.ptr[i] == '\r' && i + 1 < value.len && value.ptr[i + 1] == '\n';
        if (is_end) {
            i++;
        } else if (value.ptr[i] == '\r') {
            defects |= MESSAGE_BARE_CR;
        } else if (value.ptr[i] == '\n') {
            defects |= MESSAGE_BARE_LF;
        } else if (value.ptr[i] == '\0') {
            defects |= MESSAGE_NUL;
        } else if ((uint8_t)value.ptr[i] > 127) {
            defects |= MESSAGE_EIGHT_BIT;
        }
    }
    return defects;
}

/* All fields but the last into the header, the last by itself. */
static enum yett_err cut_text(struct arena *arena, slice text, size_t fields_max,
                              struct signer_request *out, slice *why)
{
    struct message_field *fields =
        ARENA_ARRAY(arena, fields_max + 1, struct message_field);
    size_t count = 0;
    if (fields == NULL) {
        return YETT_NO_MEMORY;
    }
    for (slice rest = text; rest.len != 0; count++) {
        if (count > fields_max) {
            *why = SLICE("The text holds more fields than a signature can name.");
            return YETT_LIMIT;
        }
        if (!cut_field(take_field(&rest), &fields[count])) {
            return refuse(why, "The text holds something that is no header field.");
        }
        out->header.defects |= defects_of(fields[count].value);
    }
    if (count == 0 || slice_ends_with(text, SLICE("\r\n"))) {
        return refuse(why, "The text does not end in the field that is to be signed.");
    }
    out->header.fields = fields;
    out->header.count = count - 1;
    out->header.bytes = text.len - fields[count - 1].raw.len;
    out->field = fields[count - 1];
    return YETT_OK;
}

/* ---- canonical form ----------------------------------------------------------------- */

struct comparison {
    slice rest;
    bool same;
};

static void compare(void *context, slice bytes)
{
    struct comparison *comparison = context;
    comparison->same = comparison->same && slice_take(&comparison->rest, bytes);
}

static bool is_canonical(const struct message_field *field, enum dkim_canon canon,
                         bool is_last)
{
    struct comparison comparison = {.rest = field->raw, .same = true};
    dkim_header_canon(canon, field, is_last,
                      (struct dkim_sink){.write = compare, .context = &comparison});
    return comparison.same && comparison.rest.len == 0;
}

static bool all_are_canonical(const struct signer_request *request, enum dkim_canon canon)
{
    for (size_t i = 0; i < request->header.count; i++) {
        if (!is_canonical(&request->header.fields[i], canon, false)) {
            return false;
        }
    }
    return is_canonical(&request->field, canon, true);
}

/* ---- which fields ------------------------------------------------------------------- */

/*
 * h= names them in this order.  A name that no field stands for means that there is none left
 * of it, so it must not come again.  So h= decides all: no two lists of fields fit it.
 */
static const char *match_names(struct arena *arena, const struct signer_request *request)
{
    slice *gone = ARENA_ARRAY(arena, DKIM_SIGNED_FIELDS_MAX, slice);
    size_t gone_count = 0;
    size_t at = 0;
    slice names = request->signature.signed_fields;
    slice name;
    if (gone == NULL) {
        return "";
    }
    while (slice_next_piece(&names, ':', &name)) {
        name = slice_trim_fws(name);
        if (at == request->header.count ||
            !slice_eq_nocase(request->header.fields[at].name, name)) {
            gone[gone_count++] = name;
            continue;
        }
        for (size_t i = 0; i < gone_count; i++) {
            if (slice_eq_nocase(gone[i], name)) {
                return "The text leaves out a field that h= names, and holds another of "
                       "that name.";
            }
        }
        at++;
    }
    return at == request->header.count
               ? NULL
               : "The fields of the text are not those of h= in their order.";
}

/* Whole sets, each in the order in which it is sealed (RFC 8617 section 5.1.1). */
static const char *match_sets(const struct signer_request *request)
{
    static const char *const names[] = {"ARC-Authentication-Results",
                                        "ARC-Message-Signature", "ARC-Seal"};
    for (size_t i = 0; i < request->header.count; i++) {
        if (!slice_eq_nocase(request->header.fields[i].name,
                             slice_from_text(names[i % 3]))) {
            return "The fields of the text are not sets of ARC fields in their order.";
        }
    }
    return request->header.count % 3 == 2 ? NULL
                                          : "The last set of ARC fields is not complete.";
}

static const char *judge_fields(struct arena *arena, const struct signer_request *request)
{
    switch (request->signature.form) {
    case DKIM_FORM_SEAL:
        return match_sets(request);
    case DKIM_FORM_SIGNATURE:
    case DKIM_FORM_MESSAGE:
        break;
    }
    return match_names(arena, request);
}

/* ---- the whole ---------------------------------------------------------------------- */

/* Relaxed is what a seal has without saying so. */
static enum dkim_canon canon_of(const struct dkim_signature *signature)
{
    return signature->form == DKIM_FORM_SEAL ? DKIM_RELAXED : signature->header_canon;
}

static enum yett_err parse_own(struct arena *arena, enum dkim_form form,
                               struct signer_request *out, slice *why)
{
    if (!slice_eq_nocase(out->field.name, slice_from_text(dkim_form_text(form)))) {
        return refuse(why, "The last field of the text is not the one to be signed.");
    }
    enum yett_err err = dkim_parse_unsigned(arena, form, &out->field, &out->signature);
    if (err != YETT_OK) {
        return err;
    }
    if (out->signature.error.len != 0) {
        *why = out->signature.error;
        return YETT_BAD_SYNTAX;
    }
    if (!slice_ends_with(out->field.value, SLICE("b=")) ||
        slice_offset(out->field.value, out->signature.b_region) != out->field.value.len) {
        return refuse(why, "b= is not the last tag of the field, and empty.");
    }
    return YETT_OK;
}

enum yett_err signer_parse_text(struct arena *arena, enum dkim_form form, slice text,
                                struct signer_request *out, slice *why)
{
    struct signer_request request = {.header = {0}};
    bool is_seal = form == DKIM_FORM_SEAL;
    if (text.len > DKIM_SIGNED_TEXT_MAX) {
        *why = SLICE("The text is longer than what is signed.");
        return YETT_LIMIT;
    }
    enum yett_err err =
        cut_text(arena, text, is_seal ? (size_t)SEAL_FIELDS_MAX : DKIM_SIGNED_FIELDS_MAX,
                 &request, why);
    if (err == YETT_OK) {
        err = parse_own(arena, form, &request, why);
    }
    if (err != YETT_OK) {
        return err;
    }
    if (!all_are_canonical(&request, canon_of(&request.signature))) {
        return refuse(why, "The text is not in the canonical form that c= names.");
    }
    const char *fault = judge_fields(arena, &request);
    if (fault != NULL) {
        return fault[0] == '\0' ? YETT_NO_MEMORY : refuse(why, fault);
    }
    *out = request;
    return YETT_OK;
}
