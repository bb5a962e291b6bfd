#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A rotation that is killed, or whose disk is full, before each change of a file.

    killed.py YETT FOLDER KILLER     FOLDER: where real.py lies; KILLER: of killer.c
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, sys.argv[2], os.path.join(HERE, "..", "support")]
import real  # noqa: E402  pylint: disable=wrong-import-position
import rotation  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from rotation import DAY, NOW, PRIMARY, SECONDARY  # noqa: E402  pylint: disable=wrong-import-position

KILLER = os.path.abspath(sys.argv[3])
rotation.ZONES = {"killed.test": "", "full.test": ""}
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


CASES = [killed_at_each_step_nothing_is_lost, a_full_disk_at_each_step_loses_nothing]


def main():
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
