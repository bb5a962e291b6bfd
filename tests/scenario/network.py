#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett check` and `yett spf` against knotd, unbound, and servers that fail, on loopback.

    network.py YETT SIGNER FOLDER-OF-THE-RESOLVER'S-TESTS
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), sys.argv[3]]
import proxy  # noqa: E402  pylint: disable=wrong-import-position
import real  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position

BODY = "Hello,\r\n\r\nsee you tomorrow.\r\n"
LINES = ["%02d" % i + "x" * 200 for i in range(40)]  # what a large TXT answer is made of

RECORDS = """
good TXT "v=spf1 include:spf.good.test -all"
spf.good TXT "v=spf1 mx a:mail.good.test ip4:192.0.2.1 ?all"
spf.good MX 10 mail.good
mail.good A 192.0.2.7
_dmarc.good TXT "v=DMARC1; p=reject"

large TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.large TXT "v=DMARC1; p=reject"

alias TXT "v=spf1 redirect=good.test"
s._domainkey.alias CNAME elsewhere.alias
elsewhere.alias CNAME s._domainkey.good
_dmarc.alias CNAME _dmarc.good

huge TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.huge TXT "v=DMARC1; p=reject"

nokey TXT "v=spf1 -all"
_dmarc.nokey TXT "v=DMARC1; p=quarantine; sp=none"
bad TXT "v=spf1 ip4:192.0.2.300 -all"
_dmarc.bad TXT "v=DMARC1; p=reject"
_dmarc.bad TXT "v=DMARC1; p=none"
void TXT "v=spf1 a:x1.void.test a:x2.void.test a:x3.void.test -all"
macro TXT "v=spf1 exists:%{ir}.%{l1r-}.list.macro.test ptr -all"
1.2.0.192.bounce.list.macro A 127.0.0.2
plain A 192.0.2.1
_dmarc.np TXT "v=DMARC1; p=reject; sp=none; np=reject"
slug TXT "v=spf1 include:a.slug.test -all"
a.slug TXT "v=spf1 include:b.slug.test -all"
b.slug TXT "v=spf1 include:c.slug.test -all"
c.slug TXT "v=spf1 -all"
"""

SIGNED = """
@ TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc TXT "v=DMARC1; p=reject"
"""

# What happens to the names below a domain, at the proxy.
FAULTS = {"late.test": 19, "lost.test": "drop", "rubbish.test": "rubbish",
          "heap.test": "tcp", "broken.test": "servfail", "closed.test": "refused",
          "lostkey._domainkey.good.test": "drop", "slug.test": 0.5}
OPEN = list(FAULTS)[:6]

# A message is not waited for longer than this, in seconds; see its settings.
DEADLINE, SLACK = 2.0, 2.5
SETTINGS = 'dns { deadline = 2s timeout = 1500ms }\nauthserv_id = "mx.example.com"\n'


class Done:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def flat(self):
        """The text without line breaks and indentation."""
        return " ".join(self.out.split())


class World:
    def __init__(self, yett, signer, folder):
        self.yett, self.signer, self.folder = yett, signer, folder
        self.knot = self.unbound = self.dead = 0
        self.proxy = None
        self.lock = threading.Lock()
        self.messages = 0
        self.settings = self.file("yett.conf", SETTINGS)
        self.anchor = self.wrong_anchor = ""

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii", newline="") as out:
            out.write(text)
        return path

    def sign(self, what, key, selector, domain, text=""):
        return subprocess.run([self.signer, what, key, selector, domain], check=True,
                              input=text.encode(), stdout=subprocess.PIPE).stdout.decode()

    def message(self, author, *signatures, key="rsa2048"):
        """A file: `signatures` are DOMAIN or SELECTOR._domainkey.DOMAIN, the lowest first."""
        text = (f"From: Ann <ann@{author}>\r\nTo: bob@example.com\r\nSubject: tomorrow\r\n"
                f"Date: Tue, 25 Nov 2025 10:00:00 +0000\r\nMessage-ID: <1@{author}>\r\n\r\n" + BODY)
        for signature in signatures:
            selector, _, domain = signature.rpartition("._domainkey.")
            text = self.sign("message", key, selector or "s", domain, text)
        with self.lock:
            self.messages += 1
            return self.file(f"{self.messages}.eml", text)

    def run(self, *args):
        begin = time.monotonic()
        done = subprocess.run([self.yett, *map(str, args)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode(),
                    time.monotonic() - begin)

    def check(self, port, mail_from, *files, options=(), ip="192.0.2.1"):
        source = ("--resolver", f"127.0.0.1@{port}") if isinstance(port, int) else ("--dns", port)
        return self.run("check", "--ip", ip, "--helo", "mail.good.test", "--mail-from",
                        f"bounce@{mail_from}", "--config", self.settings, *source, *options, *files)

    def judge(self, *args, options=(), **more):
        done = self.check(*args, options=("--json", *options), **more)
        assert not done.err, done.err
        lines = [json.loads(line) for line in done.out.splitlines()]
        assert lines, f"no output, status {done.status}"
        return done, lines[0] if len(lines) == 1 else lines

    def spf(self, port, mail_from, *options, ip="192.0.2.1"):
        return self.run("spf", "--ip", ip, "--helo", "mail.good.test", "--mail-from",
                        f"bounce@{mail_from}", "--config", self.settings, "--resolver",
                        f"127.0.0.1@{port}", *options)


def results(judged):
    return (judged["spf"]["result"], [d["result"] for d in judged["dkim"]],
            judged["dmarc"]["result"])


def expect(done, judged, status, spf, dkim, dmarc):
    assert results(judged) == (spf, dkim, dmarc), \
        f"{results(judged)}: {judged['spf']['reason']} | " \
        f"{[d['reason'] for d in judged['dkim']]} | {judged['dmarc']['reason']}"
    assert done.status == status, f"exit status {done.status}: {judged['action']}"


# ---- answers as they should be -----------------------------------------------------------

def all_three_pass(w, port):
    done, judged = w.judge(port, "good.test", w.message("good.test", "good.test"))
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert judged["dkim"][0]["aligned"] and judged["dmarc"]["alignment"] == \
        {"spf": True, "dkim": True}, judged["dmarc"]
    assert judged["action"]["verdict"] == "accept", judged["action"]
    assert not judged["dmarc"]["secure"] and not judged["dkim"][0]["secure"]


def a_forgery_fails(w, port):
    done, judged = w.judge(port, "plain.test", w.message("good.test"))
    expect(done, judged, 1, "none", [], "fail")
    assert judged["action"]["verdict"] == "quarantine", judged["action"]


def spf_shows_its_tree(w, port):
    done = w.spf(port, "good.test", ip="192.0.2.7")
    assert done.status == 0, done.out + done.err
    text = done.flat()
    assert "pass" in text and "include:spf.good.test" in text and "2 lookups" in text, text
    done = w.spf(port, "good.test", ip="192.0.2.66")
    assert done.status == 1 and "-all" in done.out, done.out


def a_cnamed_key_and_policy_are_found(w, port):
    done, judged = w.judge(port, "alias.test", w.message("alias.test", "alias.test"))
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert judged["dmarc"]["policy_domain"] == "alias.test", judged["dmarc"]


def large_answers_are_fetched_by_tcp(w):
    done, judged = w.judge(w.proxy.port, "large.test",
                           w.message("large.test", "big._domainkey.large.test", key="rsa4096"))
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert judged["dkim"][0]["key_bits"] == 4096
    for name in ("large.test", "big._domainkey.large.test"):
        assert w.proxy.count(name, w.proxy.by_tcp) > 0, f"{name} was never truncated"


def answers_of_60_kib_are_read(w, port):
    done, judged = w.judge(port, "huge.test", w.message("huge.test", "huge.test"))
    expect(done, judged, 0, "pass", ["pass"], "pass")


def many_answers_of_60_kib_are_bounded(w):
    # Eleven keys of 60 KiB are more than the answers of one message may take.
    others = [f"s{i}._domainkey.other{i}.huge.test" for i in range(1, 12)]
    conf = w.file("many.conf", SETTINGS + "dkim { max_signatures = 20 }\n")
    done, judged = w.judge(w.knot, "huge.test", w.message("good.test", "good.test", *others),
                           options=("--config", conf))
    assert done.status == 0 and judged["dmarc"]["result"] == "pass", judged["dmarc"]
    assert judged["dkim"][-1]["result"] == "pass"
    reasons = [d["reason"] for d in judged["dkim"] if d["result"] == "temperror"]
    assert reasons and all("bytes" in r or "octets" in r or "KiB" in r for r in reasons), reasons


def a_zone_text_and_the_network_give_the_same(w):
    cases = [("good.test", ("good.test", "good.test")), ("alias.test", ("alias.test", "alias.test")),
             ("good.test", ("alias.test",)), ("nokey.test", ("nokey.test", "nokey.test")),
             ("nokey.test", ("sub.nokey.test", "nokey.test")), ("bad.test", ("bad.test",)),
             ("void.test", ("good.test", "none._domainkey.good.test")),
             ("macro.test", ("plain.test", "plain.test")), ("nowhere.test", ("nowhere.test",))]
    zone = w.file("all.zone", "".join(
        open(os.path.join(w.folder, name + ".zone"), encoding="ascii").read()
        for name in ("test", "2.0.192.in-addr.arpa")))
    for mail_from, message in cases:
        path = w.message(*message)
        text, network = (w.judge(source, mail_from, path) for source in (zone, w.knot))
        assert text[1] == network[1], \
            f"{mail_from} {message}:\n{json.dumps(text[1])}\n{json.dumps(network[1])}"
        assert text[0].status == network[0].status
        stories = [w.check(source, mail_from, path).out for source in (zone, w.knot)]
        assert stories[0] == stories[1]


def messages_of_one_run_share_the_cache(w):
    with open(w.message("good.test", "good.test"), encoding="ascii") as file:
        text = file.read().replace("\r\n", "\n")
    mbox = w.file("shared.mbox", f"From ann@good.test Tue Nov 25 10:00:00 2025\n{text}\n" * 60)
    before = dict(w.proxy.asked)
    done, judged = w.judge(w.proxy.port, "shared.good.test", mbox)
    assert len(judged) == 60 and done.status == 0, (len(judged), done.status)
    assert all(results(j) == results(judged[0]) for j in judged), judged[0]
    # Twice is a repetition of what was slow on a busy machine.
    asked = w.proxy.asked.get("shared.good.test", 0) - before.get("shared.good.test", 0)
    assert 1 <= asked <= 2, asked


# ---- DNSSEC ------------------------------------------------------------------------------

def a_signed_zone_is_told_as_secure(w, port):
    path = w.message("signed.test", "signed.test")
    done, judged = w.judge(port, "signed.test", path, options=("--trust-anchor", w.anchor))
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert judged["dkim"][0]["secure"] and judged["dmarc"]["secure"], judged
    text = w.check(port, "signed.test", path, options=("--trust-anchor", w.anchor)).flat()
    assert "s._domainkey.signed.test, validated by DNSSEC" in text, text
    assert "p=reject -- validated by DNSSEC" in text, text
    done, judged = w.judge(port, "signed.test", path)
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert not judged["dkim"][0]["secure"] and not judged["dmarc"]["secure"]


def settings_turn_validation_on(w):
    path = w.message("signed.test", "signed.test")
    conf = w.file("secure.conf", f'dns {{ validate = true trust_anchor = "{w.anchor}" }}\n')
    _, judged = w.judge(w.knot, "signed.test", path, options=("--config", conf))
    assert judged["dkim"][0]["secure"] and judged["dmarc"]["secure"], judged
    done = w.run("config", "check", conf)
    assert done.status == 0, done.out + done.err


def an_unsigned_zone_passes_unsecured_beside_an_anchor(w, port):
    done, judged = w.judge(port, "good.test", w.message("good.test", "good.test"),
                           options=("--trust-anchor", w.anchor))
    expect(done, judged, 0, "pass", ["pass"], "pass")
    assert not judged["dkim"][0]["secure"] and not judged["dmarc"]["secure"]


def a_bogus_zone_is_told_as_such(w, port):
    path = w.message("bogus.test", "bogus.test")
    options = ("--trust-anchor", w.wrong_anchor)
    done, judged = w.judge(port, "bogus.test", path, options=options)
    expect(done, judged, 75, "temperror", ["temperror"], "temperror")
    for reason in (judged["spf"]["reason"], judged["dkim"][0]["reason"],
                   judged["dmarc"]["reason"]):
        assert "DNSSEC validation failed" in reason, reason
    assert judged["action"]["verdict"] == "defer", judged["action"]
    text = w.check(port, "bogus.test", path, options=options).flat()
    assert text.count("DNSSEC validation failed") >= 3, text
    assert w.spf(port, "bogus.test", *options).status == 75


def what_a_validating_server_refuses_is_deferred(w):
    done, judged = w.judge(w.unbound, "bogus.test", w.message("bogus.test", "bogus.test"))
    expect(done, judged, 75, "temperror", ["temperror"], "temperror")
    assert f"127.0.0.1@{w.unbound}" in judged["dmarc"]["steps"][0]["note"], judged["dmarc"]


def anchors_that_cannot_be_used_are_named(w):
    path = w.message("good.test", "good.test")
    empty = w.file("empty.key", "; nothing\n")
    missing = os.path.join(w.folder, "missing.key")
    for anchor, words in ((missing, ("missing.key: no such file", "dns-root-data")),
                          (w.folder, (w.folder, "dns-root-data")),
                          (empty, ("empty.key: no DS or DNSKEY record",)),
                          (path, (".eml: ", "expected a DS or DNSKEY"))):
        done = w.check(w.knot, "good.test", path, options=("--trust-anchor", anchor))
        assert done.status == 2 and not done.out, (done.status, done.out)
        assert all(word in done.err for word in words), done.err
    conf = w.file("missing.conf", f'dns {{ validate = true trust_anchor = "{missing}" }}\n')
    done = w.run("config", "check", conf)
    assert done.status == 1, done.status
    assert "dns.trust_anchor" in done.out + done.err and "dns-root-data" in done.out + done.err


def the_network_is_not_for_zone_texts(w):
    for option in (("--validate",), ("--trust-anchor", w.anchor), ("--resolver", "127.0.0.1")):
        done = w.run("spf", "--ip", "192.0.2.1", "--helo", "a.test", "--dns",
                     os.path.join(w.folder, "test.zone"), *option)
        assert done.status == 2 and option[0] in done.err, done.err


# ---- servers that fail -------------------------------------------------------------------

def a_dead_server_is_named_and_mail_deferred(w):
    path = w.message("good.test", "good.test")
    done, judged = w.judge(w.dead, "good.test", path)
    expect(done, judged, 75, "temperror", ["temperror"], "temperror")
    assert done.seconds < DEADLINE + SLACK, done.seconds
    assert judged["action"]["verdict"] == "defer", judged["action"]
    assert judged["action"]["reply"].startswith("451 "), judged["action"]
    text = w.check(w.dead, "good.test", path).flat()
    assert f"no reply from 127.0.0.1@{w.dead} within" in text, text
    done = w.spf(w.dead, "good.test")
    assert done.status == 75 and f"127.0.0.1@{w.dead}" in done.flat(), done.out
    assert " good.test: DNS could not answer good.test TXT" in done.flat(), done.out


def aligned(w, domain):
    done, judged = w.judge(w.proxy.port, domain, w.message(domain, domain))
    expect(done, judged, 75, "temperror", ["temperror"], "temperror")
    assert done.seconds < DEADLINE + SLACK, done.seconds
    assert judged["action"]["verdict"] == "defer", judged["action"]
    for reason in (judged["spf"]["reason"], judged["dkim"][0]["reason"],
                   judged["dmarc"]["steps"][0]["note"]):
        assert f"127.0.0.1@{w.proxy.port}" in reason, reason


def unaligned(w, domain):
    done, judged = w.judge(w.proxy.port, domain, w.message("good.test", "good.test", domain))
    expect(done, judged, 0, "temperror", ["temperror", "pass"], "pass")
    assert done.seconds < DEADLINE + SLACK, done.seconds
    assert judged["action"]["verdict"] == "accept", judged["action"]
    # And when nothing aligned passes, what is unaligned is no reason to wait for.
    done, judged = w.judge(w.proxy.port, domain, w.message("good.test", domain))
    expect(done, judged, 1, "temperror", ["temperror"], "fail")


def an_open_key_beside_an_aligned_pass_does_not_matter(w):
    path = w.message("good.test", "lostkey._domainkey.good.test")
    done, judged = w.judge(w.proxy.port, "good.test", path)
    expect(done, judged, 0, "pass", ["temperror"], "pass")
    done, judged = w.judge(w.proxy.port, "nokey.test", path)
    expect(done, judged, 75, "fail", ["temperror"], "temperror")
    assert judged["action"]["verdict"] == "defer", judged["action"]


def greedy_zone():
    """SPF records of two domains that together need more than 200 questions, and their victim."""
    text = '$ORIGIN test.\n$TTL 60\n_dmarc.victim TXT "v=DMARC1; p=reject"\nvictim TXT "v=spf1 -all"\n'
    for name in ("evil", "evilhelo"):
        terms = " ".join(f"mx:m{i}.{name}.test" for i in range(10))
        text += f'{name} TXT "v=spf1 {terms} -all"\n'
        for i in range(10):
            for j in range(10):
                text += f"m{i}.{name} MX {j} h{i}x{j}.{name}\nh{i}x{j}.{name} A 203.0.113.1\n"
    return text


def a_forger_cannot_use_up_the_questions_about_his_victim(w):
    zone, path = w.file("greedy.zone", greedy_zone()), w.message("victim.test")
    for how in ("warm", "round", "each"):
        done = w.run("check", "--ip", "192.0.2.9", "--helo", "evilhelo.test", "--mail-from",
                     "x@evil.test", "--dns", zone, "--answers", how, "--json", path)
        judged = json.loads(done.out)
        expect(done, judged, 1, "fail", [], "fail")
        assert judged["spf_helo"]["result"] == "fail", judged["spf_helo"]
        assert judged["action"]["verdict"] == "quarantine", (how, judged["action"])


def a_slow_forger_cannot_use_up_the_time_for_his_victim(w):
    # Whether the domain exists decides between sp= and np=, and is asked for that alone.
    done, judged = w.judge(w.proxy.port, "slug.test", w.message("nowhere.np.test"))
    expect(done, judged, 1, "temperror", [], "fail")
    assert judged["dmarc"]["policy_tag"] == "np", judged["dmarc"]
    assert DEADLINE <= done.seconds < DEADLINE + SLACK, done.seconds


def many_messages_of_a_slow_domain_end(w):
    with open(w.message("late.test", "late.test"), encoding="ascii") as file:
        text = file.read().replace("\r\n", "\n")
    mbox = w.file("late.mbox", f"From ann@late.test Tue Nov 25 10:00:00 2025\n{text}\n" * 5)
    done, judged = w.judge(w.proxy.port, "late.test", mbox)
    assert len(judged) == 5 and done.status == 75, (len(judged), done.status)
    assert done.seconds < 5 * DEADLINE, done.seconds


def a_resolver_that_is_no_address_is_refused(w):
    done = w.run("spf", "--ip", "192.0.2.1", "--helo", "a.test", "--resolver", "ns.example.org")
    assert done.status == 2 and "ns.example.org is no address" in done.err, done.err


BOTH = [all_three_pass, a_forgery_fails, spf_shows_its_tree, a_cnamed_key_and_policy_are_found,
        answers_of_60_kib_are_read, a_signed_zone_is_told_as_secure,
        an_unsigned_zone_passes_unsecured_beside_an_anchor, a_bogus_zone_is_told_as_such]
KNOT = [large_answers_are_fetched_by_tcp, many_answers_of_60_kib_are_bounded,
        a_zone_text_and_the_network_give_the_same, messages_of_one_run_share_the_cache,
        settings_turn_validation_on, anchors_that_cannot_be_used_are_named,
        the_network_is_not_for_zone_texts, a_dead_server_is_named_and_mail_deferred,
        a_forger_cannot_use_up_the_questions_about_his_victim,
        a_slow_forger_cannot_use_up_the_time_for_his_victim,
        an_open_key_beside_an_aligned_pass_does_not_matter, many_messages_of_a_slow_domain_end,
        a_resolver_that_is_no_address_is_refused]


def zones(world):
    def key(domain, selector="s", kind="rsa2048"):
        return world.sign("record", kind, selector, domain)

    def crowd(name):
        """57 KiB in 7 records."""
        strings = " ".join(f'"{line}"' for line in LINES)
        return "".join(f"{name} TXT {strings}\n".replace("xx", letter * 2) for letter in "abcdefg")
    huge = crowd("huge") + key("huge.test") + crowd("s._domainkey.huge") + "".join(
        crowd(f"s{i}._domainkey.other{i}.huge") for i in range(1, 12))
    large = "".join(f'large TXT "{line}"\n' for line in LINES)
    return {"test": RECORDS + key("good.test") + large + key("large.test", "big", "rsa4096") + huge,
            "2.0.192.in-addr.arpa": "1 PTR plain.test.\n",
            "signed.test": SIGNED + key("signed.test"),
            "bogus.test": SIGNED + key("bogus.test")}


def start(world, servers):
    """The reasons why a server is not there, empty where it is: knotd's, unbound's."""
    world.dead = real.free_port()
    for name in ("knotd", "keymgr"):
        if real.tool(name) is None:
            return (f"{name} is not installed",) * 2
    all_zones = zones(world)
    world.knot = real.start_knot(servers, world.folder, all_zones, {"signed.test", "bogus.test"})
    world.proxy = proxy.Proxy(real.free_port(), world.knot, FAULTS)
    anchor = real.delegation_signer(world.folder, "signed.test")
    wrong = anchor.replace("signed.test", "bogus.test")  # another zone's key
    world.anchor = world.file("anchor.key", anchor + "\n")
    world.wrong_anchor = world.file("wrong.key", wrong + "\n")
    if real.tool("unbound") is None:
        return "", "unbound is not installed"
    world.unbound = real.start_unbound(servers, world.folder, world.knot, all_zones,
                                       [anchor, wrong])
    return "", ""


def cases(world, no_knot, no_unbound):
    """Name, call, reason to skip."""
    def call(test, *args):
        return lambda: test(world, *args)
    for domain in OPEN:
        kind = f"({domain}: {FAULTS[domain]})"
        yield f"aligned_names_that_stay_open_are_deferred {kind}", call(aligned, domain), no_knot
        yield f"unaligned_names_that_stay_open_do_not_matter {kind}", call(unaligned, domain), no_knot
    for test in BOTH:
        yield test.__name__ + " (knotd)", call(test, world.knot), no_knot
        yield test.__name__ + " (unbound)", call(test, world.unbound), no_unbound
    for test in KNOT:
        yield test.__name__, call(test), no_knot
    yield (what_a_validating_server_refuses_is_deferred.__name__,
           call(what_a_validating_server_refuses_is_deferred), no_unbound)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-network-") as folder:
        world = World(sys.argv[1], sys.argv[2], folder)
        try:
            no_knot, no_unbound = start(world, servers)
            return tap.report(list(cases(world, no_knot, no_unbound)))
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
