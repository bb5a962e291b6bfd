/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/*
 * The signed messages of RFC 6376 appendix A.2 and RFC 8463 appendix A.3.  The first was
 * signed with its folds indented by six spaces and one space after "game."; the RFC prints
 * five and two, which "simple" does not forgive.
 */

static const char rfc6376_message[] =
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "      4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game. Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

static const char rfc6376_zone[] = "brisbane._domainkey.example.com. TXT \"v=DKIM1; "
                                   "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ\""
                                   " \"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\""
                                   " \"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v\""
                                   " \"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi\""
                                   " \"tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\"\n";

static const char rfc8463_message[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

static const char rfc8463_zone[] =
    "brisbane._domainkey.football.example.com. TXT"
    " \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
    "test._domainkey.football.example.com. TXT"
    " \"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR\""
    " \"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC\""
    " \"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3\""
    " \"Ip3G+2kryOTIKT+l/K4w3QIDAQAB\"\n";

static void the_message_of_rfc_6376_verifies(void **state)
{
    struct dkim_case *c = *state;
    case_no_zone(c);
    case_zone(c, rfc6376_zone);
    case_message(c, rfc6376_message);
    c->author = "football.example.com";
    assert_int_equal(case_verify(c), DKIM_PASS);
    const struct dkim_result *r = case_result(c, 0);
    assert_true(r->counts);
    assert_true(r->weak_key);
    assert_int_equal(r->key_bits, 1024);
    assert_true(slice_eq(r->key_name, SLICE("brisbane._domainkey.example.com")));
    assert_true(slice_eq(r->signature->identity, SLICE("joe@football.example.com")));
}

static void both_signatures_of_rfc_8463_verify(void **state)
{
    struct dkim_case *c = *state;
    case_no_zone(c);
    case_zone(c, rfc8463_zone);
    case_message(c, rfc8463_message);
    c->author = "football.example.com";
    assert_int_equal(case_verify(c), DKIM_PASS);
    assert_int_equal(c->results.count, 2);
    assert_int_equal(case_result(c, 0)->code, DKIM_PASS);
    assert_int_equal(case_result(c, 0)->signature->algorithm, DKIM_ED25519_SHA256);
    assert_false(case_result(c, 0)->weak_key);
    assert_int_equal(case_result(c, 1)->code, DKIM_PASS);
}

/* Every octet of the signed message that is changed breaks it, except where the standard says
   that it does not matter. */
static void no_octet_of_a_signed_part_can_be_changed(void **state)
{
    struct dkim_case *c = *state;
    const char *body = strstr(rfc6376_message, "\r\n\r\n") + 4;
    const char *from = strstr(rfc6376_message, "Received:");
    const char *end = rfc6376_message + sizeof(rfc6376_message) - 1;
    case_no_zone(c);
    case_zone(c, rfc6376_zone);
    for (const char *at = from; at < end; at += 11) {
        char altered[sizeof(rfc6376_message)];
        memcpy(altered, rfc6376_message, sizeof(altered));
        altered[at - rfc6376_message] ^= 1;
        case_message(c, altered);
        if (case_verify(c) == DKIM_PASS) {
            fail_msg("octet %td does not matter", at - rfc6376_message);
        }
        assert_int_equal(case_result(c, 0)->header_verified, at >= body);
    }
}

static void the_signer_of_these_tests_agrees_with_the_rfc(void **state)
{
    (void)state;
    static const struct sign_options options = {
        .domain = "football.example.com",
        .selector = "brisbane",
        .identity = "@football.example.com",
        .query = "dns/txt",
        .fields = "from:to",
    };
    struct sign_key *key = sign_key_new(SIGN_ED25519);
    const char *unsigned_message = strstr(rfc8463_message, "From:");
    char *text = sign_key_text(key);
    char *field = sign_field(key, &options, unsigned_message, strlen(unsigned_message));
    assert_string_equal(text, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assert_non_null(strstr(field, "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"));
    free(field);
    free(text);
    sign_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_message_of_rfc_6376_verifies, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(both_signatures_of_rfc_8463_verify, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(no_octet_of_a_signed_part_can_be_changed,
                                        case_setup, case_teardown),
        cmocka_unit_test(the_signer_of_these_tests_agrees_with_the_rfc),
    };
    return cmocka_run_group_tests_name("dkim vectors", tests, NULL, NULL);
}
