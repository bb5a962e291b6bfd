/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The directory of a domain: files, state, lock. */

enum { NOW_S = 1764000000 }; /* 24 November 2025 */

static struct arena *arena;
static struct crypto *crypto;
static char top[] = "/tmp/yett-keyring-XXXXXX";
static char directory[64];

static const slice domain = SLICE_INIT("example.com");

static int begin(void **state)
{
    (void)state;
    crypto = crypto_new();
    return crypto == NULL || mkdtemp(top) == NULL;
}

static void clear(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s/keys", top);
    assert_int_equal(system(command), 0);
}

static int end(void **state)
{
    (void)state;
    clear();
    crypto_free(crypto);
    return rmdir(top);
}

static int begin_test(void **state)
{
    (void)state;
    arena = arena_new(32 << 20);
    (void)snprintf(directory, sizeof directory, "%s/keys", top);
    clear();
    return arena == NULL;
}

static int end_test(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum yett_err open_ring(enum keyring_access access, struct keyring *ring)
{
    slice why = SLICE_NONE;
    enum yett_err err =
        keyring_open(arena, crypto, directory, domain, access, ring, &why);
    assert_true(err == YETT_OK || why.len != 0);
    return err;
}

static struct keyring_key *generate(struct keyring *ring, enum crypto_key_type type)
{
    slice why;
    struct keyring_key *key = NULL;
    assert_int_equal(keyring_generate(ring, SLICE_NONE, type, 1024, NOW_S, &key, &why),
                     YETT_OK);
    return key;
}

static const char *path_of(const char *name)
{
    return arena_printf(arena, "%s/example.com/%s%c", directory, name, '\0').ptr;
}

static void put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void a_domain_without_keys_is_an_empty_ring(void **state)
{
    (void)state;
    struct keyring ring;
    assert_int_equal(open_ring(KEYRING_LOOK, &ring), YETT_OK);
    assert_int_equal(ring.count, 0);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_CHANGE, &ring), YETT_NOT_FOUND);
    keyring_close(&ring);
}

static void a_key_is_there_the_next_time(void **state)
{
    (void)state;
    struct keyring ring, again;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    struct keyring_key *key = generate(&ring, CRYPTO_RSA);
    struct keyring_key *second = generate(&ring, CRYPTO_ED25519);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_LOOK, &again), YETT_OK);
    assert_int_equal(again.count, 2);
    assert_true(slice_eq(again.keys[0].selector, SLICE("s20251124r")));
    assert_true(slice_eq(again.keys[1].selector, SLICE("s20251124e")));
    assert_true(again.keys[0].is_usable && again.keys[1].is_usable);
    assert_true(slice_eq(again.keys[0].public_key, key->public_key));
    assert_true(slice_eq(again.keys[1].record, second->record));
    assert_int_equal(again.keys[0].bits, 1024);
    assert_int_equal(again.rotation.keys[again.keys[1].phase].phase, ROTATION_PENDING);
    assert_int_equal(again.rotation.keys[again.keys[1].phase].since_s, NOW_S);
    keyring_close(&again);
}

static void selectors_of_files_are_not_given_again(void **state)
{
    (void)state;
    struct keyring ring;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    put("s20251124r.pem", "nothing", 0600);
    put("s20251124r2.pem", "nothing", 0600);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_CHANGE, &ring), YETT_OK);
    struct keyring_key *key = generate(&ring, CRYPTO_RSA);
    assert_true(slice_eq(key->selector, SLICE("s20251124r3")));
    keyring_close(&ring);
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
    (void)state;
    struct keyring ring;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    struct keyring_key *key = generate(&ring, CRYPTO_ED25519);
    put("open.pem", "anything", 0644);
    put("rubbish.pem", "anything", 0600);
    put("NoSelector.pem", "anything", 0600);
    assert_int_equal(unlink(key->path), 0);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_LOOK, &ring), YETT_OK);
    assert_int_equal(ring.count, 3);
    const struct keyring_key *open_key = keyring_find(&ring, SLICE("open"));
    const struct keyring_key *rubbish = keyring_find(&ring, SLICE("rubbish"));
    const struct keyring_key *gone = keyring_find(&ring, SLICE("s20251124e"));
    assert_false(open_key->is_usable || rubbish->is_usable || gone->is_usable);
    assert_true(slice_find(open_key->trouble, SLICE("mode 644")) < open_key->trouble.len);
    assert_true(slice_starts_with(rubbish->trouble, slice_from_text(rubbish->path)));
    assert_true(gone->is_missing && !rubbish->is_missing && !open_key->is_missing);
    assert_int_equal(open_key->phase, KEYRING_NO_PHASE);
    keyring_close(&ring);
}

static void two_never_change_one_domain_at_once(void **state)
{
    (void)state;
    struct keyring ring, second;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    assert_int_equal(open_ring(KEYRING_CHANGE, &second), YETT_LIMIT);
    keyring_close(&second);
    assert_int_equal(open_ring(KEYRING_LOOK, &second), YETT_OK);
    keyring_close(&second);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_CHANGE, &second), YETT_OK);
    keyring_close(&second);
}

static void a_state_that_cannot_be_read_stops_everything(void **state)
{
    (void)state;
    struct keyring ring;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    keyring_close(&ring);
    put("state", "key s1 rsa active\n", 0600);
    assert_int_equal(open_ring(KEYRING_CHANGE, &ring), YETT_BAD_SYNTAX);
    keyring_close(&ring);
    put("state", "key s1 rsa active 1\n", 0666);
    assert_int_equal(open_ring(KEYRING_CHANGE, &ring), YETT_BAD_SYNTAX);
    keyring_close(&ring);
}

static void a_forgotten_key_is_gone_and_the_others_stay(void **state)
{
    (void)state;
    struct keyring ring;
    slice why;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    slice first = generate(&ring, CRYPTO_ED25519)->selector;
    slice second = generate(&ring, CRYPTO_ED25519)->selector;
    slice third = generate(&ring, CRYPTO_ED25519)->selector;
    assert_int_equal(keyring_forget(&ring, first, &why), YETT_OK);
    assert_null(keyring_find(&ring, first));
    assert_int_equal(keyring_find(&ring, second)->phase, 0);
    assert_int_equal(keyring_find(&ring, third)->phase, 1);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_LOOK, &ring), YETT_OK);
    assert_int_equal(ring.count, 2);
    assert_int_equal(ring.rotation.count, 2);
    assert_int_equal(access(path_of("s20251124e.pem"), F_OK), -1);
    keyring_close(&ring);
}

static void an_adopted_file_signs(void **state)
{
    (void)state;
    struct keyring ring;
    slice why;
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    (void)generate(&ring, CRYPTO_ED25519);
    assert_int_equal(rename(path_of("s20251124e.pem"), path_of("mine.pem")), 0);
    assert_int_equal(unlink(path_of("state")), 0);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_CHANGE, &ring), YETT_OK);
    struct keyring_key *key = keyring_find(&ring, SLICE("mine"));
    assert_int_equal(key->phase, KEYRING_NO_PHASE);
    assert_int_equal(keyring_adopt(&ring, key, NOW_S, &why), YETT_OK);
    keyring_close(&ring);
    assert_int_equal(open_ring(KEYRING_LOOK, &ring), YETT_OK);
    assert_int_equal(ring.rotation.count, 1);
    assert_int_equal(ring.rotation.keys[0].phase, ROTATION_ACTIVE);
    keyring_close(&ring);
}

static void a_selector_that_is_taken_or_too_long_is_refused(void **state)
{
    (void)state;
    struct keyring ring;
    struct keyring_key *key;
    slice why = SLICE_NONE;
    char label[64 * 4];
    memset(label, 'a', sizeof label);
    label[63] = label[127] = label[191] = '.';
    assert_int_equal(open_ring(KEYRING_MAKE, &ring), YETT_OK);
    assert_int_equal(
        keyring_generate(&ring, SLICE("s1"), CRYPTO_ED25519, 0, NOW_S, &key, &why),
        YETT_OK);
    assert_int_equal(
        keyring_generate(&ring, SLICE("s1"), CRYPTO_ED25519, 0, NOW_S, &key, &why),
        YETT_BAD_SYNTAX);
    assert_int_equal(keyring_generate(&ring, slice_of(label, sizeof label - 1),
                                      CRYPTO_ED25519, 0, NOW_S, &key, &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(ring.count, 1);
    keyring_close(&ring);
}

static void domains_are_the_directories_with_their_names(void **state)
{
    (void)state;
    struct keyring ring;
    const slice *names;
    size_t count = 9;
    slice why;
    assert_int_equal(keyring_domains(arena, directory, &names, &count, &why), YETT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(keyring_open(arena, crypto, directory, SLICE("b.example"),
                                  KEYRING_MAKE, &ring, &why),
                     YETT_OK);
    keyring_close(&ring);
    assert_int_equal(keyring_open(arena, crypto, directory, SLICE("a.example"),
                                  KEYRING_MAKE, &ring, &why),
                     YETT_OK);
    keyring_close(&ring);
    assert_int_equal(keyring_domains(arena, directory, &names, &count, &why), YETT_OK);
    assert_int_equal(count, 2);
    assert_true(slice_eq(names[0], SLICE("a.example")));
    assert_true(slice_eq(names[1], SLICE("b.example")));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domain_without_keys_is_an_empty_ring),
        TEST(a_key_is_there_the_next_time),
        TEST(selectors_of_files_are_not_given_again),
        TEST(what_is_wrong_with_a_file_is_told),
        TEST(two_never_change_one_domain_at_once),
        TEST(a_state_that_cannot_be_read_stops_everything),
        TEST(a_forgotten_key_is_gone_and_the_others_stay),
        TEST(an_adopted_file_signs),
        TEST(a_selector_that_is_taken_or_too_long_is_refused),
        TEST(domains_are_the_directories_with_their_names),
    };
    return cmocka_run_group_tests_name("keyring ring", tests, begin, end);
}
