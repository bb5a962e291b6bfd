/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/evaluation.h"

/*
 * words: sentences for people, from templates, with hostile bytes made visible and cut.
 */

enum {
    SENTENCE_MAX = 4096, /* a chain of ten includes with long names has half of it */
    SHOWN_MAX = 100      /* octets of a name or a term */
};

/* ---- names -------------------------------------------------------------------------- */

const char *spf_code_text(enum spf_code code)
{
    switch (code) {
    case SPF_NONE:
        return "none";
    case SPF_NEUTRAL:
        return "neutral";
    case SPF_PASS:
        return "pass";
    case SPF_FAIL:
        return "fail";
    case SPF_SOFTFAIL:
        return "softfail";
    case SPF_TEMPERROR:
        return "temperror";
    case SPF_PERMERROR:
        return "permerror";
    }
    return "none";
}

const char *spf_scope_text(enum spf_scope scope)
{
    switch (scope) {
    case SPF_SCOPE_MAIL_FROM:
        return "mfrom";
    case SPF_SCOPE_HELO:
        return "helo";
    }
    return "mfrom";
}

/* ---- templates ---------------------------------------------------------------------- */

static void add_shown(struct buf *buf, slice hostile)
{
    buf_add_visible(buf, slice_first(hostile, SHOWN_MAX));
    buf_add_text(buf, hostile.len > SHOWN_MAX ? "..." : "");
}

static void add_status(struct buf *buf, const struct dns_answer *answer)
{
    buf_add_text(buf, dns_status_text(answer->status));
    if (!slice_is_empty(answer->detail)) {
        buf_add_text(buf, " (");
        add_shown(buf, answer->detail);
        buf_add_byte(buf, ')');
    }
}

static void add_place(struct spf_evaluation *ev, struct buf *buf, char place,
                      const struct spf_words *words)
{
    switch (place) {
    case 'n':
        add_shown(buf, words->name);
        break;
    case 'a':
        ip_write(buf, words->address);
        break;
    case 'c':
        ip_write(buf, ev->ip);
        break;
    case 'u':
        buf_add_uint(buf, words->number);
        break;
    case 'm':
        buf_add_uint(buf, words->maximum);
        break;
    case 't':
        buf_add_text(buf, dns_type_text(words->type));
        break;
    case 's':
        add_status(buf, words->answer);
        break;
    default: /* our own templates have no other */
        break;
    }
}

void spf_words_init(struct spf_evaluation *ev, struct buf *buf)
{
    buf_init(buf, ev->arena, SENTENCE_MAX);
}

void spf_words_add(struct spf_evaluation *ev, struct buf *buf, const char *template,
                   const struct spf_words *words)
{
    slice rest = slice_from_text(template);
    while (!slice_is_empty(rest)) {
        size_t at = slice_find_byte(rest, '$');
        buf_add(buf, slice_first(rest, at));
        rest = slice_skip(rest, at);
        if (slice_take_byte(&rest, '$')) {
            add_place(ev, buf, (char)slice_peek(rest), words);
            rest = slice_skip(rest, 1);
        }
    }
}

enum yett_err spf_words_end(const struct buf *buf, slice *out)
{
    if (buf_err(buf) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }
    *out = buf_slice(buf);
    return YETT_OK;
}

enum yett_err spf_say(struct spf_evaluation *ev, const char *template,
                      const struct spf_words *words, slice *out)
{
    struct buf buf;
    spf_words_init(ev, &buf);
    spf_words_add(ev, &buf, template, words);
    return spf_words_end(&buf, out);
}

/* ---- sentences ---------------------------------------------------------------------- */

/* "example.org's record has include:a.test, whose record has include:b.test, whose record" */
static void add_chain(struct spf_evaluation *ev, struct buf *buf, const slice *includes,
                      size_t count)
{
    add_shown(buf, ev->identity.domain);
    buf_add_text(buf, "'s record");
    for (size_t i = 0; i < count; i++) {
        buf_add_text(buf, " has ");
        add_shown(buf, includes[i]);
        buf_add_text(buf, ", whose record");
    }
}

enum yett_err spf_sentence(struct spf_evaluation *ev, const struct spf_decision *decision,
                           const slice *includes, size_t include_count, slice *out)
{
    if (decision->shape == SPF_SENTENCE) {
        *out = decision->note;
        return YETT_OK;
    }
    struct buf buf;
    spf_words_init(ev, &buf);
    add_chain(ev, &buf, includes, include_count);
    if (decision->shape == SPF_TERM_SAYS) {
        buf_add_text(&buf, " has ");
        add_shown(&buf, decision->term);
        buf_add_byte(&buf, ',');
    }
    buf_add_byte(&buf, ' ');
    buf_add(&buf, decision->note);
    return spf_words_end(&buf, out);
}
