/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"
#include "core/base/ascii.h"

/* links: those that a gateway rewrote and that hold the old one in a form that can be read. */

enum link_form {
    LINK_PARAMETER,   /* percent-encoded in a parameter of the query */
    LINK_DASHED,      /* the same with "-" for "%" and "_" for "/" */
    LINK_UNDERSCORED, /* between "__" and "__;", special characters behind it */
    LINK_FRAMED,      /* as it was between "___" and "___." */
    LINK_BASE64,      /* in a parameter of the query */
    LINK_LAST         /* percent-encoded behind the last "/" */
};

static const struct link_rule {
    slice host; /* what follows "https://", a host name before it allowed */
    enum link_form form;
    slice parameter;
} rules[] = {
    {SLICE_INIT("safelinks.protection."),              LINK_PARAMETER,   SLICE_INIT("url=")},
    {SLICE_INIT("urldefense.com/v3/__"),               LINK_UNDERSCORED, SLICE_INIT("")    },
    {SLICE_INIT("urldefense.proofpoint.com/v2/"),      LINK_DASHED,      SLICE_INIT("u=")  },
    {SLICE_INIT("urldefense.proofpoint.com/v1/"),      LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("linkprotect.cudasvc.com/url"),        LINK_PARAMETER,   SLICE_INIT("a=")  },
    {SLICE_INIT("secure-web.cisco.com/"),              LINK_LAST,        SLICE_INIT("")    },
    {SLICE_INIT("/wis/clicktime/v1/query"),            LINK_PARAMETER,   SLICE_INIT("url=")},
    {SLICE_INIT(".protection.sophos.com"),             LINK_BASE64,      SLICE_INIT("u=")  },
    {SLICE_INIT(".fireeye.com/v1/url"),                LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("clicktime.symantec.com/"),            LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("atpscan.global.hornetsecurity.com/"), LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("url.avanan.click/v2/"),               LINK_FRAMED,      SLICE_INIT("")    },
    {SLICE_INIT("protect.checkpoint.com/v2/"),         LINK_FRAMED,      SLICE_INIT("")    },
    {SLICE_INIT("scanmail.trustwave.com/"),            LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("urlsand.esvalabs.com/"),              LINK_PARAMETER,   SLICE_INIT("u=")  },
    {SLICE_INIT("linklock.titanhq.com/"),              LINK_PARAMETER,   SLICE_INIT("url=")},
    {SLICE_INIT(".area1security.com/"),                LINK_PARAMETER,   SLICE_INIT("u=")  },
};

/* `LINK_COST`: of reading one, in octets hashed meanwhile. */
enum { LINK_MAX = 4096, LINK_COST = 1024 };

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

struct unlinker {
    struct autopsy_work *work;
    struct autopsy_out *out;
    size_t only;   /* a rule, or RULES: all */
    bool escaped;  /* "&" was "&amp;" in HTML */
    bool html;     /* … and this is such */
    bool decoded;  /* the text at hand: its offsets are none of the body */
    unsigned seen; /* a bit for each rule that was needed */
    size_t changed;
    size_t first;
};

static bool ends_link(char octet)
{
    return !ascii_is_vchar((unsigned char)octet) || octet == '"' || octet == '<' ||
           octet == '>' || octet == '\'';
}

static slice link_at(slice text)
{
    size_t length = 0;
    while (length < text.len && length < LINK_MAX && !ends_link(text.ptr[length])) {
        length++;
    }
    return slice_first(text, length);
}

static bool find_parameter(slice link, slice name, slice *value)
{
    size_t at = slice_find(link, name);
    while (at < link.len && at > 0 && link.ptr[at - 1] != '?' &&
           link.ptr[at - 1] != '&' && link.ptr[at - 1] != ';') {
        slice rest = slice_skip(link, at + 1);
        size_t next = slice_find(rest, name);
        at = next == rest.len ? link.len : at + 1 + next;
    }
    if (at >= link.len) {
        return false;
    }
    slice rest = slice_skip(link, at + name.len);
    *value = slice_first(rest, slice_find_byte(rest, '&'));
    return true;
}

static void add_dashed(struct autopsy_out *out, slice value)
{
    char text[LINK_MAX];
    for (size_t i = 0; i < value.len; i++) {
        char octet = value.ptr[i];
        text[i] = octet == '-' ? '%' : octet == '_' ? '/' : octet;
    }
    autopsy_decode_escapes(out, slice_of(text, value.len), '%');
}

/* "*" is the next of the characters behind it, "**A" the next two, "**B" the next three. */
static bool add_underscored(struct autopsy_out *out, slice link)
{
    char special[LINK_MAX];
    struct autopsy_out characters = {.ptr = special, .capacity = sizeof(special)};
    size_t end = slice_find(link, SLICE("__;"));
    slice text = slice_first(link, end);
    slice behind = slice_skip(link, end + 3);
    if (end == link.len) {
        return false;
    }
    autopsy_decode_base64(&characters, slice_first(behind, slice_find_byte(behind, '!')));
    slice left = autopsy_out_slice(&characters);
    while (text.len != 0) {
        size_t plain = slice_find_byte(text, '*');
        autopsy_out_add(out, slice_first(text, plain));
        text = slice_skip(text, plain);
        size_t count = text.len == 0 ? 0 : 1;
        if (slice_starts_with(text, SLICE("**")) && text.len > 2) {
            count = 2 + (size_t)(text.ptr[2] >= 'A' ? text.ptr[2] - 'A' : 0);
            text = slice_skip(text, 2);
        }
        text = slice_skip(text, 1);
        autopsy_out_add(out, slice_first(left, count));
        left = slice_skip(left, count);
    }
    return true;
}

static bool add_original(const struct link_rule *rule, slice link, size_t host,
                         struct autopsy_out *out)
{
    slice value = SLICE_NONE;
    switch (rule->form) {
    case LINK_PARAMETER:
    case LINK_DASHED:
        if (!find_parameter(link, rule->parameter, &value)) {
            return false;
        }
        if (rule->form == LINK_DASHED) {
            add_dashed(out, value);
        } else {
            autopsy_decode_escapes(out, value, '%');
        }
        break;
    case LINK_UNDERSCORED:
        return add_underscored(out, slice_skip(link, host + rule->host.len));
    case LINK_FRAMED:
        value = slice_skip(link, slice_find(link, SLICE("___")) + 3);
        autopsy_out_add(out, slice_first(value, slice_find(value, SLICE("___."))));
        break;
    case LINK_BASE64:
        if (!find_parameter(link, rule->parameter, &value)) {
            return false;
        }
        autopsy_decode_base64(out, value);
        break;
    case LINK_LAST:
        autopsy_decode_escapes(out, slice_skip(link, slice_find_last_byte(link, '/') + 1),
                               '%');
        break;
    }
    return out->len != 0;
}

static void add_link(struct unlinker *at, slice original)
{
    for (size_t i = 0; i < original.len; i++) {
        slice octet = slice_between(original, i, i + 1);
        autopsy_out_add(at->out,
                        at->html && octet.ptr[0] == '&' ? SLICE("&amp;") : octet);
    }
}

/* `"` behind a link, and what Safe Links writes there: ` originalsrc="…" shash="…"`. */
static bool take_attribute(slice *in, slice name, slice *value)
{
    slice rest = *in;
    if (!slice_take(&rest, name) || !slice_take_until(&rest, '"', value)) {
        return false;
    }
    *in = rest;
    return true;
}

static slice skip_saved(slice behind, slice *saved)
{
    slice rest = behind;
    slice hash;
    if (take_attribute(&rest, SLICE("\" originalsrc=\""), saved)) {
        (void)take_attribute(&rest, SLICE(" shash=\""), &hash);
        return rest;
    }
    return behind;
}

/* A link at the front of `text` that can be read; `*length` of it. */
static bool undo_link(struct unlinker *at, slice text, size_t *length)
{
    char room[LINK_MAX];
    slice link = link_at(text);
    slice front = slice_first(link, 100);
    for (size_t i = 0; i < RULES; i++) {
        struct autopsy_out original = {.ptr = room, .capacity = sizeof(room)};
        size_t host = slice_find(front, rules[i].host);
        slice saved = SLICE_NONE;
        if ((at->only != RULES && at->only != i) || host == front.len ||
            !add_original(&rules[i], link, host, &original)) {
            continue;
        }
        at->seen |= 1U << i;
        slice behind = slice_skip(text, link.len);
        slice rest = skip_saved(slice_first(behind, LINK_MAX), &saved);
        *length = link.len + slice_offset(behind, rest);
        if (*length == link.len) {
            add_link(at, autopsy_out_slice(&original));
        } else {
            autopsy_out_add(at->out, saved);
            autopsy_out_add(at->out, SLICE("\""));
        }
        return true;
    }
    return false;
}

static void undo_links(struct unlinker *at, slice text, size_t offset)
{
    static const slice scheme = SLICE_INIT("https://");
    slice rest = text;
    while (rest.len != 0) {
        size_t found = slice_find(rest, scheme);
        size_t length = scheme.len;
        autopsy_out_add(at->out, slice_first(rest, found));
        rest = slice_skip(rest, found);
        if (rest.len == 0 || !autopsy_spend(at->work, &at->work->body_left, LINK_COST)) {
            break;
        }
        if (undo_link(at, rest, &length)) {
            if (at->changed++ == 0) {
                at->first = offset + (at->decoded ? 0 : text.len - rest.len);
            }
        } else {
            autopsy_out_add(at->out, slice_first(rest, length));
        }
        rest = slice_skip(rest, length);
    }
}

/* ---- parts ------------------------------------------------------------------------------ */

/* The text of a part, decoded and encoded again if it must be. */
static bool undo_part(struct unlinker *at, const struct autopsy_part *part, slice content,
                      struct autopsy_out *body)
{
    struct autopsy_out decoded, undone;
    slice rest = content;
    slice line = SLICE_NONE;
    at->decoded = part->encoding != AUTOPSY_IDENTITY;
    at->html = part->is_html && at->escaped;
    if (!at->decoded) {
        at->out = body;
        undo_links(at, content, part->content);
        return true;
    }
    if (!autopsy_out_new(at->work, content.len, &decoded) ||
        !autopsy_out_new(at->work, content.len * 2, &undone)) {
        return false;
    }
    at->out = &undone;
    (void)autopsy_next_line(&rest, &line);
    if (part->encoding == AUTOPSY_BASE64) {
        autopsy_decode_base64(&decoded, content);
        undo_links(at, autopsy_out_slice(&decoded), part->content);
        autopsy_encode_base64(body, autopsy_out_slice(&undone),
                              rest.len == 0 ? 76 : autopsy_line_text(line).len);
        autopsy_out_add(body, slice_ends_with(content, SLICE("\r\n")) ? SLICE("\r\n")
                                                                      : SLICE_NONE);
    } else {
        autopsy_decode_quoted(&decoded, content);
        undo_links(at, autopsy_out_slice(&decoded), part->content);
        autopsy_encode_quoted(body, autopsy_out_slice(&undone));
    }
    return true;
}

static bool undo_parts(struct unlinker *at, slice body, const struct autopsy_parts *parts,
                       struct autopsy_out *out)
{
    size_t done = 0;
    if (!autopsy_spend(at->work, &at->work->body_left, body.len) ||
        !autopsy_out_new(at->work, body.len * 2 + 4096, out)) {
        return false;
    }
    for (size_t i = 0; i < parts->count; i++) {
        const struct autopsy_part *part = &parts->list[i];
        size_t changed = at->changed;
        size_t kept;
        if (!part->is_text || part->is_multipart || part->content < done ||
            part->encoding == AUTOPSY_OTHER_ENCODING) {
            continue;
        }
        autopsy_out_add(out, slice_between(body, done, part->content));
        kept = out->len;
        slice content = slice_between(body, part->content, part->end);
        if (!undo_part(at, part, content, out)) {
            return false;
        }
        if (at->changed == changed) { /* as it is */
            out->len = kept;
            autopsy_out_add(out, content);
        }
        done = part->end;
    }
    autopsy_out_add(out, slice_skip(body, done));
    return at->changed != 0;
}

/* ---- trying ----------------------------------------------------------------------------- */

static bool try_undone(struct unlinker *at, slice undone)
{
    struct autopsy_change change = {.kind = AUTOPSY_LINKS_REWRITTEN, .offset = at->first};
    change.text = autopsy_sentence(
        at->work,
        "links were rewritten by a gateway (%zu, the first at byte %zu of the body)",
        at->changed, at->first);
    return autopsy_try_rewritten(at->work, undone, &change) ||
           autopsy_try_sites_besides(at->work, undone, &change);
}

/* Rewritten links of one gateway, or of all that are known; `*seen` tells which there are. */
static bool try_gateway(struct autopsy_work *work, slice body,
                        const struct autopsy_parts *parts, size_t only, unsigned *seen)
{
    for (int escaped = 1; escaped >= 0; escaped--) {
        struct arena_mark mark = arena_mark(work->arena);
        struct autopsy_out out = {0};
        struct unlinker at = {.work = work, .escaped = escaped == 1, .only = only};
        if (undo_parts(&at, body, parts, &out) &&
            try_undone(&at, autopsy_out_slice(&out))) {
            return true;
        }
        *seen |= at.seen;
        arena_rewind(work->arena, mark);
    }
    return false;
}

bool autopsy_try_links(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts)
{
    unsigned seen = 0;
    if (try_gateway(work, body, parts, RULES, &seen)) {
        return true;
    }
    /* Links of another may have been there when the message was signed. */
    bool several = (seen & (seen - 1)) != 0;
    for (size_t i = 0; several && i < RULES && !work->ended; i++) {
        if ((seen >> i & 1) != 0 && try_gateway(work, body, parts, i, &seen)) {
            return true;
        }
    }
    return false;
}
