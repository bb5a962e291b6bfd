# SPDX-License-Identifier: BSD-2-Clause
"""A site for the scenarios: Postfix, gateways with different settings, senders with DNS.

Each service of the Postfix is an smtpd with other filters, all with the same mailboxes:

    (none)    enforce, by inet; "socket": the same through a unix socket in Postfix's queue
    observe   observe
    hold      enforce, quarantine by hold
    relay     enforce, behind trusted relays: 192.0.2.25, Exchange's network, loopback
    two       enforce, protocol version 2
    early     enforce, smtpd_delay_open_until_valid_rcpt = no
    before    another filter, then enforce
    after     enforce, then another filter
    filtered  none here: the message goes to the relay and comes back to the service "relay"

A second Postfix, `relay`, hands on what it gets to the service "relay".
"""
import itertools
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor

import mail
import tap
from gateway import Gateway
from milter_server import MilterServer
from postfix import Postfix

OURS = "mx.example.com"  # authserv_id
GOOD, BANK, OTHER = "192.0.2.1", "192.0.2.10", "203.0.113.9"  # clients

ZONE = """
good.test. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.good.test. TXT "v=DMARC1; p=reject"
bank.test. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.bank.test. TXT "v=DMARC1; p=reject"
careful.test. TXT "v=spf1 -all"
_dmarc.careful.test. TXT "v=DMARC1; p=quarantine"
plain.test. TXT "v=spf1 ip4:192.0.2.1 -all"
mail.good.test. TXT "v=spf1 ip4:192.0.2.1 -all"
; yett: timeout slow.test. TXT
; yett: servfail _dmarc.slow.test. TXT
"""

ENFORCE = """mode = "enforce"
rule "phishing" { author = "bank.test" because = "forged every week" }
recipient "watched.rcpt.test" { mode = "observe" }
recipient "watched@rcpt.test" { mode = "observe" }
recipient "soft@rcpt.test" { on_quarantine = "tag" }
recipient "never@rcpt.test" { on_reject = "never" }
"""
RELAYS = """submission_networks = {}
trusted_relays = {"192.0.2.25", "2603:10a6::/32", "10.1.0.0/16", "127.0.0.1"}
"""

TRACE = ["Return-Path", "X-Original-To", "Delivered-To", "Received"]  # of Postfix


class Site:
    def __init__(self, yett, services=(), with_relay=False):
        self.numbers = itertools.count(1)
        self.folder = tempfile.mkdtemp(prefix="yett-site-")
        self.key = mail.Key(self.folder, "good.test", "s", "rsa")
        self.zone = ZONE + self.key.record() + "\n"
        self.other = MilterServer(self.other_decides)
        self.other_edits = {}
        self.gateways, self.relay = {}, None
        everything = {"enforce": ENFORCE, "observe": ENFORCE.replace("enforce", "observe"),
                      "hold": ENFORCE + 'quarantine_by = "hold"', "relay": ENFORCE + RELAYS}
        wanted = {"enforce", *(name for name in services if name in everything)}
        # The socket's folder lies in the queue of a Postfix that does not run yet.
        self.postfix = Postfix(start=False)
        self.make_socket_folder()
        with ThreadPoolExecutor(4) as pool:
            started = {name: pool.submit(self.gateway, yett, name, everything[name])
                       for name in everything if name in wanted}
            self.gateways = {name: future.result() for name, future in started.items()}
        self.postfix.add_services([(name, self.options(name)) for name in services])
        self.postfix.settings(self.main())
        if with_relay:
            self.start_relay()
        self.postfix.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in (self.relay, self.postfix, *self.gateways.values(), self.other):
            if thing is not None:
                thing.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_socket_folder(self):
        folder = os.path.join(self.postfix.spool, "yett")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self.socket = os.path.join(folder, "milter.sock")

    def gateway(self, yett, name, settings):
        listeners = [""]
        if name == "enforce":
            listeners.append(f'address = "unix:{self.socket}" group = "postfix" mode = 0660')
        return Gateway(yett, self.zone, settings, listeners)

    def start_relay(self):
        self.relay = Postfix(
            "relay_domains = rcpt.test\nvirtual_mailbox_domains = box.test\n"
            f"relay_transport = smtp:[127.0.0.1]:{self.postfix.ports['relay']}\n",
            name="backup.example.com")
        self.postfix.add_services([("filtered", [
            "smtpd_milters=", f"content_filter=smtp:[127.0.0.1]:{self.relay.port}"])])

    def milter(self, name):
        return f"inet:127.0.0.1:{self.gateways[name].ports[0]}"

    def main(self):
        enforce = self.milter("enforce")
        return (f"smtpd_milters = {enforce}\nnon_smtpd_milters = {enforce}\n"
                "milter_default_action = tempfail\ninternal_mail_filter_classes = bounce\n")

    def options(self, service):
        enforce = self.milter("enforce")
        if service in ("observe", "hold", "relay"):
            return [f"smtpd_milters={self.milter(service)}"]
        return {"socket": ["smtpd_milters=unix:yett/milter.sock"],
                "two": ["milter_protocol=2"],
                "early": ["smtpd_delay_open_until_valid_rcpt=no"],
                "before": [f"smtpd_milters={self.other.address}, {enforce}"],
                "after": [f"smtpd_milters={enforce}, {self.other.address}"]}[service]

    def other_decides(self, message):
        return self.other_edits.get(message.rcpts[0], [])

    def report(self, cases):
        """Run them.  Nor may a gateway have died or a sanitizer have complained."""
        status = tap.report(list(cases))
        for name, gateway in self.gateways.items():
            for line in gateway.log().splitlines():
                if re.search(r"runtime error|Sanitizer|: gateway \d+ (died|gave|ended)", line):
                    print(f"# {name}: {line}")
                    status = 1
        return status

    # ---- messages -----------------------------------------------------------------------

    def rcpt(self):
        """Somebody who has got no mail yet."""
        return f"r{next(self.numbers)}@rcpt.test"

    def fields(self, author="good.test", *more):
        """Of a message by somebody at `author`; `more` stand on top."""
        return [*more, ("From", f"Ann <ann@{author}>"), ("To", "bob@example.com"),
                ("Subject", "tomorrow"), ("Date", mail.DATE),
                ("Message-ID", f"<{next(self.numbers)}@{author}>")]

    def message(self, author="good.test", *more, body="Hello,\r\n\r\nsee you tomorrow.\r\n"):
        return mail.text_of(self.fields(author, *more), body).encode()

    def signed(self, author="good.test", body="Hello,\r\n\r\nsee you tomorrow.\r\n"):
        fields = self.fields(author)
        signature = mail.dkim_signature(self.key, fields, body)
        return mail.text_of([signature, *fields], body).encode()

    def send(self, author, raw=None, rcpt=None, service=None, ip=OTHER, mail_from=None, **more):
        """As somebody at `author`: the reply, and to whom it went."""
        rcpt = rcpt or self.rcpt()
        raw = self.message(author) if raw is None else raw
        sender = f"ann@{author}" if mail_from is None else mail_from
        return self.postfix.send(sender, rcpt, raw, service, ip=ip, name="[UNAVAILABLE]",
                                 helo="mail.good.test", **more), rcpt

    def through(self, author, raw=None, **how):
        """Send it, and take it out of the mailbox."""
        reply, rcpt = self.send(author, raw, **how)
        if not reply.accepted:
            raise AssertionError(repr(reply))
        return self.postfix.delivered(rcpt if isinstance(rcpt, str) else rcpt[0])


def added(message, original, trace=tuple(TRACE)):
    """What stands between Postfix's fields and `original`: (name, value)."""
    above = message.above(original)
    names = [name for name, _ in above]
    if names[:len(trace)] != list(trace):
        raise AssertionError(f"not where they should be: {names}")
    return above[len(trace):]


def results(message):
    """Our field, unfolded."""
    found = [value for value in message.values("Authentication-Results")
             if value.startswith(OURS)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} fields of ours: {found}")
    return found[0]


def expect_only_ours(message, original, *names, trace=tuple(TRACE)):
    """Nothing else came in than Authentication-Results and the `names`; its text."""
    got = [name for name, _ in added(message, original, trace)]
    if got != ["Authentication-Results", *names]:
        raise AssertionError(f"added: {got}")
    return results(message)


def expect(text, *words):
    for word in words:
        if word not in text:
            raise AssertionError(f"{word!r} is not in {text!r}")
