/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/inside.h"

/* body: what could have been done to a body, the likely and the cheap first. */

/* Where the last octets of a body, something in it undone, stand in the body at hand: at its
   end, or where a part of it ends.  False: they are not there as they are. */
static bool find_rest(slice at_hand, slice rest, const struct autopsy_change *undone,
                      size_t *offset)
{
    size_t end = undone == NULL || undone->length == 0 ? at_hand.len
                                                       : undone->offset + undone->length;
    slice before = slice_first(at_hand, end);
    *offset = before.len - (rest.len < before.len ? rest.len : before.len);
    return slice_eq(slice_skip(before, *offset), rest);
}

/* What follows the end of a beginning that fits; `undone` NULL: nothing else was. */
static void note_rest(struct autopsy_work *work, slice body, size_t end,
                      const struct autopsy_change *undone)
{
    slice rest = slice_skip(body, end);
    struct autopsy_change change = {.kind = AUTOPSY_FOOTER_ADDED};
    struct buf buf;
    buf_init(&buf, work->arena, AUTOPSY_NOTE_MAX);
    buf_printf(&buf, "a footer of %zu bytes was added ", rest.len);
    if (find_rest(work->input->body, rest, undone, &change.offset)) {
        change.length = rest.len;
        buf_printf(&buf, "after byte %zu of the body: ", change.offset);
    } else {
        change.offset = 0;
        buf_add_text(&buf, "before that to the end of the body: ");
    }
    autopsy_add_excerpt(&buf, rest);
    change.text = buf_slice(&buf);
    autopsy_note(work, &change);
}

bool autopsy_try_rewritten(struct autopsy_work *work, slice rewritten,
                           const struct autopsy_change *change)
{
    size_t end = 0;
    if (!autopsy_body_fits(work, rewritten)) {
        if (!autopsy_find_prefix(work, rewritten, false, &end)) {
            return false;
        }
    } else {
        end = rewritten.len;
    }
    autopsy_note(work, change);
    if (slice_trim_fws(slice_skip(rewritten, end)).len != 0) {
        note_rest(work, rewritten, end, change);
    }
    return true;
}

static bool try_prefix(struct autopsy_work *work, slice body)
{
    size_t end = 0;
    if (!autopsy_find_prefix(work, body, true, &end)) {
        return false;
    }
    note_rest(work, body, end, NULL);
    return true;
}

/* Everything begins with nothing: that bh= is the digest of no text is told by itself. */
static bool try_empty(struct autopsy_work *work, slice body)
{
    if (body.len == 0 || !autopsy_body_fits(work, SLICE_NONE)) {
        return false;
    }
    struct autopsy_change change = {
        .kind = AUTOPSY_FOOTER_ADDED, .offset = 0, .length = body.len};
    struct buf buf;
    buf_init(&buf, work->arena, 1024);
    buf_printf(&buf, "the signed body was empty, all %zu bytes were added: ", body.len);
    autopsy_add_excerpt(&buf, body);
    change.text = buf_slice(&buf);
    autopsy_note(work, &change);
    return true;
}

static bool search(struct autopsy_work *work, slice body, struct autopsy_parts *parts)
{
    if (try_prefix(work, body) || try_empty(work, body) ||
        autopsy_try_lines(work, body)) {
        return true;
    }
    autopsy_read_parts(work, body, parts);
    return autopsy_try_wrapped(work, body, parts) ||
           autopsy_try_sites(work, body, parts) ||
           autopsy_try_recoded(work, body, parts) ||
           autopsy_try_decoded_sites(work, body, parts, false) ||
           autopsy_try_links(work, body, parts) ||
           autopsy_try_all_sites(work, body, parts) ||
           autopsy_try_decoded_sites(work, body, parts, true) ||
           autopsy_try_blocks(work, body);
}

enum autopsy_state autopsy_search_body(struct autopsy_work *work)
{
    const struct autopsy_input *input = work->input;
    if (!input->has_body || input->body.len > AUTOPSY_BODY_MAX) {
        return AUTOPSY_NOT_LOOKED_AT;
    }
    if (autopsy_body_fits(work, input->body)) {
        return AUTOPSY_AS_SIGNED;
    }
    struct autopsy_parts *parts = ARENA_NEW(work->arena, struct autopsy_parts);
    if (parts == NULL) {
        work->err = YETT_NO_MEMORY;
        return AUTOPSY_UNEXPLAINED;
    }
    return search(work, input->body, parts) ? AUTOPSY_EXPLAINED : AUTOPSY_UNEXPLAINED;
}
