# SPDX-License-Identifier: BSD-2-Clause
"""`yett sign`: what it writes, which keys it takes, and how it ends.

    sign.py YETT
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

from world import World, holds, same
from mail import NOW
import tap

MESSAGE = (b"Received: from a by b\r\n"
           b"From: Alice <alice@bank.test>\r\n"
           b"To: you@example.com\r\n"
           b"Subject: Figures\r\n"
           b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
           b"Message-ID: <1@bank.test>\r\n"
           b"\r\n"
           b"Hello,\r\n\r\nthe figures  are ready. \r\n")


def sign(world, *arguments, data=MESSAGE, keys=None, **options):
    pairs = [word for key in keys or [world.bank_rsa]
             for word in ("--selector", key.selector, "--key", key.path)]
    return world.run("sign", "--domain", "bank.test", "--now", NOW, *pairs, *arguments, data=data,
                     **options)


def signed(world, *arguments, data=MESSAGE, **options):
    """The fields that were added, the message below unchanged."""
    done = sign(world, *arguments, data=data, **options)
    same((done.status, done.err), (0, ""), "exit status and complaints")
    assert done.raw.endswith(data), "what came in was changed"
    return done.raw[:len(done.raw) - len(data)]


def results(world, data, *arguments):
    found = world.judge(data, *arguments)
    return [(one["result"], one["selector"], one["algorithm"]) for one in found["dkim"]]


# ---- what it writes ---------------------------------------------------------------------------

def both_keys(world):
    fields = signed(world, keys=[world.bank_rsa, world.bank])
    same(results(world, fields + MESSAGE), [("pass", "r", "rsa-sha256"),
                                            ("pass", "e", "ed25519-sha256")], "results")


def each_canon(world):
    for canon in ("relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"):
        fields = signed(world, "--canon", canon)
        holds(fields.decode(), f" c={canon};")
        same([one[0] for one in results(world, fields + MESSAGE)], ["pass"], canon)


def from_where(world):
    """A file, a pipe, and a file as standard input, also from its middle on."""
    expected = signed(world) + MESSAGE
    path = world.message(MESSAGE)
    same(sign(world, path).raw, expected, "a file")
    same(sign(world, "-").raw, expected, "a pipe")
    with open(world.message(b"skipped\r\n" + MESSAGE), "rb") as file:
        os.lseek(file.fileno(), 9, os.SEEK_SET)
        command = [world.yett, "sign", "--domain", "bank.test", "--now", str(NOW), "--selector", "r",
                   "--key", world.bank_rsa.path]
        done = subprocess.run(command, stdin=file, capture_output=True, check=True, timeout=60)
    same(done.stdout, expected, "standard input that is a file")


def large(world):
    """More than a pipe holds; memory stays as it is."""
    data = MESSAGE + b"A line of a rather large message, of which there are many.\r\n" * 200000
    done = sign(world, data=data)
    same((done.status, done.err), (0, ""), "exit status")
    assert done.raw.endswith(data), "what came in was changed"
    same([one[0] for one in results(world, done.raw)], ["pass"], "results")


def stored_lines(world):
    """LF in, LF out; what is signed has CRLF."""
    data = MESSAGE.replace(b"\r\n", b"\n")
    fields = signed(world, data=data)
    assert b"\r" not in fields, "CR in the fields"
    same(fields.replace(b"\n", b"\r\n"), signed(world), "the same signature as with CRLF")
    same([one[0] for one in results(world, fields + data)], ["pass"], "results")


def odd_shapes(world):
    for data in (b"From: alice@bank.test\r\n\r\n", b"From: alice@bank.test\r\n",
                 b"From: alice@bank.test\n\nx", b"From: alice@bank.test\r\n\r\n\r\n\r\n",
                 b"From: alice@bank.test\r\nno field\r\n", b"From: alice@bank.test"):
        for canon in ("relaxed/relaxed", "simple/simple"):
            done = sign(world, "--canon", canon, data=data)
            same(done.status, 0, f"exit status for {data!r}")
            assert done.raw.endswith(data), "what came in was changed"
            if data != b"From: alice@bank.test":
                same([one[0] for one in results(world, done.raw)], ["pass"], repr(data))


def tags(world):
    fields = signed(world).decode()
    holds(fields, " d=bank.test;")
    holds(fields, f"t={NOW};")
    holds(fields, f"x={NOW + 14 * 86400};")
    assert "l=" not in re.sub(r"=[^;]*;", "=;", fields), "l="
    holds(signed(world, "--expire", "36h").decode(), f"x={NOW + 36 * 3600};")
    assert " x=" not in signed(world, "--expire", "none").decode(), "x="
    holds(signed(world, "--identity", "alice@mail.bank.test").decode(), "i=alice@mail.bank.test;")


def headers(world):
    fields = signed(world, "--headers", "From:Subject+,X-None:To").decode()
    holds(re.sub(r"\s", "", fields), "h=From:From:Subject:Subject:To;")


def u_labels(world):
    fields = signed(world, "--identity", "@b\u00e4nk.bank.test", "--selector", "s\u00e4t",
                    "--key", world.bank.path, "--domain", "bank.test").decode()
    holds(fields, "i=@xn--bnk-qla.bank.test;")
    holds(fields, "s=xn--st-via;")


def lines_are_short(world):
    for line in signed(world, "--identity", "alice@a.b.c.bank.test").decode().splitlines():
        assert len(line.expandtabs(8)) < 78, line


def to_nowhere(world):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([world.yett, "sign", "--domain", "bank.test", "--selector", "r",
                               "--key", world.bank_rsa.path], input=MESSAGE, stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=60)
    same(done.returncode, 75, "exit status")
    holds(done.stderr.decode(), "cannot be written")


# ---- ARC --------------------------------------------------------------------------------------

RESULTS = b"Authentication-Results: mx.bank.test; dkim=pass header.d=bank.test\r\n"


def seal(world, data, *arguments):
    return sign(world, "--arc", "--authserv-id", "mx.bank.test", "--dns", world.zone, *arguments,
                data=data)


def seals(world):
    data = RESULTS + signed(world) + MESSAGE
    for instance in (1, 2, 3):
        done = seal(world, data)
        same((done.status, done.err), (0, ""), "exit status and complaints")
        assert done.raw.endswith(data), "what came in was changed"
        data = done.raw
        found = world.judge(data)["arc"]
        same((found["result"], found["instances"]), ("pass", instance), found["reason"])
    holds(data.decode(), "ARC-Authentication-Results: i=3; mx.bank.test;")
    holds(data.decode(), "cv=none")
    holds(data.decode(), "cv=pass")
    fields = seal(world, RESULTS.replace(b"\r\n", b"\n") + MESSAGE.replace(b"\r\n", b"\n"))
    same((fields.status, b"\r" in fields.raw), (0, False), "LF in, LF out")


def seals_nothing(world):
    """A seal without results is of no use, and that is easily overlooked."""
    done = sign(world, "--arc", "--authserv-id", "mx.other.test", "--dns", world.zone,
                data=RESULTS + MESSAGE)
    same(done.status, 0, "exit status")
    holds(done.err, "no results of mx.other.test")
    holds(done.out, "ARC-Authentication-Results: i=1; mx.other.test; none\r\n")


def broken_chain(world):
    data = seal(world, RESULTS + MESSAGE).raw.replace(b"Figures", b"Changed")
    done = seal(world, data)
    same(done.status, 0, "exit status")
    holds(done.err, "the chain is broken")
    holds(done.out, "cv=fail")
    again = seal(world, done.raw)
    same((again.status, again.raw), (1, b""), "a chain that says so is left alone")


def chain_in_the_dark(world):
    data = seal(world, RESULTS + MESSAGE).raw
    dark = world.file("dark.zone", "; yett: timeout r._domainkey.bank.test. TXT\n")
    done = sign(world, "--arc", "--authserv-id", "mx.bank.test", "--dns", dark, data=data)
    same((done.status, done.raw), (75, b""), done.err)


# ---- what is refused --------------------------------------------------------------------------

def bad_messages(world):
    for data, words in ((b"To: you@example.com\r\n\r\nHi\r\n", "no From field"),
                        (b"From: a@bank.test\r\nFrom: b@bank.test\r\n\r\n", "several From"),
                        (b"From: a@bank.test\r\nTo: x\nFrom: b@bank.test\r\n\r\n", "several From"),
                        (b"From a@bank.test Tue Nov 24\n" + MESSAGE, "mbox"),
                        (b" begins so\n" + MESSAGE, "white space"),
                        (b"", "no From field")):
        done = sign(world, data=data)
        same((done.status, done.raw), (1, b""), done.err)
        holds(done.err, words)


def notes(world):
    for data, words in ((MESSAGE + b"x" * 999 + b"\r\n", "998 octets"),
                        (MESSAGE + b"bare\nLF\r\n", "on its own"),
                        (MESSAGE + b"bare\rCR\r\n", "on its own"),
                        (MESSAGE + b"gr\xc3\xbc\xc3\x9fe\r\n", "octets over 127"),
                        (MESSAGE.replace(b"Date:", b"X-Date:"), "no Date field"),
                        (MESSAGE.replace(b"Message-ID:", b"X-ID:"), "no Message-ID field"),
                        (MESSAGE.replace(b"Alice <", b"x@y.test, <"), "count nothing for DMARC"),
                        (MESSAGE.replace(b"Alice <alice@bank.test>", b"Alice"),
                         "count nothing for DMARC"),
                        (MESSAGE.replace(b"alice@bank", b"alice@other"), "other.test")):
        done = sign(world, data=data)
        same(done.status, 0, "exit status")
        holds(done.err, words)
    same(sign(world, data=MESSAGE + b"x" * 998 + b"\r\n").err, "", "998 octets are fine")
    same(sign(world, data=MESSAGE.replace(b"alice@bank", b"alice@mail.bank")).err, "", "below")


USAGE = [
    ([], "it takes --domain, --selector and --key"),
    (["--domain", "bank.test", "--selector", "r"], "it takes a --key"),
    (["--selector", "r", "--key", "K"], "it takes a --domain"),
    (["--key", "K"], "it takes --domain and --selector"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--identity",
      "alice@rogue.test"], "--identity"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--arc", "--authserv-id",
      "a b"], "--authserv-id: 'a b' is no domain name"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--key", "K"], "not as many"),
    (["--domain", "bank..test", "--selector", "r", "--key", "K"], "no name of DNS"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--algorithm", "rsa-sha1"],
     "RFC 8301"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--algorithm", "ed25519-sha256"],
     "is an RSA key"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--canon", "relaxed"],
     "HEADER/BODY"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--headers", "From:Received"],
     "every mail server on the way"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--expire", "14"], "14d"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--expire", "0d"], "14d"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--identity", "alice"],
     "user@domain"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--authserv-id", "x"],
     "goes with --arc"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--arc", "--expire", "1d"],
     "neither"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "--arc", "--canon",
      "simple/simple"], "relaxed/relaxed"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "one", "two"], "one message"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "/nonexistent"],
     "/nonexistent"),
    (["--domain", "bank.test", "--selector", "r", "--key", "K", "/"], "directory"),
    (["--domain", "bank.test", "--selector", "r", "--key", "/nonexistent"], "/nonexistent"),
]


def wrong_usage(world, arguments, words):
    arguments = [world.bank_rsa.path if word == "K" else word for word in arguments]
    done = world.run("sign", *arguments, data=MESSAGE)
    same((done.status, done.raw), (2, b""), done.err)
    holds(done.err, words)


# ---- keys -------------------------------------------------------------------------------------

def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def key_file(world, name, octets, mode=0o600):
    path = world.file(name, octets)
    os.chmod(path, mode)
    return path


def with_key(world, path):
    return world.run("sign", "--domain", "bank.test", "--selector", "k", "--key", path, "--now",
                     NOW, data=MESSAGE)


def good_keys(world):
    rsa, edward = world.bank_rsa.path, world.bank.path
    rows = [
        ("PKCS#8", openssl("pkey", "-in", rsa)),
        ("PKCS#1", openssl("rsa", "-in", rsa, "-traditional")),
        ("text in front", openssl("pkey", "-in", rsa, "-text")),
        ("Ed25519", openssl("pkey", "-in", edward)),
        ("1024 bits", openssl("genrsa", "1024")),
        ("4096 bits", openssl("genrsa", "4096")),
    ]
    for number, (why, pem) in enumerate(rows):
        if why == "text in front":  # openssl puts it behind
            blocks = pem.split(b"-----END PRIVATE KEY-----\n")
            pem = blocks[1] + blocks[0] + b"-----END PRIVATE KEY-----\n"
        done = with_key(world, key_file(world, f"good{number}", pem))
        same((done.status, done.err), (0, ""), why)


def genkey(world):
    """What opendkim-genkey makes."""
    if not shutil.which("opendkim-genkey"):
        return "opendkim-tools is not installed"
    subprocess.run(["opendkim-genkey", "-b", "2048", "-D", world.folder, "-d", "bank.test", "-s",
                    "odk"], check=True, capture_output=True)
    path = world.path("odk.private")
    os.chmod(path, 0o600)
    done = sign(world, "--selector", "odk", "--key", path)
    same((done.status, done.err), (0, ""), "exit status")
    with open(world.path("odk.txt"), encoding="ascii") as file:
        text = "".join(re.findall(r'"([^"]*)"', file.read()))
    strings = " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))
    zone = world.file("odk.zone", f"odk._domainkey.bank.test. TXT {strings}\n")
    done = world.run("check", "--json", "--dns", zone, "--now", NOW, data=done.raw)
    same([one["result"] for one in done.lines()[0]["dkim"] if one["selector"] == "odk"], ["pass"],
         "result")
    return None


def bad_keys(world):
    rsa = world.bank_rsa.path
    rows = [
        (openssl("pkey", "-in", rsa, "-aes256", "-passout", "pass:x"), 0o600, "encrypted"),
        (openssl("rsa", "-in", rsa, "-traditional", "-aes128", "-passout", "pass:x"), 0o600,
         "encrypted"),
        (openssl("pkey", "-in", rsa, "-pubout"), 0o600, "public key"),
        (openssl("pkey", "-in", rsa, "-outform", "DER"), 0o600, "DER"),
        (openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), 0o600,
         "ECDSA"),
        (openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"), 0o600,
         "less than 1024 bits"),
        (openssl("req", "-x509", "-new", "-key", rsa, "-subj", "/CN=x"), 0o600, "certificate"),
        (openssl("pkey", "-in", rsa)[:800], 0o600, "cut off"),
        (openssl("pkey", "-in", rsa) * 2, 0o600, "several"),
        (b"hello\n", 0o600, "no private key"),
        (b"", 0o600, ""),
        (openssl("pkey", "-in", rsa), 0o644, ""),
        (openssl("pkey", "-in", rsa), 0o620, ""),
    ]
    for number, (pem, mode, words) in enumerate(rows):
        path = key_file(world, f"bad{number}", pem, mode)
        assert stat.S_IMODE(os.stat(path).st_mode) == mode, "mode"
        done = with_key(world, path)
        same((done.status, done.raw), (2, b""), f"{number}: {done.err}")
        holds(done.err, path)
        holds(done.err, words)
        assert "PRIVATE" not in done.err.replace("BEGIN PRIVATE KEY", ""), "the key is shown"


def anybodys_key(world):
    """For one message the user answers for the file that he names, wherever it lies."""
    folder = world.path("home")
    os.mkdir(folder)
    path = key_file(world, "home/own.pem", openssl("genpkey", "-algorithm", "ed25519"))
    if os.geteuid() == 0:
        os.chown(folder, 1000, 1000)
        os.chown(path, 1000, 1000)
    done = with_key(world, path)
    same((done.status, done.err), (0, ""), "exit status")


def cases(world):
    for arguments, words in USAGE:
        yield (f"wrong usage: {' '.join(arguments[6:]) or words}",
               lambda a=arguments, w=words: wrong_usage(world, a, w))
    for test, name in (
            (both_keys, "an RSA and an Ed25519 key sign together"),
            (each_canon, "each canonicalisation verifies"),
            (from_where, "a file, a pipe and standard input give the same"),
            (large, "a large message from a pipe"),
            (stored_lines, "LF in, LF out"),
            (odd_shapes, "messages that end where others go on"),
            (tags, "t=, x= and i= as asked for, and never l="),
            (headers, "the fields that were named are signed"),
            (u_labels, "U-labels are written as A-labels"),
            (lines_are_short, "lines stay below 78 columns"),
            (to_nowhere, "a full disk is told"),
            (seals, "sets of ARC on top of each other"),
            (seals_nothing, "a seal that testifies nothing is noted"),
            (broken_chain, "a broken chain is sealed as such, once"),
            (chain_in_the_dark, "nothing is sealed when DNS does not answer"),
            (bad_messages, "messages without an author, or with two"),
            (notes, "what will not survive is noted"),
            (good_keys, "keys of openssl"),
            (genkey, "a key of opendkim-genkey"),
            (bad_keys, "files that are no keys to sign with are refused, with the reason"),
            (anybodys_key, "a key in a directory of another user's signs one message")):
        yield name, lambda t=test: t(world)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        return tap.report([(name, test, None) for name, test in cases(world)])


if __name__ == "__main__":
    sys.exit(main())
