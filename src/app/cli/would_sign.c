/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/would_sign.h"

#include "app/cli/command.h"
#include "app/cli/json.h"
#include "app/cli/options.h"
#include "app/cli/term.h"
#include "app/table/table.h"
#include "core/domain/domain.h"
#include "core/signing/signing.h"
#include "edge/config/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* would_sign: `yett sign --would-sign`: the rule by which the gateway would sign a message,
   or by which it would not. */

#define STANDARD_FILE "/etc/yett/yett.conf"

enum { LABEL_COLUMNS = 12, SENTENCE_MAX = 2000 };

static const struct option_help help = {
    .usage = "yett sign --would-sign --from ADDR [--ip ADDR] [--login NAME] [OPTION…]",
    .overview = "Say whether the gateway would sign such a message, with which keys, and "
                "which rule\ndecides.",
    .closing = "Exit status: 0 it would be signed, 1 it would not, 2 wrong usage or "
               "settings that\ncannot be read, 75 it cannot be told now.\n\n"
               "  yett sign --would-sign --from user@example.com --ip 192.0.2.7\n"
               "  yett sign --would-sign --from user@example.com --login user"};

struct asking {
    const struct options *options;
    struct arena *arena;
    struct config config;
    struct crypto *crypto;
    const struct signing_table *table; /* NULL: nothing is signed */
    slice local_part;                  /* of the author, or empty */
    slice author;                      /* domain */
    struct signing_decision decision;
};

static int complain(int status, slice why)
{
    fprintf(stderr, "yett sign: %.*s\n", SLICE_ARG(why));
    return status;
}

/* ---- the table --------------------------------------------------------------------------- */

static void print_note(void *context, slice sentence)
{
    (void)context;
    fprintf(stderr, "yett sign: %.*s\n", SLICE_ARG(sentence));
}

static int read_settings(struct asking *asking)
{
    const char *path = asking->options->config_path;
    slice why = SLICE_NONE;
    if (path == NULL && access(STANDARD_FILE, F_OK) != 0) {
        return complain(EXIT_USAGE, SLICE("there is no " STANDARD_FILE
                                          ": --config names the settings "
                                          "that the gateway has"));
    }
    enum yett_err err = config_file_read(
        asking->arena, path == NULL ? STANDARD_FILE : path, &asking->config, &why);
    return err == YETT_OK
               ? EXIT_FINE
               : complain(err == YETT_NO_MEMORY ? EXIT_CANNOT_TELL : EXIT_USAGE, why);
}

static int make_table(struct asking *asking)
{
    const struct table_notes notes = {.note = print_note};
    struct buf octets;
    const char *fault = "";
    slice why = SLICE("out of memory");
    if (!config_signs(&asking->config)) {
        return EXIT_FINE;
    }
    buf_init(&octets, asking->arena, SIGNING_TABLE_MAX);
    enum yett_err err = table_build(asking->arena, asking->crypto, &asking->config,
                                    &notes, &octets, &why);
    if (err == YETT_OK) {
        err =
            signing_table_open(asking->arena, buf_slice(&octets), &asking->table, &fault);
        why = slice_from_text(fault);
    }
    if (err == YETT_IO) {
        (void)complain(EXIT_CANNOT_TELL, why);
        return complain(EXIT_CANNOT_TELL,
                        SLICE("ask as root, or as the account that starts yett: it "
                              "looks into the keys"));
    }
    return err == YETT_OK
               ? EXIT_FINE
               : complain(err == YETT_BAD_SYNTAX ? EXIT_USAGE : EXIT_CANNOT_TELL, why);
}

/* ---- the message ------------------------------------------------------------------------- */

static bool read_author(struct asking *asking)
{
    slice text = asking->options->from;
    bool is_address = slice_has_byte(text, '@');
    enum yett_err err = is_address
                            ? message_parse_path(asking->arena, text, &asking->local_part,
                                                 &asking->author)
                            : domain_normalize(asking->arena, text, &asking->author);
    return err == YETT_OK && asking->author.len != 0;
}

static struct verdict_envelope envelope_of(const struct options *options)
{
    return (struct verdict_envelope){
        .client = options->ip,
        .mail_from = options->has_mail_from ? options->mail_from : options->from,
        .has_mail_from = true,
        .authenticated = options->login.len != 0,
        .login = options->login,
        .local = options->local};
}

static enum yett_err decide(struct asking *asking)
{
    struct message_mailbox mailbox = {.local_part = asking->local_part,
                                      .domain = asking->author};
    struct message_from from = {.status = MESSAGE_FROM_OK,
                                .mailboxes = &mailbox,
                                .count = 1,
                                .domains = &asking->author,
                                .domain_count = 1};
    const struct signing_question question = {
        .config = &asking->config,
        .table = asking->table,
        .role = CONFIG_LISTENER_BOTH,
        .envelope = envelope_of(asking->options),
        .from = &from,
    };
    return signing_decide(asking->arena, &question, &asking->decision);
}

/* ---- the answer -------------------------------------------------------------------------- */

static const char *algorithm_of(const struct signing_row *row)
{
    return dkim_algorithm_text(row->type == CRYPTO_RSA ? DKIM_RSA_SHA256
                                                       : DKIM_ED25519_SHA256);
}

static slice path_of(const struct asking *asking, const struct signing_row *row)
{
    return signing_key_at(asking->table, row->key).path;
}

static json_t *json_of_row(const struct asking *asking, const struct signing_row *row)
{
    json_t *object = json_object();
    bool failed = object == NULL;
    json_put(object, "domain", json_of_slice(row->domain), &failed);
    json_put(object, "selector", json_of_slice(row->selector), &failed);
    json_put(object, "algorithm", json_string(algorithm_of(row)), &failed);
    json_put(object, "key_bits", json_integer((json_int_t)row->bits), &failed);
    json_put(object, "key_file", json_of_slice(path_of(asking, row)), &failed);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int print_json(const struct asking *asking, bool signs)
{
    const struct signing_decision *decision = &asking->decision;
    json_t *object = json_object();
    json_t *rows = json_array();
    bool failed = object == NULL || rows == NULL;
    for (size_t i = 0; !failed && signs && i < decision->rows.count; i++) {
        failed = json_array_append_new(rows,
                                       json_of_row(asking, &decision->rows.list[i])) != 0;
    }
    json_put(object, "signed", json_boolean(signs), &failed);
    json_put(object, "outcome", json_string(signing_act_text(decision->act)), &failed);
    json_put(object, "rule", json_of_slice(decision->rule), &failed);
    json_put(object, "reason", json_of_slice(decision->reason), &failed);
    json_put(object, "author", json_of_slice(asking->author), &failed);
    json_put(object, "entry", json_of_optional(decision->rows.pattern), &failed);
    json_put(object, "signatures", rows, &failed);
    if (failed) {
        json_decref(object);
        object = NULL;
    }
    return json_print(object)
               ? EXIT_FINE
               : complain(EXIT_CANNOT_TELL, SLICE("standard output cannot be written"));
}

static void print_row(const struct asking *asking, const struct term *term,
                      const struct signing_row *row)
{
    struct buf text;
    buf_init(&text, asking->arena, SENTENCE_MAX);
    buf_add(&text, row->selector);
    buf_add_text(&text, "._domainkey.");
    buf_add(&text, row->domain);
    buf_printf(&text, "  %s, %u bits, in ", algorithm_of(row), row->bits);
    buf_add_visible(&text, path_of(asking, row));
    printf("%*s", LABEL_COLUMNS, "");
    term_wrapped(term, TONE_DIM, buf_slice(&text), LABEL_COLUMNS);
}

static int print_story(const struct asking *asking, bool signs)
{
    const struct term term = term_of(asking->options->color);
    const struct signing_decision *decision = &asking->decision;
    bool refuses = decision->act == SIGNING_REFUSED;
    struct buf text;
    buf_init(&text, asking->arena, SENTENCE_MAX);
    buf_add(&text, decision->reason);
    buf_add_text(&text, " [");
    buf_add(&text, decision->rule);
    buf_add_text(&text, "]");
    term_word(&term, signs ? TONE_GOOD : TONE_WARN,
              slice_from_text(signs     ? "signed"
                              : refuses ? "refused"
                                        : "not signed"),
              LABEL_COLUMNS);
    term_wrapped(&term, TONE_PLAIN, buf_slice(&text), LABEL_COLUMNS);
    for (size_t i = 0; signs && i < decision->rows.count; i++) {
        print_row(asking, &term, &decision->rows.list[i]);
    }
    return fflush(stdout) == 0
               ? EXIT_FINE
               : complain(EXIT_CANNOT_TELL, SLICE("standard output cannot be written"));
}

/* ---- all of it --------------------------------------------------------------------------- */

static int answer(struct asking *asking)
{
    if (decide(asking) != YETT_OK) {
        return complain(EXIT_CANNOT_TELL, SLICE("out of memory"));
    }
    bool signs = asking->decision.act == SIGNING_SIGN;
    if (signs && !envelope_of(asking->options).authenticated) {
        print_note(NULL,
                   SLICE("note: without a login it is signed only if results of ours "
                         "in it do not speak against its author [unproven]"));
    }
    int status =
        asking->options->json ? print_json(asking, signs) : print_story(asking, signs);
    return status == EXIT_FINE && !signs ? EXIT_BAD : status;
}

static int run(struct asking *asking)
{
    if (!read_author(asking)) {
        return complain(EXIT_USAGE,
                        SLICE("--from must be an address such as user@example.com, or a "
                              "domain; `yett sign --would-sign --help` lists the "
                              "options"));
    }
    int status = read_settings(asking);
    if (status == EXIT_FINE) {
        asking->crypto = crypto_new();
        status = asking->crypto == NULL
                     ? complain(EXIT_CANNOT_TELL, SLICE("libcrypto cannot be used"))
                     : make_table(asking);
    }
    if (status == EXIT_FINE) {
        status = answer(asking);
    }
    crypto_free(asking->crypto);
    return status;
}

bool would_sign_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--would-sign") == 0) {
            return true;
        }
    }
    return false;
}

int would_sign(int argc, char **argv)
{
    static char name[] = "sign --would-sign"; /* its help is another */
    enum { GROUPS = OPTIONS_WOULD_SIGN | OPTIONS_CONFIG | OPTIONS_OUTPUT };
    static struct options options;
    struct asking asking = {
        .options = &options,
        .arena = arena_new(CONFIG_FILE_ARENA_BYTES + 2 * (size_t)SIGNING_TABLE_MAX)};
    int first = 0;
    if (asking.arena == NULL) {
        return complain(EXIT_CANNOT_TELL, SLICE("out of memory"));
    }
    int status = EXIT_FINE;
    argv[0] = name;
    switch (options_parse(argc, argv, GROUPS, &help, asking.arena, &options, &first)) {
    case OPTIONS_GO:
        status = first < argc ? complain(EXIT_USAGE, SLICE("--would-sign takes no file"))
                              : run(&asking);
        break;
    case OPTIONS_DONE:
        break;
    case OPTIONS_WRONG:
        status = EXIT_USAGE;
        break;
    }
    arena_free(asking.arena);
    return status;
}
