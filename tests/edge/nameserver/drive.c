/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/update.h"
#include "edge/nameserver/nameserver.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * drive: name servers as a program, for servers.py.
 *
 *     drive [OPTION VALUE]... find NAME
 *     drive [OPTION VALUE]... read NAME
 *     drive [OPTION VALUE]... replace NAME OLD NEW TTL     ("-": none)
 *     drive [OPTION VALUE]... wait NAME OLD NEW SECONDS
 *
 * "replace" says "read" after reading and "undo?" when it is done, with --stop yes, and
 * then waits for a line of standard input each time; "undo" takes the change back. Prints
 * lines of a word and a text, a tab between.
 */
static struct arena *arena;
static struct nameserver_options options;
static slice key_text;
static slice wrong_zone;
static long clock_error_s;
static bool stops;

static slice servers[NAMESERVER_SERVERS_MAX];

static void print(const char *word, slice text)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    buf_add_visible(&buf, text);
    (void)printf("%s\t%.*s\n", word, SLICE_ARG(buf_slice(&buf)));
    (void)fflush(stdout);
}

static void check(enum yett_err err, slice why)
{
    if (err != YETT_OK) {
        print(yett_err_text(err), why);
        exit(3);
    }
}

static void set_option(const char *name, const char *value)
{
    slice text = slice_from_text(value);

    if (strcmp(name, "--resolver") == 0) {
        options.resolver = text;
    } else if (strcmp(name, "--primary") == 0) {
        options.primary = text;
    } else if (strcmp(name, "--server") == 0) {
        servers[options.server_count++] = text;
        options.servers = servers;
    } else if (strcmp(name, "--port") == 0) {
        options.port = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--timeout") == 0) {
        options.timeout_ms = (unsigned)strtoul(value, NULL, 10);
        options.update_timeout_ms = options.timeout_ms * 7;
    } else if (strcmp(name, "--key") == 0) {
        key_text = text;
    } else if (strcmp(name, "--zone") == 0) {
        wrong_zone = text;
    } else if (strcmp(name, "--clock") == 0) {
        clock_error_s = strtol(value, NULL, 10);
    } else if (strcmp(name, "--stop") == 0) {
        stops = true;
    } else {
        (void)fprintf(stderr, "drive: %s?\n", name);
        exit(2);
    }
}

/* ---- find, read -------------------------------------------------------------------- */

static struct nameserver_zone find(slice name)
{
    struct nameserver_zone zone;
    slice why = SLICE_NONE;
    check(nameserver_find(arena, &options, name, &zone, &why), why);
    return zone;
}

static void print_server(const char *word, const struct nameserver *server)
{
    struct buf buf;
    buf_init(&buf, arena, 4096);
    buf_add(&buf, server->name);
    for (size_t i = 0; i < server->count; i++) {
        buf_add_byte(&buf, ' ');
        ip_write(&buf, server->addresses[i].ip);
        buf_printf(&buf, "@%u", server->addresses[i].port);
    }
    if (server->trouble.len != 0) {
        buf_add_text(&buf, " trouble: ");
        buf_add(&buf, server->trouble);
    }
    print(word, buf_slice(&buf));
}

static void print_zone(slice name)
{
    struct nameserver_zone zone = find(name);
    print("zone", zone.apex);
    print_server("primary", &zone.primary);
    for (size_t i = 0; i < zone.server_count; i++) {
        print_server("server", &zone.servers[i]);
    }
}

static struct update_rrset read_from(const struct nameserver *server, slice name)
{
    struct update_rrset rrset;
    slice why = SLICE_NONE;
    check(nameserver_read(arena, &options, server, name, &rrset, &why), why);
    return rrset;
}

static void print_rrset(slice name)
{
    struct nameserver_zone zone = find(name);
    struct update_rrset rrset = read_from(&zone.primary, name);
    (void)printf("ttl\t%u\n", (unsigned)rrset.ttl_s);
    for (size_t i = 0; i < rrset.count; i++) {
        slice text;
        check(update_value_text(arena, rrset.values[i], &text), SLICE_NONE);
        print("value", text);
    }
}

/* ---- replace ----------------------------------------------------------------------- */

static slice text_or_none(const char *text)
{
    return strcmp(text, "-") == 0 ? SLICE_NONE : slice_from_text(text);
}

static bool serves(void *context, slice zone, slice domain)
{
    (void)context;
    (void)zone;
    (void)domain;
    return true;
}

/* What the holder of the key does. */
static struct update_signed sign(struct crypto *crypto, const struct update_key *key,
                                 slice message)
{
    struct update_contract contract = {
        .serves = serves, .ttl_max_s = 86400, .values_max = 8};
    struct update_change parsed;
    struct update_signed request;
    const char *why = "";
    enum yett_err err = update_parse(arena, message, &parsed, &why);

    check(err, slice_from_text(why));
    err = update_check_contract(&contract, &parsed, &why);
    check(err, slice_from_text(why));
    err = update_sign(arena, crypto, key, message, time(NULL) + clock_error_s, &request);
    check(err, SLICE_NONE);
    return request;
}

static enum update_status send_change(const struct nameserver_zone *zone,
                                      const struct update_change *change)
{
    struct crypto *crypto = crypto_new();
    struct update_key key;
    struct update_outcome outcome;
    slice message = SLICE_NONE;
    slice reply;
    slice sentence = SLICE_NONE;
    const char *why = "";

    check(update_key_parse(arena, key_text, &key, &why), slice_from_text(why));
    enum yett_err err = update_write(arena, change, 4711, &message, &why);
    check(err, slice_from_text(why));
    struct update_signed request = sign(crypto, &key, message);
    err = nameserver_send(arena, &options, &zone->primary, request.message, &reply,
                          &sentence);
    check(err, sentence);
    err = update_read_reply(arena, crypto, &key, &request, time(NULL) + clock_error_s,
                            reply, &outcome);
    check(err, SLICE_NONE);
    print("status", slice_from_text(update_status_text(outcome.status)));
    print("reason", outcome.reason);
    crypto_free(crypto);
    return outcome.status;
}

static bool stop(const char *word)
{
    char line[100];
    print(word, SLICE_NONE);
    return fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "undo\n") == 0;
}

static void print_script(const struct update_change *change)
{
    struct buf buf;
    slice line;
    buf_init(&buf, arena, 1 << 20);
    update_write_script(&buf, change);
    slice text = buf_slice(&buf);
    while (slice_next_piece(&text, '\n', &line)) {
        (void)printf("script\t%.*s\n", SLICE_ARG(line));
    }
}

static void replace(slice name, const char *old_text, const char *new_text,
                    const char *ttl)
{
    struct nameserver_zone zone = find(name);
    struct update_change change = {.zone = wrong_zone.len != 0 ? wrong_zone : zone.apex,
                                   .name = name,
                                   .before = read_from(&zone.primary, name)};
    check(update_replace(arena, &change.before, text_or_none(old_text),
                         text_or_none(new_text), (uint32_t)strtoul(ttl, NULL, 10),
                         &change.after),
          SLICE("replace"));
    if (key_text.len == 0) {
        print_script(&change);
        return;
    }
    if (stops) {
        (void)stop("read");
    }
    if (send_change(&zone, &change) == UPDATE_DONE && stops && stop("undo?")) {
        struct update_change back = update_undo(&change);
        (void)send_change(&zone, &back);
    }
}

/* ---- wait -------------------------------------------------------------------------- */

enum { PAUSE_MS = 200 };

static struct update_rrset rrset_of(const char *text)
{
    slice *value = ARENA_NEW(arena, slice);
    slice given = text_or_none(text);
    if (given.ptr == NULL) {
        return (struct update_rrset){.count = 0};
    }
    check(update_value(arena, given, value), SLICE_NONE);
    return (struct update_rrset){.values = value, .count = 1};
}

static void wait_for(slice name, const char *old_text, const char *new_text,
                     const char *seconds)
{
    struct nameserver_zone zone = find(name);
    struct update_change change = {.zone = zone.apex,
                                   .name = name,
                                   .before = rrset_of(old_text),
                                   .after = rrset_of(new_text)};
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    unsigned long rounds = strtoul(seconds, NULL, 10) * 1000 / PAUSE_MS;
    const struct arena_mark mark = arena_mark(arena);
    struct nameserver_views views;
    for (;;) {
        arena_rewind(arena, mark);
        check(nameserver_ask_all(arena, &options, &zone, &change, &views), SLICE_NONE);
        (void)printf("progress\t%zu of %zu\n", views.showing, views.count);
        (void)fflush(stdout);
        if (views.showing == views.count || rounds-- == 0) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    enum yett_err err = views.showing == views.count ? YETT_OK : YETT_NOT_FOUND;
    print("end", slice_from_text(yett_err_text(err)));
    for (size_t i = 0; i < views.count; i++) {
        print(nameserver_state_text(views.list[i].state), views.list[i].sentence);
    }
}

int main(int argc, char **argv)
{
    int at = 1;

    arena = arena_new(32 << 20);
    options = NAMESERVER_OPTIONS_DEFAULT;
    while (at + 1 < argc && strncmp(argv[at], "--", 2) == 0) {
        set_option(argv[at], argv[at + 1]);
        at += 2;
    }
    if (argc - at < 2) {
        return 2;
    }
    const char *command = argv[at];
    slice name = slice_from_text(argv[at + 1]);
    if (strcmp(command, "find") == 0) {
        print_zone(name);
    } else if (strcmp(command, "read") == 0) {
        print_rrset(name);
    } else if (strcmp(command, "replace") == 0 && argc - at == 5) {
        replace(name, argv[at + 2], argv[at + 3], argv[at + 4]);
    } else if (strcmp(command, "wait") == 0 && argc - at == 5) {
        wait_for(name, argv[at + 2], argv[at + 3], argv[at + 4]);
    } else {
        return 2;
    }
    arena_free(arena);
    return 0;
}
