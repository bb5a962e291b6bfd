/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_DMARC_H
#define YETT_CORE_DMARC_DMARC_H

#include "core/base/arena.h"
#include "core/dkim/dkim.h"
#include "core/dns/dns.h"
#include "core/message/message.h"
#include "core/spf/spf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dmarc: whether the author's domain stands behind a message, and what it asks for when it
 * does not (RFC 9989; RFC 7489 by setting).
 *
 * record.c reads policy records and uri.c the addresses in them, memo.c keeps them with the
 * answer, walk.c walks the tree, discover.c finds the policy that applies, suffix.c is the
 * public suffix list of RFC 7489, align.c and identify.c compare domains, evaluate.c decides,
 * reason.c says why.
 */
enum dmarc_standard { DMARC_RFC9989, DMARC_RFC7489 };
enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };
enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };
/* The registered words (RFC 9989 section 9.2); dmarc_evaluate() never says permerror. */
enum dmarc_code { DMARC_NONE, DMARC_PASS, DMARC_FAIL, DMARC_TEMPERROR, DMARC_PERMERROR };

const char *dmarc_policy_text(enum dmarc_policy policy);
const char *dmarc_code_text(enum dmarc_code code);

/* What a tag held that was ignored or replaced, for people. */
struct dmarc_note {
    size_t offset; /* into the record */
    slice text;
};

struct dmarc_record {
    slice text;
    bool has_p, has_sp, has_np;   /* present and valid */
    bool bad_p, bad_sp, bad_np;   /* present, not a policy */
    enum dmarc_policy p, sp, np;  /* as published, or by the standard's defaults */
    bool strict_dkim, strict_spf; /* adkim=s, aspf=s */
    enum dmarc_psd psd;
    bool testing;             /* t=y */
    unsigned pct;             /* RFC 7489: 0 to 100; else 100 */
    unsigned failure_options; /* fo= as bits of enum dmarc_fo */
    const slice *rua;         /* syntactically valid URIs, "!size" removed */
    size_t rua_count;
    const slice *ruf;
    size_t ruf_count;
    /* RFC 9989 section 4.10.1, RFC 7489 section 6.6.3: the policy cannot be used … */
    bool falls_to_none; /* … but rua= can: it is taken for p=none */
    bool unusable;      /* … and no rua= can: no DMARC processing */
    const struct dmarc_note *notes;
    size_t note_count;
};

enum dmarc_fo { DMARC_FO_ALL = 1, DMARC_FO_ANY = 2, DMARC_FO_DKIM = 4, DMARC_FO_SPF = 8 };

/* Does this TXT text begin as a DMARC record of `standard` (v= first and exact)? */
bool dmarc_is_record(slice text, enum dmarc_standard standard);

/* Parse a record for which dmarc_is_record() holds.  YETT_OK or YETT_NO_MEMORY: whatever is
   wrong with it stands in the notes and flags. */
YETT_MUST_USE
enum yett_err dmarc_parse_record(struct arena *arena, slice text,
                                 enum dmarc_standard standard, struct dmarc_record *out);

/* The public suffix list, from its text (publicsuffix.org's format).  Owns libpsl's data. */
struct dmarc_suffixes;
YETT_MUST_USE
enum yett_err dmarc_suffixes_parse(slice text, struct dmarc_suffixes **out);
void dmarc_suffixes_free(struct dmarc_suffixes *suffixes);

/* The organizational domain by the list: one label below the longest public suffix. */
slice dmarc_suffixes_organizational(const struct dmarc_suffixes *suffixes, slice domain);

struct dmarc_settings {
    enum dmarc_standard standard;
    /* RFC 7489 only.  Without a list a domain is its own organizational domain. */
    const struct dmarc_suffixes *suffixes;
    /* RFC 7489: this message's number, 0 to 99; the policy applies when it is below pct. */
    unsigned pct_draw;
};

struct dmarc_input {
    const struct message_from *from;
    /* Of MAIL FROM with the null sender's rule.  NULL, or a result of HELO: unavailable; it
       might have passed for anybody, so the result is then never fail but temperror. */
    const struct spf_result *spf;
    const struct dkim_results *dkim;
    struct dmarc_settings settings;
};

/* One name asked for a policy record, or (for np=) the author domain, whether it exists. */
struct dmarc_step {
    slice name; /* "_dmarc.example.org" */
    enum dns_status status;
    bool secure;  /* the answer was DNSSEC-validated */
    slice record; /* the one record found there, or empty */
    slice note;   /* "2 records: both ignored", "psd=n: organizational domain" */
    slice why;    /* "author domain", "organizational domain of d=…" */
};

struct dmarc_result {
    enum dmarc_code code;
    slice domain;        /* the author domain, normal form; empty when there is none */
    slice org_domain;    /* of the author; empty when not determined */
    slice policy_domain; /* where the record was found; empty without one */
    bool has_record;
    struct dmarc_record record;
    /* DNS did not keep us from learning which policy applies, if any.  When it did, `policy`
       and `disposition` are NONE; the code may still be pass. */
    bool policy_known;
    bool secure; /* there is a record, and all that led to it was DNSSEC-validated */
    enum dmarc_policy policy; /* p, sp or np as it applies; NONE without record */
    const char *policy_tag;   /* "p", "sp", "np": where `policy` was taken from */
    /* What is asked for after t= or pct= unless the message passes; NONE on pass. */
    enum dmarc_policy disposition;
    /* After t= or pct=, too: the policy when it is known, else the mildest of those that the
       records found so far ask for, should one of them turn out to apply. */
    enum dmarc_policy known_policy_floor;
    bool sampled_out; /* RFC 7489: pct spared this message */
    unsigned pct_draw;
    bool spf_aligned;    /* SPF passed and is aligned */
    bool dkim_aligned;   /* a counting DKIM pass is aligned */
    const bool *aligned; /* per DKIM result: d= is sure to be aligned, pass or not */
    size_t aligned_count;
    slice spf_domain;               /* the one compared; empty when SPF names none */
    slice spf_org_domain;           /* empty when not determined */
    slice reason;                   /* a clause for people, always there */
    const struct dmarc_step *steps; /* every name asked, in order */
    size_t step_count;
};

/*
 * Evaluate DMARC.  YETT_OK, YETT_NEED_ANSWERS or YETT_NO_MEMORY.
 *
 * An aligned pass is a pass, also when DNS kept the policy from us: a domain is aligned with
 * itself under any record there could be.  Other than that, temperror only while an open
 * question (DNS of the policy, an aligned signature's key, SPF of an aligned domain) could
 * still make an aligned pass or yield the policy.
 *
 * A record without a usable policy and without a usable rua= means "no DMARC processing"
 * (RFC 9989 section 4.10.1): that is NONE, as for a domain without a record, but `has_record`
 * is true.  Never permerror, though the words of section 9.2 for it would suit: whatever
 * else may be wrong with a record is to be ignored (section 4.8).
 *
 * A From that is not exactly one domain gives DMARC_NONE with the reason; the caller handles
 * that case (doc/verdict.md) and may call dmarc_find_policy() for each.
 *
 * Asks at most 8 names for the author domain and 7 more for each of at most 16 domains that
 * SPF and DKIM name, and only for those that may share its organizational domain.
 */
YETT_MUST_USE
enum yett_err dmarc_evaluate(struct arena *arena, const struct dmarc_input *input,
                             struct dns_view *dns, struct dmarc_result *out);

/*
 * Policy discovery alone (RFC 9989 section 4.10.1) for `domain`: fills org_domain,
 * policy_domain, record, policy, disposition and steps; code is DMARC_NONE, DMARC_PERMERROR
 * or DMARC_TEMPERROR, and DMARC_FAIL when there is a record.  Asks nothing that
 * dmarc_evaluate() would not ask for this author domain.
 */
YETT_MUST_USE
enum yett_err dmarc_find_policy(struct arena *arena, slice domain,
                                const struct dmarc_settings *settings,
                                struct dns_view *dns, struct dmarc_result *out);

#endif
