/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_INSIDE_H
#define YETT_EDGE_RESOLVER_INSIDE_H

#include "edge/resolver/resolver.h"

/* inside: what the files of this folder ask of the resolver besides its door. */

struct loop *resolver_loop(const struct resolver *resolver);
slice resolver_servers(const struct resolver *resolver); /* "192.0.2.1 or 192.0.2.2" */

#endif
