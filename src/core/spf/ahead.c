/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/spf/evaluation.h"

/*
 * ahead: questions that go out in the same round as the one that is waited for.
 *
 * Nothing here is counted or changes the result.  A question is asked ahead only when no
 * limit can still keep the walk from it: each term before it, the one that waits included,
 * is taken to use its lookups and to come to nothing.  What an include uses is not known
 * before it is followed, so the first include is the last that is asked for.
 */

struct budget {
    unsigned lookups;
    unsigned void_lookups;
};

static bool is_within(const struct spf_evaluation *ev, const struct budget *budget)
{
    return budget->lookups < ev->limits.lookups &&
           budget->void_lookups <= ev->limits.void_lookups;
}

/* Ask for what a term begins with.  False when its target cannot be known yet. */
static bool ask(struct spf_evaluation *ev, const struct spf_term *term,
                enum dns_type type)
{
    const struct spf_frame *frame = ev->frame;
    struct spf_target target = {.name = frame->domain};
    if ((term->uses & SPF_USES_CLIENT) != 0) {
        return false;
    }
    if (term->domain.length > 0 &&
        spf_target_of(ev, frame->domain, spf_part_of(frame->text, term->domain),
                      term->uses, &target) != YETT_OK) {
        return false;
    }
    bool is_domain = type != DNS_TXT || domain_label_count(target.name) > 1;
    if (target.state == SPF_TARGET_READY && is_domain) {
        dns_ask_ahead(ev->dns, type, target.name);
    }
    return true;
}

/* False when the walk ends here, or goes where nothing is known. */
static bool pass_by(struct spf_evaluation *ev, const struct spf_term *term)
{
    switch (term->kind) {
    case SPF_TERM_ALL:
        return false;
    case SPF_TERM_IP4:
    case SPF_TERM_IP6:
        return !spf_network_holds(ev, term);
    case SPF_TERM_A:
        return ask(ev, term, ev->address_type);
    case SPF_TERM_MX:
        return ask(ev, term, DNS_MX);
    case SPF_TERM_EXISTS:
        return ask(ev, term, DNS_A);
    case SPF_TERM_INCLUDE:
        (void)ask(ev, term, DNS_TXT);
        return false;
    case SPF_TERM_PTR:
        return false; /* rare, and slow by itself */
    case SPF_TERM_REDIRECT:
    case SPF_TERM_EXP:
    case SPF_TERM_UNKNOWN_MODIFIER:
        break;
    }
    return true;
}

static bool asks_dns(const struct spf_term *term)
{
    return term->kind == SPF_TERM_A || term->kind == SPF_TERM_MX ||
           term->kind == SPF_TERM_EXISTS || term->kind == SPF_TERM_INCLUDE ||
           term->kind == SPF_TERM_PTR;
}

void spf_look_ahead(struct spf_evaluation *ev)
{
    const struct spf_frame *frame = ev->frame;
    if (frame == NULL || frame->next == frame->record->count ||
        frame->record->terms[frame->next].kind == SPF_TERM_INCLUDE) {
        return; /* waiting for a record */
    }

    struct budget budget = {.lookups = ev->lookups, .void_lookups = ev->void_lookups + 1};
    for (size_t i = frame->next + 1; i < frame->record->count; i++) {
        const struct spf_term *term = &frame->record->terms[i];
        if (asks_dns(term)) {
            if (!is_within(ev, &budget)) {
                return;
            }
            budget.lookups++;
            budget.void_lookups++;
        }
        if (!pass_by(ev, term)) {
            return;
        }
    }
    if (frame->record->redirect != NULL && !frame->record->has_all &&
        is_within(ev, &budget)) {
        (void)ask(ev, frame->record->redirect, DNS_TXT);
    }
}
