/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/message/lex.h"

#include "core/base/ascii.h"

/* Nobody nests comments deeper than two; a bound costs nothing. */
enum { COMMENT_DEPTH_MAX = 32 };

int lex_peek(const struct lex *lex)
{
    return slice_peek(slice_skip(lex->in, lex->at));
}

bool lex_is_atext(int c)
{
    static const slice punctuation = SLICE_INIT("!#$%&'*+-/=?^_`{|}~");
    return c >= 0x80 || ascii_is_alnum(c) ||
           (c > 0 && slice_has_byte(punctuation, (char)c));
}

bool lex_fail(struct lex *lex, const char *why)
{
    lex->why = why;
    return false;
}

/* White space, and a line end in front of white space. */
static bool skip_fws(struct lex *lex)
{
    for (;;) {
        int c = lex_peek(lex);
        if (c == '\r' || c == '\n') {
            slice rest = slice_skip(lex->in, lex->at);
            if (!slice_starts_with(rest, SLICE("\r\n")) ||
                !ascii_is_wsp(slice_peek(slice_skip(rest, 2)))) {
                return lex_fail(lex, "a carriage return or line feed that folds no line");
            }
            lex->at += 2;
        } else if (ascii_is_wsp(c)) {
            lex->at++;
        } else {
            return true;
        }
    }
}

/* One octet within quotes or parentheses, or a backslash with what it quotes. */
static bool skip_content(struct lex *lex)
{
    int c = lex_peek(lex);
    if (c == '\\') {
        lex->at++;
        c = lex_peek(lex);
    }
    if (c < 0) {
        return true; /* the caller names what is missing */
    }
    if (!ascii_is_printable(c) && c != '\t' && c < 0x80) {
        return lex_fail(lex, c == 0 ? "a NUL octet" : "a control character");
    }
    lex->at++;
    return true;
}

static bool skip_comment(struct lex *lex)
{
    size_t depth = 0;
    do {
        if (!skip_fws(lex)) {
            return false;
        }
        int c = lex_peek(lex);
        if (c < 0) {
            return lex_fail(lex, "a comment that is not closed");
        }
        if (lex->strict && (c == '@' || c == '<' || c == '>')) {
            return lex_fail(lex,
                            "a comment with what some readers take for an address in it");
        }
        if (c == '(' && ++depth > COMMENT_DEPTH_MAX) {
            return lex_fail(lex, "comments nested too deeply");
        }
        if (c == ')') {
            depth--;
        }
        if (!skip_content(lex)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool lex_skip_cfws(struct lex *lex)
{
    if (!skip_fws(lex)) {
        return false;
    }
    while (lex_peek(lex) == '(') {
        if (!skip_comment(lex) || !skip_fws(lex)) {
            return false;
        }
    }
    return true;
}

/*
 * Readers that do not know the backslash end the string at the first quote.  That shows only
 * where an angle bracket stands in it, too.
 */
static bool is_read_in_two_ways(slice quoted)
{
    return slice_find(quoted, SLICE("\\\"")) < quoted.len && slice_has_byte(quoted, '<');
}

bool lex_skip_quoted(struct lex *lex)
{
    size_t from = lex->at++;
    for (;;) {
        if (!skip_fws(lex)) {
            return false;
        }
        int c = lex_peek(lex);
        if (c < 0) {
            return lex_fail(lex, "a quoted string that is not closed");
        }
        if (!skip_content(lex)) {
            return false;
        }
        if (c == '"') {
            break;
        }
    }
    if (lex->strict && is_read_in_two_ways(slice_between(lex->in, from, lex->at))) {
        lex->at = from;
        return lex_fail(lex,
                        "a quoted string with an escaped quote and an angle bracket, "
                        "which readers take apart in different ways");
    }
    return true;
}

void lex_skip_atom(struct lex *lex)
{
    while (lex_is_atext(lex_peek(lex))) {
        lex->at++;
    }
}

void lex_unquote(struct buf *buf, slice quoted)
{
    slice in = slice_between(quoted, 1, quoted.len - 1);
    while (in.len != 0) {
        if (in.ptr[0] == '\\' && in.len > 1) {
            in = slice_skip(in, 1);
        } else if (in.ptr[0] == '\r' || in.ptr[0] == '\n') {
            in = slice_skip(in, 1);
            continue;
        }
        buf_add_byte(buf, in.ptr[0]);
        in = slice_skip(in, 1);
    }
}
