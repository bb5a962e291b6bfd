# SPDX-License-Identifier: BSD-2-Clause
"""A name server on loopback that passes questions on, and fails for the domains it is told to."""
import socket
import struct
import threading
import time


# As behind a box that never heard of EDNS.
UDP_MAX = 512


def read_name(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace"))
        at += packet[at] + 1
    return ".".join(labels).lower(), at + 5


def head(query, flags):
    """A response to `query` that holds its question and nothing else."""
    _, end = read_name(query)
    return query[:2] + struct.pack(">HHHHH", flags, 1, 0, 0, 0) + query[12:end]


def is_below(name, domain):
    return name == domain or name.endswith("." + domain)


class Proxy:
    """
    `faults`: what happens, by domain, to all names below it:
      a number    the true answer comes so many seconds late
      "drop"      nothing comes
      "rubbish"   octets without meaning
      "tcp"       truncated by UDP; then 64 KiB of rubbish by TCP
      "servfail", "refused"
    What is longer than 512 octets is truncated by UDP.  `asked` counts questions by name, `by_tcp` those of them that came by TCP.
    """

    def __init__(self, port, upstream, faults):
        self.port, self.upstream, self.faults = port, upstream, faults
        self.asked, self.by_tcp = {}, {}
        self.lock = threading.Lock()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", port))
        self.tcp.listen(100)
        self.thread(self.serve_udp)
        self.thread(self.serve_tcp)

    @staticmethod
    def thread(target, *args):
        threading.Thread(target=Proxy.quietly, args=(target, *args), daemon=True).start()

    @staticmethod
    def quietly(target, *args):
        try:
            target(*args)
        except (OSError, IndexError, struct.error):
            pass  # a client that went, or a server that stopped

    def note(self, query, table):
        name, _ = read_name(query)
        with self.lock:
            table[name] = table.get(name, 0) + 1
        for domain, fault in self.faults.items():
            if is_below(name, domain):
                return fault
        return None

    def count(self, domain, table):
        with self.lock:
            return sum(n for name, n in table.items() if is_below(name, domain))

    def serve_udp(self):
        while True:
            query, address = self.udp.recvfrom(65535)
            self.thread(self.answer, query, address)

    def answer(self, query, address):
        fault = self.note(query, self.asked)
        if isinstance(fault, (int, float)):
            time.sleep(fault)
            fault = None
        if fault == "drop":
            return
        packet = {"rubbish": bytes(range(256)), "tcp": head(query, 0x8380),
                  "servfail": head(query, 0x8182), "refused": head(query, 0x8185)}.get(fault)
        packet = packet or self.ask_by_udp(query)
        if len(packet) > UDP_MAX:
            packet = head(query, 0x8380)
        self.udp.sendto(packet, address)

    def ask_by_udp(self, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(5)
            udp.connect(("127.0.0.1", self.upstream))
            udp.send(query)
            return udp.recv(65535)

    def serve_tcp(self):
        while True:
            self.thread(self.converse, self.tcp.accept()[0])

    def converse(self, client):
        with client:
            client.settimeout(30)
            query = self.receive(client)
            if self.note(query, self.by_tcp) == "tcp":
                client.sendall(b"\xff\xff" + bytes(i % 251 for i in range(65535)))
                return
            with socket.create_connection(("127.0.0.1", self.upstream), 5) as server:
                server.sendall(struct.pack(">H", len(query)) + query)
                packet = self.receive(server)
            client.sendall(struct.pack(">H", len(packet)) + packet)

    @staticmethod
    def receive(connection):
        size, = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))
        return connection.recv(size, socket.MSG_WAITALL)
