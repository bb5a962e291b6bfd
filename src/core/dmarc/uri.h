/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_URI_H
#define YETT_CORE_DMARC_URI_H

#include "core/base/slice.h"

#include <stdbool.h>

/*
 * uri: may reports be sent to this address? (RFC 9989 section 4.8, RFC 3986)
 *
 * NULL for a URI in which "," and "!" are encoded; else why not, the end of a sentence.
 * A mailto: URI (RFC 6068) must name one mailbox, an http: or https: URI a host.
 */
const char *dmarc_uri_fault(slice uri);

/* Without the obsolete "!10m" at the end; false when what follows a "!" is no size. */
bool dmarc_uri_drop_size(slice *uri);

#endif
