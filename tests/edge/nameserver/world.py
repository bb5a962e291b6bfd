# SPDX-License-Identifier: BSD-2-Clause
"""Two knotd on loopback, the second a secondary that is told of nothing, and the program drive."""
import base64
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "resolver"), os.path.join(HERE, "..", "..", "support")]
import real  # noqa: E402  pylint: disable=wrong-import-position

SECRET = base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = base64.b64encode(bytes(range(1, 33))).decode()
LONG_SECRET = base64.b64encode(bytes(range(64))).decode()
KEY = f'key "update.example.test" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
KEY_512 = f"hmac-sha512:long.example.test:{LONG_SECRET}"

PRIMARY, SECONDARY, DEAD = "127.0.0.1", "127.0.0.2", "127.0.0.3"

RECORDS = {
    "test": "",
    "example.test": """
@ TXT "token=1"
@ TXT "v=spf1 " "-all"
@ TXT "token=2"
ns2 A 127.0.0.2
old._domainkey 900 TXT "v=DKIM1; p=old"
undo._domainkey 900 TXT "v=DKIM1; p=old"
race._domainkey TXT "v=DKIM1; p=old"
gone._domainkey TXT "v=DKIM1; p=old"
script._domainkey TXT "v=DKIM1; p=old"
odd._domainkey TXT "v=DKIM1; n=a\\"b\\\\c\\007; " "p=old"
alias._domainkey CNAME s1.provider.test.
_dmarc TXT "v=DMARC1; p=none"
""",
    "locked.test": '_dmarc TXT "v=DMARC1; p=none"\n',
    # Its servers: the primary, one that is behind, one that is dead, one without an address.
    "four.test": """
@ NS ns2
@ NS ns3
@ NS ns4
ns2 A 127.0.0.2
ns3 A 127.0.0.3
_dmarc TXT "v=DMARC1; p=none"
""",
    # Nobody is told of its changes: the secondary comes when it is sent.
    "slow.test": """
@ NS ns2
ns2 A 127.0.0.2
s1._domainkey TXT "v=DKIM1; p=old"
s2._domainkey TXT "v=DKIM1; p=old"
""",
    "only.test": "@ NS ns2\nns2 A 127.0.0.2\n",  # which the secondary does not have
}


def knot_conf(folder, address, port, secondary):
    zones = [z for z in RECORDS if z not in ("only.test", "test")] if secondary else list(RECORDS)
    text = real.knot_head(folder, f"{address}@{port}") + f"""
key:
  - id: update.example.test
    algorithm: hmac-sha256
    secret: {SECRET}
  - id: long.example.test
    algorithm: hmac-sha512
    secret: {LONG_SECRET}
remote:
  - id: primary
    address: {PRIMARY}@{port}
acl:
  - id: update
    key: [ update.example.test, long.example.test ]
    action: update
    update-type: [ TXT ]
  - id: all
    address: 127.0.0.0/8
    action: [ transfer, notify ]
"""
    text += real.knot_template(folder, "none" if secondary else "difference-no-serial")
    text += "zone:\n"
    for zone in zones:
        acl = "all" if zone == "locked.test" or secondary else "update, all"
        text += f"  - domain: {zone}\n    acl: [ {acl} ]\n"
        if secondary:
            text += "    master: primary\n"
    return text


def start_knot(servers, top, address, port, secondary):
    folder = os.path.join(top, address)
    os.mkdir(folder)
    for zone, records in RECORDS.items():
        real.zone_text(folder, zone, records)
    return real.run_knot(
        servers, folder, knot_conf(folder, address, port, secondary),
        lambda: all(real.dig(address, port, z, "SOA")
                    for z in ("example.test", "slow.test", "four.test")))


class Output:
    def __init__(self, text, status):
        self.text, self.status = text, status
        self.lines = [line.partition("\t")[::2] for line in text.splitlines()]

    def all(self, word):
        return [value for key, value in self.lines if key == word]

    def one(self, word):
        found = self.all(word)
        assert len(found) == 1, f"{len(found)} lines of {word}: {self.text}"
        return found[0]


class World:
    def __init__(self, program):
        self.program, self.port, self.secondary_conf = program, 0, ""
        self.unbound = 0

    def command(self, *words):
        return [self.program, "--resolver", f"{PRIMARY}@{self.port}", "--port", str(self.port),
                "--timeout", "1500", *map(str, words)]

    def run(self, *words):
        done = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        assert done.returncode in (0, 3), f"{done.returncode}: {done.stderr.decode()}"
        return Output(done.stdout.decode(), done.returncode)

    def replace(self, name, old, new, ttl=300, options=(), key=KEY):
        return self.run("--key", key, *options, "replace", name, old, new, ttl)

    def start(self, *words):
        return subprocess.Popen(self.command(*words), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True,
                                preexec_fn=real.die_with_parent)

    def txt(self, name, address=PRIMARY):
        return real.dig(address, self.port, name, "TXT")

    def knsupdate(self, script):
        lines = [f"server {PRIMARY} {self.port}"] + script
        done = subprocess.run([real.tool("knsupdate"), "-y",
                               f"hmac-sha256:update.example.test:{SECRET}"],
                              input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
        return done.returncode, done.stdout


def cases(names):
    """The tests among a module's names, each of which takes the world."""
    return [test for test in names.values() if getattr(test, "__code__", None)
            and test.__code__.co_argcount == 1 and test.__code__.co_varnames[0] == "w"]
