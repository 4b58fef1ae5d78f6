/* SPDX-License-Identifier: BSD-2-Clause */
/* Types stand as the servers spell them, so that a live table is compared word by word. */
#include "sql/advice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/mem.h"
#include "out/dynname.h"
#include "sql/rows.h"
#include "sql/statement.h"

#define TYPE_ROOM	96

/* --- types ---------------------------------------------------------------------------------------- */

#define ASCII(type)	type " character set ascii collate ascii_bin"
#define UTF8(type)	type " character set utf8mb4 collate utf8mb4_bin"

/* By type of value, for what stands as text unless it is a number anyway. */
static const char *const types[VT_TYPES][SQL_ENGINES] = {
	[VT_U8]         = { "tinyint unsigned",       "smallint",              "INTEGER" },
	[VT_U16]        = { "smallint unsigned",      "integer",               "INTEGER" },
	[VT_U32]        = { "int unsigned",           "bigint",                "INTEGER" },
	[VT_U64]        = { "bigint unsigned",        "bigint",                "INTEGER" },
	[VT_ADDR]       = { ASCII("varchar(45)"),     "inet",                  "TEXT" },
	[VT_MAC]        = { ASCII("char(17)"),        "macaddr",               "TEXT" },
	[VT_PROTO]      = { ASCII("varchar(16)"),     "smallint",              "TEXT" },
	[VT_ETYPE]      = { ASCII("varchar(5)"),      "character varying(5)",  "TEXT" },
	[VT_CHAR]       = { ASCII("char(1)"),         "character varying(1)",  "TEXT" },
	[VT_NAME]       = { UTF8("varchar(255)"),     "text",                  "TEXT" },
	[VT_CLASS]      = { UTF8("varchar(255)"),     "text",                  "TEXT" },
	[VT_RD]         = { ASCII("varchar(40)"),     "character varying(40)", "TEXT" },
	[VT_TIME]       = { "datetime",  "timestamp(0) without time zone",     "TEXT" },
	[VT_FWD_STATUS] = { "tinyint unsigned",       "smallint",              "INTEGER" },
	[VT_TCP_FLAGS]  = { "tinyint unsigned",       "smallint",              "INTEGER" },
	[VT_LABELS]     = { ASCII("varchar(255)"),    "text",                  "TEXT" },
	[VT_ASPATH]     = { ASCII("varchar(255)"),    "text",                  "TEXT" },
	[VT_COMMS]      = { ASCII("varchar(255)"),    "text",                  "TEXT" },
	[VT_ECOMMS]     = { ASCII("varchar(255)"),    "text",                  "TEXT" },
	[VT_LCOMMS]     = { ASCII("varchar(255)"),    "text",                  "TEXT" },
};

static const char *const count_types[] = { "bigint unsigned", "bigint", "INTEGER" };
static const char *const flag_types[] = { "tinyint unsigned", "smallint", "INTEGER" };
static const char *const stamp_types[] = { "datetime", "timestamp(0) without time zone", "TEXT" };
static const char *const epoch_types[] = { "int unsigned", "bigint", "INTEGER" };
static const char *const residual_types[] = { "int unsigned", "integer", "INTEGER" };
static const char *const proto_types[] = { "tinyint unsigned", "smallint", "INTEGER" };
static const char *const host_types[] = { "varbinary(16)", "inet", "BLOB" };
static const char *const status_types[] = { ASCII("varchar(64)"), "character varying(64)", "TEXT" };

static const char *
field_type(const struct out_env *env, const struct columns *cols, const struct column *c)
{
	enum value_type type = c->field->prim->type;
	enum sql_engine engine = cols->shape.engine;

	if (type == VT_PROTO && cols->shape.num_protos)
		return proto_types[engine];
	if (type == VT_ADDR && cols->shape.num_hosts)
		return host_types[engine];
	if (type == VT_TIME && cols->shape.epoch)
		return epoch_types[engine];
	if (type == VT_FWD_STATUS && env->style.fwd_status_text)
		return status_types[engine];
	return types[type][engine];
}

static const char *
column_type(const struct out_env *env, const struct columns *cols, const struct column *c)
{
	enum sql_engine engine = cols->shape.engine;

	switch (c->role) {
	case COLUMN_KEY:
		return field_type(env, cols, c);
	case COLUMN_RESIDUAL:
		return residual_types[engine];
	case COLUMN_COUNTER:
		return (c->counter == EC_TCP_FLAGS ? flag_types : count_types)[engine];
	case COLUMN_STAMP_INSERTED:
	case COLUMN_STAMP_UPDATED:
		return (cols->shape.epoch ? epoch_types : stamp_types)[engine];
	case COLUMN_FAKE:
	case COLUMN_KEPT:
	case COLUMN_REPLACED:
		break;
	}
	return c->type;
}

/* --- what the table is made of -------------------------------------------------------------------- */

struct advice {
	const struct out_env *env;
	const struct advice_conf *conf;
	struct sql_settings set;
	struct columns cols;
	struct sbuf table;
	struct sbuf key;		/* "stamp_inserted, ip_src": the columns of the primary key */
	bool daily;			/* partitions by day */
};

static const struct column *
find(const struct columns *cols, const char *name)
{
	for (size_t i = 0; i < cols->count; i++)
		if (strcasecmp(cols->col[i].name, name) == 0)
			return &cols->col[i];
	return NULL;
}

static int
by_order(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	return (int)x->order - (int)y->order;
}

/* The bin comes first in the key: its rows lie together, and reports ask for a span of time. */
static void
list_key(struct advice *a)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < a->cols.count; i++) {
			const struct column *c = &a->cols.col[i];

			if (c->key && (c->role == COLUMN_STAMP_INSERTED) == (pass == 0))
				sbuf_printf(&a->key, "%s%s", a->key.len > 0 ? ", " : "", c->name);
		}
}

static int
read_advice(const struct out_env *env, enum sql_engine engine, const struct advice_conf *conf,
    struct advice *a, struct sbuf *err)
{
	struct dynname_env name = { .time = wall_now(), .utc = env->style.utc };

	*a = (struct advice){ .env = env, .conf = conf };
	if (settings_read(env, engine, &a->set, err) != 0 ||
	    columns_make(env->plan, &a->set.shape, &a->cols, err) != 0)
		return -1;
	qsort(a->cols.col, a->cols.count, sizeof(*a->cols.col), by_order);
	list_key(a);
	name.post_tag = a->set.post_tag;
	name.history_s = a->set.history_s;
	name.refresh_s = a->set.refresh_s;
	if (dynname_has_row(sbuf_text(&a->set.table)))
		sbuf_str(&a->table, a->set.table.text);
	else
		dynname_expand(sbuf_text(&a->set.table), &name, &a->table);
	/* A table per day, or hour, needs none. */
	a->daily = conf->days > 0 && engine != SQL_SQLITE &&
	    find(&a->cols, "stamp_inserted") != NULL && !dynname_has_time(a->set.table.text);
	return 0;
}

static void
advice_done(struct advice *a)
{
	settings_done(&a->set);
	columns_done(&a->cols);
	sbuf_done(&a->table);
	sbuf_done(&a->key);
}

/* --- printed -------------------------------------------------------------------------------------- */

static wall_t
day_start(const struct advice *a, unsigned day)
{
	time_t sec = (time_t)wall_sec(a->conf->today);
	struct tm tm;

	if (a->env->style.utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += (int)day;
	tm.tm_isdst = -1;
	return wall_of_sec((int64_t)(a->env->style.utc ? timegm(&tm) : mktime(&tm)));
}

/* The start of a day as a value of stamp_inserted, and as the name of its partition. */
static void
put_day(const struct advice *a, unsigned day, struct sbuf *out)
{
	wall_t t = day_start(a, day);

	if (a->set.shape.epoch) {
		sbuf_printf(out, "%lld", (long long)wall_sec(t));
		return;
	}
	sbuf_char(out, '\'');
	stamp_text(t, a->env->style.utc, a->set.shape.engine, out);
	sbuf_char(out, '\'');
}

static void
put_part_name(const struct advice *a, unsigned day, struct sbuf *out)
{
	struct sbuf text = { 0 };

	stamp_text(day_start(a, day), a->env->style.utc, a->set.shape.engine, &text);
	sbuf_printf(out, "p%.4s%.2s%.2s", text.text, text.text + 5, text.text + 8);
	sbuf_done(&text);
}

static void
put_mysql_tail(const struct advice *a, struct sbuf *out)
{
	sbuf_str(out, ") ENGINE=InnoDB");
	if (a->daily) {
		sbuf_printf(out, "\nPARTITION BY RANGE %s(stamp_inserted) (\n",
		    a->set.shape.epoch ? "" : "COLUMNS ");
		for (unsigned day = 0; day < a->conf->days; day++) {
			sbuf_str(out, "\tPARTITION ");
			put_part_name(a, day, out);
			sbuf_str(out, " VALUES LESS THAN (");
			put_day(a, day + 1, out);
			sbuf_str(out, "),\n");
		}
		sbuf_printf(out, "\tPARTITION rest VALUES LESS THAN %s\n)",
		    a->set.shape.epoch ? "MAXVALUE" : "(MAXVALUE)");
	}
	sbuf_str(out, ";\n");
}

/* The name of something that belongs to the table, in its schema if `whole`. */
static void
put_belonging(const struct advice *a, const char *tail, bool whole, struct sbuf *out)
{
	const char *dot = strrchr(a->table.text, '.');
	struct sbuf name = { 0 };

	sbuf_printf(&name, "%s_%s", dot != NULL && !whole ? dot + 1 : a->table.text, tail);
	statement_table(a->set.shape.engine, name.text, out);
	sbuf_done(&name);
}

static void
put_pgsql_tail(const struct advice *a, struct sbuf *out)
{
	sbuf_printf(out, ")%s;\n", a->daily ? " PARTITION BY RANGE (stamp_inserted)" : "");
	for (unsigned day = 0; a->daily && day < a->conf->days; day++) {
		struct sbuf part = { 0 };

		put_part_name(a, day, &part);
		sbuf_str(out, "CREATE TABLE ");
		put_belonging(a, part.text, true, out);
		sbuf_str(out, " PARTITION OF ");
		statement_table(SQL_PGSQL, a->table.text, out);
		sbuf_str(out, " FOR VALUES FROM (");
		put_day(a, day, out);
		sbuf_str(out, ") TO (");
		put_day(a, day + 1, out);
		sbuf_str(out, ");\n");
		sbuf_done(&part);
	}
	if (!a->daily)
		return;
	sbuf_str(out, "CREATE TABLE ");
	put_belonging(a, "rest", true, out);
	sbuf_str(out, " PARTITION OF ");
	statement_table(SQL_PGSQL, a->table.text, out);
	sbuf_str(out, " DEFAULT;\n");
}

static void
put_column(const struct advice *a, const struct column *c, struct sbuf *out)
{
	sbuf_printf(out, "%s %s", c->name, column_type(a->env, &a->cols, c));
	if (c->role != COLUMN_STAMP_UPDATED)
		sbuf_str(out, " NOT NULL");
	if (c->role == COLUMN_FAKE && c->dflt != NULL)
		sbuf_printf(out, " DEFAULT %s", c->dflt);
}

static void
put_table(const struct advice *a, struct sbuf *out)
{
	sbuf_str(out, "CREATE TABLE ");
	statement_table(a->set.shape.engine, a->table.text, out);
	sbuf_str(out, " (\n");
	for (size_t i = 0; i < a->cols.count; i++) {
		sbuf_char(out, '\t');
		put_column(a, &a->cols.col[i], out);
		if (i + 1 < a->cols.count || a->key.len > 0)
			sbuf_char(out, ',');
		sbuf_char(out, '\n');
	}
	if (a->key.len > 0)
		sbuf_printf(out, "\tPRIMARY KEY (%s)\n", a->key.text);
	switch (a->set.shape.engine) {
	case SQL_MYSQL:
		put_mysql_tail(a, out);
		break;
	case SQL_PGSQL:
		put_pgsql_tail(a, out);
		break;
	case SQL_SQLITE:
		sbuf_str(out, a->key.len > 0 ? ") WITHOUT ROWID;\n" : ");\n");
		break;
	case SQL_ENGINES:
		break;
	}
}

/* "as_dst, stamp_inserted": what a report by one column over some time reads. */
static bool
index_columns(const struct advice *a, const char *column, struct sbuf *out)
{
	sbuf_clear(out);
	if (find(&a->cols, column) == NULL || find(&a->cols, column)->role == COLUMN_FAKE)
		return false;
	sbuf_str(out, column);
	if (find(&a->cols, "stamp_inserted") != NULL)
		sbuf_str(out, ", stamp_inserted");
	return true;
}

static void
put_index(const struct advice *a, const char *column, const char *columns, struct sbuf *out)
{
	sbuf_str(out, "CREATE INDEX ");
	put_belonging(a, column, false, out);
	sbuf_str(out, " ON ");
	statement_table(a->set.shape.engine, a->table.text, out);
	sbuf_printf(out, " (%s)", columns);
}

int
advice_print(const struct out_env *env, enum sql_engine engine, const struct advice_conf *conf,
    struct sbuf *out, struct sbuf *err)
{
	struct sbuf columns = { 0 };
	struct advice a;
	int ret = read_advice(env, engine, conf, &a, err);

	if (ret == 0) {
		sbuf_printf(out, "-- Output %s.\n", env->name);
		put_table(&a, out);
	}
	for (size_t i = 0; ret == 0 && conf->indexed[i] != NULL; i++)
		if (index_columns(&a, conf->indexed[i], &columns)) {
			put_index(&a, conf->indexed[i], columns.text, out);
			sbuf_str(out, ";\n");
		}
	sbuf_done(&columns);
	advice_done(&a);
	return ret;
}

/* --- compared ------------------------------------------------------------------------------------- */

/* %s: the table as a literal. Columns: name, type, collation. Indexes: name, column, unique. */
static const struct {
	const char *columns, *indexes, *parts;
} questions[SQL_ENGINES] = {
	[SQL_MYSQL] = {
	    "SELECT COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME FROM information_schema.COLUMNS WHERE "
	    "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
	    "SELECT INDEX_NAME, COLUMN_NAME, IF(NON_UNIQUE = 0, '1', '0') FROM "
	    "information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s "
	    "ORDER BY INDEX_NAME, SEQ_IN_INDEX",
	    "SELECT PARTITION_EXPRESSION FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = "
	    "DATABASE() AND TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL LIMIT 1" },
	[SQL_PGSQL] = {
	    "SELECT attname, format_type(atttypid, atttypmod), NULL FROM pg_attribute WHERE attrelid "
	    "= to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
	    "SELECT i.indexrelid, a.attname, i.indisunique::int FROM pg_index i CROSS JOIN LATERAL "
	    "unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, nth) LEFT JOIN pg_attribute a ON "
	    "a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE i.indrelid = to_regclass(%s) AND "
	    "k.nth <= i.indnatts ORDER BY 1, k.nth",
	    "SELECT 'p' FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)" },
	[SQL_SQLITE] = {
	    "SELECT name, type, NULL FROM pragma_table_info(%s) ORDER BY cid",
	    "SELECT l.name, i.name, l.\"unique\" FROM pragma_index_list(%s) l, "
	    "pragma_index_info(l.name) i ORDER BY l.seq, i.seqno",
	    NULL },
};

struct found {
	struct { char name[COLUMN_NAME], type[TYPE_ROOM]; bool wanted; } *col;
	size_t cols;
	struct { char name[COLUMN_NAME]; struct sbuf columns; bool unique; } *index;
	size_t indexes;
	bool parted;
};

/* "int(10) unsigned" -> "int unsigned": MariaDB says a width that means nothing. */
static void
plain_type(char *type)
{
	char *open = strchr(type, '('), *end = open != NULL ? strchr(open, ')') : NULL;

	if (end != NULL && strncmp(open - 3 >= type ? open - 3 : type, "int", 3) == 0)
		memmove(open, end + 1, strlen(end + 1) + 1);
}

static void
take_column(void *ctx, const char *const *cell)
{
	struct found *f = ctx;
	char type[64];

	f->col = mem_grow(f->col, f->cols + 1, sizeof(*f->col));
	snprintf(f->col[f->cols].name, COLUMN_NAME, "%s", cell[0]);
	snprintf(type, sizeof(type), "%s", cell[1] != NULL ? cell[1] : "");
	plain_type(type);
	snprintf(f->col[f->cols].type, TYPE_ROOM, "%s", type);
	/* The character set of a collation is its first word. */
	if (cell[2] != NULL && strcmp(cell[2], "NULL") != 0)
		snprintf(f->col[f->cols].type, TYPE_ROOM, "%.40s character set %.*s collate %.24s",
		    type, (int)strcspn(cell[2], "_") < 12 ? (int)strcspn(cell[2], "_") : 12, cell[2],
		    cell[2]);
	f->col[f->cols++].wanted = false;
}

static void
take_index(void *ctx, const char *const *cell)
{
	struct found *f = ctx;
	size_t i = f->indexes > 0 ? f->indexes - 1 : 0;

	if (f->indexes == 0 || strcmp(f->index[i].name, cell[0]) != 0) {
		f->index = mem_grow(f->index, f->indexes + 1, sizeof(*f->index));
		i = f->indexes++;
		memset(&f->index[i], 0, sizeof(f->index[i]));
		snprintf(f->index[i].name, COLUMN_NAME, "%s", cell[0]);
		f->index[i].unique = cell[2] != NULL && cell[2][0] == '1';
	}
	sbuf_printf(&f->index[i].columns, "%s%s", f->index[i].columns.len > 0 ? ", " : "",
	    cell[1] != NULL ? cell[1] : "?");
}

static void
take_parts(void *ctx, const char *const *cell)
{
	struct found *f = ctx;

	(void)cell;
	f->parted = true;
}

static void
found_done(struct found *f)
{
	for (size_t i = 0; i < f->indexes; i++)
		sbuf_done(&f->index[i].columns);
	mem_free(f->index);
	mem_free(f->col);
}

static int
ask_about(const struct sql_backend *backend, void *db, const char *question, const char *table,
    sql_answer *take, struct found *f, struct sbuf *err)
{
	const char *at = question != NULL ? strstr(question, "%s") : NULL;
	struct sbuf sql = { 0 };
	int ret;

	if (at == NULL)
		return 0;
	sbuf_add(&sql, question, (size_t)(at - question));
	statement_text(backend->engine, table, &sql);
	sbuf_str(&sql, at + 2);
	ret = backend->ask(db, sql.text, take, f, err);
	sbuf_done(&sql);
	return ret;
}

/* Do two lists of columns name the same ones, in whatever order? */
static bool
same_columns(const char *a, const char *b)
{
	char name[COLUMN_NAME + 8];
	size_t n = 0, m = 0;

	for (const char *p = a; *p != '\0'; n++) {
		size_t len = strcspn(p, ",");
		const char *at = b;
		bool there = false;

		snprintf(name, sizeof(name), "%.*s", (int)(len < COLUMN_NAME ? len : COLUMN_NAME), p);
		while (!there && (at = strcasestr(at, name)) != NULL) {
			there = (at == b || at[-1] == ' ') &&
			    (at[strlen(name)] == ',' || at[strlen(name)] == '\0');
			at++;
		}
		if (!there)
			return false;
		p += len + strspn(p + len, ", ");
	}
	for (const char *p = b; *p != '\0'; m++) {
		p += strcspn(p, ",");
		p += strspn(p, ", ");
	}
	return n == m;
}

static void
say_alter(const struct advice *a, const struct column *c, bool add, struct sbuf *out)
{
	enum sql_engine engine = a->set.shape.engine;

	if (engine == SQL_SQLITE && !add) {
		sbuf_char(out, '\n');
		return;
	}
	sbuf_str(out, ": ALTER TABLE ");
	statement_table(engine, a->table.text, out);
	if (!add && engine == SQL_PGSQL) {
		sbuf_printf(out, " ALTER COLUMN %s TYPE %s\n", c->name,
		    column_type(a->env, &a->cols, c));
		return;
	}
	sbuf_str(out, add ? " ADD COLUMN " : " MODIFY ");
	put_column(a, c, out);
	sbuf_char(out, '\n');
}

static int
compare_columns(const struct advice *a, struct found *f, struct sbuf *out)
{
	int differ = 0;

	for (size_t i = 0; i < a->cols.count; i++) {
		const struct column *c = &a->cols.col[i];
		const char *type = column_type(a->env, &a->cols, c);
		size_t k = 0;

		while (k < f->cols && strcasecmp(f->col[k].name, c->name) != 0)
			k++;
		if (k < f->cols)
			f->col[k].wanted = true;
		/* What the output does not fill may be of any type. */
		if (k < f->cols && (c->role == COLUMN_FAKE || strcasecmp(f->col[k].type, type) == 0))
			continue;
		differ++;
		if (k == f->cols)
			sbuf_printf(out, "  column %s is missing", c->name);
		else
			sbuf_printf(out, "  column %s is %s, recommended %s", c->name, f->col[k].type,
			    type);
		say_alter(a, c, k == f->cols, out);
	}
	for (size_t k = 0; k < f->cols; k++)
		if (!f->col[k].wanted) {
			differ++;
			sbuf_printf(out, "  column %s (%s) is not written by the output\n",
			    f->col[k].name, f->col[k].type);
		}
	return differ;
}

static bool
has_index(const struct found *f, const char *columns, bool unique)
{
	for (size_t i = 0; i < f->indexes; i++)
		if ((!unique || f->index[i].unique) &&
		    same_columns(columns, sbuf_text((struct sbuf *)&f->index[i].columns)))
			return true;
	return false;
}

static int
compare_indexes(const struct advice *a, const struct found *f, struct sbuf *out)
{
	struct sbuf columns = { 0 };
	int differ = 0;

	if (a->key.len > 0 && !has_index(f, a->key.text, true)) {
		differ++;
		sbuf_str(out, "  no unique index on the aggregate: CREATE UNIQUE INDEX waybill_key ON ");
		statement_table(a->set.shape.engine, a->table.text, out);
		sbuf_printf(out, " (%s)\n", a->key.text);
	}
	for (size_t i = 0; a->conf->indexed[i] != NULL; i++) {
		if (!index_columns(a, a->conf->indexed[i], &columns) ||
		    has_index(f, columns.text, false))
			continue;
		differ++;
		sbuf_printf(out, "  no index for reports by %s: ", a->conf->indexed[i]);
		put_index(a, a->conf->indexed[i], columns.text, out);
		sbuf_char(out, '\n');
	}
	if (a->daily && !f->parted) {
		differ++;
		sbuf_str(out, "  not partitioned by day: see `waybill schema`\n");
	}
	sbuf_done(&columns);
	return differ;
}

static int
compare(struct advice *a, const struct sql_backend *backend, void *db, struct sbuf *out,
    struct sbuf *err)
{
	const char *table = a->table.text;
	struct sbuf said = { 0 };
	struct found f = { 0 };
	int differ = -1;

	if (ask_about(backend, db, questions[backend->engine].columns, table, take_column, &f, err) == 0 &&
	    ask_about(backend, db, questions[backend->engine].indexes, table, take_index, &f, err) == 0 &&
	    ask_about(backend, db, questions[backend->engine].parts, table, take_parts, &f, err) == 0)
		differ = 0;
	if (differ == 0 && f.cols == 0) {
		sbuf_printf(out, "%s: no such table: see `waybill schema`\n", table);
		differ = 1;
	} else if (differ == 0) {
		differ = compare_columns(a, &f, &said) + compare_indexes(a, &f, &said);
		if (differ == 0)
			sbuf_printf(out, "%s: equal to the recommended table\n", table);
		else
			sbuf_printf(out, "%s: %d differences from the recommended table\n%s", table,
			    differ, said.text);
	}
	sbuf_done(&said);
	found_done(&f);
	return differ;
}

int
advice_check(const struct out_env *env, const struct advice_conf *conf, const char *table,
    struct sbuf *out, struct sbuf *err)
{
	const struct sql_backend *backend = sql_backend(env->type);
	struct advice a = { 0 };
	int differ = -1;
	void *db = NULL;

	if (read_advice(env, backend->engine, conf, &a, err) == 0)
		db = sql_open_there(backend, &a.set.place, err);
	if (db != NULL) {
		if (table != NULL) {
			sbuf_clear(&a.table);
			sbuf_str(&a.table, table);
		}
		differ = compare(&a, backend, db, out, err);
		backend->close(db);
	}
	advice_done(&a);
	return differ;
}
