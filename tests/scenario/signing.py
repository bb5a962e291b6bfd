#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Our own mail is signed behind a real Postfix, and holds at a second one.

    signing.py YETT

    user ── Postfix, yett signs ──> Postfix, yett verifies on zone text ──> mailbox

Every message that is signed gets an RSA and an Ed25519 signature, and both must hold.
"""
import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from dovecot_auth import DovecotAuth  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway  # noqa: E402  pylint: disable=wrong-import-position
from milter_server import MilterServer  # noqa: E402  pylint: disable=wrong-import-position

OFFICE, RELAY, ROAD = "192.0.2.7", "198.51.100.25", "203.0.113.9"  # clients
ZONE = """
_dmarc.example.org. TXT "v=DMARC1; p=reject"
_dmarc.example.net. TXT "v=DMARC1; p=reject"
"""
SIGNING = """mode = "enforce"
submission_networks = {{"192.0.2.0/24"}}
trusted_relays = {{"198.51.100.25"}}
signing {{ networks = on on_mismatch = reject {more} }}
domain "example.org" {{ sign = {{"r={rsa}", "e={ed}"}} }}
domain "example.net" {{ sign = {{"r={rsa}", "e={ed}"}} }}
login "alice" {{ domains = {{"example.org"}} }}
"""
FOOTER = b"-- \r\nExample Ltd, registered nowhere\r\n"
HEAD = (b"From: Alice <alice@example.org>\r\nTo: you@rcpt.test\r\n"
        b"Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n")

# What is handed in; whatever Postfix makes of it on the way, the signatures hold.
ODD = {
    "a usual one": HEAD + b"Subject: Dinner\r\n\r\nIs it ready?\r\n",
    "without Date and Message-ID": b"From: alice@example.org\r\n\r\nHello.\r\n",
    "a long line": HEAD + b"\r\n" + b"x" * 2500 + b"\r\nend\r\n",
    "lines of 998 and 999": HEAD + b"\r\n" + b"x" * 998 + b"\r\n" + b"y" * 999 + b"\r\n",
    "a long line at the end": HEAD + b"\r\n" + b"z" * 3000,
    "a long field": HEAD + b"References: <" + b"a" * 2500 + b"@x>\r\n\r\nHello.\r\n",
    "a long folded field": HEAD + b"References:" + b"".join(
        b"\r\n <%d@example.org>" % number for number in range(300)) + b"\r\n\r\nHello.\r\n",
    "8-bit text": HEAD + "Subject: grün\r\n\r\nWie grün!\r\n".encode(),
    "octets of no character set": HEAD + b"\r\n\xff\xfe\x80\r\n",
    "bare LF": HEAD + b"\r\nfirst\nsecond\r\n",
    "bare CR": HEAD + b"Subject: a\rb\r\n\r\nfirst\rsecond\r\n",
    "white space everywhere": HEAD + b"Subject:  two \t\r\n\t folded \r\n\r\n a  b \t\r\n \r\n\r\n",
    "no body": HEAD + b"\r\n",
    "no end of the header": HEAD,
    "dots": HEAD + b"\r\n.\r\n..\r\n.x\r\n",
    "fields twice": HEAD + b"Subject: one\r\nSubject: two\r\nTo: more@rcpt.test\r\n\r\nHello.\r\n",
    "a forged result": b"Authentication-Results: mx.example.com; dmarc=pass\r\n" + HEAD +
                       b"\r\nHello.\r\n",
    "below our domain": b"From: a@shop.example.org\r\n\r\nHello.\r\n",
}


class Site:
    def __init__(self, yett):
        self.things, self.count = [], 0
        self.folder = tempfile.mkdtemp(prefix="yett-signing-")
        try:
            self.start(yett)
        except BaseException:
            self.__exit__()
            raise

    def start(self, yett):
        keys = [mail.Key(self.folder, "example.org", "r", "rsa"),
                mail.Key(self.folder, "example.org", "e", "ed25519")]
        zone = ZONE + "\n".join(key.record(domain) for key in keys
                                for domain in ("example.org", "example.net")) + "\n"
        self.receiver = self.keep(Gateway(yett, zone, 'mode = "enforce"\n'))
        self.second = self.keep(postfix.Postfix(
            f"smtpd_milters = inet:127.0.0.1:{self.receiver.ports[0]}\n",
            [("seven", ["smtpd_discard_ehlo_keywords=8bitmime"])], name="second.test"))
        self.changer = self.keep(MilterServer(lambda message: [("body", message.body + FOOTER)]))
        settings = {"rsa": keys[0].path, "ed": keys[1].path}
        self.signer = self.keep(Gateway(
            yett, zone, SIGNING.format(more="", **settings),
            ('role = "both"', 'role = "verify"', 'role = "sign"')))
        self.simple = self.keep(Gateway(yett, zone, SIGNING.format(
            more="header_canonicalization = simple body_canonicalization = simple", **settings)))
        self.start_first()

    def start_first(self):
        both, verify, sign = (f"inet:127.0.0.1:{port}" for port in self.signer.ports)
        simple = f"inet:127.0.0.1:{self.simple.ports[0]}"
        between = f"smtpd_milters={verify}, {self.changer.address}, {sign}"
        self.first = self.keep(postfix.Postfix(
            f"smtpd_milters = {both}\nnon_smtpd_milters = {both}\n"
            f"default_transport = smtp:[127.0.0.1]:{self.second.port}\n"
            f"transport_maps = inline:{{seven.test=smtp:[127.0.0.1]:{self.second.ports['seven']}}}\n"
            "virtual_mailbox_domains = box.test\ninternal_mail_filter_classes = bounce\n"
            f"mynetworks = {OFFICE}, {RELAY}\n"
            "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject\n"
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n"
            "smtpd_sasl_path = private/auth\n",
            [("between", [between]), ("simple", [f"smtpd_milters={simple}"]),
             ("held", ["smtpd_data_restrictions=check_sender_access static:HOLD"])],
            name="first.example.org"))
        self.keep(DovecotAuth(os.path.join(self.first.spool, "private", "auth")))

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in reversed(self.things):
            thing.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rcpt(self):
        """Nobody else gets mail there."""
        self.count += 1
        return f"r{self.count}@rcpt.test"

    def send(self, raw, mail_from="alice@example.org", ip=OFFICE, service=None, login=None,
             rcpt=None):
        """Hand it in; the message that comes out at the second Postfix."""
        rcpt = rcpt or self.rcpt()
        with self.first.client(service, ip=ip) as client:
            if login:
                word = base64.b64encode(f"\0{login}\0secret".encode()).decode()
                client.expect(235, client.smtp.docmd("AUTH", f"PLAIN {word}"))
            reply = client.send(mail_from, [rcpt], raw)
        assert reply.accepted, reply
        return self.second.delivered(rcpt)

    def line(self, message):
        """What the signing gateway said about a message."""
        rcpt = message.values("Delivered-To")[0]
        return self.signer.wait_log(f"rcpt=<{rcpt}>")


def expect_signed(message, domain="example.org", others=()):
    """Two signatures, and both hold where it came to."""
    signatures = message.values("DKIM-Signature")
    assert len(signatures) == 2, message.fields
    assert all(f"d={domain};" in value for value in signatures), signatures
    results = message.values("Authentication-Results")[0]
    assert results.startswith("mx.example.com;"), results
    assert results.count("dkim=pass") == 2 and "dkim=fail" not in results, results
    assert "dmarc=pass" in results, results
    for part in others:
        assert part in results, results


def expect_unsigned(message):
    assert not message.values("DKIM-Signature"), message.fields


# ---- who is signed for -------------------------------------------------------------------

def a_network_of_ours_is_signed_for(site):
    message = site.send(ODD["a usual one"])
    expect_signed(message)
    assert " signed=r.example.org,e.example.org by=network" in site.line(message)


def a_login_is_signed_for(site):
    message = site.send(ODD["a usual one"], ip=ROAD, login="alice")
    expect_signed(message)
    assert " by=login" in site.line(message)
    message = site.send(ODD["a usual one"], ip=ROAD, login="bob@example.org")
    expect_signed(message)


def a_login_is_not_signed_for_with_the_domain_of_others(site):
    raw = ODD["a usual one"].replace(b"alice@example.org", b"alice@example.net")
    with site.first.client(ip=ROAD) as client:
        word = base64.b64encode(b"\0alice\0secret").decode()
        client.expect(235, client.smtp.docmd("AUTH", f"PLAIN {word}"))
        reply = client.send("alice@example.org", [site.rcpt()], raw)
    assert reply.code == 550 and "you may not send mail of example.net" in reply.text, reply
    message = site.send(raw, ip=ROAD, login="bob@example.net")
    expect_signed(message, "example.net")


def the_sendmail_command_is_signed_for(site):
    rcpt = site.rcpt()
    site.first.sendmail("alice@example.org", rcpt, ODD["without Date and Message-ID"])
    message = site.second.delivered(rcpt)
    expect_signed(message)
    assert len(message.values("Date")) == 1 and len(message.values("Message-ID")) == 1
    assert " by=local" in site.line(message)


def a_bounce_of_our_own_is_signed(site):
    rcpt = site.rcpt()
    reply = site.first.send(rcpt, "nobody@nowhere.box.test", ODD["a usual one"], ip=OFFICE)
    if reply.accepted:
        message = site.second.delivered(rcpt)
        expect_signed(message)
        assert " by=bounce" in site.line(message)
    else:
        raise AssertionError(reply)


def mail_of_others_is_not_signed(site):
    message = site.send(ODD["a usual one"], ip=RELAY)
    expect_unsigned(message)
    message = site.send(ODD["a usual one"], "SRS0=ab=cd=else.test=bob@example.org")
    expect_unsigned(message)
    assert " unsigned=forward" in site.line(message)
    message = site.send(ODD["a usual one"].replace(b"alice@example.org", b"a@else.test"))
    expect_unsigned(message)
    assert " unsigned=other-domain" in site.line(message)


def from_one_of_us_to_another_it_is_signed_and_not_verified(site):
    reply = site.first.send("alice@example.org", "bob@box.test", ODD["a usual one"], ip=OFFICE)
    assert reply.accepted, reply
    message = site.first.delivered("bob@box.test")
    assert len(message.values("DKIM-Signature")) == 2, message.fields
    assert not any("dkim=" in value for value in message.values("Authentication-Results"))


# ---- what survives -----------------------------------------------------------------------

def odd(name):
    def case(site):
        expect_signed(site.send(ODD[name]))
        return ""
    case.__name__ = f"signatures survive: {name}"
    return case


def odd_with_simple_canonicalization(site):
    for name in ("a usual one", "without Date and Message-ID", "a long line", "a long folded field",
                 "white space everywhere", "no body", "dots"):
        message = site.send(ODD[name], service="simple")
        assert "c=simple/simple" in message.values("DKIM-Signature")[0]
        expect_signed(message)


def missing_fields_are_added_once(site):
    message = site.send(ODD["without Date and Message-ID"])
    assert message.values("Date") == ["Mon, 24 Nov 2025 16:00:00 +0000"], message.fields
    identifier, = message.values("Message-ID")
    assert re.fullmatch("<[a-z0-9]{16}@example.org>", identifier), identifier


def a_filter_that_changes_the_body_stands_before_the_signer(site):
    message = site.send(ODD["a usual one"], service="between")
    assert message.body.endswith(FOOTER.replace(b"\r\n", b"\n")), message.body
    expect_signed(message)
    seen = site.changer.seen[-1]
    assert not seen.values("DKIM-Signature"), "it was signed before it was changed"


def eight_bits_are_named_where_they_may_break_it(site):
    raw = HEAD + (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  b"Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n")
    expect_signed(site.send(raw))
    reply = site.first.send("alice@example.org", "x@seven.test", raw, ip=OFFICE)
    assert reply.accepted, reply
    assert " hazards=eight-bit" in site.signer.wait_log("rcpt=<x@seven.test>")


def what_is_queued_again_is_not_signed_again(site):
    rcpt = site.rcpt()
    reply = site.first.send("alice@example.org", rcpt, ODD["a usual one"], service="held", ip=OFFICE)
    assert reply.accepted and site.first.queue("hold") == [reply.queue_id], reply
    site.first.run("/usr/sbin/postsuper", "-c", site.first.conf, "-r", reply.queue_id)
    # pickup(8) may be about to end, and then a kick dies with its pipe: another one is started.
    for _ in range(20):
        if subprocess.run(["/usr/sbin/postkick", "-c", site.first.conf, "public", "pickup", "W"],
                          check=False).returncode == 0:
            break
        time.sleep(0.1)
    expect_signed(site.second.delivered(rcpt))


def what_is_handed_in_again_locally_is_not_signed_again(site):
    rcpt = site.rcpt()
    raw = site.send(ODD["a usual one"]).raw
    again = raw[raw.index(b"DKIM-Signature:"):]
    site.first.sendmail("alice@example.org", rcpt, again)
    message = site.second.delivered(rcpt)
    assert len(message.values("DKIM-Signature")) == 2, message.fields
    assert " unsigned=signed-already" in site.line(message)


CASES = [a_network_of_ours_is_signed_for, a_login_is_signed_for,
         a_login_is_not_signed_for_with_the_domain_of_others, the_sendmail_command_is_signed_for,
         a_bounce_of_our_own_is_signed, mail_of_others_is_not_signed,
         from_one_of_us_to_another_it_is_signed_and_not_verified,
         *[odd(name) for name in ODD], odd_with_simple_canonicalization,
         missing_fields_are_added_once, a_filter_that_changes_the_body_stands_before_the_signer,
         eight_bits_are_named_where_they_may_break_it, what_is_queued_again_is_not_signed_again,
         what_is_handed_in_again_locally_is_not_signed_again]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skip = postfix.why_not()
    if skip:
        return tap.report(tap.named(CASES, skip=skip))
    with Site(sys.argv[1]) as site:
        return tap.report(tap.named(CASES, site))


if __name__ == "__main__":
    sys.exit(main())
