/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of the control socket: rows of a table, each answering as text for people and as JSON.
 * The daemon registers them; `waybill` sends "WORD ARG...\n" over the socket and prints the answer;
 * GET /api/v1/WORD gives the same JSON. Run in the control thread, within a slice; what takes
 * longer answers through the reader thread.
 */
#ifndef WB_CTL_COMMAND_H
#define WB_CTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sbuf.h"

struct event_base;
struct answer;				/* one that is owed to a client */

struct command {
	const char *word;		/* "status" */
	const char *usage;		/* "rib ADDRESS [--peer P]" */
	const char *help;
	/* Write the answer; 0, or -1 with the reason in out. */
	int (*run)(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
	bool http;			/* also GET /api/v1/word */
	/*
	 * Instead of run, for what takes longer: 1 when answer_done will be called for `a`, once and by
	 * control; else as run.
	 */
	int (*begin)(void *ctx, int argc, char **argv, bool json, struct answer *a,
	    struct sbuf *out);
};

/* Give the answer and forget it; its client may have gone meanwhile. status: 0, or -1. */
void	answer_done(struct answer *a, int status, const struct sbuf *body);

struct ctl;

struct ctl_conf {
	const char *socket_path;	/* control socket, mode 0660; NULL: none */
	const char *http_listen;	/* "127.0.0.1:8099", NULL: none */
	const struct command *commands;
	size_t count;
	void *ctx;			/* for run */
	/* Bodies of /metrics (OpenMetrics) and /healthz; healthz gives 200 or 503. */
	void (*metrics)(void *ctx, struct sbuf *out);
	int (*healthz)(void *ctx, struct sbuf *out);
};

/* The parts of "ADDRESS:PORT", IPv6 addresses in brackets; -1: it has another form. */
#define CTL_HOST_ROOM	80
int	ctl_http_address(const char *text, char host[CTL_HOST_ROOM], uint16_t *ret_port);

struct ctl *ctl_start(struct event_base *base, const struct ctl_conf *conf, struct sbuf *err);
void	ctl_stop(struct ctl *ctl);

/* Client side: one request, the answer in out. -1 with errno where the daemon is not there. */
int	ctl_request(const char *socket_path, int argc, char **argv, bool json, struct sbuf *out,
	    int *ret_status);

#endif
