# SPDX-License-Identifier: BSD-2-Clause
"""Name servers that are silent, lie, cut off or reply with rubbish."""
import socket
import struct
import threading
import time

from world import PRIMARY, real


class Fake:
    """UDP and TCP on one port; `udp` and `tcp` get what came and give what goes, or None."""

    def __init__(self, udp, tcp=None):
        self.port = real.free_port()
        self.udp, self.tcp, self.open = udp, tcp, []
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((PRIMARY, self.port))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if tcp:
            self.listener = socket.create_server((PRIMARY, self.port))
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            query, peer = self.datagrams.recvfrom(65535)
            for reply in self.udp(query) or ():
                self.datagrams.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            peer, _ = self.listener.accept()
            size = struct.unpack(">H", peer.recv(2, socket.MSG_WAITALL))[0]
            reply = self.tcp(peer.recv(size, socket.MSG_WAITALL))
            if reply is None:
                self.open.append(peer)  # and silence
                continue
            for at in range(0, len(reply), 7):  # in pieces
                peer.sendall(reply[at:at + 7])
                time.sleep(0.005)
            peer.close()


def answer(query, flags=0x8400, text=b"v=DKIM1; p=x"):
    rdata = bytes([len(text)]) + text
    return (query[:2] + struct.pack(">HHHHH", flags, 1, 1, 0, 0) + query[12:]
            + b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(rdata)) + rdata)


def empty(query, flags):
    return query[:2] + struct.pack(">HHHHH", flags, 1, 0, 0, 0) + query[12:]


def counted(message):
    return struct.pack(">H", len(message)) + message


def view_of(w, fake):
    output = w.run("--timeout", 300, "--server", f"{PRIMARY}@{fake.port}", "wait", "x._domainkey.example.test",
                   "-", "v=DKIM1; p=x", 0)
    return output.lines[-1], f"{PRIMARY}@{fake.port}"


def misbehaviour_is_told_and_waited_for_no_longer_than_allowed(w):
    asked = []

    def second_time(query):
        asked.append(query)
        return [answer(query)] if len(asked) == 2 else []
    rows = (
        ("silent", lambda q: [], None, "unreachable", "did not reply within 2.1 s"),
        ("lost once", second_time, None, "showing", "shows it"),
        ("wrong id only", lambda q: [b"\0\0" + answer(q)[2:]], None, "unreachable",
         "sent a reply that cannot be read: it has another id than the question"),
        ("wrong id first", lambda q: [bytes([q[0] ^ 1]) + answer(q)[1:], answer(q)], None,
         "showing", "shows it"),
        ("rubbish first", lambda q: [b"", b"x", q, q[:2] + b"\x84" + b"\xff" * 500, answer(q)],
         None, "showing", "shows it"),
        ("flood", lambda q: [b"rubbish"] * 500, None, "unreachable", "cannot be read"),
        ("not its own word", lambda q: [answer(q, 0x8180)], None, "lame",
         "is not authoritative for x._domainkey.example.test"),
        ("SERVFAIL", lambda q: [empty(q, 0x8402)], None, "failing", "(SERVFAIL)"),
        ("NXDOMAIN", lambda q: [empty(q, 0x8403)], None, "lagging", "does not show it yet"),
        ("truncated, then TCP", lambda q: [empty(q, 0x8600)], lambda q: counted(answer(q)),
         "showing", "shows it"),
        ("truncated, no TCP", lambda q: [empty(q, 0x8600)], None, "unreachable",
         "cannot be reached (Connection refused)"),
        ("truncated, TCP silent", lambda q: [empty(q, 0x8600)], lambda q: None, "unreachable",
         "did not reply by TCP within 2.1 s"),
        ("truncated, TCP cut", lambda q: [empty(q, 0x8600)],
         lambda q: counted(answer(q))[:-3], "unreachable",
         "closed the connection without a reply"),
        ("truncated, TCP truncated", lambda q: [empty(q, 0x8600)],
         lambda q: counted(empty(q, 0x8600)), "unreachable", "it was truncated"),
        ("truncated, TCP rubbish", lambda q: [empty(q, 0x8600)],
         lambda q: counted(b"rubbish, and more than a header"), "unreachable",
         "sent a reply that cannot be read"),
    )
    for label, udp, tcp, state, words in rows:
        begin = time.monotonic()
        (got, sentence), server = view_of(w, Fake(udp, tcp))
        assert got == state and sentence.startswith(server) and words in sentence, \
            f"{label}: {got}: {sentence}"
        assert time.monotonic() - begin < 15, label


def an_update_without_a_reply_may_have_been_made(w):
    name = "lost._domainkey.example.test"
    for label, tcp, words in (
            ("silent", lambda q: None, "did not reply by TCP within 2.1 s"),
            ("closed", lambda q: b"", "closed the connection without a reply"),
            ("cut", lambda q: b"\0\x20half", "closed the connection without a reply")):
        fake = Fake(lambda q: [empty(q, 0x8403)], tcp)
        output = w.replace(name, "-", "x", options=("--timeout", 300, "--primary", f"{PRIMARY}@{fake.port}"))
        assert output.status == 3 and words in output.text, f"{label}: {output.text}"
        assert "was sent, and may have been made or not" in output.text, output.text


def a_reply_that_nobody_signed_is_not_believed(w):
    fake = Fake(lambda q: [empty(q, 0x8403)],
                lambda q: counted(q[:2] + b"\xa8\0" + b"\0" * 8))
    output = w.replace("forged._domainkey.example.test", "-", "x",
                       options=("--timeout", 300, "--primary", f"{PRIMARY}@{fake.port}"))
    assert output.one("status") == "unknown", output.text
    assert "not signed" in output.one("reason"), output.text


def an_update_for_a_closed_port_was_not_sent(w):
    fake = Fake(lambda q: [empty(q, 0x8403)])
    output = w.replace("closed._domainkey.example.test", "-", "x",
                       options=("--timeout", 300, "--primary", f"{PRIMARY}@{fake.port}"))
    assert output.status == 3 and output.text.rstrip().endswith("nothing was sent"), output.text
