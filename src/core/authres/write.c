/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/line.h"

/*
 * Writing a field (RFC 8601 section 2.2): one result a line, folded further where needed.
 * Every item is made in a room of its own, so that no item can spoil another.
 */
static void put_id(struct line *line, const struct authres *authres)
{
    struct item item = {.len = 0};
    (void)item_add_id(&item, authres->authserv_id); /* the settings bound its length */
    line_put(line, &item);
    if (authres->has_version) {
        item.len = 0;
        item_add_uint(&item, authres->version);
        line_put(line, &item);
    }
}

static void put_method(struct line *line, const struct authres_result *result)
{
    struct item item = {.len = 0};
    item_add_keyword(&item, result->method);
    if (result->method_version > 1) {
        item_add_text(&item, "/");
        item_add_uint(&item, result->method_version);
    }
    item_add_text(&item, "=");
    item_add_keyword(&item, result->result);
    line_put(line, &item);
}

/* A value cut short would name somebody else: one that is too long is left out. */
static void put_property(struct line *line, const struct authres_property *property)
{
    struct item item = {.len = 0};
    item_add_keyword(&item, property->type);
    item_add_text(&item, ".");
    item_add_keyword(&item, property->property);
    item_add_text(&item, "=");
    if (item_add_pvalue(&item, property->value)) {
        line_put(line, &item);
    }
}

static void put_result(struct line *line, const struct authres_result *result)
{
    struct item item = {.len = 0};
    put_method(line, result);
    if (!slice_is_empty(result->comment)) {
        item_add_comment(&item, result->comment);
        line_put(line, &item);
    }
    if (!slice_is_empty(result->reason)) {
        item.len = 0;
        item_add_text(&item, "reason=");
        (void)item_add_value(&item, result->reason);
        line_put(line, &item);
    }
    for (size_t i = 0; i < result->property_count; i++) {
        put_property(line, &result->properties[i]);
    }
}

void authres_write(struct buf *buf, const struct authres *authres)
{
    struct line line;
    line_begin(&line, buf, "Authentication-Results");
    put_id(&line, authres);
    for (size_t i = 0; i < authres->count; i++) {
        line_put_semicolon(&line);
        line_fold(&line);
        put_result(&line, &authres->results[i]);
    }
    if (authres->count == 0) {
        struct item none = {.len = 0};
        line_put_semicolon(&line);
        item_add_text(&none, "none");
        line_put(&line, &none);
    }
    line_end(&line);
}
