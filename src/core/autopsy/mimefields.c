/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"

/* mimefields: fields with few forms (MIME's, Date), and originals that were saved. */

static const struct known_value {
    const char *name;
    const char *value;
} known_values[] = {
    {"Content-Transfer-Encoding", "7bit"                          },
    {"Content-Transfer-Encoding", "8bit"                          },
    {"Content-Transfer-Encoding", "quoted-printable"              },
    {"Content-Transfer-Encoding", "base64"                        },
    {"Content-Transfer-Encoding", "binary"                        },
    {"Content-Transfer-Encoding", "7BIT"                          },
    {"Content-Transfer-Encoding", "8BIT"                          },
    {"Content-Transfer-Encoding", "QUOTED-PRINTABLE"              },
    {"MIME-Version",              "1.0"                           },
    {"Content-Type",              "text/plain"                    },
    {"Content-Type",              "text/plain; charset=utf-8"     },
    {"Content-Type",              "text/plain; charset=UTF-8"     },
    {"Content-Type",              "text/plain; charset=\"utf-8\"" },
    {"Content-Type",              "text/plain; charset=\"UTF-8\"" },
    {"Content-Type",              "text/plain; charset=us-ascii"  },
    {"Content-Type",              "text/plain; charset=iso-8859-1"},
};

/* ---- Content-Type ----------------------------------------------------------------------- */

enum rewrite { QUOTE, UNQUOTE, LOWER, UPPER, REWRITES };

/* Values of parameters with or without quotes, or the charset in another case. */
static slice rewrite_parameters(struct autopsy_header *header, slice value,
                                enum rewrite rewrite)
{
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    while (value.len != 0) {
        size_t equals = slice_find_byte(value, '=');
        slice name = slice_first(value, equals + 1);
        slice rest = slice_skip(value, equals + 1);
        bool charset = slice_ends_with_nocase(name, SLICE("charset="));
        slice inner = SLICE_NONE;
        bool quoted = slice_take_byte(&rest, '"') && slice_take_until(&rest, '"', &inner);
        if (!quoted) {
            inner = slice_first(rest, slice_find_byte(rest, ';'));
            rest = slice_skip(rest, inner.len);
        }
        bool quotes = rewrite == QUOTE || (rewrite != UNQUOTE && quoted);
        buf_add(&buf, name);
        buf_add_text(&buf, quotes && equals < value.len ? "\"" : "");
        for (size_t i = 0; i < inner.len; i++) {
            char octet = inner.ptr[i];
            buf_add_byte(&buf, charset && rewrite == LOWER   ? ascii_lower(octet)
                               : charset && rewrite == UPPER ? ascii_upper(octet)
                                                             : octet);
        }
        buf_add_text(&buf, quotes && equals < value.len ? "\"" : "");
        value = rest;
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

static void propose_type(struct autopsy_header *header, const struct autopsy_place *place)
{
    slice value = place->field->value;
    slice rest = value;
    for (int rewrite = 0; rewrite < REWRITES; rewrite++) {
        autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_POSSIBLE,
                        "quotes or case of a parameter were changed",
                        rewrite_parameters(header, value, (enum rewrite)rewrite));
    }
    /* Without the parameters from each on, and without each. */
    for (size_t at = 0; (at += slice_find_byte(rest, ';')) < value.len;) {
        rest = slice_skip(value, at + 1);
        slice tail = slice_skip(rest, slice_find_byte(rest, ';'));
        const slice values[] = {slice_first(value, at),
                                AUTOPSY_JOIN(header, slice_first(value, at), tail)};
        for (size_t i = 0; i < 2; i++) {
            autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED,
                            AUTOPSY_RANK_POSSIBLE, "a parameter was added", values[i]);
        }
        at++;
    }
    size_t first = slice_find_byte(value, ';');
    size_t last = slice_find_last_byte(value, ';');
    if (first < last && last < value.len) { /* of two; of more one is moved */
        autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_POSSIBLE,
                        "its parameters were put in another order",
                        AUTOPSY_JOIN(header, slice_first(value, first),
                                     slice_skip(value, last),
                                     slice_between(value, first, last)));
    }
    autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_POSSIBLE,
                    "a parameter was removed",
                    AUTOPSY_JOIN(header, value, SLICE("; format=flowed")));
    autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_POSSIBLE,
                    "a parameter was removed",
                    AUTOPSY_JOIN(header, value, SLICE("; charset=us-ascii")));
    autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_POSSIBLE,
                    "a parameter was removed",
                    AUTOPSY_JOIN(header, value, SLICE("; charset=utf-8")));
}

/* The header of a part may hold what the message's own header had before. */
static void propose_parts(struct autopsy_header *header,
                          const struct autopsy_place *place, bool type)
{
    struct autopsy_work *work = header->work;
    const struct autopsy_input *input = work->input;
    struct autopsy_parts *parts = ARENA_NEW(work->arena, struct autopsy_parts);
    if (parts == NULL || !input->has_body || input->body.len > AUTOPSY_BODY_MAX) {
        return;
    }
    autopsy_read_parts(work, input->body, parts);
    for (size_t i = 1; i < parts->count && i < 6; i++) {
        slice value = type ? parts->list[i].type : parts->list[i].encoding_value;
        if (value.len != 0) {
            autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED,
                            AUTOPSY_RANK_LIKELY, "it moved into a MIME part", value);
        }
    }
}

/* ---- MIME-Version ----------------------------------------------------------------------- */

/* Apple's programs add what they are in a comment, which whoever writes the field anew drops;
   X-Mailer tells the same: "1.0 (Mac OS X Mail 16.0 \(3774.300.61\))" goes with "Apple Mail
   (2.3774.300.61)", "1.0 (1.0)" with "iPhone Mail (21F90)". */
static void propose_version(struct autopsy_header *header,
                            const struct autopsy_place *place)
{
    static const char *const systems[] = {"16.0", "15.0", "14.0", "13.4", "13.0", "12.4",
                                          "12.1", "12.0", "11.5", "11.0", "10.3", "9.3"};
    static const char what[] = "the comment about its program was dropped";
    size_t index = 0;
    const struct message_field *mailer =
        message_find_field(header->work->input->header, "X-Mailer", 0, &index);
    slice rest = mailer == NULL ? SLICE_NONE : autopsy_value_text(mailer->value);
    if (slice_starts_with(rest, SLICE("iPhone Mail")) ||
        slice_starts_with(rest, SLICE("iPad Mail"))) {
        autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_LIKELY,
                        what, SLICE(" 1.0 (1.0)"));
    }
    if (!slice_take(&rest, SLICE("Apple Mail (2.")) ||
        !slice_ends_with(rest, SLICE(")"))) {
        return;
    }
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        autopsy_propose(header, place, AUTOPSY_MIME_FIELD_CHANGED, AUTOPSY_RANK_LIKELY,
                        what,
                        AUTOPSY_JOIN(header, SLICE(" 1.0 (Mac OS X Mail "),
                                     slice_from_text(systems[i]), SLICE(" \\("),
                                     slice_first(rest, rest.len - 1), SLICE("\\))")));
    }
}

/* ---- Date ------------------------------------------------------------------------------- */

static void propose_date(struct autopsy_header *header, const struct autopsy_place *place)
{
    static const slice zones[] = {SLICE_INIT("+0000"), SLICE_INIT("-0000"),
                                  SLICE_INIT("GMT"),   SLICE_INIT("UTC"),
                                  SLICE_INIT("UT"),    SLICE_INIT("Z")};
    static const slice comments[] = {SLICE_INIT(" (UTC)"),  SLICE_INIT(" (GMT)"),
                                     SLICE_INIT(" (CEST)"), SLICE_INIT(" (CET)"),
                                     SLICE_INIT(" (EST)"),  SLICE_INIT(" (EDT)"),
                                     SLICE_INIT(" (PDT)"),  SLICE_INIT(" (PST)")};
    slice value = place->field->value;
    slice plain = slice_first(value, slice_find(value, SLICE(" (")));
    slice values[24];
    size_t count = 0;
    values[count++] = plain;
    for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++) {
        values[count++] = AUTOPSY_JOIN(header, plain, comments[i]);
    }
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (slice_ends_with(plain, zones[i])) {
            for (size_t j = 0; j < sizeof(zones) / sizeof(zones[0]); j++) {
                values[count++] = AUTOPSY_JOIN(
                    header, slice_first(plain, plain.len - zones[i].len), zones[j]);
            }
            break;
        }
    }
    size_t comma = slice_find_byte(plain, ',');
    slice day = slice_trim_wsp(slice_skip(plain, comma + 1));
    if (comma < plain.len) {
        slice week = slice_first(plain, comma + 1);
        bool zero = slice_starts_with(day, SLICE("0"));
        values[count++] = AUTOPSY_JOIN(header, week, zero ? SLICE(" ") : SLICE(" 0"),
                                       slice_skip(day, zero ? 1 : 0));
        values[count++] = AUTOPSY_JOIN(header, SLICE(" "), day);
    }
    for (size_t i = 0; i < count; i++) {
        autopsy_propose(header, place, AUTOPSY_DATE_REWRITTEN, AUTOPSY_RANK_POSSIBLE,
                        "it was written in another form", values[i]);
    }
}

/* What was found in the body says that these fields were written anew. */
static bool is_expected(const struct autopsy_work *work)
{
    for (size_t i = 0; i < work->count && i < AUTOPSY_CHANGES_MAX; i++) {
        if (work->changes[i].kind == AUTOPSY_ENCODING_CHANGED ||
            work->changes[i].kind == AUTOPSY_PART_WRAPPED) {
            return true;
        }
    }
    return false;
}

void autopsy_propose_mime(struct autopsy_header *header,
                          const struct autopsy_place *place)
{
    bool expected = slice_eq_nocase(header->groups[place->group].name,
                                    SLICE("Content-Transfer-Encoding")) &&
                    is_expected(header->work);
    slice name = header->groups[place->group].name;
    for (size_t i = 0; i < sizeof(known_values) / sizeof(known_values[0]); i++) {
        if (!slice_eq_nocase(name, slice_from_text(known_values[i].name))) {
            continue;
        }
        slice written = place->field == NULL ? slice_from_text(known_values[i].name)
                                             : place->field->name;
        autopsy_propose_raw(
            header, place,
            place->field == NULL ? AUTOPSY_FIELD_REMOVED : AUTOPSY_MIME_FIELD_CHANGED,
            expected ? AUTOPSY_RANK_LIKELY : AUTOPSY_RANK_POSSIBLE,
            place->field == NULL ? "the field was removed" : "another value was put in",
            AUTOPSY_JOIN(header, written, SLICE(": "),
                         slice_from_text(known_values[i].value)));
    }
    if (place->field == NULL) {
        return;
    }
    if (autopsy_is_named(place, "Content-Type")) {
        propose_type(header, place);
        propose_parts(header, place, true);
    } else if (autopsy_is_named(place, "Content-Transfer-Encoding")) {
        propose_parts(header, place, false);
    } else if (autopsy_is_named(place, "MIME-Version")) {
        propose_version(header, place);
    } else if (autopsy_is_named(place, "Date")) {
        propose_date(header, place);
        autopsy_propose_zones(header, place);
    }
}

/* ---- what was saved --------------------------------------------------------------------- */

void autopsy_propose_saved(struct autopsy_header *header,
                           const struct autopsy_place *place)
{
    static const struct {
        const char *name, *saved;
    } rows[] = {
        {"Message-ID", "X-Original-Message-ID"          },
        {"Message-ID", "X-Microsoft-Original-Message-ID"},
        {"Message-ID", "X-Google-Original-Message-ID"   },
        {"Message-ID", "Resent-Message-ID"              },
        {"Subject",    "X-Original-Subject"             },
        {"Subject",    "X-Spam-Prev-Subject"            },
        {"Subject",    "Old-Subject"                    },
        {"Subject",    "Thread-Topic"                   },
        {"Date",       "X-Original-Date"                },
        {"To",         "X-Original-To"                  },
        {"Cc",         "X-Original-Cc"                  },
        {"Reply-To",   "X-Original-Reply-To"            },
        {"Sender",     "X-Original-Sender"              },
    };
    const struct message_header *message = header->work->input->header;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t index = 0;
        const struct message_field *saved =
            message_find_field(message, rows[i].saved, 0, &index);
        if (saved != NULL && autopsy_is_named(place, rows[i].name)) {
            autopsy_propose(header, place, AUTOPSY_FIELD_REPLACED, AUTOPSY_RANK_LIKELY,
                            "it was replaced, the old one stands in another field",
                            saved->value);
        }
    }
}
