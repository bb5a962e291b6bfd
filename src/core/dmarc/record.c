/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/dmarc/dmarc.h"
#include "core/dmarc/uri.h"

#include <assert.h>

/*
 * record: the text of a policy record (RFC 9989 sections 4.7 and 4.8, RFC 7489 sections 6.3
 * and 6.4).
 *
 * Only v= can void a record.  Of the other tags the first of a name counts; what cannot be
 * read is replaced by the default or passed over, and a note says so.  Tag names and the
 * words of values are literals of ABNF, so their case does not matter; "DMARC1" is exact.
 *
 * The grammar is narrower than that of DKIM's lists (spaces and tabs only, ASCII values), so
 * the text is split here.
 */

/* A record with more oddities than this is a record that nobody will mend line by line. */
enum { NOTES_MAX = 16, NOTE_BYTES_MAX = 160, SHOWN_BYTES_MAX = 40 };

struct reader {
    struct arena *arena;
    enum dmarc_standard standard;
    struct dmarc_record *record;
    struct dmarc_note *notes; /* NOTES_MAX of them, once there is one */
    unsigned seen;            /* bits by index into tag_rules */
    slice fo;                 /* read at the end: it depends on ruf= */
    bool no_memory;
};

/* One "name=value". */
struct piece {
    slice text; /* as written, white space around it removed */
    slice name;
    slice value; /* white space around it removed */
};

/* ---- notes ---------------------------------------------------------------------------- */

static void show(struct buf *buf, slice bytes)
{
    buf_add_byte(buf, '"');
    buf_add_visible(buf, slice_first(bytes, SHOWN_BYTES_MAX));
    buf_add_text(buf, bytes.len > SHOWN_BYTES_MAX ? "…\"" : "\"");
}

/* "`what`" `rest` */
static void note(struct reader *reader, slice what, const char *rest)
{
    struct dmarc_record *record = reader->record;
    struct buf buf;

    if (reader->notes == NULL) {
        reader->notes = ARENA_ARRAY(reader->arena, NOTES_MAX, struct dmarc_note);
    }
    if (reader->notes == NULL) {
        reader->no_memory = true;
        return;
    }
    if (record->note_count == NOTES_MAX) {
        reader->notes[NOTES_MAX - 1].text = SLICE("this and what follows is not listed");
        return;
    }
    buf_init(&buf, reader->arena, NOTE_BYTES_MAX + 4 * SHOWN_BYTES_MAX);
    if (what.len != 0) {
        show(&buf, what);
        buf_add_byte(&buf, ' ');
    }
    buf_add_text(&buf, rest);
    reader->no_memory = reader->no_memory || buf_err(&buf) != YETT_OK;
    reader->notes[record->note_count++] = (struct dmarc_note){
        .offset = slice_offset(record->text, what), .text = buf_slice(&buf)};
    record->notes = reader->notes;
}

/* ---- values --------------------------------------------------------------------------- */

static const struct {
    slice word;
    enum dmarc_policy policy;
} policy_words[] = {
    {SLICE_INIT("none"),       DMARC_POLICY_NONE      },
    {SLICE_INIT("quarantine"), DMARC_POLICY_QUARANTINE},
    {SLICE_INIT("reject"),     DMARC_POLICY_REJECT    },
};

static void read_policy(struct reader *reader, const struct piece *piece,
                        enum dmarc_policy *policy, bool *has, bool *bad)
{
    for (size_t i = 0; i < sizeof(policy_words) / sizeof(*policy_words); i++) {
        if (slice_eq_nocase(piece->value, policy_words[i].word)) {
            *policy = policy_words[i].policy;
            *has = true;
            return;
        }
    }
    *bad = true;
    note(reader, piece->text, "is none of none, quarantine and reject");
}

static void read_p(struct reader *reader, const struct piece *piece)
{
    struct dmarc_record *record = reader->record;
    read_policy(reader, piece, &record->p, &record->has_p, &record->bad_p);
}

static void read_sp(struct reader *reader, const struct piece *piece)
{
    struct dmarc_record *record = reader->record;
    read_policy(reader, piece, &record->sp, &record->has_sp, &record->bad_sp);
}

static void read_np(struct reader *reader, const struct piece *piece)
{
    struct dmarc_record *record = reader->record;
    read_policy(reader, piece, &record->np, &record->has_np, &record->bad_np);
}

/* The index of the one-letter value in `letters`, or that of the default, the first. */
static size_t read_letter(struct reader *reader, const struct piece *piece,
                          const char *letters, const char *otherwise)
{
    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (piece->value.len == 1 && ascii_lower(piece->value.ptr[0]) == letters[i]) {
            return i;
        }
    }
    note(reader, piece->text, otherwise);
    return 0;
}

static void read_adkim(struct reader *reader, const struct piece *piece)
{
    reader->record->strict_dkim =
        read_letter(reader, piece, "rs", "is neither r nor s: r is assumed") == 1;
}

static void read_aspf(struct reader *reader, const struct piece *piece)
{
    reader->record->strict_spf =
        read_letter(reader, piece, "rs", "is neither r nor s: r is assumed") == 1;
}

static void read_psd(struct reader *reader, const struct piece *piece)
{
    static const enum dmarc_psd meanings[] = {DMARC_PSD_UNKNOWN, DMARC_PSD_YES,
                                              DMARC_PSD_NO};
    reader->record->psd = meanings[read_letter(reader, piece, "uyn",
                                               "is none of y, n and u: u is assumed")];
}

static void read_t(struct reader *reader, const struct piece *piece)
{
    reader->record->testing =
        read_letter(reader, piece, "ny", "is neither y nor n: n is assumed") == 1;
}

static void read_pct(struct reader *reader, const struct piece *piece)
{
    uint64_t percent;
    if (piece->value.len > 3 || num_parse_uint(piece->value, 100, &percent) != YETT_OK) {
        note(reader, piece->text, "is no number from 0 to 100: 100 is assumed");
        return;
    }
    reader->record->pct = (unsigned)percent;
}

static void read_uris(struct reader *reader, const struct piece *piece, const slice **out,
                      size_t *count)
{
    slice list = piece->value;
    slice uri;
    size_t pieces = slice_count_byte(list, ',') + 1;
    slice *uris = ARENA_ARRAY(reader->arena, pieces, slice);
    if (uris == NULL) {
        reader->no_memory = true;
        return;
    }
    while (slice_next_piece(&list, ',', &uri)) {
        uri = slice_trim_wsp(uri);
        slice whole = uri;
        const char *fault = dmarc_uri_drop_size(&uri)
                                ? dmarc_uri_fault(uri)
                                : "holds a \"!\" that is no size limit and not encoded";
        if (whole.len == 0) {
            note(reader, piece->text, "holds an empty address");
        } else if (fault != NULL) {
            note(reader, whole, fault);
        } else {
            uris[(*count)++] = uri;
        }
    }
    *out = uris;
}

static void read_rua(struct reader *reader, const struct piece *piece)
{
    read_uris(reader, piece, &reader->record->rua, &reader->record->rua_count);
}

static void read_ruf(struct reader *reader, const struct piece *piece)
{
    read_uris(reader, piece, &reader->record->ruf, &reader->record->ruf_count);
}

static void read_fo(struct reader *reader, const struct piece *piece)
{
    reader->fo = piece->value;
}

static unsigned failure_option(slice word)
{
    switch (word.len == 1 ? ascii_lower(word.ptr[0]) : '\0') {
    case '0':
        return DMARC_FO_ALL;
    case '1':
        return DMARC_FO_ANY;
    case 'd':
        return DMARC_FO_DKIM;
    case 's':
        return DMARC_FO_SPF;
    default:
        return 0;
    }
}

/* RFC 7489: any of the four, white space around the colons.  RFC 9989: "0" or "1" and each
   of "d" and "s" at most once, without white space. */
static bool parse_fo(enum dmarc_standard standard, slice list, unsigned *options)
{
    const unsigned both = DMARC_FO_ALL | DMARC_FO_ANY;
    slice word;

    *options = 0;
    while (slice_next_piece(&list, ':', &word)) {
        bool lenient = standard == DMARC_RFC7489;
        unsigned option = failure_option(lenient ? slice_trim_wsp(word) : word);
        if (option == 0 || (!lenient && (*options & option) != 0)) {
            return false;
        }
        *options |= option;
    }
    return standard == DMARC_RFC7489 || (*options & both) != both;
}

/* Nothing here acts on them; only RFC 7489 knows them. */
static void read_rf_or_ri(struct reader *reader, const struct piece *piece)
{
    (void)reader;
    (void)piece;
}

/* ---- tags ----------------------------------------------------------------------------- */

enum {
    TAG_P,
    TAG_SP,
    TAG_NP,
    TAG_ADKIM,
    TAG_ASPF,
    TAG_FO,
    TAG_RUA,
    TAG_RUF,
    TAG_PSD,
    TAG_T,
    TAG_PCT,
    TAG_RF,
    TAG_RI,
    TAG_COUNT
};

/* RFC 9989 section 9.3, RFC 7489 section 11.4. */
static const struct tag_rule {
    slice name;
    void (*read)(struct reader *reader, const struct piece *piece);
    bool in_rfc9989;
    bool in_rfc7489;
} tag_rules[TAG_COUNT] = {
    [TAG_P] = {SLICE_INIT("p"),     read_p,        true,  true },
    [TAG_SP] = {SLICE_INIT("sp"),    read_sp,       true,  true },
    [TAG_NP] = {SLICE_INIT("np"),    read_np,       true,  false},
    [TAG_ADKIM] = {SLICE_INIT("adkim"), read_adkim,    true,  true },
    [TAG_ASPF] = {SLICE_INIT("aspf"),  read_aspf,     true,  true },
    [TAG_FO] = {SLICE_INIT("fo"),    read_fo,       true,  true },
    [TAG_RUA] = {SLICE_INIT("rua"),   read_rua,      true,  true },
    [TAG_RUF] = {SLICE_INIT("ruf"),   read_ruf,      true,  true },
    [TAG_PSD] = {SLICE_INIT("psd"),   read_psd,      true,  false},
    [TAG_T] = {SLICE_INIT("t"),     read_t,        true,  false},
    [TAG_PCT] = {SLICE_INIT("pct"),   read_pct,      false, true },
    [TAG_RF] = {SLICE_INIT("rf"),    read_rf_or_ri, false, true },
    [TAG_RI] = {SLICE_INIT("ri"),    read_rf_or_ri, false, true },
};

static bool rule_applies(const struct tag_rule *rule, enum dmarc_standard standard)
{
    return standard == DMARC_RFC9989 ? rule->in_rfc9989 : rule->in_rfc7489;
}

static const char *unknown_tag_text(const struct tag_rule *rule,
                                    enum dmarc_standard standard)
{
    if (rule == NULL) {
        return "is no tag of DMARC: ignored";
    }
    return standard == DMARC_RFC9989 ? "has no effect: RFC 9989 removed this tag"
                                     : "has no effect: RFC 7489 does not have this tag";
}

static const struct tag_rule *find_rule(slice name)
{
    for (size_t i = 0; i < TAG_COUNT; i++) {
        if (slice_eq_nocase(name, tag_rules[i].name)) {
            return &tag_rules[i];
        }
    }
    return NULL;
}

static bool has_tag(const struct reader *reader, unsigned tag)
{
    return (reader->seen & (1U << tag)) != 0;
}

/* dmarc-value: printing characters; the tab only as white space around it. */
static bool is_value(slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_printable(value.ptr[i])) {
            return false;
        }
    }
    return true;
}

static void read_tag(struct reader *reader, const struct piece *piece)
{
    const struct tag_rule *rule = find_rule(piece->name);

    if (rule == NULL || !rule_applies(rule, reader->standard)) {
        note(reader, piece->text,
             slice_eq_nocase(piece->name, SLICE("v"))
                 ? "stands a second time: ignored"
                 : unknown_tag_text(rule, reader->standard));
        return;
    }
    unsigned bit = 1U << (rule - tag_rules);
    if ((reader->seen & bit) != 0) {
        note(reader, piece->text, "stands a second time: the first one counts");
        return;
    }
    if (piece->value.len == 0) {
        note(reader, piece->text, "has no value: ignored");
        return;
    }
    reader->seen |= bit;
    if (!is_value(piece->value)) {
        note(reader, piece->text, "holds what is not printable ASCII");
    }
    rule->read(reader, piece);
}

static struct piece split(slice text)
{
    text = slice_trim_wsp(text);
    size_t equals = slice_find_byte(text, '=');
    return (struct piece){.text = text,
                          .name = slice_trim_wsp(slice_first(text, equals)),
                          .value = slice_trim_wsp(slice_skip(text, equals + 1))};
}

static void read_piece(struct reader *reader, slice text, bool is_last)
{
    struct piece piece = split(text);

    if (piece.text.len == 0) {
        if (!is_last) {
            note(reader, slice_first(text, 0),
                 "an empty tag: two \";\" without a tag between");
        }
    } else if (!slice_has_byte(piece.text, '=')) {
        note(reader, piece.text, "is no tag, it has no \"=\": ignored");
    } else {
        read_tag(reader, &piece);
    }
}

/* RFC 7489 section 6.4 wants p= directly behind v=.  Deliberately a note only: nobody who
   wrote "v=DMARC1; sp=none; p=reject" meant to have no policy. */
static void note_order(struct reader *reader, slice second)
{
    struct piece piece = split(second);
    if (reader->standard == DMARC_RFC7489 && reader->record->has_p &&
        !slice_eq_nocase(piece.name, SLICE("p"))) {
        note(reader, piece.text, "stands where RFC 7489 wants p=");
    }
}

/* ---- what the tags come to ------------------------------------------------------------ */

static void apply_fo(struct reader *reader)
{
    struct dmarc_record *record = reader->record;
    unsigned options;

    record->failure_options = DMARC_FO_ALL;
    if (!has_tag(reader, TAG_FO)) {
        return;
    }
    if (!has_tag(reader, TAG_RUF)) {
        note(reader, reader->fo, "in fo= has no effect without ruf=");
    } else if (parse_fo(reader->standard, reader->fo, &options)) {
        record->failure_options = options;
    } else {
        note(reader, reader->fo, "in fo= is no list of 0, 1, d and s: 0 is assumed");
    }
}

/* RFC 9989 section 4.10.1, RFC 7489 section 6.6.3 step 6. */
static void apply_policies(struct reader *reader)
{
    struct dmarc_record *record = reader->record;

    if (!record->has_p || record->bad_sp || record->bad_np) {
        record->falls_to_none = record->rua_count != 0;
        record->unusable = record->rua_count == 0;
        record->p = record->sp = record->np = DMARC_POLICY_NONE;
        if (!record->has_p && !record->bad_p) {
            note(reader, SLICE_NONE, "the record has no p=");
        }
        return;
    }
    if (!record->has_sp) {
        record->sp = record->p;
    }
    if (!record->has_np) {
        record->np = record->sp;
    }
}

/* "v" equals %s"DMARC1", then ";" or the end; `*in` is then behind the ";". */
static bool take_version(slice *in)
{
    slice text = slice_first(*in, slice_find_byte(*in, ';'));
    struct piece piece = split(text);

    if (ascii_is_wsp(slice_peek(text)) || !slice_eq_nocase(piece.name, SLICE("v")) ||
        !slice_eq(piece.value, SLICE("DMARC1"))) {
        return false;
    }
    *in = slice_skip(*in, text.len + 1);
    return true;
}

bool dmarc_is_record(slice text, enum dmarc_standard standard)
{
    (void)standard; /* both have the same rule */
    return take_version(&text);
}

enum yett_err dmarc_parse_record(struct arena *arena, slice text,
                                 enum dmarc_standard standard, struct dmarc_record *out)
{
    struct dmarc_record record = {.text = text, .pct = 100};
    struct reader reader = {.arena = arena, .standard = standard, .record = &record};
    slice in = text;
    slice piece;

    bool is_record = take_version(&in);
    assert(is_record);
    slice second = slice_first(in, slice_find_byte(in, ';'));
    while (in.len != 0 && slice_next_piece(&in, ';', &piece)) {
        read_piece(&reader, piece, in.ptr == NULL);
    }
    note_order(&reader, second);
    apply_fo(&reader);
    apply_policies(&reader);
    if (reader.no_memory) {
        return YETT_NO_MEMORY;
    }
    *out = record;
    return YETT_OK;
}
