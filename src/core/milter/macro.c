/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/macro.h"

#include "core/milter/milter.h"

static const slice postfix = SLICE_INIT("Postfix");

static void keep(char *to, size_t room, size_t *len, slice value)
{
    value = slice_first(value, room);
    if (value.len != 0) {
        memcpy(to, value.ptr, value.len);
    }
    *len = value.len;
}

static void keep_version(struct macros *macros, char command, slice value)
{
    (void)command;
    macros->is_postfix = slice_starts_with(value, postfix);
}

/* Postfix tells it again with every field and every piece of the body. */
static void keep_queue_id(struct macros *macros, char command, slice value)
{
    value = slice_first(value, sizeof(macros->queue_id));
    macros->is_id_new |= !slice_eq(value, macros_queue_id(macros));
    keep(macros->queue_id, sizeof(macros->queue_id), &macros->queue_id_len, value);
    macros->has_id_with_mail |= command == 'M' && value.len != 0;
}

static void keep_login(struct macros *macros, char command, slice value)
{
    (void)command;
    keep(macros->login, sizeof(macros->login), &macros->login_len, value);
}

static void keep_auth_type(struct macros *macros, char command, slice value)
{
    (void)command;
    keep(macros->auth_type, sizeof(macros->auth_type), &macros->auth_type_len, value);
}

static void keep_next_hop(struct macros *macros, char command, slice value)
{
    if (command == 'R') {
        keep(macros->next_hop, sizeof(macros->next_hop), &macros->next_hop_len, value);
    }
}

static const struct macro_rule {
    slice name; /* without braces */
    bool is_of_client;
    void (*keep)(struct macros *macros, char command, slice value);
} macro_rules[] = {
    {SLICE_INIT("v"),           true,  keep_version  },
    {SLICE_INIT("i"),           false, keep_queue_id },
    {SLICE_INIT("auth_authen"), false, keep_login    },
    {SLICE_INIT("auth_type"),   false, keep_auth_type},
    {SLICE_INIT("rcpt_host"),   false, keep_next_hop },
};

static slice without_braces(slice name)
{
    if (slice_peek(name) == '{' && slice_ends_with(name, SLICE("}"))) {
        return slice_between(name, 1, name.len - 1);
    }
    return name;
}

static void keep_macro(struct macros *macros, char command, slice name, slice value)
{
    bool is_of_client = command == 'C' || command == 'H';
    for (size_t i = 0; i < sizeof(macro_rules) / sizeof(macro_rules[0]); i++) {
        const struct macro_rule *rule = &macro_rules[i];
        if (slice_eq(name, rule->name) && (rule->is_of_client || !is_of_client)) {
            rule->keep(macros, command, value);
        }
    }
}

enum yett_err macros_read(struct macros *macros, slice data)
{
    if (data.len == 0) {
        return YETT_BAD_SYNTAX;
    }
    char command = data.ptr[0];
    data = slice_skip(data, 1);
    if (command == 'C') {
        macros_end_client(macros);
        macros->is_announced = true;
    }
    if (command == 'R') {
        macros->next_hop_len = 0;
    }
    if (command == 'M') {
        macros_end_message(macros);
        macros->is_mail_announced = true;
    }
    while (data.len != 0) {
        slice name, value;
        if (milter_take_string(&data, &name) != YETT_OK ||
            milter_take_string(&data, &value) != YETT_OK) {
            return YETT_BAD_SYNTAX;
        }
        keep_macro(macros, command, without_braces(name), value);
    }
    return YETT_OK;
}

void macros_begin_client(struct macros *macros)
{
    if (!macros->is_announced) {
        macros_end_client(macros);
    }
    macros->is_announced = false;
}

void macros_end_client(struct macros *macros)
{
    macros->is_postfix = false;
    macros->is_announced = false;
    macros_end_message(macros);
}

void macros_begin_message(struct macros *macros)
{
    if (!macros->is_mail_announced) {
        macros_end_message(macros);
    }
    macros->is_mail_announced = false;
}

void macros_end_message(struct macros *macros)
{
    macros->is_mail_announced = false;
    macros->has_id_with_mail = false;
    macros->is_id_new = false;
    macros->queue_id_len = 0;
    macros->login_len = 0;
    macros->auth_type_len = 0;
    macros->next_hop_len = 0;
}

slice macros_take_next_hop(struct macros *macros)
{
    slice host = slice_of(macros->next_hop, macros->next_hop_len);
    macros->next_hop_len = 0;
    return host;
}

slice macros_queue_id(const struct macros *macros)
{
    return slice_of(macros->queue_id, macros->queue_id_len);
}

slice macros_login(const struct macros *macros)
{
    return macros->login_len != 0 ? slice_of(macros->login, macros->login_len)
                                  : slice_of(macros->auth_type, macros->auth_type_len);
}
