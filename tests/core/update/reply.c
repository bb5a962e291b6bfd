/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/case.h"
#include "core/update/vectors.h"

static const int64_t signed_at_s = 1790000000;

static struct crypto *crypto;
static struct update_key key;
static char secret[32];

static int set_up(void **state)
{
    (void)state;
    crypto = crypto_new();
    for (size_t i = 0; i < sizeof(secret); i++) {
        secret[i] = (char)i;
    }
    key = (struct update_key){.name = SLICE("update.example.com"),
                              .algorithm = CRYPTO_HMAC_SHA256,
                              .secret = slice_of(secret, sizeof(secret))};
    return crypto == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    crypto_free(crypto);
    return 0;
}

static void a_request_is_signed_as_python_signs_it(void **state)
{
    (void)state;
    static const struct {
        enum crypto_mac algorithm;
        const char *expected;
    } rows[] = {
        {CRYPTO_HMAC_SHA256, add_signed_sha256},
        {CRYPTO_HMAC_SHA384, add_signed_sha384},
        {CRYPTO_HMAC_SHA512, add_signed_sha512},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update_signed request;
        struct update_key other = key;
        slice expected = octets(rows[i].expected);
        other.algorithm = rows[i].algorithm;
        assert_int_equal(update_sign(arena, crypto, &other, octets(add_message),
                                     signed_at_s, &request),
                         YETT_OK);
        assert_int_equal(request.message.len, expected.len);
        assert_memory_equal(request.message.ptr, expected.ptr, expected.len);
        assert_int_equal(request.mac_size, crypto_mac_size(rows[i].algorithm));
    }
}

static void what_is_no_plain_message_is_not_signed(void **state)
{
    (void)state;
    struct update_signed request;
    slice whole = octets(add_message);
    assert_int_equal(
        update_sign(arena, crypto, &key, slice_first(whole, 11), signed_at_s, &request),
        YETT_BAD_SYNTAX);
    assert_int_equal(update_sign(arena, crypto, &key, octets(add_signed_sha256),
                                 signed_at_s, &request),
                     YETT_BAD_SYNTAX);
    assert_int_equal(update_sign(arena, crypto, &key, whole, -1, &request),
                     YETT_BAD_SYNTAX);
}

static struct update_outcome outcome_of(slice reply, int64_t now_s)
{
    struct update_signed request;
    struct update_outcome outcome = {.rcode = 99};
    assert_int_equal(
        update_sign(arena, crypto, &key, octets(add_message), signed_at_s, &request),
        YETT_OK);
    assert_int_equal(
        update_read_reply(arena, crypto, &key, &request, now_s, reply, &outcome),
        YETT_OK);
    return outcome;
}

static void a_reply_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum update_status status;
        unsigned tsig_error;
        bool is_signed;
        const char *words;
    } rows[] = {
        {reply_done,             UPDATE_DONE,     0,  true,  "has changed the zone"    },
        {reply_compressed,       UPDATE_DONE,     0,  true,  "has changed the zone"    },
        {reply_nxrrset,          UPDATE_CONFLICT, 0,  true,
         "somebody changed the record in the meantime (NXRRSET)"                       },
        {reply_refused,          UPDATE_REFUSED,  0,  true,  "(REFUSED)"               },
        {reply_badtime,          UPDATE_REFUSED,  18, true,
         "(BADTIME): its clock is 3590 seconds ahead"                                  },
        {reply_badkey,           UPDATE_REFUSED,  17, false, "does not know this key"  },
        {reply_badsig,           UPDATE_REFUSED,  16, false, "another secret"          },
        {reply_unsigned_refused, UPDATE_REFUSED,  0,  false, "this reply is not signed"},
        {reply_unsigned_done,    UPDATE_UNKNOWN,  0,  false, "but it is not signed"    },
        {reply_no_mac_done,      UPDATE_UNKNOWN,  0,  false, "but it is not signed"    },
        {reply_late,             UPDATE_UNKNOWN,  0,  false, "signed at another time"  },
        {reply_without_request,  UPDATE_UNKNOWN,  0,  false, "its signature is wrong"  },
        {reply_other_key,        UPDATE_UNKNOWN,  0,  false, "another key than ours"   },
        {reply_other_algorithm,  UPDATE_UNKNOWN,  0,  false, "another key than ours"   },
        {reply_other_secret,     UPDATE_UNKNOWN,  0,  false, "its signature is wrong"  },
        {reply_short_mac,        UPDATE_UNKNOWN,  0,  false, "its signature is wrong"  },
        {reply_tsig_not_last,    UPDATE_UNKNOWN,  0,  false, "malformed or cut off"    },
        {reply_trailing,         UPDATE_UNKNOWN,  0,  false, "malformed or cut off"    },
        {reply_other_id,         UPDATE_UNKNOWN,  0,  false, "another id"              },
        {reply_query_response,   UPDATE_UNKNOWN,  0,  false, "no response to an update"},
        {reply_no_response,      UPDATE_UNKNOWN,  0,  false, "no response to an update"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update_outcome outcome =
            outcome_of(octets(rows[i].reply), signed_at_s + 10);
        struct buf words;
        buf_init(&words, arena, 4096);
        buf_add(&words, outcome.reason);
        buf_add_byte(&words, '\0');
        if (outcome.status != rows[i].status || outcome.is_signed != rows[i].is_signed ||
            outcome.tsig_error != rows[i].tsig_error ||
            strstr(buf_slice(&words).ptr, rows[i].words) == NULL) {
            fail_msg("\"%s\": %s, %s", rows[i].words, update_status_text(outcome.status),
                     buf_slice(&words).ptr);
        }
    }
    assert_int_equal(outcome_of(octets(reply_badtime), signed_at_s + 10).server_time_s,
                     1790003600);
    assert_int_equal(outcome_of(octets(reply_nxrrset), signed_at_s + 10).rcode, 8);
}

static void a_signature_is_good_within_its_fudge_only(void **state)
{
    (void)state;
    slice done = octets(reply_done); /* at 1790000007, 300 s */
    assert_int_equal(outcome_of(done, signed_at_s + 307).status, UPDATE_DONE);
    assert_int_equal(outcome_of(done, signed_at_s + 308).status, UPDATE_UNKNOWN);
    assert_int_equal(outcome_of(done, signed_at_s - 293).status, UPDATE_DONE);
    assert_int_equal(outcome_of(done, signed_at_s - 294).status, UPDATE_UNKNOWN);
}

static void no_octet_of_a_signed_reply_can_be_changed(void **state)
{
    (void)state;
    slice done = octets(reply_done);
    for (size_t i = 0; i < done.len; i++) {
        slice copy;
        assert_int_equal(arena_copy(arena, done, &copy), YETT_OK);
        char *changed = arena_alloc(arena, done.len);
        memcpy(changed, copy.ptr, done.len);
        changed[i] = (char)(changed[i] ^ 0x11);
        if (outcome_of(slice_of(changed, done.len), signed_at_s + 10).status ==
            UPDATE_DONE) {
            fail_msg("octet %zu was changed, and nobody minds", i);
        }
    }
}

static void a_reply_cut_anywhere_is_not_believed(void **state)
{
    (void)state;
    slice done = octets(reply_done);
    for (size_t length = 0; length < done.len; length++) {
        assert_int_equal(outcome_of(slice_first(done, length), signed_at_s + 10).status,
                         UPDATE_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_signed_as_python_signs_it),
        TEST(what_is_no_plain_message_is_not_signed),
        TEST(a_reply_is_told_in_words),
        TEST(a_signature_is_good_within_its_fudge_only),
        TEST(no_octet_of_a_signed_reply_can_be_changed),
        TEST(a_reply_cut_anywhere_is_not_believed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
