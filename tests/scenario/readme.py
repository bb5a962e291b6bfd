#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What README.md says about signing, done as it is written there.

    readme.py YETT

The commands and settings are taken from its text; only paths are others, and the day is the
one that its selectors tell.
"""
import base64
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from dovecot_auth import DovecotAuth  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway  # noqa: E402  pylint: disable=wrong-import-position

NOW = 1795604400  # 25 November 2026
MAIL = (b"From: Alice <alice@example.com>\r\nTo: bob@rcpt.test\r\nSubject: Dinner\r\n\r\n"
        b"Is it ready?\r\n")


def blocks(title):
    """What stands indented in a section, block by block."""
    with open(os.path.join(HERE, "..", "..", "README.md"), encoding="utf-8") as file:
        section = re.search(rf"(?ms)^## {title}\n(.*?)^## ", file.read())[1]
    found = re.findall(r"(?m)(?:^ {4}.*\n)+", section)
    return [[line.strip() for line in block.splitlines()] for block in found]


def settings_of(found, word):
    return next("\n".join(block) for block in found
                if block[0].startswith("domain ") and word in block[0])


class World:
    def __init__(self, yett, top):
        self.yett, self.folder = yett, top
        self.keys = os.path.join(top, "keys")
        self.conf = self.write("yett.conf", f'signing {{ keys_directory = "{self.keys}" }}\n')
        self.blocks = blocks("Sign outgoing mail")
        self.zone = ""

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def line(self, start):
        """The one command that begins like this."""
        line, = [line for block in self.blocks for line in block if line.startswith(start)]
        return shlex.split(line)[1:]

    def run(self, start, *more):
        done = subprocess.run([self.yett, *self.line(start), *more], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{start} ended with {done.returncode}: {done}"
        return done.stdout


def the_keys_are_made_and_shown_as_it_says(w):
    out = w.run("yett key generate", "--config", w.conf, "--now", str(NOW))
    w.zone = "".join(re.findall(r"(?m)^\S+\._domainkey\.\S+ .*\(\n(?: .*\n)+", out))
    assert w.zone.count("TXT") == 2, out
    # The line for the settings is the one that was shown.
    assert settings_of(w.blocks, "sign =") in out, out
    zone = w.write("zone", w.zone)
    out = w.run("yett key check", "--config", w.conf, "--dns", zone)
    assert out.count("its record is published") == 2, out


def the_settings_are_fine_and_what_they_sign_is_told(w):
    with open(w.conf, "a", encoding="utf-8") as file:
        file.write(settings_of(w.blocks, "sign =") + "\n")
    assert "fine" in w.run("yett config check", "--config", w.conf)
    out = w.run("yett sign --would-sign", "--config", w.conf)
    assert out.startswith("signed") and out.count("._domainkey.example.com") == 2, out


def mail_of_who_logs_in_is_signed_behind_postfix(w):
    main_cf = "\n".join(next(block for block in blocks("Behind Postfix")
                             if block[0].startswith("smtpd_milters"))) + "\n"
    with open(w.conf, encoding="utf-8") as file, \
            Gateway(w.yett, w.zone, file.read(), now=NOW) as gateway:
        main_cf = main_cf.replace(":8891", f":{gateway.ports[0]}")
        login = ["smtpd_sasl_auth_enable=yes", "smtpd_sasl_type=dovecot",
                 "smtpd_sasl_path=private/auth",
                 "smtpd_relay_restrictions=permit_sasl_authenticated,reject"]
        with postfix.Postfix(main_cf, [("submission", login)]) as server, \
                DovecotAuth(os.path.join(server.spool, "private", "auth")):
            with server.client("submission", ip="203.0.113.9") as client:
                word = base64.b64encode(b"\0alice@example.com\0secret").decode()
                client.expect(235, client.smtp.docmd("AUTH", f"PLAIN {word}"))
                reply = client.send("alice@example.com", ["bob@rcpt.test"], MAIL)
            assert reply.accepted, reply
            raw = server.delivered("bob@rcpt.test").raw
        line = gateway.wait_log("rcpt=<bob@rcpt.test>")
        status = subprocess.run([w.yett, "status", "--config", gateway.config_path],
                                capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.search(r"(?m)^keepers replaced +0$", status), status
    assert re.search(r"(?m)^keepers +ready \(process \d+, ", status), status
    assert " signed=s20261125r.example.com,s20261125e.example.com by=login" in line, line
    done = subprocess.run([w.yett, "check", "--dns", w.write("zone", w.zone), "--now", str(NOW),
                           "-"], input=raw, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.decode()
    assert " ".join(done.stdout.decode().split()).count("signed this message") == 2, done.stdout


def the_settings_that_leave_it_to_yett_are_fine(w):
    secret = base64.b64encode(bytes(32)).decode()
    key = os.path.join(w.folder, "update.key")
    text = settings_of(w.blocks, "rotate").replace("/etc/yett/update.key", key)
    conf = w.write("rotate.conf", text + "\n")
    out = w.run("yett config check", "--config", conf)
    assert f"signing.update_key: {key}: no such file" in " ".join(out.split()), out
    w.write("update.key", f"hmac-sha256:update.test:{secret}\n", 0o600)
    out = w.run("yett config check", "--config", conf)
    assert "fine" in out and "signing.update_key:" not in out, out


STEPS = [(the_keys_are_made_and_shown_as_it_says, False),
         (the_settings_are_fine_and_what_they_sign_is_told, False),
         (mail_of_who_logs_in_is_signed_behind_postfix, True),
         (the_settings_that_leave_it_to_yett_are_fine, False)]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="yett-readme-") as top:
        os.chmod(top, 0o755)
        world, failed = World(sys.argv[1], top), False
        print(f"1..{len(STEPS)}", flush=True)
        for test, real in STEPS:  # each goes on where the one before it ended
            good, line, why = tap.outcome((test.__name__, lambda t=test: t(world),
                                           postfix.why_not() if real else ""))
            print(("ok - " if good else "not ok - ") + line, flush=True)
            print("".join(f"# {text}\n" for text in why.splitlines()), end="", flush=True)
            failed |= not good
        return int(failed)


if __name__ == "__main__":
    sys.exit(main())
