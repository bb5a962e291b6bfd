#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gateways and their examiners: what the log says of signatures that fail, and what becomes of
mail and of autopsies when an examiner is busy, hangs or dies.

    examiner.py YETT
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, NOW, children, command_line, has_sanitizer, open_files, pss_bytes, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from milter import Envelope  # noqa: E402  pylint: disable=wrong-import-position

SENDER = Envelope(ip="192.0.2.1", mail_from="jo@bank.test")
ON = "dkim { autopsy = true }\n"
FOOTER = b"-- \r\nSent by the garden list\r\n"
MAX_BODY = 1024 * 1024


class Signer:
    """Signs as bank.test would, with the program itself."""

    def __init__(self, yett, folder):
        self.yett, self.key = yett, os.path.join(folder, "key.pem")
        done = subprocess.run([yett, "key", "generate", "bank.test", "--selector", "s1",
                               "--algorithm", "ed25519", "--json", "--directory", os.path.join(folder, "keys")],
                              capture_output=True, check=True, timeout=30)
        made = json.loads(done.stdout)
        made = made["keys"][0] if "keys" in made else made
        self.key, self.record = made["file"], made["record"]["zone"]

    def sign(self, body, subject="figures", author="jo@bank.test"):
        raw = (f"From: {author}\r\nTo: bob@example.com\r\nSubject: {subject}\r\n"
               "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <1@bank.test>\r\n\r\n"
               ).encode() + body
        done = subprocess.run([self.yett, "sign", "--domain", "bank.test", "--selector", "s1",
                               "--key", self.key, "--now", str(NOW), "-"], input=raw,
                              capture_output=True, check=True, timeout=30)
        return done.stdout


class Examined(Gateway):
    def __init__(self, yett, settings=ON, **more):
        super().__init__(yett, start=False, **more)
        try:
            self.signer = Signer(yett, self.folder)
            self.zone_path = self.write(
                "zone", "$TTL 3600\nbank.test. TXT \"v=spf1 -all\"\n"
                "_dmarc.bank.test. TXT \"v=DMARC1; p=none\"\n" + self.signer.record)
            self.configure(settings)
            self.start()
            self.wait_log("started: ")
        except BaseException:
            self.__exit__()
            raise

    def examiners(self):
        return [pid for pid in children(self.process.pid) if "--role=examiner" in command_line(pid)]

    def counters(self):
        return self.status()["counters"]

    def changed(self, number=0, body=b"Hello\r\n"):
        """Let in a message whose body was changed."""
        envelope = Envelope(ip="192.0.2.1", mail_from="jo@bank.test", queue_id=f"Q{number}")
        result = self.message(envelope, self.signer.sign(body) + FOOTER)
        assert result.accepted, result.reply
        assert any("dkim=fail" in value for value in result.values("Authentication-Results"))
        return result

    def findings(self):
        return [line for line in self.log().splitlines() if ": the signature of " in line]


def names_what_was_changed(yett):
    with Examined(yett) as gateway:
        gateway.changed()
        line = gateway.wait_log("the signature of bank.test (s=s1) failed: ")
        assert "footer-added, certain: a footer of 30 bytes was added" in line, line
        assert "Sent by the garden list" in line and " Q0: " in line, line
        event = gateway.wait_log("Q0: accepted")
        number = re.search(r" id=(\w+)", event)[1]
        assert line.endswith(f" id={number}"), (line, event)
        assert gateway.log().index(event) < gateway.log().index(line), gateway.log()
        assert wait_for(lambda: gateway.counters()["autopsies"] == 1), gateway.counters()
        assert wait_for(lambda: gateway.counters()["autopsies_explained"] == 1)
        # What holds, and what nobody signed, is not looked into.
        gateway.message(SENDER, gateway.signer.sign(b"Hello\r\n"))
        gateway.message(SENDER, b"From: jo@bank.test\r\nSubject: x\r\n\r\nHello\r\n")
        gateway.changed(2)
        assert wait_for(lambda: len(gateway.findings()) == 2)
        assert gateway.counters()["autopsies"] == 2 and gateway.counters()["autopsies_left"] == 0


def says_so_to_programs(yett):
    with Examined(yett, ON + 'log { format = "json" }\n') as gateway:
        gateway.changed()
        line = gateway.wait_log('"autopsy":')
        found = json.loads(line[line.index("{"):])
        finding = found["autopsy"]
        assert (found["v"], found["domain"], found["selector"]) == (1, "bank.test", "s1"), found
        assert (found["queue_id"], found["algorithm"]) == ("Q0", "ed25519-sha256"), found
        assert finding["kind"] == "footer-added" and finding["confidence"] == "certain", finding
        assert finding["header"] == "as-signed" and finding["body"] == "explained", finding
        path = gateway.write("mail", "")
        with open(path, "wb") as file:
            file.write(gateway.signer.sign(b"Hello\r\n") + FOOTER)
        done = subprocess.run([yett, "check", "--json", "--dns", gateway.zone_path, "--now",
                               str(NOW), path], capture_output=True, check=False, timeout=30)
        by_check = json.loads(done.stdout)["dkim"][0]["autopsy"]
        assert by_check == finding, (by_check, finding)


def nothing_is_kept_by_default(yett):
    with Examined(yett, "") as gateway:
        gateway.changed()
        roles = [command_line(pid)[1] for pid in children(gateway.process.pid)]
        assert roles == ["--role=gateway"], roles
        gateway.configure(ON)
        gateway.reload()
        gateway.wait_log("reloaded: 1 gateway at work (as set), each with an examiner")
        gateway.changed(1)
        assert " Q1: " in gateway.wait_log("the signature of bank.test"), gateway.findings()


def has_no_more_than_it_needs(yett):
    with Examined(yett, ON + ('user = "nobody"\n' if os.geteuid() == 0 else "")) as gateway:
        gateway.changed()
        gateway.wait_log("the signature of bank.test")
        pid = gateway.examiners()[0]
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            state = dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)
        assert state["Seccomp"].strip() == "2" and state["NoNewPrivs"].strip() == "1", state
        assert int(state["CapEff"], 16) == 0 and "0" not in state["Uid"].split(), state["Uid"]
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            assert file.read().rsplit(")", 1)[1].split()[16] == "19", "its priority"
        kinds = sorted(re.sub(r"[:(\[].*", "", name) for name in open_files(pid))
        files = [kind for kind in kinds if kind.startswith("/") and kind != "/dev/null"
                 and not kind.startswith(gateway.folder)]
        assert not files and "socket" in kinds, kinds


def waits_for_nobody(yett):
    """With an examiner that does not move mail goes on; what fits waits, the rest is counted."""
    with Examined(yett) as gateway:
        raw = gateway.signer.sign(b"Hello\r\n") + FOOTER
        pid = gateway.examiners()[0]
        os.kill(pid, signal.SIGSTOP)
        with gateway.connect() as milter:
            slowest = 0
            for number in range(60):
                at = time.monotonic()
                result = milter.message(Envelope(ip=f"198.51.{number}.1", queue_id=f"N{number}",
                                                 mail_from="jo@bank.test"), raw)
                slowest = max(slowest, time.monotonic() - at)
                assert result.accepted
            milter.quit()
        assert slowest < 5, slowest  # a thousandth of a second; this machine is busy
        left = wait_for(lambda: gateway.counters()["autopsies_left"])
        assert 0 < left < 59, left
        line = gateway.wait_log("is not looked into")
        assert "more fails at once than can be looked into" in line, line
        assert gateway.log().count("is not looked into") == 1, "it is said once"
        os.kill(pid, signal.SIGCONT)
        assert wait_for(lambda: gateway.counters()["autopsies"] == 60 - left), gateway.counters()
        assert len(gateway.findings()) == 60 - left
        assert gateway.status()["examiner_restarts"] == 0
        # Room again, and nothing of what was handed over stays behind.
        gateway.changed(60)
        gateway.wait_log("Q60: the signature of bank.test")
        for one in (pid, gateway.workers()[0]):
            # It is closed once it was looked into, which the line may come before.
            assert wait_for(lambda one=one: not any("yett-text" in name
                                                    for name in open_files(one))), one


def leaves_room_for_others(yett):
    """Of one network 20 messages a minute are looked into, and others none the less."""
    with Examined(yett) as gateway:
        raw = gateway.signer.sign(b"Hello\r\n") + FOOTER
        with gateway.connect() as milter:
            for number in range(30):
                envelope = Envelope(ip=f"198.51.100.{number}", mail_from="jo@bank.test")
                assert milter.message(envelope, raw).accepted
                time.sleep(0.02)  # there is room for each
            milter.quit()
        gateway.changed(1)
        gateway.wait_log("Q1: the signature of bank.test")
        assert wait_for(lambda: gateway.counters()["autopsies"] == 21), gateway.counters()
        assert gateway.counters()["autopsies_left"] == 10
        assert "over 20 a minute" in gateway.wait_log("is not looked into")


def another_takes_its_place(yett):
    with Examined(yett) as gateway:
        before = gateway.examiners()[0]
        os.kill(before, signal.SIGSTOP)
        for number in range(5):
            gateway.changed(number)
        os.kill(before, signal.SIGKILL)
        gateway.wait_log(f"examiner {before} died of SIGKILL")
        # One may be in its hands when it dies; the others are still in the pair.
        assert wait_for(lambda: len(gateway.findings()) >= 4), gateway.findings()
        assert gateway.status()["examiner_restarts"] == 1
        assert gateway.status()["restarts"] == 0
        gateway.changed(9)
        gateway.wait_log("Q9: the signature of bank.test")


def outlives_its_gateway(yett):
    with Examined(yett) as gateway:
        worker, examiner = gateway.workers()[0], gateway.examiners()
        os.kill(worker, signal.SIGKILL)
        assert wait_for(lambda: gateway.workers() and gateway.workers() != [worker])
        gateway.wait_ready()
        gateway.changed(1)
        gateway.wait_log("Q1: the signature of bank.test")
        assert gateway.examiners() == examiner


def finishes_before_it_leaves(yett):
    with Examined(yett) as gateway:
        before = gateway.examiners()[0]
        os.kill(before, signal.SIGSTOP)
        for number in range(3):
            gateway.changed(number)
        reloads = gateway.status()["reloads"]
        gateway.reload()
        assert wait_for(lambda: gateway.status()["reloads"] > reloads)
        assert wait_for(lambda: len(gateway.workers()) == 1), "the old gateway stays"
        os.kill(before, signal.SIGCONT)
        assert wait_for(lambda: len(gateway.findings()) == 3), gateway.findings()
        assert wait_for(lambda: len(gateway.examiners()) == 1), "the old examiner stays"
        gateway.changed(7)
        gateway.wait_log("Q7: the signature of bank.test")


def finishes_before_the_end(yett):
    with Examined(yett) as gateway:
        gateway.changed(1)
        assert gateway.stop() == 0
        assert len(gateway.findings()) == 1, gateway.log()


def looks_at_the_header_of_what_is_too_large(yett):
    with Examined(yett) as gateway:
        body = (b"x" * 76 + b"\r\n") * (MAX_BODY // 78 + 10)
        gateway.changed(1, body)
        assert "too-large" in gateway.wait_log("Q1: the signature of bank.test")
        raw = gateway.signer.sign(body).replace(b"Subject: figures", b"Subject: [garden] figures")
        gateway.message(Envelope(ip="192.0.2.1", mail_from="jo@bank.test", queue_id="Q2"), raw)
        line = gateway.wait_log("Q2: the signature of bank.test")
        assert "subject-tagged" in line, line


def takes_no_more_memory_than_is_said(yett):
    """Many large bodies at once: all are judged, and a gateway keeps no more than its purse."""
    with Examined(yett) as gateway:
        worker = gateway.workers()[0]
        body = (b"y" * 76 + b"\r\n") * (900 * 1024 // 78)
        raw = gateway.signer.sign(body) + FOOTER
        header, text = raw.split(b"\r\n\r\n", 1)
        fields = [line.split(b":", 1) for line in
                  re.sub(rb"\r\n(?=[ \t])", b"\n", header).split(b"\r\n")]
        before = pss_bytes(worker)
        open_ones = []
        for number in range(40):
            milter = gateway.connect()
            open_ones.append(milter)
            envelope = Envelope(ip=f"198.51.{number}.1", mail_from="jo@bank.test",
                                queue_id=f"M{number}")
            milter.session(envelope)
            milter.envelope(envelope)
            for name, value in fields:
                milter.header(name.decode(), value.decode())
            milter.eoh()
            for at in range(0, len(text), 65535):
                milter.body(text[at:at + 65535])
            milter.flush()
        took = pss_bytes(worker) - before
        assert has_sanitizer(worker) or took < 32 * MAX_BODY, took
        for milter in open_ones:
            milter.end()
            milter.close()
        assert wait_for(lambda: gateway.counters()["messages"] == 40), gateway.counters()
        count = gateway.counters()
        assert count["internal_errors"] == 0 and count["dmarc_fail"] == 40, count
        assert wait_for(lambda: gateway.counters()["autopsies"]
                        + gateway.counters()["autopsies_left"] == 40), gateway.counters()


def main():
    yett = os.path.abspath(sys.argv[1])
    cases = [(name, lambda case=case: case(yett), "") for name, case in (
        ("a line of the log names what was changed", names_what_was_changed),
        ("as JSON it is what `yett check` says", says_so_to_programs),
        ("nothing is kept and nobody looks unless it is set", nothing_is_kept_by_default),
        ("an examiner has no more than it needs", has_no_more_than_it_needs),
        ("mail waits for no examiner, and what does not fit is counted", waits_for_nobody),
        ("one network takes no more than its share of it", leaves_room_for_others),
        ("one that dies is replaced, and goes on with what is left", another_takes_its_place),
        ("a gateway that dies leaves its examiner to the next", outlives_its_gateway),
        ("a reload loses nothing that was handed over", finishes_before_it_leaves),
        ("nor does the end", finishes_before_the_end),
        ("of a body that is too large the header is looked at",
         looks_at_the_header_of_what_is_too_large),
        ("kept texts have a bound, and mail none of its troubles",
         takes_no_more_memory_than_is_said),
    )]
    return tap.report(cases)


if __name__ == "__main__":
    sys.exit(main())
