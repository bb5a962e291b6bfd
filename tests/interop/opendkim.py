#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Verify and sign many messages with opendkim-testmsg.

    opendkim.py JOB.json     {"zone": {NAME: TEXT}, "verify": [PATH], "sign": [{…}]}

opendkim-testmsg asks the name servers of /etc/resolv.conf, at port 53, and can be told no
other.  So this runs in namespaces of its own (unshare -rmn) with a name server of its own.
Prints {"verify": ["" or what was wrong, …]}.
"""
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
TESTMSG = "opendkim-testmsg"


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def own_resolv_conf(folder):
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", path, "/etc/resolv.conf"], check=True)


def answer(query, zone):
    end = query.index(b"\0", 12) + 5
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    text = zone.get(".".join(labels))
    kind = struct.unpack(">H", query[end - 4:end - 2])[0]
    if text is None or kind != 16:
        code = 0 if text is not None else 3
        return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, 0, 0, 0) + query[12:end]
    strings = b"".join(bytes([len(piece)]) + piece for piece in
                       (text[i:i + 255].encode() for i in range(0, len(text), 255)))
    record = struct.pack(">HHHIH", 0xc00c, 16, 1, 60, len(strings)) + strings
    return query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + query[12:end] + record


def serve(zone):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def loop():
        while True:
            query, client = server.recvfrom(4096)
            server.sendto(answer(query, zone), client)
    threading.Thread(target=loop, daemon=True).start()


def verify(path):
    with open(path, "rb") as message:
        done = subprocess.run([TESTMSG], stdin=message, capture_output=True, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return "" if done.returncode == 0 and not text else f"{done.returncode}: {text}"


def sign(task):
    with open(task["path"], "rb") as message, open(task["out"], "wb") as out:
        key = task["keys"][0]
        subprocess.run([TESTMSG, "-C", "-d", key["domain"], "-s", key["selector"],
                        "-k", key["path"]], stdin=message, stdout=out, check=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        loopback_up()
        own_resolv_conf(folder)
        serve(job["zone"])
        list(pool.map(sign, job["sign"]))
        json.dump({"verify": list(pool.map(verify, job["verify"]))}, sys.stdout)


if __name__ == "__main__":
    main()
