/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a BMP station saw besides routes, as JSON lines, field for field as pmacct writes them
 * (compat/interface.md 10). A message is kept as it came and read again where it is written: a note
 * among the changes of the RIB (rib/changes.h), with its own head in front.
 */
#ifndef WB_FEED_BMPRECORD_H
#define WB_FEED_BMPRECORD_H

#include "bmp/message.h"
#include "feed/record.h"

enum bmp_note_kind { BMP_NOTE_UP, BMP_NOTE_MESSAGE, BMP_NOTE_DOWN };

struct bmp_note {
	enum bmp_note_kind kind;
	uint16_t port;			/* of the router's side of the session */
	struct addr router;
	/* BMP_NOTE_MESSAGE: the whole message follows */
};

struct bmprecord {
	const struct bmp_note *note;
	const uint8_t *message;
	size_t len;
	uint64_t seq;
	wall_t arrived;			/* in a log */
	wall_t dumped;			/* the time of its dump; 0: it is in a log */
	const struct tagmap *tags;	/* bmp_daemon_tag_map; NULL: none */
};

/* Has a message a line of its own? Not one of routes. Of statistics each has one: see bmprecord_stat. */
bool	bmprecord_has(const struct bmp_message *m);

/* A message with one statistic of many, so that a change is a record: adds it to out. */
void	bmprecord_stat(const struct bmp_message *m, const struct bmp_stat *stat, struct sbuf *out);

/* The line, of a log or a dump; false where there is none. Of several statistics the first one's. */
bool	bmprecord_put(const struct bmprecord *r, const struct record_style *style, struct sbuf *out);

#endif
