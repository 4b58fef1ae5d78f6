/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing routes through a backend: maps into a table of current routes, batches into a history. Used by
 * one thread. What fails is as it was and may be tried again.
 */
#ifndef WB_SQL_ROUTEWRITE_H
#define WB_SQL_ROUTEWRITE_H

#include "sql/routecols.h"
#include "sql/routemap.h"

struct routewrite_conf {
	const struct sql_backend *backend;
	struct sql_place place;
	const char *output;		/* its name, for the ledger */
	const char *subject;		/* for log lines */
	const char *table;		/* of current routes, NULL: none */
	const char *history;		/* pattern of the name (out/dynname.h), NULL: none */
	int64_t history_s;
	bool ledger;
};

struct routewrite;

/* Texts are borrowed. NULL with a sentence. */
struct routewrite *routewrite_open(const struct routewrite_conf *conf, struct sbuf *err);
void	routewrite_close(struct routewrite *w);

/* The next part of a map: up to some ten thousand rows. 1: there is more, 0: all is written, -1. */
int	routewrite_map(struct routewrite *w, struct routemap *m, struct sbuf *err);

/* Rows of other generations than the map's go. -1, or how many. */
int64_t	routewrite_sweep(struct routewrite *w, const struct routemap *m, struct sbuf *err);

int	routewrite_batch(struct routewrite *w, const struct routebatch *b, struct sbuf *err);

#endif
