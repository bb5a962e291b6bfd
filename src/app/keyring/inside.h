/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_KEYRING_INSIDE_H
#define YETT_APP_KEYRING_INSIDE_H

#include "app/keyring/keyring.h"

/* inside: what the files of this folder know of each other. */

/* "PATH: WHAT: the system's word"; YETT_NOT_FOUND or YETT_IO. */
enum yett_err ring_fail_errno(struct arena *arena, const char *path, const char *what,
                              slice *why);

/* What the state on the disk says, into ring->rotation; errors as in keyring_open(). */
YETT_MUST_USE
enum yett_err ring_read_state(struct keyring *ring, slice *why);

/* Where the file of a selector usually is. */
YETT_MUST_USE
enum yett_err ring_file_path(struct keyring *ring, slice selector, const char **out);

/* Read the file of a key, or say in `key->trouble` why it is not usable.  YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err pem_load(struct arena *arena, struct crypto *crypto,
                       struct keyring_key *key);

/* Make a key and its file, with all that pem_load() finds. */
YETT_MUST_USE
enum yett_err pem_make(struct arena *arena, struct crypto *crypto, unsigned bits,
                       struct keyring_key *key, slice *why);

/* Where a new key would be lies one that nobody knows: that is told.  Deliberately it is neither
   used nor removed: a command may have been killed between its file and the state, but it may as
   well be somebody's. */
void tell_unknown(struct keyring *ring, const struct keyring_plan *plan,
                  enum crypto_key_type type, const struct keyring_voice *voice);

/* Retiring keys that are still signed with retire later.  Errors as in keyring_save(). */
YETT_MUST_USE
enum yett_err keep_used(struct keyring *ring, const struct keyring_plan *plan,
                        const struct keyring_voice *voice, slice *why);

/* A state that is later than the clock begins anew where somebody says so (plan->by_hand), and
   what a clock that jumped would take away stays.  Errors as in keyring_save(). */
YETT_MUST_USE
enum yett_err mind_clock(struct keyring *ring, const struct keyring_plan *plan,
                         const struct keyring_voice *voice, slice *why);

void voice_say(const struct keyring_voice *voice, enum keyring_tone tone, slice sentence);

/* "s1._domainkey.example.com", made visible. */
slice shown_name(struct keyring *ring, const struct keyring_key *key);

#endif
