/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/reason.h"

#include "core/base/buf.h"

enum { REASON_BYTES_MAX = 4096, SIGNATURES_NAMED_MAX = 4 };

const char *dmarc_policy_text(enum dmarc_policy policy)
{
    switch (policy) {
    case DMARC_POLICY_NONE:
        return "none";
    case DMARC_POLICY_QUARANTINE:
        return "quarantine";
    case DMARC_POLICY_REJECT:
        return "reject";
    }
    return "none";
}

const char *dmarc_code_text(enum dmarc_code code)
{
    switch (code) {
    case DMARC_NONE:
        return "none";
    case DMARC_PASS:
        return "pass";
    case DMARC_FAIL:
        return "fail";
    case DMARC_TEMPERROR:
        return "temperror";
    case DMARC_PERMERROR:
        return "permerror";
    }
    return "none";
}

/* What a sentence is made from. */
struct story {
    struct buf buf;
    const struct dmarc_discovery *discovery;
    const struct dmarc_identities *identities;
    const struct dmarc_result *result;
};

static void say(struct story *story, const char *text)
{
    buf_add_text(&story->buf, text);
}

static void say_name(struct story *story, slice name)
{
    buf_add_visible(&story->buf, name);
}

/* ---- alignment ------------------------------------------------------------------------- */

static const char *alignment_text(enum dmarc_alignment alignment, bool strict)
{
    switch (alignment) {
    case DMARC_ALIGNED_YES:
        return ", aligned";
    case DMARC_ALIGNED_MAYBE:
        return ", which may be aligned: DNS did not answer";
    case DMARC_ALIGNED_NO:
        break;
    }
    return strict ? ", not the author domain itself, as the record wants it"
                  : ", not aligned";
}

static void say_spf(struct story *story)
{
    const struct dmarc_identities *identities = story->identities;
    const struct spf_result *spf = identities->input->spf;

    if (!identities->has_spf) {
        say(story, "SPF could not be evaluated");
        return;
    }
    say(story, "SPF is ");
    say(story, spf_code_text(spf->code));
    if (identities->spf_domain.len != 0) {
        say(story, " for ");
        say_name(story, identities->spf_domain);
        if (spf->code == SPF_PASS || spf->code == SPF_TEMPERROR) {
            say(story, alignment_text(identities->spf, story->result->record.strict_spf));
        }
    }
}

static void say_signature(struct story *story, const struct dkim_result *result,
                          enum dmarc_alignment alignment)
{
    slice domain = dmarc_dkim_domain(result);

    say(story, "DKIM is ");
    say(story, dkim_code_text(result->code));
    say(story, domain.len == 0 ? " for no readable domain" : " for ");
    say_name(story, domain);
    if (result->code == DKIM_PASS && !result->counts) {
        say(story, " but leaves a part of the message unsigned, so it does not count");
    } else if (domain.len != 0 &&
               (dmarc_dkim_passes(result) || dmarc_dkim_is_open(result))) {
        say(story, alignment_text(alignment, story->result->record.strict_dkim));
    }
}

static void say_dkim(struct story *story)
{
    const struct dmarc_identities *identities = story->identities;

    if (identities->dkim_count == 0) {
        say(story, "there is no DKIM signature");
        return;
    }
    for (size_t i = 0; i < identities->dkim_count; i++) {
        if (i == SIGNATURES_NAMED_MAX) {
            say(story, "; and ");
            buf_add_uint(&story->buf, identities->dkim_count - i);
            say(story, " more signatures");
            return;
        }
        say(story, i == 0 ? "" : "; ");
        say_signature(story, dmarc_dkim_result(identities->input, i),
                      identities->dkim[i]);
    }
}

/* The domain of a pass, and how it is aligned with that of the author. */
static void say_aligned(struct story *story, slice domain)
{
    slice org_domain = story->result->org_domain;

    say(story, " for ");
    say_name(story, domain);
    if (slice_eq(domain, story->result->domain)) {
        say(story, ", the author domain");
        return;
    }
    say(story, ", aligned with ");
    say_name(story, story->result->domain);
    if (org_domain.len != 0 && !slice_eq(org_domain, story->result->domain) &&
        !slice_eq(org_domain, domain)) {
        say(story, " (both belong to ");
        say_name(story, org_domain);
        say(story, ")");
    }
}

/* The domain of the first signature that makes the message pass. */
static slice passing_signer(const struct story *story)
{
    const struct dmarc_identities *identities = story->identities;

    for (size_t i = 0; story->result->dkim_aligned && i < identities->dkim_count; i++) {
        const struct dkim_result *result = dmarc_dkim_result(identities->input, i);
        if (dmarc_dkim_passes(result) && identities->dkim[i] == DMARC_ALIGNED_YES) {
            return dmarc_dkim_domain(result);
        }
    }
    return SLICE_NONE;
}

static void say_pass(struct story *story)
{
    slice signer = passing_signer(story);
    slice sender =
        story->result->spf_aligned ? story->identities->spf_domain : SLICE_NONE;

    if (signer.len != 0 && slice_eq(signer, sender)) {
        say(story, "DKIM and SPF pass");
        say_aligned(story, signer);
        return;
    }
    if (signer.len != 0) {
        say(story, "DKIM passes");
        say_aligned(story, signer);
        say(story, sender.len != 0 ? "; " : "");
    }
    if (sender.len != 0) {
        say(story, "SPF passes");
        say_aligned(story, sender);
    }
}

/* ---- policy ---------------------------------------------------------------------------- */

static void say_where(struct story *story)
{
    say(story, "_dmarc.");
    say_name(story, story->result->policy_domain);
}

static void say_lowered(struct story *story)
{
    const struct dmarc_result *result = story->result;
    if (result->disposition != result->policy && result->code != DMARC_PASS) {
        say(story,
            result->record.testing ? ", lowered by t=y to " : ", lowered by pct= to ");
        say(story, dmarc_policy_text(result->disposition));
    }
}

static void say_open(struct story *story)
{
    const struct dmarc_place *open = story->discovery->open;

    if (open == NULL) {
        say(story, "whether the author domain ");
        say_name(story, story->result->domain);
        say(story, " exists could not be told, and the policy at ");
        say_where(story);
        say(story, " depends on it");
        return;
    }
    say(story, "the policy is not known: ");
    say_name(story, open->step.name);
    say(story, " could not be asked (");
    say(story, dns_status_text(open->step.status));
    say(story, ")");
}

static void say_policy(struct story *story)
{
    const struct dmarc_result *result = story->result;

    if (!result->policy_known) {
        say_open(story);
        return;
    }
    say(story, "the policy at ");
    say_where(story);
    say(story, " is ");
    say(story, dmarc_policy_text(result->policy));
    if (result->record.falls_to_none) {
        say(story, ", because its own cannot be used");
    } else {
        say(story, " (");
        say(story, result->policy_tag);
        say(story, "=)");
    }
    say_lowered(story);
}

static void say_none(struct story *story)
{
    const struct dmarc_survey *survey = &story->discovery->survey;

    say(story, "no DMARC record applies to ");
    say_name(story, story->result->domain);
    say(story, ": asked ");
    for (const struct dmarc_place *place = survey->first; place != NULL;
         place = place->next) {
        say(story, place == survey->first ? "" : ", ");
        say_name(story, place->step.name);
        if (place->state == DMARC_PLACE_SEVERAL) {
            say(story, " (more than one record)");
        }
    }
}

static void say_unusable(struct story *story)
{
    say(story, "DMARC does not apply to ");
    say_name(story, story->result->domain);
    say(story, ": the record at ");
    say_where(story);
    say(story, " has no usable policy (p=, sp= and np= are none, quarantine or reject) "
               "and no usable rua=");
}

/* ---- all of it ------------------------------------------------------------------------- */

static void say_result(struct story *story)
{
    switch (story->result->code) {
    case DMARC_NONE:
    case DMARC_PERMERROR:
        if (story->result->has_record) {
            say_unusable(story);
        } else {
            say_none(story);
        }
        return;
    case DMARC_PASS:
        say_pass(story);
        say(story, "; ");
        say_policy(story);
        return;
    case DMARC_FAIL:
    case DMARC_TEMPERROR:
        break;
    }
    if (story->identities == NULL) {
        say(story, "for ");
        say_name(story, story->result->domain);
        say(story, " ");
        say_policy(story);
        return;
    }
    bool fails = story->result->code == DMARC_FAIL;
    say(story, fails ? "nothing authenticates " : "whether anything authenticates ");
    say_name(story, story->result->domain);
    say(story, fails ? ": " : " cannot be told now: ");
    say_spf(story);
    say(story, "; ");
    say_dkim(story);
    say(story, "; ");
    say_policy(story);
}

/* A reason too long is cut; only memory is an error. */
static enum yett_err finish(struct buf *buf, slice *out)
{
    if (buf_err(buf) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }
    *out = buf_slice(buf);
    return YETT_OK;
}

enum yett_err dmarc_reason(const struct dmarc_discovery *discovery,
                           const struct dmarc_identities *identities,
                           const struct dmarc_result *result, slice *out)
{
    struct story story = {
        .discovery = discovery, .identities = identities, .result = result};

    buf_init(&story.buf, discovery->survey.arena, REASON_BYTES_MAX);
    say_result(&story);
    return finish(&story.buf, out);
}

static const char *no_author_text(enum message_from_status status)
{
    switch (status) {
    case MESSAGE_FROM_MISSING:
        return "there is no From field with an address";
    case MESSAGE_FROM_UNPARSABLE:
        return "the From field cannot be read";
    case MESSAGE_FROM_SEVERAL_FIELDS:
        return "there is more than one From field";
    case MESSAGE_FROM_SEVERAL_DOMAINS:
        return "the From field names more than one domain";
    case MESSAGE_FROM_OK:
        break;
    }
    return "the From field names no domain";
}

enum yett_err dmarc_reason_no_author(struct arena *arena, const struct message_from *from,
                                     slice *out)
{
    struct buf buf;

    buf_init(&buf, arena, REASON_BYTES_MAX);
    buf_add_text(&buf, "there is no single author domain: ");
    if (from->reason.len != 0) {
        buf_add_visible(&buf, from->reason);
    } else {
        buf_add_text(&buf, no_author_text(from->status));
    }
    return finish(&buf, out);
}
