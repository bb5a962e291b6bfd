/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"
#include "core/base/buf.h"
#include "core/domain/domain.h"

/* gather: several Authentication-Results fields of one host, made one (RFC 8617 section
   4.1.1). */

enum { TEXT_MAX = 64 * 1024 };

static bool is_ours(slice found, slice ours)
{
    return slice_eq_nocase(found, ours) || domain_eq(found, ours);
}

static enum yett_err add_field(struct arena *arena, struct buf *out,
                               const struct message_field *field, slice authserv_id,
                               bool *any)
{
    struct authres authres;
    struct authres_error error;
    enum yett_err err = authres_parse(arena, field->value, &authres, &error);
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    if (err == YETT_OK && authres.count != 0 &&
        is_ours(authres.authserv_id, authserv_id)) {
        /* Lines stay as short as they were. */
        buf_add_text(out, ";\r\n\t");
        buf_add(out, slice_trim_fws(slice_skip(authres.text, 1)));
        *any = true;
    }
    return YETT_OK;
}

enum yett_err arc_gather_results(struct arena *arena, const struct message_header *header,
                                 slice authserv_id, slice *out)
{
    static const char name[] = "Authentication-Results";
    struct buf buf;
    bool any = false;
    size_t index = 0;
    enum yett_err err = YETT_OK;

    buf_init(&buf, arena, TEXT_MAX);
    buf_add(&buf, authserv_id);
    for (const struct message_field *field = message_find_field(header, name, 0, &index);
         field != NULL && err == YETT_OK;
         field = message_find_field(header, name, index + 1, &index)) {
        err = add_field(arena, &buf, field, authserv_id, &any);
    }
    if (!any) {
        buf_add_text(&buf, "; none");
    }
    err = err == YETT_OK ? buf_err(&buf) : err;
    if (err == YETT_OK) {
        *out = buf_slice(&buf);
    }
    return err;
}
