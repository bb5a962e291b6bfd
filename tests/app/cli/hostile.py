# SPDX-License-Identifier: BSD-2-Clause
"""`yett check` on messages that were made to hurt whoever reads what it says.

Usage: hostile.py YETT
"""
import json
import os
import subprocess
import sys
import tempfile
import unicodedata

ZONE = b"""$TTL 60
example.org. TXT "v=spf1 -all"
_dmarc.example.org. TXT "v=DMARC1; p=reject"
"""
MIB = 1 << 20
SIGNATURE = (b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=none; h=from; "
             b"bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=")
# ESC, C1 CSI, DEL, right-to-left override, zero width, NUL, bell, new line.
ACTING = "\x1b[31m\u009b31m\x7f\u202e\u200b\x07".encode()
ENCODED = b"=?utf-8?b?G1szMW3Cm+KArgo=?="

FROM = b"From: a@example.org\r\n"
HOSTILE = {
    "every field acts on the terminal":
        b"".join(name + b": " + ACTING + ENCODED + b"\r\n" for name in (
            b"Subject", b"Message-ID", b"Authentication-Results", b"DKIM-Signature", b"Date"))
        + b"From: \"" + ENCODED + b"\" " + ENCODED + b" <a@example.org>\r\n"
        + SIGNATURE.replace(b"s=none", b"s=" + ACTING) + b"AAAA\r\n"
        + SIGNATURE.replace(b"d=example", b"i=" + ACTING + b"@example.org; d=example") + b"AAAA\r\n",
    "a From that acts on the terminal": b"From: " + ACTING + b"@" + ACTING + b"\r\n",
    "a From of 2 MiB that is no text": b"From: " + b"\xff" * (2 * MIB - 10000) + b"\r\n",
    "a name of 2 MiB that is no text":
        b"From: \"" + b"\xff" * (2 * MIB - 10000) + b"\" <a@example.org>\r\n",
    "a Subject of 2 MiB that is no text": FROM + b"Subject: " + b"\xff" * (2 * MIB - 10000) + b"\r\n",
    "a removed field of 2 MiB that is no text":
        FROM + b"Authentication-Results: " + b"\xff" * (2 * MIB - 10000) + b"\r\n",
    "half a million tags": FROM + b"DKIM-Signature: " + b"a=;" * 600000 + b"\r\n",
    "long equal signatures": FROM + (SIGNATURE + b"A" * (MIB - 1000) + b"\r\n") * 2,
    "500 names of 9900 fields, eight times":
        FROM + b"X-Filler: a\r\n" * 9900
        + SIGNATURE.replace(b"h=from", b"h=from" + b":X-Killer" * 499) * 1 + b"AAAA\r\n"
        + (SIGNATURE.replace(b"h=from", b"h=from" + b":X-Filler" * 499) + b"AAAA\r\n") * 7,
    "thousands of authors": b"From: " + b"a@b.example," * 20000 + b"\r\n",
    "deep comments": b"From: " + b"(" * MIB + b"a@example.org\r\n",
    "hidden authors": FROM + b"X: y" + b"\nFrom: a@b.example" * 100000 + b"\r\n",
}


def check(yett, folder, message, *options):
    path = os.path.join(folder, "message")
    with open(path, "wb") as file:
        file.write(message)
    zone = os.path.join(folder, "zone")
    with open(zone, "wb") as file:
        file.write(ZONE)
    run = subprocess.run(
        [yett, "check", "--dns", zone, "--now", "1764000000", "--ip", "192.0.2.1",
         "--helo", ACTING.replace(b"\0", b""), "--mail-from", "b@example.net", *options, path],
        stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20)
    return run.returncode, run.stdout, run.stderr


def acts(text):
    return [c for c in text.replace("\n", "")
            if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


def problem(yett, folder, message):
    status, out, err = check(yett, folder, message, "--json")
    if status not in (0, 1, 75) or err:
        return f"--json: status {status}, {err!r}"
    if acts(out.decode("ascii").replace("\x7f", "")):  # which terminals ignore
        return "--json prints what acts on a terminal"
    result = json.loads(out)
    if "error" in result:
        return f"not verified: {result['error']}"
    status, out, err = check(yett, folder, message, "--color", "never")
    if status not in (0, 1, 75) or err:
        return f"story: status {status}, {err!r}"
    if acts(out.decode("utf-8")):
        return f"the story prints what acts on a terminal: {acts(out.decode('utf-8'))!r}"
    if len(out) > 64 * 1024:
        return f"the story has {len(out)} octets"
    return None


def main():
    failed = 0
    print(f"1..{len(HOSTILE)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, header) in enumerate(HOSTILE.items(), 1):
            try:
                why = problem(sys.argv[1], folder, header + b"\r\nhello\r\n")
            except subprocess.TimeoutExpired:
                why = "no end after 20 seconds"
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            if why:
                print(f"# {why}")
            failed += why is not None
    return 1 if failed else 0


sys.exit(main())
