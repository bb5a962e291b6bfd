/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail.h"

#include "support/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "Received: from mail.example.org (mail.example.org [192.0.2.10])\r\n"
    "\tby mx.example.com (Postfix) with ESMTPS id 4d1Yk2\r\n"
    "\tfor <you@example.com>; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\r\n"
    "From: Alice Example <alice@example.org>\r\n"
    "To: You Yourself <you@example.com>\r\n"
    "Cc: Bob <bob@example.net>, Carol <carol@example.net>\r\n"
    "Subject: The figures of the third quarter, and what they mean\r\n"
    "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
    "Message-ID: <20251124160000.4d1Yk2@mail.example.org>\r\n"
    "In-Reply-To: <20251124150000.4d1Yk1@mx.example.com>\r\n"
    "References: <20251124140000.4d1Yk0@mail.example.org>\r\n"
    "\t<20251124150000.4d1Yk1@mx.example.com>\r\n"
    "MIME-Version: 1.0\r\n"
    "User-Agent: Mail/1.0\r\n";

/* Prose as people write it: two spaces now and then, an empty line, one that ends in a
   space. */
static const char *const prose[] = {
    "the figures of the third quarter are ready.  Shall we go through them on\r\n",
    "Thursday, or would you rather wait until the fourth is over as well? I have\r\n",
    "asked Bob for the numbers of the northern branch, which were not in the last \r\n",
    "report, and he says that they will be there by noon.\r\n",
    "\r\n",
    "What strikes me most is how little the weather mattered this year: the sales of\r\n",
    "umbrellas fell by two percent although it rained for thirty days.  Carol thinks\r\n",
    "that everybody has one by now, which may be true of this town but hardly of the\r\n",
    "whole country, where we sold more raincoats than ever before in a summer.\r\n",
    "\r\n",
    NULL,
};

static const char *const base64[] = {
    "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PCAvVHlwZSAvQ2F0YWxvZyAvUGFnZXMgMiAwIFIgPj4K\r\n",
    "ZW5kb2JqCjIgMCBvYmoKPDwgL1R5cGUgL1BhZ2VzIC9LaWRzIFszIDAgUl0gL0NvdW50IDEgPj4K\r\n",
    "ZW5kb2JqCjMgMCBvYmoKPDwgL1R5cGUgL1BhZ2UgL1BhcmVudCAyIDAgUiAvTWVkaWFCb3ggWzAg\r\n",
    NULL,
};

/* A newsletter as its program wrote it, tables within tables. */
static const char *const html[] = {
    "      <table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\r\n",
    "        <tr>\r\n",
    "          <td align=\"left\" style=\"font-family: Arial, sans-serif; color: "
    "#333\">\r\n",
    "            <a href=\"https://www.example.org/a?id=4711\">Read more</a>\r\n",
    "          </td>\r\n",
    "        </tr>\r\n",
    "      </table>\r\n",
    "\r\n",
    NULL,
};

static const struct body {
    const char *fields; /* and the empty line */
    const char *const *lines;
} bodies[] = {
    [MAIL_PROSE] = {"Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: 8bit\r\n\r\n",    prose },
    [MAIL_BASE64] = {"Content-Type: application/pdf; name=report.pdf\r\n"
                     "Content-Transfer-Encoding: base64\r\n\r\n", base64},
    [MAIL_HTML] = {"Content-Type: text/html; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: 7bit\r\n\r\n",     html  },
};

static size_t put(char *text, size_t at, const char *more)
{
    size_t length = strlen(more);
    memcpy(text + at, more, length + 1);
    return at + length;
}

static char *unsigned_text(size_t bytes, const struct body *body)
{
    enum { LINE_MAX = 200 };
    char *text = malloc(sizeof head + strlen(body->fields) + bytes + LINE_MAX);
    if (text == NULL) {
        abort();
    }
    size_t length = put(text, put(text, 0, head), body->fields);
    for (size_t i = 0; length < bytes; i = body->lines[i + 1] == NULL ? 0 : i + 1) {
        length = put(text, length, body->lines[i]);
    }
    return text;
}

static void sign(struct mail *mail, enum sign_key_name name, const char *selector)
{
    struct sign_key *key = sign_key_new(name);
    struct sign_options options = {
        .selector = selector,
        .signed_at = "1763999970",
        .fields =
            "From:To:Cc:Subject:Date:Message-ID:In-Reply-To:References:MIME-Version:"
            "Content-Type:From"};
    char *signed_text = sign_message(key, &options, mail->text);
    char *line =
        sign_key_zone(key, selector, "example.org",
                      name == SIGN_ED25519 ? "v=DKIM1; k=ed25519; " : "v=DKIM1; ");
    char *zone = NULL;
    if (asprintf(&zone, "%s%s", mail->zone, line) < 0) {
        abort();
    }
    free(mail->text);
    free(mail->zone);
    free(line);
    mail->text = signed_text;
    mail->zone = zone;
    sign_key_free(key);
}

struct mail *mail_new(size_t bytes, enum mail_signing signing, enum mail_body body)
{
    struct mail *mail = calloc(1, sizeof(*mail));
    if (mail == NULL) {
        abort();
    }
    mail->text = unsigned_text(bytes, &bodies[body]);
    mail->zone = strdup("$TTL 3600\n"
                        "example.org. TXT \"v=spf1 mx include:_spf.example.org -all\"\n"
                        "example.org. MX 10 mail.example.org.\n"
                        "mail.example.org. A 192.0.2.99\n"
                        "_spf.example.org. TXT \"v=spf1 ip4:192.0.2.0/28 ~all\"\n"
                        "_dmarc.example.org. TXT \"v=DMARC1; p=reject; "
                        "rua=mailto:dmarc@example.org\"\n");
    if (signing != MAIL_ED25519) {
        sign(mail, SIGN_RSA_2048, "r");
    }
    if (signing == MAIL_TWO_RSA) {
        sign(mail, SIGN_RSA_2048, "r2");
    }
    if (signing == MAIL_ED25519 || signing == MAIL_BOTH) {
        sign(mail, SIGN_ED25519, "e");
    }
    mail->bytes = strlen(mail->text);
    return mail;
}

void mail_free(struct mail *mail)
{
    free(mail->text);
    free(mail->zone);
    free(mail);
}
