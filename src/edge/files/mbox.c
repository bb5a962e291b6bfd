/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/mbox.h"

#include "core/base/ascii.h"

static const slice from = SLICE_INIT("From ");

void mbox_init(struct mbox *mbox)
{
    *mbox = (struct mbox){.had_blank = true};
}

/* "4:05" anywhere: the time of day that every writer puts in. */
static bool has_time(slice text)
{
    for (size_t i = 1; i + 2 < text.len; i++) {
        if (text.ptr[i] == ':' && ascii_is_digit(text.ptr[i - 1]) &&
            ascii_is_digit(text.ptr[i + 1]) && ascii_is_digit(text.ptr[i + 2])) {
            return true;
        }
    }
    return false;
}

/* Four digits between blanks (or the end), 19.. or later. */
static bool has_year(slice text)
{
    slice word;
    while (slice_next_piece(&text, ' ', &word)) {
        bool digits = word.len == 4;
        for (size_t i = 0; digits && i < word.len; i++) {
            digits = ascii_is_digit(word.ptr[i]);
        }
        if (digits && slice_cmp(word, SLICE("1900")) >= 0) {
            return true;
        }
    }
    return false;
}

static bool is_one_address(slice text)
{
    text = slice_trim_fws(text);
    return slice_has_byte(text, '@') && !slice_has_byte(text, ' ') &&
           !slice_has_byte(text, '\t');
}

/* The held line without "From " and line end. */
static slice held_from_line(const struct mbox *mbox)
{
    slice line = slice_skip(slice_of(mbox->hold, mbox->hold_len), from.len);
    if (slice_ends_with(line, SLICE("\n"))) {
        line.len--;
    }
    if (slice_ends_with(line, SLICE("\r"))) {
        line.len--;
    }
    return line;
}

enum line { LINE_UNDECIDED, LINE_TEXT, LINE_BLANK, LINE_QUOTED, LINE_FROM };

/* A held line that begins with "From " after an empty line, now that its end is here. */
static enum line whole_from_line(const struct mbox *mbox)
{
    slice line = held_from_line(mbox);
    if (!mbox->any || is_one_address(line) || (has_time(line) && has_year(line))) {
        return LINE_FROM;
    }
    return LINE_TEXT;
}

/* What the line is, now that `byte` is held as well. */
static enum line classify(struct mbox *mbox, char byte)
{
    if (mbox->matched == from.len) {
        return byte == '\n' ? whole_from_line(mbox) : LINE_UNDECIDED;
    }
    if (byte == '\n' &&
        (mbox->hold_len == 1 || (mbox->hold_len == 2 && mbox->hold[0] == '\r'))) {
        return LINE_BLANK;
    }
    if (mbox->hold[0] == '\r') {
        return mbox->hold_len == 1 ? LINE_UNDECIDED : LINE_TEXT;
    }
    if (byte == from.ptr[mbox->matched]) {
        mbox->matched++;
        if (mbox->matched < from.len) {
            return LINE_UNDECIDED;
        }
        if (mbox->quotes != 0) {
            return LINE_QUOTED;
        }
        return mbox->had_blank ? LINE_UNDECIDED : LINE_TEXT;
    }
    if (byte == '>' && mbox->matched == 0) {
        mbox->quotes++;
        return LINE_UNDECIDED;
    }
    return LINE_TEXT;
}

/* Say the held empty line and then `text`; the beginning of the line is forgotten. */
static slice release(struct mbox *mbox, slice text)
{
    size_t len = mbox->blank_len;
    memcpy(mbox->ready, mbox->blank, len);
    if (text.len != 0) {
        memcpy(mbox->ready + len, text.ptr, text.len);
    }
    mbox->blank_len = 0;
    return slice_of(mbox->ready, len + text.len);
}

static void begin_line(struct mbox *mbox)
{
    mbox->hold_len = 0;
    mbox->quotes = 0;
    mbox->matched = 0;
}

/* Act on a decision; false when there is nothing to say yet. */
static bool decide(struct mbox *mbox, enum line line, enum mbox_event *event, slice *out)
{
    slice held = slice_of(mbox->hold, mbox->hold_len);
    *event = MBOX_BYTES;
    switch (line) {
    case LINE_UNDECIDED:
        return false;
    case LINE_TEXT:
    case LINE_QUOTED:
        *out = release(mbox, slice_skip(held, line == LINE_QUOTED ? 1 : 0));
        mbox->in_line = !slice_ends_with(held, SLICE("\n"));
        mbox->had_blank = false;
        break;
    case LINE_BLANK:
        *out = release(mbox, SLICE_NONE);
        memcpy(mbox->blank, held.ptr, held.len);
        mbox->blank_len = held.len;
        mbox->had_blank = true;
        break;
    case LINE_FROM:
        mbox->blank_len = 0;
        *out = release(mbox, held_from_line(mbox));
        *event = MBOX_FROM_LINE;
        mbox->any = true;
        mbox->had_blank = false;
        break;
    }
    begin_line(mbox);
    return *event == MBOX_FROM_LINE || out->len != 0;
}

/* Hold octets until the line is decided; false when `*in` ran out first. */
static bool take_line_beginning(struct mbox *mbox, slice *in, enum mbox_event *event,
                                slice *out)
{
    while (in->len != 0 && !mbox->in_line) {
        char byte = in->ptr[0];
        mbox->hold[mbox->hold_len++] = byte;
        *in = slice_skip(*in, 1);
        enum line line = classify(mbox, byte);
        if (line == LINE_UNDECIDED && mbox->hold_len == MBOX_HOLD_MAX) {
            line = mbox->any ? LINE_TEXT : whole_from_line(mbox);
        }
        if (decide(mbox, line, event, out)) {
            return true;
        }
    }
    return false;
}

/* A line that begins with one of these needs a closer look. */
static bool may_be_framing(char byte)
{
    return byte == 'F' || byte == '>' || byte == '\n' || byte == '\r';
}

/* The rest of this line and whole lines behind it that cannot be framing. */
static slice take_text(struct mbox *mbox, slice *in)
{
    size_t at = 0;
    while (at < in->len) {
        slice rest = slice_skip(*in, at);
        size_t end = slice_find_byte(rest, '\n');
        if (end == rest.len) {
            at = in->len;
            break;
        }
        at += end + 1;
        mbox->in_line = at < in->len && !may_be_framing(in->ptr[at]);
        if (!mbox->in_line) {
            break;
        }
    }
    slice text = slice_first(*in, at);
    *in = slice_skip(*in, at);
    return text;
}

/* The file is over: what is held is decided by what is there. */
static enum mbox_event finish(struct mbox *mbox, slice *out)
{
    enum mbox_event event = MBOX_END;
    if (mbox->hold_len == 0) {
        return MBOX_END; /* an empty line at the very end belongs to no message */
    }
    enum line line = mbox->matched == from.len ? whole_from_line(mbox) : LINE_TEXT;
    return decide(mbox, line, &event, out) ? event : MBOX_END;
}

enum mbox_event mbox_next(struct mbox *mbox, slice *in, bool last, slice *out)
{
    enum mbox_event event;
    if (mbox->in_line && in->len != 0) {
        *out = take_text(mbox, in);
        return MBOX_BYTES;
    }
    if (take_line_beginning(mbox, in, &event, out)) {
        return event;
    }
    return last ? finish(mbox, out) : MBOX_NEEDS_INPUT;
}
