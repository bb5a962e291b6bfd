#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each file that is a test is one that is run: its folder's meson.build names it.

    registered.py TESTS
"""
import os
import re
import sys


def is_test(path):
    """A program that reports, not a part of others nor a tool of theirs."""
    if not path.endswith((".c", ".py")):
        return False
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".c"):
        return "cmocka_run_group_tests(" in text
    reports = re.search(r"^ *(?:import|from) (?:tap|postfix_site|signing)\b", text, re.MULTILINE)
    return reports is not None and 'if __name__ == "__main__"' in text


def faults(root):
    for folder, _, names in sorted(os.walk(root)):
        build = os.path.join(folder, "meson.build")
        text = ""
        if os.path.exists(build):
            with open(build, encoding="utf-8") as file:
                text = file.read()
        for name in sorted(names):
            stem = re.escape(os.path.splitext(name)[0])
            if is_test(os.path.join(folder, name)) and \
                    not re.search(rf"'(?:{stem}|{re.escape(name)})'", text):
                yield f"{os.path.relpath(os.path.join(folder, name), root)} is never run"


def main():
    found = list(faults(sys.argv[1]))
    print("1..1")
    print(("not ok" if found else "ok") + " 1 - each test is run")
    for one in found:
        print(f"# {one}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
