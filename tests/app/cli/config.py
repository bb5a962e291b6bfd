#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`yett config check` and `yett serve` about settings that cannot be followed: which file, and
which line.

    config.py YETT
"""
import os
import subprocess
import sys
import tempfile

from world import World, holds, same
import tap

# None of these starts a gateway, whatever else is wrong: there is no such directory.
NOWHERE = 'state_directory = ""\nstatus_socket = ""\n' \
          'listen m { address = "unix:/there/is/none/m.sock" }\n'
LINES = NOWHERE.count("\n")


class Settings(World):
    def __init__(self, yett):
        self.parent = tempfile.TemporaryDirectory()
        super().__init__(yett, self.parent.name)
        self.keys = tempfile.mkdtemp(dir=self.folder)
        for kind in ("rsa", "ed25519"):
            made = self.run("key", "generate", "a.test", "--directory", self.keys, "--algorithm",
                            kind, "--selector", kind[0])
            same(made.status, 0, made.err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.parent.cleanup()

    def key(self, kind):
        return os.path.join(self.keys, "a.test", kind + ".pem")

    def put(self, text):
        return self.message(text.replace("KEYS", self.keys))

    def warnings(self, path):
        done = self.run("config", "check", "--json", path)
        same((done.status, done.err), (0, ""), "outcome")
        return [words for words in done.lines()[0]["warnings"] if "m.sock" not in words]


# Settings behind NOWHERE, the line in them, the sentence.  FILE is a file with `text`.
FAULTS = [
    ("a brace that is never closed", "\nsigning {\n", 2, "the '{' in this line is never closed"),
    ("a typo", "signing {\n logins_flie = x }\n", 2, "'logins_flie' is unknown"),
    ("a list of fields", 'signing {\n fields = "From++"\n}\n', 2, "signing.fields: 'From++' is no"),
    ("a domain twice", "domain a.test {}\n\ndomain A.test {}\n", 3, 'domain "a.test": stands twice'),
    ("no file of domains", "signing {\n\n domains_file = none }\n", 3,
     "signing.domains_file: "),
    ("a directory of domains", 'signing {\n domains_file = "." }\n', 2, "signing.domains_file: "),
    ("no file of logins", "domain a.test { sign = {r} }\nsigning { keys_directory = KEYS\n"
     " logins_file = none }\n", 3, "signing.logins_file: "),
    ("a key that is not there", "\ndomain a.test {\n sign = {none} }\nsigning { keys_directory = "
     "KEYS }\n", 2, 'domain "a.test": '),
    ("no suffix list", "dmarc {\n standard = rfc7489\n suffix_list = none }\n", 3,
     "dmarc.suffix_list: "),
    ("no trust anchor", "dns {\n validate = true\n trust_anchor = none }\n", 3,
     "dns.trust_anchor: "),
]

# The same, but another host may have what this one lacks: it is a warning of `config check`.
LACKS = [
    ("an account", "\nuser = no-such-account\n", 2, "user: there is no account"),
    ("an account of keepers", "domain a.test { sign = {r} }\nsigning { keys_directory = KEYS\n"
     " keeper_user = no-such-account }\n", 3, "signing.keeper_user: there is no account"),
    ("a group", 'status_group = no-such-group\n', 1, "status_group: there is no group"),
    ("a group of a listener", '\nlisten u { address = "unix:/there/is/none/u.sock"\n'
     " group = no-such-group }\n", 2, 'listen "u": group: there is no group'),
]


def serve(world, path):
    done = world.run("serve", "--config", path)
    assert done.status not in (0, 75), done
    return done.err


def a_fault_has_its_line(world, text, line, words):
    path = world.put(NOWHERE + text)
    done = world.run("config", "check", path)
    same((done.status, done.out), (1, ""), "outcome")
    assert done.err.startswith(f"{path}:{LINES + line}: {words}"), done.err
    same(done.err.count("\n"), 1, "lines")
    holds(serve(world, path), f"{path}:{LINES + line}: {words}")


def what_a_host_lacks_has_its_line(world, text, line, words):
    if os.geteuid() != 0 and "account" in words:
        return "only root looks for accounts"
    if "status_group" in text:
        text += 'status_mode = 0660\n'
    before = NOWHERE.replace('status_socket = ""', 'status_socket = "/there/is/none/s.sock"') \
        if "status_group" in text else NOWHERE
    path = world.put(before + text)
    begin = f"{path}:{LINES + line}: {words}"
    found = world.warnings(path)
    same(sum(warning.startswith(begin) for warning in found), 1, found)
    holds(serve(world, path), begin)
    return None


def what_is_in_the_way_of_a_socket_is_told(world):
    for text, line, key in ((f'\nstatus_socket = "{world.folder}"\n', 2, "status_socket"),
                            (f'listen m {{ address = "unix:{world.folder}" }}\n', 1,
                             'listen "m": address')):
        path = world.put(text)
        found, = world.warnings(path)
        assert found.startswith(f"{path}:{line}: {key}: there is a directory already at "), found


# ---- files of domains and logins --------------------------------------------------------------

def the_line_of_a_file_is_told(world):
    for domains, logins, words in (
            ("a.test r\na.test r\n", "", ":2: a.test stands twice in this file"),
            ("a.test r\n\nb.test d=a.test r=x\n", "", ":3: 'r=x' names a file that does not"),
            ("a.test r\n", "alice a.test\nbob a..test\n", ":2: 'a..test' is no domain"),
            ("a.test r\n", '"alice a.test\n', ":1: no login stands at the beginning")):
        files = [world.put(text) for text in (domains, logins)]
        path = world.put(f'{NOWHERE}signing {{ keys_directory = KEYS domains_file = "{files[0]}" '
                         f'logins_file = "{files[1]}" }}\n')
        done = world.run("config", "check", path)
        same((done.status, done.out), (1, ""), "outcome")
        assert done.err.startswith(files[1 if logins else 0] + words), done.err
        holds(serve(world, path), done.err.strip())


def logins_are_read_though_nothing_is_signed(world):
    for text, more in (("alice a.test\n", []), ("\nalice a..test\n", [":2: 'a..test' is no domain"]),
                       (None, [": no such file"])):
        logins = world.put(text) if text is not None else world.path("none")
        path = world.put(f'\nsigning {{\n logins_file = "{logins}" }}\n')
        found = world.warnings(path)
        same(len(found), 1 + len(more), found)
        assert found[0].startswith(f"{path}:3: signing.logins_file: has no effect"), found
        for words in more:
            holds(found[1], logins + words)
    path = world.put("\nlogin alice { domains = {a.test} }\n")
    found, = world.warnings(path)
    assert found.startswith(f"{path}:2: login: has no effect"), found
    same(world.warnings(world.put("")), [], "without logins")


def logins_of_other_domains_are_warned_of(world):
    domains = world.put("a.test r\n*.b.test d=a.test r\n")
    logins = world.put("alice a.test c.test\nbob *.a.test x.b.test *\ncarol b.test\ndave d.test\n")
    path = world.put(f'signing {{ keys_directory = KEYS domains_file = "{domains}" logins_file = '
                     f'"{logins}" }}\nlogin erin {{ domains = {{a.test, e.test}} }}\n')
    block, line = world.warnings(path)
    assert block.startswith(f'{path}:2: login "erin": e.test is in no domain block'), block
    assert line.startswith(f"{logins}:1: c.test is in no domain block, nor in domains_file"), line
    assert line.endswith("; so it is with 2 more lines"), line


def logins_that_are_meant_otherwise_are_warned_of(world):
    logins = world.put("alice:a.test\nbob,a.test\ncarol\n*@a.test a.test\n* a.test\nd:e a.test\n")
    path = world.put(f'signing {{ keys_directory = KEYS logins_file = "{logins}" }}\n'
                     'domain a.test { sign = {r} }\nlogin "*@a.test" { domains = {a.test} }\n'
                     'login erin {}\n')
    block, line = world.warnings(path)
    assert block.startswith(f'{path}:3: login "*@a.test": no login is a pattern'), block
    assert line.startswith(f"{logins}:1: alice:a.test: this login has no domains; a space"), line
    assert line.endswith("; so it is with 2 more lines"), line


def a_login_is_shown_so_that_it_does_no_harm(world):
    logins = world.put('"a*\x1b[2J" a.test\n')
    path = world.put(f'signing {{ keys_directory = KEYS logins_file = "{logins}" }}\n'
                     'domain a.test { sign = {r} }\n')
    line, = world.warnings(path)
    assert line.startswith(f"{logins}:1: a*\\x1b[2J: no login is a pattern"), line


def what_comes_through_a_pipe_is_read_once(world):
    pipe = world.path("pipe")
    os.mkfifo(pipe)
    path = world.put(f'signing {{ keys_directory = KEYS domains_file = "{pipe}" }}\n')
    with subprocess.Popen([world.yett, "config", "check", path], stdout=subprocess.PIPE) as check:
        try:
            with open(pipe, "w", encoding="ascii") as file:
                file.write("a.test e\n")
            out, _ = check.communicate(timeout=20)
        finally:
            check.kill()
    same(check.returncode, 0, out)


# ---- Ed25519 alone ----------------------------------------------------------------------------

def ed25519_alone_is_warned_of_in_files_too(world):
    key = f"e={world.key('e')}"
    for text, words in (
            ("a.test e\n", ":1: mail of a.test is signed with Ed25519 only"),
            ("a.test r e\n", None), ("a.test\n", None), ("a.test r arc:e\n", None),
            (f"a.test r\nb.test d=a.test e\n*.b.test {key}\nc.test {key}\n",
             ":2: mail of b.test is signed with Ed25519 only")):
        domains = world.put(text)
        path = world.put(f'signing {{ keys_directory = KEYS domains_file = "{domains}" }}\n')
        found = world.warnings(path)
        same(len(found), words is not None, (text, found))
        if words:
            assert found[0].startswith(domains + words), found
            same("; so it is with 2 more lines" in found[0], "b.test" in text, found)


def seals_are_made_with_keys_of_blocks_and_files(world):
    for block, text, are_wanted in (("e", "b.test r\n", True), ("e", "b.test d=a.test r arc:r\n", False),
                                    ("", "b.test d=a.test r arc:e\n", True),
                                    ("", "b.test d=a.test r arc:e arc:r\n", False)):
        domains = world.put(text.replace("b.test r", f"b.test r={world.key('r')}"))
        seal = f"seal = {{{block}}}" if block else ""
        path = world.put(f'signing {{ keys_directory = KEYS domains_file = "{domains}" }}\n'
                         f'domain a.test {{ sign = {{r}} {seal} }}\n'
                         'sealing { list_hosts = {"192.0.2.9"}\n domain = a.test }\n')
        found = world.warnings(path)
        same(len(found), are_wanted, found)
        for words in found:
            assert words.startswith(f"{path}:4: sealing.domain: seals of a.test are made "
                                    "with Ed25519"), words


def keys_that_rotate_are_looked_at(world):
    folder = tempfile.mkdtemp(dir=world.folder)
    made = world.run("key", "generate", "a.test", "--directory", folder, "--algorithm", "ed25519",
                     "--selector", "e")
    same(made.status, 0, made.err)
    state = os.path.join(folder, "a.test", "state")
    with open(state, encoding="ascii") as file:
        text = file.read()
    with open(state, "w", encoding="ascii") as file:
        file.write(text.replace("pending", "active"))
    path = world.put(f'signing {{ keys_directory = "{folder}" }}\ndomain a.test {{ rotate = true }}\n')
    found, = world.warnings(path)
    assert found.startswith(f'{path}:2: domain "a.test": its mail is signed with Ed25519 only'), found


def very_many_warnings_are_counted(world):
    blocks = "".join(f'domain d{n}.test {{ sign = {{"e={world.key("e")}"}} }}\n' for n in range(30))
    found = world.warnings(world.put(blocks))
    same(len(found), 21, found)
    holds(found[20], "and 10 more of this kind")


TESTS = [what_is_in_the_way_of_a_socket_is_told, the_line_of_a_file_is_told, logins_are_read_though_nothing_is_signed,
         logins_of_other_domains_are_warned_of, logins_that_are_meant_otherwise_are_warned_of,
         a_login_is_shown_so_that_it_does_no_harm, what_comes_through_a_pipe_is_read_once, ed25519_alone_is_warned_of_in_files_too,
         seals_are_made_with_keys_of_blocks_and_files, keys_that_rotate_are_looked_at,
         very_many_warnings_are_counted]


def cases(world):
    for test, rows in ((a_fault_has_its_line, FAULTS), (what_a_host_lacks_has_its_line, LACKS)):
        for why, text, line, words in rows:
            yield (f"{test.__name__.replace('_', ' ')}: {why}",
                   lambda t=test, args=(text, line, words): t(world, *args), "")


def main():
    with Settings(sys.argv[1]) as world:
        return tap.report(list(cases(world)) + tap.named(TESTS, world))


if __name__ == "__main__":
    sys.exit(main())
