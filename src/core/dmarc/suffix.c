/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/utf8.h"
#include "core/dmarc/dmarc.h"
#include "core/domain/domain.h"

#include <stdio.h>
#include <stdlib.h>

#include <libpsl.h>

/*
 * suffix: the public suffix list (RFC 7489 section 3.2), read by libpsl from text that the
 * caller has.  Both sections of the list count, ICANN's and the private one: RFC 7489 knows
 * no difference.
 */
struct dmarc_suffixes {
    psl_ctx_t *list;
};

/* A rule is what stands before the first white space of a line; a comment line is none. */
static slice rule_of(slice line)
{
    size_t length = 0;
    while (length < line.len && !ascii_is_fws(line.ptr[length])) {
        length++;
    }
    slice rule = slice_first(line, length);
    return slice_starts_with(rule, SLICE("//")) ? SLICE_NONE : rule;
}

/* libpsl takes any file, even an empty one, so a wrong file has to be found here. */
static bool looks_like_a_list(slice text)
{
    bool any_rule = false;
    slice line;

    if (slice_has_byte(text, '\0') || !utf8_is_valid(text)) {
        return false;
    }
    while (slice_next_piece(&text, '\n', &line)) {
        slice rule = rule_of(slice_trim_fws(line));
        if (rule.len == 0) {
            continue;
        }
        if (rule.len > DOMAIN_OCTETS_MAX || slice_has_byte(rule, '<') ||
            slice_has_byte(rule, ':')) {
            return false; /* HTML, a configuration, … */
        }
        any_rule = true;
    }
    return any_rule;
}

enum yett_err dmarc_suffixes_parse(slice text, struct dmarc_suffixes **out)
{
    if (!looks_like_a_list(text)) {
        return YETT_BAD_SYNTAX;
    }
    struct dmarc_suffixes *suffixes = malloc(sizeof(*suffixes));
    if (suffixes == NULL) {
        return YETT_NO_MEMORY;
    }
    /* Opened for reading, so the bytes stay as they are. */
    FILE *file = fmemopen((void *)(uintptr_t)text.ptr, text.len, "r");
    suffixes->list = file == NULL ? NULL : psl_load_fp(file);
    if (file != NULL) {
        (void)fclose(file); /* it was only read */
    }
    if (suffixes->list == NULL) {
        free(suffixes);
        return YETT_NO_MEMORY;
    }
    *out = suffixes;
    return YETT_OK;
}

void dmarc_suffixes_free(struct dmarc_suffixes *suffixes)
{
    if (suffixes != NULL) {
        psl_free(suffixes->list);
        free(suffixes);
    }
}

slice dmarc_suffixes_organizational(const struct dmarc_suffixes *suffixes, slice domain)
{
    char name[DOMAIN_OCTETS_MAX + 1];

    if (suffixes == NULL || domain.len == 0 || domain.len > DOMAIN_OCTETS_MAX) {
        return domain;
    }
    memcpy(name, domain.ptr, domain.len);
    name[domain.len] = '\0';
    const char *registrable = psl_registrable_domain(suffixes->list, name);
    if (registrable == NULL) {
        return domain; /* a public suffix stands for itself */
    }
    return slice_skip(domain, (size_t)(registrable - name));
}
