#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mail through a real Postfix with yett beside it: in by SMTP, out of the mailbox.

    postfix.py YETT
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import postfix  # noqa: E402  pylint: disable=wrong-import-position
import tap  # noqa: E402  pylint: disable=wrong-import-position
from gateway import wait_for  # noqa: E402  pylint: disable=wrong-import-position
from postfix_site import (GOOD, OTHER, OURS, TRACE, Site, expect,  # noqa: E402
                          expect_only_ours, results)

SERVICES = ["socket", "observe", "hold", "two", "early", "before", "after"]
PASSES = (f"{OURS};", "spf=pass", "dmarc=pass", "header.from=good.test")


# ---- what comes out is what went in ------------------------------------------------------

def stored_as_sent(site, service, raw, author="good.test", ip=GOOD, **how):
    message = site.through(author, raw, service=service, ip=ip, **how)
    return expect_only_ours(message, raw)


def an_authentic_message_gets_our_field_below_received(site, service):
    expect(stored_as_sent(site, service, site.message()), *PASSES)


def a_signature_holds_behind_postfix(site, service):
    text = stored_as_sent(site, service, site.signed(), ip=OTHER)
    expect(text, "spf=fail", "dkim=pass", "header.d=good.test", "dmarc=pass")


def odd_octets_stay(site, service):
    body = bytes(octet for octet in range(1, 256) if octet not in (10, 13)) + b"\r\n"
    stored_as_sent(site, service, site.message() + body)


def long_lines_stay(site, service):
    raw = site.message("good.test", ("X-Long", "a" * 3000), ("X-Fold", "b" * 900 + "\r\n\t" + "c" * 900),
                       body="d" * 70000 + "\r\n" + "e" * 998 + "\r\n")
    stored_as_sent(site, service, raw)


def dots_at_line_begin_stay(site, service):
    stored_as_sent(site, service, site.message(body=".\r\n..\r\n. \r\n.end\r\n\r\n.\r\n"))


def empty_lines_and_spaces_at_the_end_stay(site, service):
    stored_as_sent(site, service, site.message(body="\r\n\r\nx \t\r\n\r\n\r\n"))


def a_message_without_body_stays(site, service):
    stored_as_sent(site, service, site.message(body=""))


def odd_fields_stay(site, service):
    raw = (b"X-Empty:\r\nX-None:x\r\nX-Two:  two\r\nX-Tab:\ttab\r\nx-twice: 1\r\nX-TWICE: 2\r\n"
           b"X-Fold:\r\n \r\n\tlast\r\nX-Eight: \xe4\xf6\r\n") + site.message()
    stored_as_sent(site, service, raw)


def a_large_message_stays(site, service):
    line = b"0123456789abcdef" * 4 + b"\r\n"
    stored_as_sent(site, service, site.message() + line * 40000)


def mail_in_utf8_is_read(site, service):
    raw = ("From: Jörg <jörg@good.test>\r\nTo: bob@example.com\r\nSubject: Grüße\r\n"
           "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\nMessage-ID: <u@good.test>\r\n\r\nGrüße\r\n")
    text = stored_as_sent(site, service, raw.encode(), mail_from="jörg@good.test",
                          parameters=" SMTPUTF8")
    expect(text, *PASSES)


def a_null_sender_is_judged_by_helo(site, service):
    text = stored_as_sent(site, service, site.message("mail.good.test"), mail_from="")
    expect(text, "spf=pass", "dmarc=pass", "header.from=mail.good.test")


def many_messages_of_one_session_are_judged_each(site, service):
    rcpts = [site.rcpt() for _ in range(6)]
    with site.postfix.client(service, ip=GOOD) as client:
        for number, rcpt in enumerate(rcpts):
            author = "good.test" if number % 2 else "bank.test"
            reply = client.send(f"ann@{author}", [rcpt], site.message(author))
            if author == "bank.test":
                assert reply.code == 550, reply
            else:
                assert reply.accepted, reply
                expect(results(site.postfix.delivered(rcpt)), *PASSES)


CONTENT = [an_authentic_message_gets_our_field_below_received, a_signature_holds_behind_postfix,
           odd_octets_stay, long_lines_stay, dots_at_line_begin_stay,
           empty_lines_and_spaces_at_the_end_stay, a_message_without_body_stays, odd_fields_stay,
           mail_in_utf8_is_read, a_null_sender_is_judged_by_helo,
           many_messages_of_one_session_are_judged_each]


# ---- what is done ------------------------------------------------------------------------

def a_forgery_is_refused_in_our_words(site, service):
    reply, rcpt = site.send("bank.test", service=service)
    assert reply.step == "." and reply.code == 550, reply
    expect(reply.text, "5.7.26", "DMARC", "bank.test")
    line = site.gateways["enforce"].wait_log("dmarc-reject-rule")
    expect(line, "rejected", "bank.test")
    assert not site.postfix.mailbox(rcpt), "delivered all the same"


def an_unanswered_question_defers(site, service):
    reply, rcpt = site.send("slow.test", service=service)
    assert reply.step == "." and reply.code == 451, reply
    expect(reply.text, "4.4.3", "slow.test")
    assert not site.postfix.mailbox(rcpt), "delivered all the same"


def quarantine_adds_a_field(site, service):
    raw = site.message("careful.test")
    message = site.through("careful.test", raw, service=service)
    expect(expect_only_ours(message, raw, "X-Yett-Quarantine"), "dmarc=fail")
    expect(message.values("X-Yett-Quarantine")[0], "dmarc=fail")


def a_tag_adds_a_field(site, service):
    raw = site.message("plain.test")
    message = site.through("plain.test", raw, service=service)
    expect(expect_only_ours(message, raw, "X-Yett-Tag"), "spf=fail")


def two_authors_are_refused(site, service):
    reply, _ = site.send("good.test", b"From: a@bank.test\r\n" + site.message(), service=service,
                         ip=GOOD)
    assert reply.code == 550, reply
    expect(reply.text, "5.7.1", "From")


def a_message_of_nothing_is_refused(site, service):
    for raw in (b"", b"\r\n", b"\r\nonly a body\r\n"):
        reply, _ = site.send("good.test", raw, service=service, ip=GOOD)
        assert reply.code == 550, (raw, reply)


DECISIONS = [a_forgery_is_refused_in_our_words, an_unanswered_question_defers,
             quarantine_adds_a_field, a_tag_adds_a_field, two_authors_are_refused,
             a_message_of_nothing_is_refused]


def quarantine_by_hold_keeps_it_in_the_queue(site):
    raw = site.message("careful.test")
    reply, rcpt = site.send("careful.test", raw, service="hold")
    assert reply.accepted and reply.queue_id, reply
    assert wait_for(lambda: reply.queue_id in site.postfix.queue("hold")), site.postfix.log()
    assert "!" in site.postfix.run("/usr/sbin/postqueue", "-p")
    text = site.postfix.run("/usr/sbin/postcat", "-qh", reply.queue_id)
    expect(text, f"Authentication-Results: {OURS}", "X-Yett-Quarantine: ")
    assert not site.postfix.mailbox(rcpt), "delivered all the same"
    site.postfix.run("/usr/sbin/postsuper", "-H", reply.queue_id)
    site.postfix.run("/usr/sbin/postqueue", "-f")
    message = site.postfix.delivered(rcpt)
    expect_only_ours(message, raw, "X-Yett-Quarantine")


def observe_changes_nothing_but_our_field(site):
    for author in ("bank.test", "careful.test", "plain.test", "slow.test", "good.test"):
        raw = site.message(author)
        message = site.through(author, raw, service="observe")
        expect_only_ours(message, raw)
    # Nothing of its own, and two lines of somebody else's, which Postfix parts.
    for raw, stored in ((b"", b""), (b"\r\n", b"\r\n"), (b"\r\nbody\r\n", b"\r\nbody\r\n"),
                        (b"no field\r\nno\r\n", b"\r\nno field\r\nno\r\n")):
        message = site.through("good.test", raw, service="observe", ip=GOOD)
        expect(results(message), OURS)
        assert message.body in (stored.replace(b"\r\n", b"\n"),
                                stored[2:].replace(b"\r\n", b"\n")), message.raw


def the_event_of_observe_says_what_enforce_would_do(site):
    before = len(site.gateways["observe"].log())
    site.through("bank.test", service="observe")
    line = site.gateways["observe"].wait_log("dmarc-reject-rule", after=before)
    expect(line, "accepted", "bank.test")


def the_mildest_of_several_recipients_settings_counts(site):
    def fate(author, *rcpts):
        reply, _ = site.send(author, rcpt=list(rcpts))
        return reply
    other = site.rcpt()
    assert fate("bank.test", other).code == 550
    assert fate("bank.test", other, "never@rcpt.test").accepted
    message = site.postfix.delivered("never@rcpt.test")
    assert message.values("X-Yett-Quarantine"), message.raw
    assert site.postfix.delivered(other).values("X-Yett-Quarantine")
    assert fate("bank.test", "watched@rcpt.test", other, "never@rcpt.test").accepted
    message = site.postfix.delivered("watched@rcpt.test")
    assert not message.values("X-Yett-Quarantine") and not message.values("X-Yett-Tag"), message.raw
    expect(results(message), "dmarc=fail")
    assert fate("careful.test", "soft@rcpt.test", site.rcpt()).accepted
    message = site.postfix.delivered("soft@rcpt.test")
    assert message.values("X-Yett-Tag") and not message.values("X-Yett-Quarantine"), message.raw


def a_queue_file_made_early_does_not_make_mail_local(site):
    a_forgery_is_refused_in_our_words(site, "early")
    quarantine_adds_a_field(site, "early")


# ---- other filters -----------------------------------------------------------------------

def a_filter_behind_us_sees_our_field(site):
    raw = site.message()
    rcpt = site.rcpt()
    site.other_edits[rcpt] = [("add", "X-Other", " was here")]
    message = site.through("good.test", raw, service="after", ip=GOOD, rcpt=rcpt)
    seen = next(seen for seen in site.other.seen if seen.rcpts == [rcpt])
    expect(" ".join(seen.values("Authentication-Results")), *PASSES)
    assert len(seen.values("Authentication-Results")) == 1, seen.fields
    assert message.values("X-Other") == ["was here"]
    assert message.fields[len(TRACE)][0] == "Authentication-Results", message.fields


def what_a_filter_before_us_writes_in_our_name_goes(site):
    rcpt = site.rcpt()
    site.other_edits[rcpt] = [("insert", 1, "Authentication-Results", f" {OURS}; dmarc=pass (no)"),
                              ("add", "X-Yett-Quarantine", " no"), ("add", "X-Other", " stays")]
    message = site.through("good.test", site.message(), service="before", ip=GOOD, rcpt=rcpt)
    assert "(no)" not in results(message), message.raw
    assert not message.values("X-Yett-Quarantine") and message.values("X-Other") == ["stays"]
    expect(results(message), *PASSES)


# ---- mail that is not of the network -----------------------------------------------------

def mail_of_the_sendmail_command_is_never_refused(site):
    for author in ("bank.test", "careful.test", "slow.test"):
        rcpt = site.rcpt()
        raw = site.message(author, ("Authentication-Results", f"{OURS}; spf=pass"),
                           ("X-Yett-Quarantine", "no"))
        site.postfix.sendmail(f"ann@{author}", rcpt, raw)
        message = site.postfix.delivered(rcpt)
        assert not message.values("X-Yett-Quarantine"), message.raw
        assert "spf=pass" not in " ".join(message.values("Authentication-Results")), message.raw


def a_message_without_author_from_the_sendmail_command_is_delivered(site):
    rcpt = site.rcpt()
    site.postfix.sendmail("root@box.test", rcpt, b"From: a@x.test, b@y.test\n\nhello\n")
    site.postfix.delivered(rcpt)


def a_requeued_message_is_never_refused_again(site):
    raw = site.message("careful.test")
    reply, rcpt = site.send("careful.test", raw, service="hold")
    site.postfix.run("/usr/sbin/postsuper", "-r", reply.queue_id)
    site.postfix.run("/usr/sbin/postqueue", "-f")
    message = site.postfix.delivered(rcpt)
    assert len(message.values("X-Yett-Quarantine")) == 1, message.raw
    expect(results(message), "dmarc=fail")


def a_bounce_of_our_own_is_delivered(site):
    rcpt = f"sender{site.rcpt()}".replace("rcpt.test", "box.test")
    site.postfix.sendmail(rcpt, "nobody@nowhere.test", site.message("bank.test"))
    message = site.postfix.delivered(rcpt)
    expect(message.raw.decode(), "MAILER-DAEMON", "nothing leaves this machine")
    assert not message.values("X-Yett-Quarantine") and not message.values("X-Yett-Tag")


OTHERS = [quarantine_by_hold_keeps_it_in_the_queue, observe_changes_nothing_but_our_field,
          the_event_of_observe_says_what_enforce_would_do,
          the_mildest_of_several_recipients_settings_counts,
          a_queue_file_made_early_does_not_make_mail_local,
          a_filter_behind_us_sees_our_field, what_a_filter_before_us_writes_in_our_name_goes,
          mail_of_the_sendmail_command_is_never_refused,
          a_message_without_author_from_the_sendmail_command_is_delivered,
          a_requeued_message_is_never_refused_again, a_bounce_of_our_own_is_delivered]


def cases(site, skip):
    def call(test, *args):
        return lambda: test(site, *args)
    for service, kind in ((None, "inet"), ("socket", "unix socket"), ("two", "version 2")):
        for test in CONTENT + DECISIONS:
            yield f"{test.__name__} ({kind})", call(test, service), skip
    yield a_large_message_stays.__name__, call(a_large_message_stays, None), skip
    for test in OTHERS:
        yield test.__name__, call(test), skip


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    skip = postfix.why_not()
    if skip:
        return tap.report(list(cases(None, skip)))
    with Site(sys.argv[1], SERVICES) as site:
        return site.report(cases(site, skip))


if __name__ == "__main__":
    sys.exit(main())
