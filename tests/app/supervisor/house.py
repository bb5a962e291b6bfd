# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of `yett serve` with real gateways share.  Import it before what lies in
tests/support.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]
from milter import Milter  # noqa: E402  pylint: disable=wrong-import-position

YETT, UNIT = (os.path.abspath(path) for path in sys.argv[1:3])
ROOT = os.geteuid() == 0
NO_ROOT = "" if ROOT and os.path.exists("/usr/bin/setpriv") else "needs root and setpriv"
ZONE = 'example.org. TXT "v=spf1 ip4:192.0.2.1 -all"\n'
MAIL = b"From: alice@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"


def run(*arguments, **options):
    return subprocess.run([YETT, *arguments], capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL, **options)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def holds(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def judged(gateway, listener=0, address=None):
    """A message goes through."""
    with gateway.connect(listener, address=address) as milter:
        result = milter.message(None, MAIL)
        milter.quit()
    assert result.accepted, result.reply
    assert len(result.values("Authentication-Results")) == 1, result.fields
    return result


def reloaded(gateway, words="reloaded: "):
    """Reload; the line that says how it went."""
    before = len(gateway.log())
    gateway.reload()
    return gateway.wait_log(words, after=before)


def refuses(address):
    """Nobody listens there."""
    try:
        Milter(address, 5).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="yett-")
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
