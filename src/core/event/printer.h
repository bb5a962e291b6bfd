/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_EVENT_PRINTER_H
#define YETT_CORE_EVENT_PRINTER_H

#include "core/base/buf.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * printer: JSON in ASCII on one line.
 *
 * Whatever a text holds, a string comes out that every reader takes: characters beyond ASCII
 * are \uNNNN, octets that are no UTF-8 stand as "\xNN", and what is longer than its `max`
 * octets ends in "...".
 */
struct printer {
    struct buf *buf;
    bool needs_comma;
};

/* `name` is NULL within an array, and for the outermost. */
void printer_open(struct printer *printer, const char *name, char bracket);
void printer_close(struct printer *printer, char bracket);

/* At most `max` octets between the quotes, the dots included. */
void printer_string(struct printer *printer, const char *name, slice text, size_t max);

/* The same, and null for an empty one. */
void printer_optional(struct printer *printer, const char *name, slice text, size_t max);
void printer_word(struct printer *printer, const char *name, const char *word);
void printer_ip(struct printer *printer, const char *name, struct ip ip); /* or null */
void printer_time(struct printer *printer, const char *name,
                  int64_t epoch_s); /* "2026-11-24T02:35:00Z" */
void printer_number(struct printer *printer, const char *name, uint64_t number);
void printer_bool(struct printer *printer, const char *name, bool value);
void printer_null(struct printer *printer, const char *name);

#endif
