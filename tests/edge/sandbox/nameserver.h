/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_SANDBOX_NAMESERVER_H
#define YETT_TESTS_EDGE_SANDBOX_NAMESERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * nameserver: a process that answers each question with one TXT record of 200 octets.  To
 * names that begin with "l" it says over UDP that the answer is only to be had over TCP.
 */
struct nameserver {
    pid_t pid;
    char address[32]; /* as the resolver wants it */
};

enum { NAMESERVER_PACKET_MAX = 1500 };

/* The answer to the `size` octets of a question, in their place; its size. */
static inline size_t nameserver_answer(unsigned char *packet, size_t size, int over_udp)
{
    static const unsigned char record[] = {0xc0, 12, 0,  16, 0,   1,  0,
                                           0,    0,  60, 0,  201, 200};
    size_t end = 12;
    while (end < size && packet[end] != 0) {
        end += packet[end] + 1u;
    }
    end += 5; /* the root, type and class */
    if (size < 17 || end > size) {
        return 0;
    }
    int truncated = over_udp && packet[13] == 'l';
    packet[2] = (unsigned char)(0x84 | (packet[2] & 1) | (truncated ? 2 : 0));
    packet[3] = 0x80;
    packet[7] = truncated ? 0 : 1; /* answers */
    memset(packet + 8, 0, 4);      /* nothing else: no EDNS */
    if (truncated) {
        return end;
    }
    memcpy(packet + end, record, sizeof(record));
    memset(packet + end + sizeof(record), 't', 200);
    return end + sizeof(record) + 200;
}

static inline void nameserver_udp(int udp)
{
    unsigned char packet[NAMESERVER_PACKET_MAX];
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    ssize_t got = recvfrom(udp, packet, 1000, 0, (struct sockaddr *)&from, &size);
    size_t answer = got > 0 ? nameserver_answer(packet, (size_t)got, 1) : 0;
    (void)sendto(udp, packet, answer, 0, (const struct sockaddr *)&from, size);
}

static inline void nameserver_tcp(int tcp)
{
    unsigned char packet[2 + NAMESERVER_PACKET_MAX];
    int fd = accept(tcp, NULL, NULL);
    ssize_t got = recv(fd, packet, 2, MSG_WAITALL);
    size_t size = got == 2 ? (size_t)packet[0] << 8 | packet[1] : 0;
    if (size > 1000 || recv(fd, packet + 2, size, MSG_WAITALL) != (ssize_t)size) {
        size = 0;
    }
    size_t answer = nameserver_answer(packet + 2, size, 0);
    packet[0] = (unsigned char)(answer >> 8);
    packet[1] = (unsigned char)answer;
    (void)send(fd, packet, answer + 2, MSG_NOSIGNAL);
    (void)close(fd);
}

static inline void nameserver_run(int udp, int tcp)
{
    struct pollfd asked[] = {
        {udp, POLLIN, 0},
        {tcp, POLLIN, 0}
    };
    (void)alarm(60);
    while (poll(asked, 2, -1) > 0) {
        if ((asked[0].revents & POLLIN) != 0) {
            nameserver_udp(udp);
        }
        if ((asked[1].revents & POLLIN) != 0) {
            nameserver_tcp(tcp);
        }
    }
}

static inline void nameserver_start(struct nameserver *nameserver)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(tcp, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(tcp, 5), 0);
    assert_int_equal(getsockname(tcp, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(bind(udp, (const struct sockaddr *)&address, size), 0);
    (void)snprintf(nameserver->address, sizeof(nameserver->address), "127.0.0.1@%u",
                   ntohs(address.sin_port));
    nameserver->pid = fork();
    assert_int_not_equal(nameserver->pid, -1);
    if (nameserver->pid == 0) {
        nameserver_run(udp, tcp);
        _exit(0);
    }
    (void)close(udp);
    (void)close(tcp);
}

static inline void nameserver_stop(struct nameserver *nameserver)
{
    (void)kill(nameserver->pid, SIGKILL);
    (void)waitpid(nameserver->pid, NULL, 0);
}

#endif
