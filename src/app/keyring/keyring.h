/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_KEYRING_KEYRING_H
#define YETT_APP_KEYRING_KEYRING_H

#include "app/asker/asker.h"
#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/rotation/rotation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * keyring: the keys of one signing domain: their files, their records in DNS, and one turn of
 * their rotation.  What `yett key …` does, whether a person or a timer started it.
 *
 *     DIRECTORY/DOMAIN/SELECTOR.pem   a private key, mode 0600
 *     DIRECTORY/DOMAIN/state          their phases (core/rotation)
 *
 * ring.c opens and locks them, make.c adds and forgets keys, pem.c is about their files,
 * match.c compares what DNS shows with a key, look.c asks every name server of the zone,
 * change.c changes the zone, turn.c does what core/rotation says is next, use.c keeps what is
 * still signed with, and clock.c what a wrong clock would take away.
 *
 * Deliberately blocking: whoever calls has nothing else to do meanwhile.  Sentences (`why`)
 * are complete, without full stop, and live in the arena.
 */

enum { KEYRING_KEYS_MAX = 64, KEYRING_NO_PHASE = ROTATION_KEYS_MAX };

struct keyring_key {
    slice selector;   /* normal form */
    const char *path; /* of the file; NULL: there is none */
    bool is_usable;   /* and it holds a key: the four below are set */
    enum crypto_key_type type;
    unsigned bits;
    slice public_key; /* what p= holds, decoded */
    slice record;     /* the text of its record */
    slice trouble;    /* why it is not usable: a sentence */
    bool is_missing;  /* there is no such file */
    size_t phase;     /* its index in `rotation`, or KEYRING_NO_PHASE: not in the state */
};

struct keyring {
    struct arena *arena;
    struct crypto *crypto;
    slice domain;          /* normal form */
    const char *directory; /* of the domain */
    struct rotation rotation;
    struct keyring_key *keys; /* those of the state first, then other files by name */
    size_t count;
    int lock; /* -1: only to look at */
};

/* ---- files ------------------------------------------------------------------------------ */

enum keyring_access {
    KEYRING_LOOK,   /* a domain without keys is an empty ring */
    KEYRING_CHANGE, /* the same, locked; a domain without directory is YETT_NOT_FOUND */
    KEYRING_MAKE    /* locked; directories are made */
};

/*
 * Open the ring of `domain` (normal form).  keyring_close() it, whatever was returned.
 *
 * YETT_OK, also when single files are not usable; YETT_LIMIT somebody else has it locked;
 * YETT_BAD_SYNTAX the state cannot be read, or others could put files there; YETT_NOT_FOUND;
 * YETT_IO; each with `*why`.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err keyring_open(struct arena *arena, struct crypto *crypto,
                           const char *directory, slice domain,
                           enum keyring_access access, struct keyring *out, slice *why);
void keyring_close(struct keyring *ring);

/* Write the state. */
YETT_MUST_USE
enum yett_err keyring_save(struct keyring *ring, slice *why);

/* A key of which somebody knows, whose file is elsewhere, or (`path` NULL) where keys usually
   are.  YETT_LIMIT, YETT_NO_MEMORY; what is wrong with the file is in
   the key's `trouble`. */
YETT_MUST_USE
enum yett_err keyring_add_file(struct keyring *ring, slice selector, const char *path);

/* By selector; NULL when there is none. */
struct keyring_key *keyring_find(struct keyring *ring, slice selector);

/*
 * Make a key, its file first, then its line in the state, as pending.  `selector` empty: one
 * that nothing has yet, neither file nor state.
 * Errors as in keys_write(), with `*why`; YETT_LIMIT too many keys.
 */
YETT_MUST_USE
enum yett_err keyring_generate(struct keyring *ring, slice selector,
                               enum crypto_key_type type, unsigned bits, int64_t now_s,
                               struct keyring_key **out, slice *why);

/* Let its record say t=y: verifiers are asked to treat its signatures as if there were none
   (RFC 6376 section 3.6.1). */
YETT_MUST_USE
enum yett_err keyring_set_testing(struct keyring *ring, struct keyring_key *key);

/* Note in the state that the file of `key` signs, which somebody put there.  YETT_LIMIT. */
YETT_MUST_USE
enum yett_err keyring_adopt(struct keyring *ring, struct keyring_key *key, int64_t now_s,
                            slice *why);

/* Forget a key: its file, which nothing would remind us of afterwards, then its line in the
   state. */
YETT_MUST_USE
enum yett_err keyring_forget(struct keyring *ring, slice selector, slice *why);

/* The domains that have a directory, sorted. */
YETT_MUST_USE
enum yett_err keyring_domains(struct arena *arena, const char *directory,
                              const slice **out, size_t *count, slice *why);

/* "s1._domainkey.example.com"; YETT_BAD_SYNTAX when that is too long for a name. */
YETT_MUST_USE
enum yett_err keyring_name(struct arena *arena, slice selector, slice domain, slice *out);

/* ---- what DNS shows --------------------------------------------------------------------- */

enum keyring_match_code {
    KEYRING_OURS,    /* the record of this key, and no other */
    KEYRING_ABSENT,  /* no TXT record */
    KEYRING_SEVERAL, /* more than one: verifiers may take either */
    KEYRING_REVOKED, /* p= is empty */
    KEYRING_OTHER,   /* the record of another key */
    KEYRING_UNUSABLE /* no key record, or one under which nobody accepts signatures of mail */
};

struct keyring_match {
    enum keyring_match_code code;
    bool has_ours;   /* among several */
    bool is_testing; /* t=y */
    slice reason;    /* a phrase: "the record of another key" */
};

/* Compare what stands at the name of a usable key: texts of TXT records, strings joined.  It
   is the key in p= that counts, not how the record is written. */
YETT_MUST_USE
enum yett_err keyring_match(struct arena *arena, const struct keyring_key *key,
                            const slice *texts, size_t count, struct keyring_match *out);

const char *keyring_match_text(enum keyring_match_code code); /* "ours" */

/* How a zone is asked and changed. */
struct keyring_dns {
    struct asker *asker;         /* talks to its name servers */
    const char *update_key_path; /* of the TSIG key; NULL: the zone is changed by hand */
    uint32_t ttl_s;              /* of records that are made */
    unsigned wait_s;             /* for all servers to show a change; 0: look once */
};

/* Says what is done; `tone` for those who colour it. */
enum keyring_tone {
    KEYRING_NOTE,  /* on the way */
    KEYRING_GOOD,  /* done */
    KEYRING_WARN,  /* needs patience, or somebody */
    KEYRING_FAILED /* went wrong */
};

struct keyring_voice {
    void (*say)(void *context, enum keyring_tone tone, slice sentence);
    /* A record that somebody has to put there (or, not `is_wanted`, to take away). */
    void (*show_record)(void *context, slice name, slice text, bool is_wanted);
    /* Commands for nsupdate(1) that take a change back. */
    void (*show_undo)(void *context, slice script);
    void *context;
};

/* What every authoritative server has at the name of `key`; servers that do not have what is
   wanted are named through `voice` (NULL: not at all). */
YETT_MUST_USE
enum yett_err keyring_look(struct keyring *ring, const struct keyring_key *key,
                           const struct keyring_dns *dns,
                           const struct keyring_voice *voice, enum rotation_view *out,
                           slice *why);

/* The same until all have (or, not `is_wanted`, none has) the record, or dns->wait_s is
   over. */
YETT_MUST_USE
enum yett_err keyring_wait(struct keyring *ring, const struct keyring_key *key,
                           bool is_wanted, const struct keyring_dns *dns,
                           const struct keyring_voice *voice, enum rotation_view *out,
                           slice *why);

/*
 * Put the record of `key` into its zone, or take it out, by a dynamic update; other records at
 * the name stay.  `*changed` is false when nothing was to be done.
 *
 * YETT_OK; YETT_BAD_SYNTAX it was refused: by us (another record stands there), or by the
 * server; YETT_IO the servers did not answer; YETT_NOT_FOUND no such zone; with `*why`.
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err keyring_change(struct keyring *ring, const struct keyring_key *key,
                             bool is_wanted, const struct keyring_dns *dns,
                             const struct keyring_voice *voice, bool *changed,
                             slice *why);

/* ---- rotation --------------------------------------------------------------------------- */

struct keyring_plan {
    struct rotation_settings settings;
    unsigned bits;    /* of RSA keys */
    bool wanted;      /* somebody asked for new keys */
    bool only_retire; /* nothing new: clear away what is due */
    bool by_hand;     /* somebody is there, for whom the clock is right */
    /* The keys that the settings name themselves, where they do: a new key cannot sign before
       it is among them.  NULL: the state decides. */
    const struct config_domain *named;
    /* Whether something still signs with a key, as far as it is known: its record stays then,
       whatever the state says.  NULL: nobody knows. */
    bool (*signs)(const void *context, slice domain, slice selector);
    const void *context;
    int64_t now_s;
};

enum keyring_end {
    KEYRING_RESTS,   /* nothing to do before `at_s` */
    KEYRING_WAITS,   /* to be continued: for name servers, or for somebody */
    KEYRING_STOPPED, /* somebody has to look */
    KEYRING_BROKEN   /* a step failed; another time */
};

struct keyring_turned {
    enum keyring_end end;
    bool signs_anew; /* other keys sign now: gateways must be told */
    int64_t at_s;
};

/* Why nothing is done where keys are from a time that the clock has not reached: a sentence that
   says what to do.  SLICE_NONE: there are none. */
slice keyring_clock_fault(struct keyring *ring, int64_t now_s);

/* Do one step after the other until there is none that can be done now.  Each is in the state
   before the next begins. */
YETT_MUST_USE
enum yett_err keyring_turn(struct keyring *ring, const struct keyring_plan *plan,
                           const struct keyring_dns *dns,
                           const struct keyring_voice *voice, struct keyring_turned *out,
                           slice *why);

#endif
