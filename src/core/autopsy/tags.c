/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"

/* tags: what lists and gateways put into a Subject, and where. */

enum { TOKENS_MAX = 8, TAG_MAX = 80 };

struct token {
    size_t from;
    size_t to; /* white space behind it counted */
    bool is_reply;
};

/* ---- reading ---------------------------------------------------------------------------- */

static size_t reply_length(slice text)
{
    static const slice words[] = {
        SLICE_INIT("Re:"), SLICE_INIT("Fwd:"), SLICE_INIT("Fw:"),   SLICE_INIT("AW:"),
        SLICE_INIT("WG:"), SLICE_INIT("SV:"),  SLICE_INIT("Antw:"), SLICE_INIT("VS:")};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_starts_with_nocase(text, words[i])) {
            return words[i].len;
        }
    }
    return 0;
}

static size_t bracketed_length(slice text)
{
    static const struct {
        slice open, close;
    } pairs[] = {
        {SLICE_INIT("["),   SLICE_INIT("]")  },
        {SLICE_INIT("{"),   SLICE_INIT("}")  },
        {SLICE_INIT("("),   SLICE_INIT(")")  },
        {SLICE_INIT("<"),   SLICE_INIT(">")  },
        {SLICE_INIT("***"), SLICE_INIT("***")},
        {SLICE_INIT("**"),  SLICE_INIT("**") },
        {SLICE_INIT("*"),   SLICE_INIT("*")  },
        {SLICE_INIT("-"),   SLICE_INIT("-")  },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        slice rest = text;
        if (slice_take(&rest, pairs[i].open)) {
            rest = slice_first(rest, TAG_MAX);
            size_t at = slice_find(rest, pairs[i].close);
            if (at < rest.len) {
                return pairs[i].open.len + at + pairs[i].close.len;
            }
        }
    }
    return 0;
}

/* "EXTERNAL:", "SPAM:", "Caution -": a word that is none of the author's. */
static size_t word_length(slice text)
{
    size_t length = 0;
    while (length < text.len && ascii_is_upper(text.ptr[length])) {
        length++;
    }
    slice rest = slice_skip(text, length);
    if (length < 3 || rest.len == 0) {
        return 0;
    }
    return rest.ptr[0] == ':'                      ? length + 1
           : slice_starts_with(rest, SLICE(" - ")) ? length + 2
                                                   : 0;
}

static size_t with_space(slice text, size_t at)
{
    while (at < text.len && ascii_is_fws(text.ptr[at])) {
        at++;
    }
    return at;
}

static size_t read_tokens(slice text, struct token *tokens)
{
    size_t count = 0;
    for (size_t at = 0; count < TOKENS_MAX && at < text.len;) {
        slice rest = slice_skip(text, at);
        size_t reply = reply_length(rest);
        size_t length = reply != 0 ? reply : bracketed_length(rest);
        length = length != 0 ? length : word_length(rest);
        if (length == 0) {
            break;
        }
        size_t to = with_space(text, at + length);
        tokens[count++] = (struct token){.from = at, .to = to, .is_reply = reply != 0};
        at = to;
    }
    return count;
}

/* ---- proposing -------------------------------------------------------------------------- */

struct subject {
    struct autopsy_header *header;
    const struct autopsy_place *place;
    slice front; /* white space behind the colon */
    slice text;
    bool recode; /* the text was decoded: it was encoded in some way */
};

static void propose(const struct subject *at, const char *what, slice text)
{
    struct autopsy_header *header = at->header;
    slice value = AUTOPSY_JOIN(header, at->front, text);
    autopsy_propose(header, at->place, AUTOPSY_SUBJECT_TAGGED, AUTOPSY_RANK_LIKELY, what,
                    value);
    if (at->recode) {
        autopsy_propose_words(header, at->place, value, AUTOPSY_RANK_POSSIBLE, what);
    }
}

static slice without(const struct subject *at, size_t from, size_t to)
{
    return AUTOPSY_JOIN(at->header, slice_first(at->text, from),
                        slice_skip(at->text, to));
}

/* "[list] Re: x" was "Re: [list] x", or the other way round. */
static slice swapped(const struct subject *at, const struct token *a,
                     const struct token *b)
{
    slice space = slice_ends_with(slice_first(at->text, a->to), SLICE(" ")) ? SLICE_NONE
                                                                            : SLICE(" ");
    return AUTOPSY_JOIN(at->header, slice_first(at->text, a->from),
                        slice_between(at->text, b->from, b->to),
                        slice_between(at->text, a->from, a->to), space,
                        slice_skip(at->text, b->to));
}

static void propose_tokens(const struct subject *at)
{
    struct token tokens[TOKENS_MAX];
    size_t count = read_tokens(at->text, tokens);
    for (size_t i = 0; i < count; i++) {
        propose(at,
                tokens[i].is_reply ? "a word of replies was put in front"
                                   : "a tag was put in front",
                without(at, tokens[i].from, tokens[i].to));
    }
    for (size_t i = 1; i < count; i++) {
        propose(at, "tags were put in front", without(at, 0, tokens[i].to));
        propose(at, "a tag was moved", swapped(at, &tokens[i - 1], &tokens[i]));
    }
}

static void propose_tail(const struct subject *at)
{
    static const slice opens[] = {SLICE_INIT(" ["), SLICE_INIT(" ("), SLICE_INIT(" {"),
                                  SLICE_INIT(" ***")};
    static const char closes[] = "])}*";
    size_t length = at->text.len;
    for (size_t i = 0; i < 4; i++) {
        if (length == 0 || at->text.ptr[length - 1] != closes[i]) {
            continue;
        }
        for (size_t from = length - 1; from > 0 && length - from < TAG_MAX; from--) {
            if (slice_starts_with(slice_skip(at->text, from), opens[i])) {
                propose(at, "a tag was put behind", slice_first(at->text, from));
                return;
            }
        }
    }
}

void autopsy_propose_tags(struct autopsy_header *header,
                          const struct autopsy_place *place)
{
    slice value = place->field->value;
    slice text = autopsy_value_text(value);
    slice decoded = SLICE_NONE;
    struct subject subject = {
        .header = header,
        .place = place,
        .front = slice_first(value, text.len == 0 ? 0 : slice_offset(value, text)),
        .text = text};
    propose_tokens(&subject);
    propose_tail(&subject);
    if (slice_find(text, SLICE("=?")) < text.len &&
        message_display_text(header->work->arena, text, &decoded) == YETT_OK) {
        subject.text = slice_trim_fws(decoded);
        subject.recode = true;
        propose_tokens(&subject);
        propose_tail(&subject);
    }
}
