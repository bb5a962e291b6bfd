/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/case.h"

static bool serves_example(void *context, slice zone_name, slice domain)
{
    (void)context;
    return slice_eq(zone_name, SLICE("example.com")) &&
           (slice_eq(domain, SLICE("example.com")) ||
            slice_eq(domain, SLICE("sub.example.com")));
}

static const struct update_contract contract = {
    .serves = serves_example, .ttl_max_s = 86400, .values_max = 3, .only_spf = true};

static enum yett_err check(const struct update_change *change, const char **why)
{
    *why = "nothing";
    return update_check_contract(&contract, change, why);
}

static void only_names_of_mail_authentication_may_be_changed(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *name;
        bool is_good;
    } rows[] = {
        {"example.com",            "s1._domainkey.example.com",              true },
        {"example.com",            "a.b._domainkey.example.com",             true },
        {"example.com",            "S-1_x._domainkey.example.com",           true },
        {"example.com",            "s1._domainkey.sub.example.com",          true },
        {"example.com",            "_dmarc.example.com",                     true },
        {"example.com",            "_dmarc.sub.example.com",                 true },
        {"example.com",            "example.com",                            true },
        {"example.com",            "sub.example.com",                        true },
        {"example.com",            "_domainkey.example.com",                 false},
        {"example.com",            "*._domainkey.example.com",               false},
        {"example.com",            "s1._domainkey.other.example.com",        false},
        {"example.com",            "s1.domainkey.example.com",               false},
        {"example.com",            "s1x_domainkey.example.com",              false},
        {"example.com",            "_acme-challenge.example.com",            false},
        {"example.com",            "_mta-sts.example.com",                   false},
        {"example.com",            "_dmarc.other.example.com",               false},
        {"example.com",            "x._dmarc.example.com",                   false},
        {"example.com",            "_dmarc._report.example.com",             false},
        {"example.com",            "example.org._report._dmarc.example.com", false},
        {"example.com",            "www.example.com",                        false},
        {"com",                    "example.com",                            false},
        {"sub.example.com",        "sub.example.com",                        false},
        {"example.org",            "_dmarc.example.com",                     false},
        {"_domainkey.example.com", "s1._domainkey.example.com",              false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why;
        struct update_change change = {.zone = slice_from_text(rows[i].zone),
                                       .name = slice_from_text(rows[i].name),
                                       .after = rrset_of(60, "v=spf1 -all", NULL, NULL)};
        enum yett_err err = check(&change, &why);
        if ((err == YETT_OK) != rows[i].is_good) {
            fail_msg("%s in %s: %s", rows[i].name, rows[i].zone, why);
        }
        if (err != YETT_OK) {
            assert_non_null(strstr(why, "none of ours"));
        }
    }
}

static void how_much_may_be_added_is_bounded(void **state)
{
    (void)state;
    const char *why;
    struct update_change change = addition();
    assert_int_equal(check(&change, &why), YETT_OK);
    change.after.ttl_s = 86401;
    assert_int_equal(check(&change, &why), YETT_BAD_SYNTAX);
    assert_non_null(strstr(why, "time to live"));
    struct update_change removal = update_undo(&change); /* what goes has no TTL */
    removal.after.ttl_s = 86401;
    assert_int_equal(check(&removal, &why), YETT_OK);

    change.after = rrset_of(1, "a", "b", "c");
    assert_int_equal(check(&change, &why), YETT_OK);
    struct update_contract narrow = contract;
    narrow.values_max = 2;
    assert_int_equal(update_check_contract(&narrow, &change, &why), YETT_BAD_SYNTAX);
    assert_non_null(strstr(why, "more records"));
}

static void at_the_domain_itself_only_spf_may_come_and_go(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *after;
        bool is_good;
    } rows[] = {
        {"v=spf1 -all", "v=spf1 mx -all", true },
        {"v=spf1",      "v=spf1 -all",    true },
        {NULL,          "v=spf1 -all",    true },
        {"v=spf1 -all", NULL,             true },
        {NULL,          "token=2",        false},
        {"token=2",     NULL,             false},
        {"token=2",     "v=spf1 -all",    false},
        {NULL,          "v=spf10 -all",   false},
        {NULL,          " v=spf1 -all",   false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why;
        struct update_change change = {
            .zone = SLICE("example.com"),
            .name = SLICE("example.com"),
            .before = rrset_of(1, "token=1", rows[i].before, NULL),
            .after = rrset_of(1, "token=1", rows[i].after, NULL)};
        if ((check(&change, &why) == YETT_OK) != rows[i].is_good) {
            fail_msg("row %zu: %s", i, why);
        }
        struct update_contract wide = contract;
        wide.only_spf = false;
        assert_int_equal(update_check_contract(&wide, &change, &why), YETT_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_names_of_mail_authentication_may_be_changed),
        TEST(how_much_may_be_added_is_bounded),
        TEST(at_the_domain_itself_only_spf_may_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
