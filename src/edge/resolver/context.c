/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/context.h"

#include "edge/resolver/anchor.h"

#include <errno.h>
#include <string.h>

#include <unbound-event.h>
#include <unbound.h>

/* What never varies.  Must all be set before the context is finalised. */
static const struct setting {
    const char *name, *value;
} settings[] = {
  /* The usual forwarder is on this host. */
    {"do-not-query-localhost:", "no"  },
 /* Which private addresses have names is the forwarder's business, not a library's. */
    {"unblock-lan-zones:",      "yes" },
 /* DNS flag day 2020: what passes everywhere unfragmented; larger answers go by TCP. */
    {"edns-buffer-size:",       "1232"},
 /* Each holds a buffer of 64 KiB. */
    {"outgoing-num-tcp:",       "32"  },
 /* A forwarder that came back is noticed within this time, in seconds. */
    {"infra-host-ttl:",         "30"  },
    {"infra-keep-probing:",     "yes" },
 /* Tells the root which keys we have; nobody asked for that. */
    {"trust-anchor-signaling:", "no"  },
};

/* Names that libunbound answers itself, with NXDOMAIN, unless told not to. */
static const char *const own_zones[] = {"test.", "home.arpa."};

static bool set(struct ub_ctx *context, const char *name, const char *value,
                struct buf *why)
{
    int err = ub_ctx_set_option(context, name, value);
    if (err != 0) {
        buf_printf(why, "libunbound %s refuses \"%s %s\": %s", ub_version(), name, value,
                   ub_strerror(err));
    }
    return err == 0;
}

static bool set_number(struct ub_ctx *context, const char *name, uint64_t value,
                       struct arena *arena, struct buf *why)
{
    slice text = arena_printf(arena, "%llu", (unsigned long long)value);
    return text.ptr != NULL && set(context, name, text.ptr, why);
}

/*
 * How long libunbound waits before it repeats a question.  It learns from the answers that
 * the forwarder had ready that 50 ms are enough, and would give up in little more than a
 * second on a name that the forwarder has to look for.  Our own deadline must come first,
 * since it alone can say what happened: repeat a few times within it, and not give up
 * before.  A question is sent twice in each of `outbound-msg-retry` attempts.
 */
static bool set_patience(struct ub_ctx *context, unsigned timeout_ms, struct arena *arena,
                         struct buf *why)
{
    unsigned repeat_ms = timeout_ms / 5;
    repeat_ms = repeat_ms < 200 ? 200 : repeat_ms > 1000 ? 1000 : repeat_ms;
    unsigned attempts = timeout_ms / repeat_ms / 2 + 1;
    attempts = attempts > 16 ? 16 : attempts;
    return set_number(context, "infra-cache-min-rtt:", repeat_ms, arena, why) &&
           set_number(context, "unknown-server-time-limit:", repeat_ms, arena, why) &&
           set_number(context, "outbound-msg-retry:", attempts, arena, why);
}

static bool set_all(struct ub_ctx *context, const struct resolver_options *options,
                    size_t open_max, struct arena *arena, struct buf *why)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (!set(context, settings[i].name, settings[i].value, why)) {
            return false;
        }
    }
    const char *modules = options->validate ? "validator iterator" : "iterator";
    return set(context, "module-config:", modules, why) &&
           set_number(context, "outgoing-range:", open_max, arena, why) &&
           set_patience(context, options->timeout_ms, arena, why);
}

static bool set_servers(struct ub_ctx *context, const struct servers *servers,
                        struct buf *why)
{
    for (size_t i = 0; i < servers->count; i++) {
        int err = ub_ctx_set_fwd(context, servers->list[i]);
        if (err != 0) {
            buf_printf(why, "libunbound refuses the name server %s: %s", servers->list[i],
                       ub_strerror(err));
            return false;
        }
    }
    return true;
}

/* Removing a zone finalises the context: from here on it takes no settings, and says so
   if it cannot use those that it took. */
static bool finalise(struct ub_ctx *context, const struct resolver_options *options,
                     struct buf *why)
{
    for (size_t i = 0; i < sizeof(own_zones) / sizeof(own_zones[0]); i++) {
        int err = ub_ctx_zone_remove(context, own_zones[i]);
        if (err != 0) {
            buf_printf(why, "libunbound cannot start: %s", ub_strerror(err));
            if (options->validate) {
                buf_add_text(why, "; is a record damaged in ");
                buf_add_visible(why, options->trust_anchor_source);
            }
            return false;
        }
    }
    return true;
}

struct ub_ctx *context_new(struct loop *loop, const struct resolver_options *options,
                           const struct servers *servers, size_t open_max,
                           struct arena *arena, struct buf *why)
{
    struct ub_ctx *context = ub_ctx_create_event(loop_base(loop));
    if (context == NULL) {
        buf_printf(why, "libunbound cannot start: %s", strerror(errno));
        return NULL;
    }
    (void)ub_ctx_debugout(context, NULL); /* what goes wrong is in the answers' detail */
    if (!set_all(context, options, open_max, arena, why) ||
        !set_servers(context, servers, why) ||
        (options->validate && !anchor_add(context, options, arena, why)) ||
        !finalise(context, options, why)) {
        ub_ctx_delete(context);
        return NULL;
    }
    return context;
}
