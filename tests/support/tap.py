# SPDX-License-Identifier: BSD-2-Clause
"""Cases (name, call, reason to skip) as the Test Anything Protocol has them."""
import subprocess
from concurrent.futures import ThreadPoolExecutor


def outcome(case):
    name, test, skip = case
    if skip:
        return True, f"{name} # SKIP {skip}", ""
    try:
        reason = test()
    except (AssertionError, IndexError, KeyError, ValueError, OSError,
            subprocess.SubprocessError) as error:
        return False, name, f"{type(error).__name__}: {error}"
    return True, name + (f" # SKIP {reason}" if reason else ""), ""


def named(functions, *arguments, skip=""):
    """Cases that are functions, named for what they are called."""
    return [(function.__name__.replace("_", " "), lambda f=function: f(*arguments), skip)
            for function in functions]


def report(all_cases):
    """Run them, four at a time; the exit status."""
    failed = 0
    print(f"1..{len(all_cases)}", flush=True)
    pool = ThreadPoolExecutor(4)
    try:
        for number, (good, line, why) in enumerate(pool.map(outcome, all_cases), 1):
            print(("ok" if good else "not ok") + f" {number} - {line}", flush=True)
            for text in why.splitlines():
                print("# " + text, flush=True)
            failed += not good
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return 1 if failed else 0
