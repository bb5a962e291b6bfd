/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "core/base/date.h"
#include "core/dkim/dkim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* key_tell: what `yett key …` prints, and what it tells the gateway. */

enum { TEXT_MAX = 64 * 1024, LABEL_COLUMNS = 8 };

const char *key_type_text(enum crypto_key_type type)
{
    return type == CRYPTO_RSA ? "rsa" : "ed25519";
}

slice key_time(struct arena *arena, int64_t epoch_s)
{
    struct buf iso;
    buf_init(&iso, arena, 64);
    date_write_iso(&iso, epoch_s); /* 2026-11-25T02:35:00Z */
    slice text = buf_slice(&iso);
    slice day = slice_first(text, 10);
    slice hour = slice_between(text, 11, 16);
    return arena_printf(arena, "%.*s %.*s UTC", SLICE_ARG(day), SLICE_ARG(hour));
}

slice key_phase(const struct key_work *work, const struct keyring *ring,
                const struct keyring_key *key)
{
    bool named = key_is_named(work, ring->domain, key->selector);
    if (key->phase == KEYRING_NO_PHASE) {
        return named                                          ? SLICE("signs")
               : key_seals(work, ring->domain, key->selector) ? SLICE("seals")
                                                              : SLICE("unused");
    }
    switch (ring->rotation.keys[key->phase].phase) {
    case ROTATION_PENDING:
        return named                                          ? SLICE("signs")
               : key_seals(work, ring->domain, key->selector) ? SLICE("seals")
                                                              : SLICE("pending");
    case ROTATION_ACTIVE:
        return SLICE("signs");
    case ROTATION_RETIRING:
        break;
    }
    return SLICE("retiring");
}

/* ---- records ----------------------------------------------------------------------------- */

static slice zone_text(const struct key_work *work, slice name, slice text)
{
    struct buf buf;
    buf_init(&buf, work->arena, TEXT_MAX);
    dkim_write_zone_record(&buf, name, key_ttl_s(work), text);
    return buf_slice(&buf);
}

void key_show_record(const struct key_work *work, slice name, slice text)
{
    slice zone = zone_text(work, name, text);
    printf("\nFor a zone file:\n\n%.*s", SLICE_ARG(zone));
    printf("\nFor a form (without the end of the name, if it adds that by itself):\n\n  "
           "%-*s%.*s\n  %-*sTXT\n  %-*s%.*s\n\n",
           LABEL_COLUMNS, "name", SLICE_ARG(name), LABEL_COLUMNS, "type", LABEL_COLUMNS,
           "value", SLICE_ARG(text));
}

json_t *key_json_of_record(const struct key_work *work, slice name, slice text)
{
    bool failed = false;
    json_t *record = json_object();
    json_put(record, "name", json_of_slice(name), &failed);
    json_put(record, "type", json_string("TXT"), &failed);
    json_put(record, "value", json_of_slice(text), &failed);
    json_put(record, "zone", json_of_slice(zone_text(work, name, text)), &failed);
    if (failed) {
        json_decref(record);
        return NULL;
    }
    return record;
}

/* ---- the voice --------------------------------------------------------------------------- */

static void begin_line(const struct key_voice *voice)
{
    if (!slice_is_empty(voice->domain)) {
        printf("%.*s: ", SLICE_ARG(voice->domain));
    }
}

static void say(void *context, enum keyring_tone tone, slice sentence)
{
    static const enum tone tones[] = {[KEYRING_NOTE] = TONE_PLAIN,
                                      [KEYRING_GOOD] = TONE_GOOD,
                                      [KEYRING_WARN] = TONE_WARN,
                                      [KEYRING_FAILED] = TONE_BAD};
    const struct key_voice *voice = context;
    begin_line(voice);
    term_word(&voice->work->term, tones[tone], sentence, 0);
    putchar('\n');
    fflush(stdout); /* the next line may take an hour */
}

/* On one line for a log, in full for people. */
static void show_record(void *context, slice name, slice text, bool is_wanted)
{
    const struct key_voice *voice = context;
    if (slice_is_empty(voice->domain)) {
        key_show_record(voice->work, name, text);
        return;
    }
    begin_line(voice);
    printf("%s: %.*s TXT %.*s\n", is_wanted ? "publish" : "take out", SLICE_ARG(name),
           SLICE_ARG(text));
}

/* Where it is another one than the zone names; empty: it is that. */
static void show_server(slice server)
{
    size_t at = slice_find_last_byte(server, '@');
    if (!slice_is_empty(server)) {
        slice port = slice_skip(server, at + 1);
        printf("server %.*s%s%.*s\n", SLICE_ARG(slice_first(server, at)),
               slice_is_empty(port) ? "" : " ", SLICE_ARG(port));
    }
}

static void show_undo(void *context, slice script)
{
    const struct key_voice *voice = context;
    if (!slice_is_empty(voice->domain)) {
        return;
    }
    printf("To undo it, %sgive this to nsupdate or knsupdate:\n\n",
           voice->has_undo ? "say the same with --undo, or " : "");
    show_server(key_nameservers(voice->work).primary);
    printf("%.*s\n", SLICE_ARG(script));
}

struct keyring_voice key_voice(struct key_voice *context)
{
    return (struct keyring_voice){.say = say,
                                  .show_record = show_record,
                                  .show_undo = show_undo,
                                  .context = context};
}

/* ---- the gateway -------------------------------------------------------------------------- */

/* Who listens there: the kernel's word, which needs no talk.  0: nobody that we can see. */
static pid_t find_supervisor(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    size_t length = strlen(path);
    int fd = -1;
    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, length + 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    if (fd < 0) {
        return 0;
    }
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    int reason = errno;
    (void)close(fd);
    errno = reason;
    return is_there ? peer.pid : 0;
}

void key_reload(const struct key_work *work)
{
    slice path = work->config.status_socket;
    if (work->options.no_reload) {
        return;
    }
    errno = 0;
    pid_t pid = slice_is_empty(path) ? 0 : find_supervisor(path.ptr);
    if (pid > 1 && kill(pid, SIGHUP) == 0) {
        printf("the gateway (process %ld) was told to reload\n", (long)pid);
    } else if (errno == EACCES || errno == EPERM) {
        printf("the gateway has to be told, which you may not: systemctl reload yett\n");
    } else {
        printf("no running gateway was found at %.*s; if there is one, tell it: "
               "systemctl reload yett\n",
               SLICE_ARG(path));
    }
}

int key_finish(const struct key_work *work, int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return key_complain_text(work, EXIT_CANNOT_TELL,
                                 "standard output cannot be written");
    }
    return status;
}
