#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve`: new settings, new listeners, a new program; what outlasts them.

    reload.py YETT UNIT
"""
import os
import shutil
import signal
import socket
import stat
import sys
import time

sys.dont_write_bytecode = True
from house import MAIL, YETT, ZONE, folder, holds, judged, read, refuses, reloaded
from gateway import Gateway, children, wait_for
import tap


# ---- the secret ----------------------------------------------------------------------------

def a_secret_is_made_once():
    with Gateway(YETT, ZONE) as gateway:
        path = os.path.join(gateway.folder, "secret")
        with open(path, "rb") as file:
            secret = file.read()
        assert len(secret) == 32 and stat.S_IMODE(os.stat(path).st_mode) == 0o600
        settings = gateway.status()["settings"]
        assert reloaded(gateway)
        assert gateway.stop() == 0
        gateway.start()
        with open(path, "rb") as file:
            assert file.read() == secret
        assert gateway.status()["settings"] == settings
        with open(path, "wb") as file:
            file.write(b"short")
        line = reloaded(gateway, "reload failed")
        holds(line, path, "no secret of 32 octets")
        with open(path, "wb"):
            pass  # what a loss of power leaves
        assert reloaded(gateway)
        assert os.path.getsize(path) == 32
        assert gateway.status()["settings"] == settings


def without_a_place_for_the_secret_it_goes_on():
    with Gateway(YETT, ZONE, start=False) as gateway:
        text = read(gateway.config_path).replace(f'"{gateway.folder}"', '"/proc/nowhere"')
        gateway.write("yett.conf", text)
        gateway.start()
        gateway.wait_log("cannot be kept in /proc/nowhere")
        settings = gateway.status()["settings"]
        assert reloaded(gateway)
        assert gateway.status()["settings"] == settings, "the secret is no setting"


# ---- reloads -------------------------------------------------------------------------------

def a_reload_changes_settings_and_keeps_connections():
    with Gateway(YETT, ZONE, 'authserv_id = "old.example"\n') as gateway:
        old = gateway.workers()
        with gateway.connect() as held:
            gateway.configure('authserv_id = "new.example"\nworkers = 2\n')
            reloaded(gateway)
            assert "new.example" in judged(gateway).values("Authentication-Results")[0]
            assert {one["state"] for one in gateway.status()["generations"]} \
                == {"leaving", "current"}, gateway.status()
            result = held.message(None, MAIL)
            assert "old.example" in result.values("Authentication-Results")[0], result.fields
            held.quit()
        assert wait_for(lambda: not set(old) & set(gateway.workers())), gateway.log()
        answer = gateway.status()
        assert answer["reloads"] == 1 and len(answer["generations"]) == 1, answer
        assert answer["counters"]["messages"] == 2, answer


def a_bad_reload_leaves_everything_as_it_was():
    with socket.create_server(("127.0.0.1", 0)) as taken, Gateway(YETT, ZONE) as gateway:
        pids, before = gateway.workers(), gateway.status()["settings"]
        rows = [('mode = "enfroce"\n', "yett.conf:6: mode"), ("listen {", "yett.conf"),
                (f'listen t {{ address = "inet:127.0.0.1:{taken.getsockname()[1]}" }}\n',
                 "another program listens there"),
                ('listen u { address = "unix:/nowhere/at/all.sock" }\n',
                 "make it (mkdir /nowhere/at)"),
                ('listen u { address = "unix:/dev/null" }\n', "it is no socket"),
                (f'listen any {{ address = "inet:0.0.0.0:{gateway.ports[0]}" }}\n', "address"),
                (f'listen g {{ address = "unix:{gateway.folder}/g.sock" group = "no-group" }}\n',
                 'group: there is no group "no-group"')]
        for text, words in rows:
            gateway.configure(text)
            holds(reloaded(gateway, "reload failed"), "stay in force", words)
            judged(gateway)
        assert gateway.workers() == pids and gateway.status()["settings"] == before
        assert gateway.status()["reloads_failed"] == len(rows)
        gateway.configure('mode = "enforce"\n')
        reloaded(gateway)
        assert gateway.status()["reload_error"] is None
        assert gateway.status()["settings"] != before
        judged(gateway)


def listeners_come_and_go():
    with Gateway(YETT, ZONE, listeners=("", "")) as gateway:
        first, second = gateway.address(0), gateway.address(1)
        with gateway.connect(1) as held:  # keeps the old gateway alive
            gateway.listeners = ("",)
            gateway.configure("")
            reloaded(gateway)
            assert wait_for(lambda: refuses(second)), "who connects there waits in vain"
            judged(gateway)
            assert held.message(None, MAIL).accepted
            held.quit()
        gateway.listeners = ("", "")
        gateway.configure("")
        reloaded(gateway)
        judged(gateway, 1)
        gateway.stop()
        assert refuses(first) and refuses(second)


def settings_that_take_too_long_are_given_up():
    with Gateway(YETT, ZONE) as gateway:
        good = gateway.config_path
        os.rename(good, good + ".good")
        os.mkfifo(good)
        gateway.reload()
        assert wait_for(lambda: len(children(gateway.process.pid)) == 2), gateway.log()
        victim = gateway.workers()[0]
        os.kill(victim, signal.SIGKILL)  # is watched meanwhile
        assert wait_for(lambda: gateway.workers() and victim not in gateway.workers())
        judged(gateway)
        line = gateway.wait_log("reload failed", seconds=60)
        holds(line, "more than 30 seconds")
        os.rename(good + ".good", good)
        reloaded(gateway)


def a_stop_at_any_time_of_a_reload_ends():
    """The role that reads the settings may be the last to go."""
    for number in range(16):
        with Gateway(YETT, ZONE) as gateway:
            gateway.wait_log("started: ")
            for _ in range(1 + number % 4):
                gateway.reload()
                time.sleep(0.004 * (number % 5))
            assert gateway.stop(15) == 0, gateway.log()


def after_an_upgrade_a_reload_starts_the_new_program():
    with folder() as at:
        program = os.path.join(at, "yett")
        shutil.copy(YETT, program)
        with Gateway(program, ZONE) as gateway:
            old = os.stat(f"/proc/{gateway.workers()[0]}/exe").st_ino
            shutil.copy(YETT, program + ".new")
            os.rename(program + ".new", program)
            reloaded(gateway)
            assert wait_for(lambda: len(gateway.workers()) == 1)
            assert os.stat(f"/proc/{gateway.workers()[0]}/exe").st_ino == os.stat(program).st_ino
            assert os.stat(program).st_ino != old
            judged(gateway)
            os.rename(program, program + ".gone")
            line = reloaded(gateway, "reload failed")
            holds(line, "could not be executed")
            gateway.wait_log("restart yett")
            judged(gateway)
            os.rename(program + ".gone", program)
            assert gateway.stop() == 0


CASES = [(test.__name__, test, "") for test in (
    settings_that_take_too_long_are_given_up, a_secret_is_made_once,
    without_a_place_for_the_secret_it_goes_on,
    a_reload_changes_settings_and_keeps_connections, a_bad_reload_leaves_everything_as_it_was,
    listeners_come_and_go, a_stop_at_any_time_of_a_reload_ends,
    after_an_upgrade_a_reload_starts_the_new_program)]

if __name__ == "__main__":
    sys.exit(tap.report(CASES))
