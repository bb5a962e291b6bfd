/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What particular services and programs do to mail, each in its own way. */

#define HEAD                                                                             \
    "From: Jo Doe <jo@example.org>\r\n"                                                  \
    "To: Ann <ann@example.com>\r\n"                                                      \
    "Subject: Dinner tonight\r\n"                                                        \
    "Date: Fri, 06 Nov 2026 12:22:33 +0100\r\n"                                          \
    "Message-ID: <1@example.org>\r\n"
#define FROM "From: Jo Doe <jo@example.org>\r\n"

static const char plain[] = HEAD "\r\nHello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n";

static const char apple[] =
    HEAD "X-Mailer: Apple Mail (2.3774.300.61)\r\n"
         "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.300.61\\))\r\n\r\nHello.\r\n";

#define HEAD_TEXT(subject, charset)                                                      \
    "From: Jo Doe <jo@example.org>\r\nSubject: " subject "\r\nMIME-Version: 1.0\r\n"     \
    "Content-Type: text/plain; charset=" charset "\r\n"

static const char western[] =
    HEAD_TEXT("=?iso-8859-1?Q?K=F6ln?=",
              "iso-8859-1") "Content-Transfer-Encoding: "
                            "quoted-printable\r\n\r\nGr=FC=DFe aus K=F6ln\r\n";

static const char unicode[] =
    HEAD_TEXT("=?UTF-8?Q?K=C3=B6ln?=",
              "utf-8") "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
                       "e \xe2\x80\x93 K\xc3\xb6ln\r\n";

static const char flowed[] = HEAD
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n"
    "A line that is rather long, so that a gateway finds it too long and wraps it.\r\n"
    "A short one.\r\n";

static const char attached[] =
    HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
         "Content-Type: application/pdf; name=\"a.pdf\"\r\n\r\n%PDF\r\n--b--\r\n";

#define OVERSIGNED                                                                       \
    "From:From:Reply-To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID:"       \
    "MIME-Version:MIME-Version:Content-Type:Content-Type:Content-Transfer-Encoding:"     \
    "Content-Transfer-Encoding"

static const struct autopsy_row rows[] = {
    {"Groups.io hides the author in its own address",
     plain,    {0},
     {{FROM, "From: \"Jo Doe via groups.io\" <jo=example.org@groups.io>\r\n"}},
     AUTOPSY_FROM_REPLACED,       NO_MORE               },
    {"the IETF's lists write \"=40\" for \"@\"",
     plain,    {0},
     {{FROM, "From: Jo Doe <jo=40example.org@dmarc.ietf.org>\r\n"}},
     AUTOPSY_FROM_REPLACED,       NO_MORE               },
    {"Apache's lists append \".INVALID\"",
     plain,    {0},
     {{FROM, "From: Jo Doe <jo@example.org.INVALID>\r\n"}},
     AUTOPSY_FROM_REPLACED,       NO_MORE               },
    {"Gmail sends under its user's own address",
     plain,    {0},
     {{FROM, "From: Jo Doe <jo.doe@gmail.com>\r\n"
             "X-Google-Original-From: Jo Doe <jo@example.org>\r\n"}},
     AUTOPSY_FROM_REPLACED,       NO_MORE               },
    {"SpamAssassin keeps the Subject that it tags",
     plain,    {0},
     {{"Subject: Dinner tonight", "X-Spam-Prev-Subject: Dinner tonight\r\n"
                                  "Subject: Probably spam"}},
     AUTOPSY_FIELD_REPLACED,      NO_MORE               },
    {"all fields of MIME were put in",
     plain,    {.fields = OVERSIGNED},
     {{"Message-ID: ", "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
                       "Content-Transfer-Encoding: 7bit\r\nMessage-ID: "}},
     AUTOPSY_FIELD_ADDED,         AUTOPSY_FIELD_ADDED   },
    {"all fields of MIME and a tag were put in",
     plain,    {.fields = OVERSIGNED},
     {{"Message-ID: ", "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
                       "Content-Transfer-Encoding: 7bit\r\nMessage-ID: "},
      {"\r\nSubject: ", "\r\nSubject: [list] "}},
     AUTOPSY_SUBJECT_TAGGED,      AUTOPSY_FIELD_ADDED   },
    {"MIME-Version without the comment of Apple's program",
     apple,    {.fields = "From:MIME-Version"},
     {{" (Mac OS X Mail 16.0 \\(3774.300.61\\))", ""}},
     AUTOPSY_MIME_FIELD_CHANGED,  NO_MORE               },
    {"Exchange tags, and writes the date in UTC",
     plain,    {0},
     {{"Subject: ", "Subject: [EXTERNAL] "}, {"12:22:33 +0100", "11:22:33 +0000"}},
     AUTOPSY_SUBJECT_TAGGED,      AUTOPSY_DATE_REWRITTEN},
    {"a list writes all words in UTF-8",
     western,  {0},
     {{"=?iso-8859-1?Q?K=F6ln?=", "=?utf-8?b?S8O2bG4=?="}},
     AUTOPSY_WORDS_RECODED,       NO_MORE               },
    {"a list writes words as they are, in UTF-8",
     western,  {0},
     {{"=?iso-8859-1?Q?K=F6ln?=", "K\xc3\xb6ln"}},
     AUTOPSY_WORDS_RECODED,       NO_MORE               },
    {"a gateway writes words in a western set",
     unicode,  {0},
     {{"=?UTF-8?Q?K=C3=B6ln?=", "=?iso-8859-1?Q?K=F6ln?="}},
     AUTOPSY_WORDS_RECODED,       NO_MORE               },
    {"a list writes the text in UTF-8, in base64",
     western,  {0},
     {{"quoted-printable", "base64"},
      {"=iso-8859-1\r\n", "=utf-8\r\n"},
      {"Gr=FC=DFe aus K=F6ln\r\n", "R3LDvMOfZSBhdXMgS8O2bG4NCg==\r\n"}},
     AUTOPSY_ENCODING_CHANGED,    NO_MORE               },
    {"a gateway writes the text in a western set",
     unicode,  {0},
     {{"8bit", "quoted-printable"},
      {"=utf-8\r\n", "=windows-1252\r\n"},
      {"Gr\xc3\xbc\xc3\x9f"
       "e \xe2\x80\x93 K\xc3\xb6ln",
       "Gr=FC=DFe =96 K=F6ln"}},
     AUTOPSY_ENCODING_CHANGED,    NO_MORE               },
    {"lines wrapped between words",
     flowed,   {0},
     {{"gateway finds it too long and wraps", "gateway\r\nfinds it too long and wraps"}},
     AUTOPSY_LINES_WRAPPED,       NO_MORE               },
    {"lines wrapped behind the spaces between words",
     flowed,   {0},
     {{"gateway finds it too long and wraps", "gateway \r\nfinds it too long and wraps"}},
     AUTOPSY_LINES_WRAPPED,       NO_MORE               },
    {"a field of a part folded",
     attached, {.canon = "simple/simple"},
     {{"pdf; name", "pdf;\r\n\tname"}},
     AUTOPSY_SPACE_CHANGED,       NO_MORE               },
    {"parameters in another order",
     flowed,   {.fields = "From:Content-Type"},
     {{"charset=utf-8; format=flowed", "format=flowed; charset=utf-8"}},
     AUTOPSY_MIME_FIELD_CHANGED,  NO_MORE               },
    {"a name put in parentheses",
     plain,    {0},
     {{FROM, "From: jo@example.org (Jo Doe)\r\n"}},
     AUTOPSY_ADDRESSES_REWRITTEN, NO_MORE               },
};

static void each_habit_is_recognised(void **state)
{
    struct autopsy_case *c = *state;
    size_t missed = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        missed += !case_recognises(c, &rows[i], c->rsa);
    }
    assert_int_equal(missed, 0);
}

/* Where the author's address is told by another, few verifications are needed. */
static void hidden_authors_are_found_with_ed25519(void **state)
{
    struct autopsy_case *c = *state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(case_recognises(c, &rows[i], c->ed25519));
    }
}

/* An address that has the form, but is of somebody else. */
static void a_hidden_author_is_not_believed(void **state)
{
    struct autopsy_case *c = *state;
    static const char *const froms[] = {
        "From: Jo Doe <eve=example.org@groups.io>\r\n",
        "From: Jo Doe <jo=40example.net@dmarc.ietf.org>\r\n",
        "From: Jo Doe <jo=@groups.io>\r\n",
        "From: Jo Doe <=@groups.io>\r\n",
        "From: Jo Doe <eve@example.org.invalid>\r\n",
        "From: <.invalid>\r\n",
    };
    static const struct sign_options options = {0};
    for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
        case_sign(c, c->rsa, &options, plain);
        case_edit(c, FROM, froms[i]);
        case_perform(c);
        assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
    }
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(each_habit_is_recognised),
        WITH_CASE(hidden_authors_are_found_with_ed25519),
        WITH_CASE(a_hidden_author_is_not_believed),
    };
    return cmocka_run_group_tests_name("autopsy gateways", tests, NULL, NULL);
}
