#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A mailing list behind a real Postfix: what it edits is sealed, and accepted by who trusts it.

    sealing.py YETT

    author ── Postfix of the list host ── list server ──┐
                 yett verifies              edits       │
                 yett seals  <──────────────────────────┘
                    └── Postfix of the subscribers, with yett: one that trusts the list's
                        seals (rcpt.test), one that does not (box.test)
"""
import os
import re
import shutil
import signal
import smtplib
import socketserver
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import PATIENCE, Gateway  # noqa: E402  pylint: disable=wrong-import-position

AUTHOR, OTHER = "192.0.2.1", "203.0.113.9"  # clients
ZONE = """
good.test. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.good.test. TXT "v=DMARC1; p=reject"
lists.test. TXT "v=spf1 -all"
"""
LIST_HOST = """mode = "enforce"
authserv_id = "mx.lists.test"
domain "lists.test" {{ seal = {{"seal={key}"}} }}
sealing {{
    domain = "lists.test"
    next_hops = {{"[127.0.0.1]:{subscribers}"}}
    list_hosts = {{"127.0.0.1"}}
}}
"""
SUBSCRIBERS = {"trusting": 'mode = "enforce"\ntrusted_sealers = {"lists.test"}\n',
               "strict": 'mode = "enforce"\n'}
TRUST = "trusted-sealer"
DOUBT = "dmarc-reject-unknown"


# ---- the list server ---------------------------------------------------------------------

class Conversation(socketserver.StreamRequestHandler):
    """So much SMTP as Postfix needs to get rid of a message."""
    timeout = PATIENCE

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def data(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def handle(self):
        rcpts = []
        self.say("220 list server")
        while line := self.rfile.readline().decode():
            if line.upper().startswith("QUIT"):
                self.say("221 bye")
                return
            if line.upper().startswith("RCPT"):
                rcpts.append(re.search("<(.*)>", line)[1])
            if line.upper().startswith("DATA"):
                self.say("354 go on")
                raw = self.data()
                for rcpt in rcpts:
                    self.server.distribute(rcpt, raw)
                rcpts = []
            self.say("250 fine")


class ListServer(socketserver.ThreadingTCPServer):
    """Puts a tag and a footer on what it gets, and hands it in again."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.members, self.exit_port = {}, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def distribute(self, rcpt, raw):
        edited = re.sub(rb"(?m)^Subject: ", b"Subject: [list] ", raw, count=1)
        edited += f"-- \r\nYou get this from {rcpt}.\r\n".encode()
        name = rcpt.partition("@")[0]
        with smtplib.SMTP("127.0.0.1", self.exit_port, timeout=PATIENCE) as smtp:
            smtp.sendmail(f"{name}-bounces@lists.test", self.members[name], edited)


# ---- the site ----------------------------------------------------------------------------

class Site:
    def __init__(self, yett):
        self.things = []
        self.folder = tempfile.mkdtemp(prefix="yett-lists-")
        try:
            self.start(yett)
        except BaseException:
            self.__exit__()
            raise

    def start(self, yett):
        self.author = mail.Key(self.folder, "good.test", "s", "rsa")
        self.seal = mail.Key(self.folder, "lists.test", "seal", "rsa")
        self.zone = ZONE + self.author.record() + "\n" + self.seal.record() + "\n"
        self.subscribers = {name: self.keep(Gateway(yett, self.zone, settings))
                            for name, settings in SUBSCRIBERS.items()}
        trusting, strict = (f"smtpd_milters=inet:127.0.0.1:{self.subscribers[name].ports[0]}"
                            for name in ("trusting", "strict"))
        self.home = self.keep(postfix.Postfix(trusting + "\n", [("strict", [strict])],
                                              name="home.test"))
        self.gateway = self.keep(Gateway(yett, self.zone, LIST_HOST.format(
            key=self.seal.path, subscribers=self.home.port)))
        self.lists = self.keep(ListServer())
        self.start_list_host()

    def start_list_host(self):
        port = self.lists.server_address[1]
        self.host = self.keep(postfix.Postfix(
            f"smtpd_milters = inet:127.0.0.1:{self.gateway.ports[0]}\n"
            "virtual_mailbox_domains =\nrelay_domains = lists.test rcpt.test box.test\n"
            f"transport_maps = inline:{{lists.test=smtp:[127.0.0.1]:{port},"
            f" rcpt.test=smtp:[127.0.0.1]:{self.home.port},"
            f" box.test=smtp:[127.0.0.1]:{self.home.ports['strict']}}}\n", name="mx.lists.test"))
        self.lists.exit_port = self.host.port

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in reversed(self.things):
            if isinstance(thing, ListServer):
                thing.shutdown()
                thing.server_close()
            else:
                thing.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def message(self, signed=True, more=()):
        fields = [*more, ("From", "Ann <ann@good.test>"), ("To", "list@lists.test"),
                  ("Subject", "Dinner"), ("Date", mail.DATE), ("Message-ID", "<1@good.test>")]
        body = "Is dinner ready?\r\n"
        if signed:
            fields.insert(0, mail.dkim_signature(self.author, fields[len(more):], body))
        return mail.text_of(fields, body).encode()

    def post(self, name, raw, members, ip=AUTHOR):
        """To the list `name`; what the members get."""
        self.lists.members[name] = members
        reply = self.host.send("ann@good.test", f"{name}@lists.test", raw, ip=ip)
        assert reply.accepted, reply
        return [self.home.delivered(member) for member in members if "lists.test" not in member]


def expect(message, *words):
    found = message.values("Authentication-Results")
    assert len(found) == 2 and found[0].startswith("mx.example.com;"), found
    for word in words:
        assert word in found[0], f"{word!r} is not in {found[0]!r}"


def rule_of(site, name, words):
    return re.search(r"\[([\w-]+)\]", site.subscribers[name].wait_log(words))[1]


# ---- what becomes of a message -----------------------------------------------------------

def what_a_list_edited_is_accepted_by_who_trusts_it(site):
    message, = site.post("one", site.message(), ["one@rcpt.test"])
    expect(message, "dkim=fail", "spf=fail", " arc=pass", "dmarc=fail")
    assert message.values("Subject") == ["[list] Dinner"], message.fields
    assert message.body.endswith(b"You get this from one@lists.test.\n"), message.body
    sealed, = message.values("ARC-Authentication-Results")
    assert sealed.startswith("i=1; mx.lists.test;") and "dmarc=pass" in sealed, sealed
    assert rule_of(site, "trusting", "rcpt=<one@rcpt.test>") == TRUST
    assert not message.values("X-Yett-Quarantine")
    line = site.gateway.wait_log("rcpt=<one@rcpt.test>")
    assert "sealed=seal.lists.test set=1 cv=none for=list" in line, line


def who_does_not_trust_it_says_what_he_says_of_any(site):
    message, = site.post("two", site.message(), ["two@box.test"])
    expect(message, " arc=pass", "dmarc=fail")
    assert rule_of(site, "strict", "rcpt=<two@box.test>") == DOUBT
    assert message.values("X-Yett-Quarantine")


def a_list_does_not_vouch_for_a_forgery(site):
    forged = ("Authentication-Results", "mx.lists.test; dmarc=pass header.from=good.test")
    message, = site.post("three", site.message(False, [forged]), ["three@rcpt.test"], OTHER)
    expect(message, " arc=pass", "dmarc=fail")
    sealed, = message.values("ARC-Authentication-Results")
    assert "dmarc=fail" in sealed and "dmarc=pass" not in sealed, sealed
    assert rule_of(site, "trusting", "rcpt=<three@rcpt.test>") == DOUBT
    assert message.values("X-Yett-Quarantine")


def from_one_list_to_another_the_chain_holds(site):
    site.lists.members["inner"] = ["four@rcpt.test"]
    site.post("outer", site.message(), ["inner@lists.test"])
    message = site.home.delivered("four@rcpt.test")
    assert message.values("Subject") == ["[list] [list] Dinner"], message.fields
    assert len(message.values("ARC-Seal")) == 2, message.fields
    expect(message, " arc=pass", "dmarc=fail")
    assert rule_of(site, "trusting", "rcpt=<four@rcpt.test>") == TRUST


def a_forward_is_sealed_for_its_next_hop(site):
    reply = site.host.send("ann@good.test", "five@rcpt.test", site.message(False), ip=AUTHOR)
    assert reply.accepted, reply
    message = site.home.delivered("five@rcpt.test")
    expect(message, "spf=fail", "dkim=none", " arc=pass", "dmarc=fail")
    assert rule_of(site, "trusting", "rcpt=<five@rcpt.test>") == TRUST
    assert "for=next-hop" in site.gateway.wait_log("rcpt=<five@rcpt.test>")


def dkimpy_finds_the_chain_good(site):
    try:
        import dkim  # pylint: disable=import-outside-toplevel
    except ImportError:
        return "python3-dkim is not installed"
    record = re.search(r"TXT (.*)", site.seal.record())[1].replace('" "', "").strip('"')
    message, = site.post("six", site.message(), ["six@rcpt.test"])

    def answer(name, timeout=5):
        del timeout
        return record.encode() if name.startswith(b"seal._domainkey.lists.test") else b""

    state, results, reason = dkim.arc_verify(message.raw.replace(b"\n", b"\r\n"), dnsfunc=answer)
    assert state == dkim.CV_Pass, (state, results, reason)
    return ""


CASES = [what_a_list_edited_is_accepted_by_who_trusts_it,
         who_does_not_trust_it_says_what_he_says_of_any, a_list_does_not_vouch_for_a_forgery,
         from_one_list_to_another_the_chain_holds, a_forward_is_sealed_for_its_next_hop,
         dkimpy_finds_the_chain_good]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skip = postfix.why_not()
    if skip:
        return tap.report(tap.named(CASES, skip=skip))
    with Site(sys.argv[1]) as site:
        return tap.report(tap.named(CASES, site))


if __name__ == "__main__":
    sys.exit(main())
