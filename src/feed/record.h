/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of feeds as JSON lines, field for field as pmacct writes them (compat/interface.md 9.5;
 * pmacct's docs/MSGLOG_DUMP_FORMATS). A record is made of the rows of one table: each row is a
 * field and says in which records it stands; the order of the rows is the order of the fields.
 */
#ifndef WB_FEED_RECORD_H
#define WB_FEED_RECORD_H

#include "feed/tagmap.h"
#include "rib/rib.h"

enum record_kind {
	RECORD_LOG_INIT, RECORD_UPDATE, RECORD_WITHDRAW, RECORD_DELETE, RECORD_LOG_CLOSE,
	RECORD_DUMP_INIT, RECORD_DUMP, RECORD_DUMP_CLOSE, RECORD_GLASS, RECORD_KINDS,
};

/* From the configuration: how times, AS paths and communities are written. */
struct record_style {
	bool utc, rfc9557, epoch, secs;
	bool path_array, comms_array;
};

/* What a record may be made of; what its kind does not ask for is not looked at. */
struct record {
	enum record_kind kind;
	const struct rib *rib;
	const struct teller_info *info;
	uint64_t seq;
	wall_t time;
	wall_t told;			/* BMP: when the router says it was; 0: not known */
	bool filtered;			/* BMP: of a Loc-RIB that is not whole */
	const struct nlri *nlri;
	uint32_t path;
	uint64_t entries;		/* DUMP_CLOSE */
	uint32_t period_s;		/* DUMP_INIT */
	const struct tagmap *tags;	/* NULL: none */
};

/* One line with its line end. Where it names a path, of a reader inside an epoch, or of control. */
void	record_put(const struct record *r, const struct record_style *style, struct sbuf *out);

/* A time as a field; 0 as pmacct writes a time that is not known. */
void	record_time(struct json *j, const char *name, wall_t when, const struct record_style *style);

/* The same as an object of `j`, for answers that have more to say. */
void	record_json(const struct record *r, const struct record_style *style, struct json *j);

#endif
