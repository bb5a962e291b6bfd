/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"

/* addresses: lists of them in another order or form, and an author whom a list replaced. */

enum { ADDRESSES_MAX = 16, PERMUTED_MAX = 4, MAILBOX_MAX = 320 };

struct address {
    slice whole;
    slice phrase; /* display name without quotes */
    bool quoted;
    slice mailbox; /* without angle brackets */
    bool angled;
    slice comment; /* "(Jo)" behind it, without the parentheses */
};

struct list {
    struct address items[ADDRESSES_MAX];
    size_t count;
};

/* ---- reading ---------------------------------------------------------------------------- */

/* Up to the next comma that stands in no quotes, comment or brackets. */
static slice take_item(slice *in)
{
    size_t at = 0;
    int depth = 0;
    bool quoted = false;
    for (; at < in->len; at++) {
        char octet = in->ptr[at];
        if (octet == '\\') {
            at++;
        } else if (octet == '"') {
            quoted = !quoted;
        } else if (!quoted && (octet == '(' || octet == '<')) {
            depth++;
        } else if (!quoted && (octet == ')' || octet == '>')) {
            depth--;
        } else if (!quoted && depth <= 0 && octet == ',') {
            break;
        }
    }
    slice item = slice_trim_fws(slice_first(*in, at));
    *in = slice_skip(*in, at + 1);
    return item;
}

static bool strip(slice *text, char open, char close)
{
    if (text->len < 2 || text->ptr[0] != open || text->ptr[text->len - 1] != close) {
        return false;
    }
    *text = slice_between(*text, 1, text->len - 1);
    return true;
}

static struct address read_address(slice item)
{
    struct address out = {.whole = item};
    size_t open = slice_find_last_byte(item, '<');
    if (open < item.len && slice_ends_with(item, SLICE(">"))) {
        out.angled = true;
        out.mailbox = slice_between(item, open + 1, item.len - 1);
        out.phrase = slice_trim_fws(slice_first(item, open));
        out.quoted = strip(&out.phrase, '"', '"');
        return out;
    }
    size_t comment = slice_find_byte(item, '(');
    out.mailbox = slice_trim_fws(slice_first(item, comment));
    out.comment = slice_skip(item, comment);
    (void)strip(&out.comment, '(', ')');
    return out;
}

static bool read_list(slice value, struct list *out)
{
    slice rest = slice_trim_fws(value);
    out->count = 0;
    while (rest.len != 0 && out->count < ADDRESSES_MAX) {
        slice item = take_item(&rest);
        if (item.len != 0) {
            out->items[out->count++] = read_address(item);
        }
    }
    return rest.len == 0 && out->count != 0;
}

/* ---- other forms of one ----------------------------------------------------------------- */

enum form {
    FORM_QUOTED,
    FORM_PLAIN,
    FORM_ANGLED,
    FORM_BARE,
    FORM_COMMENT,
    FORM_NAMED,
    FORM_SELF,
    FORM_TIGHT,
    FORMS
};

static const char *const form_texts[FORMS] = {
    "quotes around a name were removed",
    "quotes were put around a name",
    "angle brackets around an address were removed",
    "angle brackets were put around an address",
    "a name in parentheses was put in front",
    "a name was put in parentheses behind its address",
    "a name that is the address itself was removed",
    "white space was put before an angle bracket",
};

/* How a form writes an address; the text as it stands where the form says nothing. */
static slice write_form(struct autopsy_header *header, const struct address *a,
                        enum form form)
{
    slice space = a->phrase.len == 0 ? SLICE_NONE : SLICE(" ");
    slice mailbox = AUTOPSY_JOIN(header, SLICE("<"), a->mailbox, SLICE(">"));
    bool named = a->angled && a->phrase.len != 0;
    switch (form) {
    case FORM_QUOTED:
        return !named ? a->whole
                      : AUTOPSY_JOIN(header, SLICE("\""), a->phrase, SLICE("\""), space,
                                     mailbox);
    case FORM_PLAIN:
        return !named ? a->whole : AUTOPSY_JOIN(header, a->phrase, space, mailbox);
    case FORM_ANGLED:
        return a->angled ? a->whole : mailbox;
    case FORM_BARE:
        return a->mailbox;
    case FORM_COMMENT:
        return !named
                   ? a->whole
                   : AUTOPSY_JOIN(header, a->mailbox, SLICE(" ("), a->phrase, SLICE(")"));
    case FORM_NAMED:
        return a->comment.len == 0
                   ? a->whole
                   : AUTOPSY_JOIN(header, a->comment, SLICE(" "), mailbox);
    case FORM_SELF:
        return AUTOPSY_JOIN(header, SLICE("\""), a->mailbox, SLICE("\" "), mailbox);
    case FORM_TIGHT:
        return !named
                   ? a->whole
                   : AUTOPSY_JOIN(header, a->quoted ? SLICE("\"") : SLICE_NONE, a->phrase,
                                  a->quoted ? SLICE("\"") : SLICE_NONE, mailbox);
    case FORMS:
        break;
    }
    return a->whole;
}

static slice front_of(slice value)
{
    slice text = slice_trim_fws(value);
    return slice_first(value, text.len == 0 ? 0 : slice_offset(value, text));
}

static slice write_list(struct autopsy_header *header, slice front, const slice *items,
                        size_t count)
{
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    buf_add(&buf, front);
    for (size_t i = 0; i < count; i++) {
        buf_add(&buf, i == 0 ? SLICE_NONE : SLICE(", "));
        buf_add(&buf, items[i]);
    }
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

static void propose_forms(struct autopsy_header *header,
                          const struct autopsy_place *place, const struct list *list)
{
    slice front = front_of(place->field->value);
    for (int form = 0; form < FORMS; form++) {
        /* All of them, then each by itself. */
        for (size_t only = 0; only <= list->count && (only == 0 || list->count > 1);
             only++) {
            slice items[ADDRESSES_MAX];
            for (size_t i = 0; i < list->count; i++) {
                items[i] = only == 0 || only == i + 1
                               ? write_form(header, &list->items[i], (enum form)form)
                               : list->items[i].whole;
            }
            autopsy_propose(header, place, AUTOPSY_ADDRESSES_REWRITTEN,
                            AUTOPSY_RANK_POSSIBLE, form_texts[form],
                            write_list(header, front, items, list->count));
        }
    }
}

/* ---- another order ---------------------------------------------------------------------- */

static void propose_order(struct autopsy_header *header,
                          const struct autopsy_place *place, const slice *items,
                          size_t count)
{
    autopsy_propose(header, place, AUTOPSY_ADDRESSES_REORDERED, AUTOPSY_RANK_POSSIBLE,
                    "its addresses were put in another order",
                    write_list(header, front_of(place->field->value), items, count));
}

/* Number `number` of the orders of `count` items. */
static void permute(const struct list *list, size_t number, slice *items)
{
    size_t left[PERMUTED_MAX];
    size_t count = list->count;
    for (size_t i = 0; i < count; i++) {
        left[i] = i;
    }
    for (size_t i = 0; i < list->count; i++, count--) {
        size_t pick = number % count;
        number /= count;
        items[i] = list->items[left[pick]].whole;
        memmove(left + pick, left + pick + 1, (count - pick - 1) * sizeof(*left));
    }
}

/* One address moved from one place to another. */
static void propose_moves(struct autopsy_header *header,
                          const struct autopsy_place *place, const struct list *list)
{
    for (size_t from = 0; from < list->count; from++) {
        for (size_t to = 0; to < list->count; to++) {
            slice items[ADDRESSES_MAX];
            size_t fill = 0;
            for (size_t i = 0; i < list->count; i++) {
                if (i != from) {
                    items[fill++] = list->items[i].whole;
                }
            }
            memmove(items + to + 1, items + to, (fill - to) * sizeof(*items));
            items[to] = list->items[from].whole;
            propose_order(header, place, items, list->count);
        }
    }
}

static void propose_orders(struct autopsy_header *header,
                           const struct autopsy_place *place, const struct list *list)
{
    static const size_t factorials[] = {1, 1, 2, 6, 24};
    slice items[ADDRESSES_MAX];
    for (size_t i = 0; i < list->count; i++) {
        items[i] = list->items[list->count - 1 - i].whole;
    }
    propose_order(header, place, items, list->count);
    if (list->count > PERMUTED_MAX) {
        propose_moves(header, place, list);
        return;
    }
    for (size_t i = 1; i < factorials[list->count]; i++) {
        permute(list, i, items);
        propose_order(header, place, items, list->count);
    }
}

static void propose_fewer(struct autopsy_header *header,
                          const struct autopsy_place *place, const struct list *list)
{
    for (size_t drop = 0; drop < list->count && list->count > 1; drop++) {
        slice items[ADDRESSES_MAX];
        size_t fill = 0;
        for (size_t i = 0; i < list->count; i++) {
            if (i != drop) {
                items[fill++] = list->items[i].whole;
            }
        }
        autopsy_propose(header, place, AUTOPSY_ADDRESSES_REWRITTEN, AUTOPSY_RANK_POSSIBLE,
                        "an address was added",
                        write_list(header, front_of(place->field->value), items, fill));
    }
}

void autopsy_propose_addresses(struct autopsy_header *header,
                               const struct autopsy_place *place)
{
    static const char *const names[] = {"From", "To", "Cc", "Reply-To", "Sender"};
    struct list list;
    bool named = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        named |= autopsy_is_named(place, names[i]);
    }
    if (!named || !read_list(place->field->value, &list)) {
        return;
    }
    propose_forms(header, place, &list);
    propose_fewer(header, place, &list);
    propose_orders(header, place, &list);
}

/* ---- the author ------------------------------------------------------------------------- */

struct author {
    struct autopsy_header *header;
    const struct autopsy_place *place;
    slice front;
    slice name; /* of the From at hand, without what a list put into it; may be empty */
};

static void propose_author(const struct author *at, slice text)
{
    autopsy_propose(at->header, at->place, AUTOPSY_FROM_REPLACED, AUTOPSY_RANK_LIKELY,
                    "the author was replaced", AUTOPSY_JOIN(at->header, at->front, text));
}

/* "'Jo' via List", "Jo via List", "Jo (list)" */
static slice name_before_via(slice phrase)
{
    slice name = slice_trim_fws(slice_first(phrase, slice_find(phrase, SLICE(" via "))));
    (void)strip(&name, '\'', '\'');
    return name;
}

static void propose_mailbox(const struct author *at, const struct address *address)
{
    struct autopsy_header *header = at->header;
    slice mailbox = AUTOPSY_JOIN(header, SLICE("<"), address->mailbox, SLICE(">"));
    const slice names[] = {address->phrase, at->name};
    if (address->mailbox.len == 0 || address->mailbox.len > MAILBOX_MAX) {
        return;
    }
    propose_author(at, address->whole);
    for (size_t i = 0; i < 2; i++) {
        if (names[i].len != 0) {
            propose_author(at, AUTOPSY_JOIN(header, names[i], SLICE(" "), mailbox));
            propose_author(
                at, AUTOPSY_JOIN(header, SLICE("\""), names[i], SLICE("\" "), mailbox));
        }
    }
    propose_author(at, address->mailbox);
    propose_author(at, mailbox);
}

static void propose_source(const struct author *at, const struct message_field *source)
{
    struct list list;
    propose_author(at, autopsy_value_text(source->value));
    if (read_list(source->value, &list)) {
        for (size_t i = 0; i < list.count && i < 4; i++) {
            propose_mailbox(at, &list.items[i]);
        }
    }
}

/*
 * The author's own address, where the one that a list put into From still tells it:
 * "jo=example.org@groups.example", "jo=40example.org@list.example" (IETF), and
 * "jo@example.org.invalid" (Apache).
 */
static slice hidden_mailbox(const struct author *at, slice mailbox)
{
    static const slice invalid = SLICE_INIT(".invalid");
    slice local = slice_first(mailbox, slice_find_last_byte(mailbox, '@'));
    size_t mark = slice_find_last_byte(local, '=');
    if (slice_ends_with_nocase(mailbox, invalid)) {
        return slice_first(mailbox, mailbox.len - invalid.len);
    }
    if (mark == local.len || local.len == mailbox.len) {
        return SLICE_NONE;
    }
    slice domain = slice_skip(local, mark + 1);
    (void)slice_take(&domain, SLICE("40"));
    return AUTOPSY_JOIN(at->header, slice_first(local, mark), SLICE("@"), domain);
}

static void propose_hidden(const struct author *at, const struct address *address)
{
    struct address author = {.mailbox = hidden_mailbox(at, address->mailbox)};
    if (author.mailbox.len != 0) {
        author.whole = author.mailbox;
        propose_mailbox(at, &author);
    }
}

/* Where lists and gateways leave what they take out of From. */
void autopsy_propose_authors(struct autopsy_header *header,
                             const struct autopsy_place *place)
{
    static const char *const names[] = {"X-Original-From",
                                        "X-Orig-From",
                                        "X-Mailman-Original-From",
                                        "X-Google-Original-From",
                                        "Original-From",
                                        "X-Original-Sender",
                                        "X-MailFrom",
                                        "Author",
                                        "Reply-To",
                                        "Resent-From",
                                        "X-From",
                                        "X-Sender",
                                        "Cc"};
    const struct message_header *message = header->work->input->header;
    struct list list;
    struct author at = {
        .header = header, .place = place, .front = front_of(place->field->value)};
    if (read_list(place->field->value, &list)) {
        at.name = name_before_via(list.items[0].phrase);
        propose_hidden(&at, &list.items[0]);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t index = 0;
        const struct message_field *source =
            message_find_field(message, names[i], 0, &index);
        if (source != NULL && source != place->field) {
            propose_source(&at, source);
        }
    }
}
