/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/num.h"
#include "core/dns/dns.h"

/* server: where name servers are, as people and resolv.conf(5) write it. */

enum { PORT_MAX = 65535 };

bool dns_split_server(slice text, slice *where, uint16_t *port)
{
    size_t at = slice_find_last_byte(text, '@');
    uint64_t number = *port;
    bool is_good = at == text.len || (num_parse_uint(slice_skip(text, at + 1), PORT_MAX,
                                                     &number) == YETT_OK &&
                                      number != 0);

    text = slice_first(text, at);
    if (slice_starts_with(text, SLICE("[")) && slice_ends_with(text, SLICE("]"))) {
        text = slice_between(text, 1, text.len - 1);
    }
    *where = text;
    *port = is_good ? (uint16_t)number : *port;
    return is_good;
}

static slice next_word(slice *line)
{
    size_t end = 0;

    *line = slice_trim_fws(*line);
    while (end < line->len && !ascii_is_fws(line->ptr[end])) {
        end++;
    }
    slice word = slice_first(*line, end);
    *line = slice_skip(*line, end);
    return word;
}

bool dns_next_server(slice *file, slice *address)
{
    slice line;

    while (slice_next_piece(file, '\n', &line)) {
        if (slice_eq(next_word(&line), SLICE("nameserver"))) {
            *address = next_word(&line);
            return true;
        }
    }
    return false;
}
