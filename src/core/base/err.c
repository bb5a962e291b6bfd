/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/err.h"

const char *yett_err_text(enum yett_err err)
{
    switch (err) {
    case YETT_OK:
        return "no error";
    case YETT_NEED_ANSWERS:
        return "answers are needed";
    case YETT_NO_MEMORY:
        return "out of memory";
    case YETT_LIMIT:
        return "a limit was exceeded";
    case YETT_BAD_SYNTAX:
        return "syntax error";
    case YETT_NOT_FOUND:
        return "not found";
    case YETT_IO:
        return "input/output error";
    }
    return "unknown error";
}
