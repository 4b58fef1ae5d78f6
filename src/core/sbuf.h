/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing text buffer, and writers of JSON and CSV on top of it. Text is made when a row, a
 * status or a log line is written, never per flow.
 */
#ifndef WB_CORE_SBUF_H
#define WB_CORE_SBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sbuf {
	char *text;			/* NUL-terminated once anything was added */
	size_t len;
	size_t room;
};

void	sbuf_done(struct sbuf *b);
void	sbuf_clear(struct sbuf *b);		/* empty again, keeps its memory */
const char *sbuf_text(struct sbuf *b);		/* never NULL */
void	sbuf_char(struct sbuf *b, char c);
void	sbuf_add(struct sbuf *b, const void *bytes, size_t len);
void	sbuf_str(struct sbuf *b, const char *text);
void	sbuf_u64(struct sbuf *b, uint64_t n);
void	sbuf_printf(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	sbuf_vprintf(struct sbuf *b, const char *fmt, va_list ap);

/* Foreign text in quotes, with everything unprintable as \xNN: for log lines. */
void	sbuf_quoted(struct sbuf *b, const void *bytes, size_t len);

/*
 * JSON as pmacct writes it: order kept, ", " and ": " between. A name of NULL is for elements of
 * an array. Depth is at most 64.
 */
struct json {
	struct sbuf *out;
	uint64_t more;			/* a bit per depth: something was written here already */
	unsigned depth;
	bool plain;
	bool ended;			/* plain: what was written last is another object */
};

struct json json_of(struct sbuf *out);
/* The same tree for people: a line per object or array, indented, its members behind it. */
struct json json_plain(struct sbuf *out);
void	json_object(struct json *j, const char *name);
void	json_array(struct json *j, const char *name);
void	json_end(struct json *j, char bracket);		/* '}' or ']' */
void	json_str(struct json *j, const char *name, const char *text);	/* NULL text: null */
void	json_text(struct json *j, const char *name, const char *text, size_t len);
void	json_u64(struct json *j, const char *name, uint64_t n);
void	json_i64(struct json *j, const char *name, int64_t n);
void	json_bool(struct json *j, const char *name, bool yes);
void	json_real(struct json *j, const char *name, double x);
void	json_raw(struct json *j, const char *name, const char *text);	/* already JSON */

/* A CSV field by RFC 4180: quoted where it holds the separator, a quote or a line end. */
void	csv_field(struct sbuf *b, const char *text, char separator);

#endif
