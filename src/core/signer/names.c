/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/signer/signer.h"

/*
 * names: which fields are signed, and how often each is named (RFC 6376 section 5.4), by a
 * signature and by the message signature of a seal alike (RFC 8617 section 4.1.2).
 */

/*
 * What the reader sees, answers to, and what decides how the body is shown is signed once more
 * than it stands: who adds a second Subject, a Cc or a Content-Type to a message that had
 * none, gains nothing.  Fields that a relay may add because they are missing (Date, Message-ID,
 * Sender of a list) are signed once more only where they stand.  What lists and forwarders
 * add by their nature is signed as it stands.  A seal is trusted in place of the author, so it
 * must not hold for a message with another Subject on top either.
 */
static const struct signer_rule default_rules[] = {
    {SLICE_INIT("From"),                      SIGNER_OVERSIGN        },
    {SLICE_INIT("Reply-To"),                  SIGNER_OVERSIGN        },
    {SLICE_INIT("Sender"),                    SIGNER_OVERSIGN_PRESENT},
    {SLICE_INIT("To"),                        SIGNER_OVERSIGN        },
    {SLICE_INIT("Cc"),                        SIGNER_OVERSIGN        },
    {SLICE_INIT("Subject"),                   SIGNER_OVERSIGN        },
    {SLICE_INIT("Date"),                      SIGNER_OVERSIGN_PRESENT},
    {SLICE_INIT("Message-ID"),                SIGNER_OVERSIGN_PRESENT},
    {SLICE_INIT("In-Reply-To"),               SIGNER_OVERSIGN_PRESENT},
    {SLICE_INIT("References"),                SIGNER_OVERSIGN_PRESENT},
    {SLICE_INIT("MIME-Version"),              SIGNER_OVERSIGN        },
    {SLICE_INIT("Content-Type"),              SIGNER_OVERSIGN        },
    {SLICE_INIT("Content-Transfer-Encoding"), SIGNER_OVERSIGN        },
    {SLICE_INIT("Content-Disposition"),       SIGNER_SIGN            },
    {SLICE_INIT("Resent-Date"),               SIGNER_SIGN            },
    {SLICE_INIT("Resent-From"),               SIGNER_SIGN            },
    {SLICE_INIT("Resent-To"),                 SIGNER_SIGN            },
    {SLICE_INIT("Resent-Cc"),                 SIGNER_SIGN            },
    {SLICE_INIT("List-Id"),                   SIGNER_SIGN            },
    {SLICE_INIT("List-Help"),                 SIGNER_SIGN            },
    {SLICE_INIT("List-Unsubscribe"),          SIGNER_SIGN            },
    {SLICE_INIT("List-Unsubscribe-Post"),     SIGNER_SIGN            }, /* RFC 8058 section 4 */
    {SLICE_INIT("List-Subscribe"),            SIGNER_SIGN            },
    {SLICE_INIT("List-Post"),                 SIGNER_SIGN            },
    {SLICE_INIT("List-Owner"),                SIGNER_SIGN            },
    {SLICE_INIT("List-Archive"),              SIGNER_SIGN            },
    {SLICE_INIT("Feedback-ID"),               SIGNER_SIGN            }, /* Gmail reads it only so */
    {SLICE_INIT("Autocrypt"),                 SIGNER_SIGN            },
    {SLICE_INIT("DKIM-Signature"),            SIGNER_SIGN            }, /* the last: for seals */
};

enum { SEAL_RULES = sizeof(default_rules) / sizeof(default_rules[0]) };

struct signer_rules signer_default_rules(void)
{
    return (struct signer_rules){.list = default_rules, .count = SEAL_RULES - 1};
}

struct signer_rules signer_default_seal_rules(void)
{
    return (struct signer_rules){.list = default_rules, .count = SEAL_RULES};
}

/* ---- lists of an administrator ------------------------------------------------------ */

static const struct refused_name {
    slice name;
    const char *why;
} refused_names[] = {
    {SLICE_INIT("Received"),
     "Received cannot be signed: every mail server on the way adds one."                             },
    {SLICE_INIT("Return-Path"),
     "Return-Path cannot be signed: it is replaced on delivery."                                     },
    {SLICE_INIT("Bcc"),                        "Bcc cannot be signed: mail servers remove it."       },
    {SLICE_INIT("Resent-Bcc"),                 "Resent-Bcc cannot be signed: mail servers remove it."},
    {SLICE_INIT("Authentication-Results"),
     "Authentication-Results cannot be signed: verifiers add and remove it."                         },
    {SLICE_INIT("DKIM-Signature"),
     "DKIM-Signature cannot be signed: other signatures come and go on their own."                   },
    {SLICE_INIT("ARC-Seal"),
     "ARC-Seal cannot be signed: it belongs to ARC, which signs it itself."                          },
    {SLICE_INIT("ARC-Message-Signature"),
     "ARC-Message-Signature cannot be signed: it belongs to ARC, which signs it "
     "itself."                                                                                       },
    {SLICE_INIT("ARC-Authentication-Results"),
     "ARC-Authentication-Results cannot be signed: it belongs to ARC, which signs it "
     "itself."                                                                                       },
};

/* RFC 5322 section 3.6.8 would have a plus sign at the end, but here that says how a field is
   signed: written twice, it is a slip. */
static bool is_field_name(slice name)
{
    if (slice_ends_with(name, SLICE("+"))) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_vchar(name.ptr[i]) || name.ptr[i] == ':' || name.ptr[i] == ';') {
            return false;
        }
    }
    return name.len != 0;
}

static slice judge_name(struct arena *arena, slice name)
{
    if (!is_field_name(name)) {
        struct buf buf;
        buf_init(&buf, arena, 400);
        buf_add_text(&buf, "\"");
        buf_add_visible(&buf, slice_first(name, 60));
        buf_add_text(&buf, "\" is not the name of a field.");
        return buf_slice(&buf);
    }
    for (size_t i = 0; i < sizeof(refused_names) / sizeof(refused_names[0]); i++) {
        if (slice_eq_nocase(name, refused_names[i].name)) {
            return slice_from_text(refused_names[i].why);
        }
    }
    return SLICE_NONE;
}

static struct signer_rule *find_rule(struct signer_rule *list, size_t count, slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_nocase(list[i].name, name)) {
            return &list[i];
        }
    }
    return NULL;
}

static bool next_name(slice *in, slice *name)
{
    if (in->ptr == NULL) {
        return false;
    }
    size_t colon = slice_find_byte(*in, ':');
    size_t comma = slice_find_byte(*in, ',');
    char separator = comma < colon ? ',' : ':';
    return slice_next_piece(in, separator, name);
}

enum yett_err signer_parse_rules(struct arena *arena, slice text,
                                 struct signer_rules *out, slice *why)
{
    struct signer_rule *list =
        ARENA_ARRAY(arena, SIGNER_RULES_MAX + 1, struct signer_rule);
    size_t count = 0;
    slice name;
    if (list == NULL) {
        return YETT_NO_MEMORY;
    }
    list[count++] = default_rules[0]; /* From */
    while (next_name(&text, &name)) {
        name = slice_trim_fws(name);
        bool oversigned = slice_ends_with(name, SLICE("+"));
        name = slice_first(name, name.len - (oversigned ? 1 : 0));
        slice refusal = judge_name(arena, name);
        struct signer_rule *rule = find_rule(list, count, name);
        if (refusal.len == 0 && rule == NULL && count > SIGNER_RULES_MAX) {
            refusal = SLICE("The list names more than 100 fields.");
        }
        if (refusal.len != 0) {
            *why = refusal;
            return YETT_BAD_SYNTAX;
        }
        if (rule == NULL) {
            rule = &list[count++];
            *rule = (struct signer_rule){.name = name, .how = SIGNER_SIGN};
        }
        rule->how = oversigned ? SIGNER_OVERSIGN : rule->how;
    }
    *out = (struct signer_rules){.list = list, .count = count};
    return YETT_OK;
}

/* ---- the fields of one message ------------------------------------------------------ */

static size_t count_fields(const struct message_header *header, slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++) {
        count += slice_eq_nocase(header->fields[i].name, name) ? 1 : 0;
    }
    return count;
}

static size_t named_times(enum signer_how how, size_t count)
{
    switch (how) {
    case SIGNER_SIGN:
        return count;
    case SIGNER_OVERSIGN_PRESENT:
        return count == 0 ? 0 : count + 1;
    case SIGNER_OVERSIGN:
        break;
    }
    return count + 1;
}

/* The lowest first: so they are taken (section 5.4.2). */
static void take_fields(const struct message_header *header, slice name, size_t count,
                        struct signer_chosen *out)
{
    for (size_t i = header->count; i-- > 0 && count != 0;) {
        if (slice_eq_nocase(header->fields[i].name, name)) {
            out->list[out->count++] = &header->fields[i];
            count--;
        }
    }
}

static slice too_many(struct arena *arena, slice name, size_t count)
{
    return arena_printf(arena,
                        "The header has %zu fields %.*s; in all a signature can name %d.",
                        count, SLICE_ARG(name), DKIM_SIGNED_FIELDS_MAX);
}

enum yett_err signer_choose_fields(struct arena *arena,
                                   const struct message_header *header,
                                   const struct signer_rules *rules,
                                   struct signer_chosen *out, slice *why)
{
    slice *names = ARENA_ARRAY(arena, DKIM_SIGNED_FIELDS_MAX, slice);
    struct signer_chosen chosen = {
        .list = ARENA_ARRAY(arena, DKIM_SIGNED_FIELDS_MAX, const struct message_field *),
        .names = names,
    };
    if (names == NULL || chosen.list == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < rules->count; i++) {
        const struct signer_rule *rule = &rules->list[i];
        size_t count = count_fields(header, rule->name);
        size_t times = named_times(rule->how, count);
        if (times > DKIM_SIGNED_FIELDS_MAX - chosen.name_count) {
            *why = too_many(arena, rule->name, count);
            return YETT_BAD_SYNTAX;
        }
        for (size_t j = 0; j < times; j++) {
            names[chosen.name_count++] = rule->name;
        }
        take_fields(header, rule->name, count, &chosen);
    }
    *out = chosen;
    return YETT_OK;
}
