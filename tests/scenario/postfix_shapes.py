#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signatures and what a real Postfix does to mail before, around and behind its filters.

    postfix_shapes.py YETT

    user ── Postfix, yett signs ──> Postfix, yett verifies on zone text ──> mailbox

yett-serve(8), WHAT POSTFIX CHANGES, says which of it breaks a signature; this is the proof.
"""
import base64
import itertools
import os
import re
import signal
import smtplib
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import signing  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from dovecot_auth import DovecotAuth  # noqa: E402  pylint: disable=wrong-import-position
from gateway import PATIENCE, Gateway  # noqa: E402  pylint: disable=wrong-import-position
from milter_server import MilterServer  # noqa: E402  pylint: disable=wrong-import-position
from sealing import ListServer  # noqa: E402  pylint: disable=wrong-import-position
from signing import FOOTER, HEAD, ODD, OFFICE, RELAY, ROAD, expect_signed  # noqa: E402

IDN = "xn--mller-kva.example"  # müller.example
DOMAINS = ("example.org", "example.net", IDN)
SETTINGS = """mode = "enforce"
submission_networks = {{"192.0.2.0/24", "127.0.0.1"}}
trusted_relays = {{"198.51.100.25"}}
signing {{ networks = on }}
domain "example.org" {{ sign = {{"r={rsa}", "e={ed}"}} }}
domain "example.net" {{ sign = {{"r={rsa}", "e={ed}"}} }}
domain "müller.example" {{ sign = {{"r={rsa}", "e={ed}"}} }}
"""
USUAL = ODD["a usual one"]

# What cleanup does, before it asks filters.
CLEANUPS = {
    "no_received": ("/^Received:/ IGNORE\n", []),
    "checked": ("/^Subject:/ REPLACE Subject: Supper\n/^From:/ PREPEND X-Checked: yes\n", []),
    "canonical": ("", ["sender_canonical_maps=static:carol@example.net"]),
    "masquerade": ("", ["masquerade_domains=example.org"]),
    "missing": ("", ["always_add_missing_headers=yes"]),
}
# What the SMTP client does, behind them.
CLIENTS = {
    "generic": ("", ["smtp_generic_maps=inline:{{alice@example.org=alice@example.net}}"]),
    "replacing": ("/^Subject:/ REPLACE Subject: Supper\n", []),
    "tidy": ("/^(Received|X-Mailer):/ IGNORE\n/^To:/ PREPEND X-Sent: yes\n", []),
}


class Filter(ListServer):
    """Puts a footer on what it gets, and hands it back."""

    def distribute(self, rcpt, raw):
        with smtplib.SMTP("127.0.0.1", self.exit_port, timeout=PATIENCE) as smtp:
            smtp.sendmail("alice@example.org", rcpt, raw + FOOTER)


class Site(signing.Site):
    def start(self, yett):
        self.numbers = itertools.count(1)
        keys = [mail.Key(self.folder, "example.org", "r", "rsa"),
                mail.Key(self.folder, "example.org", "e", "ed25519")]
        zone = "".join(f'_dmarc.{domain}. TXT "v=DMARC1; p=reject"\n' for domain in DOMAINS)
        zone += "".join(key.record(domain) + "\n" for key in keys for domain in DOMAINS)
        self.receiver = self.keep(Gateway(yett, zone, 'mode = "enforce"\n'))
        self.second = self.keep(postfix.Postfix(
            f"smtpd_milters = inet:127.0.0.1:{self.receiver.ports[0]}\n", name="second.test"))
        self.tap = self.keep(MilterServer())
        self.signer = self.keep(Gateway(
            yett, zone, SETTINGS.format(rsa=keys[0].path, ed=keys[1].path),
            ("", 'role = "sign"', 'insert = "top"')))
        self.start_first()

    def rcpt(self):
        return f"r{next(self.numbers)}@rcpt.test"

    def start_first(self):
        both, sign, top = (f"inet:127.0.0.1:{port}" for port in self.signer.ports)
        first = self.first = self.keep(postfix.Postfix(
            f"smtpd_milters = {both}\nnon_smtpd_milters = {both}\n"
            f"default_transport = smtp:[127.0.0.1]:{self.second.port}\n"
            f"virtual_mailbox_domains = box.test\nmynetworks = {OFFICE}, {RELAY}\n"
            "myorigin = example.org\n"
            "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,\n"
            "  permit_auth_destination, reject\n"
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n"
            "smtpd_sasl_path = private/auth\n", name="first.example.org", start=False))
        self.rewriting()
        prepend = "smtpd_sender_restrictions=check_sender_access inline:"
        prepend += "{{a@stranger.test=PREPEND Received-SPF: none}}"
        first.add_services([
            ("prepending", [prepend]),
            ("top", [f"smtpd_milters={top}, {self.tap.address}"]),
            ("back", [f"smtpd_milters={sign}", "mynetworks=127.0.0.0/8"])])
        self.filter = Filter()
        self.filter.exit_port = first.ports["back"]
        address = f"127.0.0.1:{self.filter.server_address[1]}"
        first.add_services([
            ("filtered", ["smtpd_milters=", f"content_filter=smtp:{address}"]),
            ("proxied", ["smtpd_milters=", f"smtpd_proxy_filter={address}"])])
        first.start()
        self.keep(DovecotAuth(os.path.join(first.spool, "private", "auth")))

    def rewriting(self):
        """A service for each thing that cleanup or the SMTP client can do."""
        for kind, table in (("cleanup", CLEANUPS), ("smtp", CLIENTS)):
            for name, (checks, options) in table.items():
                own = list(options)
                if checks:
                    path = os.path.join(self.first.conf, name)
                    self.first.write(name, checks)
                    own.append(f"{kind}_header_checks=regexp:{path}".replace("cleanup_", ""))
                form = "n - y - 0" if kind == "cleanup" else "- - y - -"
                self.first.write(
                    "master.cf", f"{kind}-{name} unix {form} {kind}\n"
                    + "".join(f"    -o {{{option}}}\n" for option in own))
                way = f"cleanup_service_name=cleanup-{name}" if kind == "cleanup" else \
                    f"content_filter=smtp-{name}:[127.0.0.1]:{self.second.port}"
                self.first.add_services(
                    [(name, [way, "local_header_rewrite_clients=static:all"])])

    def chunks(self, pieces, parameters=""):
        """By BDAT; the message that comes out at the second Postfix."""
        rcpt = self.rcpt()
        with self.first.client(ip=OFFICE) as client:
            client.expect(250, client.smtp.docmd("MAIL", f"FROM:<alice@example.org>{parameters}"))
            client.expect(250, client.smtp.docmd("RCPT", f"TO:<{rcpt}>"))
            for at, piece in enumerate(pieces):
                last = b" LAST" if at == len(pieces) - 1 else b""
                client.smtp.send(b"BDAT %d%s\r\n%s" % (len(piece), last, piece))
                client.expect(250, client.smtp.getreply())
        return self.second.delivered(rcpt)

    def sendmail(self, raw, *arguments):
        """RCPT in the text and in the arguments is who gets it."""
        rcpt = self.rcpt()
        arguments = [word.replace("RCPT", rcpt) for word in arguments]
        self.first.run("/usr/sbin/sendmail", "-C", self.first.conf, *arguments,
                       data=raw.replace("RCPT", rcpt).encode())
        return self.second.delivered(rcpt)


def expect_broken(message):
    results = message.values("Authentication-Results")[0]
    assert results.count("dkim=fail") == 2 and "dmarc=fail" in results, results


# ---- before and behind the filters -------------------------------------------------------

def what_header_checks_change_is_signed(site):
    message = site.send(USUAL, service="checked")
    expect_signed(message)
    assert message.values("Subject") == ["Supper"] and message.values("X-Checked"), message.fields


def mail_without_the_received_field_of_its_host_is_signed(site):
    for raw in (USUAL, b"Subject: first\r\n" + HEAD + b"\r\nHello.\r\n"):
        message = site.send(raw, service="no_received")
        expect_signed(message)
        assert len(message.values("Received")) == 1, message.fields  # of the second Postfix


def the_author_is_who_canonical_maps_put_there(site):
    message = site.send(USUAL, service="canonical")
    assert "carol@example.net" in message.values("From")[0], message.fields
    expect_signed(message, "example.net")


def masqueraded_domains_are_signed_for(site):
    raw = USUAL.replace(b"<alice@example.org>", b"<alice@host7.example.org>")
    message = site.send(raw, service="masquerade")
    assert "<alice@example.org>" in message.values("From")[0], message.fields
    expect_signed(message)


def missing_fields_that_postfix_adds_itself_are_signed(site):
    message = site.send(ODD["without Date and Message-ID"], service="missing")
    expect_signed(message)
    assert len(message.values("Date")) == len(message.values("Message-ID")) == 1, message.fields
    assert "hazards=" not in site.line(message)


def generic_maps_come_too_late(site):
    message = site.send(USUAL, service="generic")
    assert "<alice@example.net>" in message.values("From")[0], message.fields
    expect_broken(message)


def header_checks_of_the_client_come_too_late_for_a_signed_field(site):
    expect_broken(site.send(USUAL, service="replacing"))


def header_checks_of_the_client_may_tidy_up(site):
    message = site.send(b"X-Mailer: old\r\n" + USUAL, service="tidy")
    expect_signed(message)
    assert message.values("X-Sent") and not message.values("X-Mailer"), message.fields
    assert len(message.values("Received")) == 1, message.fields


# ---- filters in between ------------------------------------------------------------------

def a_content_filter_that_adds_a_footer_is_signed_behind(site, service="filtered"):
    message = site.send(USUAL, ip=ROAD, login="alice@example.org", service=service)
    assert message.body.endswith(FOOTER.replace(b"\r\n", b"\n")), message.body
    expect_signed(message)


def so_is_a_proxy_filter(site):
    a_content_filter_that_adds_a_footer_is_signed_behind(site, "proxied")


FORGED = b"Authentication-Results: mx.example.com; dmarc=pass header.from=forged.test\r\n"


def forged_results_go_also_where_a_field_is_prepended(site):
    raw = FORGED + b"From: a@stranger.test\r\n" + FORGED + b"\r\nHello.\r\n"
    relayed = b"Received: from x.test (x.test [203.0.113.77]) by backup.test (Postfix) with" \
              b" ESMTP id 1; Mon, 24 Nov 2025 16:00:00 +0000\r\n" + raw
    for ip, sent, client in ((ROAD, raw, "client=203.0.113.9"),
                             (RELAY, relayed, "behind client=203.0.113.77")):
        rcpt = f"prepended-{ip}@box.test"
        reply = site.first.send("a@stranger.test", rcpt, sent, service="prepending", ip=ip)
        assert reply.accepted, reply
        message = site.first.delivered(rcpt)
        assert message.values("Received-SPF") == ["none"], message.fields
        results, = message.values("Authentication-Results")
        assert "forged.test" not in results, results
        line = site.signer.wait_log(f"rcpt=<{rcpt}>")
        assert client in line and " removed=2" in line, line


def the_next_filter_sees_results_that_stand_on_top(site):
    reply = site.first.send("a@stranger.test", "top@box.test", b"From: a@stranger.test\r\n\r\n",
                            service="top", ip=ROAD)
    assert reply.accepted, reply
    message = site.first.delivered("top@box.test")
    names = [name for name, _ in message.fields]
    assert names.index("Authentication-Results") < names.index("Received"), names
    seen = site.tap.seen[-1]
    assert len(seen.values("Authentication-Results")) == 1, seen.fields
    assert not seen.values("Received"), seen.fields


# ---- how it is handed in -----------------------------------------------------------------

CHUNKS = {
    "octet by octet": [bytes([octet]) for octet in USUAL],
    "cut between CR and LF": [USUAL[:-1], USUAL[-1:]],
    "without a line end at its end": [USUAL[:-2], b""],
    "with a CR at its end": [USUAL[:-1]],
    "with LF for CRLF": [USUAL.replace(b"\r\n", b"\n")],
    "with lone CRs": [HEAD + b"\r\none\rtwo\r\r\nthree\r\n"],
    "with NULs": [HEAD + b"Subject: a\0b\r\n\r\na\0b\0\r\n\0\r\n" + b"\0" * 2500 + b"\r\n"],
    "with dots": [HEAD + b"\r\n.\r\n..\r\n.x"],
    "with octets over 127": [HEAD + b"\r\n" + bytes(range(128, 256)) + b"\r\n"],
    "with lines around 998 octets": [HEAD + b"\r\n" + b"".join(
        b"x" * length + b"\r" * (length % 2) + "ü".encode() * 600 + b" \r\n"
        for length in range(990, 1002))],
    "without a body": [HEAD[:-2]],
}


def chunked(name):
    def case(site):
        expect_signed(site.chunks(CHUNKS[name]))
        return ""
    case.__name__ = f"by BDAT, {name}"
    return case


def binary_mime_is_not_taken(site):
    with site.first.client(ip=OFFICE) as client:
        code, text = client.smtp.docmd("MAIL", "FROM:<alice@example.org> BODY=BINARYMIME")
    assert code >= 500, text


def international_mail_is_signed(site):
    for author, login, domain in (
            ("Jürgen <jürgen@example.org>", "jürgen@example.org", "example.org"),
            ("<a@müller.example>", "a@müller.example", IDN),
            (f"<ü@{IDN}>", f"ü@{IDN}", IDN),
            ("<ä@bücher.müller.example>", None, IDN)):
        raw = f"From: {author}\r\nTo: b@rcpt.test\r\nSubject: grün\r\n\r\nWie grün!\r\n".encode()
        rcpt, sender = site.rcpt(), re.search("[^< ]+@[^>]+", author)[0]
        with site.first.client(ip=ROAD if login else OFFICE) as client:
            if login:
                word = base64.b64encode(f"\0{login}\0secret".encode()).decode()
                client.expect(235, client.smtp.docmd("AUTH", f"PLAIN {word}"))
            reply = client.send(sender, [rcpt], raw, " BODY=8BITMIME SMTPUTF8")
        assert reply.accepted, reply
        message = site.second.delivered(rcpt)
        expect_signed(message, domain)
        assert (" by=login" if login else " by=network") in site.line(message)


def for_many_recipients_it_is_signed_once(site):
    # More than Postfix hands over in one transaction; one is delivered by the first itself.
    rcpts = [f"many{number}@rcpt.test" for number in range(70)] + ["many@box.test"]
    reply = site.first.send("alice@example.org", rcpts, USUAL, ip=OFFICE)
    assert reply.accepted, reply
    for rcpt in rcpts[:-1]:
        expect_signed(site.second.delivered(rcpt))
    assert len(site.first.delivered(rcpts[-1]).values("DKIM-Signature")) == 2
    lines = [line for line in site.signer.log().splitlines() if f"rcpt=<{rcpts[0]}>" in line]
    assert len(lines) == 1 and f"rcpts={len(rcpts)} " in lines[0], lines


def the_sendmail_command_reads_recipients_from_the_text(site):
    message = site.sendmail(
        "From: alice@example.org\nTo: RCPT\nBcc: hidden@rcpt.test\n\n.\nHello\n", "-t", "-i")
    expect_signed(message)
    assert not message.values("Bcc"), message.fields
    message = site.sendmail("To: RCPT\nSubject: no author\n\nHello\n", "-t")
    expect_signed(message)  # Postfix added one
    assert " by=local" in site.line(message)


def reports_of_cron_are_signed(site):
    message = site.sendmail(
        "From: root (Cron Daemon)\nTo: RCPT\nSubject: Cron <root@host> job\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit\n\nWie grün!\n",
        "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "RCPT")
    expect_signed(message)
    assert message.values("From") == ["root@example.org (Cron Daemon)"], message.fields


FAILED = "Authentication-Results: mx.example.com; dmarc=fail header.from=example.org\n"


def a_forgery_that_is_handed_on_is_not_signed(site):
    text = USUAL.decode().replace("\r\n", "\n")
    message = site.sendmail(FAILED + text, "-i", "-f", "bob@rcpt.test", "RCPT")
    signing.expect_unsigned(message)
    signing.expect_unsigned(site.send(FAILED.replace("\n", "\r\n").encode() + USUAL))
    expect_signed(site.send(FAILED.replace("\n", "\r\n").replace("fail", "pass").encode() + USUAL))


CASES = [what_header_checks_change_is_signed, mail_without_the_received_field_of_its_host_is_signed,
         the_author_is_who_canonical_maps_put_there, masqueraded_domains_are_signed_for,
         missing_fields_that_postfix_adds_itself_are_signed, generic_maps_come_too_late,
         header_checks_of_the_client_come_too_late_for_a_signed_field,
         header_checks_of_the_client_may_tidy_up,
         a_content_filter_that_adds_a_footer_is_signed_behind, so_is_a_proxy_filter,
         forged_results_go_also_where_a_field_is_prepended,
         the_next_filter_sees_results_that_stand_on_top,
         *[chunked(name) for name in CHUNKS], binary_mime_is_not_taken,
         international_mail_is_signed, for_many_recipients_it_is_signed_once,
         the_sendmail_command_reads_recipients_from_the_text, reports_of_cron_are_signed,
         a_forgery_that_is_handed_on_is_not_signed]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skip = postfix.why_not()
    if skip:
        return tap.report(tap.named(CASES, skip=skip))
    with Site(sys.argv[1]) as site:
        return tap.report(tap.named(CASES, site))


if __name__ == "__main__":
    sys.exit(main())
