/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>

/* Which account a gateway runs as, and that it cannot go back. */

static bool is_not_root(void)
{
    if (geteuid() != 0) {
        print_message("# skipped: only root can become another\n");
        return true;
    }
    return false;
}

static void without_a_name_it_is_yett_or_nobody_with_a_notice(void **state)
{
    char why[200];
    struct sandbox_user user;
    (void)state;
    if (is_not_root()) {
        return;
    }
    const struct passwd *own = getpwnam("yett");
    bool has_own = own != NULL;
    uid_t uid = has_own ? own->pw_uid : getpwnam("nobody")->pw_uid;
    assert_int_equal(sandbox_find_user("", &user, why, sizeof(why)), YETT_OK);
    assert_true(user.given);
    assert_int_equal(user.uid, uid);
    if (has_own) {
        assert_string_equal(why, "");
    } else {
        assert_string_equal(why,
                            "there is no account \"yett\": gateways run as \"nobody\", "
                            "which other programs may use as well");
    }
}

static void an_account_is_found_by_its_name(void **state)
{
    char why[200];
    struct sandbox_user user;
    (void)state;
    if (is_not_root()) {
        return;
    }
    const struct passwd *mail = getpwnam("mail");
    assert_non_null(mail);
    struct sandbox_user expected = {mail->pw_uid, mail->pw_gid, true};
    assert_int_equal(sandbox_find_user("mail", &user, why, sizeof(why)), YETT_OK);
    assert_string_equal(why, "");
    assert_int_equal(user.uid, expected.uid);
    assert_int_equal(user.gid, expected.gid);
    assert_true(user.given);
}

static void an_account_that_is_not_there_is_named(void **state)
{
    char why[200];
    struct sandbox_user user = {7, 7, false};
    (void)state;
    if (is_not_root()) {
        return;
    }
    assert_int_equal(sandbox_find_user("no-such-account", &user, why, sizeof(why)),
                     YETT_NOT_FOUND);
    assert_string_equal(why, "there is no account \"no-such-account\"");
    assert_int_equal(user.uid, 7);
}

static void root_is_not_taken(void **state)
{
    char why[200];
    struct sandbox_user user = {0, 0, true};
    (void)state;
    if (is_not_root()) {
        return;
    }
    assert_int_equal(sandbox_find_user("root", &user, why, sizeof(why)), YETT_NOT_FOUND);
    assert_string_equal(why,
                        "the account \"root\" is root's: a gateway does not run as root");
    assert_int_equal(sandbox_become(&user, why, sizeof(why)), YETT_IO);
    assert_non_null(strstr(why, "it is root"));
    assert_int_equal(geteuid(), 0);
}

static void become_for_good(void *context)
{
    char why[200];
    struct sandbox_user user = {65534, 65533, true};
    gid_t groups[2] = {0, 4};
    (void)context;
    require(setgroups(2, groups) == 0);
    (void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    require(sandbox_become(&user, why, sizeof(why)) == YETT_OK);
    require(why[0] == '\0');
    require(getuid() == 65534 && geteuid() == 65534);
    require(getgid() == 65533 && getegid() == 65533);
    require(getgroups(0, NULL) == 0);
    require(setuid(0) == -1 && errno == EPERM);
    require(setresuid(0, 0, 0) == -1 && errno == EPERM);
    require(setgid(0) == -1 && errno == EPERM);
    require(setgroups(1, groups) == -1 && errno == EPERM);
    require(open("/etc/shadow", O_RDONLY | O_CLOEXEC) == -1);
    /* Another time it is not root's, so it fails. */
    user.uid = 1;
    require(sandbox_become(&user, why, sizeof(why)) == YETT_IO);
    require(strstr(why, "user 1 cannot be become: ") != NULL);
}

static void whoever_is_become_is_so_for_good(void **state)
{
    (void)state;
    if (is_not_root()) {
        return;
    }
    child_must_succeed(become_for_good, NULL);
}

static void stay(void *context)
{
    char why[200];
    struct sandbox_user user = {0};
    (void)context;
    child_become_nobody();
    uid_t uid = getuid();
    require(sandbox_find_user("mail", &user, why, sizeof(why)) == YETT_OK);
    require(!user.given && user.uid == uid && why[0] == '\0');
    require(sandbox_become(&user, why, sizeof(why)) == YETT_OK);
    require(getuid() == uid);
}

static void who_is_not_root_stays_who_he_is(void **state)
{
    (void)state;
    child_must_succeed(stay, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_name_it_is_yett_or_nobody_with_a_notice),
        cmocka_unit_test(an_account_is_found_by_its_name),
        cmocka_unit_test(an_account_that_is_not_there_is_named),
        cmocka_unit_test(root_is_not_taken),
        cmocka_unit_test(whoever_is_become_is_so_for_good),
        cmocka_unit_test(who_is_not_root_stays_who_he_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
