/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/dkim/dkim.h"

/* record: key records of ours as text, and as a zone file has them. */

/* RFC 1035 section 3.3: octets of one character-string. */
enum { STRING_OCTETS = 255 };

static const char *const type_words[] = {
    [CRYPTO_RSA] = "rsa", [CRYPTO_ED25519] = "ed25519"};

void dkim_write_key_record(struct buf *buf, enum crypto_key_type type, slice key,
                           bool testing)
{
    /* h= keeps others from believing rsa-sha1 under this key (RFC 8301 section 3.1). */
    buf_printf(buf, "v=DKIM1; k=%s; h=sha256; %sp=", type_words[type],
               testing ? "t=y; " : "");
    base64_encode(buf, key);
}

/* RFC 1035 section 5.1: "\X" and "\DDD". */
static void add_octet(struct buf *buf, char octet)
{
    if (octet == '"' || octet == '\\') {
        buf_add_byte(buf, '\\');
        buf_add_byte(buf, octet);
    } else if (ascii_is_printable(octet)) {
        buf_add_byte(buf, octet);
    } else {
        buf_printf(buf, "\\%03u", (unsigned)(unsigned char)octet);
    }
}

static void add_string(struct buf *buf, slice string)
{
    buf_add_byte(buf, '"');
    for (size_t i = 0; i < string.len; i++) {
        add_octet(buf, string.ptr[i]);
    }
    buf_add_byte(buf, '"');
}

void dkim_write_zone_record(struct buf *buf, slice name, uint32_t ttl_s, slice text)
{
    buf_add(buf, name);
    buf_add_text(buf, ". ");
    buf_add_uint(buf, ttl_s);
    buf_add_text(buf, " IN TXT (");
    do {
        buf_add_text(buf, "\n    ");
        add_string(buf, slice_first(text, STRING_OCTETS));
        text = slice_skip(text, STRING_OCTETS);
    } while (!slice_is_empty(text));
    buf_add_text(buf, " )\n");
}
