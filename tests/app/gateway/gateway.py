#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One gateway role by itself, started as its supervisor would, at work for mail servers."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

YETT, STAGE, SUPPORT, PLANTED = sys.argv[1:5]
sys.path.insert(0, SUPPORT)
import tap  # noqa: E402
from gateway import NOW, PATIENCE, free_port, pss_bytes, wait_for  # noqa: E402
from milter import Closed, Envelope, Milter, MilterError, strings  # noqa: E402

ZONE = """$TTL 3600
example.org. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.org. TXT "v=DMARC1; p=reject"
slow.test. TXT "v=spf1 -all"
"""
MAIL = (b"From: alice@example.org\r\nTo: bob@example.com\r\nSubject: hello\r\n"
        b"Message-ID: <1@example.org>\r\n\r\nbody\r\n")


class Worker:
    """`settings` without listeners; zone None: DNS as the settings say."""

    def __init__(self, settings="", zone=ZONE, listeners=("",), arguments=(), start=True):
        self.folder = tempfile.mkdtemp(prefix="yett-")
        os.chmod(self.folder, 0o755)
        self.ports = [free_port() for _ in listeners]
        text = 'authserv_id = "mx.example.com"\n' + settings + "\n"
        for number, (inside, port) in enumerate(zip(listeners, self.ports)):
            text += f'listen l{number} {{ address = "inet:127.0.0.1:{port}" {inside} }}\n'
        arguments = [f"--now={NOW}", "--settings=00c0ffee00c0ffee", "--sandbox=best-effort",
                     *arguments]
        if zone is not None:
            arguments.append("--zone=" + self.write("zone", zone))
        self.log_file = open(os.path.join(self.folder, "log"), "wb")
        self.stage = subprocess.Popen([STAGE, YETT, self.write("yett.conf", text), *arguments],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self.log_file, text=True)
        self.pid = None
        if start:
            assert self.start() == ["ready"], self.log()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid and os.path.exists(f"/proc/{self.pid}"):
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
        self.stage.stdin.close()
        self.stage.wait(PATIENCE)
        self.stage.stdout.close()
        self.log_file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def command(self, text):
        """Tell the stage; its lines."""
        self.stage.stdin.write(text + "\n")
        self.stage.stdin.flush()
        lines = []
        for line in self.stage.stdout:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError("the stage is gone: " + self.log())

    def start(self, argument=""):
        lines = self.command(f"start {argument}".strip())
        self.pid = int(self.command("pid")[0])
        return lines

    def connect(self, listener=0, timeout=PATIENCE, negotiate=True):
        milter = Milter(("127.0.0.1", self.ports[listener]), timeout)
        if negotiate:
            milter.negotiate()
        return milter

    def message(self, raw=MAIL, listener=0, **envelope):
        with self.connect(listener) as milter:
            result = milter.message(Envelope(**envelope), raw)
            milter.quit()
            return result

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, text):
        assert wait_for(lambda: text in self.log()), f"no {text!r} in the log:\n{self.log()}"
        return next(line for line in self.log().splitlines() if text in line)

    def counters(self):
        return {name: int(value) for name, value in
                (line.split() for line in self.command("counters"))}

    def wait_counter(self, name, value):
        assert wait_for(lambda: self.counters()[name] == value), \
            f"{name} is {self.counters()[name]}, not {value}"

    def works(self):
        """It still does what it is for."""
        assert self.message().accepted


def begin(milter, envelope=None, raw=MAIL):
    """A message up to the end of its header."""
    milter.session(envelope or Envelope())
    milter.envelope(envelope or Envelope())
    milter.header("From", " alice@example.org")
    milter.eoh()
    milter.flush()


# ---- conversations ------------------------------------------------------------------------------

def a_message_gets_its_results():
    with Worker() as worker:
        result = worker.message()
        assert result.accepted and result.step == "E", result.reply
        field = result.values("Authentication-Results")
        assert len(field) == 1 and field[0].startswith("mx.example.com;"), field
        assert "spf=pass" in field[0] and "dmarc=pass" in field[0], field
        line = worker.wait_log("accepted: ")
        assert "dmarc-pass" in line and "listener=l0" in line, line


def observe_lets_pass_what_enforce_refuses():
    for mode, outcome in (("observe", "accept"), ("enforce", "550 ")):
        with Worker(f'mode = "{mode}"\ndmarc {{ on_reject = "strict" }}') as worker:
            result = worker.message(ip="203.0.113.9")
            assert result.reply.startswith(outcome), (mode, result.reply)
            worker.wait_counter("observed", 1 if mode == "observe" else 0)
            worker.wait_counter("rejected", 0 if mode == "observe" else 1)


def each_listener_has_its_own_role():
    with Worker(listeners=("", 'role = "sign"')) as worker:
        assert worker.message(listener=0).values("Authentication-Results")
        assert not worker.message(listener=1).values("Authentication-Results")


def one_connection_carries_message_after_message():
    with Worker() as worker, worker.connect() as milter:
        ids = set()
        for number in range(100):
            result = milter.message(Envelope(), MAIL, session=number == 0)
            assert result.accepted and len(result.edits) == 1, result.edits
        worker.wait_counter("messages", 100)
        for line in worker.log().splitlines():
            if match := re.search(r"\bid=([2-9a-z]{16})\b", line):
                ids.add(match[1])
        assert len(ids) == 100, f"{len(ids)} ids"


def messages_may_come_in_one_write():
    with Worker() as worker, worker.connect() as milter:
        for _ in range(3):
            begin_without_flush(milter)
            milter.packet("E")
            milter.packet("A")
        milter.flush()
        for _ in range(3):
            reply, edits = milter.answer("E")
            assert reply in ("accept", "continue") and len(edits) == 1, (reply, edits)
        worker.wait_counter("messages", 3)


def begin_without_flush(milter):
    for command, data in (("C", strings("mail.example.org") + b"4" + struct.pack(">H", 25)
                           + strings("192.0.2.1")), ("H", strings("mail.example.org")),
                          ("M", strings("<alice@example.org>")),
                          ("R", strings("<bob@example.com>")), ("T", b""),
                          ("L", strings("From", " alice@example.org")), ("N", b""),
                          ("B", b"body\r\n")):
        if milter.wants(command):
            milter.packet(command, data)


def any_cut_of_a_conversation_gives_the_same():
    with Worker() as worker:
        for size in (1, 7, 100):
            with worker.connect() as milter:
                begin_without_flush(milter)
                milter.packet("E")
                data, milter.waiting = bytes(milter.waiting), bytearray()
                for at in range(0, len(data), size):
                    milter.socket.sendall(data[at:at + size])
                reply, edits = milter.answer("E")
                assert reply in ("accept", "continue") and len(edits) == 1, (reply, edits)


def a_json_log_has_an_object_a_message():
    with Worker('log { format = "json" }') as worker:
        worker.message()
        line = json.loads(worker.wait_log("dmarc-pass"))
        assert line["v"] == 1, line
        assert "00c0ffee00c0ffee" in json.dumps(line), line


# ---- peers that do not behave --------------------------------------------------------------------

def five_hundred_idle_connections_cost_little():
    with Worker() as worker:
        worker.message()
        before = pss_bytes(worker.pid)
        peers = [worker.connect() for _ in range(500)]
        for milter in peers:
            milter.session(Envelope())
        for milter in peers:
            milter.flush()
        worker.wait_counter("open_connections", 500)
        worker.works()
        after = pss_bytes(worker.pid)
        for milter in peers:
            milter.close()
        worker.wait_counter("open_connections", 0)
        worker.wait_counter("connections_broken", 0)
        print(f"# {(after - before) // 500} octets for an idle connection, "
              f"{after // 1024} KiB in all", flush=True)
        assert is_sanitized(worker.pid) or after - before < 500 * 8192, \
            f"{after - before} octets for 500 connections"


def is_sanitized(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
        return "asan" in maps.read()


def what_many_messages_took_is_given_back():
    with Worker() as worker:
        if is_sanitized(worker.pid):
            return "sanitizers keep what is freed"
        peers = [worker.connect() for _ in range(200)]
        before = pss_bytes(worker.pid)
        for milter in peers:
            milter.session(Envelope())
            milter.envelope(Envelope())
            for _ in range(20):
                milter.header("X-Long", " " + "x" * 10000)
            milter.flush()
        worker.wait_counter("messages_in_work", 200)
        most = pss_bytes(worker.pid)
        for milter in peers:
            milter.eoh()
            reply, _ = milter.end()
            assert reply in ("accept", "continue"), reply
        worker.wait_counter("messages_in_work", 0)
        assert most > before + 10e6, f"only {most - before} octets for 200 messages"
        assert wait_for(lambda: pss_bytes(worker.pid) < before + (most - before) / 4), \
            f"{before} octets before, {most} at most, {pss_bytes(worker.pid)} after"
        for milter in peers:
            milter.close()
    return None


def a_slow_peer_disturbs_nobody():
    with Worker() as worker, worker.connect() as slow:
        begin_without_flush(slow)
        slow.packet("E")
        data, slow.waiting = bytes(slow.waiting), bytearray()
        for octet in data[:40]:
            slow.socket.sendall(bytes([octet]))
            worker.works()
            time.sleep(0.05)
        slow.socket.sendall(data[40:])
        reply, _ = slow.answer("E")
        assert reply in ("accept", "continue"), reply


def who_is_silent_within_a_message_is_closed_and_named():
    with Worker('limits { stall_timeout = "1s" }\ndns { timeout = "100ms" deadline = "100ms" }') as worker:
        with worker.connect() as silent, worker.connect() as idle:
            begin(silent)
            port = silent.socket.getsockname()[1]
            assert silent.is_closed()
            line = worker.wait_log("within a message")
            assert f"127.0.0.1:{port}" in line and "listener l0" in line, line
            assert idle.message(Envelope(), MAIL).accepted
        worker.wait_counter("connections_timed_out", 1)
        worker.wait_counter("aborted", 1)
        worker.works()


def who_breaks_the_protocol_is_named_but_not_endlessly():
    with Worker() as worker:
        for number in range(30):
            with worker.connect(negotiate=False) as broken:
                broken.socket.sendall(b"\xff\xff\xff\xffGET / HTTP/1.0\r\n\r\n" if number % 2
                                      else b"\x00\x00\x00\x00")
                assert broken.is_closed()
        worker.wait_counter("connections_broken", 30)
        named = worker.log().count("was ended: ")
        assert named == 10, f"{named} of 30 are named:\n{worker.log()}"
        worker.works()


def who_goes_away_in_the_middle_is_counted():
    with Worker() as worker:
        for how in ("close", "half", "reset"):
            with worker.connect() as gone:
                begin(gone)
                if how == "half":
                    gone.socket.shutdown(socket.SHUT_WR)
                    assert gone.is_closed()
                elif how == "reset":
                    gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                           struct.pack("ii", 1, 0))
        worker.wait_counter("aborted", 3)
        worker.wait_counter("connections_broken", 3)
        worker.wait_counter("messages_in_work", 0)
        worker.works()


def at_the_limit_of_connections_a_peer_waits():
    with Worker("limits { connections = 2 }") as worker:
        with worker.connect() as first, worker.connect(), \
                worker.connect(negotiate=False) as third:
            third.socket.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                third.negotiate()
                raise AssertionError("a third was served")
            first.close()
            third.socket.settimeout(PATIENCE)
            command, _ = third.read()
            assert command == "O", command
        assert wait_for(lambda: worker.counters()["connections_refused"] >= 1)
        worker.wait_log("2 connections were open")


# ---- DNS ------------------------------------------------------------------------------------------

@contextlib.contextmanager
def silent_name_server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield server.getsockname()[1]


def no_answer_ends_in_a_deferral_at_the_deadline():
    with silent_name_server() as port, Worker(
            f'mode = "enforce"\ndns {{ resolver = "127.0.0.1@{port}" timeout = "700ms" '
            'deadline = "700ms" }', zone=None) as worker:
        begun = time.monotonic()
        result = worker.message()
        taken = time.monotonic() - begun
        assert result.reply.startswith("451 4."), result.reply
        assert 0.6 < taken < 20, f"{taken} s"
        assert result.values("Authentication-Results") == [], result.edits
        line = worker.wait_log("deferred: ")
        assert int(re.search(r"ms=(\d+)", line)[1]) >= 600, line
        worker.wait_counter("dmarc_temperror", 1)


def a_sender_that_takes_his_time_still_gets_his_answers():
    """The deadline is about those who wait for us, not about those for whom we wait."""
    with Worker('dns { timeout = "200ms" deadline = "200ms" }') as worker, worker.connect() as milter:
        begin(milter)
        time.sleep(0.5)
        milter.body(b"body\r\n")
        reply, edits = milter.end()
        assert reply in ("accept", "continue") and "dmarc=pass" in edits[0][3], (reply, edits)


def many_wait_at_the_same_time():
    with silent_name_server() as port, Worker(
            f'mode = "enforce"\ndns {{ resolver = "127.0.0.1@{port}" timeout = "1500ms" '
            'deadline = "1500ms" }', zone=None) as worker:
        peers = [worker.connect() for _ in range(50)]
        begun = time.monotonic()
        for number, milter in enumerate(peers):
            begin(milter, Envelope(mail_from=f"alice@d{number}.example.org"))
            milter.packet("E")
            milter.flush()
        for milter in peers:
            reply, _ = milter.answer("E")
            assert reply.startswith("451 "), reply
            milter.close()
        assert time.monotonic() - begun < 25
        worker.wait_counter("deferred", 50)
        worker.wait_counter("messages_in_work", 0)


def a_deferral_is_remembered_longer_than_a_worker_lives():
    zone = ZONE + "; yett: servfail _dmarc.example.net TXT\n"
    mail = MAIL.replace(b"alice@example.org", b"alice@example.net")
    with Worker('mode = "enforce"', zone=zone) as worker:
        assert worker.message(mail).reply.startswith("451 4.")
        for hours, reply in ((1, "451 4."), (5, "accept")):
            worker.command("leave 1000")
            assert worker.command("wait") == ["exit 0"]
            assert worker.start(f"--now={NOW + hours * 3600}") == ["ready"]
            result = worker.message(mail)
            assert result.reply.startswith(reply), (hours, result.reply)
        assert worker.message(mail, ip="203.0.113.1").reply.startswith("451 4.")


def who_gives_up_while_waiting_may_begin_again():
    with silent_name_server() as port, Worker(
            f'dns {{ resolver = "127.0.0.1@{port}" timeout = "50s" deadline = "50s" }}',
            zone=None) as worker, worker.connect() as milter:
        for _ in range(3):
            begin(milter)
            milter.packet("E")
            milter.flush()
            time.sleep(0.05)
            milter.abort()
        milter.flush()
        worker.wait_counter("aborted", 3)
        begin(milter)
        milter.packet("E")
        milter.close()  # … and goes away for good
        worker.wait_counter("aborted", 4)
        worker.wait_counter("messages_in_work", 0)


# ---- the supervisor's word ------------------------------------------------------------------------

def leaving_finishes_the_message_in_work():
    with Worker() as worker, worker.connect() as busy, worker.connect() as idle:
        begin(busy)
        idle.session(Envelope())
        idle.flush()
        worker.wait_counter("messages_in_work", 1)
        worker.command("leave 3000")
        assert worker.command("hear") == ["leaving"]
        assert idle.is_closed()
        late = Milter(("127.0.0.1", worker.ports[0]))
        late.socket.settimeout(0.3)
        with late, contextlib.suppress(TimeoutError):
            late.negotiate()
            raise AssertionError("it accepts while it leaves")
        busy.body(b"body\r\n")
        reply, edits = busy.end()
        assert reply in ("accept", "continue") and len(edits) == 1, (reply, edits)
        assert worker.command("wait") == ["exit 0"]
        assert worker.counters()["messages"] == 1


def a_client_between_two_messages_may_send_the_next_when_we_leave():
    with Worker() as worker, worker.connect() as milter:
        assert milter.message(Envelope(), MAIL).accepted
        worker.command("leave 20000")
        assert milter.message(Envelope(), MAIL, session=False).accepted
        milter.quit()
        assert worker.command("wait") == ["exit 0"]


def a_stop_shortens_the_leaving_of_a_reload():
    with Worker() as worker, worker.connect() as busy:
        begin(busy)
        worker.wait_counter("messages_in_work", 1)
        for within in (300000, 300, 300000):
            worker.command(f"leave {within}")
        assert worker.command("wait") == ["exit 0"]


def leaving_does_not_wait_for_ever():
    with Worker() as worker, worker.connect() as busy:
        begin(busy)
        worker.wait_counter("messages_in_work", 1)
        worker.command("leave 300")
        assert worker.command("wait") == ["exit 0"]
        assert busy.is_closed()
        assert "1 messages unfinished" in worker.log(), worker.log()


def without_a_supervisor_it_leaves():
    with Worker() as worker, worker.connect() as busy:
        begin(busy)
        worker.wait_counter("messages_in_work", 1)
        worker.command("drop")
        worker.wait_log("the supervisor is gone")
        busy.body(b"body\r\n")
        reply, _ = busy.end()
        assert reply in ("accept", "continue"), reply
        assert worker.command("wait") == ["exit 0"]


def signals_are_the_supervisors_affair():
    with Worker() as worker:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            os.kill(worker.pid, number)
        worker.works()


def what_cannot_be_opened_is_told():
    for zone, arguments, text in (
            ("example.org. TXT unfinished \"", (), "zone:"),
            (None, ("--zone=/nowhere/zone",), "/nowhere/zone: "),
            (ZONE, ("--uid=4294967290", "--gid=4294967290"), None)):
        with Worker(zone=zone, arguments=arguments, start=False) as worker:
            lines = worker.start()
            if text is None:  # it depends on who runs this
                assert lines[0] == "ready" or lines[0].startswith("failed: "), lines
                continue
            assert lines[0].startswith("failed: ") and text in lines[0], lines
            assert worker.command("wait") == ["exit 1"]


def the_walls_stand_or_it_does_not_start():
    with Worker(arguments=("--sandbox=required",), start=False) as worker:
        lines = worker.start()
        if lines[0].startswith("failed: "):
            assert "best-effort" in lines[0], lines
            return f"a wall is missing here: {lines[0]}"
        with open(f"/proc/{worker.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
        worker.works()
    return None


def a_wrong_command_line_is_refused():
    for argument in ("--slot=x", "--slot=768", "--listeners=", "--now=-1", "--sandbox=maybe",
                     "--uid=0", "--what", "zone"):
        done = subprocess.run([YETT, "--role=gateway", argument], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        assert done.returncode == 2, (argument, done)


# ---- a fault that takes it down -------------------------------------------------------------------

CRASH = (b"From: alice@example.org\r\nTo: bob@example.com\r\nX-Yett-Test-Crash: %s\r\n"
         b"\r\nbody\r\n")


def strike(worker, word):
    """Send the message; what became of the connection."""
    try:
        return worker.message(CRASH % word).reply
    except (Closed, MilterError, ConnectionError):
        return "closed"


def a_message_that_takes_a_worker_down_twice_is_not_looked_into_again():
    with Worker('mode = "enforce"') as worker:
        for time_ in (1, 2):
            assert strike(worker, b"now") == "closed"
            lines = worker.command("wait")
            assert lines == [f"blamed {time_}", "signal 6"], lines
            assert worker.start() == ["ready"]
        assert strike(worker, b"now").startswith("451 ")
        worker.wait_counter("poisoned", 1)
        worker.works()
        assert worker.message(MAIL.replace(b"hello", b"other")).accepted


def a_worker_that_hangs_shows_what_it_hangs_on():
    with Worker() as worker:
        for time_ in (1, 2):
            with worker.connect() as milter:
                milter.session(Envelope())
                milter.envelope(Envelope())
                for field in (("From", " alice@example.org"), ("To", " bob@example.com"),
                              ("X-Yett-Test-Crash", " hang")):
                    milter.header(*field)
                milter.eoh()
                milter.flush()
                time.sleep(0.3)
                os.kill(worker.pid, signal.SIGKILL)
                assert worker.command("wait") == [f"blamed {time_}", "signal 9"]
            assert worker.start() == ["ready"]
        worker.works()


TESTS = [a_message_gets_its_results, observe_lets_pass_what_enforce_refuses,
         each_listener_has_its_own_role, one_connection_carries_message_after_message,
         messages_may_come_in_one_write, any_cut_of_a_conversation_gives_the_same,
         a_json_log_has_an_object_a_message, five_hundred_idle_connections_cost_little,
         what_many_messages_took_is_given_back, a_slow_peer_disturbs_nobody, who_is_silent_within_a_message_is_closed_and_named,
         who_breaks_the_protocol_is_named_but_not_endlessly,
         who_goes_away_in_the_middle_is_counted, at_the_limit_of_connections_a_peer_waits,
         no_answer_ends_in_a_deferral_at_the_deadline,
         a_sender_that_takes_his_time_still_gets_his_answers, many_wait_at_the_same_time,
         a_deferral_is_remembered_longer_than_a_worker_lives,
         who_gives_up_while_waiting_may_begin_again, leaving_finishes_the_message_in_work,
         a_client_between_two_messages_may_send_the_next_when_we_leave,
         leaving_does_not_wait_for_ever, a_stop_shortens_the_leaving_of_a_reload, without_a_supervisor_it_leaves,
         signals_are_the_supervisors_affair, what_cannot_be_opened_is_told,
         the_walls_stand_or_it_does_not_start, a_wrong_command_line_is_refused]
FAULTS = [a_message_that_takes_a_worker_down_twice_is_not_looked_into_again,
          a_worker_that_hangs_shows_what_it_hangs_on]
NO_FAULTS = "" if PLANTED == "true" else "built without -Dplanted_faults=true"

if __name__ == "__main__":
    sys.exit(tap.report(tap.named(TESTS) + tap.named(FAULTS, skip=NO_FAULTS)))
