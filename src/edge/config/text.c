/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/text.h"

#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/base/utf8.h"

enum { DEPTH_MAX = 2, SENTENCE_MAX = 400 };

/* The token before, as far as it decides what may follow. */
enum token {
    TOKEN_NONE,
    TOKEN_WORD, /* a key, or the name of a block */
    TOKEN_INCLUDE,
    TOKEN_VALUE, /* a word behind = or += */
    TOKEN_STRING,
    TOKEN_ASSIGN, /* = += */
    TOKEN_INSIDE, /* , { ( */
    TOKEN_CLOSE   /* } ) */
};

/* include ( "file" ) is the only use of parentheses. */
enum paren { PAREN_NONE, PAREN_OPEN, PAREN_ARGUMENT };

struct scanner {
    struct arena *arena;
    slice in;
    char *out;
    size_t at; /* octets of `out` that are written */
    unsigned line;
    unsigned *opened;
    unsigned depth;
    unsigned begun[DEPTH_MAX]; /* lines of the open '{' */
    unsigned assigned;         /* line of the last '=' */
    enum token last;
    enum paren paren;
    slice *why;
};

static const char include_form[] =
    "include takes the name of one file: include(\"more.conf\")";

bool text_is_word_byte(int c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == ':' ||
           c == '/' || c == '@' || c == '%';
}

static enum yett_err refuse(struct scanner *s, const char *text)
{
    *s->why = slice_from_text(text);
    return YETT_BAD_SYNTAX;
}

/* The octet or character at the front, made visible, between `before` and `after`. */
static enum yett_err refuse_front(struct scanner *s, const char *before,
                                  const char *after)
{
    struct buf buf;
    size_t length = utf8_visible_length(s->in);
    buf_init(&buf, s->arena, SENTENCE_MAX);
    buf_add_text(&buf, before);
    buf_add_visible(&buf, slice_first(s->in, length == 0 ? 1 : length));
    buf_add_text(&buf, after);
    *s->why =
        buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE("a character is not allowed");
    return YETT_BAD_SYNTAX;
}

/* The number of another line between. */
static enum yett_err refuse_line(struct scanner *s, const char *before, unsigned line,
                                 const char *after)
{
    *s->why = arena_printf(s->arena, "%s%u%s", before, line, after);
    return s->why->ptr == NULL ? YETT_NO_MEMORY : YETT_BAD_SYNTAX;
}

static void copy(struct scanner *s, size_t count)
{
    memcpy(s->out + s->at, s->in.ptr, count);
    s->at += count;
    s->in = slice_skip(s->in, count);
}

static void blank(struct scanner *s, size_t count)
{
    memset(s->out + s->at, ' ', count);
    s->at += count;
    s->in = slice_skip(s->in, count);
}

static void end_line(struct scanner *s)
{
    copy(s, 1);
    s->line++;
}

/* Comments may hold any octets, of an old character set too, but no control characters. */
static bool is_control(int c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

static enum yett_err blank_one(struct scanner *s)
{
    int c = slice_peek(s->in);
    if (c == '\r' && slice_starts_with(s->in, SLICE("\r\n"))) {
        blank(s, 1);
        return YETT_OK;
    }
    if (is_control(c)) {
        return refuse_front(s, "a comment holds the control character ", "");
    }
    if (c == '\n') {
        end_line(s);
    } else {
        blank(s, 1);
    }
    return YETT_OK;
}

static enum yett_err line_comment(struct scanner *s)
{
    while (s->in.len != 0 && slice_peek(s->in) != '\n') {
        enum yett_err err = blank_one(s);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static enum yett_err block_comment(struct scanner *s)
{
    unsigned begun = s->line;
    blank(s, 2);
    while (!slice_starts_with(s->in, SLICE("*/"))) {
        if (s->in.len == 0) {
            s->line = begun;
            return refuse(s, "the comment that begins here with /* is never ended by */");
        }
        enum yett_err err = blank_one(s);
        if (err != YETT_OK) {
            return err;
        }
    }
    blank(s, 2);
    return YETT_OK;
}

/* Every argument of include() passes here. */
static enum yett_err note(struct scanner *s, enum token token)
{
    bool is_name = token == TOKEN_WORD || token == TOKEN_VALUE || token == TOKEN_STRING;
    if (s->paren == PAREN_ARGUMENT || (s->paren == PAREN_OPEN && !is_name)) {
        return refuse(s, include_form);
    }
    if (s->paren == PAREN_OPEN) {
        s->paren = PAREN_ARGUMENT;
    }
    s->last = token;
    return YETT_OK;
}

static enum yett_err quoted_string(struct scanner *s)
{
    int quote = slice_peek(s->in);
    if (s->last == TOKEN_INCLUDE) {
        return refuse(s, include_form);
    }
    if (s->last != TOKEN_WORD && s->last != TOKEN_ASSIGN && s->last != TOKEN_INSIDE) {
        return refuse(
            s, "a string is not expected here: it stands behind '=', in a list behind "
               "',' or as the title of a block");
    }
    enum yett_err err = note(s, TOKEN_STRING);
    if (err != YETT_OK) {
        return err;
    }
    copy(s, 1);
    while (slice_peek(s->in) != quote) {
        int c = slice_peek(s->in);
        size_t length = utf8_visible_length(s->in);
        if (c == -1 || c == '\n' || c == '\r') {
            return refuse(
                s, "the string that begins in this line does not end in it; its second "
                   "quotation mark is missing");
        }
        if (c == '\\') {
            int escaped = slice_peek(slice_skip(s->in, 1));
            if (escaped != quote && escaped != '\\') {
                return refuse(s,
                              "a backslash in a string stands before a quotation mark or "
                              "another backslash only");
            }
            length = 2;
        }
        if (quote == '"' && slice_starts_with(s->in, SLICE("${"))) {
            return refuse(
                s, "environment variables are not read: write the value, or put ${ "
                   "into '…' if it is meant as it stands");
        }
        if (length == 0) {
            const char *advice = advice_on_octets(s->in);
            return advice != NULL
                       ? refuse(s, advice)
                       : refuse_front(s, "a string holds ", ", which cannot be shown");
        }
        copy(s, length);
    }
    copy(s, 1);
    return YETT_OK;
}

static enum yett_err word(struct scanner *s)
{
    size_t length = 0;
    while (text_is_word_byte(slice_peek(slice_skip(s->in, length))) &&
           !slice_starts_with(slice_skip(s->in, length), SLICE("//")) &&
           !slice_starts_with(slice_skip(s->in, length), SLICE("/*"))) {
        length++;
    }
    enum token token = TOKEN_WORD;
    if (s->last == TOKEN_ASSIGN) {
        token = TOKEN_VALUE;
    } else if (slice_eq(slice_first(s->in, length), SLICE("include"))) {
        token = TOKEN_INCLUDE;
    }
    enum yett_err err = note(s, token);
    if (err == YETT_OK) {
        copy(s, length);
    }
    return err;
}

static enum yett_err open_brace(struct scanner *s)
{
    if (s->depth == DEPTH_MAX) {
        return refuse_line(s, "a '{' too many: the one in line ", s->begun[0],
                           " is not closed before, and blocks hold keys and lists, "
                           "nothing deeper");
    }
    s->begun[s->depth++] = s->line;
    return YETT_OK;
}

static enum yett_err close_brace(struct scanner *s)
{
    if (s->depth == 0) {
        return refuse(s, "a '}' too many: no block and no list is open here");
    }
    s->depth--;
    if (s->depth == 0 && s->opened[s->line] == 0) {
        s->opened[s->line] = s->begun[0];
    }
    return YETT_OK;
}

static enum yett_err open_paren(struct scanner *s)
{
    if (s->last != TOKEN_INCLUDE || s->depth != 0) {
        return refuse(s, "a '(' stands only behind include, outside of any block");
    }
    s->paren = PAREN_OPEN;
    return YETT_OK;
}

static enum yett_err close_paren(struct scanner *s)
{
    if (s->paren != PAREN_ARGUMENT) {
        return refuse(s, "a ')' ends the name of a file that is included, nothing else: "
                         "include(\"more.conf\")");
    }
    s->paren = PAREN_NONE;
    return YETT_OK;
}

static enum token token_of_sign(int c)
{
    if (c == '=' || c == '+') {
        return TOKEN_ASSIGN;
    }
    return c == '}' || c == ')' ? TOKEN_CLOSE : TOKEN_INSIDE;
}

static enum yett_err sign(struct scanner *s)
{
    int c = slice_peek(s->in);
    enum yett_err err = YETT_OK;
    if (c == '(') {
        err = open_paren(s);
    } else if (c == ')') {
        err = close_paren(s);
    } else if (c == '{') {
        err = open_brace(s);
    } else if (c == '}') {
        err = close_brace(s);
    }
    if (err == YETT_OK && c != '(') {
        err = note(s, token_of_sign(c));
    }
    if (err == YETT_OK) {
        s->last = token_of_sign(c);
        s->assigned = s->last == TOKEN_ASSIGN ? s->line : s->assigned;
        copy(s, c == '+' ? 2 : 1);
    }
    return err;
}

static bool is_sign(slice in)
{
    int c = slice_peek(in);
    return c == '{' || c == '}' || c == '(' || c == ')' || c == ',' || c == '=' ||
           slice_starts_with(in, SLICE("+="));
}

/* Nothing but white space stands before it in its line. */
static bool begins_line(const struct scanner *s)
{
    size_t at = s->at;
    while (at > 0 && ascii_is_wsp(s->out[at - 1])) {
        at--;
    }
    return at == 0 || s->out[at - 1] == '\n';
}

static enum yett_err unexpected(struct scanner *s)
{
    const char *advice = advice_on_front(s->in, begins_line(s));
    return advice != NULL
               ? refuse(s, advice)
               : refuse_front(s, "the character ",
                              " is not expected here; values with signs in them are "
                              "written in \"quotation marks\"");
}

static enum yett_err next_token(struct scanner *s)
{
    int c = slice_peek(s->in);
    if (c == '\n') {
        end_line(s);
        return YETT_OK;
    }
    if (ascii_is_wsp(c) || slice_starts_with(s->in, SLICE("\r\n"))) {
        blank(s, 1);
        return YETT_OK;
    }
    if (slice_starts_with(s->in, SLICE("//")) && s->at > 0 && s->out[s->at - 1] == ':') {
        return refuse(s, "// begins a comment: an address such as http://example.com/ is "
                         "written in \"quotation marks\"");
    }
    if (c == '#' || slice_starts_with(s->in, SLICE("//"))) {
        return line_comment(s);
    }
    if (slice_starts_with(s->in, SLICE("/*"))) {
        return block_comment(s);
    }
    if (c == '"' || c == '\'') {
        return quoted_string(s);
    }
    if ((c == '}' && s->last == TOKEN_ASSIGN) ||
        (c == '=' && s->last == TOKEN_VALUE && s->assigned != s->line)) {
        s->line = s->assigned;
        return refuse(s, "no value stands behind the '=' in this line; an empty one is "
                         "written \"\"");
    }
    if ((c == '=' || c == '+') && s->last == TOKEN_STRING) {
        return refuse(s, "the name of a key is written without quotation marks");
    }
    if (is_sign(s->in)) {
        return sign(s);
    }
    if (slice_starts_with(s->in, SLICE("--")) && begins_line(s)) {
        return unexpected(s);
    }
    if (text_is_word_byte(c)) {
        return word(s);
    }
    return unexpected(s);
}

static enum yett_err scan(struct scanner *s)
{
    const char *advice = advice_on_file(s->in);
    if (advice != NULL) {
        return refuse(s, advice);
    }
    while (s->in.len != 0) {
        enum yett_err err = next_token(s);
        if (err != YETT_OK) {
            return err;
        }
    }
    if (s->depth != 0) {
        s->line = s->begun[s->depth - 1];
        return refuse(s, "the '{' in this line is never closed: its '}' is missing");
    }
    if (s->paren != PAREN_NONE) {
        return refuse(s, include_form);
    }
    return YETT_OK;
}

enum yett_err text_clean(struct arena *arena, slice raw, struct text *out, unsigned *line,
                         slice *why)
{
    unsigned lines = (unsigned)slice_count_byte(raw, '\n') + 1;
    struct scanner s = {.arena = arena,
                        .in = raw,
                        .out = arena_alloc(arena, raw.len + 1),
                        .line = 1,
                        .opened = ARENA_ARRAY(arena, lines + 1, unsigned),
                        .why = why};
    if (s.out == NULL || s.opened == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = scan(&s);
    if (err != YETT_OK) {
        *line = s.line;
        return err;
    }
    s.out[s.at] = '\0';
    *out =
        (struct text){.clean = slice_of(s.out, s.at), .opened = s.opened, .lines = lines};
    return YETT_OK;
}

slice text_line(const struct text *text, unsigned number)
{
    slice rest = text->clean;
    slice line = SLICE_NONE;
    for (unsigned i = 0; i < number && slice_next_piece(&rest, '\n', &line); i++) {
    }
    return slice_trim_fws(line);
}
