/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CONFIG_CHECK_H
#define YETT_CORE_CONFIG_CHECK_H

#include "core/config/config.h"

/* check: what the files that check settings share. */

/* A key and what is wrong about it, `block "title": text`, into `*why`: YETT_BAD_SYNTAX. */
enum yett_err config_fault(struct arena *arena, slice *why, const char *key, slice title,
                           const char *text);

/* The listeners, limits and paths of the gateway. */
YETT_MUST_USE
enum yett_err config_check_gateway(struct arena *arena, const struct config *config,
                                   slice *why);

/* What is signed, and with what. */
YETT_MUST_USE
enum yett_err config_check_signing(struct arena *arena, const struct config *config,
                                   slice *why);

/* The name servers that updates of zones go to, and that must show them. */
YETT_MUST_USE
enum yett_err config_check_servers(struct arena *arena, const struct config *config,
                                   slice *why);

/* sealing { }. */
YETT_MUST_USE
enum yett_err config_check_sealing(struct arena *arena, const struct config *config,
                                   slice *why);

bool config_networks_overlap(struct ip_network a, struct ip_network b);

#endif
