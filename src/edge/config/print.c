/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/config/config.h"
#include "edge/config/value.h"

enum { SECONDS_OF_DAY = 86400, KEY_TEXT_MAX = 8192 };

/* In milliseconds, largest first. */
const struct value_unit value_time_units[] = {
    {SLICE_INIT("d"),   86400000},
    {SLICE_INIT("h"),   3600000 },
    {SLICE_INIT("min"), 60000   },
    {SLICE_INIT("s"),   1000    },
    {SLICE_INIT("ms"),  1       },
    {SLICE_INIT(""),    0       },
};

const struct value_unit value_size_units[] = {
    {SLICE_INIT("GiB"), 1u << 30},
    {SLICE_INIT("MiB"), 1u << 20},
    {SLICE_INIT("KiB"), 1u << 10},
    {SLICE_INIT("B"),   1       },
    {SLICE_INIT(""),    0       },
};

/* In the largest unit that leaves no rest; nothing is "0s" or "0B". */
void value_write_quantity(struct buf *out, uint64_t value, const struct value_unit *units)
{
    while (units[1].times != 0 &&
           (value == 0 ? units->times != 1000 : value % units->times != 0)) {
        units++;
    }
    buf_add_uint(out, value / units->times);
    buf_add(out, units->name);
}

/* Between double quotation marks ${ would be refused, since the library puts variables in. */
void value_write_quoted(struct buf *out, slice text)
{
    char quote = slice_find(text, SLICE("${")) < text.len ? '\'' : '"';
    buf_add_byte(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == quote || text.ptr[i] == '\\') {
            buf_add_byte(out, '\\');
        }
        buf_add_byte(out, text.ptr[i]);
    }
    buf_add_byte(out, quote);
}

/* Copy what `key` says of `base` into a variable of that type. */
#define LOAD(to, offset) memcpy(&(to), (const char *)base + (offset), sizeof(to))

static void write_word(struct buf *out, const struct key *key, const void *base)
{
    unsigned value;
    bool as_pass = false;
    LOAD(value, key->offset);
    if (key->kind == KIND_TREAT_AS) {
        LOAD(as_pass, key->beside);
    }
    value_write_quoted(out, slice_from_text(as_pass ? "pass" : key->words[value]));
}

static void write_text(struct buf *out, const struct key *key, const void *base)
{
    slice text;
    LOAD(text, key->offset);
    if (key->kind == KIND_SECRET && text.len != 0) {
        text = SLICE("(a secret was read)");
    }
    value_write_quoted(out, text);
}

static void write_one_network(struct buf *out, struct ip_network network)
{
    unsigned whole = network.address.family == IP_V4 ? 32 : 128;
    buf_add_byte(out, '"');
    if (network.prefix == whole) {
        ip_write(out, network.address);
    } else {
        ip_write_network(out, network);
    }
    buf_add_byte(out, '"');
}

static void write_networks(struct buf *out, const struct key *key, const void *base)
{
    const struct ip_network *list;
    size_t count;
    LOAD(list, key->offset);
    LOAD(count, key->beside);
    buf_add_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, i == 0 ? "" : ", ");
        write_one_network(out, list[i]);
    }
    buf_add_byte(out, '}');
}

static void write_domains(struct buf *out, const struct key *key, const void *base)
{
    const slice *list;
    size_t count;
    LOAD(list, key->offset);
    LOAD(count, key->beside);
    buf_add_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, i == 0 ? "" : ", ");
        value_write_quoted(out, list[i]);
    }
    buf_add_byte(out, '}');
}

static void write_keys(struct buf *out, const struct key *key, const void *base)
{
    const struct config_key *list;
    size_t count;
    LOAD(list, key->offset);
    LOAD(count, key->beside);
    buf_add_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        struct buf text;
        buf_init(&text, out->arena, KEY_TEXT_MAX);
        buf_add(&text, list[i].selector);
        buf_add_text(&text, list[i].path.len != 0 ? "=" : "");
        buf_add(&text, list[i].path);
        if (buf_err(&text) != YETT_OK) {
            out->err = buf_err(&text);
            return;
        }
        buf_add_text(out, i == 0 ? "" : ", ");
        value_write_quoted(out, buf_slice(&text));
    }
    buf_add_byte(out, '}');
}

/* The last day, from the moment behind it. */
static void write_day(struct buf *out, const struct key *key, const void *base)
{
    int64_t end;
    LOAD(end, key->offset);
    size_t start = buf_slice(out).len;
    buf_add_byte(out, '"');
    if (end != 0) {
        date_write_iso(out, end - SECONDS_OF_DAY);
        size_t written = start + sizeof("\"2027-03-01") - 1;
        buf_truncate(out, written < buf_slice(out).len ? written : buf_slice(out).len);
    }
    buf_add_byte(out, '"');
}

static void write_number(struct buf *out, const struct key *key, const void *base)
{
    unsigned small;
    int64_t seconds;
    uint64_t large;
    size_t bytes;
    bool flag;
    if (key->kind == KIND_COUNT) {
        LOAD(small, key->offset);
        buf_add_uint(out, small);
    } else if (key->kind == KIND_SIZE_COUNT) {
        LOAD(bytes, key->offset);
        buf_add_uint(out, bytes);
    } else if (key->kind == KIND_BOOL) {
        LOAD(flag, key->offset);
        buf_add_text(out, flag ? "true" : "false");
    } else if (key->kind == KIND_SECONDS) {
        LOAD(seconds, key->offset);
        value_write_quantity(out, (uint64_t)seconds * 1000, value_time_units);
    } else if (key->kind == KIND_MILLISECONDS) {
        LOAD(small, key->offset);
        value_write_quantity(out, small, value_time_units);
    } else if (key->kind == KIND_BYTES_64) {
        LOAD(large, key->offset);
        value_write_quantity(out, large, value_size_units);
    } else {
        LOAD(bytes, key->offset);
        value_write_quantity(out, bytes, value_size_units);
    }
}

static void write_mode(struct buf *out, const struct key *key, const void *base)
{
    unsigned mode;
    LOAD(mode, key->offset);
    buf_printf(out, "\"%04o\"", mode);
}

void value_write(struct buf *out, const struct key *key, const void *base)
{
    struct ip_network network;
    switch (key->kind) {
    case KIND_WORD:
    case KIND_TREAT_AS:
        write_word(out, key, base);
        return;
    case KIND_BOOL:
    case KIND_COUNT:
    case KIND_SIZE_COUNT:
    case KIND_SECONDS:
    case KIND_MILLISECONDS:
    case KIND_BYTES:
    case KIND_BYTES_64:
        write_number(out, key, base);
        return;
    case KIND_DOMAIN:
    case KIND_TEXT:
    case KIND_FIELDS:
    case KIND_FIELD_NAME:
    case KIND_PATH:
    case KIND_SECRET:
    case KIND_RESOLVER:
    case KIND_ACCOUNT:
    case KIND_ADDRESS:
        write_text(out, key, base);
        return;
    case KIND_NETWORK:
        LOAD(network, key->offset);
        write_one_network(out, network);
        return;
    case KIND_NETWORKS:
        write_networks(out, key, base);
        return;
    case KIND_DOMAINS:
    case KIND_PATTERNS:
    case KIND_RECIPIENTS:
    case KIND_HOSTS:
        write_domains(out, key, base);
        return;
    case KIND_KEYS:
        write_keys(out, key, base);
        return;
    case KIND_DAY:
        write_day(out, key, base);
        return;
    case KIND_MODE:
        write_mode(out, key, base);
        return;
    }
}

bool value_is_set(const struct key *key, const void *base)
{
    bool flag;
    size_t count;
    slice text;
    if (kind_is_list(key->kind)) {
        LOAD(count, key->beside);
        return count != 0;
    }
    if (key->beside != 0 && (key->kind == KIND_WORD || key->kind == KIND_NETWORK)) {
        LOAD(flag, key->beside);
        return flag;
    }
    if (key->kind == KIND_DOMAIN || key->kind == KIND_TEXT || key->kind == KIND_FIELDS ||
        key->kind == KIND_ACCOUNT) {
        LOAD(text, key->offset);
        return text.len != 0;
    }
    return true;
}
