/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sealing/sealing.h"

/* occasion: is this mail that is sealed? */

static const slice rule_of_list = SLICE_INIT("list");

const char *sealing_act_text(enum sealing_act act)
{
    static const char *const texts[] = {[SEALING_NOT_ASKED] = "none",
                                        [SEALING_LEFT] = "unsealed",
                                        [SEALING_FAILED] = "failed",
                                        [SEALING_SEAL] = "sealed"};
    return texts[act];
}

void sealing_house_init(const struct config *config, const struct signing_table *table,
                        struct sealing_house *out)
{
    *out = (struct sealing_house){.config = config};
    size_t count =
        table == NULL || config->sealing.domain.len == 0 ? 0 : signing_row_count(table);
    for (size_t i = 0; i < count; i++) {
        struct signing_row row = signing_row_at(table, i);
        bool is_usable =
            (row.uses & SIGNING_ARC) != 0 && slice_eq(row.domain, config->sealing.domain);
        if (is_usable &&
            (!out->seals || (row.type == CRYPTO_RSA && out->row.type != CRYPTO_RSA))) {
            out->seals = true;
            out->row = row;
        }
    }
}

static bool has_recipient(const struct sealing_question *question)
{
    const struct config_sealing *sealing = &question->house->config->sealing;
    for (size_t i = 0; i < question->envelope.rcpt_count; i++) {
        for (size_t j = 0; j < sealing->recipient_count; j++) {
            if (config_pattern_fits(sealing->recipients[j], question->envelope.rcpt[i])) {
                return true;
            }
        }
    }
    return false;
}

bool sealing_has_next_hop(const struct sealing_house *house, slice host)
{
    const struct config_sealing *sealing = &house->config->sealing;
    for (size_t i = 0; i < sealing->next_hop_count; i++) {
        if (slice_eq_nocase(sealing->next_hops[i], host)) {
            return true;
        }
    }
    return false;
}

static void note(struct sealing_decision *out, slice rule, const char *reason)
{
    *out = (struct sealing_decision){
        .act = SEALING_SEAL, .rule = rule, .reason = slice_from_text(reason)};
}

void sealing_find_occasion(const struct sealing_question *question,
                           struct sealing_decision *out)
{
    *out = (struct sealing_decision){.act = SEALING_NOT_ASKED};
    if (question->house == NULL || !question->house->seals) {
        return;
    }
    if (verdict_is_of_list_host(question->house->config, &question->envelope)) {
        if (question->role != CONFIG_LISTENER_VERIFY) {
            note(out, rule_of_list,
                 "a list host of ours handed it in (sealing.list_hosts)");
        }
        return;
    }
    if (question->role == CONFIG_LISTENER_SIGN ||
        verdict_is_of_our_own(question->house->config, &question->envelope)) {
        return;
    }
    if (has_recipient(question)) {
        note(out, SLICE("recipient"),
             "it goes to one of sealing.recipients, whose mail is handed on");
    } else if (question->has_next_hop) {
        note(out, SLICE("next-hop"), "it goes to one of sealing.next_hops");
    }
}

bool sealing_is_of_list(const struct sealing_decision *decision)
{
    return slice_eq(decision->rule, rule_of_list);
}
