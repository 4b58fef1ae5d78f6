/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an aggregate to columns (compat/interface.md 13.3). Without sql_optimize_clauses all columns
 * of the schema version are written, those that the aggregate lacks with fixed fake values; fields
 * that the schema lacks are appended. With it only what the aggregate names is written.
 */
#include "sql/columns.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* Orders in CREATE TABLE: columns of the schema by their place, what is not in it between. */
#define ORDER_STAMP	99u		/* first: rows of a new bin go to the end of the key */
#define ORDER_FIELD	100u
#define ORDER_COUNTER	300u

/* What the shipped tables cannot hold. */
static const struct gate {
	const char *column;		/* as from version 9 */
	uint8_t from;			/* first version that has it */
	bool bgp;			/* the bgp table takes it */
	const char *noun;
} gates[] = {
	{ "mac_src",   1, false, "MAC" },
	{ "mac_dst",   1, false, "MAC" },
	{ "vlan",      2, false, "VLAN" },
	{ "ip_src",    1, false, "IP host" },
	{ "ip_dst",    1, false, "IP host" },
	{ "port_src",  1, false, "TCP/UDP port" },
	{ "port_dst",  1, false, "TCP/UDP port" },
	{ "tag",       2, true,  "Tag" },
	{ "tos",       3, true,  "IP ToS" },
	{ "class_id",  5, true,  "Class" },
};

static int
refuse(struct sbuf *err, const char *noun)
{
	sbuf_printf(err, "%s accounting not supported for selected sql_table_version/_type. Read "
	    "about SQL table versioning or consider using sql_optimize_clauses.", noun);
	return -1;
}

bool
columns_want_bgp(const struct plan *plan)
{
	for (size_t i = 0; i < plan->fields; i++)
		if ((plan->field[i].prim->flags & PRIM_BGP_TABLE) != 0)
			return true;
	return false;
}

/* Did the aggregate ask for it? Every plan counts bytes, packets and flows. */
static bool
asks(const struct plan *plan, enum entry_counter counter)
{
	return (plan->asked >> counter & 1) != 0;
}

static int
check_gates(const struct plan *plan, const struct sql_shape *shape, struct sbuf *err)
{
	if (shape->optimize)
		return 0;
	for (size_t i = 0; i < plan->fields; i++) {
		const struct prim *prim = plan->field[i].prim;

		if ((prim->flags & PRIM_BGP_TABLE) != 0 && !shape->bgp)
			return refuse(err, "BGP");
		for (size_t g = 0; g < ARRAY_LEN(gates); g++) {
			if (prim->sql == NULL || strcmp(prim->sql, gates[g].column) != 0)
				continue;
			if (shape->bgp ? !gates[g].bgp : shape->version < gates[g].from)
				return refuse(err, gates[g].noun);
		}
	}
	if (!shape->bgp && shape->version < 4 && asks(plan, EC_FLOWS))
		return refuse(err, "Flows");
	if (!shape->bgp && shape->version < 7 && asks(plan, EC_TCP_FLAGS))
		return refuse(err, "TCP flags");
	return 0;
}

static bool
plan_uses(const struct plan *plan, const char *column)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (plan->field[i].prim->sql != NULL && strcmp(plan->field[i].prim->sql, column) == 0)
			return true;
	return false;
}

/*
 * The column of a primitive. Old names are those below a version; PostgreSQL never had src_port.
 * Below version 6 AS numbers stand in the columns of addresses, unless those are wanted as well
 * and the table is the user's own.
 */
static const char *
column_name(const struct prim *prim, const struct plan *plan, const struct sql_shape *shape)
{
	static const char *const as[][2] = { { "as_src", "ip_src" }, { "as_dst", "ip_dst" } };
	bool old = prim->sql_old != NULL && shape->version < prim->sql_old_below;

	for (size_t i = 0; prim->sql != NULL && i < ARRAY_LEN(as); i++)
		if (strcmp(prim->sql, as[i][0]) == 0 && shape->version < 6 && !shape->bgp &&
		    !(shape->optimize && plan_uses(plan, as[i][1])))
			return as[i][1];
	if (old && shape->engine == SQL_PGSQL && strstr(prim->sql_old, "_port") != NULL)
		old = false;
	return old ? prim->sql_old : prim->sql;
}

/*
 * What servers cut or refuse where pmacct's documented type is too narrow for the values there can
 * be: a table made here takes them all. Text is compared byte by byte.
 */
#define ASCII_255	"VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin"
#define TEXT_255	"VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
static const char *const wide_types[VT_TYPES][SQL_ENGINES] = {
	[VT_U64] = { "BIGINT UNSIGNED", "BIGINT", NULL },
	[VT_PROTO] = { "CHAR(16) CHARACTER SET ascii COLLATE ascii_bin", "SMALLINT", NULL },
	[VT_NAME] = { TEXT_255, "VARCHAR(255)", NULL },
	[VT_CLASS] = { TEXT_255, "VARCHAR(255)", NULL },
	[VT_RD] = { "VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin", "VARCHAR(40)", NULL },
	[VT_LABELS] = { ASCII_255, "VARCHAR(255)", NULL },
	[VT_ASPATH] = { ASCII_255, "VARCHAR(255)", NULL },
	[VT_COMMS] = { ASCII_255, "VARCHAR(255)", NULL },
	[VT_ECOMMS] = { ASCII_255, "VARCHAR(255)", NULL },
	[VT_LCOMMS] = { ASCII_255, "VARCHAR(255)", NULL },
};

/* The column type of a field outside of the schemas. */
static const char *
field_type(const struct prim *prim, const struct sql_shape *shape)
{
	static const char *const proto_types[] = { "INT(1) UNSIGNED", "SMALLINT", "INT(2)" };
	static const char *const host_types[] = { "VARBINARY(16)", "inet", "INT(32)" };
	const struct value_row *row = &value_rows[prim->type];

	if (prim->type == VT_PROTO && shape->num_protos)
		return proto_types[shape->engine];
	if (prim->type == VT_ADDR && shape->num_hosts)
		return host_types[shape->engine];
	if (wide_types[prim->type][shape->engine] != NULL)
		return wide_types[prim->type][shape->engine];
	switch (shape->engine) {
	case SQL_MYSQL:
		return prim->sql_mysql != NULL ? prim->sql_mysql : row->sql_mysql;
	case SQL_PGSQL:
		return prim->sql_pgsql != NULL ? prim->sql_pgsql : row->sql_pgsql;
	case SQL_SQLITE:
		return prim->sql_sqlite != NULL ? prim->sql_sqlite : row->sql_sqlite;
	case SQL_ENGINES:
		break;
	}
	return "";
}

static struct column *
add(struct columns *cols, const char *name, enum column_role role)
{
	struct column *c;

	cols->col = mem_grow(cols->col, cols->count + 1, sizeof(*cols->col));
	c = &cols->col[cols->count++];
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->role = role;
	return c;
}

static struct column *
find(const struct columns *cols, const char *name)
{
	for (size_t i = 0; i < cols->count; i++)
		if (strcmp(cols->col[i].name, name) == 0)
			return &cols->col[i];
	return NULL;
}

static void
add_stamps(struct columns *cols)
{
	static const char *const types[] = {
		"DATETIME", "timestamp without time zone", "DATETIME"
	};
	static const char *const numbers[] = { "INT UNSIGNED", "BIGINT", "INT(8)" };
	enum sql_engine engine = cols->shape.engine;
	const char *type = cols->shape.epoch ? numbers[engine] : types[engine];
	struct column *c;

	c = add(cols, "stamp_updated", COLUMN_STAMP_UPDATED);
	c->type = type;
	c->order = ORDER_COUNTER + 9;
	c = add(cols, "stamp_inserted", COLUMN_STAMP_INSERTED);
	c->type = type;
	c->key = true;
	c->order = ORDER_STAMP;
}

static int
by_sql_order(const void *a, const void *b)
{
	const struct plan_field *const *x = a, *const *y = b;

	return (int)(*x)->prim->sql_order - (int)(*y)->prim->sql_order;
}

/* The fields of the aggregate, in pmacct's order of an INSERT. */
static int
add_fields(struct columns *cols, const struct plan *plan, struct sbuf *err)
{
	const struct plan_field **field = mem_array(plan->fields + 1, sizeof(*field));
	int ret = 0;

	for (size_t i = 0; i < plan->fields; i++)
		field[i] = &plan->field[i];
	qsort(field, plan->fields, sizeof(*field), by_sql_order);
	for (size_t i = 0; i < plan->fields && ret == 0; i++) {
		const struct prim *prim = field[i]->prim;
		const char *name = column_name(prim, plan, &cols->shape);
		struct column *c;

		if (name == NULL || (prim->flags & PRIM_COUNTER) != 0)
			continue;
		if (find(cols, name) != NULL) {
			ret = refuse(err, "IP host and AS");
			break;
		}
		c = add(cols, name, COLUMN_KEY);
		c->key = true;
		c->field = field[i];
		c->type = field_type(prim, &cols->shape);
		c->order = ORDER_FIELD + (unsigned)i * 2;
		if (prim->type == VT_TIME && !cols->shape.secs) {
			char residual[COLUMN_NAME + 16];

			snprintf(residual, sizeof(residual), "%s_residual", name);
			c = add(cols, residual, COLUMN_RESIDUAL);
			c->key = true;
			c->field = field[i];
			c->type = cols->shape.engine == SQL_MYSQL ? "INT UNSIGNED" : "INT";
			c->order = ORDER_FIELD + (unsigned)i * 2 + 1;
		}
	}
	mem_free(field);
	return ret;
}

/* The other columns of the schema, and the place of all of them in CREATE TABLE. */
static void
add_fakes(struct columns *cols)
{
	const struct sql_shape *shape = &cols->shape;
	const struct schema_column *schema[SCHEMA_COLUMNS];
	size_t n = schema_columns(shape->engine, shape->version, shape->bgp, schema);

	for (size_t i = 0; i < n; i++) {
		struct column *c = find(cols, schema[i]->name);

		if (c == NULL && schema[i]->fake != NULL) {
			c = add(cols, schema[i]->name, COLUMN_FAKE);
			c->key = schema[i]->key;
			c->fake = schema[i]->fake;
		}
		if (c == NULL)
			continue;
		c->order = (unsigned)i + (schema[i]->key ? 0 : ORDER_COUNTER - ORDER_FIELD);
		c->type = schema[i]->type[shape->engine];
		c->dflt = schema[i]->dflt[shape->engine];
		if (c->role == COLUMN_STAMP_INSERTED || c->role == COLUMN_STAMP_UPDATED)
			c->order = ORDER_COUNTER + (unsigned)i;
	}
}

static void
add_counters(struct columns *cols, const struct plan *plan)
{
	static const struct {
		enum entry_counter counter;
		const char *name;
		const char *type[SQL_ENGINES];
	} counters[] = {
		{ EC_TCP_FLAGS, "tcp_flags", { "INT(4) UNSIGNED", "SMALLINT", "INT(4)" } },
		{ EC_PACKETS, "packets", { "BIGINT UNSIGNED", "BIGINT", "BIGINT" } },
		{ EC_BYTES, "bytes", { "BIGINT UNSIGNED", "BIGINT", "BIGINT" } },
		{ EC_FLOWS, "flows", { "BIGINT UNSIGNED", "BIGINT", "BIGINT" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		struct column *c;

		if (!asks(plan, counters[i].counter) &&
		    counters[i].counter != EC_PACKETS && counters[i].counter != EC_BYTES)
			continue;
		c = add(cols, counters[i].name, COLUMN_COUNTER);
		c->counter = counters[i].counter;
		c->type = counters[i].type[cols->shape.engine];
		c->order = ORDER_COUNTER + (unsigned)i;
	}
}

/* Fakes go before the counters in an INSERT. */
static void
counters_last(struct columns *cols)
{
	struct column *sorted = mem_array(cols->count, sizeof(*sorted));
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < cols->count; i++)
			if ((cols->col[i].role == COLUMN_COUNTER) == (pass == 1))
				sorted[n++] = cols->col[i];
	assert(n == cols->count);
	mem_free(cols->col);
	cols->col = sorted;
}

int
columns_make(const struct plan *plan, const struct sql_shape *shape, struct columns *ret,
    struct sbuf *err)
{
	struct columns cols = { .shape = *shape };

	if (check_gates(plan, shape, err) != 0)
		return -1;
	if (shape->history)
		add_stamps(&cols);
	if (add_fields(&cols, plan, err) != 0) {
		columns_done(&cols);
		return -1;
	}
	add_counters(&cols, plan);
	if (!shape->optimize)
		add_fakes(&cols);
	counters_last(&cols);
	for (size_t i = 0; i < cols.count; i++)
		if (cols.col[i].role != COLUMN_FAKE)
			cols.col[i].param = ++cols.params;
	*ret = cols;
	return 0;
}

void
columns_done(struct columns *cols)
{
	mem_free(cols->col);
	memset(cols, 0, sizeof(*cols));
}
