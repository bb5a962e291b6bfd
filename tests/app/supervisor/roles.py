#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The supervisor against gateways that misbehave (fake.c).

    roles.py FAKE YETT
"""
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "support")]
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, children, wait_for  # noqa: E402  pylint: disable=wrong-import-position

FAKE, YETT = (os.path.abspath(path) for path in sys.argv[1:3])


class Fake(Gateway):
    """Gateways of `mood`, two of them."""

    def __init__(self, mood, settings="", start=True):
        self.mood = mood
        super().__init__(YETT, zone="", settings="workers = 2\n" + settings, start=False)
        self.change(mood)
        if start:
            self.start()

    def change(self, mood):
        """Counts for gateways that are started from now on."""
        self.write("zone", f"$TTL 3600\n; fake: {mood}\n")

    def command(self):
        return [FAKE, self.config_path, self.zone_path]

    def start(self, wait=True):
        super().start(wait=False)
        if wait:
            self.wait_log("started: ")

    def end(self):
        """Wait for its end; the exit status."""
        return self.process.wait(60)


def started_two(fake):
    assert wait_for(lambda: len(fake.workers()) == 2), fake.log()
    return set(fake.workers())


# ---- at the start --------------------------------------------------------------------------

def a_gateway_that_cannot_work_ends_the_start():
    with Fake("fail", start=False) as fake:
        fake.start(wait=False)
        assert fake.end() == 1
        assert "error: this and; that is missing" in fake.log(), fake.log()
        assert not children(fake.process.pid)


def a_gateway_that_crashes_ends_the_start():
    with Fake("crash", start=False) as fake:
        fake.start(wait=False)
        assert fake.end() == 1
        assert "died of SIGABRT" in fake.log(), fake.log()


def a_gateway_that_ends_by_itself_ends_the_start():
    with Fake("quit", start=False) as fake:
        fake.start(wait=False)
        assert fake.end() == 1
        assert "ended with status 3" in fake.log(), fake.log()


def a_program_of_another_version_is_named():
    with Fake("other-version", start=False) as fake:
        fake.start(wait=False)
        assert fake.end() == 1
        assert "another version" in fake.log(), fake.log()


# ---- at a reload ---------------------------------------------------------------------------

def gateways_that_cannot_work_leave_the_old_ones_in_place():
    with Fake("good") as fake:
        for mood, words in (("fail", "that is missing"), ("crash", "SIGABRT"),
                            ("quit", "status 3"), ("other-version", "another version")):
            old, before = started_two(fake), len(fake.log())
            fake.change(mood)
            fake.reload()
            line = fake.wait_log("reload failed", after=before)
            assert words in line and "stay in force" in line, line
            assert wait_for(lambda: set(fake.workers()) == old), fake.log()
        answer = fake.status()
        assert answer["reloads_failed"] == 4 and answer["reloads"] == 0, answer
        assert "another version" in answer["reload_error"], answer
        fake.change("good")
        before = len(fake.log())
        fake.reload()
        fake.wait_log("reloaded: ", after=before)
        assert wait_for(lambda: len(fake.workers()) == 2 and not old & set(fake.workers()))
        assert fake.status()["reload_error"] is None
        assert fake.stop() == 0


def gateways_that_do_not_get_ready_leave_the_old_ones_in_place():
    with Fake("good") as fake:
        old = started_two(fake)
        fake.change("unready")
        fake.reload()
        assert wait_for(lambda: len(fake.workers()) == 4), fake.log()
        assert {one["state"] for one in fake.status()["generations"]} == {"current", "starting"}
        line = fake.wait_log("reload failed", seconds=60)
        assert "not ready within 30 seconds" in line, line
        assert wait_for(lambda: set(fake.workers()) == old), fake.log()


def reloads_are_joined_and_generations_are_few():
    settings = "limits { shutdown_timeout = \"4s\" }\n"
    with Fake("deaf", settings) as fake:
        most = 0
        for _ in range(40):
            fake.reload()
            most = max(most, len(fake.status()["generations"]))
            time.sleep(0.05)
        assert most == 4, most
        fake.wait_log("waits until")
        fake.change("good")
        # Deaf ones are killed when their time is over, and the one reload that waited comes then.
        fake.wait_log("did not leave in time")
        assert wait_for(lambda: fake.status()["reloads"] == 4
                        and len(fake.status()["generations"]) == 1), fake.status()
        assert len(fake.workers()) == 2, fake.status()
        assert fake.stop() == 0


# ---- watching ------------------------------------------------------------------------------

def a_gateway_without_a_sign_of_life_is_killed_and_replaced():
    with Fake("mute") as fake:
        old = started_two(fake)
        fake.change("good")
        line = fake.wait_log("no sign of life", seconds=40)
        assert "10 s" in line, line
        assert wait_for(lambda: len(fake.workers()) == 2 and not old & set(fake.workers())), \
            fake.log()
        assert fake.status()["restarts"] == 2


def one_that_is_stopped_is_killed_and_replaced():
    with Fake("good") as fake:
        old = started_two(fake)
        victim = min(old)
        os.kill(victim, signal.SIGSTOP)
        fake.wait_log(f"gateway {victim} gave no sign of life", seconds=40)
        assert wait_for(lambda: len(fake.workers()) == 2 and victim not in fake.workers())
        assert max(old) in fake.workers(), "the other one was touched"


def one_that_never_stops_talking_keeps_nobody_busy():
    with Fake("good") as fake:
        victim = min(started_two(fake))
        fake.change("chatter")
        os.kill(victim, signal.SIGKILL)
        line = fake.wait_log("more than a gateway has to say")
        assert "error: gateway" in line, line
        assert fake.status()["restarts"] >= 1, "the supervisor has no time to answer"
        fake.change("good")
        assert wait_for(lambda: [one["state"] for one in fake.status()["workers"]]
                        == ["ready"] * 2), fake.status()
        assert fake.stop() == 0


def what_dies_again_and_again_is_started_again_ever_more_slowly():
    with Fake("good") as fake:
        fake.change("die")
        for pid in started_two(fake):
            os.kill(pid, signal.SIGKILL)
        line = fake.wait_log("died of SIGSEGV")
        assert "while it worked on message 000000000000004d" in line, line
        fake.wait_log("answered by on_internal_error from now on")
        fake.wait_log("the next start is in 1 s")
        fake.wait_log("the next start is in 4 s")
        answer = fake.status()
        assert answer["poisoned_messages"] == 1, answer
        assert answer["restarts"] < 40, answer
        fake.change("good")
        assert wait_for(lambda: [one["state"] for one in fake.status()["workers"]]
                        == ["ready"] * 2), fake.status()
        assert fake.stop() == 0


def who_is_no_gateway_can_have_no_message_blamed():
    with Fake("good", "dkim { autopsy = true }\n") as fake:
        assert wait_for(lambda: fake.status()["examiner_restarts"] >= 4), fake.log()
        assert fake.status()["poisoned_messages"] == 0
        line = fake.wait_log("died of SIGSEGV")
        assert "error: examiner" in line and "message" not in line, line
        assert fake.status()["restarts"] == 0
        assert fake.stop() == 0


# ---- the end -------------------------------------------------------------------------------

def one_that_does_not_leave_is_killed_after_its_time():
    with Fake("deaf", "limits { shutdown_timeout = \"1s\" }\n") as fake:
        started_two(fake)
        start = time.monotonic()
        assert fake.stop() == 0, fake.log()
        assert time.monotonic() - start >= 6, "not even its time and 5 s"
        assert "did not leave in time" in fake.log(), fake.log()


def a_second_signal_stops_at_once():
    with Fake("deaf") as fake:
        pids = started_two(fake)
        fake.process.terminate()
        fake.wait_log("stops when")
        assert fake.process.poll() is None
        fake.process.send_signal(signal.SIGINT)
        assert fake.end() == 0
        assert wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids))


def gateways_do_not_outlive_the_supervisor():
    with Fake("deaf") as fake:
        pids = started_two(fake)
        os.kill(fake.process.pid, signal.SIGKILL)
        fake.process.wait()
        assert wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids)), pids


def cases():
    for test in (gateways_that_do_not_get_ready_leave_the_old_ones_in_place,
                 what_dies_again_and_again_is_started_again_ever_more_slowly,
                 a_gateway_without_a_sign_of_life_is_killed_and_replaced,
                 one_that_is_stopped_is_killed_and_replaced,
                 one_that_never_stops_talking_keeps_nobody_busy,
                 reloads_are_joined_and_generations_are_few,
                 who_is_no_gateway_can_have_no_message_blamed,
                 one_that_does_not_leave_is_killed_after_its_time,
                 a_gateway_that_cannot_work_ends_the_start,
                 a_gateway_that_crashes_ends_the_start,
                 a_gateway_that_ends_by_itself_ends_the_start,
                 a_program_of_another_version_is_named,
                 gateways_that_cannot_work_leave_the_old_ones_in_place,
                 a_second_signal_stops_at_once,
                 gateways_do_not_outlive_the_supervisor):
        yield test.__name__, test, ""


if __name__ == "__main__":
    sys.exit(tap.report(list(cases())))
