/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"

/* space: folds, white space and the case of names, which servers rewrite as they please. */

enum { LONG_LINE = 900, SINGLE_FOLDS_MAX = 8, LINE_WIDTHS = 3 };

/* ---- rewriting -------------------------------------------------------------------------- */

static bool is_fold(slice text)
{
    return text.len > 2 && slice_starts_with(text, SLICE("\r\n")) &&
           ascii_is_wsp(text.ptr[2]);
}

static slice skip_wsp(slice text)
{
    while (text.len != 0 && ascii_is_wsp(text.ptr[0])) {
        text = slice_skip(text, 1);
    }
    return text;
}

/* Folds (all, or number `only`) with the white space behind them become `with`. */
static slice refold(struct autopsy_header *header, slice value, size_t only, slice with)
{
    struct buf buf;
    size_t number = 0;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (value.len != 0) {
        if (is_fold(value) && (only == SIZE_MAX || only == number++)) {
            buf_add(&buf, with);
            value = skip_wsp(slice_skip(value, 2));
            continue;
        }
        buf_add_byte(&buf, value.ptr[0]);
        value = slice_skip(value, 1);
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

/* Only the line ends of folds go. */
static slice unfold(struct autopsy_header *header, slice value)
{
    slice text = SLICE_NONE;
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (value.len != 0) {
        if (is_fold(value)) {
            value = slice_skip(value, 2);
        }
        buf_add_byte(&buf, value.ptr[0]);
        value = slice_skip(value, 1);
    }
    text = buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
    return text;
}

/* White space behind each `mark` becomes `with`. */
static slice respace(struct autopsy_header *header, slice value, char mark, slice with)
{
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (value.len != 0) {
        char octet = value.ptr[0];
        buf_add_byte(&buf, octet);
        value = slice_skip(value, 1);
        if (octet == mark && value.len != 0) {
            while (value.len != 0 && ascii_is_fws(value.ptr[0])) {
                value = slice_skip(value, 1);
            }
            buf_add(&buf, value.len == 0 ? SLICE_NONE : with);
        }
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

/* Lines of at most `width`, the name of the field counted, begun with `fold`. */
static slice fold_at(struct autopsy_header *header, const struct message_field *field,
                     slice text, size_t width, slice fold)
{
    struct buf buf;
    size_t column = field->name.len + 1;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (text.len != 0) {
        size_t length = text.ptr[0] == ' ' ? 1 : 0;
        while (length < text.len && text.ptr[length] != ' ') {
            length++;
        }
        slice word = slice_first(text, length);
        if (column + length > width && column > field->name.len + 2) {
            buf_add(&buf, fold);
            column = 1;
            word = slice_skip(word, word.ptr[0] == ' ' ? 1 : 0);
        }
        buf_add(&buf, word);
        column += word.len;
        text = slice_skip(text, length);
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

/* ---- what every canonicalisation shows -------------------------------------------------- */

static size_t longest_line(slice raw)
{
    size_t longest = 0;
    slice line;
    while (autopsy_next_line(&raw, &line)) {
        longest = line.len > longest ? line.len : longest;
    }
    return longest;
}

static size_t count_folds(slice value)
{
    size_t count = 0;
    for (; value.len != 0; value = slice_skip(value, 1)) {
        count += is_fold(value);
    }
    return count;
}

static void propose_breaks(struct autopsy_header *header,
                           const struct autopsy_place *place)
{
    slice value = place->field->value;
    size_t folds = count_folds(value);
    bool long_line = longest_line(place->field->raw) >= LONG_LINE;
    enum autopsy_rank rank = long_line ? AUTOPSY_RANK_LIKELY : AUTOPSY_RANK_POSSIBLE;
    enum autopsy_kind kind = long_line ? AUTOPSY_FIELD_BROKEN : AUTOPSY_FIELD_REFOLDED;
    if (folds == 0) {
        return;
    }
    autopsy_propose(header, place, kind, rank, "a line was cut within a word",
                    refold(header, value, SIZE_MAX, SLICE_NONE));
    for (size_t i = 0; folds > 1 && i < folds && i < SINGLE_FOLDS_MAX; i++) {
        autopsy_propose(header, place, kind, rank, "a line was cut within a word",
                        refold(header, value, i, SLICE_NONE));
    }
}

static void propose_commas(struct autopsy_header *header,
                           const struct autopsy_place *place)
{
    static const struct {
        char mark;
        slice with;
    } rows[] = {
        {',', SLICE_INIT(" ")},
        {',', SLICE_INIT("") },
        {';', SLICE_INIT(" ")},
        {';', SLICE_INIT("") },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_has_byte(place->field->value, rows[i].mark)) {
            autopsy_propose(
                header, place, AUTOPSY_FIELD_REFOLDED, AUTOPSY_RANK_POSSIBLE,
                "white space between its parts was changed",
                respace(header, place->field->value, rows[i].mark, rows[i].with));
        }
    }
}

/* ---- what only simple shows ------------------------------------------------------------- */

static void refolded(struct autopsy_header *header, const struct autopsy_place *place,
                     slice value)
{
    autopsy_propose(header, place, AUTOPSY_FIELD_REFOLDED, AUTOPSY_RANK_POSSIBLE,
                    "folds or white space were changed", value);
}

static void propose_folds(struct autopsy_header *header,
                          const struct autopsy_place *place)
{
    static const slice folds[] = {SLICE_INIT("\r\n "), SLICE_INIT("\r\n\t"),
                                  SLICE_INIT("\r\n        "), SLICE_INIT(" \r\n ")};
    static const size_t widths[] = {78, 76, 998};
    slice value = place->field->value;
    slice plain = refold(header, value, SIZE_MAX, SLICE(" "));
    refolded(header, place, unfold(header, value));
    refolded(header, place, plain);
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        refolded(header, place, refold(header, value, SIZE_MAX, folds[i]));
        refolded(header, place, respace(header, value, ',', folds[i]));
        for (size_t j = 0; j < sizeof(widths) / sizeof(widths[0]) && i < 2; j++) {
            refolded(header, place,
                     fold_at(header, place->field, plain, widths[j], folds[i]));
        }
    }
}

static void propose_edges(struct autopsy_header *header,
                          const struct autopsy_place *place)
{
    slice value = place->field->value;
    slice text = autopsy_value_text(value);
    slice front = slice_first(value, value.len - skip_wsp(value).len);
    refolded(header, place, AUTOPSY_JOIN(header, front, text));
    refolded(header, place, AUTOPSY_JOIN(header, SLICE(" "), text));
    refolded(header, place, AUTOPSY_JOIN(header, SLICE("\t"), text));
    refolded(header, place, AUTOPSY_JOIN(header, SLICE("  "), text));
    refolded(header, place, text);
    refolded(header, place, AUTOPSY_JOIN(header, value, SLICE(" ")));
}

/* Each word of a name with a capital, the words of `capitals` all in them. */
static slice recase(struct autopsy_header *header, slice name, bool lower, slice capitals)
{
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (name.len != 0) {
        slice word = slice_first(name, slice_find_byte(name, '-'));
        bool all = word.len != 0 && slice_find_nocase(capitals, word) < capitals.len;
        for (size_t i = 0; i < word.len; i++) {
            bool upper = !lower && (all || i == 0);
            buf_add_byte(&buf,
                         upper ? ascii_upper(word.ptr[i]) : ascii_lower(word.ptr[i]));
        }
        name = slice_skip(name, word.len);
        if (slice_take_byte(&name, '-')) {
            buf_add_byte(&buf, '-');
        }
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

static void propose_names(struct autopsy_header *header,
                          const struct autopsy_place *place)
{
    slice name = place->field->name;
    slice rest = slice_skip(autopsy_name_part(place->field), name.len);
    const slice names[] = {recase(header, name, false, SLICE("MIME ID DKIM")),
                           recase(header, name, false, SLICE("MIME DKIM")),
                           recase(header, name, false, SLICE_NONE),
                           recase(header, name, true, SLICE_NONE)};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        autopsy_propose_raw(header, place, AUTOPSY_FIELD_NAME_CHANGED,
                            AUTOPSY_RANK_POSSIBLE,
                            "upper and lower case of its name were changed",
                            AUTOPSY_JOIN(header, names[i], rest, place->field->value));
    }
}

/* ---- the signature's own field ---------------------------------------------------------- */

static void propose_signature(struct autopsy_header *header,
                              const struct autopsy_place *place)
{
    static const slice folds[] = {SLICE_INIT(""), SLICE_INIT(" "), SLICE_INIT("\r\n\t"),
                                  SLICE_INIT("\r\n ")};
    slice value = place->field->value;
    for (size_t i = 0; i < 4; i++) {
        const slice values[] = {respace(header, value, ';', folds[i]),
                                refold(header, value, SIZE_MAX, folds[i])};
        for (size_t j = 0; j < 2; j++) {
            autopsy_propose(header, place, AUTOPSY_SIGNATURE_REWRITTEN,
                            AUTOPSY_RANK_POSSIBLE, "white space in it was changed",
                            values[j]);
        }
    }
    autopsy_propose(header, place, AUTOPSY_SIGNATURE_REWRITTEN, AUTOPSY_RANK_POSSIBLE,
                    "white space in it was changed",
                    respace(header, value, ':', SLICE_NONE));
}

void autopsy_propose_space(struct autopsy_header *header,
                           const struct autopsy_place *place)
{
    if (header->groups[place->group].is_signature) {
        propose_signature(header, place);
    } else {
        propose_breaks(header, place);
        propose_commas(header, place);
    }
    if (header->canon == DKIM_SIMPLE) {
        if (!header->groups[place->group].is_signature) {
            propose_folds(header, place);
            propose_edges(header, place);
        }
        propose_names(header, place);
    }
}
