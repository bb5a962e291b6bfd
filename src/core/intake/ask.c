/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/* ask: what a message wants signed, and the answers: signatures and the set of a seal go to a
   keeper together. */

static bool is_in_work(const struct intake_message *message)
{
    return message != NULL && message->err == YETT_OK && message->stage == INTAKE_ENDED;
}

bool intake_next_signing(struct intake *intake, struct intake_signing *out)
{
    struct intake_message *message = intake->message;
    struct intake_signing wanted = {0};
    size_t octets = 0;
    if (!is_in_work(message)) {
        return false;
    }
    intake_sign_texts(message, &wanted);
    for (size_t i = 0; i < wanted.count; i++) {
        octets += wanted.texts[i].octets.len;
    }
    if (octets <= INTAKE_SIGNING_MAX &&
        intake_seal_text(message, INTAKE_SIGNING_MAX - octets,
                         &wanted.texts[wanted.count])) {
        wanted.count++;
    }
    if (wanted.count == 0) {
        return false;
    }
    *out = wanted;
    return true;
}

static void take(struct intake_message *message, const struct intake_signature *answers,
                 size_t count)
{
    static const slice why =
        SLICE_INIT("the keeper's answer is none to what it was asked");
    size_t signatures = intake_sign_awaits(message);
    bool seals = intake_seal_awaits(message);
    bool fits = count == signatures + (seals ? 1 : 0);
    if (signatures != 0 && fits) {
        intake_sign_take(message, answers);
    } else if (signatures != 0) {
        intake_sign_fail(message, why);
    }
    if (seals && fits) {
        intake_seal_take(message, &answers[signatures]);
    } else if (seals) {
        intake_seal_fail(message, why);
    }
}

void intake_signed(struct intake *intake, const struct intake_signature *answers,
                   size_t count)
{
    if (is_in_work(intake->message)) {
        take(intake->message, answers, count);
        intake_proceed(intake->message);
    }
}

void intake_signing_failed(struct intake *intake, slice why)
{
    struct intake_message *message = intake->message;
    if (!is_in_work(message)) {
        return;
    }
    if (intake_sign_awaits(message) != 0) {
        intake_sign_fail(message, why);
    }
    if (intake_seal_awaits(message) || message->seal.stage == INTAKE_SEAL_WANTED) {
        intake_seal_fail(message, why);
    }
    intake_proceed(message);
}
