#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Public test suites against the real program, one TAP line a case.

    run.py YETT SUITES SPF|DKIM|ARC|ARC-SEAL|DMARC|AUTHRES [SEAL_MESSAGE]

SUITES is a folder in the form that its FORMAT.md describes; it is no part of the project.
Without it one line says so.  Each case runs with its answers warm, a round at a time and one
at a time, and all three must print the same.
"""
import json
import os
import subprocess
import sys
import tempfile

import zonetext

NOW = 1750000000
MODES = ("warm", "round", "each")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, name, faults):
        self.count += 1
        self.failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}")
        for fault in faults:
            print(f"#   {fault}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")


def run(command, data=None):
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode(
        "utf-8", "replace")


def run_json(yett, arguments, zone=None):
    """The one object printed, the same in all modes of answering, and the faults met."""
    outputs = []
    modes = MODES if zone else (None,)
    for mode in modes:
        extra = ["--dns", zone, "--answers", mode] if mode else []
        status, out, err = run([yett, *arguments[:1], *extra, *arguments[1:]])
        outputs.append(out)
        if status not in (0, 1, 75) or not out:
            return None, [f"exit status {status}: {err.strip()} ({' '.join(arguments)})"]
    faults = [f"answers {mode} end otherwise than {modes[0]}"
              for mode, out in zip(modes, outputs) if out != outputs[0]]
    return json.loads(outputs[0]), faults


def accepts(wanted, got):
    """A list is alternatives, "!x" anything but x."""
    for word in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(word, str) and word.startswith("!"):
            if got != word[1:]:
                return True
        elif got == word:
            return True
    return False


def envelope_options(envelope):
    options = []
    for key, option in (("ip", "--ip"), ("helo", "--helo"), ("mail_from", "--mail-from")):
        if envelope.get(key) is not None:
            options += [option, envelope[key]]
    for rcpt in envelope.get("rcpt") or []:
        options += ["--rcpt", rcpt]
    return options


# ---- SPF --------------------------------------------------------------------------------------

def spf_faults(test, spf):
    wanted = test["result"]
    if not accepts(wanted, spf["result"]):
        yield f"result {spf['result']}, wanted {wanted}: {spf['reason']}"
    explanation = test.get("explanation")
    if explanation is not None and spf["result"] == "fail":
        if explanation == "DEFAULT":
            if spf["explanation_source"] != "default":
                yield f"explanation {spf['explanation']!r}, wanted the default"
        elif spf["explanation"] != explanation:
            yield f"explanation {spf['explanation']!r}, wanted {explanation!r}"


def spf_scenarios(tap, yett, path, folder):
    import yaml
    suite = os.path.basename(os.path.dirname(path)) + "/" + os.path.basename(path)
    with open(path, encoding="latin-1") as file:
        scenarios = [s for s in yaml.safe_load_all(file) if s]
    for number, scenario in enumerate(scenarios):
        zone = os.path.join(folder, f"{os.path.basename(path)}-{number}")
        with open(zone, "w", encoding="latin-1") as file:
            file.write(zonetext.zone_text(scenario["zonedata"]))
        for name, test in scenario["tests"].items():
            if suite.startswith("spf-pyspf") and test.get("strict", 1) != 1:
                tap.skip(f"{suite}: {name}", "tests a lax or harsh mode of pyspf's own; "
                         "RFC 7208 section 6 has unknown modifiers ignored")
                continue
            options = envelope_options({"ip": test["host"], "helo": test["helo"],
                                        "mail_from": test["mailfrom"]})
            spf, faults = run_json(yett, ["spf", "--json", "--now", str(NOW), *options], zone)
            if spf is not None:
                faults += spf_faults(test, spf)
            tap.line(f"{suite}: {name}", faults)


def run_spf(tap, yett, suites):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("spf-openspf/rfc7208-tests.yml", "spf-openspf/rfc4408-tests.yml",
                     "spf-pyspf/test.yml"):
            spf_scenarios(tap, yett, os.path.join(suites, name), folder)


# ---- cases in folders -------------------------------------------------------------------------

def cases_of(suites, suite):
    top = os.path.join(suites, suite, "cases")
    for name in sorted(os.listdir(top)):
        with open(os.path.join(top, name, "case.json"), encoding="utf-8") as file:
            yield os.path.join(top, name), json.load(file)


def check_case(yett, folder, case, extra=()):
    now = case.get("now") or NOW
    options = envelope_options(case["envelope"])
    return run_json(yett, ["check", "--json", "--now", str(now), *options, *extra,
                           os.path.join(folder, case["message"])],
                    os.path.join(folder, case["zone"]))


def dkim_faults(expect, results):
    words = [result["result"] for result in results]
    overall = "pass" if "pass" in words else (words[0] if words else "none")
    told = "; ".join(f"{r['result']}: {r['reason']}" for r in results)
    if "each" in expect:
        if len(words) != len(expect["each"]) or not all(
                accepts(w, g) for w, g in zip(expect["each"], words)):
            yield f"{words}, wanted {expect['each']}: {told}"
    if "anyorder" in expect:
        left = list(words)
        for wanted in expect["anyorder"]:
            match = next((word for word in left if accepts(wanted, word)), None)
            if match is None:
                yield f"{words}, wanted {expect['anyorder']} in any order: {told}"
                break
            left.remove(match)
    if "overall" in expect and not accepts(expect["overall"], overall):
        yield f"{words}, wanted {expect['overall']} over all: {told}"
    if "last" in expect and not (words and accepts(expect["last"], words[-1])):
        yield f"{words}, wanted {expect['last']} as the last: {told}"
    for key, holds in (("count", lambda n: len(words) == n), ("min", lambda n: len(words) >= n)):
        if key in expect and not holds(expect[key]):
            yield f"{len(words)} signatures, wanted {key} {expect[key]}"


def run_dkim(tap, yett, suites):
    for suite in ("dkim-lieser", "dkim-mailauth", "dkim-opendkim"):
        for folder, case in cases_of(suites, suite):
            name = f"{suite}: {case['id']}"
            if case.get("skip"):
                tap.skip(name, case["skip"])
                continue
            found, faults = check_case(yett, folder, case)
            if found is not None:
                faults += dkim_faults(case["expect"]["dkim"], found["dkim"])
            tap.line(name, faults)
            if "dkim_legacy" in case["expect"]:
                found, faults = check_case(yett, folder, case,
                                           ["--allow-rsa-sha1", "--min-rsa-bits", "512"])
                if found is not None:
                    faults += dkim_faults(case["expect"]["dkim_legacy"], found["dkim"])
                tap.line(name + " (rsa-sha1 and small keys allowed)", faults)


def dmarc_faults(expect, dmarc):
    for key, wanted in expect.items():
        if key == "alignment":
            for which, value in wanted.items():
                if dmarc["alignment"][which] != value:
                    yield f"alignment {dmarc['alignment']}, wanted {wanted}"
        elif not accepts(wanted, dmarc[key]):
            yield f"{key} {dmarc[key]}, wanted {wanted}: {dmarc['reason']}"


def run_dmarc(tap, yett, suites):
    psl = os.path.join(suites, "public-suffix-list", "public_suffix_list.dat")
    for suite in ("dmarc-mailauth-9989", "dmarc-mailauth-verify"):
        for folder, case in cases_of(suites, suite):
            name = f"{suite}: {case['id']}"
            if case.get("skip"):
                tap.skip(name, case["skip"])
                continue
            mode = case["options"].get("mode", "9989")
            found, faults = check_case(yett, folder, case,
                                       ["--dmarc-mode", mode, "--psl", psl])
            if found is not None:
                faults += dmarc_faults(case["expect"]["dmarc"], found["dmarc"])
            tap.line(name, faults)


def authres_faults(expect, found):
    if "error" in expect or "error" in found:
        if bool(expect.get("error")) != bool(found.get("error")):
            yield f"error {found.get('error')!r}, wanted {expect.get('error')!r}"
        return
    for key in ("authserv_id", "version"):
        if key in expect and found[key] != expect[key]:
            yield f"{key} {found[key]!r}, wanted {expect[key]!r}"
    if "count" in expect and len(found["results"]) != expect["count"]:
        yield f"{len(found['results'])} results, wanted {expect['count']}"
    for got, wanted in zip(found["results"], expect.get("results", [])):
        for key, value in (wanted or {}).items():
            if key == "props":
                for prop, text in value.items():
                    if got["props"].get(prop) != text:
                        yield f"{prop} {got['props'].get(prop)!r}, wanted {text!r}"
            elif got[key] != value:
                yield f"{key} {got[key]!r}, wanted {value!r}"


def run_authres(tap, yett, suites):
    for folder, case in cases_of(suites, "authres-lieser"):
        found, faults = run_json(
            yett, ["authres", "parse", "--json", os.path.join(folder, case["files"][0])])
        if found is not None:
            faults += authres_faults(case["expect"]["authres"], found)
        tap.line(f"authres-lieser: {case['id']}", faults)


# ---- ARC --------------------------------------------------------------------------------------

def key_zone(records, path):
    """The suite has only keys; they are folded in the file, and white space ends up in them."""
    zone = {name: [{"TXT": text}] for name, text in (records or {}).items() if text}
    with open(path, "w", encoding="latin-1") as file:
        file.write(zonetext.zone_text(zone))


def run_arc(tap, yett, suites):
    import yaml
    with open(os.path.join(suites, "arc-valimail", "arc-validation-tests.yml"),
              encoding="utf-8") as file:
        scenarios = [s for s in yaml.safe_load_all(file) if s]
    with tempfile.TemporaryDirectory() as folder:
        for number, scenario in enumerate(scenarios):
            zone = os.path.join(folder, f"zone-{number}")
            key_zone(scenario["txt-records"], zone)
            for name, test in scenario["tests"].items():
                message = os.path.join(folder, f"{number}-{name}")
                with open(message, "w", encoding="utf-8") as file:
                    file.write(test["message"] or "\n")
                found, faults = run_json(yett, ["check", "--json", "--now", str(NOW), message],
                                         zone)
                wanted = (test["cv"] or "Fail").strip().lower() or "fail"
                if found is not None and found["arc"]["result"] != wanted:
                    faults.append(f"{found['arc']['result']}, wanted {wanted}: "
                                  f"{found['arc']['reason']}")
                tap.line(f"arc-valimail: {name}", faults)


def tags_of(value):
    """A tag-list, or the results of ARC-Authentication-Results as a list with i= in front."""
    pieces = [" ".join(piece.split()) for piece in value.split(";") if piece.strip()]
    tags = dict(piece.split("=", 1) for piece in pieces if "=" in piece)
    for name in ("b", "bh", "h"):
        if name in tags:
            tags[name] = tags[name].replace(" ", "")
    return tags


def fields_of(message):
    """The values of a header's fields by name, lower case, the topmost of each."""
    out = {}
    for line in message.split("\r\n\r\n")[0].replace("\r\n ", " ").replace(
            "\r\n\t", " ").split("\r\n"):
        name, _, value = line.partition(":")
        out.setdefault(name.strip().lower(), value)
    return out


def seal_faults(test, sealed):
    """Tag order is the sealer's own, and with it the signature: that one is verified instead."""
    fields = fields_of(sealed)
    for key, name in (("AS", "arc-seal"), ("AMS", "arc-message-signature")):
        got, wanted = tags_of(fields[name]), tags_of(test[key])
        got.pop("b"), wanted.pop("b")
        if got != wanted:
            yield f"{name} {got}, wanted {wanted}"
    got, wanted = (" ".join(text.split()) for text in
                   (fields["arc-authentication-results"], test["AAR"]))
    if got != wanted:
        yield f"arc-authentication-results {got!r}, wanted {wanted!r}"


def seal_one(yett, tool, folder, scenario, test, zone):
    message = test["message"].replace("\n", "\r\n").encode()
    status, sealed, err = run(
        [tool, zone, os.path.join(folder, "key.pem"), scenario["domain"], scenario["sel"],
         str(test["t"]), test["sig-headers"], test["srv-id"]], message)
    if not test["AS"]:
        return [] if status == 2 else [f"a set was added, exit status {status}"]
    if status != 0:
        return [f"exit status {status}: {err}"]
    path = os.path.join(folder, "sealed")
    with open(path, "wb") as file:
        file.write(sealed.encode())
    found, faults = run_json(yett, ["check", "--json", "--now", str(NOW), path], zone)
    faults += seal_faults(test, sealed)
    if found is not None and found["arc"]["result"] != "pass":
        faults.append(f"what was sealed is {found['arc']['result']}: {found['arc']['reason']}")
    return faults


def run_arc_seal(tap, yett, suites):
    import yaml
    with open(os.path.join(suites, "arc-valimail", "arc-sign-tests.yml"),
              encoding="utf-8") as file:
        scenarios = [s for s in yaml.safe_load_all(file) if s]
    with tempfile.TemporaryDirectory() as folder:
        for number, scenario in enumerate(scenarios):
            zone = os.path.join(folder, f"zone-{number}")
            key_zone(scenario["txt-records"], zone)
            with open(os.path.join(folder, "key.pem"), "w", encoding="ascii") as file:
                file.write(scenario["privatekey"])
            for name, test in scenario["tests"].items():
                tap.line(f"arc-valimail, sealing: {name}",
                         seal_one(yett, sys.argv[4], folder, scenario, test, zone))


RUNNERS = {"spf": run_spf, "arc": run_arc, "arc-seal": run_arc_seal, "dkim": run_dkim, "dmarc": run_dmarc, "authres": run_authres}


def main():
    yett, suites, which = sys.argv[1:4]  # a tool of one suite's own comes last
    tap = Tap()
    if os.path.isdir(suites):
        RUNNERS[which](tap, yett, suites)
    else:
        tap.skip(f"public suites: {which}", "they do not lie beside the project, in "
                                            "../shared/suites")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
