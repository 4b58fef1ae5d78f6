/* SPDX-License-Identifier: BSD-2-Clause */
/* The exporters of the simulator: their sockets, their datagrams, and how often each was sent. */
#include "sim/export.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "sim/sender.h"
#include "sim/speaker.h"

#define DGRAM_MOST	9000

struct datagram {
	uint8_t *bytes;
	uint32_t len;
	uint32_t exporter;
	uint32_t first_record, records;
	uint64_t sent;
	bool v6;
};

struct exporter_state {
	int fd;
	uint32_t sequence;
};

struct export {
	struct export_conf conf;
	struct exporter_state *exporter;
	struct datagram *datagram;
	struct record *record;
	size_t records;
	uint32_t next;			/* datagram to send */
	uint32_t burst;			/* neighbours of one exporter: sent by one call */
	mono_t start;
	uint64_t flows, sent, refused;
};

/*
 * The exporter of the i-th burst of datagrams. Those that have the routes of router 0 keep silent
 * while it flaps: what their flows would meet is anybody's guess.
 */
static uint32_t
talker(const struct export_conf *conf, uint32_t i)
{
	uint32_t silent = conf->exporters / conf->routers + (conf->exporters % conf->routers > 0);

	if (!conf->quiet0)
		return i % conf->exporters;
	i %= conf->exporters - silent;
	return i + 1 + i / (conf->routers - 1);
}

static void
build_datagram(struct export *ex, uint32_t i)
{
	const struct export_conf *conf = &ex->conf;
	const struct table *table = conf->traffic.table;
	struct datagram *d = &ex->datagram[i];
	uint8_t bytes[DGRAM_MOST];
	struct wr w = wr_of(bytes, conf->mtu);

	/* No IPv6 without routes for it, and none in v5. */
	d->v6 = conf->wire.version != 5 &&
	    sim_mix(conf->traffic.seed, i) % 10 < conf->v6_percent / 10 &&
	    !addr_is_v4(&table_prefix(table, table_count(table) - 1)->addr);
	d->exporter = talker(conf, i / ex->burst);
	d->first_record = (uint32_t)ex->records;
	d->records = wire_fits(&conf->wire, conf->mtu, d->v6);
	ex->record = mem_grow(ex->record, ex->records + d->records, sizeof(*ex->record));
	for (; ex->records < d->first_record + d->records; ex->records++)
		traffic_draw(&conf->traffic, d->exporter % conf->routers, ex->records, d->v6,
		    &ex->record[ex->records]);
	wire_data(&w, &conf->wire, &ex->record[d->first_record], d->records, d->v6);
	d->len = (uint32_t)wr_len(&w);
	d->bytes = mem_dup(bytes, d->len);
}

static int
open_socket(struct export *ex, unsigned i, struct sbuf *err)
{
	struct addr self = sim_router(&ex->conf.first, i);
	struct sockaddr_storage local, to;
	socklen_t len = addr_sockaddr(&self, 0, &local);
	int fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 << 20;
	char text[ADDR_TEXT];

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, len) != 0)
		goto fail;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	len = addr_sockaddr(&ex->conf.to, ex->conf.port, &to);
	if (connect(fd, (struct sockaddr *)&to, len) != 0)
		goto fail;
	ex->exporter[i].fd = fd;
	return 0;
fail:
	sbuf_printf(err, "exporter %s: %s", addr_text(&self, text), strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct export *
export_new(const struct export_conf *conf, struct sbuf *err)
{
	struct export *ex = mem_new(sizeof(*ex));

	ex->conf = *conf;
	ex->burst = conf->datagrams / conf->exporters;
	ex->burst = ex->burst < 1 ? 1 : ex->burst > SENDER_BURST ? SENDER_BURST : ex->burst;
	ex->exporter = mem_array(conf->exporters, sizeof(*ex->exporter));
	for (unsigned i = 0; i < conf->exporters; i++)
		ex->exporter[i].fd = -1;
	for (unsigned i = 0; i < conf->exporters; i++)
		if (open_socket(ex, i, err) != 0) {
			export_free(ex);
			return NULL;
		}
	ex->datagram = mem_array(conf->datagrams, sizeof(*ex->datagram));
	for (uint32_t i = 0; i < conf->datagrams; i++)
		build_datagram(ex, i);
	ex->start = mono_now();
	return ex;
}

void
export_free(struct export *ex)
{
	if (ex == NULL)
		return;
	for (unsigned i = 0; i < ex->conf.exporters; i++)
		if (ex->exporter[i].fd >= 0)
			close(ex->exporter[i].fd);
	for (uint32_t i = 0; ex->datagram != NULL && i < ex->conf.datagrams; i++)
		mem_free(ex->datagram[i].bytes);
	mem_free(ex->exporter);
	mem_free(ex->datagram);
	mem_free(ex->record);
	mem_free(ex);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Uptime counts from an hour before the start. */
static struct wire_stamp
stamp_of(const struct export *ex)
{
	int64_t up = mono_since(mono_now(), ex->start);

	return (struct wire_stamp){ wall_now(), 3600000 + (uint32_t)(up / NS_PER_MS), 0 };
}

static void
stamp(struct export *ex, struct datagram *d, struct wire_stamp *stamp)
{
	const struct wire *wire = &ex->conf.wire;
	struct exporter_state *e = &ex->exporter[d->exporter];

	stamp->sequence = e->sequence;
	e->sequence = wire_stamp(wire, d->bytes, stamp, d->records);
	wire_stamp_records(wire, d->bytes, stamp, d->records, d->v6);
}

void
export_templates(struct export *ex)
{
	const struct wire *wire = &ex->conf.wire;
	struct wire_stamp now = stamp_of(ex);
	uint8_t bytes[1400];
	struct wr w = wr_of(bytes, sizeof(bytes));

	if (wire->version == 5)
		return;
	wire_templates(&w, wire);
	for (unsigned i = 0; i < ex->conf.exporters; i++) {
		struct exporter_state *e = &ex->exporter[i];

		now.sequence = e->sequence;
		/* The options are a data record as well (RFC 7011 3.1). */
		e->sequence = wire_stamp(wire, bytes, &now, wire->sampling > 0);
		if (send(e->fd, bytes, wr_len(&w), 0) < 0)
			ex->refused++;
	}
}

/* How many neighbours from `next` on are of one exporter and hold no more than about n flows. */
static uint32_t
burst_from(const struct export *ex, uint64_t n)
{
	uint32_t end = (ex->next / ex->burst + 1) * ex->burst, k = 0;
	uint64_t flows = 0;

	if (end > ex->conf.datagrams)
		end = ex->conf.datagrams;
	while (ex->next + k < end && flows < n)
		flows += ex->datagram[ex->next + k++].records;
	return k;
}

/* Send n datagrams of one exporter, all of them stamped already. */
static void
send_burst(struct export *ex, struct datagram *d, uint32_t n)
{
	struct iovec part[SENDER_BURST];

	for (uint32_t i = 0; i < n; i++)
		part[i] = (struct iovec){ d[i].bytes, d[i].len };
	for (uint32_t i = 0; i < n;) {
		unsigned taken = sender_send(ex->exporter[d->exporter].fd, part + i, n - i,
		    ex->conf.segments);

		if (taken == 0) {
			/* Nobody listens: the flows of this datagram went nowhere. */
			ex->refused++;
			i++;
		}
		for (; taken > 0; taken--, i++) {
			d[i].sent++;
			ex->sent++;
			ex->flows += d[i].records;
		}
	}
}

uint64_t
export_send(struct export *ex, uint64_t n)
{
	uint64_t before = ex->flows;

	while (ex->flows - before < n && ex->refused <= 1000) {
		struct datagram *d = &ex->datagram[ex->next];
		uint32_t k = burst_from(ex, n - (ex->flows - before));
		struct wire_stamp now = stamp_of(ex);

		for (uint32_t i = 0; i < k; i++)
			stamp(ex, d + i, &now);
		send_burst(ex, d, k);
		ex->next = ex->next + k < ex->conf.datagrams ? ex->next + k : 0;
	}
	return ex->flows - before;
}

uint64_t
export_flows(const struct export *ex)
{
	return ex->flows;
}

uint64_t
export_datagrams(const struct export *ex)
{
	return ex->sent;
}

uint64_t
export_refused(const struct export *ex)
{
	return ex->refused;
}

void
export_expect(const struct export *ex, FILE *f)
{
	const struct export_conf *conf = &ex->conf;
	uint64_t scale = conf->wire.sampling > 0 ? conf->wire.sampling : 1;

	traffic_expect_header(f);
	for (uint32_t i = 0; i < conf->datagrams; i++) {
		const struct datagram *d = &ex->datagram[i];
		struct addr self = sim_router(&conf->first, d->exporter);

		for (uint32_t k = 0; k < d->records && d->sent > 0; k++)
			traffic_expect(&conf->traffic, f, &self, d->exporter % conf->routers,
			    &ex->record[d->first_record + k], d->sent, scale);
	}
}
