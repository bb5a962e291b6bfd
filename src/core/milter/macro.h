/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_MACRO_H
#define YETT_CORE_MILTER_MACRO_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * macro: what the mail server tells beside its commands.
 *
 * Macros come in packets of their own, before the command they belong to.  Those of CONNECT
 * and HELO last as long as the client, all others as long as the message.
 */
enum { MACRO_QUEUE_ID_MAX = 64, MACRO_LOGIN_MAX = 255, MACRO_AUTH_TYPE_MAX = 32, MACRO_NEXT_HOP_MAX = 300 };

/* Values that are longer than their place are cut. */
struct macros {
    /* Of the client. */
    bool is_postfix;   /* `v` begins with "Postfix" */
    bool is_announced; /* a packet for CONNECT came, CONNECT did not */
    /* Of the message. */
    bool is_mail_announced; /* a packet for MAIL came, MAIL did not */
    bool has_id_with_mail;  /* `i` was there with MAIL already */
    bool is_id_new;         /* it changed; for who reads it to reset */
    size_t queue_id_len, login_len, auth_type_len;
    char queue_id[MACRO_QUEUE_ID_MAX];
    char login[MACRO_LOGIN_MAX];
    char auth_type[MACRO_AUTH_TYPE_MAX];
    /* Of the recipient. */
    size_t next_hop_len;
    char next_hop[MACRO_NEXT_HOP_MAX];
};

/* Keep what is used of the data of a macro packet.  YETT_BAD_SYNTAX when it does not have the
   form of one. */
YETT_MUST_USE
enum yett_err macros_read(struct macros *macros, slice data);

/* CONNECT came: what belonged to another client goes, what was sent for this one stays. */
void macros_begin_client(struct macros *macros);
void macros_end_client(struct macros *macros);

/* The same for MAIL and another message. */
void macros_begin_message(struct macros *macros);
void macros_end_message(struct macros *macros);

/* RCPT came: where this recipient's mail goes next, empty when that was not told; and is then
   forgotten.  Good until the next packet. */
slice macros_take_next_hop(struct macros *macros);

slice macros_queue_id(const struct macros *macros);

/* Empty: not logged in.  A client that is, without a name, goes by the kind of login. */
slice macros_login(const struct macros *macros);

#endif
