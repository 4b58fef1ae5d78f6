/* SPDX-License-Identifier: BSD-2-Clause */
/* `waybill report NAME`: options of the reports. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "waybill/waybill.h"

static void
usage(FILE *f)
{
	fputs("usage: waybill report NAME --db FILE [--table TABLE] [--top N] [--json]\n\n", f);
	for (size_t i = 0; i < report_kind_count; i++)
		fprintf(f, "  %-8s %s\n", report_kinds[i].name, report_kinds[i].help);
}

int
waybill_report(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "db", required_argument, NULL, 'd' }, { "table", required_argument, NULL, 't' },
		{ "top", required_argument, NULL, 'n' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	struct report_conf conf = { .table = "acct_as", .top = 20 };
	const struct report_kind *kind = NULL;
	struct sbuf out = { 0 }, err = { 0 };
	int c, status;

	optind = 1;
	while ((c = getopt_long(argc, argv, "d:t:n:jh", longs, NULL)) != -1) {
		switch (c) {
		case 'd': conf.db = optarg; break;
		case 't': conf.table = optarg; break;
		case 'n': conf.top = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'j': conf.json = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	for (size_t i = 0; optind < argc && i < report_kind_count; i++)
		if (strcmp(report_kinds[i].name, argv[optind]) == 0)
			kind = &report_kinds[i];
	if (kind == NULL || conf.db == NULL) {
		usage(stderr);
		return 2;
	}
	status = kind->run(&conf, &out, &err) == 0 ? 0 : 1;
	fputs(sbuf_text(&out), stdout);
	if (status != 0)
		fprintf(stderr, "waybill: %s\n", sbuf_text(&err));
	sbuf_done(&out);
	sbuf_done(&err);
	return status;
}
