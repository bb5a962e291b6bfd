/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/verdict/parts.h"

/*
 * reply: what the sender's server is told (RFC 7372, RFC 5321 section 4.2).
 *
 * It carries the domain, what failed, the public rule and an opaque id: no counter,
 * exception, list or threshold of ours.  One line of printable ASCII under 512 octets.
 */
enum { REPLY_MAX = 500, EXPLANATION_MAX = 200 };

/* Domains are in normal form already; what is not is made printable and stays short. */
static void add_name(struct buf *buf, slice name)
{
    enum { NAME_SHOWN_MAX = 120 };
    for (size_t i = 0; i < name.len && i < NAME_SHOWN_MAX; i++) {
        int c = (unsigned char)name.ptr[i];
        buf_add_byte(buf, ascii_is_vchar(c) ? (char)c : '?');
    }
    buf_add_text(buf, name.len > NAME_SHOWN_MAX ? "..." : "");
}

/* "SPF fail for bounce.example.net", "SPF pass for list.example (not aligned)" */
static void add_spf(struct buf *buf, const struct verdict *verdict)
{
    if (!verdict->has_spf) {
        buf_add_text(buf, "SPF unavailable");
        return;
    }
    buf_printf(buf, "SPF %s", spf_code_text(verdict->spf.code));
    if (!slice_is_empty(verdict->spf.domain)) {
        buf_add_text(buf, " for ");
        add_name(buf, verdict->spf.domain);
    }
}

static bool has_counting_pass(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->dkim.count; i++) {
        const struct dkim_result *result = &verdict->dkim.list[i];
        if (result->code == DKIM_PASS && result->counts) {
            return true;
        }
    }
    return false;
}

static void add_dkim(struct buf *buf, const struct verdict *verdict)
{
    if (verdict->dkim.count == 0) {
        buf_add_text(buf, "no DKIM signature");
        return;
    }
    buf_printf(buf, "DKIM %s", dkim_code_text(verdict->dkim.code));
    if (verdict->dkim.code == DKIM_PASS) {
        buf_add_text(buf, has_counting_pass(verdict) ? " for another domain"
                                                     : " for only a part of the message");
    }
}

static void add_explanation(struct buf *buf, const struct verdict *verdict)
{
    slice text = verdict->spf.explanation;
    if (!verdict->has_spf || slice_is_empty(text)) {
        return;
    }
    buf_add_text(buf, "; ");
    add_name(buf, verdict->spf.explanation_domain);
    buf_add_text(buf, " explains: \"");
    for (size_t i = 0; i < text.len && i < EXPLANATION_MAX; i++) {
        int c = (unsigned char)text.ptr[i];
        buf_add_byte(buf, ascii_is_printable(c) && c != '"' ? (char)c : '?');
    }
    buf_add_byte(buf, '"');
}

static void add_dmarc(struct buf *buf, const struct verdict_findings *findings,
                      bool defer)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    buf_add_text(buf, "DMARC: ");
    if (defer) {
        buf_add_text(buf, "a DNS answer needed to check mail of ");
        add_name(buf, dmarc->domain);
        buf_add_text(buf, " did not come, try again later");
        return;
    }
    buf_add_text(buf, "this is not authenticated as mail of ");
    add_name(buf, dmarc->domain);
    buf_printf(buf, ", whose policy is %s (", dmarc_policy_text(dmarc->policy));
    add_spf(buf, findings->verdict);
    buf_add_text(buf, ", ");
    add_dkim(buf, findings->verdict);
    buf_add_text(buf, ")");
}

/* X.7.21 when a signature holds that our settings do not accept. */
static const char *dkim_status(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->dkim.count; i++) {
        const struct dkim_result *result = &verdict->dkim.list[i];
        bool refused = result->code == DKIM_POLICY || result->code == DKIM_PASS;
        if (refused && result->header_verified && result->body_verified) {
            return "7.21";
        }
    }
    return "7.20";
}

static const char *spf_status(enum spf_code code)
{
    return code == SPF_TEMPERROR || code == SPF_PERMERROR ? "7.24" : "7.23";
}

/* The status without its class, "7.26" of 5.7.26. */
static const char *status_of(const struct verdict_findings *findings,
                             enum verdict_blame blame, bool defer)
{
    switch (blame) {
    case VERDICT_BLAME_SPF:
        return spf_status(findings->verdict->spf.code);
    case VERDICT_BLAME_DKIM:
        return dkim_status(findings->verdict);
    case VERDICT_BLAME_SPF_AND_DKIM:
        return "7.26";
    case VERDICT_BLAME_DMARC:
        /* What keeps DMARC open is DNS, for which RFC 3463 has X.4.3. */
        return defer ? "4.3" : "7.26";
    case VERDICT_BLAME_NONE:
    case VERDICT_BLAME_FROM:
    case VERDICT_BLAME_LOCAL:
        break;
    }
    return "7.1";
}

static void add_bad_from(struct buf *buf, enum message_from_status status)
{
    static const char *const texts[] = {
        [MESSAGE_FROM_OK] = "the From field is not acceptable",
        [MESSAGE_FROM_MISSING] = "the message has no From address (RFC 5322 section 3.6)",
        [MESSAGE_FROM_UNPARSABLE] =
            "the From field cannot be read (RFC 5322 section 3.4)",
        [MESSAGE_FROM_SEVERAL_FIELDS] =
            "the message has more than one From field (RFC 5322 section 3.6)",
        [MESSAGE_FROM_SEVERAL_DOMAINS] =
            "the From field names more than one domain (RFC 9989 section 11.5)",
    };
    buf_add_text(buf, texts[status]);
}

static void add_text(struct buf *buf, const struct verdict_findings *findings,
                     enum verdict_blame blame, bool defer)
{
    switch (blame) {
    case VERDICT_BLAME_FROM:
        add_bad_from(buf, findings->input->from->status);
        break;
    case VERDICT_BLAME_SPF:
        add_spf(buf, findings->verdict);
        add_explanation(buf, findings->verdict);
        break;
    case VERDICT_BLAME_DKIM:
        add_dkim(buf, findings->verdict);
        break;
    case VERDICT_BLAME_SPF_AND_DKIM:
        add_spf(buf, findings->verdict);
        buf_add_text(buf, ", ");
        add_dkim(buf, findings->verdict);
        add_explanation(buf, findings->verdict);
        break;
    case VERDICT_BLAME_DMARC:
        add_dmarc(buf, findings, defer);
        break;
    case VERDICT_BLAME_NONE:
    case VERDICT_BLAME_LOCAL:
        buf_add_text(buf, defer ? "not accepted now, by local policy"
                                : "not accepted, by local policy");
        break;
    }
}

enum yett_err verdict_write_reply(struct arena *arena,
                                  const struct verdict_findings *findings,
                                  const struct verdict_outcome *outcome, slice *out)
{
    *out = SLICE_NONE;
    if (outcome->action != CONFIG_REJECT && outcome->action != CONFIG_DEFER) {
        return YETT_OK;
    }
    bool defer = outcome->action == CONFIG_DEFER;
    struct buf text;
    buf_init(&text, arena, 2 * REPLY_MAX);
    buf_printf(&text, defer ? "451 4.%s " : "550 5.%s ",
               status_of(findings, outcome->blame, defer));
    add_text(&text, findings, outcome->blame, defer);
    if (buf_err(&text) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }

    struct buf line;
    slice id = slice_first(findings->input->id, 64);
    buf_init(&line, arena, REPLY_MAX);
    buf_add(&line, slice_first(buf_slice(&text), REPLY_MAX - 6 - id.len));
    if (!slice_is_empty(id)) {
        buf_add_text(&line, " (id ");
        add_name(&line, id);
        buf_add_byte(&line, ')');
    }
    *out = buf_slice(&line);
    return buf_err(&line);
}

void verdict_internal_error(struct arena *scratch, const struct config *config, slice id,
                            enum yett_err err, struct verdict_action *out)
{
    bool defer = config->on_internal_error != CONFIG_ACCEPT;
    *out = (struct verdict_action){
        .action = defer ? CONFIG_DEFER : CONFIG_ACCEPT,
        .rule = SLICE("internal-error"),
        .reason = slice_from_text(yett_err_text(err)),
        .observed = config->mode == CONFIG_OBSERVE,
    };
    out->performed = out->observed ? CONFIG_ACCEPT : out->action;
    if (defer) {
        struct buf line;
        buf_init(&line, scratch, REPLY_MAX);
        buf_add_text(&line,
                     "451 4.3.0 the message could not be checked, try again later");
        if (!slice_is_empty(id)) {
            buf_add_text(&line, " (id ");
            add_name(&line, slice_first(id, 64));
            buf_add_byte(&line, ')');
        }
        out->reply =
            buf_err(&line) == YETT_OK
                ? buf_slice(&line)
                : SLICE("451 4.3.0 the message could not be checked, try again later");
    }
}
