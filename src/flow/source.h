/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside of the collector: a source is an exporter with all that is kept about it. Shared by the
 * files of each format; nothing outside of the collector looks in here.
 *
 *    collector.c   sources, dispatch by version, ticks          held.c      what has to wait
 *    format.c      the table of formats                         rates.c     sampling
 *    netflow5.c netflow9.c ipfix.c   heads of datagrams
 *    sets.c        sets: templates, data                        options.c   options data
 *    record.c      what is left to do per flow                  saved.c     over a restart
 *    seen.c        what records show of their exporter
 */
#ifndef WB_FLOW_SOURCE_H
#define WB_FLOW_SOURCE_H

#include "core/bytes.h"
#include "core/log.h"
#include "flow/collector.h"
#include "flow/idmap.h"
#include "flow/sequence.h"
#include "flow/template.h"

/* A datagram's head, as far as its records need it. */
struct message {
	uint32_t seqno, uptime_ms;
	uint32_t export_sec;
	wall_t export_time, arrival;
	uint8_t engine_type, engine_id;
	uint16_t head_rate;		/* v5: sampling interval of the head, 0: none */
	bool give_up_rate;		/* the hold is over: no record of it waits any more */
};

/* A set that waits for its template or for a rate. */
struct held_set {
	struct held_set *next;
	struct message msg;
	mono_t due;
	uint16_t set_id;
	uint16_t len;
	uint32_t records;		/* as counted in `held`; 1 while they cannot be told apart */
	bool for_rate;
	uint8_t bytes[];
};

struct held {
	struct held_set *first, **last;
	size_t bytes;
	bool retry;			/* something came that may end a wait */
};

#define RATES_SHOWN	16

/* What other threads may look at beside the counters: kept up to date by the worker. */
struct source_shown {
	counter_t templates, interface_names, applications, held_bytes;
	struct { counter_t key, rate; } rate[RATES_SHOWN];	/* the first ones told */
	counter_t rates;
	counter_t both_ways, in_only, out_only;		/* interfaces, by how they were seen */
	counter_t metered;				/* bits of seen.c, by IE 61 */
};

struct source {
	struct exporter pub;
	struct source_shown shown;
	struct collector *col;
	const struct format *format;
	struct template **tpl;		/* sorted by id */
	unsigned templates;
	struct sequence seq;
	struct idmap rates;		/* key: rates.c; value: one packet in this many, 0: gave up */
	bool rate_declared;
	bool said_unsampled;
	struct idmap if_names, vrf_names, vrf_rds, apps;
	struct idmap ways;		/* seen.c: interface to the ways it was seen */
	unsigned looked;		/* seen.c: blocks so far */
	struct addr agent;		/* options 130 and 131; unset: none came */
	uint64_t init_ms;		/* options 160 */
	struct held held;
	struct log_limit limit;
};

struct collector {
	struct collector_conf conf;
	counter_t ext_rate;		/* conf.ext_rate, for other threads */
	struct collector_counters c;
	struct source **source;		/* reserved space: never moves */
	_Atomic size_t sources;
	struct slots index;
	struct log_limit strangers;	/* shared by sources that never sent anything of use */
	mono_t now;			/* of the last tick */
	mono_t next_expiry;
	size_t memory;			/* templates and held sets of all sources */
	struct template **layout;	/* one per row of formats[]; NULL: it has templates */
	struct names *names;
};

#define COLLECTOR_MEMORY	(512u << 20)	/* bound of collector->memory */
#define RATES_MATTER(col)	((col)->conf.renormalize || (col)->conf.need_rate)

/*
 * A format of datagrams. `take` gets the body behind the version word, which was read. Where all
 * records have one layout it stands here, as a template would tell it; else templates do.
 */
struct format {
	uint16_t version;
	const char *name;
	const struct field_spec *layout;
	uint16_t fields;
	void (*take)(struct collector *col, const struct dgram *d, struct rd r,
	    struct flow_batch *out);
};

/* format.c */
extern const struct format formats[];
extern const size_t format_count;

/* collector.c */
const struct format *format_find(uint64_t version);
/* Makes it where needed; NULL: there are too many. The version has a row in formats[]. */
struct source *source_find(struct collector *col, const struct addr *addr, uint16_t version,
	    uint32_t domain);
/* What the layout of its format was compiled to. */
struct template *source_layout(const struct source *src);
void	source_warn(struct source *src, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The rest of a datagram cannot be read. */
void	source_malformed(struct source *src, const char *why);

/* What the rows of formats[] name. */
#define NETFLOW5_FIELDS	20
extern const struct field_spec netflow5_layout[NETFLOW5_FIELDS];
void	netflow5_datagram(struct collector *col, const struct dgram *d, struct rd r,
	    struct flow_batch *out);
void	netflow9_datagram(struct collector *col, const struct dgram *d, struct rd r,
	    struct flow_batch *out);
void	ipfix_datagram(struct collector *col, const struct dgram *d, struct rd r,
	    struct flow_batch *out);

/* sets.c */
struct set_result {
	uint32_t records;		/* data records, options included */
	bool unknown;			/* some could not be told apart: no template */
};
void	sets_take(struct source *src, const struct message *m, struct rd *r,
	    struct set_result *ret, struct flow_batch *out);
/*
 * A set of data whose template is known and which need not wait. Counts where its records went,
 * not that they came: the caller does. -1: the last record ran past the end.
 */
int	set_decode(struct source *src, const struct message *m, struct template *t, struct rd body,
	    uint32_t *ret_records, struct flow_batch *out);
struct template *source_template(const struct source *src, uint16_t id);
void	source_template_set(struct source *src, struct template *t);
void	source_templates_expire(struct source *src, mono_t now);
void	source_templates_free(struct source *src);

/* record.c */
void	record_prototype(const struct source *src, const struct message *m,
	    const struct template *t, struct flow *ret);
void	records_finish(struct source *src, const struct message *m, const struct template *t,
	    struct flow *flow, const struct ie_extra *extra, unsigned n);

/* rates.c: whom a rate holds for, or what it stands in. Numbers are saved: new ones at the end. */
enum rate_scope {
	RATE_EXPORTER, RATE_SAMPLER, RATE_INTERFACE, RATE_TEMPLATE,	/* told by options */
	RATE_RECORD, RATE_HEAD, RATE_SCOPES
};
bool	rates_wait(struct source *src, const struct message *m, const struct template *t,
	    struct rd body);
void	rates_apply(struct source *src, const struct message *m, const struct template *t,
	    struct flow *flow);
void	rates_declare(struct source *src, const struct template *t, const struct ie_option *opt);
void	rates_give_up(struct source *src, const struct message *m, const struct template *t,
	    struct rd body);
void	rates_restore(struct source *src, uint64_t key, uint64_t rate);
/* A rate that a record or the head of a datagram carries; only to be shown. */
void	rates_seen(struct source *src, enum rate_scope scope, uint32_t rate);
/* Any thread. */
void	rates_describe(const struct source *src, struct json *j);
void	rates_text(const struct source *src, struct sbuf *out);

/* seen.c: a block of records as decoded. The other two: any thread. */
void	records_seen(struct source *src, const struct message *m, const struct flow *flow,
	    unsigned n);
void	seen_describe(const struct source *src, struct json *j);
void	seen_text(const struct source *src, struct sbuf *out);

/* options.c */
void	options_take(struct source *src, const struct template *t, const struct ie_option *opt);

/* held.c */
void	held_add(struct source *src, const struct message *m, uint16_t set_id, struct rd body,
	    uint32_t records, bool for_rate, struct flow_batch *out);
/* Go through what waits: decode what no longer has to, drop or release what is due. */
void	held_retry(struct source *src, mono_t now, struct flow_batch *out);
void	held_free(struct source *src);

#endif
