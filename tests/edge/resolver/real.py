# SPDX-License-Identifier: BSD-2-Clause
"""Debian's knotd and unbound, private ones on loopback, for as long as the test runs."""
import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"


def tool(name):
    return shutil.which(name, path=PATH)


def free_port():
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(("127.0.0.1", udp.getsockname()[1]))
            except OSError:
                continue
            return udp.getsockname()[1]
    raise OSError("no free port")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Servers:
    """Started ones, which stop() ends whatever happened."""

    def __init__(self):
        self.running = []

    def start(self, command, log):
        with open(log, "ab") as out:
            # The main thread starts them, and it lives as long as we do.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out, preexec_fn=die_with_parent)
        self.running.append(process)
        return process

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        for process in self.running:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = []


def answer_count(port, name, kind):
    """Records, signatures among them, that the server gives; -1 without an answer."""
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    opt = b"\0\0\x29\x10\0\0\0\x80\0\0\0"
    query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 1) + labels
    query += struct.pack(">HH", kind, 1) + opt
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.3)
        try:
            udp.connect(("127.0.0.1", port))
            udp.send(query)
            packet = udp.recv(65535)
        except OSError:
            return -1
    rcode, count = packet[3] & 15, struct.unpack(">H", packet[6:8])[0]
    return count if rcode == 0 else -1


def wait_for(port, name, kind, count, process, log):
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        if answer_count(port, name, kind) >= count:
            return
        time.sleep(0.1)
    with open(log, encoding="utf-8", errors="replace") as lines:
        raise OSError(f"no answer for {name}:\n" + lines.read())


def zone_text(folder, name, records):
    with open(os.path.join(folder, name + ".zone"), "w", encoding="ascii") as zone:
        zone.write(f"$ORIGIN {name}.\n$TTL 300\n"
                   "@ SOA ns hostmaster 1 3600 600 86400 120\n@ NS ns\nns A 127.0.0.1\n"
                   + records)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            udp.bind(("::1", 0))
        return True
    except OSError:
        return False


def dig(address, port, name, kind):
    """The records as text, sorted; an independent eye."""
    done = subprocess.run([tool("kdig"), f"@{address}", "-p", str(port), "+short", "+retry=0",
                           "+timeout=2", name, kind], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=20, check=False)
    return sorted(line for line in done.stdout.decode().splitlines()
                  if line and not line.startswith(";"))


def knot_head(folder, listen):
    """How every knotd of the tests begins."""
    return f"""
server:
    rundir: {folder}
    listen: [ {listen} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: info
"""


def knot_template(folder, load="difference-no-serial"):
    return f"""
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: {load}
    journal-content: all
"""


def run_knot(servers, folder, text, is_up):
    """knotd with the settings `text`, once is_up().  Gives the path of its settings."""
    conf, log = os.path.join(folder, "knot.conf"), os.path.join(folder, "knot.log")
    with open(conf, "w", encoding="ascii") as file:
        file.write(text)
    process = servers.start([tool("knotd"), "-c", conf], log)
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        if is_up():
            return conf
        time.sleep(0.1)
    with open(log, encoding="utf-8", errors="replace") as lines:
        raise OSError("knotd does not answer:\n" + lines.read())


def start_knot(servers, folder, zones, signed):
    """`zones`: records by name.  Gives the port."""
    port = free_port()
    for name, records in zones.items():
        zone_text(folder, name, records)
    listen = f"127.0.0.1@{port}" + (f", ::1@{port}" if has_ipv6() else "")
    text = knot_head(folder, listen)
    text += "policy:\n  - id: ec\n    algorithm: ecdsap256sha256\n" + knot_template(folder)
    text += "zone:\n"
    for name in zones:
        text += f"  - domain: {name}\n"
        if name in signed:
            text += "    dnssec-signing: on\n    dnssec-policy: ec\n"
    run_knot(servers, folder, text, lambda: all(
        answer_count(port, name, 6) >= (2 if name in signed else 1) for name in zones))
    return port


def delegation_signer(folder, zone):
    """The DS record of a zone that knotd signs."""
    conf = os.path.join(folder, "knot.conf")
    text = subprocess.run([tool("keymgr"), "-c", conf, zone, "ds"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    for line in text.decode("ascii").splitlines():
        words = line.split()
        if len(words) >= 6 and words[4] == "2":  # SHA-256
            return line.strip()
    raise OSError(f"keymgr gives no DS for {zone}")


def public_key(folder, zone):
    """Its DNSKEY record as operators write it: in parentheses, over lines, with comments."""
    conf = os.path.join(folder, "knot.conf")
    text = subprocess.run([tool("keymgr"), "-c", conf, zone, "dnskey"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    for line in text.decode("ascii").splitlines():
        words = line.split()
        if len(words) >= 6 and words[1] == "DNSKEY" and words[2] == "257":
            key = "".join(words[5:])
            return (f"; the key\n{words[0]} 3600 IN DNSKEY 257 3 {words[4]} ( ; begins\n"
                    f"    {key[:20]}\n    {key[20:]} ) ; ends\n")
    raise OSError(f"keymgr gives no DNSKEY for {zone}")


def start_unbound(servers, folder, knot_port, zones, anchors):
    port = free_port()
    conf = os.path.join(folder, "unbound.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"""
server:
    interface: 127.0.0.1@{port}
    chroot: ""
    username: ""
    directory: "{folder}"
    pidfile: "{folder}/unbound.pid"
    use-syslog: no
    do-not-query-localhost: no
    do-daemonize: no
    num-threads: 1
    trust-anchor-signaling: no
    local-zone: "test." nodefault
""")
        for anchor in anchors:
            file.write(f'    trust-anchor: "{anchor}"\n')
        file.write("remote-control:\n    control-enable: no\n")
        for zone in zones:
            file.write(f'stub-zone:\n    name: "{zone}."\n'
                       f"    stub-addr: 127.0.0.1@{knot_port}\n")
    log = os.path.join(folder, "unbound.log")
    process = servers.start([tool("unbound"), "-d", "-c", conf], log)
    wait_for(port, "test", 6, 1, process, log)
    return port
