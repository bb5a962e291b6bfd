/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/refuse.h"

static void a_listener_needs_an_address_of_its_own(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("\nlisten milter { }",
            "y.conf:2: listen \"milter\": it has no 'address', such as "
            "\"inet:127.0.0.1:8891\" or \"unix:/run/yett/milter.sock\""),
        ROW("listen milter { address = \"inet:8891@localhost\" }",
            "y.conf:1: listen \"milter\": address: 'inet:8891@localhost' is written as "
            "Sendmail does; here the address stands before the port, as in "
            "inet:127.0.0.1:8891"),
        ROW("listen a {\n address = \"local:/run/m\"\n}",
            "y.conf:2: listen \"a\": address: 'local:/run/m' begins with local:, which "
            "is "
            "written unix: here, as in unix:/run/yett/milter.sock"),
        ROW("listen a { address = \"inet:127.0.0.1:0\" }",
            "y.conf:1: listen \"a\": address: 'inet:127.0.0.1:0' has no port from 1 to "
            "65535 at its end, as in inet:127.0.0.1:8891"),
        ROW("listen a { address = \"inet:localhost:1\" }\n"
            "listen b {\n address = \"inet:127.0.0.1:1\"\n}",
            "y.conf:2: listen \"b\": its address is taken by inet:127.0.0.1:1 of listen "
            "\"a\" in line 1"),
        ROW("listen a { address = \"unix:/run/m\" }\n\n"
            "listen b { address = \"unix:/run/m\" role = sign }",
            "y.conf:3: listen \"b\": its address is taken by unix:/run/m of listen \"a\" "
            "in line 1"),
        ROW("listen a { address = \"unix:/run/m\" }\n"
            "listen a { address = \"unix:/run/n\" }",
            "y.conf:2: listen \"a\": stands twice; the first is in line 1"),
        ROW("listen a { address = \"unix:/run/yett/status.sock\" }",
            "y.conf:1: listen \"a\": its address is that of status_socket"),
        ROW("listen a { address = \"inet:127.0.0.1:1\" group = postfix }",
            "y.conf:1: listen \"a\": it has a 'group', which only a unix: socket can "
            "have"),
        ROW("listen a { group = \"post fix\" }",
            "y.conf:1: listen \"a\": group: 'post fix' is no name of an account or "
            "group, "
            "such as postfix"),
        ROW("listen a { mode = 0888 }",
            "y.conf:1: listen \"a\": mode: '0888' is no mode in "
            "octal digits, such as 0660"),
        ROW("listen a { mode = 1660 }",
            "y.conf:1: listen \"a\": mode: '1660' is no mode in "
            "octal digits, such as 0660"),
        ROW("listen a { mode = 0440 }",
            "y.conf:1: listen \"a\": mode: '0440' lets nobody connect: whoever connects "
            "must be allowed to write, as with 0660"),
        ROW("listen a { role = relay }",
            "y.conf:1: listen \"a\": role: 'relay' is none of verify, sign, both"),
        ROW("listen { address = \"unix:/run/m\" }",
            "y.conf:1: a block of this kind needs a title, as in domain \"example.com\" "
            "{ }, in the line: listen { address "
            "= "
            "\"unix:/run/m\" }"),
        ROW("listen \"\" { address = \"unix:/run/m\" }",
            "y.conf:1: listen \"\": its title must have 1 to 255 bytes"),
    };
    ASSERT_ALL_REFUSED(rows);
}

static void a_secret_is_in_no_message(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("installation_secret_file = \"hex:00112233445566778899aabbccddee\"",
            "y.conf:1: installation_secret_file: 'hex:' is shorter than 16 bytes; `head "
            "-c 32 /dev/urandom` makes a good secret"),
        ROW("installation_secret_file = \"hex:00112233445566778899aabbccddeeff0\"",
            "y.conf:1: installation_secret_file: 'hex:' is no secret of 16 to 4096 bytes "
            "with two hexadecimal digits for each"),
        ROW("installation_secret_file = \"hex:00112233445566778899aabbccddeegg\"",
            "y.conf:1: installation_secret_file: 'hex:' is no secret of 16 to 4096 bytes "
            "with two hexadecimal digits for each"),
        ROW("installation_secret_file = {\"hex:00112233445566778899aabbccddeeff\"}",
            "y.conf:1: a list stands where one value is expected, in the line: "
            "installation_secret_file = {\"hex:…"),
        ROW("mode installation_secret_file = hex:00112233445566778899aabbccddeeff",
            "y.conf:1: missing equal sign after option 'mode' in the line: mode "
            "installation_secret_file = hex:…"),
    };
    ASSERT_ALL_REFUSED(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_needs_an_address_of_its_own),
        cmocka_unit_test(a_secret_is_in_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
