/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

#include <stdlib.h>

/* session: what is known of the client, from one message to the next. */

struct intake *intake_new(const struct intake_house *house,
                          const struct config_listener *listener)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    if (intake != NULL) {
        intake->house = house;
        intake->listener = listener;
    }
    return intake;
}

void intake_free(struct intake *intake)
{
    if (intake != NULL) {
        intake_finish_message(intake);
        free(intake->client_name);
        free(intake->helo);
        free(intake);
    }
}

/* `*held` becomes a copy of the first `max` octets of `text`.  False without memory. */
static bool hold(char **held, size_t *length, slice text, size_t max)
{
    text = slice_first(text, max);
    free(*held);
    *held = NULL;
    *length = 0;
    if (text.len == 0) {
        return true;
    }
    *held = malloc(text.len);
    if (*held == NULL) {
        return false;
    }
    memcpy(*held, text.ptr, text.len);
    *length = text.len;
    return true;
}

void intake_connect(struct intake *intake, struct ip client, slice name)
{
    intake_finish_message(intake);
    intake->client = client;
    bool held = hold(&intake->client_name, &intake->client_name_length, name,
                     INTAKE_CLIENT_NAME_MAX);
    held = hold(&intake->helo, &intake->helo_length, SLICE_NONE, 0) && held;
    intake->is_forgetful = !held;
}

void intake_helo(struct intake *intake, slice helo)
{
    intake->is_forgetful =
        !hold(&intake->helo, &intake->helo_length, helo, INTAKE_HELO_MAX);
}

bool intake_has_message(const struct intake *intake)
{
    return intake->message != NULL || intake->is_destitute;
}

const struct intake_decision *intake_decision(const struct intake *intake)
{
    const struct intake_message *message = intake->message;
    if (message != NULL) {
        return message->stage == INTAKE_DECIDED ? &message->decision : NULL;
    }
    return intake->is_destitute && intake->destitute_ended ? intake_destitute_decision()
                                                           : NULL;
}
