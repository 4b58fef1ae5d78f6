/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as they are bound: those with a meaning of their own as text, for engines that take no other. */
#include "net/addr.h"
#include "sql/backend.h"

/* n with so many digits, and what follows. */
static char *
put_digits(char *p, unsigned n, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	p[digits] = behind;
	return p + digits + 1;
}

/* Days since 1970 to year, month and day; the years begin with March, in eras of 400. */
static char *
put_day(char *p, int64_t days)
{
	const int64_t z = days + 719468, era = z / 146097;
	const unsigned in_era = (unsigned)(z - era * 146097);
	const unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
	const unsigned from_march = (5 * in_year + 2) / 153;
	const unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;

	p = put_digits(p, (unsigned)(year + era * 400 + (month <= 2)), 4, '-');
	p = put_digits(p, month, 2, '-');
	return put_digits(p, in_year - (153 * from_march + 2) / 5 + 1, 2, ' ');
}

void
cell_time_text(wall_t t, char text[CELL_TIME_TEXT])
{
	const int64_t sec = wall_sec(t);
	const unsigned of_day = (unsigned)(sec % 86400);
	char *p = put_day(text, sec / 86400);

	p = put_digits(p, of_day / 3600, 2, ':');
	p = put_digits(p, of_day / 60 % 60, 2, ':');
	p = put_digits(p, of_day % 60, 2, '.');
	put_digits(p, wall_usec(t), 6, '\0');
}

void
cell_plain(struct cell *c)
{
	char text[PREFIX_TEXT > CELL_TIME_TEXT ? PREFIX_TEXT : CELL_TIME_TEXT];
	struct prefix p;

	switch (c->kind) {
	case CELL_NULL:
	case CELL_INT:
	case CELL_TEXT:
	case CELL_BYTES:
		return;
	case CELL_TIME:
		cell_time_text((wall_t){ c->number }, text);
		break;
	case CELL_NET:
		p.addr = *(const struct addr *)c->bytes;
		p.len = (uint8_t)c->len;
		if (c->len == CELL_HOST)
			addr_text(&p.addr, text);
		else
			prefix_text(&p, text);
		break;
	}
	sbuf_clear(&c->room);
	sbuf_str(&c->room, text);
	c->kind = CELL_TEXT;
	c->bytes = c->room.text;
	c->len = c->room.len;
}
