/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_MAIL_H
#define YETT_BENCH_MAIL_H

#include <stddef.h>

/* mail: the messages that are measured, and their zone. */
enum mail_signing { MAIL_RSA, MAIL_ED25519, MAIL_BOTH, MAIL_TWO_RSA };

struct mail {
    char *text; /* CRLF line ends, signed, ends in NUL */
    size_t bytes;
    char *zone; /* keys, SPF and DMARC of its domain */
};

/* A message of about `bytes`: the fields that a real one has, and prose. */
struct mail *mail_new(size_t bytes, enum mail_signing signing);
void mail_free(struct mail *mail);

#endif
