#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gateways that die behind a real Postfix: what becomes of the mail.

    crash.py YETT-WITH-PLANTED-FAULTS
"""
import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from load import Load  # noqa: E402  pylint: disable=wrong-import-position

OURS = "mx.example.com"
ZONE = 'plain.test. TXT "v=spf1 -all"\n'
SETTINGS = 'mode = "enforce"\nworkers = 2\n'
KILLING_S = 6


class Pair:
    """A gateway and a Postfix before it."""

    def __init__(self, yett, settings=""):
        self.gateway = Gateway(yett, ZONE, SETTINGS + settings)
        self.postfix = postfix.Postfix(
            f"smtpd_milters = inet:127.0.0.1:{self.gateway.ports[0]}\n"
            "milter_default_action = tempfail\nmilter_connect_timeout = 10s\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.postfix.__exit__()
        self.gateway.__exit__()

    def send(self, raw, rcpt):
        return self.postfix.send("ann@plain.test", rcpt, raw, ip="203.0.113.9")


def message(number, *fields):
    more = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return (f"From: Ann <ann@plain.test>\r\n{more}Subject: {number}\r\nMessage-ID: "
            f"<{number}@plain.test>\r\n\r\nHello\r\n").encode()


def good(number):
    return "ann@plain.test", message(number)


def is_checked(stored):
    """Our field once, and what the settings ask for."""
    results = [text for text in stored.values("Authentication-Results") if text.startswith(OURS)]
    assert len(results) == 1 and "spf=fail" in results[0], stored.raw
    assert len(stored.values("X-Yett-Tag")) == 1, stored.raw


def all_other_mail_was_checked(load):
    assert not load.faults and not load.given_up, (load.faults, load.given_up)
    stored = load.stored()
    assert len(stored) > 20, f"only {len(stored)} messages flowed"
    for one in stored.values():
        is_checked(one)


# ---- a message that takes gateways down ----------------------------------------------------

def poisoned_at_the_third_time(yett, word):
    bad = message("bad", ("X-Yett-Test-Crash", word))
    with Pair(yett) as pair, Load(pair.postfix, good, clients=2) as load:
        for _ in range(2):
            workers = set(pair.gateway.workers())
            reply = pair.send(bad, "bad@rcpt.test")
            # In Postfix's words: nobody is left who could say anything.
            assert reply.code == 451 and "id" not in reply.text.split(), reply
            assert wait_for(lambda: set(pair.gateway.workers()) != workers), pair.gateway.log()
            assert wait_for(lambda: len(pair.gateway.workers()) == 2), pair.gateway.log()
        flowed = len(load.accepted)
        assert wait_for(lambda: len(load.accepted) > flowed + 10)
        workers, before, quiet = pair.gateway.workers(), len(pair.gateway.log()), len(load.deferrals)
        reply = pair.send(bad, "bad@rcpt.test")
        assert reply.code == 451, reply
        # From another client it is the same message.
        again = postfix.Client(pair.postfix.port, ip="192.0.2.77", helo="other.test")
        with again as client:
            assert client.send("ann@plain.test", ["bad@rcpt.test"], bad).code == 451
        line = pair.gateway.wait_log("workers of the gateway failed", after=before)
        assert "deferred" in line and "[internal-error]" in line, line
        assert pair.gateway.workers() == workers, "a worker died for the third time"
        flowed = len(load.accepted)
        assert wait_for(lambda: len(load.accepted) > flowed + 10)
        assert len(load.deferrals) == quiet, load.deferrals[quiet:]
        load.end()
        all_other_mail_was_checked(load)
        assert not pair.postfix.mailbox("bad@rcpt.test"), "accepted unchecked"


def a_message_that_kills_gateways_is_not_parsed_for_the_third_time(yett):
    poisoned_at_the_third_time(yett, "now")


def a_message_that_hangs_gateways_is_not_parsed_for_the_third_time(yett):
    poisoned_at_the_third_time(yett, "hang")


def it_is_accepted_unchecked_only_if_set_so(yett):
    forged = ("Authentication-Results", f"{OURS}; dmarc=pass")
    bad = message("bad", forged, ("X-Yett-Test-Crash", "now"), forged, ("X-Yett-Tag", "clean"))
    with Pair(yett, 'on_internal_error = "accept"\n') as pair:
        for _ in range(2):
            assert pair.send(bad, "bad@rcpt.test").code == 451
        assert wait_for(lambda: len(pair.gateway.workers()) == 2)
        reply = pair.send(bad, "bad@rcpt.test")
        assert reply.accepted, reply
        stored = pair.postfix.delivered("bad@rcpt.test")
        assert not stored.values("Authentication-Results"), stored.raw
        assert not stored.values("X-Yett-Tag"), stored.raw


# ---- gateways that somebody kills ----------------------------------------------------------

def killed_gateways_lose_no_message_and_let_none_through(yett):
    random.seed(3)
    with Pair(yett) as pair, Load(pair.postfix, good) as load:
        assert wait_for(lambda: len(load.accepted) > 10)
        killed, end = 0, time.monotonic() + KILLING_S
        while time.monotonic() < end:
            for pid in random.sample(pair.gateway.workers(), 1) if pair.gateway.workers() else []:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            time.sleep(random.uniform(0.02, 0.3))
        assert wait_for(lambda: len(pair.gateway.workers()) == 2), pair.gateway.log()
        flowed = len(load.accepted)
        assert wait_for(lambda: len(load.accepted) > flowed + 10)
        load.end()
        assert killed > 10, killed
        all_other_mail_was_checked(load)
        # Nothing else was delivered than what the clients were told.
        pair.postfix.sort()
        assert len(pair.postfix.boxes) == len(load.accepted)


def cases(yett, skip):
    for test in (a_message_that_hangs_gateways_is_not_parsed_for_the_third_time,
                 a_message_that_kills_gateways_is_not_parsed_for_the_third_time,
                 it_is_accepted_unchecked_only_if_set_so,
                 killed_gateways_lose_no_message_and_let_none_through):
        yield test.__name__, lambda test=test: test(yett), skip


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return tap.report(list(cases(sys.argv[1], postfix.why_not())))


if __name__ == "__main__":
    sys.exit(main())
