/* SPDX-License-Identifier: BSD-2-Clause */
/* The sql_* keys of an output of routes, read once. Texts but for tables are of the configuration. */
#ifndef WB_SQL_ROUTECONF_H
#define WB_SQL_ROUTECONF_H

#include "out/output.h"
#include "sql/backend.h"

struct routeconf {
	const struct sql_backend *backend;
	struct sql_place place;
	bool current, history, ledger, sync;
	struct sbuf table, history_table, dir;
	struct bins bins;
	int64_t refresh_s, history_s;
	uint64_t spool_bytes;
};

/* -1 with a sentence. bgp, bmp: whose routes, for the names of tables. */
int	routeconf_read(const struct out_env *env, bool bgp, bool bmp, struct routeconf *ret,
	    struct sbuf *err);
void	routeconf_done(struct routeconf *rc);

#endif
