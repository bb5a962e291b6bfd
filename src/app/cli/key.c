/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include "app/cli/signing.h"
#include "edge/config/config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* key: `yett key`: finds the command and opens what all of them need. */

static const struct key_command {
    const char *name;
    unsigned bit;
    int (*run)(struct key_work *work);
    struct option_help help;
} commands[] = {
    {"generate",
     KEY_GENERATE, key_generate,
     {.usage = "yett key generate DOMAIN [OPTION…]",
      .overview = "Make private keys that sign mail of DOMAIN, mode 0600, and show the "
                  "records to publish\nfor them.",
      .closing =
          "Exit status: 0 made, 1 a file or a directory is in the way, 2 wrong usage.\n\n"
          "  yett key generate example.com\n"
          "  yett key generate example.com --algorithm rsa --selector mail"}   },
    {"list",
     KEY_LIST,     key_list,
     {.usage = "yett key list [OPTION…] [DOMAIN…]",
      .overview = "Show every key: what it is, since when it signs, and what is wrong "
                  "with its file.",
      .closing = "Exit status: 0 fine, 1 a key cannot be used, 2 wrong usage."}},
    {"check",
     KEY_CHECK,    key_check,
     {.usage = "yett key check [OPTION…] [DOMAIN…]",
      .overview = "Ask DNS whether the record of each key is published, and is the "
                  "record of this key.",
      .closing = "Exit status: 0 all is as it should be, 1 something is not, 2 wrong "
                 "usage, 75 DNS did not\nanswer."}                             },
    {"publish",
     KEY_PUBLISH,  key_publish,
     {.usage = "yett key publish DOMAIN [OPTION…]",
      .overview = "Put the record of a key into DNS by a dynamic update (RFC 2136), and "
                  "wait until every\nname server of the zone shows it.  Without an "
                  "update key: show what to publish.",
      .closing = "Exit status: 0 every name server shows it, 1 refused, 75 not yet, or "
                 "to be published by\nhand.\n\n"
                 "  yett key publish example.com --selector s20261125r --update-key "
                 "/etc/yett/update.key"}                                       },
    {"rotate",
     KEY_ROTATE,   key_rotate,
     {.usage = "yett key rotate DOMAIN [OPTION…]\n"
               "       yett key rotate --due [OPTION…] [DOMAIN…]",
      .overview = "Take new keys into use, one step after the other: make them, publish "
                  "them, wait for all\nname servers, sign with them, keep the records of "
                  "the old ones until their signatures\nhave expired, take those out.  "
                  "Run it again to go on where it stopped.",
      .closing = "Exit status: 0 nothing is left to do for now, 75 to be continued, 1 "
                 "somebody has to look."}                                      },
    {"retire",
     KEY_RETIRE,   key_retire,
     {.usage = "yett key retire DOMAIN --selector S [OPTION…]",
      .overview = "Stop signing with a key.  Its record stays until its last signature "
                  "has expired; run this\nagain then, or leave it to rotation, to take "
                  "it out.",
      .closing = "Exit status: 0 it signs no more, 1 it must not be retired so, 75 to be "
                 "continued.\n\n"
                 "  yett key retire example.com --selector s20261125r"}        },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct option_help general_help = {
    .usage = "yett key generate DOMAIN [OPTION…]\n"
             "       yett key list|check [OPTION…] [DOMAIN…]\n"
             "       yett key publish|rotate DOMAIN [OPTION…]\n"
             "       yett key rotate --due [OPTION…] [DOMAIN…]\n"
             "       yett key retire DOMAIN --selector S [OPTION…]",
    .overview =
        "Make, show, check, publish, rotate and retire the keys that sign outgoing "
        "mail.  These\nare the options of all its commands; `yett key COMMAND --help` "
        "lists those of one.",
    .closing = NULL};

static const struct key_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Each domain would be refused for it (app/keyring): once is enough. */
static int check_directory(const struct key_work *work)
{
    struct stat stat;
    return lstat(work->directory, &stat) == 0 && S_ISLNK(stat.st_mode)
               ? key_complain(work, EXIT_BAD,
                              arena_printf(work->arena,
                                           "%s: is a symbolic link; name the directory "
                                           "that it leads to",
                                           work->directory))
               : EXIT_FINE;
}

static enum yett_err index_settings(struct key_work *work)
{
    const struct config *config = &work->config;
    enum yett_err err = key_index_init(&work->index, work->arena, config->domain_count);
    for (uint32_t i = 0; err == YETT_OK && i < config->domain_count; i++) {
        key_index_add(&work->index, config->domains, i);
    }
    return err;
}

static int open_work(struct key_work *work)
{
    slice why = SLICE_NONE;
    config_init(&work->config);
    work->has_config = work->options.shared.config_path != NULL;
    if (work->has_config &&
        config_file_read(work->arena, work->options.shared.config_path, &work->config,
                         &why) != YETT_OK) {
        return key_complain(work, EXIT_USAGE, why);
    }
    if (index_settings(work) != YETT_OK) {
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    signing_trust_keeper(&work->config);
    work->directory = work->options.directory != NULL
                          ? work->options.directory
                          : work->config.signing.keys_directory.ptr;
    work->now_s =
        work->options.shared.has_now ? work->options.shared.now_s : (int64_t)time(NULL);
    work->term = term_of(work->options.shared.color);
    work->crypto = crypto_new();
    return work->crypto == NULL
               ? key_complain_text(work, EXIT_CANNOT_TELL, "libcrypto cannot be used")
               : check_directory(work);
}

static int run(const struct key_command *command, const char *name, int argc, char **argv,
               struct arena *arena)
{
    static struct key_work work;
    int first = 0;
    work = (struct key_work){.name = name, .arena = arena};
    switch (key_options_parse(argc, argv, command->bit, name, &command->help,
                              &work.options, &first)) {
    case OPTIONS_DONE:
        return EXIT_FINE;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_GO:
        break;
    }
    work.arguments = argv + first;
    work.count = argc - first;
    int status = open_work(&work);
    if (status == EXIT_FINE) {
        status = key_finish(&work, command->run(&work));
    }
    asker_stop(work.asker);
    crypto_free(work.crypto);
    return status;
}

static int print_general(int argc, char **argv)
{
    static struct key_options options;
    int first = 0;
    if (argc > 1 && argv[1][0] != '-') {
        fprintf(stderr, "yett key: '%s' is no command; `yett key --help` lists them\n",
                argv[1]);
        return EXIT_USAGE;
    }
    if (key_options_parse(argc, argv, KEY_ALL, "key", &general_help, &options, &first) ==
        OPTIONS_DONE) {
        return EXIT_FINE;
    }
    fprintf(stderr, "usage: %s\n", general_help.usage);
    return EXIT_USAGE;
}

int command_key(int argc, char **argv)
{
    char name[32];
    const struct key_command *command = argc > 1 ? find_command(argv[1]) : NULL;
    if (command == NULL) {
        return print_general(argc, argv);
    }
    struct arena *arena = arena_new(CONFIG_FILE_ARENA_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett key: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    (void)snprintf(name, sizeof name, "key %s", command->name);
    int status = run(command, name, argc - 1, argv + 1, arena);
    arena_free(arena);
    return status;
}
