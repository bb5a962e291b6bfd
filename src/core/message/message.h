/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MESSAGE_MESSAGE_H
#define YETT_CORE_MESSAGE_MESSAGE_H

#include "core/base/arena.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * message: what a message says of itself (RFC 5322, RFC 6532).
 *
 * header.c cuts the header section into fields, slices into the original bytes, and field.c
 * finds them by name; newline.c gives LF-only files their CRLF; from.c decides who the author
 * is, by the addresses that address.c reads, of tokens from lex.c; path.c reads addresses of
 * the envelope, received.c the trace fields of relays we trust; text.c makes field text
 * readable.  The body is nobody's here: it streams past.
 */

/* ---- fields --------------------------------------------------------------------------- */

struct message_field {
    slice raw;   /* the whole field as it came, with its final CRLF (if it had one) */
    slice name;  /* without the white space that obsolete forms have before the colon */
    slice value; /* all after the colon, folding included, without the final CRLF */
};

/* What is odd about a header section, as bits.  Nothing here makes it unreadable. */
enum message_defect {
    MESSAGE_BARE_LF = 1 << 0, /* LF without CR in the header */
    MESSAGE_BARE_CR = 1 << 1, /* CR without LF in the header */
    MESSAGE_NUL = 1 << 2,
    MESSAGE_NO_COLON = 1 << 3,     /* a line that is no field: the header ended there */
    MESSAGE_NO_BODY = 1 << 4,      /* input ended within the header section */
    MESSAGE_LEADING_FOLD = 1 << 5, /* the first line begins with white space */
    MESSAGE_EIGHT_BIT = 1 << 6,    /* octets over 127, well-formed UTF-8 or not */
    MESSAGE_MBOX_FROM = 1 << 7     /* an mbox "From " line stood first and was skipped */
};

/* Only a header with one of these has fields that hide in others. */
#define MESSAGE_MAY_HIDE                                                                 \
    ((unsigned)(MESSAGE_BARE_LF | MESSAGE_BARE_CR | MESSAGE_LEADING_FOLD))

struct message_header {
    const struct message_field *fields; /* top to bottom */
    size_t count;
    unsigned defects;
    size_t bytes; /* of the header section with the empty line */
    slice rest; /* fed, but body: of a line that never became a field when input ended */
};

struct message_limits {
    size_t header_bytes;
    size_t fields;
};

#define MESSAGE_LIMITS_DEFAULT                                                           \
    ((struct message_limits){.header_bytes = 2 * 1024 * 1024, .fields = 10000})

/*
 * The header section from a stream, in pieces of any size; the fields are the same however
 * it is cut.  Fields end at CRLF only; a bare CR or LF is part of a value and noted.  Lives
 * in `arena`; free nothing.
 *
 * A field name is one or more of the octets 33 to 126 without the colon; white space may
 * stand before the colon.  A line that neither begins so nor with white space is no field:
 * the header ends before it, and the line is the first of the body.  White space at the very
 * beginning continues nothing; it makes a field without a name (MESSAGE_LEADING_FOLD), so
 * that the `raw` of all fields is the header section as it came, less an mbox line.
 */
struct message_parser;

YETT_MUST_USE
struct message_parser *message_parser_new(struct arena *arena,
                                          struct message_limits limits);

/*
 * Feed bytes.  Moves `*in` past the header section; when `*done` becomes true the rest of
 * `*in` is the beginning of the body (the empty line is neither's).  Where a line that is no
 * field began in an earlier piece, `*in` then points into the arena: to all of that line and
 * what follows it.  YETT_LIMIT when a limit is exceeded, YETT_NO_MEMORY; feed no more then.
 */
YETT_MUST_USE
enum yett_err message_parser_feed(struct message_parser *parser, slice *in, bool *done);

/* The input has ended.  Call once, also after `*done`; `*out` lives in the arena. */
YETT_MUST_USE
enum yett_err message_parser_finish(struct message_parser *parser,
                                    struct message_header *out);

/*
 * A header from fields that a peer cut already (milter): append name and value, in order.
 * `value` is everything after the colon with its leading space; line ends in it may be LF.
 * One that begins no fold stays as it is and is noted as MESSAGE_BARE_LF.
 */
YETT_MUST_USE
enum yett_err message_parser_add_field(struct message_parser *parser, slice name,
                                       slice value);

/* First field of this name at or after index `from`, top to bottom; NULL when none. */
const struct message_field *message_find_field(const struct message_header *header,
                                               const char *name, size_t from,
                                               size_t *index);
size_t message_count_fields(const struct message_header *header, const char *name);

/*
 * The next field hidden in `field`: one that begins behind a bare CR or LF, or behind white
 * space on top of the header, where this parser sees none but others do.  `*rest` is
 * SLICE_NONE at first; then what follows the hidden field's colon.  False when there is no
 * more.
 */
bool message_next_hidden(const struct message_field *field, slice *rest, slice *name);

/*
 * Line ends of stored mail.  A message whose first line ends in a bare LF was stored with
 * LF line ends: every LF without CR becomes CRLF.  One whose first line ends in CRLF passes
 * unchanged.  (Input of the network is never passed through this.)
 */
struct message_newline {
    void (*write)(void *context, slice bytes);
    void *context;
    int form; /* private */
    bool after_cr;
};
void message_newline_init(struct message_newline *newline,
                          void (*write)(void *context, slice bytes), void *context);
void message_newline_feed(struct message_newline *newline, slice piece);
void message_newline_finish(struct message_newline *newline);

/* ---- the author ----------------------------------------------------------------------- */

enum message_from_status {
    MESSAGE_FROM_OK,      /* at least one address, all in one domain */
    MESSAGE_FROM_MISSING, /* no From field, or one without any address */
    MESSAGE_FROM_UNPARSABLE, /* not RFC 5322 3.4 with 4.4's obsolete forms, or a bad domain */
    MESSAGE_FROM_SEVERAL_FIELDS, /* hidden ones behind a bare CR or LF counted */
    MESSAGE_FROM_SEVERAL_DOMAINS
};

struct message_mailbox {
    slice display_name; /* decoded for people (RFC 2047), UTF-8, may be empty */
    slice local_part;   /* quotes and escapes removed */
    slice domain;       /* normal form (core/domain) */
    slice raw;          /* the mailbox as it stands in the field */
};

struct message_from {
    enum message_from_status status;
    const struct message_mailbox *mailboxes; /* those that could be read, in order */
    size_t count;
    const slice
        *domains; /* distinct, in order of first appearance; at most 16 are kept */
    size_t domain_count;
    slice reason;  /* for people; empty when the status is OK */
    size_t offset; /* into the field's value, where reading stopped */
};

#define MESSAGE_FROM_DOMAINS_MAX 16

/*
 * Who wrote this.  Reads every From field; never guesses: what two readers could read in two
 * ways is unparsable.  So this is stricter than message_parse_addresses(): of the obsolete
 * forms it refuses source routes, white space and comments within a domain, comments with an
 * address in them; also encoded words in an address or that spell one in angle brackets.
 * Mailboxes of all fields, hidden ones too, are in `*out` as far as they could be read.
 */
YETT_MUST_USE
enum yett_err message_read_from(struct arena *arena, const struct message_header *header,
                                struct message_from *out);

/*
 * Parse an address-list (RFC 5322 section 3.4, groups and obsolete forms) such as a To
 * value; at most 1000 addresses.  The domain of a mailbox with an address literal is the
 * literal.  YETT_BAD_SYNTAX leaves the offending offset in `*bad_at`, with `*why`.
 */
YETT_MUST_USE
enum yett_err message_parse_addresses(struct arena *arena, slice value,
                                      const struct message_mailbox **mailboxes,
                                      size_t *count, size_t *bad_at, const char **why);

/*
 * An envelope address as SMTP or an option writes it: "<user@example.org>", "user@…", "<>"
 * or "" (null reverse-path), a quoted local part, source routes dropped.  `*domain` is in
 * normal form when it is a domain, empty when there is none, and the text itself for an
 * address literal.  The local part may be missing (RFC 7208 section 4.3), or have dots where
 * RFC 5321 allows none.  YETT_BAD_SYNTAX otherwise.
 */
YETT_MUST_USE
enum yett_err message_parse_path(struct arena *arena, slice text, slice *local_part,
                                 slice *domain);

/* ---- trace fields --------------------------------------------------------------------- */

/* Who handed the message to the host that wrote this Received field. */
struct message_received {
    slice by;         /* the writer's own name */
    struct ip client; /* IP_NONE when not stated */
    slice helo;       /* as the client gave it; may be empty */
    slice mail_from;  /* where the form records it (Exim, Postfix's "envelope-from") */
    bool has_mail_from;
    slice protocol; /* "ESMTPS" */
};

/*
 * Read one Received field as Postfix, Sendmail, Exim, Exchange and Microsoft 365 write it.
 * YETT_BAD_SYNTAX when no client can be told from it without guessing.  Text in comments
 * that the client controls (its HELO, a reverse name) never becomes the address.  `mail_from`
 * is what stands between the angle brackets, for message_parse_path().
 */
YETT_MUST_USE
enum yett_err message_parse_received(struct arena *arena, slice value,
                                     struct message_received *out);

/* ---- text ----------------------------------------------------------------------------- */

/* Unfolded, encoded words decoded (RFC 2047; UTF-8, US-ASCII and ISO-8859-1 and -15,
   windows-1252; others stay as they are), invalid octets and control characters replaced by
   U+FFFD: for showing. */
YETT_MUST_USE
enum yett_err message_display_text(struct arena *arena, slice value, slice *out);

/* Addresses like message-id: trimmed and unfolded, bytes otherwise as they are. */
YETT_MUST_USE
enum yett_err message_unfold(struct arena *arena, slice value, slice *out);

#endif
