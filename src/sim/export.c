/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Export datagrams of the simulator: NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011). Records are laid
 * out from one table of fields, which also writes the templates.
 */
#include "sim/export.h"

#include <sys/socket.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "sim/sender.h"
#include "sim/speaker.h"

#define DGRAM_MOST	9000

/* What a record says. */
struct record {
	struct addr src, dst, next_hop;
	uint64_t bytes, packets;
	uint32_t in_iface, out_iface;
	uint16_t src_port, dst_port;
	uint8_t proto, tos, tcp_flags, src_mask, dst_mask;
	int32_t src_prefix, dst_prefix;		/* of the table, -1: no route */
};

struct datagram {
	uint8_t *bytes;
	uint32_t len;
	uint32_t exporter;
	uint32_t first_record, records;
	uint64_t sent;
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

/* The fields of a v9 or IPFIX record, in order. */
enum field {
	F_SRC, F_DST, F_BYTES, F_PACKETS, F_IN, F_OUT, F_SRC_PORT, F_DST_PORT, F_PROTO, F_TOS,
	F_FLAGS, F_SRC_MASK, F_DST_MASK, F_SRC_AS, F_DST_AS, F_NEXT_HOP, F_FIRST, F_LAST,
	F_DIRECTION, F_SAMPLER, FIELDS
};

static const struct field_row {
	uint16_t id4, id6, id_v9;	/* elements; id_v9 0: the same */
	uint8_t len4, len6, len_v9;
} fields[FIELDS] = {
	[F_SRC] = { 8, 27, 0, 4, 16, 0 },
	[F_DST] = { 12, 28, 0, 4, 16, 0 },
	[F_BYTES] = { 1, 1, 0, 8, 8, 0 },
	[F_PACKETS] = { 2, 2, 0, 8, 8, 0 },
	[F_IN] = { 10, 10, 0, 4, 4, 0 },
	[F_OUT] = { 14, 14, 0, 4, 4, 0 },
	[F_SRC_PORT] = { 7, 7, 0, 2, 2, 0 },
	[F_DST_PORT] = { 11, 11, 0, 2, 2, 0 },
	[F_PROTO] = { 4, 4, 0, 1, 1, 0 },
	[F_TOS] = { 5, 5, 0, 1, 1, 0 },
	[F_FLAGS] = { 6, 6, 0, 1, 1, 0 },
	[F_SRC_MASK] = { 9, 29, 0, 1, 1, 0 },
	[F_DST_MASK] = { 13, 30, 0, 1, 1, 0 },
	[F_SRC_AS] = { 16, 16, 0, 4, 4, 0 },
	[F_DST_AS] = { 17, 17, 0, 4, 4, 0 },
	[F_NEXT_HOP] = { 18, 63, 0, 4, 16, 0 },
	[F_FIRST] = { 152, 152, 22, 8, 8, 4 },
	[F_LAST] = { 153, 153, 21, 8, 8, 4 },
	[F_DIRECTION] = { 61, 61, 0, 1, 1, 0 },
	[F_SAMPLER] = { 48, 48, 0, 2, 2, 0 },
};

static unsigned
field_len(unsigned version, enum field f, bool v6)
{
	if (version == 9 && fields[f].len_v9 != 0)
		return fields[f].len_v9;
	return v6 ? fields[f].len6 : fields[f].len4;
}

/* The sampler field stands in the template only where sampling is announced. */
static unsigned
field_count(const struct export_conf *conf)
{
	return conf->sampling > 0 ? FIELDS : FIELDS - 1;
}

static unsigned
record_len(const struct export_conf *conf, bool v6)
{
	unsigned len = 0;

	if (conf->version == 5)
		return 48;
	for (unsigned f = 0; f < field_count(conf); f++)
		len += field_len(conf->version, f, v6);
	return len;
}

/* Where the times of a record lie, for the patching before each sending. */
static unsigned
time_at(const struct export_conf *conf, bool v6)
{
	unsigned at = 0;

	if (conf->version == 5)
		return 24;
	for (unsigned f = 0; f < F_FIRST; f++)
		at += field_len(conf->version, f, v6);
	return at;
}

static void
put_addr(struct wr *w, const struct addr *a)
{
	if (addr_is_v4(a))
		wr_bytes(w, a->b + 12, 4);
	else
		wr_bytes(w, a->b, 16);
}

static void
put_record5(struct wr *w, const struct record *r)
{
	put_addr(w, &r->src);
	put_addr(w, &r->dst);
	put_addr(w, &r->next_hop);
	wr_u16(w, (uint16_t)r->in_iface);
	wr_u16(w, (uint16_t)r->out_iface);
	wr_u32(w, (uint32_t)r->packets);
	wr_u32(w, (uint32_t)r->bytes);
	wr_u64(w, 0);				/* first, last: patched */
	wr_u16(w, r->src_port);
	wr_u16(w, r->dst_port);
	wr_u8(w, 0);
	wr_u8(w, r->tcp_flags);
	wr_u8(w, r->proto);
	wr_u8(w, r->tos);
	wr_u32(w, 0);				/* 16-bit ASNs: what the router does not know */
	wr_u8(w, r->src_mask);
	wr_u8(w, r->dst_mask);
	wr_u16(w, 0);
}

static void
put_record(struct wr *w, const struct export_conf *conf, const struct record *r)
{
	unsigned time_len = conf->version == 9 ? 4 : 8;

	put_addr(w, &r->src);
	put_addr(w, &r->dst);
	wr_u64(w, r->bytes);
	wr_u64(w, r->packets);
	wr_u32(w, r->in_iface);
	wr_u32(w, r->out_iface);
	wr_u16(w, r->src_port);
	wr_u16(w, r->dst_port);
	wr_u8(w, r->proto);
	wr_u8(w, r->tos);
	wr_u8(w, r->tcp_flags);
	wr_u8(w, r->src_mask);
	wr_u8(w, r->dst_mask);
	wr_u32(w, 0);
	wr_u32(w, 0);
	put_addr(w, &r->next_hop);
	wr_uint(w, 0, time_len);
	wr_uint(w, 0, time_len);
	wr_u8(w, 0);
	if (conf->sampling > 0)
		wr_u16(w, 1);
}

/* --- what is sent ------------------------------------------------------------------------------- */

/* Ranks with a Zipf distribution, drawn by inverting the continuous form of the sum. */
static uint32_t
draw_rank(const struct export_conf *conf, uint64_t random)
{
	double u = (double)(random >> 11) / 9007199254740992.0;
	double n = table_count(conf->table), s = conf->zipf, x;

	if (s <= 0)
		return (uint32_t)(u * n);
	if (fabs(s - 1) < 1e-9)
		x = exp(u * log(n + 1));
	else
		x = pow(1 + u * (pow(n + 1, 1 - s) - 1), 1 / (1 - s));
	return x - 1 >= n ? (uint32_t)n - 1 : (uint32_t)(x - 1);
}

/* A host in a prefix of the wanted family, popular prefixes more often. */
static struct addr
draw_host(const struct export_conf *conf, uint64_t random, bool v6)
{
	uint32_t n = table_count(conf->table);
	uint32_t at = (uint32_t)(sim_mix(conf->seed, draw_rank(conf, random)) % n);
	const struct prefix *p;
	struct addr a;
	uint64_t host = sim_mix(random, 99);
	unsigned keep;

	for (uint32_t i = 0; i < n && addr_is_v4(&table_prefix(conf->table, at)->addr) == v6; i++)
		at = (at + 7919) % n;
	p = table_prefix(conf->table, at);
	a = p->addr;
	keep = p->len + (addr_is_v4(&a) ? 96u : 0u);
	for (unsigned bit = keep; bit < 128; bit++)
		if (host >> (bit % 61) & 1)
			a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

static void
draw_record(const struct export_conf *conf, unsigned router, uint64_t i, bool v6,
    struct record *ret)
{
	uint64_t r = sim_mix(conf->seed + 1, i), q = sim_mix(conf->seed + 2, i);
	struct sim_route route;
	static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 47, 50 };

	*ret = (struct record){ 0 };
	ret->src = draw_host(conf, sim_mix(r, 1), v6);
	ret->dst = draw_host(conf, sim_mix(r, 2), v6);
	ret->src_prefix = (int32_t)table_match(conf->table, router, &ret->src);
	ret->dst_prefix = (int32_t)table_match(conf->table, router, &ret->dst);
	ret->packets = 1 + q % 40 * (q >> 8 & 1);
	ret->bytes = ret->packets * (40 + (q >> 16) % 1460);
	ret->in_iface = 1 + (uint32_t)(q >> 32) % 8;
	ret->out_iface = 1 + (uint32_t)(q >> 36) % 8;
	ret->proto = protos[q >> 40 & 7];
	if (ret->proto == 6 || ret->proto == 17) {
		ret->src_port = (uint16_t)(1024 + (r >> 32) % 64000);
		ret->dst_port = (uint16_t[]){ 443, 80, 53, 22, 8080, 123, 25, 993 }[q >> 44 & 7];
	}
	if (ret->proto == 6)
		ret->tcp_flags = 0x10 | (q >> 48 & 0x0b);
	ret->next_hop = v6 ? (struct addr){ { 0 } } : addr_of_v4(0);
	if (ret->src_prefix >= 0)
		ret->src_mask = table_prefix(conf->table, (uint32_t)ret->src_prefix)->len;
	if (ret->dst_prefix >= 0) {
		ret->dst_mask = table_prefix(conf->table, (uint32_t)ret->dst_prefix)->len;
		table_route(conf->table, router, (uint32_t)ret->dst_prefix, &route);
		ret->next_hop = route.next_hop;
	}
}

static void
put_header(struct wr *w, const struct export_conf *conf, unsigned records)
{
	switch (conf->version) {
	case 5:
		wr_u16(w, 5);
		wr_u16(w, (uint16_t)records);
		wr_u32(w, 0);			/* uptime, seconds, ns, sequence: patched */
		wr_u64(w, 0);
		wr_u32(w, 0);
		wr_u16(w, (uint16_t)conf->domain);
		wr_u16(w, (uint16_t)(conf->sampling > 0 ? 0x4000 | conf->sampling : 0));
		break;
	case 9:
		wr_u16(w, 9);
		wr_u16(w, (uint16_t)records);
		wr_u64(w, 0);			/* uptime, seconds */
		wr_u32(w, 0);			/* sequence */
		wr_u32(w, conf->domain);
		break;
	default:
		wr_u16(w, 10);
		wr_u16(w, 0);			/* length: filled at the end */
		wr_u64(w, 0);			/* export time, sequence */
		wr_u32(w, conf->domain);
	}
}

static void
end_message(struct wr *w, const struct export_conf *conf)
{
	if (conf->version == 10)
		wr_fill16(w, 2, 4);
}

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

#define TEMPLATE4	256
#define TEMPLATE6	257
#define TEMPLATE_OPT	258

static void
build_datagram(struct export *ex, uint32_t i)
{
	const struct export_conf *conf = &ex->conf;
	struct datagram *d = &ex->datagram[i];
	uint8_t bytes[DGRAM_MOST];
	struct wr w = wr_of(bytes, conf->mtu);
	/* No IPv6 without routes for it, and none in v5. */
	bool v6 = conf->version != 5 && sim_mix(conf->seed, i) % 10 < conf->v6_percent / 10 &&
	    !addr_is_v4(&table_prefix(conf->table, table_count(conf->table) - 1)->addr);
	unsigned len = record_len(conf, v6), header = conf->version == 10 ? 20 : 24;
	unsigned n = (conf->mtu - header - 3) / len;
	size_t mark = 0;

	if (conf->version == 5 && n > 30)
		n = 30;
	d->exporter = talker(conf, i / ex->burst);
	d->first_record = (uint32_t)ex->records;
	d->records = n;
	ex->record = mem_grow(ex->record, ex->records + n, sizeof(*ex->record));
	put_header(&w, conf, n);
	if (conf->version != 5) {
		wr_u16(&w, v6 ? TEMPLATE6 : TEMPLATE4);
		mark = wr_mark16(&w);
	}
	for (unsigned k = 0; k < n; k++) {
		struct record *r = &ex->record[ex->records];

		draw_record(conf, d->exporter % conf->routers, ex->records, v6, r);
		ex->records++;
		if (conf->version == 5)
			put_record5(&w, r);
		else
			put_record(&w, conf, r);
	}
	if (conf->version == 9)
		while (wr_len(&w) % 4 != 0)
			wr_u8(&w, 0);
	if (conf->version != 5)
		wr_fill16(&w, mark, 4);
	end_message(&w, conf);
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

static void
set32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
set64(uint8_t *p, uint64_t v)
{
	set32(p, (uint32_t)(v >> 32));
	set32(p + 4, (uint32_t)v);
}

static uint32_t
uptime_ms(const struct export *ex)
{
	return 3600000 + (uint32_t)(mono_since(mono_now(), ex->start) / NS_PER_MS);
}

/*
 * Fresh times and sequence number. Uptime counts from an hour before the start. Every flow began
 * 1 s before its export and ended then: bins by flow start stay next to those by arrival.
 */
static void
patch(struct export *ex, struct datagram *d, wall_t now, uint32_t uptime)
{
	const struct export_conf *conf = &ex->conf;
	struct exporter_state *e = &ex->exporter[d->exporter];
	bool v6 = conf->version != 5 && (d->bytes[conf->version == 9 ? 21 : 17] & 1);
	unsigned len = record_len(conf, v6), at = time_at(conf, v6);
	uint8_t *p;

	if (conf->version == 10) {
		set32(d->bytes + 4, (uint32_t)wall_sec(now));
		set32(d->bytes + 8, e->sequence);
		e->sequence += d->records;
		p = d->bytes + 20;
	} else {
		set32(d->bytes + 4, uptime);
		set32(d->bytes + 8, (uint32_t)wall_sec(now));
		if (conf->version == 5) {
			set32(d->bytes + 12, (uint32_t)(now.ns % NS_PER_SEC));
			set32(d->bytes + 16, e->sequence);
			e->sequence += d->records;
			p = d->bytes + 24;
		} else {
			set32(d->bytes + 12, e->sequence++);
			p = d->bytes + 24;
		}
	}
	for (uint32_t i = 0; i < d->records; i++, p += len) {
		if (conf->version == 10) {
			uint64_t ms = (uint64_t)(now.ns / NS_PER_MS);

			set64(p + at, ms - 1000);
			set64(p + at + 8, ms);
		} else {
			/* v9 has first then last, as the template says; v5 too. */
			set32(p + at, uptime - 1000);
			set32(p + at + 4, uptime);
		}
	}
}

static void
put_template(struct wr *w, const struct export_conf *conf, bool v6)
{
	wr_u16(w, v6 ? TEMPLATE6 : TEMPLATE4);
	wr_u16(w, (uint16_t)field_count(conf));
	for (unsigned f = 0; f < field_count(conf); f++) {
		uint16_t id = v6 ? fields[f].id6 : fields[f].id4;

		if (conf->version == 9 && fields[f].id_v9 != 0)
			id = fields[f].id_v9;
		wr_u16(w, id);
		wr_u16(w, (uint16_t)field_len(conf->version, f, v6));
	}
}

/* Options: sampler 1 takes one packet in `sampling`. Scope: the whole system (domain in IPFIX). */
static void
put_options(struct wr *w, const struct export_conf *conf)
{
	bool v9 = conf->version == 9;
	size_t mark;

	wr_u16(w, v9 ? 1 : 3);
	mark = wr_mark16(w);
	wr_u16(w, TEMPLATE_OPT);
	if (v9) {
		wr_u16(w, 4);			/* bytes of scope fields, of option fields */
		wr_u16(w, 12);
		wr_u16(w, 1);			/* scope: system */
		wr_u16(w, 4);
	} else {
		wr_u16(w, 4);			/* fields, of these scope */
		wr_u16(w, 1);
		wr_u16(w, 149);			/* observationDomainId */
		wr_u16(w, 4);
	}
	wr_u16(w, 48);
	wr_u16(w, 2);
	wr_u16(w, 49);
	wr_u16(w, 1);
	wr_u16(w, 50);
	wr_u16(w, 4);
	if (v9)
		wr_u16(w, 0);			/* padding to 4 bytes */
	wr_fill16(w, mark, 4);
	wr_u16(w, TEMPLATE_OPT);
	mark = wr_mark16(w);
	wr_u32(w, conf->domain);
	wr_u16(w, 1);
	wr_u8(w, 2);				/* random */
	wr_u32(w, conf->sampling);
	if (v9)
		wr_u8(w, 0);
	wr_fill16(w, mark, 4);
}

void
export_templates(struct export *ex)
{
	const struct export_conf *conf = &ex->conf;
	wall_t now = wall_now();

	if (conf->version == 5)
		return;
	for (unsigned i = 0; i < conf->exporters; i++) {
		struct exporter_state *e = &ex->exporter[i];
		uint8_t bytes[1400];
		struct wr w = wr_of(bytes, sizeof(bytes));
		size_t mark;

		put_header(&w, conf, conf->sampling > 0 ? 4 : 2);
		wr_u16(&w, conf->version == 9 ? 0 : 2);
		mark = wr_mark16(&w);
		put_template(&w, conf, false);
		put_template(&w, conf, true);
		wr_fill16(&w, mark, 4);
		if (conf->sampling > 0)
			put_options(&w, conf);
		end_message(&w, conf);
		if (conf->version == 10) {
			set32(bytes + 4, (uint32_t)wall_sec(now));
			set32(bytes + 8, e->sequence);
			e->sequence += conf->sampling > 0;	/* a data record, RFC 7011 3.1 */
		} else {
			set32(bytes + 4, uptime_ms(ex));
			set32(bytes + 8, (uint32_t)wall_sec(now));
			set32(bytes + 12, e->sequence++);
		}
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

/* Send n datagrams of one exporter, all of them patched already. */
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
		uint32_t k = burst_from(ex, n - (ex->flows - before)), uptime = uptime_ms(ex);
		wall_t now = wall_now();

		for (uint32_t i = 0; i < k; i++)
			patch(ex, d + i, now, uptime);
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

/* --- what must come out ------------------------------------------------------------------------- */

static void
expect_path(FILE *f, const struct sim_route *route)
{
	for (unsigned i = 0; i < route->hops; i++)
		fprintf(f, "%s%u", i > 0 ? "_" : "", route->aspath[i]);
}

static void
expect_end(FILE *f, const struct export_conf *conf, int32_t i)
{
	char text[ADDR_TEXT];
	const struct prefix *p;

	if (i < 0) {
		fprintf(f, ",,0");
		return;
	}
	p = table_prefix(conf->table, (uint32_t)i);
	fprintf(f, ",%s,%u", addr_text(&p->addr, text), p->len);
}

void
export_expect(const struct export *ex, FILE *f)
{
	const struct export_conf *conf = &ex->conf;
	uint64_t scale = conf->sampling > 0 ? conf->sampling : 1;

	fprintf(f, "exporter,src_as,dst_as,as_path,peer_dst_as,local_pref,med,next_hop,comms,"
	    "src_net,src_mask,dst_net,dst_mask,flows,packets,bytes\n");
	for (uint32_t i = 0; i < conf->datagrams; i++) {
		const struct datagram *d = &ex->datagram[i];
		struct addr self = sim_router(&conf->first, d->exporter);
		unsigned router = d->exporter % conf->routers;
		char text[ADDR_TEXT];

		for (uint32_t k = 0; k < d->records && d->sent > 0; k++) {
			const struct record *r = &ex->record[d->first_record + k];
			struct sim_route src = { 0 }, dst = { 0 };

			if (r->src_prefix >= 0)
				table_route(conf->table, router, (uint32_t)r->src_prefix, &src);
			if (r->dst_prefix >= 0)
				table_route(conf->table, router, (uint32_t)r->dst_prefix, &dst);
			fprintf(f, "%s,%u,%u,", addr_text(&self, text),
			    src.hops > 0 ? src.aspath[src.hops - 1] : 0,
			    dst.hops > 0 ? dst.aspath[dst.hops - 1] : 0);
			expect_path(f, &dst);
			fprintf(f, ",%u,%u,%u,%s,", dst.hops > 0 ? dst.aspath[0] : 0, dst.local_pref,
			    dst.med, dst.hops > 0 ? addr_text(&dst.next_hop, text) : "");
			for (unsigned c = 0; c < dst.n_comms; c++)
				fprintf(f, "%s%u:%u", c > 0 ? "_" : "", dst.comms[c] >> 16,
				    dst.comms[c] & 0xffff);
			expect_end(f, conf, r->src_prefix);
			expect_end(f, conf, r->dst_prefix);
			fprintf(f, ",%llu,%llu,%llu\n", (unsigned long long)d->sent,
			    (unsigned long long)(d->sent * r->packets * scale),
			    (unsigned long long)(d->sent * r->bytes * scale));
		}
	}
}
