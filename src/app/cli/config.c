/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/config.h"

#include "app/cli/command.h"
#include "app/cli/host.h"
#include "app/cli/options.h"
#include "app/cli/signing.h"
#include "app/cli/term.h"
#include "core/base/num.h"
#include "edge/files/files.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#define STANDARD_FILE "/etc/yett/yett.conf"

enum {
    FILE_MAX = 16 << 20,
    DEFAULTS_MAX = 64 * 1024,
    KEY_COLUMNS = 28,
    INDENT = 2,
    KEPT_MAX = 20
};

static const struct option_help help = {
    .usage = "yett config check [OPTION…] [FILE|-]\n       yett config defaults",
    .overview = "check reads a settings file, says the first thing that is wrong with "
                "it, or else "
                "what it\nchanges.  defaults prints a file with every key, its default "
                "and what it "
                "does.",
    .closing = "Without FILE it is " STANDARD_FILE ".  yett.conf(5) explains the keys.\n"
               "Exit status: 0 the settings are fine, 1 something is wrong with them, "
               "2 wrong usage,\nor the file cannot be read.",
};

/* One check, as it goes. */
struct checking {
    struct arena *arena;
    struct term term;
    bool json;
    struct config config;
    json_t *settings;
    json_t *warnings;
    bool any;             /* a setting was printed */
    slice kept[KEPT_MAX]; /* warnings that came early */
    size_t kept_count;    /* and those that have no room */
};

static json_t *json_of(slice text)
{
    return json_stringn(text.len != 0 ? text.ptr : "", text.len);
}

static bool is_quote(int c)
{
    return c == '"' || c == '\'';
}

/* The string that begins at the front of `*in`, without quotation marks and backslashes. */
static json_t *take_string(struct arena *arena, slice *in)
{
    struct buf buf;
    int quote = slice_peek(*in);
    buf_init(&buf, arena, in->len);
    *in = slice_skip(*in, 1);
    while (in->len != 0 && slice_peek(*in) != quote) {
        if (slice_peek(*in) == '\\') {
            *in = slice_skip(*in, 1);
        }
        buf_add(&buf, slice_first(*in, 1));
        *in = slice_skip(*in, 1);
    }
    *in = slice_skip(*in, 1);
    return json_of(buf_slice(&buf));
}

/* A value as JSON has it: text, list, number or boolean; "4h" stays text. */
static json_t *json_value(struct arena *arena, slice text)
{
    uint64_t number;
    if (is_quote(slice_peek(text))) {
        return take_string(arena, &text);
    }
    if (slice_take_byte(&text, '{')) {
        json_t *list = json_array();
        while (is_quote(slice_peek(text))) {
            json_array_append_new(list, take_string(arena, &text));
            (void)slice_take(&text, SLICE(", "));
        }
        return list;
    }
    if (num_parse_uint(text, INT64_MAX, &number) == YETT_OK) {
        return json_integer((json_int_t)number);
    }
    if (slice_eq(text, SLICE("true")) || slice_eq(text, SLICE("false"))) {
        return json_boolean(text.len == 4);
    }
    return json_of(text);
}

/* The object `key` of `parent`, made when it is not there. */
static json_t *json_child(json_t *parent, slice key)
{
    json_t *child = json_object_getn(parent, key.ptr, key.len);
    if (child == NULL) {
        child = json_object();
        json_object_setn_new(parent, key.ptr, key.len, child);
    }
    return child;
}

static void add_setting(void *context, const struct config_entry *entry)
{
    struct checking *checking = context;
    json_t *object = checking->settings;
    if (entry->is_default) {
        return;
    }
    if (entry->block[0] != '\0') {
        object = json_child(object, slice_from_text(entry->block));
    }
    if (entry->title.len != 0) {
        object = json_child(object, entry->title);
    }
    if (entry->key[0] != '\0') {
        json_object_set_new(object, entry->key,
                            json_value(checking->arena, entry->value));
    }
}

static void print_setting(void *context, const struct config_entry *entry)
{
    struct checking *checking = context;
    const struct term *term = &checking->term;
    struct buf name, value;
    size_t indent = INDENT;

    if (entry->is_default) {
        return;
    }
    checking->any = true;
    buf_init(&name, checking->arena, DEFAULTS_MAX);
    buf_init(&value, checking->arena, DEFAULTS_MAX);
    if (entry->key[0] == '\0') {
        buf_add_text(&name, entry->block);
        buf_add_text(&name, " \"");
        buf_add_visible(&name, entry->title);
        buf_add_text(&name, "\"");
        printf("%*s", INDENT, "");
        term_word(term, TONE_BOLD, buf_slice(&name), 0);
        putchar('\n');
        return;
    }
    if (entry->title.len != 0) {
        indent += INDENT;
    } else if (entry->block[0] != '\0') {
        buf_add_text(&name, entry->block);
        buf_add_byte(&name, '.');
    }
    buf_add_text(&name, entry->key);
    buf_add_visible(&value, entry->value);
    printf("%*s", (int)indent, "");
    term_word(term, TONE_PLAIN, buf_slice(&name), KEY_COLUMNS - indent);
    term_wrapped(term, TONE_PLAIN, buf_slice(&value), KEY_COLUMNS);
}

static void warn(struct checking *checking, const struct buf *text)
{
    if (checking->json) {
        json_array_append_new(checking->warnings, json_of(buf_slice(text)));
        return;
    }
    printf("%*s", INDENT, "");
    term_word(&checking->term, TONE_WARN, SLICE("warning: "), 9);
    term_wrapped(&checking->term, TONE_PLAIN, buf_slice(text), INDENT + 9);
}

/* Exceptions that have no effect any more: whoever set them should know. */
static void warn_of_ended(struct checking *checking, int64_t now_s)
{
    for (size_t i = 0; i < checking->config.exception_count; i++) {
        const struct config_exception *exception = &checking->config.exceptions[i];
        if (exception->until_s <= now_s) {
            struct buf text;
            buf_init(&text, checking->arena, DEFAULTS_MAX);
            buf_printf(&text, "%.*s:%u: exception \"", SLICE_ARG(exception->file),
                       exception->line);
            buf_add_visible(&text, exception->name);
            buf_add_text(&text, "\" is over and has no effect any more");
            warn(checking, &text);
        }
    }
}

/* Settings may be written for another host, so these are no faults of theirs. */
static void warn_of_host(void *context, slice sentence)
{
    struct checking *checking = context;
    struct buf text;
    buf_init(&text, checking->arena, DEFAULTS_MAX);
    buf_add(&text, sentence);
    warn(checking, &text);
}

/* Milter knows no authentication: whoever connects is believed about clients and senders. */
static void warn_of_public(struct checking *checking)
{
    for (size_t i = 0; i < checking->config.listener_count; i++) {
        const struct config_listener *listener = &checking->config.listeners[i];
        struct config_address address;
        struct buf text;
        if (config_read_address(listener->address, &address) != NULL ||
            !config_address_is_public(&address)) {
            continue;
        }
        buf_init(&text, checking->arena, DEFAULTS_MAX);
        buf_printf(&text, "%.*s:%u: listen \"", SLICE_ARG(listener->file),
                   listener->line);
        buf_add_visible(&text, listener->name);
        buf_add_text(&text, "\": ");
        buf_add(&text, listener->address);
        buf_add_text(&text,
                     " may be reached from other networks; milter has no passwords, so "
                     "let a firewall admit your mail servers only");
        warn(checking, &text);
    }
}

/* Files without which what is set cannot be done; the path has a NUL behind it. */
static enum yett_err check_files(struct checking *checking, slice *why)
{
    const struct config *config = &checking->config;
    const struct {
        bool is_needed;
        const char *key;
        slice path;
        const char *package;
    } files[] = {
        {config->dmarc.standard == CONFIG_RFC7489, "dmarc.suffix_list",
         config->dmarc.suffix_list,                                                               "publicsuffix"},
        {config->dns_validate,                     "dns.trust_anchor",  config->dns_trust_anchor,
         "dns-root-data"                                                                                        },
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        slice text, fault;
        if (!files[i].is_needed || file_read(checking->arena, files[i].path.ptr, FILE_MAX,
                                             &text, &fault) == YETT_OK) {
            continue;
        }
        struct buf sentence;
        buf_init(&sentence, checking->arena, DEFAULTS_MAX);
        buf_add(&sentence, config_place_text(checking->arena, config, files[i].key));
        buf_printf(&sentence, ": %s: ", files[i].key);
        buf_add(&sentence, fault);
        buf_printf(&sentence, "; Debian's package %s holds one", files[i].package);
        *why = buf_slice(&sentence);
        return YETT_NOT_FOUND;
    }
    return YETT_OK;
}

/* The last word: was all of it written? */
static int finish_output(bool is_written)
{
    if (is_written && fflush(stdout) == 0) {
        return EXIT_FINE;
    }
    fprintf(stderr, "yett config: standard output cannot be written\n");
    return EXIT_CANNOT_TELL;
}

static int print_json(const struct checking *checking, const char *path, bool is_fine,
                      slice why)
{
    json_t *report = json_object();
    struct buf shown;
    buf_init(&shown, checking->arena, DEFAULTS_MAX);
    buf_add_visible(&shown, slice_from_text(path));
    json_object_set_new(report, "file", json_of(buf_slice(&shown)));
    json_object_set_new(report, "fine", json_boolean(is_fine));
    if (is_fine) {
        json_object_set(report, "settings", checking->settings);
        json_object_set(report, "warnings", checking->warnings);
    } else {
        json_object_set_new(report, "error", json_of(why));
    }
    int written = json_dumpf(report, stdout, JSON_COMPACT);
    json_decref(report);
    putchar('\n');
    return finish_output(written == 0);
}

static int report_fault(const struct checking *checking, const char *path, slice why,
                        int status)
{
    if (checking->json) {
        (void)print_json(checking, path, false, why);
    } else {
        fprintf(stderr, "%.*s\n", SLICE_ARG(why));
    }
    return status;
}

static void tell_kept(struct checking *checking)
{
    for (size_t i = 0; i < checking->kept_count && i < KEPT_MAX; i++) {
        warn_of_host(checking, checking->kept[i]);
    }
    if (checking->kept_count > KEPT_MAX) {
        warn_of_host(checking,
                     arena_printf(checking->arena,
                                  "and %zu more of this kind, which are left out here",
                                  checking->kept_count - KEPT_MAX));
    }
}

static int report_fine(struct checking *checking, const char *path)
{
    if (!checking->json) {
        printf("%.*s: ", SLICE_ARG(checking->config.source));
        term_word(&checking->term, TONE_GOOD, SLICE("fine"), 0);
        putchar('\n');
    }
    enum yett_err err =
        config_file_each(checking->arena, &checking->config,
                         checking->json ? add_setting : print_setting, checking);
    if (err != YETT_OK) {
        return report_fault(checking, path, SLICE("out of memory"), EXIT_CANNOT_TELL);
    }
    if (!checking->json && !checking->any) {
        printf("%*severything is at its default\n", INDENT, "");
    }
    warn_of_ended(checking, (int64_t)time(NULL));
    warn_of_public(checking);
    tell_kept(checking);
    host_look(checking->arena, &checking->config, warn_of_host, checking);
    if (checking->json) {
        return print_json(checking, path, true, SLICE_NONE);
    }
    return finish_output(true);
}

/* To be shown behind the settings. */
static void keep_warning(void *context, slice sentence)
{
    struct checking *checking = context;
    slice copy = SLICE_NONE;
    size_t at = checking->kept_count++;
    if (at < KEPT_MAX && arena_copy(checking->arena, sentence, &copy) == YETT_OK) {
        checking->kept[at] = copy;
    }
}

static int check_file(struct checking *checking, const char *path)
{
    slice why = SLICE_NONE;
    enum yett_err err = config_file_read(checking->arena, path, &checking->config, &why);
    if (err == YETT_NO_MEMORY) {
        return report_fault(checking, path, why, EXIT_CANNOT_TELL);
    }
    if (err != YETT_OK) {
        return report_fault(checking, path, why,
                            err == YETT_BAD_SYNTAX ? EXIT_BAD : EXIT_USAGE);
    }
    if (check_files(checking, &why) != YETT_OK) {
        return report_fault(checking, path, why, EXIT_BAD);
    }
    err = signing_look(checking->arena, &checking->config, keep_warning, checking, &why);
    if (err != YETT_OK) {
        return report_fault(checking, path, why,
                            err == YETT_NO_MEMORY ? EXIT_CANNOT_TELL : EXIT_BAD);
    }
    return report_fine(checking, path);
}

static int run_check(struct arena *arena, const struct options *options, const char *path)
{
    struct checking checking = {.arena = arena,
                                .term = term_of(options->color),
                                .json = options->json,
                                .settings = json_object(),
                                .warnings = json_array()};
    int status = check_file(&checking, path);
    json_decref(checking.settings);
    json_decref(checking.warnings);
    return status;
}

static int run_defaults(struct arena *arena)
{
    struct buf buf;
    buf_init(&buf, arena, DEFAULTS_MAX);
    config_file_write_defaults(&buf);
    slice text = buf_slice(&buf);
    bool written =
        buf_err(&buf) == YETT_OK && fwrite(text.ptr, 1, text.len, stdout) == text.len;
    return finish_output(written);
}

static int run(int argc, char **argv, struct arena *arena)
{
    struct options options;
    int first;
    switch (options_parse(argc, argv, OPTIONS_CONFIG | OPTIONS_OUTPUT, &help, arena,
                          &options, &first)) {
    case OPTIONS_DONE:
        return EXIT_FINE;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_GO:
        break;
    }
    const char *what = first < argc ? argv[first] : "";
    int files = argc - first - 1;
    if (strcmp(what, "defaults") == 0 && files == 0) {
        return run_defaults(arena);
    }
    if (strcmp(what, "check") != 0 || files > 1 ||
        (files == 1 && options.config_path != NULL)) {
        fprintf(stderr, "usage: %s\n", help.usage);
        return EXIT_USAGE;
    }
    const char *path = options.config_path != NULL ? options.config_path : STANDARD_FILE;
    return run_check(arena, &options, files == 1 ? argv[first + 1] : path);
}

int command_config(int argc, char **argv)
{
    /* A ceiling: settings, and the table of what is signed. */
    struct arena *arena =
        arena_new(CONFIG_FILE_ARENA_BYTES + 2 * (size_t)SIGNING_TABLE_MAX);
    if (arena == NULL) {
        fprintf(stderr, "yett config: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = run(argc, argv, arena);
    arena_free(arena);
    return status;
}
