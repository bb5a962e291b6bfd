/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/negotiate.h"

#include "core/milter/wire.h"

/* Without these Authentication-Results can be neither written nor protected. */
#define ACTIONS_NEEDED ((uint32_t)(SMFIF_ADDHDRS | SMFIF_CHGHDRS))
#define ACTIONS_USED   (ACTIONS_NEEDED | (uint32_t)(SMFIF_QUARANTINE | SMFIF_SETSYMLIST))

/*
 * Nothing is refused before the end of the body, so no step needs a reply.  DATA is left out:
 * it has nothing but the queue id, and that comes with the end of the header or of the body
 * as well, in every version, before anything is decided.
 */
#define STEPS_USED                                                                       \
    ((uint32_t)(SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | SMFIP_NR_HELO |         \
                SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN |          \
                SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_HDR_LEADSPC))

/*
 * The macros that macro.c reads, where they are first known.  The queue id belongs to MAIL
 * for what it tells about local mail, and to the end of the header for the others: Postfix
 * has none before the first recipient.  A step without a row, or with an empty list, would
 * get Postfix's own, so the queue id stands there for nothing.
 */
static const struct macro_list {
    uint32_t step;
    slice names;
} macro_lists[] = {
    {0, SLICE_INIT("v")                          }, /* CONNECT */
    {1, SLICE_INIT("i")                          }, /* HELO */
    {2, SLICE_INIT("i {auth_type} {auth_authen}")}, /* MAIL */
    {3, SLICE_INIT("i {rcpt_host}")              }, /* RCPT */
    {4, SLICE_INIT("i")                          }, /* DATA */
    {5, SLICE_INIT("i")                          }, /* end of the message */
    {6, SLICE_INIT("i")                          }, /* end of the header */
};
enum { MACRO_LISTS = sizeof(macro_lists) / sizeof(macro_lists[0]) };

enum yett_err negotiate_read(slice data, struct milter_options *out, const char **why)
{
    struct milter_options offered;
    if (!wire_take_uint32(&data, &offered.version) ||
        !wire_take_uint32(&data, &offered.actions) ||
        !wire_take_uint32(&data, &offered.steps)) {
        *why = "sent an option negotiation of fewer than 12 octets";
        return YETT_BAD_SYNTAX;
    }
    if (offered.version < MILTER_VERSION_MIN) {
        *why = "speaks a milter protocol older than version 2";
        return YETT_BAD_SYNTAX;
    }
    if ((offered.actions & ACTIONS_NEEDED) != ACTIONS_NEEDED) {
        *why = "does not let a filter add and change header fields";
        return YETT_BAD_SYNTAX;
    }
    *out = (struct milter_options){
        .version =
            offered.version < MILTER_VERSION_MAX ? offered.version : MILTER_VERSION_MAX,
        .actions = offered.actions & ACTIONS_USED,
        .steps = offered.steps & STEPS_USED,
    };
    return YETT_OK;
}

void negotiate_write(struct buf *buf, const struct milter_options *options)
{
    char numbers[3 * WIRE_UINT32_BYTES];
    char steps[MACRO_LISTS][WIRE_UINT32_BYTES];
    slice parts[1 + 3 * MACRO_LISTS];
    size_t count = 0;

    wire_put_uint32(numbers, options->version);
    wire_put_uint32(numbers + WIRE_UINT32_BYTES, options->actions);
    wire_put_uint32(numbers + 2 * WIRE_UINT32_BYTES, options->steps);
    parts[count++] = slice_of(numbers, sizeof(numbers));
    for (size_t i = 0; i < MACRO_LISTS && (options->actions & SMFIF_SETSYMLIST) != 0;
         i++) {
        wire_put_uint32(steps[i], macro_lists[i].step);
        parts[count++] = slice_of(steps[i], WIRE_UINT32_BYTES);
        parts[count++] = macro_lists[i].names;
        parts[count++] = wire_nul();
    }
    milter_write_packet(buf, 'O', parts, count);
}
