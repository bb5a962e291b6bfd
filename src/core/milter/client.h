/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_CLIENT_H
#define YETT_CORE_MILTER_CLIENT_H

#include "core/base/err.h"
#include "core/base/ip.h"

/* client: who is said to be connected to the mail server. */
struct milter_client {
    slice name;   /* as the mail server found it, in the packet */
    struct ip ip; /* IP_NONE: it came through a pipe or a local socket, or nobody knows */
};

/* From the data of CONNECT.  YETT_BAD_SYNTAX with `*why`, what is wrong about it, static. */
YETT_MUST_USE
enum yett_err client_read(slice data, struct milter_client *out, const char **why);

#endif
