/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/keeper.h"

#include <assert.h>

/* words: each refusal as a word for programs and a sentence for people. */

static const struct {
    const char *word, *text;
} refusals[KEEPER_REFUSALS] = {
    [KEEPER_SIGNED] = {"signed",        "it was signed"                                            },
    [KEEPER_REFUSED_REQUEST] = {"request",       "the request cannot be read"                               },
    [KEEPER_REFUSED_KIND] = {"kind",          "this kind of text is not signed here"                     },
    [KEEPER_REFUSED_TEXT] = {"text",          "it is not what a signer makes"                            },
    [KEEPER_REFUSED_LENGTH] = {"length",        "l= would let text be added to the message"                },
    [KEEPER_REFUSED_TIME] = {"time",          "t= is not the time now"                                   },
    [KEEPER_REFUSED_EXPIRY] = {"expiry",        "x= is missing, over, or too far away"                     },
    [KEEPER_REFUSED_KEY] = {"key",           "d= and s= name no key of this host"                       },
    [KEEPER_REFUSED_PERMISSION] = {"permission",    "the key is not for this kind of text"                     },
    [KEEPER_REFUSED_ALGORITHM] = {"algorithm",     "a= does not suit the key"                                 },
    [KEEPER_REFUSED_AUTHOR] = {"author",        "no From field names one domain"                           },
    [KEEPER_REFUSED_FROM_UNSIGNED] = {"from-unsigned",
                       "h= does not have From once more than "
                                      "there are From fields"                                      },
    [KEEPER_REFUSED_DOMAIN] = {"author-domain",
                       "mail of this author domain is not signed with this key"                    },
    [KEEPER_REFUSED_RATE] = {"rate",          "the domain had as many signatures as "
                                     "signing.rate_per_domain allows"},
    [KEEPER_REFUSED_INTERNAL] = {"internal",      "the keeper failed"                                        },
};

const char *keeper_refusal_word(enum keeper_refusal refusal)
{
    assert(refusal < KEEPER_REFUSALS);
    return refusals[refusal].word;
}

const char *keeper_refusal_text(enum keeper_refusal refusal)
{
    assert(refusal < KEEPER_REFUSALS);
    return refusals[refusal].text;
}
