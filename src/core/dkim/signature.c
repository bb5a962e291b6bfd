/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dkim/tags.h"
#include "core/domain/domain.h"

/*
 * signature: one DKIM-Signature field (RFC 6376 section 3.5), or one of ARC's two (RFC 8617
 * section 4.1).  What is wrong first is what is reported; the tags behind it are read all the
 * same, for those who report on signatures.
 */

const char *dkim_form_text(enum dkim_form form)
{
    static const char *const names[] = {
        [DKIM_FORM_SIGNATURE] = "DKIM-Signature",
        [DKIM_FORM_MESSAGE] = "ARC-Message-Signature",
        [DKIM_FORM_SEAL] = "ARC-Seal",
    };
    return names[form];
}

static void read_tags(struct dkim_reader *reader)
{
    const struct taglist *list = &reader->out->tags;
    struct dkim_tag_rules rules = dkim_tag_rules(reader->out->form);
    const struct tag *found[DKIM_TAG_RULES_MAX] = {NULL};

    for (size_t i = 0; i < list->count; i++) {
        for (size_t rule = 0; rule < rules.count; rule++) {
            slice name = rules.list[rule].name;
            if (list->tags[i].name.ptr[0] == name.ptr[0] &&
                slice_eq(list->tags[i].name, name)) {
                found[rule] = &list->tags[i];
            }
        }
    }
    for (size_t rule = 0; rule < rules.count && reader->err == YETT_OK; rule++) {
        if (found[rule] != NULL) {
            rules.list[rule].read(reader, found[rule]);
        } else if (rules.list[rule].missing != NULL) {
            dkim_unreadable(reader, SLICE_NONE, rules.list[rule].missing);
        }
    }
}

/* Section 3.5, i=: default is "@" and the domain. */
static void default_identity(struct dkim_reader *reader)
{
    struct dkim_signature *out = reader->out;
    struct buf buf;
    if (out->identity.len != 0 || out->domain.len == 0 || reader->err != YETT_OK) {
        return;
    }
    buf_init(&buf, reader->arena, out->domain.len + 1);
    buf_add_byte(&buf, '@');
    buf_add(&buf, out->domain);
    reader->err = buf_err(&buf);
    out->identity = buf_slice(&buf);
    out->identity_domain = slice_skip(out->identity, 1);
}

/* The name that is asked for the key has to be one (RFC 1035 section 2.3.4). */
static void check_key_name(struct dkim_reader *reader)
{
    static const slice middle = SLICE_INIT("._domainkey.");
    size_t length = reader->out->selector.len + middle.len + reader->out->domain.len;
    if (length > DOMAIN_OCTETS_MAX) {
        dkim_unreadable(reader, SLICE_NONE,
                        "s= and d= make a name that is longer than DNS allows");
    }
}

static enum yett_err parse_field(struct arena *arena, enum dkim_form form,
                                 const struct message_field *field, bool is_unsigned,
                                 struct dkim_signature *out)
{
    struct taglist_error error = {0};
    struct dkim_reader reader = {.arena = arena, .out = out, .is_unsigned = is_unsigned};
    *out = (struct dkim_signature){
        .form = form,
        .field = field,
        .algorithm = DKIM_UNKNOWN_ALGORITHM,
        .body_length = DKIM_NO_LENGTH,
        .signed_at_s = DKIM_NO_TIME,
        .expires_at_s = DKIM_NO_TIME,
    };
    enum yett_err err = taglist_parse(arena, field->value, &out->tags, &error);
    if (err == YETT_BAD_SYNTAX) {
        out->tags = (struct taglist){0};
        dkim_unreadable(&reader, slice_skip(field->value, error.offset), error.why);
        return reader.err;
    }
    if (err != YETT_OK) {
        return err;
    }
    read_tags(&reader);
    default_identity(&reader);
    check_key_name(&reader);
    return reader.err;
}

enum yett_err dkim_parse_form(struct arena *arena, enum dkim_form form,
                              const struct message_field *field,
                              struct dkim_signature *out)
{
    return parse_field(arena, form, field, false, out);
}

enum yett_err dkim_parse_unsigned(struct arena *arena, enum dkim_form form,
                                  const struct message_field *field,
                                  struct dkim_signature *out)
{
    return parse_field(arena, form, field, true, out);
}

enum yett_err dkim_parse_signature(struct arena *arena, const struct message_field *field,
                                   struct dkim_signature *out)
{
    return dkim_parse_form(arena, DKIM_FORM_SIGNATURE, field, out);
}

size_t dkim_count_signed(const struct dkim_signature *signature, const char *name)
{
    slice wanted = slice_from_text(name);
    slice names = signature->signed_fields;
    slice piece;
    size_t count = 0;
    while (slice_next_piece(&names, ':', &piece)) {
        count += slice_eq_nocase(slice_trim_fws(piece), wanted) ? 1 : 0;
    }
    return count;
}

bool dkim_signs_field(const struct dkim_signature *signature, const char *name)
{
    return dkim_count_signed(signature, name) != 0;
}
