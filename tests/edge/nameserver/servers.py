#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Updates, and waiting for them (through the program drive), against knotd and worse servers."""
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import misbehave  # noqa: E402  pylint: disable=wrong-import-position
import world  # noqa: E402  pylint: disable=wrong-import-position
from world import (  # noqa: E402  pylint: disable=wrong-import-position
    DEAD, KEY, KEY_512, OTHER_SECRET, PRIMARY, SECONDARY, SECRET, Output, real)
import tap  # noqa: E402  pylint: disable=wrong-import-position


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


def a_resolver_that_looks_things_up_will_do(w):
    if not w.unbound:
        return "unbound is not installed"
    resolver = f"{PRIMARY}@{w.unbound}"
    output = w.run("--resolver", resolver, "find", "a._domainkey.four.test")
    assert output.one("zone") == "four.test", output.text
    assert len(output.all("server")) == 4, output.text
    output = w.run("--resolver", resolver, "read", "_dmarc.four.test")
    assert output.one("value") == "v=DMARC1; p=none", output.text
    return None


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
    output = w.replace("zone._domainkey.example.test", "-", "x",
                       options=("--zone", "_domainkey.example.test"))
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


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    missing = [t for t in ("knotd", "knotc", "kdig", "knsupdate") if not real.tool(t)]
    w = world.World(sys.argv[1])
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-nameserver-") as folder:
        try:
            if not missing:
                w.port = real.free_port()
                world.start_knot(servers, folder, PRIMARY, w.port, False)
                w.secondary_conf = world.start_knot(servers, folder, SECONDARY, w.port, True)
                if real.tool("unbound"):
                    w.unbound = real.start_unbound(servers, folder, w.port, ["test", "four.test"], [])
            tests = world.cases(globals()) + world.cases(vars(misbehave))
            skip = f"{', '.join(missing)} not installed" if missing else ""
            return tap.report([(test.__name__, lambda t=test: t(w), skip) for test in tests])
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
