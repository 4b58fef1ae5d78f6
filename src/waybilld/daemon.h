/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon: joins all layers up. Owned by control; workers and outputs have their own headers.
 */
#ifndef WB_WAYBILLD_DAEMON_H
#define WB_WAYBILLD_DAEMON_H

#include <sys/queue.h>

#include "bgp/bgp.h"
#include "bmp/bmp.h"
#include "core/epoch.h"
#include "ctl/command.h"
#include "waybilld/health.h"
#include "waybilld/worker.h"

#define WORKERS_MOST	64

struct daemon;

struct rates;
struct feeds;
struct reader;
struct reload;
struct routeouts;
struct rpki;
struct saved_rib;

TAILQ_HEAD(reload_wishes, reload_wish);

/* Work posted to control by another thread. */
struct post {
	void (*run)(struct daemon *d, void *arg);
	void *arg;
};

void	daemon_post(struct daemon *d, void (*run)(struct daemon *d, void *arg), void *arg);

struct daemon {
	struct event_base *base;
	struct names *names;
	struct epoch *epoch;
	struct rib *rib;		/* NULL without bgp_daemon and bmp_daemon */
	struct bgp *bgp;
	struct bmp *bmp;
	struct reader *reader;
	struct feeds *feeds;
	struct routeouts *routeouts;	/* outputs of routes, with rib */
	struct saved_rib *saved_rib;	/* NULL: routes are not saved */
	struct rpki *rpki;		/* NULL: no cache is asked */
	struct ctl *ctl;
	struct enrich *explain;		/* control's own, for `waybill explain` */
	struct worker *worker[WORKERS_MOST];
	unsigned workers;
	_Atomic(struct setup *) setup;	/* in force */
	struct setup *retiring;		/* workers may still be at it; NULL: none */
	bool ending;			/* its outputs are being flushed */
	struct rates *rates;
	struct reload *reload;		/* a reload on its way, NULL: none */
	struct reload_wishes wishes;	/* who waits for the next one */
	struct sbuf reload_report;	/* what the last one had to say */
	bool reload_ok;
	struct chan *posts;		/* struct post, from other threads to control */
	wall_t started_wall;
	mono_t started;
	char *config_file;
	char **option;			/* command-line settings, kept for reload */
	size_t options;
	enum conf_program program;
	const char *prefix;		/* "nfacctd" */
	char *templates_file;
	mono_t templates_due;
	struct health health;
	mono_t health_due;		/* to look at what was lost */
	struct stay stay_rib;		/* the longest of control in background work on the RIB ... */
	struct stay stay_tick;		/* ... and in what is done once a second */
	bool stopping;
	int exit_code;
	int ready_fd;			/* of process_background, -1: in the foreground */
	void (*on_started)(struct daemon *d);
};

/*
 * Start everything by a compiled setup (taken); 0, or -1 with err. Runs until told to stop.
 * pidfile: removed at the end, NULL: none.
 */
int	daemon_run(struct daemon *d, struct setup *setup, const char *pidfile, struct sbuf *err);

/* Control: begin an orderly end. */
void	daemon_stop(struct daemon *d, int exit_code);

static inline struct setup *
daemon_setup(const struct daemon *d)
{
	return atomic_load_explicit(&((struct daemon *)(uintptr_t)d)->setup, memory_order_acquire);
}

/*
 * reload.c: read the configuration again, or only the files that the one in force names (SIGUSR2).
 * How it ended is the answer, where one is owed (a; NULL: to nobody), and stays in reload_report.
 * Behind another one it waits for its turn, for a minute at most. -1: too many wait already.
 */
int	daemon_reload(struct daemon *d, bool maps_only, struct answer *a);
void	reload_tick(struct daemon *d, mono_t now);	/* who has waited for too long */
void	reload_refuse(struct daemon *d);		/* all who wait: the daemon ends */
void	daemon_retire(struct daemon *d);	/* finish switching, as far as it can be now */
int	start_output(struct daemon *d, struct setup_output *o, struct sbuf *err);

/* books.c: sums over workers and outputs. */
struct books {
	uint64_t records, made, flows, options, held, drop_no_template, drop_malformed;
	uint64_t datagrams, kernel_drops, not_allowed, unknown_version, malformed, seq_lost;
	uint64_t unrated, late, exporters;
	int64_t input_balance;		/* 0: every record is accounted for */
	uint64_t out_flows, out_filtered, out_made, rows, bytes_held, bytes_purged;
	int64_t output_balance;
	uint64_t retries, rejected, filtered_hosts, filtered_bytes, accounted_bytes;
	uint64_t no_view, no_route, default_only, own_prefix, enriched;
};

void	books_read(const struct daemon *d, struct books *ret);
void	books_tick(struct daemon *d, mono_t now);
/* "ok", or why the daemon is degraded; true: ok. A loss is told for ten minutes after the last one. */
bool	books_health(const struct daemon *d, const struct books *b, struct sbuf *why);

/* rates.c: per second, over the last control ticks. */
struct rate {
	double flows, bytes, datagrams, lost;
};

struct rates *rates_new(void);
void	rates_free(struct rates *r);
void	rates_tick(struct rates *r, const struct daemon *d, mono_t now);
const struct rate *rates_of(const struct rates *r, unsigned worker, size_t exporter);

/* commands.c, metrics.c */
extern const struct command daemon_commands[];
extern const size_t daemon_command_count;
void	daemon_metrics(void *ctx, struct sbuf *out);
int	daemon_healthz(void *ctx, struct sbuf *out);
void	daemon_log_statistics(struct daemon *d);

#endif
