/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"

/*
 * decoded: what was put into texts that are base64.  They are decoded in place, and a trial
 * (trial.c) encodes what is left of them again, in lines as long as they had.
 */

enum { USUAL_WIDTH = 76, TEXT_MAX = 1024 * 1024 };

struct decoder {
    struct autopsy_work *work;
    slice body;
    struct autopsy_out out;
    size_t at; /* of the body: up to here it is in `out` */
    struct autopsy_coded coded[AUTOPSY_CODED_MAX];
    size_t count;
};

static bool is_meant(const struct autopsy_part *part)
{
    return part->is_text && !part->is_multipart && part->encoding == AUTOPSY_BASE64 &&
           part->end > part->content && part->end - part->content <= TEXT_MAX;
}

static void decode_part(struct decoder *decoder, const struct autopsy_part *part)
{
    slice content = slice_between(decoder->body, part->content, part->end);
    slice rest = content;
    slice line = SLICE_NONE;
    (void)autopsy_next_line(&rest, &line);
    size_t width = autopsy_line_text(line).len;
    autopsy_out_add(&decoder->out,
                    slice_between(decoder->body, decoder->at, part->content));
    size_t begin = decoder->out.len;
    autopsy_decode_base64(&decoder->out, content);
    decoder->at = part->end;
    if (decoder->out.len == begin) { /* there is nothing to decode */
        autopsy_out_add(&decoder->out, content);
        return;
    }
    decoder->coded[decoder->count++] = (struct autopsy_coded){
        .text = slice_skip(autopsy_out_slice(&decoder->out), begin),
        .width = rest.len == 0 || width == 0 || width % 4 != 0 ? USUAL_WIDTH : width,
        .ends = slice_ends_with(content, SLICE("\r\n")),
        .offset = part->content,
        .length = content.len};
}

/* Where a place of the body is after decoding. */
static size_t moved(const struct decoder *decoder, size_t at)
{
    for (size_t i = decoder->count; i-- > 0;) {
        const struct autopsy_coded *coded = &decoder->coded[i];
        if (coded->offset + coded->length <= at) {
            size_t end = slice_offset(autopsy_out_slice(&decoder->out), coded->text) +
                         coded->text.len;
            return end + (at - coded->offset - coded->length);
        }
    }
    return at;
}

static void move_parts(const struct decoder *decoder, const struct autopsy_parts *parts,
                       struct autopsy_parts *out)
{
    *out = *parts;
    for (size_t i = 0; i < out->count; i++) {
        struct autopsy_part *part = &out->list[i];
        part->encoding = is_meant(part) ? AUTOPSY_IDENTITY : part->encoding;
        part->delimiter = moved(decoder, part->delimiter);
        part->content = moved(decoder, part->content);
        part->end = moved(decoder, part->end);
        part->next = moved(decoder, part->next);
    }
}

static bool decode_all(struct decoder *decoder, const struct autopsy_parts *parts)
{
    if (!autopsy_spend(decoder->work, &decoder->work->body_left, decoder->body.len) ||
        !autopsy_out_new(decoder->work, decoder->body.len, &decoder->out)) {
        return false;
    }
    for (size_t i = 0; i < parts->count && decoder->count < AUTOPSY_CODED_MAX; i++) {
        if (is_meant(&parts->list[i]) && parts->list[i].content >= decoder->at) {
            decode_part(decoder, &parts->list[i]);
        }
    }
    autopsy_out_add(&decoder->out, slice_skip(decoder->body, decoder->at));
    return decoder->count != 0;
}

static bool has_texts(const struct autopsy_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (is_meant(&parts->list[i])) {
            return true;
        }
    }
    return false;
}

bool autopsy_try_decoded_sites(struct autopsy_work *work, slice body,
                               const struct autopsy_parts *parts, bool all)
{
    struct arena_mark mark = arena_mark(work->arena);
    struct decoder decoder = {.work = work, .body = body};
    struct autopsy_parts *within = ARENA_NEW(work->arena, struct autopsy_parts);
    if (!has_texts(parts) || within == NULL || !decode_all(&decoder, parts)) {
        return false;
    }
    slice decoded = autopsy_out_slice(&decoder.out);
    move_parts(&decoder, parts, within);
    memcpy(work->coded, decoder.coded, sizeof(work->coded));
    work->coded_count = decoder.count;
    bool found = all ? autopsy_try_all_sites(work, decoded, within)
                     : autopsy_try_sites(work, decoded, within);
    work->coded_count = 0;
    if (!found) {
        arena_rewind(work->arena, mark);
    }
    return found;
}

bool autopsy_try_sites_besides(struct autopsy_work *work, slice body,
                               const struct autopsy_change *undone)
{
    struct autopsy_parts *parts = ARENA_NEW(work->arena, struct autopsy_parts);
    size_t count = work->count;
    if (parts == NULL) {
        work->ended = true;
        return false;
    }
    autopsy_read_parts(work, body, parts);
    autopsy_note(work, undone);
    work->undone = true;
    bool found = autopsy_try_sites(work, body, parts) ||
                 autopsy_try_decoded_sites(work, body, parts, false);
    work->undone = false;
    work->count = found ? work->count : count;
    return found;
}
