#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve` with thousands of connections that do nothing, and with peers that are slow:
mail of others flows.

    held.py YETT
"""
import os
import resource
import socket
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]
import milter as protocol  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import PATIENCE, Gateway, has_sanitizer, pss_bytes, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from milter import Milter  # noqa: E402  pylint: disable=wrong-import-position

CONNECTIONS = 5000
SOON = 10  # seconds, for what nothing should delay: generous, for loaded machines
RUSH = 12 * 1024 * 1024  # what 400 messages with a header of 50 KB take at least
KIB_EACH = 16  # of a worker, for a connection that does nothing
GOOD = (b"From: Alice <alice@example.org>\r\nTo: bob@example.com\r\nSubject: tomorrow\r\n"
        b"Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
        b"See you tomorrow.\r\n")
ZONE = """example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.org. TXT "v=DMARC1; p=reject"
"""


class World:
    def __init__(self, yett):
        self.gateway = Gateway(yett, zone=ZONE, settings="limits { connections = 6000 }\n")
        self.worker = self.gateway.workers()[0]
        self.good()

    def good(self):
        """A message over a connection of its own; how long it took."""
        begin = time.monotonic()
        result = self.gateway.message(raw=GOOD)
        assert result.accepted and "dmarc=pass" in result.values("Authentication-Results")[0], \
            f"{result.reply} {result.edits}"
        return time.monotonic() - begin

    def soon(self):
        seconds = self.good()
        assert seconds < SOON, f"a message took {seconds:.1f} s"

    def idle(self):
        """5,000 idle connections: each costs little, none is dropped, and mail flows."""
        before = pss_bytes(self.worker)
        milters = []
        try:
            for _ in range(CONNECTIONS):
                milters.append(self.gateway.connect())
            each = (pss_bytes(self.worker) - before) / CONNECTIONS / 1024
            assert each < KIB_EACH, f"{each:.1f} KiB for each connection"
            self.soon()
            for milter in milters[::250]:
                assert milter.message(raw=GOOD).accepted, "an idle connection carries no message"
            self.soon()
        finally:
            for milter in milters:
                milter.close()
        self.soon()

    def slow(self):
        """A peer that sends and reads one octet at a time gets the same answer as others, and
        holds up none of them."""
        usual, results = self.gateway.message(raw=GOOD), []
        with Slow(self.gateway.address(), timeout=PATIENCE) as milter:
            milter.negotiate()
            thread = threading.Thread(target=lambda: results.append(milter.message(raw=GOOD)))
            thread.start()
            count = 0
            while thread.is_alive():
                self.soon()
                count += 1
            thread.join()
        assert count >= 3, f"only {count} messages meanwhile"
        assert results and (results[0].reply, results[0].edits) == (usual.reply, usual.edits), \
            (results and results[0].edits, usual.edits)

    def many_slow(self):
        """A hundred slow peers, each stopped within its message at another octet, while mail
        flows; then each goes on, and is answered."""
        milters = []
        try:
            for number in range(100):
                milter = self.gateway.connect()
                milters.append((milter, self.stopped(milter, number)))
            for _ in range(20):
                self.soon()
            for milter, rest in milters:
                milter.raw(rest)
                reply, edits = milter.answer("E")
                assert reply in ("accept", "continue") and edits, reply
        finally:
            for milter, _ in milters:
                milter.close()

    def rush(self):
        """Memory that many messages at a time took is given back."""
        before, milters = pss_bytes(self.worker), []
        head = b"From: alice@example.org\r\n" + b"X-Long: " + b"x" * 50000 + b"\r\n"
        try:
            for _ in range(400):
                milters.append(self.gateway.connect())
                milters[-1].raw(self.begun(milters[-1], head + b"\r\nbody\r\n"))
            assert wait_for(lambda: pss_bytes(self.worker) > before + RUSH), "it took none"
        finally:
            for milter in milters[:-1]:
                milter.close()
        left = wait_for(lambda: pss_bytes(self.worker) < before + RUSH // 3
                        or has_sanitizer(self.worker))
        milters[-1].close()
        assert left, f"{(pss_bytes(self.worker) - before) / 1024:.0f} KiB are kept"

    def unhurried(self):
        """Two writes without an answer between them, as Postfix sends a message: the second
        does not wait for a delayed acknowledgement of the first, which takes 40 ms."""
        medians = {}
        with self.gateway.connect() as milter:
            octets = self.stopped(milter, 0)
            cut = octets.index(b"From\0") - 40
            for no_delay in 1, 0:
                milter.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, no_delay)
                times = []
                for _ in range(30):
                    start = time.monotonic()
                    milter.socket.sendall(octets[:cut])
                    time.sleep(0.002)  # another process goes on
                    milter.socket.sendall(octets[cut:])
                    assert milter.answer("E")[0] in ("accept", "continue")
                    times.append(time.monotonic() - start)
                    milter.raw(protocol.struct.pack(">I", 1) + b"K")  # the next client
                medians[no_delay] = statistics.median(times)
        assert medians[0] < medians[1] + 0.02, f"{medians[0] * 1000:.1f} ms, and " \
            f"{medians[1] * 1000:.1f} ms where nothing is delayed"

    def begun(self, milter, raw):
        """The octets of a message, but for its end."""
        octets = self.stopped(milter, 0, raw)
        return octets[:-5]

    @staticmethod
    def stopped(milter, percent, raw=GOOD):
        """Send `percent` of a message; the rest."""
        octets = bytearray()
        milter.flush = lambda: octets.extend(milter.waiting) or milter.waiting.clear()
        milter.answer = lambda command: ("accept", [])
        milter.message(raw=raw)
        milter.flush()
        del milter.flush, milter.answer
        octets = bytes(octets)[:-5]  # the ABORT that follows an answer
        assert octets.endswith(b"\0\0\0\1E"), octets
        at = len(octets) * percent // 100
        milter.raw(octets[:at])
        return octets[at:]


class Slow(Milter):
    """Sends and reads one octet at a time."""

    def flush(self):
        data, self.waiting = self.waiting, bytearray()
        for octet in data:
            self.socket.sendall(bytes([octet]))
            time.sleep(0.001)

    def take(self, count):
        taken = b""
        while len(taken) < count:
            octet = self.socket.recv(1)
            if not octet:
                raise protocol.Closed("closed by the filter")
            taken += octet
        return taken


def in_a_world(yett, test):
    world = World(yett)
    with world.gateway:
        test(world)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 1000:
        print(f"1..0 # SKIP only {hard} descriptors are allowed")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return tap.report([(" ".join(test.__doc__.split()),
                        lambda test=test: in_a_world(sys.argv[1], test), "")
                       for test in (World.idle, World.slow, World.many_slow, World.rush,
                                    World.unhurried)])


if __name__ == "__main__":
    sys.exit(main())
