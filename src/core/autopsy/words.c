/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"
#include "core/base/utf8.h"

/* words: encoded words (RFC 2047) in another form, or none. */

enum { WORD_MAX = 75, TEXT_MAX = 1000 };

/* ---- one word --------------------------------------------------------------------------- */

struct word {
    slice charset;
    char encoding;
    slice payload;
    slice whole;
};

static bool take_word(slice text, struct word *out)
{
    slice rest = text;
    slice encoding;
    if (!slice_take(&rest, SLICE("=?")) || !slice_take_until(&rest, '?', &out->charset) ||
        !slice_take_until(&rest, '?', &encoding) || encoding.len != 1) {
        return false;
    }
    size_t end = slice_find(rest, SLICE("?="));
    if (end == rest.len) {
        return false;
    }
    out->encoding = ascii_upper(encoding.ptr[0]);
    out->payload = slice_first(rest, end);
    out->whole = slice_first(text, text.len - rest.len + end + 2);
    return out->encoding == 'B' || out->encoding == 'Q';
}

static void decode_word(const struct word *word, struct autopsy_out *out)
{
    char plain[TEXT_MAX];
    if (word->encoding == 'B') {
        autopsy_decode_base64(out, word->payload);
        return;
    }
    struct autopsy_out spaces = {.ptr = plain, .capacity = sizeof(plain)};
    for (size_t i = 0; i < word->payload.len; i++) {
        slice octet = slice_between(word->payload, i, i + 1);
        autopsy_out_add(&spaces, octet.ptr[0] == '_' ? SLICE(" ") : octet);
    }
    autopsy_decode_escapes(out, autopsy_out_slice(&spaces), '=');
}

struct style {
    const char *charset; /* NULL: that of the word at hand */
    char encoding;
    bool strict;  /* what RFC 2047 section 5 allows in a phrase */
    size_t first; /* length of the first word at most, of the others; 0: all in one */
    size_t others;
};

static bool is_plain(char octet, bool strict)
{
    if (strict) {
        return ascii_is_alnum(octet) || octet == '!' || octet == '*' || octet == '+' ||
               octet == '-' || octet == '/';
    }
    return ascii_is_vchar((unsigned char)octet) && octet != '=' && octet != '?' &&
           octet != '_';
}

static void encode_q(struct buf *buf, slice text, bool strict)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.ptr[i];
        if (octet == ' ') {
            buf_add_byte(buf, '_');
        } else if (is_plain((char)octet, strict)) {
            buf_add_byte(buf, (char)octet);
        } else {
            buf_add_byte(buf, '=');
            buf_add_byte(buf, digits[octet >> 4]);
            buf_add_byte(buf, digits[octet & 15]);
        }
    }
}

static size_t encoded_length(slice text, const struct style *style)
{
    size_t length = 0;
    if (ascii_upper(style->encoding) == 'B') {
        return (text.len + 2) / 3 * 4;
    }
    for (size_t i = 0; i < text.len; i++) {
        length += text.ptr[i] == ' ' || is_plain(text.ptr[i], style->strict) ? 1 : 3;
    }
    return length;
}

static void add_word(struct buf *buf, slice charset, const struct style *style,
                     slice text)
{
    char room[TEXT_MAX * 2];
    buf_add_text(buf, "=?");
    buf_add(buf, charset);
    buf_add_byte(buf, '?');
    buf_add_byte(buf, style->encoding);
    buf_add_byte(buf, '?');
    if (ascii_upper(style->encoding) == 'B') {
        struct autopsy_out out = {.ptr = room, .capacity = sizeof(room)};
        autopsy_encode_base64(&out, text, 0);
        buf_add(buf, autopsy_out_slice(&out));
    } else {
        encode_q(buf, text, style->strict);
    }
    buf_add_text(buf, "?=");
}

/* Whole characters that make a word of at most `room` octets; one at least. */
static slice take_piece(slice text, const struct style *style, size_t room)
{
    size_t taken = 0;
    while (taken < text.len) {
        uint32_t code_point;
        size_t length = utf8_character(slice_skip(text, taken), &code_point);
        length = length == 0 ? 1 : length;
        if (taken != 0 &&
            encoded_length(slice_first(text, taken + length), style) > room) {
            break;
        }
        taken += length;
    }
    return slice_first(text, taken);
}

static void add_words(struct buf *buf, slice charset, const struct style *style,
                      slice text)
{
    size_t overhead = charset.len + 7;
    size_t room = style->first == 0 ? TEXT_MAX * 4 : style->first - overhead;
    while (text.len != 0) {
        slice piece = take_piece(text, style, room);
        add_word(buf, charset, style, piece);
        text = slice_skip(text, piece.len);
        if (text.len != 0) {
            buf_add_text(buf, "\r\n ");
        }
        room = style->others - overhead;
    }
}

/* ---- values ----------------------------------------------------------------------------- */

struct value {
    struct autopsy_header *header;
    const struct autopsy_place *place;
    enum autopsy_rank rank;
    const char *what;
    enum autopsy_kind kind;
    slice before; /* what is not encoded: white space, an address */
    slice after;
    slice charset;
};

static void propose(const struct value *at, slice text)
{
    struct autopsy_header *header = at->header;
    autopsy_propose(header, at->place, at->kind, at->rank, at->what,
                    AUTOPSY_JOIN(header, at->before, text, at->after));
}

struct styles {
    const struct style *list;
    size_t count;
};

static void propose_styles(const struct value *at, slice text, struct styles styles)
{
    size_t name = at->place->field->name.len + 2;
    name = name > 20 ? 20 : name;
    /* What RFC 2047 section 2 allows, with the name counted or not; Python's lines of 78. */
    const size_t lengths[][2] = {
        {0,         0       },
        {WORD_MAX,  WORD_MAX},
        {78 - name, 77      },
        {76 - name, WORD_MAX}
    };
    for (size_t length = 0; length < sizeof(lengths) / sizeof(lengths[0]); length++) {
        for (size_t i = 0; i < styles.count; i++) {
            struct style style = styles.list[i];
            slice charset =
                style.charset == NULL ? at->charset : slice_from_text(style.charset);
            struct buf buf;
            style.first = lengths[length][0];
            style.others = lengths[length][1];
            buf_init(&buf, at->header->work->arena, SIZE_MAX);
            if (charset.len == 0 || charset.len > 30) {
                continue;
            }
            add_words(&buf, charset, &style, text);
            if (buf_err(&buf) == YETT_OK) {
                propose(at, buf_slice(&buf));
            }
        }
    }
}

#define STYLES(list) ((struct styles){(list), sizeof(list) / sizeof((list)[0])})

/* The text as it is, then from UTF-8 to what it may have been, or back. */
static void propose_encoded(const struct value *at, slice text)
{
    static const struct style own[] = {
        {NULL, 'B', false, 0, 0},
        {NULL, 'Q', false, 0, 0},
        {NULL, 'Q', true,  0, 0},
    };
    static const struct style unicode[] = {
        {"utf-8", 'b', false, 0, 0},
        {"utf-8", 'q', true,  0, 0},
        {"utf-8", 'q', false, 0, 0},
        {"UTF-8", 'B', false, 0, 0},
        {"UTF-8", 'Q', true,  0, 0},
        {"UTF-8", 'Q', false, 0, 0},
        {"utf-8", 'B', false, 0, 0},
        {"utf-8", 'Q', true,  0, 0},
        {"utf-8", 'Q', false, 0, 0},
    };
    static const struct style western[] = {
        {"iso-8859-1",   'Q', false, 0, 0},
        {"iso-8859-1",   'Q', true,  0, 0},
        {"iso-8859-1",   'B', false, 0, 0},
        {"iso-8859-1",   'q', true,  0, 0},
        {"ISO-8859-1",   'Q', false, 0, 0},
        {"ISO-8859-1",   'Q', true,  0, 0},
        {"ISO-8859-1",   'B', false, 0, 0},
        {"windows-1252", 'Q', false, 0, 0},
        {"windows-1252", 'Q', true,  0, 0},
        {"windows-1252", 'B', false, 0, 0},
    };
    char room[TEXT_MAX * 3];
    struct autopsy_out out = {.ptr = room, .capacity = sizeof(room)};
    propose_styles(at, text, STYLES(own));
    propose_styles(at, text, STYLES(unicode));
    if (text.len <= TEXT_MAX / 2 && autopsy_to_western(&out, text)) {
        propose_styles(at, autopsy_out_slice(&out), STYLES(western));
    }
    out.len = 0;
    if (text.len <= TEXT_MAX / 3 &&
        (slice_starts_with_nocase(at->charset, SLICE("iso-8859-1")) ||
         slice_eq_nocase(at->charset, SLICE("windows-1252"))) &&
        autopsy_from_western(&out, text)) {
        propose(at, autopsy_out_slice(&out));
        propose_styles(at, autopsy_out_slice(&out), STYLES(unicode));
    }
}

/* All words of a value decoded; white space between two words goes (section 6.2). */
static slice decode_all(struct value *at, slice text, struct autopsy_out *out)
{
    bool after_word = false;
    while (text.len != 0) {
        struct word word;
        if (after_word && ascii_is_fws(text.ptr[0])) {
            slice rest = text;
            while (rest.len != 0 && ascii_is_fws(rest.ptr[0])) {
                rest = slice_skip(rest, 1);
            }
            if (take_word(rest, &word)) {
                text = rest;
            }
        }
        after_word = take_word(text, &word);
        if (after_word) {
            at->charset = at->charset.len == 0 ? word.charset : at->charset;
            decode_word(&word, out);
            text = slice_skip(text, word.whole.len);
        } else {
            autopsy_out_add(out, slice_first(text, 1));
            text = slice_skip(text, 1);
        }
    }
    return autopsy_out_slice(out);
}

/* Each word by itself in the other encoding, or its labels in another case. */
static slice recode_each(const struct value *at, slice text, char encoding, bool strict,
                         bool lower)
{
    struct buf buf;
    buf_init(&buf, at->header->work->arena, SIZE_MAX);
    while (text.len != 0) {
        struct word word;
        char room[TEXT_MAX], name[32];
        if (!take_word(text, &word) || word.charset.len > sizeof(name)) {
            buf_add_byte(&buf, text.ptr[0]);
            text = slice_skip(text, 1);
            continue;
        }
        struct autopsy_out out = {.ptr = room, .capacity = sizeof(room)};
        char used = encoding == 0 ? word.encoding : encoding;
        struct style style = {.encoding = lower ? ascii_lower(used) : used,
                              .strict = strict};
        for (size_t i = 0; i < word.charset.len; i++) {
            name[i] = lower ? ascii_lower(word.charset.ptr[i])
                            : ascii_upper(word.charset.ptr[i]);
        }
        decode_word(&word, &out);
        add_word(&buf, slice_of(name, word.charset.len), &style, autopsy_out_slice(&out));
        text = slice_skip(text, word.whole.len);
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

static void propose_recoded(const struct value *at, slice text)
{
    static const char encodings[] = {'B', 'Q', 0};
    for (size_t i = 0; i < sizeof(encodings); i++) {
        for (unsigned flags = 0; flags < 4; flags++) {
            propose(at, recode_each(at, text, encodings[i], (flags & 1) != 0,
                                    (flags & 2) != 0));
        }
    }
}

static bool has_eight_bit(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > 127) {
            return true;
        }
    }
    return false;
}

/* Of addresses only what stands before the first "<" is words. */
static void cut_phrase(struct value *at, slice *text)
{
    static const char *const names[] = {"From", "To", "Cc", "Reply-To", "Sender"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t end = slice_find_byte(*text, '<');
        if (autopsy_is_named(at->place, names[i]) && end < text->len) {
            slice phrase = slice_trim_fws(slice_first(*text, end));
            at->after = AUTOPSY_JOIN(at->header, SLICE(" "), slice_skip(*text, end));
            *text = phrase;
        }
    }
}

static slice unquoted(slice text)
{
    slice inner = text;
    return slice_take_byte(&inner, '"') && slice_ends_with(inner, SLICE("\""))
               ? slice_first(inner, inner.len - 1)
               : text;
}

void autopsy_propose_words(struct autopsy_header *header,
                           const struct autopsy_place *place, slice value,
                           enum autopsy_rank rank, const char *what)
{
    bool tagged = what != NULL;
    char room[TEXT_MAX * 2];
    struct autopsy_out out = {.ptr = room, .capacity = sizeof(room)};
    slice text = autopsy_value_text(value);
    struct value at = {.header = header,
                       .place = place,
                       .rank = rank,
                       .what = tagged ? what : "its encoded words got another form",
                       .kind = tagged ? AUTOPSY_SUBJECT_TAGGED : AUTOPSY_WORDS_RECODED};
    if (text.len == 0 || text.len > TEXT_MAX) {
        return;
    }
    at.before = slice_first(value, slice_offset(value, text));
    cut_phrase(&at, &text);
    bool encoded = slice_find(text, SLICE("=?")) < text.len;
    if (encoded) {
        propose_recoded(&at, text);
        text = decode_all(&at, text, &out);
        propose(&at, text);
        propose_encoded(&at, text);
    } else if (has_eight_bit(text)) {
        propose_encoded(&at, unquoted(text));
    }
}
