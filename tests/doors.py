#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A folder's door tells what each of its files is for, and of no file that is not there.

Told it is in the overview, the comment at the top of the door; where that names another header
of the folder ("inside.h"), in the one at the top of that header as well.
"""
import fnmatch
import os
import re
import sys

# Boxes of files that have little to do with each other: each header tells of its own.
DOORLESS = {"core/base", "app/cli"}
# Told in part; to be completed.
EXCEPTED = set()

OVERVIEW = re.compile(r"^/\*\n \* [a-z_0-9]+:.*?\*/", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?<![\w/*.])[\w*]+\.[ch]\b")


def overview(path):
    with open(path, encoding="utf-8") as file:
        found = OVERVIEW.search(file.read())
    return found.group(0) if found else ""


def faults_of(root, folder, names):
    door = os.path.basename(folder) + ".h"
    if folder in DOORLESS or folder in EXCEPTED:
        return
    if door not in names:
        yield f"{folder}: has no door {door}"
        return
    named = NAMED.findall(overview(os.path.join(root, door)))
    for header in [n for n in named if n.endswith(".h") and n in names and n != door]:
        named += NAMED.findall(overview(os.path.join(root, header)))
    sources = [n for n in names if n.endswith(".c")]
    for name in sources if len(sources) > 1 else []:
        if not any(fnmatch.fnmatch(name, n) for n in named):
            yield f"{folder}: {door} does not tell what {name} is for"
    for name in sorted(set(named)):
        if name.endswith(".c") and not fnmatch.filter(sources, name):
            yield f"{folder}: {door} tells of {name}, which is not there"


def main():
    src = sys.argv[1]
    faults = []
    for root, _, names in sorted(os.walk(src)):
        if any(n.endswith(".c") for n in names):
            faults += faults_of(root, os.path.relpath(root, src), sorted(names))
    print("1..1")
    print(("not ok" if faults else "ok") + " 1 - every door tells what its files are for")
    for fault in faults:
        print("# " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
