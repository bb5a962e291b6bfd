/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_KEY_H
#define YETT_APP_CLI_KEY_H

#include "app/cli/command.h"
#include "app/cli/json.h"
#include "app/cli/key_index.h"
#include "app/cli/term.h"
#include "app/keyring/keyring.h"
#include "core/config/config.h"
#include "core/signing/signing.h"

/*
 * key: `yett key …`: what its commands share.  key.c finds the command, key_options.c is its
 * options, key_tell.c prints, key_open.c settings and rings, key_ask.c parts the command in
 * two processes; a file for each command.
 */

enum {
    KEY_GENERATE = 1 << 0,
    KEY_LIST = 1 << 1,
    KEY_CHECK = 1 << 2,
    KEY_PUBLISH = 1 << 3,
    KEY_ROTATE = 1 << 4,
    KEY_RETIRE = 1 << 5,
    KEY_ALL = (1 << 6) - 1
};

enum { KEY_AUTHORITIES_MAX = NAMESERVER_SERVERS_MAX };

struct key_options {
    struct options shared; /* --config --dns --resolver --now --json --color */
    const char *directory;
    slice selector;
    bool has_algorithm, rsa, ed25519;
    unsigned bits;
    bool testing;
    const char *update_key, *table;
    slice server;
    slice authorities[KEY_AUTHORITIES_MAX];
    size_t authority_count;
    bool has_ttl;
    uint32_t ttl_s;
    bool has_wait;
    unsigned wait_s;
    bool undo, due, no_reload, really;
};

/* As options_parse(), for the commands `bits`; `name` is "key generate". */
enum options_outcome key_options_parse(int argc, char **argv, unsigned bits,
                                       const char *name, const struct option_help *help,
                                       struct key_options *out, int *first);

/* One command at work. */
struct key_work {
    const char *name; /* "key generate" */
    struct key_options options;
    struct arena *arena;
    struct crypto *crypto;
    struct config config;
    struct key_index index;            /* of its domains */
    bool has_config;                   /* --config was given */
    const char *directory;             /* of all keys */
    const struct signing_table *table; /* of the running gateway; NULL: not known */
    struct asker *asker;               /* of key_part() */
    int64_t now_s;
    struct term term;
    char **arguments; /* domains */
    int count;
};

/* "yett key generate: SENTENCE" on standard error; gives the exit status back. */
int key_complain(const struct key_work *work, int status, slice sentence);
int key_complain_text(const struct key_work *work, int status, const char *sentence);

/* The same about a domain that has no keys: where they would be, and what makes some. */
int key_complain_none(const struct key_work *work, int status, slice domain);

/* The same about a ring that has none, or none with the selector that was named. */
int key_complain_choice(const struct key_work *work, int status,
                        const struct keyring *ring);

/* What an error of keyring's or of files means for the program's exit status. */
int key_status_of(enum yett_err err);

/* The argument `index` as a domain in normal form.  EXIT_FINE, or the error was printed. */
int key_domain(const struct key_work *work, int index, slice *out);

/* The settings of a domain, or NULL: it is not named there, or there are no settings. */
const struct config_domain *key_settings_of(const struct key_work *work, slice domain);

/* Those that the settings say: they sign with `selector` by name. */
bool key_is_named(const struct key_work *work, slice domain, slice selector);

/* The same of seals. */
bool key_seals(const struct key_work *work, slice domain, slice selector);

/* Whether the settings name the key, or the running gateway has it.  `work` as in
   keyring_plan. */
bool key_is_used(const void *work, slice domain, slice selector);

/* Open the ring, with the files that the settings name elsewhere.  keyring_close() it, whatever
   comes back: EXIT_FINE, or the error was printed. */
int key_open(const struct key_work *work, slice domain, enum keyring_access access,
             struct keyring *out);

/* The usable key of --selector, or the only one.  NULL: the error was printed. */
struct keyring_key *key_choose(const struct key_work *work, struct keyring *ring,
                               int *status);

/*
 * Visit the domains that the arguments name, or all of them: those that have a directory, and
 * those for which the settings name keys.  The worst exit status of all.
 */
int key_each_domain(const struct key_work *work,
                    int (*visit)(const struct key_work *work, slice domain));

/* Options and settings about the zone. */
uint32_t key_ttl_s(const struct key_work *work);
const char *key_update_key(const struct key_work *work); /* its path, or NULL */
struct nameserver_options key_nameservers(const struct key_work *work);
struct keyring_dns key_dns(const struct key_work *work);
struct rotation_settings key_rotation_settings(const struct key_work *work);

/* key_file.c: add what signing.domains_file says of the domains that are named, or of all where
   they are few, to the settings; before key_part().  Exit status. */
int key_read_file(struct key_work *work);

/*
 * Part the command in two, before any key is read: an asker with `options` (its name servers
 * and user are filled in here), and this process, which keeps the files of keys and loses the
 * network; where it `makes` keys, their directory is made first.  EXIT_FINE, or the error was
 * printed.
 */
int key_part(struct key_work *work, struct asker_options *options, bool makes);

/* key_stop.c: from now on SIGINT, SIGTERM and SIGHUP end the command with a sentence. */
void key_tell_stop(void);

/* key_resolve.c: an asker for asker_texts(), with the resolver or the zone of the options.
   `work` has to outlive it. */
struct asker_options key_resolving(struct key_work *work);

/* ---- key_tell.c -------------------------------------------------------------------------- */

/* The three forms of a record. */
void key_show_record(const struct key_work *work, slice name, slice text);
json_t *key_json_of_record(const struct key_work *work, slice name, slice text);

/* A voice that prints to standard output, each line begun with the domain where `domain` is
   not empty. */
struct key_voice {
    const struct key_work *work;
    slice domain;
    bool has_undo; /* --undo takes back what the command does */
};
struct keyring_voice key_voice(struct key_voice *context);

/* "2026-11-25 02:35 UTC" */
slice key_time(struct arena *arena, int64_t epoch_s);
const char *key_type_text(enum crypto_key_type type); /* "rsa" */

/* The phase as people are told it: "pending", "signs", "retiring", "no phase". */
slice key_phase(const struct key_work *work, const struct keyring *ring,
                const struct keyring_key *key);

/* Let the gateway take other keys, or say how. */
void key_reload(const struct key_work *work);

/* 0, or what is wrong with standard output. */
int key_finish(const struct key_work *work, int status);

/* ---- the commands ------------------------------------------------------------------------ */

int key_generate(struct key_work *work);
int key_list(struct key_work *work);
int key_check(struct key_work *work);
int key_publish(struct key_work *work);
int key_rotate(struct key_work *work);
int key_retire(struct key_work *work);

#endif
