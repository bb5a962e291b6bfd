/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/message/message.h"
