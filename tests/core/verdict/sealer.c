/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* When the word of a trusted sealer turns a DMARC failure of example.org into accept. */

enum { SETS_MAX = 3 };

static struct arc_set sets[SETS_MAX];

/* One set: what it testifies, whether its sealer is named, whether the message is still what it
   signed. */
static void add_set(struct verdict_case *c, const char *results, bool trusted,
                    bool unchanged)
{
    struct authres_error error;
    size_t index = c->verdict.arc.set_count++;
    assert_true(index < SETS_MAX);
    struct arc_set *set = &sets[index];
    *set = (struct arc_set){
        .instance = (unsigned)index + 1,
        .domain = SLICE("list.example"),
        .selector = SLICE("s"),
        .trusted = trusted,
        .seal = {.code = DKIM_PASS   },
        .message = { .code = unchanged ? DKIM_PASS : DKIM_FAIL, .counts = unchanged}
    };
    set->has_results = authres_parse(c->arena, slice_from_text(results), &set->results,
                                     &error) == YETT_OK;
    c->verdict.arc.sets = sets;
    c->verdict.arc.instances = set->instance;
}

static void begin_chain(struct verdict_case *c)
{
    c->verdict.arc = (struct arc_result){
        .code = ARC_PASS, .counts = true, .reason = SLICE("it holds")};
}

static const char *const passed = "mx.list.example; dmarc=pass header.from=example.org";

static void its_word_is_taken(void **state)
{
    struct verdict_case *c = *state;
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
    begin_chain(c);
    add_set(c, passed, true, true);
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "trusted-sealer");
    assert_true(slice_find(c->outcome.reason, SLICE("list.example, a trusted sealer")) <
                c->outcome.reason.len);
    assert_true(slice_is_empty(c->reply));
    c->dmarc.disposition = DMARC_POLICY_QUARANTINE;
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "trusted-sealer");
    c->dmarc.code = DMARC_TEMPERROR;
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "trusted-sealer");
    c->dmarc.code = DMARC_PASS;
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "dmarc-pass");
}

static void nobody_elses_is(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, false, true);
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
}

static void the_chain_must_hold_and_leave_nothing_open(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, true);
    c->verdict.arc.counts = false;
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
    c->verdict.arc.counts = true;
    c->verdict.arc.code = ARC_FAIL;
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
}

/* Anybody can write a text of his own under a genuine set and seal that. */
static void what_others_may_have_changed_since_is_not_vouched_for(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, false);
    add_set(c, "mx.evil.example; dmarc=pass header.from=example.org", false, true);
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
    /* Another named sealer on top makes it no better: it does not say that it passed. */
    add_set(c, "mx.list.example; dmarc=fail header.from=example.org; arc=pass", true,
            true);
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
    /* As long as the message is what the named sealer sent, all is well. */
    sets[0].message = (struct dkim_result){.code = DKIM_PASS, .counts = true};
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "trusted-sealer");
}

static void named_sealers_may_change_it_one_after_the_other(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, false);
    add_set(c, "mx.list.example; dmarc=fail header.from=example.org; arc=pass", true,
            true);
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "trusted-sealer");
}

static void what_counts_as_an_aligned_pass(void **state)
{
    static const struct {
        const char *results;
        bool strict;
        bool taken;
        const char *why;
    } rows[] = {
        {"m; dmarc=pass header.from=example.org",                                     true,  true,  "its DMARC result"                   },
        {"m; dmarc=pass (p=REJECT) header.from=EXAMPLE.org",                          true,  true,  "in capitals"                        },
        {"m; dmarc=fail header.from=example.org",                                     false, false, "it failed there"                    },
        {"m; dmarc=pass header.from=example.net",                                     false, false, "another author"                     },
        {"m; dmarc=pass",                                                             false, false, "no author named"                    },
        {"m; dmarc=pass header.from=sub.example.org",                                 false, false, "a subdomain"                        },
        {"m; dkim=pass header.d=example.org",                                         true,  true,  "aligned DKIM alone"                 },
        {"m; dkim=pass header.i=@example.org",                                        true,  true,  "by its identity"                    },
        {"m; dkim=pass header.i=jo@mail.example.org",                                 false, true,  "relaxed"                            },
        {"m; dkim=pass header.d=mail.example.org",                                    true,  false, "strict"                             },
        {"m; dkim=pass header.d=example.net header.i=@example.org",                   false, false,
         "d= goes before i="                                                                                                             },
        {"m; dkim=fail header.d=example.org",                                         false, false, "failed"                             },
        {"m; dkim=pass header.d=notexample.org",                                      false, false, "no label boundary"                  },
        {"m; dkim=pass",                                                              false, false, "nobody named"                       },
        {"m; spf=pass smtp.mailfrom=jo@example.org",                                  true,  true,  "aligned SPF alone"                  },
        {"m; spf=pass smtp.mailfrom=b.example.org",                                   true,  false, "strict SPF"                         },
        {"m; spf=pass smtp.helo=example.org",                                         false, false, "HELO is nobody's sender"            },
        {"m; spf=pass smtp.mailfrom=x@example.net",                                   false, false, "not aligned"                        },
        {"m; dkim=pass header.d=example.org; dmarc=fail header.from=example.org",     false,
         false,                                                                                     "its DMARC result goes before others"},
        {"m; dkim=pass header.d=example.org; dmarc=fail",                             false, false,
         "of an author it does not name"                                                                                                 },
        {"m; dkim=pass header.d=example.org; dmarc=fail header.from=other.test",      false,
         true,                                                                                      "of another author it does not"      },
        {"m; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org",
         false,                                                                              false, "it contradicts itself"              },
        {"m; dmarc=fail header.from=example.org; dmarc=pass header.from=example.org",
         false,                                                                              false, "either way"                         },
        {"m; none",                                                                   false, false, "nothing"                            },
        {"not results",                                                               false, false, "unreadable"                         },
    };
    struct verdict_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin_chain(c);
        add_set(c, rows[i].results, true, true);
        c->dmarc.record.strict_dkim = rows[i].strict;
        c->dmarc.record.strict_spf = rows[i].strict;
        if ((case_decide(c) == CONFIG_ACCEPT) != rows[i].taken) {
            fail_msg("%s: %s", rows[i].why, rows[i].results);
        }
    }
}

static void without_one_author_there_is_nothing_to_vouch_for(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, true);
    c->from.status = MESSAGE_FROM_SEVERAL_FIELDS;
    assert_int_not_equal(case_decide(c), CONFIG_ACCEPT);
}

static void an_exception_and_a_forwarder_go_first(void **state)
{
    static const struct config_forwarder forwarder = {.name = SLICE_INIT("list"),
                                                      .signer =
                                                          SLICE_INIT("list.example"),
                                                      .because = SLICE_INIT("it checks")};
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, true);
    case_sign(c, "list.example", DKIM_PASS);
    c->config.forwarders = &forwarder;
    c->config.forwarder_count = 1;
    assert_int_equal(case_decide(c), CONFIG_ACCEPT);
    case_assert_rule(c, "forwarder");
}

static void a_seal_that_cannot_be_checked_now_is_waited_for(void **state)
{
    struct verdict_case *c = *state;
    begin_chain(c);
    add_set(c, passed, true, true);
    c->verdict.arc.code = ARC_FAIL;
    c->verdict.arc.open = true;
    assert_int_equal(case_decide(c), CONFIG_DEFER);
    case_assert_rule(c, "arc-temperror");
    assert_true(slice_starts_with(c->reply, SLICE("451 ")));
    /* Not for ever, not for others, and not where nothing would be done. */
    c->input.first_seen_s -= c->config.dmarc.temperror_patience_s;
    assert_int_not_equal(case_decide(c), CONFIG_DEFER);
    c->input.first_seen_s = c->input.now_s;
    sets[0].trusted = false;
    assert_int_not_equal(case_decide(c), CONFIG_DEFER);
    sets[0].trusted = true;
    c->dmarc.disposition = DMARC_POLICY_NONE;
    assert_int_not_equal(case_decide(c), CONFIG_DEFER);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)
    const struct CMUnitTest tests[] = {
        T(its_word_is_taken),
        T(nobody_elses_is),
        T(the_chain_must_hold_and_leave_nothing_open),
        T(what_others_may_have_changed_since_is_not_vouched_for),
        T(named_sealers_may_change_it_one_after_the_other),
        T(what_counts_as_an_aligned_pass),
        T(without_one_author_there_is_nothing_to_vouch_for),
        T(an_exception_and_a_forwarder_go_first),
        T(a_seal_that_cannot_be_checked_now_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
