/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/config/check.h"

enum { ACCOUNT_MAX = 64 };

/* Names of Debian's accounts and a little more, so that none can be taken for an option, a
   path or a line of /etc/passwd. */
const char *config_account_fault(slice name)
{
    static const char text[] = "is no name of an account or group, such as postfix";
    if (name.len == 0 || name.len > ACCOUNT_MAX || name.ptr[0] == '-') {
        return text;
    }
    for (size_t i = 0; i < name.len; i++) {
        int c = name.ptr[i];
        if (!ascii_is_alnum(c) && c != '_' && c != '-' && c != '.') {
            return text;
        }
    }
    return NULL;
}

const char *config_socket_mode_fault(unsigned mode)
{
    if (mode > 0777) {
        return "is no mode of a socket, such as 0660";
    }
    if ((mode & 0222) == 0) {
        return "lets nobody connect: whoever connects must be allowed to write, as with "
               "0660";
    }
    return NULL;
}

const char *config_listener_fault(const struct config_listener *listener)
{
    struct config_address address;
    if (listener->address.len == 0) {
        return "it has no 'address', such as \"inet:127.0.0.1:8891\" or "
               "\"unix:/run/yett/milter.sock\"";
    }
    const char *fault = config_read_address(listener->address, &address);
    if (fault != NULL) {
        return fault;
    }
    if (!address.is_unix && listener->group.len != 0) {
        return "it has a 'group', which only a unix: socket can have";
    }
    return config_socket_mode_fault(listener->mode);
}

bool config_listeners_clash(const struct config_listener *a,
                            const struct config_listener *b)
{
    struct config_address first, second;
    return config_read_address(a->address, &first) == NULL &&
           config_read_address(b->address, &second) == NULL &&
           config_addresses_clash(&first, &second);
}

static bool is_status_socket(const struct config *config,
                             const struct config_listener *listener)
{
    slice path = listener->address;
    return slice_take(&path, SLICE("unix:")) && slice_eq(path, config->status_socket);
}

static enum yett_err check_listeners(struct arena *arena, const struct config *config,
                                     slice *why)
{
    if (config->listener_count == 0 || config->listener_count > CONFIG_LISTENERS_MAX) {
        return config_fault(arena, why, "listen", SLICE_NONE,
                            "1 to 32 of these blocks may stand");
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        const char *fault = config_listener_fault(listener);
        for (size_t j = 0; fault == NULL && j < i; j++) {
            if (config_listeners_clash(listener, &config->listeners[j])) {
                fault = "its address is taken by another listener";
            }
        }
        if (fault == NULL && is_status_socket(config, listener)) {
            fault = "its address is that of status_socket";
        }
        if (fault != NULL) {
            return config_fault(arena, why, "listen", listener->name, fault);
        }
    }
    return YETT_OK;
}

static enum yett_err check_limits(struct arena *arena, const struct config *config,
                                  slice *why)
{
    const struct config_limits *limits = &config->limits;
    const struct {
        bool is_wrong;
        const char *key, *text;
    } rows[] = {
        {limits->connections == 0,                       "limits.connections",   "must not be zero"},
        {limits->header_bytes == 0,                      "limits.header_size",   "must not be zero"},
        {limits->fields == 0,                            "limits.fields",        "must not be zero"},
        {limits->recipients == 0,                        "limits.recipients",    "must not be zero"},
        {limits->idle_timeout_ms == 0,                   "limits.idle_timeout",  "must not be zero"},
        {limits->stall_timeout_ms < config->deadline_ms, "limits.stall_timeout",
         "is shorter than dns.deadline; a message that waits for name servers would "
         "count as stalled"                                                                        },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is_wrong) {
            return config_fault(arena, why, rows[i].key, SLICE_NONE, rows[i].text);
        }
    }
    return YETT_OK;
}

enum yett_err config_check_gateway(struct arena *arena, const struct config *config,
                                   slice *why)
{
    const char *fault = NULL;
    if (config->status_socket.len != 0) {
        fault = config_socket_path_fault(config->status_socket);
    }
    if (fault != NULL) {
        return config_fault(arena, why, "status_socket", SLICE_NONE, fault);
    }
    if (config->status_group.len != 0) {
        fault = config_account_fault(config->status_group);
    }
    if (fault != NULL) {
        return config_fault(arena, why, "status_group", SLICE_NONE, fault);
    }
    if ((fault = config_socket_mode_fault(config->status_mode)) != NULL) {
        return config_fault(arena, why, "status_mode", SLICE_NONE, fault);
    }
    if (config->user.len != 0) {
        fault = config_account_fault(config->user);
    }
    if (fault != NULL) {
        return config_fault(arena, why, "user", SLICE_NONE, fault);
    }
    enum yett_err err = check_listeners(arena, config, why);
    return err == YETT_OK ? check_limits(arena, config, why) : err;
}
