/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/log/log.h"

#include "core/base/buf.h"
#include "core/base/date.h"
#include "core/base/utf8.h"
#include "edge/log/compose.h"
#include "edge/log/datagram.h"
#include "edge/log/inside.h"
#include "edge/log/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096, /* with its line end */
    MESSAGE_MAX = LINE_MAX_BYTES,
    ARENA_BYTES = 1 << 18,
    FACILITY_MAIL = 2
};

struct log {
    enum config_log_target target; /* the one that is written to */
    enum config_log_format format;
    char role[32];
    bool is_journal_stream; /* standard error is read by journald */
    struct stream stream;
    struct datagram datagram;
    struct arena *arena; /* empty between two lines */
    uint64_t lost;
    uint64_t untold; /* of the lost: no line has said so */
};

/* RFC 5424 section 6.2.1. */
static const int severities[] = {
    [LOG_LEVEL_ERROR] = 3,
    [LOG_LEVEL_WARNING] = 4,
    [LOG_LEVEL_NOTICE] = 5,
    [LOG_LEVEL_INFO] = 6,
};

/* ---- what a target puts in front ------------------------------------------------------- */

/* Each of it is short beside a line. */
static void add_stream_front(const struct log *log, struct buf *out, enum log_level level,
                             int64_t now_s)
{
    if (log->is_journal_stream) {
        buf_printf(out, "<%d>", severities[level]); /* taken off by journald */
    } else if (log->format == CONFIG_LOG_TEXT) {
        date_write_iso(out, now_s);
        buf_add_byte(out, ' ');
    }
}

/* RFC 3164 section 4.1, in local time, the names of months whatever the locale. */
static void add_syslog_front(const struct log *log, struct buf *out, enum log_level level,
                             int64_t now_s)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)now_s;
    struct tm local = {0};
    (void)localtime_r(&now, &local);
    buf_printf(out, "<%d>%s %2d %02d:%02d:%02d yett/%s[%d]: ",
               FACILITY_MAIL * 8 + severities[level], months[local.tm_mon % 12],
               local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, log->role,
               (int)getpid());
}

/* The native protocol of journald: KEY=VALUE lines, which suits a value without LF. */
static void add_journald_front(const struct log *log, struct buf *out,
                               enum log_level level)
{
    buf_printf(out,
               "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=yett\nYETT_ROLE=%s\n"
               "MESSAGE=",
               severities[level], FACILITY_MAIL, log->role);
}

static void add_front(const struct log *log, struct buf *out, enum log_level level,
                      int64_t now_s)
{
    switch (log->target) {
    case CONFIG_LOG_STDERR:
        add_stream_front(log, out, level, now_s);
        break;
    case CONFIG_LOG_SYSLOG:
        add_syslog_front(log, out, level, now_s);
        break;
    case CONFIG_LOG_JOURNALD:
        add_journald_front(log, out, level);
        break;
    }
}

/* ---- lines ----------------------------------------------------------------------------- */

static void lose(struct log *log, uint64_t lines)
{
    log->lost += lines;
    log->untold += lines;
}

/* What a line says; `add` writes it, in at most `room` octets. */
struct words {
    void (*add)(const struct log *log, const struct words *words, struct buf *out,
                int64_t now_s, size_t room);
    enum log_level level;
    slice text;
};

/* Returns the lines that were lost over it: it, or some that were gathered before. */
static size_t deliver(struct log *log, const struct words *words)
{
    struct timespec now = {0};
    struct buf line;
    struct arena_mark mark = arena_mark(log->arena);
    size_t lost = 1;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    buf_init(&line, log->arena, STREAM_LINE_MAX);
    add_front(log, &line, words->level, now.tv_sec);
    words->add(log, words, &line, now.tv_sec, LINE_MAX_BYTES - 1 - line.len);
    if (log->target != CONFIG_LOG_SYSLOG) {
        buf_add_byte(&line, '\n');
    }
    if (buf_err(&line) == YETT_OK) {
        lost = log->target == CONFIG_LOG_STDERR
                   ? stream_add(&log->stream, buf_slice(&line))
                   : !datagram_send(&log->datagram, buf_slice(&line));
    }
    arena_rewind(log->arena, mark);
    return lost;
}

static void add_said(const struct log *log, const struct words *words, struct buf *out,
                     int64_t now_s, size_t room)
{
    if (log->format == CONFIG_LOG_JSON) {
        compose_json(out, words->level, log->role, now_s, words->text, room);
    } else {
        compose_text(out, words->level, words->text, room);
    }
}

static void add_given(const struct log *log, const struct words *words, struct buf *out,
                      int64_t now_s, size_t room)
{
    (void)now_s;
    if (log->format == CONFIG_LOG_JSON) {
        compose_json_line(out, words->text);
    } else {
        compose_line(out, words->text, room);
    }
}

static bool tell_lost(struct log *log)
{
    char text[100];
    log_flush(log); /* so that what is lost below can only be this line itself */
    (void)snprintf(
        text, sizeof(text), "%llu log %s lost: whoever takes them did not keep up",
        (unsigned long long)log->untold, log->untold == 1 ? "line was" : "lines were");
    struct words words = {add_said, LOG_LEVEL_WARNING, slice_from_text(text)};
    if (deliver(log, &words) + stream_flush(&log->stream) != 0) {
        return false;
    }
    log->untold = 0;
    return true;
}

static void emit(struct log *log, const struct words *words)
{
    if (log->untold != 0 && !tell_lost(log)) {
        lose(log, 1);
        return;
    }
    lose(log, deliver(log, words));
}

/* Without half a character at the end, where printing had to stop. */
static slice printed(const char *text, int length)
{
    slice message = slice_of(text, length < 0 ? 0 : (size_t)length);
    if (message.len < MESSAGE_MAX) {
        return message;
    }
    message.len = MESSAGE_MAX - 1;
    for (size_t back = 1; back <= 4; back++) {
        uint32_t code_point;
        slice last = slice_last(message, back);
        if (((unsigned char)last.ptr[0] & 0xc0) != 0x80) { /* a character begins here */
            return utf8_character(last, &code_point) == back
                       ? message
                       : slice_first(message, message.len - back);
        }
    }
    return message;
}

void log_say(struct log *log, enum log_level level, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct words words = {add_said, level, printed(text, length)};
    emit(log, &words);
    log_flush(log); /* it may be the last that is heard of us */
}

void log_line(struct log *log, enum log_level level, slice line)
{
    struct words words = {add_given, level, line};
    emit(log, &words);
}

void log_flush(struct log *log)
{
    lose(log, stream_flush(&log->stream));
}

enum config_log_format log_format(const struct log *log)
{
    return log->format;
}

uint64_t log_lost(const struct log *log)
{
    return log->lost;
}

/* ---- beginning and end ----------------------------------------------------------------- */

static bool is_journal_stream(const struct log_places *places)
{
    struct stat status;
    char expected[64];
    if (places->journal_stream == NULL || fstat(places->stderr_fd, &status) != 0) {
        return false;
    }
    (void)snprintf(expected, sizeof(expected), "%llu:%llu",
                   (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    return strcmp(expected, places->journal_stream) == 0;
}

/* A log whose reader goes away must not end the program. */
static void survive_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action = (struct sigaction){.sa_handler = SIG_IGN};
        (void)sigaction(SIGPIPE, &action, NULL);
    }
}

static const char *path_of(const struct log_places *places, enum config_log_target target)
{
    return target == CONFIG_LOG_SYSLOG ? places->syslog_path : places->journald_path;
}

static void open_target(struct log *log, const struct log_places *places,
                        enum config_log_target target)
{
    log->target = target;
    if (target == CONFIG_LOG_STDERR) {
        return;
    }
    const char *path = path_of(places, target);
    if (!datagram_open(&log->datagram, path)) {
        int reason = errno;
        log->target = CONFIG_LOG_STDERR;
        log_say(log, LOG_LEVEL_WARNING,
                "%s cannot be reached (%s: %s): the log goes to standard error",
                config_log_target_words[target], path, strerror(reason));
    }
}

struct log *log_open(const struct log_places *places, enum config_log_target target,
                     enum config_log_format format, const char *role)
{
    struct log *log = calloc(1, sizeof(*log));
    struct arena *arena = arena_new(ARENA_BYTES);
    if (log == NULL || arena == NULL) {
        free(log);
        arena_free(arena);
        return NULL;
    }
    log->arena = arena;
    log->format = format;
    log->datagram.fd = -1;
    (void)snprintf(log->role, sizeof(log->role), "%s", role);
    log->is_journal_stream = is_journal_stream(places);
    survive_broken_pipes();
    tzset(); /* reads the time zone's file, which cannot be done later */
    stream_open(&log->stream, places->stderr_fd);
    open_target(log, places, target);
    return log;
}

struct log *log_new(enum config_log_target target, enum config_log_format format,
                    const char *role)
{
    struct log_places places = {
        .stderr_fd = STDERR_FILENO,
        .syslog_path = "/dev/log",
        .journald_path = "/run/systemd/journal/socket",
        .journal_stream = getenv("JOURNAL_STREAM"),
    };
    return log_open(&places, target, format, role);
}

void log_free(struct log *log)
{
    if (log == NULL) {
        return;
    }
    log_flush(log);
    stream_close(&log->stream);
    datagram_close(&log->datagram);
    arena_free(log->arena);
    free(log);
}
