/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of a kind of output (out/output.h), on top of a backend. */
#ifndef WB_SQL_OUTPUT_PRIV_H
#define WB_SQL_OUTPUT_PRIV_H

#include "out/output.h"
#include "sql/backend.h"

void	*sqlout_open(const struct out_env *env, const struct sql_backend *backend,
	    struct sbuf *err);
void	sqlout_check(const struct out_env *env, const struct sql_backend *backend,
	    struct conf_notes *notes);
int	sqlout_write(void *self, const struct purge *purge, const struct rowset *rs,
	    struct sbuf *err);
void	sqlout_close(void *self);

#endif
