/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/domain/domain.h"
#include "core/signing/signing.h"

/*
 * file: plain files of domains and of logins, a line at a time.
 *
 * Strict, since what is skipped here is mail that goes out unsigned and nobody knows why.
 */
enum { SENTENCE_MAX = 1000, WORD_SHOWN = 100 };

static enum yett_err refuse(slice *why, const char *text)
{
    *why = slice_from_text(text);
    return YETT_BAD_SYNTAX;
}

/* "'word' is …" */
static enum yett_err refuse_word(struct arena *arena, slice word, const char *text,
                                 slice *why)
{
    struct buf buf;
    buf_init(&buf, arena, SENTENCE_MAX);
    buf_add_byte(&buf, '\'');
    buf_add_visible(&buf, slice_first(word, WORD_SHOWN));
    buf_add_text(&buf, word.len > WORD_SHOWN ? "…' " : "' ");
    buf_add_text(&buf, text);
    *why = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
}

/* The next line, trimmed, that is neither empty nor a comment. */
static enum yett_err next_line(struct signing_file *file, slice *out, slice *why)
{
    /* It would be a part of the first name, and nobody would see it there. */
    if (file->line == 0 && slice_starts_with(file->rest, SLICE("\xef\xbb\xbf"))) {
        file->line = 1;
        return refuse(why,
                      "the file begins with a byte order mark (EF BB BF); save it as "
                      "UTF-8 without");
    }
    while (file->rest.len != 0) {
        slice line;
        if (!slice_take_until(&file->rest, '\n', &line)) {
            line = file->rest;
            file->rest = SLICE_NONE;
        }
        file->line++;
        if (slice_ends_with(line, SLICE("\r"))) {
            line.len--;
        }
        if (line.len > SIGNING_LINE_MAX) {
            return refuse(why, "the line is longer than 8192 octets");
        }
        if (slice_has_byte(line, '\0') || slice_has_byte(line, '\r')) {
            return refuse(why,
                          "the line holds a control character: is this a text file?");
        }
        line = slice_trim_wsp(line);
        if (line.len != 0 && slice_peek(line) != '#') {
            *out = line;
            return YETT_OK;
        }
    }
    return YETT_NOT_FOUND;
}

/* The next word of a line; a comment ends it. */
static bool next_word(slice *line, slice *word)
{
    *line = slice_trim_wsp(*line);
    size_t length = 0;
    while (length < line->len && !ascii_is_wsp(line->ptr[length])) {
        length++;
    }
    if (length == 0 || slice_peek(*line) == '#') {
        return false;
    }
    *word = slice_first(*line, length);
    *line = slice_skip(*line, length);
    return true;
}

/* ---- domains ----------------------------------------------------------------------------- */

/* SELECTOR[=/path] */
static enum yett_err read_key(struct arena *arena, slice word,
                              struct signing_file_key *out, slice *why)
{
    slice whole = word;
    *out = (struct signing_file_key){.seals = slice_take(&word, SLICE("arc:"))};
    size_t equals = slice_find_byte(word, '=');
    slice selector = slice_first(word, equals);
    if (equals < word.len) {
        out->path = slice_skip(word, equals + 1);
        if (slice_peek(out->path) != '/') {
            return refuse_word(arena, whole, "names a file that does not begin with '/'",
                               why);
        }
    }
    enum yett_err err = domain_normalize(arena, selector, &out->selector);
    if (err == YETT_OK &&
        slice_find(out->selector, SLICE("_domainkey")) < out->selector.len) {
        return refuse_word(arena, whole,
                           "is more than a selector, which ends before ._domainkey", why);
    }
    return err != YETT_BAD_SYNTAX
               ? err
               : refuse_word(arena, whole,
                             "is no selector such as s2026r, with or without "
                             "=/path/of/key.pem behind it",
                             why);
}

/* d=DOMAIN; a path behind it makes it a selector of that name. */
static bool take_signer(slice word, slice *out)
{
    *out = word;
    return slice_take(out, SLICE("d=")) && slice_peek(*out) != '/';
}

static enum yett_err read_signer(struct arena *arena, slice text,
                                 struct signing_domain_line *out, slice *why)
{
    enum yett_err err = domain_normalize(arena, text, &out->domain);
    return err != YETT_BAD_SYNTAX
               ? err
               : refuse_word(arena, text, "is no domain to sign with (d=)", why);
}

static enum yett_err read_domain_word(struct arena *arena, slice word,
                                      struct signing_domain_line *out, bool *has_signer,
                                      slice *why)
{
    slice signer;
    if (take_signer(word, &signer)) {
        if (*has_signer) {
            return refuse(why, "d= stands twice");
        }
        *has_signer = true;
        return read_signer(arena, signer, out, why);
    }
    if (out->key_count == sizeof(out->keys) / sizeof(out->keys[0])) {
        return refuse(why, "there are more than eight keys");
    }
    enum yett_err err = read_key(arena, word, &out->keys[out->key_count], why);
    out->key_count += err == YETT_OK;
    return err;
}

enum yett_err signing_next_domain(struct arena *arena, struct signing_file *file,
                                  struct signing_domain_line *out, slice *why)
{
    slice line;
    slice word = SLICE_NONE;
    bool has_signer = false;
    enum yett_err err = next_line(file, &line, why);
    if (err != YETT_OK) {
        return err;
    }
    (void)next_word(&line, &word); /* there is one */
    *out = (struct signing_domain_line){0};
    const char *fault = signing_pattern_fault(arena, word, false, &out->pattern);
    if (fault != NULL) {
        return refuse_word(arena, word, fault, why);
    }
    out->domain = out->pattern;
    (void)slice_take(&out->domain, SLICE("*."));
    while (err == YETT_OK && next_word(&line, &word)) {
        err = read_domain_word(arena, word, out, &has_signer, why);
    }
    return err;
}

/* ---- logins ------------------------------------------------------------------------------ */

static bool take_login(slice *line, slice *login)
{
    if (!slice_take_byte(line, '"')) {
        return next_word(line, login);
    }
    return slice_take_until(line, '"', login) &&
           (line->len == 0 || ascii_is_wsp(slice_peek(*line)));
}

static size_t count_words(slice line)
{
    slice word;
    size_t count = 0;
    while (next_word(&line, &word)) {
        count++;
    }
    return count;
}

enum yett_err signing_next_login(struct arena *arena, struct signing_file *file,
                                 struct signing_login_line *out, slice *why)
{
    slice line, word;
    enum yett_err err = next_line(file, &line, why);
    if (err != YETT_OK) {
        return err;
    }
    *out = (struct signing_login_line){0};
    if (!take_login(&line, &out->login) || out->login.len == 0) {
        return refuse(why, "no login stands at the beginning of the line, or its "
                           "quotation mark is never closed");
    }
    if (out->login.len > SIGNING_LOGIN_MAX) {
        return refuse(why, "the login is longer than 255 octets");
    }
    size_t count = count_words(line);
    slice *patterns = ARENA_ARRAY(arena, count, slice);
    if (patterns == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < count && next_word(&line, &word); i++) {
        const char *fault = signing_pattern_fault(arena, word, true, &patterns[i]);
        if (fault != NULL) {
            return refuse_word(arena, word, fault, why);
        }
    }
    out->patterns = patterns;
    out->pattern_count = count;
    return YETT_OK;
}
