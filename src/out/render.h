/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows as text: the columns of a plan in the order of a format (compat/interface.md 4.1, 4.2), a
 * header line, and one line per row. Used by every output that writes text; keeps nothing of a row.
 */
#ifndef WB_OUT_RENDER_H
#define WB_OUT_RENDER_H

#include "core/clock.h"
#include "out/bintab.h"

enum render_format { RENDER_FORMATTED, RENDER_CSV, RENDER_JSON };

struct render_conf {
	enum render_format format;
	bool events;			/* event_*: without packets, flows and bytes */
	bool event_type;		/* JSON opens with "event_type": "purge" */
	bool stamps;			/* JSON has stamp_inserted, stamp_updated (with *_history) */
	bool all;			/* every primitive, those outside of the plan empty */
	bool client;			/* pmacct's client has the interfaces in front of the MACs */
	char separator;			/* CSV; 0: ',' */
	struct value_style style;
};

struct render;

struct render *render_new(const struct plan *plan, const struct render_conf *conf);
void	render_free(struct render *r);

/*
 * "print", "csv", "json", "event_csv", ... -> format and events; -1 for a word that is none. "csv"
 * separators are one character or "\t", "\s".
 */
int	render_parse_format(const char *word, struct render_conf *ret);
char	render_parse_separator(const char *word);	/* 0: not a separator */

/* The header line; nothing for JSON. */
void	render_header(const struct render *r, struct sbuf *out);

/* One row with its line end. `updated` is stamp_updated. */
void	render_row(const struct render *r, const struct rowset *rs, size_t row, wall_t updated,
	    struct sbuf *out);

#endif
