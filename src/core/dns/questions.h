/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_QUESTIONS_H
#define YETT_CORE_DNS_QUESTIONS_H

#include "core/dns/dns.h"

/*
 * Append `question`, unless it stands there.  Its name is not copied, and one name has one
 * pointer: the set of answers owns the names.
 */
YETT_MUST_USE
enum yett_err dns_questions_write_down(struct dns_questions *questions,
                                       struct dns_question question);

#endif
