/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_STORY_H
#define YETT_APP_CLI_STORY_H

#include "app/cli/judge.h"
#include "app/cli/term.h"

/*
 * story: what happened to one message, for a person at a terminal: who says they wrote it,
 * each check with the record it used and why it ended as it did, what DMARC made of it, and
 * what the gateway would do.  Octets from outside are shown with buf_add_visible().
 *
 * `paper` is memory for the words; what is written there may be rewound afterwards.
 */
void story_tell(const struct term *term, struct arena *paper,
                const struct mail_item *item, const struct judged *judged);

/* For a message that could not be judged. */
void story_of_failure(const struct term *term, struct arena *paper,
                      const struct mail_item *item, const struct judged *judged);

/* The tree of an SPF evaluation, indented by includes. */
void story_of_spf(const struct term *term, struct arena *paper,
                  const struct spf_result *spf);
void story_of_spf_tree(const struct term *term, struct arena *paper,
                       const struct spf_result *spf);

enum tone story_spf_tone(enum spf_code code);
enum tone story_action_tone(enum config_action action);

#endif
