/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_MAIL_H
#define YETT_BENCH_MAIL_H

#include <stddef.h>

/* mail: the messages that are measured, and their zone. */
enum mail_signing { MAIL_RSA, MAIL_ED25519, MAIL_BOTH, MAIL_TWO_RSA };

/* What canonicalisation meets: hardly anything to change, nothing at all, and white space on
   every line. */
enum mail_body { MAIL_PROSE, MAIL_BASE64, MAIL_HTML };

struct mail {
    char *text; /* CRLF line ends, signed, ends in NUL */
    size_t bytes;
    char *zone; /* keys, SPF and DMARC of its domain */
};

/* A message of about `bytes` with the fields that a real one has. */
struct mail *mail_new(size_t bytes, enum mail_signing signing, enum mail_body body);
void mail_free(struct mail *mail);

#endif
