/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of fields. A field that a route does not have is left out, except where pmacct prints
 * it always. Another protocol's events (BMP) are further kinds and rows.
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
	struct sbuf *room;		/* scratch text */
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

/* Records of a dump have its time, in whole seconds. */
static void
put_time(struct json *j, const char *name, const struct field_of *f)
{
	const struct record_style *style = f->style;
	time_t sec = (time_t)wall_sec(f->r->time);
	bool secs = style->secs || f->r->kind >= RECORD_DUMP_INIT;
	char text[80];
	size_t n = 0;
	struct tm tm;

	if (style->utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	if (style->epoch)
		n = (size_t)snprintf(text, sizeof(text), "%lld", (long long)sec);
	else
		n = strftime(text, sizeof(text),
		    style->rfc9557 ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	if (!secs)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%06u", wall_usec(f->r->time));
	if (style->rfc9557 && !style->epoch) {
		long east = tm.tm_gmtoff, s = east < 0 ? -east : east;

		snprintf(text + n, sizeof(text) - n, "%c%02ld:%02ld", east < 0 ? '-' : '+',
		    s / 3600, s / 60 % 60);
	}
	json_str(j, name, text);
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

static void
put_rd(struct json *j, const char *name, const struct field_of *f)
{
	char text[RD_TEXT];

	if (f->r->nlri->rd != 0)
		json_str(j, name, rd_text(f->r->nlri->rd, text));
}

static void
put_rd_origin(struct json *j, const char *name, const struct field_of *f)
{
	if (f->r->nlri->rd != 0)
		json_str(j, name, f->r->info->kind == TELLER_BMP ? "bmp" : "bgp");
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

#define IN(kind)	(1u << RECORD_##kind)
#define ROUTES		(IN(UPDATE) | IN(WITHDRAW) | IN(DELETE) | IN(DUMP) | IN(GLASS))
#define LOG_ROUTES	(IN(UPDATE) | IN(WITHDRAW) | IN(DELETE))
#define LOGS		(IN(LOG_INIT) | LOG_ROUTES | IN(LOG_CLOSE))
#define DUMP_ENDS	(IN(DUMP_INIT) | IN(DUMP_CLOSE))
#define ALL		(LOGS | DUMP_ENDS | IN(DUMP) | IN(GLASS))

static const struct field {
	const char *name;
	unsigned in;			/* kinds of records */
	void (*put)(struct json *j, const char *name, const struct field_of *f);
} fields[] = {
	{ "seq",		LOGS | IN(DUMP),	put_seq },
	{ "log_type",		LOG_ROUTES,		put_log_type },
	{ "timestamp",		ALL & ~IN(GLASS),	put_time },
	{ "peer_ip_src",	ALL,			put_peer },
	{ "peer_tcp_port",	ALL,			put_port },
	{ "event_type",		ALL,			put_event },
	{ "dump_period",	IN(DUMP_INIT),		put_period },
	{ "entries",		IN(DUMP_CLOSE),		put_entries },
	{ "tables",		IN(DUMP_CLOSE),		put_tables },
	{ "seq",		DUMP_ENDS,		put_seq },
	{ "afi",		ROUTES,			put_afi },
	{ "safi",		ROUTES,			put_safi },
	{ "ip_prefix",		ROUTES,			put_prefix },
	{ "as_path_id",		ROUTES,			put_path_id },
	{ "bgp_nexthop",	ROUTES,			put_next_hop },
	{ "as_path",		ROUTES,			put_as_path },
	{ "comms",		ROUTES,			put_comms },
	{ "ecomms",		ROUTES,			put_ecomms },
	{ "lcomms",		ROUTES,			put_lcomms },
	{ "origin",		ROUTES,			put_origin },
	{ "local_pref",		ROUTES,			put_local_pref },
	{ "med",		ROUTES,			put_med },
	{ "rd",			ROUTES,			put_rd },
	{ "rd_origin",		ROUTES,			put_rd_origin },
	{ "mpls_label",		ROUTES,			put_label },
	{ "vni",		ROUTES,			put_vni },
};

void
record_json(const struct record *r, const struct record_style *style, struct json *j)
{
	struct sbuf room = { 0 };
	struct field_of f = { .r = r, .style = style, .room = &room };

	if (ROUTES & 1u << r->kind) {
		f.path = rib_path(r->rib, r->path);
		f.comms = rib_comms(r->rib, f.path);
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!(fields[i].in & 1u << r->kind))
			continue;
		sbuf_clear(&room);
		fields[i].put(j, fields[i].name, &f);
	}
	sbuf_done(&room);
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
