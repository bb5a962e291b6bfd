# SPDX-License-Identifier: BSD-2-Clause
"""What `yett check` tells of signatures that fail, to people and to programs.

    autopsy.py YETT
"""
import sys
import tempfile

from world import BANK, World, holds, plain, same
from mail import NOW, dkim_signature, text_of
import tap

FOOTER = "_______________\r\nlist mailing list\r\n"
KEYS = {"kind", "text", "confidence", "field", "offset", "length", "header", "body", "changes"}


def changed(key, edit=lambda text: text, more=""):
    fields, body = plain()
    text = text_of([dkim_signature(key, fields, body)] + fields, body)
    edited = edit(text) + more
    return edited.encode()


def found_in(world, data):
    found = world.judge(data, ip=BANK, mail_from="x@bank.test")
    same([d["result"] for d in found["dkim"]], ["fail"], "results")
    autopsy = found["dkim"][0]["autopsy"]
    same(set(autopsy), KEYS, "names")
    return autopsy


def a_footer_is_shown_with_its_place(world):
    for key in (world.bank, world.bank_rsa):
        autopsy = found_in(world, changed(key, more=FOOTER))
        same((autopsy["kind"], autopsy["confidence"], autopsy["field"], autopsy["offset"],
              autopsy["length"], autopsy["header"], autopsy["body"]),
             ("footer-added", "certain", None, len(plain()[1]), len(FOOTER), "as-signed",
              "explained"), "autopsy")
        holds(autopsy["text"], "list mailing list")


def a_list_changes_header_and_body(world):
    tag = changed(world.bank_rsa,
                  lambda text: text.replace("Subject: ", "Subject: [list] "), FOOTER)
    autopsy = found_in(world, tag)
    same([(c["kind"], c["field"]) for c in autopsy["changes"]],
         [("footer-added", None), ("subject-tagged", "Subject")], "changes")
    same((autopsy["header"], autopsy["body"]), ("explained", "explained"), "states")


def what_is_unknown_is_said_to_be(world):
    autopsy = found_in(world, changed(world.bank_rsa,
                                      lambda text: text.replace("ready", "late")))
    same((autopsy["kind"], autopsy["confidence"], autopsy["changes"], autopsy["offset"]),
         ("unrecognised", "none", [], None), "autopsy")


def nothing_is_said_that_may_be_otherwise(world):
    """Only RSA tells another key from another header, and a second field of a name is not what
    was signed as missing."""
    for key, words in ((world.bank, "were changed, or another key made the signature"),
                       (world.bank_rsa, "the signed header fields were changed, and no")):
        autopsy = found_in(world, changed(key, lambda text: text.replace("Figures", "Debts")))
        same((autopsy["kind"], autopsy["header"]), ("unrecognised", "unexplained"), "autopsy")
        holds(autopsy["text"], words)
    fields, body = plain()
    data = signed(world, fields, body)
    autopsy = found_in(world, b"Subject: Buy this\r\n" + data)
    same((autopsy["kind"], autopsy["field"]), ("field-added", "Subject"), "autopsy")
    holds(autopsy["text"], 'Subject: the field was added: "Buy this";')


def signed(world, fields, body):
    """By yett itself, which signs fields once more than they stand there."""
    done = world.run("sign", "--domain", "bank.test", "--selector", "r", "--key",
                     world.bank_rsa.path, "--now", NOW, data=text_of(fields, body).encode())
    same((done.status, done.err), (0, ""), "signing")
    return done.raw


def what_passes_has_none(world):
    found = world.judge(changed(world.bank), ip=BANK, mail_from="x@bank.test")
    same([(d["result"], d["autopsy"]) for d in found["dkim"]], [("pass", None)], "results")


def two_signatures_with_one_story_tell_it_once(world):
    """A message signed with both algorithms, as most that yett signs are."""
    fields, body = plain()
    signatures = [dkim_signature(key, fields, body) for key in (world.bank_rsa, world.bank)]
    path = world.message((text_of(signatures + fields, body) + FOOTER).encode())
    story = world.check("--ip", BANK, "--mail-from", "x@bank.test", path).flat()
    same((story.count("autopsy: footer-added"), story.count("autopsy: the same as above")),
         (1, 1), story)


def results_are_the_same_with_summary(world):
    path = world.message(changed(world.bank_rsa, more=FOOTER))
    story = world.check("--ip", BANK, "--mail-from", "x@bank.test", path)
    holds(story.flat(), "autopsy: footer-added, certain: a footer of")
    summary = world.check("--ip", BANK, "--mail-from", "x@bank.test", "--summary", path)
    same(summary.status, story.status, "exit status")
    assert "autopsy" not in summary.out


def bodies_beyond_the_limit_are_not_kept(world):
    data = changed(world.bank_rsa, more="x" * 60 + "\r\n") + (b"y" * 70 + b"\r\n") * 160000
    autopsy = found_in(world, data)
    same((autopsy["kind"], autopsy["header"], autopsy["body"]),
         ("too-large", "as-signed", "unknown"), "autopsy")


def stored_line_ends_do_not_matter(world):
    autopsy = found_in(world, changed(world.bank_rsa, more=FOOTER).replace(b"\r\n", b"\n"))
    same((autopsy["kind"], autopsy["confidence"]), ("footer-added", "certain"), "autopsy")


TESTS = [
    ("a footer is shown with its place", a_footer_is_shown_with_its_place),
    ("a list changes header and body", a_list_changes_header_and_body),
    ("what is unknown is said to be", what_is_unknown_is_said_to_be),
    ("nothing is said that may be otherwise", nothing_is_said_that_may_be_otherwise),
    ("what passes has none", what_passes_has_none),
    ("two signatures with one story tell it once", two_signatures_with_one_story_tell_it_once),
    ("results are the same with --summary, which has no autopsy",
     results_are_the_same_with_summary),
    ("bodies beyond the limit are not kept", bodies_beyond_the_limit_are_not_kept),
    ("stored line ends do not matter", stored_line_ends_do_not_matter),
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        return tap.report([(name, lambda t=test: t(world), None) for name, test in TESTS])


if __name__ == "__main__":
    sys.exit(main())
