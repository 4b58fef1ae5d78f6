/* SPDX-License-Identifier: BSD-2-Clause */
/* SQL text made from columns. It knows the grammar of the engines, not their libraries. */
#include "sql/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "sql/backend.h"

void
statement_name(enum sql_engine engine, const char *name, struct sbuf *out)
{
	char quote = engine == SQL_MYSQL ? '`' : '"';

	sbuf_char(out, quote);
	for (; *name != '\0'; name++) {
		if (*name == quote)
			sbuf_char(out, quote);
		sbuf_char(out, *name);
	}
	sbuf_char(out, quote);
}

void
statement_text(enum sql_engine engine, const char *text, struct sbuf *out)
{
	sbuf_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || (*text == '\\' && engine == SQL_MYSQL))
			sbuf_char(out, *text);
		sbuf_char(out, *text);
	}
	sbuf_char(out, '\'');
}

void
statement_table(enum sql_engine engine, const char *name, struct sbuf *out)
{
	bool plain = engine == SQL_PGSQL && !isdigit((unsigned char)name[0]);

	for (const char *p = name; *p != '\0'; p++)
		plain = plain && (isalnum((unsigned char)*p) || *p == '_' || *p == '.');
	if (plain)
		sbuf_str(out, name);
	else
		statement_name(engine, name, out);
}

static int
by_order(const void *a, const void *b)
{
	const struct column *const *x = a, *const *y = b;

	return (int)(*x)->order - (int)(*y)->order;
}

void
statement_create(const struct columns *cols, const char *table, bool keyed, const char *tail,
    struct sbuf *out)
{
	const struct column **col = mem_array(cols->count + 1, sizeof(*col));
	const char *between = "";

	for (size_t i = 0; i < cols->count; i++)
		col[i] = &cols->col[i];
	qsort(col, cols->count, sizeof(*col), by_order);
	sbuf_str(out, "CREATE TABLE IF NOT EXISTS ");
	statement_table(cols->shape.engine, table, out);
	sbuf_str(out, " (");
	for (size_t i = 0; i < cols->count; i++) {
		sbuf_printf(out, "%s%s %s", i > 0 ? ", " : "", col[i]->name, col[i]->type);
		if (col[i]->role != COLUMN_STAMP_UPDATED && col[i]->role != COLUMN_REPLACED)
			sbuf_str(out, " NOT NULL");
		if (col[i]->dflt != NULL)
			sbuf_printf(out, " DEFAULT %s", col[i]->dflt);
	}
	if (keyed) {
		sbuf_str(out, ", PRIMARY KEY (");
		for (size_t i = 0; i < cols->count; i++) {
			if (!col[i]->key)
				continue;
			sbuf_printf(out, "%s%s", between, col[i]->name);
			between = ", ";
		}
		sbuf_char(out, ')');
	}
	sbuf_printf(out, ")%s", tail);
	mem_free(col);
}

static void
put_values(const struct columns *cols, unsigned row, struct sbuf *out)
{
	const char *between = row > 0 ? ", (" : " (";

	for (size_t i = 0; i < cols->count; i++) {
		sbuf_str(out, i > 0 ? ", " : between);
		if (cols->col[i].param != 0)
			sbuf_printf(out, "?%u", row * cols->params + cols->col[i].param);
		else
			sbuf_str(out, cols->col[i].fake);
	}
	sbuf_char(out, ')');
}

void
statement_insert(const struct columns *cols, const char *table, unsigned rows, struct sbuf *out)
{
	sbuf_str(out, "INSERT INTO ");
	statement_name(cols->shape.engine, table, out);
	for (size_t i = 0; i < cols->count; i++)
		sbuf_printf(out, "%s%s", i > 0 ? ", " : " (", cols->col[i].name);
	sbuf_str(out, ") VALUES");
	for (unsigned row = 0; row < rows; row++)
		put_values(cols, row, out);
}

/* "packets = packets + excluded.packets, ..."; without `from` the parameters stand there. */
static void
additions(const struct columns *cols, const char *from, struct sbuf *out)
{
	const char *between = "";

	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];

		if (!column_changes(c))
			continue;
		sbuf_printf(out, "%s%s = ", between, c->name);
		between = ", ";
		if (c->role == COLUMN_COUNTER)
			sbuf_printf(out, "%s %c ", c->name, c->counter == EC_TCP_FLAGS ? '|' : '+');
		if (from != NULL)
			sbuf_printf(out, "%s.%s", from, c->name);
		else
			sbuf_printf(out, "?%u", c->param);
	}
}

void
statement_upsert(const struct columns *cols, const char *table, const char *conflict,
    unsigned rows, struct sbuf *out)
{
	statement_insert(cols, table, rows, out);
	sbuf_printf(out, " ON CONFLICT (%s) DO UPDATE SET ", conflict);
	additions(cols, "excluded", out);
}

void
statement_update(const struct columns *cols, const char *table, bool rowid, struct sbuf *out)
{
	const char *between = " WHERE ";

	sbuf_str(out, "UPDATE ");
	statement_name(cols->shape.engine, table, out);
	sbuf_str(out, " SET ");
	additions(cols, NULL, out);
	if (rowid) {
		sbuf_str(out, " WHERE rowid = (SELECT rowid FROM ");
		statement_name(cols->shape.engine, table, out);
	}
	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];

		if (!c->key)
			continue;
		sbuf_printf(out, "%s%s = ", between, c->name);
		between = " AND ";
		if (c->param != 0)
			sbuf_printf(out, "?%u", c->param);
		else
			sbuf_str(out, c->fake);
	}
	if (rowid)
		sbuf_str(out, " LIMIT 1)");
}

void
statement_remove(const struct columns *cols, const char *table, struct sbuf *out)
{
	const char *between = " WHERE ";

	sbuf_str(out, "DELETE FROM ");
	statement_name(cols->shape.engine, table, out);
	for (size_t i = 0; i < cols->count; i++) {
		if (!cols->col[i].key)
			continue;
		sbuf_printf(out, "%s%s = ?%u", between, cols->col[i].name, cols->col[i].param);
		between = " AND ";
	}
}

void
statement_ledger_create(enum sql_engine engine, struct sbuf *out)
{
	static const char *const number[] = { "BIGINT", "BIGINT", "INTEGER" };
	static const char *const text[] = {
		"VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin", "VARCHAR(64)", "TEXT"
	};
	static const struct { const char *name; bool is_text; } col[] = {
		{ "instance", true }, { "output", true }, { "seq", false }, { "chunk", false },
		{ "bin", false }, { "table_name", true }, { "rows", false }, { "packets", false },
		{ "bytes", false }, { "flows", false }, { "digest", true }, { "written", false },
	};

	sbuf_str(out, "CREATE TABLE IF NOT EXISTS waybill_ledger (");
	for (size_t i = 0; i < ARRAY_LEN(col); i++) {
		statement_name(engine, col[i].name, out);
		sbuf_printf(out, " %s NOT NULL, ", col[i].is_text ? text[engine] : number[engine]);
	}
	sbuf_printf(out, "PRIMARY KEY (instance, output, seq, chunk, bin))%s",
	    engine == SQL_MYSQL ? " ENGINE=InnoDB" : "");
}

static void
ledger_key(const struct ledger_row *row, const char *between, statement_quote *quote, void *db,
    struct sbuf *out)
{
	quote(db, row->instance, out);
	sbuf_str(out, between);
	quote(db, row->output, out);
}

void
ledger_digest(const struct ledger_row *row, char ret[17])
{
	snprintf(ret, 17, "%016llx", (unsigned long long)row->digest);
}

void
statement_ledger_insert(enum sql_engine engine, const struct ledger_row *row, statement_quote *quote,
    void *db, struct sbuf *out)
{
	const struct { const char *name; uint64_t n; } number[] = {
		{ "seq", row->seq }, { "chunk", row->chunk }, { "bin", (uint64_t)row->bin },
		{ "rows", row->rows }, { "packets", row->packets }, { "bytes", row->bytes },
		{ "flows", row->flows }, { "written", (uint64_t)row->written },
	};
	char digest[17];

	ledger_digest(row, digest);
	sbuf_str(out, "INSERT INTO waybill_ledger (instance, output, table_name, digest");
	for (size_t i = 0; i < ARRAY_LEN(number); i++) {
		sbuf_str(out, ", ");
		statement_name(engine, number[i].name, out);
	}
	sbuf_str(out, ") VALUES (");
	ledger_key(row, ", ", quote, db, out);
	sbuf_str(out, ", ");
	quote(db, row->table, out);
	sbuf_printf(out, ", '%s'", digest);
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		sbuf_printf(out, ", %llu", (unsigned long long)number[i].n);
	sbuf_char(out, ')');
}

void
statement_ledger_find(const struct ledger_row *row, statement_quote *quote, void *db,
    struct sbuf *out)
{
	sbuf_str(out, "SELECT digest FROM waybill_ledger WHERE instance = ");
	ledger_key(row, " AND output = ", quote, db, out);
	sbuf_printf(out, " AND seq = %llu AND chunk = %u AND bin = %lld",
	    (unsigned long long)row->seq, row->chunk, (long long)row->bin);
}

void
ledger_differs(const struct ledger_row *row, const char *there, struct sbuf *err)
{
	char digest[17];

	ledger_digest(row, digest);
	sbuf_printf(err, "waybill_ledger has other rows under instance %s, output '%s', seq %llu, "
	    "chunk %u: digest %s there, %s here", row->instance, row->output,
	    (unsigned long long)row->seq, row->chunk, there, digest);
}

void
ledger_refused(enum sql_engine engine, const char *user, struct sbuf *err)
{
	sbuf_str(err, "; the table waybill_ledger is needed to write each purge exactly once. As an "
	    "administrator: ");
	statement_ledger_create(engine, err);
	sbuf_printf(err, "; GRANT SELECT, INSERT, DELETE ON waybill_ledger TO %s; or sql_ledger: "
	    "false, and a purge may be written twice after a crash", user);
}
