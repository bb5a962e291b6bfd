#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett key` in two processes: one has keys and no network, one the network and no keys.

    walls.py YETT FOLDER     FOLDER: where real.py lies
"""
import base64
import contextlib
import ctypes
import glob
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [sys.argv[2], os.path.join(HERE, "..", "support"), HERE]
import real  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, children, wait_for  # noqa: E402  pylint: disable=wrong-import-position
import rotation  # noqa: E402  pylint: disable=wrong-import-position
from rotation import NOW, PRIMARY, SECONDARY, Server, World, expect  # noqa: E402  pylint: disable=wrong-import-position

# One that stands nowhere by chance.
SECRET = base64.b64encode(os.urandom(32)).decode()
rotation.KEY = rotation.KEY.replace(rotation.SECRET, SECRET)
rotation.SECRET = SECRET


class Skipped(Exception):
    """Cannot be seen here."""


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def opened(pid):
    """What a process has open, numbers aside."""
    names = []
    for entry in glob.glob(f"/proc/{pid}/fd/*"):
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(entry))
    return names


def network_sockets():
    """The inodes of all sockets of the network."""
    found = set()
    for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "netlink"):
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/net/{kind}", encoding="ascii") as file:
                for line in list(file)[1:]:
                    found.update(re.findall(r"\b\d{3,}\b", line))
    return found


def memory(pid):
    """All that a process can read of its own, for root to search."""
    pieces = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        ranges = [line.split()[0].split("-") for line in maps
                  if line.split()[1][0] == "r" and "[v" not in line]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for begin, end in ((int(a, 16), int(b, 16)) for a, b in ranges):
            if end - begin < 1 << 28:
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    file.seek(begin)
                    pieces.append(file.read(end - begin) or b"")
    return b"\0".join(pieces)


@contextlib.contextmanager
def waiting(w, domain):
    """A command that published and waits for a server that lags, and its asker."""
    w.key("generate", domain, "--algorithm", "ed25519", "--selector", "s1")
    process = w.start("publish", domain, "--wait", "40s")
    lines = []

    def read():
        lines.extend(iter(process.stdout.readline, ""))
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert wait_for(lambda: any("1 of 2 name servers" in line for line in lines)), lines
        assert len(children(process.pid)) == 1, children(process.pid)
        yield process, children(process.pid)[0], lines, reader
    finally:
        process.kill()
        process.wait()


def who_asks_has_no_key_and_no_file(w):
    with waiting(w, "wait.test") as (process, asker, _, _):
        seen = status(asker)
        assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2", seen
        assert int(seen["CapEff"], 16) == 0 and int(seen["CapPrm"], 16) == 0, seen
        if os.geteuid() != 0:
            raise Skipped("only root sees more of an undumpable process")
        assert "0" not in seen["Uid"].split() and "0" not in seen["Gid"].split(), seen
        names = [name for name in opened(asker) if not name.startswith("socket:")]
        assert set(names) == {"/dev/null"}, names
        with open(os.path.join(w.directory("wait.test"), "wait.test", "s1.pem"), "rb") as file:
            private = base64.b64decode(file.read().split(b"-----")[2])[-32:]
        octets = memory(asker)
        assert b"wait.test" in octets, len(octets)  # so there is something to be found
        for secret in (SECRET.encode(), base64.b64decode(SECRET), private):
            assert secret not in octets, secret[:4]
        assert process.poll() is None


def who_has_keys_has_no_network(w):
    with waiting(w, "fails.test") as (process, asker, _, _):
        seen = status(process.pid)
        assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2", seen
        if os.geteuid() != 0:
            raise Skipped("only root sees more of an undumpable process")
        for _ in range(20):
            mine = {name[8:-1] for name in opened(process.pid) if name.startswith("socket:")}
            assert mine and not mine & network_sockets(), mine
            time.sleep(0.05)
        # Of root's privileges those for the files of others are left, and to tell the gateway.
        assert int(seen["CapEff"], 16) & ~0x2e == 0, seen
        assert asker in children(process.pid)


def an_asker_that_is_killed_amid_its_work_is_told(w):
    with waiting(w, "undo.test") as (process, asker, lines, reader):
        os.kill(asker, signal.SIGKILL)
        assert process.wait(timeout=60) == 75, lines
        reader.join(timeout=20)
        said = "".join(lines)
        assert "the process that talks to name servers was ended by signal 9" in said, said
    # What was done is done, and the next command goes on from there.
    w.refresh("undo.test")
    expect(w.key("publish", "undo.test"), 0, "nothing was changed", "every name server")


def an_asker_ends_with_its_command(w):
    with waiting(w, "script.test") as (process, asker, _, _):
        process.kill()
        process.wait()
        assert wait_for(lambda: not os.path.exists(f"/proc/{asker}")
                        or status(asker)["State"].startswith("Z"))


# ---- where a wall cannot be built ----------------------------------------------------------------

def without_landlock():
    """As in a container that does not let it through: the call is not there."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = b"".join(struct.pack("HBBI", *row) for row in (
        (0x20, 0, 0, 0),            # the number of the call
        (0x15, 0, 1, 444),          # landlock_create_ruleset?
        (0x06, 0, 0, 0x00050026),   # then ENOSYS
        (0x06, 0, 0, 0x7fff0000)))  # else as usual
    room = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(room))
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0


def where_a_wall_is_missing_the_settings_decide(w):
    domain = "busy.test"
    w.key("generate", domain, "--algorithm", "ed25519", "--selector", "s1")
    conf = w.settings(domain, "")
    best = w.file("best.conf", 'sandbox = "best-effort"\n' + open(conf, encoding="ascii").read())
    for words, wanted, sentence in (
            ((), 0, "goes on with fewer walls: landlock: this kernel does not have it"),
            (("--config", best), 0, "goes on with fewer walls: landlock"),
            (("--config", conf), 75, 'landlock: this kernel does not have it '
                                     '(sandbox = "best-effort" goes on without)')):
        done = subprocess.run(w.command("retire", domain, ("--selector", "s1", "--no-reload",
                                                           *words), NOW),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False, preexec_fn=without_landlock)
        assert done.returncode == wanted and sentence in done.stderr, (words, done)
        assert done.stderr.count("landlock:") == 1, done  # though two processes lack it


# ---- a name server that lets wait ----------------------------------------------------------------

class Holding:
    """Counts the questions about keys, and answers (SERVFAIL) as soon as it is let."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((PRIMARY, 0))
        host, port = self.socket.getsockname()
        self.address = f"{host}@{port}"
        self.asked, self.held, self.is_let = 0, [], False
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            about_keys = b"\x0a_domainkey" in query
            self.asked += about_keys
            self.held.append((query, peer))
            if self.is_let or not about_keys:
                self.answer()

    def answer(self):
        while self.held:
            query, peer = self.held.pop()
            self.socket.sendto(query[:2] + struct.pack(">HHHHH", 0x8182, 1, 0, 0, 0)
                               + query[12:], peer)

    def let(self):
        self.is_let = True
        self.answer()


def after_a_reload_that_failed_no_key_is_touched(w):
    """The gateways may go on with settings whose keys a rotation would clear away."""
    domain, server = "serve.test", Holding()
    settings = f"""
dns {{ resolver = "{server.address}" }}
signing {{ keys_directory = "{w.directory(domain)}" update_key = "{w.update_key}"
  rotate_with = "ed25519" }}
domain "{domain}" {{ rotate = true }}
"""
    with Gateway(w.yett, zone=None, now=NOW, settings=settings) as gateway:
        assert wait_for(lambda: server.asked > 0), gateway.log()
        # While it runs there is a generation that it has not run for, and then a failure.
        gateway.reload()
        assert wait_for(lambda: gateway.status()["reloads"] == 1), gateway.log()
        gateway.configure(settings + "nonsense")
        gateway.reload()
        gateway.wait_log("nonsense")
        server.let()
        gateway.wait_log("answers with SERVFAIL")  # it has ended
        quiet = server.asked
        time.sleep(2.5)  # a tick, and another one
        assert server.asked == quiet, (quiet, server.asked)
        gateway.configure(settings)
        gateway.reload()
        assert wait_for(lambda: server.asked > quiet), gateway.log()


CASES = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, "__code__", None)
         and test.__module__ == __name__
         and test.__code__.co_varnames[:1] == ("w",) and test.__code__.co_argcount == 1]


def run(test, world):
    try:
        test(world)
    except Skipped as why:
        print(f"# skipped: {why}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    missing = [t for t in ("knotd", "knotc", "kdig", "knsupdate") if not real.tool(t)]
    skip = f"{', '.join(missing)} not installed" if missing else ""
    servers = real.Servers()
    with tempfile.TemporaryDirectory(prefix="yett-walls-") as top:
        try:
            world = World(sys.argv[1], top)
            if not skip:
                world.port = real.free_port()
                world.first = Server(servers, top, PRIMARY, world.port, False)
                world.second = Server(servers, top, SECONDARY, world.port, True)
            return tap.report([(t.__name__, lambda t=t: run(t, world), skip) for t in CASES])
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
