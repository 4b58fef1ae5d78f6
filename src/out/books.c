/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The books of an output as a table, for status, metrics and the check that they balance. Flows,
 * bytes and packets each balance for themselves.
 */
#include "core/mem.h"
#include "out/output.h"

#define C(f) offsetof(struct out_counters, f)
const struct counter_row out_counter_rows[] = {
	{ "flows_in", C(flows_in), COUNTER_IN, "flows handed to the output" },
	{ "made", C(made), COUNTER_MADE, "flows added a second time, under their other end (sum_*)" },
	{ "filtered", C(filtered), COUNTER_DROP, "flows held back by the output's filters" },
	{ "ignored", C(reason[FILTERED_IGNORED]), COUNTER_INFO, "of those, by a rule of pre_tag_map" },
	{ "filtered_tag", C(reason[FILTERED_TAG]), COUNTER_INFO, "of those, by pre_tag_filter" },
	{ "filtered_tag2", C(reason[FILTERED_TAG2]), COUNTER_INFO, "of those, by pre_tag2_filter" },
	{ "filtered_label", C(reason[FILTERED_LABEL]), COUNTER_INFO,
	    "of those, by pre_tag_label_filter" },
	{ "filtered_expression", C(reason[FILTERED_EXPRESSION]), COUNTER_INFO,
	    "of those, by aggregate_filter" },
	{ "flows_added", C(flows_added), COUNTER_OUT, "flows added to rows" },
	{ "late", C(late), COUNTER_INFO,
	    "flows out of bin_past..bin_future, put into the bin of their arrival" },
	{ "bytes_added", C(bytes_added), COUNTER_IN, "bytes added to rows" },
	{ "bytes_purged", C(bytes_purged), COUNTER_OUT, "bytes of the rows written" },
	{ "bytes_rejected", C(bytes_rejected), COUNTER_DROP,
	    "bytes of rows left out by preprocess or not taken by the table" },
	{ "bytes_held", C(bytes_held), COUNTER_HELD, "bytes of rows not written yet" },
	{ "packets_added", C(packets_added), COUNTER_IN, "packets added to rows" },
	{ "packets_purged", C(packets_purged), COUNTER_OUT, "packets of the rows written" },
	{ "packets_rejected", C(packets_rejected), COUNTER_DROP,
	    "packets of rows left out by preprocess or not taken by the table" },
	{ "packets_held", C(packets_held), COUNTER_HELD, "packets of rows not written yet" },
	{ "rows_purged", C(rows_purged), COUNTER_INFO, "rows written" },
	{ "rows_rejected", C(rows_rejected), COUNTER_INFO,
	    "rows left out by preprocess or not taken by the table" },
	{ "purges", C(purges), COUNTER_INFO, "purges completed" },
	{ "retries", C(retries), COUNTER_INFO, "purges tried again" },
	{ "slices", C(slices), COUNTER_INFO, "slices taken" },
	{ "early_slices", C(early_slices), COUNTER_INFO, "slices handed over early, being full" },
};
#undef C
const size_t out_counter_count = ARRAY_LEN(out_counter_rows);
