# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on `yett check`: nothing is authentic mail of a domain that did not send it.

    attacks.py YETT

The attacker sends from a network that SPF allows for rogue.test, with rogue.test in the
envelope, and signs with rogue.test's key: everything passes, for a domain that nobody knows.
"""
import re
import sys
import tempfile

from world import BANK, OTHER, ROGUE, World, holds, plain, same
from mail import dkim_signature, text_of
import tap

WORDS = b"\r\nSubject: Your account\r\nDate: Mon, 24 Nov 2025 16:00:00 +0000\r\n\r\nLog in.\r\n"

# The author's field or fields, the rule that must refuse the message, why.
FROM = [
    (b"From: a@bank.test\r\nFrom: x@rogue.test", "from-several-fields",
     "two From fields, the victim's first"),
    (b"From: x@rogue.test\r\nFrom: a@bank.test", "from-several-fields",
     "two From fields, the attacker's first"),
    (b"From: x@rogue.test\r\nTo: you@example.com\r\nFrom: x@rogue.test", "from-several-fields",
     "even two equal ones"),
    (b"From: x@rogue.test\r\nfrOM: a@bank.test", "from-several-fields", "names have no case"),
    (b"From: x@rogue.test\r\nFrom : a@bank.test", "from-several-fields",
     "white space before the colon, an obsolete form"),
    (b"From: x@rogue.test\r\nFrom\t \t: a@bank.test", "from-several-fields", "a tab there"),
    (b"Date: now\r\n From: a@bank.test\r\nFrom: x@rogue.test", None,
     "a fold is no field: only rogue.test is the author"),
    (b" From: a@bank.test\r\nFrom: x@rogue.test", "from-several-fields",
     "white space on top, which some readers skip"),
    (b"X: y\rFrom: a@bank.test\r\nFrom: x@rogue.test", "from-several-fields",
     "a field hidden behind a bare CR"),
    (b"X: y\nFrom: a@bank.test\r\nFrom: x@rogue.test", "from-several-fields",
     "a field hidden behind a bare LF"),
    (b"From: x@rogue.test\rFrom: a@bank.test", "from-several-fields", "hidden in From itself"),
    (b"From: x@rogue.test\nFrom: a@bank.test", "from-several-fields", "the same behind LF"),
    (b"X: y\n\rFrom: a@bank.test\r\nFrom: x@rogue.test", "from-several-fields",
     "hidden behind LF CR"),
    (b"X: y\rFrom: a@bank.test", "from-missing", "only a hidden one"),
    (b"From: x@rogue.test\r, a@bank.test", "from-unparsable", "a bare CR within"),
    (b"From\0: a@bank.test\r\nFrom: x@rogue.test", "from-missing",
     "NUL in the name: no field, so the header ends"),
    (b"From: a@bank.test\0@rogue.test", "from-unparsable", "NUL, where C ends a text"),
    (b"From: x@rogue.test\0, a@bank.test", "from-unparsable", "NUL before the victim"),
    (b"From: x@rogue.test\0 <a@bank.test>", "from-unparsable", "NUL in the name"),
    (b"From: a@bank.test, x@rogue.test", "from-several-domains", "two authors"),
    (b"From: x@rogue.test, a@bank.test", "from-several-domains", "two authors, turned round"),
    (b"From: x@rogue.test,\r\n a@bank.test", "from-several-domains", "the second in a fold"),
    (b"From: " + b"x@rogue.test, " * 300 + b"a@bank.test", "from-several-domains",
     "the victim behind 300 of the attacker's"),
    (b"From: x@rogue.test; a@bank.test", "from-unparsable", "a semicolon as comma"),
    (b"From: x@rogue.test a@bank.test", "from-unparsable", "no comma at all"),
    (b"From: g: a@bank.test, x@rogue.test;", "from-several-domains", "a group of both"),
    (b"From: g: x@rogue.test;, a@bank.test", "from-several-domains", "a group and another"),
    (b"From: undisclosed:;", "from-missing", "an empty group"),
    (b"From: g: a@bank.test, x@rogue.test", "from-unparsable", "a group without its end"),
    (b"From: a@bank.test (x@rogue.test)", "from-unparsable", "an address in a comment behind"),
    (b"From: (a@bank.test) x@rogue.test", "from-unparsable", "an address in a comment before"),
    (b"From: x@rogue.test(a@bank.test)", "from-unparsable", "a comment without white space"),
    (b"From: x@(a@bank.test)rogue.test", "from-unparsable", "a comment within the domain"),
    (b"From: a@bank.test(.rogue.test", "from-unparsable", "a comment without its end"),
    (b"From: x@rogue.test).a@bank.test", "from-unparsable", "a parenthesis too many"),
    (b"From: \"a@bank.test\\\" <x@rogue.test>", "from-unparsable",
     "a quoted pair hides the end of the name"),
    (b"From: a\\@bank.test@rogue.test", "from-unparsable", "a quoted pair outside of quotes"),
    (b"From: \"a@bank.test\" x@rogue.test", "from-unparsable", "a name without brackets"),
    (b"From: a@bank.test <x@rogue.test>", "from-unparsable", "a name that is an address"),
    (b"From: <a@bank.test><x@rogue.test>", "from-unparsable", "two bracketed addresses"),
    (b"From: <x@rogue.test> <a@bank.test>", "from-unparsable", "two of them, apart"),
    (b"From: <x@rogue.test>a@bank.test", "from-unparsable", "an address behind the brackets"),
    (b"From: <x@rogue.test", "from-unparsable", "a bracket without its end"),
    (b"From: x@rogue.test>", "from-unparsable", "a bracket without its beginning"),
    (b"From: <<x@rogue.test>>", "from-unparsable", "brackets in brackets"),
    (b"From: a@bank.test> <x@rogue.test>", "from-unparsable", "a bracket too many"),
    (b"From: <@rogue.test:a@bank.test>", "from-unparsable", "a source route to the victim"),
    (b"From: <@bank.test:x@rogue.test>", "from-unparsable", "a source route by the victim"),
    (b"From: a@bank.test@rogue.test", "from-unparsable", "two at signs"),
    (b"From: \"a@bank.test\"@rogue.test", "from-unparsable", "the victim quoted as local part"),
    (b"From: \"x@rogue.test\"@bank.test", "from-unparsable", "the attacker quoted as local part"),
    (b"From: a@@rogue.test", "from-unparsable", "two of them together"),
    (b"From: a@bank.test .rogue.test", "from-unparsable", "white space within the domain"),
    (b"From: a@bank.test\r\n .rogue.test", "from-unparsable", "a fold within the domain"),
    (b"From: =?utf-8?q?Bank_=3Ca=40bank.test=3E?= <x@rogue.test>", "from-unparsable",
     "an encoded word that spells brackets and an address"),
    (b"From: =?utf-8?b?YUBiYW5rLnRlc3Q=?=", "from-unparsable", "an address as encoded word"),
    (b"From: =?utf-8?b?YUBiYW5rLnRlc3Q=?=@rogue.test", "from-unparsable",
     "an encoded word as local part"),
    (b"From: x@=?utf-8?q?bank.test?=", "from-unparsable", "an encoded word as domain"),
    (b"From:", "from-missing", "an empty field"),
    (b"From: \r\n \r\n ", "from-missing", "nothing but folds"),
    (b"From: Bank", "from-unparsable", "a name and no address"),
    (b"From: <>", "from-unparsable", "the empty path of bounces"),
    (b"From: a@", "from-unparsable", "no domain"),
    (b"From: @rogue.test", "from-unparsable", "no local part"),
    (b"From: a@[203.0.113.66]", "from-unparsable", "an address literal has no policy"),
    (b"From: a@b\xe4nk.test", "from-unparsable", "a domain in Latin-1"),
    (b"Sender: x@rogue.test\r\nResent-From: x@rogue.test", "from-missing",
     "other fields of the author do not count"),
    # The domain is the victim's, in one form or another: nothing of rogue.test helps.
    (b"From: a@bank.test", "dmarc-reject-rule", "a plain forgery"),
    (b"From: a@BANK.test", "dmarc-reject-rule", "capital letters"),
    (b"From: g: a@bank.test;", "dmarc-reject-rule", "a group of one"),
    (b"From: \"x@rogue.test\" <a@bank.test>", "dmarc-reject-rule",
     "the attacker's address as a name"),
    (b"From: =?utf-8?q?x=40rogue.test?= <a@bank.test>", "dmarc-reject-rule",
     "the attacker's address as an encoded name"),
    (b"From: a@bank.test (Bank)", "dmarc-reject-rule", "a comment behind"),
    ("From: a@\uff42ank.test".encode(), "dmarc-reject-rule", "a full-width letter"),
    (b"From: a@any.bank.test", "dmarc-reject-rule", "a subdomain that does not exist"),
    ("From: a@b\u00e4nk.test".encode(), "dmarc-reject-unknown",
     "a U-label has the policy of its A-label"),
    (b"From: a@XN--bnk-QLA.test", "dmarc-reject-unknown", "the A-label, capital letters"),
    # And these are the attacker's own, however they look: he may pass for himself.
    (b"From: x@rogue.test", None, "what the attacker's own mail gets"),
    (b"From: a%bank.test@rogue.test", None, "the percent hack"),
    (b"From: a@bank.test.rogue.test", None, "the victim's name as label"),
]


def last_author(author):
    """The value of the lowest From field, which is the one that a signature signs; or None."""
    fields = re.split(r"\r\n(?![ \t])", author.decode(errors="surrogateescape"))
    values = [field.partition(":")[2] for field in fields
              if field.partition(":")[0].strip(" \t").lower() == "from"]
    return values[-1] if values else None


def try_author(world, author, rule):
    value = last_author(author)
    top = b"" if author.startswith(b" ") else b"X-First: line\r\n"  # whose end tells the form
    signature = b""
    if value is not None:
        fields = [("From", value), ("Subject", "Your account")]
        signature = b"\r\n" + text_of([dkim_signature(
            world.rogue, fields, "Log in.\r\n", names=["From", "Subject"])], "")[:-4].encode()
    found = world.judge(top + author + signature + WORDS)
    if value is not None and b"From\0" not in author:
        same(found["dkim"][0]["result"], "pass", "the attacker's DKIM")
    dmarc, action = found["dmarc"], found["action"]
    told = f"{action['rule']}: {action['reason']}; dmarc={dmarc['result']}: {dmarc['reason']}"
    same(found["spf"]["result"], "pass", "the attacker's SPF")
    if rule is None:
        same((dmarc["result"], dmarc["org_domain"]), ("pass", "rogue.test"), told)
        return
    assert dmarc["result"] != "pass", told
    holds(found["authentication_results"], "dmarc=" + dmarc["result"])
    same(action["rule"], rule, told)
    same(action["verdict"], "quarantine" if rule == "dmarc-reject-unknown" else "reject", told)


# ---- Authentication-Results -------------------------------------------------------------------

NAME = b"Authentication-Results: "
FORGED = [
    (NAME + b"mx.example.com; dmarc=pass", True, "the plain one"),
    (NAME + b"MX.Example.COM; dmarc=pass", True, "names have no case"),
    (b"AUTHENTICATION-results: mx.example.com; dmarc=pass", True, "names of fields neither"),
    (b"Authentication-Results : mx.example.com; dmarc=pass", True, "white space before the colon"),
    (b"Authentication-Results:mx.example.com;dmarc=pass", True, "no white space at all"),
    (NAME + b'"mx.example.com"; dmarc=pass', True, "quoted"),
    (NAME + b'"mx\\.example.com"; dmarc=pass', True, "quoted, with a quoted pair"),
    (NAME + b"(x) mx.example.com (y); dmarc=pass", True, "between comments"),
    (NAME + b"(a(b(c\\))))mx.example.com; dmarc=pass", True, "nested comments"),
    (NAME + b"\r\n\tmx.example.com\r\n ;\r\n dmarc=pass", True, "folded"),
    (NAME + b"mx.example.com 1; dmarc=pass", True, "with a version"),
    (NAME + b"mx.example.com 2; dmarc=pass", True, "a version that we do not know"),
    (NAME + b"mx.example.com (x) 1 (y); dmarc=pass", True, "a version between comments"),
    (NAME + b"mx.example.com.; dmarc=pass", True, "a dot behind"),
    (NAME + b"mx.example.com dmarc=pass", True, "no semicolon: cannot be read"),
    (NAME + b"mx.example.com", True, "no results"),
    (NAME + b"mx.example.com; none", True, "the word none"),
    (NAME + b"mx.other.test\0; dmarc=pass", True, "NUL in another's: cannot be read"),
    (NAME + b"; dmarc=pass", True, "no name"),
    (NAME, True, "empty"),
    (NAME + b"(mx.other.test; dmarc=pass", True, "a comment without its end"),
    (NAME + b'"mx.other.test; dmarc=pass', True, "a quotation without its end"),
    (NAME + b"mx.other.test; spf=none\rAuthentication-Results: mx.example.com; dmarc=pass", True,
     "hidden behind a bare CR in another's"),
    (NAME + b"mx.other.test; spf=none\nAuthentication-Results: mx.example.com; dmarc=pass", True,
     "hidden behind a bare LF in another's"),
    (b"X: y\nAuthentication-Results: mx.example.com; dmarc=pass", True,
     "hidden behind a bare LF in any field"),
    (NAME + b"mx.example.com; dmarc=pass reason=\"" + b"x" * 70000 + b'"', True, "70,000 octets"),
    (NAME + b"mx.example.com; " + b"; ".join([b"dmarc=pass header.from=bank.test"] * 20000), True,
     "20,000 results"),
    (NAME + b"(" + b"x" * 300000 + b") mx.example.com; dmarc=pass", True,
     "300,000 octets before the name"),
    (NAME + b"mx.other.test; dmarc=pass", False, "another's"),
    (NAME + b"mx.example.com.rogue.test; dmarc=pass", False, "ours is only the beginning"),
    (NAME + b"not-mx.example.com; dmarc=pass", False, "ours is only the end"),
    (NAME + b"mx.other.test; dkim=fail (not mx.example.com)", False, "our name in a comment"),
    (b"ARC-Authentication-Results: i=1; mx.example.com; dmarc=pass", False, "part of an ARC set"),
    (b"X-Authentication-Results: mx.example.com; dmarc=pass", False, "a field of another name"),
]
PLACES = ("on top", "in the middle", "at the end")


def try_forged(world, field, place, goes):
    others = [b"From: a@bank.test", b"Subject: x", b"To: you@example.com"]
    at = {"on top": 0, "in the middle": 2, "at the end": 3}[place]
    lines = [b"X-First: line"] + others[:at] + [field] + others[at:]
    found = world.judge(b"\r\n".join(lines) + b"\r\n\r\nHi\r\n")
    same(found["dmarc"]["result"], "fail", "dmarc")
    removed = found["removed_fields"]
    same(len(removed), 1 if goes else 0, f"fields removed, {[text[:80] for text in removed]}")
    if goes:
        word = field.split(b":", 1)[0].decode()
        same(removed[0][:len(word)].lower(), word.lower(), "the field removed")


def try_hundreds(world):
    kept = b"Authentication-Results: mx.other.test; spf=none\r\n"
    field = b"Authentication-Results: mx.example.com; dmarc=pass; x-n=%d\r\n"
    fields = b"".join(field % i + kept for i in range(500))
    found = world.judge(b"From: a@bank.test\r\n" + fields + b"\r\nHi\r\n")
    removed = found["removed_fields"]
    same(sorted(removed), sorted((field % i).decode().strip() for i in range(500)), "removed")
    order = [int(text.rsplit("=", 1)[1]) for text in removed]
    same(order, sorted(order, reverse=True), "the order (the last first, or indices shift)")


# ---- signatures, and who they are of ----------------------------------------------------------

def expect(found, dmarc, verdict, dkim=None, spf=None):
    told = f"{found['dmarc']['reason']} {[d['reason'] for d in found['dkim']]} " \
           f"{found['action']['reason']}"
    same(found["dmarc"]["result"], dmarc, told)
    same(found["action"]["verdict"], verdict, told)
    if dkim is not None:
        same([d["result"] for d in found["dkim"]], dkim, told)
    if spf is not None:
        same(found["spf"]["result"], spf, told)


def signed(world, key=None, fields=None, body=None, **options):
    given, text = plain()
    fields, body = fields or given, body or text
    return [dkim_signature(key or world.bank, fields, body, **options)] + fields, body


def data_of(fields, body):
    return text_of(fields, body).encode()


def genuine_is_authentic(world):
    """The control of all that follows: from anywhere, the bank's own mail passes."""
    for key in (world.bank, world.bank_rsa):
        found = world.judge(data_of(*signed(world, key)), ip=OTHER, mail_from="x@rogue.test")
        expect(found, "pass", "accept", ["pass"], "fail")
        same(found["dkim"][0]["aligned"], True, "aligned")


def swapped_body(world):
    fields, _ = signed(world)
    found = world.judge(data_of(fields, "Log in at rogue.test\r\n"))
    expect(found, "fail", "reject", ["fail"], "pass")
    same((found["dkim"][0]["autopsy"]["kind"], found["dkim"][0]["autopsy"]["header"]),
         ("unrecognised", "as-signed"), "autopsy")


def appended_text(world):
    fields, body = signed(world)
    found = world.judge(data_of(fields, body + "Log in at rogue.test\r\n"))
    assert found["dmarc"]["result"] == "fail" and found["dkim"][0]["result"] == "fail"
    same(found["dkim"][0]["autopsy"]["kind"], "footer-added", "autopsy")


def length_covers_all(world):
    body = plain()[1]
    found = world.judge(data_of(*signed(world, length=len(body))))
    expect(found, "pass", "accept", ["pass"])


def length_leaves_a_part(world, length, extra):
    fields, body = signed(world, length=length)
    found = world.judge(data_of(fields, body + extra))
    assert found["dmarc"]["result"] == "fail", found["dmarc"]["reason"]
    assert found["action"]["verdict"] in ("quarantine", "reject"), found["action"]
    same(found["dkim"][0]["counts"], False, "counts")


def length_beyond_the_body(world):
    fields, body = plain()
    signature = dkim_signature(world.bank, fields, body + "x" * 100, length=len(body) + 100)
    found = world.judge(data_of([signature] + fields, body))
    assert found["dmarc"]["result"] == "fail", found["dmarc"]["reason"]


def second_field(world, name, value, place, dmarc, verdict):
    """A genuine message sent again, with one field more than was signed."""
    fields, body = signed(world)
    at = 0 if place == "on top" else len(fields)
    found = world.judge(data_of(fields[:at] + [(name, value)] + fields[at:], body))
    expect(found, dmarc, verdict, spf="pass")


def several_signatures(world):
    """All of the attacker's signatures pass, and none is of the author's domain."""
    fields, body = plain()
    rogue = [dkim_signature(world.rogue, fields, body),
             dkim_signature(world.rogue, fields, body, domain="bank.test.rogue.test"),
             dkim_signature(world.rogue, fields, body, domain="BANK.TEST.ROGUE.TEST")]
    found = world.judge(data_of(rogue + fields, body))
    expect(found, "fail", "reject", ["pass", "pass", "pass"], "pass")
    same([d["aligned"] for d in found["dkim"]], [False] * 3, "aligned")


# What the attacker writes into d= and i=; never does a signature count for bank.test.
NAMES = [
    ("bank.test", "", "the victim's name: there is no such key"),
    ("Bank.Test", "", "the same in other letters"),
    ("test", "", "a name above both"),
    (".bank.test", "", "a dot before it"),
    ("rogue.test", "i=a@bank.test; ", "i= of another domain"),
    ("rogue.test", "i=bank.test@rogue.test; ", "the victim as local part of i="),
    ("rogue.test", "d=bank.test; ", "two d="),
    ("rogue.test(.bank.test", "", "a parenthesis, for those who write results unquoted"),
    ("bank.test\r\n .rogue.test", "", "a fold in the name"),
    ("bank.test rogue.test", "", "white space in the name"),
    ("bank.test,rogue.test", "", "a list of names"),
]


def misleading_name(world, domain, tags):
    fields, body = plain()
    signature = dkim_signature(world.rogue, fields, body, domain=domain, tags=tags)
    found = world.judge(data_of([signature] + fields, body))
    expect(found, "fail", "reject", spf="pass")
    same(len(found["dkim"]), 1, "signatures")
    # Who reads our results by words must not find the victim's domain passing.
    results = " ".join(found["authentication_results"].split())
    for part in results.split("; "):
        names = re.findall(r"header\.[di]=\"?(?:\S*@)?([^\s\"]+)", part)
        assert "dkim=pass" not in part or set(names) <= {"rogue.test"}, part


def hundreds_of_signatures(world):
    """The genuine one is found among 90 of others', and those do not make a forgery genuine."""
    fields, body = plain()
    own = dkim_signature(world.bank, fields, body)
    others = [("DKIM-Signature", f"v=1; a=ed25519-sha256; d=n{i}.rogue.test; s=k; h=From; "
               "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA") for i in range(300)]
    found = world.judge(data_of(others[:90] + [own] + fields, body), ip=OTHER)
    same(found["dmarc"]["result"], "pass", found["dmarc"]["reason"])
    found = world.judge(data_of(others + fields, body), ip=OTHER)
    same(found["dmarc"]["result"], "fail", found["dmarc"]["reason"])


def spf_of_another_domain(world):
    found = world.judge(data_of(*plain()))
    expect(found, "fail", "reject", [], "pass")
    same(found["dmarc"]["alignment"], {"spf": False, "dkim": False}, "alignment")


def helo_is_not_the_sender(world):
    """HELO passes in the victim's name, but the sender is another's (CVE-2019-20790)."""
    data = data_of(*plain())
    found = world.judge(data, helo="shop.bank.test")
    same(found["spf_helo"]["result"], "pass", "SPF of HELO")
    expect(found, "fail", "reject", [], "pass")
    found = world.judge(data, helo="shop.bank.test", mail_from="<>")
    expect(found, "pass", "accept", [], "pass")  # a bounce: here HELO is the sender


# Names that do not answer: (author, sender, d= and s= of a signature, expected, why).
SLOW = [
    ("a@slow.test", "x@slow.test", None, "temperror", "defer",
     "SPF of the author's domain could still pass"),
    ("a@bank.test", "x@slow.test", None, "fail", "reject", "SPF of another's could not help"),
    ("a@bank.test", "x@slow.rogue.test", None, "fail", "reject", "nor of the attacker's"),
    ("a@bank.test", "x@rogue.test", ("bank.test", "late"), "temperror", "defer",
     "the key of the author's domain could still verify"),
    ("a@bank.test", "x@rogue.test", ("rogue.test", "late"), "fail", "reject",
     "the key of another domain could not help"),
    ("a@dark.test", "x@rogue.test", None, "temperror", "defer", "the policy is not known"),
    ("a@bank.test", "x@bank.test", ("rogue.test", "late"), "pass", "accept",
     "an aligned pass wins over what is open"),
    ("a@bank.test", "x@bank.test", ("bank.test", "late"), "pass", "accept",
     "even over an aligned question"),
]


def slow_names(world, author, sender, key, dmarc, verdict):
    fields, body = plain(author)
    if key is not None:
        fields = [dkim_signature(world.rogue, fields, body, *key)] + fields
    ip = BANK if sender == "x@bank.test" else ROGUE
    expect(world.judge(data_of(fields, body), ip=ip, mail_from=sender), dmarc, verdict)


def cases(world):
    for author, rule, why in FROM:
        yield f"author: {why}", lambda a=author, r=rule: try_author(world, a, r)
    for number, (field, goes, why) in enumerate(FORGED):
        for place in PLACES if number == 0 else (PLACES[number % 3],):
            fate = "removed" if goes else "kept"
            yield (f"results that claim to be ours, {fate}: {why}, {place}",
                   lambda f=field, p=place, g=goes: try_forged(world, f, p, g))
    yield "results that claim to be ours, 500 of them", lambda: try_hundreds(world)
    for test, name in (
            (genuine_is_authentic, "genuine mail is authentic wherever it comes from"),
            (swapped_body, "a genuine newsletter with its body swapped"),
            (appended_text, "text appended to a genuine message"),
            (length_covers_all, "l= over the whole body is as good as none"),
            (length_beyond_the_body, "l= beyond the end"),
            (several_signatures, "several signatures of others that all pass"),
            (hundreds_of_signatures, "hundreds of signatures of others"),
            (spf_of_another_domain, "SPF passes for an unaligned domain"),
            (helo_is_not_the_sender,
             "HELO passes for the author's domain, MAIL FROM is another's")):
        yield name, lambda t=test: t(world)
    size = len(plain()[1])
    for length, extra, why in ((size, "Log in at rogue.test\r\n", "text appended behind l="),
                               (0, "", "l=0 covers no body at all"),
                               (size, "<html>" * 100000, "a page appended behind l="),
                               (5, "", "l=5 covers a word")):
        yield why, lambda n=length, x=extra: length_leaves_a_part(world, n, x)
    for name, value in (("From", "Bank <x@rogue.test>"), ("From", "a@bank.test")):
        for place in ("on top", "at the end"):
            yield (f"a genuine message with a second From ({value}) {place}",
                   lambda n=name, v=value, p=place: second_field(world, n, v, p, "none", "reject"))
    for place in ("on top", "at the end"):
        yield (f"a genuine message with a second Subject {place}",
               lambda p=place: second_field(world, "Subject", "Log in", p, "fail", "reject"))
    for domain, tags, why in NAMES:
        yield (f"a signature of the attacker: {why}",
               lambda d=domain, t=tags: misleading_name(world, d, t))
    for author, sender, *row, why in SLOW:
        yield (f"timeouts, {author} by {sender}: {why}",
               lambda a=author, s=sender, r=row: slow_names(world, a, s, *r))


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        return tap.report([(name, test, None) for name, test in cases(world)])


if __name__ == "__main__":
    sys.exit(main())
