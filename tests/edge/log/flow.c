/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/log/place.h"
#include "edge/log/stream.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What happens when a target takes too little, or nothing. */

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
    w->log = log_open(&w->place.places, target, format, "gateway");
    assert_non_null(w->log);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        lines++;
    }
    return lines;
}

/* Lines until some are lost; how many there were. */
static size_t fill(struct world *w)
{
    size_t lines = 0;
    while (log_lost(w->log) == 0 && lines < 1000000) {
        log_line(w->log, LOG_LEVEL_INFO, SLICE("a line of a little length"));
        lines++;
    }
    assert_int_not_equal(log_lost(w->log), 0);
    return lines;
}

static void a_full_pipe_costs_lines_and_no_time(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    size_t said = fill(w); /* would wait for ever, if it did */
    for (size_t i = 0; i < 1000; i++) {
        log_line(w->log, LOG_LEVEL_INFO, SLICE("one more"));
        said++;
    }
    uint64_t lost = log_lost(w->log);
    assert_true(lost >= 1000);
    assert_int_equal(count_lines(place_read(w->place.read_fd)), said - lost);

    /* Now there is room again. */
    log_line(w->log, LOG_LEVEL_INFO, SLICE("after"));
    log_flush(w->log);
    char told[200];
    (void)snprintf(told, sizeof(told),
                   "^" TIME " warning: %llu log lines were lost: [^\n]*\n" TIME
                   " after\n$",
                   (unsigned long long)lost);
    assert_matches(place_read(w->place.read_fd), told);
    log_line(w->log, LOG_LEVEL_INFO, SLICE("quiet"));
    log_flush(w->log);
    assert_matches(place_read(w->place.read_fd), "^" TIME " quiet\n$");
    assert_int_equal(log_lost(w->log), lost);
}

static void in_json_what_was_lost_is_json(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    (void)fill(w);
    (void)place_read(w->place.read_fd);
    log_line(w->log, LOG_LEVEL_INFO, SLICE("{}"));
    log_flush(w->log);
    assert_matches(place_read(w->place.read_fd),
                   "^(a line[^\n]*\n)?\\{.*\"level\":\"warning\".*\"text\":\"[0-9]+ "
                   "log lines were "
                   "lost: [^\"]*\"\\}\n\\{\\}\n$");
}

static void standard_error_itself_stays_as_it_was(void **state)
{
    struct world *w = *state;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_INFO, "hello");
    assert_int_equal(fcntl(w->place.write_fd, F_GETFL) & O_NONBLOCK, 0);
    log_free(w->log);
    w->log = NULL;
    assert_int_equal(write(w->place.write_fd, "x", 1), 1);
}

static void a_reader_that_goes_away_does_not_end_the_program(void **state)
{
    struct world *w = *state;
    (void)signal(SIGPIPE, SIG_DFL);
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    (void)close(w->place.read_fd);
    w->place.read_fd = -1;
    log_say(w->log, LOG_LEVEL_ERROR, "is anybody there?");
    assert_int_equal(log_lost(w->log), 1);
}

static void without_standard_error_all_is_lost_and_nothing_else_happens(void **state)
{
    struct world *w = *state;
    w->place.places.stderr_fd = -1;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_ERROR, "is anybody there?");
    log_line(w->log, LOG_LEVEL_INFO, SLICE("no"));
    log_flush(w->log);
    assert_int_equal(log_lost(w->log), 2);
}

static void a_file_is_written_on_where_it_ends(void **state)
{
    struct world *w = *state;
    char path[] = "/tmp/yett-log-file-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "before\n", 7), 7);
    w->place.places.stderr_fd = fd;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_INFO, "hello");
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_matches(place_read(fd), "^before\n" TIME " hello\n$");
    (void)unlink(path);
    (void)close(fd);
}

static void a_terminal_is_written_to(void **state)
{
    struct world *w = *state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        print_message("# skipped: there are no terminals here\n");
        return;
    }
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (terminal < 0) {
        print_message("# skipped: there are no terminals here\n");
        (void)close(master);
        return;
    }
    w->place.places.stderr_fd = terminal;
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_INFO, "hello");
    assert_matches(place_read(master), "^" TIME " hello\r\n$");
    (void)fill(w); /* nobody reads */
    (void)close(terminal);
    (void)close(master);
}

/* ---- one pipe for all -------------------------------------------------------------------- */

enum { WRITERS = 4, LINES = 2000 };

static void write_lines(struct world *w, char letter)
{
    char text[300];
    open_log(w, CONFIG_LOG_STDERR, CONFIG_LOG_JSON);
    memset(text, letter, sizeof(text));
    for (size_t i = 0; i < LINES; i++) {
        log_line(w->log, LOG_LEVEL_INFO, slice_of(text, 1 + i * 7 % sizeof(text)));
        if (i % 11 == 0) {
            log_flush(w->log);
        }
    }
    log_flush(w->log);
    _exit(0); /* on a busy machine the others may have filled the pipe all the time */
}

static bool is_whole(const char *line, size_t len)
{
    if (line[0] == '{') {
        return strncmp(line + len - 2, "\"}", 2) == 0; /* says what was lost */
    }
    for (size_t i = 1; i < len; i++) {
        if (line[i] != line[0]) {
            return false;
        }
    }
    return len != 0;
}

static void assert_all_whole(const char *text)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        if (!is_whole(text, (size_t)(end - text))) {
            fail_msg("\"%.*s\" is of several lines", (int)(end - text), text);
        }
    }
}

static void lines_of_several_programs_never_mix(void **state)
{
    struct world *w = *state;
    static char all[4 << 20];
    size_t len = 0;
    ssize_t got;
    for (int i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        assert_int_not_equal(pid, -1);
        if (pid == 0) {
            write_lines(w, (char)('a' + i));
        }
    }
    (void)close(w->place.write_fd);
    (void)fcntl(w->place.read_fd, F_SETFL, 0);
    while ((got = read(w->place.read_fd, all + len, sizeof(all) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_not_equal(wait(&status), -1);
        assert_int_equal(status, 0);
    }
    assert_true(len > 0 && all[len - 1] == '\n');
    assert_all_whole(all);
}

/* ---- targets that take pieces ------------------------------------------------------------ */

static void stream_put(struct stream *stream, char letter, size_t len)
{
    static char line[STREAM_LINE_MAX];
    memset(line, letter, len);
    line[len] = '\n';
    (void)stream_add(stream, slice_of(line, len + 1));
}

/* Writes more than is read, and reads it all in the end. */
static void half_read(struct stream *stream, int reader)
{
    static char all[8 << 20];
    size_t len = 0;
    for (size_t i = 0; i < 400; i++) {
        stream_put(stream, (char)('a' + i % 26), 1 + i * 401 % 16000);
        ssize_t got = read(reader, all + len, 3000);
        len += got > 0 ? (size_t)got : 0;
    }
    for (bool more = true; more;) {
        (void)stream_flush(stream);
        ssize_t got = read(reader, all + len, sizeof(all) - 1 - len);
        more = got > 0;
        len += more ? (size_t)got : 0;
    }
    all[len] = '\0';
    assert_in_range(len, 100000, sizeof(all) - 2);
    assert_int_equal(all[len - 1], '\n');
    assert_all_whole(all);
}

static void a_line_that_was_begun_is_ended_before_the_next(void **state)
{
    struct world *w = *state;
    static struct stream stream;
    stream_open(&stream, w->place.write_fd);
    assert_int_equal(stream.way, STREAM_AT_ONCE);
    half_read(&stream, w->place.read_fd);
    stream_close(&stream);
}

static void so_it_is_where_the_pipe_can_only_be_polled(void **state)
{
    struct world *w = *state;
    static struct stream stream;
    stream = (struct stream){.fd = w->place.write_fd, .way = STREAM_POLLED};
    half_read(&stream, w->place.read_fd);
}

static void so_it_is_on_a_socket(void **state)
{
    static struct stream stream;
    int ends[2];
    int small = 8192;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    (void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream_open(&stream, ends[1]);
    assert_int_equal(stream.way, STREAM_SOCKET);
    half_read(&stream, ends[0]);
    stream_close(&stream);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* ---- daemons that come and go ------------------------------------------------------------ */

static void a_daemon_that_does_not_read_costs_lines_and_no_time(void **state)
{
    struct world *w = *state;
    int daemon = place_listen(w->place.syslog_path);
    open_log(w, CONFIG_LOG_SYSLOG, CONFIG_LOG_TEXT);
    (void)fill(w);
    while (place_receive(daemon)[0] != '\0') {
    }
    log_line(w->log, LOG_LEVEL_INFO, SLICE("after"));
    assert_matches(place_receive(daemon), "^<20>.* warning: 1 log line was lost: ");
    assert_matches(place_receive(daemon), "^<22>.* after$");
    (void)close(daemon);
}

static void a_daemon_that_was_started_again_is_found_within_two_seconds(void **state)
{
    struct world *w = *state;
    int daemon = place_listen(w->place.syslog_path);
    open_log(w, CONFIG_LOG_SYSLOG, CONFIG_LOG_TEXT);
    log_say(w->log, LOG_LEVEL_INFO, "before");
    assert_matches(place_receive(daemon), "before$");
    (void)close(daemon);
    log_say(w->log, LOG_LEVEL_INFO, "between");
    assert_int_equal(log_lost(w->log), 1);
    daemon = place_listen(w->place.syslog_path);
    (void)usleep(1100000);
    log_say(w->log, LOG_LEVEL_INFO, "after");
    assert_matches(place_receive(daemon), "warning: 1 log line was lost");
    assert_matches(place_receive(daemon), "after$");
    assert_int_equal(log_lost(w->log), 1);
    (void)close(daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_full_pipe_costs_lines_and_no_time),
        TEST(in_json_what_was_lost_is_json),
        TEST(standard_error_itself_stays_as_it_was),
        TEST(a_reader_that_goes_away_does_not_end_the_program),
        TEST(without_standard_error_all_is_lost_and_nothing_else_happens),
        TEST(a_file_is_written_on_where_it_ends),
        TEST(a_terminal_is_written_to),
        TEST(lines_of_several_programs_never_mix),
        TEST(a_line_that_was_begun_is_ended_before_the_next),
        TEST(so_it_is_where_the_pipe_can_only_be_polled),
        TEST(so_it_is_on_a_socket),
        TEST(a_daemon_that_does_not_read_costs_lines_and_no_time),
        TEST(a_daemon_that_was_started_again_is_found_within_two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
