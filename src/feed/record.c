/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of fields. A field that a route does not have is left out, except where pmacct prints
 * it always. What BMP tells besides routes is bmprecord.c's.
 */
#include "feed/record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bgp/family.h"
#include "core/mem.h"

/* What every field function gets; the path's records are looked up once. */
struct field_of {
	const struct record *r;
	const struct record_style *style;
	const struct path *path;
	struct comm_set comms;
	struct tagmap_result tagged;
	struct sbuf *room;		/* scratch text */
	bool bmp;			/* in the words of BMP feeds */
};

static void
put_seq(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->seq);
}

static void
put_log_type(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const types[RECORD_KINDS] = {
		[RECORD_UPDATE] = "update", [RECORD_WITHDRAW] = "withdraw",
		[RECORD_DELETE] = "delete",
	};

	json_str(j, name, types[f->r->kind]);
}

void
record_time(struct json *j, const char *name, wall_t when, const struct record_style *style)
{
	time_t sec = (time_t)wall_sec(when);
	char text[80];
	size_t n = 0;
	struct tm tm;

	if (when.ns == 0 && !style->epoch) {
		json_str(j, name, style->secs ? "0000-00-00 00:00:00" : "0000-00-00 00:00:00.000000");
		return;
	}
	if (style->utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	if (style->epoch)
		n = (size_t)snprintf(text, sizeof(text), "%lld", (long long)sec);
	else
		n = strftime(text, sizeof(text),
		    style->rfc9557 ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	if (!style->secs)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%06u", wall_usec(when));
	if (style->rfc9557 && !style->epoch) {
		long east = tm.tm_gmtoff, s = east < 0 ? -east : east;

		snprintf(text + n, sizeof(text) - n, "%c%02ld:%02ld", east < 0 ? '-' : '+',
		    s / 3600, s / 60 % 60);
	}
	json_str(j, name, text);
}

/* Records of a dump have its time, in whole seconds. */
static void
put_time(struct json *j, const char *name, const struct field_of *f)
{
	struct record_style style = *f->style;
	bool told = f->bmp && (f->r->kind == RECORD_UPDATE || f->r->kind == RECORD_WITHDRAW);

	style.secs |= f->r->kind >= RECORD_DUMP_INIT;
	record_time(j, name, told ? f->r->told : f->r->time, &style);
}

static void
put_peer(struct json *j, const char *name, const struct field_of *f)
{
	char text[ADDR_TEXT];

	json_str(j, name, addr_text(&f->r->info->router, text));
}

static void
put_port(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->info->port != 0)
		json_u64(j, name, f->r->info->port);
}

static void
put_event(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const events[RECORD_KINDS] = {
		[RECORD_LOG_INIT] = "log_init", [RECORD_UPDATE] = "log", [RECORD_WITHDRAW] = "log",
		[RECORD_DELETE] = "log", [RECORD_LOG_CLOSE] = "log_close",
		[RECORD_DUMP_INIT] = "dump_init", [RECORD_DUMP] = "dump",
		[RECORD_DUMP_CLOSE] = "dump_close", [RECORD_GLASS] = "lglass",
	};

	json_str(j, name, events[f->r->kind]);
}

static void
put_period(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->period_s);
}

static void
put_entries(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->entries);
}

static void
put_tables(struct json *j, const char *name, const struct field_of *f)
{
	(void)f;
	json_u64(j, name, 1);
}

static void
put_afi(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, addr_is_v4(&f->r->nlri->prefix.addr) ? 1 : 2);
}

static void
put_safi(struct json *j, const char *name, const struct field_of *f)
{
	static const uint8_t on_wire[RIB_SAFIS] = {
		[RIB_UNICAST] = 1, [RIB_LABELLED] = 4, [RIB_VPN] = 128, [RIB_EVPN] = 70,
	};

	json_u64(j, name, on_wire[f->r->nlri->safi]);
}

static void
put_prefix(struct json *j, const char *name, const struct field_of *f)
{
	char text[PREFIX_TEXT];

	json_str(j, name, prefix_text(&f->r->nlri->prefix, text));
}

static void
put_path_id(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->nlri->path_id != 0)
		json_u64(j, name, f->r->nlri->path_id);
}

static void
put_next_hop(struct json *j, const char *name, const struct field_of *f)
{
	struct addr hop = rib_addr(f->r->rib, f->path->next_hop);
	char text[ADDR_TEXT];

	if (addr_is_set(&hop))
		json_str(j, name, addr_text(&hop, text));
}

/* A text of words, as it is or an array of them. */
static void
put_words(struct json *j, const char *name, struct sbuf *text, bool array)
{
	if (!array) {
		json_text(j, name, sbuf_text(text), text->len);
		return;
	}
	json_array(j, name);
	for (const char *p = sbuf_text(text), *end; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = strchrnul(p, ' ');
		json_text(j, NULL, p, (size_t)(end - p));
	}
	json_end(j, ']');
}

static void
put_as_path(struct json *j, const char *name, const struct field_of *f)
{
	size_t len;
	const uint8_t *bytes = rib_attr(f->r->rib, ATTR_ASPATH, f->path->aspath, &len);

	aspath_text(f->room, bytes, len, ' ');
	put_words(j, name, f->room, f->style->path_array);
}

static void
put_comms(struct json *j, const char *name, const struct field_of *f)
{
	size_t len;
	const uint8_t *bytes = rib_attr(f->r->rib, ATTR_COMMS, f->comms.comms, &len);

	if (len == 0)
		return;
	comms_text(f->room, bytes, len, ' ', false);
	put_words(j, name, f->room, f->style->comms_array);
}

static void
put_ecomms(struct json *j, const char *name, const struct field_of *f)
{
	size_t len;
	const uint8_t *bytes = rib_attr(f->r->rib, ATTR_ECOMMS, f->comms.ecomms, &len);

	if (len == 0)
		return;
	ecomms_text(f->room, bytes, len, ' ', false);
	put_words(j, name, f->room, f->style->comms_array);
}

static void
put_lcomms(struct json *j, const char *name, const struct field_of *f)
{
	size_t len;
	const uint8_t *bytes = rib_attr(f->r->rib, ATTR_LCOMMS, f->comms.lcomms, &len);

	if (len == 0)
		return;
	lcomms_text(f->room, bytes, len, ' ');
	put_words(j, name, f->room, f->style->comms_array);
}

static void
put_origin(struct json *j, const char *name, const struct field_of *f)
{
	static const char *const origins[] = { "i", "e", "u", "u" };

	json_str(j, name, origins[f->path->flags & PATH_ORIGIN]);
}

static void
put_local_pref(struct json *j, const char *name, const struct field_of *f)
{
	if (f->path->flags & PATH_HAS_LOCAL_PREF)
		json_u64(j, name, f->path->local_pref);
}

static void
put_med(struct json *j, const char *name, const struct field_of *f)
{
	if (f->path->flags & PATH_HAS_MED)
		json_u64(j, name, f->path->med);
}

/* An RD of the NLRI's own; of a monitored peer's otherwise, which BMP tells apart. */
static bool
has_own_rd(const struct field_of *f)
{
	const struct nlri *n = f->r->nlri;

	return n->rd != 0 && (!f->bmp || n->safi == RIB_VPN || n->safi == RIB_EVPN);
}

static void
put_rd(struct json *j, const char *name, const struct field_of *f)
{
	char text[RD_TEXT];

	if (has_own_rd(f))
		json_str(j, name, rd_text(f->r->nlri->rd, text));
}

static void
put_rd_origin(struct json *j, const char *name, const struct field_of *f)
{
	if (has_own_rd(f))
		json_str(j, name, f->r->info->kind == TELLER_BMP && !f->bmp ? "bmp" : "bgp");
}

/* --- BMP ----------------------------------------------------------------------------------------- */

static void
put_peer_rd(struct json *j, const char *name, const struct field_of *f)
{
	char text[RD_TEXT];

	if (f->r->nlri->rd != 0 && !has_own_rd(f))
		json_str(j, name, rd_text(f->r->nlri->rd, text));
}

static void
put_peer_rd_origin(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->nlri->rd != 0 && !has_own_rd(f))
		json_str(j, name, "bmp");
}

static void
put_is_filtered(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->info->rib == TELLER_LOC_RIB)
		json_u64(j, name, f->r->filtered);
}

static void
put_is_loc(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->info->rib == TELLER_LOC_RIB)
		json_u64(j, name, 1);
}

static void
put_is_post(struct json *j, const char *name, const struct field_of *f)
{
	enum teller_rib rib = f->r->info->rib;

	if (rib != TELLER_LOC_RIB)
		json_u64(j, name, rib == TELLER_IN_POST || rib == TELLER_OUT_POST);
}

static void
put_is_in(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->info->rib == TELLER_IN_PRE || f->r->info->rib == TELLER_IN_POST)
		json_u64(j, name, 1);
}

static void
put_is_out(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->info->rib == TELLER_OUT_PRE || f->r->info->rib == TELLER_OUT_POST)
		json_u64(j, name, 1);
}

static void
put_arrival(struct json *j, const char *name, const struct field_of *f)
{
	record_time(j, name, f->r->time, f->style);
}

static void
put_router_port(struct json *j, const char *name, const struct field_of *f)
{
	json_u64(j, name, f->r->info->port);
}

static void
put_peer_ip(struct json *j, const char *name, const struct field_of *f)
{
	const struct addr *a = &f->r->info->peer;
	char text[ADDR_TEXT];

	json_str(j, name, addr_is_set(a) ? addr_text(a, text) : "0.0.0.0");
}

/* Nobody knows it; pmacct writes it all the same. */
static void
put_peer_port(struct json *j, const char *name, const struct field_of *f)
{
	(void)f;
	json_u64(j, name, 0);
}

static void
put_msg_type(struct json *j, const char *name, const struct field_of *f)
{
	json_str(j, name, f->r->kind == RECORD_DELETE ? "internal" : "route_monitor");
}

/* Of EVPN the same number is one or the other. */
static bool
label_is_vni(const struct field_of *f)
{
	const uint8_t *bytes;
	size_t len;

	if (f->r->nlri->safi != RIB_EVPN)
		return false;
	bytes = rib_attr(f->r->rib, ATTR_ECOMMS, f->comms.ecomms, &len);
	return evpn_says_vni(bytes, len);
}

static void
put_label(struct json *j, const char *name, const struct field_of *f)
{
	char text[16];

	if (f->r->nlri->safi == RIB_UNICAST || label_is_vni(f))
		return;
	snprintf(text, sizeof(text), "%u", f->r->nlri->label);
	json_str(j, name, text);
}

static void
put_vni(struct json *j, const char *name, const struct field_of *f)
{
	if (label_is_vni(f))
		json_u64(j, name, f->r->nlri->label);
}

static void
put_tags(struct json *j, const char *name, const struct field_of *f)
{
	(void)name;
	tagmap_json(&f->tagged, j);
}

#define IN(kind)	(1u << RECORD_##kind)
#define ROUTES		(IN(UPDATE) | IN(WITHDRAW) | IN(DELETE) | IN(DUMP) | IN(GLASS))
#define LOG_ROUTES	(IN(UPDATE) | IN(WITHDRAW) | IN(DELETE))
#define LOGS		(IN(LOG_INIT) | LOG_ROUTES | IN(LOG_CLOSE))
#define DUMP_ENDS	(IN(DUMP_INIT) | IN(DUMP_CLOSE))
#define ALL		(LOGS | DUMP_ENDS | IN(DUMP) | IN(GLASS))
#define ENDS		(IN(LOG_INIT) | IN(LOG_CLOSE) | DUMP_ENDS)

/* Whose feeds have the field; an answer to a question is in the words of BGP. */
enum { BGP = 1, BMP = 2, BOTH = BGP | BMP };

static const struct field {
	const char *name;
	unsigned in;			/* kinds of records */
	unsigned of;
	void (*put)(struct json *j, const char *name, const struct field_of *f);
} fields[] = {
	{ "seq",		LOGS | IN(DUMP),	BOTH,	put_seq },
	{ "log_type",		LOG_ROUTES,		BOTH,	put_log_type },
	{ "timestamp",		ALL & ~IN(GLASS),	BOTH,	put_time },
	{ "peer_ip_src",	ALL,			BGP,	put_peer },
	{ "peer_tcp_port",	ALL,			BGP,	put_port },
	{ "bmp_router",		ENDS,			BMP,	put_peer },
	{ "bmp_router_port",	ENDS,			BMP,	put_router_port },
	{ "is_filtered",	ROUTES,			BMP,	put_is_filtered },
	{ "is_loc",		ROUTES,			BMP,	put_is_loc },
	{ "is_post",		ROUTES,			BMP,	put_is_post },
	{ "is_in",		ROUTES,			BMP,	put_is_in },
	{ "is_out",		ROUTES,			BMP,	put_is_out },
	{ "rd",			ROUTES,			BMP,	put_peer_rd },
	{ "rd_origin",		ROUTES,			BMP,	put_peer_rd_origin },
	{ "event_type",		ALL,			BOTH,	put_event },
	{ "tag, label",		LOGS | DUMP_ENDS | IN(DUMP), BOTH, put_tags },
	{ "dump_period",	IN(DUMP_INIT),		BOTH,	put_period },
	{ "entries",		IN(DUMP_CLOSE),		BGP,	put_entries },
	{ "tables",		IN(DUMP_CLOSE),		BGP,	put_tables },
	{ "seq",		DUMP_ENDS,		BOTH,	put_seq },
	{ "afi",		ROUTES,			BOTH,	put_afi },
	{ "safi",		ROUTES,			BOTH,	put_safi },
	{ "ip_prefix",		ROUTES,			BOTH,	put_prefix },
	{ "as_path_id",		ROUTES,			BOTH,	put_path_id },
	{ "bgp_nexthop",	ROUTES,			BOTH,	put_next_hop },
	{ "as_path",		ROUTES,			BOTH,	put_as_path },
	{ "comms",		ROUTES,			BOTH,	put_comms },
	{ "ecomms",		ROUTES,			BOTH,	put_ecomms },
	{ "lcomms",		ROUTES,			BOTH,	put_lcomms },
	{ "origin",		ROUTES,			BOTH,	put_origin },
	{ "local_pref",		ROUTES,			BOTH,	put_local_pref },
	{ "med",		ROUTES,			BOTH,	put_med },
	{ "rd",			ROUTES,			BOTH,	put_rd },
	{ "rd_origin",		ROUTES,			BOTH,	put_rd_origin },
	{ "mpls_label",		ROUTES,			BOTH,	put_label },
	{ "vni",		ROUTES,			BOTH,	put_vni },
	{ "timestamp_arrival",	LOG_ROUTES,		BMP,	put_arrival },
	{ "bmp_router",		ROUTES,			BMP,	put_peer },
	{ "bmp_router_port",	ROUTES,			BMP,	put_router_port },
	{ "peer_ip",		ROUTES,			BMP,	put_peer_ip },
	{ "peer_tcp_port",	ROUTES,			BMP,	put_peer_port },
	{ "bmp_msg_type",	ROUTES,			BMP,	put_msg_type },
};

static void
ask_tags(struct field_of *f)
{
	struct tagmap_subject s = { .peer = f->r->info->router };

	if (f->r->tags == NULL)
		return;			/* spares looking for communities */
	if (f->path != NULL)
		s.comms = rib_attr(f->r->rib, ATTR_COMMS, f->comms.comms, &s.comms_len);
	tagmap_ask(f->r->tags, &s, &f->tagged);
}

void
record_json(const struct record *r, const struct record_style *style, struct json *j)
{
	struct sbuf room = { 0 }, label = { 0 };
	struct field_of f = {
		.r = r, .style = style, .room = &room, .tagged.label = &label,
		.bmp = r->kind != RECORD_GLASS && r->info->kind == TELLER_BMP,
	};

	if (ROUTES & 1u << r->kind) {
		f.path = rib_path(r->rib, r->path);
		f.comms = rib_comms(r->rib, f.path);
	}
	ask_tags(&f);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!(fields[i].in & 1u << r->kind) || !(fields[i].of & (f.bmp ? BMP : BGP)))
			continue;
		sbuf_clear(&room);
		fields[i].put(j, fields[i].name, &f);
	}
	sbuf_done(&room);
	sbuf_done(&label);
}

void
record_put(const struct record *r, const struct record_style *style, struct sbuf *out)
{
	struct json j = json_of(out);

	json_object(&j, NULL);
	record_json(r, style, &j);
	json_end(&j, '}');
	sbuf_char(out, '\n');
}
