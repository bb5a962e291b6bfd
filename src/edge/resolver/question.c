/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/question.h"

#include "core/base/ascii.h"
#include "core/base/siphash.h"

uint64_t question_hash(const uint8_t key[16], struct dns_question question)
{
    /* The type is no secret, so it may be mixed in without the key. */
    return siphash(key, question.name) + (uint64_t)question.type * 0x9e3779b97f4a7c15u;
}

bool question_eq(struct dns_question a, struct dns_question b)
{
    return a.type == b.type && slice_eq(a.name, b.name);
}

static bool stands_for_itself(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

bool question_write_name(slice name, char out[QUESTION_TEXT_MAX])
{
    if (name.len > 255) {
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (stands_for_itself((char)c)) {
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '\\';
        out[used++] = (char)('0' + c / 100);
        out[used++] = (char)('0' + c / 10 % 10);
        out[used++] = (char)('0' + c % 10);
    }
    out[used++] = '.';
    out[used] = '\0';
    return true;
}

/* The rightmost `count` labels, or all there are. */
static slice last_labels(slice name, size_t count)
{
    slice head = name;
    for (; count > 0; count--) {
        size_t dot = slice_find_last_byte(head, '.');
        if (dot == head.len) {
            return name;
        }
        head = slice_first(head, dot);
    }
    return slice_skip(name, head.len + 1);
}

/* "co.uk", "com.br": below a country's two letters the words of registries, which nobody
   else can have there.  Not any short one: whoever has "x.de" would have as many zones, and
   so as many places, as he makes names. */
static bool ends_like_a_registry(slice name)
{
    static const slice words[] = {SLICE_INIT("ac"),  SLICE_INIT("co"),  SLICE_INIT("com"),
                                  SLICE_INIT("edu"), SLICE_INIT("go"),  SLICE_INIT("gob"),
                                  SLICE_INIT("gov"), SLICE_INIT("ltd"), SLICE_INIT("mil"),
                                  SLICE_INIT("ne"),  SLICE_INIT("net"), SLICE_INIT("nhs"),
                                  SLICE_INIT("nom"), SLICE_INIT("or"),  SLICE_INIT("org"),
                                  SLICE_INIT("plc"), SLICE_INIT("sch")};
    slice word = last_labels(name, 2);
    if (last_labels(name, 1).len != 2) {
        return false;
    }
    word = slice_first(word, slice_find_byte(word, '.'));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_eq(word, words[i])) {
            return true;
        }
    }
    return false;
}

slice question_zone(slice name)
{
    static const struct {
        slice suffix;
        size_t labels;
    } trees[] = {
        {SLICE_INIT(".in-addr.arpa"), 4 },
        {SLICE_INIT(".ip6.arpa"),     10},
    };
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        if (slice_ends_with(name, trees[i].suffix)) {
            return last_labels(name, trees[i].labels);
        }
    }
    return last_labels(name, ends_like_a_registry(name) ? 3 : 2);
}
