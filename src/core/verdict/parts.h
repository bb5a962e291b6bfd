/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_VERDICT_PARTS_H
#define YETT_CORE_VERDICT_PARTS_H

#include "core/base/buf.h"
#include "core/verdict/verdict.h"

/* parts: what the files of this folder ask of each other, in the order in which a verdict
   comes about. */

/*
 * source.c: who is talking; fills source, source_reason and envelope of `out`.  The client
 * of the envelope is IP_NONE when it cannot be told: SPF is then unavailable.
 */
YETT_MUST_USE
enum yett_err verdict_find_source(struct arena *arena, const struct verdict_input *input,
                                  struct verdict *out);

/* draw.c: the number from 0 to 99 that RFC 7489's pct= is compared with.  The same for
   each delivery attempt of a message. */
unsigned verdict_draw(const struct message_header *header, slice installation_secret);

/* Settings as they apply to one recipient. */
struct verdict_settings {
    enum config_mode mode;
    enum config_on_reject on_reject;
    enum config_action on_quarantine;
};

/* recipients.c: of one recipient, or of nobody in particular (`rcpt` empty). */
struct verdict_settings verdict_settings_for(const struct config *config, slice rcpt);

/* What the table decides from. */
struct verdict_findings {
    const struct verdict_input *input;
    const struct verdict *verdict;    /* source, SPF and DKIM are filled */
    const struct dmarc_result *dmarc; /* the one to judge by */
};

/* Which check a refusal is worded for. */
enum verdict_blame {
    VERDICT_BLAME_NONE,
    VERDICT_BLAME_FROM,
    VERDICT_BLAME_SPF,
    VERDICT_BLAME_DKIM,
    VERDICT_BLAME_SPF_AND_DKIM,
    VERDICT_BLAME_DMARC,
    VERDICT_BLAME_LOCAL
};

struct verdict_outcome {
    enum config_action action;
    const char *rule;
    enum verdict_blame blame;
    slice reason;
    slice exception;
};

/* disposition.c: the table of doc/verdict.md for one recipient's settings. */
YETT_MUST_USE
enum yett_err verdict_decide(struct arena *arena, const struct verdict_findings *findings,
                             const struct verdict_settings *settings,
                             struct verdict_outcome *out);

/* ungoverned.c: what spf { } and dkim { } say, where no policy governs. */
void verdict_decide_ungoverned(struct arena *arena,
                               const struct verdict_findings *findings,
                               struct verdict_outcome *out);

/* ungoverned.c: so soon after the first attempt that to defer is still right.  A name server
   that never answers must not keep a message away for good. */
bool verdict_is_patient(const struct verdict_findings *findings);

/* named.c: exceptions, forwarders and sealers that an administrator named, for an outcome of
   the table. */
void verdict_apply_named(struct arena *arena, const struct verdict_findings *findings,
                         struct verdict_outcome *out);

/* informed.c: what makes p=reject more than a wish (RFC 9989 section 7.4). */
YETT_MUST_USE
enum yett_err verdict_decide_informed(struct arena *arena,
                                      const struct verdict_findings *findings,
                                      struct verdict_outcome *out);

/* informed.c: would the bounded body proof matter here? */
bool verdict_wants_body_proof(const struct verdict_findings *findings);

/* informed.c: the administrator's rule for failures of this author domain, or NULL. */
const struct config_rule *verdict_find_rule(const struct config *config,
                                            slice author_domain);

/* trust.c: what an administrator named.  The first exception that holds, or NULL. */
const struct config_exception *verdict_find_exception(
    const struct verdict_findings *findings);

/* trust.c: the first named forwarder whose signature passes, or NULL. */
const struct config_forwarder *verdict_find_forwarder(
    const struct verdict_findings *findings);

/* sealer.c: the trusted sealer whose own testimony says that the author domain stood behind
   the message, of a chain that holds, and since when nobody else touched it; or NULL. */
const struct arc_set *verdict_find_sealer(const struct verdict_findings *findings);

/* sealer.c: there might be one, if a key could be fetched that cannot be had now. */
bool verdict_may_find_sealer(const struct verdict_findings *findings);

/* reply.c: the SMTP reply of a refusal or deferral, without line end; empty otherwise. */
YETT_MUST_USE
enum yett_err verdict_write_reply(struct arena *arena,
                                  const struct verdict_findings *findings,
                                  const struct verdict_outcome *outcome, slice *out);

/* fields.c: fields added and removed. */
YETT_MUST_USE
enum yett_err verdict_write_fields(struct arena *arena, const struct verdict_input *input,
                                   struct verdict *out);
YETT_MUST_USE
enum yett_err verdict_find_removed(struct arena *arena, const struct verdict_input *input,
                                   struct verdict *out);

#endif
