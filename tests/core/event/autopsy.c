/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"
#include "core/event/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* What is written of a signature that failed, whatever the message and its finding hold. */

enum { LINE_MAX_OCTETS = 2000, JSON_MAX_OCTETS = 8 * 1024 };

struct scene {
    struct arena *arena;
    struct autopsy_finding finding;
    struct event_autopsy event;
    struct buf out;
    json_t *json;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->arena = arena_new(32 << 20);
    s->finding = (struct autopsy_finding){
        .kind = AUTOPSY_FOOTER_ADDED,
        .confidence = AUTOPSY_CERTAIN,
        .header = AUTOPSY_EXPLAINED,
        .body = AUTOPSY_EXPLAINED,
        .text = SLICE("a footer was added; \"[x]\" was put in front of Subject"),
        .changes = {{.kind = AUTOPSY_FOOTER_ADDED,
                     .offset = 100,
                     .length = 40,
                     .text = SLICE("a footer was added")},
                    {.kind = AUTOPSY_SUBJECT_TAGGED,
                     .field = SLICE("Subject"),
                     .offset = 7,
                     .length = 3,
                     .text = SLICE("\"[x]\" was put in front of Subject")}},
        .count = 2,
    };
    s->event = (struct event_autopsy){.time_s = 1764000000,
                                      .id = SLICE("0123456789abcdef"),
                                      .queue_id = SLICE("4bX1"),
                                      .domain = SLICE("bank.test"),
                                      .selector = SLICE("s2025r"),
                                      .algorithm = SLICE("rsa-sha256"),
                                      .finding = &s->finding};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    json_decref(s->json);
    arena_free(s->arena);
    free(s);
    return 0;
}

static slice line_of(struct scene *s)
{
    buf_init(&s->out, s->arena, SIZE_MAX);
    event_write_autopsy_line(&s->out, &s->event);
    assert_int_equal(buf_err(&s->out), YETT_OK);
    return buf_slice(&s->out);
}

static json_t *json_of(struct scene *s)
{
    json_error_t error;
    buf_init(&s->out, s->arena, SIZE_MAX);
    event_write_autopsy_json(&s->out, &s->event);
    assert_int_equal(buf_err(&s->out), YETT_OK);
    slice text = buf_slice(&s->out);
    for (size_t i = 0; i < text.len; i++) {
        assert_true(text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f);
    }
    json_decref(s->json);
    s->json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (s->json == NULL) {
        fail_msg("%s at %d: %.*s", error.text, error.position, SLICE_ARG(text));
    }
    return s->json;
}

static void assert_line(struct scene *s, const char *wanted)
{
    slice line = line_of(s);
    if (!slice_eq(line, slice_from_text(wanted))) {
        fail_msg("\"%.*s\", wanted \"%s\"", SLICE_ARG(line), wanted);
    }
}

/* ---- the line --------------------------------------------------------------------------- */

static void a_line_tells_it_to_people(void **state)
{
    struct scene *s = *state;
    assert_line(s, "4bX1: the signature of bank.test (s=s2025r) failed: footer-added, "
                   "certain: a footer was added; \"[x]\" was put in front of Subject; "
                   "id=0123456789abcdef");
}

static void a_line_claims_nothing_where_nothing_is_known(void **state)
{
    struct scene *s = *state;
    s->event.queue_id = SLICE_NONE;
    s->finding = (struct autopsy_finding){.kind = AUTOPSY_UNRECOGNISED,
                                          .text = SLICE("no known change explains it")};
    assert_line(s, "(no queue id): the signature of bank.test (s=s2025r) failed: "
                   "unrecognised: no known change explains it; id=0123456789abcdef");
}

static void a_domain_or_selector_stays_one_word_of_one_line(void **state)
{
    struct scene *s = *state;
    s->finding.text = SLICE("x\ny\r\n");
    s->event.domain = SLICE("a.test (s=s1) failed: untouched;\nid=1\r4bX2: accepted");
    s->event.selector = SLICE("s1) failed: footer-added\n4bX3: \x1b[31m");
    s->event.queue_id = SLICE("4bX1: accepted:\nx");
    s->event.id = SLICE("1\n2 3");
    assert_line(s, "4bX1:_accepted:\\x0ax: the signature of "
                   "a.test_(s=s1)_failed:_untouched;\\x0aid=1\\x0d4bX2:_accepted "
                   "(s=s1)_failed:_footer-added\\x0a4bX3:_\\x1b[31m) failed: "
                   "footer-added, certain: x\\x0ay\\x0d\\x0a; id=1\\x0a2_3");
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void assert_members(json_t *object, const char *const *names, size_t count)
{
    assert_true(json_is_object(object));
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(object, names[i]) == NULL) {
            fail_msg("there is no \"%s\"", names[i]);
        }
    }
    assert_int_equal(json_object_size(object), count);
}

static void assert_text(json_t *object, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (wanted == NULL) {
        assert_true(json_is_null(json_object_get(object, name)));
    } else if (text == NULL || strcmp(text, wanted) != 0) {
        fail_msg("\"%s\" is \"%s\", wanted \"%s\"", name, text, wanted);
    }
}

static void assert_number(json_t *object, const char *name, json_int_t wanted)
{
    json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    assert_int_equal(json_integer_value(value), wanted);
}

/* Those of yett-check(1). */
static const char *const of_event[] = {"v",      "time",     "id",        "queue_id",
                                       "domain", "selector", "algorithm", "autopsy"};
static const char *const of_autopsy[] = {"kind",   "text",   "confidence",
                                         "field",  "offset", "length",
                                         "header", "body",   "changes"};
static const char *const of_change[] = {"kind", "text", "field", "offset", "length"};

static void assert_all_members(struct scene *s)
{
    json_t *autopsy = json_object_get(s->json, "autopsy");
    json_t *changes = json_object_get(autopsy, "changes");
    assert_members(s->json, of_event, sizeof(of_event) / sizeof(of_event[0]));
    assert_members(autopsy, of_autopsy, sizeof(of_autopsy) / sizeof(of_autopsy[0]));
    assert_int_equal(json_array_size(changes), s->finding.count);
    for (size_t i = 0; i < s->finding.count; i++) {
        assert_members(json_array_get(changes, i), of_change,
                       sizeof(of_change) / sizeof(of_change[0]));
    }
}

static void json_has_the_members_of_check_and_no_others(void **state)
{
    struct scene *s = *state;
    json_t *json = json_of(s);
    assert_all_members(s);
    assert_number(json, "v", 1);
    assert_text(json, "time", "2025-11-24T16:00:00Z");
    assert_text(json, "id", "0123456789abcdef");
    assert_text(json, "queue_id", "4bX1");
    assert_text(json, "domain", "bank.test");
    assert_text(json, "selector", "s2025r");
    assert_text(json, "algorithm", "rsa-sha256");
    json_t *autopsy = json_object_get(json, "autopsy");
    assert_text(autopsy, "kind", "footer-added");
    assert_text(autopsy, "confidence", "certain");
    assert_text(autopsy, "header", "explained");
    assert_text(autopsy, "body", "explained");
    assert_text(autopsy, "text",
                "a footer was added; \"[x]\" was put in front of Subject");
}

static void json_has_the_place_of_each_change(void **state)
{
    struct scene *s = *state;
    json_t *autopsy = json_object_get(json_of(s), "autopsy");
    json_t *changes = json_object_get(autopsy, "changes");
    assert_text(autopsy, "field", NULL); /* the first one's: the body */
    assert_number(autopsy, "offset", 100);
    assert_number(autopsy, "length", 40);
    json_t *second = json_array_get(changes, 1);
    assert_text(second, "kind", "subject-tagged");
    assert_text(second, "text", "\"[x]\" was put in front of Subject");
    assert_text(second, "field", "Subject");
    assert_text(second, "offset", NULL);
    assert_text(second, "length", NULL);
    s->finding.changes[0].length = 0;
    autopsy = json_object_get(json_of(s), "autopsy");
    assert_number(autopsy, "offset", 100);
    assert_text(autopsy, "length", NULL);
}

static void json_of_nothing_has_nulls(void **state)
{
    struct scene *s = *state;
    s->finding = (struct autopsy_finding){.kind = AUTOPSY_UNRECOGNISED};
    s->event = (struct event_autopsy){.finding = &s->finding};
    json_t *json = json_of(s);
    assert_all_members(s);
    assert_text(json, "time", "1970-01-01T00:00:00Z");
    static const char *const names[] = {"id", "queue_id", "domain", "selector",
                                        "algorithm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_text(json, names[i], NULL);
    }
    json_t *autopsy = json_object_get(json, "autopsy");
    assert_text(autopsy, "confidence", "none");
    assert_text(autopsy, "field", NULL);
    assert_text(autopsy, "offset", NULL);
}

static void json_has_a_word_for_every_kind(void **state)
{
    struct scene *s = *state;
    for (int kind = 0; kind <= AUTOPSY_SIGNATURE_REWRITTEN; kind++) {
        s->finding.kind = (enum autopsy_kind)kind;
        json_t *autopsy = json_object_get(json_of(s), "autopsy");
        assert_text(autopsy, "kind", autopsy_kind_text(s->finding.kind));
        slice line = line_of(s);
        slice word = slice_from_text(autopsy_kind_text(s->finding.kind));
        assert_true(word.len != 0 && slice_find(line, word) < line.len);
    }
    for (int at = 0; at <= AUTOPSY_NOT_LOOKED_AT; at++) {
        s->finding.header = s->finding.body = (enum autopsy_state)at;
        json_t *autopsy = json_object_get(json_of(s), "autopsy");
        assert_text(autopsy, "header", autopsy_state_text(s->finding.header));
        assert_text(autopsy, "body", autopsy_state_text(s->finding.body));
    }
}

/* ---- whatever a message holds ----------------------------------------------------------- */

static size_t longest_kind(void)
{
    size_t longest = 0;
    for (size_t kind = 0; kind <= AUTOPSY_SIGNATURE_REWRITTEN; kind++) {
        size_t length = strlen(autopsy_kind_text((enum autopsy_kind)kind));
        size_t so_far = strlen(autopsy_kind_text((enum autopsy_kind)longest));
        longest = length > so_far ? kind : longest;
    }
    return longest;
}

/* Of the body those places are numbers; of a field it is its name. */
static void fill(struct scene *s, slice text, bool in_fields)
{
    const enum autopsy_kind kind = (enum autopsy_kind)longest_kind();
    s->event = (struct event_autopsy){.time_s = INT64_MAX,
                                      .id = text,
                                      .queue_id = text,
                                      .domain = text,
                                      .selector = text,
                                      .algorithm = text,
                                      .finding = &s->finding};
    s->finding = (struct autopsy_finding){.kind = kind,
                                          .confidence = AUTOPSY_CERTAIN,
                                          .header = AUTOPSY_UNEXPLAINED,
                                          .body = AUTOPSY_UNEXPLAINED,
                                          .text = text,
                                          .count = AUTOPSY_CHANGES_MAX};
    for (size_t i = 0; i < AUTOPSY_CHANGES_MAX; i++) {
        s->finding.changes[i] = (struct autopsy_change){
            .kind = kind, .offset = SIZE_MAX, .length = SIZE_MAX, .text = text};
        if (in_fields) {
            s->finding.changes[i].field = text;
        }
    }
}

static bool is_shown_as_it_is(slice line)
{
    while (line.len != 0) {
        size_t length = utf8_visible_length(line);
        if (length == 0) {
            return false;
        }
        line = slice_skip(line, length);
    }
    return true;
}

static void check_bounds(struct scene *s)
{
    slice line = line_of(s);
    if (line.len > LINE_MAX_OCTETS) {
        fail_msg("%zu octets: %.*s", line.len, SLICE_ARG(line));
    }
    assert_true(is_shown_as_it_is(line));
    (void)json_of(s);
    assert_all_members(s);
    if (s->out.len > JSON_MAX_OCTETS) {
        fail_msg("%zu octets: %.*s", s->out.len, SLICE_ARG(buf_slice(&s->out)));
    }
}

static void whatever_a_finding_holds_is_short_and_one_line(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } units[] = {
        {"a",                1},
        {" ",                1},
        {"\"",               1},
        {"\0",               1},
        {"\n",               1},
        {"\xff",             1},
        {"\\",               1},
        {"\xe2\x82",         2},
        {"%s",               2},
        {"\xc2\x85",         2},
        {"\xe2\x82\xac",     3},
        {"\xf0\x9f\x98\x80", 4},
        {"\x7f",             1},
        {"\x1b",             1},
        {"\xe2\x80\xae",     3},
        {"\xed\xa0\x80",     3},
    };
    struct scene *s = *state;
    char *text = malloc(100000);
    for (size_t unit = 0; unit < sizeof(units) / sizeof(units[0]); unit++) {
        for (size_t length = 0; length < 100000; length = length * 2 + 1) {
            for (size_t i = 0; i < length; i++) {
                text[i] = units[unit].text[i % units[unit].length];
            }
            fill(s, slice_of(text, length), false);
            check_bounds(s);
            fill(s, slice_of(text, length), true);
            check_bounds(s);
            arena_reset(s->arena, 1 << 20);
        }
    }
    free(text);
}

/* At every length around the bounds, with a character at every place in it. */
static void texts_are_cut_between_characters(void **state)
{
    struct scene *s = *state;
    char text[2000];
    for (size_t length = 40; length < sizeof(text); length += 7) {
        for (size_t shift = 0; shift < 4; shift++) {
            memset(text, 'a', shift);
            for (size_t i = shift; i < sizeof(text); i++) {
                text[i] = "\xf0\x9f\x98\x80"[(i - shift) % 4];
            }
            fill(s, slice_of(text, length - (length - shift) % 4), true);
            slice line = line_of(s);
            assert_true(is_shown_as_it_is(line));
            assert_int_equal(slice_find(line, SLICE("\\x")), line.len);
            (void)json_of(s);
        }
        arena_reset(s->arena, 1 << 20);
    }
}

static void random_octets_come_out_as_text(void **state)
{
    struct scene *s = *state;
    char text[2000];
    uint32_t seed = 1;
    for (int turn = 0; turn < 300; turn++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (char)(seed >> 16);
        }
        fill(s, slice_of(text, seed % sizeof(text)), turn % 2 == 0);
        check_bounds(s);
        arena_reset(s->arena, 1 << 20);
    }
}

static void a_full_buffer_is_reported_by_the_buffer(void **state)
{
    struct scene *s = *state;
    size_t line = line_of(s).len;
    (void)json_of(s);
    size_t json = s->out.len;
    for (size_t limit = 0; limit < json; limit++) {
        struct buf small;
        buf_init(&small, s->arena, limit);
        event_write_autopsy_json(&small, &s->event);
        assert_int_equal(buf_err(&small), YETT_LIMIT);
        buf_init(&small, s->arena, limit % line);
        event_write_autopsy_line(&small, &s->event);
        assert_int_equal(buf_err(&small), YETT_LIMIT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_tells_it_to_people),
        TEST(a_line_claims_nothing_where_nothing_is_known),
        TEST(a_domain_or_selector_stays_one_word_of_one_line),
        TEST(json_has_the_members_of_check_and_no_others),
        TEST(json_has_the_place_of_each_change),
        TEST(json_of_nothing_has_nulls),
        TEST(json_has_a_word_for_every_kind),
        TEST(whatever_a_finding_holds_is_short_and_one_line),
        TEST(texts_are_cut_between_characters),
        TEST(random_octets_come_out_as_text),
        TEST(a_full_buffer_is_reported_by_the_buffer),
    };
    return cmocka_run_group_tests_name("autopsy", tests, NULL, NULL);
}
