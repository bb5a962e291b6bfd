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

/* "co.uk", "com.br": a country's two letters, and before them a label of at most three. */
static bool ends_like_a_registry(slice name)
{
    slice two = last_labels(name, 2);
    slice top = last_labels(name, 1);
    return top.len == 2 && two.len <= 3 + 1 + 2;
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
