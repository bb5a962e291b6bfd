# SPDX-License-Identifier: BSD-2-Clause
"""Messages as lists of (name, value), and DKIM signatures made with the openssl program."""
import base64
import hashlib
import os
import re
import subprocess
import tempfile

NOW = 1764000000  # Mon, 24 Nov 2025 16:00:00 +0000
DATE = "Mon, 24 Nov 2025 16:00:00 +0000"
SIGNED = ["From", "To", "Subject", "Date", "Message-ID"]


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True).stdout


class Key:
    """A key pair in a file of `folder`, which belongs to a selector of a domain."""

    def __init__(self, folder, domain, selector, kind):
        self.domain, self.selector, self.kind = domain, selector, kind
        self.path = os.path.join(folder, f"{selector}.{domain}")
        if kind == "rsa":
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                    "-out", self.path)
        else:
            openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def record(self, domain=None):
        public = self.public if self.kind == "rsa" else self.public[-32:]
        text = f"v=DKIM1; k={self.kind}; p={base64.b64encode(public).decode()}"
        return f"{self.selector}._domainkey.{domain or self.domain}. TXT {strings(text)}"

    def sign(self, data):
        if self.kind == "rsa":
            return openssl("dgst", "-sha256", "-sign", self.path, data=data)
        with tempfile.NamedTemporaryFile() as digest:
            digest.write(hashlib.sha256(data).digest())
            digest.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", digest.name)


def strings(text):
    """The character-strings of a TXT record."""
    return " ".join(f'"{text[i:i + 250]}"' for i in range(0, len(text), 250))


def relaxed_body(body):
    lines = [re.sub(r"[ \t]+", " ", line).rstrip(" ") for line in body.split("\r\n")]
    while lines and lines[-1] == "":
        lines.pop()
    return "".join(line + "\r\n" for line in lines).encode()


def relaxed_field(name, value):
    return name.lower() + ":" + re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip(" ")


def dkim_signature(key, fields, body, domain=None, selector=None, names=None, length=None,
                   tags=""):
    """The field DKIM-Signature of `key`.

    Signs the fields SIGNED that are there, and From once more than it is; or `names`.  No
    field may be there twice.  `domain` is d= and `selector` s= when they are not the key's,
    `length` l=.
    """
    present = dict(reversed(fields))
    names = names or [name for name in SIGNED if name in present] + ["From"]
    data = relaxed_body(body)
    limit = "" if length is None else f" l={length};"
    data = data if length is None else data[:length]
    value = (f"v=1; {tags}a={key.kind}-sha256; c=relaxed/relaxed; d={domain or key.domain};\r\n"
             f"\ts={selector or key.selector}; t={NOW - 30}; x={NOW + 14 * 86400};{limit}\r\n"
             f"\th={':'.join(names)};\r\n"
             f"\tbh={base64.b64encode(hashlib.sha256(data).digest()).decode()};\r\n"
             "\tb=")
    signed = [relaxed_field(name, present[name]) for at, name in enumerate(names)
              if name in present and name not in names[:at]]
    text = "\r\n".join(signed + [relaxed_field("DKIM-Signature", value)])
    b = base64.b64encode(key.sign(text.encode(errors="surrogateescape"))).decode()
    return "DKIM-Signature", value + "\r\n\t ".join(b[i:i + 70] for i in range(0, len(b), 70))


def text_of(fields, body):
    return "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n" + body
