/* SPDX-License-Identifier: BSD-2-Clause */
/* The sql_* keys of an output, read once. Texts are borrowed from the configuration. */
#ifndef WB_SQL_SETTINGS_H
#define WB_SQL_SETTINGS_H

#include "out/output.h"
#include "sql/backend.h"

struct sql_settings {
	struct sql_shape shape;
	struct sql_place place, backup;	/* backup.host NULL: none */
	struct sbuf table;		/* pattern of the name (out/dynname.h) */
	struct sbuf schema;		/* text of sql_table_schema; empty: none */
	bool insert_only, ledger;
	unsigned connections;		/* sql_connections; 1 without a ledger */
	bool auto_bgp;			/* the aggregate made the type bgp */
	bool default_table;		/* sql_table is not set */
	int64_t refresh_s, history_s;
	uint64_t post_tag, post_tag2;
};

/* -1 with a sentence. */
int	settings_read(const struct out_env *env, enum sql_engine engine, struct sql_settings *ret,
	    struct sbuf *err);
/* Where the database is, of any output. */
void	settings_place(const struct out_env *env, enum sql_engine engine, struct sql_place *ret);
void	settings_done(struct sql_settings *set);

#endif
