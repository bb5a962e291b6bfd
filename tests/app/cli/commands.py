# SPDX-License-Identifier: BSD-2-Clause
"""`yett spf`, `yett authres parse`, `yett config`: what they print, and how they end.

    commands.py YETT
"""
import json
import os
import re
import sys
import tempfile

from world import World, holds, same
from mail import NOW
import tap

ZONE = """$TTL 60
a.test. TXT "v=spf1 include:b.test mx -all"
a.test. MX 10 m.a.test.
m.a.test. A 192.0.2.7
b.test. TXT "v=spf1 include:c.test ip4:192.0.2.1 ?all"
c.test. TXT "v=spf1 a:x.c.test exists:%{i}.c.test -all"
loop.test. TXT "v=spf1 include:loop.test -all"
soft.test. TXT "v=spf1 ~all"
plus.test. TXT "v=spf1 ip6:2001:db8::/32 ?all"
void.test. TXT "v=spf1 a:v1.test a:v2.test a:v3.test -all"
bad.test. TXT "v=spf1 ip4:192.0.2.300 -all"
two.test. TXT "v=spf1 -all"
two.test. TXT "v=spf1 +all"
told.test. TXT "v=spf1 exp=exp.told.test -all"
exp.told.test. TXT "%{i} may not send for %{d}, ask %{r}"
wild.test. TXT "v=spf1 exp=exp.wild.test -all"
exp.wild.test. TXT "\\027[31m red \\200"
; yett: timeout late.test. TXT
helo.test. TXT "v=spf1 ip4:192.0.2.7 -all"
"""


def spf(world, *arguments):
    return world.run("spf", "--dns", world.spf_zone, "--now", NOW, *arguments)


# ---- spf --------------------------------------------------------------------------------------

# Client, sender, HELO; result, mechanism, lookups, void lookups, exit status; why.
SPF = [
    ("192.0.2.7", "x@a.test", None, "pass", "mx", 5, 2, 0, "by the third branch of the tree"),
    ("192.0.2.1", "x@a.test", None, "pass", "ip4:192.0.2.1", 4, 2, 0, "within an include"),
    ("192.0.2.9", "x@a.test", None, "fail", "-all", 5, 2, 1, "nothing matches"),
    ("192.0.2.9", "x@soft.test", None, "softfail", "~all", 0, 0, 1, "~all"),
    ("192.0.2.9", "x@plus.test", None, "neutral", "?all", 0, 0, 0, "?all"),
    ("2001:db8::5", "x@plus.test", None, "pass", "ip6:2001:db8::/32", 0, 0, 0, "IPv6"),
    ("192.0.2.9", "x@none.test", None, "none", None, 0, 0, 0, "no such name"),
    ("192.0.2.9", "x@loop.test", None, "permerror", "include:loop.test", 11, 0, 1,
     "the eleventh lookup"),
    ("192.0.2.9", "x@void.test", None, "permerror", "a:v3.test", 3, 3, 1, "the third void lookup"),
    ("192.0.2.9", "x@bad.test", None, "permerror", "ip4:192.0.2.300", 0, 0, 1,
     "an address that is none"),
    ("192.0.2.9", "x@two.test", None, "permerror", None, 0, 0, 1, "two records"),
    ("192.0.2.9", "x@late.test", None, "temperror", None, 0, 0, 75, "no answer"),
    ("192.0.2.7", None, "helo.test", "pass", "ip4:192.0.2.7", 0, 0, 0, "HELO alone"),
    ("192.0.2.7", "<>", "helo.test", "pass", "ip4:192.0.2.7", 0, 0, 0, "HELO of a bounce"),
]


def arguments_of(ip, sender, helo):
    return ["--ip", ip, *(["--mail-from", sender] if sender else []),
            *(["--helo", helo] if helo else [])]


def spf_row(world, who, result, mechanism, lookups, void, status):
    outputs = [spf(world, "--json", "--answers", how, *arguments_of(*who))
               for how in ("warm", "round", "each")]
    done = outputs[0]
    same([other.out for other in outputs], [done.out] * 3, "output however answers arrive")
    same((done.status, done.err), (status, ""), done.out)
    found, = done.lines()
    same((found["result"], found["mechanism"]), (result, mechanism), found["reason"])
    same((found["lookups"], found["void_lookups"]), (lookups, void), "lookups, void ones")
    for name in ("domain", "scope", "explanation", "explanation_source", "reason"):
        assert found[name] == found["spf"][name], name
    story = spf(world, *arguments_of(*who))
    same((story.status, story.err), (status, ""), "outcome in words")
    holds(story.flat(), f" {result} " + found["reason"])


def spf_tree(world):
    done = spf(world, "--ip", "192.0.2.7", "--mail-from", "x@a.test")
    same(done.out.splitlines()[3:], [
        "    a.test: v=spf1 include:b.test mx -all",
        "       include:b.test: comes to neutral, which is no match (lookup 1)",
        "      b.test: v=spf1 include:c.test ip4:192.0.2.1 ?all",
        "         include:c.test: comes to fail, which is no match (lookup 2)",
        "        c.test: v=spf1 a:x.c.test exists:%{i}.c.test -all",
        "           a:x.c.test: x.c.test does not exist (void lookup 1 of 2) (lookup 3)",
        "           exists:%{i}.c.test: 192.0.2.7.c.test does not exist (void lookup 2 of 2) "
        "(lookup 4)",
        "        => -all: nothing before it matches 192.0.2.7",
        "         ip4:192.0.2.1: does not hold the client's address",
        "      => ?all: nothing before it matches 192.0.2.7",
        "    => mx: the mail server m.a.test has the address 192.0.2.7 (lookup 5)",
        "    5 lookups (10 are allowed), 2 void ones (2)"], "tree")
    one = spf(world, "--ip", "192.0.2.7", "--helo", "m.a.test", "--mail-from", "x@soft.test")
    same(one.out.splitlines()[-2:], [
        "    => ~all: nothing before it matches 192.0.2.7",
        "    0 lookups (10 are allowed), 0 void ones (2)"], "a tree of one term")


def spf_steps(world):
    found, = spf(world, "--json", "--ip", "192.0.2.1", "--mail-from", "x@a.test").lines()
    same([(step["depth"], step["domain"], step.get("term"), step["matched"], step["lookups"])
          for step in found["steps"] if "term" in step],
         [(0, "a.test", "include:b.test", True, 1), (1, "b.test", "include:c.test", False, 2),
          (2, "c.test", "a:x.c.test", False, 3), (2, "c.test", "exists:%{i}.c.test", False, 4),
          (2, "c.test", "-all", True, 4), (1, "b.test", "ip4:192.0.2.1", True, 4)], "terms")
    same([(step["depth"], step["record"]) for step in found["steps"] if "record" in step],
         [(0, "v=spf1 include:b.test mx -all"), (1, "v=spf1 include:c.test ip4:192.0.2.1 ?all"),
          (2, "v=spf1 a:x.c.test exists:%{i}.c.test -all")], "records")
    same(found["includes"], ["include:b.test"], "the way to what decided")
    same(found["envelope"], {"ip": "192.0.2.1", "helo": None, "mail_from": "x@a.test", "rcpt": []},
         "envelope")


def spf_explanation(world):
    settings = world.file("spf.conf", 'authserv_id = "mx.example.com"\n')
    found, = spf(world, "--json", "--config", settings, "--ip", "192.0.2.9", "--mail-from",
                 "x@told.test").lines()
    same((found["explanation"], found["explanation_source"]),
         ("192.0.2.9 may not send for told.test, ask mx.example.com", "sender"), "explanation")
    story = spf(world, "--config", settings, "--ip", "192.0.2.9", "--mail-from", "x@told.test")
    holds(story.flat(), 'explains: "192.0.2.9 may not send')
    found, = spf(world, "--json", "--ip", "192.0.2.9", "--mail-from", "x@wild.test").lines()
    same(found["explanation_source"], "default", "an explanation that is no text is not used")
    same(found["explanation"], found["reason"], "and ours stands there")


def spf_error_place(world):
    found, = spf(world, "--json", "--ip", "192.0.2.9", "--mail-from", "x@bad.test").lines()
    record = "v=spf1 ip4:192.0.2.300 -all"
    same(found["error_record"], record, "record with the error")
    assert record.index("ip4:") <= found["error_offset"] < record.index(" -all"), found


# ---- authres ----------------------------------------------------------------------------------

def authres(world, text, *options):
    return world.run("authres", "parse", *options, world.message(text))


FIELD = """Authentication-Results: mx.test (a comment) 1;
 spf=fail reason="not allowed" smtp.mailfrom=a@b.test;
 dkim=pass (2048 bits) header.d=b.test header.b="x/y";
 arc=none
"""


def authres_json(world):
    done = authres(world, FIELD, "--json")
    same((done.status, done.err), (0, ""), "outcome")
    same(done.lines(), [{"authserv_id": "mx.test", "version": 1, "results": [
        {"method": "spf", "method_version": 1, "result": "fail", "reason": "not allowed",
         "comment": None, "props": {"smtp.mailfrom": "a@b.test"}},
        {"method": "dkim", "method_version": 1, "result": "pass", "reason": None,
         "comment": "2048 bits", "props": {"header.d": "b.test", "header.b": "x/y"}},
        {"method": "arc", "method_version": 1, "result": "none", "reason": None, "comment": None,
         "props": {}}]}], "object")


def authres_text(world):
    done = authres(world, FIELD)
    same((done.status, done.err), (0, ""), "outcome")
    same([line.split() for line in done.out.splitlines()],
         [["mx.test"], ["spf", "fail", "not", "allowed"], ["smtp.mailfrom", "a@b.test"],
          ["dkim", "pass", "2048", "bits"], ["header.d", "b.test"], ["header.b", "x/y"],
          ["arc", "none"]], "text")
    none = authres(world, "Authentication-Results: mx.test; none\n").out
    holds(none, "no message authentication was performed")


# What a field must not be: text, where reading stops ("octet N"), why.
BAD = [
    ("mx.test; spf=pass; dkim=", "octet 49, at its end", "a method without result"),
    ("mx.test spf=pass", "octet 33", "no semicolon"),
    ("", "octet", "nothing"),
    ("; spf=pass", "octet 25", "no name"),
    ("mx.test; (spf=pass", "octet", "a comment without its end"),
    ("mx.test; spf=pass reason=\"x", "octet", "a quotation without its end"),
    ("mx.test; spf/x=pass", "octet", "a version that is none"),
    ("mx.test; none; spf=pass", "octet", "none, and yet one"),
]


def authres_bad(world, value, place):
    for text in (f"Authentication-Results: {value}\n\n",
                 f"From: a@b.test\r\nAuthentication-Results: {value}\r\n\r\nHi\r\n"):
        done = authres(world, text)
        same((done.status, done.out), (1, ""), "outcome")
        holds(done.err, f"yett authres: field 1, {place}")
        done = authres(world, text, "--json")
        same((done.status, done.err), (1, ""), "outcome with --json")
        holds(done.lines()[0]["error"], place)


def authres_many(world):
    """All fields of all messages, and the one that cannot be read does not hide the others."""
    text = "".join(f"From x Mon Nov 24 16:00:00 2025\n{field}\nHi\n\n" for field in (
        "Authentication-Results: a.test; spf=pass\nAuthentication-Results: b.test; spf=fail\n",
        "Subject: none here\n", "Authentication-Results: =\n",
        "authentication-results: c.test; none\n"))
    done = authres(world, text, "--json")
    same(done.status, 1, "status")
    same([line.get("authserv_id", "error") for line in done.lines()],
         ["a.test", "b.test", "error", "c.test"], "fields")
    none = authres(world, "Subject: x\n\nAuthentication-Results: a.test; spf=pass\n")
    same((none.status, none.out), (1, ""), "a field in the body is none")
    holds(none.err, "there is no Authentication-Results field")
    same(world.run("authres", "parse", "-", data=FIELD.encode()).status, 0, "standard input")


def authres_of_check(world):
    """What `yett check` writes, `yett authres` reads, and finds the same in it."""
    for author in ("a@bank.test", "\"x;y\"@bank.test", "a@none.test", "a@b\u00e4nk.test"):
        found = world.judge(f"From: {author}\r\n\r\nHi\r\n".encode(), ip="192.0.2.10",
                            mail_from="a@bank.test", helo="(x; spf=pass")
        read, = authres(world, found["authentication_results"], "--json").lines()
        results = {result["method"]: result["result"] for result in read["results"]}
        same(read["authserv_id"], "mx.example.com", "name")
        same((results["spf"], results["dmarc"]),
             (found["spf"]["result"], found["dmarc"]["result"]), "results")
        dmarc, = [result for result in read["results"] if result["method"] == "dmarc"]
        same(dmarc["props"].get("header.from"), found["dmarc"]["domain"], "header.from")


# ---- config -----------------------------------------------------------------------------------

def config_defaults(world):
    """They are complete, and a file that changes nothing, commented out or in force."""
    done = world.run("config", "defaults")
    same((done.status, done.err), (0, ""), "outcome")
    again = world.run("config", "check", "-", data=done.raw)
    same((again.status, again.err), (0, ""), "outcome of reading them")
    holds(again.out, "everything is at its default")
    for key in ("authserv_id", "mode", "trusted_relays", "on_reject", "on_fail", "deadline",
                "max_signatures", "standard", "quarantine_by", "workers", "user", "sandbox",
                "status_socket", "state_directory", "connections", "message_size", "header_size",
                "fields", "recipients", "idle_timeout", "stall_timeout", "shutdown_timeout", "to",
                "format", "address", "role", "insert", "group"):
        holds(done.out, key + " = ")
    in_force = done.out.replace('\n#mode = "observe"', '\nmode = "enforce"')
    assert in_force != done.out
    found, = world.run("config", "check", "--json", "-", data=in_force.encode()).lines()
    same((found["fine"], found["settings"]), (True, {"mode": "enforce"}), "one line in force")


def config_fine(world):
    for arguments in ((world.settings,), ("--config", world.settings)):
        done = world.run("config", "check", *arguments)
        same((done.status, done.err), (0, ""), "outcome")
        lines = [line.split(None, 1) for line in done.out.splitlines()]
        same(lines[0], [world.settings + ":", "fine"], "first line")
        assert ["mode", '"enforce"'] in lines and ["on_fail", '"reject"'] in lines, done.out
    found, = world.run("config", "check", "--json", world.settings).lines()
    same(found["settings"]["rule"], {"ours": {"author": "bank.test", "on_fail": "reject",
                                              "because": "a test"}}, "rule")
    same((found["fine"], found["warnings"]), (True, []), "the rest")


def config_warning(world):
    old = world.message('exception "old" { network = "198.51.100.7"  treat_as = "pass"  '
                        'until = "2020-03-01"  because = "long ago" }\n')
    done = world.run("config", "check", old)
    same(done.status, 0, "status")
    holds(done.out, ':1: exception "old" is over')
    holds(world.run("config", "check", "--json", old).lines()[0]["warnings"][0], "is over")


def config_gateway(world):
    """What is set for the gateway, and what strangers could reach."""
    path = world.message(
        'user = "mail-gate"\nlimits { message_size = 50MiB  fields = 500 }\n'
        'log { to = journald  format = json }\n'
        'listen milter { address = "inet:localhost:8891" }\n'
        "listen 'out ${1}' { address = \"inet:0.0.0.0:8892\"  role = sign  insert = top }\n"
        'listen chroot { address = "unix:/var/spool/postfix/yett/milter.sock"  group = postfix }\n')
    found, = world.run("config", "check", "--json", path).lines()
    settings = found["settings"]
    same(settings["user"], "mail-gate", "user")
    same(settings["limits"], {"message_size": "50MiB", "fields": 500}, "limits")
    same(settings["log"], {"to": "journald", "format": "json"}, "log")
    same(settings["listen"], {
        "milter": {"address": "inet:127.0.0.1:8891", "role": "both", "insert": "below-received",
                   "mode": "0660"},
        "out ${1}": {"address": "inet:0.0.0.0:8892", "role": "sign", "insert": "top",
                     "mode": "0660"},
        "chroot": {"address": "unix:/var/spool/postfix/yett/milter.sock", "role": "both",
                   "insert": "below-received", "group": "postfix", "mode": "0660"}}, "listeners")
    public, user = found["warnings"][:2]  # the others depend on this host
    holds(public, 'listen "out ${1}": inet:0.0.0.0:8892 may be reached from other networks')
    holds(user, 'user: there is no account "mail-gate" on this host')
    done = world.run("config", "check", path)
    same((done.status, done.err), (0, ""), "outcome")
    holds(done.out, 'listen "milter"')
    holds(" ".join(done.out.split()), ':5: listen "out ${1}": inet:0.0.0.0:8892 may be reached')


def config_host(world):
    """What this host lacks for settings that are fine."""
    at = os.path.dirname(world.settings)
    for text, words in (
            ('user = "no-such-account"\n', 'user: there is no account "no-such-account"'),
            ('user = "root"\n', 'user: the account "root" is root\'s'),
            ('signing { keeper_user = "no-such-account" }\n',
             'signing.keeper_user: there is no account "no-such-account"'),
            ('signing { keeper_user = "root" }\n',
             'signing.keeper_user: the account "root" is root\'s'),
            ('status_group = "no-such-group"\n', 'status_group: there is no group '),
            (f'listen a {{ address = "unix:{at}/s" group = "no-such-group" }}\n',
             'listen "a": group: there is no group "no-such-group"'),
            (f'listen a {{ address = "unix:{at}/none/s" }}\n',
             f'listen "a": address: the directory {at}/none does not exist'),
            (f'listen a {{ address = "unix:{world.settings}" }}\n',
             f'listen "a": address: there is a file already at {world.settings}'),
            (f'listen a {{ address = "unix:{at}" }}\n',
             f'listen "a": address: there is a directory already at {at}')):
        found, = world.run("config", "check", "--json", world.message(text)).lines()
        same(found["fine"], True, text)
        warning, = found["warnings"]
        holds(warning, words)
    found, = world.run("config", "check", "--json",
                       world.message(f'listen a {{ address = "unix:{at}/s" }}\n')).lines()
    same(found["warnings"], [], "warnings of what is fine here")


EXAMPLE = os.path.join(os.path.dirname(__file__), "../../../doc/examples/yett.conf")


def config_example(world):
    """What the example has in comments, to be put in force, is fine as well."""
    with open(EXAMPLE, encoding="utf-8") as file:
        text = file.read()
    text, keys = re.subn(r"^#(\w+ += .*)$", r"\1", text, flags=re.MULTILINE)
    text, blocks = re.subn(r"^#\w+( [^ ].*)? \{\n(#    .*\n)+#\}$",
                           lambda block: re.sub("^#", "", block[0], flags=re.MULTILINE), text,
                           flags=re.MULTILINE)
    assert keys >= 2 and blocks >= 5, text
    done = world.run("config", "check", world.message(text))
    same((done.status, done.err), (0, ""), "outcome")
    for setting in ("trusted_relays", "quarantine_by", "limits.connections", 'listen "chroot"',
                    "old list server", "our bank", "postmaster"):
        holds(done.out, setting)


def config_signing(world):
    """What would keep mail from being signed, and no gateway from starting."""
    path = world.message(f'''signing {{
  keys_directory = "{world.folder}/keys"  name_servers = "ns1.test ns2.test@5353"
  update_key = "{world.folder}/none.key"
}}
domain "example.com" {{ rotate = true }}
login "alice" {{ domains = {{"example.com", "*.shop.example.com", "exampel.com"}} }}
login "root" {{ domains = {{"*"}} }}
''')
    done = world.run("config", "check", "--json", path)
    same((done.status, done.err), (0, ""), "outcome")
    warnings = done.lines()[0]["warnings"]
    for words in ("/none.key: no such file", "none of its keys signs yet",
                  f'{path}:6: login "alice": exampel.com is in no domain block'):
        same(sum(words in warning for warning in warnings), 1, f"{words} in {warnings}")
    same(len(warnings), 3, warnings)


def config_algorithms(world):
    """Ed25519 alone is in order, and known to few receivers."""
    for kind, words in (("ed25519", ("signed with Ed25519 only", "seals of example.com are made with Ed25519")),
                        ("rsa", ())):
        folder = os.path.join(world.folder, "keys-" + kind)
        os.mkdir(folder, 0o700)
        made = world.run("key", "generate", "example.com", "--directory", folder, "--algorithm",
                         kind, "--selector", "s")
        same(made.status, 0, made.err)
        path = world.message(f'''signing {{ keys_directory = "{folder}" }}
domain "example.com" {{ sign = {{"s"}} seal = {{"s"}} }}
sealing {{ domain = "example.com" list_hosts = {{"192.0.2.9"}} }}
''')
        found, = world.run("config", "check", "--json", path).lines()
        same(len(found["warnings"]), len(words), found)
        for warning, part in zip(found["warnings"], words):
            holds(warning, part)
        if words:
            holds(found["warnings"][0], f'{path}:2: domain "example.com": ')
            holds(found["warnings"][1], f"{path}:3: sealing.domain: ")


def config_secret(world):
    """A secret in the file itself is shown to nobody."""
    digits = "00112233445566778899aabbccddeeff"
    for text, status in ((f'installation_secret_file = "hex:{digits}"\n', 0),
                         (f'installation_secret_file = "hex:{digits}1"\n', 1),
                         (f'installation_secret_file = {{"hex:{digits}"}}\n', 1)):
        path = world.message(text)
        for arguments in ((), ("--json",)):
            done = world.run("config", "check", *arguments, path)
            same(done.status, status, f"status of {text}")
            assert "00112233" not in done.out + done.err, done.out + done.err
            holds(done.out + done.err, "installation_secret_file")


# A file, the line named, words of the sentence, why.
SETTINGS = [
    ('listen a { address = "inet:127.0.0.1:1" }\nlisten b { address = "inet:localhost:1" }\n', 2,
     'of listen "a" in line 1', "two listeners with one address"),
    ('listen a { address = "inet:8891@localhost" }\n', 1, "inet:127.0.0.1:8891",
     "an address as Sendmail writes it"),
    ('limits { stall_timeout = 10s }\n', 1, "shorter than dns.deadline",
     "a message that stalls while it waits"),
    ('mode = "enforce"\n\nmoed = 1\n', 3, "'moed' is unknown; did you mean 'mode'?",
     "a key misspelt"),
    ('mode = "harsh"\n', 1, "harsh", "a value that is none"),
    ('\ndmarc { standard = "rfc9999" }\n', 2, "rfc9999", "one in a block"),
    ('\n\ndmarc {\n  on_reject = "maybe"\n}\n', 4, "maybe", "one within a block of lines"),
    ('trusted_relays = {"192.0.2.1/33"}\n', 1, "192.0.2.1/33", "a network that is none"),
    ('submission_networks = {"10.0.0.0/8"}\ntrusted_relays = {"10.1.0.0/16"}\n', None, "overlap",
     "two settings at odds"),
    ('mode = "enforce\n', None, "", "a quotation without its end"),
    ('dmarc {\n', None, "", "a block without its end"),
    ('rule "x" { author = "a.test" }\n', 1, "", "a rule that says nothing"),
    ('exception "x" { network = "192.0.2.1"  treat_as = "pass"  until = "soon"  because = "x" }\n',
     1, "soon", "a day that is none"),
    ('\0\1\2\n', 1, "", "rubbish"),
]


def config_bad(world, text, line, words):
    path = world.message(text)
    done = world.run("config", "check", path)
    same((done.status, done.out), (1, ""), "outcome")
    holds(done.err, words)
    assert done.err.startswith(f"{path}:{line}: " if line else path + ":"), done.err
    same(done.err.count("\n"), 1, "lines")
    report, = world.run("config", "check", "--json", path).lines()
    same((report["fine"], report["error"]), (False, done.err.rstrip("\n")), "with --json")
    for command in (["check", world.message("From: a@b.test\n\n")],
                    ["spf", "--ip", "192.0.2.1", "--helo", "x.test"]):
        refused = world.run(*command, "--dns", world.zone, "--config", path)
        same((refused.status, refused.out), (2, ""), f"yett {command[0]} with these settings")
        holds(refused.err, done.err)


def config_unreadable(world):
    for path, words in ((world.path("none"), "no such file"), (world.folder, "is a directory")):
        done = world.run("config", "check", path)
        same((done.status, done.out), (2, ""), "outcome")
        holds(done.err, f"{path}: {words}")
        report = json.loads(world.run("config", "check", "--json", path).out)
        holds(report["error"], words)


# ---- all --------------------------------------------------------------------------------------

def cases(world):
    for ip, sender, helo, *wanted, why in SPF:
        yield f"spf: {why}", lambda w=(ip, sender, helo), x=wanted: spf_row(world, w, *x)
    for value, place, why in BAD:
        yield f"authres: {why}", lambda v=value, p=place: authres_bad(world, v, p)
    for text, line, words, why in SETTINGS:
        yield f"config: {why}", lambda t=text, n=line, w=words: config_bad(world, t, n, w)
    for test, name in (
            (spf_tree, "spf: the tree, with every lookup counted"),
            (spf_steps, "spf: the same for programs"),
            (spf_explanation, "spf: what the domain wishes to be told"),
            (spf_error_place, "spf: where the error is"),
            (authres_json, "authres: for programs"), (authres_text, "authres: for people"),
            (authres_many, "authres: every field of every message"),
            (authres_of_check, "authres: reads what check writes"),
            (config_defaults, "config: the defaults are a file that changes nothing"),
            (config_fine, "config: what a file changes"),
            (config_warning, "config: an exception that is over"),
            (config_host, "config: what this host lacks for settings that are fine"),
            (config_gateway, "config: the gateway's settings, and a listener for everybody"),
            (config_example, "config: all of the example in force"),
            (config_signing, "config: what keeps mail from being signed is warned of"),
            (config_algorithms, "config: mail or seals with Ed25519 alone are warned of"),
            (config_secret, "config: a secret is not shown"),
            (config_unreadable, "config: a file that cannot be read")):
        yield name, lambda t=test: t(world)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        world.spf_zone = world.file("spf.zone", ZONE)
        return tap.report([(name, test, None) for name, test in cases(world)])


if __name__ == "__main__":
    sys.exit(main())
