/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times as text (compat/interface.md 4.1): local or UTC, with microseconds unless cut to seconds,
 * as RFC 9557 has it (T and the offset), or since the epoch. A time that is not set is all zeros.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agg/value_priv.h"
#include "core/clock.h"

static const char not_set[] = "0000-00-00 00:00:00";

static void
add_offset(struct sbuf *out, long east_s)
{
	long s = east_s < 0 ? -east_s : east_s;

	sbuf_printf(out, "%c%02ld:%02ld", east_s < 0 ? '-' : '+', s / 3600, s / 60 % 60);
}

static void
epoch_text(wall_t t, bool secs, struct sbuf *out)
{
	sbuf_u64(out, (uint64_t)wall_sec(t));
	if (!secs)
		sbuf_printf(out, ".%06u", wall_usec(t));
}

void
value_time_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	wall_t t = { (int64_t)v->u };
	time_t sec = (time_t)wall_sec(t);
	struct tm tm;
	char text[32];

	if (t.ns <= 0 && !style->epoch) {
		sbuf_str(out, not_set);
		return;
	}
	if (style->epoch) {
		epoch_text(t.ns > 0 ? t : (wall_t){ 0 }, style->secs, out);
		return;
	}
	if (style->utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	strftime(text, sizeof(text), style->rfc9557 ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	sbuf_str(out, text);
	if (!style->secs)
		sbuf_printf(out, ".%06u", wall_usec(t));
	if (style->rfc9557)
		add_offset(out, tm.tm_gmtoff);
}

/* ".5" and such, in ns; moves *text behind it. */
static int64_t
parse_fraction(const char **text)
{
	int64_t ns = 0, unit = NS_PER_SEC / 10;

	if (**text != '.')
		return 0;
	for (++*text; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
		ns += unit * (**text - '0');
	return ns;
}

/* Either of the two spellings, or seconds since the epoch. */
int
value_time_parse(const char *text, const struct value_style *style, struct value *ret,
    struct sbuf *room)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int64_t sec, ns;

	(void)room;
	if (strcmp(text, not_set) == 0) {
		*ret = (struct value){ .type = VT_TIME };
		return 0;
	}
	if (end != NULL) {
		end = strptime(end + (*end == ' ' || *end == 'T'), "%H:%M:%S", &tm);
		if (end == NULL)
			return -1;
		tm.tm_isdst = -1;
		sec = style->utc ? timegm(&tm) : mktime(&tm);
	} else {
		char *behind;

		if (*text < '0' || *text > '9')
			return -1;
		sec = strtoll(text, &behind, 10);
		end = behind;
	}
	ns = parse_fraction(&end);
	if (*end != '\0' || sec < 0 || sec > INT64_MAX / NS_PER_SEC - 1)
		return -1;
	*ret = (struct value){ .type = VT_TIME, .u = (uint64_t)(sec * NS_PER_SEC + ns) };
	return 0;
}
