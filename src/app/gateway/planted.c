/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"

#include <stdlib.h>

/*
 * planted: for tests of what happens when a message takes a worker down.  Only in builds with
 * -Dplanted_faults=true, whose linker leads every call of intake_field() through here.
 *
 * The field `X-Yett-Test-Crash: now` ends the process, `X-Yett-Test-Crash: hang` keeps it
 * busy for ever; both strike when intake was allowed to work on a message with that field,
 * which is where a real fault would lie.
 */
static enum { NOTHING, CRASH, HANG } planted;

void __real_intake_field(struct intake *intake, slice name, slice value, bool is_cut);
void __wrap_intake_field(struct intake *intake, slice name, slice value, bool is_cut);

void __wrap_intake_field(struct intake *intake, slice name, slice value, bool is_cut)
{
    if (slice_eq_nocase(name, SLICE("X-Yett-Test-Crash"))) {
        slice word = slice_trim_fws(value);
        planted = slice_eq(word, SLICE("now"))    ? CRASH
                  : slice_eq(word, SLICE("hang")) ? HANG
                                                  : NOTHING;
    }
    __real_intake_field(intake, name, value, is_cut);
    planted = NOTHING; /* it was not allowed to */
}

void planted_strike(void)
{
    volatile bool for_ever = true;
    switch (planted) {
    case NOTHING:
        break;
    case CRASH:
        abort();
    case HANG:
        while (for_ever) {
        }
    }
}
