/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"

#include "app/cli/command.h"
#include "app/cli/json.h"
#include "app/cli/lines.h"
#include "app/cli/options.h"
#include "app/cli/term.h"
#include "core/message/message.h"
#include "edge/files/files.h"

#include <stdio.h>

/* authres: `yett authres parse`: what an Authentication-Results field says. */

enum { ARENA_BYTES = 64 * 1024 * 1024, SENTENCE_MAX = 4096, EXCERPT_OCTETS = 24 };

static const struct option_help help = {
    .usage = "yett authres parse [OPTION…] FILE|-",
    .overview = "Read each Authentication-Results field (RFC 8601) of FILE, which holds "
                "such a field,\na message or an mbox, and show what it says.",
    .closing = "With --json one object a field.  Exit status: 0 all fields were read, "
               "1 one cannot be\nread or there is none, 2 wrong usage, or FILE cannot be "
               "read.",
};

struct reader {
    const struct options *options;
    struct term term;
    struct arena *arena; /* for one message */
    struct message_newline newline;
    struct message_parser *parser;
    bool in_body;
    enum yett_err err;
    size_t fields; /* of all messages */
    bool bad;      /* one could not be read */
    bool failed;   /* memory, or standard output */
};

/* ---- the header of a message ------------------------------------------------------------ */

static void take_crlf_bytes(void *context, slice bytes)
{
    struct reader *reader = context;
    if (reader->err == YETT_OK && !reader->in_body) {
        reader->err = message_parser_feed(reader->parser, &bytes, &reader->in_body);
    }
}

static void take_stored_bytes(void *context, slice bytes)
{
    struct reader *reader = context;
    message_newline_feed(&reader->newline, bytes);
}

/* ---- what a field says, for programs ---------------------------------------------------- */

/* "type.name", or one keyword, with a terminator; NULL when memory is out. */
static const char *word_of(struct arena *arena, slice type, const char *dot, slice name)
{
    return arena_printf(arena, "%.*s%s%.*s%c", SLICE_ARG(type), dot, SLICE_ARG(name),
                        '\0')
        .ptr;
}

/* Of properties of one name the first counts. */
static json_t *json_of_properties(const struct reader *reader,
                                  const struct authres_result *result, bool *failed)
{
    json_t *out = json_object();
    for (size_t i = 0; i < result->property_count; i++) {
        const struct authres_property *property = &result->properties[i];
        const char *name =
            word_of(reader->arena, property->type, ".", property->property);
        if (name == NULL) {
            *failed = true;
        } else if (json_object_get(out, name) == NULL) {
            json_put(out, name, json_of_slice(property->value), failed);
        }
    }
    return out;
}

static json_t *json_of_result(const struct reader *reader,
                              const struct authres_result *result, bool *failed)
{
    json_t *out = json_object();
    json_put(out, "method", json_of_slice(result->method), failed);
    json_put(out, "method_version", json_integer(result->method_version), failed);
    json_put(out, "result", json_of_slice(result->result), failed);
    json_put(out, "reason", json_of_optional(result->reason), failed);
    json_put(out, "comment", json_of_optional(result->comment), failed);
    json_put(out, "props", json_of_properties(reader, result, failed), failed);
    return out;
}

static void print_json(struct reader *reader, const struct authres *authres)
{
    bool failed = false;
    json_t *out = json_object();
    json_t *results = json_array();
    for (size_t i = 0; i < authres->count; i++) {
        json_t *result = json_of_result(reader, &authres->results[i], &failed);
        failed = json_array_append_new(results, result) != 0 || failed;
    }
    json_put(out, "authserv_id", json_of_slice(authres->authserv_id), &failed);
    json_put(out, "version", json_integer(authres->version), &failed);
    json_put(out, "results", results, &failed);
    if (failed) {
        json_decref(out);
        reader->failed = true;
    } else {
        reader->failed = !json_print(out) || reader->failed;
    }
}

static void print_json_error(struct reader *reader, slice sentence)
{
    bool failed = false;
    json_t *out = json_object();
    json_put(out, "error", json_of_slice(sentence), &failed);
    reader->failed = !json_print(out) || failed || reader->failed;
}

/* ---- for people ------------------------------------------------------------------------- */

static enum tone tone_of(slice result)
{
    static const struct {
        slice result;
        enum tone tone;
    } tones[] = {
        {SLICE_INIT("pass"),      TONE_GOOD },
        {SLICE_INIT("fail"),      TONE_BAD  },
        {SLICE_INIT("permerror"), TONE_BAD  },
        {SLICE_INIT("none"),      TONE_PLAIN},
        {SLICE_INIT("neutral"),   TONE_PLAIN},
    };
    for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++) {
        if (slice_eq(result, tones[i].result)) {
            return tones[i].tone;
        }
    }
    return TONE_WARN;
}

static void print_detail(const struct lines *lines, struct arena *arena, slice type,
                         const char *dot, slice property, slice value)
{
    struct buf text;
    buf_init(&text, arena, type.len + property.len + value.len + 4);
    buf_add(&text, type);
    buf_add_text(&text, dot);
    buf_add(&text, property);
    buf_add_text(&text, " ");
    buf_add(&text, value);
    lines_detail(lines, buf_slice(&text));
}

static bool print_result(const struct lines *lines, struct arena *arena,
                         const struct authres_result *result)
{
    const char *method = word_of(arena, result->method, "", SLICE_NONE);
    const char *outcome = word_of(arena, result->result, "", SLICE_NONE);
    if (method == NULL || outcome == NULL) {
        return false;
    }
    bool has_comment = !slice_is_empty(result->comment);
    lines_result(lines, method, tone_of(result->result), outcome,
                 has_comment ? result->comment : result->reason);
    if (has_comment && !slice_is_empty(result->reason)) {
        print_detail(lines, arena, SLICE("reason"), "", SLICE_NONE, result->reason);
    }
    for (size_t i = 0; i < result->property_count; i++) {
        const struct authres_property *property = &result->properties[i];
        print_detail(lines, arena, property->type, ".", property->property,
                     property->value);
    }
    return true;
}

static void print_text(struct reader *reader, const struct authres *authres)
{
    struct lines lines = {.term = &reader->term, .paper = reader->arena};
    if (reader->fields > 1) {
        lines_gap();
    }
    term_word(&reader->term, TONE_BOLD, lines_visible(&lines, authres->authserv_id), 0);
    putchar('\n');
    for (size_t i = 0; i < authres->count; i++) {
        if (!print_result(&lines, reader->arena, &authres->results[i])) {
            reader->failed = true;
        }
    }
    if (authres->count == 0) {
        lines_fact(&lines, "none", SLICE("no message authentication was performed"));
    }
}

/* ---- fields ----------------------------------------------------------------------------- */

static void report_bad(struct reader *reader, slice sentence)
{
    reader->bad = true;
    if (reader->options->json) {
        print_json_error(reader, sentence);
    } else {
        fprintf(stderr, "yett authres: %.*s\n", SLICE_ARG(sentence));
    }
}

/* "octet 31, at "=pass": …"; octets are counted from the field's first one. */
static void report_error(struct reader *reader, const struct message_field *field,
                         const struct authres_error *error)
{
    struct buf text;
    slice rest = slice_skip(field->value, error->offset);
    buf_init(&text, reader->arena, SENTENCE_MAX);
    buf_printf(&text, "field %zu, octet %zu, ", reader->fields,
               slice_offset(field->raw, field->value) + error->offset + 1);
    if (rest.len == 0) {
        buf_add_text(&text, "at its end: ");
    } else {
        buf_add_text(&text, "at \"");
        buf_add_visible(&text, slice_first(rest, EXCERPT_OCTETS));
        buf_add_text(&text, rest.len > EXCERPT_OCTETS ? "…\": " : "\": ");
    }
    buf_add_text(&text, error->why);
    report_bad(reader, buf_slice(&text));
}

static void read_field(struct reader *reader, const struct message_field *field)
{
    struct authres authres;
    struct authres_error error;
    reader->fields++;
    enum yett_err err = authres_parse(reader->arena, field->value, &authres, &error);
    if (err == YETT_BAD_SYNTAX) {
        report_error(reader, field, &error);
    } else if (err == YETT_LIMIT) {
        report_bad(reader, SLICE("a field has more than 1000 results or properties"));
    } else if (err != YETT_OK) {
        reader->failed = true;
    } else if (reader->options->json) {
        print_json(reader, &authres);
    } else {
        print_text(reader, &authres);
    }
}

static enum yett_err read_message(struct reader *reader, struct mail_source *source)
{
    struct message_header header;
    reader->in_body = false;
    reader->parser = message_parser_new(reader->arena, MESSAGE_LIMITS_DEFAULT);
    reader->err = reader->parser == NULL ? YETT_NO_MEMORY : YETT_OK;
    message_newline_init(&reader->newline, take_crlf_bytes, reader);

    enum yett_err err = mail_source_read(source, take_stored_bytes, reader);
    if (err != YETT_OK) {
        fprintf(stderr, "yett authres: %.*s\n", SLICE_ARG(mail_source_why(source)));
        return err;
    }
    message_newline_finish(&reader->newline);
    if (reader->err == YETT_OK) {
        reader->err = message_parser_finish(reader->parser, &header);
    }
    if (reader->err == YETT_LIMIT) {
        report_bad(reader, SLICE("a header of more octets or fields than are read"));
        return YETT_OK;
    }
    if (reader->err != YETT_OK) {
        reader->failed = true;
        return YETT_OK;
    }
    for (size_t i = 0; i < header.count; i++) {
        if (slice_eq_nocase(header.fields[i].name, SLICE("Authentication-Results"))) {
            read_field(reader, &header.fields[i]);
        }
    }
    return YETT_OK;
}

static int status_of(const struct reader *reader)
{
    if (fflush(stdout) != 0 || reader->failed) {
        fprintf(stderr, "yett authres: out of memory, or standard output cannot be "
                        "written\n");
        return EXIT_CANNOT_TELL;
    }
    return reader->bad ? EXIT_BAD : EXIT_FINE;
}

static int read_path(struct reader *reader, struct arena *arena, const char *path)
{
    enum yett_err err;
    slice why = SLICE_NONE;
    struct mail_item item;
    struct mail_source *source = mail_source_open(arena, path, &err, &why);
    if (source == NULL) {
        fprintf(stderr, "yett authres: %.*s\n", SLICE_ARG(why));
        return err == YETT_NO_MEMORY ? EXIT_CANNOT_TELL : EXIT_USAGE;
    }
    struct arena_mark mark = arena_mark(reader->arena);
    bool unreadable = false;
    while ((err = mail_source_next(source, &item)) == YETT_OK) {
        unreadable = read_message(reader, source) != YETT_OK || unreadable;
        arena_rewind(reader->arena, mark);
    }
    if (err != YETT_NOT_FOUND) {
        fprintf(stderr, "yett authres: %.*s\n", SLICE_ARG(mail_source_why(source)));
        unreadable = true;
    }
    mail_source_free(source);
    if (!unreadable && !reader->bad && reader->fields == 0) {
        report_bad(reader, SLICE("there is no Authentication-Results field"));
    }
    int status = status_of(reader);
    return unreadable && status != EXIT_CANNOT_TELL ? EXIT_USAGE : status;
}

static int run(const struct options *options, struct arena *arena, int argc, char **argv)
{
    if (argc != 2 || !slice_eq(slice_from_text(argv[0]), SLICE("parse"))) {
        fprintf(stderr, "usage: %s\n", help.usage);
        return EXIT_USAGE;
    }
    struct reader reader = {.options = options,
                            .term = term_of(options->color),
                            .arena = arena_new(ARENA_BYTES)};
    if (reader.arena == NULL) {
        fprintf(stderr, "yett authres: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = read_path(&reader, arena, argv[1]);
    arena_free(reader.arena);
    return status;
}

int command_authres(int argc, char **argv)
{
    struct options options;
    int first;
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett authres: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    enum options_outcome outcome =
        options_parse(argc, argv, OPTIONS_OUTPUT, &help, arena, &options, &first);
    int status = outcome == OPTIONS_DONE ? EXIT_FINE : EXIT_USAGE;
    if (outcome == OPTIONS_GO) {
        status = run(&options, arena, argc - first, argv + first);
    }
    arena_free(arena);
    return status;
}
