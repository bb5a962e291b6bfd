/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * null_milter: what a filter costs that does nothing: our engine, the answer of yett in the
 * negotiation, and one constant field for each message.
 *
 *     null_milter PORT ANSWER     the data of that answer, hexadecimal
 *
 * Runs until it gets a signal.
 */
#include "core/milter/milter.h"
#include "edge/milter/milter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NUMBERS_BYTES = 12, ANSWER_BYTES = 1024, CONNECTIONS_MAX = 10000, BACKLOG = 1024 };

/* Commands, and the bit that leaves out their answer. */
static const struct step {
    char command;
    uint32_t silent;
} answered_steps[] = {
    {'C', SMFIP_NR_CONN},
    {'H', SMFIP_NR_HELO},
    {'M', SMFIP_NR_MAIL},
    {'R', SMFIP_NR_RCPT},
    {'T', SMFIP_NR_DATA},
    {'U', SMFIP_NR_UNKN},
    {'L', SMFIP_NR_HDR },
    {'N', SMFIP_NR_EOH },
    {'B', SMFIP_NR_BODY}
};

static char agreed[ANSWER_BYTES];
static size_t agreed_bytes;

struct session {
    struct milter_connection *connection;
    struct arena *arena;
};

static void *open_session(void *context, struct milter_connection *connection,
                          size_t index)
{
    (void)context;
    (void)index;
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        abort();
    }
    *session = (struct session){connection, arena_new((size_t)64 * 1024)};
    return session;
}

static void close_session(void *context, slice why)
{
    struct session *session = context;
    if (!slice_is_empty(why)) {
        (void)fprintf(stderr, "null_milter: %.*s\n", SLICE_ARG(why));
    }
    arena_free(session->arena);
    free(session);
}

static bool is_busy(const void *session)
{
    (void)session;
    return false;
}

static uint32_t agreed_steps(void)
{
    uint32_t steps = 0;
    for (size_t i = 8; i < NUMBERS_BYTES; i++) {
        steps = steps << 8 | (unsigned char)agreed[i];
    }
    return steps;
}

static void answer_message(struct buf *out)
{
    const slice field[] = {SLICE("\0\0\0\1"), SLICE("Authentication-Results\0"),
                           SLICE(" mx.example.com; none\0")};
    milter_write_packet(out, 'i', field, 3);
    milter_write_packet(out, 'c', NULL, 0);
}

static void answer_step(struct buf *out, char command)
{
    for (size_t i = 0; i < sizeof answered_steps / sizeof answered_steps[0]; i++) {
        if (answered_steps[i].command == command &&
            (agreed_steps() & answered_steps[i].silent) == 0) {
            milter_write_packet(out, 'c', NULL, 0);
        }
    }
}

/* False: the mail server wants to leave. */
static bool answer(struct buf *out, const struct milter_packet *packet)
{
    const slice negotiated = slice_of(agreed, agreed_bytes);
    if (packet->command == 'O') {
        milter_write_packet(out, 'O', &negotiated, 1);
    } else if (packet->command == 'E') {
        answer_message(out);
    } else {
        answer_step(out, packet->command);
    }
    return packet->command != 'Q';
}

static bool take(void *context, slice *in)
{
    struct session *session = context;
    struct milter_packet packet;
    struct buf out;
    bool goes_on = true;
    arena_reset(session->arena, ANSWER_BYTES);
    buf_init(&out, session->arena, (size_t)16 * ANSWER_BYTES);
    while (goes_on && milter_take_packet(in, MILTER_PACKET_MAX, &packet) == YETT_OK) {
        goes_on = answer(&out, &packet);
    }
    if (buf_err(&out) != YETT_OK) {
        return false;
    }
    if (buf_slice(&out).len != 0) {
        milter_connection_write(session->connection, buf_slice(&out));
    }
    return goes_on;
}

static void read_agreed(const char *digits)
{
    for (; digits[0] != '\0' && digits[1] != '\0' && agreed_bytes < ANSWER_BYTES;
         digits += 2) {
        const char octet[] = {digits[0], digits[1], '\0'};
        agreed[agreed_bytes++] = (char)strtoul(octet, NULL, 16);
    }
}

static int listen_at(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        perror("null_milter");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "null_milter PORT ANSWER\n");
        return 2;
    }
    read_agreed(argv[2]);
    int fd = listen_at((uint16_t)strtoul(argv[1], NULL, 10));
    struct milter_server_options options = {.listeners = &fd,
                                            .listener_count = 1,
                                            .connections_max = CONNECTIONS_MAX,
                                            .pending_bytes_max = (size_t)64 << 20,
                                            .packet_bytes_max = MILTER_PACKET_MAX,
                                            .idle_timeout_ms = 3600 * 1000,
                                            .stall_timeout_ms = 600 * 1000};
    struct milter_handler handler = {
        .open = open_session, .take = take, .closed = close_session, .is_busy = is_busy};
    struct loop *loop = loop_new();
    struct milter_server *server =
        loop == NULL ? NULL : milter_server_new(loop, &options, &handler);
    if (server == NULL) {
        (void)fprintf(stderr, "null_milter: out of memory\n");
        return 1;
    }
    loop_run(loop);
    milter_server_free(server);
    loop_free(loop);
    return 0;
}
