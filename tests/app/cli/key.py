#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett key` without a name server: what it writes, what it refuses, what it says.

    key.py YETT
"""
import base64
import json
import os
import pwd
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "support")]
import tap  # noqa: E402  pylint: disable=wrong-import-position

NOW = 1764000000  # 24 November 2025
DAY = 86400


class Done:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def flat(self):
        return " ".join(self.out.split())


class World:
    """Each test has a folder of its own."""

    def __init__(self, yett, top):
        self.yett, self.top = os.path.abspath(yett), top

    def folder(self):
        return tempfile.mkdtemp(dir=self.top)

    def key(self, folder, command, *words, now=NOW, umask=-1):
        done = subprocess.run([self.yett, "key", command, "--directory",
                               os.path.join(folder, "keys"), "--now", str(now), *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False, umask=umask)
        return Done(done)

    def made(self, folder, *words, umask=-1):
        done = self.key(folder, "generate", "example.com", "--json", *words, umask=umask)
        assert done.status == 0, done.err
        return done.objects()


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def mode(path):
    return os.stat(path).st_mode & 0o7777


def tag(record, name):
    found = re.search(rf"(?:^|; ){name}=([^;]*)", record)
    return found and found.group(1)


def write(path, text, bits=0o600):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, bits)
    return path


def zone_of(folder, *records):
    return write(os.path.join(folder, "zone"), "$TTL 300\n" + "\n".join(records) + "\n")


# ---- generate ----------------------------------------------------------------------------

def keys_are_what_openssl_takes_and_the_record_is_theirs(w):
    folder = w.folder()
    for made in w.made(folder):
        public = openssl("pkey", "-in", made["file"], "-pubout", "-outform", "DER")
        told = base64.b64decode(tag(made["record"]["value"], "p"))
        assert public.endswith(told), made
        assert len(told) == (32 if made["algorithm"] == "ed25519" else len(public)), made
        openssl("pkey", "-in", made["file"], "-check", "-noout")
        assert tag(made["record"]["value"], "k") == made["algorithm"]
        assert tag(made["record"]["value"], "h") == "sha256"


def files_and_directories_are_for_nobody_else(w):
    folder = w.folder()
    made = w.made(folder, umask=0)
    for key in made:
        assert mode(key["file"]) == 0o600, key
        assert mode(os.path.dirname(key["file"])) == 0o700
    assert mode(os.path.join(folder, "keys")) == 0o700
    assert mode(os.path.join(folder, "keys/example.com/state")) == 0o600
    assert sorted(os.listdir(os.path.join(folder, "keys/example.com"))) == [
        "s20251124e.pem", "s20251124r.pem", "state"]


def both_kinds_are_made_unless_one_is_named(w):
    for words, expected in (((), ["rsa", "ed25519"]), (("--algorithm", "both"), ["rsa", "ed25519"]),
                            (("--algorithm", "rsa"), ["rsa"]),
                            (("--algorithm", "ed25519"), ["ed25519"]),
                            (("--selector", "mail"), ["rsa"])):
        made = w.made(w.folder(), *words)
        assert [key["algorithm"] for key in made] == expected, (words, made)


def bits_are_those_asked_for(w):
    made = w.made(w.folder(), "--algorithm", "rsa", "--bits", "1024")[0]
    assert made["bits"] == 1024
    text = openssl("pkey", "-in", made["file"], "-noout", "-text").decode()
    assert "(1024 bit" in text, text
    for bits in ("1023", "512", "8193", "many"):
        done = w.key(w.folder(), "generate", "example.com", "--bits", bits)
        assert done.status == 2 and "1024 to 8192" in done.err, done.err


def a_file_is_never_written_over(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    with open(made["file"], encoding="ascii") as file:
        before = file.read()
    done = w.key(folder, "generate", "example.com", "--selector", "s1")
    assert done.status == 1 and "already" in done.err, done.err
    # Nor one that the state does not know.
    foreign = write(os.path.join(folder, "keys/example.com/s2.pem"), "mine")
    done = w.key(folder, "generate", "example.com", "--selector", "s2")
    assert done.status == 1 and "not written over" in done.err, done.err
    for path, text in ((made["file"], before), (foreign, "mine")):
        with open(path, encoding="ascii") as file:
            assert file.read() == text


def selectors_of_one_day_differ(w):
    folder = w.folder()
    names = [key["selector"] for _ in range(3) for key in w.made(folder, "--algorithm", "ed25519")]
    assert names == ["s20251124e", "s20251124e2", "s20251124e3"], names


def a_directory_that_others_can_write_is_refused(w):
    for bits in (0o777, 0o775, 0o1777):
        for place in ("keys", "keys/example.com"):
            folder = w.folder()
            os.makedirs(os.path.join(folder, "keys/example.com"), 0o700)
            os.chmod(os.path.join(folder, "keys"), 0o700)
            os.chmod(os.path.join(folder, place), bits)
            done = w.key(folder, "generate", "example.com")
            assert done.status == 1, (done.out, done.err)
            assert "others" in done.err and os.path.join(folder, place) in done.err, done.err
            left = os.listdir(os.path.join(folder, "keys/example.com"))
            assert not left, left


def a_directory_of_another_user_is_refused(w):
    """He could put keys of his own in the place of those that are made there."""
    if os.geteuid() != 0:
        print("# skipped: only root gives directories away")
        return
    account = pwd.getpwnam("daemon")
    for place in ("keys/example.com", "keys", "."):
        folder = w.folder()
        os.makedirs(os.path.join(folder, "keys/example.com"), 0o700)
        os.chown(os.path.join(folder, place), account.pw_uid, account.pw_gid)
        for command in ("generate", "list"):
            done = w.key(folder, command, "example.com")
            assert done.status == 1, (done.out, done.err)
            assert f"belongs to user {account.pw_uid}" in done.err, done.err
            assert os.path.realpath(os.path.join(folder, place)) in done.err, done.err
            assert not os.listdir(os.path.join(folder, "keys/example.com"))
        write(os.path.join(folder, "y.conf"), 'signing { keeper_user = "daemon" }\n')
        done = w.key(folder, "generate", "example.com", "--config",
                     os.path.join(folder, "y.conf"))
        assert done.status == 0, done.err


def a_directory_that_is_none_is_refused(w):
    folder = w.folder()
    write(os.path.join(folder, "keys"), "a file")
    done = w.key(folder, "generate", "example.com")
    assert done.status == 1 and "directory" in done.err, done.err
    os.unlink(os.path.join(folder, "keys"))
    os.symlink("/tmp", os.path.join(folder, "keys"))
    done = w.key(folder, "generate", "example.com")
    assert done.status == 1 and "directory" in done.err, done.err


def a_link_to_a_directory_is_refused_once(w):
    folder = w.folder()
    os.makedirs(os.path.join(folder, "real", "a.test"), 0o700)
    os.makedirs(os.path.join(folder, "real", "b.test"), 0o700)
    os.symlink("real", os.path.join(folder, "keys"))
    done = w.key(folder, "list")
    assert done.status == 1 and done.err.count("symbolic link; name the directory") == 1, done.err


def long_records_are_cut_into_strings(w):
    made = w.made(w.folder(), "--algorithm", "rsa", "--bits", "4096")[0]
    zone = made["record"]["zone"]
    strings = re.findall(r'"([^"]*)"', zone)
    assert len(strings) == 3 and all(len(s) <= 255 for s in strings), zone
    assert "".join(strings) == made["record"]["value"]
    assert zone.startswith("s20251124r._domainkey.example.com. 3600 IN TXT ("), zone
    assert made["record"]["name"] == "s20251124r._domainkey.example.com"


def people_get_all_forms_and_the_next_step(w):
    folder = w.folder()
    done = w.key(folder, "generate", "Example.COM", "--ttl", "2h")
    assert done.status == 0, done.err
    value = w.key(folder, "list", "--json").objects()
    assert "s20251124r._domainkey.example.com. 7200 IN TXT (" in done.out
    assert done.out.count("For a form (") == 2
    for words in ("yett key check example.com", "yett key publish",
                  'domain "example.com" { sign = {"s20251124r", "s20251124e"} }'):
        assert words in done.flat(), (words, done.out)
    assert [key["selector"] for key in value] == ["s20251124r", "s20251124e"]


def testing_is_in_the_record(w):
    assert tag(w.made(w.folder(), "--testing")[0]["record"]["value"], "t") == "y"
    assert tag(w.made(w.folder())[0]["record"]["value"], "t") is None


def what_cannot_be_is_refused(w):
    for words, text in ((("generate",), "one domain"),
                        (("generate", "a.test", "b.test"), "one domain"),
                        (("generate", "no domain"), "no domain name"),
                        (("generate", "..",), "no domain name"),
                        (("generate", "../../etc"), "no domain name"),
                        (("generate", "a.test", "--selector", "../x"), "--selector"),
                        (("generate", "a.test", "--selector", "Upper"), "--selector"),
                        (("generate", "a.test", "--selector", "s", "--algorithm", "both"),
                         "two keys"),
                        (("generate", "a.test", "--algorithm", "dsa"), "none of"),
                        (("retire", "a.test"), "selector must be named"),
                        (("publish",), "one domain"),
                        (("rotate",), "--due"),
                        (("list", "--selector", "x"), "no option"),
                        (("check", "--dns", "x", "--resolver", "1.1.1.1"), "without --resolver"),
                        (("publish", "a.test", "--wait", "1y"), "no time")):
        folder = w.folder()
        done = w.key(folder, words[0], *words[1:])
        assert done.status == 2 and text in done.err, (words, done.status, done.err)
        assert not os.listdir(folder), words


# ---- list --------------------------------------------------------------------------------

def keys_of_others_load(w):
    """What OpenSSL makes, in PKCS#1 and PKCS#8."""
    folder = w.folder()
    w.made(folder, "--selector", "own")
    place = os.path.join(folder, "keys/example.com")
    for name, words in (("pkcs8", ("genpkey", "-algorithm", "RSA", "-pkeyopt",
                                   "rsa_keygen_bits:2048")),
                        ("pkcs1", ("genrsa", "-traditional", "1024")),
                        ("ed", ("genpkey", "-algorithm", "ED25519"))):
        write(os.path.join(place, name + ".pem"), openssl(*words).decode())
    keys = {key["selector"]: key for key in w.key(folder, "list", "--json").objects()}
    assert {name: (key["algorithm"], key["bits"], key["phase"], key["error"])
            for name, key in keys.items() if name != "own"} == {
        "pkcs8": ("rsa", 2048, "unused", None), "pkcs1": ("rsa", 1024, "unused", None),
        "ed": ("ed25519", 256, "unused", None)}, keys


def files_that_are_wrong_are_named_with_the_reason(w):
    folder = w.folder()
    w.made(folder, "--selector", "good", "--algorithm", "ed25519")
    place = os.path.join(folder, "keys/example.com")
    with open(os.path.join(place, "good.pem"), encoding="ascii") as file:
        good = file.read()
    weak = openssl("genrsa", "512").decode()
    public = openssl("pkey", "-in", os.path.join(place, "good.pem"), "-pubout").decode()
    for name, text, bits, word in (("open", good, 0o644, "chmod 600"),
                                   ("weak", weak, 0o600, "1024"),
                                   ("public", public, 0o600, "public"),
                                   ("empty", "", 0o600, "empty")):
        path = write(os.path.join(place, name + ".pem"), text, bits)
        done = w.key(folder, "list", "example.com")
        assert done.status == 1, name
        line = next(line for line in done.out.splitlines() if path + ":" in line)
        assert word in line, line
        os.unlink(path)
    os.symlink("good.pem", os.path.join(place, "link.pem"))
    assert "symbolic link" in w.key(folder, "list", "example.com").out
    os.unlink(os.path.join(place, "link.pem"))
    assert w.key(folder, "list").status == 0


def settings_name_directory_and_keys(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    elsewhere = os.path.join(folder, "other.pem")
    os.rename(made["file"], elsewhere)
    conf = write(os.path.join(folder, "yett.conf"),
                 f'signing {{ keys_directory = "{folder}/keys" }}\n'
                 f'domain "example.com" {{ sign = {{"s1={elsewhere}"}} }}\n'
                 'domain "other.example" { sign = {"s2"} }\n')
    done = subprocess.run([w.yett, "key", "list", "--json", "--config", conf],
                          capture_output=True, text=True, timeout=60, check=False)
    keys = Done(done).objects()
    missing = f"{folder}/keys/other.example/s2.pem"
    assert [(k["domain"], k["selector"], k["phase"], k["file"]) for k in keys] == [
        ("example.com", "s1", "signs", elsewhere),
        ("other.example", "s2", "signs", missing)], (keys, done.stderr)
    assert keys[0]["error"] is None and keys[1]["error"].startswith(missing), keys
    assert done.returncode == 1


def domains_of_the_file_are_known_as_well(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    key = os.path.join(folder, made["file"])
    write(os.path.join(folder, "domains"),
          f"# customers\nshop.test s9={key} arc:a9={key}\n*.shop.test s8={key}\n"
          f"other.test d=shop.test s7={key}\nelse.test s6={key}\nexample.com s1 s5={key}\n")
    conf = write(os.path.join(folder, "yett.conf"),
                 f'signing {{ domains_file = "{folder}/domains" }}\n')
    done = w.key(folder, "list", "shop.test", "--config", conf, "--json")
    found = [(one["selector"], one["phase"], one["error"]) for one in done.objects()]
    assert found == [("s9", "signs", None), ("s8", "signs", None), ("s7", "signs", None),
                     ("a9", "seals", None)], found
    found = {one["domain"]: one["phase"] for one in
             w.key(folder, "list", "--config", conf, "--json").objects()}
    assert found == {"shop.test": "seals", "else.test": "signs", "example.com": "signs"}, found
    zone = zone_of(folder, made["record"]["zone"].replace("s1._domainkey.example.com.",
                                                          "s9._domainkey.shop.test."))
    done = w.key(folder, "check", "shop.test", "--config", conf, "--json", "--dns", zone)
    found = {one["selector"]: (one["result"], one["fine"]) for one in done.objects()}
    assert done.status == 1 and found == {"s9": ("ours", True), "s8": ("absent", False),
                                          "s7": ("absent", False), "a9": ("absent", False)}, found
    write(os.path.join(folder, "domains"),
          "".join(f"d{n}.test s1={key}\n" for n in range(1500)))
    done = w.key(folder, "list", "--config", conf)
    assert "500 lines are left out" in done.err and "d999.test" in done.out, done.err
    done = w.key(folder, "list", "d1499.test", "--config", conf)
    assert not done.err and " signs " in done.out, done.out + done.err
    write(os.path.join(folder, "domains"), "a.test s1\nb..test s1\n")
    done = w.key(folder, "list", "--config", conf)
    assert done.status == 1 and "domains:2: " in done.err, done.err


def a_broken_state_is_named_with_its_line(w):
    folder = w.folder()
    w.made(folder, "--selector", "s1")
    write(os.path.join(folder, "keys/example.com/state"), "# ok\nkey s1 rsa soon 1\n")
    done = w.key(folder, "list", "example.com")
    assert done.status == 1 and "state:2:" in done.err, (done.status, done.err)
    assert w.key(folder, "generate", "example.com").status == 1


# ---- check -------------------------------------------------------------------------------

def check(w, folder, zone, *words, now=NOW):
    done = w.key(folder, "check", "example.com", "--json", "--dns", zone, *words, now=now)
    return done.status, (done.objects() or [{}])[0], done.err


def what_dns_shows_is_told_apart(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    other = w.made(w.folder(), "--selector", "s1")[0]
    name = "s1._domainkey.example.com."
    ours, theirs = made["record"]["zone"], other["record"]["zone"]
    key = tag(made["record"]["value"], "p")
    rows = ((ours, 0, "ours", "its record is published"),
            (f'{name} TXT "p=" "{key[:200]}" "{key[200:]}"', 0, "ours", "is published"),
            (f'{name} TXT "v=DKIM1; t=y; p=" "{key[:200]}" "{key[200:]}"', 0, "ours", "testing"),
            (theirs, 1, "other", "another key"),
            (f'{name} TXT "v=DKIM1; p="', 1, "revoked", "revokes"),
            (f'{name} TXT "hello"', 1, "unusable", "no key record"),
            (ours + theirs, 1, "several", "there are several records"),
            (f'{name} TXT "v=DKIM1; k=rsa; h=sha256; p={key[:227]}"', 1, "unusable",
             "the beginning of its record only: 255 octets of"),
            ('other.example.com. TXT "x"', 1, "absent", "no record is published yet"),
            (f"; yett: timeout {name} TXT", 75, "temperror", "timed out"),
            (f"; yett: servfail {name} TXT", 75, "temperror", "SERVFAIL"))
    for records, status, result, words in rows:
        got, found, err = check(w, folder, zone_of(folder, records))
        assert (got, found["result"]) == (status, result), (records, got, found, err)
        assert words in found["reason"] and found["fine"] == (status == 0), found
    assert found["name"] == name.rstrip(".")


def of_records_in_the_way_the_beginning_is_shown(w):
    folder = w.folder()
    w.made(folder, "--selector", "s1")
    name = "s1._domainkey.example.com."
    long = " ".join('"' + "x" * 250 + '"' for _ in range(100))
    zone = zone_of(folder, f"{name} TXT {long}", *(f'{name} TXT "no {n}"' for n in range(20)))
    done = w.key(folder, "check", "example.com", "--dns", zone)
    assert done.status == 1 and len(done.out) < 4000, len(done.out)
    assert "… and 16 more" in done.out, done.out
    assert "(25000 octets)" in done.flat(), done.out


def an_alias_is_followed_and_told(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    zone = zone_of(folder, "s1._domainkey.example.com. CNAME s1.provider.test.",
                   made["record"]["zone"].replace("s1._domainkey.example.com.", "s1.provider.test."))
    status, found, _ = check(w, folder, zone)
    assert status == 0 and found["aliases"] == ["s1.provider.test"], found
    assert found["ttl"] == 300, found
    told = w.key(folder, "check", "example.com", "--dns", zone).flat()
    assert "alias of s1.provider.test" in told and "TTL 300 s" in told, told


def an_old_record_that_is_gone_too_early_is_told(w):
    folder = w.folder()
    w.made(folder, "--selector", "s1")
    zone = zone_of(folder, 'example.com. TXT "x"')
    done = w.key(folder, "retire", "example.com", "--selector", "s1", "--no-reload")
    assert done.status == 0 and "must stay until 2025-12-15" in done.flat(), done.out
    status, found, _ = check(w, folder, zone)
    assert status == 1 and "gone too early" in found["reason"], found
    status, found, _ = check(w, folder, zone, now=NOW + 22 * DAY)
    assert status == 0 and "as it should be" in found["reason"], found


def a_domain_without_keys_is_no_success(w):
    folder = w.folder()
    done = w.key(folder, "check", "example.com", "--dns", zone_of(folder, 'a.test. TXT "x"'))
    none = f"example.com has no keys in {folder}/keys; "
    assert done.status == 1 and none in done.err and not done.out, done.err + done.out
    done = w.key(folder, "publish", "example.com")
    assert done.status == 2 and none in done.err, done.err
    assert "yett key generate example.com makes some" in done.err, done.err
    w.made(folder)
    done = w.key(folder, "check", "example.com", "--selector", "none", "--dns",
                 os.path.join(folder, "zone"))
    assert done.status == 1 and "has no key with the selector none in " in done.err, done.err


# ---- retire, publish ---------------------------------------------------------------------

def a_key_that_the_settings_name_is_not_retired(w):
    folder = w.folder()
    w.made(folder, "--selector", "s1")
    conf = write(os.path.join(folder, "yett.conf"), 'domain "example.com" { sign = {"s1"} }\n')
    done = w.key(folder, "retire", "example.com", "--selector", "s1", "--config", conf)
    assert done.status == 1 and "take it out of sign" in done.err, done.err
    assert w.key(folder, "list", "--json").objects()[0]["phase"] == "pending"


def a_key_that_nobody_has_is_not_retired(w):
    folder = w.folder()
    w.made(folder, "--selector", "s1")
    done = w.key(folder, "retire", "example.com", "--selector", "s2")
    none = f"example.com has no key with the selector s2 in {folder}/keys"
    assert done.status == 2 and none in done.err, done.err
    done = w.key(folder, "check", "example.com", "--selector", "s2", "--dns", zone_of(folder))
    assert done.status == 1 and none in done.err, done.err
    done = w.key(folder, "retire", "other.example", "--selector", "s1")
    assert done.status == 2, done.err
    assert f"other.example has no keys in {folder}/keys" in done.err, done.err


def without_an_update_key_there_is_something_to_paste(w):
    folder = w.folder()
    made = w.made(folder, "--selector", "s1")[0]
    done = w.key(folder, "publish", "example.com")
    assert done.status == 75 and made["record"]["zone"] in done.out, done.out
    assert made["record"]["value"] in done.out
    w.made(folder, "--selector", "s2")
    done = w.key(folder, "publish", "example.com")
    assert done.status == 2 and "--selector must name one" in done.err, done.err


def what_is_to_be_published_is_shown_though_nobody_answers(w):
    folder = w.folder()
    words = ("rotate", "example.com", "--algorithm", "ed25519", "--resolver", "127.0.0.1@1",
             "--wait", "0", "--no-reload")
    done = w.key(folder, *words)
    assert done.status == 75 and "127.0.0.1@1" in done.flat(), done.out + done.err
    record = '"v=DKIM1; k=ed25519; h=sha256; p='
    assert done.out.count(record) == 1 and "publish this yourself" in done.flat(), done.out
    again = w.key(folder, *words)
    assert again.out.count(record) == 1 and "made" not in again.out, again.out


def the_directory_above_is_made_as_well(w):
    """/var/lib/yett, where no gateway was started yet; more would be a slip of the pen."""
    top = w.folder()
    done = w.key(os.path.join(top, "yett"), "generate", "example.com", "--algorithm", "ed25519")
    assert done.status == 0, done.err
    assert mode(os.path.join(top, "yett")) == mode(os.path.join(top, "yett", "keys")) == 0o700
    done = w.key(os.path.join(top, "no", "such"), "generate", "example.com")
    assert done.status != 0 and "cannot be made" in done.err, done.err
    assert not os.path.exists(os.path.join(top, "no"))


def what_is_no_selector_alone_is_refused(w):
    folder = w.folder()
    done = w.key(folder, "generate", "example.com", "--selector", "s1._domainkey")
    assert done.status == 2 and "before ._domainkey" in done.err, done.err
    assert not os.path.exists(os.path.join(folder, "keys")), done.out


def a_file_of_domains_that_is_not_there_has_its_line(w):
    folder = w.folder()
    conf = write(os.path.join(folder, "y.conf"), "signing {\n domains_file = none }\n")
    for command in ("list", "check"):
        done = w.key(folder, command, "--config", conf)
        assert done.status == 2, done.err
        assert f"{conf}:2: signing.domains_file: {folder}/none: no such file" in done.err, done.err


def a_key_whose_directory_is_not_there_is_no_riddle(w):
    folder = w.folder()
    conf = write(os.path.join(folder, "y.conf"), 'domain a.test { sign = {s} }\n')
    done = w.key(folder, "list", "--config", conf)
    assert done.status == 1, done.out + done.err
    assert "a.test/s.pem: no such file; its directory is not there either" in done.flat(), done.out
    done = w.key(folder, "list", "b.test", "--config", conf)
    assert (done.status, done.out) == (0, f"b.test: no keys in {folder}/keys\n"), done.out


def a_directory_without_keys_is_said_to_be_so(w):
    folder = w.folder()
    for words in (", since there is no such directory", ""):
        for command in ("list", "check"):
            done = w.key(folder, command)
            assert (done.status, done.out) == (0, f"{folder}/keys: no keys{words}\n"), done.out
            assert w.key(folder, command, "--json").out == ""
        if words:
            os.mkdir(os.path.join(folder, "keys"), 0o700)


def the_settings_that_are_shown_name_another_directory(w):
    folder = w.folder()
    directory = os.path.realpath(os.path.join(folder, "keys"))
    setting = f'signing {{ keys_directory = "{directory}" }}'
    done = w.key(folder, "generate", "example.com", "--algorithm", "ed25519")
    assert setting + '\n  domain "example.com" { sign = {"s20251124e"} }' in done.out, done.out
    assert f"yett key check example.com --directory {directory}\n" in done.out, done.out
    # They say so already.
    conf = os.path.join(folder, "yett.conf")
    write(conf, setting + "\n")
    done = w.key(folder, "generate", "example.net", "--config", conf, "--algorithm", "ed25519")
    assert "keys_directory" not in done.out and 'domain "example.net"' in done.out, done.out
    assert f"yett key check example.net --config {conf}\n" in done.out, done.out


def each_hour_begins_with_another_domain(w):
    """Else those behind a few with silent name servers would never have their turn."""
    folder = w.folder()
    names = {f"d{number}.test" for number in range(6)}
    os.mkdir(os.path.join(folder, "keys"), 0o700)
    conf = os.path.join(folder, "yett.conf")
    write(conf, f'dns {{ resolver = "127.0.0.1@1" }}\nsigning {{ keys_directory = "{folder}/keys" '
          "rotate_with = ed25519 }\n" + "".join(
              f'domain "{name}" {{ rotate = true }}\n' for name in names))
    first = set()
    for hour in range(8):
        done = w.key(folder, "rotate", "--due", "--no-reload", "--wait", "0", "--config", conf,
                     now=NOW + 3600 * hour)
        order = list(dict.fromkeys(re.findall(r"\bd\d\.test\b", done.out + done.err)))
        assert set(order) == names, (done.out, done.err)
        first.add(order[0])
    assert len(first) > 2, first


CASES = [test for name, test in list(globals().items())
         if callable(test) and getattr(test, "__code__", None)
         and test.__code__.co_varnames[:1] == ("w",) and test.__code__.co_argcount == 1]


def main():
    with tempfile.TemporaryDirectory(prefix="yett-key-") as top:
        world = World(sys.argv[1], top)
        return tap.report([(test.__name__, lambda t=test: t(world), "") for test in CASES])


if __name__ == "__main__":
    sys.exit(main())
