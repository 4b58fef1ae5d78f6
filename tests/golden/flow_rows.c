/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays captures of export datagrams through a collector and prints what came out: a row of text
 * per flow, or with -s one line of sums per exporter and for all. Ends with 2 where the books of an
 * exporter do not balance.
 *
 *	flow_rows [-s] FILE...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "flow/collector.h"
#include "net/savefile.h"

static const char head[] = "exporter\tversion\tdomain\ttemplate\tkind\tsrc\tdst\tproto\tsport"
    "\tdport\ttos\tflags\tin\tout\tpackets\tbytes\tflows\tstart\tend\tsrc_as\tdst_as\tsrc_mask"
    "\tdst_mask\tnext_hop\tbgp_next_hop\tvlan\tsrc_mac\tdst_mac\trate\tlabels\tapp\n";

struct run {
	bool sums;
	struct names *names;
	uint64_t flows, packets, bytes;
};

static const char *
text_of(const struct addr *a, char room[ADDR_TEXT])
{
	return addr_is_set(a) ? addr_text(a, room) : "-";
}

static void
print_time(wall_t t)
{
	if (t.ns == 0)
		printf("\t-");
	else
		printf("\t%" PRId64 ".%03d", wall_sec(t), (int)(t.ns % NS_PER_SEC / NS_PER_MS));
}

static void
print_mac(const uint8_t *m)
{
	printf("\t%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void
print_flow(const struct flow *f)
{
	char a[ADDR_TEXT];

	printf("%s\t%u\t%u", addr_text(&f->exporter->addr, a), f->export_version,
	    f->exporter->domain);
	printf("\t%u\t%u", f->template_id, f->kind);
	printf("\t%s", text_of(&f->src, a));
	printf("\t%s", text_of(&f->dst, a));
	printf("\t%u\t%u\t%u\t%u\t%u", f->proto, f->src_port, f->dst_port, f->tos, f->tcp_flags);
	printf("\t%u\t%u", f->in_iface, f->out_iface);
	printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, f->packets, f->bytes, f->flows);
	print_time(f->start);
	print_time(f->end);
	printf("\t%u\t%u\t%u\t%u", f->src_as, f->dst_as, f->src_mask, f->dst_mask);
	printf("\t%s", text_of(&f->ip_next_hop, a));
	printf("\t%s", text_of(&f->bgp_next_hop, a));
	printf("\t%u", f->vlan);
	print_mac(f->src_mac);
	print_mac(f->dst_mac);
	printf("\t%u\t", f->sampling_rate);
	for (unsigned i = 0; i < f->mpls_labels; i++)
		printf("%s%u", i ? "_" : "", f->mpls_label[i]);
	printf("%s\t%" PRIx64 "\n", f->mpls_labels ? "" : "-", f->app_id);
}

static void
take_batch(struct flow_batch *batch, void *ctx)
{
	struct run *run = ctx;

	for (unsigned i = 0; i < batch->count; i++) {
		run->flows++;
		run->packets += batch->flow[i].packets;
		run->bytes += batch->flow[i].bytes;
		if (!run->sums)
			print_flow(&batch->flow[i]);
	}
	batch->count = 0;
}

static bool
books_balance(const struct collector *col)
{
	bool ok = counter_balance(collector_counters(col), collector_counter_rows,
	    collector_counter_count) == 0;

	for (size_t i = 0; i < collector_exporters(col); i++)
		ok &= counter_balance(&collector_exporter(col, i)->c, exporter_counter_rows,
		    exporter_counter_count) == 0;
	return ok;
}

static void
print_sums(const struct collector *col, const struct run *run)
{
	for (size_t i = 0; i < collector_exporters(col); i++) {
		const struct exporter *ex = collector_exporter(col, i);
		char a[ADDR_TEXT];

		printf("exporter\t%s\t%u\t%u", addr_text(&ex->addr, a), ex->version, ex->domain);
		for (size_t k = 0; k < exporter_counter_count; k++) {
			const struct counter_row *row = &exporter_counter_rows[k];
			uint64_t n = counter_get((const counter_t *)((const char *)&ex->c + row->at));

			if (n > 0)
				printf("\t%s=%" PRIu64, row->name, n);
		}
		printf("\n");
	}
	printf("all\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", run->flows, run->packets, run->bytes);
}

/* 0, 1 for a file that cannot be read, 2 for books that do not balance. */
static int
replay(const char *path, bool sums)
{
	struct run run = { .sums = sums, .names = names_new(65536) };
	struct collector_conf conf = { .names = run.names };
	struct collector *col = collector_new(&conf);
	struct flow_batch batch = { .flow = mem_array(FLOW_BATCH, sizeof(struct flow)),
	    .full = take_batch, .ctx = &run };
	struct sbuf err = { 0 };
	struct savefile *sf = savefile_open(path, &err);
	struct dgram d;
	int got = -1, ret = 0;

	while (sf != NULL && (got = savefile_next(sf, &d, &err)) == 1) {
		collector_datagram(col, &d, &batch);
		take_batch(&batch, &run);
		if (!books_balance(col))
			ret = 2;
	}
	if (got < 0) {
		fprintf(stderr, "%s: %s\n", path, sbuf_text(&err));
		ret = 1;
	}
	collector_tick(col, mono_add(mono_now(), 3600 * NS_PER_SEC), wall_now(), &batch);
	take_batch(&batch, &run);
	if (!books_balance(col))
		ret = 2;
	if (sums)
		print_sums(col, &run);
	savefile_close(sf);
	collector_free(col);
	names_free(run.names);
	mem_free(batch.flow);
	sbuf_done(&err);
	return ret;
}

int
main(int argc, char **argv)
{
	bool sums = argc > 1 && strcmp(argv[1], "-s") == 0;
	int ret = 0;

	if (!sums)
		fputs(head, stdout);
	for (int i = sums ? 2 : 1; i < argc; i++) {
		int one = replay(argv[i], sums);

		ret = one > ret ? one : ret;
	}
	return ret;
}
