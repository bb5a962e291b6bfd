#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual against the program: pages that render, and nothing that they leave out.

    manual.py YETT TOP MANDOC PAGE…
"""
import os
import re
import subprocess
import sys

# scdoc writes paragraph macros that roff does not need; every page of it has them.
HARMLESS = "skipping paragraph macro"
# Words that begin or end with markup which scdoc left in the text.
LEFT_OVER = re.compile(r"\\f[BIPR]|(?<![\w*/])\*\w|(?<!\w)_\w[^_\s]*_(?!\w)|[A-Z]_(?!\w)")
OPTION_LINE = re.compile(r"^ {2}(--[a-z0-9-]+)( \S+)?", re.MULTILINE)
OPTION_HEAD = re.compile(r"^\*(--[a-z0-9-]+)\*", re.MULTILINE)
RULE = re.compile(r'"((?:from|no|submission|spf|dkim|dmarc|exception|forwarder|internal)'
                  r'(?:-[a-z]+)*)"')
OPTION_NAMED = re.compile(r"\*(--[a-z0-9-]+)\*")
# Words that give a command other options; its page is the same.
VARIANTS = {"key": ("generate", "list", "check", "publish", "rotate", "retire"),
            "sign": ("--would-sign",), "config": ("check", "defaults"), "authres": ("parse",)}
STATUS_SAID = re.compile(r"\b(\d+) [a-z]")
STATUS_HEAD = re.compile(r"^\*(\d+)\*$", re.MULTILINE)
SIGNING_RULE = re.compile(r'"([a-z]+(?:-[a-z]+)*)"')
NO_RULES = {"none", "mailer-daemon", "signing", "internal-error"}
JSON_FIELD = re.compile(r'json_put\(\s*out,\s*"(\w+)"')

count = failed = 0


def tell(name, faults):
    global count, failed
    count += 1
    failed += bool(faults)
    print(f"{'not ok' if faults else 'ok'} {count} - {name}")
    for fault in faults:
        print(f"#   {fault}")


def output(*command):
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


def lint(mandoc, page):
    return [line for line in output(mandoc, "-T", "lint", "-W", "warning", page).splitlines()
            if HARMLESS not in line]


def rendered(mandoc, page):
    return re.sub(r".\x08", "", output(mandoc, "-T", "utf8", "-O", "width=78", page))


def looks_bad(mandoc, page):
    text = rendered(mandoc, page)
    if "DESCRIPTION" not in text:
        yield "has no DESCRIPTION"
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT_OVER.search(line):
            yield f"line {number}: markup is left in the text: {line.strip()}"
        if len(line) > 80:
            yield f"line {number} is wider than 80 columns: {line.strip()}"


def check_pages(mandoc, pages):
    for page in pages:
        name = os.path.basename(page)
        tell(f"{name} is in order for mandoc", lint(mandoc, page))
        tell(f"{name} reads well", list(looks_bad(mandoc, page)))


def commands_of(yett):
    return re.findall(r"^ {2}([a-z]+) ", output(yett, "--help"), re.MULTILINE)


def check_commands(yett, doc, pages):
    built = {os.path.basename(page) for page in pages}
    overview = read(doc, "yett.1.scd")
    for command in commands_of(yett):
        section = 8 if f"yett-{command}.8" in built else 1
        page = f"yett-{command}.{section}"
        tell(f"{command} has a page",
             ([] if page in built else [f"{page} is not made"])
             + ([] if f"*{command}*" in overview else ["yett(1) does not name it"])
             + ([] if f"*yett-{command}*({section})" in overview else ["yett(1) does not refer to it"]))
        if page not in built:
            continue
        text, help_text = read(doc, page + ".scd"), output(yett, command, "--help")
        options = {match[0] for match in OPTION_LINE.findall(help_text)}
        heads = set(OPTION_HEAD.findall(text))
        said, explained = statuses_said(help_text), set(STATUS_HEAD.findall(text))
        tell(f"{page} has the exit statuses that --help says",
             [f"{status} is not in the page" for status in sorted(said - explained)]
             + ([] if said or command in VARIANTS else ["--help says none"])
             + ([] if "0" in explained else ["the page explains none"]))
        tell(f"{page} has the options of its command, and no others",
             [f"{option} is not in the page" for option in sorted(options - heads)]
             + [f"{option} is no option" for option in sorted(heads - options)]
             + ([] if options else ["--help lists no options"]))


def statuses_said(text):
    """By --help: "Exit status: 0 fine, 1 it is bad"."""
    found = re.search(r"Exit status: .*?(?:\n\n|\Z)", text, re.DOTALL)
    return set(STATUS_SAID.findall(found[0])) if found else set()


def check_variants(yett, doc):
    for command, words in VARIANTS.items():
        page = f"yett-{command}.1"
        text = read(doc, page + ".scd")
        named, heads = set(OPTION_NAMED.findall(text)), set(STATUS_HEAD.findall(text))
        general = {match[0] for match in OPTION_LINE.findall(output(yett, command, "--help"))}
        for word in words:
            help_text = output(yett, command, word, "--help")
            options = {match[0] for match in OPTION_LINE.findall(help_text)}
            tell(f"{page} has what `yett {command} {word} --help` lists",
                 [f"{option} is not in the page" for option in sorted(options - named)]
                 + [f"{option} is not in `yett {command} --help`"
                    for option in sorted(options - general) if not word.startswith("-")]
                 + [f"exit status {status} is not in the page"
                    for status in sorted(statuses_said(help_text) - heads)]
                 + ([] if options else ["--help lists no options"])
                 + ([] if statuses_said(help_text) else ["--help says no exit status"]))
            same = output(yett, "help", command, word)
            tell(f"`yett help {command} {word}` is the same",
                 [] if same == help_text else [same.splitlines()[0]])


def check_rules(top, doc):
    folder = os.path.join(top, "src/core/verdict")
    rules = set()
    for name in ("disposition.c", "evaluate.c", "informed.c", "named.c", "reply.c",
                 "ungoverned.c"):
        rules |= set(RULE.findall(read(folder, name)))
    # Initialisers of checks that never become a verdict of their own.
    rules -= {"spf-pass", "dkim-pass", "from", "no", "spf", "dkim", "dmarc"}
    text = read(doc, "yett-check.1.scd")
    faults = [f"{rule} is not explained" for rule in sorted(rules) if f"*{rule}*" not in text]
    tell("yett-check.1 explains each rule of a verdict",
         faults if len(rules) > 20 else ["the rules were not found in the sources"])


def check_signing_rules(top, doc):
    rules = set()
    for name in ("signing/decide.c", "signing/words.c", "intake/sign.c"):
        text = re.sub(r"const char \*signing_act_text.*", "", read(top, "src/core", name),
                      flags=re.DOTALL)
        rules |= set(SIGNING_RULE.findall(text))
    text = read(doc, "yett-sign.1.scd")
    faults = [f"{rule} is not explained" for rule in sorted(rules - NO_RULES)
              if f"*{rule}*" not in text]
    tell("yett-sign.1 explains each rule of what is signed",
         faults if len(rules) > 20 else ["the rules were not found in the sources"])


def check_json(top, doc):
    cli = os.path.join(top, "src/app/cli")
    for page, name in (("yett-check.1", "json.c"), ("yett-authres.1", "authres.c")):
        text = read(doc, page + ".scd")
        if name == "json.c":
            text += read(doc, "yett-spf.1.scd")  # its "steps" are written there as well
        fields = set(JSON_FIELD.findall(read(cli, name)))
        faults = [f"{field} is not explained" for field in sorted(fields)
                  if not re.search(rf"\*{field}\*|, {field}\b", text)]
        tell(f"{page} explains each JSON field",
             faults if fields else [f"no field was found in {name}"])


def check_example(yett, doc):
    path = os.path.join(doc, "examples/yett.conf")
    done = subprocess.run([yett, "config", "check", path], capture_output=True, check=False)
    tell("the example settings are fine",
         [] if done.returncode == 0 else [(done.stderr + done.stdout).decode()])


def main():
    yett, top, mandoc, *pages = sys.argv[1:]
    doc = os.path.join(top, "doc")
    check_pages(mandoc, pages)
    check_commands(yett, doc, pages)
    check_variants(yett, doc)
    check_rules(top, doc)
    check_signing_rules(top, doc)
    check_json(top, doc)
    check_example(yett, doc)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
