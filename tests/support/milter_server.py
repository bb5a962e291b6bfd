# SPDX-License-Identifier: BSD-2-Clause
"""A mail filter for Postfix to talk to, beside yett or in its place.

    with MilterServer(lambda message: [("insert", 0, "X-Seen", " yes")]) as other:
        ... smtpd_milters = inet:127.0.0.1:{other.port}
    other.seen[0].fields

It sees every step, and answers each; at the end of a message `decide` gives the edits, as
milter.py has them, ("body", octets) or ("reply", "550 5.7.1 text").
"""
import socket
import struct
import threading

import milter as protocol

COMMANDS = {"insert": "i", "add": "h", "change": "m", "quarantine": "q"}


class Seen:
    """A message as it was shown: envelope, fields with what stands behind the colon, body;
    the macros by the command before which they came."""

    def __init__(self, client, helo):
        self.client, self.helo, self.mail_from, self.rcpts = client, helo, "", []
        self.fields, self.body, self.macros = [], b"", {}

    def values(self, name):
        return [value.replace("\n", "").strip(" \t") for field, value in self.fields
                if field.lower() == name.lower()]


class MilterServer:
    def __init__(self, decide=lambda message: []):
        self.decide, self.seen, self.faults = decide, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.listener.close()

    @property
    def address(self):
        return f"inet:127.0.0.1:{self.port}"

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer, peer.makefile("rb") as stream:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, peer)
            try:
                while len(head := stream.read(5)) == 5:
                    length, command = struct.unpack(">Ic", head)
                    session.take(command.decode(), stream.read(length - 1))
            except OSError:
                pass
            except Exception as error:  # pylint: disable=broad-except
                self.faults.append(repr(error))
                raise


class Session:
    def __init__(self, server, peer):
        self.server, self.peer = server, peer
        self.client, self.helo, self.message, self.macros = None, "", None, {}

    def answer(self, command, data=b""):
        self.peer.sendall(struct.pack(">I", len(data) + 1) + command.encode() + data)

    def take(self, command, data):
        step = getattr(self, "take_" + command, None)
        if step is not None:
            step(data)
        if command not in "ODEAQK":
            self.answer("c")

    def current(self):
        if self.message is None:
            self.message = Seen(self.client, self.helo)
            self.message.macros.update(self.macros)
        return self.message

    def take_O(self, data):  # pylint: disable=invalid-name
        version, actions, steps = struct.unpack(">III", data)
        self.answer("O", struct.pack(">III", min(version, 6), actions & protocol.ACTIONS,
                                     steps & protocol.SMFIP_HDR_LEADSPC))

    def take_D(self, data):  # pylint: disable=invalid-name
        words = data[1:].decode("latin-1").split("\0")
        named = {name.strip("{}"): value for name, value in zip(words[::2], words[1::2])}
        where = self.macros if self.message is None else self.message.macros
        where[chr(data[0])] = named

    def take_C(self, data):  # pylint: disable=invalid-name
        name, rest = data.split(b"\0", 1)
        address = rest[3:].split(b"\0")[0].decode() if rest[:1] in (b"4", b"6") else ""
        self.client = (name.decode(), address)

    def take_H(self, data):  # pylint: disable=invalid-name
        self.helo = data.rstrip(b"\0").decode("latin-1")

    def take_M(self, data):  # pylint: disable=invalid-name
        self.current().mail_from = data.split(b"\0")[0].decode("utf-8", "replace").strip("<>")

    def take_R(self, data):  # pylint: disable=invalid-name
        self.current().rcpts.append(data.split(b"\0")[0].decode("utf-8", "replace").strip("<>"))

    def take_L(self, data):  # pylint: disable=invalid-name
        name, value, _ = data.decode("latin-1").split("\0")
        self.current().fields.append((name, value))

    def take_B(self, data):  # pylint: disable=invalid-name
        self.current().body += data

    def take_A(self, _):  # pylint: disable=invalid-name
        self.message = None

    def take_E(self, data):  # pylint: disable=invalid-name
        message = self.current()
        message.body += data
        self.server.seen.append(message)
        reply = "c"
        for kind, *arguments in self.server.decide(message):
            if kind == "reply":
                self.answer("y", protocol.strings(*arguments))
                reply = None
                continue
            if kind == "body":  # in place of the one that came
                self.answer("b", *arguments)
                continue
            index = struct.pack(">I", arguments.pop(0)) if kind in ("insert", "change") else b""
            self.answer(COMMANDS[kind], index + protocol.strings(*arguments))
        if reply:
            self.answer(reply)
        self.message = None
