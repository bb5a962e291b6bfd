/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"

#include <assert.h>

/* sign: what a message wants signed goes to the keeper, and its answer back. */

static const uint8_t kinds[] = {
    [DKIM_FORM_SIGNATURE] = KEEPER_DKIM,
    [DKIM_FORM_MESSAGE] = KEEPER_ARC_MESSAGE,
    [DKIM_FORM_SEAL] = KEEPER_ARC_SEAL,
};

struct keeper_call *sign_ask(struct gateway *gateway, struct intake *intake,
                             void (*done)(void *context, const struct keeper_reply *reply,
                                          const char *why),
                             void *context)
{
    struct intake_signing wanted;
    struct keeper_text texts[KEEPER_TEXTS_MAX];
    const char *why = "";
    if (!intake_next_signing(intake, &wanted)) {
        return NULL;
    }
    static_assert(sizeof(wanted.texts) / sizeof(wanted.texts[0]) <= KEEPER_TEXTS_MAX,
                  "one request for one message");
    static_assert(INTAKE_SIGNING_MAX + KEEPER_HEAD +
                          KEEPER_TEXTS_MAX * KEEPER_ITEM_HEAD <=
                      KEEPER_REQUEST_MAX,
                  "whatever intake asks for is taken");
    static_assert((int)CONFIG_EXPIRE_MAX_S <= (int)KEEPER_EXPIRY_MAX_S,
                  "no setting has signatures refused");
    for (size_t i = 0; i < wanted.count; i++) {
        texts[i] = (struct keeper_text){.kind = kinds[wanted.texts[i].form],
                                        .octets = wanted.texts[i].octets};
    }
    struct keeper_call *call =
        keeper_client_sign(gateway->keeper, texts, wanted.count, done, context, &why);
    if (call == NULL) {
        tell_unsigned(gateway, slice_from_text(why));
        intake_signing_failed(intake, slice_from_text(why));
    }
    return call;
}

void sign_answer(struct gateway *gateway, struct intake *intake,
                 const struct keeper_reply *reply, const char *why)
{
    struct intake_signature answers[KEEPER_TEXTS_MAX];
    size_t refused = KEEPER_TEXTS_MAX;
    if (reply == NULL) {
        tell_unsigned(gateway, slice_from_text(why));
        intake_signing_failed(intake, slice_from_text(why));
        return;
    }
    for (size_t i = 0; i < reply->count; i++) {
        bool is_signed = reply->answers[i].refusal == KEEPER_SIGNED;
        answers[i] = (struct intake_signature){.is_signed = is_signed,
                                               .octets = reply->answers[i].octets};
        refused = is_signed ? refused : i;
    }
    if (reply->count == 0) {
        tell_unsigned(gateway, slice_from_text(keeper_refusal_text(reply->refusal)));
    } else if (refused < KEEPER_TEXTS_MAX) {
        tell_unsigned(gateway, answers[refused].octets);
    }
    intake_signed(intake, answers, reply->count);
}
