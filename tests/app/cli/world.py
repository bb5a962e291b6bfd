# SPDX-License-Identifier: BSD-2-Clause
"""What the command-line tests share: the program, a folder, zone text and keys.  Import it
before what lies in tests/support.

bank.test asks for rejection; rogue.test belongs to the attacker, who can send from its
network and sign in its name, and in any other name below it.
"""
import json
import os
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..", "..")
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "support")]
from mail import DATE, Key, NOW  # noqa: E402  pylint: disable=wrong-import-position

BANK = "192.0.2.10"  # may send for bank.test
ROGUE = "203.0.113.66"  # may send for rogue.test
OTHER = "198.51.100.1"  # may send for nobody
TIMEOUT_S = 60

ZONE = """$TTL 3600
bank.test. TXT "v=spf1 ip4:192.0.2.0/28 -all"
_dmarc.bank.test. TXT "v=DMARC1; p=reject"
; One of the bank's names is served by a host that is the attacker's too.
shop.bank.test. TXT "v=spf1 ip4:203.0.113.66 -all"
rogue.test. TXT "v=spf1 ip4:203.0.113.0/24 -all"
_dmarc.rogue.test. TXT "v=DMARC1; p=none"
bank.test.rogue.test. TXT "v=spf1 ip4:203.0.113.0/24 -all"
xn--bnk-qla.test. TXT "v=spf1 ip4:192.0.2.0/28 -all"
_dmarc.xn--bnk-qla.test. TXT "v=DMARC1; p=reject"
; yett: timeout slow.test. TXT
_dmarc.slow.test. TXT "v=DMARC1; p=reject"
; yett: timeout slow.rogue.test. TXT
; yett: timeout late._domainkey.bank.test. TXT
; yett: timeout late._domainkey.rogue.test. TXT
dark.test. TXT "v=spf1 ip4:192.0.2.0/28 -all"
; yett: timeout _dmarc.dark.test. TXT
"""

# A gateway that acts, so that a verdict is what happens.
SETTINGS = """authserv_id = "mx.example.com"
mode = "enforce"
trusted_relays = {"198.51.100.25"}
submission_networks = {"10.0.0.0/8"}
rule "ours" { author = "bank.test"  on_fail = "reject"  because = "a test" }
"""


class Done:
    def __init__(self, status, out, err):
        self.status, self.raw, self.raw_err = status, out, err
        self.out, self.err = out.decode(), err.decode()

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def flat(self):
        """The text without line breaks and indentation."""
        return " ".join(self.out.split())


class World:
    def __init__(self, yett, folder):
        self.yett, self.folder = os.path.abspath(yett), folder
        with open(self.yett, "rb") as program:
            self.sanitized = b"__asan_init" in program.read()
        self.lock = threading.Lock()
        self.count = 0
        self.bank = Key(folder, "bank.test", "e", "ed25519")
        self.bank_rsa = Key(folder, "bank.test", "r", "rsa")
        self.rogue = Key(folder, "rogue.test", "k", "ed25519")
        records = [self.bank.record(), self.bank_rsa.record(), self.rogue.record(),
                   self.rogue.record("bank.test.rogue.test")]
        self.zone = self.file("zone", ZONE + "\n".join(records) + "\n")
        self.settings = self.file("yett.conf", SETTINGS)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def message(self, data):
        """A file of its own for one message."""
        with self.lock:
            self.count += 1
            name = f"{self.count}.eml"
        return self.file(name, data)

    def run(self, *arguments, data=b"", **options):
        done = subprocess.run([self.yett, *map(str, arguments)], input=data,
                              capture_output=True, timeout=TIMEOUT_S, check=False, **options)
        return Done(done.returncode, done.stdout, done.stderr)

    def common(self):
        return ["--dns", self.zone, "--now", NOW, "--config", self.settings]

    def check(self, *arguments, data=b"", **options):
        return self.run("check", *self.common(), *arguments, data=data, **options)

    def judge(self, data, *arguments, ip=ROGUE, mail_from="x@rogue.test", helo=None):
        """The one object that `check --json` prints about a message."""
        client = ["--ip", ip] if ip else []
        client += ["--helo", helo] if helo else []
        client += ["--mail-from", mail_from] if mail_from is not None else []
        done = self.check("--json", *client, *arguments, self.message(data))
        same(done.err, "", "standard error")
        lines = done.lines()
        same(len(lines), 1, "number of objects")
        wanted = {"accept": 0, "tag": 0, "quarantine": 1, "reject": 1, "defer": 75}
        same(done.status, wanted[lines[0]["action"]["verdict"]], "exit status")
        return lines[0]


def same(got, wanted, what):
    assert got == wanted, f"{what}: {got!r}, wanted {wanted!r}"


def holds(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def plain(author="Alice <alice@bank.test>", body="Hello,\r\n\r\nthe figures are ready.\r\n"):
    return [("From", author), ("To", "you@example.com"), ("Subject", "Figures"), ("Date", DATE),
            ("Message-ID", "<1@sample.test>")], body
