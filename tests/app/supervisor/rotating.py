#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rotation that `yett serve` starts knows what its gateways sign with.

    rotating.py YETT UNIT
"""
import contextlib
import fcntl
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]
import house  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import NOW, Gateway, free_port, wait_for  # noqa: E402  pylint: disable=wrong-import-position

DAY = 86400
DOMAIN = "example.org"
BEFORE = f"key k1 ed25519 active {NOW - 70 * DAY}\n"
# Done by somebody who told nobody: k1 is to go at once.
BEHIND_THEIR_BACK = (f"seen {NOW - DAY}\n"
                     f"key k1 ed25519 retiring {NOW - 60 * DAY} {NOW - 30 * DAY}\n"
                     f"key k2 ed25519 active {NOW - 60 * DAY}\n")


def put_state(folder, text):
    path = os.path.join(folder, "state")
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)


@contextlib.contextmanager
def locked(folder):
    """Whoever wants to change the keys waits, for three seconds."""
    fd = os.open(folder, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def changed_after_the_start(gateway, folder):
    """Between the table of what is signed and the first rotation.  False: it came too late."""
    put_state(folder, BEFORE)
    with locked(folder):
        gateway.start()
        put_state(folder, BEHIND_THEIR_BACK)
    wait_for(lambda: "keys: " in gateway.log())
    return "another yett is at work" not in gateway.log()


def a_key_that_gateways_have_is_not_cleared_away():
    with house.folder() as top:
        keys = os.path.join(top, "keys")
        for selector in ("k1", "k2"):
            done = house.run("key", "generate", DOMAIN, "--directory", keys, "--selector",
                             selector, "--algorithm", "ed25519")
            assert done.returncode == 0, done
        folder = os.path.join(keys, DOMAIN)
        settings = (f'dns {{ resolver = "127.0.0.1@{free_port()}" }}\n'  # nobody is there
                    f'signing {{ keys_directory = "{keys}" rotate_with = "ed25519" }}\n'
                    f'domain "{DOMAIN}" {{ rotate = true }}\n')
        for _ in range(5):
            with Gateway(house.YETT, zone=None, settings=settings, start=False) as gateway:
                if not changed_after_the_start(gateway, folder):
                    continue
                gateway.wait_log("k2: the gateway does not sign with it yet")
                gateway.wait_log("k1: something still signs with it")
                gateway.wait_log("other keys sign: reloads")
                assert wait_for(lambda: gateway.status()["reloads"] == 1), gateway.log()
                house.holds("\n".join(os.listdir(folder)), "k1.pem", "k2.pem")
                assert "cannot be reached" not in gateway.log(), gateway.log()
                return
        raise AssertionError("the rotation was always too early")


TESTS = [(test.__name__, test, "") for test in (a_key_that_gateways_have_is_not_cleared_away,)]

if __name__ == "__main__":
    sys.exit(tap.report(TESTS))
