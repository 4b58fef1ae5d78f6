/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "out/dynname.h"
#include "sql/rows.h"
#include "sql/statement.h"

#define STAMP	19			/* "2026-11-23 22:33:00", or a number */

enum side { LEDGER, TABLE, SIDES };
enum sum { PACKETS, BYTES, FLOWS, SUMS };

static const char *const sum_names[SUMS] = { "packets", "bytes", "flows" };

struct bin {
	char stamp[STAMP + 1];
	uint64_t sum[SIDES][SUMS];
	bool there[SIDES];
};

struct verify {
	const struct out_env *env;
	const struct verify_conf *conf;
	const struct sql_backend *backend;
	void *db;
	struct sql_settings set;
	struct columns columns;
	bool stamps, flows;		/* the table has them */
	struct bin *bin;		/* of the table in hand */
	size_t bins;
	char **table;
	size_t tables;
};

/* --- what is asked -------------------------------------------------------------------------------- */

/* Columns of the ledger that are words of some engine stand in quotes. */
static void
put_ledger_range(const struct verify *v, struct sbuf *sql)
{
	if (v->conf->from != 0)
		sbuf_printf(sql, " AND bin >= %" PRId64, v->conf->from);
	if (v->conf->to != 0)
		sbuf_printf(sql, " AND bin < %" PRId64, v->conf->to);
}

static void
put_stamp(const struct verify *v, int64_t sec, struct sbuf *out)
{
	if (v->set.shape.epoch)
		sbuf_printf(out, "%" PRId64, sec);
	else
		stamp_text(wall_of_sec(sec), v->env->style.utc, v->backend->engine, out);
}

static void
put_bound(const struct verify *v, const char *between, const char *op, int64_t sec, struct sbuf *sql)
{
	struct sbuf stamp = { 0 };

	if (sec == 0)
		return;
	put_stamp(v, sec, &stamp);
	sbuf_printf(sql, "%s stamp_inserted %s ", between, op);
	if (v->set.shape.epoch)
		sbuf_str(sql, stamp.text);
	else
		statement_text(v->backend->engine, stamp.text, sql);
	sbuf_done(&stamp);
}

/* Both sides in one statement, which sees one state of the database while the daemon writes on. */
static void
put_question(const struct verify *v, const char *table, struct sbuf *sql)
{
	enum sql_engine engine = v->backend->engine;

	sbuf_str(sql, "SELECT 'l', CAST(bin AS CHAR(32)), sum(packets), sum(bytes), sum(flows) "
	    "FROM waybill_ledger WHERE table_name = ");
	statement_text(engine, table, sql);
	put_ledger_range(v, sql);
	sbuf_printf(sql, " GROUP BY bin UNION ALL SELECT 't', %s, sum(packets), sum(bytes), %s FROM ",
	    v->stamps ? "CAST(stamp_inserted AS CHAR(32))" : "''", v->flows ? "sum(flows)" : "0");
	statement_table(engine, table, sql);
	if (!v->stamps)
		return;
	put_bound(v, " WHERE", ">=", v->conf->from, sql);
	put_bound(v, v->conf->from != 0 ? " AND" : " WHERE", "<", v->conf->to, sql);
	sbuf_str(sql, " GROUP BY stamp_inserted");
}

/* --- what is answered ----------------------------------------------------------------------------- */

static void
take_bin(void *ctx, const char *const *cell)
{
	struct verify *v = ctx;
	enum side side = cell[0][0] == 'l' ? LEDGER : TABLE;
	struct sbuf stamp = { 0 };
	struct bin *b;

	if (cell[2] == NULL)		/* the sum of no rows */
		return;
	v->bin = mem_grow(v->bin, v->bins + 1, sizeof(*v->bin));
	b = &v->bin[v->bins++];
	memset(b, 0, sizeof(*b));
	sbuf_str(&stamp, "");
	if (v->stamps && side == LEDGER)
		put_stamp(v, strtoll(cell[1], NULL, 10), &stamp);
	else if (v->stamps && cell[1] != NULL)
		sbuf_str(&stamp, cell[1]);
	snprintf(b->stamp, sizeof(b->stamp), "%s", stamp.text);
	b->stamp[strcspn(b->stamp, v->set.shape.epoch ? " " : "")] = '\0';
	b->there[side] = true;
	for (int i = 0; i < SUMS; i++)
		if (i != FLOWS || v->flows)
			b->sum[side][i] = cell[2 + i] != NULL ? strtoull(cell[2 + i], NULL, 10) : 0;
	sbuf_done(&stamp);
}

static int
by_stamp(const void *a, const void *b)
{
	const struct bin *x = a, *y = b;

	return strcmp(x->stamp, y->stamp);
}

/* One entry per stamp. In autumn an hour has its stamps twice, in the table as here. */
static void
merge_bins(struct verify *v)
{
	size_t n = 0;

	if (v->bins > 0)
		qsort(v->bin, v->bins, sizeof(*v->bin), by_stamp);
	for (size_t i = 0; i < v->bins; i++) {
		struct bin *to = &v->bin[n > 0 ? n - 1 : 0];

		if (n == 0 || strcmp(to->stamp, v->bin[i].stamp) != 0) {
			v->bin[n++] = v->bin[i];
			continue;
		}
		for (int s = 0; s < SIDES; s++) {
			to->there[s] |= v->bin[i].there[s];
			for (int k = 0; k < SUMS; k++)
				to->sum[s][k] += v->bin[i].sum[s][k];
		}
	}
	v->bins = n;
}

static bool
differs(const struct bin *b)
{
	return memcmp(b->sum[LEDGER], b->sum[TABLE], sizeof(b->sum[TABLE])) != 0;
}

/* --- what is said --------------------------------------------------------------------------------- */

static void
say_bin(const struct bin *b, struct sbuf *out)
{
	const char *between = "";

	sbuf_printf(out, "  %-*s  ", STAMP, b->stamp[0] != '\0' ? b->stamp : "all");
	if (!b->there[TABLE])
		sbuf_str(out, "not in the table; ");
	if (!b->there[LEDGER])
		sbuf_str(out, "not in the ledger; ");
	for (int i = 0; i < SUMS; i++) {
		if (b->sum[LEDGER][i] == b->sum[TABLE][i])
			continue;
		sbuf_printf(out, "%s%s: ledger %" PRIu64 ", table %" PRIu64, between, sum_names[i],
		    b->sum[LEDGER][i], b->sum[TABLE][i]);
		between = "; ";
	}
	sbuf_char(out, '\n');
}

static void
say_table(const struct verify *v, const char *table, size_t differ, struct sbuf *out)
{
	uint64_t sum[SUMS] = { 0 };

	for (size_t i = 0; i < v->bins; i++)
		for (int k = 0; k < SUMS; k++)
			sum[k] += v->bin[i].sum[TABLE][k];
	if (differ == 0)
		sbuf_printf(out, "%s: %zu bins, as the ledger has them: %" PRIu64 " packets, %"
		    PRIu64 " bytes\n", table, v->bins, sum[PACKETS], sum[BYTES]);
	else
		sbuf_printf(out, "%s: %zu of %zu bins differ from the ledger\n", table, differ,
		    v->bins);
	for (size_t i = 0; i < v->bins; i++)
		if (differs(&v->bin[i]))
			say_bin(&v->bin[i], out);
}

static void
say_json(const struct verify *v, const char *table, size_t differ, struct sbuf *out)
{
	static const char *const sides[SIDES] = { "ledger", "table" };
	struct json j = json_of(out);

	json_object(&j, NULL);
	json_str(&j, "output", v->env->name);
	json_str(&j, "table", table);
	json_u64(&j, "bins", v->bins);
	json_u64(&j, "differ", differ);
	json_array(&j, "differences");
	for (size_t i = 0; i < v->bins; i++) {
		if (!differs(&v->bin[i]))
			continue;
		json_object(&j, NULL);
		json_str(&j, "bin", v->bin[i].stamp);
		for (int s = 0; s < SIDES; s++) {
			json_object(&j, sides[s]);
			for (int k = 0; k < SUMS; k++)
				json_u64(&j, sum_names[k], v->bin[i].sum[s][k]);
			json_end(&j, '}');
		}
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	sbuf_char(out, '\n');
}

/* --- tables --------------------------------------------------------------------------------------- */

static void
take_table(void *ctx, const char *const *cell)
{
	struct verify *v = ctx;

	for (size_t i = 0; i < v->tables; i++)
		if (strcmp(v->table[i], cell[0]) == 0)
			return;
	v->table = mem_grow(v->table, v->tables + 1, sizeof(*v->table));
	v->table[v->tables++] = mem_strdup(cell[0]);
}

static int
find_tables(struct verify *v, struct sbuf *err)
{
	const char *fixed = sbuf_text(&v->set.table);
	struct sbuf sql = { 0 };
	int ret;

	if (!dynname_has_row(fixed) && strchr(fixed, '%') == NULL)
		take_table(v, &fixed);
	sbuf_str(&sql, "SELECT DISTINCT table_name FROM waybill_ledger WHERE output = ");
	statement_text(v->backend->engine, v->env->name, &sql);
	put_ledger_range(v, &sql);
	sbuf_str(&sql, " ORDER BY table_name");
	ret = v->backend->ask(v->db, sql.text, take_table, v, err);
	sbuf_done(&sql);
	return ret;
}

static int64_t
verify_table(struct verify *v, const char *table, struct sbuf *out, struct sbuf *err)
{
	struct sbuf sql = { 0 };
	int64_t differ = 0;

	v->bins = 0;
	put_question(v, table, &sql);
	if (v->backend->ask(v->db, sql.text, take_bin, v, err) != 0)
		differ = -1;
	sbuf_done(&sql);
	if (differ < 0)
		return differ;
	merge_bins(v);
	for (size_t i = 0; i < v->bins; i++)
		differ += differs(&v->bin[i]);
	(v->conf->json ? say_json : say_table)(v, table, (size_t)differ, out);
	return differ;
}

static void
look_at_columns(struct verify *v)
{
	for (size_t i = 0; i < v->columns.count; i++) {
		const struct column *c = &v->columns.col[i];

		v->stamps |= c->role == COLUMN_STAMP_INSERTED;
		v->flows |= c->role == COLUMN_COUNTER && c->counter == EC_FLOWS;
	}
}

int64_t
verify_output(const struct out_env *env, const struct verify_conf *conf, struct sbuf *out,
    struct sbuf *err)
{
	struct verify v = { .env = env, .conf = conf, .backend = sql_backend(env->type) };
	int64_t sum = -1;

	if (settings_read(env, v.backend->engine, &v.set, err) == 0 &&
	    columns_make(env->plan, &v.set.shape, &v.columns, err) == 0)
		v.db = sql_open_there(v.backend, &v.set.place, err);
	look_at_columns(&v);
	if (v.db != NULL && find_tables(&v, err) == 0)
		sum = 0;
	for (size_t i = 0; i < v.tables && sum >= 0; i++) {
		int64_t differ = verify_table(&v, v.table[i], out, err);

		sum = differ < 0 ? -1 : sum + differ;
	}
	for (size_t i = 0; i < v.tables; i++)
		mem_free(v.table[i]);
	mem_free(v.table);
	mem_free(v.bin);
	if (v.db != NULL)
		v.backend->close(v.db);
	columns_done(&v.columns);
	settings_done(&v.set);
	return sum;
}
