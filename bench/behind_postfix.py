#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Messages per second through a real Postfix: with yett beside a filter that does nothing.

    behind_postfix.py YETT NULL_MILTER

Both are asked by the same Postfix, in turns; the load comes from its own smtp-source, over a
connection for each message.  yett checks all that it can (one RSA-2048 signature, SPF, DMARC),
observes, and writes its log; the other one agrees on the same in the negotiation and adds one
constant field.
"""
import os
import statistics
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "tests", "support")]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import milter as protocol  # noqa: E402  pylint: disable=wrong-import-position
import postfix as postfix_support  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, children, cpu_seconds, free_port, wait_for  # noqa: E402  pylint: disable=wrong-import-position

LOAD = "/usr/sbin/smtp-source"
TURNS, MESSAGES, SESSIONS = 15, 250, 8
AIM = 92  # per cent
OCTETS = 10 * 1024
LINES = ["the figures of the third quarter are ready.  Shall we go through them on",
         "Thursday, or would you rather wait until the fourth is over as well? I have",
         "asked Bob for the numbers of the northern branch, which were not in the last ",
         "report, and he says that they will be there by noon.", ""]
POSTFIX = """virtual_transport = discard
default_process_limit = 100
smtpd_client_message_rate_limit = 0
in_flow_delay = 0
"""


def message(folder):
    """A signed message, and the zone of its domain."""
    key = mail.Key(folder, "example.org", "s", "rsa")
    fields = [("From", "Alice Example <alice@example.org>"), ("To", "bob@rcpt.test"),
              ("Subject", "The figures of the third quarter, and what they mean"),
              ("Date", mail.DATE), ("Message-ID", "<20251124160000.4d1Yk2@mail.example.org>"),
              ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"),
              ("User-Agent", "Mail/1.0")]
    body = ""
    while len(body) < OCTETS - 1000:
        body += LINES[body.count("\n") % len(LINES)] + "\r\n"
    fields.insert(0, mail.dkim_signature(key, fields, body))
    zone = ('example.org. TXT "v=spf1 ip4:127.0.0.1 -all"\n'
            '_dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"\n'
            + key.record() + "\n")
    return mail.text_of(fields, body), zone


def agreement(gateway):
    """What yett answers to Postfix's offer, hexadecimal."""
    with gateway.connect(negotiate=False) as milter:
        milter.packet("O", struct.pack(">III", 6, protocol.ACTIONS, protocol.STEPS))
        return milter.read()[1].hex()


class Bench:
    def __init__(self, gateway, null_milter, path):
        self.gateway, self.path = gateway, path
        port = free_port()
        self.null = subprocess.Popen([null_milter, str(port), agreement(gateway)])
        self.postfix = postfix_support.Postfix(POSTFIX, services=[
            ("null", [f"smtpd_milters=inet:127.0.0.1:{port}"]),
            ("yett", [f"smtpd_milters=inet:127.0.0.1:{gateway.ports[0]}"]),
            ("none", ["smtpd_milters="])])

    def close(self):
        self.postfix.stop()
        self.null.terminate()
        self.null.wait()

    def load(self, service, messages=MESSAGES):
        """Messages per second."""
        begin = time.monotonic()
        subprocess.run([LOAD, "-m", str(messages), "-s", str(SESSIONS), "-F", self.path,
                        "-f", "alice@example.org", "-t", "bob@rcpt.test",
                        f"127.0.0.1:{self.postfix.ports[service]}"], check=True)
        rate = messages / (time.monotonic() - begin)
        # What is still delivered must not disturb the next turn.
        wait_for(lambda: not self.postfix.queue("active") and not self.postfix.queue("incoming"))
        return rate

    def cpu(self, service):
        """Seconds of CPU that a filter had so far."""
        pids = {"yett": children(self.gateway.process.pid), "null": [self.null.pid]}[service]
        return sum(map(cpu_seconds, pids))

    def run(self):
        rates = {"none": [], "null": [], "yett": []}
        cpu = {"null": 0, "yett": 0}
        for service in rates:  # the first fills caches and starts processes
            rates[service].append(self.load(service))
        rates["null"].clear()
        rates["yett"].clear()
        for turn in range(TURNS):
            for service in ("null", "yett") if turn % 2 == 0 else ("yett", "null"):
                start = self.cpu(service)
                rates[service].append(self.load(service))
                cpu[service] += self.cpu(service) - start
        return rates, cpu


def report(rates, cpu):
    print(f"\nBehind a real Postfix ({OCTETS // 1024} KB messages, {SESSIONS} sessions at a time, "
          f"{TURNS} turns of {MESSAGES} messages):\n")
    for service, name in (("none", "no filter"), ("null", "null milter"), ("yett", "yett")):
        each = f", {cpu[service] * 1e6 / TURNS / MESSAGES:.0f} us of CPU each" if service in cpu else ""
        print(f"  {name:12} {statistics.median(rates[service]):8.1f} messages/s"
              f" ({min(rates[service]):.0f} to {max(rates[service]):.0f}){each}")
    share = 100 * statistics.median(yett / null
                                    for yett, null in zip(rates["yett"], rates["null"]))
    print(f"  yett reaches {share:.1f} % of the null milter")
    print(f"aim: at least {AIM} %: {'met' if share >= AIM else 'not met'}")


def main():
    missing = postfix_support.why_not() or ("" if os.path.exists(LOAD) else f"no {LOAD}")
    if missing:
        print(f"\nBehind a real Postfix: not measured ({missing})")
        return 0
    with Gateway(sys.argv[1], zone="", settings="submission_networks = {}\nworkers = 2\n",
                 start=False) as gateway:
        text, zone = message(gateway.folder)
        gateway.write("zone", "$TTL 3600\n" + zone)
        path = gateway.write("message", text.replace("\r\n", "\n"))
        gateway.start()
        bench = Bench(gateway, sys.argv[2], path)
        try:
            rates, cpu = bench.run()
        finally:
            bench.close()
        checked = gateway.log().count("pass")
        if checked < TURNS * MESSAGES:
            print(f"bench: only {checked} messages passed DMARC; the log ends so:\n"
                  + gateway.log()[-2000:], file=sys.stderr)
            return 1
        report(rates, cpu)
    return 0


if __name__ == "__main__":
    sys.exit(main())
