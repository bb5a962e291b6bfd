/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "edge/config/given.h"

/* "90s" in the smallest unit.  False when it is no such thing, or too large to count. */
static bool take_quantity(slice text, const struct value_unit *units, uint64_t *out)
{
    uint64_t number = 0;
    if (num_take_uint(&text, UINT32_MAX, &number) != YETT_OK) {
        return false;
    }
    for (; units->times != 0; units++) {
        if (slice_eq(text, units->name)) {
            *out = number * units->times;
            return true;
        }
    }
    return false;
}

static enum yett_err expected_quantity(const struct given *given, const char *text,
                                       uint64_t min, uint64_t max,
                                       const struct value_unit *units)
{
    struct buf buf;
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add_text(&buf, text);
    value_write_quantity(&buf, min, units);
    buf_add_text(&buf, " to ");
    value_write_quantity(&buf, max, units);
    return given_expected_buf(given, &buf);
}

static enum yett_err read_time(const struct given *given, uint64_t unit_ms, uint64_t *out)
{
    uint64_t ms;
    uint64_t min = given->key->min * unit_ms;
    uint64_t max = given->key->max * unit_ms;
    if (!take_quantity(given->text, value_time_units, &ms) || ms % unit_ms != 0 ||
        ms < min || ms > max) {
        return expected_quantity(given, "is no time such as 20s, 5min or 4h, from ", min,
                                 max, value_time_units);
    }
    *out = ms / unit_ms;
    return YETT_OK;
}

enum yett_err given_read_seconds(const struct given *given)
{
    uint64_t seconds;
    enum yett_err err = read_time(given, 1000, &seconds);
    if (err == YETT_OK) {
        int64_t value = (int64_t)seconds;
        given_store(given, &value, sizeof(value));
    }
    return err;
}

enum yett_err given_read_milliseconds(const struct given *given)
{
    uint64_t ms;
    enum yett_err err = read_time(given, 1, &ms);
    if (err == YETT_OK) {
        unsigned value = (unsigned)ms;
        given_store(given, &value, sizeof(value));
    }
    return err;
}

static enum yett_err take_bytes(const struct given *given, uint64_t most, uint64_t *out)
{
    const struct key *key = given->key;
    if (!take_quantity(given->text, value_size_units, out) || *out < key->min ||
        *out > key->max || *out > most) {
        return expected_quantity(given, "is no size such as 512KiB or 64MiB, from ",
                                 key->min, key->max, value_size_units);
    }
    return YETT_OK;
}

enum yett_err given_read_bytes(const struct given *given)
{
    uint64_t bytes = 0;
    enum yett_err err = take_bytes(given, SIZE_MAX, &bytes);
    if (err == YETT_OK) {
        size_t value = (size_t)bytes;
        given_store(given, &value, sizeof(value));
    }
    return err;
}

enum yett_err given_read_bytes_64(const struct given *given)
{
    uint64_t bytes = 0;
    enum yett_err err = take_bytes(given, UINT64_MAX, &bytes);
    if (err == YETT_OK) {
        given_store(given, &bytes, sizeof(bytes));
    }
    return err;
}

static enum yett_err take_count(const struct given *given, uint64_t *out)
{
    uint64_t number = 0;
    const struct key *key = given->key;
    if (num_parse_uint(given->text, key->max, &number) != YETT_OK || number < key->min) {
        struct buf buf;
        buf_init(&buf, given->arena, SENTENCE_MAX);
        buf_printf(&buf, "is no whole number from %u to %u", (unsigned)key->min,
                   (unsigned)key->max);
        return given_expected_buf(given, &buf);
    }
    *out = number;
    return YETT_OK;
}

enum yett_err given_read_count(const struct given *given)
{
    uint64_t number = 0;
    enum yett_err err = take_count(given, &number);
    if (err == YETT_OK) {
        unsigned value = (unsigned)number;
        given_store(given, &value, sizeof(value));
    }
    return err;
}

enum yett_err given_read_size_count(const struct given *given)
{
    uint64_t number = 0;
    enum yett_err err = take_count(given, &number);
    if (err == YETT_OK) {
        size_t value = (size_t)number;
        given_store(given, &value, sizeof(value));
    }
    return err;
}

enum yett_err given_read_mode(const struct given *given)
{
    slice digits = given->text;
    unsigned mode = 0;
    bool is_octal = digits.len == 3 || (digits.len == 4 && digits.ptr[0] == '0');
    for (size_t i = 0; is_octal && i < digits.len; i++) {
        is_octal = digits.ptr[i] >= '0' && digits.ptr[i] <= '7';
        mode = mode * 8 + (unsigned)(digits.ptr[i] - '0');
    }
    const char *fault = is_octal ? config_socket_mode_fault(mode)
                                 : "is no mode in octal digits, such as 0660";
    if (fault != NULL) {
        return given_expected(given, fault);
    }
    given_store(given, &mode, sizeof(mode));
    return YETT_OK;
}
