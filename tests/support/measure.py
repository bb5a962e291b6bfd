# SPDX-License-Identifier: BSD-2-Clause
"""Run a program and write its time and the most memory that it had into a file, as JSON.

    measure.py FILE PROGRAM [ARGUMENT...]

A small process of its own: Linux counts the memory of the one that starts a program as the
program's, up to exec(2).
"""
import json
import os
import sys
import time


def main():
    begin = time.monotonic()
    pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(pid, 0)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump({"status": os.waitstatus_to_exitcode(status), "wall_s": time.monotonic() - begin,
                   "cpu_s": usage.ru_utime + usage.ru_stime, "rss_mib": usage.ru_maxrss / 1024}, out)


if __name__ == "__main__":
    main()
