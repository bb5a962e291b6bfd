#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Updates, and waiting for them (through the program drive), against knotd and worse servers."""
import base64
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "resolver"), os.path.join(HERE, "..", "..", "support")]
import real  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position

SECRET = base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = base64.b64encode(bytes(range(1, 33))).decode()
LONG_SECRET = base64.b64encode(bytes(range(64))).decode()
KEY = f'key "update.example.test" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
KEY_512 = f"hmac-sha512:long.example.test:{LONG_SECRET}"

PRIMARY, SECONDARY, DEAD = "127.0.0.1", "127.0.0.2", "127.0.0.3"

RECORDS = {
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
    zones = [z for z in RECORDS if z != "only.test"] if secondary else list(RECORDS)
    text = f"""
server:
    rundir: {folder}
    listen: [ {address}@{port} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: info
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
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: {"none" if secondary else "difference-no-serial"}
    journal-content: all
zone:
"""
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
    conf = os.path.join(folder, "knot.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(knot_conf(folder, address, port, secondary))
    log = os.path.join(folder, "knot.log")
    process = servers.start([real.tool("knotd"), "-c", conf], log)
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        if all(dig(address, port, z, "SOA") for z in ("example.test", "slow.test", "four.test")):
            return conf
        time.sleep(0.1)
    with open(log, encoding="utf-8", errors="replace") as lines:
        raise OSError("knotd does not answer:\n" + lines.read())


def dig(address, port, name, kind):
    """The records as text, sorted; an independent eye."""
    done = subprocess.run([real.tool("kdig"), f"@{address}", "-p", str(port), "+short", "+retry=0",
                           "+timeout=2", name, kind], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=20, check=False)
    return sorted(line for line in done.stdout.decode().splitlines()
                  if line and not line.startswith(";"))


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

    def command(self, *words):
        return [self.program, "--resolver", f"{PRIMARY}@{self.port}", "--port", str(self.port),
                "--timeout", "700", *map(str, words)]

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
        return dig(address, self.port, name, "TXT")

    def knsupdate(self, script):
        lines = [f"server {PRIMARY} {self.port}"] + script
        done = subprocess.run([real.tool("knsupdate"), "-y",
                               f"hmac-sha256:update.example.test:{SECRET}"],
                              input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
        return done.returncode, done.stdout


# ---- finding -----------------------------------------------------------------------------

def the_zone_is_found_from_below_with_its_servers(w):
    output = w.run("find", "a.b._domainkey.example.test")
    assert output.one("zone") == "example.test"
    assert output.one("primary") == f"ns.example.test {PRIMARY}@{w.port}", output.text
    assert output.all("server") == [f"ns.example.test {PRIMARY}@{w.port}"], output.text
    assert w.run("find", "example.test").one("zone") == "example.test"


def every_server_is_found_and_those_without_address_are_named(w):
    servers = sorted(w.run("find", "_dmarc.four.test").all("server"))
    assert servers == [f"ns.four.test {PRIMARY}@{w.port}", f"ns2.four.test {SECONDARY}@{w.port}",
                       f"ns3.four.test {DEAD}@{w.port}",
                       "ns4.four.test trouble: has no address"], servers


def configured_servers_take_the_place_of_those_of_the_zone(w):
    output = w.run("--primary", f"{SECONDARY}@99", "--server", "ns.only.test@77",
                   "--server", DEAD, "find", "_dmarc.example.test")
    assert output.one("primary") == f"{SECONDARY}@99 {SECONDARY}@99", output.text
    assert output.all("server") == [f"ns.only.test {PRIMARY}@77", f"{DEAD} {DEAD}@{w.port}"]


def a_malformed_server_is_refused(w):
    output = w.run("--server", "no server", "find", "example.test")
    assert "is no name server" in output.text or "trouble" in output.text, output.text
    output = w.run("--primary", "ns1..test", "find", "example.test")
    assert "ns1..test is no name server" in output.text, output.text
    output = w.run("--resolver", "nowhere", "find", "example.test")
    assert "nowhere is no address of a resolver" in output.text, output.text


def a_resolver_that_refuses_is_named(w):
    output = w.run("find", "mail.example.invalid")
    assert output.status == 3
    assert f"the resolver {PRIMARY}@{w.port} answers with REFUSED" in output.text, output.text


def a_resolver_that_is_not_there_is_named(w):
    output = w.run("--resolver", f"{DEAD}@{w.port}", "find", "example.test")
    assert output.status == 3
    assert f"the resolver {DEAD}@{w.port} cannot be reached" in output.text, output.text


# ---- updates -----------------------------------------------------------------------------

def a_new_record_is_published(w):
    output = w.replace("new._domainkey.example.test", "-", "v=DKIM1; p=new", 3600)
    assert output.one("status") == "done", output.text
    assert w.txt("new._domainkey.example.test") == ['"v=DKIM1; p=new"']
    assert w.run("read", "new._domainkey.example.test").one("ttl") == "3600"


def a_key_of_another_size_signs_as_well(w):
    output = w.replace("sha512._domainkey.example.test", "-", "v=DKIM1; p=new", key=KEY_512)
    assert output.one("status") == "done", output.text


def a_record_is_replaced(w):
    output = w.replace("old._domainkey.example.test", "v=DKIM1; p=old", "v=DKIM1; p=new")
    assert output.one("status") == "done", output.text
    assert w.txt("old._domainkey.example.test") == ['"v=DKIM1; p=new"']


def a_long_record_goes_there_and_comes_back(w):
    text = "v=DKIM1; k=rsa; p=" + "".join(chr(65 + i % 26) for i in range(736))
    name = "rsa4096._domainkey.example.test"
    assert w.replace(name, "-", text).one("status") == "done"
    assert w.run("read", name).one("value") == text
    assert re.sub(r'" "', "", w.txt(name)[0]) == f'"{text}"'
    assert w.run("wait", name, "-", text, 5).one("end") == "no error"
    assert w.replace(name, text, "-").one("status") == "done"
    assert not w.txt(name)


def at_the_apex_only_our_value_is_replaced(w):
    output = w.replace("example.test", "v=spf1 -all", "v=spf1 mx -all", 9999)
    assert output.one("status") == "done", output.text
    assert w.txt("example.test") == ['"token=1"', '"token=2"', '"v=spf1 mx -all"']
    assert w.run("read", "example.test").one("ttl") == "300"  # as the others have


def odd_octets_stay_as_they_are(w):
    name = "odd._domainkey.example.test"
    before = w.txt(name)
    output = w.replace(name, "-", "v=DKIM1; p=second")
    assert output.one("status") == "done", output.text
    assert len(w.txt(name)) == 2 and before[0] in w.txt(name)
    assert w.replace(name, "v=DKIM1; p=second", "-").one("status") == "done"
    assert w.txt(name) == before


def change_meanwhile(w, name, old, new, script):
    """Somebody else's change between our reading and our update."""
    process = w.start("--key", KEY, "--stop", "yes", "replace", name, old, new, 300)
    assert process.stdout.readline().startswith("read")
    status, text = w.knsupdate(script + ["send"])
    assert status == 0, text
    rest, _ = process.communicate("go\n", timeout=30)
    return Output(rest, process.returncode)


def who_was_changed_meanwhile_is_left_alone(w):
    name = "race._domainkey.example.test"
    output = change_meanwhile(
        w, name, "v=DKIM1; p=old", "v=DKIM1; p=ours",
        ["zone example.test.", f'update add {name}. 300 TXT "v=DKIM1; p=theirs"'])
    assert output.one("status") == "conflict", output.text
    assert "somebody changed the record in the meantime (NXRRSET)" in output.one("reason")
    assert w.txt(name) == ['"v=DKIM1; p=old"', '"v=DKIM1; p=theirs"']


def what_vanished_meanwhile_is_not_made_again(w):
    name = "gone._domainkey.example.test"
    output = change_meanwhile(w, name, "v=DKIM1; p=old", "v=DKIM1; p=ours",
                              ["zone example.test.", f"update delete {name}. TXT"])
    assert output.one("status") == "conflict", output.text
    assert not w.txt(name)


def what_appeared_meanwhile_is_kept(w):
    name = "appeared._domainkey.example.test"
    output = change_meanwhile(
        w, name, "-", "v=DKIM1; p=ours",
        ["zone example.test.", f'update add {name}. 300 TXT "v=DKIM1; p=theirs"'])
    assert output.one("status") == "conflict", output.text
    assert "(YXRRSET)" in output.one("reason")
    assert w.txt(name) == ['"v=DKIM1; p=theirs"']


def undo_restores_what_was(w):
    for name, old, new in (("undo._domainkey.example.test", "v=DKIM1; p=old", "v=DKIM1; p=new"),
                           ("undo2._domainkey.example.test", "-", "v=DKIM1; p=new")):
        before = w.run("read", name).text
        process = w.start("--key", KEY, "--stop", "yes", "replace", name, old, new, 60)
        process.stdin.write("go\n")
        process.stdin.flush()
        while not process.stdout.readline().startswith("undo?"):
            assert process.poll() is None
        assert w.txt(name) == [f'"{new}"']
        rest, _ = process.communicate("undo\n", timeout=30)
        assert "status\tdone" in rest, rest
        assert w.run("read", name).text == before


def the_script_does_the_same(w):
    name = "script._domainkey.example.test"
    script = w.run("replace", name, "v=DKIM1; p=old", 'v=DKIM1; n=a"b\\c; p=new', 300)
    status, text = w.knsupdate(script.all("script"))
    assert status == 0, text
    assert w.txt(name) == ['"v=DKIM1; n=a\\"b\\\\c; p=new"'], w.txt(name)
    status, text = w.knsupdate(script.all("script"))  # its prerequisite no longer holds
    assert status != 0 and "NXRRSET" in text, text


def keys_that_the_server_does_not_take_are_told_apart(w):
    name = "keys._domainkey.example.test"
    for key, word in ((KEY.replace(SECRET, OTHER_SECRET), "it has another secret for this key"),
                      (KEY.replace("update.", "unknown."), "does not know this key"),
                      (KEY.replace("sha256", "sha512"), "does not know this key")):
        output = w.replace(name, "-", "v=DKIM1; p=new", key=key)
        assert output.one("status") == "refused", output.text
        assert word in output.one("reason"), output.text
    assert not w.txt(name)


def clocks_that_differ_are_told(w):
    for error, word in ((-4000, "seconds ahead"), (4000, "seconds behind")):
        output = w.replace("clock._domainkey.example.test", "-", "x", options=("--clock", error))
        assert output.one("status") == "refused", output.text
        found = re.search(r"its clock is (\d+) " + word, output.one("reason"))
        assert found and 3990 <= int(found.group(1)) <= 4010, output.text


def a_zone_that_may_not_be_changed_is_refused(w):
    output = w.replace("_dmarc.locked.test", "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert output.one("status") == "refused", output.text
    assert w.txt("_dmarc.locked.test") == ['"v=DMARC1; p=none"']


def another_zone_than_the_server_has_is_refused(w):
    output = w.replace("_dmarc.example.test", "v=DMARC1; p=none", "v=DMARC1; p=reject",
                       options=("--zone", "test"))
    assert output.one("status") == "refused", output.text
    assert "(NOTAUTH)" in output.one("reason"), output.text


def an_alias_is_not_changed(w):
    output = w.replace("alias._domainkey.example.test", "-", "v=DKIM1; p=new")
    assert output.status == 3
    assert "alias._domainkey.example.test is s1.provider.test" in output.text, output.text


def a_primary_that_is_not_there_is_named(w):
    output = w.run("--primary", DEAD, "read", "_dmarc.example.test")
    assert output.status == 3 and f"{DEAD}@{w.port} cannot be reached" in output.text, output.text


# ---- waiting -----------------------------------------------------------------------------

def all_servers_show_what_is_old(w):
    output = w.run("wait", "s2._domainkey.slow.test", "-", "v=DKIM1; p=old", 5)
    assert output.one("end") == "no error", output.text
    assert output.all("progress") == ["2 of 2"]
    assert sorted(output.all("showing")) == [
        f"ns.slow.test ({PRIMARY}@{w.port}) shows it",
        f"ns2.slow.test ({SECONDARY}@{w.port}) shows it"], output.text


def who_lags_is_named_and_waited_for(w):
    name, old, new = "s1._domainkey.slow.test", "v=DKIM1; p=old", "v=DKIM1; p=new"
    assert w.replace(name, old, new).one("status") == "done"
    output = w.run("wait", name, old, new, 1)
    assert output.one("end") == "not found", output.text
    assert output.one("lagging") == f"ns2.slow.test ({SECONDARY}@{w.port}) does not show it yet"
    assert output.one("showing") == f"ns.slow.test ({PRIMARY}@{w.port}) shows it"
    assert set(output.all("progress")) == {"1 of 2"} and len(output.all("progress")) >= 2

    process = w.start("wait", name, old, new, 40)
    assert process.stdout.readline() == "progress\t1 of 2\n"
    subprocess.run([real.tool("knotc"), "-c", w.secondary_conf, "zone-refresh", "slow.test"],
                   check=True, stdout=subprocess.DEVNULL, timeout=20)
    rest, _ = process.communicate(timeout=50)
    output = Output(rest, process.returncode)
    assert output.one("end") == "no error" and len(output.all("showing")) == 2, output.text
    assert output.all("progress")[-1] == "2 of 2"
    assert w.txt(name, SECONDARY) == [f'"{new}"']


def who_is_dead_or_has_no_address_is_named(w):
    output = w.run("wait", "_dmarc.four.test", "-", "v=DMARC1; p=none", 0)
    assert output.one("end") == "not found", output.text
    assert output.one("progress") == "2 of 4"
    first, second = sorted(output.all("unreachable"))
    assert first == f"ns3.four.test ({DEAD}@{w.port}) cannot be reached (Connection refused)"
    assert second == "ns4.four.test has no address"


def who_is_lame_is_named(w):
    output = w.run("wait", "_dmarc.only.test", "-", "v=DMARC1; p=none", 0)
    assert output.one("lame") == (f"ns2.only.test ({SECONDARY}@{w.port}) is not authoritative "
                                  "for _dmarc.only.test (REFUSED)"), output.text
    assert output.one("lagging").startswith("ns.only.test"), output.text


def a_removal_is_waited_for_as_well(w):
    name = "removal._domainkey.example.test"
    assert w.run("wait", name, "v=DKIM1; p=x", "-", 0).one("end") == "no error"
    assert w.replace(name, "-", "v=DKIM1; p=x").one("status") == "done"
    output = w.run("wait", name, "v=DKIM1; p=x", "-", 0)
    assert output.one("lagging").endswith("does not show it yet"), output.text


# ---- servers that misbehave --------------------------------------------------------------

class Fake:
    """UDP and TCP on one port; `udp` and `tcp` get what came and give what goes, or None."""

    def __init__(self, udp, tcp=None):
        self.port = real.free_port()
        self.udp, self.tcp, self.open = udp, tcp, []
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((PRIMARY, self.port))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if tcp:
            self.listener = socket.create_server((PRIMARY, self.port))
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            query, peer = self.datagrams.recvfrom(65535)
            for reply in self.udp(query) or ():
                self.datagrams.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            peer, _ = self.listener.accept()
            size = struct.unpack(">H", peer.recv(2, socket.MSG_WAITALL))[0]
            reply = self.tcp(peer.recv(size, socket.MSG_WAITALL))
            if reply is None:
                self.open.append(peer)  # and silence
                continue
            for at in range(0, len(reply), 7):  # in pieces
                peer.sendall(reply[at:at + 7])
                time.sleep(0.005)
            peer.close()


def answer(query, flags=0x8400, text=b"v=DKIM1; p=x"):
    rdata = bytes([len(text)]) + text
    return (query[:2] + struct.pack(">HHHHH", flags, 1, 1, 0, 0) + query[12:]
            + b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(rdata)) + rdata)


def empty(query, flags):
    return query[:2] + struct.pack(">HHHHH", flags, 1, 0, 0, 0) + query[12:]


def counted(message):
    return struct.pack(">H", len(message)) + message


def view_of(w, fake):
    output = w.run("--server", f"{PRIMARY}@{fake.port}", "wait", "x._domainkey.example.test",
                   "-", "v=DKIM1; p=x", 0)
    return output.lines[-1], f"{PRIMARY}@{fake.port}"


def misbehaviour_is_told_and_waited_for_no_longer_than_allowed(w):
    asked = []

    def second_time(query):
        asked.append(query)
        return [answer(query)] if len(asked) == 2 else []
    rows = (
        ("silent", lambda q: [], None, "unreachable", "did not reply within 2.1 s"),
        ("lost once", second_time, None, "showing", "shows it"),
        ("wrong id only", lambda q: [b"\0\0" + answer(q)[2:]], None, "unreachable",
         "sent a reply that cannot be read: it has another id than the question"),
        ("wrong id first", lambda q: [bytes([q[0] ^ 1]) + answer(q)[1:], answer(q)], None,
         "showing", "shows it"),
        ("rubbish first", lambda q: [b"", b"x", q, q[:2] + b"\x84" + b"\xff" * 500, answer(q)],
         None, "showing", "shows it"),
        ("flood", lambda q: [b"rubbish"] * 500, None, "unreachable", "cannot be read"),
        ("not its own word", lambda q: [answer(q, 0x8180)], None, "lame",
         "is not authoritative for x._domainkey.example.test"),
        ("SERVFAIL", lambda q: [empty(q, 0x8402)], None, "failing", "(SERVFAIL)"),
        ("NXDOMAIN", lambda q: [empty(q, 0x8403)], None, "lagging", "does not show it yet"),
        ("truncated, then TCP", lambda q: [empty(q, 0x8600)], lambda q: counted(answer(q)),
         "showing", "shows it"),
        ("truncated, no TCP", lambda q: [empty(q, 0x8600)], None, "unreachable",
         "cannot be reached (Connection refused)"),
        ("truncated, TCP silent", lambda q: [empty(q, 0x8600)], lambda q: None, "unreachable",
         "did not reply by TCP within 2.1 s"),
        ("truncated, TCP cut", lambda q: [empty(q, 0x8600)],
         lambda q: counted(answer(q))[:-3], "unreachable",
         "closed the connection without a reply"),
        ("truncated, TCP truncated", lambda q: [empty(q, 0x8600)],
         lambda q: counted(empty(q, 0x8600)), "unreachable", "it was truncated"),
        ("truncated, TCP rubbish", lambda q: [empty(q, 0x8600)],
         lambda q: counted(b"rubbish, and more than a header"), "unreachable",
         "sent a reply that cannot be read"),
    )
    for label, udp, tcp, state, words in rows:
        begin = time.monotonic()
        (got, sentence), server = view_of(w, Fake(udp, tcp))
        assert got == state and sentence.startswith(server) and words in sentence, \
            f"{label}: {got}: {sentence}"
        assert time.monotonic() - begin < 15, label


def an_update_without_a_reply_may_have_been_made(w):
    name = "lost._domainkey.example.test"
    for label, tcp, words in (
            ("silent", lambda q: None, "did not reply by TCP within 2.1 s"),
            ("closed", lambda q: b"", "closed the connection without a reply"),
            ("cut", lambda q: b"\0\x20half", "closed the connection without a reply")):
        fake = Fake(lambda q: [empty(q, 0x8403)], tcp)
        output = w.replace(name, "-", "x", options=("--primary", f"{PRIMARY}@{fake.port}"))
        assert output.status == 3 and words in output.text, f"{label}: {output.text}"
        assert "was sent, and may have been made or not" in output.text, output.text


def a_reply_that_nobody_signed_is_not_believed(w):
    fake = Fake(lambda q: [empty(q, 0x8403)],
                lambda q: counted(q[:2] + b"\xa8\0" + b"\0" * 8))
    output = w.replace("forged._domainkey.example.test", "-", "x",
                       options=("--primary", f"{PRIMARY}@{fake.port}"))
    assert output.one("status") == "unknown", output.text
    assert "not signed" in output.one("reason"), output.text


def an_update_for_a_closed_port_was_not_sent(w):
    fake = Fake(lambda q: [empty(q, 0x8403)])
    output = w.replace("closed._domainkey.example.test", "-", "x",
                       options=("--primary", f"{PRIMARY}@{fake.port}"))
    assert output.status == 3 and output.text.rstrip().endswith("nothing was sent"), output.text


CASES = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, "__code__", None)
         and test.__code__.co_varnames[:1] == ("w",) and test.__code__.co_argcount == 1]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    missing = [t for t in ("knotd", "knotc", "kdig", "knsupdate") if not real.tool(t)]
    world = World(sys.argv[1])
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-nameserver-") as folder:
        try:
            if not missing:
                world.port = real.free_port()
                start_knot(servers, folder, PRIMARY, world.port, False)
                world.secondary_conf = start_knot(servers, folder, SECONDARY, world.port, True)
            skip = f"{', '.join(missing)} not installed" if missing else ""
            return tap.report([(test.__name__, lambda t=test: t(world), skip) for test in CASES])
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
