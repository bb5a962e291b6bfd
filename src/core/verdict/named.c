/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/verdict/parts.h"

/*
 * named: what an administrator named goes before the table: exceptions, forwarders, sealers.
 */

static slice until_text(struct arena *arena, int64_t until_s)
{
    struct buf buf;
    buf_init(&buf, arena, 64);
    date_write_iso(&buf, until_s);
    return slice_first(buf_slice(&buf), 10);
}

static void apply_exception(struct arena *arena, const struct config_exception *exception,
                            struct verdict_outcome *out)
{
    enum config_action action = exception->as_pass ? CONFIG_ACCEPT : exception->treat_as;
    if (action == out->action) {
        return; /* changes nothing, so it is not used */
    }
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = action,
        .rule = "exception",
        .blame = VERDICT_BLAME_LOCAL,
        .exception = exception->name,
        .reason = arena_printf(arena,
                               "exception \"%.*s\", good until %.*s: %.*s (without it: "
                               "%.*s)",
                               SLICE_ARG(exception->name),
                               SLICE_ARG(until_text(arena, exception->until_s)),
                               SLICE_ARG(exception->because), SLICE_ARG(would_be)),
    };
}

static bool forwarder_matters(const struct dmarc_result *dmarc)
{
    return dmarc->code == DMARC_FAIL || dmarc->code == DMARC_TEMPERROR;
}

static void apply_forwarder(struct arena *arena, const struct config_forwarder *forwarder,
                            struct verdict_outcome *out)
{
    *out = (struct verdict_outcome){
        .action = CONFIG_ACCEPT,
        .rule = "forwarder",
        .reason =
            arena_printf(arena, "signed by %.*s, the trusted forwarder \"%.*s\": %.*s",
                         SLICE_ARG(forwarder->signer), SLICE_ARG(forwarder->name),
                         SLICE_ARG(forwarder->because)),
    };
}

static void apply_sealer(struct arena *arena, const struct verdict_findings *findings,
                         const struct arc_set *set, struct verdict_outcome *out)
{
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = CONFIG_ACCEPT,
        .rule = "trusted-sealer",
        .reason = arena_printf(
            arena,
            "%.*s, a trusted sealer, found the message authentic as mail of %.*s when it "
            "came there, and the chain holds since (set %u of %zu; without it: %.*s)",
            SLICE_ARG(set->domain), SLICE_ARG(findings->dmarc->domain), set->instance,
            findings->verdict->arc.set_count, SLICE_ARG(would_be)),
    };
}

/* The word of a trusted sealer may be in it, and cannot be checked now: as for DMARC's own
   questions, nothing is refused or put aside for that before some time has passed. */
static void wait_for_sealer(struct arena *arena, const struct verdict_findings *findings,
                            struct verdict_outcome *out)
{
    const struct config_dmarc *config = &findings->input->config->dmarc;
    if (out->action <= CONFIG_TAG || !verdict_is_patient(findings)) {
        return;
    }
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = config->on_temperror,
        .rule = "arc-temperror",
        .blame = VERDICT_BLAME_DMARC,
        .reason =
            arena_printf(arena,
                         "a chain with a trusted sealer cannot be checked now: "
                         "%.*s (without it: %.*s)",
                         SLICE_ARG(findings->verdict->arc.reason), SLICE_ARG(would_be)),
    };
}

void verdict_apply_named(struct arena *arena, const struct verdict_findings *findings,
                         struct verdict_outcome *out)
{
    const struct config_exception *exception = verdict_find_exception(findings);
    const struct config_forwarder *forwarder = verdict_find_forwarder(findings);
    const struct arc_set *sealer = verdict_find_sealer(findings);
    if (exception != NULL) {
        apply_exception(arena, exception, out);
    } else if (forwarder != NULL && forwarder_matters(findings->dmarc)) {
        apply_forwarder(arena, forwarder, out);
    } else if (sealer != NULL && forwarder_matters(findings->dmarc)) {
        apply_sealer(arena, findings, sealer, out);
    } else if (findings->dmarc->code == DMARC_FAIL && verdict_may_find_sealer(findings)) {
        wait_for_sealer(arena, findings, out);
    }
}
