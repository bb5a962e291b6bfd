/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/keeper.h"

#include <assert.h>

/* words: each refusal as a word for programs and a sentence for people. */

static const struct {
    const char *word, *text;
} refusals[KEEPER_REFUSALS] = {
    [KEEPER_SIGNED] = {"signed",           "it was signed"                                        },
    [KEEPER_REFUSED_REQUEST] = {"request",          "the request cannot be read"                           },
    [KEEPER_REFUSED_KIND] = {"kind",
                       "it is not what it was said to be, or of a kind that "
                             "is not signed here"                                                 },
    [KEEPER_REFUSED_TEXT] = {"text",             "it is not made of header fields in their canonical "
                                     "form"                         },
    [KEEPER_REFUSED_FIELDS] = {"fields",           "its fields are not those that its h= names"           },
    [KEEPER_REFUSED_SIGNATURE] = {"signature",        "its signature field cannot be used"                   },
    [KEEPER_REFUSED_CANON] = {"canonicalization", "its c= is of no form that is signed "
                                                  "here"},
    [KEEPER_REFUSED_LENGTH] = {"length",           "it has l=: what is added to the message later "
                                         "would count as signed"  },
    [KEEPER_REFUSED_TIME] = {"time",             "its t= is not the time now"                           },
    [KEEPER_REFUSED_EXPIRY] = {"expiry",           "its x= is missing, over, or too far away"             },
    [KEEPER_REFUSED_AUTHOR] = {"author",           "it has no From field that names one domain"           },
    [KEEPER_REFUSED_FROM_UNSIGNED] = {"from-unsigned",
                       "h= must have From once more than there are From "
                                      "fields, so that none can be added"                         },
    [KEEPER_REFUSED_KEY] = {"key",              "its d= and s= name no key of this host"               },
    [KEEPER_REFUSED_PERMISSION] = {"permission",       "the key is not meant for this kind of "
                                                 "signature"  },
    [KEEPER_REFUSED_ALGORITHM] = {"algorithm",        "its a= does not suit the key"                         },
    [KEEPER_REFUSED_DOMAIN] = {"author-domain",
                       "mail of this author domain is not signed "
                               "with this key"                                                    },
    [KEEPER_REFUSED_CHAIN] = {"chain",            "its ARC sets are not whole and in order"              },
    [KEEPER_REFUSED_RATE] = {"rate",             "the domain has had as many signatures as "
                                     "rate_per_domain allows"       },
    [KEEPER_REFUSED_INTERNAL] = {"internal",         "the keeper failed to sign it"                         },
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
