#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Forgeries against yett behind a real Postfix: in our name, and through hosts that we trust.

    postfix_attacks.py YETT
"""
import os
import signal
import socket
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import mail  # noqa: E402  pylint: disable=wrong-import-position
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import Gateway  # noqa: E402  pylint: disable=wrong-import-position
from postfix_site import (BANK, ENFORCE, GOOD, OTHER, OURS, Site,  # noqa: E402
                          expect, expect_only_ours, results)

FORGED = f"{OURS}; spf=pass; dkim=pass header.d=bank.test; dmarc=pass header.from=bank.test"
RELAY = "192.0.2.25"


# ---- fields in our name ------------------------------------------------------------------

def authentication(value, name="Authentication-Results"):
    return [(name, value)]


def long(size):
    """Results of the kind that nobody ever wrote."""
    return authentication(FORGED + "".join(f";\r\n\tx{i}=pass (nothing)" for i in range(size // 22)))


# What is forged, as a list of fields.
FORGERIES = [
    ("plain", authentication(FORGED)),
    ("folded at once", authentication("\r\n\t" + FORGED.replace("; ", ";\r\n\t"))),
    ("folded within", authentication(FORGED.replace("dmarc=pass", "dmarc\r\n =\r\n pass"))),
    ("odd case of the name", authentication(FORGED, "aUTHENTICATION-resultS")),
    ("odd case of ours", authentication(FORGED.replace(OURS, "MX.Example.COM"))),
    ("with a version", authentication(FORGED.replace(OURS, OURS + " 1"))),
    ("with another version", authentication(FORGED.replace(OURS, OURS + " 2"))),
    ("in quotes", authentication(FORGED.replace(OURS, f'"{OURS}"'))),
    ("behind a comment", authentication("(a ;comment (in another)) " + FORGED)),
    ("a comment behind it", authentication(FORGED.replace(OURS, OURS + "(one)\r\n (two)"))),
    ("our name in a comment", authentication(f"({OURS}) other.example; dmarc=pass")),
    ("none", authentication(f"{OURS}; none")),
    ("no results", authentication(OURS)),
    ("not closed", authentication(f'"{OURS}; dmarc=pass')),
    ("nothing in it", authentication("")),
    ("rubbish", authentication(";;;=")),
    ("eight bit", authentication("\xff" + FORGED)),
    ("90 KB of it", long(90000)),
    ("more of it than Postfix keeps of a field", long(200000)),
    ("300 of them", 300 * authentication(FORGED)),
    ("a quarantine mark", [("X-Yett-Quarantine", "no")]),
    ("a tag", [("x-yett-TAG", "\r\n\tclean")]),
    ("200 marks", 100 * [("X-Yett-Quarantine", "no"), ("X-Yett-Tag", "no")]),
]

HONEST = [("Authentication-Results", "other.example; spf=pass smtp.mailfrom=a@good.test"),
          ("ARC-Authentication-Results", f"i=1; {OURS}; spf=pass"),
          ("X-Authentication-Results", FORGED), ("X-Yett-Quarantine-By", "somebody"),
          ("Authentication-Results", "example.com; dmarc=pass"),
          ("Authentication-Results", f"sub.{OURS}; dmarc=pass")]


def text(fields):
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")


def forged_fields_go_and_others_stay(site, forged, service):
    """In the first place, in the middle, in the last; and in all of them."""
    honest, rest = HONEST + site.fields(), b"\r\nbody\r\n"
    middle = len(honest) // 2
    for at in ((0,), (middle,), (len(honest),), (0, middle, len(honest))):
        fields, last = [], 0
        for place in at:
            fields += honest[last:place] + forged
            last = place
        fields += honest[last:]
        message = site.through("good.test", text(fields) + rest, service=service, ip=GOOD)
        got = expect_only_ours(message, text(honest) + rest)
        expect(got, "spf=pass", "dmarc=pass", "header.from=good.test")
        assert "header.d=bank.test" not in got, got


def all_forgeries_at_once_go(site):
    fields = site.fields()
    for number, (_, forged) in enumerate(FORGERIES):
        fields.insert(number * 2 % len(fields), (f"X-Between-{number}", "stays"))
        fields[number * 3 % len(fields):0] = [] if len(forged) > 1 or len(forged[0][1]) > 10000 \
            else forged
    marks = {name.lower() for _, forged in FORGERIES for name, _ in forged}
    kept = [field for field in fields if field[0].lower() not in marks]
    message = site.through("good.test", text(fields) + b"\r\n", ip=GOOD)
    expect(expect_only_ours(message, text(kept) + b"\r\n"), "dmarc=pass")


def a_header_beyond_the_limits_is_deferred_and_named(site):
    forged = ("Authentication-Results", FORGED)
    for fields, why in ([("X-Filler", str(n)) for n in range(12000)], "10000 fields"), \
            ([(f"X-Filler-{n}", "x" * 50000) for n in range(60)], "2097152 octets"):
        before = len(site.gateways["enforce"].log())
        reply, rcpt = site.send("good.test", site.message("good.test", forged, *fields), ip=GOOD)
        assert reply.code == 451, reply
        line = site.gateways["enforce"].wait_log(why, after=before)
        expect(line, "deferred", "[internal-error]")
        assert not site.postfix.mailbox(rcpt)


def a_forged_field_does_not_hide_behind_a_bare_line_end(site):
    for hidden in (b"X-Carrier: x\rAuthentication-Results: ", b"X-Carrier: x\r\r\n\tAuthentication-Results: "):
        raw = hidden + FORGED.encode() + b"\r\n" + site.message()
        reply, rcpt = site.send("good.test", raw, ip=GOOD)
        if reply.accepted:
            stored = site.postfix.delivered(rcpt)
            lines = stored.raw.replace(b"\r", b"\n").split(b"\n")
            ours = [line for line in lines if line.lower().startswith(b"authentication-results")]
            assert len(ours) == 1, stored.raw
        else:
            assert reply.code in (451, 550), reply


def a_greeting_within_an_envelope_saves_no_forgery(site):
    """Postfix tells of the greeting first, and only then that the message is off."""
    with postfix.Client(site.postfix.port, ip=OTHER, name="[UNAVAILABLE]",
                        helo="mail.good.test") as client:
        for again in ("EHLO mail.good.test", "HELO mail.good.test", "RSET"):
            rcpt = site.rcpt()
            for line in ("MAIL FROM:<ann@bank.test>", f"RCPT TO:<{rcpt}>", again):
                client.expect(250, client.smtp.docmd(line))
            reply = client.send("ann@bank.test", [rcpt], site.message("bank.test"))
            assert reply.code == 550, reply
            expect(reply.text, "5.7.26", "bank.test")


# ---- hosts that we trust -----------------------------------------------------------------

RECEIVED = {
    "Postfix": "from {helo} (unknown [{ip}])\r\n\tby backup.example.com (Postfix) with ESMTPS id 4X1\r\n"
               "\tfor <bob@example.com>; " + mail.DATE,
    "Exim": "from [{ip}] (helo={helo})\r\n\tby backup.example.com with esmtps  (TLS1.3) tls "
            "TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.96)\r\n\t(envelope-from <{mail_from}>)\r\n"
            "\tid 1tF0aB-0001\r\n\tfor bob@example.com;\r\n\t" + mail.DATE,
    "Exchange": "from {helo} ({ip}) by EX01.corp.example (10.1.0.5) with Microsoft SMTP Server\r\n"
                " (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.39; "
                + mail.DATE,
    "Microsoft 365": "from {helo} ({ip}) by\r\n DB5EUR02FT012.mail.protection.outlook.com "
                     "(10.13.58.239) with Microsoft SMTP\r\n Server (version=TLS1_2, "
                     "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.8182.16 via "
                     "Frontend Transport; " + mail.DATE,
}
# What hosts of their own put above it.
WITHIN = {
    "Exchange": "from EX01.corp.example (10.1.0.5) by EX02.corp.example (10.1.0.6) with Microsoft\r\n"
                " SMTP Server id 15.1.2507.39; " + mail.DATE,
    "Microsoft 365": "from DB5EUR02FT012.eop-EUR02.prod.protection.outlook.com (2603:10a6:5:190::11)"
                     " by\r\n AS8PR04MB7000.eurprd04.prod.outlook.com (2603:10a6:20b:2d1::17) with "
                     "Microsoft\r\n SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id "
                     "15.20.8158.24; " + mail.DATE,
}


def relayed(site, form, author, ip, below=()):
    fields = [("Received", WITHIN[form])] if form in WITHIN else []
    fields.append(("Received", RECEIVED[form].format(ip=ip, helo="mail.good.test",
                                                     mail_from=f"ann@{author}")))
    return site.message(author, *fields, *below)


def a_trusted_relay_is_looked_behind(site, form):
    raw = relayed(site, form, "good.test", GOOD)
    message = site.through("good.test", raw, service="relay", ip=RELAY)
    expect(expect_only_ours(message, raw), "spf=pass", "dmarc=pass")
    raw = relayed(site, form, "bank.test", BANK)
    message = site.through("bank.test", raw, service="relay", ip=RELAY)
    expect(expect_only_ours(message, raw), "spf=pass", "dmarc=pass")


def a_forgery_through_a_trusted_relay_is_refused(site, form):
    # Below the relay's own field stands what the forger wrote.
    liar = ("Received", RECEIVED[form].format(ip=BANK, helo="mail.bank.test",
                                              mail_from="ann@bank.test"))
    for below in ((), (liar,)):
        raw = relayed(site, form, "bank.test", OTHER, below)
        reply, rcpt = site.send("bank.test", raw, service="relay", ip=RELAY)
        assert reply.code == 550, reply
        expect(reply.text, "5.7.26", "bank.test")
        assert not site.postfix.mailbox(rcpt)


def nobody_else_is_taken_for_a_relay(site, form):
    raw = relayed(site, form, "bank.test", BANK)
    reply, _ = site.send("bank.test", raw, service="relay", ip=OTHER)
    assert reply.code == 550, reply


def a_relay_that_names_no_client_makes_nothing_fail(site):
    for field in ("from somewhere by backup.example.com; " + mail.DATE, "by backup; " + mail.DATE):
        raw = site.message("bank.test", ("Received", field))
        message = site.through("bank.test", raw, service="relay", ip=RELAY)
        expect(expect_only_ours(message, raw, "X-Yett-Tag"), "header.from=bank.test")
        assert "dmarc=fail" not in results(message), message.raw


# ---- a second Postfix: relay in front, and filter that hands back -------------------------

def to_the_relay(site, service, author, ip):
    """As somebody at `author`; the recipient."""
    rcpt, port = site.rcpt(), site.relay.port if service is None else site.postfix.ports[service]
    with postfix.Client(port, ip=ip, name="[UNAVAILABLE]", helo="mail.good.test") as client:
        reply = client.send(f"ann@{author}", [rcpt], site.message(author))
    assert reply.accepted, reply
    return rcpt


def refused_behind(site, rcpt):
    line = site.relay.wait_log(f"to=<{rcpt}>")
    expect(line, "status=bounced", "550", "5.7.26", "bank.test")
    assert not site.postfix.mailbox(rcpt)


def a_postfix_in_front_is_looked_behind(site):
    message = site.postfix.delivered(to_the_relay(site, None, "good.test", GOOD))
    expect(results(message), "spf=pass", "dmarc=pass")
    assert len(message.values("Received")) == 2, message.raw


def a_forgery_through_a_postfix_in_front_is_refused(site):
    refused_behind(site, to_the_relay(site, None, "bank.test", OTHER))


def mail_that_a_filter_hands_back_is_judged_by_its_first_client(site):
    message = site.postfix.delivered(to_the_relay(site, "filtered", "good.test", GOOD))
    expect(results(message), "spf=pass", "dmarc=pass")
    assert len(message.values("Received")) == 3, message.raw


def a_forgery_that_a_filter_hands_back_is_refused(site):
    refused_behind(site, to_the_relay(site, "filtered", "bank.test", OTHER))


SECOND = [a_postfix_in_front_is_looked_behind, a_forgery_through_a_postfix_in_front_is_refused,
          mail_that_a_filter_hands_back_is_judged_by_its_first_client,
          a_forgery_that_a_filter_hands_back_is_refused]


# ---- as the README says ------------------------------------------------------------------

def lines_of_the_readme(top):
    """Its settings for main.cf."""
    with open(os.path.join(top, "README.md"), encoding="utf-8") as file:
        lines = [line.strip() for line in file
                 if line.strip().startswith(("smtpd_milters", "non_smtpd_milters", "milter_"))]
    names = [line.split("=")[0].strip() for line in lines]
    assert names == ["smtpd_milters", "non_smtpd_milters", "milter_default_action"], lines
    return "\n".join(lines)


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def the_three_lines_of_the_readme_work_as_written(site, top):
    yett, settings = site.gateways["enforce"].yett, lines_of_the_readme(top)
    as_written = "inet:127.0.0.1:8891"
    assert settings.count(as_written) == 2, settings
    gateway = None
    if is_free(8891):
        gateway = Gateway(yett, site.zone, ENFORCE, start=False)
        gateway.ports = [8891]
        gateway.configure(ENFORCE)
        gateway.start()
        site.gateways["readme"] = gateway
    else:  # somebody's gateway is at work here
        settings = settings.replace(as_written, site.milter("enforce"))
    with postfix.Postfix(settings) as other:
        rcpt = site.rcpt()
        raw = site.message()
        reply = other.send("ann@good.test", rcpt, raw, ip=GOOD)
        assert reply.accepted, reply
        expect(expect_only_ours(other.delivered(rcpt), raw), "dmarc=pass")
        forged = other.send("ann@bank.test", rcpt, site.message("bank.test"), ip=OTHER)
        assert forged.code == 550, forged
        other.sendmail("ann@bank.test", "local@rcpt.test", site.message("bank.test"))
        other.delivered("local@rcpt.test")
        if gateway is None:
            return
        # And when yett is not there, mail waits at the sender's.
        gateway.stop()
        reply = other.send("ann@good.test", rcpt, raw, ip=GOOD)
        assert reply.code == 451, reply
        gateway.start()
        assert other.send("ann@good.test", rcpt, raw, ip=GOOD).accepted


def cases(site, top, skip):
    def call(test, *args):
        return lambda: test(site, *args)
    for why, forged in FORGERIES:
        for service, kind in ((None, "enforce"), ("two", "version 2"), ("observe", "observe")):
            if service is None or len(forged) == 1:
                yield (f"forged_fields_go_and_others_stay: {why} ({kind})",
                       call(forged_fields_go_and_others_stay, forged, service), skip)
    for test in (all_forgeries_at_once_go, a_header_beyond_the_limits_is_deferred_and_named,
                 a_forged_field_does_not_hide_behind_a_bare_line_end,
                 a_greeting_within_an_envelope_saves_no_forgery,
                 a_relay_that_names_no_client_makes_nothing_fail, *SECOND):
        yield test.__name__, call(test), skip
    for form in RECEIVED:
        for test in (a_trusted_relay_is_looked_behind, nobody_else_is_taken_for_a_relay,
                     a_forgery_through_a_trusted_relay_is_refused):
            yield f"{test.__name__} ({form})", call(test, form), skip
    test = the_three_lines_of_the_readme_work_as_written
    yield test.__name__, call(test, top), skip


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skip, top = postfix.why_not(), os.path.join(HERE, "..", "..")
    if skip:
        return tap.report(list(cases(None, top, skip)))
    with Site(sys.argv[1], ["observe", "two", "relay"], with_relay=True) as site:
        return site.report(cases(site, top, skip))


if __name__ == "__main__":
    sys.exit(main())
