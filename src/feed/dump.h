/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps of the tables as they are: files with a JSON line per route, between a dump_init and a
 * dump_close for each teller of BGP or router of BMP (bgp_table_dump_file, bmp_dump_file), with what
 * a router told besides routes before its dump_close. Written by the reader.
 */
#ifndef WB_FEED_DUMP_H
#define WB_FEED_DUMP_H

#include <sys/types.h>

#include "feed/dumpplan.h"
#include "feed/record.h"

struct dump_conf {
	const char *file;		/* a name with variables and times; borrowed for the run */
	const char *latest;		/* name of a link to the newest file, NULL: none */
	struct record_style style;
	mode_t umask;
	uint32_t period_s;
	uint64_t seq;			/* of all records */
	struct tagmap *tags;		/* NULL: none; a reference of the run */
	wall_t time;			/* of all records and of the name */
};

struct dump_figures {
	uint64_t tables, entries, notes, bytes;	/* notes: besides routes */
};

/*
 * The reader's thread; `slot` its own, offline before and after. Ends early, with -1 and a sentence
 * in err, at the first file that fails, or when `ending` says so.
 */
int	dump_write(const struct dump_plan *plan, struct epoch *ep, struct epoch_reader *slot,
	    const struct dump_conf *conf, bool (*ending)(const void *ctx), const void *ctx,
	    struct dump_figures *ret, struct sbuf *err);

#endif
