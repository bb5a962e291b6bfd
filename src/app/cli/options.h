/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_OPTIONS_H
#define YETT_APP_CLI_OPTIONS_H

#include "app/cli/option_table.h"
#include "app/cli/sign_options.h"
#include "core/base/arena.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * options: what the commands have in common on the command line, as one option_table.
 */
enum option_group {
    OPTIONS_ENVELOPE = 1 << 0, /* --ip --helo --mail-from --rcpt */
    OPTIONS_MESSAGE = 1 << 1,  /* --trust-received --auth --dmarc-mode --psl … */
    OPTIONS_DNS = 1 << 2,      /* --dns --resolver --now */
    OPTIONS_CONFIG = 1 << 3,   /* --config */
    OPTIONS_OUTPUT = 1 << 4,   /* --json --color */
    OPTIONS_MANY = 1 << 5,     /* --summary */
    OPTIONS_SERVE = 1 << 6,    /* --mode --listen …, and of DNS what a gateway has */
    OPTIONS_STATUS = 1 << 7,   /* --socket */
    OPTIONS_SIGN = 1 << 8,     /* --domain --selector --key … */
    OPTIONS_WOULD_SIGN =
        1 << 9 /* --would-sign --from --login --local; --ip --mail-from */
};

enum answers_mode { ANSWERS_MODE_WARM, ANSWERS_MODE_ROUND, ANSWERS_MODE_EACH };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define OPTIONS_RCPT_MAX   100
#define OPTIONS_LISTEN_MAX 32

struct options {
    bool has_ip;
    struct ip ip;
    slice helo;
    bool has_mail_from;
    slice mail_from; /* without angle brackets */
    slice rcpt[OPTIONS_RCPT_MAX];
    size_t rcpt_count;
    slice login;          /* --auth, --login: the session was authenticated */
    slice from;           /* --from: the author */
    bool local;           /* a program on the mail server sent it */
    slice trust_received; /* a host, or a number from 1 */
    bool has_now;
    int64_t now_s;
    const char *zone_path;
    slice resolver;
    bool validate;
    const char *trust_anchor_path; /* NULL: as configured */
    bool has_dmarc_mode;
    bool dmarc_7489;
    const char *psl_path;
    bool allow_rsa_sha1;
    unsigned min_rsa_bits; /* 0: as configured */
    const char *config_path;
    bool json;
    bool summary_only;
    enum color_mode color;
    enum answers_mode answers;
    const char *mode, *workers, *sandbox, *status_socket; /* NULL: as configured */
    const char *listen[OPTIONS_LISTEN_MAX];
    size_t listen_count;
    const char *socket_path; /* NULL: as configured */
    struct sign_options sign;
};

/*
 * Parse `argv` for a command that takes `groups` (bits of enum option_group).  OPTIONS_GO
 * leaves the arguments from `*first` on; OPTIONS_DONE: --help was printed; OPTIONS_WRONG: the
 * error was printed.  Slices point into argv.
 */
enum options_outcome options_parse(int argc, char **argv, unsigned groups,
                                   const struct option_help *help, struct arena *arena,
                                   struct options *out, int *first);

#endif
