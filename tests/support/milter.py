# SPDX-License-Identifier: BSD-2-Clause
"""Postfix's side of the milter protocol: what its smtpd and cleanup send, and what they make
of the answers.

    with Milter(("127.0.0.1", 8891)) as milter:
        result = milter.message(Envelope(ip="192.0.2.1"), b"From: ...")
    result.reply, result.fields, result.stored

Packets, macros and their order are those of Postfix 3.7; so is what is written together: all
up to a step that is answered, in pieces of 128 KiB.
"""
import re
import socket
import struct

ACTIONS = 0x1FF
STEPS = 0x1FFFFF
SMFIF_QUARANTINE = 0x20
SMFIP_SKIP = 0x400
SMFIP_HDR_LEADSPC = 0x100000

# Command: (the bit that leaves it out, the bit that leaves its answer out).
RULES = {"C": (0x01, 0x1000), "H": (0x02, 0x2000), "M": (0x04, 0x4000), "R": (0x08, 0x8000),
         "T": (0x200, 0x10000), "U": (0x100, 0x20000), "L": (0x20, 0x80), "N": (0x40, 0x40000),
         "B": (0x10, 0x80000), "E": (0, 0), "D": (0, None), "A": (0, None), "Q": (0, None)}
# The list of macros that goes for a command, where the filter sent one.
LISTS = {"C": 0, "H": 1, "M": 2, "R": 3, "T": 4, "B": 5, "E": 5, "L": 6, "N": 6}
SINCE = {"U": 3, "T": 4}  # the protocol version that brought a command
WORDS = {"a": "accept", "c": "continue", "d": "discard", "r": "reject", "t": "tempfail",
         "s": "skip", "4": "shutdown", "f": "connection failure"}
BUFFER = 128 * 1024
CHUNK = 65535
PACKET_MAX = 64 * 1024 * 1024

RECEIVED = ("Received", " from mail.example.org (mail.example.org [192.0.2.1])\n"
            "\tby mx.example.com (Postfix) with ESMTPS id 4bXq5c1ZzXz2x\n"
            "\tfor <bob@example.com>; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)")


class MilterError(ValueError):
    """The filter broke the protocol."""


class Closed(ConnectionError):
    """The filter closed the connection."""


class Envelope:
    """An SMTP session and its message, as Postfix would tell it."""

    def __init__(self, ip="192.0.2.1", helo="mail.example.org", mail_from="alice@example.org",
                 rcpts=("bob@example.com",), name="mail.example.org", queue_id="4bXq5c1ZzXz2x",
                 login="", local=False, port=39114, version="Postfix 3.7.11"):
        self.ip, self.helo, self.mail_from, self.rcpts = ip, helo, mail_from, tuple(rcpts)
        self.name, self.queue_id, self.login = name, queue_id, login
        self.local = local  # of cleanup(8): sendmail command, bounce, postsuper -r
        self.port, self.version = port, version


class Result:
    """What became of a message.

    edits    what the filter asked for, in order: ("insert", index, name, value),
             ("add", name, value), ("change", occurrence, name, value), ("quarantine", reason)
    reply    "accept", "continue", "reject", "tempfail", "discard", or what to tell the client:
             "550 5.7.1 ..."
    step     the command that was answered so
    fields   (name, value) after the edits, Postfix's hidden Received included; values have LF
             inside
    stored   the whole message after the edits, with CRLF
    held     the reason of a quarantine, or None
    """

    def __init__(self, reply, step, edits, fields, body):
        self.reply, self.step, self.edits, self.fields, self.body = \
            reply, step, edits, fields, body
        self.held = next((edit[1] for edit in edits if edit[0] == "quarantine"), None)

    @property
    def accepted(self):
        return self.reply in ("accept", "continue")

    @property
    def stored(self):
        text = "".join(f"{name}:{value}\n" for name, value in self.fields)
        return text.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + self.body

    def values(self, name):
        """The values of the fields called that, unfolded, from the top."""
        return [value.replace("\r", "").replace("\n", "").strip(" \t")
                for field, value in self.fields if field.lower() == name.lower()]


def split_message(raw):
    """Fields as (name, value) with LF inside, and the body with CRLF."""
    text = raw.decode("latin-1").replace("\r\n", "\n")
    fields, at = [], 0
    field = re.compile(r"([!-9;-~]+)[ \t]*:((?:.*)(?:\n[ \t].*)*)(?:\n|\Z)")
    while match := field.match(text, at):
        fields.append((match[1], match[2]))
        at = match.end()
    body = text[at + 1:] if text[at:at + 1] == "\n" else text[at:]
    return fields, body.replace("\n", "\r\n").encode("latin-1")


def apply(edits, fields, leading_space):
    """The fields after the edits, as Postfix's cleanup(8) makes them; fields[0] is hidden."""
    hidden, fields = fields[0], list(fields)
    for kind, *arguments in edits:
        if kind == "quarantine":
            continue
        name, value = arguments[-2:]
        new = (name, value if leading_space else " " + value)
        if kind == "add":
            fields.append(new)
        elif kind == "insert":  # the hidden one counts
            fields.insert(arguments[0], new)
        else:  # it does not
            places = [at for at, field in enumerate(fields)
                      if field is not hidden and field[0].lower() == name.lower()]
            if arguments[0] <= len(places):
                at = places[arguments[0] - 1]
                fields[at:at + 1] = [new] if value else []
            elif value:
                fields.append(new)
    return fields


def strings(*texts):
    return b"".join((text if isinstance(text, bytes) else text.encode("latin-1", "replace")) + b"\0"
                    for text in texts)


class Milter:
    """A connection of a mail server to the filter at `address`: (host, port) or a path."""

    def __init__(self, address, timeout=30):
        self.version, self.actions, self.steps = 6, ACTIONS, 0
        self.lists = {}
        self.waiting, self.received = bytearray(), bytearray()
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
            if not isinstance(address, str):
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # ---- packets ------------------------------------------------------------------------

    def packet(self, command, data=b""):
        """Queue a packet, whatever was negotiated."""
        self.waiting += struct.pack(">I", len(data) + 1) + command.encode("latin-1") + data
        if len(self.waiting) >= BUFFER:
            self.flush()

    def flush(self):
        """Write what is queued."""
        data, self.waiting = self.waiting, bytearray()
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def raw(self, data):
        """Write octets as they are."""
        self.flush()
        self.socket.sendall(data)

    def take(self, count):
        while len(self.received) < count:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("closed by the filter")
            self.received += data
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def read(self):
        """The next packet: (command, data)."""
        self.flush()
        length = struct.unpack(">I", self.take(4))[0]
        if not 1 <= length <= PACKET_MAX:
            raise MilterError(f"a reply of {length} octets")
        data = self.take(length)
        return chr(data[0]), data[1:]

    def is_closed(self):
        """Wait until the filter closes; false when it sends something instead."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    # ---- steps --------------------------------------------------------------------------

    def negotiate(self, version=6, actions=ACTIONS, steps=STEPS):
        """Offer; what was agreed on is kept, and returned."""
        self.packet("O", struct.pack(">III", version, actions, steps))
        command, data = self.read()
        if command != "O" or len(data) < 12:
            raise MilterError(f"{command!r} with {len(data)} octets answers the offer")
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        if self.version > version or self.actions & ~actions or self.steps & ~steps:
            raise MilterError(f"more than was offered: version {self.version}, actions "
                              f"{self.actions:#x}, steps {self.steps:#x}")
        self.lists = self.macro_lists(data[12:])
        return self.version, self.actions, self.steps

    @staticmethod
    def macro_lists(data):
        """Names by list.  An empty list is none: Postfix then sends what it always does."""
        lists = {}
        while data:
            number, end = struct.unpack(">I", data[:4])[0], data.index(b"\0", 4)
            if number > 6:
                raise MilterError(f"list {number} of macros")
            lists[number], data = data[4:end].decode("ascii").split(), data[end + 1:]
        return lists

    def wants(self, command):
        """Is the command sent at all?"""
        return not self.steps & RULES[command][0] and self.version >= SINCE.get(command, 2)

    def macros(self, command, values):
        """Those that go before `command`, by name without braces, None being left out; of
        them what the filter asked for, if it did."""
        if not self.wants(command):
            return
        asked = self.lists.get(LISTS[command])
        named = []
        for name, value in values.items():
            name = name if len(name) == 1 else "{" + name + "}"
            if value is not None and (not asked or name in asked):
                named += [name, value]
        self.packet("D", command.encode() + strings(*named))

    def step(self, command, data=b""):
        """Send it and read its answer: (reply, edits), or None where none is due."""
        if not self.wants(command):
            return None
        self.packet(command, data)
        silence = RULES[command][1]
        if silence is None or self.steps & silence:
            return None
        return self.answer(command)

    def answer(self, command):
        """The edits and the final reply."""
        edits = []
        while True:
            reply, data = self.read()
            if reply == "p":
                continue
            if reply == "y":
                return self.reply_text(data), edits
            if reply in WORDS and not data:
                if reply == "s" and not (command == "B" and self.steps & SMFIP_SKIP):
                    raise MilterError(f"skip in answer to {command!r}")
                return WORDS[reply], edits
            if command != "E":
                raise MilterError(f"{reply!r} in answer to {command!r}")
            edits.append(self.edit(reply, data))

    @staticmethod
    def reply_text(data):
        if not data.endswith(b"\0") or not re.fullmatch(rb"[45][0-9][0-9] [^\0\r\n]*\0", data):
            raise MilterError(f"reply {data!r}")
        text = data[:-1].decode()
        if "%" in text.replace("%%", ""):
            raise MilterError(f"a single % in {text!r}")
        return text.replace("%%", "%")

    def edit(self, reply, data):
        need = {"i": 0x01, "h": 0x01, "m": 0x10, "q": SMFIF_QUARANTINE}
        if reply not in need:
            raise MilterError(f"reply {reply!r} with {data!r}")
        if not self.actions & need[reply]:
            raise MilterError(f"{reply!r} was not agreed on")
        index = []
        if reply in "im":
            index, data = [struct.unpack(">I", data[:4])[0]], data[4:]
        texts = data.decode("latin-1").split("\0")
        if len(texts) != (2 if reply == "q" else 3) or texts.pop() != "":
            raise MilterError(f"{reply!r} with {data!r}")
        kind = {"i": "insert", "h": "add", "m": "change", "q": "quarantine"}[reply]
        return (kind, *index, *texts)

    def connect(self, name="mail.example.org", family="4", port=39114, address="192.0.2.1"):
        where = b"" if family == "U" else struct.pack(">H", port) + strings(address)
        return self.step("C", strings(name) + family.encode() + where)

    def helo(self, name="mail.example.org"):
        return self.step("H", strings(name))

    def mail(self, path="alice@example.org", *arguments):
        return self.step("M", strings(f"<{path}>", *arguments))

    def rcpt(self, path="bob@example.com", *arguments):
        return self.step("R", strings(f"<{path}>", *arguments))

    def data(self):
        return self.step("T")

    def header(self, name, value):
        """`value` is all after the colon, as it stands in the message."""
        if not self.steps & SMFIP_HDR_LEADSPC:
            value = value[1:] if value[:1] == " " else value
        return self.step("L", strings(name, value))

    def eoh(self):
        return self.step("N")

    def body(self, piece):
        return self.step("B", piece)

    def end(self):
        """(reply, edits)"""
        return self.step("E")

    def abort(self):
        self.step("A")

    def quit(self):
        self.step("Q")
        self.flush()

    # ---- a whole message ----------------------------------------------------------------

    def session(self, envelope):
        """CONNECT and HELO.  A reply that refuses, or None."""
        self.macros("C", {"j": "mx.example.com", "daemon_name": "mx.example.com",
                          "daemon_addr": "127.0.0.1", "v": envelope.version,
                          "_": f"{envelope.name} [{envelope.ip}]"})
        family = "6" if ":" in envelope.ip else "4"
        name = f"[{envelope.ip}]" if envelope.name == "unknown" else envelope.name
        refused = self.refusal(self.connect(name, family, envelope.port, envelope.ip))
        if refused:
            return refused, "C"
        self.macros("H", {})
        refused = self.refusal(self.helo(envelope.helo))
        return (refused, "H") if refused else None

    def envelope(self, envelope):
        """MAIL, RCPT and DATA.  (reply, step) that ends it, or None."""
        login = envelope.login or None
        known = envelope.queue_id if envelope.local else None
        steps = [("M", {"i": known, "auth_type": login and "PLAIN", "auth_authen": login,
                        "mail_addr": envelope.mail_from, "mail_host": "example.org",
                        "mail_mailer": "smtp"}, lambda: self.mail(envelope.mail_from))]
        for rcpt in envelope.rcpts:
            steps.append(("R", {"i": known, "rcpt_addr": rcpt, "rcpt_host": "example.com",
                                "rcpt_mailer": "virtual"}, lambda rcpt=rcpt: self.rcpt(rcpt)))
            known = envelope.queue_id  # Postfix makes it with the first recipient
        steps.append(("T", {"i": known, "auth_authen": login}, self.data))
        for command, macros, send in steps:
            self.macros(command, macros)
            refused = self.refusal(send())
            if refused:
                return refused, command
        return None

    def content(self, envelope, fields, body):
        """Header and body.  (reply, step, edits)."""
        steps = [("L", lambda field=field: self.header(*field)) for field in fields]
        steps.append(("N", self.eoh))
        steps += [("B", lambda at=at: self.body(body[at:at + CHUNK]))
                  for at in range(0, len(body), CHUNK)]
        skip = False
        for command, send in steps:
            if skip and command == "B":
                continue
            self.macros(command, {"i": envelope.queue_id})
            answer = send()
            skip = skip or (answer is not None and answer[0] == "skip")
            refused = self.refusal(answer)
            if refused:
                return refused, command, []
        self.macros("E", {"i": envelope.queue_id})
        reply, edits = self.end()
        return reply, "E", edits

    @staticmethod
    def refusal(answer):
        return answer[0] if answer and answer[0] not in ("continue", "skip") else None

    def message(self, envelope=None, raw=b"", session=True, hidden=RECEIVED):
        """Send a message, after CONNECT and HELO unless `session` is false: a second message
        of the same client.  `hidden` is the Received field on top that Postfix writes and does
        not show."""
        envelope = envelope or Envelope()
        fields, body = split_message(raw)
        ended = (self.session(envelope) if session else None) or self.envelope(envelope)
        reply, step, edits = (*ended, []) if ended else self.content(envelope, fields, body)
        self.abort()  # smtpd does so after each
        after = apply(edits, [hidden, *fields], bool(self.steps & SMFIP_HDR_LEADSPC))
        return Result(reply, step, edits, after, body)
