/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do the tables of an output hold what the ledger says was written to them? Rows of a bin are
 * merged, so what is compared is packets, bytes and flows per table and bin. For tools: asks the
 * database, writes nothing.
 */
#ifndef WB_SQL_VERIFY_H
#define WB_SQL_VERIFY_H

#include "sql/settings.h"

struct verify_conf {
	int64_t from, to;		/* seconds since 1970, bins that begin there; to 0: no end */
	bool json;
};

/*
 * All tables that the ledger names for the output, and the one of a fixed name. Gives how many bins
 * differ, which are listed in `out`; -1 with a sentence where the database did not answer.
 */
int64_t	verify_output(const struct out_env *env, const struct verify_conf *conf, struct sbuf *out,
	    struct sbuf *err);

#endif
