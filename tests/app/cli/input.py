# SPDX-License-Identifier: BSD-2-Clause
"""Bad input to `yett check`: a clear word about it, nothing lost, time and memory bounded.

    input.py YETT
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from world import BANK, OTHER, TIMEOUT_S, TOP, World, holds, plain, same
from mail import dkim_signature, text_of
import tap

MIB = 1 << 20
HEAD = b"From: a@bank.test\r\nSubject: big\r\nMessage-ID: <1@bank.test>\r\n\r\n"
FROM_BANK = ["--ip", BANK, "--mail-from", "a@bank.test"]


def good(world):
    return world.message(HEAD + b"Hello\r\n")


# ---- files ------------------------------------------------------------------------------------

def among_good_ones(world, path, words):
    """It is named, with what is wrong; those before and behind it are judged."""
    first, last = good(world), good(world)
    done = world.check("--json", *FROM_BANK, first, path, last)
    same(done.status, 2, "status")
    same([line["message"]["file"] for line in done.lines() if "error" not in line],
         [first, last], "files judged")
    told = done.err + "".join(line.get("error", "") for line in done.lines())
    holds(told, f"{path}: {words}")
    story = world.check(*FROM_BANK, first, path, last)
    same((story.status, story.err), (2, f"yett check: {path}: {words}\n"), "outcome in words")
    same(story.out.count("Verdict   accept"), 2, "stories")


def missing(world):
    among_good_ones(world, world.path("there-is-none"), "no such file")


def below_a_file(world):
    among_good_ones(world, good(world) + "/x", "a part of the path is no directory")


def no_maildir(world):
    path = world.path("folder")
    os.mkdir(path)
    world.file("folder/mail.eml", HEAD)
    done = world.check(path)
    same((done.status, done.out), (2, ""), "outcome")
    holds(done.err, path + ": is a directory, but")


def empty(world):
    among_good_ones(world, world.message(b""), "is empty: there is no message in it")
    same(world.check(data=b"").status, 2, "status of empty standard input")


def a_device(world):
    among_good_ones(world, "/dev/null", "is a device; only files, FIFOs and directories are read")


def a_socket(world):
    path = world.path("socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        among_good_ones(world, path, "is a socket; only files, FIFOs and directories are read")


def a_loop(world):
    path = world.path("loop")
    os.symlink(path, path)
    among_good_ones(world, path, "too many symbolic links")


def unreadable(world):
    """Run as somebody who may not read it."""
    path, other = good(world), good(world)
    program, somebody = world.yett, {}
    if os.geteuid() == 0:
        program = shutil.copy(world.yett, world.path("yett"))
        somebody = {"user": 65534, "group": 65534, "extra_groups": []}
        for shown in (world.folder, program, world.zone, world.settings, other):
            os.chmod(shown, 0o755)
    os.chmod(path, 0)
    done = subprocess.run([program, "check", "--json", *map(str, world.common()), *FROM_BANK, path,
                           other], capture_output=True, check=False, timeout=TIMEOUT_S, **somebody)
    same((done.returncode, done.stderr.decode()),
         (2, f"yett check: {path}: permission denied\n"), "outcome")
    same(done.stdout.count(b"\n"), 1, "others judged")


def in_a_maildir(world):
    """One message of many that cannot be read; the others are judged."""
    top = world.path("Maildir")
    for folder in ("cur", "new"):
        os.makedirs(os.path.join(top, folder))
    for name in ("1.a", "3.c"):
        world.file(os.path.join(top, "cur", name), HEAD)
    world.file(os.path.join(top, "new", "2.empty"), b"")
    os.mkdir(os.path.join(top, "cur", "4.directory"))
    done = world.check("--json", *FROM_BANK, top)
    same(done.status, 2, "status")
    same([line.get("error", "").partition(": ")[2] for line in done.lines()],
         ["", "is empty: there is no message in it", "", "is a directory, not a file"], "errors")


def closed_input(world):
    done = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", world.yett, "check", "--dns",
                           world.zone], capture_output=True, check=False, timeout=60)
    same((done.returncode, done.stderr), (2, b"yett check: standard input: is closed\n"), "outcome")


# ---- octets -----------------------------------------------------------------------------------

def rubbish(length, seed=1):
    out = bytearray()
    for _ in range(length):
        seed = (seed * 1103515245 + 12345) % (1 << 31)
        out.append(seed >> 16 & 255)
    return bytes(out)


# Judged like any other, for there is nobody who wrote them.
NO_MAIL = [
    (rubbish(100000), "binary rubbish"),
    (b"\0" * 5000, "nothing but NUL"),
    (b"\n", "one line end"),
    (b"\r", "half a line end"),
    (b"x", "one octet"),
    (b"\r\n" * 5000, "empty lines"),
    (b":" * 5000, "colons"),
    (b"\x7fELF\2\1\1\0" + b"\0" * 100, "a program"),
    (b"<html><body>From: a@bank.test</body></html>\n", "a page"),
    (b" From: a@bank.test\n\n", "a fold first"),
]


def no_mail(world, data):
    for found in (world.judge(data, ip=BANK, mail_from="a@bank.test"),
                  world.check("--json", *FROM_BANK, data=data).lines()[0]):
        same((found["dmarc"]["result"], found["action"]["verdict"]), ("none", "reject"),
             found["action"]["reason"])
        same(found["message"]["size"], len(data), "size")
    story = world.check(*FROM_BANK, world.message(data))
    same((story.status, story.err), (1, ""), "outcome in words")


# ---- size -------------------------------------------------------------------------------------

class Measured:
    """The program with its time and the most memory that it had."""

    def __init__(self, world, arguments, data=None):
        measure = [sys.executable, "-I", "-S", os.path.join(TOP, "tests", "support", "measure.py")]
        with tempfile.NamedTemporaryFile() as figures:
            done = subprocess.run(
                [*measure, figures.name, world.yett, "check", *map(str, world.common()),
                 *map(str, arguments)], stdin=data or subprocess.DEVNULL, capture_output=True,
                timeout=TIMEOUT_S, check=True)
            figures = json.load(figures)
        self.status, self.wall_s, self.cpu_s, self.rss_mib = (
            figures[name] for name in ("status", "wall_s", "cpu_s", "rss_mib"))
        self.out, self.err = done.stdout.decode(), done.stderr.decode()


def bounded(world, run, rss_mib, cpu_s):
    """Sanitizers take their own memory and time."""
    factor = 10 if world.sanitized else 1
    assert run.rss_mib <= rss_mib + 300 * world.sanitized, f"{run.rss_mib:.0f} MiB"
    assert run.cpu_s <= cpu_s * factor, f"{run.cpu_s:.1f} s of CPU, {run.wall_s:.1f} s in all"


def sparse(world, name, head, size):
    path = world.file(name, head)
    os.truncate(path, size)
    return path


def two_gigabytes(world):
    """Signed, so that every octet is hashed; the header names a digest that it has not."""
    fields, body = plain()
    head = text_of([dkim_signature(world.bank, fields, body)] + fields, "").encode()
    path = sparse(world, "2gib", head, 2 << 30)
    run = Measured(world, ["--json", "--ip", OTHER, path])
    os.unlink(path)
    same((run.status, run.err), (0, ""), run.out)
    holds(run.out, f'"size":{2 << 30},')
    holds(run.out, "signed this header, but the body was changed since")
    bounded(world, run, 24, 15)


# What stands before hundreds of MiB, and the verdict.
LARGE = [
    (HEAD, 0, "accept", "a body without line ends"),
    (HEAD.replace(b"\r\n", b"\n"), 0, "accept", "the same, stored with LF"),
    (b"From: a@bank.test\r\nX: ", 75, "its header is larger than", "a field without end"),
    (b"", 1, "[from-missing]", "nothing but NUL, which is no header"),
    (b"From a@bank.test Mon Nov 24 16:00:00 2025\n" + HEAD.replace(b"\r\n", b"\n"), 0, "accept",
     "an mbox of one message"),
]


def large(world, head, status, words, name):
    path = sparse(world, name, head, 300 * MIB)
    run = Measured(world, [*FROM_BANK, path])
    with open(path, "rb") as data:
        streamed = Measured(world, FROM_BANK, data)
    os.unlink(path)
    for each in (run, streamed):
        same((each.status, each.err), (status, ""), "outcome")
        holds(each.out, words)
        bounded(world, each, 24, 5)


def a_header_of_10_mib(world):
    for data in (HEAD[:-2] + b"X: " + b"y" * (10 * MIB) + b"\r\n\r\nHi\r\n",
                 HEAD[:-2] + (b"X: " + b"y" * 990 + b"\r\n") * 10560 + b"\r\nHi\r\n",
                 HEAD[:-2] + b"X: y" + b"\r\n y" * (2 * MIB) + b"\r\n\r\nHi\r\n"):
        path = world.message(data)
        run = Measured(world, [*FROM_BANK, "--json", path])
        same((run.status, run.err), (75, ""), "outcome")
        holds(run.out, "its header is larger than 2 MiB or has more than 10000 fields")
        holds(run.out, '"action":{"verdict":"defer","rule":"internal-error"')
        bounded(world, run, 24, 2)


def fields(count):
    return HEAD[:-2] + b"X-Filler: y\r\n" * (count - 3) + b"\r\nHi\r\n"


def many_fields(world):
    """10,000 are judged, one more is one too many, and so are 20,000."""
    run = Measured(world, [*FROM_BANK, world.message(fields(10000))])
    same((run.status, run.err), (0, ""), "outcome of 10,000")
    bounded(world, run, 40, 2)
    for count in (10001, 20000):
        run = Measured(world, [*FROM_BANK, world.message(fields(count))])
        same((run.status, run.err), (75, ""), f"outcome of {count}")
        holds(run.out, "451 4.3.0 ")
        bounded(world, run, 24, 2)


def limits_by_setting(world):
    """`on_internal_error = accept` lets it through, as it is."""
    settings = world.file("lax.conf", 'on_internal_error = "accept"\nmode = "enforce"\n')
    done = world.check("--config", settings, *FROM_BANK, world.message(fields(20000)))
    same((done.status, done.err), (0, ""), "outcome")
    holds(done.out, "Verdict   accept")


def many_signatures(world):
    """All with keys that could be asked for, in names of the author and of others."""
    fields_, body = plain()
    genuine = dkim_signature(world.bank, fields_, body)
    signatures = [(genuine[0], genuine[1].replace("s=e;", f"s=none{i};") if i % 2 else
                   genuine[1].replace("d=bank.test", f"d=n{i}.test")) for i in range(1000)]
    path = world.message(text_of(signatures + fields_, body))
    run = Measured(world, ["--json", "--ip", BANK, "--mail-from", "a@bank.test", path])
    same((run.status, run.err), (0, ""), "outcome")
    same(run.out.count('"selector":'), 100, "signatures told")
    bounded(world, run, 40, 2)
    story = Measured(world, ["--ip", BANK, "--mail-from", "a@bank.test", path])
    holds(" ".join(story.out.split()), "and 988 more signature fields")


def many_messages(world):
    """Memory does not grow with their number."""
    text = (b"From a@bank.test Mon Nov 24 16:00:00 2025\n" + HEAD.replace(b"\r\n", b"\n") +
            b"Hello\n\n") * 5000
    run = Measured(world, ["--summary", *FROM_BANK, world.message(text)])
    same((run.status, run.err), (0, ""), "outcome")
    same(run.out.splitlines()[-1].split()[:3], ["all", "5000", "5000"], "the table")
    bounded(world, run, 24, 5)


# ---- zone, options, output --------------------------------------------------------------------

ZONES = [
    (b"$TTL 60\n\n; a comment\na.test. A 192.0.2.1\nb.test. A 192.0.2.2\n\nc.test. A 192.0.2.300\n",
     7, "an address that is none"),
    (b"$TTL 60\n" * 6 + b"bank.test. TXT \"v=spf1\n", 7, "a quotation without its end"),
    (b"$TTL 60\n" * 6 + b"bank.test. WHAT ever\n", 7, "an unknown type"),
    (b"$TTL 60\n" * 6 + b"; yett: timeout\n", 7, "a fault of nothing"),
    (b"$TTL 60\r\n" * 6 + b"\0\1\2\3\r\n", 7, "rubbish"),
    (b"$TTL 60\n" * 6 + b"$INCLUDE /etc/passwd\n", 7, "a file of its own"),
    (b"$TTL 60\n" * 6 + b"a.test. A 192.0.2.1 )\n", 7, "a parenthesis too many"),
]


def bad_zone(world, text, line):
    zone = world.message(text)
    for command in (["check", good(world)], ["spf", "--ip", BANK, "--mail-from", "a@bank.test"]):
        done = world.run(*command, "--dns", zone)
        same((done.status, done.out), (2, ""), "outcome")
        start = f"yett {command[0]}: {zone}:{line}: "
        assert done.err.startswith(start) and len(done.err) > len(start) + 5, done.err
        same(done.err.count("\n"), 1, "lines")
        same([c for c in done.err[:-1] if not c.isprintable()], [], "octets that act")


# Arguments that are refused, and what is said about them.
USAGE = [
    (["check", "--ip", "192.0.2.300"], "--ip: '192.0.2.300' is no IPv4 or IPv6 address"),
    (["check", "--ip", ""], "--ip: '' is no"),
    (["check", "--ip"], "--ip needs a value"),
    (["check", "-xy", "mail.eml"], "-x is no option"),
    (["check", "--json=yes"], "--json=yes is no option"),
    (["check", "--rcpt", "a@b@c"], "--rcpt: 'a@b@c' is no mail address"),
    (["check"] + ["--rcpt", "a@b.test"] * 101, "is one recipient too many (100 at most)"),
    (["check", "--auth", ""], "must name the login"),
    (["check", "--trust-received", "0"], "--trust-received: '0' must be"),
    (["check", "--trust-received", ""], "--trust-received: '' must be"),
    (["check", "--now", "yesterday"], "--now: 'yesterday' is no time"),
    (["check", "--now", "-1"], "--now: '-1' is no time"),
    (["check", "--now", "99999999999999999999"], "is no time"),
    (["check", "--dmarc-mode", "7488"], "is neither 9989 nor 7489"),
    (["check", "--min-rsa-bits", "255"], "is no key size from 256 to 8192"),
    (["check", "--min-rsa-bits", "1k"], "is no key size"),
    (["check", "--color", "blue"], "is none of auto, always, never"),
    (["check", "--answers", "slow"], "is none of warm, round, each"),
    (["check", "--frobnicate"], "--frobnicate is no option of this command"),
    (["check", "-x"], "-x is no option of this command"),
    (["check", "--json=yes"], "json"),
    (["check", "--dns", "/dev/null", "--resolver", "192.0.2.1"], "it goes without --resolver"),
    (["check", "--dns", "/there/is/none"], "/there/is/none: no such file"),
    (["check", "--dns", "/"], "/: is a directory"),
    (["check", "--resolver", "here"], "here"),
    (["check", "--config", "/there/is/none"], "/there/is/none: no such file"),
    (["check", "--dmarc-mode", "7489", "--psl", "/there/is/none", "--resolver", "127.0.0.1"],
     "/there/is/none: no such file"),
    (["spf", "--mail-from", "a@bank.test"], "--ip must name the client"),
    (["spf", "--ip", BANK], "--mail-from or --helo must name an identity"),
    (["spf", "--ip", BANK, "--helo", "x.test", "file"], "this command takes options only"),
    (["spf", "--summary"], "--summary is no option of this command"),
    (["authres"], "usage: yett authres parse"),
    (["authres", "parse"], "usage: yett authres parse"),
    (["authres", "read", "x"], "usage: yett authres parse"),
    (["authres", "parse", "/there/is/none"], "/there/is/none: no such file"),
    (["config"], "usage: yett config check"),
    (["config", "mend"], "usage: yett config check"),
    (["config", "defaults", "x"], "usage: yett config check"),
    (["config", "check", "a", "b"], "usage: yett config check"),
    (["chekc"], "'chekc' is no command of yett"),
    ([], "usage: yett COMMAND"),
]


def usage(world, arguments, words):
    done = world.run(*arguments, data=HEAD)
    same((done.status, done.out), (2, ""), "outcome")
    holds(done.err, words)
    assert done.err.endswith("\n") and (not arguments or done.err.count("\n") <= 2), done.err


def help_of_each(world):
    for command in ("check", "spf", "authres", "config", "sign", "key list", "key retire"):
        done = world.run(*command.split(), "--help")
        same((done.status, done.err), (0, ""), command)
        assert done.out.startswith("usage: yett " + command), done.out[:80]
        holds(done.out, "Exit status: 0")
        holds(world.run("--help").out, f"  {command.split()[0]} ")
        same(world.run("help", *command.split()).out, done.out, f"yett help {command}")
    same(world.run("help", "nothing").status, 2, "help of what there is not")
    assert world.run("--version").out.startswith("yett "), "the version"


def closed_output(world):
    """To a pipe that nobody reads, to a full disk, to nowhere: it is said, and soon."""
    text = (b"From a@bank.test Mon Nov 24 16:00:00 2025\n" + HEAD.replace(b"\r\n", b"\n") +
            b"Hello\n\n") * 20000
    many = world.message(text)
    result = world.message(b"Authentication-Results: mx.test; spf=pass\n\n")
    for arguments in (["check", *world.common(), *FROM_BANK, "--json", many],
                      ["check", *world.common(), *FROM_BANK, many],
                      ["check", *world.common(), *FROM_BANK, good(world)],
                      ["spf", "--dns", world.zone, *FROM_BANK],
                      ["spf", "--dns", world.zone, "--json", *FROM_BANK],
                      ["authres", "parse", result], ["authres", "parse", "--json", result],
                      ["config", "defaults"], ["config", "check", world.settings],
                      ["config", "check", "--json", world.settings]):
        for where in ("pipe", "/dev/full"):
            if where == "pipe":
                reader, out = os.pipe()
                os.close(reader)
            else:
                out = os.open(where, os.O_WRONLY)
            begin = time.monotonic()
            done = subprocess.run([world.yett, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.PIPE, timeout=60, check=False)
            os.close(out)
            what = f"{arguments[0]} {arguments[-2]} to {where}"
            same(done.returncode, 75, f"status of {what}")
            holds(done.stderr.decode(), "standard output cannot be written")
            same(done.stderr.count(b"\n"), 1, f"lines of {what}")
            assert time.monotonic() - begin < (30 if world.sanitized else 5), f"{what} goes on"


# ---- all --------------------------------------------------------------------------------------

def cases(world):
    for test, name in (
            (two_gigabytes, "a message of 2 GiB, signed"),
            (missing, "a file that is not there"), (below_a_file, "a file below a file"),
            (unreadable, "a file that may not be read"),
            (no_maildir, "a directory that is no Maildir"), (empty, "an empty file"),
            (a_device, "a device"), (a_socket, "a socket"), (a_loop, "a link to itself"),
            (in_a_maildir, "an empty message and a directory in a Maildir"),
            (closed_input, "closed standard input"),
            (a_header_of_10_mib, "a header of 10 MiB"), (many_fields, "thousands of fields"),
            (limits_by_setting, "limits, when the settings accept what exceeds them"),
            (many_signatures, "a thousand signatures"),
            (many_messages, "thousands of messages in the memory of one"),
            (help_of_each, "each command explains itself"),
            (closed_output, "output that cannot be written")):
        yield name, lambda t=test: t(world)
    for data, why in NO_MAIL:
        yield f"no mail: {why}", lambda d=data: no_mail(world, d)
    for number, (head, status, words, why) in enumerate(LARGE):
        yield (f"300 MiB: {why}", lambda h=head, s=status, w=words, n=number:
               large(world, h, s, w, f"large{n}"))
    for text, line, why in ZONES:
        yield (f"a zone with an error on line {line}: {why}",
               lambda t=text, n=line: bad_zone(world, t, n))
    for arguments, words in USAGE:
        shown = " ".join(arguments[:4]) or "nothing"
        yield f"usage, {shown}", lambda a=arguments, w=words: usage(world, a, w)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        return tap.report([(name, test, None) for name, test in cases(world)])


if __name__ == "__main__":
    sys.exit(main())
