/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/settings.h"

#include "app/supervisor/processors.h"
#include "app/supervisor/secret.h"
#include "app/supervisor/supervisor.h"
#include "app/table/table.h"
#include "edge/config/config.h"
#include "edge/log/log.h"
#include "edge/sandbox/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * settings: the role that reads and checks the settings, and ends.  Whatever is wrong with
 * them, or with a file that they name, shows here, where nothing but this process can be
 * harmed by it.
 */
enum {
    EXIT_READ = 0,
    EXIT_REFUSED = 1,
    OVERRIDES_BYTES = 1 << 20,
    FINGERPRINT_OCTETS = 8
};

bool settings_fail(struct settings *settings, slice why)
{
    settings->why = slice_is_empty(why) ? SLICE("out of memory") : why;
    return false;
}

bool settings_fail_key(struct settings *settings, const char *key, const char *why)
{
    slice place = config_place_text(settings->arena, &settings->config, key);
    return settings_fail(settings, arena_printf(settings->arena, "%.*s: %s: %s",
                                                SLICE_ARG(place), key, why));
}

void settings_note(struct settings *settings, slice notice)
{
    if (!slice_is_empty(notice) &&
        settings->notice_count < sizeof settings->notices / sizeof settings->notices[0]) {
        settings->notices[settings->notice_count++] = notice;
    }
}

const char *settings_text(slice value)
{
    return slice_is_empty(value) ? "" : value.ptr;
}

/* ---- the command line ------------------------------------------------------------------- */

static bool read_arguments(struct settings *settings, int argc, char **argv)
{
    buf_init(&settings->overrides, settings->arena, OVERRIDES_BYTES);
    for (int i = 1; i < argc; i++) {
        slice argument = slice_from_text(argv[i]); /* ends in NUL */
        if (slice_take(&argument, SLICE("--config="))) {
            settings->config_path = argument.ptr;
        } else if (slice_take(&argument, SLICE("--zone="))) {
            settings->zone_path = argument.ptr;
        } else if (slice_take(&argument, SLICE("--override="))) {
            buf_add(&settings->overrides, argument);
            buf_add_byte(&settings->overrides, '\n');
        } else if (!slice_starts_with(argument, SLICE("--role="))) {
            return settings_fail(settings, SLICE("an unknown argument was handed over"));
        }
    }
    return true;
}

/* ---- what is set ------------------------------------------------------------------------ */

static bool read_config(struct settings *settings)
{
    struct arena *arena = settings->arena;
    struct config file;
    slice overrides = buf_slice(&settings->overrides);
    config_init(&file);
    if (settings->config_path != NULL &&
        config_file_read(arena, settings->config_path, &file, &settings->why) !=
            YETT_OK) {
        return settings_fail(settings, settings->why);
    }
    if (buf_err(&settings->overrides) != YETT_OK ||
        config_file_parse_over(arena, &file, overrides, "command line", &settings->config,
                               &settings->why) != YETT_OK) {
        return settings_fail(settings, settings->why);
    }
    if (config_file_set_host_name(arena, &settings->config) != YETT_OK) {
        return settings_fail(settings, SLICE_NONE);
    }
    return config_check(arena, &settings->config, &settings->why) == YETT_OK ||
           settings_fail(settings, settings->why);
}

/* The files that the settings name, and with them libcrypto. */
static bool open_shares(struct settings *settings)
{
    return shares_open(settings->arena, &settings->config, settings->zone_path, NULL,
                       &settings->shares, &settings->why) == YETT_OK ||
           settings_fail(settings, settings->why);
}

static bool find_secret(struct settings *settings)
{
    struct config *config = &settings->config;
    slice notice = SLICE_NONE;
    if (!slice_is_empty(config->installation_secret)) {
        settings->secret = config->installation_secret;
        return true;
    }
    if (secret_find(settings->arena, settings->shares.crypto,
                    settings_text(config->state_directory), &settings->secret, &notice,
                    &settings->why) != YETT_OK) {
        return settings_fail(settings, settings->why);
    }
    settings_note(settings, notice);
    return true;
}

/* ---- the plan --------------------------------------------------------------------------- */

/* Copy what ends in NUL and was checked to fit. */
static bool copy_text(char *out, size_t size, slice text)
{
    if (text.len >= size) {
        return false;
    }
    if (text.len != 0) {
        memcpy(out, text.ptr, text.len);
    }
    out[text.len] = '\0';
    return true;
}

/* In one way of writing it, since listeners are known by their addresses. */
static bool plan_address(struct settings *settings, slice text, struct role_listener *out)
{
    struct config_address address;
    struct buf buf;
    buf_init(&buf, settings->arena, sizeof out->address);
    if (config_read_address(text, &address) != NULL) {
        return false;
    }
    config_write_address(&buf, &address);
    return buf_err(&buf) == YETT_OK &&
           copy_text(out->address, sizeof out->address, buf_slice(&buf));
}

static bool plan_listeners(struct settings *settings)
{
    const struct config *config = &settings->config;
    if (config->listener_count > ROLE_LISTENERS_MAX) {
        return settings_fail(settings,
                             SLICE("listen: there are more than 32 of these blocks"));
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        struct role_listener *out = &settings->listeners[i];
        out->mode = listener->mode;
        if (!plan_address(settings, listener->address, out)) {
            return settings_fail(settings, SLICE("listen: an address is too long"));
        }
        if (!accounts_find_group(settings, listener, out)) {
            return false;
        }
    }
    settings->plan.listener_count = (uint32_t)config->listener_count;
    return true;
}

/* How many, and why so many. */
static void plan_workers(struct role_plan *plan, unsigned set)
{
    struct processors processors;
    if (set != 0) {
        plan->workers = set;
        (void)snprintf(plan->workers_why, sizeof plan->workers_why, "as set");
        return;
    }
    processors_find("/proc/self/cgroup", "/sys/fs/cgroup", &processors);
    if (processors.count > CONFIG_WORKERS_MAX) {
        plan->workers = CONFIG_WORKERS_MAX;
        (void)snprintf(plan->workers_why, sizeof plan->workers_why,
                       "the most there can be, of %u processors", processors.count);
        return;
    }
    plan->workers = processors.count;
    processors_explain(&processors, plan->workers_why, sizeof plan->workers_why);
}

static bool plan_rest(struct settings *settings)
{
    const struct config *config = &settings->config;
    struct role_plan *plan = &settings->plan;
    plan_workers(plan, config->workers);
    plan->examines = config->dkim.autopsy ? 1 : 0;
    plan->sandbox_required = config->sandbox == CONFIG_SANDBOX_REQUIRED;
    plan->log_target = config->log_target;
    plan->log_format = config->log_format;
    plan->shutdown_ms = config->limits.shutdown_timeout_ms;
    return copy_text(plan->status_socket, sizeof plan->status_socket,
                     config->status_socket) ||
           settings_fail(settings, SLICE("status_socket: the path is too long"));
}

/* ---- the text --------------------------------------------------------------------------- */

static bool fingerprint(struct settings *settings, slice text)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(settings->shares.crypto, CRYPTO_SHA256);
    if (hash == NULL) {
        return settings_fail(settings, SLICE_NONE);
    }
    crypto_hash_update(hash, text);
    enum yett_err err = crypto_hash_final(hash, digest);
    crypto_hash_free(hash);
    if (err != YETT_OK) {
        return settings_fail(settings, SLICE("libcrypto cannot make a SHA-256 digest"));
    }
    for (size_t i = 0; i < FINGERPRINT_OCTETS; i++) {
        settings->plan.fingerprint[2 * i] = digits[digest[i] >> 4];
        settings->plan.fingerprint[2 * i + 1] = digits[digest[i] & 15];
    }
    return true;
}

static bool write_config(struct settings *settings, slice secret, slice *out)
{
    struct buf buf;
    settings->config.installation_secret = secret;
    buf_init(&buf, settings->arena, CONFIG_FILE_ARENA_BYTES);
    if (config_file_write(settings->arena, &settings->config, &buf) != YETT_OK ||
        buf_err(&buf) != YETT_OK) {
        return settings_fail(settings, SLICE_NONE);
    }
    *out = buf_slice(&buf);
    return true;
}

/* Deliberately without the secret: equal settings have the same name on every host, and a
   name that is written into each event says nothing about a secret. */
static bool name_settings(struct settings *settings)
{
    slice text;
    return write_config(settings, SLICE_NONE, &text) && fingerprint(settings, text);
}

static bool hand_over(struct settings *settings, int fd, slice octets)
{
    while (!slice_is_empty(octets)) {
        ssize_t written = write(fd, octets.ptr, octets.len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return settings_fail(settings,
                                 SLICE("the settings cannot be handed over: no memory"));
        }
        octets = slice_skip(octets, (size_t)written);
    }
    return true;
}

static bool hand_over_text(struct settings *settings)
{
    slice text;
    return write_config(settings, settings->secret, &text) &&
           hand_over(settings, ROLE_SETTINGS, text);
}

/* ---- signing ---------------------------------------------------------------------------- */

static void note_table(void *context, slice sentence)
{
    struct settings *settings = context;
    slice kept;
    if (arena_copy(settings->arena, sentence, &kept) == YETT_OK) {
        settings_note(settings, kept);
    }
}

/* What is signed, and with which keys.  The keys themselves are left where they are. */
static bool hand_over_table(struct settings *settings)
{
    struct table_notes notes = {.note = note_table, .context = settings};
    struct buf table;
    if (!config_signs(&settings->config)) {
        return true;
    }
    buf_init(&table, settings->arena, SIGNING_TABLE_MAX);
    enum yett_err err = table_build(settings->arena, settings->shares.crypto,
                                    &settings->config, &notes, &table, &settings->why);
    if (err != YETT_OK) {
        return settings_fail(settings, settings->why);
    }
    settings->plan.signs = 1;
    settings->plan.rate_per_domain = settings->config.signing.rate_per_domain;
    for (size_t i = 0; i < settings->config.domain_count; i++) {
        settings->plan.rotates |= settings->config.domains[i].rotate ? 1 : 0;
    }
    return hand_over(settings, ROLE_SIGNING, buf_slice(&table));
}

/* ---- the supervisor --------------------------------------------------------------------- */

static bool send_plan(struct settings *settings)
{
    for (size_t i = 0; i < settings->plan.listener_count; i++) {
        struct role_message message = {.kind = ROLE_LISTEN,
                                       .listener = settings->listeners[i]};
        if (role_send(ROLE_CONTROL, &message) != YETT_OK) {
            return false;
        }
    }
    struct role_message message = {.kind = ROLE_READY, .plan = settings->plan};
    return role_send(ROLE_CONTROL, &message) == YETT_OK;
}

static void say_notices(const struct settings *settings)
{
    if (settings->notice_count == 0) {
        return;
    }
    struct log *log =
        log_new(settings->config.log_target, settings->config.log_format, "settings");
    for (size_t i = 0; log != NULL && i < settings->notice_count; i++) {
        log_say(log, LOG_LEVEL_NOTICE, "%.*s", SLICE_ARG(settings->notices[i]));
    }
    log_free(log);
}

static int run(struct settings *settings, int argc, char **argv)
{
    static bool (*const steps[])(struct settings *) = {read_config,
                                                       open_shares,
                                                       find_secret,
                                                       accounts_find_user,
                                                       accounts_find_keeper_user,
                                                       hand_over_table,
                                                       plan_listeners,
                                                       accounts_find_status_group,
                                                       plan_rest,
                                                       name_settings,
                                                       hand_over_text};
    bool good = read_arguments(settings, argc, argv);
    for (size_t i = 0; good && i < sizeof steps / sizeof steps[0]; i++) {
        good = steps[i](settings);
    }
    if (!good) {
        role_say(ROLE_CONTROL, ROLE_FAILED, settings->why);
        return EXIT_REFUSED;
    }
    say_notices(settings);
    return send_plan(settings) ? EXIT_READ : EXIT_REFUSED;
}

int settings_main(int argc, char **argv)
{
    struct settings settings = {0};
    /* Ceilings: settings, the zone of a test, the settings written twice, and the table. */
    settings.arena = arena_new(3 * CONFIG_FILE_ARENA_BYTES + ((size_t)4 << 30));
    if (settings.arena == NULL) {
        role_say(ROLE_CONTROL, ROLE_FAILED, SLICE("out of memory"));
        return EXIT_REFUSED;
    }
    int status = run(&settings, argc, argv);
    shares_close(&settings.shares);
    arena_free(settings.arena);
    return status;
}
