#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The resolver (through the program ask) against knotd, unbound, and servers that misbehave."""
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]
import fake  # noqa: E402  pylint: disable=wrong-import-position
import real  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position


class Answer:
    def __init__(self, words):
        self.ms, self.name, self.type = int(words[1]), words[2], words[3]
        self.status, self.security, self.ttl = words[4], words[5], int(words[6])
        self.detail, self.aliases, self.records, self.preferences = "", [], [], []


class Output:
    def __init__(self, text, seconds):
        self.answers, self.unknown, self.refused = [], [], None
        self.statistics, self.seconds = None, seconds
        for line in text.splitlines():
            words = line.split("\t")
            if words[0] == "answer":
                self.answers.append(Answer(words))
            elif words[0] == "detail":
                self.answers[-1].detail = words[1]
            elif words[0] == "alias":
                self.answers[-1].aliases.append(words[1])
            elif words[0] == "record":
                self.answers[-1].records.append(words[1])
            elif words[0] == "preference":
                self.answers[-1].preferences.append(int(words[1]))
            elif words[0] == "unknown":
                self.unknown.append(words[1])
            elif words[0] == "refused":
                self.refused = words[1]
            elif words[0] == "statistics":
                keys = ("asked", "hits", "misses", "timeouts", "failures", "entries", "bytes")
                self.statistics = dict(zip(keys, map(int, words[1:])))

    def one(self):
        assert len(self.answers) == 1, f"{len(self.answers)} answers"
        return self.answers[0]


class World:
    """What the tests need: where the servers are, and how to ask."""

    def __init__(self, program):
        self.program = program
        self.fake = None
        self.knot = self.unbound = self.dead = 0
        self.anchor = self.key_anchor = self.wrong_anchor = ""

    def run(self, port, *steps, options=()):
        server = port if isinstance(port, str) else f"127.0.0.1@{port}"
        command = [self.program, "--server", server, *map(str, options), *map(str, steps)]
        begin = time.monotonic()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=40, check=False)
        assert done.returncode == 0, f"ask ended with {done.returncode}: {done.stderr.decode()}"
        assert not done.stderr, f"on standard error: {done.stderr.decode()}"
        return Output(done.stdout.decode("utf-8", "backslashreplace"), time.monotonic() - begin)

    def ask(self, port, name, kind="TXT", options=()):
        return self.run(port, name, kind, "@each", options=options).one()


# ---- real servers ------------------------------------------------------------------------

BIG = ["".join(chr(97 + (i + j) % 26) for j in range(250)) for i in range(8)]  # 2000 octets
HUGE = [c * 250 for c in "abcdefghijklmnopqrst"]  # 5000 octets
MOST = [[chr(97 + i) * 250] * 16 for i in range(15)]  # 60240 octets in 15 records


def strings(list_):
    return " ".join(f'"{s}"' for s in list_)


ZONES = {
    "test": f"""
a A 192.0.2.1
a A 192.0.2.2
a AAAA 2001:db8::1
mail MX 10 a
mail MX 20 Mixed-Case.Test.
null MX 0 .
pointer PTR a
text TXT "v=spf1 " "-all"
text TXT "second"
empty TXT ""
big TXT {strings(BIG)}
huge TXT {strings(HUGE)}
"""
            + "".join(f"most TXT {strings(record)}\n" for record in MOST)
            + """
c1 CNAME c2
c2 CNAME c3
c3 CNAME text
cnodata CNAME a
cnx CNAME nowhere
loop1 CNAME loop2
loop2 CNAME loop1
*.wild TXT "from the wildcard"
b.wild A 192.0.2.3
a\\032b\\255 TXT "odd name"
short 1 TXT "one second"
""",
    "signed.test": 'text TXT "signed"\n*.wild TXT "from the wildcard"\nonly A 192.0.2.1\n'
                   "alias CNAME text\n",
    "bogus.test": 'text TXT "signed with another key"\n',
}


def txt_is_joined_and_in_order(w, port):
    answer = w.ask(port, "text.test")
    assert answer.status == "found", answer.status
    assert sorted(answer.records) == ["second", "v=spf1 -all"], answer.records
    assert answer.ttl == 300, answer.ttl
    assert w.ask(port, "empty.test").records == [""]


def large_answers_come_by_tcp(w, port):
    assert w.ask(port, "big.test").records == ["".join(BIG)]
    assert w.ask(port, "huge.test").records == ["".join(HUGE)]


def an_answer_of_60_kib_is_read(w, port):
    answer = w.ask(port, "most.test")
    assert sorted(answer.records) == ["".join(r) for r in MOST], answer.detail


def all_types_are_read(w, port):
    output = w.run(port, "a.test", "A", "a.test", "AAAA", "mail.test", "MX", "null.test", "MX",
                   "pointer.test", "PTR", "c1.test", "CNAME", "@all")
    a, aaaa, mx, null, ptr, cname = output.answers
    assert sorted(a.records) == ["192.0.2.1", "192.0.2.2"], a.records
    assert aaaa.records == ["2001:db8::1"], aaaa.records
    assert sorted(zip(mx.preferences, mx.records)) == [(10, "a.test"), (20, "mixed-case.test")]
    assert null.records == [""], null.records
    assert ptr.records == ["a.test"], ptr.records
    assert cname.records == ["c2.test"], cname.records


def cnames_are_followed_and_told(w, port):
    answer = w.ask(port, "c1.test")
    assert answer.status == "found" and len(answer.records) == 2, answer.status
    assert answer.aliases == ["c2.test", "c3.test", "text.test"], answer.aliases
    answer = w.ask(port, "cnodata.test")
    assert (answer.status, answer.aliases) == ("nodata", ["a.test"]), answer.status
    answer = w.ask(port, "cnx.test")
    assert (answer.status, answer.aliases) == ("nxdomain", ["nowhere.test"]), answer.status


def a_loop_of_cnames_ends(w, port):
    answer = w.ask(port, "loop1.test", options=("--timeout", 3000))
    assert answer.status in ("servfail", "timeout", "nodata"), answer.status
    assert not answer.records


def no_such_name_and_no_such_type_differ(w, port):
    assert w.ask(port, "nowhere.test").status == "nxdomain"
    answer = w.ask(port, "a.test")
    assert answer.status == "nodata", answer.status
    assert 0 < answer.ttl <= 120, answer.ttl  # the SOA's minimum (RFC 2308 section 5)
    assert w.ask(port, "wild.test").status == "nodata"  # an empty non-terminal


def wildcards_answer_for_names_that_do_not_exist(w, port):
    assert w.ask(port, "any.wild.test").records == ["from the wildcard"]
    assert w.ask(port, "b.wild.test").status == "nodata"


def odd_octets_go_there_and_back(w, port):
    assert w.run(port, os.fsdecode(b"a b\xff.test"), "TXT", "@each").one().records == ["odd name"]


def nothing_is_secure_without_an_anchor(w, port):
    answer = w.ask(port, "text.signed.test")
    assert (answer.status, answer.security) == ("found", "insecure"), answer.security


def signed_answers_are_secure_with_an_anchor(w, port):
    options = ("--anchor", w.anchor)
    for name, status in (("text.signed.test", "found"), ("x.wild.signed.test", "found"),
                         ("alias.signed.test", "found"), ("only.signed.test", "nodata"),
                         ("nowhere.signed.test", "nxdomain")):
        answer = w.ask(port, name, options=options)
        assert (answer.status, answer.security) == (status, "secure"), \
            f"{name}: {answer.status} {answer.security} {answer.detail}"
    answer = w.ask(port, "text.test", options=options)
    assert (answer.status, answer.security) == ("found", "insecure"), answer.detail


def an_anchor_may_be_a_dnskey_over_several_lines(w, port):
    answer = w.ask(port, "text.signed.test", options=("--anchor", w.key_anchor))
    assert (answer.status, answer.security) == ("found", "secure"), answer.detail


def a_wrong_anchor_makes_answers_bogus(w, port):
    answer = w.ask(port, "text.bogus.test", options=("--anchor", w.wrong_anchor))
    assert answer.status == "bogus", f"{answer.status} {answer.detail}"
    assert "bogus.test" in answer.detail, answer.detail
    assert not answer.detail.startswith("validation failure"), answer.detail
    assert not answer.records


def what_a_validating_server_refuses_is_a_servfail(w):
    answer = w.ask(w.unbound, "text.bogus.test")
    assert answer.status == "servfail", answer.status
    assert f"127.0.0.1@{w.unbound}" in answer.detail, answer.detail


def a_server_on_ipv6_is_asked(w):
    if not real.has_ipv6():
        return "no IPv6 on loopback"
    for server in (f"::1@{w.knot}", f"[::1]@{w.knot}"):
        assert len(w.ask(server, "text.test").records) == 2
    return None


def the_ttl_ends_what_is_cached(w):
    output = w.run(w.knot, "short.test", "TXT", "@each", "short.test", "TXT", "@find",
                   "@sleep", 1100, "short.test", "TXT", "@find")
    assert [a.status for a in output.answers] == ["found", "found"]
    assert output.unknown == ["short.test"]


# ---- servers that misbehave --------------------------------------------------------------

def bad_packets_end_in_a_named_failure(w):
    def check(label):
        answer = w.ask(w.fake.port, f"{label}.test", options=("--timeout", 1500))
        assert answer.status in ("servfail", "timeout"), f"{label}: {answer.status}"
        assert f"127.0.0.1@{w.fake.port}" in answer.detail, f"{label}: {answer.detail}"
        assert answer.ms < 5000, f"{label}: {answer.ms} ms"
    labels = ("rubbish", "wrongid", "otherquestion", "empty", "header", "cut", "pointerloop",
              "longcount", "badtxt", "servfail", "refused", "formerr", "cnameloop",
              "tcphang", "tcpclose", "tcphalf", "tcprubbish")
    with ThreadPoolExecutor(len(labels)) as pool:
        list(pool.map(check, labels))


def truncated_answers_are_asked_for_again_by_tcp(w):
    assert w.ask(w.fake.port, "tcpok.test").records == ["by TCP"]


def a_dead_port_is_named_within_the_timeout(w):
    answer = w.ask(w.dead, "a.test", options=("--timeout", 1500))
    assert answer.status == "timeout", answer.status
    assert answer.detail == f"no reply from 127.0.0.1@{w.dead} within 1.5 s", answer.detail
    assert 1400 < answer.ms < 5000, answer.ms


def an_answer_after_19_seconds_comes_too_late(w):
    answer = w.ask(w.fake.port, "slow190.test", options=("--timeout", 1000))
    assert answer.status == "timeout", answer.status
    assert answer.detail == f"no reply from 127.0.0.1@{w.fake.port} within 1 s", answer.detail
    assert answer.ms < 5000, answer.ms


def an_answer_that_takes_its_time_is_waited_for(w):
    # After answers that were quick, which must not make us impatient.
    output = w.run(w.fake.port, *(f"ok{i}.a.test" if j == 0 else "TXT"
                                  for i in range(10) for j in (0, 1)),
                   "@each", "slow35.b.test", "TXT", "@each")
    answer = output.answers[-1]
    assert (answer.name, answer.status) == ("slow35.b.test", "found"), answer.detail
    assert answer.ms >= 3400, answer.ms


def a_late_answer_is_there_for_the_next_message(w):
    output = w.run(w.fake.port, "slow9.c.test", "TXT", "@each", "@sleep", 800,
                   "slow9.c.test", "TXT", "@find", options=("--timeout", 700))
    assert [a.status for a in output.answers] == ["timeout", "found"]


def a_failure_is_remembered(w):
    output = w.run(w.fake.port, "drop.d.test", "TXT", "@each", "drop.d.test", "TXT", "@each",
                   "@statistics", options=("--timeout", 500))
    first, second = output.answers
    assert first.status == second.status == "timeout"
    assert second.ms - first.ms < 400, second.ms
    assert output.statistics["hits"] == 1 and output.statistics["asked"] == 1
    assert output.statistics["timeouts"] == 1


def one_slow_domain_holds_up_nobody_else(w):
    slow = [x for i in range(200) for x in (f"drop{i}.slow.test", "TXT")]
    fine = [x for i in range(20) for x in (f"ok{i}.fine{i}.test", "TXT")]
    output = w.run(w.fake.port, *slow, *fine, "@each", options=("--timeout", 3000))
    found = [a for a in output.answers if a.status == "found"]
    late = [a for a in output.answers if a.status == "timeout"]
    assert len(found) == 20 and len(late) == 200, (len(found), len(late))
    assert max(a.ms for a in found) < 2500, [a.ms for a in found]
    asked = [a for a in late if a.detail.startswith("no reply from")]
    held = [a for a in late if a.detail == "not asked within 3 s: too many questions "
                                           "below slow.test are open already"]
    assert len(asked) == 32 and len(held) == 168, (len(asked), len(held))
    assert max(a.ms for a in late) < 6000


def many_slow_domains_hold_up_none_that_was_prompt(w):
    slow = [x for i in range(450) for x in (f"drop.many{i}.test", "TXT")]
    output = w.run(w.fake.port, "ok1.known.test", "TXT", "@each", *slow, "ok2.known.test", "TXT",
                   "ok3.known.test", "TXT", "ok.stranger.test", "TXT", "@each",
                   options=("--timeout", 3000))
    late = [a for a in output.answers if a.status == "timeout"]
    assert len(late) == 451 and "stranger" in late[-1].name, (len(late), late[-1].name)
    found = [a for a in output.answers if a.status == "found"]
    assert len(found) == 3 and max(a.ms for a in found) < 2500, [a.ms for a in found]


def who_waits_in_line_gets_its_turn(w):
    names = [x for i in range(100) for x in (f"slow2x{i}.turn.test", "TXT")]
    output = w.run(w.fake.port, *names, "@each", options=("--timeout", 5000))
    assert [a.status for a in output.answers] == ["found"] * 100
    assert max(a.ms for a in output.answers) >= 600  # four rounds of 32


def with_few_descriptors_fewer_are_open(w):
    names = [x for i in range(60) for x in (f"drop.z{i}.test", "TXT")]
    output = w.run(w.fake.port, *names, "@each", options=("--timeout", 700, "--files", 64))
    held = [a for a in output.answers if a.detail.endswith("too many questions are open already")]
    assert len(output.answers) == 60 and len(held) == 36, len(held)  # of 32 places 8 are kept


def equal_questions_share_one_flight(w):
    names = ["slow3.share.test", "TXT"] * 5
    output = w.run(w.fake.port, *names, "@each", "@statistics")
    assert [a.status for a in output.answers] == ["found"] * 5
    assert w.fake.asked["slow3.share.test"] == 1, w.fake.asked["slow3.share.test"]
    assert output.statistics["asked"] == 1 and output.statistics["misses"] == 5


def questions_of_a_round_go_out_together(w):
    names = [x for i in range(20) for x in (f"slow5.r{i}.test", "TXT")]
    output = w.run(w.fake.port, *names, "@all")
    assert [a.status for a in output.answers] == ["found"] * 20
    assert output.answers[0].ms < 5000, output.answers[0].ms


def at_the_deadline_what_is_left_has_timed_out(w):
    output = w.run(w.fake.port, "drop.e.test", "TXT", "ok.e.test", "TXT", "@all",
                   "drop.e.test", "TXT", "@find", options=("--deadline", 600))
    by_name = {a.name: a for a in output.answers}
    assert by_name["ok.e.test"].status == "found"
    left = by_name["drop.e.test"]
    assert left.status == "timeout", left.status
    assert left.detail == f"no reply from 127.0.0.1@{w.fake.port} within 0.6 s", left.detail
    assert 500 <= left.ms < 3000, left.ms
    assert output.unknown == ["drop.e.test"]  # the next message may have more time


def a_deadline_that_has_passed_still_takes_what_is_cached(w):
    output = w.run(w.fake.port, "ok.f.test", "TXT", "@each", "ok.f.test", "TXT", "drop.f.test",
                   "TXT", "@all", options=("--deadline", -1000))
    assert [a.status for a in output.answers[1:]] == ["found", "timeout"]
    assert output.answers[2].detail == "no time was left to wait for a reply"


def an_answer_without_ttl_is_not_cached(w):
    output = w.run(w.fake.port, "brief.g.test", "TXT", "brief.g.test", "TXT", "@each",
                   "brief.g.test", "TXT", "@find")
    assert [a.records for a in output.answers] == [["here I am"]] * 2
    assert output.unknown == ["brief.g.test"]


def what_is_cancelled_is_not_answered(w):
    output = w.run(w.fake.port, "slow3.h.test", "TXT", "slow3.h.test", "TXT", "drop.h.test",
                   "TXT", "@ask", "@cancel", "@sleep", 800, "slow3.h.test", "TXT", "@find",
                   options=("--timeout", 500))
    assert output.one().status == "found"  # in the cache: it was on its way already


def it_ends_cleanly_with_questions_open(w):
    names = [x for i in range(100) for x in (f"drop{i}.i.test", "TXT", f"tcphang{i}.j.test", "TXT")]
    output = w.run(w.fake.port, *names, "@ask", "@sleep", 300)
    assert not output.answers and output.seconds < 10, output.seconds
    assert not w.run(w.fake.port, *names, "@ask").answers


def names_that_libunbound_would_answer_itself_are_asked(w):
    for name in ("1.0.168.192.in-addr.arpa", "x.home.arpa", "x.test"):
        assert w.ask(w.fake.port, name).status == "found", name


def a_small_cache_stays_within_its_bound(w):
    names = [x for i in range(500) for x in (f"ok{i}.k{i}.test", "TXT")]
    output = w.run(w.fake.port, *names, "@each", "@statistics", options=("--cache", 100000))
    bad = [f"{a.name}: {a.status} {a.detail}" for a in output.answers if a.status != "found"]
    assert len(output.answers) == 500 and not bad, bad[:5]
    assert 10 < output.statistics["entries"] < 500, output.statistics
    assert output.statistics["bytes"] <= 100000, output.statistics


def settings_that_cannot_work_are_refused_with_a_reason(w):
    output = w.run("127.0.0.300@53")
    assert output.refused.startswith("127.0.0.300@53 is no address"), output.refused
    for anchor, why in (
            ("", "no DS or DNSKEY record"), ("\n; x. DS 1 13 2 00\n()\n", "no DS or DNSKEY record"),
            ("rubbish", "rubbish: expected a DS or DNSKEY record"),
            ("a.test. NS ns.a.test.\n", "a.test. NS ns.a.test.: expected a DS or DNSKEY record"),
            ("a.test. DS ( 1 13 2 00", "a parenthesis is not closed"),
            ("a.test. DS 1 13 2 zz\n", "cannot start")):
        output = w.run(w.fake.port, options=("--anchor", anchor))
        assert output.refused is not None, f"{anchor!r} was accepted"
        assert why in output.refused, output.refused


REAL = [txt_is_joined_and_in_order, large_answers_come_by_tcp, an_answer_of_60_kib_is_read,
        all_types_are_read, cnames_are_followed_and_told, a_loop_of_cnames_ends,
        no_such_name_and_no_such_type_differ, wildcards_answer_for_names_that_do_not_exist,
        odd_octets_go_there_and_back, nothing_is_secure_without_an_anchor,
        signed_answers_are_secure_with_an_anchor,
        an_anchor_may_be_a_dnskey_over_several_lines, a_wrong_anchor_makes_answers_bogus]
KNOT = [a_server_on_ipv6_is_asked, the_ttl_ends_what_is_cached]
UNBOUND = [what_a_validating_server_refuses_is_a_servfail]
FAKE = [bad_packets_end_in_a_named_failure, truncated_answers_are_asked_for_again_by_tcp,
        a_dead_port_is_named_within_the_timeout, an_answer_after_19_seconds_comes_too_late,
        an_answer_that_takes_its_time_is_waited_for,
        a_late_answer_is_there_for_the_next_message, a_failure_is_remembered,
        one_slow_domain_holds_up_nobody_else,
        many_slow_domains_hold_up_none_that_was_prompt, who_waits_in_line_gets_its_turn,
        with_few_descriptors_fewer_are_open, equal_questions_share_one_flight,
        questions_of_a_round_go_out_together, at_the_deadline_what_is_left_has_timed_out,
        a_deadline_that_has_passed_still_takes_what_is_cached,
        an_answer_without_ttl_is_not_cached, what_is_cancelled_is_not_answered,
        it_ends_cleanly_with_questions_open,
        names_that_libunbound_would_answer_itself_are_asked,
        a_small_cache_stays_within_its_bound,
        settings_that_cannot_work_are_refused_with_a_reason]


def start(world, servers, folder):
    """The reasons why a server is not there, empty where it is: knotd's, unbound's."""
    world.fake = fake.Fake(real.free_port())
    world.dead = real.free_port()
    for name in ("knotd", "keymgr"):
        if real.tool(name) is None:
            return f"{name} is not installed", f"{name} is not installed"
    world.knot = real.start_knot(servers, folder, ZONES, {"signed.test", "bogus.test"})
    anchor = real.delegation_signer(folder, "signed.test")
    # Another zone's key under this zone's name.
    wrong_anchor = anchor.replace("signed.test", "bogus.test")
    world.anchor = f"; a comment\n{anchor} ; another\r\n\n"
    world.key_anchor = real.public_key(folder, "signed.test")
    world.wrong_anchor = wrong_anchor
    if real.tool("unbound") is None:
        return "", "unbound is not installed"
    world.unbound = real.start_unbound(servers, folder, world.knot, ZONES,
                                       [anchor, wrong_anchor])
    return "", ""


def cases(world, no_knot, no_unbound):
    """Name, call, reason to skip."""
    def call(test, *args):
        return lambda: test(world, *args)
    for test in REAL:
        yield test.__name__ + " (knotd)", call(test, world.knot), no_knot
        yield test.__name__ + " (unbound)", call(test, world.unbound), no_unbound
    for tests, reason in ((KNOT, no_knot), (UNBOUND, no_unbound), (FAKE, "")):
        for test in tests:
            yield test.__name__, call(test), reason


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    world = World(sys.argv[1])
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-resolver-") as folder:
        try:
            no_knot, no_unbound = start(world, servers, folder)
            return tap.report(list(cases(world, no_knot, no_unbound)))
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
