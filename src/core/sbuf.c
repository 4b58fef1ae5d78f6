/* SPDX-License-Identifier: BSD-2-Clause */
/* Text buffers, JSON and CSV. */
#include "core/sbuf.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

static void
make_room(struct sbuf *b, size_t more)
{
	size_t want = b->len + more + 1;

	if (want <= b->room)
		return;
	b->room = want < 2 * b->room ? 2 * b->room : want < 64 ? 64 : want;
	b->text = mem_grow(b->text, b->room, 1);
}

void
sbuf_done(struct sbuf *b)
{
	mem_free(b->text);
	*b = (struct sbuf){ 0 };
}

void
sbuf_clear(struct sbuf *b)
{
	b->len = 0;
	if (b->text != NULL)
		b->text[0] = '\0';
}

const char *
sbuf_text(struct sbuf *b)
{
	return b->text != NULL ? b->text : "";
}

void
sbuf_add(struct sbuf *b, const void *bytes, size_t len)
{
	make_room(b, len);
	if (len > 0)
		memcpy(b->text + b->len, bytes, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void
sbuf_char(struct sbuf *b, char c)
{
	sbuf_add(b, &c, 1);
}

void
sbuf_str(struct sbuf *b, const char *text)
{
	sbuf_add(b, text, strlen(text));
}

void
sbuf_u64(struct sbuf *b, uint64_t n)
{
	char digit[20];
	size_t at = sizeof(digit);

	do {
		digit[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	sbuf_add(b, digit + at, sizeof(digit) - at);
}

void
sbuf_vprintf(struct sbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	assert(n >= 0);
	make_room(b, (size_t)n);
	(void)vsnprintf(b->text + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

void
sbuf_printf(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
sbuf_quoted(struct sbuf *b, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	sbuf_char(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			sbuf_printf(b, "\\x%02x", p[i]);
		else
			sbuf_char(b, (char)p[i]);
	}
	sbuf_char(b, '"');
}

struct json
json_of(struct sbuf *out)
{
	return (struct json){ .out = out };
}

struct json
json_plain(struct sbuf *out)
{
	return (struct json){ .out = out, .plain = true };
}

/* Bytes of the UTF-8 character beyond ASCII that begins here, RFC 3629 4; 0: it is none. */
static size_t
utf8_char(const unsigned char *p, size_t left)
{
	static const struct { uint8_t from, to, len, second_from, second_to; } rows[] = {
		{ 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = rows[i].len;

		if (p[0] < rows[i].from || p[0] > rows[i].to)
			continue;
		if (len > left || p[1] < rows[i].second_from || p[1] > rows[i].second_to)
			return 0;
		for (size_t k = 2; k < len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return len;
	}
	return 0;
}

/* Names come from the network: what is no UTF-8 is taken for Latin-1, so that the result is JSON. */
static void
json_put_text(struct sbuf *b, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	sbuf_char(b, '"');
	while (len > 0) {
		size_t n = *p < 0x80 ? 1 : utf8_char(p, len);

		if (*p == '"' || *p == '\\')
			sbuf_printf(b, "\\%c", *p);
		else if (n == 0 || *p < 0x20)
			sbuf_printf(b, "\\u%04x", *p);
		else
			sbuf_add(b, p, n);
		n += n == 0;
		p += n;
		len -= n;
	}
	sbuf_char(b, '"');
}

static void
plain_line(struct json *j)
{
	if (sbuf_text(j->out)[0] != '\0')
		sbuf_char(j->out, '\n');
	for (unsigned i = 1; i < j->depth; i++)
		sbuf_str(j->out, "  ");
	j->ended = false;
}

/* A member of a plain tree stands on the line of its object, or on one of its own behind others. */
static void
plain_name(struct json *j, const char *name)
{
	uint64_t bit = UINT64_C(1) << j->depth;

	if (j->ended)
		plain_line(j);
	else if (j->out->len > 0 && strchr("\n ", j->out->text[j->out->len - 1]) == NULL)
		sbuf_str(j->out, j->more & bit ? ", " : " ");
	j->more |= bit;
	if (name != NULL)
		sbuf_printf(j->out, "%s ", name);
}

static void
plain_open(struct json *j, const char *name)
{
	plain_line(j);
	if (name != NULL)
		sbuf_printf(j->out, "%s:", name);
}

static void
json_name(struct json *j, const char *name)
{
	uint64_t bit = UINT64_C(1) << j->depth;

	if (j->plain) {
		plain_name(j, name);
		return;
	}
	if (j->more & bit)
		sbuf_str(j->out, ", ");
	j->more |= bit;
	if (name != NULL) {
		json_put_text(j->out, name, strlen(name));
		sbuf_str(j->out, ": ");
	}
}

static void
json_open(struct json *j, const char *name, char bracket)
{
	if (j->plain) {
		plain_open(j, name);
	} else {
		json_name(j, name);
		sbuf_char(j->out, bracket);
	}
	assert(j->depth < 63);
	j->depth++;
	j->more &= ~(UINT64_C(1) << j->depth);
}

void
json_object(struct json *j, const char *name)
{
	json_open(j, name, '{');
}

void
json_array(struct json *j, const char *name)
{
	json_open(j, name, '[');
}

void
json_end(struct json *j, char bracket)
{
	assert(j->depth > 0);
	j->depth--;
	j->ended = true;
	if (!j->plain)
		sbuf_char(j->out, bracket);
}

void
json_text(struct json *j, const char *name, const char *text, size_t len)
{
	json_name(j, name);
	if (j->plain)
		sbuf_add(j->out, text, len);
	else
		json_put_text(j->out, text, len);
}

void
json_str(struct json *j, const char *name, const char *text)
{
	if (text != NULL)
		json_text(j, name, text, strlen(text));
	else if (j->plain)
		json_text(j, name, "none", 4);
	else
		json_raw(j, name, "null");
}

void
json_u64(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	sbuf_u64(j->out, n);
}

void
json_i64(struct json *j, const char *name, int64_t n)
{
	json_name(j, name);
	sbuf_printf(j->out, "%" PRId64, n);
}

void
json_bool(struct json *j, const char *name, bool yes)
{
	json_raw(j, name, !j->plain ? (yes ? "true" : "false") : yes ? "yes" : "no");
}

void
json_real(struct json *j, const char *name, double x)
{
	json_name(j, name);
	sbuf_printf(j->out, "%.6g", x);
}

void
json_raw(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	sbuf_str(j->out, text);
}

void
csv_field(struct sbuf *b, const char *text, char separator)
{
	char special[] = { separator, '"', '\n', '\r', '\0' };

	if (strpbrk(text, special) == NULL) {
		sbuf_str(b, text);
		return;
	}
	sbuf_char(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			sbuf_char(b, '"');
		sbuf_char(b, *text);
	}
	sbuf_char(b, '"');
}
