/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"
#include "edge/log/place.h"

#include <setjmp.h>

#include <cmocka.h>

/* What a line looks like, at each target. */

struct world {
    struct place place;
    struct log *log;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    place_init(&w->place);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    log_free(w->log);
    place_finish(&w->place);
    free(w);
    return 0;
}

static void open_log(struct world *w, enum config_log_target target,
                     enum config_log_format format)
{
    log_free(w->log);
    w->log = log_open(&w->place.places, target, format, "gateway");
    assert_non_null(w->log);
}

static const char *line_of(struct world *w, slice line)
{
    log_line(w->log, LOG_LEVEL_INFO, line);
    log_flush(w->log);
    return place_read(w->place.read_fd);
}

static void text_begins_with_the_time_and_says_what_is_bad(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_ERROR, "cannot %s", "go on");
    assert_matches(place_read(w->place.read_fd), "^" TIME " error: cannot go on\n$");
    log_say(w->log, LOG_LEVEL_WARNING, "careful");
    assert_matches(place_read(w->place.read_fd), "^" TIME " warning: careful\n$");
    log_say(w->log, LOG_LEVEL_NOTICE, "ready");
    assert_matches(place_read(w->place.read_fd), "^" TIME " ready\n$");
    log_say(w->log, LOG_LEVEL_INFO, "%d", 5);
    assert_matches(place_read(w->place.read_fd), "^" TIME " 5\n$");
}

static void a_line_about_a_message_is_as_its_writer_made_it(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_line(w->log, LOG_LEVEL_WARNING,
             SLICE("4bX1: rejected: DMARC fail for b\xc3\xbc.test"));
    assert_string_equal(place_read(w->place.read_fd), "");
    log_flush(w->log);
    assert_matches(place_read(w->place.read_fd),
                   "^" TIME " 4bX1: rejected: DMARC fail for b\xc3\xbc.test\n$");
}

static void json_is_one_object_a_line(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    assert_int_equal(log_format(w->log), CONFIG_LOG_JSON);
    log_say(w->log, LOG_LEVEL_NOTICE, "a \"b\" c\\d\te\x01\xff\xf3\xa0\x80\x81 \xc3\xbc");
    assert_matches(
        place_read(w->place.read_fd),
        "^\\{\"time\":\"" TIME "\",\"level\":\"notice\",\"role\":\"gateway\",\"text\":"
        "\"a \\\\\"b\\\\\" c\\\\\\\\d\\\\u0009e\\\\u0001\\\\ufffd\\\\udb40\\\\udc01 "
        "\xc3\xbc\"\\}\n$");
    assert_string_equal(line_of(w, SLICE("{\"v\":1,\"x\":\"\\u0001\xc3\xbc\"}")),
                        "{\"v\":1,\"x\":\"\\u0001\xc3\xbc\"}\n");
}

static void control_octets_never_arrive(void **state)
{
    struct world *w = *state;
    static const slice line =
        SLICE_INIT("a\nb\r\0c\x1b[2J\x7f \xc2\x9b x\xe2\x80\xae\x80 \xc3");
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    assert_matches(line_of(w, line),
                   "^" TIME " a\\\\x0ab\\\\x0d\\\\x00c\\\\x1b\\[2J\\\\x7f \\\\xc2\\\\x9b "
                   "x\\\\xe2\\\\x80\\\\xae\\\\x80 \\\\xc3\n$");
    log_say(w->log, LOG_LEVEL_INFO, "%s", "x\n2026-01-01T00:00:00Z forged");
    assert_matches(place_read(w->place.read_fd), "^" TIME " x\\\\x0a2026[^\n]*\n$");
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    assert_string_equal(line_of(w, SLICE("{\"a\":\n1,\t\"b\":\"\x7f\xc2\x85\"}")),
                        "{\"a\": 1, \"b\":\"  \"}\n");
}

/* The length of the one line that came. */
static size_t checked_length(const char *text)
{
    size_t len = strlen(text);
    assert_true(len > 0 && text[len - 1] == '\n' && strchr(text, '\n') == text + len - 1);
    assert_true(utf8_is_valid(slice_of(text, len)));
    return len;
}

static void a_long_line_is_cut_between_two_characters(void **state)
{
    struct world *w = *state;
    static char text[3 * 5000 + 1];
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    for (size_t i = 0; i < 5000; i++) {
        memcpy(text + 3 * i, "\xe2\x82\xac", 3); /* a euro sign */
    }
    for (size_t shift = 0; shift < 6; shift++) {
        memcpy(text, "abcdef", shift);
        slice line = slice_of(text + (shift % 3 == 0 ? 0 : shift), sizeof(text) - 1 - 6);
        line.len -= line.len % 3; /* whole characters */
        const char *got = line_of(w, line);
        assert_in_range(checked_length(got), 4090, 4096);
        assert_non_null(strstr(got, "\xe2\x80\xa6\n"));
        log_say(w->log, LOG_LEVEL_WARNING, "%.*s%s", (int)shift, "abcdef", text + 6);
        got = place_read(w->place.read_fd);
        assert_in_range(checked_length(got), 4090, 4096);
        assert_non_null(strstr(got, "\xe2\x80\xa6\n"));
        assert_null(strstr(got, "\\x"));
    }
}

static void a_line_that_just_fits_is_whole(void **state)
{
    struct world *w = *state;
    static char text[5000];
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    memset(text, 'a', sizeof(text));
    size_t room = 4096 - 1 - strlen("2026-11-24T02:35:00Z ");
    const char *got = line_of(w, slice_of(text, room));
    assert_int_equal(checked_length(got), 4096);
    assert_null(strstr(got, "\xe2\x80\xa6"));
    got = line_of(w, slice_of(text, room + 1));
    assert_int_equal(checked_length(got), 4096);
    assert_non_null(strstr(got, "a\xe2\x80\xa6\n"));
}

static void json_that_is_cut_stays_json(void **state)
{
    struct world *w = *state;
    static char text[4001];
    static const char *const fillers[] = {"\"", "\x01", "\xf0\x9f\x98\x80", "\xff", "a"};
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    for (size_t f = 0; f < sizeof(fillers) / sizeof(fillers[0]); f++) {
        size_t step = strlen(fillers[f]);
        for (size_t i = 0; i + step < sizeof(text); i += step) {
            memcpy(text + i, fillers[f], step);
        }
        for (size_t cut = 0; cut < 8; cut++) {
            log_say(w->log, LOG_LEVEL_ERROR, "%.*s%.4000s", (int)cut, "12345678", text);
            const char *got = place_read(w->place.read_fd);
            assert_in_range(checked_length(got), 3990, 4096);
            assert_matches(got, "^\\{\"time\":\"" TIME
                                "\",\"level\":\"error\",\"role\":\"gateway\",\"text\":"
                                "\"([^\"\\]|\\\\[\"\\]|\\\\u[0-9a-f]{4})*\"\\}\n$");
        }
    }
}

static void json_of_a_message_is_never_cut(void **state)
{
    struct world *w = *state;
    static char text[32768];
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    memset(text, 'j', sizeof(text));
    for (size_t len = 4090; len <= 16384; len += 683) {
        assert_int_equal(checked_length(line_of(w, slice_of(text, len))), len + 1);
    }
    assert_string_equal(line_of(w, slice_of(text, sizeof(text))), "");
    assert_int_equal(log_lost(w->log), 1);
}

static void a_stream_that_journald_reads_has_levels_and_no_time(void **state)
{
    struct world *w = *state;
    struct stat status;
    assert_int_equal(fstat(w->place.write_fd, &status), 0);
    (void)snprintf(w->place.journal_stream, sizeof(w->place.journal_stream), "%llu:%llu",
                   (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    w->place.places.journal_stream = w->place.journal_stream;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_ERROR, "no");
    assert_string_equal(place_read(w->place.read_fd), "<3>error: no\n");
    assert_string_equal(line_of(w, SLICE("yes")), "<6>yes\n");

    /* It is inherited by what stands behind another pipe. */
    w->place.places.journal_stream = "1:2";
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    assert_matches(line_of(w, SLICE("yes")), "^" TIME " yes\n$");
}

static void syslog_gets_rfc_3164_and_each_line_at_once(void **state)
{
    struct world *w = *state;
    int daemon = place_listen(w->place.syslog_path);
    open_log(w, CONFIG_LOG_SYSLOG, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_WARNING, "careful");
    assert_matches(place_receive(daemon),
                   "^<20>[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} "
                   "yett/gateway\\[[0-9]+\\]: warning: careful$");
    log_line(w->log, LOG_LEVEL_INFO, SLICE("4bX1: accepted"));
    assert_matches(place_receive(daemon), "^<22>.*: 4bX1: accepted$");
    assert_string_equal(place_read(w->place.read_fd), "");
    (void)close(daemon);
}

static void journald_gets_its_own_protocol(void **state)
{
    struct world *w = *state;
    int daemon = place_listen(w->place.journald_path);
    open_log(w, CONFIG_LOG_JOURNALD, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_ERROR, "x\nPRIORITY=0");
    assert_string_equal(place_receive(daemon),
                        "PRIORITY=3\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=yett\n"
                        "YETT_ROLE=gateway\nMESSAGE=error: x\\x0aPRIORITY=0\n");
    open_log(w, CONFIG_LOG_JOURNALD, CONFIG_LOG_JSON);
    log_line(w->log, LOG_LEVEL_INFO, SLICE("{\"v\":1}"));
    assert_string_equal(place_receive(daemon),
                        "PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=yett\n"
                        "YETT_ROLE=gateway\nMESSAGE={\"v\":1}\n");
    (void)close(daemon);
}

static void a_target_that_is_not_there_is_said_on_standard_error(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_SYSLOG, CONFIG_LOG_TEXT);
    assert_matches(place_read(w->place.read_fd),
                   "^" TIME " warning: syslog cannot be reached "
                   "\\(/tmp/[^:]*/log: No such file or directory\\): "
                   "the log goes to standard error\n$");
    assert_matches(line_of(w, SLICE("hello")), "^" TIME " hello\n$");
    open_log(w, CONFIG_LOG_JOURNALD, CONFIG_LOG_TEXT);
    assert_matches(place_read(w->place.read_fd), "warning: journald cannot be reached");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(text_begins_with_the_time_and_says_what_is_bad),
        TEST(a_line_about_a_message_is_as_its_writer_made_it),
        TEST(json_is_one_object_a_line),
        TEST(control_octets_never_arrive),
        TEST(a_long_line_is_cut_between_two_characters),
        TEST(a_line_that_just_fits_is_whole),
        TEST(json_that_is_cut_stays_json),
        TEST(json_of_a_message_is_never_cut),
        TEST(a_stream_that_journald_reads_has_levels_and_no_time),
        TEST(syslog_gets_rfc_3164_and_each_line_at_once),
        TEST(journald_gets_its_own_protocol),
        TEST(a_target_that_is_not_there_is_said_on_standard_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
