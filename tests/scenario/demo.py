#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What `make run` shows.

    demo.py TOP YETT
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import tap  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE = 120


class Shown:
    """The output, run once."""

    def __init__(self, top, yett):
        self.done = subprocess.run([os.path.join(top, "tools", "demo"), os.path.abspath(yett)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        self.text = self.done.stdout.decode(errors="replace")

    def part(self, start, end):
        return self.text.split(start, 1)[1].split(end, 1)[0]


def it_ends_well(shown):
    assert shown.done.returncode == 0, shown.text[-3000:]


def each_message_is_judged_offline_and_by_the_gateway(shown):
    folder = os.path.join(sys.argv[1], "samples/Maildir/cur")
    names = [name.split(":")[0] for name in os.listdir(folder) if not name.startswith(".")]
    for part in (shown.part("judged offline", "The gateway on"),
                 shown.part("The gateway on", "The same with"),
                 shown.part("The same with", "wrote to its log")):
        missing = [name for name in names if name not in part]
        assert not missing, missing


def by_default_it_only_observes(shown):
    part = shown.part("The gateway on", "The same with")
    assert part.count("Authentication-Results:") == part.count("\n      accepted\n") == 10, part
    assert not re.search(r"^      [45]\d\d ", part, re.MULTILINE), part


def enforce_refuses_defers_and_marks(shown):
    part = shown.part("The same with", "wrote to its log")
    for text in ("550 5.7.26 DMARC", "451 4.4.3", "+ X-Yett-Quarantine:", "+ X-Yett-Tag:"):
        assert text in part, f"{text}: {part}"


def the_log_has_a_line_for_each_message(shown):
    part = shown.part("wrote to its log", "To put it behind Postfix")
    assert part.count("listener=") == 10 and "enforce would" in part, part


def nothing_of_it_stays(shown):
    pid = re.search(r"\(process (\d+),", shown.text)
    assert pid, "yett status shows no process"
    assert not os.path.exists(f"/proc/{pid[1]}"), "a gateway is still there"


def main():
    shown = Shown(*sys.argv[1:3])
    return tap.report([(test.__name__, lambda test=test: test(shown), "") for test in (
        it_ends_well, each_message_is_judged_offline_and_by_the_gateway,
        by_default_it_only_observes, enforce_refuses_defers_and_marks,
        the_log_has_a_line_for_each_message, nothing_of_it_stays)])


if __name__ == "__main__":
    sys.exit(main())
