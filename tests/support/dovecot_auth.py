# SPDX-License-Identifier: BSD-2-Clause
"""Logins for Postfix (smtpd_sasl_type = dovecot): anybody whose password is "secret".

    with DovecotAuth(path) as auth:
        ... smtpd_sasl_path = path
"""
import base64
import os
import socketserver
import threading

GREETING = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123\nDONE\n"


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(GREETING.encode())
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] != "AUTH":
                continue
            given = next(word[5:] for word in words if word.startswith("resp="))
            _, user, password = base64.b64decode(given).decode().split("\0")
            answer = f"OK\t{words[1]}\tuser={user}\n" if password == "secret" else \
                f"FAIL\t{words[1]}\tuser={user}\n"
            self.wfile.write(answer.encode())


class DovecotAuth(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(path, Conversation)
        os.chmod(path, 0o666)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
