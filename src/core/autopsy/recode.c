/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"

/*
 * recode: transfer encodings changed on the way, for all parts or for one; a message that was
 * made a part of another.
 */

static const struct form {
    enum autopsy_encoding encoding;
    slice name; /* as the part's header had it; empty: no such field */
    size_t width;
    const char *text;
} forms[] = {
    {AUTOPSY_IDENTITY,         SLICE_INIT("8bit"),             0,  "8bit"                     },
    {AUTOPSY_IDENTITY,         SLICE_INIT("7bit"),             0,  "7bit"                     },
    {AUTOPSY_IDENTITY,         SLICE_INIT(""),                 0,  "plain text without a name"},
    {AUTOPSY_IDENTITY,         SLICE_INIT("binary"),           0,  "binary"                   },
    {AUTOPSY_QUOTED_PRINTABLE, SLICE_INIT("quoted-printable"), 0,  "quoted-printable"         },
    {AUTOPSY_BASE64,           SLICE_INIT("base64"),           76, "base64"                   },
    {AUTOPSY_BASE64,           SLICE_INIT("base64"),           72, "base64 in lines of 72"    },
    {AUTOPSY_BASE64,           SLICE_INIT("base64"),           64, "base64 in lines of 64"    },
    {AUTOPSY_BASE64,           SLICE_INIT("base64"),           60, "base64 in lines of 60"    },
};

enum { FORMS = sizeof(forms) / sizeof(forms[0]), ALL_PARTS = AUTOPSY_PARTS_MAX };

struct recoding {
    struct autopsy_work *work;
    slice body;
    const struct autopsy_parts *parts;
    enum autopsy_encoding from;
    const struct form *form;
    size_t only; /* a part, or ALL_PARTS */
    /* What the characters were, in a message of one part; NULL: what they are. */
    bool (*characters)(struct autopsy_out *out, slice text);
    size_t changed;
    size_t first;
};

static const char *encoding_text(enum autopsy_encoding encoding)
{
    switch (encoding) {
    case AUTOPSY_QUOTED_PRINTABLE:
        return "quoted-printable";
    case AUTOPSY_BASE64:
        return "base64";
    case AUTOPSY_IDENTITY:
    case AUTOPSY_OTHER_ENCODING:
        break;
    }
    return "plain text";
}

/* ---- one part --------------------------------------------------------------------------- */

/* Text of decoded parts has the line ends of the network. */
static bool decode(struct autopsy_work *work, slice content,
                   enum autopsy_encoding encoding, bool is_text, slice *out)
{
    struct autopsy_out decoded, lines;
    if (encoding == AUTOPSY_IDENTITY) {
        *out = content;
        return true;
    }
    if (!autopsy_out_new(work, content.len, &decoded)) {
        return false;
    }
    if (encoding == AUTOPSY_BASE64) {
        autopsy_decode_base64(&decoded, content);
    } else {
        autopsy_decode_quoted(&decoded, content);
    }
    *out = autopsy_out_slice(&decoded);
    size_t bare = slice_count_byte(*out, '\n');
    if (is_text && encoding == AUTOPSY_BASE64 && bare != 0) {
        if (!autopsy_out_new(work, out->len + bare, &lines)) {
            return false;
        }
        autopsy_add_crlf(&lines, *out);
        *out = autopsy_out_slice(&lines);
    }
    return true;
}

static void encode(struct autopsy_out *out, const struct form *form, slice content)
{
    switch (form->encoding) {
    case AUTOPSY_QUOTED_PRINTABLE:
        autopsy_encode_quoted(out, content);
        break;
    case AUTOPSY_BASE64:
        autopsy_encode_base64(out, content, form->width);
        autopsy_out_add(out, SLICE("\r\n"));
        break;
    case AUTOPSY_IDENTITY:
    case AUTOPSY_OTHER_ENCODING:
        autopsy_out_add(out, content);
        break;
    }
}

/* The field that names the encoding, from `*at` on, with another value. */
static void rename_encoding(const struct recoding *recoding,
                            const struct autopsy_part *part, struct autopsy_out *out,
                            size_t *at)
{
    slice body = recoding->body;
    slice name = recoding->form->name;
    if (part->encoding_field.len == 0) {
        size_t end = part->content >= 2 ? part->content - 2 : part->content;
        autopsy_out_add(out, slice_between(body, *at, end));
        if (name.len != 0) {
            autopsy_out_add(out, SLICE("Content-Transfer-Encoding: "));
            autopsy_out_add(out, name);
            autopsy_out_add(out, SLICE("\r\n"));
        }
        *at = end;
        return;
    }
    size_t field = slice_offset(body, part->encoding_field);
    size_t value = slice_offset(body, slice_trim_fws(part->encoding_value));
    autopsy_out_add(out, slice_between(body, *at, name.len == 0 ? field : value));
    if (name.len != 0) {
        autopsy_out_add(out, name);
        autopsy_out_add(out, SLICE("\r\n"));
    }
    *at = field + part->encoding_field.len;
}

static bool is_meant(const struct recoding *recoding, size_t index)
{
    const struct autopsy_part *part = &recoding->parts->list[index];
    return !part->is_multipart && part->encoding == recoding->from &&
           (recoding->only == ALL_PARTS || recoding->only == index) &&
           (part->is_text || recoding->from != AUTOPSY_IDENTITY);
}

static bool recode_part(struct recoding *recoding, size_t index, struct autopsy_out *out,
                        size_t *at)
{
    const struct autopsy_part *part = &recoding->parts->list[index];
    slice content = slice_between(recoding->body, part->content, part->end);
    slice decoded;
    if (!decode(recoding->work, content, part->encoding, part->is_text, &decoded)) {
        return false;
    }
    if (recoding->characters != NULL) {
        struct autopsy_out was;
        if (!autopsy_out_new(recoding->work, decoded.len * 3, &was) ||
            !recoding->characters(&was, decoded)) {
            return false;
        }
        decoded = autopsy_out_slice(&was);
    }
    if (part->parent != AUTOPSY_NO_PARENT) {
        rename_encoding(recoding, part, out, at);
    }
    autopsy_out_add(out, slice_between(recoding->body, *at, part->content));
    encode(out, recoding->form, decoded);
    *at = part->end;
    if (recoding->changed++ == 0) {
        recoding->first = part->content;
    }
    return true;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool try_recoding(struct recoding *recoding)
{
    struct autopsy_work *work = recoding->work;
    slice body = recoding->body;
    struct autopsy_out out;
    size_t at = 0;
    size_t growth = recoding->form->encoding == AUTOPSY_IDENTITY ? 2 : 4;
    if (!autopsy_spend(work, &work->body_left, body.len) ||
        !autopsy_out_new(work, body.len * growth + 4096, &out)) {
        return false;
    }
    for (size_t i = 0; i < recoding->parts->count; i++) {
        if (is_meant(recoding, i) && !recode_part(recoding, i, &out, &at)) {
            return false;
        }
    }
    autopsy_out_add(&out, slice_skip(body, at));
    slice rewritten = autopsy_out_slice(&out);
    if (recoding->changed == 0 || slice_eq(rewritten, body)) {
        return false;
    }
    bool same = recoding->from == AUTOPSY_IDENTITY &&
                recoding->form->encoding == AUTOPSY_IDENTITY;
    struct autopsy_change change = {.kind = AUTOPSY_ENCODING_CHANGED,
                                    .offset = recoding->first};
    if (recoding->characters != NULL) {
        change.text = autopsy_sentence(
            work, "the text, which was %s in %s, is now %s in %s", recoding->form->text,
            recoding->characters == autopsy_to_western ? "iso-8859-1 or windows-1252"
                                                       : "UTF-8",
            encoding_text(recoding->from),
            recoding->characters == autopsy_to_western ? "UTF-8" : "such a set");
    } else {
        change.text = autopsy_sentence(
            work, "the transfer encoding of %zu part%s was changed from %s to %s%s",
            recoding->changed, recoding->changed == 1 ? "" : "s", recoding->form->text,
            encoding_text(recoding->from), same ? ", in name only" : "");
    }
    return autopsy_try_rewritten(work, rewritten, &change);
}

static bool try_form(struct autopsy_work *work, slice body,
                     const struct autopsy_parts *parts, enum autopsy_encoding from,
                     const struct form *form)
{
    bool found = false;
    size_t last = parts->count > 1 ? parts->count : 1;
    for (size_t only = 0; only <= last && !found && !work->ended; only++) {
        struct arena_mark mark = arena_mark(work->arena);
        struct recoding recoding = {.work = work,
                                    .body = body,
                                    .parts = parts,
                                    .from = from,
                                    .form = form,
                                    .only = only == 0 ? ALL_PARTS : only - 1};
        size_t meant = 0;
        for (size_t i = 0; i < parts->count; i++) {
            meant += is_meant(&recoding, i);
        }
        /* One part alone is all of them where there is one. */
        found = meant != 0 && try_recoding(&recoding);
        if (!found) {
            arena_rewind(work->arena, mark);
        }
        if (only == 0 && meant <= 1) {
            break;
        }
    }
    return found;
}

static const enum autopsy_encoding encodings[] = {AUTOPSY_QUOTED_PRINTABLE,
                                                  AUTOPSY_BASE64, AUTOPSY_IDENTITY};

/* Lists write texts in a character set of their own. */
static bool try_characters(struct autopsy_work *work, slice body,
                           const struct autopsy_parts *parts)
{
    struct recoding recoding = {
        .work = work, .body = body, .parts = parts, .from = parts->list[0].encoding};
    bool western =
        slice_find_nocase(parts->list[0].type, SLICE("utf-8")) == parts->list[0].type.len;
    size_t last = SIZE_MAX;
    recoding.only = ALL_PARTS;
    recoding.characters = western ? autopsy_from_western : autopsy_to_western;
    for (size_t i = 0; i < FORMS && parts->count == 1 && parts->list[0].is_text; i++) {
        struct arena_mark mark = arena_mark(work->arena);
        bool same = last != SIZE_MAX && forms[last].encoding == AUTOPSY_IDENTITY &&
                    forms[i].encoding == AUTOPSY_IDENTITY;
        recoding.form = &forms[i];
        recoding.changed = 0;
        last = i;
        if (!same && is_meant(&recoding, 0) && try_recoding(&recoding)) {
            return true;
        }
        arena_rewind(work->arena, mark);
    }
    return false;
}

bool autopsy_try_recoded(struct autopsy_work *work, slice body,
                         const struct autopsy_parts *parts)
{
    for (size_t from = 0; from < 3; from++) {
        for (size_t form = 0; form < FORMS; form++) {
            if (try_form(work, body, parts, encodings[from], &forms[form])) {
                return true;
            }
        }
    }
    return try_characters(work, body, parts);
}

/* ---- a part that was the message -------------------------------------------------------- */

bool autopsy_try_wrapped(struct autopsy_work *work, slice body,
                         const struct autopsy_parts *parts)
{
    for (size_t i = 1; i < parts->count; i++) {
        const struct autopsy_part *part = &parts->list[i];
        struct autopsy_change change = {.kind = AUTOPSY_PART_WRAPPED,
                                        .offset = part->content,
                                        .length = part->end - part->content};
        struct arena_mark mark = arena_mark(work->arena);
        change.text = autopsy_sentence(
            work,
            "the message was made a part of a new one: its body is the part of %zu bytes "
            "at byte %zu of this body",
            change.length, change.offset);
        if (autopsy_try_rewritten(work, slice_between(body, part->content, part->end),
                                  &change)) {
            return true;
        }
        arena_rewind(work->arena, mark);
    }
    return false;
}
