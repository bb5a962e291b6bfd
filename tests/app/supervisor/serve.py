#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve` and `yett status` with the real gateways.

    serve.py YETT
"""
import contextlib
import fcntl
import glob
import grp
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "support")]
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import (Gateway, children, command_line, free_port,  # noqa: E402  pylint: disable=wrong-import-position
                     wait_for)
from milter import Milter  # noqa: E402  pylint: disable=wrong-import-position

YETT = os.path.abspath(sys.argv[1])
ROOT = os.geteuid() == 0
ZONE = 'example.org. TXT "v=spf1 ip4:192.0.2.1 -all"\n'
MAIL = b"From: alice@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"


def run(*arguments, **options):
    return subprocess.run([YETT, *arguments], capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL, **options)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def holds(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def judged(gateway, listener=0, address=None):
    """A message goes through."""
    with gateway.connect(listener, address=address) as milter:
        result = milter.message(None, MAIL)
        milter.quit()
    assert result.accepted, result.reply
    assert len(result.values("Authentication-Results")) == 1, result.fields
    return result


def reloaded(gateway, words="reloaded: "):
    """Reload; the line that says how it went."""
    before = len(gateway.log())
    gateway.reload()
    return gateway.wait_log(words, after=before)


def refuses(address):
    """Nobody listens there."""
    try:
        Milter(address, 5).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="yett-")
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


# ---- the start -----------------------------------------------------------------------------

def it_starts_without_a_file_and_tells_its_status():
    with folder() as at:
        port, sock = free_port(), os.path.join(at, "made", "status.sock")
        with open(os.path.join(at, "log"), "wb") as log, subprocess.Popen(
                [YETT, "serve", "--listen", f"inet:localhost:{port}", "--workers", "2",
                 "--status-socket", sock, "--sandbox", "best-effort", "--mode", "enforce"],
                stderr=log, stdin=subprocess.DEVNULL) as process:
            try:
                assert wait_for(lambda: "started: " in read(log.name)), read(log.name)
                done = run("status", "--socket", sock)
                assert done.returncode == 0 and not done.stderr, done
                holds(done.stdout, "yett ", f"inet:127.0.0.1:{port}", "ready (process ",
                      "open connections", "dmarc pass")
                answer = json.loads(run("status", "--socket", sock, "--json").stdout)
                assert [one["state"] for one in answer["workers"]] == ["ready"] * 2, answer
                assert stat.S_IMODE(os.stat(sock).st_mode) == 0o660
            finally:
                process.terminate()
        assert process.returncode == 0, process.returncode
        assert not os.path.exists(sock)


def bad_settings_end_the_start():
    with folder() as at:
        path, zone = os.path.join(at, "yett.conf"), os.path.join(at, "zone")
        head = f'status_socket = ""\nlisten a {{ address = "inet:127.0.0.1:{free_port()}" }}\n'
        for text, words in (('mode = "enfroce"\n', "yett.conf:3: mode: 'enfroce'"),
                            ('no_such = 1\n', "yett.conf:3: "),
                            ('user = "no-such-account"\n', "no-such-account"),
                            ('dmarc { standard = "rfc7489" suffix_list = "/nowhere" }\n',
                             "/nowhere: no such file"),
                            (f'installation_secret_file = "{path}.none"\n', "yett.conf:3: "),
                            ('workers = 1000\n', "yett.conf:3: workers")):
            if "user" in text and not ROOT:
                continue
            with open(path, "w", encoding="utf-8") as out:
                out.write(head + text)
            done = run("serve", "--config", path)
            assert done.returncode == 2, (text, done)
            holds(done.stderr, "error: ", words)
            assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1, done
        with open(path, "w", encoding="utf-8") as out:
            out.write(head)
        with open(zone, "w", encoding="utf-8") as out:
            out.write("$TTL 60\nexample.org. A 300.0.0.1\n")
        done = run("serve", "--config", path, "--dns", zone)
        assert done.returncode == 2, done
        holds(done.stderr, "zone:2: ")
        done = run("serve", "--config", path + ".none")
        assert done.returncode == 2, done
        holds(done.stderr, "no such file")


def wrong_usage_is_told():
    for arguments, words in ((["--mode", "maybe"], "neither observe nor enforce"),
                             (["--listen", "8891"], "is no address to listen on"),
                             (["--workers", "many"], "from 0 to 128"),
                             (["--sandbox", "none"], "neither required nor best-effort"),
                             (["--status-socket", "here"], "no absolute path"),
                             (["--config", "-"], "must be in a file"),
                             (["yett.conf"], "--config"), (["--ip", "::1"], "is no option"),
                             (["--validate"], "is no option")):
        done = run("serve", *arguments)
        assert done.returncode == 2, (arguments, done)
        holds(done.stderr, words)


def options_go_over_the_file():
    with Gateway(YETT, ZONE, 'workers = 3\nmode = "observe"\ndns { timeout = "1s" }\n',
                 arguments=["--workers", "1"]) as gateway:
        assert len(gateway.workers()) == 1
        other = free_port()
        gateway.arguments += ["--listen", f"inet:[::1]:{other}"]
        assert gateway.stop() == 0
        gateway.start(wait=False)
        assert wait_for(lambda: not refuses(("::1", other))), gateway.log()
        assert refuses(gateway.address()), "the listener of the file is open"


def an_address_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken, folder() as at:
        port = taken.getsockname()[1]
        done = run("serve", "--listen", f"inet:127.0.0.1:{port}", "--status-socket", "", cwd=at)
        assert done.returncode == 1, done
        holds(done.stderr, f"inet:127.0.0.1:{port}: another program listens there")
        done = run("serve", "--listen", f"inet:192.0.2.99:{port}", "--status-socket", "")
        assert done.returncode == 1, done
        holds(done.stderr, "this host has no such address")


def roles_are_not_for_people():
    done = run("--help")
    assert "role" not in done.stdout, done.stdout
    done = run("--role=nothing")
    assert done.returncode == 2, done


# ---- processes -----------------------------------------------------------------------------

def a_gateway_has_nothing_but_what_it_needs():
    with Gateway(YETT, ZONE, environment={**os.environ, "SECRET_TOKEN": "x",
                                          "NOTIFY_SOCKET": "/nowhere", "TZ": "UTC"}) as gateway:
        pid = gateway.workers()[0]
        with open(f"/proc/{pid}/environ", encoding="utf-8") as file:
            names = {entry.split("=")[0] for entry in file.read().split("\0") if entry}
        assert "TZ" in names and not names & {"SECRET_TOKEN", "NOTIFY_SOCKET", "HOME"}, names
        assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        kinds = [os.readlink(path) for path in glob.glob(f"/proc/{pid}/fd/*")]
        assert sum("memfd:yett-scoreboard" in kind for kind in kinds) == 1, kinds
        assert not any(gateway.folder in kind and "/log" not in kind for kind in kinds), kinds
        assert not any("signalfd" in kind for kind in kinds), kinds
        # The pair, the listener, and perhaps one that was just accepted.
        assert sum(kind.startswith("socket:") for kind in kinds) in (2, 3), kinds
        if ROOT:
            assert "--sandbox=required" in command_line(pid)
            lines = read(f"/proc/{pid}/status").splitlines()
            uids = next(line for line in lines if line.startswith("Uid:")).split()[1:]
            assert "0" not in uids, uids


def a_killed_gateway_is_replaced_and_nothing_else_happens():
    with Gateway(YETT, ZONE, "workers = 2\n") as gateway:
        judged(gateway)
        assert wait_for(lambda: gateway.status()["counters"]["messages"] == 1)
        victim, other = gateway.workers()
        with gateway.connect() as held:
            os.kill(victim, signal.SIGKILL)
            gateway.wait_log(f"gateway {victim} died of SIGKILL")
            assert wait_for(lambda: len(gateway.workers()) == 2), gateway.log()
            del held
        assert other in gateway.workers(), "the other one is gone as well"
        for _ in range(4):
            judged(gateway)
        assert wait_for(lambda: gateway.status()["counters"]["messages"] == 5), gateway.status()
        assert gateway.status()["restarts"] == 1
        assert gateway.stop() == 0


def gateways_do_not_outlive_a_supervisor_that_is_killed():
    with Gateway(YETT, ZONE, "workers = 2\n") as gateway:
        pids = gateway.workers()
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait()
        assert wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 60)
        gateway.start()
        judged(gateway)


def it_runs_as_somebody_who_is_not_root():
    with Gateway(YETT, ZONE, start=False) as gateway:
        os.chmod(gateway.folder, 0o777)
        program = os.path.join(gateway.folder, "yett")
        shutil.copy(YETT, program)
        gateway.command = lambda: ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                   "--clear-groups", program, "serve", "--config",
                                   gateway.config_path, "--dns", gateway.zone_path]
        gateway.start()
        judged(gateway)
        assert os.stat(os.path.join(gateway.folder, "secret")).st_uid == 65534
        assert gateway.stop() == 0, gateway.log()


# ---- the secret ----------------------------------------------------------------------------

def a_secret_is_made_once():
    with Gateway(YETT, ZONE) as gateway:
        path = os.path.join(gateway.folder, "secret")
        with open(path, "rb") as file:
            secret = file.read()
        assert len(secret) == 32 and stat.S_IMODE(os.stat(path).st_mode) == 0o600
        settings = gateway.status()["settings"]
        assert reloaded(gateway)
        assert gateway.stop() == 0
        gateway.start()
        with open(path, "rb") as file:
            assert file.read() == secret
        assert gateway.status()["settings"] == settings
        with open(path, "wb") as file:
            file.write(b"short")
        line = reloaded(gateway, "reload failed")
        holds(line, path, "no secret of 32 octets")
        with open(path, "wb"):
            pass  # what a loss of power leaves
        assert reloaded(gateway)
        assert os.path.getsize(path) == 32
        assert gateway.status()["settings"] == settings


def without_a_place_for_the_secret_it_goes_on():
    with Gateway(YETT, ZONE, start=False) as gateway:
        text = read(gateway.config_path).replace(f'"{gateway.folder}"', '"/proc/nowhere"')
        gateway.write("yett.conf", text)
        gateway.start()
        gateway.wait_log("cannot be kept in /proc/nowhere")
        settings = gateway.status()["settings"]
        assert reloaded(gateway)
        assert gateway.status()["settings"] == settings, "the secret is no setting"


# ---- reloads -------------------------------------------------------------------------------

def a_reload_changes_settings_and_keeps_connections():
    with Gateway(YETT, ZONE, 'authserv_id = "old.example"\n') as gateway:
        old = gateway.workers()
        with gateway.connect() as held:
            gateway.configure('authserv_id = "new.example"\nworkers = 2\n')
            reloaded(gateway)
            assert "new.example" in judged(gateway).values("Authentication-Results")[0]
            assert {one["state"] for one in gateway.status()["generations"]} \
                == {"leaving", "current"}, gateway.status()
            result = held.message(None, MAIL)
            assert "old.example" in result.values("Authentication-Results")[0], result.fields
            held.quit()
        assert wait_for(lambda: not set(old) & set(gateway.workers())), gateway.log()
        answer = gateway.status()
        assert answer["reloads"] == 1 and len(answer["generations"]) == 1, answer
        assert answer["counters"]["messages"] == 2, answer


def a_bad_reload_leaves_everything_as_it_was():
    with socket.create_server(("127.0.0.1", 0)) as taken, Gateway(YETT, ZONE) as gateway:
        pids, before = gateway.workers(), gateway.status()["settings"]
        rows = [('mode = "enfroce"\n', "yett.conf:6: mode"), ("listen {", "yett.conf"),
                (f'listen t {{ address = "inet:127.0.0.1:{taken.getsockname()[1]}" }}\n',
                 "another program listens there"),
                ('listen u { address = "unix:/nowhere/at/all.sock" }\n',
                 "make it (mkdir /nowhere/at)"),
                ('listen u { address = "unix:/dev/null" }\n', "it is no socket"),
                (f'listen any {{ address = "inet:0.0.0.0:{gateway.ports[0]}" }}\n', "address"),
                (f'listen g {{ address = "unix:{gateway.folder}/g.sock" group = "no-group" }}\n',
                 "there is no group no-group")]
        for text, words in rows:
            gateway.configure(text)
            holds(reloaded(gateway, "reload failed"), "stay in force", words)
            judged(gateway)
        assert gateway.workers() == pids and gateway.status()["settings"] == before
        assert gateway.status()["reloads_failed"] == len(rows)
        gateway.configure('mode = "enforce"\n')
        reloaded(gateway)
        assert gateway.status()["reload_error"] is None
        assert gateway.status()["settings"] != before
        judged(gateway)


def listeners_come_and_go():
    with Gateway(YETT, ZONE, listeners=("", "")) as gateway:
        first, second = gateway.address(0), gateway.address(1)
        with gateway.connect(1) as held:  # keeps the old gateway alive
            gateway.listeners = ("",)
            gateway.configure("")
            reloaded(gateway)
            assert wait_for(lambda: refuses(second)), "who connects there waits in vain"
            judged(gateway)
            assert held.message(None, MAIL).accepted
            held.quit()
        gateway.listeners = ("", "")
        gateway.configure("")
        reloaded(gateway)
        judged(gateway, 1)
        gateway.stop()
        assert refuses(first) and refuses(second)


def settings_that_take_too_long_are_given_up():
    with Gateway(YETT, ZONE) as gateway:
        good = gateway.config_path
        os.rename(good, good + ".good")
        os.mkfifo(good)
        gateway.reload()
        assert wait_for(lambda: len(children(gateway.process.pid)) == 2), gateway.log()
        victim = gateway.workers()[0]
        os.kill(victim, signal.SIGKILL)  # is watched meanwhile
        assert wait_for(lambda: gateway.workers() and victim not in gateway.workers())
        judged(gateway)
        line = gateway.wait_log("reload failed", seconds=60)
        holds(line, "more than 30 seconds")
        os.rename(good + ".good", good)
        reloaded(gateway)


def after_an_upgrade_a_reload_starts_the_new_program():
    with folder() as at:
        program = os.path.join(at, "yett")
        shutil.copy(YETT, program)
        with Gateway(program, ZONE) as gateway:
            old = os.stat(f"/proc/{gateway.workers()[0]}/exe").st_ino
            shutil.copy(YETT, program + ".new")
            os.rename(program + ".new", program)
            reloaded(gateway)
            assert wait_for(lambda: len(gateway.workers()) == 1)
            assert os.stat(f"/proc/{gateway.workers()[0]}/exe").st_ino == os.stat(program).st_ino
            assert os.stat(program).st_ino != old
            judged(gateway)
            os.rename(program, program + ".gone")
            line = reloaded(gateway, "reload failed")
            holds(line, "could not be executed")
            gateway.wait_log("restart yett")
            judged(gateway)
            os.rename(program + ".gone", program)
            assert gateway.stop() == 0


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


def a_status_socket_that_cannot_be_had_is_no_end():
    with Gateway(YETT, ZONE, start=False) as gateway:
        gateway.status_path = "/proc/nowhere/status.sock"
        gateway.configure("")
        gateway.start()
        gateway.wait_log("`yett status` will get no answer")
        gateway.status_path = os.path.join(gateway.folder, "s.sock")
        gateway.configure("")
        reloaded(gateway)
        assert gateway.status()["reloads"] == 1


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
            assert gateway.process.wait(60) == 0
        told.socket.close()


# ---- the end -------------------------------------------------------------------------------

def messages_in_work_are_finished_before_the_end():
    with Gateway(YETT, ZONE) as gateway:
        with gateway.connect() as milter:
            milter.connect()
            milter.helo()
            milter.mail()
            milter.rcpt()
            gateway.process.terminate()
            gateway.wait_log("stops when")
            assert wait_for(lambda: refuses(gateway.address()))
            milter.data()
            milter.header("From", " alice@example.org")
            milter.eoh()
            milter.body(b"body\r\n")
            reply, _ = milter.end()
            assert reply in ("accept", "continue"), reply
            milter.quit()
        assert gateway.process.wait(60) == 0, gateway.log()
        assert "unfinished" not in gateway.log(), gateway.log()


def a_second_signal_does_not_wait():
    with Gateway(YETT, ZONE) as gateway:
        with gateway.connect() as milter:
            milter.connect()
            milter.helo()
            milter.mail()
            gateway.process.terminate()
            gateway.wait_log("stops when")
            assert gateway.process.poll() is None
            gateway.process.terminate()
            assert gateway.process.wait(60) == 0
            gateway.wait_log("stops at once")


# ---- status --------------------------------------------------------------------------------

def a_gateway_that_is_not_there_cannot_be_asked():
    with folder() as at:
        path = os.path.join(at, "s.sock")
        done = run("status", "--socket", path)
        assert done.returncode == 75 and not done.stdout, done
        holds(done.stderr, path, "is yett running")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            with subprocess.Popen([YETT, "status", "--socket", path], stderr=subprocess.PIPE,
                                  text=True) as process:
                peer, _ = server.accept()
                peer.sendall(b"220 mail.example.org\r\n")
                peer.close()
                _, err = process.communicate(timeout=60)
            assert process.returncode == 75, err
            holds(err, "cannot be understood")
        done = run("status", "--socket", "/" + "x" * 200)
        assert done.returncode == 2, done
        config = os.path.join(at, "yett.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write('status_socket = ""\n')
        done = run("status", "--config", config)
        assert done.returncode == 2, done
        holds(done.stderr, "no status_socket")


def who_asks_and_does_not_read_holds_nobody_up():
    with Gateway(YETT, ZONE, "workers = 2\n") as gateway:
        idle = []
        for _ in range(200):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(gateway.status_path)
            idle.append(peer)
        assert gateway.status()["gauges"]["open_connections"] == 0
        judged(gateway)
        for peer in idle:
            peer.close()
        descriptors = len(os.listdir(f"/proc/{gateway.process.pid}/fd"))
        assert descriptors < 64, descriptors


NO_ROOT = "" if ROOT and os.path.exists("/usr/bin/setpriv") else "needs root and setpriv"
CASES = [(test.__name__, test, "") for test in (
    settings_that_take_too_long_are_given_up,
    it_starts_without_a_file_and_tells_its_status, bad_settings_end_the_start,
    wrong_usage_is_told, options_go_over_the_file, an_address_that_is_taken_is_named,
    roles_are_not_for_people, a_gateway_has_nothing_but_what_it_needs,
    a_killed_gateway_is_replaced_and_nothing_else_happens,
    gateways_do_not_outlive_a_supervisor_that_is_killed, a_secret_is_made_once,
    without_a_place_for_the_secret_it_goes_on, a_reload_changes_settings_and_keeps_connections,
    a_bad_reload_leaves_everything_as_it_was, listeners_come_and_go,
    after_an_upgrade_a_reload_starts_the_new_program, a_unix_socket_is_made_and_removed,
    what_is_in_the_way_of_a_unix_socket_stays, a_status_socket_that_cannot_be_had_is_no_end,
    sockets_that_are_handed_over_are_used, a_socket_that_no_setting_names_is_an_error,
    systemd_is_told_what_happens, messages_in_work_are_finished_before_the_end,
    a_second_signal_does_not_wait, a_gateway_that_is_not_there_cannot_be_asked,
    who_asks_and_does_not_read_holds_nobody_up)]
CASES.append((it_runs_as_somebody_who_is_not_root.__name__,
              it_runs_as_somebody_who_is_not_root, NO_ROOT))

if __name__ == "__main__":
    sys.exit(tap.report(CASES))
