/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is put into HTML, into texts that are base64, and what becomes of links in them. */

#define HEAD                                                                             \
    "From: Jo Doe <jo@example.org>\r\n"                                                  \
    "To: Ann <ann@example.com>\r\n"                                                      \
    "Subject: Dinner tonight\r\n"

static const char html[] = HEAD
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "<html><head>\r\n<title>News</title></head><body class=\"x\">\r\n<p>See <a "
    "href=\"https://example.org/a?b=1&amp;c=2\">this</a>, "
    "Jürgen.</p>\r\n</body></html>\r\n";

static const char html_base64[] = HEAD
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
    "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub3Jn"
    "L2E/"
    "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n";

static const char lf_base64[] = HEAD
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "R3LDvMOfZSwKaGVyZSBpcyB0aGUgcmVwb3J0Lgo=\r\n";

static const char text[] = HEAD "\r\nHello,\r\nsee https://example.org/a?b=1&c=2\r\n";

static const char quoted[] =
    HEAD "MIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
         "quoted-printable\r\n\r\n"
         "Gr=C3=BC=C3=9Fe,\r\nsee https://example.org/a?b=3D1&c=3D2\r\n";

static const char defended[] =
    HEAD "\r\nSee https://example.org/x\r\n> and "
         "https://urldefense.com/v3/__https://example.org/y__;!!a!b$\r\n";

static const char two_base64[] = HEAD
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=frontier\r\n\r\n--frontier\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUub3JnL2E/Yj0xJmM9MiBmb3IgbW9yZS4NCg==\r\n"
    "--frontier\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
    "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub3Jn"
    "L2E/Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n"
    "--frontier--\r\n";

static const struct autopsy_row rows[] = {
    {"a banner in HTML that is base64",
     html_base64, {0},
     {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij48\r\nZGl2IHN0eWxlPSJhIj48Yj5DQVVUSU9OOjwvYj4gZXh0Z"
       "XJuYWw8L2Rpdj48YnI+DQoNCjxwPlNl\r\nZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8L2E+LCBK\r\nw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo="
       "\r\n"}},
     AUTOPSY_BANNER_ADDED,    NO_MORE             },
    {"a footer in HTML that is base64",
     html_base64, {0},
     {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+"
       "LCBKw7xyZ2VuLjwvcD4NCjxwPk91ciBkaXNjbGFpbWVyPC9wPjwvYm9keT48L2h0bWw+DQo=\r\n"}},
     AUTOPSY_FOOTER_ADDED,    NO_MORE             },
    {"a banner and a footer in HTML that is base64",
     html_base64, {0},
     {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij48\r\nZGl2IHN0eWxlPSJhIj48Yj5DQVVUSU9OOjwvYj4gZXh0Z"
       "XJuYWw8L2Rpdj48YnI+DQoNCjxwPlNl\r\nZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8L2E+"
       "LCBK\r\nw7xyZ2VuLjwvcD4NCjxwPk91ciBkaXNjbGFpbWVyPC9wPjwvYm9keT48L2h0bWw+DQo="
       "\r\n"}},
     AUTOPSY_BANNER_ADDED,    AUTOPSY_FOOTER_ADDED},
    {"Exchange names the charset in the HTML",
     html,        {0},
     {{"<head>", "<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; "
                 "charset=utf-8\">"}},
     AUTOPSY_TEXT_INSERTED,   NO_MORE             },
    {"the same in base64",
     html_base64, {0},
     {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+"
       "DQo8bWV0YSBodHRwLWVxdWl2PSJDb250ZW50LVR5cGUiIGNvbnRlbnQ9InRl\r\neHQvaHRtbDsgY2hhc"
       "nNldD11dGYtOCI+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5\r\nIGNsYXNzPSJ4Ij4NCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFt\r\ncDtjPTIiPnRoaXM8L2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo="
       "\r\n"}},
     AUTOPSY_TEXT_INSERTED,   NO_MORE             },
    {"a style, a banner and a footer",
     html,        {0},
     {{"</head>", "<style>.x { color: red }</style></head>"},
      {"class=\"x\">",
       "class=\"x\"><div style=\"a\"><b>CAUTION:</b> external</div><br>\r\n"},
      {"</body>", "<p>Our disclaimer</p></body>"}},
     AUTOPSY_TEXT_INSERTED,   AUTOPSY_FOOTER_ADDED},
    {"a footer in text of base64 with LF",
     lf_base64,   {0},
     {{"R3LDvMOfZSwKaGVyZSBpcyB0aGUgcmVwb3J0Lgo=\r\n",
       "R3LDvMOfZSwKaGVyZSBpcyB0aGUgcmVwb3J0LgoKLS0gCmxpc3QgbWFpbGluZyBsaXN0Cg==\r\n"}},
     AUTOPSY_FOOTER_ADDED,    NO_MORE             },
    {"footers in two parts of base64",
     two_base64,  {0},
     {{"R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUub3JnL2E/Yj0xJmM9MiBmb3IgbW9yZS4NCg==\r\n",
       "R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUub3JnL2E/"
       "Yj0xJmM9MiBmb3IgbW9yZS4NCi0t\r\nIA0KT3VyIGRpc2NsYWltZXINCg==\r\n"},
      {"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+"
       "LCBKw7xyZ2VuLjwvcD4NCjxwPk91ciBkaXNjbGFpbWVyPC9wPjwvYm9keT48L2h0bWw+DQo=\r\n"}},
     AUTOPSY_FOOTER_ADDED,    AUTOPSY_FOOTER_ADDED},
    {"a byte order mark",
     text,        {0},
     {{"\r\n\r\nHello", "\r\n\r\n﻿Hello"}},
     AUTOPSY_BANNER_ADDED,    NO_MORE             },
    {"a text in front of the first part",
     two_base64,  {0},
     {{"\r\n\r\n--frontier",
       "\r\n\r\nThis is a multi-part message in MIME format.\r\n\r\n--frontier"}},
     AUTOPSY_BANNER_ADDED,    NO_MORE             },
    {"Safe Links in base64",
     html_base64, {0},
     {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V1cjAxLnNhZ"
       "mVsaW5rcy5wcm90ZWN0aW9uLm91dGxv\r\nb2suY29tLz91cmw9aHR0cHMlM0ElMkYlMkZleGFtcGxlLm"
       "9yZyUyRmElM0ZiJTNEMSUyNmMlM0Qy\r\nJmFtcDtkYXRhPTA1JTdDMDEmYW1wO3NkYXRhPXgmYW1wO3J"
       "lc2VydmVkPTAiPnRoaXM8L2E+LCBK\r\nw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Safe Links in both parts",
     two_base64,  {0},
     {{"R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUub3JnL2E/Yj0xJmM9MiBmb3IgbW9yZS4NCg==\r\n",
       "R3LDvMOfZSwNCnNlZSBodHRwczovL2V1cjAxLnNhZmVsaW5rcy5wcm90ZWN0aW9uLm91dGxvb2su\r\nY"
       "29tLz91cmw9aHR0cHMlM0ElMkYlMkZleGFtcGxlLm9yZyUyRmElM0ZiJTNEMSUyNmMlM0QyJmRh\r\ndG"
       "E9MDUlN0MwMSZzZGF0YT14JnJlc2VydmVkPTAgZm9yIG1vcmUuDQo=\r\n"},
      {"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub"
       "3JnL2E/"
       "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n",
       "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
       "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V1cjAxLnNhZ"
       "mVsaW5rcy5wcm90ZWN0aW9uLm91dGxv\r\nb2suY29tLz91cmw9aHR0cHMlM0ElMkYlMkZleGFtcGxlLm"
       "9yZyUyRmElM0ZiJTNEMSUyNmMlM0Qy\r\nJmFtcDtkYXRhPTA1JTdDMDEmYW1wO3NkYXRhPXgmYW1wO3J"
       "lc2VydmVkPTAiPnRoaXM8L2E+LCBK\r\nw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo=\r\n"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Safe Links with the original beside it",
     html,        {0},
     {{"<a href=\"https://example.org/a?b=1&amp;c=2\">",
       "<a "
       "href=\"https://eur01.safelinks.protection.outlook.com/"
       "?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&amp;data=05%7C01&amp;sdata=x&"
       "amp;reserved=0\" originalsrc=\"https://example.org/a?b=1&amp;c=2\" "
       "shash=\"Abc=\">"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Safe Links, a charset and a banner",
     html,        {0},
     {{"<head>", "<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; "
                 "charset=utf-8\">"},
      {"class=\"x\">",
       "class=\"x\"><div style=\"a\"><b>CAUTION:</b> external</div><br>\r\n"},
      {"<a href=\"https://example.org/a?b=1&amp;c=2\">",
       "<a "
       "href=\"https://eur01.safelinks.protection.outlook.com/"
       "?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&amp;data=05%7C01&amp;sdata=x&"
       "amp;reserved=0\" originalsrc=\"https://example.org/a?b=1&amp;c=2\" "
       "shash=\"Abc=\">"}},
     AUTOPSY_LINKS_REWRITTEN, AUTOPSY_BANNER_ADDED},
    {"Safe Links in quoted-printable",
     quoted,      {0},
     {{"see https://example.org/a?b=3D1&c=3D2",
       "see "
       "https://eur01.safelinks.protection.outlook.com/"
       "?url=3Dhttps%3A%2F%2Fexa=\r\nmple.org%2Fa%3Fb%3D1%26c%3D2&data=3D05%7C01&sdata="
       "3Dx&reserved=3D0"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"another gateway's link was there when it was signed",
     defended,    {0},
     {{"https://example.org/x", "https://eur01.safelinks.protection.outlook.com/"
                                "?url=https%3A%2F%2Fexample.org%2Fx&data=1"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"URL Defense, version 1",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://urldefense.proofpoint.com/v1/"
       "url?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&k=a&r=b"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Trend Micro",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://us-west-2.protection.trendmicro.com:443/wis/clicktime/v1/"
       "query?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&umid=a&auth=b"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Sophos",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://"
       "eu-central-1.protection.sophos.com?d=example.org&u="
       "aHR0cHM6Ly9leGFtcGxlLm9yZy9hP2I9MSZjPTI&i=a"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"FireEye",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://protect2.fireeye.com/v1/"
       "url?k=a&q=1&e=b&u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Symantec",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://clicktime.symantec.com/"
       "3abc?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Hornetsecurity",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://atpscan.global.hornetsecurity.com/"
       "?d=a&f=b&u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Avanan",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://url.avanan.click/v2/___https://example.org/a?b=1&c=2___.YXAx"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Check Point",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://protect.checkpoint.com/v2/r01/___https://example.org/a?b=1&c=2___.YzJl"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Trustwave",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://scanmail.trustwave.com/"
       "?c=1&d=a&s=5&u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Libraesva",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://urlsand.esvalabs.com/"
       "?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&e=a&h=b"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"TitanHQ",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://linklock.titanhq.com/"
       "analyse?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&data=a"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
    {"Area 1",
     text,        {0},
     {{"https://example.org/a?b=1&c=2",
       "https://gcdp.area1security.com/"
       "?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&s=a"}},
     AUTOPSY_LINKS_REWRITTEN, NO_MORE             },
};

static void each_addition_and_link_is_recognised(void **state)
{
    struct autopsy_case *c = *state;
    size_t missed = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        missed += !case_recognises(c, &rows[i], c->rsa);
    }
    assert_int_equal(missed, 0);
}

/* What is told of a place is of the message at hand: what lies there can be shown. */
static void places_are_of_the_message_at_hand(void **state)
{
    struct autopsy_case *c = *state;
    static const struct sign_options options = {0};
    static const char added[] = "<p>Our disclaimer</p>";
    case_sign(c, c->rsa, &options, html);
    case_edit(c, "class=\"x\">", "class=\"x\"><div>External</div>");
    case_edit(c, "</body>", "<p>Our disclaimer</p></body>");
    case_perform(c);
    assert_int_equal(c->finding.count, 2);
    const struct autopsy_change *change = &c->finding.changes[1];
    slice message = slice_of(c->message.ptr, c->message.len);
    slice body = slice_skip(message, slice_find(message, SLICE("\r\n\r\n")) + 4);
    assert_true(
        slice_eq(slice_between(body, change->offset, change->offset + change->length),
                 slice_from_text(added)));
}

/* Newsletters are large, and what is put in lies at both ends. */
static void large_html_is_within_the_usual_limits(void **state)
{
    enum { PARAGRAPHS = 900, ROOM = 128 * 1024 };
    struct autopsy_case *c = *state;
    static const struct sign_options options = {0};
    char *message = malloc(ROOM);
    assert_non_null(message);
    size_t fill = (size_t)snprintf(
        message, ROOM,
        HEAD "Content-Type: "
             "text/html\r\n\r\n<html><head><title>News</title></head><body>\r\n");
    for (int i = 0; i < PARAGRAPHS; i++) {
        fill += (size_t)snprintf(
            message + fill, ROOM - fill,
            "<div class=\"c%d\"><p>News of the week, and what else there "
            "is to be told in some words.</p></div>\r\n",
            i);
    }
    (void)snprintf(message + fill, ROOM - fill, "</body></html>\r\n");
    case_sign(c, c->rsa, &options, message);
    free(message);
    c->limits = autopsy_limits_for(c->message.len);
    case_edit(c, "<head>", "<head><meta name=\"x\" content=\"y\">");
    case_edit(c, "<body>", "<body><div><b>CAUTION:</b> external</div><br>");
    case_edit(c, "</body>", "<hr><p>Our disclaimer</p></body>");
    case_perform(c);
    assert_int_equal(c->finding.body, AUTOPSY_EXPLAINED);
    assert_int_equal(c->finding.count, 3);
    assert_int_equal(c->finding.kind, AUTOPSY_TEXT_INSERTED);
}

struct forgery {
    const char *message;
    struct autopsy_edit edits[3];
};

/* Something of it can be undone, but not all. */
static void what_is_put_in_hides_no_other_change(void **state)
{
    struct autopsy_case *c = *state;
    static const struct sign_options options = {0};
    static const struct forgery forgeries[] = {
        {html_base64,
         {{"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
           "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wb"
           "GUub3JnL2E/"
           "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo="
           "\r\n",
           "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TWV3czwvdGl0bGU+"
           "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij48\r\nZGl2IHN0eWxlPSJhIj48Yj5DQVVUSU9OOjwvYj4gZ"
           "Xh0ZXJuYWw8L2Rpdj48YnI+"
           "DQoNCjxwPlNl\r\nZSA8YSBocmVmPSJodHRwczovL2V4YW1wbGUub3JnL2E/"
           "Yj0xJmFtcDtjPTIiPnRoaXM8L2E+LCBK\r\nw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo="
           "\r\n"}}                                                                      },
        {html,
         {{"<head>", "<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; "
                     "charset=utf-8\">"},
          {"class=\"x\">",
           "class=\"x\"><div style=\"a\"><b>CAUTION:</b> external</div><br>\r\n"},
          {"News", "Mews"}}                                                              },
        {lf_base64,
         {{"R3LDvMOfZSwKaGVyZSBpcyB0aGUgcmVwb3J0Lgo=\r\n",
           "R3LDvMOfZSwKaGVyZSBpcyB0aGUgYmlsbC4KCi0tIApsaXN0IG1haWxpbmcgbGlzdAo=\r\n"}}  },
        {two_base64,
         {{"R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUub3JnL2E/"
           "Yj0xJmM9MiBmb3IgbW9yZS4NCg==\r\n",
           "R3LDvMOfZSwNCnNlZSBodHRwczovL2V4YW1wbGUubmV0L2E/"
           "Yj0xJmM9MiBmb3IgbW9yZS4NCi0t\r\nIA0KeA0K\r\n"},
          {"PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
           "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wb"
           "GUub3JnL2E/"
           "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+LCBKw7xyZ2VuLjwvcD4NCjwvYm9keT48L2h0bWw+DQo="
           "\r\n",
           "PGh0bWw+PGhlYWQ+DQo8dGl0bGU+TmV3czwvdGl0bGU+"
           "PC9oZWFkPjxib2R5IGNsYXNzPSJ4Ij4N\r\nCjxwPlNlZSA8YSBocmVmPSJodHRwczovL2V4YW1wb"
           "GUub3JnL2E/"
           "Yj0xJmFtcDtjPTIiPnRoaXM8\r\nL2E+"
           "LCBKw7xyZ2VuLjwvcD4NCjxwPk91ciBkaXNjbGFpbWVyPC9wPjwvYm9keT48L2h0bWw+DQo="
           "\r\n"}}                                                                      },
        {html,
         {{"<a href=\"https://example.org/a?b=1&amp;c=2\">",
           "<a "
           "href=\"https://eur01.safelinks.protection.outlook.com/"
           "?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c%3D2&amp;data=05%7C01&amp;"
           "sdata=x&amp;reserved=0\" originalsrc=\"https://example.net/a?b=1&amp;c=2\" "
           "shash=\"Abc=\">"}}                                                           },
        {text,
         {{"https://example.org/a?b=1&c=2",
           "https://url.avanan.click/v2/___https://example.net/a?b=1&c=2___.YXAx"}}      },
        {text,
         {{"https://example.org/a?b=1&c=2",
           "https://url.avanan.click/v2/___https://example.org/a?b=1&c=2.YXAx"}}         },
        {text,        {{"https://example.org/a?b=1&c=2", "https://url.avanan.click/v2/"}}},
        {text,
         {{"https://example.org/a?b=1&c=2",
           "https://eu-central-1.protection.sophos.com?d=example.org&u=&i=a"}}           },
    };
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        case_sign(c, c->rsa, &options, forgeries[i].message);
        for (size_t j = 0; j < 3 && forgeries[i].edits[j].from != NULL; j++) {
            case_edit(c, forgeries[i].edits[j].from, forgeries[i].edits[j].to);
        }
        case_perform(c);
        assert_int_equal(c->finding.kind, AUTOPSY_UNRECOGNISED);
        assert_int_equal(c->finding.header, AUTOPSY_AS_SIGNED);
    }
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(each_addition_and_link_is_recognised),
        WITH_CASE(places_are_of_the_message_at_hand),
        WITH_CASE(large_html_is_within_the_usual_limits),
        WITH_CASE(what_is_put_in_hides_no_other_change),
    };
    return cmocka_run_group_tests_name("autopsy content", tests, NULL, NULL);
}
