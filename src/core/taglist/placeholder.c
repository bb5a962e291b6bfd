/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/taglist/taglist.h"
