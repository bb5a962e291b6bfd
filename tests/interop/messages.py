# SPDX-License-Identifier: BSD-2-Clause
"""Messages with the odd shapes that have broken signatures, the same ones each time."""
import random

FROM = [
    b"From: Jo <jo@example.org>",
    b"From: jo@example.org",
    b"from:jo@example.org",
    b"FROM:   \"Jo \\\"the\\\" Doe\" <jo@example.org>  ",
    b"From: \"Doe, Jo\"\r\n\t<jo@example.org>",
    b"From: =?utf-8?Q?J=C3=B6?= <jo@example.org>",
    b"From: Jo (a comment \\) with <angle@example.net>) <jo@example.org>",
    "From: J\u00f6 <jo@example.org>".encode(),
]
SUBJECT = [
    None,
    b"Subject: Dinner",
    b"Subject:",
    b"Subject: ",
    b"Subject:\r\n folded at once",
    b"Subject: tabs\tand  spaces   within \t",
    b"SUBJECT: in\r\n  many\r\n\tlines \r\n here",
    b"Subject: =?utf-8?B?w6k=?= =?utf-8?B?w6k=?=",
    "Subject: \u00e9\u4f60\u597d".encode(),
    b"Subject: a; b=c; d=\"e\"",
    b"Subject: " + b"long " * 180,
    b"Subject: x" + b"y" * 1200,
]
EXTRA = [
    b"To: Sam <sam@example.net>",
    b"To: sam@example.net,\r\n\tkim@example.net,\r\n  lee@example.net",
    b"To: undisclosed-recipients:;",
    b"Cc: " + b", ".join(b"user%d@example.net" % n for n in range(60)),
    b"Message-ID: <1234.abc@example.org>",
    b"Message-Id:\r\n <folded@example.org>",
    b"In-Reply-To: <a@example.net>",
    b"References: " + b"\r\n ".join(b"<ref%d@example.net>" % n for n in range(40)),
    b"References: " + b" ".join(b"<ref%d@example.net>" % n for n in range(80)),
    b"Reply-To: other@example.org",
    b"Sender: list@example.org",
    b"MIME-Version: 1.0",
    b"MIME-Version: 1.0 (made by hand)",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: multipart/mixed;\r\n\tboundary=\"=_x;y=z\"",
    b"Content-Transfer-Encoding: 8bit",
    b"List-Id: A list <a.example.org>",
    b"List-Unsubscribe: <mailto:x@example.org>,\r\n <https://example.org/u?a=b&c=d>",
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    b"Feedback-ID: 1:2:3:yett",
    b"X-Mailer: something",
    b"x-empty:",
    b"Received: from a by b; Tue, 24 Nov 2026 09:59:00 +0000",
    b"Received: from b by c; Tue, 24 Nov 2026 09:59:30 +0000",
]
# opendkim takes no message without one.
DATE = [
    b"Date: Tue, 24 Nov 2026 10:00:00 +0000",
    b"date:  Tue,\r\n 24 Nov 2026 10:00:00 +0000 (UTC)",
]
BODY = [
    b"",
    b"\r\n",
    b"\r\n\r\n\r\n",
    b" \r\n",
    b" \t \r\n\t\r\n",
    b"Hello\r\n",
    b"Hello",
    b"Hello \t\r\n\r\n\r\n",
    b"two  spaces\tand\ttabs \r\n  at the front\r\n",
    b".\r\n..\r\n.hidden\r\n",
    b"From the top\r\n>From below\r\n",
    "Gr\u00fc\u00dfe \u4f60\u597d\r\n".encode(),
    b"\xff\xfe\x80 no charset\r\n",
    b"a line of " + b"x" * 998 + b"\r\n",
    b"y" * 5000 + b"\r\n" + b"z" * 2047 + b" \r\n",
    b"word " * 900 + b"\r\n",
    b"--=_x;y=z\r\nContent-Type: text/plain\r\n\r\nHi\r\n--=_x;y=z--\r\n",
    b"\r\n\r\nlate text\r\n\r\n",
    b"last line has spaces   ",
    b"blank\r\n \r\nlines \r\n\t\r\nwithin\r\n \r\n",
    b"=3D quoted =\r\nprintable=20\r\n",
]


def lines(random_numbers):
    """A long body: line lengths around the edges of buffers."""
    sizes = [0, 1, 63, 64, 65, 76, 77, 255, 256, 998]
    return b"".join(bytes(random_numbers.choice(b"abc .\t=") for _ in range(random_numbers.choice(sizes)))
                    + b"\r\n" for _ in range(120))


def message(number):
    """Message `number`, with CRLF line ends."""
    draw = random.Random(number)
    fields = [draw.choice(FROM), draw.choice(DATE)]
    subject = SUBJECT[number % len(SUBJECT)]
    if subject is not None:
        fields.append(subject)
    once = {}
    for field in draw.sample(EXTRA, draw.randrange(0, 12)):
        name = field.split(b":", 1)[0].lower()
        if name not in (b"received", b"x-mailer"):
            if name in once:
                continue
            once[name] = True
        fields.append(field)
    draw.shuffle(fields)
    body = lines(draw) if number % 17 == 0 else BODY[number % len(BODY)]
    if number % 97 == 0:
        body = body * 200 if body else body
    return b"\r\n".join(fields) + b"\r\n\r\n" + body
