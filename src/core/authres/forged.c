/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/scan.h"
#include "core/base/ascii.h"
#include "core/base/num.h"
#include "core/base/utf8.h"
#include "core/domain/domain.h"

/*
 * Which fields of others must go (RFC 8601 section 5).
 *
 * The reader that must not be fooled is not this one but the one behind us, and it may be a
 * poor one.  So a field stays only when it is plain that it speaks for somebody else:
 * wherever a careless reader might see our name, or might see another line, it goes.
 */

/* No host name is longer than 253 octets, no honest identifier than this. */
enum { ID_OCTETS_MAX = 1024, ARENA_BYTES = 32 * 1024 };

/* A line end that folds nothing: to a reader that ends lines at a bare CR or LF, what
   follows is a field of its own. */
static bool hides_a_line(slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\r' && (i + 1 == value.len || value.ptr[i + 1] != '\n')) {
            return true;
        }
        if (c == '\n' && i + 1 < value.len && !ascii_is_wsp(value.ptr[i + 1])) {
            return true;
        }
    }
    return false;
}

/* Visible characters only; nothing that a reader might trim, skip or stop at. */
static bool is_plain_text(slice id)
{
    while (id.len != 0) {
        size_t length = utf8_visible_length(id);
        if (length == 0 || id.ptr[0] == ' ') {
            return false;
        }
        id = slice_skip(id, length);
    }
    return true;
}

/* authserv-id, escapes removed into `room`.  False when it is none, or an odd one. */
static bool take_id(slice *in, char room[ID_OCTETS_MAX], slice *out)
{
    slice inner;
    size_t length = 0;
    if (slice_peek(*in) != '"') {
        *out = scan_run(in, scan_is_token);
    } else {
        if (scan_quoted(in, &inner) != NULL || inner.len > ID_OCTETS_MAX) {
            return false;
        }
        for (int octet; (octet = scan_unescape(&inner)) >= 0;) {
            room[length++] = (char)octet;
        }
        *out = slice_of(room, length);
    }
    return out->len != 0 && out->len <= ID_OCTETS_MAX && is_plain_text(*out);
}

/* Behind the identifier: nothing, ";", or the one version that we and our readers know. */
static bool take_version(slice *in)
{
    slice behind = *in;
    uint64_t version;
    if (!scan_cfws(in, NULL)) {
        return false;
    }
    if (ascii_is_digit(slice_peek(*in))) {
        if (behind.len == in->len || num_take_uint(in, UINT32_MAX, &version) != YETT_OK ||
            version != 1 || !scan_cfws(in, NULL)) {
            return false;
        }
    }
    return in->len == 0 || slice_peek(*in) == ';';
}

static bool has_a_label(slice id)
{
    return slice_starts_with_nocase(id, SLICE("xn--")) ||
           slice_find_nocase(id, SLICE(".xn--")) < id.len;
}

static bool is_ascii(slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if ((unsigned char)id.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* To the form in which A-labels and U-labels of one name are equal.  False when the name
   has labels that only look like either. */
static bool canonical(struct arena *arena, slice id, slice *out)
{
    slice letters = id;
    if (is_ascii(id) && (domain_to_unicode(arena, id, &letters) != YETT_OK ||
                         (has_a_label(id) && slice_eq(letters, id)))) {
        return false;
    }
    return domain_normalize(arena, letters, out) == YETT_OK;
}

/* Equal once both are canonical, or not to be told. */
static bool may_be_equal(slice id, slice ours)
{
    slice id_form;
    slice our_form;
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        return true;
    }
    bool may = !canonical(arena, id, &id_form);
    if (!may) {
        may = domain_eq(id_form, canonical(arena, ours, &our_form) ? our_form : ours);
    }
    arena_free(arena);
    return may;
}

static bool is_plain(slice id)
{
    return is_ascii(id) && !has_a_label(id);
}

static bool is_ours(slice id, slice ours, unsigned *close_looks)
{
    if (domain_eq(id, ours)) {
        return true;
    }
    if (is_plain(id) && is_plain(ours)) {
        return false;
    }
    if (*close_looks == 0) {
        return true;
    }
    --*close_looks;
    return may_be_equal(id, ours);
}

/* Not every reader knows that comments nest and hold escapes: in
   "(\) mx.example.org; spf=pass) other.example" some find mx.example.org. */
static bool names_us(slice comments, slice ours)
{
    return ours.len != 0 && slice_find_nocase(comments, ours) < comments.len;
}

bool authres_is_forged_of_many(slice value, slice our_authserv_id, unsigned *close_looks)
{
    char room[ID_OCTETS_MAX];
    slice in = value;
    slice id;

    if (hides_a_line(value) || !scan_cfws(&in, NULL)) {
        return true;
    }
    slice before = slice_first(value, value.len - in.len);
    if (names_us(before, our_authserv_id) || !take_id(&in, room, &id) ||
        !take_version(&in)) {
        return true;
    }
    return is_ours(id, our_authserv_id, close_looks);
}

bool authres_is_forged(slice value, slice our_authserv_id)
{
    unsigned close_looks = 1;
    return authres_is_forged_of_many(value, our_authserv_id, &close_looks);
}
