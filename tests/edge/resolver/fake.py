# SPDX-License-Identifier: BSD-2-Clause
"""A name server on loopback that does what the first label of a question says."""
import re
import socket
import struct
import threading
import time

TXT = 16


def read_name(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace"))
        at += packet[at] + 1
    return ".".join(labels).lower(), at + 5


def response(query, end, flags, answers=b"", count=0, question=None):
    return (query[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0)
            + (question or query[12:end]) + answers)


def record(kind, data, ttl=60):
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def text_record(text, ttl=60):
    return record(TXT, bytes([len(text)]) + text, ttl)


def found(query, end, text=b"here I am", ttl=60):
    return response(query, end, 0x8180, text_record(text, ttl), 1)


def truncated(query, end):
    return response(query, end, 0x8380)


def other_question(query, end):
    question = b"\x05other\x04test\x00\x00\x10\x00\x01"
    return response(query, end, 0x8180, text_record(b"other"), 1, question)


# What goes out, by UDP, for a first label; None is nothing at all.
REPLIES = {
    "ok": found,
    "brief": lambda q, e: found(q, e, ttl=0),
    "drop": lambda q, e: None,
    "rubbish": lambda q, e: bytes(range(200)),
    "wrongid": lambda q, e: bytes([q[0] ^ 0xff]) + found(q, e)[1:],
    "otherquestion": other_question,
    "empty": lambda q, e: b"",
    "header": lambda q, e: found(q, e)[:12],
    "cut": lambda q, e: found(q, e)[:-4],
    "pointerloop": lambda q, e: response(
        q, e, 0x8180, struct.pack(">HHHIH", 0xc000 | e, TXT, 1, 60, 2) + b"\x01x", 1),
    "longcount": lambda q, e: response(q, e, 0x8180, text_record(b"x"), 65535),
    "badtxt": lambda q, e: response(q, e, 0x8180, record(TXT, b"\xffx"), 1),
    "servfail": lambda q, e: response(q, e, 0x8182),
    "refused": lambda q, e: response(q, e, 0x8185),
    "formerr": lambda q, e: response(q, e, 0x8181),
    "cnameloop": lambda q, e: response(q, e, 0x8180, record(5, b"\xc0\x0c"), 1),
    "tcpok": truncated,
    "tcphang": truncated,
    "tcpclose": truncated,
    "tcphalf": truncated,
    "tcprubbish": truncated,
}


class Fake:
    """`asked` counts the questions by name, repetitions and all."""

    def __init__(self, port):
        self.port = port
        self.asked = {}
        self.first = {}
        self.lock = threading.Lock()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", port))
        self.tcp.listen(100)
        self.kept = []  # connections that hang
        for loop in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=loop, daemon=True).start()

    def serve_udp(self):
        while True:
            query, address = self.udp.recvfrom(65535)
            try:
                self.answer(query, address)
            except (IndexError, OSError):
                pass

    def answer(self, query, address):
        name, end = read_name(query)
        with self.lock:
            self.asked[name] = self.asked.get(name, 0) + 1
            since = self.first.setdefault(name, time.monotonic())
        label = re.match(r"[a-z]*", name).group()
        slow = re.match(r"slow(\d+)", name)
        if slow:
            # As a resolver does that still looks: all repetitions are answered together.
            wait = max(0.0, since + int(slow.group(1)) / 10 - time.monotonic())
            packet = found(query, end)
            timer = threading.Timer(wait, lambda: self.udp.sendto(packet, address))
            timer.daemon = True
            timer.start()
            return
        packet = REPLIES.get(label, found)(query, end)
        if packet is not None:
            self.udp.sendto(packet, address)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        try:
            head = connection.recv(2, socket.MSG_WAITALL)
            query = connection.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
            name, end = read_name(query)
            if name.startswith("tcphang"):
                self.kept.append(connection)
                return
            packet = found(query, end, b"by TCP")
            if name.startswith("tcphalf"):
                connection.sendall(struct.pack(">H", 60000) + packet)
                self.kept.append(connection)
                return
            if name.startswith("tcprubbish"):
                packet = bytes(range(100))
            if not name.startswith("tcpclose"):
                connection.sendall(struct.pack(">H", len(packet)) + packet)
        except (IndexError, OSError, struct.error):
            pass
        connection.close()
