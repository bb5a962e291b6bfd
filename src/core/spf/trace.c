/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/evaluation.h"

/* trace: the steps of an evaluation, for people. */

enum {
    FIRST_STEPS = 16,
    /* A record of 64 KiB has thousands of terms, and may be included ten times: nobody
       reads that, and it costs memory. */
    STEPS_MAX = 1000
};

static bool grow(struct spf_evaluation *ev)
{
    struct spf_trace *trace = &ev->trace;
    size_t capacity = trace->capacity == 0 ? FIRST_STEPS : trace->capacity * 2;
    size_t size = sizeof(struct spf_step);
    if (trace->capacity > 0 &&
        arena_extend(ev->arena, trace->steps, trace->capacity * size, capacity * size)) {
        trace->capacity = capacity;
        return true;
    }
    struct spf_step *steps = arena_alloc(ev->arena, capacity * size);
    if (steps == NULL) {
        return false;
    }
    if (trace->count > 0) {
        memcpy(steps, trace->steps, trace->count * size);
    }
    trace->steps = steps;
    trace->capacity = capacity;
    return true;
}

static enum yett_err add(struct spf_evaluation *ev, struct spf_step step)
{
    struct spf_trace *trace = &ev->trace;
    if (trace->count == STEPS_MAX) {
        trace->steps[STEPS_MAX - 1].note = SLICE("more steps follow that are not listed");
        return YETT_OK;
    }
    if (trace->count == trace->capacity && !grow(ev)) {
        return YETT_NO_MEMORY;
    }
    step.lookups = ev->lookups;
    step.void_lookups = ev->void_lookups;
    trace->steps[trace->count++] = step;
    return YETT_OK;
}

static unsigned depth_of(const struct spf_link *via)
{
    return via == NULL ? 0 : via->depth;
}

enum yett_err spf_trace_term(struct spf_evaluation *ev, const struct spf_frame *frame,
                             const struct spf_term *term,
                             const struct spf_outcome *outcome, size_t *index)
{
    *index = ev->trace.count;
    return add(ev, (struct spf_step){.depth = depth_of(frame->via),
                                     .domain = frame->domain,
                                     .term = spf_part_of(frame->text, term->text),
                                     .matched = outcome->finding == SPF_FOUND_MATCH,
                                     .note = outcome->note});
}

enum yett_err spf_trace_record(struct spf_evaluation *ev, const struct spf_link *via,
                               slice domain, slice text, slice note)
{
    return add(ev, (struct spf_step){.depth = depth_of(via),
                                     .domain = domain,
                                     .term = text,
                                     .is_record = true,
                                     .note = note});
}

/* Section 5.2. */
static const struct {
    enum spf_code code;
    slice note;
} include_notes[] = {
    {SPF_PASS,     SLICE_INIT("comes to pass, which is a match")     },
    {SPF_FAIL,     SLICE_INIT("comes to fail, which is no match")    },
    {SPF_SOFTFAIL, SLICE_INIT("comes to softfail, which is no match")},
    {SPF_NEUTRAL,  SLICE_INIT("comes to neutral, which is no match") },
};

void spf_trace_include(struct spf_evaluation *ev, size_t index, enum spf_code code)
{
    if (index >= ev->trace.count) {
        return; /* beyond what is listed */
    }
    struct spf_step *step = &ev->trace.steps[index];
    step->matched = code == SPF_PASS;
    for (size_t i = 0; i < sizeof include_notes / sizeof include_notes[0]; i++) {
        if (include_notes[i].code == code) {
            step->note = include_notes[i].note;
        }
    }
}
