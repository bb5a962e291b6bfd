# SPDX-License-Identifier: BSD-2-Clause
"""`yett check` as its users meet it: mail in, envelope, verdicts, JSON, table, colour.

    check.py YETT
"""
import os
import pty
import re
import subprocess
import sys
import tempfile
import threading

from world import BANK, OTHER, ROGUE, TOP, World, holds, plain, same
from mail import DATE, NOW, dkim_signature, text_of
import tap

SAMPLES = os.path.join(TOP, "samples")
FROM_BANK = ["--ip", BANK, "--helo", "mail.bank.test", "--mail-from", "a@bank.test"]


def message(author="a@bank.test", subject="Figures", top=()):
    return text_of([*top, ("From", author), ("Subject", subject), ("Date", DATE)],
                   "Hello\r\n").encode()


def subjects(done):
    return [line["message"]["subject"] for line in done.lines()]


# ---- where mail comes from --------------------------------------------------------------------

def one_file(world):
    path = world.message(message())
    done = world.check("--json", *FROM_BANK, path)
    same((done.status, done.err), (0, ""), "outcome")
    found, = done.lines()
    same(found["message"], {"file": path, "number": 1, "size": os.path.getsize(path),
                            "from": "a@bank.test", "subject": "Figures", "message_id": None},
         "message")
    same(found["envelope"], {"ip": BANK, "helo": "mail.bank.test", "mail_from": "a@bank.test",
                             "rcpt": []}, "envelope")


def line_ends(world):
    """Stored with LF or with CRLF: the signature holds, and the size is the file's."""
    fields, body = plain()
    data = text_of([dkim_signature(world.bank, fields, body)] + fields, body).encode()
    for stored in (data, data.replace(b"\r\n", b"\n")):
        found = world.judge(stored, ip=OTHER, mail_from=None)
        same(found["dkim"][0]["result"], "pass", "DKIM")
        same(found["message"]["size"], len(stored), "size")


def many_files(world):
    paths = [world.message(message(subject=f"n{i}")) for i in range(5)]
    done = world.check("--json", *FROM_BANK, *paths)
    same([line["message"]["file"] for line in done.lines()], paths, "files, in the order given")
    same([line["message"]["number"] for line in done.lines()], [1] * 5, "numbers")


def an_mbox(world):
    body = b"Hi\n\n>From here on\nfrom me\n\nFrom nowhere\n"
    text = b"".join(b"From a@bank.test Mon Nov 24 16:00:00 2025\nFrom: a@bank.test\n"
                    b"Subject: n%d\n\n" % i + body + b"\n" for i in range(3))
    done = world.check("--json", *FROM_BANK, world.message(text))
    same(done.status, 0, "status")
    same(subjects(done), ["n0", "n1", "n2"], "messages")
    same([line["message"]["number"] for line in done.lines()], [1, 2, 3], "numbers")
    story = world.check(*FROM_BANK, world.message(text)).out
    holds(story, ".eml, message 3\n")


def a_maildir(world):
    top = world.path("Maildir")
    for name, subject in (("cur/2.b:2,S", "second"), ("new/1.a", "first"), ("cur/3.c:2,", "third"),
                          ("tmp/0.x", "not delivered"), ("cur/.hidden", "hidden")):
        os.makedirs(os.path.join(top, os.path.dirname(name)), exist_ok=True)
        world.file(os.path.join(top, name), message(subject=subject))
    done = world.check("--json", *FROM_BANK, top)
    same(subjects(done), ["first", "second", "third"], "messages, in the order of arrival")
    same(done.lines()[0]["message"]["file"], os.path.join(top, "new/1.a"), "file")


def standard_input(world):
    for arguments in ((), ("-",)):
        done = world.check("--json", *FROM_BANK, *arguments, data=message())
        same((done.status, done.err, done.lines()[0]["message"]["file"]), (0, "", "-"), "outcome")
    mbox = b"From a@b Mon Nov 24 16:00:00 2025\n" + message()
    done = world.check("--json", *FROM_BANK, data=mbox)
    same((done.status, len(done.lines())), (0, 1), "an mbox there")
    holds(world.check(*FROM_BANK, data=message()).out, "standard input\n")


def a_fifo(world):
    path = world.path("fifo")
    os.mkfifo(path)

    def write():
        with open(path, "wb") as pipe:
            pipe.write(message(subject="through a pipe"))
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    done = world.check("--json", *FROM_BANK, path)
    writer.join(10)
    same((done.status, subjects(done)), (0, ["through a pipe"]), "outcome")


# ---- the envelope -----------------------------------------------------------------------------

def received(host, client, helo):
    return "Received", f"from {helo} ({helo} [{client}])\r\n\tby {host} (Postfix) with ESMTP " \
                       f"id x\r\n\tfor <you@example.com>; {DATE}"


HOPS = [received("store.example.com", "198.51.100.9", "inner"), ("Return-Path", "<a@bank.test>"),
        received("mx.example.com", BANK, "mail.bank.test"),
        received("mx.example.com", OTHER, "forged.test")]
NOBODY = {"ip": None, "helo": None, "mail_from": "a@bank.test", "rcpt": []}
BY_BANK = {"ip": BANK, "helo": "mail.bank.test", "mail_from": "a@bank.test", "rcpt": []}
ENVELOPES = [
    ([], NOBODY, "no Received field is believed unless it is named"),
    (["--trust-received", "mx.example.com"], BY_BANK, "the topmost that the host wrote"),
    (["--trust-received", "MX.Example.Com."], BY_BANK, "names have no case, and may end in a dot"),
    (["--trust-received", "2"], BY_BANK, "the second from the top"),
    (["--trust-received", "3"], {**BY_BANK, "ip": OTHER, "helo": "forged.test"}, "the third"),
    (["--trust-received", "4"], NOBODY, "there is no fourth"),
    (["--trust-received", "mx.elsewhere.test"], NOBODY, "that host wrote none"),
    (["--trust-received", "mx.example.com", "--ip", ROGUE], {**BY_BANK, "ip": ROGUE},
     "an option wins over the field"),
    (["--trust-received", "mx.example.com", "--helo", "x.test"], {**BY_BANK, "helo": "x.test"},
     "so does --helo"),
    (["--ip", "2001:DB8::1", "--mail-from", "<b@bank.test>"],
     {**NOBODY, "ip": "2001:db8::1", "mail_from": "b@bank.test"},
     "--mail-from wins over Return-Path"),
    (["--mail-from", "<>"], {**NOBODY, "mail_from": ""}, "the empty sender is one"),
    (["--rcpt", "b@example.com", "--rcpt", "<c@example.com>"],
     {**NOBODY, "rcpt": ["b@example.com", "c@example.com"]}, "recipients"),
]


def find_envelope(world, options, wanted):
    found = world.judge(message(top=HOPS), *options, ip=None, mail_from=None)
    same(found["envelope"], wanted, "envelope")


def notes(world):
    for options, words in ((["--trust-received", "4"], "there is no Received field number 4"),
                           (["--trust-received", "mx.elsewhere.test"], "mx.elsewhere.test"),
                           ([], "give --ip, or --trust-received"),
                           (["--trust-received", "2"], "sender taken from Return-Path")):
        holds(world.check(*options, world.message(message(top=HOPS))).flat(), words)
    holds(world.check("--ip", BANK, world.message(message())).flat(), "give --mail-from")


# ---- verdicts ---------------------------------------------------------------------------------

VERDICTS = {
    "authentic": ("accept", "dmarc-pass", "pass"),
    "forged": ("reject", "dmarc-reject-rule", "fail"),
    "forwarded": ("accept", "dmarc-pass", "pass"),
    "from-a-list": ("quarantine", "dmarc-quarantine", "fail"),
    "changed-on-the-way": ("quarantine", "dmarc-reject-intermediary", "fail"),
    "no-from": ("reject", "from-missing", "none"),
    "two-froms": ("reject", "from-several-fields", "none"),
    "broken-dns": ("defer", "dmarc-temperror", "temperror"),
    "no-policy": ("tag", "spf-softfail", "none"),
    "forged-results": ("reject", "dmarc-reject-rule", "fail"),
}
STATUS = {"accept": 0, "tag": 0, "quarantine": 1, "reject": 1, "defer": 75}


def sample_options():
    return ["--config", os.path.join(SAMPLES, "yett.conf"), "--dns", os.path.join(SAMPLES, "zone"),
            "--now", NOW, "--trust-received", "mx.example.com"]


def sample(world, name):
    folder = os.path.join(SAMPLES, "Maildir", "cur")
    path = os.path.join(folder, next(file for file in os.listdir(folder)
                                     if file.split(":")[0].endswith("." + name)))
    done = world.run("check", "--json", *sample_options(), path)
    found, = done.lines()
    verdict, rule, dmarc = VERDICTS[name]
    same((found["action"]["verdict"], found["action"]["rule"], found["dmarc"]["result"]),
         (verdict, rule, dmarc), found["action"]["reason"])
    same(done.status, STATUS[verdict], "status")
    same(len(found["removed_fields"]), 1 if name == "forged-results" else 0, "fields removed")
    story = world.run("check", *sample_options(), path)
    same(story.status, STATUS[verdict], "status with the story")
    for words in ("Verdict " + verdict, f"[{rule}]", "DMARC " + dmarc, found["dmarc"]["reason"],
                  found["action"]["reply"] or "", found["spf"]["reason"]):
        holds(story.flat(), words)


def all_samples(world):
    names = {file.split(":")[0].split(".")[1]
             for file in os.listdir(os.path.join(SAMPLES, "Maildir", "cur")) if file[0] != "."}
    same(names, set(VERDICTS), "samples (each has a row here)")


def statuses(world):
    """Refused wins over deferred; a file that cannot be read over both."""
    good, bad = world.message(message()), world.message(message("a@bank.test\r\nFrom: b@c.test"))
    late, none = world.message(message("a@dark.test")), world.path("there-is-none")
    for files, status in (([good], 0), ([bad], 1), ([late], 75), ([good, late], 75),
                          ([late, bad], 1), ([bad, good], 1), ([none], 2), ([none, bad, late], 2),
                          ([good, none], 2)):
        done = world.check(*FROM_BANK, *files)
        same(done.status, status, f"status of {[os.path.basename(f) for f in files]}")


def observe(world):
    """Without settings nothing is done about a message, but it is said what would be."""
    path = world.message(message())
    done = world.run("check", "--json", "--dns", world.zone, "--now", NOW, "--ip", ROGUE,
                     "--mail-from", "a@bank.test", path)
    found, = done.lines()
    same((done.status, found["action"]["verdict"], found["action"]["performed"]),
         (1, "quarantine", "accept"), "outcome")
    story = world.run("check", "--dns", world.zone, "--now", NOW, "--ip", ROGUE, "--mail-from",
                      "a@bank.test", path)
    holds(story.flat(), "mode is observe")


def answers_arrive(world):
    """However the answers arrive, the verdict is the same, word for word."""
    fields, body = plain()
    path = world.message(text_of([dkim_signature(world.bank, fields, body)] + fields, body))
    warm, *others = [world.check("--json", *FROM_BANK, "--answers", how, path)
                     for how in ("warm", "round", "each")]
    same(warm.lines()[0]["dmarc"]["result"], "pass", "dmarc")
    same([other.out for other in others], [warm.out] * 2, "output")


# ---- JSON -------------------------------------------------------------------------------------

TEXT, NUMBER, BOOL, LIST = str, int, bool, list
MAYBE = (str, type(None))
SPF = {"result": MAYBE, "domain": MAYBE, "scope": TEXT, "mechanism": MAYBE, "explanation": MAYBE,
       "explanation_source": MAYBE, "lookups": NUMBER, "void_lookups": NUMBER, "reason": TEXT}
DKIM = {"result": TEXT, "domain": MAYBE, "selector": MAYBE, "identity": MAYBE, "algorithm": MAYBE,
        "key_bits": (int, type(None)), "aligned": BOOL, "reason": TEXT,
        "autopsy": (dict, type(None))}
ARC = {"result": MAYBE, "instances": NUMBER, "reason": TEXT}
DMARC = {"result": TEXT, "policy": MAYBE, "disposition": MAYBE, "domain": MAYBE,
         "org_domain": MAYBE, "policy_domain": MAYBE, "record": MAYBE, "reason": TEXT,
         "alignment": dict}
WHOLE = {"message": dict, "envelope": dict, "spf": (dict, type(None)),
         "spf_helo": (dict, type(None)), "dkim": LIST, "arc": (dict, type(None)),
         "dmarc": (dict, type(None)), "action": dict, "authentication_results": MAYBE}
MESSAGE = {"file": TEXT, "size": NUMBER, "from": MAYBE, "subject": MAYBE, "message_id": MAYBE}
ENVELOPE = {"ip": MAYBE, "helo": MAYBE, "mail_from": MAYBE, "rcpt": LIST}
ACTION = {"verdict": TEXT, "rule": TEXT, "reply": MAYBE}
SPF_WORDS = {None, "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}
DKIM_WORDS = {"pass", "fail", "policy", "neutral", "temperror", "permerror"}


def has_shape(value, shape, where):
    for name, kind in shape.items():
        assert name in value, f"{where} has no {name}: {sorted(value)}"
        good = isinstance(value[name], kind) and not (kind is NUMBER
                                                      and isinstance(value[name], bool))
        assert good, f"{where}.{name} is {value[name]!r}"


def check_shape(found):
    has_shape(found, WHOLE, "object")
    has_shape(found["message"], MESSAGE, "message")
    has_shape(found["envelope"], ENVELOPE, "envelope")
    has_shape(found["action"], ACTION, "action")
    assert found["action"]["verdict"] in STATUS
    for which in ("spf", "spf_helo"):
        if found[which] is not None:
            has_shape(found[which], SPF, which)
            assert found[which]["result"] in SPF_WORDS, found[which]
            assert found[which]["scope"] == ("mfrom" if which == "spf" else "helo"), found[which]
            assert found[which]["explanation_source"] in (None, "default", "sender")
    for result in found["dkim"]:
        has_shape(result, DKIM, "dkim")
        assert result["result"] in DKIM_WORDS, result
    if found["arc"] is not None:
        has_shape(found["arc"], ARC, "arc")
    if found["dmarc"] is not None:
        has_shape(found["dmarc"], DMARC, "dmarc")
        has_shape(found["dmarc"]["alignment"], {"spf": BOOL, "dkim": BOOL}, "alignment")
        assert found["dmarc"]["result"] in SPF_WORDS


def kinds_of_message(world):
    fields, body = plain()
    signed = text_of([dkim_signature(world.bank, fields, body),
                      dkim_signature(world.bank_rsa, fields, body)] + fields, body).encode()
    relayed = message(top=[received("relay.example.com", BANK, "mail.bank.test")])
    bank = {"ip": BANK, "mail_from": "a@bank.test", "helo": "mail.bank.test"}
    return {
        "signed": (signed, bank, []),
        "unsigned": (message(), bank, []),
        "forged": (message(), {"ip": ROGUE, "mail_from": "a@bank.test"}, []),
        "without From": (b"Subject: x\r\n\r\nHi\r\n", bank, []),
        "without anything": (b"\r\n", {"ip": None, "mail_from": None}, []),
        "of an unknown client": (message(), {"ip": None, "mail_from": "a@bank.test"}, []),
        "of an unknown sender": (message(), {"ip": BANK, "mail_from": None}, []),
        "of a relay": (relayed, {"ip": "198.51.100.25", "mail_from": "a@bank.test"}, []),
        "of a relay that says nothing": (message(), {"ip": "198.51.100.25",
                                                     "mail_from": "a@bank.test"}, []),
        "of a submission": (message(), {"ip": "10.1.2.3", "mail_from": "a@bank.test"}, []),
        "of a login": (message(), bank, ["--auth", "alice"]),
        "of a broken signature": (b"DKIM-Signature: rubbish\r\n" + message(), bank, []),
        "without policy": (message("a@none.test"), {"ip": BANK, "mail_from": "a@none.test"}, []),
        "of names that do not answer": (message("a@dark.test"), {"ip": BANK,
                                                                "mail_from": "a@slow.test"}, []),
    }


def json_shape(world, kind):
    data, client, options = kinds_of_message(world)[kind]
    found = world.judge(data, *options, **client)
    check_shape(found)


def json_values(world):
    kinds = kinds_of_message(world)

    def of(kind):
        data, client, options = kinds[kind]
        return world.judge(data, *options, **client)
    found = of("signed")
    same([(d["result"], d["domain"], d["selector"], d["identity"], d["algorithm"], d["key_bits"],
           d["aligned"], d["autopsy"]) for d in found["dkim"]],
         [("pass", "bank.test", "e", "@bank.test", "ed25519-sha256", 256, True, None),
          ("pass", "bank.test", "r", "@bank.test", "rsa-sha256", 2048, True, None)], "dkim")
    same(found["dmarc"]["alignment"], {"spf": True, "dkim": True}, "alignment")
    same((found["dmarc"]["policy"], found["dmarc"]["disposition"], found["dmarc"]["record"]),
         ("reject", "none", "v=DMARC1; p=reject"), "dmarc")
    assert found["authentication_results"].startswith("Authentication-Results: mx.example.com;")
    found = of("forged")
    same((found["spf"]["mechanism"], found["spf"]["explanation_source"]), ("-all", "default"),
         "spf")
    same((found["dmarc"]["policy"], found["dmarc"]["disposition"], found["dmarc"]["domain"],
          found["dmarc"]["org_domain"], found["dmarc"]["policy_domain"]),
         ("reject", "reject", "bank.test", "bank.test", "bank.test"), "dmarc")
    assert found["action"]["reply"].startswith("550 5.7.26 "), found["action"]
    found = of("of a relay")
    same((found["envelope"]["ip"], found["envelope"]["helo"]), (BANK, "mail.bank.test"), "client")
    same(found["dmarc"]["result"], "pass", "dmarc behind a relay")
    for kind in ("of an unknown client", "of a relay that says nothing"):
        found = of(kind)
        same((found["spf"]["result"], found["action"]["verdict"]), (None, "tag"), kind)
        same(found["action"]["rule"], "dmarc-spf-unavailable", kind)
    for kind in ("of a submission", "of a login"):
        found = of(kind)
        same((found["spf"], found["dkim"], found["dmarc"], found["action"]["rule"]),
             (None, [], None, "submission"), kind)
    same(of("of names that do not answer")["action"]["reply"][:4], "451 ", "reply")


def json_escapes(world):
    found = world.judge(b"From: a@bank.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_=22x=22?=\r\n"
                        b"Message-ID: <\xff\x01@x>\r\n\r\n")
    same(found["message"]["subject"], 'Grüße "x"', "subject, decoded")
    holds(found["message"]["message_id"], "@x>")


# ---- the table, colour, progress --------------------------------------------------------------

def summary(world):
    folder = os.path.join(SAMPLES, "Maildir")
    done = world.run("check", "--summary", *sample_options(), folder)
    lines = done.out.splitlines()
    same(lines[0].split(), "author domain messages pass fail accept tag quarantine defer reject"
         .split(), "head")
    rows = {" ".join(re.split(r"\s{2,}", line)[:1]): line.split()[-8:] for line in lines[1:]}
    same(rows["bank.test"], "5 2 3 2 . 1 . 2".split(), "bank.test")
    same(rows["small.test"], "1 . . . 1 . . .".split(), "small.test")
    same(rows["all"], "10 2 4 2 1 2 1 4".split(), "all")
    same(len(lines), 7, "lines: nothing but the table")
    whole = world.run("check", *sample_options(), folder)
    assert whole.out.endswith(done.out), "the table stands under the stories too"
    holds(whole.out, "  Verdict   accept")
    one = world.check("--summary", *FROM_BANK, world.message(message())).out
    same(one.splitlines()[-1].split(), "all 1 1 . 1 . . . .".split(), "of one message")
    assert "messages" not in world.check(*FROM_BANK, world.message(message())).out, \
        "one message needs no table"


def many_domains(world):
    text = b"".join(b"From x Mon Nov 24 16:00:00 2025\nFrom: a@d%d.test\n\nHi\n\n" % (i // 2)
                    for i in range(120))
    lines = world.check("--summary", "--ip", BANK, world.message(text)).out.splitlines()
    same(len(lines), 23, "lines: head, 20 domains, others, all")
    same(lines[-2].split()[:3], ["(other", "domains)", "80"], "the rest in one line")
    same(lines[-1].split()[:2], ["all", "120"], "all")


def with_terminal(test, world):
    """A machine without pseudo-terminals (a bare chroot) skips the test and says why."""
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:
        return f"no terminal can be had here: {error}"
    return test(world)


def terminal(world, arguments, env=None, which="out"):
    """What the program writes to a terminal."""
    master, slave = pty.openpty()
    given = {**os.environ, "TERM": "xterm", **(env or {})}
    given = {name: value for name, value in given.items() if value is not None}
    out = slave if which in ("out", "both") else subprocess.DEVNULL
    err = slave if which in ("err", "both") else subprocess.DEVNULL
    with subprocess.Popen([world.yett, "check", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=out, stderr=err, env=given) as process:
        os.close(slave)
        text = b""
        try:
            while piece := os.read(master, 65536):
                text += piece
        except OSError:  # the other end was closed
            pass
        process.wait(60)
    os.close(master)
    return text.decode()


def colour(world):
    path = world.message(message())
    arguments = [*world.common(), *FROM_BANK, path]
    clean = {"NO_COLOR": None}
    for name, text, coloured in (
            ("a file", world.check(*FROM_BANK, path).out, False),
            ("a file, always", world.check("--color", "always", *FROM_BANK, path).out, True),
            ("a terminal", terminal(world, arguments, clean), True),
            ("a terminal, never", terminal(world, ["--color", "never", *arguments], clean), False),
            ("NO_COLOR", terminal(world, arguments, {"NO_COLOR": "1"}), False),
            ("an empty NO_COLOR", terminal(world, arguments, {"NO_COLOR": ""}), True),
            ("NO_COLOR, always", terminal(world, ["--color", "always", *arguments],
                                          {"NO_COLOR": "1"}), True),
            ("JSON on a terminal", terminal(world, ["--json", *arguments], clean), False)):
        same("\x1b[" in text, coloured, f"colour for {name}")
        holds(text, "dmarc-pass")
    plain_text = re.sub(r"\x1b\[\d*m", "", world.check("--color", "always", *FROM_BANK, path).out)
    same(plain_text, world.check("--color", "never", *FROM_BANK, path).out, "text without colour")


def progress(world):
    text = b"".join(b"From x Mon Nov 24 16:00:00 2025\nFrom: a@bank.test\n\nHi\n\n"
                    for _ in range(50))
    files = [world.message(message()) for _ in range(8)]
    options = [*world.common(), *FROM_BANK]
    holds(terminal(world, [*options, *files], which="err"), "] 8 of 8 ")
    holds(terminal(world, [*options, "--summary", *files], which="both"), "] 8 of 8 ")
    holds(terminal(world, [*options, world.message(text)], which="err"), "50 messages")
    assert terminal(world, [*options, *files], which="err").endswith("\r\x1b[K"), \
        "the bar is wiped at the end"
    assert " of 8" not in terminal(world, [*options, *files], which="both"), \
        "no bar between the stories"
    same(terminal(world, [*options, files[0]], which="err"), "\r\x1b[K", "no bar for one message")
    same(world.check(*FROM_BANK, *files).err, "", "no bar in a file")


# ---- all --------------------------------------------------------------------------------------

def cases(world):
    for test, name in (
            (one_file, "one file"), (line_ends, "both forms of line ends"),
            (many_files, "many files"), (an_mbox, "an mbox"), (a_maildir, "a Maildir"),
            (standard_input, "standard input"), (a_fifo, "a FIFO"),
            (notes, "it is said where the envelope came from, and what is missing of it"),
            (all_samples, "every sample has its verdict"),
            (statuses, "the exit status is that of the worst message"),
            (observe, "without settings nothing would be done, and that is said"),
            (answers_arrive, "the verdict is the same however answers arrive"),
            (json_values, "JSON: values"), (json_escapes, "JSON: octets that are no text"),
            (summary, "the table over many messages"),
            (many_domains, "the table over many domains is short")):
        yield name, lambda t=test: t(world)
    for test, name in ((colour, "colour on a terminal, or when asked"),
                       (progress, "a progress bar on a terminal only")):
        yield name, lambda t=test: with_terminal(t, world)
    for options, wanted, why in ENVELOPES:
        yield f"envelope: {why}", lambda o=options, w=wanted: find_envelope(world, o, w)
    for name in VERDICTS:
        yield f"sample {name}: {VERDICTS[name][0]}", lambda n=name: sample(world, n)
    for kind in kinds_of_message(world):
        yield f"JSON has every field: message {kind}", lambda k=kind: json_shape(world, k)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        return tap.report([(name, test, None) for name, test in cases(world)])


if __name__ == "__main__":
    sys.exit(main())
