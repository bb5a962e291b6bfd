/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"

/* text: the words for types, statuses and response codes. */

const char *dns_type_text(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_CNAME:
        return "CNAME";
    case DNS_PTR:
        return "PTR";
    case DNS_MX:
        return "MX";
    case DNS_TXT:
        return "TXT";
    case DNS_AAAA:
        return "AAAA";
    }
    return "unknown type";
}

const char *dns_status_text(enum dns_status status)
{
    switch (status) {
    case DNS_FOUND:
        return "found";
    case DNS_NODATA:
        return "no such record";
    case DNS_NXDOMAIN:
        return "NXDOMAIN";
    case DNS_SERVFAIL:
        return "SERVFAIL";
    case DNS_TIMED_OUT:
        return "timed out";
    case DNS_BOGUS:
        return "DNSSEC validation failed";
    }
    return "unknown status";
}

bool dns_is_open(const struct dns_answer *answer)
{
    switch (answer->status) {
    case DNS_SERVFAIL:
    case DNS_TIMED_OUT:
    case DNS_BOGUS:
        return true;
    case DNS_FOUND:
    case DNS_NODATA:
    case DNS_NXDOMAIN:
        return false;
    }
    return true;
}

const char *dns_rcode_text(unsigned rcode)
{
    static const char *const words[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};

    return rcode < sizeof(words) / sizeof(words[0]) ? words[rcode] : NULL;
}
