/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_KEYS_H
#define YETT_EDGE_CONFIG_KEYS_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* keys: the table of every key of yett.conf. */

enum block {
    BLOCK_TOP,
    BLOCK_SPF,
    BLOCK_DKIM,
    BLOCK_ARC,
    BLOCK_DMARC,
    BLOCK_DNS,
    BLOCK_LIMITS,
    BLOCK_LOG,
    BLOCK_SIGNING,
    BLOCK_SEALING,
    BLOCK_LISTEN, /* from here on with a title, any number of them */
    BLOCK_DOMAIN,
    BLOCK_LOGIN,
    BLOCK_EXCEPTION,
    BLOCK_RULE,
    BLOCK_FORWARDER,
    BLOCK_RECIPIENT,
    BLOCK_COUNT,
    BLOCK_FIRST_TITLED = BLOCK_LISTEN
};

struct block_info {
    const char *name;
    const char *summary;
    const char *title; /* an example; NULL: it has none */
    size_t list;       /* of a titled block: offset in struct config of the array … */
    size_t count;      /* … and of its length */
    size_t size;       /* of one item */
};

extern const struct block_info blocks[BLOCK_COUNT];

static inline bool block_is_titled(enum block block)
{
    return block >= BLOCK_FIRST_TITLED;
}

enum kind {
    KIND_WORD,         /* an enum: one of `words`, those with a bit in `allowed` */
    KIND_TREAT_AS,     /* "pass" or an action */
    KIND_BOOL,         /* bool */
    KIND_COUNT,        /* unsigned */
    KIND_SIZE_COUNT,   /* size_t */
    KIND_SECONDS,      /* int64_t */
    KIND_MILLISECONDS, /* unsigned */
    KIND_BYTES,        /* size_t */
    KIND_BYTES_64,     /* uint64_t */
    KIND_DOMAIN,       /* slice, in normal form */
    KIND_TEXT,         /* slice */
    KIND_FIELD_NAME,   /* slice */
    KIND_FIELDS,       /* slice: a list of fields to sign */
    KIND_PATH,         /* slice, a NUL behind it */
    KIND_SECRET,       /* slice: what is in the file named, or hex: and its digits */
    KIND_ACCOUNT,      /* slice, a NUL behind it: a user or group */
    KIND_ADDRESS,      /* slice, a NUL behind it: where to listen, in its one form */
    KIND_MODE,         /* unsigned, in octal digits */
    KIND_RESOLVER,     /* slice */
    KIND_NETWORK,      /* struct ip_network */
    KIND_NETWORKS,     /* a list: pointer to struct ip_network, and a count */
    KIND_DOMAINS,      /* a list: pointer to slice, in normal form, and a count */
    KIND_PATTERNS,     /* the same, "*.example.com" and "*" too */
    KIND_KEYS,         /* a list: pointer to struct config_key, and a count */
    KIND_RECIPIENTS,   /* a list: pointer to slice, and a count */
    KIND_HOSTS,        /* the same, of next hops as a mail server writes them */
    KIND_DAY           /* int64_t: the end of that day */
};

static inline bool kind_is_list(enum kind kind)
{
    return kind == KIND_NETWORKS || kind == KIND_DOMAINS || kind == KIND_PATTERNS ||
           kind == KIND_KEYS || kind == KIND_RECIPIENTS || kind == KIND_HOSTS;
}

struct key {
    enum block block;
    const char *name;
    enum kind kind;
    size_t offset; /* in struct config, or in the item of a titled block */
    size_t beside; /* of the bool that says it is set, of a list's count; 0: none */
    const char *const *words;
    unsigned word_count;
    unsigned allowed;
    uint64_t min, max;
    bool may_be_empty;
    const char *example; /* in titled blocks, where it has no default worth showing */
    const char *summary;
};

extern const struct key keys[];
extern const size_t key_count;

/* `name` is libconfuse's, "root" for no block. */
bool is_block_named(enum block block, const char *name);

/* NULL when there is none; `block` is libconfuse's name, "root" for no block. */
const struct key *find_key(const char *block, const char *name);

/* suggest.c: what to say of a name that is no key of that block: ", did you mean 'signer'?".  Writes to
   `out` at most `size` octets with NUL. */
void suggest_key(const char *block, slice name, char *out, size_t size);

#endif
