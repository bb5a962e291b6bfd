/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter_script.h"

#include "core/milter/milter.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE_BYTES = 128 * 1024, CHUNK_BYTES = 65535 };

/* Postfix's macros; "\0" ends each name and value. */
#define QUEUE_ID                                                                         \
    "i\0"                                                                                \
    "4d1Yk2Zz9zXz2x\0"
#define CONNECT_DATA                                                                     \
    "mail.example.org\0"                                                                 \
    "4"                                                                                  \
    "\x98\xca"                                                                           \
    "192.0.2.10\0"

static const struct step {
    char command;
    uint32_t left_out, silent; /* bits of the negotiation */
    size_t list;               /* of macros */
    const char *macros, *data;
    size_t macro_bytes, data_bytes;
} session[] = {
#define STEP(command, left_out, silent, list, macros, data)                              \
    {                                                                                    \
        command, left_out, silent, list, macros, data, sizeof(macros) - 1,               \
            sizeof(data) - 1                                                             \
    }
    STEP('C', SMFIP_NOCONNECT, SMFIP_NR_CONN, 0,
         "j\0mx.example.com\0{daemon_name}\0mx.example.com\0{daemon_addr}\0"
         "192.0.2.25\0v\0Postfix 3.7.11\0_\0mail.example.org [192.0.2.10]\0",
         CONNECT_DATA),
    STEP('H', SMFIP_NOHELO, SMFIP_NR_HELO, 1, "", "mail.example.org\0"),
};

static const struct step envelope[] = {
    STEP('M', SMFIP_NOMAIL, SMFIP_NR_MAIL, 2,
         "{mail_addr}\0alice@example.org\0{mail_host}\0mail.example.org\0"
         "{mail_mailer}\0smtp\0",
         "<alice@example.org>\0SIZE=10000\0BODY=8BITMIME\0"),
    STEP('R', SMFIP_NORCPT, SMFIP_NR_RCPT, 3,
         "{rcpt_addr}\0you@example.com\0{rcpt_host}\0example.com\0{rcpt_mailer}\0"
         "virtual\0",
         "<you@example.com>\0"),
    STEP('T', SMFIP_NODATA, SMFIP_NR_DATA, 4, QUEUE_ID, ""),
};

static const struct step field_step =
    STEP('L', SMFIP_NOHDRS, SMFIP_NR_HDR, 6, QUEUE_ID, "");
static const struct step end_of_header_step =
    STEP('N', SMFIP_NOEOH, SMFIP_NR_EOH, 6, QUEUE_ID, "");
static const struct step body_step =
    STEP('B', SMFIP_NOBODY, SMFIP_NR_BODY, 5, QUEUE_ID, "");
static const struct step end_step = STEP('E', 0, 0, 5, QUEUE_ID, "");

static uint32_t number_at(const char *octets)
{
    uint32_t number;
    memcpy(&number, octets, sizeof(number));
    return ntohl(number);
}

bool milter_agreement_read(struct milter_agreement *agreement, const char *answer,
                           size_t bytes)
{
    enum { NUMBERS = 5 + 12 };
    *agreement = (struct milter_agreement){0};
    if (bytes < NUMBERS || answer[4] != 'O') {
        return false;
    }
    agreement->steps = number_at(answer + 13);
    for (size_t at = NUMBERS; at < bytes;) {
        if (bytes - at < 5 || memchr(answer + at + 4, '\0', bytes - at - 4) == NULL) {
            return false;
        }
        uint32_t list = number_at(answer + at);
        size_t length = strlen(answer + at + 4);
        if (list >= MILTER_LISTS || length >= sizeof(agreement->lists[0])) {
            return false;
        }
        memcpy(agreement->lists[list], answer + at + 4, length);
        at += 4 + length + 1;
    }
    return true;
}

/* A script in the making. */
struct making {
    struct milter_script *script;
    size_t room, part_room;
    const struct milter_agreement *agreement;
};

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void end_part(struct making *making, bool answered)
{
    struct milter_script *script = making->script;
    size_t begin =
        script->part_count == 0 ? 0 : script->parts[script->part_count - 1].end;
    if (script->count == begin && !answered) {
        return;
    }
    if (script->part_count == making->part_room) {
        making->part_room = making->part_room * 2 + 16;
        script->parts =
            must(realloc(script->parts, making->part_room * sizeof(struct milter_part)));
    }
    script->parts[script->part_count++] = (struct milter_part){script->count, answered};
}

static void put(struct making *making, const char *octets, size_t count)
{
    struct milter_script *script = making->script;
    if (making->room - script->count < count) {
        making->room = making->room * 2 + count + WRITE_BYTES;
        script->octets = must(realloc(script->octets, making->room));
    }
    memcpy(script->octets + script->count, octets, count);
    script->count += count;
}

static void put_head(struct making *making, char command, size_t bytes)
{
    uint32_t length = htonl((uint32_t)bytes + 1);
    put(making, (const char *)&length, sizeof(length));
    put(making, &command, 1);
}

/* Is the word `name` in `list`? */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void put_macros(struct making *making, const struct step *step)
{
    char chosen[1024];
    size_t length = 0;
    const char *list = making->agreement->lists[step->list];
    for (size_t at = 0; at < step->macro_bytes;) {
        const char *name = step->macros + at;
        size_t bytes = strlen(name) + 1;
        bytes += strlen(name + bytes) + 1;
        if (list[0] == '\0' || is_listed(list, name)) {
            memcpy(chosen + length, name, bytes);
            length += bytes;
        }
        at += bytes;
    }
    put_head(making, 'D', 1 + length);
    put(making, &step->command, 1);
    put(making, chosen, length);
}

/* The macros, the command with its data, and the end of a write where it is answered. */
static void put_step(struct making *making, const struct step *step, const char *data,
                     size_t bytes)
{
    if ((making->agreement->steps & step->left_out) != 0) {
        return;
    }
    put_macros(making, step);
    put_head(making, step->command, bytes);
    put(making, data, bytes);
    if (step->silent == 0 || (making->agreement->steps & step->silent) == 0) {
        end_part(making, true);
    }
}

static void put_steps(struct making *making, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_step(making, &steps[i], steps[i].data, steps[i].data_bytes);
    }
}

/* A field up to the CRLF that ends it: NAME NUL VALUE NUL, folds with LF alone. */
static void put_field(struct making *making, const char *field, size_t bytes)
{
    char *data = must(malloc(bytes + 2));
    const char *colon = must(memchr(field, ':', bytes));
    const char *value = colon + 1;
    size_t length = (size_t)(colon - field);
    memcpy(data, field, length);
    data[length++] = '\0';
    if ((making->agreement->steps & SMFIP_HDR_LEADSPC) == 0 && *value == ' ') {
        value++;
    }
    for (; value < field + bytes; value++) {
        if (*value != '\r') {
            data[length++] = *value;
        }
    }
    data[length++] = '\0';
    put_step(making, &field_step, data, length);
    free(data);
}

/* From the beginning of a field to the CRLF that ends it; 0 for the empty line. */
static size_t field_bytes(const char *at)
{
    if (at[0] == '\r') {
        return 0;
    }
    const char *end = at;
    do {
        end = must(strstr(end + 1, "\r\n"));
    } while (end[2] == ' ' || end[2] == '\t');
    return (size_t)(end - at);
}

static void put_content(struct making *making, const char *message, size_t bytes)
{
    const char *at = message;
    for (size_t length; (length = field_bytes(at)) != 0; at += length + 2) {
        put_field(making, at, length);
    }
    at += 2;
    put_step(making, &end_of_header_step, "", 0);
    for (const char *end = message + bytes; at < end;) {
        size_t length =
            (size_t)(end - at) < CHUNK_BYTES ? (size_t)(end - at) : CHUNK_BYTES;
        put_step(making, &body_step, at, length);
        at += length;
    }
    put_step(making, &end_step, "", 0);
}

void milter_script_init(struct milter_script *script,
                        const struct milter_agreement *agreement, bool begins,
                        const char *message, size_t message_bytes)
{
    struct making making = {.script = script, .agreement = agreement};
    *script = (struct milter_script){0};
    if (begins) {
        put_steps(&making, session, sizeof session / sizeof session[0]);
    } else {
        put_head(&making, 'A', 0);
    }
    put_steps(&making, envelope, sizeof envelope / sizeof envelope[0]);
    end_part(&making, false);
    put_content(&making, message, message_bytes);
}

void milter_script_finish(struct milter_script *script)
{
    free(script->octets);
    free(script->parts);
}
