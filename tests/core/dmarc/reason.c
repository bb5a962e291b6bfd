/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What people read: a clause, as SPF and DKIM have it, that says nothing twice. */

#define ORG "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n"

static const char *expected;

static void look(const struct case_view *view)
{
    slice reason = view->result->reason;
    if (!slice_eq(reason, slice_from_text(expected))) {
        fail_msg("\n  want: %s\n   got: %.*s", expected, SLICE_ARG(reason));
    }
}

static void the_reason_is_a_clause(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        struct dmarc_case c;
        const char *reason;
    } rows[] = {
        {{.zone = ORG, .author = "example.org", .spf_domain = "example.org",
          .spf = SPF_PASS, .dkim = {{"example.org", DKIM_PASS}}},
         "DKIM and SPF pass for example.org, the author domain; the policy at "
         "_dmarc.example.org is reject (p=)"},
        {{.zone = ORG, .author = "a.example.org", .spf_domain = "b.example.org",
          .spf = SPF_PASS, .dkim = {{"example.org", DKIM_PASS}}},
         "DKIM passes for example.org, aligned with a.example.org; SPF passes for "
         "b.example.org, aligned with a.example.org (both belong to example.org); the "
         "policy at _dmarc.example.org is reject (p=)"},
        {{.zone = ORG, .author = "example.org", .spf_domain = "example.org",
          .spf = SPF_FAIL},
         "nothing authenticates example.org: SPF is fail for example.org; there is no DKIM "
         "signature; the policy at _dmarc.example.org is reject (p=)"},
        {{.zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; t=y; adkim=s\"\n",
          .author = "example.org", .spf_domain = "list.test", .spf = SPF_PASS,
          .dkim = {{"list.test", DKIM_PASS}, {"example.org", DKIM_FAIL}}},
         "nothing authenticates example.org: SPF is pass for list.test, not aligned; DKIM is "
         "pass for list.test, not the author domain itself, as the record wants it; DKIM is "
         "fail for example.org; the policy at _dmarc.example.org is reject (p=), lowered by "
         "t=y to quarantine"},
        {{.zone = ORG, .author = "example.org", .spf_domain = "list.test", .spf = SPF_PASS,
          .dkim = {{"example.org", DKIM_TEMPERROR}}},
         "whether anything authenticates example.org cannot be told now: SPF is pass for "
         "list.test, not aligned; DKIM is temperror for example.org, aligned; the policy at "
         "_dmarc.example.org is reject (p=)"},
        {{.zone = "", .author = "example.org", NO_SPF},
         "no DMARC record applies to example.org: asked _dmarc.example.org, _dmarc.org"},
        {{.zone = "_dmarc.example.org. IN TXT \"v=DMARC1\"\n", .author = "example.org",
          NO_SPF},
         "DMARC does not apply to example.org: the record at _dmarc.example.org has no "
         "usable policy (p=, sp= and np= are none, quarantine or reject) and no usable rua="},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expected = rows[i].reason;
        case_look(&rows[i].c, look);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_is_a_clause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
