#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mail through Debian's Sendmail with yett beside it.

    sendmail.py YETT CACHE

The package cannot be installed beside Postfix, so its files are unpacked into a temporary
folder and run from there; CACHE is where the packages are kept once they were fetched.
"""
import glob
import os
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import (PATIENCE, Gateway, free_port,  # noqa: E402
                     wait_for)
from postfix import Message, Reply  # noqa: E402  pylint: disable=wrong-import-position

OURS = "mx.example.com"
GOOD, OTHER = "127.0.0.2", "127.0.0.9"  # Sendmail has no XCLIENT
PACKAGES = ("sendmail-bin", "libwrap0")
FETCH_S = 30

ZONE = """
good.test. TXT "v=spf1 ip4:127.0.0.2 -all"
_dmarc.good.test. TXT "v=DMARC1; p=reject"
bank.test. TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.bank.test. TXT "v=DMARC1; p=reject"
careful.test. TXT "v=spf1 -all"
_dmarc.careful.test. TXT "v=DMARC1; p=quarantine"
; yett: timeout slow.test. TXT
; yett: servfail _dmarc.slow.test. TXT
"""
ENFORCE = """mode = "enforce"
rule "phishing" { author = "bank.test" because = "forged every week" }
"""

# What m4 would make of a configuration with INPUT_MAIL_FILTER, less what nobody needs here.
SETTINGS = """V10/Berkeley
Cwmx.test localhost
Djmx.test
DnMAILER-DAEMON
Troot
O QueueDirectory={folder}/queue
O PidFile={folder}/pid
O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port={port}, Family=inet, InputMailFilters=yett
O DaemonPortOptions=Name=HOLD, Addr=127.0.0.1, Port={hold_port}, Family=inet, InputMailFilters=hold
O InputMailFilters=yett
O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}
O Milter.macros.helo={tls_version}, {cipher}
O Milter.macros.envfrom=i, {auth_type}, {auth_authen}, {mail_mailer}, {mail_host}, {mail_addr}
O Milter.macros.envrcpt={rcpt_mailer}, {rcpt_host}, {rcpt_addr}
O Milter.macros.eom={msg_id}
O DeliveryMode=interactive
O Timeout.ident=0
O AliasFile=
O HostStatusDirectory=
O OperatorChars=.:%@!^/[]+
O SmtpGreetingMessage=$j Sendmail $v
O UnixFromLine=From $g $d
O SevenBitInput=False
Xyett, S=inet:{milter}@127.0.0.1, F=T, T=S:30s;R:60s;E:5m
Xhold, S=inet:{hold_milter}@127.0.0.1, F=T, T=S:30s;R:60s;E:5m
HReceived: from $s ([$&{client_addr}])
	by $j ($v) with $r id $i
	for $u; $b
H?D?Date: $a
H?F?From: $g
H?M?Message-Id: <$t.$i@$j>
S0
R$+ <@ $+ >	$#local $: $1
R$+	$#local $: $1
S1
S2
S3
R<>	$@ <@>
R$* < $+ > $*	$2
R$- @ $+	$@ $1 <@ $2 >
R$+ @ $+	$@ $1 <@ $2 >
S4
R$* <@>	$@
R$* < @ $+ > $*	$1 @ $2 $3
S10
S20
Mlocal,	P={folder}/deliver, F=lsDFMqSn9, S=10, R=20, T=DNS/RFC822/X-Unix, A=deliver $u
Mprog,	P=/bin/sh, F=lsDFMoqeu9, S=10, R=20, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
"""
DELIVER = """#!/bin/sh
cat >"{folder}/mail/$1.new" && mv "{folder}/mail/$1.new" "{folder}/mail/$1"
"""


def fetch(cache):
    """The package files; why there are none."""
    files = [path for name in PACKAGES for path in glob.glob(f"{cache}/{name}_*.deb")]
    if len(files) == len(PACKAGES):
        return files, ""
    if not shutil.which("apt-get"):
        return [], "Debian's package sendmail-bin cannot be fetched: no apt-get"
    os.makedirs(cache, exist_ok=True)
    try:
        done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root",
                               "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10",
                               "download", *PACKAGES], cwd=cache, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=FETCH_S, check=False)
    except subprocess.TimeoutExpired:
        return [], "Debian's package sendmail-bin cannot be fetched: it takes too long"
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["?"])[-1]
        return [], f"Debian's package sendmail-bin cannot be fetched: {last}"
    return fetch(cache)


def why_not(cache):
    """Package files, or why Sendmail cannot be run here."""
    if os.geteuid() != 0:
        return [], "Sendmail is started by root only"
    if not shutil.which("unshare") or subprocess.run(
            ["unshare", "--uts", "hostname", "mx.test"], capture_output=True,
            check=False).returncode != 0:
        return [], "Sendmail needs a host name with a dot, which cannot be given here"
    return fetch(cache)


class Sendmail:
    """`milters`: ports of the filters of mail that comes to `ports[0]` and `ports[1]`."""

    def __init__(self, packages, milters):
        self.folder = tempfile.mkdtemp(prefix="yett-sendmail-")
        os.chmod(self.folder, 0o755)
        self.ports, self.process = [free_port(), free_port()], None
        for package in packages:
            subprocess.run(["dpkg-deb", "-x", package, self.path("root")], check=True)
        self.program = self.path("root/usr/libexec/sendmail/sendmail")
        os.chmod(self.program, 0o755)  # with a group's rights it may not have a library path
        os.mkdir(self.path("queue"), 0o700)
        os.mkdir(self.path("mail"), 0o700)
        values = {"folder": self.folder, "port": self.ports[0], "hold_port": self.ports[1],
                  "milter": milters[0], "hold_milter": milters[1]}
        for name, text, mode in (("sendmail.cf", SETTINGS, 0o644), ("deliver", DELIVER, 0o755)):
            for key, value in values.items():
                text = text.replace("{" + key + "}", str(value))
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(self.path(name), mode)
        self.process = self.popen("-bD", stdin=subprocess.DEVNULL)
        if not wait_for(self.answers):
            self.__exit__()
            raise AssertionError("Sendmail does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def popen(self, *arguments, **more):
        libraries = glob.glob(self.path("root/usr/lib/*-linux-gnu")) + \
            glob.glob(self.path("root/lib/*-linux-gnu"))
        return subprocess.Popen(
            ["unshare", "--uts", "sh", "-c", 'hostname mx.test; exec "$@"', "sh", self.program,
             "-C", self.path("sendmail.cf"), *arguments],
            env=dict(os.environ, LD_LIBRARY_PATH=":".join(libraries)), **more)

    def answers(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.ports[0], timeout=PATIENCE):
                return True
        except OSError:
            return False

    def send(self, mail_from, rcpt, raw, ip=OTHER, port=0):
        with smtplib.SMTP("127.0.0.1", self.ports[port], local_hostname="mail.good.test",
                          timeout=PATIENCE, source_address=(ip, 0)) as client:
            client.ehlo()
            for command, reply in (("MAIL", client.docmd(f"MAIL FROM:<{mail_from}>")),
                                   ("RCPT", client.docmd(f"RCPT TO:<{rcpt}@mx.test>"))):
                if reply[0] != 250:
                    return Reply(command, *reply)
            return Reply(".", *client.data(raw))

    def send_by_pipe(self, mail_from, rcpt, raw):
        """A program of this host: SMTP over a pipe.  The last answer."""
        lines = [b"HELO mx.test", f"MAIL FROM:<{mail_from}>".encode(),
                 f"RCPT TO:<{rcpt}@mx.test>".encode(), b"DATA", raw + b".", b"QUIT"]
        with self.popen("-bs", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            answer = process.stdout.readline()
            for line in lines[:-1]:
                process.stdin.write(line + b"\r\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            process.communicate(lines[-1] + b"\r\n", timeout=PATIENCE)
        return answer.decode()

    def delivered(self, rcpt):
        path = self.path(f"mail/{rcpt}")
        if not wait_for(lambda: os.path.exists(path)):
            raise AssertionError(f"{rcpt} got nothing")
        with open(path, "rb") as file:
            return Message(file.read())


class Site:
    def __init__(self, yett, packages):
        self.gateways = [Gateway(yett, ZONE, ENFORCE),
                         Gateway(yett, ZONE, ENFORCE + 'quarantine_by = "hold"\n')]
        self.sendmail = Sendmail(packages, [gateway.ports[0] for gateway in self.gateways])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in (self.sendmail, *self.gateways):
            thing.__exit__()


def message(author, *more, body="Hello,\r\n\r\n.see you\xe4\r\n"):
    fields = [*more, ("Date", mail.DATE), ("From", f"Ann <ann@{author}>"),
              ("To", "bob@example.com"), ("Subject", "  tomorrow,\r\n\tearly"),
              ("Message-ID", f"<1@{author}>")]
    return mail.text_of(fields, body).encode("latin-1")


def results(stored):
    found = [text for text in stored.values("Authentication-Results") if text.startswith(OURS)]
    assert len(found) == 1, stored.raw
    return found[0]


def an_authentic_message_gets_our_field_below_received(site):
    raw = message("good.test")
    reply = site.sendmail.send("ann@good.test", "authentic", raw, ip=GOOD)
    assert reply.accepted, reply
    stored = site.sendmail.delivered("authentic")
    names = [name for name, _ in stored.fields]
    assert names[:2] == ["Received", "Authentication-Results"], names
    assert all(word in results(stored) for word in ("spf=pass", "dmarc=pass")), results(stored)
    rest = b"".join(f"{name}:{value}\n".encode() for name, value in stored.fields[2:])
    assert rest + b"\n" + stored.body == raw.replace(b"\r\n", b"\n"), stored.raw


def a_forgery_is_refused_in_our_words(site):
    reply = site.sendmail.send("ann@bank.test", "forged", message("bank.test"))
    assert reply.code == 550, reply
    assert all(word in reply.text for word in ("5.7.26", "DMARC", "bank.test")), reply


def an_unanswered_question_defers(site):
    reply = site.sendmail.send("ann@slow.test", "slow", message("slow.test"))
    assert reply.code == 451 and "slow.test" in reply.text, reply


def quarantine_adds_a_field(site):
    assert site.sendmail.send("ann@careful.test", "careful", message("careful.test")).accepted
    stored = site.sendmail.delivered("careful")
    assert stored.values("X-Yett-Quarantine"), stored.raw
    assert "dmarc=fail" in results(stored), stored.raw


def quarantine_by_hold_keeps_it_in_the_queue(site):
    reply = site.sendmail.send("ann@careful.test", "held", message("careful.test"), port=1)
    assert reply.accepted, reply
    held = glob.glob(site.sendmail.path("queue/hf*"))
    assert len(held) == 1, os.listdir(site.sendmail.path("queue"))
    with open(held[0], encoding="latin-1") as file:
        text = file.read()
    assert "X-Yett-Quarantine" in text and OURS in text, text
    assert not os.path.exists(site.sendmail.path("mail/held"))


def forged_fields_go_and_others_stay(site):
    forged = ("Authentication-Results", f"{OURS}; dmarc=pass (no)")
    honest = ("Authentication-Results", "other.example; spf=pass smtp.mailfrom=a@good.test")
    raw = message("good.test", forged, honest, ("X-Yett-Quarantine", "no"), forged,
                  ("X-Other", "stays"), forged)
    assert site.sendmail.send("ann@good.test", "marked", raw, ip=GOOD).accepted
    stored = site.sendmail.delivered("marked")
    assert "(no)" not in results(stored), stored.raw
    assert len(stored.values("Authentication-Results")) == 2, stored.raw
    assert not stored.values("X-Yett-Quarantine") and stored.values("X-Other") == ["stays"]


def mail_of_a_program_of_this_host_is_never_refused(site):
    forged = ("Authentication-Results", f"{OURS}; dmarc=pass (no)")
    for number, author in enumerate(("bank.test", "careful.test", "slow.test")):
        raw = message(author, forged)
        answer = site.sendmail.send_by_pipe(f"ann@{author}", f"local{number}", raw)
        assert answer.startswith("250"), answer
        stored = site.sendmail.delivered(f"local{number}")
        assert b"(no)" not in stored.raw and not stored.values("X-Yett-Quarantine"), stored.raw


def cases(site, skip):
    for test in (an_authentic_message_gets_our_field_below_received,
                 a_forgery_is_refused_in_our_words, an_unanswered_question_defers,
                 quarantine_adds_a_field, quarantine_by_hold_keeps_it_in_the_queue,
                 forged_fields_go_and_others_stay,
                 mail_of_a_program_of_this_host_is_never_refused):
        yield test.__name__, lambda test=test: test(site), skip


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    packages, skip = why_not(sys.argv[2])
    if skip:
        return tap.report(list(cases(None, skip)))
    with Site(sys.argv[1], packages) as site:
        return tap.report(list(cases(site, skip)))


if __name__ == "__main__":
    sys.exit(main())
