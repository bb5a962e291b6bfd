/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/zone/table.h"

/*
 * fault: `; yett:` comments, which say what goes wrong where.
 *
 * They are read apart from the records, line by line, because to a master-file reader they
 * are nothing.  Their names follow $ORIGIN as those of records do.
 */

enum { ESCAPED_MAX = 255, SHOWN_MAX = 60, WHY_MAX = 400 };

struct reader {
    struct zone *zone;
    struct arena *scratch;
    struct zone_error *error;
    size_t line;
    char origin[ESCAPED_MAX]; /* normal form; empty for the root */
    size_t origin_len;
    bool has_origin;
};

static const struct fault_word {
    slice word;
    enum dns_status status;
    bool is_any_only;
} fault_words[] = {
    {SLICE_INIT("timeout"),  DNS_TIMED_OUT, false},
    {SLICE_INIT("servfail"), DNS_SERVFAIL,  false},
    {SLICE_INIT("bogus"),    DNS_BOGUS,     false},
    {SLICE_INIT("nxdomain"), DNS_NXDOMAIN,  true },
};

static const struct type_word {
    slice word;
    enum { TYPE_ASKED, TYPE_ANY, TYPE_NEVER_ASKED } use;
    enum dns_type type;
} type_words[] = {
    {SLICE_INIT("A"),      TYPE_ASKED,       DNS_A    },
    {SLICE_INIT("AAAA"),   TYPE_ASKED,       DNS_AAAA },
    {SLICE_INIT("CNAME"),  TYPE_ASKED,       DNS_CNAME},
    {SLICE_INIT("MX"),     TYPE_ASKED,       DNS_MX   },
    {SLICE_INIT("PTR"),    TYPE_ASKED,       DNS_PTR  },
    {SLICE_INIT("TXT"),    TYPE_ASKED,       DNS_TXT  },
    {SLICE_INIT("ANY"),    TYPE_ANY,         DNS_TXT  },
    {SLICE_INIT("SPF"),    TYPE_NEVER_ASKED, DNS_TXT  },
    {SLICE_INIT("TYPE99"), TYPE_NEVER_ASKED, DNS_TXT  },
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* Say what is wrong in the current line: `before`, the text found, `after`. */
static enum yett_err refuse(struct reader *reader, const char *before, slice found,
                            const char *after)
{
    struct buf why;
    buf_init(&why, reader->zone->arena, WHY_MAX);
    buf_add_text(&why, before);
    buf_add_visible(&why, slice_first(found, SHOWN_MAX));
    buf_add_text(&why, after);
    if (buf_err(&why) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }
    reader->error->line = reader->line;
    reader->error->why = buf_slice(&why);
    return YETT_BAD_SYNTAX;
}

static slice next_word(slice *in)
{
    *in = slice_trim_wsp(*in);
    size_t length = 0;
    while (length < in->len && !ascii_is_wsp(in->ptr[length])) {
        length++;
    }
    slice word = slice_first(*in, length);
    *in = slice_skip(*in, length);
    return word;
}

/* ---- names -------------------------------------------------------------------------- */

static bool take_escape(slice *in, char *octet)
{
    if (in->len >= 3 && ascii_is_digit(in->ptr[0]) && ascii_is_digit(in->ptr[1]) &&
        ascii_is_digit(in->ptr[2])) {
        int value =
            (in->ptr[0] - '0') * 100 + (in->ptr[1] - '0') * 10 + (in->ptr[2] - '0');
        *octet = (char)(unsigned char)value;
        *in = slice_skip(*in, 3);
        return value <= 255;
    }
    if (in->len == 0 || ascii_is_digit(in->ptr[0])) {
        return false;
    }
    *octet = in->ptr[0];
    *in = slice_skip(*in, 1);
    return true;
}

/* Without escapes; an escaped dot or NUL is refused, having no place in a question. */
static bool unescape(slice text, char name[ESCAPED_MAX], size_t *len, bool *is_absolute)
{
    *len = 0;
    *is_absolute = false;
    while (text.len != 0) {
        char octet = text.ptr[0];
        text = slice_skip(text, 1);
        *is_absolute = octet == '.';
        if (octet == '\\' &&
            (!take_escape(&text, &octet) || octet == '.' || octet == '\0')) {
            return false;
        }
        if (*len == ESCAPED_MAX) {
            return false;
        }
        name[(*len)++] = octet;
    }
    return *len != 0;
}

static enum yett_err under_origin(const struct reader *reader, slice name, slice *out)
{
    struct buf whole;
    buf_init(&whole, reader->scratch, 2 * ESCAPED_MAX + 1);
    buf_add(&whole, name);
    if (reader->origin_len != 0) {
        buf_add_byte(&whole, '.');
        buf_add(&whole, slice_of(reader->origin, reader->origin_len));
    }
    *out = buf_slice(&whole);
    return buf_err(&whole);
}

/* A name as master files write it. */
static enum yett_err read_name(const struct reader *reader, slice text, slice *out)
{
    char name[ESCAPED_MAX];
    size_t len;
    bool is_absolute;
    slice whole;

    if (slice_eq(text, SLICE("@"))) {
        *out = slice_of(reader->origin, reader->origin_len);
        return YETT_OK;
    }
    if (slice_eq(text, SLICE("."))) {
        *out = SLICE_NONE;
        return YETT_OK;
    }
    if (!unescape(text, name, &len, &is_absolute)) {
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = is_absolute
                            ? arena_copy(reader->scratch, slice_of(name, len), &whole)
                            : under_origin(reader, slice_of(name, len), &whole);
    return err == YETT_OK ? dns_name_normalize(reader->scratch, whole, out) : err;
}

/* ---- faults ------------------------------------------------------------------------- */

static const struct fault_word *find_fault_word(slice word)
{
    for (size_t i = 0; i < COUNT_OF(fault_words); i++) {
        if (slice_eq_nocase(fault_words[i].word, word)) {
            return &fault_words[i];
        }
    }
    return NULL;
}

static const struct type_word *find_type_word(slice word)
{
    for (size_t i = 0; i < COUNT_OF(type_words); i++) {
        if (slice_eq_nocase(type_words[i].word, word)) {
            return &type_words[i];
        }
    }
    return NULL;
}

static enum yett_err fault_detail(const struct reader *reader, slice *out)
{
    *out = arena_printf(reader->zone->arena, "as line %zu of the zone text has it",
                        reader->line);
    return out->ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* The fault of that kind at the node, made if there was none: the last word counts. */
static struct zone_fault *make_fault(const struct reader *reader, struct zone_node *node,
                                     const struct type_word *type)
{
    bool is_any = type->use == TYPE_ANY;
    for (struct zone_fault *fault = node->faults; fault != NULL; fault = fault->next) {
        if (fault->is_any == is_any && fault->type == type->type) {
            return fault;
        }
    }
    struct zone_fault *fault = ARENA_NEW(reader->zone->arena, struct zone_fault);
    if (fault != NULL) {
        fault->is_any = is_any;
        fault->type = type->type;
        fault->next = node->faults;
        node->faults = fault;
    }
    return fault;
}

static enum yett_err add_fault(const struct reader *reader, slice name,
                               const struct fault_word *word,
                               const struct type_word *type)
{
    struct zone_node *node;
    enum yett_err err = zone_node_make(reader->zone, name, &node);

    if (err == YETT_OK && word->status != DNS_NXDOMAIN) {
        err = zone_node_exists(reader->zone, node);
    }
    if (err != YETT_OK || type->use == TYPE_NEVER_ASKED) {
        return err;
    }
    struct zone_fault *fault = make_fault(reader, node, type);
    if (fault == NULL) {
        return YETT_NO_MEMORY;
    }
    fault->status = word->status;
    return fault_detail(reader, &fault->detail);
}

/* Only another comment may follow. */
static enum yett_err expect_end(struct reader *reader, slice rest)
{
    rest = slice_trim_wsp(rest);
    return rest.len == 0 || rest.ptr[0] == ';'
               ? YETT_OK
               : refuse(reader, "unexpected text at the end of a fault: ", rest, "");
}

static enum yett_err read_default(struct reader *reader, slice rest)
{
    slice word = next_word(&rest);
    const struct fault_word *fault = find_fault_word(word);

    if (fault == NULL || fault->is_any_only) {
        return refuse(reader,
                      "expected \"default timeout\" or \"default servfail\", found \"",
                      word, "\"");
    }
    reader->zone->missing.status = fault->status;
    enum yett_err err = fault_detail(reader, &reader->zone->missing.detail);
    return err == YETT_OK ? expect_end(reader, rest) : err;
}

static enum yett_err read_fault(struct reader *reader, slice rest)
{
    slice first = next_word(&rest);
    if (slice_eq_nocase(first, SLICE("default"))) {
        return read_default(reader, rest);
    }
    const struct fault_word *word = find_fault_word(first);
    if (word == NULL) {
        return refuse(reader, "unknown fault \"", first,
                      "\": expected timeout, servfail, bogus, nxdomain or default");
    }
    slice name_text = next_word(&rest);
    slice type_text = next_word(&rest);
    if (type_text.len == 0) {
        return refuse(reader, "a fault has a name and a type: \"; yett: ", first,
                      " NAME TYPE\"");
    }
    const struct type_word *type = find_type_word(type_text);
    if (type == NULL) {
        return refuse(reader, "unknown type \"", type_text,
                      "\" in a fault: expected A, AAAA, CNAME, MX, PTR, TXT or ANY");
    }
    if (word->is_any_only && type->use != TYPE_ANY) {
        return refuse(reader,
                      "a name exists for all types or none: expected ANY, found \"",
                      type_text, "\"");
    }
    slice name;
    enum yett_err err = read_name(reader, name_text, &name);
    if (err == YETT_OK) {
        err = add_fault(reader, name, word, type);
    } else if (err != YETT_NO_MEMORY) {
        return refuse(reader, "\"", name_text, "\" in a fault is no domain name");
    }
    return err == YETT_OK ? expect_end(reader, rest) : err;
}

/* ---- lines -------------------------------------------------------------------------- */

/* What a wrong $ORIGIN is, the scanner will say. */
static enum yett_err read_origin(struct reader *reader, slice rest)
{
    slice name;
    enum yett_err err = read_name(reader, next_word(&rest), &name);
    if (err == YETT_OK) {
        if (name.len != 0) {
            memmove(reader->origin, name.ptr, name.len); /* "@" gives itself */
        }
        reader->origin_len = name.len;
        reader->has_origin = true;
    }
    return err == YETT_NO_MEMORY ? err : YETT_OK;
}

static enum yett_err read_line(struct reader *reader, slice line)
{
    if (slice_take_nocase(&line, SLICE("$ORIGIN")) && ascii_is_wsp(slice_peek(line))) {
        return read_origin(reader, line);
    }
    if (slice_starts_with(line, SLICE("@")) && !reader->has_origin) {
        return refuse(reader,
                      "\"@\" stands for the origin, and no $ORIGIN came before it",
                      SLICE_NONE, "");
    }
    line = slice_trim_fws(line);
    if (!slice_take_byte(&line, ';')) {
        return YETT_OK;
    }
    line = slice_trim_wsp(line);
    return slice_take_nocase(&line, SLICE("yett:")) ? read_fault(reader, line) : YETT_OK;
}

enum yett_err zone_read_faults(struct zone *zone, struct arena *scratch, slice text,
                               struct zone_error *error)
{
    struct reader reader = {.zone = zone, .scratch = scratch, .error = error};
    slice line;

    while (slice_next_piece(&text, '\n', &line)) {
        reader.line++;
        struct arena_mark mark = arena_mark(scratch);
        enum yett_err err = read_line(&reader, line);
        arena_rewind(scratch, mark);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}
