/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan: an `aggregate` compiled. Key words are 8 bytes; the first is the start of the time bin
 * (wall_t ns, 0 without history), the others hold the fields, larger ones first, zero-padded, each
 * word written by exactly one store. Immutable once made; shared by workers and outputs.
 */
#ifndef WB_AGG_PLAN_H
#define WB_AGG_PLAN_H

#include "agg/prim.h"
#include "agg/trim.h"
#include "conf/conf.h"
#include "flow/flow.h"

/* Counters of an entry: one row per word, see plan.c for the table. */
enum entry_counter {
	EC_BYTES, EC_PACKETS, EC_FLOWS, EC_TCP_FLAGS, EC_FIRST, EC_LAST, EC_SAMPLES, EC_SUMSQ,
	EC_UNRATED, EC_LATE, EC_COUNT
};

enum counter_op { OP_ADD, OP_OR, OP_MIN, OP_MAX };

struct entry_counter_row {
	const char *name;		/* "packets" */
	enum counter_op op;
	const char *json, *csv, *sql;
	const char *sql_mysql, *sql_pgsql, *sql_sqlite;
};
extern const struct entry_counter_row entry_counter_rows[EC_COUNT];

#define PLAN_KEY_WORDS	64		/* most words of a key */
#define PLAN_COUNTERS_ALWAYS	3	/* bytes, packets, flows: the first of every plan */

struct plan_field {
	const struct prim *prim;
	uint16_t at;			/* byte offset in the key */
};

/* Bins of time: `*_history`, roundoff and offset. */
struct bins {
	int64_t length_ns;		/* 0: no history; of days and months: the nominal length */
	int days;			/* > 0: bins of so many days of local time, from midnight */
	int months;			/* > 0: bins of so many calendar months */
	int64_t base_ns;		/* a bin starts here (after roundoff), UTC ns */
	int64_t offset_ns;
	bool by_arrival;		/* nfacctd_time_new */
	int64_t past_ns, future_ns;	/* bin_past, bin_future; 0: no bound */
};

struct plan {
	char *name;			/* of the output */
	struct plan_field *field;	/* in key order */
	size_t fields;
	size_t key_words;		/* including the bin */
	uint8_t counter[EC_COUNT];	/* which counters an entry has, in order */
	size_t counters;
	uint32_t asked;			/* bit per enum entry_counter that is a word of `aggregate` */
	const struct prim *sum;		/* the sum_* or `none` that was asked for; NULL */
	uint8_t sides;			/* 1, or 2 for sum_*: every flow adds under both its ends */
	bool timed_events;		/* events and options records are let in */
	uint32_t needs;			/* enum enrich_needs of all fields */
	struct bins bins;
	struct pack_program *program[2];
	struct trim *trim;		/* NULL: paths and communities are shown as they are */
};

/*
 * Compile `aggregate` (and history keys) of an output. NULL with errors in notes (unknown word:
 * nearest known one). What pmacct's rules for sum_* throw out is said as a warning.
 */
struct plan *plan_compile(const struct conf *conf, size_t output, wall_t start,
	    struct conf_notes *notes);
/*
 * Before the first plan_pack: what the profile does not decide (profile_decides) is taken from the
 * record instead of flow->r.
 */
void	plan_take_from_record(struct plan *plan, uint32_t decides);
void	plan_free(struct plan *plan);
bool	plan_has(const struct plan *plan, const char *word);

/*
 * Keys of n flows, side 0 or 1, `key_words` words each. Reads flow->r: run the enrichment first.
 * Flows outside of bin_past..bin_future of their arrival go to the bin of their arrival and are
 * counted in *ret_late.
 */
void	plan_pack(const struct plan *plan, unsigned side, const struct flow *flow, unsigned n,
	    uint64_t *keys, uint64_t *ret_late);

/*
 * Compile the history keys of an output. -1 with errors in notes. `start` is the daemon's start:
 * without roundoff bins count from its minute.
 */
int	bins_compile(const struct conf *conf, size_t output, wall_t start, struct bins *ret,
	    struct conf_notes *notes);

/* The bin a time falls into, and the start of the bin after. */
int64_t	bins_start(const struct bins *bins, int64_t ns);
int64_t	bins_next(const struct bins *bins, int64_t start);

#endif
