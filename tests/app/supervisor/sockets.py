#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve`: unix sockets, and what systemd hands over and is told.

    sockets.py YETT UNIT
"""
import ctypes
import fcntl
import grp
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
from house import NO_ROOT, UNIT, YETT, ZONE, folder, holds, judged, read, reloaded, run
from gateway import Gateway, free_port, wait_for
import tap

FIRST_LISTENER = 9  # app/role


# ---- unix sockets --------------------------------------------------------------------------

def a_unix_socket_is_made_and_removed():
    group = grp.getgrgid(os.getgid()).gr_name
    with Gateway(YETT, ZONE, listeners=(), start=False) as gateway:
        path = os.path.join(gateway.folder, "m.sock")
        listen = f'listen u {{ address = "unix:{path}" mode = "%s" group = "{group}" }}\n'
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)  # left by somebody who is gone
        gateway.configure(listen % "0660")
        gateway.address = lambda listener=0: path
        gateway.start()
        made = os.stat(path)
        assert stat.S_IMODE(made.st_mode) == 0o660 and made.st_gid == os.getgid(), made
        judged(gateway)
        gateway.configure(listen % "0666")
        reloaded(gateway)
        kept = os.stat(path)
        assert kept.st_ino == made.st_ino and stat.S_IMODE(kept.st_mode) == 0o666, kept
        judged(gateway)
        os.unlink(path)  # by somebody who tidied up
        reloaded(gateway)
        judged(gateway)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o666
        port = free_port()
        gateway.configure(f'listen t {{ address = "inet:127.0.0.1:{port}" }}\n')
        reloaded(gateway)
        assert not os.path.exists(path)
        gateway.configure(listen % "0600")
        reloaded(gateway)
        judged(gateway)
        assert gateway.stop() == 0
        assert not os.path.exists(path) and not os.path.exists(gateway.status_path)


def what_is_in_the_way_of_a_unix_socket_stays():
    with folder() as at, socket.socket(socket.AF_UNIX) as alive:
        taken, file = os.path.join(at, "taken"), os.path.join(at, "file")
        alive.bind(taken)
        alive.listen()
        with open(file, "w", encoding="utf-8") as out:
            out.write("precious")
        os.symlink(file, os.path.join(at, "link"))
        for path, words in ((taken, "another program listens there already"),
                            (file, "it is no socket"),
                            (os.path.join(at, "link"), "it is no socket"),
                            (os.path.join(at, "no/way"), f"make it (mkdir {at}/no)")):
            done = run("serve", "--listen", "unix:" + path, "--status-socket", "")
            assert done.returncode == 1, (path, done)
            holds(done.stderr, f"unix:{path}: ", words)
        assert read(file) == "precious"
        assert os.path.exists(taken)


def descriptor_of(pid, number):
    """A copy of a descriptor of another process, by pidfd_getfd(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        copy = libc.syscall(438, process, number, 0)
    finally:
        os.close(process)
    assert copy >= 0, os.strerror(ctypes.get_errno())
    return copy


def a_listener_that_a_gateway_ended_is_opened_anew():
    """As one could that was taken over: it shares the socket with all others."""
    for kind in ("inet", "unix"):
        with Gateway(YETT, ZONE, listeners=(), start=False) as gateway:
            path, port = os.path.join(gateway.folder, "m.sock"), free_port()
            address = f"unix:{path}" if kind == "unix" else f"inet:127.0.0.1:{port}"
            gateway.configure(f'listen u {{ address = "{address}" }}\n')
            gateway.address = lambda listener=0, unix=kind == "unix", path=path, port=port: \
                path if unix else ("127.0.0.1", port)
            gateway.start()
            judged(gateway)
            fd = descriptor_of(gateway.workers()[0], FIRST_LISTENER)
            with socket.socket(fileno=fd) as listener:
                listener.shutdown(socket.SHUT_RDWR)
            gateway.wait_log("listens no more")
            gateway.wait_log("reloaded: ")
            judged(gateway)
            assert gateway.stop() == 0


def a_status_socket_that_cannot_be_had_is_no_end():
    with Gateway(YETT, ZONE, start=False) as gateway:
        gateway.status_path = "/proc/nowhere/status.sock"
        gateway.configure("")
        gateway.start()
        gateway.wait_log("started: ")
        assert gateway.log().count("`yett status` will get no answer") == 1, gateway.log()
        gateway.status_path = os.path.join(gateway.folder, "s.sock")
        gateway.configure("")
        reloaded(gateway)
        assert gateway.status()["reloads"] == 1


def the_group_of_the_status_socket_may_ask():
    group = grp.getgrnam("daemon")
    with Gateway(YETT, ZONE, 'status_group = "daemon"\n') as gateway:
        path = gateway.status_path
        made = os.stat(path)
        assert stat.S_IMODE(made.st_mode) == 0o660 and made.st_gid == group.gr_gid, made
        ask = ["setpriv", "--reuid", "65534", "--regid", "65534"]
        done = [subprocess.run([*ask, "--groups", groups, YETT, "status", "--socket", path],
                               capture_output=True, text=True, check=False, timeout=60)
                for groups in (str(group.gr_gid), "65534")]
        assert done[0].returncode == 0 and done[1].returncode == 75, done
        holds(done[1].stderr, "status_group")
        gateway.configure('status_group = "root"\nstatus_mode = 0666\n')
        reloaded(gateway)
        kept = os.stat(path)
        assert kept.st_ino == made.st_ino, "it was made again"
        assert stat.S_IMODE(kept.st_mode) == 0o666 and kept.st_gid == 0, kept
        done = subprocess.run([*ask, "--clear-groups", YETT, "status", "--socket", path],
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done
        gateway.configure('status_group = "no-such-group"\n')
        said = reloaded(gateway, "reload failed")
        holds(said, f'{gateway.config_path}:6: status_group: there is no group "no-such-group"')


def the_group_of_our_own_account_may_ask_by_default():
    own = [group for group in grp.getgrall() if group.gr_name == "yett"]
    expected = own[0].gr_gid if own else os.getegid()
    with Gateway(YETT, ZONE) as gateway:
        assert os.stat(gateway.status_path).st_gid == expected


def the_directory_of_the_status_socket_lets_them_in():
    with Gateway(YETT, ZONE, start=False) as gateway:
        path = os.path.join(gateway.folder, "made", "status.sock")
        gateway.arguments = ["--status-socket", path]
        before = os.umask(0o077)
        try:
            gateway.start()
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o755
        assert gateway.stop() == 0


# ---- systemd -------------------------------------------------------------------------------

def with_sockets(gateway, *sockets):
    """The command of a gateway that is handed these sockets."""
    plain = gateway.command()
    # Out of the way of the numbers that they get.
    numbers = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 200) for one in sockets]
    places = "".join(f" {3 + at}<&{number}" for at, number in enumerate(numbers))
    script = f'export LISTEN_FDS={len(numbers)} LISTEN_PID=$$; exec "$@"{places}'
    gateway.command = lambda: ["/bin/bash", "-c", script, "sh", *plain]
    return numbers


def start_with(gateway, sockets, wait=True):
    """As start(), with sockets that are handed over."""
    numbers = with_sockets(gateway, *sockets)
    with open(os.path.join(gateway.folder, "log"), "ab") as log:
        gateway.process = subprocess.Popen(gateway.command(), stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, pass_fds=numbers)
    for number in numbers:
        os.close(number)
    if wait:
        gateway.wait_ready()


def sockets_that_are_handed_over_are_used():
    with Gateway(YETT, ZONE, listeners=("", ""), start=False) as gateway:
        path = os.path.join(gateway.folder, "m.sock")
        gateway.configure(f'listen u {{ address = "unix:{path}" mode = "0600" }}\n')
        with socket.create_server(gateway.address(0)) as tcp, \
                socket.socket(socket.AF_UNIX) as local:
            local.bind(path)
            local.listen()
            os.chmod(path, 0o622)
            start_with(gateway, [local, tcp])
            judged(gateway)
            judged(gateway, address=path)
            judged(gateway, 1)  # opened by ourselves
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o622, "not ours to change"
            reloaded(gateway)
            judged(gateway)
            assert gateway.stop() == 0
            assert os.path.exists(path), "the socket is systemd's"
            with socket.create_connection(gateway.address(0)):
                pass  # and is still listened on


def a_socket_that_no_setting_names_is_an_error():
    with Gateway(YETT, ZONE, start=False) as gateway, \
            socket.create_server(("127.0.0.1", 0)) as other:
        start_with(gateway, [other], wait=False)
        assert gateway.process.wait(60) == 1, gateway.log()
        holds(gateway.log(), f"handed over inet:127.0.0.1:{other.getsockname()[1]}")
    with Gateway(YETT, ZONE, start=False) as gateway, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        start_with(gateway, [other], wait=False)
        assert gateway.process.wait(60) == 1, gateway.log()
        holds(gateway.log(), "none on which streams are listened for")


class Told:
    """What systemd would be told."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(60)
        self.lines = []

    def until(self, word):
        """All lines up to one that begins so."""
        while not any(line.startswith(word) for line in self.lines):
            self.lines += self.socket.recv(4096).decode().splitlines()
        at = next(at for at, line in enumerate(self.lines) if line.startswith(word))
        taken, self.lines = self.lines[:at + 1], self.lines[at + 1:]
        return taken


def systemd_is_told_what_happens():
    with folder() as at:
        told = Told(os.path.join(at, "notify"))
        environment = {**os.environ, "NOTIFY_SOCKET": os.path.join(at, "notify"),
                       "WATCHDOG_USEC": "2000000"}
        with Gateway(YETT, ZONE, environment=environment, start=False) as gateway:
            gateway.start(wait=False)
            told.until("READY=1")
            assert len(gateway.workers()) == 1
            judged(gateway)  # ready means ready
            holds(told.until("STATUS=")[-1], "1 gateway, settings ")
            told.until("WATCHDOG=1")
            told.until("WATCHDOG=1")
            gateway.reload()
            told.until("RELOADING=1")
            told.until("MONOTONIC_USEC=")
            told.until("READY=1")
            gateway.configure("no_such = 1\n")
            gateway.reload()
            told.until("RELOADING=1")
            told.until("READY=1")
            holds(told.until("STATUS=")[-1], "the last reload failed: ", "no_such")
            gateway.process.terminate()
            told.until("STOPPING=1")
            told.until("EXTEND_TIMEOUT_USEC=310000000")
            assert gateway.process.wait(60) == 0
        told.socket.close()


def unit_setting(key):
    lines = read(UNIT).splitlines()
    return [line.split("=", 1)[1] for line in lines if line.startswith(key + "=")]


def the_unit_is_one_that_systemd_understands():
    with folder() as at:
        path = os.path.join(at, "yett.service")
        with open(path, "w", encoding="utf-8") as out:
            out.write(read(UNIT).replace(unit_setting("ExecStart")[0].split()[0], YETT))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], check=False,
                              capture_output=True, text=True, timeout=60)
        mine = [line for line in done.stderr.splitlines() if "yett" in line]
        assert done.returncode == 0 and not mine, done.stderr


def the_unit_leaves_the_capabilities_that_are_needed():
    names = unit_setting("CapabilityBoundingSet")[0].split()
    kept = ",".join("+" + name.removeprefix("CAP_").lower() for name in names)
    with Gateway(YETT, ZONE, "workers = 2\n", start=False) as gateway:
        directory = os.path.join(gateway.folder, "theirs")
        os.mkdir(directory, 0o700)
        os.chown(directory, 65534, 65534)
        path = os.path.join(directory, "m.sock")
        gateway.configure(f'listen u {{ address = "unix:{path}" group = "nogroup" }}\n')
        plain = gateway.command()
        gateway.command = lambda: ["/usr/bin/setpriv", "--bounding-set=-all," + kept,
                                   "--no-new-privs", *plain]
        gateway.start()
        judged(gateway)
        judged(gateway, address=path)
        pids = gateway.workers()
        os.kill(pids[0], signal.SIGSTOP)  # hears nothing, and must be killed as somebody else's
        gateway.process.terminate()
        gateway.wait_log("stops when")
        gateway.process.terminate()
        assert gateway.process.wait(60) == 0
        assert wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids))


NO_ANALYZE = "" if shutil.which("systemd-analyze") else "systemd-analyze is not installed"
CASES = [(test.__name__, test, "") for test in (
    a_unix_socket_is_made_and_removed, what_is_in_the_way_of_a_unix_socket_stays,
    a_status_socket_that_cannot_be_had_is_no_end,
    the_directory_of_the_status_socket_lets_them_in, sockets_that_are_handed_over_are_used,
    a_socket_that_no_setting_names_is_an_error, systemd_is_told_what_happens)]
CASES += [(test.__name__, test, NO_ROOT) for test in (
    a_listener_that_a_gateway_ended_is_opened_anew, the_group_of_the_status_socket_may_ask,
    the_group_of_our_own_account_may_ask_by_default,
    the_unit_leaves_the_capabilities_that_are_needed)]
CASES += [(test.__name__, test, NO_ANALYZE) for test in (
    the_unit_is_one_that_systemd_understands,)]

if __name__ == "__main__":
    sys.exit(tap.report(CASES))
