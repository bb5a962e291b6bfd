# SPDX-License-Identifier: BSD-2-Clause
"""Clients that send to a Postfix for as long as a test lasts, and try again what is deferred."""
import itertools
import smtplib
import threading
import time

import postfix

PER_SESSION = 4  # messages
REST = 0.01  # seconds, between two messages: others need the processor, too
PAUSE = 0.1  # seconds, before something is tried again
TRIES = 40


class Load:
    """`make(number)` gives (mail_from, message) of the message with this number; it goes to
    the mailbox "mN@rcpt.test", N its number.

    accepted    numbers of what Postfix took
    deferrals   (number, reply) of each try that was deferred
    given_up    numbers of what was deferred too often
    faults      what should never happen
    """

    def __init__(self, server, make, clients=4, ip="203.0.113.9", retry=True):
        self.server, self.make, self.ip, self.retry = server, make, ip, retry
        self.numbers, self.ended = itertools.count(1), threading.Event()
        self.accepted, self.deferrals, self.given_up, self.faults = [], [], [], []
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Every message that began is sent to its end."""
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def work(self):
        try:
            while not self.ended.is_set():
                self.session()
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(repr(error))

    def session(self):
        with self.server.client(ip=self.ip, name="[UNAVAILABLE]") as client:
            for _ in range(PER_SESSION):
                number = next(self.numbers)
                mail_from, raw = self.make(number)
                at_once = self.deliver(client, number, mail_from, raw)
                time.sleep(REST)
                # A filter that failed once is not asked again in the same session.
                if self.ended.is_set() or not at_once:
                    return

    def deliver(self, client, number, mail_from, raw):
        """True: the first try did it."""
        for attempt in range(TRIES):
            reply = self.attempt(client if attempt == 0 else None, mail_from, number, raw)
            if reply.accepted:
                self.accepted.append(number)
                return attempt == 0
            if not 400 <= reply.code < 500 or not self.retry:
                self.faults.append(f"message {number}: {reply}")
                return False
            self.deferrals.append((number, reply))
            time.sleep(PAUSE)
        self.given_up.append(number)
        return False

    def attempt(self, client, mail_from, number, raw):
        """The first over the connection that is there, the others over their own."""
        rcpts = [f"m{number}@rcpt.test"]
        try:
            if client is not None:
                return client.send(mail_from, rcpts, raw)
            with self.server.client(ip=self.ip, name="[UNAVAILABLE]") as another:
                return another.send(mail_from, rcpts, raw)
        except smtplib.SMTPServerDisconnected as error:
            return postfix.Reply("connection", 421, str(error).encode())

    def stored(self):
        """What was delivered of what was accepted, by number; nothing is missing or twice."""
        result = {number: self.server.delivered(f"m{number}@rcpt.test")
                  for number in self.accepted}
        self.server.sort()
        for number in self.accepted:
            if len(self.server.boxes[f"m{number}@rcpt.test"]) != 1:
                raise AssertionError(f"message {number} was delivered more than once")
        return result
