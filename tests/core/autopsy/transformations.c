/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What real lists, gateways and mail servers do to mail, and what is found of it. */

#define HEAD                                                                             \
    "From: Jo Doe <jo@example.org>\r\n"                                                  \
    "To: Ann <ann@example.com>, bob@example.com, \"Carl C.\" <carl@example.net>\r\n"     \
    "Subject: Dinner tonight\r\n"                                                        \
    "Date: Fri, 06 Nov 2026 11:22:33 +0000 (UTC)\r\n"                                    \
    "Message-ID: <1@example.org>\r\n"

static const char plain[] = HEAD "\r\nHello,\r\n\r\nis dinner ready?\r\n\r\nJo\r\n";

static const char dated[] = "From: jo@example.org\r\n"
                            "Date: Fri, 06 Nov 2026 11:22:33 +0000\r\n"
                            "Message-ID: <1@example.org>\r\n\r\nHello.\r\n";

static const char german[] =
    HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n"
         "Guten Tag,\r\n\r\nschöne Grüße aus Köln = Cologne.\r\nJürgen\r\n";

static const char html[] =
    HEAD "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
         "<html><body class=\"x\"><p>See https://example.org/a?b=1</p>\r\n"
         "<p>Bye</p></body></html>\r\n";

static const char alternative[] =
    HEAD "MIME-Version: 1.0\r\n"
         "Content-Type: multipart/alternative; boundary=\"frontier\"\r\n\r\n"
         "--frontier\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n"
         "Grüße,\r\nis dinner ready?\r\n"
         "--frontier\r\nContent-Type: text/html\r\n\r\n"
         "<html><body><p>Is dinner ready?</p></body></html>\r\n"
         "--frontier--\r\n";

static const char base64_text[] = HEAD
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n"
    "R3V0ZW4gVGFnLA0KDQpzY2jDtm5lIEdyw7zDn2UgYXVzIEvDtmxuID0gQ29sb2duZS4NCkrDvHJn\r\n"
    "ZW4NCg==\r\n";

#define LINE_100                                                                         \
    "a word and a word and a word and a word and a word and a word and a word and a "    \
    "word and a word and 1234"
#define LINE_900                                                                         \
    LINE_100 LINE_100 LINE_100 LINE_100 LINE_100 LINE_100 LINE_100 LINE_100 LINE_100
#define LIST_FOOTER                                                                      \
    "_______________________________________________\r\nlist mailing list\r\n"           \
    "https://lists.example/list\r\n"
#define MIME_FIELDS                                                                      \
    "From:To:Subject:Date:MIME-Version:Content-Type:Content-Transfer-Encoding"

#define OVERSIGNED                                                                       \
    "From:From:Reply-To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID:"       \
    "MIME-Version:MIME-Version:Content-Type:Content-Type:Content-Transfer-Encoding:"     \
    "Content-Transfer-Encoding"

#define SIMPLE                                                                           \
    {                                                                                    \
        .canon = "simple/simple"                                                         \
    }

static const struct autopsy_row rows[] = {
  /* The body. */
    {"Mailman's footer",                                       plain,                      {0},                                                       {{"", LIST_FOOTER}},                                            AUTOPSY_FOOTER_ADDED, NO_MORE                   },
    {"a footer behind blank lines, simple",
     plain,                                                                                SIMPLE,
     {{"", "\r\n\r\n-- \r\nScanned by example.com"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a text on the last line itself",
     plain,                                                                                {0},
     {{"Jo\r\n", "Jo (sent through example.com)\r\n"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a text in a body that was empty",
     HEAD "\r\n",
     {0},
     {{"", "Sent by example.com\r\n"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a warning on top",
     plain,                                                                                {0},
     {{"Hello,", "[EXTERNAL] Think before you click.\r\n\r\nHello,"}},
     AUTOPSY_BANNER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a warning on top and a footer",
     plain,                                                                                {0},
     {{"Hello,", "*** External mail ***\r\n\r\nHello,"}, {"", LIST_FOOTER}},
     AUTOPSY_BANNER_ADDED,                                                                                                                                                                                                                  AUTOPSY_FOOTER_ADDED      },
    {"lines in the middle",
     plain,                                                                                {0},
     {{"is dinner", "advertisement\r\nof two lines\r\nis dinner"}},
     AUTOPSY_TEXT_INSERTED,                                                                                                                                                                                                                 NO_MORE                   },
    {"a blank line on top",
     plain,                                                                                {0},
     {{"\r\n\r\nHello", "\r\n\r\n\r\nHello"}},
     AUTOPSY_BLANK_LINES_CHANGED,                                                                                                                                                                                                           NO_MORE                   },
    {"a blank line on top that went",
     HEAD "\r\n\r\nHello\r\n",
     {0},
     {{"\r\n\r\n\r\nHello", "\r\n\r\nHello"}},
     AUTOPSY_BLANK_LINES_CHANGED,                                                                                                                                                                                                           NO_MORE                   },
    {"a blank line behind every line",
     HEAD "\r\none\r\ntwo\r\nthree\r\n",
     {0},
     {{"one\r\n", "one\r\n\r\n"}, {"two\r\n", "two\r\n\r\n"}},
     AUTOPSY_BLANK_LINES_CHANGED,                                                                                                                                                                                                           NO_MORE                   },
    {"a disclaimer before </body>",
     html,                                                                                 {0},
     {{"</body>", "<hr><div>Confidential.</div></body>"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a banner behind <body>",
     html,                                                                                 {0},
     {{"\"x\">", "\"x\"><div style=\"a\"><b>External</b></div>"}},
     AUTOPSY_BANNER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"a footer in a text part",
     alternative,                                                                          {0},
     {{"ready?\r\n--fr", "ready?\r\n" LIST_FOOTER "--fr"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"footers in text and HTML",
     alternative,                                                                          {0},
     {{"ready?\r\n--fr", "ready?\r\n-- \r\nOur disclaimer\r\n--fr"},
      {"</body>", "<p>Our disclaimer</p></body>"}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  AUTOPSY_FOOTER_ADDED      },
    {"banners in text and HTML",
     alternative,                                                                          {0},
     {{"Grüße", "CAUTION: external\r\n\r\nGrüße"},
      {"<body>", "<body><div>CAUTION: external</div>"}},
     AUTOPSY_BANNER_ADDED,                                                                                                                                                                                                                  AUTOPSY_BANNER_ADDED      },
    {"a part behind the others",
     alternative,                                                                          {0},
     {{"--frontier--",
       "--frontier\r\nContent-Type: text/plain\r\n\r\n" LIST_FOOTER "\r\n--frontier--"}},
     AUTOPSY_PART_ADDED,                                                                                                                                                                                                                    NO_MORE                   },
    {"a part before the others",
     alternative,                                                                          {0},
     {{"--frontier\r\n", "--frontier\r\n\r\nNotice\r\n--frontier\r\n"}},
     AUTOPSY_PART_ADDED,                                                                                                                                                                                                                    NO_MORE                   },
    {"Mailman wraps the message, its type is not signed",
     german,                                                                               {0},
     {{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
       "Content-Type: multipart/mixed; boundary=\"===1==\"\r\n"},
      {"\r\n\r\nGuten Tag", "\r\n\r\n--===1==\r\nContent-Type: text/plain; "
                            "charset=utf-8\r\nContent-Transfer-Encoding: "
                            "8bit\r\n\r\nGuten Tag"},
      {"", "\r\n--===1==\r\nContent-Type: text/plain\r\n\r\n" LIST_FOOTER
           "\r\n--===1==--\r\n"}},
     AUTOPSY_PART_WRAPPED,                                                                                                                                                                                                                  NO_MORE                   },
    {"Mailman wraps the message, its type is signed",
     german,                                                                               {.fields = MIME_FIELDS},
     {{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
       "Content-Type: multipart/mixed; boundary=\"===1==\"\r\n"
       "Content-Transfer-Encoding: 7bit\r\n"},
      {"\r\n\r\nGuten Tag", "\r\n\r\n--===1==\r\nContent-Type: text/plain; "
                            "charset=utf-8\r\nContent-Transfer-Encoding: "
                            "8bit\r\n\r\nGuten Tag"},
      {"", "\r\n--===1==\r\nContent-Type: text/plain\r\n\r\n" LIST_FOOTER
           "\r\n--===1==--\r\n"}},
     AUTOPSY_PART_WRAPPED,                                                                                                                                                                                                                  AUTOPSY_MIME_FIELD_CHANGED},
    {"8bit downgraded to quoted-printable",
     german,                                                                               {.fields = MIME_FIELDS},
     {{"Encoding: 8bit", "Encoding: quoted-printable"},
      {"schöne Grüße aus Köln = C",
       "sch=C3=B6ne Gr=C3=BC=C3=9Fe aus K=\r\n=C3=B6ln =3D C"},
      {"Jürgen", "J=C3=BCrgen"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              AUTOPSY_MIME_FIELD_CHANGED},
    {"8bit made base64",
     german,                                                                               {0},
     {{"Encoding: 8bit", "Encoding: base64"},
      {"Guten Tag,\r\n\r\nschöne Grüße aus Köln = Cologne.\r\nJürgen\r\n",
       "R3V0ZW4gVGFnLA0KDQpzY2jDtm5lIEdyw7zDn2UgYXVzIEvDtmxuID0gQ29sb2duZS4NCkrDvHJn\r\n"
       "ZW4NCg==\r\n"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              NO_MORE                   },
    {"8bit made base64 where all is oversigned",
     german,                                                                               {.fields = OVERSIGNED},
     {{"Encoding: 8bit", "Encoding: base64"},
      {"Guten Tag,\r\n\r\nschöne Grüße aus Köln = Cologne.\r\nJürgen\r\n",
       "R3V0ZW4gVGFnLA0KDQpzY2jDtm5lIEdyw7zDn2UgYXVzIEvDtmxuID0gQ29sb2duZS4NCkrDvHJn\r\n"
       "ZW4NCg==\r\n"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              AUTOPSY_MIME_FIELD_CHANGED},
    {"base64 made 8bit",
     base64_text,                                                                          {0},
     {{"Encoding: base64", "Encoding: 8bit"},
      {"R3V0ZW4gVGFnLA0KDQpzY2jDtm5lIEdyw7zDn2UgYXVzIEvDtmxuID0gQ29sb2duZS4NCkrDvHJn\r\n"
       "ZW4NCg==\r\n",
       "Guten Tag,\r\n\r\nschöne Grüße aus Köln = Cologne.\r\nJürgen\r\n"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              NO_MORE                   },
    {"base64 in other lines",
     HEAD "Content-Transfer-Encoding: base64\r\n\r\n"
          "R3V0ZW4gVGFnLA0KDQpzY2jDtm5lIEdyw7zDn2UgYXVzIEvDtmxuID0gQ29s\r\n"
          "b2duZS4NCkrDvHJnZW4NCg==\r\n",                                                  {0},
     {{"Q29s\r\nb2duZS4NCkrDvHJnZW4N", "Q29sb2duZS4NCkrDvHJn\r\nZW4N"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              NO_MORE                   },
    {"a part downgraded to quoted-printable",
     alternative,                                                                          {0},
     {{"Encoding: 8bit", "Encoding: quoted-printable"}, {"Grüße", "Gr=C3=BC=C3=9Fe"}},
     AUTOPSY_ENCODING_CHANGED,                                                                                                                                                                                                              NO_MORE                   },
    {"a footer within base64",
     base64_text,                                                                          {0},
     {{"ZW4NCg==", "ZW4NCi0tIA0KbGlzdCBtYWlsaW5nIGxpc3QNCg=="}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  NO_MORE                   },
    {"dots doubled",
     HEAD "\r\nA list:\r\n.one\r\n..two\r\n",
     {0},
     {{"\r\n.one", "\r\n..one"}, {"\r\n..two", "\r\n...two"}},
     AUTOPSY_DOTS_CHANGED,                                                                                                                                                                                                                  NO_MORE                   },
    {"dots dropped",
     HEAD "\r\nA list:\r\n..one\r\n",
     {0},
     {{"\r\n..one", "\r\n.one"}},
     AUTOPSY_DOTS_CHANGED,                                                                                                                                                                                                                  NO_MORE                   },
    {"an mbox on the way",
     HEAD "\r\nHello\r\nFrom here on it is easy.\r\n",
     {0},
     {{"\r\nFrom here", "\r\n>From here"}},
     AUTOPSY_FROM_QUOTED,                                                                                                                                                                                                                   NO_MORE                   },
    {"an mbox on the way, and a footer",
     HEAD "\r\nHello\r\nFrom here on it is easy.\r\n",
     {0},
     {{"\r\nFrom here", "\r\n>From here"}, {"", LIST_FOOTER}},
     AUTOPSY_FROM_QUOTED,                                                                                                                                                                                                                   AUTOPSY_FOOTER_ADDED      },
    {"a quote undone",
     HEAD "\r\nHello\r\n>From here on it is easy.\r\n",
     {0},
     {{"\r\n>From here", "\r\nFrom here"}},
     AUTOPSY_FROM_QUOTED,                                                                                                                                                                                                                   NO_MORE                   },
    {"Postfix cuts lines of 998",
     HEAD "\r\n" LINE_900 LINE_100 LINE_900 "\r\nend\r\n",
     {0},
     {{"and 1234" LINE_900 "\r\nend", "and 1\r\n 234" LINE_900 "\r\nend"}},
     AUTOPSY_LINES_WRAPPED,                                                                                                                                                                                                                 NO_MORE                   },
    {"Sendmail cuts lines of 990",
     HEAD "\r\n" LINE_900 LINE_100 LINE_900 "\r\nend\r\n",
     {0},
     {{"and 1234" LINE_900 "\r\nend", "and !\r\n 1234" LINE_900 "\r\nend"}},
     AUTOPSY_LINES_WRAPPED,                                                                                                                                                                                                                 NO_MORE                   },
    {"LF became CRLF",
     HEAD "\r\none\ntwo\nthree\n",
     {0},
     {{"one\ntwo\nthree\n", "one\r\ntwo\r\nthree\r\n"}},
     AUTOPSY_LINE_ENDS_CHANGED,                                                                                                                                                                                                             NO_MORE                   },
    {"CRLF became LF",
     HEAD "\r\none\r\ntwo\r\nthree\r\n",
     {0},
     {{"one\r\ntwo\r\nthree\r\n", "one\ntwo\nthree\n"}},
     AUTOPSY_LINE_ENDS_CHANGED,                                                                                                                                                                                                             NO_MORE                   },
    {"CR put in front of CRLF",
     HEAD "\r\none\r\ntwo\r\nthree\r\n",
     {0},
     {{"one\r\ntwo\r\nthree\r\n", "one\r\r\ntwo\r\r\nthree\r\r\n"}},
     AUTOPSY_LINE_ENDS_CHANGED,                                                                                                                                                                                                             NO_MORE                   },
    {"space at the end of lines, simple",
     plain,                                                                                SIMPLE,
     {{"Hello,\r\n", "Hello, \r\n"}, {"ready?\r\n", "ready? \t\r\n"}},
     AUTOPSY_SPACE_CHANGED,                                                                                                                                                                                                                 NO_MORE                   },
    {"the space of \"-- \", simple",
     HEAD "\r\nHello\r\n-- \r\nJo\r\n",
     SIMPLE,                                                                                                                                          {{"-- \r\n", "--\r\n"}},
     AUTOPSY_SPACE_CHANGED,                                                                                                                                                                                                                 NO_MORE                   },
    {"tabs expanded, simple",
     HEAD "\r\n\tone\ttwo\r\nabc\tthree\r\n",
     SIMPLE,                                                                                                                                          {{"\tone\ttwo", "        one     two"}, {"abc\t", "abc     "}},
     AUTOPSY_SPACE_CHANGED,                                                                                                                                                                                                                 NO_MORE                   },
    {"Safe Links",
     html,                                                                                 {0},
     {{"https://example.org/a?b=1",
       "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fa"
       "%3Fb%3D1&amp;data=05%7C02%7C&amp;reserved=0"}},
     AUTOPSY_LINKS_REWRITTEN,                                                                                                                                                                                                               NO_MORE                   },
    {"URL Defense, version 3",
     html,                                                                                 {0},
     {{"https://example.org/a?b=1",
       "https://urldefense.com/v3/__https://example.org/a?b=1__;!!abc!def$"}},
     AUTOPSY_LINKS_REWRITTEN,                                                                                                                                                                                                               NO_MORE                   },
    {"URL Defense, version 2",
     html,                                                                                 {0},
     {{"https://example.org/a?b=1", "https://urldefense.proofpoint.com/v2/"
                                    "url?u=https-3A__example.org_a-3Fb-3D1&d=Dw"}},
     AUTOPSY_LINKS_REWRITTEN,                                                                                                                                                                                                               NO_MORE                   },
    {"a preamble dropped",
     HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
          "This is a multi-part message in MIME format.\r\n--x\r\n\r\nHello\r\n--x--\r\n", {0},
     {{"This is a multi-part message in MIME format.\r\n", ""}},
     AUTOPSY_PREAMBLE_REMOVED,                                                                                                                                                                                                              NO_MORE                   },
 /* The header. */
    {"a list's tag",
     plain,                                                                                {0},
     {{"Subject: ", "Subject: [list] "}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a gateway's tag",
     plain,                                                                                {0},
     {{"Subject: ", "Subject: ***SPAM*** "}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a word in front",
     plain,                                                                                {0},
     {{"Subject: ", "Subject: EXTERNAL: "}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a tag behind Re:",
     HEAD "X: y\r\n\r\nHello\r\n",
     {.fields = "From:Subject"},
     {{"Subject: Dinner", "Subject: Re: [list] Dinner"}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a tag before Re:, moved",
     "From: jo@example.org\r\nSubject: Re: [list] Dinner\r\n\r\nHello\r\n",                {.fields = "From:Subject"},
     {{"Re: [list] ", "[list] Re: "}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a tag at the end",
     plain,                                                                                {0},
     {{"tonight", "tonight [suspicious]"}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a tag within encoded words",
     "From: jo@example.org\r\nSubject: =?UTF-8?B?S8O2bG4=?=\r\n\r\nHello\r\n",             {.fields = "From:Subject"},
     {{"=?UTF-8?B?S8O2bG4=?=", "=?utf-8?q?=5Blist=5D_K=C3=B6ln?="}},
     AUTOPSY_SUBJECT_TAGGED,                                                                                                                                                                                                                NO_MORE                   },
    {"a tag and a footer",
     plain,                                                                                {0},
     {{"Subject: ", "Subject: [list] "}, {"", LIST_FOOTER}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  AUTOPSY_SUBJECT_TAGGED    },
    {"a list that replaces the author, and answers go to him",
     plain,                                                                                {0},
     {{"From: Jo Doe <jo@example.org>\r\n",
       "From: Jo Doe via List <list@lists.example>\r\nReply-To: Jo Doe "
       "<jo@example.org>\r\n"}},
     AUTOPSY_FROM_REPLACED,                                                                                                                                                                                                                 NO_MORE                   },
    {"the same where all is oversigned",
     german,                                                                               {.fields = OVERSIGNED},
     {{"From: Jo Doe <jo@example.org>\r\n",
       "From: Jo Doe via List <list@lists.example>\r\nReply-To: Jo Doe "
       "<jo@example.org>\r\n"}},
     AUTOPSY_FROM_REPLACED,                                                                                                                                                                                                                 AUTOPSY_FIELD_ADDED       },
    {"author, tag, Reply-To and footer: all that a list does",
     plain,                                                                                {.fields = "From:Reply-To:To:Subject:Date"},
     {{"From: Jo Doe <jo@example.org>\r\n",
       "From: 'Jo Doe' via List <list@lists.example>\r\nReply-To: jo@example.org\r\n"},
      {"Subject: ", "Subject: [list] "},
      {"", LIST_FOOTER}},
     AUTOPSY_FOOTER_ADDED,                                                                                                                                                                                                                  AUTOPSY_FROM_REPLACED     },
    {"a group service that saves the author",
     plain,                                                                                {0},
     {{"From: Jo Doe <jo@example.org>\r\n",
       "From: \"'Jo Doe' via G\" <g@groups.example>\r\nX-Original-From: Jo Doe "
       "<jo@example.org>\r\n"}},
     AUTOPSY_FROM_REPLACED,                                                                                                                                                                                                                 NO_MORE                   },
    {"a field that was signed as missing",
     plain,                                                                                {.fields = "From:To:Subject:Date:Reply-To"},
     {{"To: Ann", "Reply-To: list@lists.example\r\nTo: Ann"}},
     AUTOPSY_FIELD_ADDED,                                                                                                                                                                                                                   NO_MORE                   },
    {"a second Subject where one was signed twice",
     plain,                                                                                {.fields = "From:Subject:Subject"},
     {{"Subject: D", "Subject: Buy this\r\nSubject: D"}},
     AUTOPSY_FIELD_ADDED,                                                                                                                                                                                                                   NO_MORE                   },
    {"a field put below the one that was signed",
     plain,                                                                                {.fields = "From:Subject"},
     {{"Message-ID", "Subject: other\r\nMessage-ID"}},
     AUTOPSY_FIELD_ADDED,                                                                                                                                                                                                                   NO_MORE                   },
    {"MIME-Version dropped",
     html,                                                                                 {.fields = "From:MIME-Version"},
     {{"MIME-Version: 1.0\r\n", ""}},
     AUTOPSY_FIELD_REMOVED,                                                                                                                                                                                                                 NO_MORE                   },
    {"folded, simple",
     plain,                                                                                SIMPLE,
     {{"bob@example.com, \"", "bob@example.com,\r\n \""}},
     AUTOPSY_FIELD_REFOLDED,                                                                                                                                                                                                                NO_MORE                   },
    {"unfolded, simple",
     "From: jo@example.org\r\nTo: "
     "a@example.com,\r\n\tb@example.com,\r\n\tc@example.com\r\n"
     "\r\nHello\r\n",                                                                      {.canon = "simple/simple", .fields = "From:To"},
     {{"com,\r\n\tb@example.com,\r\n\tc", "com, b@example.com, c"}},
     AUTOPSY_FIELD_REFOLDED,                                                                                                                                                                                                                NO_MORE                   },
    {"a line of 998 cut",
     "From: jo@example.org\r\nReferences: " LINE_900 LINE_100 "\r\n\r\nHello\r\n",
     {.fields = "From:References"},
     {{"and 1234\r\n", "and 12\r\n 34\r\n"}},
     AUTOPSY_FIELD_BROKEN,                                                                                                                                                                                                                  NO_MORE                   },
    {"the case of a name, simple",
     html,                                                                                 {.canon = "simple/simple", .fields = "From:MIME-Version"},
     {{"\r\nMIME-Version", "\r\nMime-Version"}},
     AUTOPSY_FIELD_NAME_CHANGED,                                                                                                                                                                                                            NO_MORE                   },
    {"a space after a comma lost",
     plain,                                                                                {0},
     {{"bob@example.com, ", "bob@example.com,"},
      {"ann@example.com>, ", "ann@example.com>,"}},
     AUTOPSY_FIELD_REFOLDED,                                                                                                                                                                                                                NO_MORE                   },
    {"encoded words decoded",
     "From: jo@example.org\r\nSubject: =?UTF-8?B?S8O2bG4=?=\r\n\r\nHello\r\n",             {.fields = "From:Subject"},
     {{"=?UTF-8?B?S8O2bG4=?=", "Köln"}},
     AUTOPSY_WORDS_RECODED,                                                                                                                                                                                                                 NO_MORE                   },
    {"raw UTF-8 encoded",
     "From: jo@example.org\r\nSubject: Köln\r\n\r\nHello\r\n",                            {.fields = "From:Subject"},
     {{"Köln", "=?utf-8?q?K=C3=B6ln?="}},
     AUTOPSY_WORDS_RECODED,                                                                                                                                                                                                                 NO_MORE                   },
    {"B made Q, in another charset",
     "From: jo@example.org\r\nSubject: =?iso-8859-1?B?S/Zsbg==?=\r\n\r\nHello\r\n",        {.fields = "From:Subject"},
     {{"=?iso-8859-1?B?S/Zsbg==?=", "=?iso-8859-1?Q?K=F6ln?="}},
     AUTOPSY_WORDS_RECODED,                                                                                                                                                                                                                 NO_MORE                   },
    {"words of Python decoded and encoded by another",
     "From: jo@example.org\r\n"
     "Subject: =?utf-8?q?Sch=C3=B6ne_Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln_und_Umgebung=2C?=\r\n"
     " =?utf-8?q?_und_noch_etwas_mehr_Text_dahinter?=\r\n\r\nHello\r\n",                   {.fields = "From:Subject"},
     {{"=?utf-8?q?Sch=C3=B6ne_Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln_und_Umgebung=2C?=\r\n"
       " =?utf-8?q?_und_noch_etwas_mehr_Text_dahinter?=",
       "Schöne Grüße aus Köln und Umgebung, und noch etwas mehr Text dahinter"}},
     AUTOPSY_WORDS_RECODED,                                                                                                                                                                                                                 NO_MORE                   },
    {"recipients in another order",
     plain,                                                                                {0},
     {{"Ann <ann@example.com>, bob@example.com",
       "bob@example.com, Ann <ann@example.com>"}},
     AUTOPSY_ADDRESSES_REORDERED,                                                                                                                                                                                                           NO_MORE                   },
    {"a name quoted",
     plain,                                                                                {0},
     {{"Jo Doe <jo@", "\"Jo Doe\" <jo@"}},
     AUTOPSY_ADDRESSES_REWRITTEN,                                                                                                                                                                                                           NO_MORE                   },
    {"angle brackets put around an address",
     plain,                                                                                {0},
     {{"bob@example.com", "<bob@example.com>"}},
     AUTOPSY_ADDRESSES_REWRITTEN,                                                                                                                                                                                                           NO_MORE                   },
    {"a recipient added",
     plain,                                                                                {0},
     {{"\"Carl C.\"", "archive@example.com, \"Carl C.\""}},
     AUTOPSY_ADDRESSES_REWRITTEN,                                                                                                                                                                                                           NO_MORE                   },
    {"the comment of a date dropped",
     plain,                                                                                {0},
     {{" (UTC)", ""}},
     AUTOPSY_DATE_REWRITTEN,                                                                                                                                                                                                                NO_MORE                   },
    {"a date in another time zone",
     dated,                                                                                {0},
     {{"06 Nov 2026 11:22:33 +0000", "6 Nov 2026 06:22:33 -0500"}},
     AUTOPSY_DATE_REWRITTEN,                                                                                                                                                                                                                NO_MORE                   },
    {"a date in another time zone, simple",
     dated,                                                                                SIMPLE,
     {{"Fri, 06 Nov 2026 11:22:33 +0000", "Sat, 07 Nov 2026 00:22:33 +1300"}},
     AUTOPSY_DATE_REWRITTEN,                                                                                                                                                                                                                NO_MORE                   },
    {"quotes around a charset",
     german,                                                                               {.fields = "From:Content-Type"},
     {{"charset=utf-8", "charset=\"utf-8\""}},
     AUTOPSY_MIME_FIELD_CHANGED,                                                                                                                                                                                                            NO_MORE                   },
    {"a parameter added",
     german,                                                                               {.fields = "From:Content-Type"},
     {{"charset=utf-8", "charset=utf-8; format=flowed"}},
     AUTOPSY_MIME_FIELD_CHANGED,                                                                                                                                                                                                            NO_MORE                   },
    {"Message-ID replaced and saved",
     plain,                                                                                {.fields = "From:Message-ID"},
     {{"Message-ID: <1@", "X-Original-Message-ID: <1@example.org>\r\nMessage-ID: <2@"}},
     AUTOPSY_FIELD_REPLACED,                                                                                                                                                                                                                NO_MORE                   },
    {"Subject and Date rewritten, with copies",
     plain,                                                                                {.more = "z=From:Jo=20Doe=20<jo@example.org>|Subject:Dinner=20tonight|\r\n\t"
              "Date:Fri,=2006=20Nov=202026=2011:22:33=20+0000=20(UTC)|Message-ID:x;"},
     {{"Dinner tonight", "Something else"}, {"06 Nov 2026", "07 Nov 2026"}},
     AUTOPSY_FIELD_REPLACED,                                                                                                                                                                                                                AUTOPSY_FIELD_REPLACED    },
    {"the signature's own field folded, simple",
     plain,                                                                                {.canon = "simple/simple", .unfolded = true},
     {{"; a=rsa", ";\r\n\ta=rsa"},
      {"; c=simple/simple; d=", ";\r\n\tc=simple/simple;\r\n\td="},
      {"; s=test; h=", ";\r\n\ts=test;\r\n\th="},
      {"; bh=", ";\r\n\tbh="}},
     AUTOPSY_SIGNATURE_REWRITTEN,                                                                                                                                                                                                           NO_MORE                   },
};

static void each_transformation_is_recognised(void **state)
{
    struct autopsy_case *c = *state;
    size_t missed = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        missed += !case_recognises(c, &rows[i], c->rsa);
    }
    assert_int_equal(missed, 0);
}

/* Changes of the body need no digest of the header; those of a list are tried first. */
static void ed25519_needs_a_verification_for_each_candidate(void **state)
{
    struct autopsy_case *c = *state;
    static const char *const names[] = {
        "Mailman's footer",
        "a footer in a text part",
        "8bit made base64",
        "a list's tag",
        "a gateway's tag",
        "a tag and a footer",
        "a tag at the end",
        "a field that was signed as missing",
        "a second Subject where one was signed twice",
        "a list that replaces the author, and answers go to him",
        "the same where all is oversigned",
        "8bit made base64 where all is oversigned",
        "a group service that saves the author",
        "raw UTF-8 encoded",
        "Subject and Date rewritten, with copies",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t at = 0;
        while (at < sizeof(rows) / sizeof(rows[0]) &&
               strcmp(rows[at].why, names[i]) != 0) {
            at++;
        }
        assert_true(at < sizeof(rows) / sizeof(rows[0]));
        assert_true(case_recognises(c, &rows[at], c->ed25519));
        assert_true(c->finding.header_candidates > 0);
    }
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(each_transformation_is_recognised),
        WITH_CASE(ed25519_needs_a_verification_for_each_candidate),
    };
    return cmocka_run_group_tests_name("autopsy transformations", tests, NULL, NULL);
}
