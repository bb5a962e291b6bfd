/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/discover.h"

/* ---- which record --------------------------------------------------------------------- */

/* What the places found so far may come to, whatever the open ones hold. */
struct candidates {
    const struct dmarc_place *places[DMARC_WALK_MAX];
    size_t count;
};

static void add_candidate(struct candidates *candidates, const struct dmarc_place *place)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->places[i] == place) {
            return;
        }
    }
    if (place != NULL && place->state == DMARC_PLACE_RECORD) {
        candidates->places[candidates->count++] = place;
    }
}

/* The organizational domain, when it is the same under all guesses. */
static slice sure_organizational(const struct dmarc_walk *walk,
                                 const struct dmarc_guess *guesses, size_t count)
{
    slice first = dmarc_walk_organizational(walk, guesses[0]);
    for (size_t i = 1; i < count; i++) {
        if (!slice_eq(first, dmarc_walk_organizational(walk, guesses[i]))) {
            return SLICE_NONE;
        }
    }
    return first;
}

static void locate_in_walk(struct dmarc_discovery *discovery,
                           struct candidates *candidates)
{
    const struct dmarc_walk *walk = &discovery->walk;
    struct dmarc_guess guesses[DMARC_GUESSES_MAX];
    size_t count = dmarc_guesses(walk, NULL, guesses);

    discovery->org_domain = sure_organizational(walk, guesses, count);
    discovery->place = dmarc_walk_policy_place(walk, guesses[0]);
    add_candidate(candidates, discovery->place);
    for (size_t i = 1; i < count; i++) {
        const struct dmarc_place *place = dmarc_walk_policy_place(walk, guesses[i]);
        add_candidate(candidates, place);
        if (place != discovery->place && discovery->open == NULL) {
            discovery->open = guesses[i].place;
        }
    }
}

static enum yett_err locate_rfc9989(struct dmarc_discovery *discovery,
                                    struct candidates *candidates)
{
    enum yett_err err =
        dmarc_walk_run(&discovery->survey, discovery->domain, SLICE("author domain"),
                       SLICE("above the author domain"), &discovery->walk);
    if (err == YETT_OK) {
        locate_in_walk(discovery, candidates);
    }
    return err;
}

/* RFC 7489 section 6.6.3: several records at the author domain end it, none go on to the
   organizational domain. */
static enum yett_err locate_rfc7489(struct dmarc_discovery *discovery,
                                    struct candidates *candidates)
{
    struct dmarc_survey *survey = &discovery->survey;
    slice org_domain =
        dmarc_suffixes_organizational(discovery->settings->suffixes, discovery->domain);
    const struct dmarc_place *place;

    enum yett_err err =
        dmarc_survey_ask(survey, discovery->domain, SLICE("author domain"), &place);
    if (err == YETT_NEED_ANSWERS) {
        dmarc_ask_place_ahead(survey->dns, org_domain);
    }
    if (err != YETT_OK) {
        return err;
    }
    discovery->org_domain = org_domain;
    if (place->state == DMARC_PLACE_OPEN) {
        discovery->open = place;
    }
    if (place->state == DMARC_PLACE_EMPTY || place->state == DMARC_PLACE_OPEN) {
        err =
            dmarc_survey_ask(survey, org_domain,
                             SLICE("organizational domain of the author domain"), &place);
        if (err != YETT_OK) {
            return err;
        }
    }
    if (place->state == DMARC_PLACE_OPEN && discovery->open == NULL) {
        discovery->open = place;
    }
    if (place->state == DMARC_PLACE_RECORD) {
        add_candidate(candidates, place);
        discovery->place = place;
    }
    return YETT_OK;
}

static enum yett_err locate(struct dmarc_discovery *discovery,
                            struct candidates *candidates)
{
    enum yett_err err = discovery->settings->standard == DMARC_RFC9989
                            ? locate_rfc9989(discovery, candidates)
                            : locate_rfc7489(discovery, candidates);
    if (err == YETT_OK) {
        discovery->located = true;
        if (discovery->open != NULL) {
            discovery->place = NULL;
        }
    }
    return err;
}

/* ---- does the author domain exist ------------------------------------------------------ */

static bool is_at_author(const struct dmarc_discovery *discovery,
                         const struct dmarc_place *place)
{
    return slice_eq(place->domain, discovery->domain);
}

static bool needs_existence(const struct dmarc_discovery *discovery)
{
    const struct dmarc_place *place = discovery->place;
    return place != NULL && !is_at_author(discovery, place) && place->record->has_np &&
           !place->record->unusable && !place->record->falls_to_none;
}

static slice existence_note(enum dmarc_existence existence, slice detail)
{
    switch (existence) {
    case DMARC_EXISTENCE_YES:
        return SLICE("exists: np= does not apply");
    case DMARC_EXISTENCE_NO:
        return SLICE("does not exist: np= applies");
    case DMARC_EXISTENCE_OPEN:
    case DMARC_EXISTENCE_UNASKED:
        break;
    }
    return detail;
}

/*
 * A name exists unless the answer is NXDOMAIN (RFC 9989 section 3.2.13), whatever type was
 * asked for: A, because that is the type for which every server knows the difference between
 * no such name and no such record.  Behind an alias NXDOMAIN is about the alias's target; the
 * name asked for has a record, the alias, and exists (appendix A.4).
 */
static enum yett_err ask_existence(struct dmarc_discovery *discovery)
{
    const struct dns_answer *answer;

    if (!needs_existence(discovery)) {
        return YETT_OK;
    }
    enum yett_err err = dns_ask(discovery->survey.dns, DNS_A, discovery->domain, &answer);
    if (err != YETT_OK) {
        return err;
    }
    if (dns_is_open(answer)) {
        discovery->existence = DMARC_EXISTENCE_OPEN;
    } else if (answer->status == DNS_NXDOMAIN && answer->alias_count == 0) {
        discovery->existence = DMARC_EXISTENCE_NO;
    } else {
        discovery->existence = DMARC_EXISTENCE_YES;
    }
    return dmarc_survey_add_step(
        &discovery->survey,
        (struct dmarc_step){.name = discovery->domain,
                            .status = answer->status,
                            .secure = answer->security == DNS_SECURE,
                            .note = existence_note(discovery->existence, answer->detail),
                            .why = SLICE("does the author domain exist")});
}

/* ---- what it asks for ------------------------------------------------------------------ */

struct choice {
    enum dmarc_policy policy;
    const char *tag;
};

static struct choice subdomain_choice(const struct dmarc_record *record, bool exists)
{
    if (!exists && record->has_np) {
        return (struct choice){record->np, "np"};
    }
    return record->has_sp ? (struct choice){record->sp, "sp"}
                          : (struct choice){record->p, "p"};
}

static enum dmarc_policy milder(enum dmarc_policy a, enum dmarc_policy b)
{
    return a < b ? a : b;
}

static enum dmarc_policy one_down(enum dmarc_policy policy)
{
    switch (policy) {
    case DMARC_POLICY_REJECT:
        return DMARC_POLICY_QUARANTINE;
    case DMARC_POLICY_QUARANTINE:
    case DMARC_POLICY_NONE:
        break;
    }
    return DMARC_POLICY_NONE;
}

static bool is_sampled_out(const struct dmarc_settings *settings,
                           const struct dmarc_record *record)
{
    return settings->standard == DMARC_RFC7489 && settings->pct_draw >= record->pct;
}

/* After t= (RFC 9989 section 4.7) or pct= (RFC 7489 section 6.6.4). */
static enum dmarc_policy in_effect(const struct dmarc_settings *settings,
                                   const struct dmarc_record *record,
                                   enum dmarc_policy policy)
{
    bool lower = record->testing || is_sampled_out(settings, record);
    return lower ? one_down(policy) : policy;
}

/* The least that the record at `place` may ask for, as long as nobody knows whether the
   author domain exists. */
static enum dmarc_policy least_of(const struct dmarc_discovery *discovery,
                                  const struct dmarc_place *place)
{
    const struct dmarc_record *record = place->record;
    enum dmarc_policy policy = record->p;

    if (record->unusable) {
        return DMARC_POLICY_NONE;
    }
    if (!is_at_author(discovery, place)) {
        policy = milder(subdomain_choice(record, true).policy,
                        subdomain_choice(record, false).policy);
    }
    return in_effect(discovery->settings, record, policy);
}

static enum dmarc_policy floor_of(const struct dmarc_discovery *discovery,
                                  const struct candidates *candidates)
{
    enum dmarc_policy floor = DMARC_POLICY_NONE;
    for (size_t i = 0; i < candidates->count; i++) {
        enum dmarc_policy least = least_of(discovery, candidates->places[i]);
        floor = i == 0 ? least : milder(floor, least);
    }
    return floor;
}

/*
 * A record at the author domain applies whatever stands elsewhere.  Any other applies because
 * of all that was asked on the way: a forged answer could have hidden one below it, or have
 * ended the walk.
 */
static bool is_secure(const struct dmarc_discovery *discovery)
{
    if (is_at_author(discovery, discovery->place)) {
        return discovery->place->step.secure;
    }
    const struct dmarc_place *place = discovery->survey.first;
    while (place != NULL && place->step.secure) {
        place = place->next;
    }
    return place == NULL;
}

static void apply_record(const struct dmarc_discovery *discovery,
                         struct dmarc_result *out)
{
    const struct dmarc_record *record = discovery->place->record;
    const struct dmarc_settings *settings = discovery->settings;

    out->has_record = true;
    out->record = *record;
    out->policy_domain = discovery->place->domain;
    out->secure = is_secure(discovery);
    if (record->unusable) {
        return; /* as if there were none */
    }
    struct choice choice = {record->p, "p"};
    if (!is_at_author(discovery, discovery->place)) {
        choice = subdomain_choice(record, discovery->existence != DMARC_EXISTENCE_NO);
    }
    bool open =
        discovery->existence == DMARC_EXISTENCE_OPEN &&
        subdomain_choice(record, true).policy != subdomain_choice(record, false).policy;
    out->policy_known = !open;
    out->code = open ? DMARC_TEMPERROR : DMARC_FAIL;
    if (open) {
        return;
    }
    out->policy = choice.policy;
    out->policy_tag = choice.tag;
    out->disposition = in_effect(settings, record, choice.policy);
    out->sampled_out = is_sampled_out(settings, record);
}

enum yett_err dmarc_discover(struct dmarc_discovery *discovery, struct dmarc_result *out)
{
    struct candidates candidates = {0};

    enum yett_err err = locate(discovery, &candidates);
    if (err == YETT_OK) {
        err = ask_existence(discovery);
    }
    if (err != YETT_OK) {
        return err;
    }
    out->domain = discovery->domain;
    out->org_domain = discovery->org_domain;
    out->policy_tag = "p";
    out->pct_draw = discovery->settings->pct_draw;
    out->policy_known = discovery->open == NULL;
    out->code = discovery->open == NULL ? DMARC_NONE : DMARC_TEMPERROR;
    if (discovery->place != NULL) {
        apply_record(discovery, out);
    }
    out->known_policy_floor =
        out->policy_known ? out->disposition : floor_of(discovery, &candidates);
    return YETT_OK;
}

bool dmarc_applies(const struct dmarc_discovery *discovery)
{
    return discovery->open != NULL ||
           (discovery->place != NULL && !discovery->place->record->unusable);
}
