#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A hundred reloads while mail flows through a real Postfix, every second one with settings
that cannot be used.

    reload.py YETT
"""
import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import milter  # noqa: E402  pylint: disable=wrong-import-position
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway, wait_for  # noqa: E402  pylint: disable=wrong-import-position
from load import Load  # noqa: E402  pylint: disable=wrong-import-position

RELOADS = 100
ZONE = 'plain.test. TXT "v=spf1 -all"\n'
A = 'mode = "enforce"\nauthserv_id = "a.example"\ntag_field = "X-Tag-A"\nworkers = 2\n'
B = 'mode = "enforce"\nauthserv_id = "b.example"\ntag_field = "X-Tag-B"\nworkers = 1\n'


def good(number):
    raw = (f"From: Ann <ann@plain.test>\r\nSubject: {number}\r\nMessage-ID: "
           f"<{number}@plain.test>\r\n\r\nHello\r\n")
    return "ann@plain.test", raw.encode()


def settings_of(results, tags):
    """Which of the two a message was judged by: its results and its tags as (name, value)."""
    letters = {text.split(".example")[0] for text in results}
    letters |= {name.lower()[-1] for name in tags}
    assert len(results) == 1 and len(tags) == 1 and len(letters) == 1, (results, tags)
    return letters.pop()


class Peer(threading.Thread):
    """A mail server that keeps a connection for many messages."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.ended, self.fault, self.seen = gateway, threading.Event(), None, []
        self.reloads = 0  # so far, as others tell us

    def run(self):
        try:
            while not self.ended.is_set():
                with self.gateway.connect() as connection:
                    self.converse(connection)
                    connection.quit()
        except Exception as error:  # pylint: disable=broad-except
            self.fault = repr(error)

    def converse(self, connection):
        for number in range(20):
            self.send(connection, number, session=number == 0)
            time.sleep(0.005)

    def send(self, connection, number, **how):
        envelope = milter.Envelope(ip="203.0.113.9", mail_from="ann@plain.test")
        result = connection.message(envelope, good(number)[1], **how)
        assert result.accepted, result.reply
        tags = [name for name, _ in result.fields if name.startswith("X-Tag")]
        self.seen.append(settings_of(result.values("Authentication-Results"), tags))

    def end(self):
        self.ended.set()
        self.join()
        return self.fault


class SlowPeer(Peer):
    """Its messages last from one reload to the next."""

    def converse(self, connection):
        content = connection.content

        def slow_content(*arguments):
            connection.flush()
            begun = self.reloads
            wait_for(lambda: self.reloads > begun or self.ended.is_set())
            return content(*arguments)
        connection.content = slow_content
        self.send(connection, 0)


def bad_settings(taken):
    """What an administrator may do wrong, and what the log must say."""
    listen = f'listen "other" {{ address = "inet:127.0.0.1:{taken}" }}\n'
    return [(A + "mode = \"enforce\"\n", "mode"), (A.replace("enforce", "enfroce"), "enfroce"),
            (A + "no_such_key = 1\n", "no_such_key"), (A + "listen {", "yett.conf"),
            (A + listen, str(taken)), (A + 'user = "no-such-account"\n', "no-such-account"),
            # Only gateways themselves find this out.
            (A + 'dmarc { standard = "rfc7489" suffix_list = "/nowhere" }\n', "/nowhere")]


def a_hundred_reloads_under_load(yett, taken):
    with Gateway(yett, ZONE, A) as gateway, postfix.Postfix(
            f"smtpd_milters = inet:127.0.0.1:{gateway.ports[0]}\n"
            "milter_default_action = tempfail\n") as server, \
            Load(server, good, clients=3, retry=False) as load:
        peers, wrong = (Peer(gateway), SlowPeer(gateway)), bad_settings(taken)
        for peer in peers:
            peer.start()
        for number in range(RELOADS):
            if number % 2:
                settings, expected = wrong[number // 2 % len(wrong)]
            else:
                settings, expected = (B, A)[number // 2 % 2], ""
            reload_once(gateway, settings, expected)
            for peer in peers:
                peer.reloads += 1
                assert not load.faults and not peer.fault, (load.faults, peer.fault)
        load.end()
        for peer in peers:
            assert not peer.end(), peer.fault
        assert not load.faults and not load.deferrals, (load.faults, load.deferrals)
        by = {"a": 0, "b": 0}
        for message in load.stored().values():
            by[settings_of(message.values("Authentication-Results"),
                           [name for name, _ in message.fields if name.startswith("X-Tag")])] += 1
        assert min(by.values()) > 20, by
        for peer, least in zip(peers, (20, 5)):
            assert min(peer.seen.count("a"), peer.seen.count("b")) > least, peer.seen
        # What was left behind by all of them: nothing.
        assert wait_for(lambda: len(gateway.workers()) <= 2), gateway.log()[-3000:]
        assert gateway.stop() == 0, gateway.log()[-3000:]
        bad = [line for line in gateway.log().splitlines()
               if "runtime error" in line or "Sanitizer" in line or " died of " in line]
        assert not bad, bad[:5]
        print(f"# {sum(by.values())} messages through Postfix, {len(peers[0].seen)} and "
              f"{len(peers[1].seen)} slow ones by milter")


def log_since(gateway, start):
    """What the log has behind its first `start` octets: there is much before."""
    with open(os.path.join(gateway.folder, "log"), "rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


def reload_once(gateway, settings, expected):
    """Reload, and wait until it is over; what the log says of settings that cannot be used."""
    start = os.path.getsize(os.path.join(gateway.folder, "log"))
    gateway.configure(settings)
    gateway.reload()

    def ends():
        # It may have to wait until the generations before have left, and says so.
        return [line for line in log_since(gateway, start).splitlines()
                if "reloaded:" in line or "reload failed" in line]
    assert wait_for(ends), gateway.log()[-2000:]
    line = ends()[0]
    if expected:
        assert "reload failed" in line and expected in line and "stay in force" in line, line
    else:
        assert "reloaded:" in line, line


def cases(yett, skip, taken):
    for test in (a_hundred_reloads_under_load,):
        yield test.__name__, lambda test=test: test(yett, taken), skip


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return tap.report(list(cases(sys.argv[1], postfix.why_not(), taken.getsockname()[1])))


if __name__ == "__main__":
    sys.exit(main())
