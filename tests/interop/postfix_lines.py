#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Long lines: what core/dkim expects of Postfix is what Postfix sends.

    postfix_lines.py BROKEN      BROKEN: the program of broken.c
"""
import os
import random
import socketserver
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import PATIENCE, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from postfix import Postfix, difference, why_not  # noqa: E402  pylint: disable=wrong-import-position

HEADER = b"From: a@example.org\r\nTo: b@rcpt.test\r\nSubject: x\r\nDate: now\r\nMessage-ID: <%d>\r\n"


class Sink(socketserver.StreamRequestHandler):
    """Takes every message and keeps its octets."""

    def line(self, text):
        self.wfile.write(text + b"\r\n")

    def data(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def handle(self):
        self.line(b"220 sink")
        while command := self.rfile.readline().strip().upper():
            if command.startswith(b"EHLO"):
                self.line(b"250-sink\r\n250 8BITMIME")
            elif command == b"DATA":
                self.line(b"354 go on")
                self.server.messages.append(self.data())
                self.line(b"250 taken")
            elif command == b"QUIT":
                self.line(b"221 bye")
                return
            else:
                self.line(b"250 fine")


def bodies():
    draw = random.Random(998)
    for length in (0, 1, 997, 998, 999, 1000, 1994, 1995, 1996, 2046, 2047, 2048, 2049, 2991, 2992,
                   2993, 4095, 4096, 4097, 10000):
        yield b"x" * length + b"\r\nnext\r\n"
    yield b"." * 2500 + b"\r\n." + b"y" * 998 + b"\r\n"
    yield b" " * 3000 + b"\r\n"
    yield "\u00e9".encode() * 1500 + b"\r\n"
    for _ in range(12):
        yield b"".join(bytes(draw.choice(b"abc  .\t=\xe9") for _ in range(draw.randrange(3200)))
                       + b"\r\n" for _ in range(6))


def messages():
    for number, body in enumerate(bodies()):
        yield HEADER % number + b"\r\n" + body
    for number, field in enumerate((b"References: " + b" ".join(b"<%d@example.org>" % n for n in
                                                                range(200)),
                                    b"X-Long: " + b"z" * 5000,
                                    b"X-Folded: " + b"z" * 1200 + b"\r\n " + b"z" * 1200)):
        yield HEADER % (1000 + number) + field + b"\r\n\r\nHi\r\n"


def broken(program, message):
    return subprocess.run([program], input=message, capture_output=True, check=True).stdout


def lines(program):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads, server.messages = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sent = list(messages())
    with Postfix(f"virtual_transport = smtp:[127.0.0.1]:{server.server_address[1]}\n"
                 "smtp_tls_security_level = none\n") as postfix:
        with postfix.client() as client:
            for message in sent:
                reply = client.send("a@example.org", ["b@rcpt.test"], message)
                assert reply.accepted, reply
        assert wait_for(lambda: len(server.messages) >= len(sent), PATIENCE), (
            f"{len(server.messages)} of {len(sent)} came:\n{postfix.log()[-3000:]}")
    server.shutdown()
    server.server_close()
    changed = 0
    arrived = {one[one.index(b"Message-ID"):].split(b"\r\n", 1)[0]: one
               for one in server.messages}
    for message in sent:
        one = arrived[message[message.index(b"Message-ID"):].split(b"\r\n", 1)[0]]
        expected = broken(program, message)
        changed += expected != message
        assert one.endswith(expected), difference(expected, one)
        assert one[:-len(expected)].startswith(b"Received:") or expected == one, one[:200]
    assert changed > len(sent) // 2, f"only {changed} messages had long lines"


def main():
    return tap.report([("Postfix breaks long lines as expected", lambda: lines(sys.argv[1]),
                        why_not())])


if __name__ == "__main__":
    sys.exit(main())
