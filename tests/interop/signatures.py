#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signatures made by yett verify elsewhere, and those made elsewhere verify with yett.

    signatures.py YETT NPM      NPM: the folder that tools/install-npm filled

Elsewhere: opendkim (Debian's opendkim-tools), dkimpy (python3-dkim), mailauth (npm).  Each is
skipped where it is missing.  A few hundred generated messages, both algorithms, all four
canonicalisations; many messages in one process each.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import messages  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position

try:
    import dkim
except ImportError:
    dkim = None

COUNT = 240
DOMAIN = "example.org"
CANONS = ["relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"]
ALGORITHMS = {"r": "rsa-sha256", "e": "ed25519-sha256"}
TIMEOUT_S = 240


def run(*command, **more):
    more.setdefault("timeout", TIMEOUT_S)
    return subprocess.run(command, capture_output=True, check=False, **more)


def succeed(*command, **more):
    done = run(*command, **more)
    assert done.returncode == 0, f"{command[0]}: {done.stderr.decode('utf-8', 'replace')}"
    return done.stdout


class World:
    def __init__(self, yett, npm, folder):
        self.yett, self.npm, self.folder = yett, npm, folder
        self.keys, self.zone = {}, {}
        self.make_key("r", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.make_key("e", "ED25519")
        self.zone_path = self.path("zone")
        with open(self.zone_path, "w", encoding="ascii") as file:
            for name, text in self.zone.items():
                strings = " ".join(f'"{text[i:i + 255]}"' for i in range(0, len(text), 255))
                file.write(f"{name}. TXT {strings}\n")
        self.plain = []
        for number in range(COUNT):
            path = self.path(f"{number}.eml")
            with open(path, "wb") as file:
                file.write(messages.message(number))
            self.plain.append(path)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_key(self, selector, kind, *options):
        path = self.path(selector + ".pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(succeed("openssl", "genpkey", "-algorithm", kind, *options))
        der = succeed("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER")
        kind = "rsa" if selector == "r" else "ed25519"
        octets = der if selector == "r" else der[-32:]
        self.keys[selector] = path
        self.zone[f"{selector}._domainkey.{DOMAIN}"] = (
            f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}")

    # ---- yett

    def sign(self, number, selectors, canon):
        """Sign message `number`; the path of what came out."""
        out = self.path(f"{number}.{''.join(selectors)}.signed")
        pairs = [word for selector in selectors
                 for word in ("--selector", selector, "--key", self.keys[selector])]
        with open(out, "wb") as file:
            done = subprocess.run([self.yett, "sign", "--domain", DOMAIN, "--canon", canon,
                                   *pairs, self.plain[number]],
                                  stdout=file, stderr=subprocess.PIPE, check=False,
                                  timeout=TIMEOUT_S)
        assert done.returncode == 0, f"{number}: {done.stderr.decode('utf-8', 'replace')}"
        return out

    def sign_all(self):
        """Each message with RSA and with Ed25519, some with both."""
        def work(number):
            canon = CANONS[number % 4]
            made = [Signed(number, self.sign(number, ["r"], canon), 1),
                    Signed(number, self.sign(number, ["e"], CANONS[(number + 1) % 4]), 1)]
            if number % 3 == 0:
                made.append(Signed(number, self.sign(number, ["r", "e"],
                                                     CANONS[(number + 2) % 4]), 2))
            return made
        with ThreadPoolExecutor(2) as pool:
            return [item for items in pool.map(work, range(COUNT)) for item in items]

    def seal(self, number):
        """Two sets of ARC on top of message `number`; the path of what came out."""
        path = self.plain[number]
        for instance in (1, 2):
            with open(path, "rb") as file:
                data = b"Authentication-Results: mx.example.org; arc=none\r\n" + file.read()
            out = self.path(f"{number}.{instance}.sealed")
            with open(out, "wb") as file:
                subprocess.run([self.yett, "sign", "--arc", "--authserv-id", "mx.example.org",
                                "--domain", DOMAIN, "--selector", "r", "--key", self.keys["r"],
                                "--dns", self.zone_path], input=data, stdout=file,
                               stderr=subprocess.DEVNULL, check=True, timeout=TIMEOUT_S)
            path = out
        return path

    def yett_verifies(self, paths, *options):
        """For each path the results of its signatures."""
        out = []
        for first in range(0, len(paths), 200):
            done = run(self.yett, "check", "--json", "--dns", self.zone_path, *options,
                       *paths[first:first + 200])
            for line in done.stdout.splitlines():
                found = json.loads(line)
                out.append([(one["result"], one["reason"]) for one in found["dkim"]])
        assert len(out) == len(paths), f"{len(out)} answers for {len(paths)} messages"
        return out

    # ---- programs that take a job

    def job(self, name, verify, sign):
        path = self.path(name + ".json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"zone": self.zone, "verify": verify, "sign": sign}, file)
        return path

    def task(self, number, program, selector, canon):
        return {"path": self.plain[number], "out": self.path(f"{number}.{selector}.{program}"),
                "canon": canon,
                "keys": [{"domain": DOMAIN, "selector": selector, "path": self.keys[selector],
                          "algorithm": ALGORITHMS[selector]}]}

    def mailauth(self, verify, sign):
        env = dict(os.environ, NODE_PATH=os.path.join(self.npm, "node_modules"))
        return json.loads(succeed("node", os.path.join(HERE, "mailauth.js"),
                                  self.job("mailauth", verify, sign), env=env))["verify"]

    def opendkim(self, verify, sign):
        return json.loads(succeed("unshare", "-rmn", sys.executable,
                                  os.path.join(HERE, "opendkim.py"),
                                  self.job("opendkim", verify, sign)))["verify"]


# ---- what is missing -------------------------------------------------------------------

def without_dkimpy():
    return None if dkim else "python3-dkim is not installed"


def without_opendkim():
    if not shutil.which("opendkim-testmsg"):
        return "opendkim-tools is not installed"
    if not shutil.which("unshare") or run("unshare", "-rmn", "true").returncode != 0:
        return "opendkim-testmsg needs a name server of its own, and there are no namespaces"
    return None


def without_mailauth(npm):
    if not shutil.which("node"):
        return "node is not installed"
    if not os.path.isdir(os.path.join(npm, "node_modules", "mailauth")):
        return "mailauth is not installed (tools/install-npm says why)"
    version = succeed("node", "--version").decode().strip().lstrip("v")
    if tuple(map(int, version.split(".")[:2])) < (20, 18):
        return f"mailauth needs node 20.18, and this is {version}"
    return None


# ---- their quirks ----------------------------------------------------------------------

def tell(faults):
    assert not faults, f"{len(faults)} messages:\n" + "\n".join(faults[:12])


def has_quirk(program, number):
    """Messages that a program canonicalises in its own way.

    No message that came by SMTP ends within a line; where one does, and in white space, dkimpy
    and opendkim keep a space there in relaxed bodies.  mailauth takes the octet A0 for white
    space in relaxed headers, also within a character of UTF-8.
    """
    header, body = messages.message(number).split(b"\r\n\r\n", 1)
    if program == "mailauth":
        return b"\xa0" in header
    return body.endswith(b" ")


# ---- made by yett ----------------------------------------------------------------------

class Signed:
    """A message with signatures on top."""

    def __init__(self, number, path, count):
        self.number, self.path, self.count = number, path, count
        self.name = os.path.basename(path)


class Cases:
    def __init__(self, world):
        self.world = world
        self.signed = world.sign_all()

    def without_quirks(self, program):
        return [one for one in self.signed if not has_quirk(program, one.number)]

    def verified_by_yett(self):
        faults = []
        found = self.world.yett_verifies([one.path for one in self.signed])
        for one, results in zip(self.signed, found):
            if [result for result, _ in results] != ["pass"] * one.count:
                faults.append(f"{one.name}: {results}")
        tell(faults)

    def verified_by_dkimpy(self):
        zone = {name.encode() + b".": text.encode() for name, text in self.world.zone.items()}
        faults = []
        for one in self.without_quirks("dkimpy"):
            with open(one.path, "rb") as file:
                message = dkim.DKIM(file.read())
            for number in range(one.count):
                try:
                    good = message.verify(number, dnsfunc=lambda name, timeout=0: zone.get(name))
                    why = "is not valid"
                except dkim.DKIMException as error:
                    good, why = False, str(error)
                if not good:
                    faults.append(f"{one.name}, signature {number}: {why}")
        tell(faults)

    def verified_by_mailauth(self):
        signed = self.without_quirks("mailauth")
        found = self.world.mailauth([one.path for one in signed], [])
        tell([f"{one.name}: {results}" for one, results in zip(signed, found)
              if results != ["pass"] * one.count])

    def verified_by_opendkim(self):
        """It is content with one good signature, so each message has but one."""
        signed = [one for one in self.without_quirks("opendkim") if one.count == 1]
        found = self.world.opendkim([one.path for one in signed], [])
        tell([f"{one.name}: {why}" for one, why in zip(signed, found) if why])

    def seals_verified_by_dkimpy(self):
        zone = {name.encode() + b".": text.encode() for name, text in self.world.zone.items()}
        faults = []
        for number in range(0, COUNT, 8):
            if has_quirk("dkimpy", number):
                continue
            with open(self.world.seal(number), "rb") as file:
                cv, results, why = dkim.ARC(file.read()).verify(
                    dnsfunc=lambda name, timeout=0: zone.get(name))
            if cv != b"pass" or len(results) != 2:
                faults.append(f"{number}: {cv}, {why}, {len(results)} sets")
        tell(faults)

    # ---- made elsewhere

    def check(self, paths, *options):
        faults = []
        for path, found in zip(paths, self.world.yett_verifies(paths, *options)):
            if [result for result, _ in found] != ["pass"]:
                faults.append(f"{os.path.basename(path)}: {found}")
        assert len(paths) > COUNT * 9 // 10, f"only {len(paths)} messages"
        tell(faults)

    def dkimpy_signs(self, number):
        selector = "re"[number % 2]
        header, body = (word.encode() for word in CANONS[number // 2 % 4].split("/"))
        with open(self.world.plain[number], "rb") as file:
            message = file.read()
        with open(self.world.keys[selector], "rb") as file:
            key = file.read()
        if selector == "e":
            key = base64.b64encode(base64.b64decode(b"".join(key.splitlines()[1:-1]))[-32:])
        field = dkim.DKIM(message, signature_algorithm=ALGORITHMS[selector].encode()).sign(
            selector.encode(), DOMAIN.encode(), key, canonicalize=(header, body))
        path = self.world.path(f"{number}.{selector}.dkimpy")
        with open(path, "wb") as file:
            file.write(field + message)
        return path

    def made_by_dkimpy(self):
        self.check([self.dkimpy_signs(number) for number in range(COUNT)
                    if not has_quirk("dkimpy", number)])

    def made_by_mailauth(self):
        tasks = [self.world.task(number, "mailauth", selector, CANONS[number % 4])
                 for number in range(COUNT) if not has_quirk("mailauth", number)
                 for selector in ALGORITHMS]
        self.world.mailauth([], tasks)
        self.check([task["out"] for task in tasks])

    def made_by_opendkim(self):
        """The tool knows no other algorithm to sign with than rsa-sha1, simple/simple."""
        tasks = [self.world.task(number, "opendkim", "r", "") for number in range(COUNT)]
        self.world.opendkim([], tasks)
        self.check([task["out"] for task in tasks], "--allow-rsa-sha1")


def cases(world):
    made = Cases(world)
    npm = without_mailauth(world.npm)
    return [
        ("signatures of yett verify with yett", made.verified_by_yett, None),
        ("signatures of yett verify with dkimpy", made.verified_by_dkimpy, without_dkimpy()),
        ("seals of yett verify with dkimpy", made.seals_verified_by_dkimpy, without_dkimpy()),
        ("signatures of yett verify with mailauth", made.verified_by_mailauth, npm),
        ("signatures of yett verify with opendkim", made.verified_by_opendkim,
         without_opendkim()),
        ("signatures of dkimpy verify with yett", made.made_by_dkimpy, without_dkimpy()),
        ("signatures of mailauth verify with yett", made.made_by_mailauth, npm),
        ("signatures of opendkim verify with yett", made.made_by_opendkim,
         without_opendkim()),
    ]


def main():
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="yett-interop-") as folder:
        status = tap.report(cases(World(os.path.abspath(sys.argv[1]), sys.argv[2], folder)))
    print(f"# {time.monotonic() - begin:.1f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
