/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/field.h"

#include "core/base/ascii.h"
#include "core/base/base64.h"

/*
 * field: the DKIM-Signature field as it is written (RFC 6376 section 3.5).
 *
 * b= comes last and at the beginning of a line: what is signed and what is sent differ in
 * nothing but its value.  Lines stay so short that no server refolds them.
 */
enum { LINE_COLUMNS = 77, TAB_COLUMNS = 8, SIGNATURE_CHUNK = 64 };

struct folder {
    struct buf *out;
    size_t column;
};

static void add(struct folder *folder, slice text)
{
    buf_add(folder->out, text);
    folder->column += text.len;
}

static void fold(struct folder *folder)
{
    buf_add_text(folder->out, "\r\n\t");
    folder->column = TAB_COLUMNS;
}

/* A piece that must stay together, on this line or the next. */
static void make_room(struct folder *folder, size_t columns)
{
    if (folder->column + columns > LINE_COLUMNS && folder->column != TAB_COLUMNS) {
        fold(folder);
    }
}

static void add_tag(struct folder *folder, const char *name, slice value)
{
    size_t columns = strlen(name) + 1 + value.len + 1;
    make_room(folder, columns + 1);
    if (folder->column != TAB_COLUMNS) {
        add(folder, SLICE(" "));
    }
    add(folder, slice_from_text(name));
    add(folder, SLICE("="));
    add(folder, value);
    add(folder, SLICE(";"));
}

static void add_time(struct folder *folder, const char *name, int64_t seconds)
{
    char digits[24];
    size_t at = sizeof(digits);
    if (seconds == DKIM_NO_TIME) {
        return;
    }
    uint64_t left = (uint64_t)seconds;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    add_tag(folder, name, slice_of(digits + at, sizeof(digits) - at));
}

/* dkim-quoted-printable (section 2.11): what a tag list may not hold, and "=". */
static void quote(struct buf *out, slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = (uint8_t)text.ptr[i];
        if (ascii_is_vchar(text.ptr[i]) && octet != ';' && octet != '=') {
            buf_add_byte(out, text.ptr[i]);
        } else {
            buf_printf(out, "=%02X", octet);
        }
    }
}

static void add_identity(struct folder *folder, slice identity)
{
    struct buf quoted;
    if (identity.len != 0) {
        buf_init(&quoted, folder->out->arena, 3 * identity.len);
        quote(&quoted, identity);
        add_tag(folder, "i", buf_slice(&quoted));
        if (buf_err(&quoted) != YETT_OK && folder->out->err == YETT_OK) {
            folder->out->err = YETT_NO_MEMORY;
        }
    }
}

static void add_names(struct folder *folder, const struct signer_chosen *chosen)
{
    fold(folder);
    add(folder, SLICE("h="));
    for (size_t i = 0; i < chosen->name_count; i++) {
        if (i != 0) {
            make_room(folder, chosen->names[i].len + 1);
        }
        add(folder, chosen->names[i]);
        add(folder, i + 1 < chosen->name_count ? SLICE(":") : SLICE(";"));
    }
}

static slice canon_text(const struct signer_plan *plan)
{
    static const char *const words[2][2] = {
        [DKIM_SIMPLE] =
            {[DKIM_SIMPLE] = "simple/simple",  [DKIM_RELAXED] = "simple/relaxed" },
        [DKIM_RELAXED] =
            {[DKIM_SIMPLE] = "relaxed/simple", [DKIM_RELAXED] = "relaxed/relaxed"},
    };
    return slice_from_text(words[plan->header_canon][plan->body_canon]);
}

void signer_compose_field(struct buf *out, const struct signer_plan *plan,
                          const struct signer_chosen *chosen, slice body_hash)
{
    struct folder folder = {.out = out};
    add(&folder, SLICE("DKIM-Signature:"));
    add_tag(&folder, "v", SLICE("1"));
    add_tag(&folder, "a", slice_from_text(dkim_algorithm_text(plan->algorithm)));
    add_tag(&folder, "c", canon_text(plan));
    add_tag(&folder, "d", plan->domain);
    add_tag(&folder, "s", plan->selector);
    add_identity(&folder, plan->identity);
    add_time(&folder, "t", plan->signed_at_s);
    add_time(&folder, "x", plan->expires_at_s);
    add_names(&folder, chosen);
    fold(&folder);
    add(&folder, SLICE("bh="));
    base64_encode(out, body_hash);
    add(&folder, SLICE(";"));
    fold(&folder);
    add(&folder, SLICE("b="));
}

enum yett_err signer_make_field(struct arena *arena, slice field, slice signature,
                                slice *out)
{
    struct buf encoded;
    struct buf whole;
    size_t size = (signature.len + 2) / 3 * 4;
    buf_init(&encoded, arena, size);
    base64_encode(&encoded, signature);
    buf_init(&whole, arena, field.len + 2 * size + 16);
    buf_add(&whole, field);
    for (slice rest = buf_slice(&encoded); rest.len != 0;) {
        buf_add(&whole, slice_first(rest, SIGNATURE_CHUNK));
        rest = slice_skip(rest, SIGNATURE_CHUNK);
        buf_add_text(&whole, rest.len != 0 ? "\r\n\t " : "\r\n");
    }
    if (buf_err(&encoded) != YETT_OK || buf_err(&whole) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    *out = buf_slice(&whole);
    return YETT_OK;
}
