/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MESSAGE_ADDRESS_H
#define YETT_CORE_MESSAGE_ADDRESS_H

#include "core/message/message.h"

/* Mailboxes of one or more fields, in order.  Zero it to begin. */
struct address_list {
    struct message_mailbox *items;
    size_t count;
    size_t capacity;
};

enum address_reading {
    ADDRESS_RFC5322, /* the grammar with its obsolete forms */
    ADDRESS_AUTHOR   /* of these only what all readers read in the same way */
};

/* How reading failed. */
struct address_fault {
    size_t at;       /* offset of the offending octet */
    const char *why; /* static: "a comment that is not closed" */
};

/*
 * Append the mailboxes of an address-list.  On YETT_BAD_SYNTAX `*fault` is set, and those
 * before the fault are in the list all the same.
 */
YETT_MUST_USE
enum yett_err address_parse(struct arena *arena, slice value,
                            enum address_reading reading, struct address_list *list,
                            struct address_fault *fault);

#endif
