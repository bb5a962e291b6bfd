/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/reduce.h"
#include "core/dkim/scan.h"

/* Text that stays as it is, up to the first white space that might not. */
size_t dkim_reduce_blocks(slice *text, char *to, size_t room)
{
    size_t length = dkim_scan(slice_first(*text, room), '\t');
    if (length != 0) {
        memcpy(to, text->ptr, length);
    }
    *text = slice_skip(*text, length);
    return length;
}
