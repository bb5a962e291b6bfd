#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The life of signing keys, with real name servers (knotd) and a clock that the tests set.

    rotation.py YETT FOLDER     FOLDER: where real.py lies
"""
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [sys.argv[2], os.path.join(HERE, "..", "support")]
import real  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, wait_for  # noqa: E402  pylint: disable=wrong-import-position

NOW = 1764000000  # 24 November 2025
DAY = 86400
GONE = 3600 + 14 * DAY + 7 * DAY  # after its last day, when a record may go
PRIMARY, SECONDARY, DEAD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
SECRET = base64.b64encode(bytes(range(32))).decode()
KEY = f'key "update.test" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'

# All of them have two servers; the second one fetches a zone only when it is told to.
ZONES = {
    "life.test": 'other._domainkey TXT "v=DKIM1; p=theirs"\n',
    "wait.test": "",
    "fails.test": "",
    "taken.test": 's20251124e._domainkey TXT "somebody else\'s"\n',
    "beside.test": "",
    "undo.test": "",
    "script.test": "",
    "hand.test": "",
    "named.test": "",
    "locked.test": "",
    "active.test": "",
    "retire.test": "",
    "busy.test": "",
    "secret.test": "",
    "serve.test": "",
    "told.test": "",
    "missed.test": "",
    "used.test": "",
    "ahead.test": "",
    "behind.test": "",
}


def knot_conf(folder, address, port, secondary):
    text = real.knot_head(folder, f"{address}@{port}") + f"""
key:
  - id: update.test
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: primary
    address: {PRIMARY}@{port}
acl:
  - id: update
    key: update.test
    action: update
    update-type: [ TXT ]
  - id: all
    address: 127.0.0.0/8
    action: transfer
"""
    text += real.knot_template(folder, "none" if secondary else "difference-no-serial")
    text += "zone:\n"
    for zone in ZONES:
        acl = "all" if zone == "locked.test" or secondary else "update, all"
        text += f"  - domain: {zone}\n    acl: [ {acl} ]\n"
        text += "    master: primary\n" if secondary else ""
    return text


class Server:
    def __init__(self, servers, top, address, port, secondary):
        self.address, self.port = address, port
        folder = os.path.join(top, address)
        os.mkdir(folder)
        if not secondary:
            for zone, records in ZONES.items():
                real.zone_text(folder, zone, f"@ NS ns2\nns2 A {SECONDARY}\n" + records)
        self.conf = real.run_knot(
            servers, folder, knot_conf(folder, address, port, secondary),
            lambda: all(self.ask(zone, "SOA") for zone in ZONES))

    def ask(self, name, kind="TXT"):
        return [line.replace('" "', "") for line in real.dig(self.address, self.port, name, kind)]

    def refresh(self, zone):
        subprocess.run([real.tool("knotc"), "-c", self.conf, "zone-refresh", zone], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20)


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        self.flat = " ".join(out.split())

    def __str__(self):
        return f"status {self.status}\n{self.out}{self.err}"


class World:
    def __init__(self, yett, top):
        self.yett, self.top, self.port = os.path.abspath(yett), top, 0
        self.first = self.second = None
        self.update_key = self.file("update.key", KEY)

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.top, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def settings(self, domain, inside, signing=""):
        return self.file(domain + ".conf", f"""
dns {{ resolver = "{PRIMARY}@{self.port}" }}
signing {{ keys_directory = "{self.directory(domain)}" update_key = "{self.update_key}"
  update_server = "{PRIMARY}@{self.port}"
  name_servers = "{PRIMARY}@{self.port} {SECONDARY}@{self.port}" {signing} }}
domain "{domain}" {{ {inside} }}
""")

    def directory(self, domain):
        return os.path.join(self.top, domain + ".keys")

    def command(self, command, domain, words, now, servers=(PRIMARY, SECONDARY), key=True):
        line = [self.yett, "key", command, "--directory", self.directory(domain),
                "--now", str(now)]
        if command not in ("generate", "list"):
            line += ["--resolver", f"{PRIMARY}@{self.port}", "--server", f"{PRIMARY}@{self.port}"]
            for server in servers:
                line += ["--authority", f"{server}@{self.port}"]
            line += ["--update-key", self.update_key] if key else []
            line += [] if "--wait" in words else ["--wait", "0"]
        return line + list(words) + ([] if "--due" in words else [domain])

    def key(self, command, domain, *words, now=NOW, **more):
        done = subprocess.run(self.command(command, domain, words, now, **more),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    def due(self, conf, now, *words):
        done = subprocess.run([self.yett, "key", "rotate", "--due", "--no-reload", "--config",
                               conf, "--now", str(now), "--wait", "0", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, command, domain, *words):
        return subprocess.Popen(self.command(command, domain, words, NOW),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                preexec_fn=real.die_with_parent)

    def list(self, domain):
        done = self.key("list", domain, "--json")
        return {key["selector"]: key for key in map(json.loads, done.out.splitlines())}

    def phases(self, domain):
        return {selector: key["phase"] for selector, key in self.list(domain).items()}

    def refresh(self, domain):
        """Until the second server has what the first one has."""
        self.second.refresh(domain)
        end = time.monotonic() + 20
        while self.second.ask(domain, "SOA") != self.first.ask(domain, "SOA"):
            assert time.monotonic() < end, "the secondary does not come"
            time.sleep(0.05)

    def record(self, domain, selector, server=None):
        return (server or self.first).ask(f"{selector}._domainkey.{domain}")

    def knsupdate(self, *script):
        lines = [f"server {PRIMARY} {self.port}", *script]
        done = subprocess.run([real.tool("knsupdate"), "-y", f"hmac-sha256:update.test:{SECRET}"],
                              input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stdout

    def has_file(self, domain, selector):
        return os.path.exists(os.path.join(self.directory(domain), domain, selector + ".pem"))


# ---- a whole life --------------------------------------------------------------------------

def expect(done, status, *words):
    assert done.status == status, f"{status} was expected: {done}"
    for word in words:
        assert word in done.out + done.err, f"{word!r} is missing: {done}"
    return done


def a_key_lives_from_its_making_to_its_end(w):
    domain, first, second = "life.test", "s20251124e", "s20260524e"
    conf = w.settings(domain, "rotate = true", 'rotate_with = "ed25519"')
    foreign = w.first.ask(f"other._domainkey.{domain}")
    lag = f"{SECONDARY}@{w.port} does not show it yet"

    # Made and published; one server lags, so it does not sign.
    expect(w.due(conf, NOW), 75, f"made {first}", "was published at", lag)
    assert w.phases(domain) == {first: "pending"}
    assert len(w.record(domain, first)) == 1 and not w.record(domain, first, w.second)
    again = expect(w.due(conf, NOW + 60), 75, lag)
    assert "published" not in again.out and len(w.list(domain)) == 1, again

    # Every server shows it: it signs, and whoever called is told.
    w.refresh(domain)
    expect(w.due(conf, NOW + 120), 10, "signs from now on")
    assert w.phases(domain) == {first: "signs"}
    assert expect(w.due(conf, NOW + 10 * DAY), 0).out == ""

    # Its time is over: the next one comes beside it, and takes its place.
    late = NOW + 181 * DAY
    expect(w.due(conf, late), 75, f"made {second}", lag)
    assert w.phases(domain) == {first: "signs", second: "pending"}
    w.refresh(domain)
    expect(w.due(conf, late), 10, f"{second}._domainkey.{domain} signs from now on",
           f"{first}._domainkey.{domain} signs no more")
    assert w.phases(domain) == {first: "retiring", second: "signs"}
    assert w.list(domain)[first]["until"] == late + GONE

    # The old record stays for mail that is on its way, and then goes everywhere.
    for day in (*range(late, late + GONE, 6 * DAY), late + GONE - 1):
        assert expect(w.due(conf, day), 0).out == ""
    assert w.record(domain, first) and w.record(domain, first, w.second)
    expect(w.due(conf, late + GONE), 75, "was withdrawn at",
           f"{SECONDARY}@{w.port} still shows it")
    assert not w.record(domain, first) and w.has_file(domain, first)
    w.refresh(domain)
    expect(w.due(conf, late + GONE), 0, "is gone; its private key was deleted")
    assert w.phases(domain) == {second: "signs"} and not w.has_file(domain, first)
    assert w.record(domain, second) and w.first.ask(f"other._domainkey.{domain}") == foreign
    assert expect(w.due(conf, late + GONE + 60), 0).out == ""


def one_command_waits_until_all_servers_show_it(w):
    process = w.start("rotate", "wait.test", "--algorithm", "ed25519", "--wait", "30")
    lines = []
    while not lines or "1 of 2 name servers" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], "".join(lines)
    w.refresh("wait.test")
    rest, _ = process.communicate(timeout=40)
    assert process.returncode == 0 and "2 of 2 name servers of wait.test show it" in rest, rest
    assert w.phases("wait.test") == {"s20251124e": "signs"}


def a_server_that_fails_is_named_and_nothing_signs(w):
    servers = (PRIMARY, DEAD)
    for _ in range(2):
        done = w.key("rotate", "fails.test", "--algorithm", "ed25519", servers=servers)
        expect(done, 75, f"{DEAD}@{w.port} cannot be reached")
    assert w.phases("fails.test") == {"s20251124e": "pending"}
    assert len(w.record("fails.test", "s20251124e")) == 1


# ---- wrong clocks --------------------------------------------------------------------------

def a_clock_that_was_ahead_stops_rotation_until_somebody_comes(w):
    domain, key, ahead = "ahead.test", "s20360101e", 2082758400
    conf = w.settings(domain, "rotate = true", 'rotate_with = "ed25519"')
    w.due(conf, ahead)
    w.refresh(domain)
    expect(w.due(conf, ahead), 10, "signs from now on")
    for _ in range(2):
        done = w.due(conf, NOW)
        expect(done, 1, f"{key}: it signs since 2036-01-01", "clock of this host says 2025-11-24",
               f"if it is right, `yett key rotate {domain}`")
        assert w.phases(domain) == {key: "signs"} and w.record(domain, key) != []
    other = w.settings(domain, "")  # one that does not rotate any more
    expect(w.due(other, NOW), 1, f"{key}: it signs since 2036-01-01")
    expect(w.key("retire", domain, "--selector", key), 1, f"{key}: it signs since 2036-01-01")
    assert w.phases(domain) == {key: "signs"}
    words = ("--config", w.settings(domain, "rotate = true", 'rotate_with = "ed25519"'))
    expect(w.key("rotate", domain, *words), 75, "it counts from now on", "made s20251124e")
    w.refresh(domain)
    expect(w.due(words[1], NOW), 10, "s20251124e._domainkey.ahead.test signs from now on")
    assert w.list(domain)[key]["until"] == NOW + GONE
    assert w.record(domain, key) != []


def a_clock_that_was_behind_takes_no_record_away(w):
    """Keys retire in the past, and then the clock is right again."""
    domain, old, new, behind = "behind.test", "s20251124e", "s20260222e", NOW + 90 * DAY
    conf = w.settings(domain, "rotate = true", 'rotate_every = "90d" rotate_with = "ed25519"')
    for day in (NOW, NOW, behind, behind):
        w.due(conf, day)
        w.refresh(domain)
    assert w.phases(domain) == {old: "retiring", new: "signs"}
    right = behind + 60 * DAY
    for hour in (0, 3600):
        done = expect(w.due(conf, right + hour), 0)
        assert ("the clock has jumped by 60 days" in done.out) == (hour == 0), done
        assert w.record(domain, old) != [] and w.list(domain)[old]["until"] == right + GONE
    # At 1970, when the host has started, nothing is done at all.
    expect(w.due(conf, 3600), 1, "the clock of this host says 1970-01-01")
    assert w.record(domain, old) != [] and len(w.list(domain)) == 2
    # In a hurry the clock does not matter.
    done = w.key("retire", domain, "--selector", old, "--now-really", now=3600)
    expect(done, 75, "was withdrawn at")
    assert w.record(domain, old) == []


# ---- what is not ours ----------------------------------------------------------------------

def a_record_of_somebody_else_is_not_touched(w):
    done = w.key("rotate", "taken.test", "--algorithm", "ed25519")
    expect(done, 1, "another record stands at the name", "no key record")
    assert w.record("taken.test", "s20251124e") == ['"somebody else\'s"']
    done = w.key("publish", "taken.test")
    expect(done, 1, "has another record already")
    assert w.record("taken.test", "s20251124e") == ['"somebody else\'s"']
    assert w.phases("taken.test") == {"s20251124e": "pending"}


def what_was_put_beside_ours_stays_when_ours_goes(w):
    domain, name = "beside.test", "s20251124e._domainkey.beside.test"
    w.key("generate", domain, "--algorithm", "ed25519")
    expect(w.key("publish", domain), 75, "was published at")
    w.knsupdate(f"zone {domain}.", f'update add {name}. 300 TXT "a note of mine"', "send")
    assert len(w.first.ask(name)) == 2
    w.refresh(domain)
    expect(w.key("publish", domain, "--undo"), 75, "was withdrawn at")
    assert w.first.ask(name) == ['"a note of mine"']


# ---- publish and undo ----------------------------------------------------------------------

def what_was_published_is_undone(w):
    domain = "undo.test"
    w.key("generate", domain, "--selector", "s1", "--bits", "4096")
    expect(w.key("publish", domain), 75, "s1._domainkey.undo.test was published at",
           f"{SECONDARY}@{w.port} does not show it yet")
    value = w.record(domain, "s1")[0].strip('"')
    assert value.startswith("v=DKIM1; k=rsa; h=sha256; p=MII") and len(value) > 700
    w.refresh(domain)
    expect(w.key("publish", domain), 0, "there already: nothing was changed", "every name server shows it")
    expect(w.key("publish", domain, "--undo"), 75, "was withdrawn at",
           f"{SECONDARY}@{w.port} still shows it")
    w.refresh(domain)
    expect(w.key("publish", domain, "--undo"), 0, "every name server has forgotten it")
    assert not w.record(domain, "s1") and not w.record(domain, "s1", w.second)


def the_script_that_was_shown_undoes_it(w):
    domain = "script.test"
    w.key("generate", domain, "--selector", "s1")
    done = w.key("publish", domain)
    assert w.record(domain, "s1")
    assert "To undo it, say the same with --undo, or give this to" in done.flat, done.out
    script = done.out.split("knsupdate:\n\n")[1].split("\n\n")[0]
    assert script.splitlines()[0] == f"server {PRIMARY} {w.port}", script
    w.knsupdate(*[line for line in script.splitlines() if re.match("zone|prereq|update|send", line)])
    assert not w.record(domain, "s1")


def a_key_that_signs_keeps_its_record(w):
    domain = "active.test"
    w.key("rotate", domain, "--algorithm", "ed25519")
    w.refresh(domain)
    expect(w.key("rotate", domain), 0, "signs from now on")
    expect(w.key("publish", domain, "--undo"), 1, "signs: without its record")
    assert w.record(domain, "s20251124e")
    expect(w.key("publish", domain, "--undo", "--now-really"), 75, "was withdrawn")
    assert not w.record(domain, "s20251124e")


def updates_that_are_refused_are_told(w):
    w.key("generate", "locked.test", "--selector", "s1")
    expect(w.key("publish", "locked.test"), 1, "s1._domainkey.locked.test was not changed")
    other = w.file("other.key", KEY.replace(SECRET, base64.b64encode(bytes(32)).decode()))
    w.key("generate", "secret.test", "--selector", "s1")
    expect(w.key("publish", "secret.test", "--update-key", other), 1, "another secret")
    readable = w.file("readable.key", KEY, 0o644)
    expect(w.key("publish", "locked.test", "--update-key", readable), 1, readable, "chmod 600")
    broken = w.file("broken.key", "no key at all\n")
    expect(w.key("publish", "locked.test", "--update-key", broken), 1, broken)
    assert not w.record("locked.test", "s1")


# ---- without an update key, and with names in the settings ---------------------------------

def by_hand_it_goes_on_when_the_record_is_there(w):
    domain = "hand.test"
    done = w.key("rotate", domain, "--algorithm", "ed25519", key=False)
    expect(done, 75, "publish this yourself")
    value = re.search(r"value +(v=DKIM1.*)", done.out).group(1)
    assert not w.record(domain, "s20251124e")
    # Pasted, and changed a little by whoever took it.
    value = value.replace("; ", ";") + ";"
    w.knsupdate(f"zone {domain}.", f'update add s20251124e._domainkey.{domain}. 60 TXT "{value}"',
                "send")
    expect(w.key("rotate", domain, key=False), 75, "does not show it yet")
    w.refresh(domain)
    expect(w.key("rotate", domain, key=False), 0, "signs from now on")
    late = NOW + 100 * DAY
    expect(w.key("retire", domain, "--selector", "s20251124e", now=late, key=False), 0,
           "No other key of hand.test signs", "must stay until")
    done = w.key("retire", domain, "--selector", "s20251124e", now=late + GONE, key=False)
    expect(done, 75, "take this out of DNS yourself")
    assert w.has_file(domain, "s20251124e")
    w.knsupdate(f"zone {domain}.", f"update delete s20251124e._domainkey.{domain}. TXT", "send")
    w.refresh(domain)
    done = w.key("retire", domain, "--selector", "s20251124e", now=late + GONE, key=False)
    expect(done, 0, "private key was deleted")
    assert not w.has_file(domain, "s20251124e")


def where_the_settings_name_keys_they_have_to_be_changed_first(w):
    domain = "named.test"
    w.key("generate", domain, "--selector", "old", "--algorithm", "ed25519")
    os.unlink(os.path.join(w.directory(domain), domain, "state"))  # put there by somebody
    conf = w.settings(domain, 'sign = {"old"}')
    words = ("--config", conf, "--algorithm", "ed25519", "--no-reload")
    expect(w.key("rotate", domain, *words), 75, "made s20251124e")
    w.refresh(domain)
    expect(w.key("rotate", domain, *words), 75, 'sign = {"s20251124e"}')
    assert w.phases(domain) == {"old": "signs", "s20251124e": "pending"}
    w.settings(domain, 'sign = {"s20251124e"}')
    expect(w.key("rotate", domain, *words), 10, f"old._domainkey.{domain} signs no more")
    assert w.phases(domain) == {"old": "retiring", "s20251124e": "signs"}


def a_key_in_a_hurry_is_retired_at_once(w):
    domain = "retire.test"
    w.key("rotate", domain, "--algorithm", "ed25519")
    w.refresh(domain)
    expect(w.key("rotate", domain), 0, "signs from now on")
    done = w.key("retire", domain, "--selector", "s20251124e", "--now-really")
    expect(done, 75, "fail from now on", "was withdrawn at")
    w.refresh(domain)
    done = w.key("retire", domain, "--selector", "s20251124e")
    expect(done, 0, "private key was deleted")
    assert not w.record(domain, "s20251124e") and not w.list(domain)


def two_commands_do_not_mix(w):
    process = w.start("rotate", "busy.test", "--algorithm", "ed25519", "--wait", "30")
    line = process.stdout.readline()
    assert "made" in line, line
    done = w.key("rotate", "busy.test", "--algorithm", "ed25519")
    expect(done, 75, "another yett is at work on the keys of busy.test")
    process.terminate()
    process.communicate(timeout=20)
    done = w.key("rotate", "busy.test", "--algorithm", "ed25519")
    expect(done, 75, "does not show it yet")
    assert len(w.list("busy.test")) == 1


# ---- left to a timer -----------------------------------------------------------------------

def the_gateway_does_it_by_itself(w):
    domain = "serve.test"
    inside = f"""
dns {{ resolver = "{PRIMARY}@{w.port}" }}
signing {{ keys_directory = "{w.directory(domain)}" update_key = "{w.update_key}"
  update_server = "{PRIMARY}@{w.port}" rotate_with = "ed25519"
  name_servers = "{PRIMARY}@{w.port} {SECONDARY}@{w.port}" }}
domain "{domain}" {{ rotate = true }}
"""
    with Gateway(w.yett, zone=None, settings=inside, now=NOW) as gateway:
        gateway.wait_log(f"{SECONDARY}@{w.port} does not show it yet")
        assert w.phases(domain) == {"s20251124e": "pending"}
        assert gateway.status()["reloads"] == 0
        w.refresh(domain)
        gateway.reload()  # instead of waiting for five minutes
        gateway.wait_log(f"s20251124e._domainkey.{domain} signs from now on")
        gateway.wait_log("other keys sign: reloads")
        assert wait_for(lambda: gateway.status()["reloads"] == 2), gateway.log()
        assert w.phases(domain) == {"s20251124e": "signs"}
        assert gateway.log().count("does not show it yet") == 1
        assert gateway.stop() == 0, gateway.log()


def table_of(w, gateway, name):
    """What the gateways sign with: the memory that their supervisor hands to them."""
    folder = f"/proc/{gateway.process.pid}/fd"
    for fd in os.listdir(folder):
        if "yett-signing" in os.readlink(os.path.join(folder, fd)):
            with open(os.path.join(folder, fd), "rb") as table, \
                    open(os.path.join(w.top, name), "wb") as copy:
                copy.write(table.read())
    return os.path.join(w.top, name)


def what_a_gateway_still_signs_with_stays_in_dns(w):
    """A rotation that is killed between its last write and the reload, or done by hand."""
    domain, day = "missed.test", NOW + 90 * DAY
    conf = w.settings(domain, "rotate = true",
                      'rotate_every = "90d" rotate_with = "ed25519"')
    expect(w.due(conf, NOW), 75)
    with open(conf, encoding="ascii") as file, \
            Gateway(w.yett, zone=None, settings=file.read(), now=NOW) as gateway:
        before = table_of(w, gateway, "before")
        assert w.phases(domain) == {"s20251124e": "pending"}
        w.refresh(domain)
        expect(w.due(conf, NOW, "--table", before), 10)
        done = expect(w.due(conf, NOW, "--table", before), 10)  # as if the reload had failed
        assert "s20251124e: the gateway does not sign with it yet" in done.flat, done
        gateway.reload()
        assert gateway.stop() == 0, gateway.log()
    with open(conf, encoding="ascii") as file, \
            Gateway(w.yett, zone=None, settings=file.read(), now=NOW) as gateway:
        first = table_of(w, gateway, "first")
        assert gateway.stop() == 0, gateway.log()
    expect(w.due(conf, NOW, "--table", first), 0)
    expect(w.due(conf, day, "--table", first), 75)
    w.refresh(domain)
    expect(w.due(conf, day, "--table", first), 10)
    assert w.phases(domain) == {"s20251124e": "retiring", "s20260222e": "signs"}
    done = expect(w.due(conf, day + GONE + 1, "--table", first), 10)
    assert "s20251124e: something still signs with it" in done.flat, done
    assert w.record(domain, "s20251124e") != []
    assert w.has_file(domain, "s20251124e")
    done = w.due(conf, day + GONE + DAY)  # told by now: its time begins with that
    assert w.record(domain, "s20251124e") != [], done
    w.due(conf, day + 2 * GONE + DAY)
    assert w.record(domain, "s20251124e") == []


def what_the_settings_name_stays_in_dns(w):
    """sign = {old, new}: the state says that the old one retires, the gateway signs with it."""
    domain = "used.test"
    expect(w.key("generate", domain, "--algorithm", "ed25519", "--selector", "old"), 0)
    expect(w.key("publish", domain), 75)
    w.refresh(domain)
    both = w.settings(domain, 'sign = {"old", "s20251124e"}', 'rotate_with = "ed25519"')
    with open(both, encoding="ascii") as file:
        text = file.read()
    one = w.file("one.conf", text.replace(', "s20251124e"', ""))
    expect(w.key("rotate", domain, "--config", one, "--no-reload"), 10)
    expect(w.key("rotate", domain, "--config", one, "--no-reload"), 75)
    w.refresh(domain)
    expect(w.key("rotate", domain, "--config", both, "--no-reload"), 10)
    assert w.phases(domain) == {"old": "retiring", "s20251124e": "signs"}
    for conf in (both, w.file("seal.conf", text.replace('sign = {"old", "s20251124e"}',
                                                        'seal = {"old"}'))):
        done = w.due(conf, NOW + 2 * GONE)
        assert "old: something still signs with it" in done.flat, done
        assert w.record(domain, "old") != [] and w.has_file(domain, "old"), done
        done = w.key("retire", domain, "--selector", "old", "--config", conf, "--now-really")
        expect(done, 1, "take it out of")
    new = w.file("new.conf", text.replace('"old", ', ""))
    w.due(new, NOW + 2 * GONE)
    assert w.record(domain, "old") != []
    w.due(new, NOW + 4 * GONE)
    assert w.record(domain, "old") == []


def a_running_gateway_is_told_of_other_keys(w):
    with Gateway(w.yett, zone=None, now=NOW) as gateway:
        words = ("--config", gateway.config_path, "--algorithm", "ed25519")
        expect(w.key("rotate", "told.test", *words), 75)
        w.refresh("told.test")
        done = w.key("rotate", "told.test", *words)
        expect(done, 0, f"the gateway (process {gateway.process.pid}) was told to reload")
        assert wait_for(lambda: gateway.status()["reloads"] == 1), gateway.log()
        done = w.key("retire", "told.test", "--selector", "s20251124e", *words[:2])
        expect(done, 0, "was told to reload")
        assert wait_for(lambda: gateway.status()["reloads"] == 2), gateway.log()
        gateway.stop()
        w.key("generate", "told.test", "--selector", "s2")
        done = w.key("retire", "told.test", "--selector", "s2", *words[:2])
        expect(done, 0, "no running gateway was found at")


CASES = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, "__code__", None)
         and test.__code__.co_varnames[:1] == ("w",) and test.__code__.co_argcount == 1]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    missing = [t for t in ("knotd", "knotc", "kdig", "knsupdate") if not real.tool(t)]
    skip = f"{', '.join(missing)} not installed" if missing else ""
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-rotation-") as top:
        try:
            world = World(sys.argv[1], top)
            if not skip:
                world.port = real.free_port()
                world.first = Server(servers, top, PRIMARY, world.port, False)
                world.second = Server(servers, top, SECONDARY, world.port, True)
            return tap.report([(test.__name__, lambda t=test: t(world), skip) for test in CASES])
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
