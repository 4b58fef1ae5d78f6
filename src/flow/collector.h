/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NetFlow v5, v9 and IPFIX collector: datagrams in, flows out. One per worker; no other thread
 * touches it but for reading counters. Decodes, keeps templates and options, follows sequences,
 * resolves sampling rates. Bounded memory per exporter and template; never waits.
 */
#ifndef WB_FLOW_COLLECTOR_H
#define WB_FLOW_COLLECTOR_H

#include "core/names.h"
#include "core/sbuf.h"
#include "flow/exporter.h"
#include "flow/flow.h"
#include "net/udp.h"

struct collector_conf {
	struct names *names;
	bool renormalize;		/* nfacctd_renormalize: multiply bytes and packets */
	bool need_rate;			/* sampling_rate is a primitive somewhere */
	uint32_t ext_rate;		/* nfacctd_ext_sampling_rate, 0: none */
	int64_t sampling_hold_ns;	/* 0: 60 s; less: nothing waits for a rate */
	bool account_options;		/* nfacctd_account_options: options records reach outputs */
	bool ignore_exporter_address;	/* options 130/131 do not replace peer_src_ip */
	bool disable_opt_scope_check;
	bool peer_as;			/* nfacctd_peer_as: 16/17 fill peer_*_as */
	bool time_secs;			/* nfacctd_time_secs: sysUptime in seconds */
	bool asa_bi_flow;		/* tmp_asa_bi_flow */
	size_t most_exporters;		/* 0: 100,000 */
	size_t most_templates;		/* per exporter, 0: 4,096 */
	size_t held_bytes;		/* per exporter waiting for templates, 0: 1 MiB */
	/* nfacctd_allow_file; NULL: all. */
	bool (*allowed)(const void *ctx, const struct addr *from);
	const void *allow_ctx;
};

struct collector;

struct collector *collector_new(const struct collector_conf *conf);
void	collector_free(struct collector *col);
/* New settings, between datagrams; bounds and names stay. What waits is looked at in the next tick. */
void	collector_configure(struct collector *col, const struct collector_conf *conf);

/* Decode one datagram; its flows are appended to `out` (batch->full may run in between). */
void	collector_datagram(struct collector *col, const struct dgram *d, struct flow_batch *out);

/* Once a second: holds that end, templates that expire. May append to `out`. */
void	collector_tick(struct collector *col, mono_t now, wall_t wall, struct flow_batch *out);

/* Templates and options over a restart; save writes to a temporary name and renames it. */
int	collector_save(const struct collector *col, struct sbuf *out);
int	collector_load(struct collector *col, const char *text, size_t len, struct sbuf *err);

/* Exporters in the order of their index; safe from other threads for the public part. */
size_t	collector_exporters(const struct collector *col);
const struct exporter *collector_exporter(const struct collector *col, size_t i);
/*
 * For `waybill exporters`; any thread may ask, numbers are as of the last tick. All of it as members
 * of an object; in few words the sampling rate and where it came from ("1:1000 options, sampler 3")
 * and whether interfaces were seen both ways ("both", "one", "both on 3 of 4").
 */
void	collector_describe(const struct collector *col, const struct exporter *ex, struct json *j);
void	collector_sampling_text(const struct collector *col, const struct exporter *ex,
	    struct sbuf *out);
void	collector_ways_text(const struct collector *col, const struct exporter *ex,
	    struct sbuf *out);

struct collector_counters {
	counter_t datagrams, accepted, not_allowed, unknown_version, too_short, exporters_refused;
};
extern const struct counter_row collector_counter_rows[];
extern const size_t collector_counter_count;
const struct collector_counters *collector_counters(const struct collector *col);

#endif
