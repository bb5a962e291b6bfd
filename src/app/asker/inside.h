/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_ASKER_INSIDE_H
#define YETT_APP_ASKER_INSIDE_H

#include "app/asker/packet.h"

#include <sys/types.h>

/* inside: what the files of this folder know of each other. */

enum { HELLO_MS = 30000 };

struct asker {
    pid_t pid; /* 0: it is gone, and `why` says why */
    int fd;
    struct nameserver_options dns; /* how long what takes */
    unsigned texts_ms;
    char why[400];
    struct asker *spare; /* the next one; NULL: there is none */
};

/* What an asker is, on its end of the socket: never comes back.  Tests have others. */
typedef void asker_life(const struct asker_options *options, int fd);

void asker_live(const struct asker_options *options, int fd);

/* asker_start() with another life. */
YETT_MUST_USE
enum yett_err asker_start_as(asker_life *live, struct arena *arena,
                             const struct asker_options *options, struct asker **out,
                             unsigned *walls, int *status, slice *why);

/* One question, within `patience_ms`.  YETT_OK with what it answered, which can be an error;
   YETT_IO with `*why`; YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err asker_exchange(struct asker *asker, struct arena *arena,
                             const struct packet_request *request, int64_t patience_ms,
                             struct packet_reply *out, slice *why);

/* It has said something, or ended, without having been asked. */
bool asker_is_loose(const struct asker *asker);

/* End it, if it has not ended by itself, and note why: "WHAT", or how it ended (NULL). */
void asker_end(struct asker *asker, const char *what);

/* All of it; false when the other side is gone. */
bool asker_put_all(int fd, slice octets, int64_t until_ms);

enum take { TAKE_ALL, TAKE_GONE, TAKE_LATE };
enum take asker_take_all(int fd, char *to, size_t size, int64_t until_ms);

int64_t asker_now_ms(void); /* monotonic; INT64_MAX is never */

#endif
