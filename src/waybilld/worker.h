/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: a thread with its own sockets, exporters and slices. Receives datagrams in batches,
 * decodes, enriches, packs keys and adds to slices; hands full slices to the outputs. Takes no lock
 * and waits for nobody but its sockets.
 */
#ifndef WB_WAYBILLD_WORKER_H
#define WB_WAYBILLD_WORKER_H

#include "flow/collector.h"
#include "net/savefile.h"
#include "waybilld/setup.h"

struct worker;

struct worker_conf {
	unsigned index;
	int cpu;			/* to be pinned to, -1: none */
	struct epoch *epoch;
	const struct rib *rib;		/* NULL: no BGP */
	struct udp_sock **sock;		/* taken */
	size_t socks;
	const char *savefile;		/* read this instead of sockets; NULL: none */
	int64_t replays;		/* of the savefile; 0: for ever */
	_Atomic(struct setup *) *setup;	/* the one in force */
	const char *templates;		/* text to load, NULL: none */
	/* Posted from the worker's thread when the savefile has ended. */
	void (*ended)(void *ctx);
	void *ended_ctx;
};

struct worker *worker_start(const struct worker_conf *conf, struct sbuf *err);

/* The setup this worker works by. Control may free an old one when no worker is at it. */
const struct setup *worker_setup(const struct worker *w);

/*
 * Drain what is queued in the sockets, hand over all slices, end the thread. `templates` gets what
 * collector_save gives. The worker is freed.
 */
void	worker_stop(struct worker *w, struct sbuf *templates);

/* For status: counters only are read. */
const struct collector *worker_collector(const struct worker *w);
const struct enrich_counters *worker_enrich(const struct worker *w);
size_t	worker_sockets(const struct worker *w, struct udp_sock *const **ret);
uint64_t worker_held_slices(const struct worker *w);	/* hand-overs put off: an output is behind */

/* Ask for the templates and options as text; the answer is ready when it returns non-NULL. */
void	worker_ask_templates(struct worker *w);
char	*worker_take_templates(struct worker *w);

#endif
