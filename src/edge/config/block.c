/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/block.h"

#include "core/domain/domain.h"

#include <assert.h>

enum { TITLE_MAX = 255 };

struct block_node {
    struct block_node *next;
    union block_item item;
};

static_assert(offsetof(struct config_domain, name) == 0, "the title comes first");
static_assert(offsetof(struct config_exception, name) == 0, "the title comes first");
static_assert(offsetof(struct config_rule, name) == 0, "the title comes first");
static_assert(offsetof(struct config_forwarder, name) == 0, "the title comes first");
static_assert(offsetof(struct config_recipient, pattern) == 0, "the title comes first");

void block_gatherer_init(struct block_gatherer *gatherer, struct arena *arena)
{
    *gatherer = (struct block_gatherer){.arena = arena};
}

union block_item block_default(enum block block)
{
    union block_item item;
    memset(&item, 0, sizeof(item));
    if (block == BLOCK_EXCEPTION) {
        item.exception.as_pass = true;
    } else if (block == BLOCK_RULE) {
        item.rule.on_fail = CONFIG_REJECT;
    }
    return item;
}

static enum yett_err refuse(slice *why, const char *text)
{
    *why = slice_from_text(text);
    return YETT_BAD_SYNTAX;
}

static enum yett_err set_title(struct block_gatherer *gatherer, slice title, slice *why)
{
    if (title.len == 0 || title.len > TITLE_MAX) {
        return refuse(why, "its title must have 1 to 255 bytes");
    }
    return arena_copy(gatherer->arena, title, &gatherer->item.title);
}

static enum yett_err normal_title(struct block_gatherer *gatherer, const char *text,
                                  slice *why)
{
    slice normal;
    enum yett_err err = domain_normalize(gatherer->arena, gatherer->item.title, &normal);
    if (err == YETT_BAD_SYNTAX) {
        return refuse(why, text);
    }
    if (err == YETT_OK) {
        gatherer->item.title = normal;
    }
    return err;
}

/* "example.org", or "user@example.org": the local part as it stands, the domain in normal
   form. */
static enum yett_err recipient_title(struct block_gatherer *gatherer, slice *why)
{
    static const char text[] =
        "its title is no recipient such as \"user@example.com\" or "
        "\"example.com\"";
    slice title = gatherer->item.title;
    size_t at = slice_find_last_byte(title, '@');
    if (slice_eq(title, SLICE("*"))) {
        return refuse(why, "what is for everybody stands outside of this block");
    }
    if (at == title.len) {
        return normal_title(gatherer, text, why);
    }
    slice domain;
    enum yett_err err =
        domain_normalize(gatherer->arena, slice_skip(title, at + 1), &domain);
    if (at == 0 || err == YETT_BAD_SYNTAX) {
        return refuse(why, text);
    }
    if (err != YETT_OK) {
        return err;
    }
    struct buf buf;
    buf_init(&buf, gatherer->arena, (size_t)2 * TITLE_MAX);
    buf_add(&buf, slice_first(title, at + 1));
    buf_add(&buf, domain);
    if (buf_err(&buf) != YETT_OK) {
        return buf_err(&buf);
    }
    gatherer->item.title = buf_slice(&buf);
    return YETT_OK;
}

static enum yett_err finish_item(struct block_gatherer *gatherer, enum block block,
                                 slice *why)
{
    union block_item *item = &gatherer->item;
    const char *fault = NULL;
    if (block == BLOCK_DOMAIN) {
        return normal_title(gatherer, "its title is no domain name such as example.com",
                            why);
    }
    if (block == BLOCK_RECIPIENT) {
        return recipient_title(gatherer, why);
    }
    if (block == BLOCK_EXCEPTION) {
        fault = config_exception_fault(&item->exception);
    } else if (block == BLOCK_RULE && item->rule.author.len == 0) {
        fault = "it has no 'author', the domain that it is about";
    } else if (block == BLOCK_RULE && item->rule.because.len == 0) {
        fault = "it has no 'because'; say who asked for it and why";
    } else if (block == BLOCK_FORWARDER && item->forwarder.signer.len == 0) {
        fault = "it has no 'signer', the d= of the signature that makes it known";
    } else if (block == BLOCK_FORWARDER && item->forwarder.because.len == 0) {
        fault = "it has no 'because'; say who asked for it and why";
    }
    return fault == NULL ? YETT_OK : refuse(why, fault);
}

enum yett_err block_finish(struct block_gatherer *gatherer, enum block block, slice title,
                           unsigned line, slice *why)
{
    struct block_list *list = &gatherer->lists[block];
    if (list->count == BLOCKS_MAX) {
        return refuse(why, "there are more than 10000 blocks of this kind");
    }
    enum yett_err err = set_title(gatherer, title, why);
    if (err == YETT_OK) {
        err = finish_item(gatherer, block, why);
    }
    if (err != YETT_OK) {
        return err;
    }
    struct block_node *node = ARENA_NEW(gatherer->arena, struct block_node);
    if (node == NULL) {
        return YETT_NO_MEMORY;
    }
    if (block == BLOCK_EXCEPTION) {
        gatherer->item.exception.line = line;
    }
    node->item = gatherer->item;
    if (list->last == NULL) {
        list->first = node;
    } else {
        list->last->next = node;
    }
    list->last = node;
    list->count++;
    return YETT_OK;
}

enum yett_err block_store(const struct block_gatherer *gatherer, struct config *config)
{
    for (size_t i = BLOCK_DOMAIN; i < BLOCK_COUNT; i++) {
        const struct block_list *list = &gatherer->lists[i];
        char *array = arena_calloc(gatherer->arena, list->count, blocks[i].size);
        if (array == NULL) {
            return YETT_NO_MEMORY;
        }
        size_t at = 0;
        for (const struct block_node *node = list->first; node != NULL;
             node = node->next) {
            memcpy(array + at, &node->item, blocks[i].size);
            at += blocks[i].size;
        }
        memcpy((char *)config + blocks[i].list, &array, sizeof(array));
        memcpy((char *)config + blocks[i].count, &list->count, sizeof(list->count));
    }
    return YETT_OK;
}
