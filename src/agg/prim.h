/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Primitives: the words of `aggregate`. A row is all there is to know about one: its place in the
 * flow, its type, its names in SQL, JSON and CSV, what it needs, and its line in the manual. The
 * rows stand in prim_table.h; adding a primitive is adding a row.
 */
#ifndef WB_AGG_PRIM_H
#define WB_AGG_PRIM_H

#include "agg/value.h"

enum prim_group {
	PRIM_L2, PRIM_L3, PRIM_L4, PRIM_BGP, PRIM_NAT, PRIM_TUNNEL, PRIM_MPLS, PRIM_MISC, PRIM_TIME,
	PRIM_SUM, PRIM_GROUPS
};

/* pmacct's first-register primitives are removed when a sum_* stands beside them. */
#define PRIM_FIRST_REGISTER	0x1
#define PRIM_COUNTER		0x2	/* not in the key: flows, tcpflags */
#define PRIM_KEPT_BY_SUM	0x4	/* tag, tag2, class, flows */
#define PRIM_BGP_TABLE		0x8	/* switches sql_table_type to bgp (all BGP but src_as, dst_as) */

/* How the value is taken out of the flow; all but COPY are rare. */
enum prim_take {
	TAKE_COPY,		/* the bytes of the field */
	TAKE_TOS,		/* cut to its DSCP with tos_encode_as_dscp */
	TAKE_TIME,		/* cut to the unit that outputs write: usec, or sec with timestamps_secs */
	TAKE_RD,		/* with r.rd_origin in the highest byte (see VT_RD) */
	TAKE_DIRECTION,		/* 'i', 'e', or 'u' where the record said nothing */
	TAKE_ETYPE,		/* that of the IP version where the record said nothing */
	TAKE_BOTTOM_LABEL,	/* the last of mpls_label */
	TAKE_NOTHING,		/* `none` */
};

struct prim {
	const char *word;		/* in `aggregate` */
	enum value_type type;
	size_t at, sum_at;		/* offset in struct flow; sum_at: of the other end, for sum_* */
	enum prim_group group;
	uint8_t flags;
	const char *daemons;		/* "PUNS" */
	uint32_t needs;			/* enum enrich_needs */
	const char *json, *csv, *sql;	/* names of the field; sql_old: below the version given */
	const char *sql_old;
	uint8_t sql_old_below;
	uint16_t json_order, csv_order, sql_order;
	const char *sql_mysql, *sql_pgsql, *sql_sqlite;	/* NULL: the value type's */
	enum prim_take take;
	const char *doc;
};

const struct prim *prims(size_t *ret_count);		/* the whole table */
const struct prim *prim_by_word(const char *word);	/* case-insensitive; NULL */

/* Words that pmacct knows and this build does not: what they wait for; NULL for any other word. */
const char *prim_missing(const char *word);

/* The row whose column a sum_* is written to: src_host of sum_host; NULL for `none`. */
const struct prim *prim_of_sum(const struct prim *sum);

/* The listing of `-a`: primitives by group, those valid for a daemon's letter (P, U, N, S). */
void	prim_list(char daemon, struct sbuf *out);
/* docs/primitives.md, whole. */
void	prim_manual(struct sbuf *out);
const char *prim_group_name(enum prim_group group);

#endif
