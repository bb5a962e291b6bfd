# SPDX-License-Identifier: BSD-2-Clause
"""`yett sign --would-sign`: which mail the gateway would sign, and by which rule; and what
`yett config check` says of keys.

    would_sign.py YETT
"""
import json
import os
import shutil
import sys
import tempfile

from world import World, holds, same
import tap

SETTINGS = """submission_networks = {{"192.0.2.0/24"}}
trusted_relays = {{"198.51.100.25"}}
signing {{ keys_directory = "{keys}" networks = {networks} on_mismatch = reject
    domains_file = "{domains}" logins_file = "{logins}" }}
domain bank.test {{ sign = {{"r={rsa}", "e={ed}"}} }}
domain quiet.bank.test {{}}
domain other.test {{ sign = {{e}} subdomains = false }}
login alice {{ domains = {{bank.test, "*.bank.test"}} }}
"""

DOMAINS = """# of customers
shop.test  d=bank.test r={rsa}
*.shop.test d=bank.test r={rsa}
"""

LOGINS = """bob shop.test   # and nothing else
"carol c" *
"""


class Signer(World):
    def __init__(self, yett):
        self.parent = tempfile.TemporaryDirectory()
        super().__init__(yett, self.parent.name)
        self.keys = tempfile.mkdtemp(dir=self.folder)
        os.mkdir(os.path.join(self.keys, "other.test"), 0o700)
        shutil.copy(self.bank.path, os.path.join(self.keys, "other.test", "e.pem"))
        for path in (self.bank.path, self.bank_rsa.path,
                     os.path.join(self.keys, "other.test", "e.pem")):
            os.chmod(path, 0o600)
        self.configure("on")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.parent.cleanup()

    def put(self, name, text):
        path = os.path.join(self.keys, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def configure(self, networks, more=""):
        paths = {"rsa": self.bank_rsa.path, "ed": self.bank.path, "keys": self.keys}
        self.conf = self.put("yett.conf", SETTINGS.format(
            networks=networks, domains=self.put("domains", DOMAINS.format(**paths)),
            logins=self.put("logins", LOGINS), **paths) + more)

    def ask(self, *arguments):
        return self.run("sign", "--would-sign", "--config", self.conf, *arguments)

    def rule(self, *arguments):
        done = self.ask("--json", *arguments)
        found = json.loads(done.out)
        # Who has logged in answers for what he sends; else results of ours may speak against it.
        may_be_forged = found["signed"] and "--login" not in arguments
        same("[unproven]" in done.err, may_be_forged, "what shows only later")
        same(done.err.count("\n"), 1 if may_be_forged else 0, f"complaints: {done.err}")
        same(done.status, 0 if found["signed"] else 1, "exit status")
        same(bool(found["signatures"]), found["signed"], "signatures")
        return found["outcome"], found["rule"]


def each_rule(world):
    for wanted, arguments in (
            (("signed", "login"), "--from a@bank.test --ip 203.0.113.9 --login alice"),
            (("signed", "login"), "--from a@sub.bank.test --ip 203.0.113.9 --login alice"),
            (("signed", "login"), "--from a@bank.test --login x@bank.test"),
            (("signed", "login"), "--from a@shop.test --login bob"),
            (("refused", "mismatch"), "--from a@bank.test --login bob"),
            (("refused", "mismatch"), "--from a@bank.test --login mallory"),
            (("refused", "mismatch"), "--from a@bank.test --login x@shop.test"),
            (("signed", "network"), "--from a@bank.test --ip 192.0.2.7"),
            (("signed", "local"), "--from a@bank.test --local"),
            (("signed", "bounce"), "--from MAILER-DAEMON@bank.test --local --mail-from <>"),
            (("signed", "local"), "--from bank.test --local --mail-from <>"),
            (("not-asked", "stranger"), "--from a@bank.test --ip 203.0.113.9"),
            (("not-asked", "trusted-relay"), "--from a@bank.test --ip 198.51.100.25"),
            (("not-asked", "no-client"), "--from a@bank.test"),
            (("unsigned", "other-domain"), "--from a@else.test --login alice"),
            (("unsigned", "no-key"), "--from a@quiet.bank.test --login alice"),
            (("unsigned", "no-key"), "--from a@x.quiet.bank.test --login alice"),
            (("unsigned", "no-key"), "--from a@sub.other.test --login alice"),
            (("unsigned", "forward"),
             "--from a@bank.test --login alice --mail-from SRS0=x=y=z.test=b@bank.test")):
        same(world.rule(*arguments.split()), wanted, arguments)
    same(world.rule("--from", "a@bank.test", "--login", "carol c"), ("signed", "login"), "spaces")


def networks_off(world):
    world.configure("off")
    for arguments in ("--ip 192.0.2.7", "--local", "--local --mail-from <>"):
        same(world.rule("--from", "a@bank.test", *arguments.split()),
             ("unsigned", "networks-off"), arguments)


def list_hosts(world):
    world.configure("on", 'sealing { domain = list.test list_hosts = {"203.0.113.50"} }\n'
                          f'domain list.test {{ seal = {{"e={world.bank.path}"}} }}\n')
    done = world.ask("--from", "a@bank.test", "--ip", "203.0.113.50")
    same(done.status, 0, done.err)
    holds(done.flat(), "its client is in sealing.list_hosts [network]")
    holds(done.err, "[unproven]")
    done = world.ask("--from", "a@bank.test", "--ip", "203.0.113.50", "--login", "alice")
    holds(done.flat(), "[login]")
    same(done.err, "", "who has logged in there is no list")


def keys_are_named(world):
    done = world.ask("--json", "--from", "a@x.shop.test", "--login", "carol c")
    found = json.loads(done.out)
    same(found["entry"], "*.shop.test", "entry")
    same([(one["domain"], one["selector"], one["algorithm"], one["key_bits"], one["key_file"])
          for one in found["signatures"]],
         [("bank.test", "r", "rsa-sha256", 2048, world.bank_rsa.path)], "signatures")
    done = world.ask("--from", "a@bank.test", "--login", "alice")
    for part in ("signed ", "[login]", "r._domainkey.bank.test", "e._domainkey.bank.test",
                 "ed25519-sha256", 'the login "alice" may send mail of bank.test'):
        holds(done.flat() + " ", part)
    done = world.ask("--from", "a@bank.test", "--login", "bob")
    same(done.status, 1, "exit status")
    holds(done.out, "refused ")
    holds(done.out, "[mismatch]")


def faults_are_named_where_they_stand(world):
    for name, text, said in (
            ("domains", "# first\nb.test s=k.pem\n", "/domains:2: 's=k.pem' names a file"),
            ("domains", "\nbank.test none\n", "/domains:2: "),
            ("domains", "a.test none\n", "/a.test/none.pem: "),
            ("logins", "bob a.test\n\nbob *.*\n", "/logins:3: '*.*' is no domain")):
        world.configure("on")
        world.put(name, text)
        done = world.ask("--from", "a@bank.test")
        same((done.status, done.out), (2, ""), text)
        holds(done.err, said)
    world.configure("on", 'domain twice.test { sign = {"nothing"} }\n')
    done = world.ask("--from", "a@bank.test")
    holds(done.err, 'yett.conf:9: domain "twice.test": ')
    holds(done.err, "/twice.test/nothing.pem: ")
    world.configure("on")
    os.chmod(os.path.join(world.keys, "other.test", "e.pem"), 0o644)
    done = world.ask("--from", "a@bank.test")
    same(done.status, 2, "exit status")
    holds(done.err, 'domain "other.test": ')
    holds(done.err, "/other.test/e.pem: has mode 644")


def config_check_looks_at_the_keys_too(world):
    done = world.run("config", "check", world.conf)
    same((done.status, done.err), (0, ""), "good settings")
    world.configure("on", 'domain twice.test { sign = {"nothing"} }\n')
    done = world.run("config", "check", world.conf)
    same((done.status, done.out), (1, ""), "a key that is not there")
    holds(done.err, "/twice.test/nothing.pem: ")
    world.configure("on", 'domain turning.test { rotate = true }\n')
    done = world.run("config", "check", world.conf, "--json")
    same(done.status, 0, "a domain that has no key yet")
    warnings = json.loads(done.out)["warnings"]
    assert any("none of its keys signs yet" in one for one in warnings), warnings


def wrong_usage(world):
    for arguments, said in (
            ((), "--from must be an address"),
            (("--from", "@"), "--from must be an address"),
            (("--from", "a@bank.test", "--ip", "x"), "--ip"),
            (("--from", "a@bank.test", "mail.eml"), "takes no file"),
            (("--from", "a@bank.test", "--selector", "x"), "`yett sign --would-sign --help`")):
        done = world.ask(*arguments)
        same((done.status, done.out), (2, ""), arguments)
        holds(done.err, said)
    done = world.run("sign", "--would-sign", "--from", "a@bank.test", "--config", "/none.conf")
    same(done.status, 2, "settings that are not there")
    if not os.path.exists("/etc/yett/yett.conf"):
        done = world.run("sign", "--would-sign", "--from", "a@bank.test")
        same(done.status, 2, "no settings at all")
        holds(done.err, "--config names the settings")


def alone(yett, test):
    with Signer(yett) as world:
        test(world)


def main():
    cases = ((each_rule, "each rule decides what it is for"),
             (networks_off, "networks and local programs are signed for when that is on"),
             (list_hosts, "of a list host it is said what it depends on"),
             (keys_are_named, "the keys are named, and the entry that fits"),
             (faults_are_named_where_they_stand,
              "what is wrong with a file is named with its line"),
             (config_check_looks_at_the_keys_too, "config check looks at the keys, too"),
             (wrong_usage, "wrong usage is told"))
    return tap.report([(name, lambda t=test: alone(sys.argv[1], t), None)
                       for test, name in cases])


if __name__ == "__main__":
    sys.exit(main())
