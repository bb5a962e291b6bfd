/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The contract: what is signed, and every way of breaking it. */

static struct keeper_finding check(struct keeper_case *c, uint8_t kind, const char *text)
{
    /* Where the text ends, so does the memory. */
    size_t len = strlen(text);
    char *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    struct keeper_text asked = {.kind = kind, .octets = slice_of(copy, len)};
    struct keeper_finding finding;
    slice reason;
    assert_int_equal(keeper_check(c->arena, c->table, &asked, CASE_NOW, &finding),
                     YETT_OK);
    assert_int_equal(arena_copy(c->arena, finding.reason, &reason), YETT_OK);
    finding.reason = reason;
    finding.domain = finding.selector = SLICE_NONE;
    free(copy);
    return finding;
}

struct row {
    const char *why;
    uint8_t kind;
    enum keeper_refusal refusal;
    const char *text;
};

#define ROW(why, kind, refusal, text)                                                    \
    {                                                                                    \
        why, kind, refusal, text                                                         \
    }

static void check_all(struct keeper_case *c, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct keeper_finding finding = check(c, rows[i].kind, rows[i].text);
        if (finding.refusal != rows[i].refusal) {
            fail_msg("%s: %s (%.*s)", rows[i].why, keeper_refusal_word(finding.refusal),
                     SLICE_ARG(finding.reason));
        }
        assert_int_equal(slice_is_empty(finding.reason),
                         finding.refusal == KEEPER_SIGNED);
        assert_true(finding.reason.len <= KEEPER_REASON_MAX);
    }
}

#define CHECK(rows) check_all(*state, rows, sizeof(rows) / sizeof((rows)[0]))

#define RSA     "rsa-sha256"
#define ED25519 "ed25519-sha256"
#define ORG     "example.org"

/* ---- mail ------------------------------------------------------------------------------- */

#define MAIL(from, by, h) from CASE_DKIM by h CASE_END
#define OURS              CASE_BY(RSA, ORG, "r")
#define TIMED(times)                                                                     \
    MAIL(CASE_FROM, "v=1; a=rsa-sha256; " CASE_RELAXED "d=example.org; s=r; " times,     \
         CASE_H)

static void mail_of_domains_that_are_signed_here_is_signed(void **state)
{
    static const struct row rows[] = {
        ROW("as it is made", KEEPER_DKIM, KEEPER_SIGNED, CASE_GOOD),
        ROW("with the other key", KEEPER_DKIM, KEEPER_SIGNED, CASE_GOOD_E),
        ROW("of a subdomain", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL("from:jo@sub.example.org\r\n", OURS, CASE_H)),
        ROW("of a customer", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL("from:jo@customer.example\r\n", OURS, CASE_H)),
        ROW("with more fields", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL(CASE_FROM "subject:hello\r\nto:sam@example.net\r\n", OURS,
                 "h=from:from:subject:subject:to:to:cc; ")),
        ROW("with several authors of one domain", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL("from:jo@example.org, sam@example.org\r\n", OURS, CASE_H)),
        ROW("with two From fields, each of ours, both signed", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL("from:jo@example.org\r\nfrom:sam@example.org\r\n", OURS,
                 "h=from:from:from; ")),
        ROW("simple", KEEPER_DKIM, KEEPER_SIGNED,
            "From: Jo\r\n <jo@example.org>\r\nDKIM-Signature: v=1; a=rsa-sha256; "
            "d=example.org; s=r;\r\n\t" CASE_TIMES "h=From:From;\r\n\t" CASE_END),
        ROW("names in any case", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL("from:Jo@EXAMPLE.org\r\n", CASE_BY(RSA, "Example.ORG", "R"), CASE_H)),
        ROW("t= 300 s ago", KEEPER_DKIM, KEEPER_SIGNED,
            TIMED("t=1795499700; x=1796709600; ")),
        ROW("t= in 300 s", KEEPER_DKIM, KEEPER_SIGNED,
            TIMED("t=1795500300; x=1796709600; ")),
        ROW("x= in 30 days", KEEPER_DKIM, KEEPER_SIGNED,
            TIMED("t=1795500000; x=1798092000; ")),
        ROW("x= in a second", KEEPER_DKIM, KEEPER_SIGNED,
            TIMED("t=1795500000; x=1795500001; ")),
        ROW("i= within d=", KEEPER_DKIM, KEEPER_SIGNED,
            MAIL(CASE_FROM, OURS "i=jo@sub.example.org; ", CASE_H)),
    };
    CHECK(rows);
}

static void what_signers_do_not_make_is_not_signed(void **state)
{
    static const struct row rows[] = {
        ROW("nothing", KEEPER_DKIM, KEEPER_REFUSED_TEXT, ""),
        ROW("no fields", KEEPER_DKIM, KEEPER_REFUSED_TEXT, "hello"),
        ROW("a digest", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            "0123456789abcdef0123456789abcdef"),
        ROW("a header without signature", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            CASE_FROM "subject:x"),
        ROW("a line end behind it", KEEPER_DKIM, KEEPER_REFUSED_TEXT, CASE_GOOD "\r\n"),
        ROW("a field behind it", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            CASE_GOOD "\r\nsubject:x"),
        ROW("b= has a value", KEEPER_DKIM, KEEPER_REFUSED_TEXT, CASE_GOOD "AAAA"),
        ROW("b= is not the last tag", KEEPER_DKIM, KEEPER_REFUSED_TEXT, CASE_GOOD "; z="),
        ROW("no body hash", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            CASE_FROM CASE_DKIM OURS CASE_H "b="),
        ROW("relaxed with capital letters", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL("From:jo@example.org\r\n", OURS, CASE_H)),
        ROW("relaxed with a space", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL("from: jo@example.org\r\n", OURS, CASE_H)),
        ROW("relaxed with a fold", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL("from:jo\r\n <jo@example.org>\r\n", OURS, CASE_H)),
        ROW("an unknown c=", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM,
                 "v=1; a=rsa-sha256; c=nofws/relaxed; d=example.org; s=r; " CASE_TIMES,
                 CASE_H)),
        ROW("a field that h= does not name", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM "subject:x\r\n", OURS, CASE_H)),
        ROW("fields in another order", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL("subject:x\r\n" CASE_FROM, OURS, "h=from:subject:from; ")),
        ROW("a field that was left out before", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM "to:x\r\nsubject:y\r\n", OURS, "h=from:subject:to:subject; ")),
        ROW("From is not in h=", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL("subject:x\r\n", OURS, "h=subject; ")),
        ROW("i= of another domain", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM, OURS "i=jo@example.net; ", CASE_H)),
        ROW("a second signature in it", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            CASE_GOOD "\r\n" CASE_DKIM OURS CASE_H CASE_END),
        ROW("a tag twice", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM, OURS "d=example.net; ", CASE_H)),
        ROW("another version", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            MAIL(CASE_FROM,
                 "v=2; a=rsa-sha256; " CASE_RELAXED "d=example.org; s=r; " CASE_TIMES,
                 CASE_H)),
    };
    CHECK(rows);
}

static void each_clause_of_the_contract_is_kept(void **state)
{
    static const struct row rows[] = {
        ROW("l=", KEEPER_DKIM, KEEPER_REFUSED_LENGTH,
            MAIL(CASE_FROM, OURS "l=100; ", CASE_H)),
        ROW("l=0", KEEPER_DKIM, KEEPER_REFUSED_LENGTH,
            MAIL(CASE_FROM, OURS "l=0; ", CASE_H)),
        ROW("no t=", KEEPER_DKIM, KEEPER_REFUSED_TIME, TIMED("x=1796709600; ")),
        ROW("t= 301 s ago", KEEPER_DKIM, KEEPER_REFUSED_TIME,
            TIMED("t=1795499699; x=1796709600; ")),
        ROW("t= in 301 s", KEEPER_DKIM, KEEPER_REFUSED_TIME,
            TIMED("t=1795500301; x=1796709600; ")),
        ROW("t= of no end", KEEPER_DKIM, KEEPER_REFUSED_TIME,
            TIMED("t=99999999999999; x=199999999999999; ")),
        ROW("no x=", KEEPER_DKIM, KEEPER_REFUSED_EXPIRY, TIMED("t=1795500000; ")),
        ROW("x= is now", KEEPER_DKIM, KEEPER_REFUSED_EXPIRY,
            TIMED("t=1795499900; x=1795500000; ")),
        ROW("x= in 30 days and a second", KEEPER_DKIM, KEEPER_REFUSED_EXPIRY,
            TIMED("t=1795500000; x=1798092001; ")),
        ROW("x= of no end", KEEPER_DKIM, KEEPER_REFUSED_EXPIRY,
            TIMED("t=1795500000; x=199999999999999; ")),
        ROW("a domain of others", KEEPER_DKIM, KEEPER_REFUSED_KEY,
            MAIL("from:jo@example.com\r\n", CASE_BY(RSA, "example.com", "r"), CASE_H)),
        ROW("a selector without key", KEEPER_DKIM, KEEPER_REFUSED_KEY,
            MAIL(CASE_FROM, CASE_BY(RSA, ORG, "x"), CASE_H)),
        ROW("a key of another domain", KEEPER_DKIM, KEEPER_REFUSED_KEY,
            MAIL(CASE_FROM, CASE_BY(RSA, ORG, "n"), CASE_H)),
        ROW("a domain below, which has no key itself", KEEPER_DKIM, KEEPER_REFUSED_KEY,
            MAIL("from:jo@sub.example.org\r\n", CASE_BY(RSA, "sub.example.org", "r"),
                 CASE_H)),
        ROW("a key that only seals", KEEPER_DKIM, KEEPER_REFUSED_PERMISSION,
            MAIL(CASE_FROM, CASE_BY(RSA, ORG, "arc"), CASE_H)),
        ROW("Ed25519 with an RSA key", KEEPER_DKIM, KEEPER_REFUSED_ALGORITHM,
            MAIL(CASE_FROM, CASE_BY(ED25519, ORG, "r"), CASE_H)),
        ROW("RSA with an Ed25519 key", KEEPER_DKIM, KEEPER_REFUSED_ALGORITHM,
            MAIL(CASE_FROM, CASE_BY(RSA, ORG, "e"), CASE_H)),
        ROW("From can be added", KEEPER_DKIM, KEEPER_REFUSED_FROM_UNSIGNED,
            MAIL(CASE_FROM, OURS, "h=from; ")),
        ROW("From can be added to two", KEEPER_DKIM, KEEPER_REFUSED_FROM_UNSIGNED,
            MAIL(CASE_FROM CASE_FROM, OURS, "h=from:from; ")),
        ROW("no From at all", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("subject:x\r\n", OURS, "h=from:from:subject; ")),
        ROW("an empty From", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("from:\r\n", OURS, CASE_H)),
        ROW("From cannot be read", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("from:jo@example.org>\r\n", OURS, CASE_H)),
        ROW("From of two domains", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("from:jo@example.org, sam@example.net\r\n", OURS, CASE_H)),
        ROW("From of others", KEEPER_DKIM, KEEPER_REFUSED_DOMAIN,
            MAIL("from:ceo@bank.example\r\n", OURS, CASE_H)),
        ROW("From of another domain of ours", KEEPER_DKIM, KEEPER_REFUSED_DOMAIN,
            MAIL("from:jo@example.net\r\n", OURS, CASE_H)),
        ROW("From of one that is not signed", KEEPER_DKIM, KEEPER_REFUSED_DOMAIN,
            MAIL("from:jo@silent.example\r\n", OURS, CASE_H)),
        ROW("From that ends like ours", KEEPER_DKIM, KEEPER_REFUSED_DOMAIN,
            MAIL("from:jo@notexample.org\r\n", OURS, CASE_H)),
        ROW("ours in a comment", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("from:ceo@bank.example (jo@example.org)\r\n", OURS, CASE_H)),
        ROW("a second From of others", KEEPER_DKIM, KEEPER_REFUSED_DOMAIN,
            MAIL(CASE_FROM "from:ceo@bank.example\r\n", OURS, "h=from:from:from; ")),
        ROW("a From of others that hides in another field", KEEPER_DKIM,
            KEEPER_REFUSED_AUTHOR,
            MAIL(CASE_FROM "subject:x\nFrom: ceo@bank.example\r\n", OURS,
                 "h=from:from:subject; ")),
        ROW("a From of others that hides in From", KEEPER_DKIM, KEEPER_REFUSED_AUTHOR,
            MAIL("from:jo@example.org\rFrom: ceo@bank.example\r\n", OURS, CASE_H)),
        ROW("a customer's mail with a key that is not his", KEEPER_DKIM,
            KEEPER_REFUSED_DOMAIN,
            MAIL("from:jo@customer.example\r\n", CASE_BY(ED25519, ORG, "e"), CASE_H)),
    };
    CHECK(rows);
}

/* ---- seals ------------------------------------------------------------------------------ */

#define AMS_BY(s)                                                                        \
    "arc-message-signature:i=1; a=rsa-sha256; " CASE_RELAXED "d=example.org; s=" s       \
    "; t=1795500000; "
#define AAR "arc-authentication-results:i=1; mx.example.org; spf=pass\r\n"
#define AMS AMS_BY("arc") CASE_H CASE_BH " b=QUFB\r\n"
#define SEAL_AT(s, t)                                                                    \
    "arc-seal:i=1; a=rsa-sha256; cv=none; d=example.org; s=" s "; " t "b="

static void seals_are_for_keys_that_may(void **state)
{
    static const struct row rows[] = {
        ROW("a message signature", KEEPER_ARC_MESSAGE, KEEPER_SIGNED,
            CASE_FROM AMS_BY("arc") CASE_H CASE_END),
        ROW("of anybody's mail", KEEPER_ARC_MESSAGE, KEEPER_SIGNED,
            "from:ceo@bank.example\r\n" AMS_BY("arc") CASE_H CASE_END),
        ROW("with x=", KEEPER_ARC_MESSAGE, KEEPER_SIGNED,
            CASE_FROM AMS_BY("arc") "x=1796709600; " CASE_H CASE_END),
        ROW("with x= too far away", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_EXPIRY,
            CASE_FROM AMS_BY("arc") "x=1798092001; " CASE_H CASE_END),
        ROW("with a key of DKIM", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_PERMISSION,
            CASE_FROM AMS_BY("r") CASE_H CASE_END),
        ROW("with l=", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_LENGTH,
            CASE_FROM AMS_BY("arc") "l=1; " CASE_H CASE_END),
        ROW("From can be added", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_FROM_UNSIGNED,
            CASE_FROM AMS_BY("arc") "h=from; " CASE_END),
        ROW("a seal", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            AAR AMS SEAL_AT("arc", "t=1795500000; ")),
        ROW("a seal with a key of DKIM", KEEPER_ARC_SEAL, KEEPER_REFUSED_PERMISSION,
            AAR AMS SEAL_AT("r", "t=1795500000; ")),
        ROW("a seal with no key", KEEPER_ARC_SEAL, KEEPER_REFUSED_KEY,
            AAR AMS SEAL_AT("none", "t=1795500000; ")),
        ROW("a seal of yesterday", KEEPER_ARC_SEAL, KEEPER_REFUSED_TIME,
            AAR AMS SEAL_AT("arc", "t=1795400000; ")),
        ROW("a seal without time", KEEPER_ARC_SEAL, KEEPER_REFUSED_TIME,
            AAR AMS SEAL_AT("arc", "")),
        ROW("a seal without results", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            AMS SEAL_AT("arc", "t=1795500000; ")),
        ROW("a seal over a header", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            CASE_FROM "subject:x\r\n" SEAL_AT("arc", "t=1795500000; ")),
    };
    CHECK(rows);
}

#define A(i)   "arc-authentication-results:i=" i "; mx.example.org; spf=pass\r\n"
#define M(i)   "arc-message-signature:i=" i "; a=rsa-sha256; d=x.test; s=x; b=QUFB\r\n"
#define S(i)   "arc-seal:i=" i "; a=rsa-sha256; cv=x; d=x.test; s=x; b=QUFB\r\n"
#define SET(i) A(i) M(i) S(i)
#define OWN(claims)                                                                      \
    "arc-seal:" claims "a=rsa-sha256; d=example.org; s=arc; t=1795500000; b="
#define AMS_OF(i)                                                                        \
    CASE_FROM "arc-message-signature:" i "a=rsa-sha256; " CASE_RELAXED                   \
              "d=example.org; s=arc; t=1795500000; " CASE_H CASE_END

/* RFC 8617 sections 4.2.1, 5.1.1 and 5.1.2: a verifier takes it for nothing else. */
static void what_a_seal_claims_of_its_sets_is_so(void **state)
{
    static const struct row rows[] = {
        ROW("the first set", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            A("1") M("1") OWN("i=1; cv=none; ")),
        ROW("the second", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            SET("1") A("2") M("2") OWN("i=2; cv=pass; ")),
        ROW("the third, in any form", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            SET("1") A(" (a) 2 (b) ") M(" 2 ") S("2") A("3") M("3")
                OWN("i=3; cv=PASS; ")),
        ROW("a broken chain", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            A("3") M("3") OWN("i=3; cv=fail; ")),
        ROW("a chain without numbers", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            A("1") M("1") OWN("i=1; cv=fail; ")),
        ROW("the last number", KEEPER_ARC_SEAL, KEEPER_SIGNED,
            A("50") M("50") OWN("i=50; cv=fail; ")),

        ROW("beyond the last", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("51") M("51") OWN("i=51; cv=fail; ")),
        ROW("number 0", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("0") M("0") OWN("i=0; cv=fail; ")),
        ROW("no number", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") OWN("cv=none; ")),
        ROW("not a number", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") OWN("i=1a; cv=none; ")),
        ROW("its set is not there", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("2") M("2") OWN("i=3; cv=pass; ")),
        ROW("a set more than it says", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("2") M("2") OWN("i=1; cv=none; ")),
        ROW("the first sets left out", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("2") M("2") OWN("i=2; cv=pass; ")),
        ROW("a set in between left out", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") SET("3") A("3") M("3") OWN("i=3; cv=pass; ")),
        ROW("sets in another order", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("2") SET("1") A("3") M("3") OWN("i=3; cv=pass; ")),
        ROW("results of another set", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("1") M("2") OWN("i=2; cv=pass; ")),
        ROW("a message signature of another set", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("2") M("1") OWN("i=2; cv=pass; ")),
        ROW("a seal of another set", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") S("2") A("2") M("2") OWN("i=2; cv=pass; ")),
        ROW("results without number", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            "arc-authentication-results:mx.example.org; none\r\n" M("1")
                OWN("i=1; cv=none; ")),
        ROW("tags that nobody can read", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1; i=1") OWN("i=1; cv=none; ")),
        ROW("a broken chain, all of it", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("2") M("2") OWN("i=2; cv=fail; ")),
        ROW("a broken chain, another number", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("2") M("2") OWN("i=3; cv=fail; ")),
        ROW("none before the second", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            SET("1") A("2") M("2") OWN("i=2; cv=none; ")),
        ROW("a pass before the first", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") OWN("i=1; cv=pass; ")),
        ROW("no word about the chain", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") OWN("i=1; ")),
        ROW("another word", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT,
            A("1") M("1") OWN("i=1; cv=nil; ")),
    };
    CHECK(rows);
}

static void a_message_signature_is_of_a_set(void **state)
{
    static const struct row rows[] = {
        ROW("the first", KEEPER_ARC_MESSAGE, KEEPER_SIGNED, AMS_OF("i=1; ")),
        ROW("the last", KEEPER_ARC_MESSAGE, KEEPER_SIGNED, AMS_OF("i=50; ")),
        ROW("beyond", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_TEXT, AMS_OF("i=51; ")),
        ROW("before", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_TEXT, AMS_OF("i=0; ")),
        ROW("none", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_TEXT, AMS_OF("")),
        ROW("a name", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_TEXT,
            AMS_OF("i=jo@example.org; ")),
    };
    CHECK(rows);
}

static void a_text_is_of_the_kind_that_it_is_said_to_be(void **state)
{
    static const struct row rows[] = {
        ROW("mail as a message signature", KEEPER_ARC_MESSAGE, KEEPER_REFUSED_TEXT,
            CASE_GOOD),
        ROW("mail as a seal", KEEPER_ARC_SEAL, KEEPER_REFUSED_TEXT, CASE_GOOD),
        ROW("a seal as mail", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            AAR AMS SEAL_AT("arc", "t=1795500000; ")),
        ROW("a message signature as mail", KEEPER_DKIM, KEEPER_REFUSED_TEXT,
            CASE_FROM AMS_BY("arc") CASE_H CASE_END),
        ROW("an update", KEEPER_TSIG, KEEPER_REFUSED_KIND, CASE_GOOD),
        ROW("of no kind", 0, KEEPER_REFUSED_KIND, CASE_GOOD),
        ROW("of an unknown kind", 255, KEEPER_REFUSED_KIND, CASE_GOOD),
    };
    CHECK(rows);
}

/* ---- anything --------------------------------------------------------------------------- */

/* Each octet of a good text, changed: where it still is signed, it says the same of whose
   mail it is and by whom. */
static void no_changed_octet_makes_it_another_domains(void **state)
{
    struct keeper_case *c = *state;
    static const char good[] = CASE_GOOD;
    char text[sizeof good];
    for (size_t i = 0; i + 1 < sizeof good; i++) {
        for (unsigned octet = 0; octet < 256; octet += 1 + (unsigned)i % 7) {
            memcpy(text, good, sizeof good);
            text[i] = (char)octet;
            struct keeper_text asked = {KEEPER_DKIM, slice_of(text, sizeof good - 1)};
            struct keeper_finding finding;
            struct arena_mark mark = arena_mark(c->arena);
            assert_int_equal(keeper_check(c->arena, c->table, &asked, CASE_NOW, &finding),
                             YETT_OK);
            if (finding.refusal == KEEPER_SIGNED) {
                assert_true(slice_eq(finding.domain, SLICE("example.org")));
                assert_int_equal(finding.key, 0);
            }
            arena_rewind(c->arena, mark);
        }
    }
}

static void want_of_memory_is_no_refusal(void **state)
{
    struct keeper_case *c = *state;
    struct arena *small = arena_new(1024);
    struct keeper_text asked = {KEEPER_DKIM, SLICE(CASE_GOOD)};
    struct keeper_finding finding;
    assert_non_null(small);
    assert_int_equal(keeper_check(small, c->table, &asked, CASE_NOW, &finding),
                     YETT_NO_MEMORY);
    arena_free(small);
}

static void a_reason_names_what_is_wrong(void **state)
{
    struct keeper_finding finding =
        check(*state, KEEPER_DKIM, MAIL("from:a@\"b\x1b\r\n", OURS, CASE_H));
    assert_int_equal(finding.refusal, KEEPER_REFUSED_AUTHOR);
    assert_false(slice_has_byte(finding.reason, '\x1b'));
    finding = check(*state, KEEPER_DKIM, MAIL(CASE_FROM, CASE_BY(RSA, ORG, "x"), CASE_H));
    assert_true(slice_ends_with(finding.reason, SLICE(": d=example.org s=x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_of_domains_that_are_signed_here_is_signed),
        cmocka_unit_test(what_signers_do_not_make_is_not_signed),
        cmocka_unit_test(each_clause_of_the_contract_is_kept),
        cmocka_unit_test(seals_are_for_keys_that_may),
        cmocka_unit_test(what_a_seal_claims_of_its_sets_is_so),
        cmocka_unit_test(a_message_signature_is_of_a_set),
        cmocka_unit_test(a_text_is_of_the_kind_that_it_is_said_to_be),
        cmocka_unit_test(no_changed_octet_makes_it_another_domains),
        cmocka_unit_test(want_of_memory_is_no_refusal),
        cmocka_unit_test(a_reason_names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, case_setup, case_teardown);
}
