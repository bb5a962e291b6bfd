/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Whichever record has the key, an autopsy is one with that key, and costs one. */

#define FOOTER "____\r\nlist\r\n"

static const char message[] =
    "From: jo@example.org\r\nSubject: Dinner\r\n\r\nAt eight.\r\n";
static const struct sign_options options = {.fields = "From:Subject"};

enum { RECORDS_MAX = 8 };

struct scene {
    struct autopsy_case *c;
    struct sign_key *other; /* RSA, never signed anything */
    slice records[RECORDS_MAX];
    size_t count;
    enum yett_err err;
    struct autopsy_finding found;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    void *c = NULL;
    case_setup(&c);
    s->c = c;
    s->other = sign_key_new(SIGN_RSA_1024);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    void *c = s->c;
    case_teardown(&c);
    sign_key_free(s->other);
    for (size_t i = 0; i < s->count; i++) {
        free((char *)(uintptr_t)s->records[i].ptr);
    }
    free(s);
    return 0;
}

static void publish_text(struct scene *s, const char *text)
{
    assert_true(s->count < RECORDS_MAX);
    s->records[s->count++] = slice_from_text(strdup(text));
}

static void publish(struct scene *s, const struct sign_key *key, const char *tags)
{
    char *p = sign_key_text(key), *text = NULL;
    assert_true(asprintf(&text, "v=DKIM1; %sp=%s", tags, p) > 0);
    publish_text(s, text);
    free(text);
    free(p);
}

static void unpublish(struct scene *s)
{
    while (s->count != 0) {
        free((char *)(uintptr_t)s->records[--s->count].ptr);
    }
}

static void perform_in(struct scene *s, struct arena *arena)
{
    struct message_header header;
    struct dkim_signature signature;
    size_t index = 0;
    bool done = false;
    struct message_parser *parser =
        message_parser_new(s->c->arena, MESSAGE_LIMITS_DEFAULT);
    slice rest = slice_of(s->c->message.ptr, s->c->message.len);
    assert_int_equal(message_parser_feed(parser, &rest, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    const struct message_field *field =
        message_find_field(&header, "DKIM-Signature", 0, &index);
    assert_int_equal(dkim_parse_signature(s->c->arena, field, &signature), YETT_OK);
    signature.field_index = index;
    struct autopsy_input input = {.header = &header,
                                  .body = rest,
                                  .has_body = true,
                                  .signature = &signature,
                                  .key = SLICE("is not read"),
                                  .key_type = CRYPTO_ED25519};
    s->found = (struct autopsy_finding){.kind = AUTOPSY_DATE_REWRITTEN};
    s->err = autopsy_perform_with_records(arena, s->c->crypto, &input, s->records,
                                          s->count, &s->found);
}

static void perform(struct scene *s)
{
    perform_in(s, s->c->arena);
}

static void with_a_footer(struct scene *s, const struct sign_key *key)
{
    case_sign(s->c, key, &options, message);
    case_edit(s->c, "", FOOTER);
}

static void assert_found(struct scene *s, enum autopsy_kind kind,
                         enum autopsy_confidence confidence)
{
    perform(s);
    assert_int_equal(s->err, YETT_OK);
    if (s->found.kind != kind || s->found.confidence != confidence) {
        fail_msg("%s, %s: %.*s", autopsy_kind_text(s->found.kind),
                 autopsy_confidence_text(s->found.confidence), SLICE_ARG(s->found.text));
    }
}

static void assert_none(struct scene *s)
{
    perform(s);
    assert_int_equal(s->err, YETT_NOT_FOUND);
    assert_int_equal(s->found.kind, AUTOPSY_DATE_REWRITTEN);
}

/* ---- one record ------------------------------------------------------------------------- */

static void one_record_that_is_the_key_is_used(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    publish(s, s->c->rsa, "");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_CERTAIN);
    unpublish(s);
    publish(s, s->c->rsa, "k=rsa; h=sha256; t=s; ");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_CERTAIN);
}

static void ed25519_is_as_good(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->ed25519);
    publish(s, s->c->ed25519, "k=ed25519; ");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_CERTAIN);
}

static void one_record_of_another_key_is_told(void **state)
{
    struct scene *s = *state;
    case_sign(s->c, s->c->rsa, &options, message);
    case_edit(s->c, "At eight.", "At nine.");
    publish(s, s->other, "");
    assert_found(s, AUTOPSY_OTHER_KEY, AUTOPSY_CERTAIN);
}

static void what_is_no_key_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "v=DKIM1; p=",    /* revoked */
        "v=DKIM1; k=rsa", /* no p= */
        "v=spf1 -all",
        "\xff\x01;;;===",
        "v=DKIM1; p=AAAA", /* base64, and no key */
        "v=DKIM1; p=!!!!",
        "v=DKIM1; k=dsa; p=AAAA",
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    };
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    assert_none(s);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        publish_text(s, texts[i]);
        assert_none(s);
        unpublish(s);
    }
    for (size_t i = 0; i < AUTOPSY_RECORDS_MAX; i++) {
        publish_text(s, texts[i]);
    }
    assert_none(s);
}

static void an_rsa_key_is_none_for_ed25519(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->ed25519);
    publish(s, s->c->rsa, "");
    publish_text(s, "v=DKIM1; k=ed25519; p=AAAA");
    assert_none(s);
}

static void a_signature_that_cannot_be_read_has_none(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    case_edit(s->c, "bh=", "hb=");
    publish(s, s->c->rsa, "");
    assert_none(s);
}

/* ---- several ---------------------------------------------------------------------------- */

static void the_key_is_found_wherever_it_stands(void **state)
{
    struct scene *s = *state;
    for (size_t at = 0; at < AUTOPSY_RECORDS_MAX; at++) {
        for (int edits = 0; edits < 2; edits++) {
            case_sign(s->c, s->c->rsa, &options, message);
            if (edits == 0) {
                case_edit(s->c, "", FOOTER);
            } else {
                case_edit(s->c, "Dinner", "[list] Dinner");
            }
            for (size_t i = 0; i < AUTOPSY_RECORDS_MAX; i++) {
                publish(s, i == at ? s->c->rsa : s->other, "");
            }
            assert_found(s, edits == 0 ? AUTOPSY_FOOTER_ADDED : AUTOPSY_SUBJECT_TAGGED,
                         AUTOPSY_CERTAIN);
            unpublish(s);
        }
    }
}

static void the_key_is_found_behind_what_is_none(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    publish_text(s, "v=DKIM1; p=");
    publish_text(s, "garbage");
    publish(s, s->c->ed25519, "k=ed25519; ");
    publish(s, s->c->rsa, "");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_CERTAIN);
}

static void where_none_is_the_key_what_can_be_said_is_said(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    publish_text(s, "v=DKIM1; p=");
    publish(s, s->other, "");
    publish(s, s->other, "t=y; ");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_LIKELY);
    assert_int_equal(s->found.header, AUTOPSY_NOT_LOOKED_AT);
    case_sign(s->c, s->c->rsa, &options, message);
    case_edit(s->c, "At eight.", "At nine.");
    assert_found(s, AUTOPSY_OTHER_KEY, AUTOPSY_CERTAIN);
}

static void records_beyond_the_fourth_are_not_tried(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    for (size_t i = 0; i < AUTOPSY_RECORDS_MAX; i++) {
        publish(s, s->other, "");
    }
    publish(s, s->c->rsa, "");
    assert_found(s, AUTOPSY_FOOTER_ADDED, AUTOPSY_LIKELY);
}

/* ---- what it costs ---------------------------------------------------------------------- */

static void several_records_cost_what_one_does(void **state)
{
    struct scene *s = *state;
    size_t used[2];
    case_sign(s->c, s->c->rsa, &options, message);
    char *body = malloc(1 << 20);
    memset(body, 'x', (1 << 20) - 1);
    body[(1 << 20) - 1] = '\0';
    case_edit(s->c, "At eight.", body);
    free(body);
    for (size_t turn = 0; turn < 2; turn++) {
        struct arena *arena = arena_new(AUTOPSY_ARENA_BYTES);
        for (size_t i = 0; i < (turn == 0 ? 1 : AUTOPSY_RECORDS_MAX); i++) {
            publish(s, s->other, "");
        }
        perform_in(s, arena);
        assert_int_equal(s->err, YETT_OK);
        assert_int_equal(s->found.kind, AUTOPSY_OTHER_KEY);
        used[turn] = arena_used_bytes(arena);
        arena_free(arena);
        unpublish(s);
    }
    assert_true(used[1] <= used[0] + 16 * 1024);
}

static void an_arena_at_its_ceiling_is_no_missing_key(void **state)
{
    struct scene *s = *state;
    with_a_footer(s, s->c->rsa);
    publish(s, s->other, "");
    publish(s, s->c->rsa, "");
    for (size_t ceiling = 0; ceiling < 64 * 1024; ceiling += 512) {
        struct arena *arena = arena_new(ceiling);
        perform_in(s, arena);
        if (s->err == YETT_OK) {
            assert_true(s->found.kind == AUTOPSY_FOOTER_ADDED || s->found.budget_ended);
        } else {
            assert_int_equal(s->err, YETT_NO_MEMORY);
            assert_int_equal(s->found.kind, AUTOPSY_DATE_REWRITTEN);
        }
        arena_free(arena);
    }
}

static void limits_grow_with_the_body_up_to_the_default(void **state)
{
    (void)state;
    const struct autopsy_limits most = AUTOPSY_LIMITS_DEFAULT;
    const struct autopsy_limits least = autopsy_limits_for(0);
    assert_true(least.body_hashed_bytes > 0);
    assert_true(least.body_hashed_bytes < most.body_hashed_bytes);
    assert_true(autopsy_limits_for(100000).body_hashed_bytes > least.body_hashed_bytes);
    static const size_t large[] = {AUTOPSY_BODY_MAX, AUTOPSY_BODY_MAX + 1, SIZE_MAX / 16,
                                   SIZE_MAX};
    const uint64_t largest = autopsy_limits_for(AUTOPSY_BODY_MAX).body_hashed_bytes;
    assert_true(largest > (uint64_t)AUTOPSY_BODY_MAX * 4);
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        const struct autopsy_limits limits = autopsy_limits_for(large[i]);
        assert_true(limits.body_hashed_bytes == largest);
        assert_true(limits.body_hashed_bytes <= most.body_hashed_bytes);
        assert_true(limits.header_hashed_bytes == most.header_hashed_bytes);
        assert_true(limits.verifications == most.verifications);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_record_that_is_the_key_is_used),
        TEST(ed25519_is_as_good),
        TEST(one_record_of_another_key_is_told),
        TEST(what_is_no_key_is_none),
        TEST(an_rsa_key_is_none_for_ed25519),
        TEST(a_signature_that_cannot_be_read_has_none),
        TEST(the_key_is_found_wherever_it_stands),
        TEST(the_key_is_found_behind_what_is_none),
        TEST(where_none_is_the_key_what_can_be_said_is_said),
        TEST(records_beyond_the_fourth_are_not_tried),
        TEST(several_records_cost_what_one_does),
        TEST(an_arena_at_its_ceiling_is_no_missing_key),
        cmocka_unit_test(limits_grow_with_the_body_up_to_the_default),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
