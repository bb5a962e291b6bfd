/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "edge/config/given.h"
#include "edge/files/files.h"

static enum yett_err check_secret(const struct given *given, slice secret)
{
    if (secret.len < SECRET_MIN) {
        return given_expected(
            given, "is shorter than 16 bytes; `head -c 32 /dev/urandom` makes a good "
                   "secret");
    }
    given_store(given, &secret, sizeof(secret));
    return YETT_OK;
}

/* The secret itself, as settings that are handed on have it. */
static enum yett_err read_hex_secret(const struct given *given, slice digits)
{
    size_t count = digits.len / 2;
    char *bytes = arena_alloc(given->arena, count + 1);
    if (bytes == NULL) {
        return YETT_NO_MEMORY;
    }
    bool is_hex = digits.len % 2 == 0 && count <= SECRET_MAX;
    for (size_t i = 0; is_hex && i < count; i++) {
        int high = ascii_hex_value((unsigned char)digits.ptr[2 * i]);
        int low = ascii_hex_value((unsigned char)digits.ptr[2 * i + 1]);
        is_hex = high >= 0 && low >= 0;
        bytes[i] = (char)(is_hex ? high * 16 + low : 0);
    }
    if (!is_hex) {
        return given_expected(given,
                              "is no secret of 16 to 4096 bytes with two hexadecimal "
                              "digits for each");
    }
    return check_secret(given, slice_of(bytes, count));
}

/* A line end behind the secret is what an editor left there. */
enum yett_err given_read_secret(const struct given *given)
{
    slice secret;
    slice digits = given->text;
    if (slice_take(&digits, SLICE(VALUE_HEX))) {
        return read_hex_secret(given, digits);
    }
    slice path = value_path(given->arena, given->directory, given->text);
    if (path.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    if (slice_eq(path, SLICE("-"))) {
        return given_expected(given,
                              "is no file; a secret is not read from standard input");
    }
    slice why = SLICE_NONE;
    enum yett_err err = file_read(given->arena, path.ptr, SECRET_MAX, &secret, &why);
    if (err != YETT_OK) {
        struct buf buf;
        buf_init(&buf, given->arena, SENTENCE_MAX);
        buf_add_text(&buf, "cannot be read: ");
        buf_add(&buf, why);
        return err == YETT_NO_MEMORY ? err : given_expected_buf(given, &buf);
    }
    if (slice_ends_with(secret, SLICE("\n"))) {
        secret.len--;
    }
    return check_secret(given, secret);
}
