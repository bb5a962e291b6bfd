/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"
#include "core/domain/domain.h"
#include "edge/keys/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ring: the directory of one domain: its lock, its state, its key files. */

enum { LOCK_TRIES = 30, STATE_MAX = 8192, DOMAINS_MAX = 200000 };

/* "PATH: WHAT: the system's word" */
enum yett_err ring_fail_errno(struct arena *arena, const char *path, const char *what,
                              slice *why)
{
    enum yett_err err = errno == ENOENT ? YETT_NOT_FOUND : YETT_IO;
    struct buf text;
    int reason = errno;
    buf_init(&text, arena, 5 * KEYS_PATH_MAX);
    buf_add_visible(&text, slice_from_text(path));
    buf_printf(&text, ": %s: %s", what, strerror(reason));
    *why = buf_slice(&text);
    return err;
}

enum yett_err keyring_name(struct arena *arena, slice selector, slice domain, slice *out)
{
    struct buf name;
    buf_init(&name, arena, 512);
    buf_add(&name, selector);
    buf_add_text(&name, "._domainkey.");
    buf_add(&name, domain);
    return buf_err(&name) == YETT_OK ? domain_normalize(arena, buf_slice(&name), out)
                                     : buf_err(&name);
}

slice shown_name(struct keyring *ring, const struct keyring_key *key)
{
    slice name;
    return keyring_name(ring->arena, key->selector, ring->domain, &name) == YETT_OK
               ? name
               : key->selector;
}

void voice_say(const struct keyring_voice *voice, enum keyring_tone tone, slice sentence)
{
    if (voice != NULL && voice->say != NULL) {
        voice->say(voice->context, tone, sentence);
    }
}

/* ---- the lock --------------------------------------------------------------------------- */

static void sleep_100_ms(void)
{
    struct timespec pause = {.tv_nsec = 100000000};
    (void)nanosleep(&pause, NULL);
}

/* The directory itself is what is locked: the kernel lets go when a process ends, and no file
   is left over. */
static enum yett_err lock(struct keyring *ring, slice *why)
{
    ring->lock = open(ring->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ring->lock < 0) {
        return ring_fail_errno(ring->arena, ring->directory, "cannot be opened", why);
    }
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(ring->lock, LOCK_EX | LOCK_NB) == 0) {
            keys_sweep(ring->directory);
            return YETT_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return ring_fail_errno(ring->arena, ring->directory, "cannot be locked", why);
        }
        sleep_100_ms();
    }
    *why = arena_printf(ring->arena,
                        "another yett is at work on the keys of %.*s; try again when it "
                        "has finished",
                        SLICE_ARG(ring->domain));
    return YETT_LIMIT;
}

/* A directory that is not there is an empty one. */
static enum yett_err check_directories(struct keyring *ring, const char *directory,
                                       slice *why)
{
    enum yett_err err = keys_check_directory(ring->arena, directory, why);
    if (err == YETT_OK) {
        err = keys_check_directory(ring->arena, ring->directory, why);
    }
    return err == YETT_NOT_FOUND ? YETT_OK : err;
}

/* /var/lib/yett, on a host where no gateway was started yet. */
static enum yett_err make_parent(struct keyring *ring, const char *directory, slice *why)
{
    slice path = slice_from_text(directory);
    struct buf parent;
    while (slice_ends_with(path, SLICE("/"))) {
        path = slice_first(path, path.len - 1);
    }
    size_t slash = slice_find_last_byte(path, '/');
    buf_init(&parent, ring->arena, KEYS_PATH_MAX);
    buf_add(&parent, slash < path.len ? slice_first(path, slash) : SLICE("."));
    buf_add_byte(&parent, '\0');
    return buf_err(&parent) == YETT_OK ? keys_make_directory(ring->arena, parent.ptr, why)
                                       : buf_err(&parent);
}

static enum yett_err make_directories(struct keyring *ring, const char *directory,
                                      slice *why)
{
    enum yett_err err = keys_make_directory(ring->arena, directory, why);
    if (err == YETT_NOT_FOUND) {
        err = make_parent(ring, directory, why);
        if (err == YETT_OK) {
            err = keys_make_directory(ring->arena, directory, why);
        }
    }
    return err == YETT_OK ? keys_make_directory(ring->arena, ring->directory, why) : err;
}

static enum yett_err enter(struct keyring *ring, const char *directory,
                           enum keyring_access access, slice *why)
{
    enum yett_err err =
        access == KEYRING_MAKE ? make_directories(ring, directory, why) : YETT_OK;
    if (err == YETT_OK) {
        err = check_directories(ring, directory, why);
    }
    return err == YETT_OK && access != KEYRING_LOOK ? lock(ring, why) : err;
}

/* ---- the state -------------------------------------------------------------------------- */

static enum yett_err state_path(struct keyring *ring, const char **out)
{
    return keys_path(ring->arena, slice_from_text(ring->directory), KEYS_STATE,
                     SLICE_NONE, out);
}

static enum yett_err state_fault(struct keyring *ring, const char *path, size_t line,
                                 const char *fault, slice *why)
{
    struct buf text;
    buf_init(&text, ring->arena, 5 * KEYS_PATH_MAX);
    buf_add_visible(&text, slice_from_text(path));
    buf_printf(&text, ":%zu: %s", line, fault);
    *why = buf_slice(&text);
    return YETT_BAD_SYNTAX;
}

enum yett_err ring_read_state(struct keyring *ring, slice *why)
{
    const char *path = NULL;
    const char *fault = "";
    slice text;
    size_t line = 0;
    enum yett_err err = state_path(ring, &path);
    if (err != YETT_OK) {
        return err;
    }
    err = keys_read(ring->arena, path, &text, why);
    if (err == YETT_NOT_FOUND) {
        return YETT_OK;
    }
    if (err == YETT_OK) {
        err = rotation_parse(ring->arena, text, &ring->rotation, &line, &fault);
        if (err == YETT_BAD_SYNTAX || err == YETT_LIMIT) {
            return state_fault(ring, path, line, fault, why);
        }
    }
    return err;
}

enum yett_err keyring_save(struct keyring *ring, slice *why)
{
    const char *path = NULL;
    struct buf text;
    buf_init(&text, ring->arena, STATE_MAX);
    rotation_write(&text, &ring->rotation);
    if (state_path(ring, &path) != YETT_OK || buf_err(&text) != YETT_OK) {
        *why = SLICE("there is no memory left to write the state");
        return YETT_NO_MEMORY;
    }
    return keys_replace(ring->arena, path, buf_slice(&text), why);
}

/* ---- its keys --------------------------------------------------------------------------- */

struct keyring_key *keyring_find(struct keyring *ring, slice selector)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (slice_eq(ring->keys[i].selector, selector)) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

enum yett_err ring_file_path(struct keyring *ring, slice selector, const char **out)
{
    return keys_path(ring->arena, slice_from_text(ring->directory), selector, KEYS_SUFFIX,
                     out);
}

enum yett_err keyring_add_file(struct keyring *ring, slice selector, const char *path)
{
    struct keyring_key *key = keyring_find(ring, selector);
    if (key == NULL) {
        if (ring->count == KEYRING_KEYS_MAX) {
            return YETT_LIMIT;
        }
        key = &ring->keys[ring->count];
        *key = (struct keyring_key){.phase = KEYRING_NO_PHASE};
        enum yett_err err = arena_copy(ring->arena, selector, &key->selector);
        if (err != YETT_OK) {
            return err;
        }
        ring->count++;
    }
    key->path = path;
    key->is_usable = false;
    key->trouble = SLICE_NONE;
    if (path == NULL) {
        enum yett_err err = ring_file_path(ring, selector, &key->path);
        if (err != YETT_OK) {
            return err;
        }
    }
    return pem_load(ring->arena, ring->crypto, key);
}

static int compare(const void *a, const void *b)
{
    return slice_cmp(*(const slice *)a, *(const slice *)b);
}

/* The names of a directory that `choose` takes, in the form it gives them; sorted.  A
   directory that is not there is empty. */
static enum yett_err list(struct arena *arena, const char *path,
                          bool (*choose)(struct arena *arena, slice name, slice *out),
                          slice *names, size_t room, size_t *count, slice *why)
{
    *count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return errno == ENOENT ? YETT_OK
                               : ring_fail_errno(arena, path, "cannot be read", why);
    }
    enum yett_err err = YETT_OK;
    struct dirent *entry;
    while (err == YETT_OK && *count < room && (entry = readdir(directory)) != NULL) {
        slice name;
        if (choose(arena, slice_from_text(entry->d_name), &name)) {
            err = arena_copy(arena, name, &names[*count]);
            *count += err == YETT_OK;
        }
    }
    (void)closedir(directory);
    qsort(names, *count, sizeof names[0], compare);
    return err;
}

static bool is_normal(struct arena *arena, slice name)
{
    slice normal;
    return domain_normalize(arena, name, &normal) == YETT_OK && slice_eq(name, normal);
}

static bool choose_key(struct arena *arena, slice name, slice *out)
{
    const slice suffix = KEYS_SUFFIX;
    if (!slice_ends_with(name, suffix)) {
        return false;
    }
    *out = slice_first(name, name.len - suffix.len);
    return !slice_is_empty(*out) && is_normal(arena, *out);
}

static bool choose_domain(struct arena *arena, slice name, slice *out)
{
    *out = name;
    return is_normal(arena, name);
}

static enum yett_err read_files(struct keyring *ring, slice *why)
{
    slice names[KEYRING_KEYS_MAX];
    size_t count = 0;
    enum yett_err err = list(ring->arena, ring->directory, choose_key, names,
                             KEYRING_KEYS_MAX, &count, why);
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        if (keyring_find(ring, names[i]) == NULL) {
            err = keyring_add_file(ring, names[i], NULL);
        }
    }
    return err == YETT_LIMIT ? YETT_OK : err;
}

static enum yett_err read_keys(struct keyring *ring, slice *why)
{
    enum yett_err err = ring_read_state(ring, why);
    for (size_t i = 0; err == YETT_OK && i < ring->rotation.count; i++) {
        err = keyring_add_file(ring, ring->rotation.keys[i].selector, NULL);
        ring->keys[i].phase = i;
    }
    return err == YETT_OK ? read_files(ring, why) : err;
}

/* ---- a domain --------------------------------------------------------------------------- */

enum yett_err keyring_open(struct arena *arena, struct crypto *crypto,
                           const char *directory, slice domain,
                           enum keyring_access access, struct keyring *out, slice *why)
{
    *out =
        (struct keyring){.arena = arena,
                         .crypto = crypto,
                         .domain = domain,
                         .keys = ARENA_ARRAY(arena, KEYRING_KEYS_MAX, struct keyring_key),
                         .lock = -1};
    *why = SLICE("there is no memory left");
    if (out->keys == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err =
        keys_path(arena, slice_from_text(directory), domain, SLICE_NONE, &out->directory);
    if (err != YETT_OK) {
        *why = err == YETT_LIMIT ? SLICE("the path of its keys is too long") : *why;
        return err;
    }
    err = enter(out, directory, access, why);
    return err == YETT_OK ? read_keys(out, why) : err;
}

void keyring_close(struct keyring *ring)
{
    if (ring->lock >= 0) {
        (void)close(ring->lock);
        ring->lock = -1;
    }
}

enum yett_err keyring_domains(struct arena *arena, const char *directory,
                              const slice **out, size_t *count, slice *why)
{
    slice *names = ARENA_ARRAY(arena, DOMAINS_MAX, slice);
    if (names == NULL) {
        *why = SLICE("there is no memory left");
        return YETT_NO_MEMORY;
    }
    *out = names;
    return list(arena, directory, choose_domain, names, DOMAINS_MAX, count, why);
}
