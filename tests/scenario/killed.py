#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A rotation that is killed, or whose disk is full, before each change of a file; that is
stopped from outside; whose process for name servers dies.

    killed.py YETT FOLDER KILLER     FOLDER: where real.py lies; KILLER: of killer.c
"""
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, sys.argv[2], os.path.join(HERE, "..", "support")]
import real  # noqa: E402  pylint: disable=wrong-import-position
import rotation  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import children, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from rotation import DAY, NOW, PRIMARY, SECONDARY, expect  # noqa: E402  pylint: disable=wrong-import-position

KILLER = os.path.abspath(sys.argv[3])
rotation.ZONES = {zone: "" for zone in (
    "killed.test", "full.test", "sigint.test", "sigterm.test", "sighup.test", "publish.test", "nohup.test", "left.test",
    "first.test", "other.test")}
CALLS = 14  # that change files, in one run
GONE = 3600 + DAY + 7 * DAY  # after its last day, when a record may go
LATER = 100 * DAY + GONE  # from one rotation to the next


def run(w, domain, now, at=0, error=0):
    """One `yett key rotate` that is to continue what was begun; whether it was disturbed."""
    conf = os.path.join(w.top, domain + ".conf")
    environment = dict(os.environ, LD_PRELOAD=KILLER if at else "", KILLER_AT=str(at),
                       KILLER_ERROR=str(error))
    environment["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    done = subprocess.run([w.yett, "key", "rotate", "--due", "--no-reload", "--config", conf,
                           "--now", str(now), "--wait", "0"], env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    died = done.returncode < 0
    assert died or done.returncode in (0, 1, 10, 75), (at, done)
    assert not (died and error), done
    if at:
        check(w, domain, (now, at, done))
    return died or (error != 0 and at < CALLS)


def check(w, domain, story):
    """What signs has its file, and its record at every server, whatever happened."""
    keys = w.list(domain)
    for selector, key in keys.items():
        if key["phase"] == "signs":
            assert w.has_file(domain, selector), (selector, story)
            for server in (w.first, w.second):
                assert len(w.record(domain, selector, server)) == 1, (selector, keys, story)
    return keys


def settle(w, domain, now):
    """Nothing that was disturbed stays so."""
    run(w, domain, now)
    keys = w.list(domain)
    signing = {one for one, key in keys.items() if key["phase"] == "signs"}
    phases = {key["phase"] for key in keys.values()}
    assert len(signing) == 1 and phases <= {"signs", "retiring", "unused"}, keys
    folder = os.path.join(w.directory(domain), domain)
    left = [name for name in os.listdir(folder) if name.startswith(".")]
    assert not left, left
    return signing


def each_step_is_disturbed(w, domain, error):
    w.settings(domain, "rotate = true", 'rotate_every = "90d" expire = "1d" rotate_with = "ed25519"')
    now, at, disturbed, seen = NOW, 1, True, set()
    while disturbed:
        disturbed = False
        for stage in range(3):  # made and published; used; the one before it gone
            if stage == 2:  # somebody looked in between
                run(w, domain, now + GONE // 2)
                now += GONE + DAY
            disturbed = run(w, domain, now, at, error) or disturbed
            w.refresh(domain)
            run(w, domain, now)
        w.refresh(domain)
        signing = settle(w, domain, now)
        seen |= signing
        records = {one for one in seen if w.record(domain, one)}
        assert records == signing, (records, signing)
        kept = {name[:-4] for name in os.listdir(os.path.join(w.directory(domain), domain))
                if re.fullmatch(r"s\d+e\d*\.pem", name)}
        assert not kept & (seen - signing), (kept, signing)
        now, at = now + LATER, at + 1
    assert at > 8, at


def killed_at_each_step_nothing_is_lost(w):
    each_step_is_disturbed(w, "killed.test", 0)


def a_full_disk_at_each_step_loses_nothing(w):
    each_step_is_disturbed(w, "full.test", 28)


# ---- stopped from outside ------------------------------------------------------------------

@contextlib.contextmanager
def silence(w, address):
    """A name server that takes questions and does not answer; an address for each test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, w.port))
        server.settimeout(30)
        yield server


def start(line):
    return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            preexec_fn=real.die_with_parent)


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def stop_amid_a_question(w, command, domain, words, number, address):
    with silence(w, address) as server:
        process = start(w.command(command, domain, words, NOW, (PRIMARY, address)))
        server.recv(4096)
        askers = children(process.pid)
        if number == signal.SIGTERM:
            process.send_signal(number)
        else:  # of a terminal: to all that belongs to the command
            os.killpg(process.pid, number)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == -number, (process.returncode, out)
        assert "nothing is half done: the same command goes on from here" in out, out
        assert askers and wait_for(lambda: all(map(is_gone, askers))), askers


def a_rotation_that_is_stopped_goes_on_where_it_was(w):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        domain = number.name.lower() + ".test"
        words = ("--algorithm", "ed25519", "--wait", "30")
        stop_amid_a_question(w, "rotate", domain, words, number, "127.0.0.196")
        assert w.phases(domain) == {"s20251124e": "pending"}
        assert sorted(os.listdir(os.path.join(w.directory(domain), domain))) == \
            ["s20251124e.pem", "state"]
        expect(w.key("rotate", domain, *words[:2]), 75, "was published at")
        w.refresh(domain)
        expect(w.key("rotate", domain, *words[:2]), 0, "s20251124e._domainkey", "signs from now on")


def a_record_that_was_published_before_the_end_is_found(w):
    domain = "publish.test"
    expect(w.key("generate", domain, "--selector", "s1"), 0)
    stop_amid_a_question(w, "publish", domain, ("--wait", "30"), signal.SIGINT, "127.0.0.197")
    expect(w.key("publish", domain), 75, "the record was there already")
    assert len(w.record(domain, "s1")) == 1


def who_does_not_want_to_hear_of_a_closed_terminal_goes_on(w):
    domain, address = "nohup.test", "127.0.0.198"
    with silence(w, address) as server:
        process = start(["nohup", *w.command("rotate", domain, ("--algorithm", "ed25519"), NOW,
                                             (PRIMARY, address))])
        server.recv(4096)
        process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 75 and "stopped" not in out, (process.returncode, out)
    assert "was published at" in out, out


# ---- without the other half ----------------------------------------------------------------

def a_domain_that_takes_the_asker_down_keeps_no_other_from_rotating(w):
    domains, address = ["first.test", "other.test"], "127.0.0.199"
    conf = w.settings(domains[0], "rotate = true", 'rotate_with = "ed25519"')
    with open(conf, encoding="ascii") as file:
        text = file.read().replace(f"{SECONDARY}@", f"{address}@")
    conf = w.file("both.conf", text + f'domain "{domains[1]}" {{ rotate = true }}\n')
    with silence(w, address) as server:
        process = start([w.yett, "key", "rotate", "--due", "--no-reload", "--config", conf,
                         "--now", str(NOW), "--wait", "0"])
        server.recv(4096)
        askers = children(process.pid)
        os.kill(askers[0], signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 75, (process.returncode, out)
    lost = [domain for domain in domains
            if f"{domain}: the process that talks to name servers was ended by signal 9" in out]
    assert len(lost) == 1, out
    assert "another process talks to name servers in place of the one that ended" in out, out
    rest = next(domain for domain in domains if domain not in lost)
    assert f"{rest}: s20251124e._domainkey.{rest} was published at" in out, out
    assert len(askers) > 1 and all(map(is_gone, askers)), askers


def a_file_that_nobody_knows_is_named_and_stays(w):
    """What is left of a rotation that was killed between a key and the state."""
    domain = "left.test"
    folder = os.path.join(w.directory(domain), domain)
    left = os.path.join(folder, "s20251124e.pem")
    expect(w.key("generate", domain, "--algorithm", "ed25519"), 0)
    os.unlink(os.path.join(folder, "state"))
    with open(left, "rb") as file:
        before = file.read()
    done = w.key("rotate", domain, "--algorithm", "ed25519")
    expect(done, 75, "made s20251124e2._domainkey.left.test", f"{left}: the state does not know this key",
           "a command that was killed left it, or somebody put it there", "it may be removed")
    assert "may be removed" not in w.key("rotate", domain, "--algorithm", "ed25519").out
    assert w.phases(domain) == {"s20251124e": "unused", "s20251124e2": "pending"}
    with open(left, "rb") as file:
        assert file.read() == before
    # One that the settings name is somebody's.
    os.unlink(os.path.join(folder, "state"))
    conf = w.settings(domain, 'sign = {"s20251124e"}', 'rotate_with = "ed25519"')
    done = w.key("rotate", domain, "--algorithm", "ed25519", "--config", conf)
    assert "made s20251124e3" in done.out and f"{left}: the state" not in done.out, done


CASES = [killed_at_each_step_nothing_is_lost, a_full_disk_at_each_step_loses_nothing,
         a_rotation_that_is_stopped_goes_on_where_it_was,
         a_record_that_was_published_before_the_end_is_found,
         who_does_not_want_to_hear_of_a_closed_terminal_goes_on,
         a_domain_that_takes_the_asker_down_keeps_no_other_from_rotating,
         a_file_that_nobody_knows_is_named_and_stays]


def main():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, by whom we start as well
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    missing = [t for t in ("knotd", "knotc", "kdig", "knsupdate") if not real.tool(t)]
    skip = f"{', '.join(missing)} not installed" if missing else ""
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-killed-") as top:
        try:
            world = rotation.World(sys.argv[1], top)
            if not skip:
                world.port = real.free_port()
                world.first = rotation.Server(servers, top, PRIMARY, world.port, False)
                world.second = rotation.Server(servers, top, SECONDARY, world.port, True)
            return tap.report([(test.__name__, lambda t=test: t(world), skip) for test in CASES])
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
