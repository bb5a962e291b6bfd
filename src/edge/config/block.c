/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/block.h"

#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/domain/domain.h"

#include <assert.h>

enum { TITLE_MAX = 255, SENTENCE_MAX = 1000 };

static_assert(offsetof(struct config_listener, name) == 0, "the title comes first");
static_assert(offsetof(struct config_domain, name) == 0, "the title comes first");
static_assert(offsetof(struct config_login, name) == 0, "the title comes first");
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
    } else if (block == BLOCK_DOMAIN) {
        item.domain.subdomains = true;
    } else if (block == BLOCK_RULE) {
        item.rule.on_fail = CONFIG_REJECT;
    } else if (block == BLOCK_LISTEN) {
        struct config defaults;
        config_init(&defaults);
        item.listener = defaults.listeners[0];
        item.listener.name = item.listener.address = SLICE_NONE;
    }
    return item;
}

size_t block_count(enum block block, const struct config *config)
{
    size_t count;
    memcpy(&count, (const char *)config + blocks[block].count, sizeof(count));
    return count;
}

union block_item block_at(enum block block, const struct config *config, size_t index)
{
    const char *array;
    union block_item item = block_default(block);
    memcpy(&array, (const char *)config + blocks[block].list, sizeof(array));
    memcpy(&item, array + index * blocks[block].size, blocks[block].size);
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

static const char recipient_text[] =
    "its title is no recipient such as \"user@example.com\" or \"example.com\"";

/* Patterns, which are not known here, would never fit; nor would what no address has without
   quotation marks. */
static const char *local_part_fault(slice local)
{
    if (local.len == 0 || slice_eq(local, SLICE("*"))) {
        return "its title is a pattern, and none are known here: \"example.com\" stands "
               "for "
               "all its addresses";
    }
    for (size_t i = 0; slice_peek(local) != '"' && i < local.len; i++) {
        if (local.ptr[i] == '@' || local.ptr[i] == '<' || ascii_is_wsp(local.ptr[i])) {
            return recipient_text;
        }
    }
    return NULL;
}

/* "example.org", or "user@example.org": the local part as it stands, the domain in normal
   form. */
static enum yett_err recipient_title(struct block_gatherer *gatherer, slice *why)
{
    slice title = gatherer->item.title;
    size_t at = slice_find_last_byte(title, '@');
    if (slice_eq(title, SLICE("*"))) {
        return refuse(why, "what is for everybody stands outside of this block");
    }
    if (at == title.len) {
        return normal_title(gatherer, recipient_text, why);
    }
    slice domain;
    const char *fault = local_part_fault(slice_first(title, at));
    if (fault != NULL) {
        return refuse(why, fault);
    }
    enum yett_err err =
        domain_normalize(gatherer->arena, slice_skip(title, at + 1), &domain);
    if (err == YETT_BAD_SYNTAX) {
        return refuse(why, recipient_text);
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
    if (buf_slice(&buf).len > TITLE_MAX) {
        return refuse(why, "its title is longer than 255 bytes in ASCII form");
    }
    gatherer->item.title = buf_slice(&buf);
    return YETT_OK;
}

/* Two listeners in each other's way: the one that stands first is named, and where. */
static enum yett_err refuse_clash(const struct block_gatherer *gatherer,
                                  const struct block_node *first, struct place place,
                                  slice *why)
{
    struct buf buf;
    buf_init(&buf, gatherer->arena, SENTENCE_MAX);
    buf_add_text(&buf, "its address is taken by ");
    buf_add(&buf, first->item.listener.address);
    buf_add_text(&buf, " of listen \"");
    buf_add_visible(&buf, first->item.listener.name);
    buf_add_text(&buf, "\" in line ");
    buf_add_uint(&buf, first->place.line);
    if (!slice_eq(first->place.file, place.file)) {
        buf_add_text(&buf, " of ");
        buf_add(&buf, first->place.file);
    }
    *why = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
}

static enum yett_err finish_listener(struct block_gatherer *gatherer, struct place place,
                                     slice *why)
{
    const struct config_listener *listener = &gatherer->item.listener;
    const struct block_list *list = &gatherer->lists[BLOCK_LISTEN];
    const char *fault = config_listener_fault(listener);
    if (fault != NULL) {
        return refuse(why, fault);
    }
    if (list->count == CONFIG_LISTENERS_MAX) {
        return refuse(why, "there are more than 32 blocks of this kind");
    }
    for (const struct block_node *node = list->first; node != NULL; node = node->next) {
        if (config_listeners_clash(listener, &node->item.listener)) {
            return refuse_clash(gatherer, node, place, why);
        }
    }
    return YETT_OK;
}

static enum yett_err finish_item(struct block_gatherer *gatherer, enum block block,
                                 struct place place, slice *why)
{
    union block_item *item = &gatherer->item;
    const char *fault = NULL;
    enum yett_err err;
    if (block == BLOCK_LISTEN) {
        return finish_listener(gatherer, place, why);
    }
    if (block == BLOCK_DOMAIN) {
        err = normal_title(gatherer, "its title is no domain name such as example.com",
                           why);
        fault = err == YETT_OK ? config_domain_fault(&item->domain) : NULL;
        return fault == NULL ? err : refuse(why, fault);
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

static void note_place(union block_item *item, enum block block, struct place place)
{
    if (block == BLOCK_EXCEPTION) {
        item->exception.file = place.file;
        item->exception.line = place.line;
    } else if (block == BLOCK_DOMAIN) {
        item->domain.file = place.file;
        item->domain.line = place.line;
    } else if (block == BLOCK_LISTEN) {
        item->listener.file = place.file;
        item->listener.line = place.line;
    } else if (block == BLOCK_LOGIN) {
        item->login.file = place.file;
        item->login.line = place.line;
    }
}

enum yett_err block_finish(struct block_gatherer *gatherer, enum block block, slice title,
                           struct place place, slice *why)
{
    struct block_list *list = &gatherer->lists[block];
    if (list->count == BLOCKS_MAX) {
        return refuse(why, "there are more than 10000 blocks of this kind");
    }
    enum yett_err err = set_title(gatherer, title, why);
    slice written = gatherer->item.title;
    if (err == YETT_OK) {
        err = finish_item(gatherer, block, place, why);
    }
    if (err != YETT_OK) {
        return err;
    }
    struct block_node *node = ARENA_NEW(gatherer->arena, struct block_node);
    if (node == NULL) {
        return YETT_NO_MEMORY;
    }
    note_place(&gatherer->item, block, place);
    node->place = place;
    node->written = written;
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
    for (size_t i = BLOCK_FIRST_TITLED; i < BLOCK_COUNT; i++) {
        const struct block_list *list = &gatherer->lists[i];
        if (list->count == 0) {
            continue; /* what was there stays: the default listener */
        }
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
