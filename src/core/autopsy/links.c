/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"
#include "core/base/ascii.h"

/* links: those that a gateway rewrote and that hold the old one in a form that can be read. */

enum link_form {
    LINK_PARAMETER,   /* percent-encoded in a parameter of the query */
    LINK_DASHED,      /* the same with "-" for "%" and "_" for "/" */
    LINK_UNDERSCORED, /* between "__" and "__;", special characters behind it */
    LINK_LAST         /* percent-encoded behind the last "/" */
};

static const struct link_rule {
    slice host; /* what follows "https://", a host name before it allowed */
    enum link_form form;
    slice parameter;
} rules[] = {
    {SLICE_INIT("safelinks.protection.outlook.com/"), LINK_PARAMETER,   SLICE_INIT("url=")},
    {SLICE_INIT("urldefense.com/v3/__"),              LINK_UNDERSCORED, SLICE_INIT("")    },
    {SLICE_INIT("urldefense.proofpoint.com/v2/"),     LINK_DASHED,      SLICE_INIT("u=")  },
    {SLICE_INIT("linkprotect.cudasvc.com/url"),       LINK_PARAMETER,   SLICE_INIT("a=")  },
    {SLICE_INIT("secure-web.cisco.com/"),             LINK_LAST,        SLICE_INIT("")    },
};

/* `LINK_COST`: of reading one, in octets hashed meanwhile. */
enum { LINK_MAX = 4096, LINK_COST = 1024 };

struct unlinker {
    struct autopsy_work *work;
    struct autopsy_out out;
    bool html; /* "&" was "&amp;" */
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
        autopsy_out_add(&at->out,
                        at->html && octet.ptr[0] == '&' ? SLICE("&amp;") : octet);
    }
}

/* A link at the front of `text` that can be read; `*length` of it. */
static bool undo_link(struct unlinker *at, slice text, size_t *length)
{
    char room[LINK_MAX];
    slice link = link_at(text);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct autopsy_out original = {.ptr = room, .capacity = sizeof(room)};
        size_t host = slice_find(slice_first(link, 100), rules[i].host);
        if (host < slice_first(link, 100).len &&
            add_original(&rules[i], link, host, &original)) {
            add_link(at, autopsy_out_slice(&original));
            *length = link.len;
            return true;
        }
    }
    return false;
}

static void undo_links(struct unlinker *at, slice body)
{
    static const slice scheme = SLICE_INIT("https://");
    slice rest = body;
    while (rest.len != 0) {
        size_t found = slice_find(rest, scheme);
        size_t length = scheme.len;
        autopsy_out_add(&at->out, slice_first(rest, found));
        rest = slice_skip(rest, found);
        if (rest.len == 0 || !autopsy_spend(at->work, &at->work->body_left, LINK_COST)) {
            break;
        }
        if (undo_link(at, rest, &length)) {
            if (at->changed++ == 0) {
                at->first = body.len - rest.len;
            }
        } else {
            autopsy_out_add(&at->out, slice_first(rest, length));
        }
        rest = slice_skip(rest, length);
    }
}

bool autopsy_try_links(struct autopsy_work *work, slice body)
{
    for (int html = 0; html < 2; html++) {
        struct arena_mark mark = arena_mark(work->arena);
        struct unlinker at = {.work = work, .html = html == 1};
        /* What is read is shorter than its link, "&amp;" counted: "&" was "%26". */
        if (!autopsy_spend(work, &work->body_left, body.len) ||
            !autopsy_out_new(work, body.len * 2 + 16, &at.out)) {
            return false;
        }
        undo_links(&at, body);
        struct autopsy_change change = {.kind = AUTOPSY_LINKS_REWRITTEN,
                                        .offset = at.first};
        change.text =
            autopsy_sentence(work,
                             "links were rewritten by a gateway (%zu, the first at byte "
                             "%zu of the body)",
                             at.changed, at.first);
        if (at.changed != 0 &&
            autopsy_try_rewritten(work, autopsy_out_slice(&at.out), &change)) {
            return true;
        }
        arena_rewind(work->arena, mark);
    }
    return false;
}
