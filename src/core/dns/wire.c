/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/wire.h"

#include "core/base/ascii.h"

enum { LABEL_MAX = 63, WIRE_MAX = 255, POINTERS_MAX = 128 };

/* A walk over the labels of a name. */
struct walk {
    slice packet;
    size_t at;
    size_t segment;  /* where the labels since the last pointer began */
    size_t octets;   /* of the name so far, its end not counted */
    size_t pointers; /* followed */
};

static struct walk walk_from(slice packet, size_t at)
{
    return (struct walk){.packet = packet, .at = at, .segment = at};
}

static bool octet_at(slice packet, size_t at, unsigned *out)
{
    if (at >= packet.len) {
        return false;
    }
    *out = (unsigned char)packet.ptr[at];
    return true;
}

static bool follow_pointer(struct walk *walk, unsigned high)
{
    unsigned low;
    if (!octet_at(walk->packet, walk->at + 1, &low)) {
        return false;
    }
    size_t target = (size_t)(high & 0x3f) << 8 | low;
    if (target >= walk->segment || ++walk->pointers > POINTERS_MAX) {
        return false;
    }
    walk->at = target;
    walk->segment = target;
    return true;
}

enum step { STEP_LABEL, STEP_END, STEP_MALFORMED };

static enum step next_label(struct walk *walk, slice *label)
{
    unsigned octet;

    for (;;) {
        if (!octet_at(walk->packet, walk->at, &octet)) {
            return STEP_MALFORMED;
        }
        if (octet < 0xc0) {
            break;
        }
        if (!follow_pointer(walk, octet)) {
            return STEP_MALFORMED;
        }
    }
    if (octet == 0) {
        return STEP_END;
    }
    walk->octets += octet + 1;
    *label = slice_between(walk->packet, walk->at + 1, walk->at + 1 + octet);
    walk->at += octet + 1;
    return octet > LABEL_MAX || label->len != octet || walk->octets + 1 > WIRE_MAX
               ? STEP_MALFORMED
               : STEP_LABEL;
}

bool dns_wire_skip_name(slice packet, size_t *at)
{
    size_t here = *at;
    unsigned octet;

    while (octet_at(packet, here, &octet)) {
        if (octet >= 0xc0) {
            bool is_whole = here + 1 < packet.len;
            *at = is_whole ? here + 2 : *at;
            return is_whole;
        }
        if (octet > LABEL_MAX) {
            return false;
        }
        here += 1 + octet;
        if (octet == 0) {
            *at = here;
            return true;
        }
        if (here - *at >= WIRE_MAX) {
            return false;
        }
    }
    return false;
}

/* `name` begins with this label; then past it and the dot behind it. */
static bool take_label(slice *name, slice label)
{
    slice first = slice_first(*name, slice_find_byte(*name, '.'));
    if (slice_has_byte(label, '.') || !slice_eq_nocase(first, label)) {
        return false;
    }
    *name = slice_skip(*name, label.len + 1);
    return true;
}

bool dns_wire_name_is(slice packet, size_t at, slice name)
{
    struct walk walk = walk_from(packet, at);
    slice label;

    for (;;) {
        switch (next_label(&walk, &label)) {
        case STEP_LABEL:
            if (!take_label(&name, label)) {
                return false;
            }
            break;
        case STEP_END:
            return name.len == 0;
        case STEP_MALFORMED:
            return false;
        }
    }
}

/* Put the whole name together, without pointers. */
static bool expand(slice packet, size_t at, char wire[WIRE_MAX], size_t *len)
{
    struct walk walk = walk_from(packet, at);
    slice label;

    *len = 0;
    for (;;) {
        switch (next_label(&walk, &label)) {
        case STEP_LABEL:
            wire[(*len)++] = (char)label.len;
            memcpy(wire + *len, label.ptr, label.len);
            *len += label.len;
            break;
        case STEP_END:
            wire[(*len)++] = '\0';
            return true;
        case STEP_MALFORMED:
            return false;
        }
    }
}

enum yett_err dns_wire_read_name(struct arena *arena, slice packet, size_t at, slice *out)
{
    char wire[WIRE_MAX];
    size_t len;

    if (!expand(packet, at, wire, &len)) {
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = dns_name_from_wire(arena, slice_of(wire, len), out);
    return err == YETT_BAD_SYNTAX ? YETT_NOT_FOUND : err;
}
