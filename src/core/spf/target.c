/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/spf/evaluation.h"

/*
 * target: from a term to the name it asks for, within the limits (RFC 7208 sections 4.6.4,
 * 4.8 and 7.3).
 */

enum {
    /* Deliberately: an expansion beyond this counts as malformed, though section 7.3 would
       have its right end.  No name a sender can mean is a tenth as long. */
    EXPANSION_MAX = 16 * 1024
};

enum yett_err spf_expand(struct spf_evaluation *ev, slice domain, slice text,
                         unsigned uses, struct buf *buf)
{
    struct spf_macro_values values = {
        .sender = ev->identity.sender,
        .local = ev->identity.local,
        .origin = ev->identity.domain,
        .domain = domain,
        .helo = ev->identity.helo,
        .receiver = ev->receiver,
        .ip = ev->ip,
        .now_s = ev->now_s,
    };
    if ((uses & SPF_USES_CLIENT) != 0) {
        enum yett_err err = spf_client_name(ev, domain, &values.client);
        if (err != YETT_OK) {
            return err;
        }
    }
    spf_macro_expand(buf, text, &values);
    return buf_err(buf) == YETT_NO_MEMORY ? YETT_NO_MEMORY : YETT_OK;
}

/* Section 7.3: labels go from the left until the rest fits. */
static slice cut_to_fit(slice name)
{
    if (slice_ends_with(name, SLICE("."))) {
        name = slice_first(name, name.len - 1);
    }
    while (name.len > DOMAIN_OCTETS_MAX) {
        name = domain_parent(name);
    }
    return name;
}

enum yett_err spf_target_of(struct spf_evaluation *ev, slice domain, slice domain_spec,
                            unsigned uses, struct spf_target *out)
{
    if ((uses & SPF_USES_LOCAL) != 0 && !ev->identity.local_is_ascii) {
        *out = (struct spf_target){.state = SPF_TARGET_NO_LOCAL, .name = domain_spec};
        return YETT_OK;
    }
    slice expanded = domain_spec;
    bool too_long = false;
    if ((uses & SPF_USES_MACRO) != 0) {
        struct buf buf;
        buf_init(&buf, ev->arena, EXPANSION_MAX);
        enum yett_err err = spf_expand(ev, domain, domain_spec, uses, &buf);
        if (err != YETT_OK) {
            return err;
        }
        expanded = buf_slice(&buf);
        too_long = buf_err(&buf) == YETT_LIMIT;
    }

    struct spf_target target = {.name = expanded, .state = SPF_TARGET_READY};
    enum yett_err err =
        too_long ? YETT_BAD_SYNTAX
                 : dns_name_normalize(ev->arena, cut_to_fit(expanded), &target.name);
    if (err == YETT_BAD_SYNTAX) {
        target.state = SPF_TARGET_MALFORMED;
        err = YETT_OK;
    }
    if (err == YETT_OK) {
        *out = target;
    }
    return err;
}

/* ---- limits ------------------------------------------------------------------------- */

/* The PTR question of %{p} is "included in the overall limit" as well. */
static unsigned lookups_of(const struct spf_term *term)
{
    return (term->uses & SPF_USES_CLIENT) != 0 ? 2 : 1;
}

enum yett_err spf_begin_term(struct spf_evaluation *ev, const struct spf_frame *frame,
                             const struct spf_term *term, struct spf_target *target,
                             struct spf_outcome *out, bool *go_on)
{
    *go_on = false;
    if ((term->uses & SPF_USES_LOCAL) != 0 && !ev->identity.local_is_ascii) {
        *out = (struct spf_outcome){
            .note = SLICE("needs the local part of the sender, which is not ASCII")};
        return YETT_OK;
    }
    ev->lookups += lookups_of(term);
    if (ev->lookups > ev->limits.lookups) {
        out->finding = SPF_FOUND_PERMERROR;
        return spf_say(
            ev, "which is DNS lookup $u, where only $m are allowed",
            &(struct spf_words){.number = ev->lookups, .maximum = ev->limits.lookups},
            &out->note);
    }
    if (term->domain.length == 0) {
        *go_on = true;
        *target = (struct spf_target){.name = frame->domain};
        return YETT_OK;
    }
    enum yett_err err = spf_target_of(
        ev, frame->domain, spf_part_of(frame->text, term->domain), term->uses, target);
    if (err != YETT_OK) {
        return err;
    }
    *go_on = target->state == SPF_TARGET_READY;
    if (*go_on) {
        return YETT_OK;
    }
    /* Section 4.8 leaves this open: what no DNS name can be does not exist. */
    out->finding = SPF_FOUND_NOTHING;
    return spf_say(ev, "asks for $n, which is no name that DNS can hold",
                   &(struct spf_words){.name = target->name}, &out->note);
}

enum yett_err spf_count_void(struct spf_evaluation *ev, const char *clause, slice name,
                             enum dns_type type, struct spf_outcome *out)
{
    struct spf_words words = {
        .name = name,
        .type = type,
        .number = ++ev->void_lookups,
        .maximum = ev->limits.void_lookups,
    };
    bool over = ev->void_lookups > ev->limits.void_lookups;
    struct buf buf;
    spf_words_init(ev, &buf);
    buf_add_text(&buf, over ? "but " : "");
    spf_words_add(ev, &buf, clause, &words);
    spf_words_add(ev, &buf,
                  over ? ", which is void lookup $u, where only $m are allowed"
                       : " (void lookup $u of $m)",
                  &words);
    out->finding = over ? SPF_FOUND_PERMERROR : SPF_FOUND_NOTHING;
    return spf_words_end(&buf, &out->note);
}
