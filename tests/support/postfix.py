# SPDX-License-Identifier: BSD-2-Clause
"""Postfix, private: Debian's master.cf with another port, a queue and a log of its own.

    with Postfix(f"smtpd_milters = inet:127.0.0.1:{port}") as postfix:
        with postfix.client(ip="192.0.2.1") as client:
            reply = client.send("alice@example.org", ["bob@rcpt.test"], raw)
        message = postfix.delivered("bob@rcpt.test")

Everybody at rcpt.test has a mailbox, and at box.test; nothing leaves the machine.  smtpd and
cleanup are in the chroot that Debian's start script fills.  Needs root.
"""
import difflib
import itertools
import os
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
import threading

from gateway import PATIENCE, free_port, wait_for

MASTER = "/usr/share/postfix/master.cf.dist"
FILL_CHROOT = "/usr/lib/postfix/configure-instance.sh"
NEEDED = (MASTER, FILL_CHROOT, "/usr/sbin/postfix", "/usr/sbin/postqueue", "/usr/sbin/sendmail")

SETTINGS = """compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
myhostname = {name}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtpd_relay_restrictions = permit_auth_destination, reject
virtual_mailbox_domains = rcpt.test, box.test
virtual_mailbox_maps = static:box/
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_mailbox_limit = 0
message_size_limit = 50000000
default_transport = error:nothing leaves this machine
alias_maps =
alias_database =
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_client_connection_count_limit = 0
disable_dns_lookups = yes
notify_classes =
local_header_rewrite_clients =
"""


def why_not():
    """Why no Postfix can be started here; empty if one can."""
    missing = [path for path in NEEDED if not os.path.exists(path)]
    if missing:
        return f"Postfix is not installed: no {missing[0]}"
    if os.geteuid() != 0:
        return "Postfix is started by root only"
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "there is no account postfix"
    return ""


def difference(sent, stored):
    lines = [[repr(line)[1:200] for line in text.split(b"\n")] for text in (sent, stored)]
    found = difflib.unified_diff(*lines, "sent", "stored", lineterm="", n=1)
    return "\n".join(itertools.islice(found, 40))


class Message:
    """A stored message: `raw`, line ends LF; fields as (name, value), value behind the colon."""

    def __init__(self, raw):
        self.raw = raw
        self.fields, at = [], 0
        while match := re.compile(rb"([!-9;-~]+):((?:.*)(?:\n[ \t].*)*)\n").match(raw, at):
            self.fields.append((match[1].decode(), match[2].decode("utf-8", "surrogateescape")))
            at = match.end()
        self.body = raw[at + 1:]

    def values(self, name):
        """The values of the fields called that, unfolded, from the top."""
        return [value.replace("\n", "").strip(" \t") for field, value in self.fields
                if field.lower() == name.lower()]

    def above(self, original):
        """The fields that stand above `original` (with CRLF), which must be there to the octet."""
        stored = original.replace(b"\r\n", b"\n")
        if not self.raw.endswith(stored):
            raise AssertionError("not stored as sent:\n" + difference(stored, self.raw))
        above = self.raw[:len(self.raw) - len(stored)]
        count = len([name for name, _ in Message(above + b"\n").fields])
        return self.fields[:count]


class Reply:
    """What the client was told last, at `step`: a command, or "." for the end of the data."""

    def __init__(self, step, code, text):
        self.step, self.code = step, code
        self.text = text.decode("utf-8", "replace")
        queued = re.search(r"queued as (\w+)", self.text)
        self.queue_id = queued[1] if queued else ""

    @property
    def accepted(self):
        return self.code == 250 and self.step == "."

    def __repr__(self):
        return f"{self.step}: {self.code} {self.text}"


class Client:
    """An SMTP client that Postfix takes for the one at `ip`; None: for what it is."""

    def __init__(self, port, ip="192.0.2.1", name="mail.example.org", helo="mail.example.org"):
        self.smtp = smtplib.SMTP("127.0.0.1", port, local_hostname=helo, timeout=PATIENCE)
        self.smtp.ehlo()
        if ip is not None:
            address = "IPV6:" + ip if ":" in ip else ip
            self.expect(220, self.smtp.docmd("XCLIENT", f"ADDR={address} NAME={name}"))
            self.smtp.ehlo()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.smtp.close()

    @staticmethod
    def expect(code, reply):
        if reply[0] != code:
            raise AssertionError(f"{reply}, not {code}")

    def send(self, mail_from, rcpts, raw, parameters=""):
        """A message with CRLF; how it ended."""
        smtp = self.smtp
        steps = [("MAIL", f"FROM:<{mail_from}>{parameters}")]
        steps += [("RCPT", f"TO:<{rcpt}>") for rcpt in rcpts] + [("DATA", "")]
        for command, argument in steps:
            line = f"{command} {argument}".rstrip() + "\r\n"
            smtp.send(line.encode())
            code, text = smtp.getreply()
            if code not in (250, 354):
                smtp.rset()
                return Reply(command, code, text)
        stuffed = re.sub(rb"(?m)^\.", b"..", raw)
        smtp.send(stuffed + (b"" if not stuffed or stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return Reply(".", *smtp.getreply())


class Postfix:
    """`services` are (name, options) of further smtpd listeners, whose ports are in `ports`;
    in `settings`, {folder} is the instance's folder."""

    def __init__(self, settings="", services=(), name="mx.test", start=True):
        self.folder = tempfile.mkdtemp(prefix="yett-postfix-")
        os.chmod(self.folder, 0o755)
        self.name, self.port, self.ports = name, free_port(), {}
        self.boxes, self.read, self.lock = {}, set(), threading.Lock()
        for folder, owner, mode in (("conf", "root", 0o755), ("spool", "root", 0o755),
                                    ("data", "postfix", 0o700), ("mail", "nobody", 0o700)):
            path = os.path.join(self.folder, folder)
            os.mkdir(path, mode)
            os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
        self.conf = os.path.join(self.folder, "conf")
        self.spool = os.path.join(self.folder, "spool")
        self.settings(SETTINGS + settings)
        with open(MASTER, encoding="utf-8") as file:
            master = file.read()
        master, found = re.subn(r"(?m)^smtp(\s+inet\s)", rf"127.0.0.1:{self.port}\1", master)
        if found != 1:
            raise AssertionError(f"{MASTER} has no smtp service, or several")
        self.write("master.cf", master)
        self.add_services(services)
        if start:
            self.start()

    def write(self, name, text):
        with open(os.path.join(self.conf, name), "a", encoding="utf-8") as file:
            file.write(text)

    def settings(self, text):
        """More of main.cf.  What is set again replaces what was set: Postfix warns of every
        parameter that stands twice, in every process, and postlogd waits for itself when it
        has too much to say."""
        text = text.replace("{folder}", self.folder).replace("{name}", self.name) + "\n"
        path = os.path.join(self.conf, "main.cf")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read() + text
        parameters = {}
        for line in re.findall(r"(?m)^\S.*\n(?:[ \t].*\n)*", text):
            parameters[line.split("=")[0].strip()] = line
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(parameters.values())

    def add_services(self, services):
        for service, options in services:
            self.ports[service] = free_port()
            self.write("master.cf", f"127.0.0.1:{self.ports[service]} inet n - y - - smtpd\n"
                       + "".join(f"    -o {{{option}}}\n" for option in options))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def run(self, *command, data=b"", check=True):
        """A command of Postfix for this instance; its output."""
        done = subprocess.run(command, input=data, capture_output=True, check=False,
                              timeout=PATIENCE * 2, env=dict(os.environ, MAIL_CONFIG=self.conf))
        text = (done.stdout + done.stderr).decode(errors="replace")
        if check and done.returncode != 0:
            raise AssertionError(f"{command[0]} ended with {done.returncode}: {text}\n{self.log()}")
        return text

    def start(self):
        self.run(FILL_CHROOT, "-")
        self.run("/usr/sbin/postfix", "-c", self.conf, "start")

    def stop(self):
        if os.path.exists(self.folder):
            self.run("/usr/sbin/postfix", "-c", self.conf, "abort", check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        try:
            with open(os.path.join(self.folder, "mail.log"), "rb") as file:
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def wait_log(self, text, seconds=PATIENCE):
        """Wait until the log holds `text`; that line."""
        if not wait_for(lambda: text in self.log(), seconds):
            raise AssertionError(f"{text!r} is not in the log:\n{self.log()[-4000:]}")
        return next(line for line in self.log().splitlines() if text in line)

    def client(self, service=None, **who):
        return Client(self.ports[service] if service else self.port, **who)

    def send(self, mail_from, rcpts, raw, service=None, parameters="", **who):
        """One message over a connection of its own."""
        with self.client(service, **who) as client:
            return client.send(mail_from, [rcpts] if isinstance(rcpts, str) else rcpts, raw,
                               parameters)

    def sendmail(self, mail_from, rcpt, raw):
        """Through the sendmail command."""
        return self.run("/usr/sbin/sendmail", "-C", self.conf, "-i", "-f", mail_from, rcpt,
                        data=raw.replace(b"\r\n", b"\n"))

    # ---- what became of it --------------------------------------------------------------

    def sort(self):
        """Read what came into the mailbox since, by recipient."""
        folder = os.path.join(self.folder, "mail", "box", "new")
        with self.lock:
            try:
                names = sorted(set(os.listdir(folder)) - self.read)
            except FileNotFoundError:
                return
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    message = Message(file.read())
                self.read.add(name)
                self.boxes.setdefault(message.values("Delivered-To")[0], []).append(message)

    def mailbox(self, rcpt):
        """What was delivered to somebody so far."""
        self.sort()
        return list(self.boxes.get(rcpt, []))

    def delivered(self, rcpt, count=1, seconds=PATIENCE):
        """Wait for `count` messages; the last of these."""
        def has_come():
            if len(self.boxes.get(rcpt, [])) < count:
                self.sort()
            return len(self.boxes.get(rcpt, [])) >= count
        if not wait_for(has_come, seconds):
            raise AssertionError(f"{len(self.mailbox(rcpt))} messages to {rcpt}, not {count}:\n"
                                 f"{self.log()[-6000:]}")
        return self.boxes[rcpt][count - 1]

    def queue(self, name):
        """Queue ids in a queue such as "hold"."""
        found = []
        for _, _, files in os.walk(os.path.join(self.spool, name)):
            found += files
        return found
