/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/parts.h"

/*
 * fields: what is taken out of a message and what is put in (doc/verdict.md).
 *
 * Only domains are written as properties, never a local part: the sender's record hardly
 * ever looks at it (RFC 8601 section 2.7.2), and the field travels further than the
 * envelope does.
 */
enum {
    FIELD_MAX = 48 * 1024, /* what all below can come to, quoted and folded */
    COMMENT_MAX = 300,     /* octets of a reason that is kept as a comment */
    SIGNATURES_SHOWN_MAX = 20,
    OTHERS = 4,      /* SPF, "no signature", ARC, DMARC */
    B_SHOWN_MIN = 8, /* RFC 6008 section 4 */
    B_SHOWN_MAX = 64,
    ALGORITHM_SHOWN_MAX = 40, /* longer ones are nobody's: they are left out */
    IDENTITY_SHOWN_MAX = 320,
    PROPERTIES_MAX = 6
};

/* ---- removed ---------------------------------------------------------------------------- */

static bool is_mark(const struct config *config, slice name)
{
    return slice_eq_nocase(name, config->tag_field) ||
           slice_eq_nocase(name, config->quarantine_field);
}

/* Deliberately whatever it says: no honest field hides a result or a mark. */
static bool hides_what_must_go(const struct config *config,
                               const struct message_field *field)
{
    slice rest = SLICE_NONE;
    slice name;
    while (message_next_hidden(field, &rest, &name)) {
        if (slice_eq_nocase(name, SLICE("Authentication-Results")) ||
            is_mark(config, name)) {
            return true;
        }
    }
    return false;
}

/* `keeps`: results in our name are ours. */
static bool must_go(const struct config *config, const struct message_field *field,
                    bool may_hide, bool keeps, unsigned *close_looks)
{
    if (slice_eq_nocase(field->name, SLICE("Authentication-Results"))) {
        return !keeps &&
               authres_is_forged_of_many(field->value, config->authserv_id, close_looks);
    }
    return is_mark(config, field->name) ||
           (may_hide && hides_what_must_go(config, field));
}

static void turn_around(size_t *list, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        size_t first = list[i];
        list[i] = list[count - 1 - i];
        list[count - 1 - i] = first;
    }
}

enum yett_err verdict_find_removed(struct arena *arena, const struct verdict_input *input,
                                   struct verdict *out)
{
    const struct message_header *header = input->header;
    size_t *removed = ARENA_ARRAY(arena, header->count, size_t);
    if (removed == NULL) {
        return YETT_NO_MEMORY;
    }
    bool keeps = verdict_is_of_list_host(input->config, &input->envelope);
    bool may_hide = (header->defects & MESSAGE_MAY_HIDE) != 0;
    unsigned close_looks = AUTHRES_CLOSE_LOOKS_MAX;
    size_t count = 0;
    /* The closer to us a host is, the higher its results stand: they are looked at first. */
    for (size_t i = 0; i < header->count; i++) {
        if (must_go(input->config, &header->fields[i], may_hide, keeps, &close_looks)) {
            removed[count++] = i;
        }
    }
    turn_around(removed, count);
    out->removed_fields = removed;
    out->removed_count = count;
    return YETT_OK;
}

/* ---- Authentication-Results ------------------------------------------------------------- */

/* One result with room for its properties. */
struct line {
    struct authres_result result;
    struct authres_property properties[PROPERTIES_MAX];
};

static void add_property(struct line *line, slice type, slice property, slice value)
{
    if (slice_is_empty(value) || line->result.property_count == PROPERTIES_MAX) {
        return;
    }
    line->properties[line->result.property_count++] =
        (struct authres_property){.type = type, .property = property, .value = value};
    line->result.properties = line->properties;
}

static void begin_line(struct line *line, slice method, const char *result, slice reason)
{
    *line = (struct line){
        .result = {.method = method,
                   .method_version = 1,
                   .result = slice_from_text(result),
                   .comment = slice_first(reason, COMMENT_MAX)}
    };
}

/* HELO is reported for the null reverse-path only: a second spf result of another identity
   has been taken for the first one before (CVE-2019-20790). */
static void write_spf(struct line *line, const struct verdict *verdict)
{
    const struct spf_result *spf = &verdict->spf;
    bool null_sender = slice_is_empty(verdict->envelope.mail_from);
    begin_line(line, SLICE("spf"), spf_code_text(spf->code), spf->reason);
    add_property(line, SLICE("smtp"), null_sender ? SLICE("helo") : SLICE("mailfrom"),
                 spf->domain);
}

static size_t shared_length(slice a, slice b)
{
    size_t length = 0;
    while (length < a.len && length < b.len && a.ptr[length] == b.ptr[length]) {
        length++;
    }
    return length;
}

/* So much of b= that no other signature of the message begins the same, within reason. */
static slice unique_b(const struct dkim_results *dkim, size_t index)
{
    slice b = slice_first(dkim->list[index].signature->b_text, B_SHOWN_MAX);
    size_t length = B_SHOWN_MIN;
    for (size_t i = 0; i < dkim->count; i++) {
        size_t shared =
            i == index ? 0 : shared_length(b, dkim->list[i].signature->b_text);
        length = shared < length ? length : shared + 1;
    }
    return slice_first(b, length);
}

static bool identity_says_more(const struct dkim_signature *signature)
{
    slice identity = signature->identity;
    return !slice_is_empty(identity) && identity.len <= IDENTITY_SHOWN_MAX &&
           !(slice_starts_with(identity, SLICE("@")) &&
             slice_eq_nocase(slice_skip(identity, 1), signature->domain));
}

static void write_dkim(struct line *line, const struct dkim_results *dkim, size_t index)
{
    const struct dkim_result *result = &dkim->list[index];
    const struct dkim_signature *signature = result->signature;
    begin_line(line, SLICE("dkim"), dkim_code_text(result->code), result->reason);
    add_property(line, SLICE("header"), SLICE("d"), signature->domain);
    if (identity_says_more(signature)) {
        add_property(line, SLICE("header"), SLICE("i"), signature->identity);
    }
    add_property(line, SLICE("header"), SLICE("s"), signature->selector);
    if (signature->algorithm_text.len <= ALGORITHM_SHOWN_MAX) {
        add_property(line, SLICE("header"), SLICE("a"), signature->algorithm_text);
    }
    add_property(line, SLICE("header"), SLICE("b"), unique_b(dkim, index));
}

static void write_dmarc(struct line *line, const struct dmarc_result *dmarc)
{
    begin_line(line, SLICE("dmarc"), dmarc_code_text(dmarc->code), dmarc->reason);
    add_property(line, SLICE("header"), SLICE("from"), dmarc->domain);
    if (dmarc->code == DMARC_FAIL) {
        add_property(line, SLICE("policy"), SLICE("dmarc"),
                     slice_from_text(dmarc_policy_text(dmarc->disposition)));
    }
}

/* RFC 8617 section 6. */
static enum yett_err write_arc(struct arena *arena, struct line *line,
                               const struct verdict *verdict)
{
    const struct arc_result *arc = &verdict->arc;
    struct buf buf;
    begin_line(line, SLICE("arc"), arc_code_text(arc->code), arc->reason);
    if (verdict->envelope.client.family != IP_NONE) {
        buf_init(&buf, arena, 64);
        ip_write(&buf, verdict->envelope.client);
        add_property(line, SLICE("smtp"), SLICE("remote-ip"), buf_slice(&buf));
        if (buf_err(&buf) != YETT_OK) {
            return buf_err(&buf);
        }
    }
    if (arc->oldest_pass == ARC_OLDEST_UNKNOWN) {
        return YETT_OK;
    }
    slice oldest = arena_printf(arena, "%d", arc->oldest_pass);
    add_property(line, SLICE("header"), SLICE("oldest-pass"), oldest);
    return oldest.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* Evaluated signatures first come to mind, but order is that of the message; those beyond
   the ceilings are left out. */
static size_t write_signatures(struct line *lines, const struct dkim_results *dkim)
{
    if (dkim->count == 0) {
        begin_line(lines, SLICE("dkim"), "none", dkim->reason);
        return 1;
    }
    size_t count = 0;
    for (size_t i = 0; i < dkim->count && count < SIGNATURES_SHOWN_MAX; i++) {
        if (dkim->list[i].evaluated || !slice_is_empty(dkim->list[i].signature->error)) {
            write_dkim(&lines[count++], dkim, i);
        }
    }
    return count;
}

static enum yett_err write_results(struct arena *arena, const struct verdict_input *input,
                                   struct verdict *out)
{
    size_t signatures = out->dkim.count;
    size_t most =
        OTHERS + (signatures < SIGNATURES_SHOWN_MAX ? signatures : SIGNATURES_SHOWN_MAX);
    struct line *lines = ARENA_ARRAY(arena, most, struct line);
    struct authres_result *results = ARENA_ARRAY(arena, most, struct authres_result);
    if (lines == NULL || results == NULL) {
        return YETT_NO_MEMORY;
    }
    size_t count = 0;
    if (out->has_spf) {
        write_spf(&lines[count++], out);
    }
    count += write_signatures(&lines[count], &out->dkim);
    if (out->arc.code != ARC_NONE) {
        enum yett_err err = write_arc(arena, &lines[count++], out);
        if (err != YETT_OK) {
            return err;
        }
    }
    write_dmarc(&lines[count++], &out->dmarc);
    for (size_t i = 0; i < count; i++) {
        results[i] = lines[i].result;
    }

    struct authres authres = {.authserv_id = input->config->authserv_id,
                              .version = 1,
                              .results = results,
                              .count = count};
    struct buf buf;
    buf_init(&buf, arena, FIELD_MAX);
    authres_write(&buf, &authres);
    out->authentication_results = buf_slice(&buf);
    return buf_err(&buf);
}

/* ---- Received-SPF ----------------------------------------------------------------------- */

static enum yett_err write_received_spf(struct arena *arena,
                                        const struct verdict_input *input,
                                        struct verdict *out)
{
    struct buf address, field;
    buf_init(&address, arena, 64);
    ip_write(&address, out->envelope.client);
    struct authres_received_spf spf = {
        .result = slice_from_text(spf_code_text(out->spf.code)),
        .comment = slice_first(out->spf.reason, COMMENT_MAX),
        .receiver = input->config->authserv_id,
        .client_ip = buf_slice(&address),
        .envelope_from = out->envelope.mail_from,
        .helo = out->envelope.helo,
        .identity =
            slice_is_empty(out->envelope.mail_from) ? SLICE("helo") : SLICE("mailfrom"),
        .mechanism = out->spf.mechanism,
    };
    buf_init(&field, arena, FIELD_MAX);
    authres_write_received_spf(&field, &spf);
    out->received_spf = buf_slice(&field);
    return buf_err(&field);
}

enum yett_err verdict_write_fields(struct arena *arena, const struct verdict_input *input,
                                   struct verdict *out)
{
    enum yett_err err = write_results(arena, input, out);
    if (err == YETT_OK && input->config->received_spf && out->has_spf) {
        err = write_received_spf(arena, input, out);
    }
    return err;
}
