/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/zone.h"

#include "core/base/buf.h"
#include "core/zone/table.h"

#include <libzscanner/scanner.h>

/*
 * zone: from text to table, the records through libzscanner.
 *
 * Names without trailing dot are taken as whole ones until a $ORIGIN says otherwise: the
 * text may be three lines that somebody typed to see what would happen.
 */

enum {
    CLASS_IN = 1,
    TTL_S = 3600,
    SHOWN_MAX = 60,
    WHY_MAX = 400,
    ROOM_BYTES = 128 * 1024
};

struct scan {
    struct zone *zone;
    struct arena *scratch; /* the scanner, and names while they are looked up */
    zs_scanner_t *scanner;
    slice text;
    size_t done_line; /* where the last good record ended */
    struct zone_error *error;
};

/* Say what is wrong in a line: `before`, the text found, `after`. */
static enum yett_err refuse_at(struct scan *scan, size_t line, const char *before,
                               slice found, const char *after)
{
    struct buf why;
    buf_init(&why, scan->zone->arena, WHY_MAX);
    buf_add_text(&why, before);
    buf_add_visible(&why, slice_first(found, SHOWN_MAX));
    buf_add_text(&why, after);
    if (buf_err(&why) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }
    scan->error->line = line;
    scan->error->why = buf_slice(&why);
    return YETT_BAD_SYNTAX;
}

static enum yett_err refuse(struct scan *scan, const char *before, slice found,
                            const char *after)
{
    return refuse_at(scan, (size_t)scan->scanner->line_counter, before, found, after);
}

static slice line_at(slice text, size_t number)
{
    slice line = SLICE_NONE;
    for (size_t i = 0; i < number; i++) {
        if (!slice_next_piece(&text, '\n', &line)) {
            return SLICE_NONE;
        }
    }
    return slice_trim_fws(line);
}

/* The line with the parenthesis that nothing closed; the scanner knows only the last.  A
   record can be complete when the text ends within its parentheses: then nothing stands
   behind the last good one, and it is the last parenthesis of all. */
static size_t open_line(const struct scan *scan)
{
    slice text = scan->text;
    slice line;
    size_t last = 1;

    for (size_t number = 1; slice_next_piece(&text, '\n', &line); number++) {
        if (slice_has_byte(line, '(')) {
            last = number;
            if (number > scan->done_line) {
                break;
            }
        }
    }
    return last;
}

/* What the scanner has to say; to it an unknown type looks like a bad TTL. */
static enum yett_err refuse_line(struct scan *scan)
{
    int code = scan->scanner->error.code;
    size_t number = code == ZS_UNCLOSED_MULTILINE ? open_line(scan)
                                                  : (size_t)scan->scanner->line_counter;
    slice reason = code == ZS_BAD_NUMBER ? SLICE("invalid number or unknown record type")
                                         : slice_from_text(zs_strerror(code));
    slice before = arena_printf(scan->scratch, "%.*s in \"", SLICE_ARG(reason));

    return before.ptr == NULL
               ? YETT_NO_MEMORY
               : refuse_at(scan, number, before.ptr, line_at(scan->text, number), "\"");
}

static bool is_asked(uint16_t type)
{
    for (size_t i = 0; i < sizeof(zone_types) / sizeof(zone_types[0]); i++) {
        if ((unsigned)zone_types[i] == type) {
            return true;
        }
    }
    return false;
}

static bool has_other_cname(const struct zone_node *node, enum dns_type type,
                            slice target)
{
    const struct zone_set *set = zone_set_find(node, DNS_CNAME);
    return type == DNS_CNAME && set != NULL && !slice_eq(set->records[0].name, target);
}

static enum yett_err add_record(struct scan *scan, struct zone_node *node)
{
    const zs_scanner_t *scanner = scan->scanner;
    enum dns_type type = (enum dns_type)scanner->r_type;
    slice rdata = slice_of((const char *)scanner->r_data, scanner->r_data_length);
    struct dns_record record;

    enum yett_err err = dns_record_from_wire(scan->zone->arena, type, rdata, &record);
    if (err == YETT_NOT_FOUND) {
        return YETT_OK; /* it names what nobody can ask for: as if it were another type */
    }
    if (err == YETT_BAD_SYNTAX) {
        return refuse(scan, "the data of this ", slice_from_text(dns_type_text(type)),
                      " record is malformed");
    }
    if (err == YETT_OK && has_other_cname(node, type, record.name)) {
        return refuse(scan, "\"", node->name, "\" has a CNAME record already");
    }
    return err == YETT_OK
               ? zone_add_record(scan->zone, node, type, scanner->r_ttl, &record)
               : err;
}

static enum yett_err take_record(struct scan *scan)
{
    const zs_scanner_t *scanner = scan->scanner;
    struct arena_mark mark = arena_mark(scan->scratch);
    slice wire = slice_of((const char *)scanner->r_owner, scanner->r_owner_length);
    struct zone_node *node;
    slice name;

    if (scanner->r_class != CLASS_IN) {
        return refuse(scan, "only records of class IN are known here", SLICE_NONE, "");
    }
    enum yett_err err = dns_name_from_wire(scan->scratch, wire, &name);
    if (err == YETT_BAD_SYNTAX) {
        return YETT_OK; /* a dot inside a label: nobody can ask for it */
    }
    if (err == YETT_OK) {
        err = zone_node_make(scan->zone, name, &node);
    }
    if (err == YETT_OK) {
        err = zone_node_exists(scan->zone, node);
    }
    if (err == YETT_OK && is_asked(scanner->r_type)) {
        err = add_record(scan, node);
    }
    arena_rewind(scan->scratch, mark);
    return err;
}

static enum yett_err scan_records(struct scan *scan)
{
    for (;;) {
        if (zs_parse_record(scan->scanner) != 0) {
            return refuse_line(scan);
        }
        enum yett_err err = YETT_OK;
        switch (scan->scanner->state) {
        case ZS_STATE_DATA:
            err = take_record(scan);
            scan->done_line = (size_t)scan->scanner->line_counter;
            break;
        case ZS_STATE_EOF:
            return YETT_OK;
        case ZS_STATE_INCLUDE:
            return refuse(scan,
                          "$INCLUDE is not possible here: put the text in its place",
                          SLICE_NONE, "");
        case ZS_STATE_NONE:
        case ZS_STATE_ERROR:
        case ZS_STATE_STOP:
            return refuse_line(scan);
        }
        if (err != YETT_OK) {
            return err;
        }
    }
}

static enum yett_err read_records(struct scan *scan)
{
    scan->scanner = arena_alloc(scan->scratch, sizeof(zs_scanner_t));
    if (scan->scanner == NULL || zs_init(scan->scanner, ".", CLASS_IN, TTL_S) != 0) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = YETT_NO_MEMORY;
    if (zs_set_input_string(scan->scanner, scan->text.len == 0 ? "" : scan->text.ptr,
                            scan->text.len) == 0) {
        err = scan_records(scan);
    }
    zs_deinit(scan->scanner);
    return err;
}

/* The scanner knows no CRLF, editors do. */
static enum yett_err without_cr(struct arena *arena, slice text, slice *out)
{
    if (!slice_has_byte(text, '\r')) {
        *out = text;
        return YETT_OK;
    }
    char *copy = arena_alloc(arena, text.len);
    size_t len = 0;
    if (copy == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool is_end = i + 1 == text.len || text.ptr[i + 1] == '\n';
        if (text.ptr[i] != '\r' || !is_end) {
            copy[len++] = text.ptr[i];
        }
    }
    *out = slice_of(copy, len);
    return YETT_OK;
}

/* Records and faults are read apart; what is wrong first is told. */
static enum yett_err read_text(struct scan *scan)
{
    struct zone_error in_fault = {0};
    enum yett_err err = without_cr(scan->scratch, scan->text, &scan->text);
    if (err != YETT_OK) {
        return err;
    }
    enum yett_err faults =
        zone_read_faults(scan->zone, scan->scratch, scan->text, &in_fault);
    err = faults == YETT_NO_MEMORY ? faults : read_records(scan);
    if (faults == YETT_BAD_SYNTAX && err != YETT_NO_MEMORY &&
        (err == YETT_OK || in_fault.line <= scan->error->line)) {
        *scan->error = in_fault;
        return faults;
    }
    return err;
}

enum yett_err zone_parse(struct arena *arena, slice text, struct zone **out,
                         struct zone_error *error)
{
    struct zone *zone = ARENA_NEW(arena, struct zone);
    struct arena *scratch = arena_new(sizeof(zs_scanner_t) + text.len + ROOM_BYTES);
    enum yett_err err = YETT_NO_MEMORY;

    if (zone != NULL && scratch != NULL) {
        zone->arena = arena;
        zone->missing.status = DNS_NXDOMAIN;
        zone->nodata.status = DNS_NODATA;
        struct scan scan = {
            .zone = zone, .scratch = scratch, .text = text, .error = error};
        err = read_text(&scan);
    }
    arena_free(scratch);
    if (err == YETT_OK) {
        err = zone_make_replies(zone);
    }
    if (err == YETT_OK) {
        *out = zone;
    }
    return err;
}
