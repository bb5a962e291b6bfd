/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/refuse.h"

/* What is no settings at all: signs that are missing, and those that others write. */

static void what_the_library_would_let_pass_is_refused_before_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("a = b\nmode = \"obs\n\"", "y.conf:2: the string that begins in this line "
                                       "does not end in it; its second quotation "
                                       "mark is missing"),
        ROW("mode = 'observe", "y.conf:1: the string that begins in this line does not "
                               "end in it; its second quotation "
                               "mark is missing"),
        ROW("\ndmarc {\n\n",
            "y.conf:2: the '{' in this line is never closed: its '}' is missing"),
        ROW("spf {}\n}", "y.conf:2: a '}' too many: no block and no list is open here"),
        ROW("a { b {\n c {", "y.conf:2: a '{' too many: the one in line 1 is not closed "
                             "before, and blocks "
                             "hold keys and lists, nothing deeper"),
        ROW("mode = observe /* \n\n",
            "y.conf:1: the comment that begins here with /* is never ended by */"),
        ROW("mode = obs\0erve", "y.conf:1: the character \\x00 is not expected here; "
                                "values with signs in them are "
                                "written in \"quotation marks\""),
        ROW("mode = \"obs\0erve\"",
            "y.conf:1: a string holds \\x00, which cannot be shown"),
        ROW("mode = \"\x1b[31m\"",
            "y.conf:1: a string holds \\x1b, which cannot be shown"),
        ROW("mode = \"a\tb\"", "y.conf:1: a string holds a tab; write a space"),
        ROW("mode = \"\xe2\x80\xae\"",
            "y.conf:1: a string holds \\xe2, which cannot be shown"),
        ROW("# \x07", "y.conf:1: a comment holds the control character \\x07"),
        ROW("mode = \"a\\nb\"", "y.conf:1: a backslash in a string stands before a "
                                "quotation mark or another backslash "
                                "only"),
        ROW("mode = \"${HOME}\"", "y.conf:1: environment variables are not read: write "
                                  "the value, or put ${ into '…' if it "
                                  "is meant as it stands"),
        ROW("mode = ${HOME}", "y.conf:1: the character $ is not expected here; values "
                              "with signs in them are written "
                              "in \"quotation marks\""),
        ROW("mode = observe;", "y.conf:1: the character ; is not expected here: a "
                               "setting ends with its line, without one"),
        ROW("trusted_relays = [\"192.0.2.1\"]",
            "y.conf:1: the character [ is not expected here: a list stands in braces, as "
            "in {\"a\", \"b\"}"),
        ROW("spf|on_fail = tag", "y.conf:1: the character | is not expected here; values "
                                 "with signs in them are written "
                                 "in \"quotation marks\""),
        ROW("\"spf|on_fail\" = tag", "y.conf:1: a string is not expected here: it stands "
                                     "behind '=', in a list behind ',' or "
                                     "as the title of a block"),
        ROW("spf { \"on_fail\" = tag }",
            "y.conf:1: the name of a key is written without quotation marks"),
        ROW("system(\"x\")", "y.conf:1: a '(' stands only behind include, outside of any "
                             "block"),
        ROW("spf { include(\"x\") }",
            "y.conf:1: a '(' stands only behind include, outside of any block"),
        ROW("include()", "y.conf:1: a ')' ends the name of a file that is included, "
                         "nothing else: include(\"more.conf\")"),
        ROW("include(a, b)",
            "y.conf:1: include takes the name of one file: include(\"more.conf\")"),
        ROW("include(\"a\"",
            "y.conf:1: include takes the name of one file: include(\"more.conf\")"),
        ROW("\xef\xbb\xbfmode = observe", "y.conf:1: the file begins with a byte order "
                                          "mark (EF BB BF); save it as UTF-8 without"),
        ROW("mode = observe\rspf {}", "y.conf:1: the character \\x0d is not expected "
                                      "here; values with signs in them are "
                                      "written in \"quotation marks\""),
    };
    ASSERT_ALL_REFUSED(rows);
}

#define NOT_UTF_8                                                                        \
    "this line is not in UTF-8, but perhaps in an older character set; save the file "   \
    "as "                                                                                \
    "UTF-8"

static void habits_of_other_programs_are_known(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("\xff\xfem\0o\0", "y.conf:1: the file is in UTF-16; save it as UTF-8"),
        ROW("\xfe\xff\0m\0o", "y.conf:1: the file is in UTF-16; save it as UTF-8"),
        ROW("\ndomain \"b\xfc"
            "cher.example\" {}",
            "y.conf:2: " NOT_UTF_8),
        ROW("# b\xfc"
            "cher\nmode = b\xfc"
            "cher",
            "y.conf:2: " NOT_UTF_8),
        ROW("\nmode\xc2\xa0= enforce",
            "y.conf:2: the character \xc2\xa0 is not expected here: it is a space that "
            "does "
            "not break (U+00A0), as web pages have it; write a plain one"),
        ROW("mode = \xe2\x80\x9c"
            "enforce\xe2\x80\x9d",
            "y.conf:1: the character \xe2\x80\x9c is not expected here: strings "
            "stand in plain quotation marks, as in \"text\""),
        ROW("mode = \xe2\x80\x99"
            "enforce\xe2\x80\x99",
            "y.conf:1: the character \xe2\x80\x99 is not expected here: strings "
            "stand in plain quotation marks, as in \"text\""),
        ROW("\n  ; a comment", "y.conf:2: a comment begins with #"),
        ROW("mode = observe\n-- a comment", "y.conf:2: a comment begins with #"),
        ROW("exception x {\n because = http://a.test/x }",
            "y.conf:2: // begins a comment: an address such as http://example.com/ is "
            "written in \"quotation marks\""),
        ROW("include \"more.conf\"",
            "y.conf:1: include takes the name of one file: include(\"more.conf\")"),
        ROW("mode: observe", "y.conf:1: 'mode:' is unknown; behind a name stands = or {, "
                             "no colon"),
        ROW("dmarc:\n on_reject: strict", "y.conf:1: 'dmarc:' is unknown; behind a name "
                                          "stands = or {, no colon"),
        ROW("include(\"conf.d/*.conf\")", "y.conf:1: include: conf.d/*.conf: no such "
                                          "file; patterns are not known: name "
                                          "each file"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void what_is_missing_is_told_where_it_is_missing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("\nmode =\nuser = a",
            "y.conf:2: no value stands behind the '=' in this line; "
            "an empty one is written \"\""),
        ROW("signing {\n update_key =\n}\n",
            "y.conf:2: no value stands behind the '=' in this line; an empty one is "
            "written \"\""),
        ROW("signing {\n update_key =\n networks = on\n}",
            "y.conf:2: no value stands behind the '=' in this line; an empty one is "
            "written \"\""),
        ROW("dmarc {\n on_reject = strict\n\ndomain a.test {\n sign = {r}\n}\n",
            "y.conf:5: a '{' too many: the one in line 1 is not closed before, and "
            "blocks "
            "hold keys and lists, nothing deeper"),
        ROW("dmarc {\n\nrule x {\n author = a.b }\n",
            "y.conf:1: the '{' in this line is never closed: its '}' is missing"),
        ROW("mode = a = b", "y.conf:1: mode: 'a' is neither observe nor enforce"),
        ROW("exception x {\n because =\n \"a reason\"\n}",
            "y.conf:1: exception \"x\": it has neither 'network' nor 'signer'; without "
            "one "
            "of them a forger could use it"),
    };
    ASSERT_ALL_REFUSED(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_library_would_let_pass_is_refused_before_it),
        cmocka_unit_test(habits_of_other_programs_are_known),
        cmocka_unit_test(what_is_missing_is_told_where_it_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
