#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold every include of src/ against src/LAYERS, the file heads against the rules, and the
folders against the tour."""
import fnmatch
import os
import re
import sys

# Headers of C and POSIX that only compute: what core may include.
PURE = {
    "assert.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "emmintrin.h", "immintrin.h",
}
# And what edge and app may include besides.
SYSTEM = PURE | {
    "arpa/inet.h", "dirent.h", "errno.h", "fcntl.h", "getopt.h", "grp.h", "inttypes.h",
    "linux/capability.h", "linux/landlock.h", "locale.h", "malloc.h", "netinet/in.h",
    "netinet/tcp.h", "poll.h", "pwd.h", "sched.h", "signal.h", "stdatomic.h",
    "sys/file.h", "sys/mman.h", "sys/prctl.h", "sys/random.h", "sys/signalfd.h", "sys/socket.h", "sys/stat.h", "sys/syscall.h",
    "sys/time.h", "sys/types.h", "sys/uio.h", "sys/un.h", "sys/ioctl.h", "sys/resource.h",
    "sys/wait.h", "sysexits.h", "syslog.h", "time.h", "unistd.h",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def read_layers(path):
    layers = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            folder, rest = line.split(":", 1)
            own, _, foreign = rest.partition("|")
            if folder in layers:
                sys.exit(f"{path}:{number}: {folder} stands twice")
            for name in own.split():
                if "*" not in name and name not in layers:
                    sys.exit(f"{path}:{number}: {name} is not below {folder}")
            layers[folder] = (own.split(), foreign.split())
    return layers


def is_door(folder, header):
    return folder == "core/base" or header == folder + "/" + os.path.basename(folder) + ".h"


def faults_of(src, folder, name, layers):
    may, foreign = layers[folder]
    system = PURE if folder.startswith("core/") else SYSTEM
    with open(os.path.join(src, folder, name), encoding="utf-8") as file:
        text = file.read()
    if not text.startswith("/* SPDX-License-Identifier: BSD-2-Clause */\n"):
        yield "does not begin with the licence line"
    for quote, header in INCLUDE.findall(text):
        if quote == "<":
            if header not in system and not any(fnmatch.fnmatch(header, f) for f in foreign):
                yield f"may not include <{header}>"
            continue
        target = os.path.dirname(header)
        if not os.path.exists(os.path.join(src, header)):
            yield f'"{header}" does not exist'
        elif target == folder:
            continue
        elif not any(fnmatch.fnmatch(target, pattern) for pattern in may):
            yield f'may not include "{header}"'
        elif not is_door(target, header):
            yield f'"{header}" is not the door of {target}'


def main():
    src = sys.argv[1]
    layers = read_layers(os.path.join(src, "LAYERS"))
    faults = []
    seen = set()
    for root, _, names in sorted(os.walk(src)):
        folder = os.path.relpath(root, src)
        sources = sorted(n for n in names if n.endswith((".c", ".h")))
        if not sources:
            continue
        seen.add(folder)
        if folder not in layers:
            faults.append(f"{folder}: has no line in src/LAYERS")
            continue
        for name in sources:
            faults += [f"{folder}/{name}: {f}" for f in faults_of(src, folder, name, layers)]
    for folder in sorted(set(layers) - seen):
        faults.append(f"src/LAYERS names {folder}, which has no source")
    with open(os.path.join(src, "..", "doc", "architecture.md"), encoding="utf-8") as file:
        tour = file.read()
    faults += [f"doc/architecture.md does not tell of {folder}" for folder in sorted(seen)
               if f"| `{folder}` |" not in tour]
    print("1..1")
    print("ok 1 - every include stays within its layer" if not faults
          else "not ok 1 - every include stays within its layer")
    for fault in faults:
        print("# " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
