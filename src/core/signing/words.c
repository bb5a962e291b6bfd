/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

static const char *const hazard_words[SIGNING_HAZARDS] = {
    [SIGNING_LONG_LINE] = "long-line",         [SIGNING_BARE_NEWLINE] = "bare-newline",
    [SIGNING_EIGHT_BIT] = "eight-bit",         [SIGNING_NO_DATE] = "no-date",
    [SIGNING_NO_MESSAGE_ID] = "no-message-id", [SIGNING_SEVERAL_FROM] = "several-from",
};

const char *signing_hazard_text(enum signing_hazard hazard)
{
    return hazard < SIGNING_HAZARDS ? hazard_words[hazard] : "none";
}

const char *signing_act_text(enum signing_act act)
{
    switch (act) {
    case SIGNING_NOT_ASKED:
        return "not-asked";
    case SIGNING_LEFT:
        return "unsigned";
    case SIGNING_FAILED:
        return "failed";
    case SIGNING_REFUSED:
        return "refused";
    case SIGNING_SIGN:
        return "signed";
    }
    return "";
}
