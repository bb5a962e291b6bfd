/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * signer: DKIM for the scenarios.
 *
 *     signer record KEY SELECTOR DOMAIN              a line of a zone
 *     signer message KEY SELECTOR DOMAIN < MESSAGE   the message with a signature on top
 *
 * KEY is rsa2048, rsa4096 or ed25519.
 */
enum { MESSAGE_BYTES_MAX = 1024 * 1024 };

static enum sign_key_name key_name(const char *word)
{
    if (strcmp(word, "rsa4096") == 0) {
        return SIGN_RSA_4096;
    }
    return strcmp(word, "ed25519") == 0 ? SIGN_ED25519 : SIGN_RSA_2048;
}

static char *read_input(void)
{
    char *text = calloc(1, MESSAGE_BYTES_MAX + 1);
    if (text == NULL || fread(text, 1, MESSAGE_BYTES_MAX, stdin) == 0) {
        abort();
    }
    return text;
}

static char *sign_input(const struct sign_key *key, const char *selector,
                        const char *domain)
{
    const struct sign_options options = {.selector = selector, .domain = domain};
    char *message = read_input();
    char *text = sign_message(key, &options, message);
    free(message);
    return text;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "signer: record|message KEY SELECTOR DOMAIN\n");
        return 2;
    }
    struct sign_key *key = sign_key_new(key_name(argv[2]));
    char *text = strcmp(argv[1], "record") == 0 ? sign_key_zone(key, argv[3], argv[4], "")
                                                : sign_input(key, argv[3], argv[4]);
    bool written = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
    free(text);
    sign_key_free(key);
    return written ? 0 : 1;
}
