/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/response.h"

#include "core/base/buf.h"

enum { DETAIL_BYTES_MAX = 400, BOGUS_BYTES_MAX = 300 };

/* Values of libunbound's callback (unbound-event.h), and one of RFC 1035 section 4.1.1. */
enum { UNBOUND_BOGUS = 1, UNBOUND_SECURE = 2, RCODE_NXDOMAIN = 3 };

static struct dns_answer failure(enum dns_status status, const struct buf *detail)
{
    return (struct dns_answer){.status = status, .detail = buf_slice(detail)};
}

static void add_seconds(struct buf *buf, int64_t milliseconds)
{
    int64_t tenths = (milliseconds + 50) / 100;
    buf_add_uint(buf, (uint64_t)(tenths / 10));
    if (tenths % 10 != 0) {
        buf_printf(buf, ".%d", (int)(tenths % 10));
    }
    buf_add_text(buf, " s");
}

/* "validation failure <name. TXT IN>: what was wrong": whoever reads it knows the beginning. */
static slice without_preface(slice why)
{
    slice rest = why;
    if (!slice_take(&rest, SLICE("validation failure <"))) {
        return why;
    }
    size_t end = slice_find(rest, SLICE(">: "));
    return end < rest.len ? slice_skip(rest, end + 3) : why;
}

static struct dns_answer bogus(struct arena *arena, const char *why)
{
    struct buf detail;
    slice text =
        why == NULL ? SLICE("no reason given") : without_preface(slice_from_text(why));
    buf_init(&detail, arena, (size_t)4 * BOGUS_BYTES_MAX);
    buf_add_visible(&detail, slice_first(text, BOGUS_BYTES_MAX));
    return failure(DNS_BOGUS, &detail);
}

static struct dns_answer servfail(struct arena *arena, slice servers)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX);
    buf_add_text(&detail, "no usable answer from ");
    buf_add(&detail, servers);
    buf_add_text(&detail, ": it failed, refused, or sent what cannot be read");
    return failure(DNS_SERVFAIL, &detail);
}

static struct dns_answer unreadable(struct arena *arena, slice servers, const char *why)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX);
    buf_add_text(&detail, "the answer from ");
    buf_add(&detail, servers);
    buf_printf(&detail, " cannot be read: %s", why);
    return failure(DNS_SERVFAIL, &detail);
}

struct dns_answer response_read(struct arena *arena, slice servers,
                                struct dns_question question,
                                const struct response *response)
{
    struct dns_answer answer;
    const char *why = "it is too large";

    if (response->security == UNBOUND_BOGUS) {
        return bogus(arena, response->why_bogus);
    }
    if ((response->rcode != 0 && response->rcode != RCODE_NXDOMAIN) ||
        response->packet.len == 0) {
        return servfail(arena, servers);
    }
    if (dns_packet_read(arena, response->packet, question, &answer, &why) != YETT_OK) {
        return unreadable(arena, servers, why);
    }
    if (dns_is_open(&answer) && answer.detail.len == 0) {
        return servfail(arena, servers);
    }
    answer.security = response->security == UNBOUND_SECURE ? DNS_SECURE : DNS_INSECURE;
    return answer;
}

struct dns_answer response_no_reply(struct arena *arena, slice servers, int64_t waited_ms,
                                    int64_t in_line_ms)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX);
    buf_add_text(&detail, "no reply from ");
    buf_add(&detail, servers);
    buf_add_text(&detail, " within ");
    add_seconds(&detail, waited_ms);
    if (in_line_ms >= 100) {
        buf_add_text(&detail, ", of which ");
        add_seconds(&detail, in_line_ms);
        buf_add_text(&detail, " in line behind other questions");
    }
    return failure(DNS_TIMED_OUT, &detail);
}

struct dns_answer response_not_asked(struct arena *arena, slice zone, int64_t waited_ms)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX + 4 * zone.len);
    buf_add_text(&detail, "not asked within ");
    add_seconds(&detail, waited_ms);
    buf_add_text(&detail, ": too many questions ");
    if (zone.len != 0) {
        buf_add_text(&detail, "below ");
        buf_add_visible(&detail, zone);
        buf_add_byte(&detail, ' ');
    }
    buf_add_text(&detail, "are open already");
    return failure(DNS_TIMED_OUT, &detail);
}

struct dns_answer response_no_time(struct arena *arena)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX);
    buf_add_text(&detail, "no time was left to wait for a reply");
    return failure(DNS_TIMED_OUT, &detail);
}

struct dns_answer response_not_askable(struct arena *arena, const char *why)
{
    struct buf detail;
    buf_init(&detail, arena, DETAIL_BYTES_MAX);
    buf_printf(&detail, "libunbound cannot ask this: %s", why);
    return failure(DNS_SERVFAIL, &detail);
}
