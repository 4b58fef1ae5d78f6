/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table of fields, as in record.c: a row says in which messages it stands. Names of statistics
 * and reasons are pmacct's, since scripts compare them; of what it does not know, ours.
 */
#include "feed/bmprecord.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "feed/tagmap.h"

struct field_of {
	const struct bmprecord *r;
	const struct record_style *style;
	const struct bmp_message *m;
	const struct bmp_stat *stat;	/* of BMP_STATISTICS */
	struct sbuf *room;		/* scratch */
	struct tagmap_result tagged;
};

/* What the messages' fields begin with, and what their TLVs are named. */
static const struct {
	const char *name, *tlvs;
} types[BMP_TYPES] = {
	[BMP_STATISTICS]  = { "stats", "" },
	[BMP_PEER_DOWN]   = { "peer_down", "bmp_peer_down_info" },
	[BMP_PEER_UP]     = { "peer_up", "bmp_peer_up_info" },
	[BMP_INITIATION]  = { "init", "bmp_init_info" },
	[BMP_TERMINATION] = { "term", "bmp_term_info" },
};

static bool
is_dumped(const struct field_of *f)
{
	return f->r->dumped.ns != 0;
}

static void
put_event(struct json *j, const char *name, const struct field_of *f)
{
	json_str(j, name, is_dumped(f) ? "dump" : "log");
}

static void
put_seq(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->seq);
}

static void
put_time(struct json *j, const char *name, const struct field_of *f)
{
	const struct bmp_peer_header *h = &f->m->peer;
	wall_t when = wall_of_sec(h->sec);

	when.ns += (int64_t)(h->usec % 1000000) * 1000;
	record_time(j, name, when, f->style);
}

/* All records of a dump have its time, in whole seconds. */
static void
put_dumped(struct json *j, const char *name, const struct field_of *f)
{
	struct record_style style = *f->style;

	style.secs = true;
	record_time(j, name, f->r->dumped, &style);
}

static void
put_arrival(struct json *j, const char *name, const struct field_of *f)
{
	record_time(j, name, f->r->arrived, f->style);
}

static void
put_router(struct json *j, const char *name, const struct field_of *f)
{
	char text[ADDR_TEXT];

	json_str(j, name, addr_text(&f->r->note->router, text));
}

static void
put_port(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->note->port);
}

static void
put_type(struct json *j, const char *name, const struct field_of *f)
{
	json_str(j, name, types[f->m->type].name);
}

/* --- the peer ------------------------------------------------------------------------------------ */

static bool
is_loc_rib(const struct field_of *f)
{
	return f->m->peer.type == BMP_PEER_LOC_RIB;
}

/* A Loc-RIB's peer has none, which is written as pmacct does. */
static void
put_addr(struct json *j, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT];

	json_str(j, name, addr_is_set(a) ? addr_text(a, text) : "0.0.0.0");
}

static void
put_peer(struct json *j, const char *name, const struct field_of *f)
{
	put_addr(j, name, &f->m->peer.addr);
}

static void
put_asn(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->m->peer.as);
}

static void
put_peer_type(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->m->peer.type);
}

static void
put_peer_type_str(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const names[BMP_PEER_TYPES] = {
		[BMP_PEER_GLOBAL] = "Global Instance Peer", [BMP_PEER_RD] = "RD Instance Peer",
		[BMP_PEER_LOCAL] = "Local Instance Peer", [BMP_PEER_LOC_RIB] = "Loc-RIB Instance Peer",
	};

	json_str(j, name, f->m->peer.type < BMP_PEER_TYPES ? names[f->m->peer.type] : "Unknown");
}

static void
put_is_filtered(struct json *j, const char *name, const struct field_of *f)
{
	if (is_loc_rib(f))
		json_u64(j, name, (f->m->peer.flags & BMP_FLAG_F) != 0);
}

static void
put_is_loc(struct json *j, const char *name, const struct field_of *f)
{
	if (is_loc_rib(f))
		json_u64(j, name, 1);
}

static void
put_is_post(struct json *j, const char *name, const struct field_of *f)
{
	if (!is_loc_rib(f))
		json_u64(j, name, (f->m->peer.flags & BMP_FLAG_L) != 0);
}

static void
put_is_in(struct json *j, const char *name, const struct field_of *f)
{
	if (!is_loc_rib(f) && !(f->m->peer.flags & BMP_FLAG_O))
		json_u64(j, name, 1);
}

static void
put_is_out(struct json *j, const char *name, const struct field_of *f)
{
	if (!is_loc_rib(f) && (f->m->peer.flags & BMP_FLAG_O))
		json_u64(j, name, 1);
}

static void
put_bgp_id(struct json *j, const char *name, const struct field_of *f)
{
	struct addr id = addr_of_v4(f->m->peer.id);

	put_addr(j, name, &id);
}

static void
put_rd(struct json *j, const char *name, const struct field_of *f)
{
	char text[RD_TEXT];

	if (f->m->peer.rd != 0)
		json_str(j, name, rd_text(f->m->peer.rd, text));
}

static void
put_rd_origin(struct json *j, const char *name, const struct field_of *f)
{
	if (f->m->peer.rd != 0)
		json_str(j, name, "bmp");
}

/* --- Peer Up, Peer Down -------------------------------------------------------------------------- */

static void
put_local_port(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->m->up.local_port);
}

static void
put_remote_port(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->m->up.remote_port);
}

static void
put_local_ip(struct json *j, const char *name, const struct field_of *f)
{
	put_addr(j, name, &f->m->up.local);
}

static void
put_reason_type(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->m->reason.code);
}

static void
put_reason_str(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const reasons[] = {
		[1] = "The local system closed the session",
		[2] = "The local system closed the session without a notification message",
		[3] = "The remote system closed the session",
		[4] = "The remote system closed the session without a notification message",
		[5] = "Info for this peer will no longer be sent for configuration reasons",
	};
	uint8_t code = f->m->reason.code;

	if (code > 0 && code < ARRAY_LEN(reasons))
		json_str(j, name, reasons[code]);
}

static void
put_reason_event(struct json *j, const char *name, const struct field_of *f)
{
	const struct bmp_row *row = bmp_down_reason(f->m->reason.code);

	if (row != NULL && row->form == BMP_FORM_U16)
		json_u64(j, name, f->m->reason.event);
}

/* --- TLVs ---------------------------------------------------------------------------------------- */

static void
put_hex(struct json *j, const char *name, struct sbuf *room, struct rd bytes)
{
	size_t n = rd_left(&bytes);

	sbuf_clear(room);
	for (size_t i = 0; i < n; i++)
		sbuf_printf(room, i == 0 ? "%02X" : "-%02X", rd_u8(&bytes));
	json_text(j, name, sbuf_text(room), room->len);
}

static void
put_termination(struct json *j, const char *name, struct rd value)
{
	static const char *const reasons[] = {
		"Session administratively closed", "Unspecified reason", "Out of resources",
		"Redundant connection", "Session permanently administratively closed",
	};
	uint16_t code = rd_u16(&value);

	json_str(j, name, code < ARRAY_LEN(reasons) ? reasons[code] : "Unknown");
}

/* Of what the table does not know: its owner's number, where it has one, its own, and its bytes. */
static void
put_tlv(struct json *j, const struct field_of *f, const struct bmp_tlv *tlv)
{
	static const char *const infos[] = { "string", "sysdescr", "sysname", "vrf_table_name", "admin_label" };
	static const char *const terms[] = { "string", "reason" };
	bool term = f->m->tlvs.kind == BMP_TLV_TERMINATION;
	const char *const *names = term ? terms : infos;
	bool known = tlv->pen == 0 && tlv->type < (term ? ARRAY_LEN(terms) : ARRAY_LEN(infos));
	char name[64], pen[16] = "";

	if (known) {
		snprintf(name, sizeof(name), "%s_%s", types[f->m->type].tlvs, names[tlv->type]);
		if (term && tlv->type == 1)
			put_termination(j, name, tlv->value);
		else
			json_text(j, name, (const char *)tlv->value.at, rd_left(&tlv->value));
		return;
	}
	if (tlv->pen != 0)
		snprintf(pen, sizeof(pen), "_%u", tlv->pen);
	snprintf(name, sizeof(name), "%s%s_%u", types[f->m->type].tlvs, pen, tlv->type);
	put_hex(j, name, f->room, tlv->value);
}

static void
put_tlvs(struct json *j, const char *name, const struct field_of *f)
{
	struct bmp_tlvs walk = f->m->tlvs;
	struct bmp_tlv tlv;

	(void)name;
	while (bmp_tlv_next(&walk, &tlv))
		put_tlv(j, f, &tlv);
}

/* --- statistics ---------------------------------------------------------------------------------- */

static void
put_stat_type(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->stat->type);
}

static void
put_stat_name(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const names[] = {
		"Number of prefixes rejected by inbound policy",
		"Number of (known) duplicate prefix advertisements",
		"Number of (known) duplicate withdraws",
		"Number of updates invalidated due to CLUSTER_LIST loop",
		"Number of updates invalidated due to AS_PATH loop",
		"Number of updates invalidated due to ORIGINATOR_ID",
		"Number of updates invalidated due to AS_CONFED loop",
		"Number of routes in Adj-RIBs-In",
		"Number of routes in Loc-RIB",
		"Number of routes in per-AFI/SAFI Abj-RIB-In",
		"Number of routes in per-AFI/SAFI Loc-RIB",
		"Number of updates subjected to treat-as-withdraw",
		"Number of prefixes subjected to treat-as-withdraw",
		"Number of duplicate update messages received",
		"Number of routes in Adj-RIBs-Out Pre-Policy",
		"Number of routes in Adj-RIBs-Out Post-Policy",
		"Number of routes in per-AFI/SAFI Abj-RIB-Out Pre-Policy",
		"Number of routes in per-AFI/SAFI Abj-RIB-Out Post-Policy",
	};
	const struct bmp_stat *s = f->stat;

	json_str(j, name, s->type < ARRAY_LEN(names) ? names[s->type] :
	    s->row != NULL ? s->row->name : "Unknown");
}

static void
put_stat_afi(struct json *j, const char *name, const struct field_of *f)
{
	if (f->stat->afi != 0)
		json_u64(j, name, f->stat->afi);
}

static void
put_stat_safi(struct json *j, const char *name, const struct field_of *f)
{
	if (f->stat->afi != 0)
		json_u64(j, name, f->stat->safi);
}

static void
put_stat_value(struct json *j, const char *name, const struct field_of *f)
{
	if (f->stat->row != NULL && !f->stat->cut)
		json_u64(j, name, f->stat->value);
	else
		put_hex(j, name, f->room, f->stat->data);
}

/* --- the table ----------------------------------------------------------------------------------- */

static void
put_tags(struct json *j, const char *name, const struct field_of *f)
{
	(void)name;
	tagmap_json(&f->tagged, j);
}

#define IN(type)	(1u << BMP_##type)
#define UP		IN(PEER_UP)
#define DOWN		IN(PEER_DOWN)
#define STATS		IN(STATISTICS)
#define PEERS		(UP | DOWN | STATS)
#define ALL		(PEERS | IN(INITIATION) | IN(TERMINATION))

/* Where the field stands. */
enum { LOG = 1, DUMP = 2, BOTH = LOG | DUMP };

static const struct field {
	const char *name;
	unsigned in;			/* types of messages */
	unsigned of;
	void (*put)(struct json *j, const char *name, const struct field_of *f);
} fields[] = {
	{ "event_type",		ALL,		BOTH,	put_event },
	{ "seq",		ALL,		BOTH,	put_seq },
	{ "timestamp",		ALL,		LOG,	put_time },
	{ "timestamp_arrival",	ALL,		LOG,	put_arrival },
	{ "timestamp",		ALL,		DUMP,	put_dumped },
	{ "timestamp_event",	ALL,		DUMP,	put_time },
	{ "bmp_router",		ALL,		BOTH,	put_router },
	{ "bmp_router_port",	ALL,		BOTH,	put_port },
	{ "bmp_msg_type",	ALL,		BOTH,	put_type },
	{ "peer_ip",		PEERS,		BOTH,	put_peer },
	{ "peer_asn",		PEERS,		BOTH,	put_asn },
	{ "peer_type",		PEERS,		BOTH,	put_peer_type },
	{ "peer_type_str",	UP | DOWN,	BOTH,	put_peer_type_str },
	{ "is_filtered",	UP | STATS,	BOTH,	put_is_filtered },
	{ "is_loc",		UP | STATS,	BOTH,	put_is_loc },
	{ "is_post",		UP | STATS,	BOTH,	put_is_post },
	{ "is_in",		UP | STATS,	BOTH,	put_is_in },
	{ "is_out",		UP | STATS,	BOTH,	put_is_out },
	{ "bgp_id",		UP,		BOTH,	put_bgp_id },
	{ "local_port",		UP,		BOTH,	put_local_port },
	{ "remote_port",	UP,		BOTH,	put_remote_port },
	{ "local_ip",		UP,		BOTH,	put_local_ip },
	{ "rd",			PEERS,		BOTH,	put_rd },
	{ "rd_origin",		PEERS,		BOTH,	put_rd_origin },
	{ "reason_type",	DOWN,		BOTH,	put_reason_type },
	{ "reason_str",		DOWN,		BOTH,	put_reason_str },
	{ "reason_loc_code",	DOWN,		BOTH,	put_reason_event },
	{ "counter_type",	STATS,		BOTH,	put_stat_type },
	{ "counter_type_str",	STATS,		BOTH,	put_stat_name },
	{ "afi",		STATS,		BOTH,	put_stat_afi },
	{ "safi",		STATS,		BOTH,	put_stat_safi },
	{ "counter_value",	STATS,		BOTH,	put_stat_value },
	{ "TLVs",		ALL & ~STATS,	BOTH,	put_tlvs },
	{ "tag, label",		ALL,		BOTH,	put_tags },
};

static void
put_line(const struct field_of *f, struct sbuf *out)
{
	struct json j = json_of(out);

	json_object(&j, NULL);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].in & 1u << f->m->type && fields[i].of & (is_dumped(f) ? DUMP : LOG))
			fields[i].put(&j, fields[i].name, f);
	json_end(&j, '}');
	sbuf_char(out, '\n');
}

bool
bmprecord_has(const struct bmp_message *m)
{
	return m->type < BMP_TYPES && (ALL & 1u << m->type);
}

void
bmprecord_stat(const struct bmp_message *m, const struct bmp_stat *stat, struct sbuf *out)
{
	size_t len = rd_left(&stat->data);
	uint8_t head[BMP_HEADER_LEN + BMP_PEER_HEADER_LEN + 8];
	struct wr w = wr_of(head, sizeof(head));

	wr_u8(&w, m->version);
	wr_u32(&w, (uint32_t)(sizeof(head) + len));
	wr_bytes(&w, m->bytes + 5, 1 + BMP_PEER_HEADER_LEN);
	wr_u32(&w, 1);
	wr_u16(&w, stat->type);
	wr_u16(&w, (uint16_t)len);
	sbuf_add(out, head, sizeof(head));
	sbuf_add(out, stat->data.at, len);
}

bool
bmprecord_put(const struct bmprecord *r, const struct record_style *style, struct sbuf *out)
{
	const struct tagmap_subject subject = { .peer = r->note->router };
	struct sbuf room = { 0 }, label = { 0 };
	struct bmp_message m;
	struct bmp_stat stat;
	struct field_of f = { .r = r, .style = style, .m = &m, .stat = &stat, .room = &room,
		.tagged.label = &label };
	const char *why;

	if (bmp_decode(r->message, r->len, &m, &why) != 0 || !bmprecord_has(&m) ||
	    (m.type == BMP_STATISTICS && !bmp_stat_next(&m.stats, &stat)))
		return false;
	if (r->tags != NULL)
		tagmap_ask(r->tags, &subject, &f.tagged);
	put_line(&f, out);
	sbuf_done(&label);
	sbuf_done(&room);
	return true;
}
