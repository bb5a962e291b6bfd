/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"

const struct call_list calls_of_sanitizers = {NULL, 0};
const bool sanitizers_read_files = false;
