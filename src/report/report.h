/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports over the tables that the outputs fill. One row of report_kinds per report; `waybill
 * report NAME` runs it.
 */
#ifndef WB_REPORT_REPORT_H
#define WB_REPORT_REPORT_H

#include "core/sbuf.h"

struct report_conf {
	const char *db;			/* path of the SQLite file */
	const char *table;		/* "acct_as" */
	unsigned top;			/* rows shown */
	bool json;
};

struct report_kind {
	const char *name, *help;
	int (*run)(const struct report_conf *conf, struct sbuf *out, struct sbuf *err);
};

extern const struct report_kind report_kinds[];
extern const size_t report_kind_count;

/* The columns that reports group by, where an index helps; ends with NULL. */
extern const char *const report_columns[];

#endif
