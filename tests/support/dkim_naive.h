/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_SUPPORT_DKIM_NAIVE_H
#define YETT_TESTS_SUPPORT_DKIM_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * dkim_naive: canonicalisation as RFC 6376 section 3.4 words it, one rule after the other, on
 * text that is all there.  For comparison, and for signing tests; shares nothing with
 * core/dkim.  In a header of its own so that fuzz harnesses can have it.
 */
struct naive_text {
    char *ptr;
    size_t len;
};

static inline void naive_add(struct naive_text *text, const char *ptr, size_t len)
{
    text->ptr = realloc(text->ptr, text->len + len + 1);
    if (text->ptr == NULL) {
        abort();
    }
    if (len != 0) {
        memcpy(text->ptr + text->len, ptr, len);
    }
    text->len += len;
    text->ptr[text->len] = '\0';
}

static inline bool naive_is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* A line end at `at`. */
static inline bool naive_is_crlf(const char *ptr, size_t len, size_t at)
{
    return at + 1 < len && ptr[at] == '\r' && ptr[at + 1] == '\n';
}

/* Rule a of section 3.4.4: white space at line ends goes, other white space is one space. */
static inline struct naive_text naive_reduce(const char *ptr, size_t len)
{
    struct naive_text out = {NULL, 0};
    naive_add(&out, "", 0);
    for (size_t at = 0; at < len;) {
        if (!naive_is_wsp(ptr[at])) {
            naive_add(&out, ptr + at, 1);
            at++;
            continue;
        }
        while (at < len && naive_is_wsp(ptr[at])) {
            at++;
        }
        if (at < len && !naive_is_crlf(ptr, len, at)) {
            naive_add(&out, " ", 1);
        }
    }
    return out;
}

static inline bool naive_ends_in_crlf(const struct naive_text *text)
{
    return text->len >= 2 && naive_is_crlf(text->ptr, text->len, text->len - 2);
}

static inline struct naive_text naive_body(bool relaxed, const char *ptr, size_t len)
{
    struct naive_text out = {NULL, 0};
    if (relaxed) {
        out = naive_reduce(ptr, len);
    } else {
        naive_add(&out, ptr, len);
    }
    while (naive_ends_in_crlf(&out)) {
        out.len -= 2;
    }
    if (out.len != 0 || !relaxed) {
        naive_add(&out, "\r\n", 2);
    }
    return out;
}

/* `field` with or without its final CRLF; the result has none. */
static inline struct naive_text naive_field(bool relaxed, const char *field, size_t len)
{
    struct naive_text out = {NULL, 0};
    size_t colon = 0;
    naive_add(&out, "", 0);
    if (len >= 2 && naive_is_crlf(field, len, len - 2)) {
        len -= 2;
    }
    if (!relaxed) {
        naive_add(&out, field, len);
        return out;
    }
    while (colon < len && field[colon] != ':') {
        colon++;
    }
    size_t name = colon;
    while (name > 0 && naive_is_wsp(field[name - 1])) {
        name--;
    }
    for (size_t i = 0; i < name; i++) {
        char lower =
            field[i] >= 'A' && field[i] <= 'Z' ? (char)(field[i] + 32) : field[i];
        naive_add(&out, &lower, 1);
    }
    naive_add(&out, ":", 1);

    struct naive_text unfolded = {NULL, 0};
    naive_add(&unfolded, "", 0);
    for (size_t i = colon + 1; i < len; i++) {
        if (naive_is_crlf(field, len, i)) {
            i++;
        } else {
            naive_add(&unfolded, field + i, 1);
        }
    }
    size_t from = 0;
    while (from < unfolded.len && naive_is_wsp(unfolded.ptr[from])) {
        from++;
    }
    struct naive_text value = naive_reduce(unfolded.ptr + from, unfolded.len - from);
    naive_add(&out, value.ptr, value.len);
    free(value.ptr);
    free(unfolded.ptr);
    return out;
}

#endif
