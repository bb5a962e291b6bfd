/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What cannot be explained is said to be so, and what nobody changed has no autopsy. */

#define HEAD                                                                             \
    "From: Jo Doe <jo@example.org>\r\n"                                                  \
    "To: Ann <ann@example.com>, bob@example.com\r\n"                                     \
    "Subject: Dinner tonight\r\n"                                                        \
    "Date: Fri, 06 Nov 2026 11:22:33 +0000 (UTC)\r\n"                                    \
    "Message-ID: <1@example.org>\r\n"

static const char plain[] = HEAD "\r\nHello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n";

static const char alternative[] =
    HEAD "MIME-Version: 1.0\r\n"
         "Content-Type: multipart/alternative; boundary=\"frontier\"\r\n\r\n"
         "--frontier\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n"
         "Grüße,\r\nis dinner ready?\r\n"
         "--frontier\r\nContent-Type: text/html\r\n\r\n"
         "<html><body><p>Is dinner ready?</p></body></html>\r\n"
         "--frontier--\r\n";

struct row {
    const char *why;
    const char *message;
    struct sign_options options;
    struct autopsy_edit edits[4];
    enum autopsy_state header;
    enum autopsy_state body;
};

#define SIGNED AUTOPSY_AS_SIGNED
#define OPEN   AUTOPSY_UNEXPLAINED
#define SIMPLE                                                                           \
    {                                                                                    \
        .canon = "simple/simple"                                                         \
    }

static const struct row rows[] = {
  /* Nothing that matters was changed. */
    {"untouched",                    plain,       {0},                           {{NULL}},                                   SIGNED, SIGNED},
    {"untouched, simple",            plain,       SIMPLE,                        {{NULL}},                                   SIGNED, SIGNED},
    {"untouched, of several parts",  alternative, {0},                           {{NULL}},                                   SIGNED, SIGNED},
    {"white space, relaxed",
     plain,                                       {0},
     {{"is dinner ready", "is   dinner\tready"}, {"Subject: ", "Subject:\r\n  "}},
     SIGNED,                                                                                                                         SIGNED},
    {"blank lines at the end",       plain,       SIMPLE,                        {{"", "\r\n\r\n"}},                         SIGNED, SIGNED},
    {"a field that is not signed",
     plain,                                       {0},
     {{"To: Ann", "X-Spam: no\r\nTo: Ann"}},
     SIGNED,                                                                                                                         SIGNED},
    {"text behind l=",               plain,       {.length = "20"},              {{"", "more\r\n"}},                         SIGNED, SIGNED},
 /* The body. */
    {"a letter",                     plain,       {0},                           {{"ready", "Ready"}},                       SIGNED, OPEN  },
    {"a word replaced",              plain,       {0},                           {{"dinner ready", "supper ready"}},         SIGNED, OPEN  },
    {"a word taken out",             plain,       {0},                           {{"dinner ready", "dinner"}},               SIGNED, OPEN  },
    {"a line taken out",             plain,       {0},                           {{"is dinner ready?\r\n", ""}},             SIGNED, OPEN  },
    {"the last line taken out",      plain,       {0},                           {{"\r\nJo\r\n", "\r\n"}},                   SIGNED, OPEN  },
    {"lines swapped",
     plain,                                       {0},
     {{"Hello,\r\n\r\nis dinner ready?\r\n", "is dinner ready?\r\n\r\nHello,\r\n"}},
     SIGNED,                                                                                                                         OPEN  },
    {"the first letter",             plain,       {0},                           {{"Hello", "hello"}},                       SIGNED, OPEN  },
    {"a change and a footer",
     plain,                                       {0},
     {{"Hello", "hello"}, {"", "____\r\nlist\r\n"}},
     SIGNED,                                                                                                                         OPEN  },
    {"two words",                    plain,       {0},                           {{"Hello", "Hi"}, {"ready", "done"}},       SIGNED, OPEN  },
    {"a body replaced",
     plain,                                       {0},
     {{"Hello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n", "Buy this!\r\n"}},
     SIGNED,                                                                                                                         OPEN  },
    {"a body that is gone",
     plain,                                       {0},
     {{"Hello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n", ""}},
     SIGNED,                                                                                                                         OPEN  },
    {"text before l=",               plain,       {.length = "20"},              {{"Hello", "hello"}},                       SIGNED, OPEN  },
    {"less than l=",                 plain,       {.length = "500"},             {{NULL}},                                   SIGNED, OPEN  },
    {"a part taken out",
     alternative,                                 {0},
     {{"--frontier\r\nContent-Type: text/html\r\n\r\n<html><body><p>Is dinner "
       "ready?</p></body></html>\r\n",
       ""}},
     SIGNED,                                                                                                                         OPEN  },
    {"another boundary",
     alternative,                                 {0},
     {{"\"frontier\"", "\"x\""},
      {"--frontier\r\n", "--x\r\n"},
      {"--frontier\r\n", "--x\r\n"},
      {"--frontier--", "--x--"}},
     SIGNED,                                                                                                                         OPEN  },
    {"words in both parts",
     alternative,                                 {0},
     {{"is dinner", "is supper"}, {"Is dinner", "Is supper"}},
     SIGNED,                                                                                                                         OPEN  },
    {"a charset converted",
     alternative,                                 {0},
     {{"Grüße", "Gr\xfc\xdf"
                "e"}},
     SIGNED,                                                                                                                         OPEN  },
    {"trailing space gone, simple",
     HEAD "\r\nHello \r\n",
     SIMPLE,                                                                     {{"Hello ", "Hello"}},
     SIGNED,                                                                                                                         OPEN  },
    {"links nobody can read",
     HEAD "\r\nSee https://example.org/a\r\n",
     {0},
     {{"https://example.org/a", "https://protect-eu.mimecast.example/s/abc"}},
     SIGNED,                                                                                                                         OPEN  },
    {"links to another place",
     HEAD "\r\nSee https://example.org/a\r\n",
     {0},
     {{"https://example.org/a", "https://nam02.safelinks.protection.outlook.com/"
                                "?url=https%3A%2F%2Fevil.example%2F&data=1"}},
     SIGNED,                                                                                                                         OPEN  },
 /* The header. */
    {"a word of the Subject",        plain,       {0},                           {{"Dinner", "Supper"}},                     OPEN,   SIGNED},
    {"a letter of the Subject",      plain,       {0},                           {{"Dinner", "dinner"}},                     OPEN,   SIGNED},
    {"the Subject taken out",
     plain,                                       {0},
     {{"Subject: Dinner tonight\r\n", ""}},
     OPEN,                                                                                                                           SIGNED},
    {"a tag and another word",       plain,       {0},                           {{"Dinner", "[list] Supper"}},              OPEN,   SIGNED},
    {"another author",
     plain,                                       {0},
     {{"Jo Doe <jo@example.org>", "Eve <eve@example.org>"}},
     OPEN,                                                                                                                           SIGNED},
    {"an author nobody saved",
     plain,                                       {0},
     {{"Jo Doe <jo@example.org>", "Jo via List <list@lists.example>"}},
     OPEN,                                                                                                                           SIGNED},
    {"a wrong author saved",
     plain,                                       {0},
     {{"Jo Doe <jo@example.org>", "L <list@lists.example>\r\nReply-To: eve@example.org"}},
     OPEN,                                                                                                                           SIGNED},
    {"another Message-ID",
     plain,                                       {.fields = "From:Message-ID"},
     {{"<1@example.org>", "<2@example.org>"}},
     OPEN,                                                                                                                           SIGNED},
    {"another day",                  plain,       {0},                           {{"06 Nov", "07 Nov"}},                     OPEN,   SIGNED},
    {"another recipient",            plain,       {0},                           {{"bob@", "eve@"}},                         OPEN,   SIGNED},
    {"a recipient taken out",        plain,       {0},                           {{", bob@example.com", ""}},                OPEN,   SIGNED},
    {"copies that are wrong",
     plain,                                       {.more = "z=Subject:Lunch;"},
     {{"Dinner", "Supper"}},
     OPEN,                                                                                                                           SIGNED},
    {"h= itself",                    plain,       {0},                           {{"From:To:", "From:Cc:"}},                 OPEN,   SIGNED},
 /* bh= is a part of the header. */
    {"a body and its hash replaced",
     plain,                                       {0},
     {{"bh=", "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; x-bh="},
      {"Hello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n", ""}},
     OPEN,                                                                                                                           SIGNED},
    {"both",                         plain,       {0},                           {{"Dinner", "Supper"}, {"ready", "Ready"}}, OPEN,   OPEN  },
};

static bool run_row(struct autopsy_case *c, const struct row *row,
                    const struct sign_key *key)
{
    const struct autopsy_finding *found = &c->finding;
    case_sign(c, key, &row->options, row->message);
    for (size_t i = 0; i < 4 && row->edits[i].from != NULL; i++) {
        case_edit(c, row->edits[i].from, row->edits[i].to);
    }
    case_perform(c);
    bool holds = row->header == SIGNED && row->body == SIGNED;
    enum autopsy_kind kind = holds ? AUTOPSY_UNTOUCHED : AUTOPSY_UNRECOGNISED;
    if (found->kind != kind || found->header != row->header || found->body != row->body ||
        found->count != 0 ||
        found->confidence != (holds ? AUTOPSY_CERTAIN : AUTOPSY_NONE)) {
        printf("# %s: %s (%s): %.*s\n", row->why, autopsy_kind_text(found->kind),
               autopsy_confidence_text(found->confidence), SLICE_ARG(found->text));
        return false;
    }
    return true;
}

static void nothing_is_claimed_of_what_cannot_be_undone(void **state)
{
    struct autopsy_case *c = *state;
    size_t misjudged = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        misjudged += !run_row(c, &rows[i], c->rsa);
        misjudged += !run_row(c, &rows[i], c->ed25519);
    }
    assert_int_equal(misjudged, 0);
}

/* Any octet of text, all over the message. */
static void no_single_octet_is_explained_away(void **state)
{
    struct autopsy_case *c = *state;
    static const char message[] = "From: Jo Doe <jo@example.org>\r\n"
                                  "To: Ann <ann@example.com>, bob@example.com\r\n"
                                  "Subject: Dinner tonight\r\n"
                                  "Date: Fri, 06 Nov 2026 11:22:33 +0100\r\n\r\n"
                                  "Hello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n";
    for (size_t at = 0; at < strlen(message); at++) {
        case_sign(c, c->rsa, &(struct sign_options){0}, message);
        char *octet = c->message.ptr + c->message.len - strlen(message) + at;
        if (*octet <= ' ' || *octet == ':') {
            continue;
        }
        *octet = *octet == 'x' ? 'y' : 'x';
        case_perform(c);
        if (c->finding.kind != AUTOPSY_UNRECOGNISED || c->finding.count != 0) {
            fail_msg("octet %zu: %.*s", at, SLICE_ARG(c->finding.text));
        }
    }
}

static void another_rsa_key_is_known_by_itself(void **state)
{
    struct autopsy_case *c = *state;
    struct sign_key *other = sign_key_new(SIGN_RSA_1024);
    struct sign_key *large = sign_key_new(SIGN_RSA_4096);
    case_sign(c, other, &(struct sign_options){0}, plain);
    c->key = c->rsa;
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_OTHER_KEY);
    assert_int_equal(c->finding.confidence, AUTOPSY_CERTAIN);
    assert_int_equal(c->finding.count, 0);
    c->key = large;
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_OTHER_KEY);
    /* What follows from bh= is no more than likely then. */
    case_edit(c, "", "-- \r\nlist\r\n");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_FOOTER_ADDED);
    assert_int_equal(c->finding.confidence, AUTOPSY_LIKELY);
    sign_key_free(large);
    sign_key_free(other);
}

static void a_damaged_signature_proves_nothing(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_edit(c, "\tb=", "\tb=AAAA");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_OTHER_KEY);
    case_sign(c, c->ed25519, &(struct sign_options){0}, plain);
    case_edit(c, "\tb=", "\tb=AAAA");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    assert_int_equal(c->finding.count, 0);
}

static void another_ed25519_key_is_not_recognised(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->ed25519, &(struct sign_options){.signature = "AAAA"}, plain);
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    assert_int_equal(c->finding.header, AUTOPSY_UNEXPLAINED);
    assert_int_equal(c->finding.body, AUTOPSY_AS_SIGNED);
}

static void a_key_of_another_type_is_refused(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    c->key = c->ed25519;
    case_perform(c);
    assert_true(c->refused);
    case_sign(c, c->rsa, &(struct sign_options){.algorithm = "rsa-md5"}, plain);
    case_perform(c);
    assert_true(c->refused);
}

/* The header is changed beyond recognition, the body has a footer: bh= is not proved. */
static void what_only_bh_shows_is_likely(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_edit(c, "Dinner", "Supper");
    case_edit(c, "", "-- \r\nlist\r\n");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_FOOTER_ADDED);
    assert_int_equal(c->finding.confidence, AUTOPSY_LIKELY);
    assert_int_equal(c->finding.header, AUTOPSY_UNEXPLAINED);
    assert_int_equal(c->finding.body, AUTOPSY_EXPLAINED);
}

static void a_known_header_beside_an_unknown_body_is_told_so(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_edit(c, "Subject: ", "Subject: [list] ");
    case_edit(c, "ready", "Ready");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_SUBJECT_TAGGED);
    assert_int_equal(c->finding.confidence, AUTOPSY_CERTAIN);
    assert_int_equal(c->finding.body, AUTOPSY_UNEXPLAINED);
    assert_true(slice_find(c->finding.text, SLICE("no known change")) <
                c->finding.text.len);
}

static void a_finding_names_place_and_text(void **state)
{
    struct autopsy_case *c = *state;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_edit(c, "", "____\r\nlist \x1b[31m mail\r\n");
    case_perform(c);
    const struct autopsy_change *change = &c->finding.changes[0];
    size_t body = strlen(strstr(plain, "\r\n\r\n")) - 4;
    assert_int_equal(c->finding.count, 1);
    assert_int_equal(change->offset, body);
    assert_int_equal(change->length, 23);
    assert_int_equal(change->field.len, 0);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "a footer of 23 bytes was added after byte %zu of the body: \"____ list "
             "\\x1b[31m mail\"",
             body);
    assert_int_equal(change->text.len, strlen(expected));
    assert_memory_equal(change->text.ptr, expected, strlen(expected));

    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_edit(c, "Subject: ", "Subject: [list] ");
    case_perform(c);
    change = &c->finding.changes[0];
    assert_true(slice_eq(change->field, SLICE("Subject")));
    assert_true(slice_eq(change->text,
                         SLICE("Subject: a tag was put in front; signed was \"Dinner "
                               "tonight\", here is \"[list] Dinner tonight\"")));
}

/* Places are those of the text at hand, not of one in which something was undone. */
static void a_footer_below_something_else_is_where_it_stands(void **state)
{
    struct autopsy_case *c = *state;
    static const char footer[] = "____\r\nlist\r\n";
    case_sign(c, c->rsa, &(struct sign_options){0},
              HEAD "\r\nFrom a\r\nFrom b\r\nFrom c\r\n");
    case_edit_all(c, "\nFrom ", "\n>From ");
    case_edit(c, "", footer);
    case_perform(c);
    assert_int_equal(c->finding.count, 2);
    const struct autopsy_change *change = &c->finding.changes[1];
    assert_int_equal(c->finding.changes[0].kind, AUTOPSY_FROM_QUOTED);
    assert_int_equal(change->kind, AUTOPSY_FOOTER_ADDED);
    assert_int_equal(change->offset, strlen(">From a\r\n>From b\r\n>From c\r\n"));
    assert_int_equal(change->length, strlen(footer));
    assert_true(slice_find(change->text, SLICE("after byte 27 of")) < change->text.len);
}

/* Eight are named at most: that there are more is not kept quiet. */
static void changes_that_are_not_named_are_told_of(void **state)
{
    struct autopsy_case *c = *state;
    struct naive_text message = {NULL, 0}, fields = {NULL, 0}, copies = {NULL, 0};
    naive_add(&fields, "From", 4);
    naive_add(&copies, "z=From:jo@example.org", 21);
    for (int i = 0; i < 10; i++) {
        char text[40];
        int length = snprintf(text, sizeof(text), "X-%d: old%d\r\n", i, i);
        naive_add(&message, text, (size_t)length);
        length = snprintf(text, sizeof(text), ":X-%d", i);
        naive_add(&fields, text, (size_t)length);
        length = snprintf(text, sizeof(text), "|X-%d:old%d", i, i);
        naive_add(&copies, text, (size_t)length);
    }
    naive_add(&message, "From: jo@example.org\r\n\r\nHello\r\n", 31);
    naive_add(&copies, "; ", 2);
    case_sign(c, c->rsa, &(struct sign_options){.fields = fields.ptr, .more = copies.ptr},
              message.ptr);
    case_edit_all(c, ": old", ": new");
    case_perform(c);
    assert_int_equal(c->finding.header, AUTOPSY_EXPLAINED);
    assert_int_equal(c->finding.count, AUTOPSY_CHANGES_MAX);
    assert_true(slice_find(c->finding.text, SLICE("; and 2 other changes; ")) <
                c->finding.text.len);
    free(message.ptr);
    free(fields.ptr);
    free(copies.ptr);
}

static void a_body_that_was_not_kept_is_not_looked_into(void **state)
{
    struct autopsy_case *c = *state;
    c->without_body = true;
    case_sign(c, c->rsa, &(struct sign_options){0}, plain);
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_TOO_LARGE);
    assert_int_equal(c->finding.header, AUTOPSY_AS_SIGNED);
    case_edit(c, "Subject: ", "Subject: [list] ");
    case_perform(c);
    assert_int_equal(c->finding.kind, AUTOPSY_SUBJECT_TAGGED);
    assert_int_equal(c->finding.body, AUTOPSY_NOT_LOOKED_AT);
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(nothing_is_claimed_of_what_cannot_be_undone),
        WITH_CASE(no_single_octet_is_explained_away),
        WITH_CASE(another_rsa_key_is_known_by_itself),
        WITH_CASE(a_damaged_signature_proves_nothing),
        WITH_CASE(another_ed25519_key_is_not_recognised),
        WITH_CASE(a_key_of_another_type_is_refused),
        WITH_CASE(what_only_bh_shows_is_likely),
        WITH_CASE(a_known_header_beside_an_unknown_body_is_told_so),
        WITH_CASE(a_finding_names_place_and_text),
        WITH_CASE(a_footer_below_something_else_is_where_it_stands),
        WITH_CASE(changes_that_are_not_named_are_told_of),
        WITH_CASE(a_body_that_was_not_kept_is_not_looked_into),
    };
    return cmocka_run_group_tests_name("autopsy honesty", tests, NULL, NULL);
}
