/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "edge/keys/keys.h"
#include "edge/sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>

/*
 * key_ask: before a key is read, the command is parted in two: an asker, which talks to name
 * servers, and this process, which from then on has the files of keys and no network.
 */

enum { WHY_SIZE = 500 };

static bool is_required(const struct key_work *work)
{
    return work->has_config && work->config.sandbox == CONFIG_SANDBOX_REQUIRED;
}

/* Fewer walls than there should be: in a container a command must still do. */
static int judge_walls(const struct key_work *work, slice why)
{
    if (slice_is_empty(why)) {
        return EXIT_FINE;
    }
    if (is_required(work)) {
        return key_complain(
            work, EXIT_CANNOT_TELL,
            arena_printf(work->arena, "%.*s (sandbox = \"best-effort\" goes on without)",
                         SLICE_ARG(why)));
    }
    return key_complain(
        work, EXIT_FINE,
        arena_printf(work->arena, "goes on with fewer walls: %.*s", SLICE_ARG(why)));
}

/* ---- the asker ----------------------------------------------------------------------------- */

static int find_user(const struct key_work *work, struct sandbox_user *out)
{
    char why[WHY_SIZE] = "";
    slice name = work->config.user;
    if (sandbox_find_user(slice_is_empty(name) ? "" : name.ptr, out, why, sizeof why) ==
        YETT_OK) {
        return EXIT_FINE;
    }
    *out = (struct sandbox_user){.given = false};
    return judge_walls(work, slice_from_text(why));
}

static int start_asker(struct key_work *work, struct asker_options *options, slice *lacks)
{
    unsigned walls = 0;
    int status = EXIT_CANNOT_TELL;
    slice why = SLICE("out of memory");
    options->dns = key_nameservers(work);
    status = find_user(work, &options->user);
    if (status != EXIT_FINE) {
        return status;
    }
    enum yett_err err =
        asker_start(work->arena, options, &work->asker, &walls, &status, &why);
    if (err == YETT_NOT_FOUND) {
        return status; /* it said why */
    }
    *lacks = why;
    return err == YETT_OK ? judge_walls(work, why)
                          : key_complain(work, EXIT_CANNOT_TELL, why);
}

/* ---- this process -------------------------------------------------------------------------- */

struct reach {
    struct sandbox_path *paths;
    size_t count;
};

/* A file is looked for in its directory, which is looked at as well (edge/keys). */
static bool add_file(const struct key_work *work, struct reach *reach, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    slice directory =
        slash == NULL ? SLICE(".") : slice_of(path, length > 0 ? length : 1);
    slice text = arena_printf(work->arena, "%.*s%c", SLICE_ARG(directory), '\0');
    if (text.ptr == NULL) {
        return false;
    }
    reach->paths[reach->count++] =
        (struct sandbox_path){text.ptr, SANDBOX_READ_DIRECTORY};
    reach->paths[reach->count++] = (struct sandbox_path){path, SANDBOX_READ_FILE};
    return true;
}

static bool add_keys(const struct key_work *work, struct reach *reach,
                     const struct config_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_is_empty(keys[i].path) && !add_file(work, reach, keys[i].path.ptr)) {
            return false;
        }
    }
    return true;
}

static bool add_named(const struct key_work *work, struct reach *reach)
{
    for (size_t i = 0; i < work->config.domain_count; i++) {
        const struct config_domain *domain = &work->config.domains[i];
        if (!add_keys(work, reach, domain->sign, domain->sign_count) ||
            !add_keys(work, reach, domain->seal, domain->seal_count)) {
            return false;
        }
    }
    return true;
}

static size_t count_named(const struct key_work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->config.domain_count; i++) {
        count += work->config.domains[i].sign_count + work->config.domains[i].seal_count;
    }
    return count;
}

static bool find_reach(const struct key_work *work, struct reach *reach)
{
    const char *update_key = key_update_key(work);
    size_t room = 1 + 2 * (1 + count_named(work));
    *reach = (struct reach){.paths = ARENA_ARRAY(work->arena, room, struct sandbox_path)};
    if (reach->paths == NULL) {
        return false;
    }
    reach->paths[reach->count++] =
        (struct sandbox_path){work->directory, SANDBOX_CHANGE_BELOW};
    return (update_key == NULL || add_file(work, reach, update_key)) &&
           add_named(work, reach);
}

/* What the asker lacks as well has been said. */
static int lock_in(const struct key_work *work, bool makes, slice lacks)
{
    struct reach reach;
    char why[WHY_SIZE] = "";
    slice unused;
    if (makes && keys_make_directory(work->arena, work->directory, &unused) != YETT_OK) {
        unused = SLICE_NONE; /* who needs it says so */
    }
    if (!find_reach(work, &reach)) {
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    (void)sandbox_lock_in_with(SANDBOX_KEYRING, reach.paths, reach.count, why,
                               sizeof why);
    return slice_eq(lacks, slice_from_text(why))
               ? EXIT_FINE
               : judge_walls(work, slice_from_text(why));
}

/* What the asker's copy of the old one knows of random numbers to come is worth nothing. */
static int renew_crypto(struct key_work *work)
{
    crypto_free(work->crypto);
    work->crypto = crypto_new();
    return work->crypto == NULL
               ? key_complain_text(work, EXIT_CANNOT_TELL, "libcrypto cannot be used")
               : EXIT_FINE;
}

int key_part(struct key_work *work, struct asker_options *options, bool makes)
{
    slice lacks = SLICE_NONE;
    int status = start_asker(work, options, &lacks);
    status = status == EXIT_FINE ? renew_crypto(work) : status;
    return status == EXIT_FINE ? lock_in(work, makes, lacks) : status;
}
