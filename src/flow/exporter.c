/* SPDX-License-Identifier: BSD-2-Clause */
/* The input books of an exporter, a row per counter. The structs are the collector's. */
#include "flow/exporter.h"

#include "core/mem.h"

#define ROW(field, kind, help) \
	{ #field, offsetof(struct exporter_counters, field), COUNTER_##kind, help }

const struct counter_row exporter_counter_rows[] = {
	ROW(datagrams, INFO, "datagrams taken"),
	ROW(bytes, INFO, "bytes of their payload"),
	ROW(records, IN, "data records received; a set that cannot be read counts as one"),
	ROW(made, MADE, "records made here: the reverse of a biflow"),
	ROW(flows, OUT, "flows handed on"),
	ROW(option_records, OUT, "records taken as options data"),
	ROW(held, HELD, "records that wait for a template or a sampling rate"),
	ROW(drop_no_template, DROP, "data sets whose template did not come within the bounds"),
	ROW(drop_malformed, DROP, "records refused for their form; a refused rest counts as one"),
	ROW(seq_lost, INFO, "flows (v5), datagrams (v9) or records (IPFIX) that never came"),
	ROW(seq_jumps, INFO, "gaps in the sequence"),
	ROW(seq_reordered, INFO, "datagrams that came late or twice"),
	ROW(seq_restarts, INFO, "times the exporter began its sequence anew"),
	ROW(datagrams_malformed, INFO, "datagrams refused in whole or in part"),
	ROW(unknown_version, INFO, "datagrams of an unknown version"),
	ROW(templates, INFO, "templates taken or changed"),
	ROW(template_errors, INFO, "templates refused"),
	ROW(unrated, INFO, "flows whose sampling rate never came"),
	ROW(late, INFO, "flows binned by their arrival"),
};
const size_t exporter_counter_count = ARRAY_LEN(exporter_counter_rows);
