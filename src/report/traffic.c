/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who traffic was exchanged with: per origin AS, per neighbouring AS and per AS path, from any table
 * that has the columns. Bytes from an AS are those whose source is in it, bytes to an AS those whose
 * destination is.
 */
#include <sqlite3.h>

#include <inttypes.h>
#include <string.h>

#include "core/mem.h"
#include "report/report.h"

struct share {
	char *name;
	uint64_t from, to;
};

/* One report: what groups a row, seen from either side. */
struct grouping {
	const char *title;
	const char *from, *to;		/* columns; NULL: this side is not known */
	bool number;
};

static const struct grouping by_as = { "AS", "as_src", "as_dst", true };
static const struct grouping by_peer = { "PEER AS", "peer_as_src", "peer_as_dst", true };
static const struct grouping by_path = { "AS PATH", NULL, "as_path", false };

const char *const report_columns[] = { "as_src", "as_dst", "peer_as_src", "peer_as_dst", NULL };

static bool
has_column(sqlite3 *db, const char *table, const char *column)
{
	sqlite3_stmt *s;
	bool found = false;

	if (sqlite3_prepare_v2(db, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", -1, &s,
	    NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, column, -1, SQLITE_STATIC);
	found = sqlite3_step(s) == SQLITE_ROW;
	sqlite3_finalize(s);
	return found;
}

/* SELECT name, bytes from, bytes to: both sides of the table under one name. */
static char *
make_query(sqlite3 *db, const struct report_conf *conf, const struct grouping *g, bool from)
{
	bool to = has_column(db, conf->table, g->to);
	struct sbuf q = { 0 };
	char *text;

	if (!from && !to)
		return NULL;
	sbuf_str(&q, "SELECT name, SUM(f), SUM(t), COUNT(*) OVER () FROM (");
	if (from)
		sbuf_printf(&q, "SELECT \"%s\" AS name, SUM(bytes) AS f, 0 AS t FROM \"%s\" GROUP BY 1",
		    g->from, conf->table);
	if (from && to)
		sbuf_str(&q, " UNION ALL ");
	if (to)
		sbuf_printf(&q, "SELECT \"%s\" AS name, 0 AS f, SUM(bytes) AS t FROM \"%s\" GROUP BY 1",
		    g->to, conf->table);
	sbuf_printf(&q, ") GROUP BY name ORDER BY SUM(f) + SUM(t) DESC, name LIMIT %u", conf->top);
	text = mem_strdup(sbuf_text(&q));
	sbuf_done(&q);
	return text;
}

static const char *
human(uint64_t bytes, char room[32])
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	uint64_t n = bytes * 10;
	unsigned u = 0;

	if (bytes > UINT64_MAX / 10)
		return "very many";
	while (n >= 10000 && u < ARRAY_LEN(unit) - 1) {
		n /= 1000;
		u++;
	}
	sqlite3_snprintf(32, room, "%llu.%llu %s", n / 10, n % 10, unit[u]);
	return room;
}

static int
read_total(sqlite3 *db, const struct report_conf *conf, uint64_t *ret_bytes, struct sbuf *err)
{
	struct sbuf q = { 0 };
	sqlite3_stmt *s = NULL;
	int result = -1;

	sbuf_printf(&q, "SELECT COALESCE(SUM(bytes), 0) FROM \"%s\"", conf->table);
	if (sqlite3_prepare_v2(db, sbuf_text(&q), -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW) {
		*ret_bytes = (uint64_t)sqlite3_column_int64(s, 0);
		result = 0;
	} else {
		sbuf_printf(err, "%s: table %s: %s", conf->db, conf->table, sqlite3_errmsg(db));
	}
	sqlite3_finalize(s);
	sbuf_done(&q);
	return result;
}

/* Tenths of a percent of what the sides together could be, rounded; integers only. */
static unsigned
share_of(uint64_t bytes, uint64_t total, unsigned sides)
{
	__extension__ typedef unsigned __int128 u128;
	u128 all = (u128)total * sides;

	return all > 0 ? (unsigned)(((u128)bytes * 1000 + all / 2) / all) : 0;
}

static void
put_text(sqlite3_stmt *s, const struct grouping *g, bool both, uint64_t total, struct sbuf *out)
{
	int width = g->number ? 12 : 48;

	sbuf_printf(out, "%-*s %14s %14s %8s\n", width, g->title, "BYTES FROM", "BYTES TO", "SHARE");
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		uint64_t from = (uint64_t)sqlite3_column_int64(s, 1);
		uint64_t to = (uint64_t)sqlite3_column_int64(s, 2);
		unsigned share = share_of(from + to, total, both ? 2 : 1);
		char a[32], b[32];

		if (name == NULL || *name == '\0' || strcmp(name, "0") == 0)
			name = g->number ? "unknown" : "(none)";
		sbuf_printf(out, "%-*.*s %14s %14s %5u.%u %%\n", width, width, name,
		    both ? human(from, a) : "-", human(to, b), share / 10, share % 10);
	}
}

static void
put_json(sqlite3_stmt *s, const struct grouping *g, bool both, uint64_t total, struct sbuf *out)
{
	struct json j = json_of(out);

	json_object(&j, NULL);
	json_u64(&j, "bytes", total);
	json_array(&j, "rows");
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);

		json_object(&j, NULL);
		if (g->number)
			json_u64(&j, g->to, (uint64_t)sqlite3_column_int64(s, 0));
		else
			json_str(&j, g->to, name);
		if (both)
			json_u64(&j, "bytes_from", (uint64_t)sqlite3_column_int64(s, 1));
		json_u64(&j, "bytes_to", (uint64_t)sqlite3_column_int64(s, 2));
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	sbuf_char(out, '\n');
}

static int
run(const struct report_conf *conf, const struct grouping *g, struct sbuf *out, struct sbuf *err)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	uint64_t total = 0;
	char *query = NULL;
	int result = -1;

	if (strchr(conf->table, '"') != NULL) {
		sbuf_printf(err, "\"%s\" is not the name of a table", conf->table);
		return -1;
	}
	if (sqlite3_open_v2(conf->db, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		sbuf_printf(err, "%s: %s", conf->db, sqlite3_errmsg(db));
	} else if (read_total(db, conf, &total, err) == 0) {
		bool both = g->from != NULL && has_column(db, conf->table, g->from);

		query = make_query(db, conf, g, both);
		if (query == NULL) {
			sbuf_printf(err, "%s: table %s has no column %s: put it into `aggregate`",
			    conf->db, conf->table, g->to);
		} else if (sqlite3_prepare_v2(db, query, -1, &s, NULL) != SQLITE_OK) {
			sbuf_printf(err, "%s: %s", conf->db, sqlite3_errmsg(db));
		} else {
			(conf->json ? put_json : put_text)(s, g, both, total, out);
			if (!conf->json)
				sbuf_printf(out, "\ntotal %" PRIu64 " bytes\n", total);
			result = 0;
		}
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	mem_free(query);
	return result;
}

static int
run_as(const struct report_conf *conf, struct sbuf *out, struct sbuf *err)
{
	return run(conf, &by_as, out, err);
}

static int
run_peer(const struct report_conf *conf, struct sbuf *out, struct sbuf *err)
{
	return run(conf, &by_peer, out, err);
}

static int
run_path(const struct report_conf *conf, struct sbuf *out, struct sbuf *err)
{
	return run(conf, &by_path, out, err);
}

const struct report_kind report_kinds[] = {
	{ "as", "bytes from and to each AS", run_as },
	{ "peer", "bytes by neighbouring AS", run_peer },
	{ "path", "bytes by AS path", run_path },
};

const size_t report_kind_count = ARRAY_LEN(report_kinds);
