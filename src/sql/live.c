/* SPDX-License-Identifier: BSD-2-Clause */
/* What a live table takes, compared with what an output writes. Knows types, not connections. */
#include "sql/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "core/mem.h"
#include "sql/statement.h"

void
live_done(struct live *live)
{
	mem_free(live->col);
	sbuf_done(&live->conflict);
	sbuf_done(&live->implied_names);
	sbuf_done(&live->implied_values);
	sbuf_done(&live->implied_set);
	memset(live, 0, sizeof(*live));
}

/* Types by their first word. `unsigned_max`: where the word "unsigned" follows. */
static const struct {
	const char *word;
	enum live_kind kind;
	int64_t min;
	uint64_t max, unsigned_max;	/* LIVE_TEXT, LIVE_BYTES: max is without a number in brackets */
} types[] = {
	{ "tinyint",           LIVE_INT,   INT8_MIN,    INT8_MAX,   UINT8_MAX },
	{ "smallint",          LIVE_INT,   INT16_MIN,   INT16_MAX,  UINT16_MAX },
	{ "mediumint",         LIVE_INT,   -(1 << 23),  (1 << 23) - 1, (1 << 24) - 1 },
	{ "int",               LIVE_INT,   INT32_MIN,   INT32_MAX,  UINT32_MAX },
	{ "integer",           LIVE_INT,   INT32_MIN,   INT32_MAX,  UINT32_MAX },
	{ "bigint",            LIVE_INT,   INT64_MIN,   INT64_MAX,  UINT64_MAX },
	{ "character varying", LIVE_TEXT,  0,           SIZE_MAX,   0 },
	{ "character",         LIVE_TEXT,  0,           1,          0 },
	{ "char",              LIVE_TEXT,  0,           1,          0 },
	{ "varchar",           LIVE_TEXT,  0,           SIZE_MAX,   0 },
	{ "tinytext",          LIVE_TEXT,  0,           255 / 4,    0 },
	{ "text",              LIVE_TEXT,  0,           65535 / 4,  0 },
	{ "mediumtext",        LIVE_TEXT,  0,           SIZE_MAX,   0 },
	{ "longtext",          LIVE_TEXT,  0,           SIZE_MAX,   0 },
	{ "citext",            LIVE_TEXT,  0,           SIZE_MAX,   0 },
	{ "binary",            LIVE_BYTES, 0,           1,          0 },
	{ "varbinary",         LIVE_BYTES, 0,           SIZE_MAX,   0 },
};

static void
read_type(struct live_column *c, enum sql_engine engine)
{
	const char *bracket = strchr(c->type, '(');

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t len = strlen(types[i].word);

		if (strncasecmp(c->type, types[i].word, len) != 0 ||
		    (c->type[len] != '\0' && c->type[len] != '(' && c->type[len] != ' '))
			continue;
		c->kind = types[i].kind;
		c->min = types[i].min;
		c->max = types[i].max;
		c->most = (size_t)types[i].max;
		if (c->kind == LIVE_INT && strstr(c->type, "unsigned") != NULL) {
			c->min = 0;
			c->max = types[i].unsigned_max;
		}
		if (c->kind != LIVE_INT && bracket != NULL)
			c->most = strtoul(bracket + 1, NULL, 10);
		break;
	}
	if (engine == SQL_PGSQL && strcmp(c->type, "text") == 0)
		c->most = SIZE_MAX;
}

void
live_column(struct live *live, const char *name, const char *type, bool folds)
{
	struct live_column *c;

	live->col = mem_grow(live->col, live->count + 1, sizeof(*live->col));
	c = &live->col[live->count++];
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->type, sizeof(c->type), "%s", type);
	c->folds = folds || strcmp(type, "citext") == 0;
	read_type(c, live->engine);
}

static const struct column *
ours(const struct columns *cols, const char *name)
{
	for (size_t i = 0; name != NULL && i < cols->count; i++)
		if (strcasecmp(cols->col[i].name, name) == 0)
			return &cols->col[i];
	return NULL;
}

void
live_implied(struct live *live, const struct columns *cols, const char *name, const char *value)
{
	if (ours(cols, name) != NULL)
		return;
	sbuf_str(&live->implied_names, ", ");
	statement_name(live->engine, name, &live->implied_names);
	sbuf_printf(&live->implied_values, ", %s", value);
	sbuf_str(&live->implied_set, ", ");
	statement_name(live->engine, name, &live->implied_set);
	sbuf_printf(&live->implied_set, " = %s", value);
}

static void
take_key(struct live *live, const struct columns *cols, const char *const *name, size_t n,
    const char *names)
{
	sbuf_str(&live->conflict, names);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = ours(cols, name[i]);

		if (c != NULL && live->keys < ARRAY_LEN(live->key))
			live->key[live->keys++] = (size_t)(c - cols->col);
	}
}

void
live_index(struct live *live, const struct columns *cols, const char *const *name, size_t n,
    bool generated)
{
	struct sbuf names = { 0 };
	size_t keys = 0, found = 0;
	bool fits = true;

	for (size_t i = 0; i < cols->count; i++)
		keys += cols->col[i].key;
	for (size_t i = 0; i < n; i++) {
		const struct column *c = ours(cols, name[i]);
		bool key = c != NULL && c->key;

		/* A stamp that is not written has its default in every row. */
		if (!key && (c != NULL || name[i] == NULL ||
		    strcasecmp(name[i], "stamp_inserted") != 0))
			fits = false;
		found += key;
		sbuf_printf(&names, "%s%s", i > 0 ? ", " : "", name[i] != NULL ? name[i] : "?");
	}
	if (fits && keys > 0 && found == keys) {
		if (live->conflict.len == 0)
			take_key(live, cols, name, n, names.text);
	} else if (!generated) {
		live->others++;
	}
	sbuf_done(&names);
}

static const struct live_column *
find(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->count; i++)
		if (strcasecmp(live->col[i].name, name) == 0)
			return &live->col[i];
	return NULL;
}

/* The largest number a value of a type can be, and the longest text; SIZE_MAX: any length. */
static const struct {
	uint64_t number;
	size_t chars;
} largest[VT_TYPES] = {
	[VT_U8] = { UINT8_MAX, 3 },
	[VT_U16] = { UINT16_MAX, 5 },
	[VT_U32] = { UINT32_MAX, 10 },
	[VT_U64] = { UINT64_MAX, 20 },
	[VT_ADDR] = { UINT32_MAX, 45 },
	[VT_MAC] = { 0, 17 },
	[VT_PROTO] = { UINT8_MAX, 10 },
	[VT_ETYPE] = { 0, 4 },
	[VT_CHAR] = { 0, 1 },
	[VT_NAME] = { 0, SIZE_MAX },
	[VT_CLASS] = { 0, SIZE_MAX },
	[VT_RD] = { 0, 40 },
	[VT_TIME] = { UINT32_MAX, 19 },
	[VT_FWD_STATUS] = { UINT8_MAX, 64 },
	[VT_TCP_FLAGS] = { UINT8_MAX, 3 },
	[VT_LABELS] = { 0, SIZE_MAX },
	[VT_ASPATH] = { 0, SIZE_MAX },
	[VT_COMMS] = { 0, SIZE_MAX },
	[VT_ECOMMS] = { 0, SIZE_MAX },
	[VT_LCOMMS] = { 0, SIZE_MAX },
};

/* Servers have no larger number than a signed one of 64 bits, or next to none. */
static uint64_t
most_number(const struct column *c)
{
	switch (c->role) {
	case COLUMN_KEY:
		return largest[c->field->prim->type].number;
	case COLUMN_RESIDUAL:
		return 999999;
	case COLUMN_COUNTER:
		return c->counter == EC_TCP_FLAGS ? UINT8_MAX : INT64_MAX;
	case COLUMN_STAMP_INSERTED:
	case COLUMN_STAMP_UPDATED:
		return c->type != NULL && strstr(c->type, "INT") != NULL ? UINT32_MAX : 0;
	case COLUMN_FAKE:
	case COLUMN_KEPT:
	case COLUMN_REPLACED:
		break;
	}
	return 0;
}

static size_t
most_chars(const struct column *c)
{
	return c->role == COLUMN_KEY ? largest[c->field->prim->type].chars : 0;
}

/* Text that someone on the network chose: anything can be in it. */
static bool
foreign_text(const struct column *c)
{
	return c->role == COLUMN_KEY && (value_is_name(c->field->prim->type) ||
	    c->field->prim->type == VT_CHAR);
}

bool
live_limits(const struct live *live, const struct columns *cols, struct limit *ret)
{
	bool any = false;

	for (size_t i = 0; i < cols->count; i++) {
		const struct column *c = &cols->col[i];
		const struct live_column *l = find(live, c->name);
		struct limit limit = { 0 };

		if (c->param == 0)
			continue;
		if (l != NULL)
			limit = (struct limit){ .kind = l->kind, .max = l->max, .most = l->most };
		limit.on = l != NULL && !column_fixed(c) && (foreign_text(c) ||
		    (l->kind == LIVE_INT && most_number(c) > l->max) ||
		    (l->kind == LIVE_INT && c->role == COLUMN_KEY && cols->shape.num_hosts &&
		    c->field->prim->type == VT_ADDR) ||
		    (l->kind == LIVE_TEXT && most_chars(c) > l->most));
		any |= limit.on;
		ret[c->param - 1] = limit;
	}
	return any;
}

static void
say(struct sbuf *said, const char *subject, const char *table, const char *column,
    const char *what, const char *alter)
{
	struct sbuf mark = { 0 };

	sbuf_printf(&mark, "\n%s %s\n", column, what);
	if (strstr(sbuf_text(said), mark.text) == NULL) {
		sbuf_str(said, mark.text);
		log_write(LOG_LVL_WARN, subject, "table '%s', column '%s': %s. %s", table, column,
		    what, alter);
	}
	sbuf_done(&mark);
}

static void
alter_column(const struct live *live, const struct column *c, const char *table,
    const char *type, struct sbuf *out)
{
	sbuf_clear(out);
	sbuf_str(out, "ALTER TABLE ");
	statement_table(live->engine, table, out);
	sbuf_printf(out, live->engine == SQL_PGSQL ? " ALTER COLUMN %s TYPE %s" :
	    " MODIFY %s %s NOT NULL", c->name, type);
}

static void
advise_column(const struct live *live, const struct column *c, const char *table,
    const char *subject, struct sbuf *said)
{
	static const char *const number[] = { "BIGINT UNSIGNED", "BIGINT", "BIGINT" };
	static const char *const text[] = {
		"VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "VARCHAR(255)", "TEXT"
	};
	const struct live_column *l = find(live, c->name);
	bool narrow = l != NULL && l->kind == LIVE_TEXT && l->most < 255 && most_chars(c) > l->most;
	struct sbuf alter = { 0 };

	if (l == NULL) {
		sbuf_str(&alter, "ALTER TABLE ");
		statement_table(live->engine, table, &alter);
		sbuf_printf(&alter, " ADD COLUMN %s %s NOT NULL", c->name,
		    c->type != NULL ? c->type : text[live->engine]);
		say(said, subject, table, c->name, "is missing, so nothing can be written",
		    alter.text);
	} else if (l->kind == LIVE_INT && most_number(c) > l->max && l->max < INT64_MAX) {
		alter_column(live, c, table, number[live->engine], &alter);
		say(said, subject, table, c->name, "does not take the largest values there can "
		    "be; rows with such go to the reject file", alter.text);
	} else if (narrow) {
		alter_column(live, c, table, text[live->engine], &alter);
		say(said, subject, table, c->name, "is narrower than values can be; rows with "
		    "longer ones go to the reject file", alter.text);
	} else if (l->folds && c->key && foreign_text(c)) {
		alter_column(live, c, table, text[live->engine], &alter);
		say(said, subject, table, c->name, "takes texts that differ in case for the same, "
		    "so their rows are added up", alter.text);
	}
	sbuf_done(&alter);
}

void
live_advise(const struct live *live, const struct columns *cols, const char *table,
    bool insert_only, const char *subject, struct sbuf *said)
{
	struct sbuf keys = { 0 }, create = { 0 };

	for (size_t i = 0; i < cols->count; i++) {
		advise_column(live, &cols->col[i], table, subject, said);
		if (cols->col[i].key)
			sbuf_printf(&keys, "%s%s", keys.len > 0 ? ", " : "", cols->col[i].name);
	}
	if (!insert_only && live->conflict.len == 0 && keys.len > 0 &&
	    strstr(sbuf_text(said), "\nindex\n") == NULL) {
		sbuf_str(said, "\nindex\n");
		sbuf_str(&create, "CREATE UNIQUE INDEX waybill_key ON ");
		statement_table(live->engine, table, &create);
		log_write(LOG_LVL_INFO, subject, "table '%s' has no unique index on the key of "
		    "this output; rows are looked for by joins. Faster: %s (%s)", table,
		    create.text, keys.text);
	}
	sbuf_done(&keys);
	sbuf_done(&create);
}
