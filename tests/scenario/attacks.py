#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who controls the message, the sender's DNS, or one gateway, and what he gains: nothing.

    attacks.py YETT

Forgeries behind a real Postfix are in postfix_attacks.py, broken peers in peers.py, messages
that crash in crash.py.
"""
import json
import mmap
import os
import re
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, cpu_seconds, open_files, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from milter import Envelope  # noqa: E402  pylint: disable=wrong-import-position

YETT = sys.argv[1]
OURS = "mx.example.com"
FORGED = f" {OURS}; dmarc=pass header.from=bank.test"
ENFORCE = 'mode = "enforce"\ndomain "bank.test" { }\n'
ZONE = """
good.test. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.good.test. TXT "v=DMARC1; p=reject"
bank.test. TXT "v=spf1 ip4:192.0.2.9 -all"
_dmarc.bank.test. TXT "v=DMARC1; p=reject"
"""


def fields_of(author="good.test", *more):
    return [*more, ("From", f" Ann <ann@{author}>"), ("To", " bob@example.com"),
            ("Subject", " tomorrow"), ("Date", " Mon, 24 Nov 2025 16:00:00 +0000"),
            ("Message-ID", f" <1@{author}>")]


class Answer:
    """What became of fields that were sent as they are: no parser of ours between."""

    def __init__(self, fields, reply, edits):
        self.fields, self.reply, self.edits = fields, reply, edits
        self.added = [edit[2:] for edit in edits if edit[0] == "insert"]

    def left(self):
        """The fields that were not removed."""
        left = list(self.fields)
        for number, name, _ in (edit[1:] for edit in self.edits if edit[0] == "change"):
            places = [at for at, field in enumerate(left)
                      if field[0].lower().strip(" \t") == name.lower().strip(" \t")]
            del left[places[number - 1]]
        return left


def packets(fields):
    """As they are sent, all in one: a header may have thousands."""
    parts = [f"{name}\0{value}\0".encode("latin-1") for name, value in fields]
    return b"".join(struct.pack(">I", len(part) + 1) + b"L" + part for part in parts)


def send(gateway, fields, envelope=None, body=b"Hello\r\n"):
    envelope = envelope or Envelope(mail_from="ann@good.test", helo="mail.good.test")
    with gateway.connect() as milter:
        milter.session(envelope)
        milter.envelope(envelope)
        milter.raw(packets(fields))
        milter.eoh()
        milter.body(body)
        reply, edits = milter.end()
        return Answer(fields, reply, edits)


# ---- results in our name, where the message cannot be judged ------------------------------------

def results_left(answer):
    """Lines of what would be stored that a reader of any kind takes for results of ours."""
    text = "\n".join(f"{name}:{value}" for name, value in answer.left())
    return [line for line in re.split("[\r\n]", text)
            if re.match(r"[ \t]*authentication-results[ \t]*:", line, re.I) and OURS in line]


LIMITS = [
    ("fields", "limits { fields = 30 }\n", [("X-Filler", " x")] * 40),
    ("octets of the header", "limits { header_size = 4KiB }\n", [("X-Filler", " " + "x" * 900)] * 9),
    ("octets of the message", "limits { message_size = 4KiB }\n", [("X-Filler", " " + "x" * 900)] * 9),
    ("one long field", "", [("X-Filler", " " + "x" * 2000000)]),
    ("the field itself", "", [("Authentication-Results", FORGED + ";" + "x" * 2000000)]),
    ("authors", "", [("From", " " + ",".join(["a@bank.test"] * 5000))]),
    ("hidden behind CR", "", [("X-A", f" x\rAuthentication-Results:{FORGED}")]),
    ("hidden behind LF", "", [("X-A", f" x\nAuthentication-Results:{FORGED}")]),
    ("hidden in a name", "", [("X-A\nAuthentication-Results", FORGED)]),
    ("odd identifiers", "", [("Authentication-Results", " xn--bcher-kva.test; none")] * 200),
]


def forged_results_never_pass_a_limit(mode, what, settings, filler):
    settings = f'mode = "{mode}"\non_internal_error = "accept"\n' + settings
    forged = [("Authentication-Results", FORGED)]
    with Gateway(YETT, ZONE, settings) as gateway:
        for fields in (fields_of("good.test", *forged, *filler), fields_of("good.test") + filler + forged,
                       fields_of("good.test", *(forged * 3), *filler, *forged)):
            answer = send(gateway, fields)
            refused = answer.reply[0] in "45"
            assert refused or not results_left(answer), (what, answer.reply, results_left(answer)[:3])
        assert len(gateway.workers()) == 1


# ---- what is said to others ---------------------------------------------------------------------

HOSTILE = ['%s%n%d%', 'a"b\\c', "\x1b[31mred", "\x07\x08\x7f", "\r\n550 5.0.0 injected",
           "\n2025-11-24T16:00:00Z fake: accepted", "\u2028\u2029".encode().decode("latin-1"),
           "\u202egnp.exe".encode().decode("latin-1"), "\xff\xfe\xc0\xaf", "x" * 3000,
           "(((", ")))", ";;; dmarc=pass", "=?utf-8?q?=0D=0A=1B[31m?=", "</script><script>"]
PLAIN = re.compile(r"[\x20-\x7e\u00a1-\ufffd]*")


def said_is_one_line_each(text, json_log):
    lines = text.split("\n")
    assert lines.pop() == "" and len(lines) == len(HOSTILE), (len(lines), lines[-3:])
    for line in lines:
        assert PLAIN.fullmatch(line), repr(line)
        assert "\x1b" not in line and "\u202e" not in line and "\u2028" not in line, repr(line)
        assert not line.startswith("2025-11-24T16:00:00Z fake"), line
        assert not json_log or json.loads(line)["outcome"] in ("accepted", "deferred"), line


def hostile_words_stay_words(json_log):
    """In the envelope, names, fields: the reply, our fields and the log keep their form."""
    settings = ENFORCE + ('log { format = "json" }\n' if json_log else "")
    with Gateway(YETT, ZONE, settings + "received_spf = true\n") as gateway:
        gateway.wait_log("started: ")
        before = len(gateway.log())
        for plain in HOSTILE:
            envelope = Envelope(mail_from=f"{plain}@good.test", helo=plain, name=plain,
                                rcpts=(f"{plain}@example.com",), queue_id=plain)
            fields = fields_of("good.test", ("Subject", f" tomorrow {plain}"),
                               ("Message-ID", f" <{plain}>"), ("X-Odd", f" {plain}"),
                               ("DKIM-Signature", f" v=1; a={plain}; d={plain}; s={plain}; b="))
            answer = send(gateway, fields, envelope)
            for name, value in answer.added:
                assert re.fullmatch(r"[A-Za-z-]+", name), name
                assert re.fullmatch(r"[ \t]?[\x20-\x7e\x80-\xff]*(\n[ \t]+[\x20-\x7e\x80-\xff]+)*",
                                    value), (plain, value)
                assert max(map(len, value.split("\n"))) <= 998, value
            assert len(answer.reply) <= 512 and PLAIN.fullmatch(answer.reply), answer.reply
        assert wait_for(lambda: gateway.log()[before:].count("listener") >= len(HOSTILE))
        said_is_one_line_each(gateway.log()[before:], json_log)
        assert gateway.status()["counters"]["messages"] == len(HOSTILE)


EXPLANATIONS = ["%%%%%%s", "%{h} says %{o}", "two\\010lines", "\\027[31mred", "\\200\\255",
                "word " * 45, "x" * 250, "550-5.7.1 more", "quoted \\\" and \\\\"]


def an_explanation_is_one_line_of_the_reply():
    """The sender's own text about his fail, with macros of the client's words in it."""
    zone = ZONE + "".join(
        f'e{n}.test. TXT "v=spf1 exp=x.e{n}.test -all"\nx.e{n}.test. TXT "{text}"\n'
        for n, text in enumerate(EXPLANATIONS))
    with Gateway(YETT, zone, 'mode = "enforce"\nspf { on_fail = "reject" }\n') as gateway:
        for number in range(len(EXPLANATIONS)):
            answer = send(gateway, fields_of(f"e{number}.test"),
                          Envelope(mail_from=f"a@e{number}.test", helo="50%.off\r\n250 ok"))
            assert answer.reply.startswith("550 5.7.23 "), answer.reply
            assert len(answer.reply) <= 512 and re.fullmatch(r"[\x20-\x7e]+", answer.reply), answer.reply


# ---- who is taken for somebody else ---------------------------------------------------------------

RELAY = "198.51.100.25"
DATE = "; Mon, 24 Nov 2025 16:00:00 +0000"
BANKS = "mail.bank.test (mail.bank.test [192.0.2.9])"
# What a client at 203.0.113.66 may bring into the field of our relay: it is his HELO, reverse
# name, certificate, login, sender or recipient that is odd.
CRAFTED = [
    f"from [192.0.2.9] (unknown [203.0.113.66]) by backup.example.com (Postfix) with SMTP id 1{DATE}",
    f"from mail.bank.test (192.0.2.9 [203.0.113.66]) by backup.example.com (Postfix) with SMTP id 1{DATE}",
    f"from mail.bank.test (192.0.2.9@evil.test [203.0.113.66]) by backup.example.com (8.15.2/8.15.2) with ESMTP id 1{DATE}",
    f'from "from {BANKS} by" (unknown [203.0.113.66]) by backup.example.com (Postfix) with SMTP id 1{DATE}',
    f"from evil.test (unknown [203.0.113.66]) (using TLSv1.3) (Client CN \"[192.0.2.9]\", Issuer \"x\" (verified OK)) by backup.example.com (Postfix) with ESMTPS id 1{DATE}",
    f"from [203.0.113.66] (helo=[192.0.2.9]) by backup.example.com with esmtp (Exim 4.96) (envelope-from <ann@bank.test>) id 1-2 for bob@example.com{DATE}",
    f"from evil.test ([203.0.113.66]:25 helo=192.0.2.9 ident=192.0.2.9) by backup.example.com with esmtp (Exim 4.96) (envelope-from <ann@bank.test>) id 1-2 for bob@example.com{DATE}",
    f"from 192.0.2.9 (203.0.113.66) by EX01.example.com (10.1.0.5) with Microsoft SMTP Server id 15.1{DATE}",
    f"from evil.test (unknown [203.0.113.66]) by backup.example.com (Postfix) with SMTP id 1 for <\"x) from {BANKS} by y\"@example.com>{DATE}",
]


def a_client_cannot_write_another_into_the_field_of_our_relay():
    settings = ENFORCE + f'trusted_relays = {{"{RELAY}"}}\n'
    below = ("Received", f" from {BANKS} by backup.example.com (Postfix) with ESMTPS id 9{DATE}")
    with Gateway(YETT, ZONE, settings) as gateway:
        for crafted in CRAFTED:
            answer = send(gateway, [("Received", " " + crafted), below, *fields_of("bank.test")],
                          Envelope(ip=RELAY, helo="backup.example.com", mail_from="ann@bank.test"))
            assert answer.reply.startswith("550 5.7.26 "), (crafted, answer.reply)
        line = send(gateway, [below, *fields_of("bank.test")],
                    Envelope(ip=RELAY, helo="backup.example.com", mail_from="ann@bank.test"))
        assert line.reply == "accept", line.reply  # the form alone is not what was refused


def nobody_from_the_network_is_one_of_us():
    with Gateway(YETT, ZONE, ENFORCE) as gateway:
        for envelope in (Envelope(helo="127.0.0.1"), Envelope(helo="localhost", name="localhost"),
                         Envelope(queue_id="", name="localhost"), Envelope(name="[127.0.0.1]", mail_from=""),
                         Envelope(helo="[::1]", name="unknown")):
            envelope.ip = "203.0.113.66"
            answer = send(gateway, [("Received", f" by localhost (Postfix, from userid 0) id 1{DATE}"),
                                    ("X-Local", " yes"), *fields_of("bank.test")], envelope)
            assert answer.reply.startswith("550 5.7.26 "), (envelope.__dict__, answer.reply)


# ---- what it costs ----------------------------------------------------------------------------------

A_R, SIGNATURE = "Authentication-Results", "DKIM-Signature"
U_LABELS = ".".join(["b\xc3\xbccher"] * 14)
COSTLY = [
    ("A-labels in results", [(A_R, " " + ".".join(["xn--bcher-kva"] * 14) + "; none")] * 9000),
    ("U-labels in results", [(A_R, f" {U_LABELS}; none")] * 9000),
    ("comments in results", [(A_R, " " + "(" * 60000)] * 30),
    ("bare CR", [("X-A", " " + "x\r" * 30000)] * 30),
    ("bare LF", [("X-A", " " + "\n" * 60000)] * 30),
    ("authors", [("From", " " + ",".join(["a@\xc3\xa9.\xc3\xa9"] * 25000))]),
    ("encoded words", [("From", " " + "=?utf-8?q?=00?= " * 15000 + "<a@good.test>")]),
    ("signatures", [(SIGNATURE, f" v=1; a=rsa-sha256; d=x{n}.good.test; s=s; h=from; bh={'A' * 43}=; b=AA")
                    for n in range(9000)]),
    ("names in h=", [(SIGNATURE, f" v=1; a=rsa-sha256; d=good.test; s=s; h={'x:' * 400}from; "
                                 f"bh={'A' * 43}=; b=AA")] * 50 + [("x", " y")] * 9900),
    ("sets of ARC", [("ARC-Seal", f" i={n}; a=rsa-sha256; d=good.test; s=s; cv=pass; b=AA")
                     for n in range(9000)]),
    ("trace fields", [("Received", f" from a (b [192.0.2.1]) by c{DATE}")] * 9000),
]
# Half a second was what the worst of them took; each is some 30 ms.
MOST_SECONDS = 0.25


def no_header_costs_much_more_than_its_octets():
    with Gateway(YETT, ZONE, ENFORCE) as gateway:
        worker = gateway.workers()[0]
        send(gateway, [("X-A", " " + "x" * 60000)] * 30 + fields_of())
        before = cpu_seconds(worker)
        send(gateway, [("X-A", " x" * 80)] * 9000 + fields_of())
        plain = cpu_seconds(worker) - before
        for what, fields in COSTLY:
            before = cpu_seconds(worker)
            send(gateway, fields + fields_of())
            took = cpu_seconds(worker) - before
            assert took < max(MOST_SECONDS, 10 * plain), f"{what}: {took:.2f} s, plain {plain:.2f} s"
        assert gateway.workers() == [worker]


def large_messages_that_wait_take_bounded_memory():
    """More than their sum may have: those too many are deferred, and small ones are judged."""
    large = packets([(A_R, " other.test; " + "x=y; " * 35 + "none")]) * 9900
    with Gateway(YETT, ZONE, ENFORCE) as gateway:
        milters, replies = [], []
        for _ in range(60):
            milter = gateway.connect()
            milters.append(milter)
            envelope = Envelope(mail_from="ann@good.test")
            milter.session(envelope)
            milter.envelope(envelope)
            milter.raw(large)
        assert send(gateway, fields_of()).reply == "accept"
        for milter in milters:
            milter.header("From", " ann@good.test")
            milter.eoh()
            milter.body(b"Hello\r\n")
            replies.append(milter.end()[0])
            milter.close()
        assert {reply[:3] for reply in replies} <= {"acc", "451"}, set(replies)
        assert "or of all in work" in gateway.log()
        answer = send(gateway, [("X-A", " " + "x" * 60000)] * 30 + fields_of())
        assert answer.reply == "accept", answer.reply


# ---- one gateway taken over -------------------------------------------------------------------------

def nothing_in_the_shared_memory_breaks_the_supervisor():
    with Gateway(YETT, ZONE, "workers = 2\n") as gateway:
        gateway.wait_log("started: ")
        folder = f"/proc/{gateway.process.pid}/fd"
        try:
            board = next(fd for fd in os.listdir(folder) if "scoreboard" in os.readlink(f"{folder}/{fd}"))
            fd = os.open(f"{folder}/{board}", os.O_RDWR)
        except (PermissionError, StopIteration):
            return "the supervisor's memory is not ours to write"
        size, head = os.fstat(fd).st_size, 4096
        workers = gateway.workers()
        with mmap.mmap(fd, size) as memory:
            for octet in (b"\xff", b"\x7f", b"\x80"):
                memory[head:] = octet * (size - head)
                status = gateway.status()
                assert all(0 <= value < 1 << 63 for value in status["counters"].values()), status
                assert gateway.message(raw=b"From: a@good.test\r\n\r\nx\r\n").accepted
            # Random lengths of silence are as good as none within the first seconds.
            memory[head:] = os.urandom(size - head)
            gateway.status()
            memory[head:] = b"\0" * (size - head)
        os.close(fd)
        assert gateway.message(raw=b"From: a@good.test\r\n\r\nx\r\n").accepted
        assert gateway.workers() == workers, gateway.log()
        return None


def a_gateway_has_no_other_slot_in_reach():
    with Gateway(YETT, ZONE, "workers = 2\n") as gateway:
        gateway.wait_log("started: ")
        for pid in gateway.workers():
            try:
                with open(f"/proc/{pid}/maps", encoding="ascii") as file:
                    maps = [line.split() for line in file if "yett-scoreboard" in line]
            except PermissionError:
                return "its memory is not ours to see"
            assert {line[1] for line in maps} == {"r--s", "rw-s"}, maps
            sizes = [int(line[0].split("-")[1], 16) - int(line[0].split("-")[0], 16)
                     for line in maps if line[1] == "rw-s"]
            assert min(sizes) == os.sysconf("SC_PAGE_SIZE") and len(sizes) == 2, maps
            assert not any("scoreboard" in name for name in open_files(pid))
        return None


def storms_of_reloads_end():
    """A hundred at once, under load: one is under way and one more wanted."""
    with Gateway(YETT, ZONE, ENFORCE) as gateway:
        gateway.wait_log("started: ")
        done = threading.Event()
        faults = []

        def load():
            while not done.is_set():
                try:
                    if send(gateway, fields_of()).reply != "accept":
                        faults.append("refused")
                except OSError as error:
                    faults.append(str(error))
        sender = threading.Thread(target=load)
        sender.start()
        for _ in range(100):
            gateway.reload()
            time.sleep(0.005)
        gateway.wait_log("reloaded: ")
        assert wait_for(lambda: len(gateway.workers()) == 1)
        done.set()
        sender.join()
        assert not faults, faults
        assert gateway.status()["reloads"] < 100


def cases():
    for what, settings, filler in LIMITS:
        for mode in ("observe", "enforce"):
            yield (f"forged_results_never_pass_a_limit: {what} ({mode})",
                   lambda row=(mode, what, settings, filler): forged_results_never_pass_a_limit(*row))
    yield "hostile_words_stay_words: text", lambda: hostile_words_stay_words(False)
    yield "hostile_words_stay_words: json", lambda: hostile_words_stay_words(True)
    for test in (an_explanation_is_one_line_of_the_reply,
                 a_client_cannot_write_another_into_the_field_of_our_relay,
                 nobody_from_the_network_is_one_of_us, no_header_costs_much_more_than_its_octets,
                 large_messages_that_wait_take_bounded_memory,
                 nothing_in_the_shared_memory_breaks_the_supervisor,
                 a_gateway_has_no_other_slot_in_reach, storms_of_reloads_end):
        yield test.__name__, test


def main():
    return tap.report([(name, test, "") for name, test in cases()])


if __name__ == "__main__":
    sys.exit(main())
