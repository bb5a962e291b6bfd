/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/message/message.h"

/*
 * Field text for people: unfolded, encoded words decoded (RFC 2047).
 *
 * Lenient where mail programs are: an encoded word may stand next to other text and be longer
 * than 75 octets, and a character may be spread over neighbours of one charset.  What is not
 * well-formed stays as it is.
 */

/* ---- charsets ------------------------------------------------------------------------- */

enum charset { CHARSET_UTF_8, CHARSET_LATIN_1, CHARSET_LATIN_9 };

static const struct charset_name {
    slice name;
    enum charset charset;
} charset_names[] = {
    {SLICE_INIT("utf-8"),        CHARSET_UTF_8  },
    {SLICE_INIT("utf8"),         CHARSET_UTF_8  },
    {SLICE_INIT("us-ascii"),     CHARSET_UTF_8  },
    {SLICE_INIT("ascii"),        CHARSET_UTF_8  },
    {SLICE_INIT("iso-8859-1"),   CHARSET_LATIN_1},
    {SLICE_INIT("latin1"),       CHARSET_LATIN_1},
    {SLICE_INIT("windows-1252"), CHARSET_LATIN_1},
    {SLICE_INIT("cp1252"),       CHARSET_LATIN_1},
    {SLICE_INIT("iso-8859-15"),  CHARSET_LATIN_9},
};

/* Where windows-1252 is not the code point itself; 0 where it has nothing.  Deliberately for
   ISO-8859-1 as well, as the Web has it: C1 controls are meant by nobody. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static const struct latin_9_difference {
    uint8_t octet;
    uint16_t code_point;
} latin_9_differences[] = {
    {0xa4, 0x20ac},
    {0xa6, 0x0160},
    {0xa8, 0x0161},
    {0xb4, 0x017d},
    {0xb8, 0x017e},
    {0xbc, 0x0152},
    {0xbd, 0x0153},
    {0xbe, 0x0178}
};

static uint32_t code_point_of(enum charset charset, uint8_t octet)
{
    if (octet >= 0x80 && octet < 0xa0) {
        return charset == CHARSET_LATIN_1 ? windows_1252[octet - 0x80] : 0;
    }
    size_t count = sizeof(latin_9_differences) / sizeof(latin_9_differences[0]);
    for (size_t i = 0; charset == CHARSET_LATIN_9 && i < count; i++) {
        if (latin_9_differences[i].octet == octet) {
            return latin_9_differences[i].code_point;
        }
    }
    return octet;
}

/* Up to U+FFFF.  Controls would act on the screen, or begin a new line in a log. */
static void add_character(struct buf *buf, uint32_t c)
{
    if (c == '\t') {
        c = ' ';
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        c = 0xfffd;
    }
    if (c < 0x80) {
        buf_add_byte(buf, (char)c);
    } else if (c < 0x800) {
        buf_add_byte(buf, (char)(0xc0 | (c >> 6)));
        buf_add_byte(buf, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_add_byte(buf, (char)(0xe0 | (c >> 12)));
        buf_add_byte(buf, (char)(0x80 | ((c >> 6) & 0x3f)));
        buf_add_byte(buf, (char)(0x80 | (c & 0x3f)));
    }
}

static void add_utf8(struct buf *buf, slice bytes)
{
    while (bytes.len != 0) {
        size_t plain = 0;
        while (plain < bytes.len && ascii_is_printable(bytes.ptr[plain])) {
            plain++;
        }
        buf_add(buf, slice_first(bytes, plain));
        bytes = slice_skip(bytes, plain);
        if (bytes.len == 0) {
            return;
        }
        uint32_t c = 0;
        size_t length = utf8_character(bytes, &c);
        if (length == 0) {
            add_character(buf, 0xfffd);
            length = 1;
        } else if (c < 0xa0) {
            add_character(buf, c);
        } else {
            buf_add(buf, slice_first(bytes, length));
        }
        bytes = slice_skip(bytes, length);
    }
}

static void add_in_charset(struct buf *buf, enum charset charset, slice bytes)
{
    if (charset == CHARSET_UTF_8) {
        add_utf8(buf, bytes);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        add_character(buf, code_point_of(charset, (uint8_t)bytes.ptr[i]));
    }
}

/* ---- encoded words -------------------------------------------------------------------- */

struct encoded_word {
    enum charset charset;
    char encoding; /* 'q' or 'b' */
    slice text;
};

static bool find_charset(slice name, enum charset *out)
{
    /* RFC 2231 section 5 adds a language: "utf-8*en". */
    name = slice_first(name, slice_find_byte(name, '*'));
    for (size_t i = 0; i < sizeof(charset_names) / sizeof(charset_names[0]); i++) {
        if (slice_eq_nocase(charset_names[i].name, name)) {
            *out = charset_names[i].charset;
            return true;
        }
    }
    return false;
}

/* Up to the next "?", which must come before anything that ends a word. */
static bool take_part(slice *in, slice *out)
{
    size_t len = 0;
    while (len < in->len && ascii_is_vchar(in->ptr[len]) && in->ptr[len] != '?') {
        len++;
    }
    if (len == in->len || in->ptr[len] != '?') {
        return false;
    }
    *out = slice_first(*in, len);
    *in = slice_skip(*in, len + 1);
    return true;
}

static bool take_encoded_word(slice *in, struct encoded_word *out)
{
    slice rest = *in;
    slice charset, encoding;
    if (!slice_take(&rest, SLICE("=?")) || !take_part(&rest, &charset) ||
        !take_part(&rest, &encoding) || !take_part(&rest, &out->text) ||
        !slice_take_byte(&rest, '=')) {
        return false;
    }
    out->encoding = encoding.len == 1 ? ascii_lower(encoding.ptr[0]) : '\0';
    if ((out->encoding != 'q' && out->encoding != 'b') ||
        !find_charset(charset, &out->charset)) {
        return false;
    }
    *in = rest;
    return true;
}

/* RFC 2047 section 4.2. */
static enum yett_err decode_q(struct arena *arena, slice text, slice *out)
{
    char *bytes = arena_alloc(arena, text.len);
    size_t len = 0;
    if (bytes == NULL) {
        return YETT_NO_MEMORY;
    }
    while (text.len != 0) {
        char c = text.ptr[0];
        size_t used = 1;
        if (c == '_') {
            c = ' ';
        } else if (c == '=') {
            int high = text.len < 3 ? -1 : ascii_hex_value((unsigned char)text.ptr[1]);
            int low = text.len < 3 ? -1 : ascii_hex_value((unsigned char)text.ptr[2]);
            if (high < 0 || low < 0) {
                return YETT_BAD_SYNTAX;
            }
            c = (char)(high * 16 + low);
            used = 3;
        }
        bytes[len++] = c;
        text = slice_skip(text, used);
    }
    *out = slice_of(bytes, len);
    return YETT_OK;
}

static enum yett_err decode(struct arena *arena, const struct encoded_word *word,
                            slice *out)
{
    size_t bad_at;
    return word->encoding == 'q' ? decode_q(arena, word->text, out)
                                 : base64_decode(arena, word->text, out, &bad_at);
}

/* ---- text ----------------------------------------------------------------------------- */

/* Text on its way out.  Octets of encoded words that follow each other gather, so that a
   character that was cut in two is whole again. */
struct writer {
    struct arena *arena;
    struct buf out;
    struct buf gathered;
    enum charset charset;
    bool after_word;
};

static void flush(struct writer *writer)
{
    add_in_charset(&writer->out, writer->charset, buf_slice(&writer->gathered));
    buf_truncate(&writer->gathered, 0);
}

static enum yett_err write_word(struct writer *writer, const struct encoded_word *word)
{
    slice bytes;
    enum yett_err err = decode(writer->arena, word, &bytes);
    if (err != YETT_OK) {
        return err;
    }
    if (word->charset != writer->charset) {
        flush(writer);
        writer->charset = word->charset;
    }
    buf_add(&writer->gathered, bytes);
    writer->after_word = true;
    return YETT_OK;
}

static size_t space_length(slice text)
{
    size_t len = 0;
    while (len < text.len && ascii_is_fws(text.ptr[len])) {
        len++;
    }
    return len;
}

/* Ordinary text up to where an encoded word may begin. */
static void write_plain(struct writer *writer, slice *in)
{
    size_t len = slice_find(slice_skip(*in, 1), SLICE("=?"));
    len = in->len == 0 ? 0 : len + 1;
    flush(writer);
    add_utf8(&writer->out, slice_first(*in, len));
    *in = slice_skip(*in, len);
    writer->after_word = false;
}

/* White space between two encoded words is not shown (section 6.2). */
static enum yett_err write_next(struct writer *writer, slice *in)
{
    struct encoded_word word;
    slice rest = *in;
    if (writer->after_word) {
        rest = slice_skip(rest, space_length(rest));
    }
    if (!take_encoded_word(&rest, &word)) {
        write_plain(writer, in);
        return YETT_OK;
    }
    enum yett_err err = write_word(writer, &word);
    if (err == YETT_BAD_SYNTAX) {
        write_plain(writer, in);
        return YETT_OK;
    }
    *in = rest;
    return err;
}

static enum yett_err decode_words(struct arena *arena, slice text, slice *out)
{
    struct writer writer = {.arena = arena, .charset = CHARSET_UTF_8};
    buf_init(&writer.out, arena, SIZE_MAX);
    buf_init(&writer.gathered, arena, SIZE_MAX);
    while (text.len != 0) {
        enum yett_err err = write_next(&writer, &text);
        if (err != YETT_OK) {
            return err;
        }
    }
    flush(&writer);
    if (buf_err(&writer.gathered) != YETT_OK) {
        return buf_err(&writer.gathered);
    }
    *out = buf_slice(&writer.out);
    return buf_err(&writer.out);
}

static bool is_plain(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_printable(text.ptr[i])) {
            return false;
        }
    }
    return slice_find(text, SLICE("=?")) == text.len;
}

enum yett_err message_unfold(struct arena *arena, slice value, slice *out)
{
    struct buf buf;
    value = slice_trim_fws(value);
    if (slice_find(value, SLICE("\r\n")) == value.len) {
        *out = value;
        return YETT_OK;
    }
    buf_init(&buf, arena, value.len);
    while (value.len != 0) {
        size_t at = slice_find(value, SLICE("\r\n"));
        buf_add(&buf, slice_first(value, at));
        value = slice_skip(value, at + 2);
    }
    *out = buf_slice(&buf);
    return buf_err(&buf);
}

enum yett_err message_display_text(struct arena *arena, slice value, slice *out)
{
    slice text;
    enum yett_err err = message_unfold(arena, value, &text);
    if (err != YETT_OK) {
        return err;
    }
    if (!is_plain(text)) {
        return decode_words(arena, text, out);
    }
    *out = text;
    return YETT_OK;
}
