/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"
#include "core/base/base64.h"
#include "core/base/buf.h"

/*
 * compose: the fields of a new set (RFC 8617 section 4.1).
 *
 * The instance comes first, as the grammar has it; b= comes last, so that what is signed and
 * what is sent differ in nothing but its value.
 */
enum { LINE_MAX_OCTETS = 76 };

/* ---- folding ------------------------------------------------------------------------ */

static size_t line_length(const struct buf *out)
{
    slice text = buf_slice(out);
    size_t at = slice_find_last_byte(text, '\n');
    return at == text.len ? text.len : text.len - at - 1;
}

static void fold(struct buf *out)
{
    buf_add_text(out, "\r\n\t");
}

/* A piece of a value: on this line or the next.  White space may stand before it. */
static void add_piece(struct buf *out, slice piece)
{
    if (line_length(out) + piece.len > LINE_MAX_OCTETS) {
        fold(out);
    }
    buf_add(out, piece);
}

/* "; name=value" */
static void add_tag(struct buf *out, const char *name, slice value)
{
    size_t length = strlen(name) + 1 + value.len + 1;
    buf_add_byte(out, ';');
    if (line_length(out) + 1 + length > LINE_MAX_OCTETS) {
        fold(out);
    } else {
        buf_add_byte(out, ' ');
    }
    buf_add_text(out, name);
    buf_add_byte(out, '=');
    buf_add(out, value);
}

static void add_number(struct buf *out, const char *name, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = number < 0 ? 0 : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    add_tag(out, name, slice_of(digits + at, sizeof(digits) - at));
}

static void add_base64(struct buf *out, slice octets)
{
    enum { OCTETS_AT_ONCE = 51 }; /* 68 letters */
    for (; octets.len != 0; octets = slice_skip(octets, OCTETS_AT_ONCE)) {
        size_t letters = (slice_first(octets, OCTETS_AT_ONCE).len + 2) / 3 * 4;
        if (line_length(out) + letters > LINE_MAX_OCTETS) {
            fold(out);
        }
        base64_encode(out, slice_first(octets, OCTETS_AT_ONCE));
    }
}

static void add_names(struct buf *out, const struct signer_chosen *chosen)
{
    add_tag(out, "h", SLICE_NONE);
    for (size_t i = 0; i < chosen->name_count; i++) {
        if (i != 0) {
            buf_add_byte(out, ':');
        }
        add_piece(out, chosen->names[i]);
    }
}

static void begin(struct buf *out, enum arc_field field, unsigned instance,
                  const struct arc_sealer *sealer)
{
    buf_printf(out, "%s: i=%u", arc_field_names[field], instance);
    add_tag(out, "a", slice_from_text(dkim_algorithm_text(sealer->algorithm)));
}

static void add_signer(struct buf *out, const struct arc_sealer *sealer)
{
    add_tag(out, "d", sealer->domain);
    add_tag(out, "s", sealer->selector);
    add_number(out, "t", sealer->now_s);
}

/* On a line of its own, for its value is long. */
static void add_empty_signature(struct buf *out)
{
    buf_add_byte(out, ';');
    fold(out);
    buf_add_text(out, "b=");
}

/* ---- fields ------------------------------------------------------------------------- */

void arc_compose_message(struct buf *out, unsigned instance,
                         const struct arc_sealer *sealer,
                         const struct signer_chosen *chosen, slice body_hash)
{
    begin(out, ARC_FIELD_MESSAGE, instance, sealer);
    add_tag(out, "c", SLICE("relaxed/relaxed"));
    add_signer(out, sealer);
    add_names(out, chosen);
    buf_add_byte(out, ';');
    fold(out);
    buf_add_text(out, "bh=");
    base64_encode(out, body_hash);
    add_empty_signature(out);
}

void arc_compose_seal(struct buf *out, unsigned instance, enum arc_code cv,
                      const struct arc_sealer *sealer)
{
    begin(out, ARC_FIELD_SEAL, instance, sealer);
    add_tag(out, "cv", slice_from_text(arc_code_text(cv)));
    add_signer(out, sealer);
    add_empty_signature(out);
}

void arc_compose_signature(struct buf *out, slice signature)
{
    add_base64(out, signature);
    buf_add_text(out, "\r\n");
}

/* The value of a field that was handed in whole. */
static slice value_of(slice results)
{
    static const slice name = SLICE_INIT("Authentication-Results:");
    slice value = results;
    (void)slice_take_nocase(&value, name);
    return slice_trim_fws(value);
}

/* A line end within must fold: else what follows would be a field of its own. */
static bool is_one_field(slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool is_fold = value.ptr[i] == '\r' && i + 2 < value.len &&
                       value.ptr[i + 1] == '\n' &&
                       (value.ptr[i + 2] == ' ' || value.ptr[i + 2] == '\t');
        if (is_fold) {
            i++;
        } else if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}

enum yett_err arc_compose_results(struct buf *out, struct arena *arena, unsigned instance,
                                  slice results, const char **why)
{
    struct authres authres;
    struct authres_error error;
    slice value = value_of(results);
    enum yett_err err = authres_parse(arena, value, &authres, &error);
    if (err == YETT_OK && !is_one_field(value)) {
        error.why = "a line end that folds nothing";
        err = YETT_BAD_SYNTAX;
    }
    if (err != YETT_OK) {
        *why = err == YETT_BAD_SYNTAX ? error.why : "too many results";
        return err;
    }
    buf_printf(out, "%s: i=%u; ", arc_field_names[ARC_FIELD_RESULTS], instance);
    buf_add(out, value);
    buf_add_text(out, "\r\n");
    return YETT_OK;
}
