/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bins of time (compat/interface.md 13.3). Bins of seconds to hours have one length and are found by
 * a division. Where a bin is a number of days or weeks and starts at midnight, and where it is a
 * number of months, it follows the local calendar, so that a day of 23 or 25 hours is one bin.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agg/plan.h"
#include "core/mem.h"

#define SEC_PER_DAY	INT64_C(86400)
#define MOST_UNITS	10000		/* of a bin: enough for a month of minutes */

static const struct {
	char letter;
	int64_t seconds;
	int days, months;
} units[] = {
	{ 's', 1, 0, 0 },
	{ 'm', 60, 0, 0 },
	{ 'h', 3600, 0, 0 },
	{ 'd', SEC_PER_DAY, 1, 0 },
	{ 'w', 7 * SEC_PER_DAY, 7, 0 },
	{ 'M', 30 * SEC_PER_DAY, 0, 1 },
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t
day_number(const struct tm *tm)
{
	struct tm date = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };

	return floor_div(timegm(&date), SEC_PER_DAY);
}

static int64_t
month_number(const struct tm *tm)
{
	return (int64_t)tm->tm_year * 12 + tm->tm_mon;
}

static struct tm
local_time(int64_t ns)
{
	time_t sec = (time_t)floor_div(ns, NS_PER_SEC);
	struct tm tm;

	localtime_r(&sec, &tm);
	return tm;
}

/* The first instant of a local day; where a change of clocks skips midnight, the first after it. */
static int64_t
local_midnight(int year, int month, int day)
{
	struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = day, .tm_isdst = -1 };

	return (int64_t)mktime(&tm) * NS_PER_SEC;
}

static int64_t
calendar_start(const struct bins *bins, int64_t ns, int steps)
{
	struct tm tm = local_time(ns), base = local_time(bins->base_ns);
	int64_t at, from;

	if (bins->months > 0) {
		from = month_number(&base);
		at = from + (floor_div(month_number(&tm) - from, bins->months) + steps) * bins->months;
		return local_midnight((int)floor_div(at, 12), (int)(at - floor_div(at, 12) * 12), 1);
	}
	from = day_number(&base);
	at = (floor_div(day_number(&tm) - from, bins->days) + steps) * bins->days;
	return local_midnight(base.tm_year, base.tm_mon, base.tm_mday + (int)at);
}

int64_t
bins_start(const struct bins *bins, int64_t ns)
{
	int64_t first = bins->base_ns + bins->offset_ns;

	if (bins->length_ns == 0)
		return 0;
	if (bins->days > 0 || bins->months > 0)
		return calendar_start(bins, ns - bins->offset_ns, 0) + bins->offset_ns;
	return first + floor_div(ns - first, bins->length_ns) * bins->length_ns;
}

int64_t
bins_next(const struct bins *bins, int64_t start)
{
	if (bins->length_ns == 0)
		return INT64_MAX;
	if (bins->days > 0 || bins->months > 0)
		return calendar_start(bins, start - bins->offset_ns, 1) + bins->offset_ns;
	return start + bins->length_ns;
}

/* "5m", "1h", "1M", "300": fills in lengths. */
static int
parse_history(const char *text, struct bins *bins)
{
	size_t unit = 0;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || errno != 0 || n < 1)
		return -1;
	if (*end != '\0') {
		while (unit < ARRAY_LEN(units) && units[unit].letter != *end)
			unit++;
		if (unit == ARRAY_LEN(units) || end[1] != '\0')
			return -1;
	}
	if (units[unit].letter == 's' && n >= 60 && n % 60 != 0)
		return -1;
	if (n > (units[unit].letter == 's' ? 366 * SEC_PER_DAY : MOST_UNITS))
		return -1;
	bins->length_ns = n * units[unit].seconds * NS_PER_SEC;
	bins->days = (int)n * units[unit].days;
	bins->months = (int)n * units[unit].months;
	return 0;
}

/* One letter of the roundoff, on a normal local time; the next letter sees what it made of it. */
static int
round_off(struct tm *tm, char letter)
{
	switch (letter) {
	case 'm':
		tm->tm_min = 0;
		break;
	case 'h':
		tm->tm_min = tm->tm_hour = 0;
		break;
	case 'd':
		tm->tm_mday = 1;
		break;
	case 'w':
		tm->tm_min = tm->tm_hour = 0;
		tm->tm_mday -= tm->tm_wday;
		break;
	case 'M':
		tm->tm_mday = 1;
		tm->tm_mon = 0;
		break;
	default:
		return -1;
	}
	tm->tm_isdst = -1;
	(void)mktime(tm);
	return 0;
}

static int
parse_roundoff(const char *letters, wall_t start, struct bins *bins)
{
	struct tm tm = local_time(start.ns);

	tm.tm_sec = 0;
	for (; *letters != '\0'; letters++)
		if (round_off(&tm, *letters) < 0)
			return -1;
	tm.tm_isdst = -1;
	bins->base_ns = (int64_t)mktime(&tm) * NS_PER_SEC;
	if (tm.tm_hour != 0 || tm.tm_min != 0)
		bins->days = 0;		/* not from midnight: a plain length */
	return 0;
}

static void
bins_error(const struct conf *conf, size_t output, const char *var, struct conf_notes *notes,
    const char *rule)
{
	const char *file;
	unsigned line = conf_where(conf, output, var, &file);

	conf_note(notes, CONF_NOTE_ERROR, file, line, "%s \"%s\": %s", var,
	    conf_text(conf, output, var), rule);
}

/*
 * How far a flow's own time may lie from its arrival. pmacct has no such bound, and the flows of a
 * savefile arrived long after they were seen: there it holds only where it is asked for.
 */
static int64_t
bound_ns(const struct conf *conf, size_t output, const char *var)
{
	bool live = conf_program(conf) == CONF_WAYBILLD &&
	    !conf_given(conf, CONF_ALL, "pcap_savefile");

	return live || conf_given(conf, output, var) ? conf_int(conf, output, var) * NS_PER_SEC : 0;
}

int
bins_compile(const struct conf *conf, size_t output, wall_t start, struct bins *ret,
    struct conf_notes *notes)
{
	const char *history = conf_text(conf, output, "history");
	const char *roundoff = conf_text(conf, output, "history_roundoff");
	struct bins bins = {
		.offset_ns = conf_int(conf, output, "history_offset") * NS_PER_SEC,
		.by_arrival = conf_bool(conf, CONF_ALL, "nfacctd_time_new"),
		.past_ns = bound_ns(conf, output, "bin_past"),
		.future_ns = bound_ns(conf, output, "bin_future"),
	};

	if (history == NULL) {
		*ret = (struct bins){ 0 };
		return 0;
	}
	if (parse_history(history, &bins) < 0) {
		bins_error(conf, output, "history", notes,
		    "is not a number with one of the units s, m, h, d, w, M "
		    "(seconds: below 60, or whole minutes)");
		return -1;
	}
	if (parse_roundoff(roundoff != NULL ? roundoff : "", start, &bins) < 0) {
		bins_error(conf, output, "history_roundoff", notes,
		    "is made of the letters m, h, d, w, M");
		return -1;
	}
	if (bins.offset_ns < 0 || bins.offset_ns >= bins.length_ns) {
		bins_error(conf, output, "history_offset", notes, "must be shorter than a bin");
		return -1;
	}
	*ret = bins;
	return 0;
}
