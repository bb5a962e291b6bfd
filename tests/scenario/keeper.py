#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gateways and their keepers: whose keys are whose, and what becomes of mail when a keeper dies,
hangs, has enough, or gets other keys.

    keeper.py YETT
"""
import base64
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, children, command_line, has_sanitizer, open_files, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from milter import Envelope, split_message  # noqa: E402  pylint: disable=wrong-import-position

JO = Envelope(ip="203.0.113.9", login="jo", mail_from="jo@example.org")
OPENSSL = shutil.which("openssl")
KINDS = {"r": ("RSA", "-pkeyopt", "rsa_keygen_bits:1024"), "e": ("ED25519",)}


def openssl(*arguments):
    return subprocess.run([OPENSSL, *arguments], capture_output=True, check=True).stdout


def make_key(folder, selector, owner=None):
    """A key file where keys are, and its record as zone text."""
    place = os.path.join(folder, "keys", "example.org")
    os.makedirs(place, mode=0o700, exist_ok=True)
    path = os.path.join(place, selector + ".pem")
    openssl("genpkey", "-algorithm", *KINDS[selector[0]], "-out", path)
    os.chmod(path, 0o600)
    if owner is not None:
        for one in (os.path.join(folder, "keys"), place, path):
            os.chown(one, owner, owner)
    public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
    kind = "" if selector[0] == "r" else "k=ed25519; "
    value = base64.b64encode(public if selector[0] == "r" else public[-32:]).decode()
    return f'{selector}._domainkey.example.org. TXT "v=DKIM1; {kind}p=" "{value[:200]}" ' \
           f'"{value[200:]}"\n'


class Signing(Gateway):
    """A gateway that signs mail of example.org, for the login "jo"."""

    def __init__(self, yett, selectors=("r", "e"), signing="", settings="", owner=None,
                 prefix=(), **more):
        self.prefix, self.more_signing, self.more_settings = list(prefix), signing, settings
        super().__init__(yett, "example.org. TXT \"v=spf1 -all\"\n", start=False, **more)
        try:
            if owner is not None:
                os.chown(self.folder, owner, owner)
            self.records = {one: make_key(self.folder, one, owner) for one in selectors}
            self.publish()
            self.sign_with(selectors)
            self.start()
            self.wait_log("started: ")  # with a gateway that answers the keeper may not be ready
        except BaseException:
            self.__exit__()
            raise

    def command(self):
        return [*self.prefix, *super().command()]

    def publish(self):
        self.zone_path = self.write("zone", "$TTL 3600\n" + "".join(self.records.values()))

    def sign_with(self, selectors):
        names = ", ".join(f'"{one}"' for one in selectors)
        self.configure(f'mode = "enforce"\nsigning {{ keys_directory = "{self.folder}/keys"\n'
                       f'{self.more_signing}\n}}\ndomain "example.org" {{ sign = {{{names}}} }}\n'
                       f'login "jo" {{ domains = {{"example.org"}} }}\n{self.more_settings}')

    def keepers(self):
        return [pid for pid in children(self.process.pid) if "--role=keeper" in command_line(pid)]

    def key_path(self, selector):
        return os.path.join(self.folder, "keys", "example.org", selector + ".pem")

    def counters(self):
        return self.status()["counters"]


def mail(number, author="jo@example.org"):
    return (f"From: {author}\r\nTo: sam@example.net\r\nSubject: {number}\r\n"
            "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
            f"Message-ID: <{number}@example.org>\r\n\r\nHello\r\n").encode()


def selectors_of(result):
    """Of the signatures that a message has, sorted."""
    return sorted(re.search(r"\bs=([^;]+)", value)[1].strip()
                  for value in result.values("DKIM-Signature"))


def is_verified(gateway, result, results):
    """By the program itself."""
    done = subprocess.run([gateway.yett, "check", "--json", "--dns", gateway.zone_path, "--now",
                           str(gateway.now), "-"], input=result.stored, capture_output=True,
                          check=False, timeout=30)
    found = [one["result"] for one in json.loads(done.stdout)["dkim"]]
    assert found == results, (found, done.stdout)


class Load:
    """Clients that send all the time.  `results` in the order in which they came."""

    def __init__(self, gateway, clients=4, rest_s=0.004):
        self.gateway, self.rest_s, self.ended = gateway, rest_s, threading.Event()
        self.results, self.faults = [], []
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True)
                        for number in range(clients)]

    def work(self, client):
        number = 0
        try:
            while not self.ended.is_set():
                with self.gateway.connect() as milter:
                    for _ in range(10):
                        number += 1
                        self.results.append(milter.message(JO, mail(f"{client}.{number}")))
                        time.sleep(self.rest_s)
                    milter.quit()
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def all_are_signed(self, allowed):
        assert not self.faults, self.faults
        assert len(self.results) > 50, len(self.results)
        for result in self.results:
            assert result.reply in ("accept", "continue"), result.reply
            assert selectors_of(result) in allowed, result.edits


# ---- signatures -----------------------------------------------------------------------------

def signs_twice(yett):
    with Signing(yett) as gateway:
        result = gateway.message(JO, mail(1))
        assert selectors_of(result) == ["e", "r"], result.edits
        is_verified(gateway, result, ["pass", "pass"])
        others = gateway.message(JO, mail(2, "ceo@bank.example"))
        assert not others.values("DKIM-Signature"), others.edits
        count = wait_for(lambda: (gateway.counters()["signatures"] == 2) and gateway.counters())
        assert count, gateway.counters()
        assert count["signed"] == 1 and count["signatures_refused"] == 0, count
        assert [one["state"] for one in gateway.status()["keepers"]] == ["ready"]


# ---- whose keys are whose -------------------------------------------------------------------

def secret_of(path):
    """Octets that only who has the key can have: a prime of it, as it lies in memory."""
    text = openssl("pkey", "-in", path, "-noout", "-text").decode()
    digits = re.search(r"(?:prime1|priv):\s*([0-9a-f:\s]+)", text)[1]
    octets = bytes.fromhex(re.sub(r"[:\s]", "", digits))
    return [octets[-24:], octets[::-1][:24]]  # also lowest first, as libcrypto computes


def memory_holds(pid, secrets):
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as file:
        spans = [line.split()[0].split("-") for line in file if line.split()[1].startswith("rw")]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for first, last in spans:
            try:
                memory.seek(int(first, 16))
                octets = memory.read(int(last, 16) - int(first, 16))
            except (OSError, ValueError, OverflowError):
                continue
            if any(secret in octets for secret in secrets):
                return True
    return False


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)


def has_open(pid, folder):
    """Files below `folder` that a process has open or mapped."""
    files = open_files(pid)
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
        files += maps.read().split()
    return [name for name in files if name.startswith(os.path.join(folder, "keys"))]


def keys_are_the_keepers_alone(gateway):
    assert selectors_of(gateway.message(JO, mail(1))) == ["e", "r"]
    keeper, worker = gateway.keepers()[0], gateway.workers()[0]
    for pid in (keeper, worker):
        state = status_of(pid)
        assert state["Seccomp"].strip() == "2" and state["NoNewPrivs"].strip() == "1", state
        assert int(state["CapEff"], 16) == 0 and "0" not in state["Uid"].split(), state["Uid"]
        assert not has_open(pid, gateway.folder)
    for selector in () if has_sanitizer(worker) else ("r", "e"):  # its memory has no end
        secrets = secret_of(gateway.key_path(selector))
        assert memory_holds(keeper, secrets), "the secret is looked for in the wrong way"
        assert not memory_holds(worker, secrets), f"the gateway has the key {selector}"
    return status_of(worker)["Uid"].split(), status_of(keeper)["Uid"].split()


def as_root(yett):
    accounts = [pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("daemon").pw_uid]
    with Signing(yett, signing='keeper_user = "daemon"', settings='user = "nobody"\n') as gateway:
        worker, keeper = keys_are_the_keepers_alone(gateway)
        assert (set(worker), set(keeper)) == ({str(accounts[0])}, {str(accounts[1])})
        # What the gateway's account may open, were there no wall.
        for account in accounts:
            done = subprocess.run(["setpriv", "--reuid", str(account), "--clear-groups", "cat",
                                   gateway.key_path("r")], capture_output=True, check=False)
            assert done.returncode != 0 and not done.stdout
    with Signing(yett, settings='user = "nobody"\n') as gateway:
        worker, keeper = keys_are_the_keepers_alone(gateway)
        gateway.wait_log('there is no account "yett-keeper"')
        assert worker == keeper


def as_a_user(yett):
    account = pwd.getpwnam("nobody").pw_uid
    prefix = ["setpriv", "--reuid", str(account), "--regid", str(account), "--clear-groups"]
    with Signing(yett, owner=account, prefix=prefix) as gateway:
        worker, keeper = keys_are_the_keepers_alone(gateway)
        assert set(worker) == set(keeper) == {str(account)}


# ---- keepers that die or hang ---------------------------------------------------------------

def killed_under_load(yett):
    with Signing(yett, settings="workers = 2\n") as gateway:
        with Load(gateway) as load:
            for _ in range(4):
                time.sleep(0.4)
                before = set(gateway.keepers())
                os.kill(max(before), signal.SIGKILL)
                at = time.monotonic()
                assert wait_for(lambda: len(set(gateway.keepers()) - before) == 1)
                assert wait_for(lambda: all(one["state"] == "ready"
                                            for one in gateway.status()["keepers"]))
                took = time.monotonic() - at
                assert took < 5, f"back after {took} s"  # it is 0.1 s; this machine is busy
            time.sleep(0.4)
        load.all_are_signed([["e", "r"]])
        assert gateway.status()["keeper_restarts"] == 4
        assert gateway.counters()["signing_failed"] == 0


def outlives_its_gateway(yett):
    with Signing(yett) as gateway:
        keeper, worker = gateway.keepers(), gateway.workers()
        with gateway.connect() as milter:  # one is in work when it dies
            milter.session(JO)
            milter.envelope(JO)
            os.kill(worker[0], signal.SIGKILL)
            assert milter.is_closed()
        assert wait_for(lambda: gateway.workers() and gateway.workers() != worker)
        gateway.wait_ready()
        assert selectors_of(gateway.message(JO, mail(1))) == ["e", "r"]
        assert gateway.keepers() == keeper


def is_there_until_the_last_message(yett):
    """Of settings that are no more in force; it may even die meanwhile."""
    with Signing(yett) as gateway:
        with gateway.connect() as milter:
            milter.session(JO)
            milter.envelope(JO)
            old = gateway.keepers()
            gateway.records["r2"] = make_key(gateway.folder, "r2")
            gateway.sign_with(["r2"])
            gateway.reload()
            gateway.wait_log("reloaded")
            os.kill(old[0], signal.SIGKILL)
            assert wait_for(lambda: len(set(gateway.keepers()) - set(old)) == 2)
            reply, _, edits = milter.content(JO, *split_message(mail(1)))
            assert reply in ("accept", "continue"), reply
            assert sum(edit[2] == "DKIM-Signature" for edit in edits) == 2, edits
            milter.quit()
        assert wait_for(lambda: len(gateway.keepers()) == 1), "the old one stays"
        assert selectors_of(gateway.message(JO, mail(2))) == ["r2"]


def hangs(yett, setting, check):
    with Signing(yett, signing=f'on_keeper_down = "{setting}"') as gateway:
        before = gateway.keepers()[0]
        os.kill(before, signal.SIGSTOP)
        at = time.monotonic()
        result = gateway.message(JO, mail(1))
        took = time.monotonic() - at
        assert 1.9 < took < 15, took
        check(result)
        gateway.wait_log("was not signed: the keeper did not answer in time")
        gateway.wait_log(f"keeper {before} gave no sign of life")
        assert wait_for(lambda: gateway.keepers() and gateway.keepers()[0] != before)
        assert selectors_of(gateway.message(JO, mail(2))) == ["e", "r"]


def is_deferred(result):
    assert result.reply.startswith("451 "), result.reply


def goes_unsigned(result):
    assert result.accepted and not result.values("DKIM-Signature"), result.edits


def has_its_rate(yett):
    with Signing(yett, selectors=("e",), signing="rate_per_domain = 5") as gateway:
        results = [gateway.message(JO, mail(number)) for number in range(8)]
        assert [bool(one.values("DKIM-Signature")) for one in results] == 5 * [True] + 3 * [False]
        for result in results[5:]:
            is_deferred(result)
        gateway.wait_log("rate: the domain had as many signatures as signing.rate_per_domain "
                         "allows: example.org has had 5")
        assert wait_for(lambda: gateway.counters()["signatures_limited"] == 3)


# ---- other keys -----------------------------------------------------------------------------

def new_keys_under_load(yett):
    with Signing(yett, settings="workers = 2\n") as gateway:
        allowed = [["e", "r"]]
        with Load(gateway) as load:
            for number in range(3):
                time.sleep(0.3)
                names = [f"e{number}", f"r{number}"]
                for name in names:
                    gateway.records[name] = make_key(gateway.folder, name)
                gateway.publish()
                gateway.sign_with(names)
                allowed.append(names)
                reloads = gateway.status()["reloads"]
                gateway.reload()
                assert wait_for(lambda: gateway.status()["reloads"] > reloads)
            time.sleep(0.3)
        load.all_are_signed(allowed)
        assert selectors_of(gateway.message(JO, mail("last"))) == allowed[-1]
        for names in allowed:
            assert any(selectors_of(one) == names for one in load.results), names
        last = next(one for one in reversed(load.results) if selectors_of(one) == allowed[-1])
        is_verified(gateway, last, ["pass", "pass"])
        assert wait_for(lambda: len(gateway.keepers()) == 2), "keepers stay behind"


def bad_key_changes_nothing(yett):
    with Signing(yett) as gateway:
        os.chmod(gateway.key_path("r"), 0o644)
        gateway.reload()
        line = gateway.wait_log("reload failed")
        assert "r.pem: has mode 644" in line and "example.org" in line, line
        assert selectors_of(gateway.message(JO, mail(1))) == ["e", "r"]


def without_domains_there_is_no_keeper(yett):
    with Gateway(yett) as gateway:
        roles = [command_line(pid)[1] for pid in children(gateway.process.pid)]
        assert roles == ["--role=gateway"], roles


def main():
    yett = os.path.abspath(sys.argv[1])
    no_openssl = "" if OPENSSL else "openssl is not installed"
    no_root = no_openssl or ("" if os.geteuid() == 0 and shutil.which("setpriv")
                             else "not root, or no setpriv")
    cases = [
        ("a message gets both signatures, and they hold", lambda: signs_twice(yett), no_openssl),
        ("started as root, keys are the keeper's alone", lambda: as_root(yett), no_root),
        ("started by a user as well", lambda: as_a_user(yett), no_root),
        ("keepers killed under load lose nothing", lambda: killed_under_load(yett), no_openssl),
        ("a gateway that dies leaves its keeper to the next", lambda: outlives_its_gateway(yett),
         no_openssl),
        ("messages in work keep the keeper that they began with",
         lambda: is_there_until_the_last_message(yett), no_openssl),
        ("a keeper that hangs defers mail, and is replaced",
         lambda: hangs(yett, "defer", is_deferred), no_openssl),
        ("or lets it go unsigned, where that is set",
         lambda: hangs(yett, "unsigned", goes_unsigned), no_openssl),
        ("a domain gets no more than its rate", lambda: has_its_rate(yett), no_openssl),
        ("new keys come in by a reload, and nothing is missed",
         lambda: new_keys_under_load(yett), no_openssl),
        ("a key that cannot be used changes nothing", lambda: bad_key_changes_nothing(yett),
         no_openssl),
        ("where nothing is signed there is no keeper",
         lambda: without_domains_there_is_no_keeper(yett), ""),
    ]
    return tap.report(cases)


if __name__ == "__main__":
    sys.exit(main())
