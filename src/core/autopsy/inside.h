/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTOPSY_INSIDE_H
#define YETT_CORE_AUTOPSY_INSIDE_H

#include "core/autopsy/autopsy.h"
#include "core/base/buf.h"

/* inside: what the files of this folder share. */

enum { AUTOPSY_NOTE_MAX = 1024, AUTOPSY_TEXT_MAX = 16384, AUTOPSY_CODED_MAX = 8 };

/* A text that was decoded, and is base64 again before it is hashed. */
struct autopsy_coded {
    slice text;    /* where it stands within the body that is tried */
    size_t width;  /* of the lines of base64 */
    bool ends;     /* there is a line end behind the last of them */
    size_t offset; /* of the base64 in the body at hand */
    size_t length;
};

struct autopsy_work {
    struct arena *arena;
    struct crypto *crypto;
    const struct autopsy_input *input;
    const struct dkim_signature *signature;
    enum crypto_digest digest;
    uint64_t body_left; /* of the budgets */
    uint64_t header_left;
    unsigned verifications_left;
    uint64_t hashed_bytes;
    unsigned header_candidates;
    bool ended; /* a budget, or the arena */
    enum yett_err err;
    struct autopsy_change changes[AUTOPSY_CHANGES_MAX];
    size_t count;
    size_t unnamed; /* changes for which there was no room */
    /* Of the body that is tried now, in its order. */
    struct autopsy_coded coded[AUTOPSY_CODED_MAX];
    size_t coded_count;
    bool
        undone; /* something was undone in it: its offsets are not those of the one at hand */
    /* For what is told at the end: candidates may take all the rest of the arena. */
    char *told;
    size_t told_left;
};

/* Takes `bytes` from a budget; false, and noted, when it is used up. */
bool autopsy_spend(struct autopsy_work *work, uint64_t *left, uint64_t bytes);

void autopsy_note(struct autopsy_work *work, const struct autopsy_change *change);

/* A text of at most `limit` octets, in the room that was put aside for such. */
void autopsy_told_init(struct autopsy_work *work, struct buf *buf, size_t limit);

/* The beginning of `text` for people, in quotes: on one line, no more than some words. */
void autopsy_add_excerpt(struct buf *buf, slice text);

/* A sentence; empty when memory is out. */
slice autopsy_sentence(struct autopsy_work *work, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- octets written, with room that was asked for beforehand -------------------------- */

struct autopsy_out {
    char *ptr;
    size_t len;
    size_t capacity;
};

/* False, and noted, when there is no room. */
bool autopsy_out_new(struct autopsy_work *work, size_t capacity, struct autopsy_out *out);
void autopsy_out_add(struct autopsy_out *out, slice bytes);
slice autopsy_out_slice(const struct autopsy_out *out);

/* The next line of `*in` with its CRLF; a last one may have none. */
bool autopsy_next_line(slice *in, slice *line);

/* Without its CRLF. */
slice autopsy_line_text(slice line);

/* ---- trials of a body ------------------------------------------------------------------- */

/* A body on its way through canonicalisation and digest. */
struct autopsy_trial {
    struct autopsy_work *work;
    struct crypto_hash *hash;         /* NULL: nothing comes of it any more */
    uint64_t left;                    /* octets until l= */
    const struct autopsy_coded *open; /* the text that is being encoded; NULL: none */
    char group[3];                    /* octets of it that make no group yet */
    size_t fill;
    size_t column;
    struct dkim_body_canon canon;
};

void autopsy_trial_begin(struct autopsy_trial *trial, struct autopsy_work *work);
void autopsy_trial_copy(struct autopsy_trial *to, const struct autopsy_trial *from);
void autopsy_trial_feed(struct autopsy_trial *trial, slice bytes);
bool autopsy_trial_end(struct autopsy_trial *trial); /* it is what was signed */
void autopsy_trial_drop(struct autopsy_trial *trial);

/* All of `body` is what was signed. */
bool autopsy_body_fits(struct autopsy_work *work, slice body);

/* The beginning of `body` that is what was signed, at an end of a line with text, or at any
   octet of its end if `fine`.  `*end` is where it ends, body.len for all of it. */
bool autopsy_find_prefix(struct autopsy_work *work, slice body, bool fine, size_t *end);

/* ---- MIME parts ------------------------------------------------------------------------- */

enum autopsy_encoding {
    AUTOPSY_IDENTITY,
    AUTOPSY_QUOTED_PRINTABLE,
    AUTOPSY_BASE64,
    AUTOPSY_OTHER_ENCODING
};

enum { AUTOPSY_PARTS_MAX = 64, AUTOPSY_NO_PARENT = -1 };

/* Offsets into the body.  The message itself is part 0. */
struct autopsy_part {
    int parent;
    size_t delimiter; /* the "--" in front of it */
    size_t content;
    size_t end;  /* before the CRLF that belongs to the next delimiter */
    size_t next; /* the delimiter behind it, or the end of the body */
    bool is_multipart;
    bool is_text;
    bool is_html;
    enum autopsy_encoding encoding;
    slice type; /* value of Content-Type, in the header of the part; may be empty */
    slice encoding_value; /* the same of Content-Transfer-Encoding */
    slice encoding_field; /* the whole field; empty: there is none */
    slice boundary;
};

struct autopsy_parts {
    struct autopsy_part list[AUTOPSY_PARTS_MAX];
    size_t count;
};

void autopsy_read_parts(struct autopsy_work *work, slice body, struct autopsy_parts *out);

/* ---- what could have been done to a body ------------------------------------------------ */

/* Each is true when it found what was done, and noted it.  Of sites some are tried first: what
   services do, and what costs little; then all. */
bool autopsy_try_lines(struct autopsy_work *work, slice body);
bool autopsy_try_sites(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts);
bool autopsy_try_all_sites(struct autopsy_work *work, slice body,
                           const struct autopsy_parts *parts);
bool autopsy_try_blocks(struct autopsy_work *work, slice body);

/* The same within texts of base64. */
bool autopsy_try_decoded_sites(struct autopsy_work *work, slice body,
                               const struct autopsy_parts *parts, bool all);

/* What was put in besides `undone`, which gave this body. */
bool autopsy_try_sites_besides(struct autopsy_work *work, slice body,
                               const struct autopsy_change *undone);
bool autopsy_try_wrapped(struct autopsy_work *work, slice body,
                         const struct autopsy_parts *parts);
bool autopsy_try_recoded(struct autopsy_work *work, slice body,
                         const struct autopsy_parts *parts);
bool autopsy_try_links(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts);

/*
 * A body with one thing undone: all of it or its beginning fits.  Notes the change, and one
 * for what follows the beginning.  `offset` and `length` are of the body at hand.
 */
bool autopsy_try_rewritten(struct autopsy_work *work, slice rewritten,
                           const struct autopsy_change *change);

/* All of it: what was done to the body.  True: as signed, or explained. */
enum autopsy_state autopsy_search_body(struct autopsy_work *work);

/* ---- the header ------------------------------------------------------------------------- */

struct autopsy_header;

/* What of it does not fit: as signed, explained or not. */
enum autopsy_state autopsy_search_header(struct autopsy_header *header);

#endif
