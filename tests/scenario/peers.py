#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve` and mail servers that break the protocol: each is cut off, the log says why,
and others notice nothing.

    peers.py YETT
"""
import os
import random
import resource
import select
import shutil
import socket
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]
import milter as protocol  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import PATIENCE, Gateway, has_sanitizer, pss_bytes, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from milter import Envelope, Milter, strings  # noqa: E402  pylint: disable=wrong-import-position

MIB = 1024 * 1024
SOON = 10  # seconds, for what nothing should delay: generous, for loaded machines
GOOD = (b"From: Alice <alice@example.org>\r\nTo: bob@example.com\r\nSubject: tomorrow\r\n"
        b"Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
        b"See you tomorrow.\r\n")
ZONE = """example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.org. TXT "v=DMARC1; p=reject"
"""
SETTINGS = """mode = "enforce"
dns { deadline = 2s timeout = 1s }
limits { stall_timeout = 2s idle_timeout = 3s connections = 4000 }
"""

# How much the worker may grow under any of this.
GROWTH = 24 * MIB


def packet(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command.encode() + data


CONNECT = packet("C", b"mail.example.org\x004" + struct.pack(">H", 39114) + b"192.0.2.1\0")
HELO = packet("H", b"mail.example.org\0")
MAIL = packet("M", b"<alice@example.org>\0")
RCPT = packet("R", b"<bob@example.com>\0")
FIELD = packet("L", b"From\0 alice@example.org\0")
EOH = packet("N")
BODY = packet("B", b"Hello.\r\n")
END = packet("E")
OFFER = packet("O", struct.pack(">III", 6, protocol.ACTIONS, protocol.STEPS))
ENVELOPE = CONNECT + HELO + MAIL + RCPT

# Octets, whether they come after the negotiation, and what the log must say about the peer.
FAULTS = [
    ("a web browser", False, b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "unknown command"),
    ("a TLS client", False, bytes.fromhex("16030100c8010000c4030300") + b"\0" * 200,
     "without a command|unknown command"),
    ("an SMTP client", False, b"EHLO mail.example.org\r\n", "unknown command"),
    ("noise", False, random.Random(1).randbytes(65536), "unknown command"),
    ("noise after the negotiation", True, random.Random(2).randbytes(65536), "unknown command"),
    ("a packet of no octets", True, b"\0\0\0\0", "without a command"),
    ("an offer of 4 GiB", False, b"\xff\xff\xff\xffO", "4294967295 octets"),
    ("macros of 4 GiB", True, b"\xff\xff\xff\xffD", "4294967295 octets"),
    ("a sender of 2 GiB", True, CONNECT + b"\x7f\xff\xff\xffM", "2147483647 octets"),
    ("a short offer", False, packet("O", b"\0\0\0\6"), "fewer than 12 octets"),
    ("version 1", False, packet("O", struct.pack(">III", 1, 0x1ff, 0x1fffff)), "older than"),
    ("a server that allows nothing", False, packet("O", struct.pack(">III", 6, 0, 0)),
     "add and change"),
    ("an unknown command", True, packet("Z", b"?"), 'unknown command came: "Z"'),
    ("a command that is no letter", True, packet("\x07"), "0x07"),
    ("macros that do not end", True, packet("D", b"Ci"), "macro packet"),
    ("a name of a macro without a value", True, packet("D", b"Ci\0"), "macro packet"),
    ("CONNECT without an address", True, packet("C", b"mail\0"), "CONNECT cannot be read"),
    ("CONNECT of an unknown family", True, packet("C", b"mail\0?\0\0x\0"),
     "CONNECT cannot be read"),
    ("a sender that does not end", True, CONNECT + packet("M", b"<a@example.org>"),
     "MAIL cannot be read"),
    ("a field without a value", True, ENVELOPE + packet("L", b"From\0"), "header field"),
    ("a field with more behind it", True, ENVELOPE + packet("L", b"From\0 a\0b\0"),
     "header field"),
    ("a message before the negotiation", False, ENVELOPE, "before the option negotiation"),
    ("a second negotiation", True, OFFER, "OPTNEG came"),
    ("a sender before a client", True, MAIL, "MAIL came before CONNECT"),
    ("a recipient before a sender", True, CONNECT + HELO + RCPT, "RCPT came"),
    ("a sender within a header", True, ENVELOPE + FIELD + MAIL, "MAIL came"),
    ("a field before a sender", True, CONNECT + FIELD, "HEADER came"),
    ("a body before a header", True, ENVELOPE + BODY, "BODY came"),
    ("an end without a message", True, END, "BODYEOB came before CONNECT"),
    ("a field after the header", True, ENVELOPE + FIELD + EOH + FIELD, "HEADER came"),
    ("a client within a message", True, ENVELOPE + FIELD + CONNECT, "CONNECT came"),
    ("two ends", True, ENVELOPE + FIELD + EOH + END + END, "BODYEOB came outside"),
]

WHOLE = ENVELOPE + FIELD + EOH + BODY + END
# Where a whole conversation is cut off: within packets and between them.
CUTS = {2: "packet", 7: "packet", len(CONNECT) + len(HELO) + 3: "packet",
        len(CONNECT + HELO + MAIL): "message", len(ENVELOPE) + 9: "packet",
        len(ENVELOPE + FIELD): "message", len(ENVELOPE + FIELD + EOH): "message",
        len(WHOLE) - len(END) - 3: "message", len(WHOLE) - 2: "packet"}


class World:
    """A gateway for one case: it says only so much about peers in a minute."""

    def __init__(self, yett):
        self.folder = tempfile.mkdtemp(prefix="yett-")
        self.socket = os.path.join(self.folder, "milter.sock")
        self.gateway = Gateway(yett, zone=ZONE, settings=SETTINGS,
                               listeners=("", f'address = "unix:{self.socket}"'))
        self.workers = self.gateway.workers()
        self.good()
        self.rest = pss_bytes(self.workers[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gateway.__exit__()
        shutil.rmtree(self.folder)

    def good(self):
        """A good message over a connection of its own goes through at once."""
        begin = time.monotonic()
        result = self.gateway.message(raw=GOOD)
        seconds = time.monotonic() - begin
        fields = result.values("Authentication-Results")
        assert result.accepted and len(fields) == 1 and "dmarc=pass" in fields[0], \
            f"a good message: {result.reply} {fields}"
        assert seconds < SOON, f"a good message took {seconds:.1f} s"

    def afterwards(self):
        """What must hold after each peer."""
        self.good()
        assert self.gateway.workers() == self.workers, \
            f"a worker is gone:\n{self.gateway.log()[-3000:]}"

    def grown(self):
        """Memory of the worker beyond what it had at rest."""
        worker = self.workers[0]
        return 0 if has_sanitizer(worker) else pss_bytes(worker) - self.rest

    def named(self, peer, texts):
        """The log says of that peer one of `texts`."""
        def line():
            return next((line for line in self.gateway.log().splitlines()
                         if peer in line and any(text in line for text in texts.split("|"))), None)
        assert wait_for(line), f"{texts!r} is not said of {peer}:\n" + "\n".join(
            line for line in self.gateway.log().splitlines() if peer in line)

    def open(self, negotiate=True):
        milter = self.gateway.connect(negotiate=negotiate)
        return milter, "%s:%d" % milter.socket.getsockname()[:2]

    def fault(self, negotiate, octets, texts):
        milter, peer = self.open(negotiate)
        with milter:
            try:
                milter.raw(octets)
                drain(milter)
            except ConnectionError:
                pass  # it did not read all of it
        self.named(peer, texts)
        self.afterwards()

    def cut(self, at, what):
        """The conversation ends after `at` octets."""
        milter, peer = self.open()
        with milter:
            milter.raw(WHOLE[:at])
        self.named(peer, f"in the middle of a {what}")
        self.afterwards()

    def reset(self):
        """Connections that end in RST within a message."""
        peers = []
        for _ in range(50):
            milter, peer = self.open()
            milter.raw(ENVELOPE + FIELD)
            milter.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            milter.close()
            peers.append(peer)
        self.named(peers[0], "reset by peer|in the middle of a message")
        self.afterwards()

    def silent(self):
        """Half-open: nothing ever comes, before or after the negotiation.  Idle ones go when
        their time is over, and others are not held up."""
        peers = [self.open(negotiate=number % 2 == 0) for number in range(200)]
        self.afterwards()
        for milter, _ in peers:
            assert milter.is_closed(), "a silent connection was answered"
            milter.close()
        self.afterwards()

    def stalled(self):
        """A message that goes on no more: cut off by the stall timeout, with its name."""
        milter, peer = self.open()
        with milter:
            milter.raw(ENVELOPE + FIELD)
            self.afterwards()
            drain(milter)
        self.named(peer, "nothing came for")
        self.afterwards()

    def huge_field(self):
        """One field of 10 MiB: the message is deferred, not kept."""
        milter, _ = self.open()
        with milter:
            milter.raw(ENVELOPE + FIELD + packet("L", b"X-Big\0 " + b"x" * (10 * MIB) + b"\0"))
            milter.raw(EOH + BODY)
            reply, _ = milter.end()
        assert reply.startswith("451"), reply
        assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"
        self.afterwards()

    def huge_header(self):
        """A header of 10 MiB in fields as Postfix would cut them."""
        field = packet("L", b"X-Big\0 " + b"x" * 100000 + b"\0")
        milter, _ = self.open()
        with milter:
            milter.raw(ENVELOPE + FIELD + field * 105 + EOH + BODY)
            reply, _ = milter.end()
        assert reply.startswith("451"), reply
        assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"
        self.afterwards()

    def many_fields(self):
        """200,000 fields, more than any message may have."""
        milter, _ = self.open()
        with milter:
            milter.raw(ENVELOPE + FIELD + packet("L", b"X\0 y\0") * 200000 + EOH + BODY)
            reply, _ = milter.end()
        assert reply.startswith("451"), reply
        assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"
        self.afterwards()

    def many_recipients(self):
        """100,000 recipients of one message: more than are looked up; it goes through."""
        milter, _ = self.open()
        with milter:
            milter.raw(ENVELOPE + RCPT * 100000 + FIELD + EOH + BODY)
            reply, edits = milter.end()
        assert reply in ("accept", "continue") and edits, reply
        assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"
        self.afterwards()

    def huge_body(self):
        """A body of 2 GiB, nothing of which is kept."""
        most, pieces = 0, 128
        block = packet("B", (b"x" * 76 + b"\r\n") * 840) * 32
        milter, _ = self.open()
        with milter:
            milter.raw(ENVELOPE + FIELD + EOH)
            for number in range(2048 * MIB // len(block) + 1):
                milter.raw(block)
                if number % pieces == 0:
                    most = max(most, self.grown())
                    self.good()
            reply, edits = milter.end()
        assert reply in ("accept", "continue") and edits, reply
        assert most < GROWTH, f"{most / MIB:.1f} MiB more"
        self.afterwards()

    def flood(self):
        """1000 connections opened and closed at once, with and without a word."""
        for number in range(1000):
            with Milter(self.gateway.address()) as milter:
                if number % 3 == 1:
                    milter.raw(OFFER)
                if number % 3 == 2:
                    milter.raw(OFFER + ENVELOPE)
        self.afterwards()
        assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"

    def flood_at_once(self):
        """1000 connections at the same time, each in the middle of a message."""
        milters = []
        try:
            for _ in range(1000):
                milters.append(Milter(self.gateway.address()))
                milters[-1].raw(OFFER + ENVELOPE + FIELD)
            self.afterwards()
        finally:
            for milter in milters:
                milter.close()
        self.afterwards()
        assert wait_for(lambda: "was ended" in self.gateway.log()), "nothing is said about it"
        said = self.gateway.log().count("was ended")
        assert said <= 100, f"{said} lines about it"

    def never_reads(self):
        """Messages without end, and no answer is ever read: no more are read then, and the
        connection ends."""
        # Over TCP it may be the system that holds back what is sent once the window is closed,
        # and then nothing comes: another ending, and a slow one.
        with self.gateway.connect(address=self.socket) as milter:
            milter.raw(CONNECT + HELO)
            assert push(milter.socket, MAIL + RCPT + FIELD + EOH + BODY + END), \
                "it goes on reading"
            assert self.grown() < GROWTH, f"{self.grown() / MIB:.1f} MiB more"
        self.named("(listener l1)", "took none of our output")
        self.afterwards()

    def ends_at_once(self):
        """END and away: nobody waits for the answer."""
        for _ in range(100):
            with self.gateway.connect() as milter:
                milter.raw(WHOLE)
        self.afterwards()

    def one_write(self):
        """A whole session in one write, the offer and the farewell included: all is answered."""
        with Milter(self.gateway.address()) as milter:
            milter.raw(OFFER + WHOLE + packet("A") + MAIL + RCPT + FIELD + EOH + BODY + END
                       + packet("Q"))
            assert milter.read()[0] == "O"
            milter.actions = protocol.ACTIONS
            for _ in range(2):
                reply, edits = milter.answer("E")
                assert reply in ("accept", "continue") and edits, reply
            assert milter.is_closed()
        self.afterwards()

    def new_clients(self):
        """Many SMTP clients on one connection (QUIT_NC), each with a message."""
        with self.gateway.connect() as milter:
            for number in range(50):
                result = milter.message(Envelope(ip=f"192.0.2.{number}"), GOOD)
                mark = "spf=pass" if number == 1 else "spf=fail"
                assert mark in result.values("Authentication-Results")[0], (number, result.edits)
                milter.packet("K")
        self.afterwards()

    def old_server(self):
        """Version 2 with an answer to each step is served as well."""
        with self.gateway.connect(negotiate=False) as milter:
            milter.negotiate(2, 0x3f, 0x7f)
            result = milter.message(raw=GOOD)
            assert result.accepted and result.values("Authentication-Results"), result.reply
            assert b"Subject: tomorrow\r\n" in result.stored
        self.afterwards()

    def bad_names(self):
        """Octets of all kinds where text is expected."""
        odd = b"\xff\x01<>\r\n\x1b[31m" * 20
        milter, _ = self.open()
        with milter:
            milter.raw(packet("D", b"Cv\0" + odd + b"\0")
                       + packet("C", odd + b"\x004" + b"\0\1" + b"192.0.2.1\0")
                       + packet("H", odd + b"\0") + packet("M", odd + b"\0")
                       + packet("R", odd + b"\0") + packet("L", b"\0\0")
                       + packet("L", odd + b"\0" + odd + b"\0") + FIELD + EOH + BODY)
            reply, _ = milter.end()
            assert reply, "no answer"
        assert "\x1b" not in self.gateway.log() and "\x01" not in self.gateway.log()
        self.afterwards()


def push(peer, octets):
    """Send the same over and over and read nothing, until the other side ends it."""
    peer.setblocking(False)
    # The answers first fill what the system holds for the peer.
    octets, end = octets * 1000, time.monotonic() + 5 * PATIENCE
    rest = octets
    while time.monotonic() < end:
        select.select([], [peer], [], 1)
        try:
            rest = rest[peer.send(rest):] or octets
        except BlockingIOError:
            pass
        except ConnectionError:
            return True
    return False


def drain(milter):
    """Read until it is closed."""
    while milter.socket.recv(65536):
        pass


def in_a_world(yett, test, *arguments):
    with World(yett) as world:
        test(world, *arguments)
        status = world.gateway.stop()
        assert status == 0, f"it ended with {status}:\n{world.gateway.log()[-3000:]}"


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 8192:
        print(f"1..0 # SKIP only {hard} descriptors are allowed")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 8192), hard))
    rows = [(f"it is cut off and named: {name}", World.fault, *row) for name, *row in FAULTS]
    rows += [(f"a conversation that ends after {at} octets, in the middle of a {what}",
              World.cut, at, what) for at, what in CUTS.items()]
    rows += [(" ".join(test.__doc__.split()), test)
             for test in (World.huge_body, World.silent, World.stalled, World.never_reads,
                          World.reset, World.huge_field, World.huge_header, World.many_fields,
                          World.many_recipients, World.flood, World.flood_at_once,
                          World.ends_at_once, World.one_write, World.new_clients,
                          World.old_server, World.bad_names)]
    return tap.report([(name, lambda row=row: in_a_world(sys.argv[1], *row), "")
                       for name, *row in rows])


if __name__ == "__main__":
    sys.exit(main())
