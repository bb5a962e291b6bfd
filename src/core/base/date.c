/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"

#include "core/base/ascii.h"
#include "core/base/num.h"

enum { SECONDS_OF_DAY = 86400 };

static const slice month_names[12] = {
    SLICE_INIT("Jan"), SLICE_INIT("Feb"), SLICE_INIT("Mar"), SLICE_INIT("Apr"),
    SLICE_INIT("May"), SLICE_INIT("Jun"), SLICE_INIT("Jul"), SLICE_INIT("Aug"),
    SLICE_INIT("Sep"), SLICE_INIT("Oct"), SLICE_INIT("Nov"), SLICE_INIT("Dec"),
};

static const slice day_names[7] = {
    SLICE_INIT("Thu"), SLICE_INIT("Fri"), SLICE_INIT("Sat"), SLICE_INIT("Sun"),
    SLICE_INIT("Mon"), SLICE_INIT("Tue"), SLICE_INIT("Wed"),
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March so that
   the leap day is the last of its year. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2) {
        year--;
    }
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct civil {
    int64_t year, month, day;
};

static struct civil civil_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    struct civil civil = {
        .year = year_of_era + era * 400,
        .month = shifted + (shifted < 10 ? 3 : -9),
        .day = day_of_year - (153 * shifted + 2) / 5 + 1,
    };
    civil.year += civil.month <= 2;
    return civil;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_day(int64_t year, int64_t month, int64_t day)
{
    static const int64_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) {
        return false;
    }
    return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* A number of `min` to `max` digits. */
static bool take_digits(slice *in, size_t min, size_t max, int64_t *out)
{
    slice rest = *in;
    uint64_t value;
    if (num_take_uint(&rest, 99999999, &value) != YETT_OK) {
        return false;
    }
    size_t width = in->len - rest.len;
    if (width < min || width > max) {
        return false;
    }
    *in = rest;
    *out = (int64_t)value;
    return true;
}

enum yett_err date_parse_iso_day(slice text, int64_t *epoch_s)
{
    int64_t year, month, day;
    if (!take_digits(&text, 4, 4, &year) || !slice_take_byte(&text, '-') ||
        !take_digits(&text, 2, 2, &month) || !slice_take_byte(&text, '-') ||
        !take_digits(&text, 2, 2, &day) || text.len != 0 || !is_day(year, month, day)) {
        return YETT_BAD_SYNTAX;
    }
    *epoch_s = days_from_civil(year, month, day) * SECONDS_OF_DAY;
    return YETT_OK;
}

static void skip_space(slice *in)
{
    while (ascii_is_fws(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
}

static bool take_month(slice *in, int64_t *month)
{
    for (int64_t i = 0; i < 12; i++) {
        if (slice_take_nocase(in, month_names[i])) {
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* "Tue," may stand first; whether it is the right day is nobody's concern. */
static void skip_day_name(slice *in)
{
    slice rest = *in;
    while (ascii_is_alpha(slice_peek(rest))) {
        rest = slice_skip(rest, 1);
    }
    skip_space(&rest);
    if (slice_take_byte(&rest, ',')) {
        *in = rest;
    }
}

/* "24 Nov 2026"; two and three digit years as RFC 5322 section 4.3 reads them. */
static bool take_date(slice *in, int64_t *days)
{
    int64_t year, month, day;
    skip_space(in);
    if (!take_digits(in, 1, 2, &day)) {
        return false;
    }
    skip_space(in);
    if (!take_month(in, &month)) {
        return false;
    }
    skip_space(in);
    slice before = *in;
    if (!take_digits(in, 2, 8, &year)) {
        return false;
    }
    size_t width = before.len - in->len;
    if (width == 2) {
        year += year < 50 ? 2000 : 1900;
    } else if (width == 3) {
        year += 1900;
    }
    if (!is_day(year, month, day)) {
        return false;
    }
    *days = days_from_civil(year, month, day);
    return true;
}

/* "02:35" or "02:35:00", a leap second allowed. */
static bool take_time(slice *in, int64_t *seconds)
{
    int64_t hour, minute;
    int64_t second = 0;
    skip_space(in);
    if (!take_digits(in, 1, 2, &hour) || !slice_take_byte(in, ':') ||
        !take_digits(in, 2, 2, &minute)) {
        return false;
    }
    if (slice_take_byte(in, ':') && !take_digits(in, 2, 2, &second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* RFC 5322 section 4.3: names that mean something; all others are -0000. */
static const struct zone_name {
    slice name;
    int hours;
} zone_names[] = {
    {SLICE_INIT("EDT"), -4},
    {SLICE_INIT("EST"), -5},
    {SLICE_INIT("CDT"), -5},
    {SLICE_INIT("CST"), -6},
    {SLICE_INIT("MDT"), -6},
    {SLICE_INIT("MST"), -7},
    {SLICE_INIT("PDT"), -7},
    {SLICE_INIT("PST"), -8},
};

static bool take_zone(slice *in, int64_t *offset_s)
{
    skip_space(in);
    int sign = slice_peek(*in);
    *offset_s = 0;
    if (sign == '+' || sign == '-') {
        int64_t hhmm;
        *in = slice_skip(*in, 1);
        if (!take_digits(in, 4, 4, &hhmm) || hhmm % 100 > 59) {
            return false;
        }
        *offset_s = (hhmm / 100 * 3600 + hhmm % 100 * 60) * (sign == '-' ? -1 : 1);
        return true;
    }
    slice name = *in;
    while (ascii_is_alpha(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
    name = slice_first(name, name.len - in->len);
    for (size_t i = 0; i < sizeof(zone_names) / sizeof(zone_names[0]); i++) {
        if (slice_eq_nocase(name, zone_names[i].name)) {
            *offset_s = zone_names[i].hours * 3600;
        }
    }
    return name.len != 0;
}

enum yett_err date_parse_rfc5322(slice text, int64_t *epoch_s)
{
    int64_t days, seconds, offset_s;
    skip_space(&text);
    skip_day_name(&text);
    if (!take_date(&text, &days) || !take_time(&text, &seconds) ||
        !take_zone(&text, &offset_s)) {
        return YETT_BAD_SYNTAX;
    }
    *epoch_s = days * SECONDS_OF_DAY + seconds - offset_s;
    return YETT_OK;
}

struct moment {
    struct civil civil;
    int64_t days;
    int hour, minute, second;
};

static struct moment moment_of(int64_t epoch_s)
{
    int64_t days = epoch_s / SECONDS_OF_DAY;
    int64_t rest = epoch_s % SECONDS_OF_DAY;
    if (rest < 0) {
        rest += SECONDS_OF_DAY;
        days--;
    }
    return (struct moment){.civil = civil_from_days(days),
                           .days = days,
                           .hour = (int)(rest / 3600),
                           .minute = (int)(rest / 60 % 60),
                           .second = (int)(rest % 60)};
}

void date_write_iso(struct buf *buf, int64_t epoch_s)
{
    struct moment m = moment_of(epoch_s);
    buf_printf(buf, "%04lld-%02lld-%02lldT%02d:%02d:%02dZ", (long long)m.civil.year,
               (long long)m.civil.month, (long long)m.civil.day, m.hour, m.minute,
               m.second);
}

void date_write_rfc5322(struct buf *buf, int64_t epoch_s)
{
    struct moment m = moment_of(epoch_s);
    int64_t weekday = ((m.days % 7) + 7) % 7;
    buf_add(buf, day_names[weekday]);
    buf_printf(buf, ", %lld ", (long long)m.civil.day);
    buf_add(buf, month_names[m.civil.month - 1]);
    buf_printf(buf, " %04lld %02d:%02d:%02d +0000", (long long)m.civil.year, m.hour,
               m.minute, m.second);
}
