/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/client.h"

#include "core/milter/milter.h"

enum { PORT_BYTES = 2 };

/* An IPv6 address may come with the prefix of RFC 5321 section 4.1.3 (Sendmail does that) and
   with the zone that it was used in.  As an IPv4 client on an IPv6 socket it is IPv4. */
static enum yett_err parse_v6(slice text, struct ip *out)
{
    struct ip ip;
    slice address = text;
    (void)slice_take_nocase(&address, SLICE("IPv6:"));
    address = slice_first(address, slice_find_byte(address, '%'));
    enum yett_err err = ip_parse_v6(address, &ip);
    if (err == YETT_OK) {
        *out = ip_unmap(ip);
    }
    return err;
}

enum yett_err client_read(slice data, struct milter_client *out, const char **why)
{
    struct milter_client client = {.ip = {.family = IP_NONE}};
    slice address;
    *why = "its strings do not end";
    if (milter_take_string(&data, &client.name) != YETT_OK) {
        return YETT_BAD_SYNTAX;
    }
    int family = slice_peek(data);
    if (family == 'U') {
        *out = client;
        return YETT_OK;
    }
    if (family != '4' && family != '6' && family != 'L') {
        *why = "its protocol family is unknown";
        return YETT_BAD_SYNTAX;
    }
    data = slice_skip(data, 1);
    if (data.len < PORT_BYTES) {
        *why = "it has no port";
        return YETT_BAD_SYNTAX;
    }
    data = slice_skip(data, PORT_BYTES);
    if (milter_take_string(&data, &address) != YETT_OK) {
        return YETT_BAD_SYNTAX;
    }
    if ((family == '4' && ip_parse_v4(address, &client.ip) != YETT_OK) ||
        (family == '6' && parse_v6(address, &client.ip) != YETT_OK)) {
        *why = "its address is none";
        return YETT_BAD_SYNTAX;
    }
    *out = client;
    return YETT_OK;
}
