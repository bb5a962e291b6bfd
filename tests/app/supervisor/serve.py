#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett serve`: how it starts, what its gateways have, how it ends; `yett status`.

    serve.py YETT UNIT
"""
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
from house import NO_ROOT, ROOT, YETT, ZONE, folder, holds, judged, read, refuses, run
from gateway import Gateway, command_line, free_port, open_files, wait_for
import tap


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
                             (["--listen", "inet:127.0.0.1:8891", "--listen", "inet:0.0.0.0:8891"],
                              "cannot be listened on besides inet:127.0.0.1:8891"),
                             (["--workers", "many"], "from 0 to 128"),
                             (["--sandbox", "none"], "neither required nor best-effort"),
                             (["--status-socket", "here"], "no absolute path"),
                             (["--config", "-"], "must be in a file"),
                             (["yett.conf"], "--config"), (["--ip", "::1"], "is no option"),
                             (["--validate"], "is no option")):
        done = run("serve", *arguments)
        assert done.returncode == 2, (arguments, done)
        holds(done.stderr, words)


def a_json_log_has_one_form_of_time_and_no_field_of_two_types():
    with Gateway(YETT, ZONE, 'log { format = "json" }\n') as gateway:
        judged(gateway)
        gateway.wait_log('"outcome"')
        gateway.stop()
        lines = [json.loads(line) for line in gateway.log().splitlines() if line[0] == "{"]
    types = {}
    for line in lines:
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"]), line
        for name, value in line.items():
            types.setdefault(name, set()).add(type(value))
    assert any("outcome" in line for line in lines), lines
    assert any("text" in line and "outcome" not in line for line in lines), lines
    assert types["message"] == {dict} and types["text"] == {str}, types


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
        judged(gateway, address=("::1", other))
        assert gateway.wait_log(" listener=").endswith(" listener=milter"), gateway.log()


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
        kinds = open_files(pid)
        assert not any("memfd:" in kind for kind in kinds), kinds
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
        gateway.wait_log("started: ")  # a death before that is a failed start
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
        os.kill(pids[0], signal.SIGSTOP)  # it hangs: it will not see that nobody is there
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


CASES = [(test.__name__, test, "") for test in (
    it_starts_without_a_file_and_tells_its_status, bad_settings_end_the_start,
    wrong_usage_is_told, a_json_log_has_one_form_of_time_and_no_field_of_two_types,
    options_go_over_the_file, an_address_that_is_taken_is_named,
    roles_are_not_for_people, a_gateway_has_nothing_but_what_it_needs,
    a_killed_gateway_is_replaced_and_nothing_else_happens,
    gateways_do_not_outlive_a_supervisor_that_is_killed,
    messages_in_work_are_finished_before_the_end, a_second_signal_does_not_wait,
    a_gateway_that_is_not_there_cannot_be_asked, who_asks_and_does_not_read_holds_nobody_up)]
CASES += [(test.__name__, test, NO_ROOT) for test in (
    it_runs_as_somebody_who_is_not_root,)]

if __name__ == "__main__":
    sys.exit(tap.report(CASES))
