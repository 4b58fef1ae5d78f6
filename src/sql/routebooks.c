/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of outputs of routes: of current routes, and of a history. */
#include "core/mem.h"
#include "sql/routetake.h"

#define ROW(name, field, kind, text) \
	{ name, offsetof(struct routes_counters, field), COUNTER_##kind, text }
const struct counter_row routes_current_rows[] = {
	ROW("changes", changes, IN, "changes of routes"),
	ROW("scanned", scanned, MADE, "routes taken from the RIB"),
	ROW("written", written, OUT, "rows written"),
	ROW("removed", removed, OUT, "rows removed"),
	ROW("conflated", conflated, OUT, "changes that a later one took the place of"),
	ROW("unknown", unknown, DROP, "changes of more tellers than are kept apart"),
	ROW("waiting", map_held, HELD, "routes that wait for their time"),
	ROW("writing", writing_held, HELD, "routes that are being written"),
	ROW("swept", swept, INFO, "rows of earlier runs, removed"),
	ROW("scans", rescans, INFO, "times that all routes were taken from the RIB"),
	ROW("retries", retries, INFO, "writes that failed"),
};
const size_t routes_current_count = ARRAY_LEN(routes_current_rows);

const struct counter_row routes_history_rows[] = {
	ROW("changes", history_in, IN, "changes of routes and tellers"),
	ROW("recovered", recovered, MADE, "changes of an earlier run, found on disk"),
	ROW("written", history_written, OUT, "rows written"),
	ROW("lost", history_lost, DROP, "changes that found no room"),
	ROW("bad", bad, DROP, "changes in damaged files, set aside"),
	ROW("open", open_held, HELD, "changes in the open batch"),
	ROW("held", spool_held, HELD, "changes in batches to be written"),
	ROW("bytes", spool_bytes, LEVEL, "bytes of batches on disk"),
};
#undef ROW
const size_t routes_history_count = ARRAY_LEN(routes_history_rows);
