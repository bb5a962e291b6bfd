# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve` started privately: free ports, a folder of its own, its log kept.

    with Gateway(yett, zone="example.org TXT ...", settings='mode = "enforce"') as gateway:
        with gateway.connect() as milter:
            result = milter.message(...)
        assert "dmarc" in gateway.log()
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import milter as protocol

NOW = 1764000000  # Mon, 24 Nov 2025 16:00:00 +0000
PATIENCE = 30  # seconds for anything that is sure to come


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds=PATIENCE, pause=0.02):
    """The first true value of `condition()`, or the last one when time is up."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


def children(pid):
    """Process ids of the living children of `pid`."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").split("\0")
    except OSError:
        return []


def open_files(pid):
    """What a process has open, as /proc names it; without what it closes meanwhile."""
    names = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            pass
    return names


def pss_bytes(pid):
    """Memory of a process, what it shares counted in part."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))


def has_sanitizer(pid):
    """A sanitizer keeps what was freed: nothing can be said about memory then."""
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
        return "libasan" in maps.read()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


class Gateway:
    """`settings` is text of yett.conf(5) without `listen`; `listeners` are the insides of
    listen sections, to which an address is added where they have none.  `zone` None: DNS."""

    def __init__(self, yett, zone="", settings="", listeners=("",), now=NOW, arguments=(),
                 start=True, environment=None):
        self.yett, self.now, self.arguments = yett, now, list(arguments)
        self.environment = environment
        self.folder = tempfile.mkdtemp(prefix="yett-")
        os.chmod(self.folder, 0o755)
        self.ports = [free_port() for _ in listeners]
        self.listeners, self.process, self.log_file = listeners, None, None
        self.status_path = os.path.join(self.folder, "status.sock")
        self.zone_path = None if zone is None else self.write("zone", "$TTL 3600\n" + zone)
        self.config_path = ""
        self.configure(settings)
        if start:
            try:
                self.start()
            except BaseException:
                self.__exit__()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8", newline="") as out:
            out.write(text)
        os.rename(path + ".new", path)
        return path

    def configure(self, settings):
        """Write the settings; they count from the next start() or reload()."""
        text = f'status_socket = "{self.status_path}"\nstate_directory = "{self.folder}"\n'
        if "authserv_id" not in settings:
            text += 'authserv_id = "mx.example.com"\n'
        if "workers" not in settings:
            text += "workers = 1\n"
        for number, (inside, port) in enumerate(zip(self.listeners, self.ports)):
            address = "" if "address" in inside else f'address = "inet:127.0.0.1:{port}" '
            text += f"listen l{number} {{ {address}{inside} }}\n"
        self.config_path = self.write("yett.conf", text + settings + "\n")

    def command(self):
        source = ["--dns", self.zone_path] if self.zone_path else []
        clock = ["--now", str(self.now)] if self.now is not None else []
        return [self.yett, "serve", "--config", self.config_path, *source, *clock,
                *self.arguments]

    def start(self, wait=True):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=PATIENCE):
        """Until a worker answers; its sockets are open before that."""
        end = time.monotonic() + seconds
        while True:
            try:
                with self.connect(timeout=max(0.1, end - time.monotonic())) as milter:
                    milter.quit()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"not ready: {error}; status "
                                         f"{self.process.poll()}:\n{self.log()}") from error
            time.sleep(0.02)

    def address(self, listener=0):
        return ("127.0.0.1", self.ports[listener])

    def connect(self, listener=0, negotiate=True, timeout=PATIENCE, address=None):
        """A connection of a mail server that agreed on what is spoken."""
        milter = protocol.Milter(address or self.address(listener), timeout)
        if negotiate:
            try:
                milter.negotiate()
            except BaseException:
                milter.close()
                raise
        return milter

    def message(self, envelope=None, raw=b"", listener=0):
        """Send one message over a connection of its own."""
        with self.connect(listener) as milter:
            result = milter.message(envelope, raw)
            milter.quit()
            return result

    def log(self):
        with open(os.path.join(self.folder, "log"), "rb") as file:
            return file.read().decode(errors="replace")

    def wait_log(self, text, seconds=PATIENCE, after=0):
        """Wait until the log holds `text` beyond its first `after` characters; that line."""
        if not wait_for(lambda: text in self.log()[after:], seconds):
            raise AssertionError(f"{text!r} is not in the log:\n{self.log()[after:][-4000:]}")
        return next(line for line in self.log()[after:].splitlines() if text in line)

    def workers(self):
        """Process ids of the gateways."""
        return [pid for pid in children(self.process.pid)
                if "--role=gateway" in command_line(pid)]

    def status(self):
        """Counters of `yett status`, by name."""
        done = subprocess.run([self.yett, "status", "--config", self.config_path, "--json"],
                              capture_output=True, check=True, timeout=PATIENCE)
        import json  # pylint: disable=import-outside-toplevel
        return json.loads(done.stdout)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=PATIENCE):
        """End it in order; its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self):
        """End the supervisor and its workers at once."""
        pids = [self.process.pid, *children(self.process.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(PATIENCE)
