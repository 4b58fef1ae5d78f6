/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a database engine has to offer to the SQL output: few verbs, so that an engine is one file.
 *
 * A write goes prepare (each target), begin, then for each target ledger and put, then commit; a
 * target may come several times, with other rows. Whatever commits by itself (DDL, staging tables)
 * happens in prepare; between begin and commit stands nothing but rows. An engine without
 * transactions (ClickHouse) makes one block per put and takes the ledger's identity as the token
 * that removes duplicates.
 *
 * A connection is used by one thread at a time, mostly the output's. An error leaves a sentence in
 * err and the connection fit for rollback; a lost connection is opened again by the next prepare.
 */
#ifndef WB_SQL_BACKEND_H
#define WB_SQL_BACKEND_H

#include "core/clock.h"
#include "sql/columns.h"
#include "sql/live.h"

/*
 * Where the database is. SQLite: db is the path of the file. A host of "unix:/path" is a socket, or
 * the folder PostgreSQL has it in. With ca_file the server has to prove its name.
 */
struct sql_place {
	const char *db, *host, *user, *password, *ca_file;
	uint16_t port;			/* 0: the engine's own */
	bool utc;			/* stamps are in UTC: so is the session */
	const char *subject;		/* for log lines */
};

/* A table to be written. */
struct sql_target {
	const char *table;
	const struct columns *columns;
	const char *schema;		/* DDL for when the table is missing (sql_table_schema), or */
	const struct columns *made;	/* what it is then made of. Both NULL: it has to be there */
	bool keyed;			/* made with a primary key */
	bool ours;			/* made in whatever form is fastest: nobody else's schema */
	bool updated;			/* rows are written several times: room for that pays */
	bool insert_only;		/* sql_dont_try_update */
	bool remove;			/* what the table has under the rows' keys goes */
	bool look;			/* only look at the table, where there is one: make nothing */
	bool quiet;			/* another connection says what is wrong with the table */
	bool ledger;			/* one row of waybill_ledger per put */
	bool typed;			/* cells are of the kinds that its columns have, texts are
					   ASCII, and none is fixed */
	uint64_t same;			/* 1 << i: column i has in all rows of the put what it has in
					   the first, no foreign text: a hint for engines that need
					   not be told with each row */
	bool fresh;			/* nothing of this bin was written before, as far as is known:
					   a hint to try the fast way first, never to be trusted */
};

/*
 * A value to be bound. Text and bytes are good until the same column of the next row is asked for. An engine
 * that has no form of its own for times and addresses takes them as text, by cell_plain.
 */
enum cell_kind {
	CELL_NULL, CELL_INT, CELL_TEXT, CELL_BYTES,
	CELL_TIME,			/* number: ns since 1970, UTC */
	CELL_NET,			/* bytes: struct addr; len: of the prefix, or CELL_HOST */
};

#define CELL_HOST	255u

struct cell {
	enum cell_kind kind;
	int64_t number;
	const void *bytes;
	size_t len;
	struct sbuf room;		/* for whoever makes the text */
};

void	cell_plain(struct cell *c);

#define CELL_TIME_TEXT	40
/* "2026-11-23 22:33:00.000000", UTC, of 1970 and later. */
void	cell_time_text(wall_t t, char text[CELL_TIME_TEXT]);

/*
 * Rows as an engine sees them. The engine owns an array of columns->params cells, asks for the
 * fixed ones (stamps) once with row SQL_FIXED, then for the others row by row.
 */
#define SQL_FIXED	SIZE_MAX

struct sql_rows {
	size_t rows;
	void (*fill)(void *ctx, size_t row, struct cell *cells);
	void *ctx;
};

/* A row of waybill_ledger. Key: instance, output, seq, chunk, bin. */
struct ledger_row {
	const char *instance, *output, *table;
	uint64_t seq;
	unsigned chunk;
	int64_t bin;			/* seconds since 1970; 0 without history */
	uint64_t rows, packets, bytes, flows;
	uint64_t digest;
	int64_t written;		/* seconds since 1970 */
};

enum ledger_answer {
	LEDGER_ERROR = -1,
	LEDGER_NEW,			/* entered: the rows are to follow */
	LEDGER_LANDED,			/* these very rows are in the table already */
};

#define ASK_CELLS	8		/* most columns of a question */
typedef void sql_answer(void *ctx, const char *const *cell);

struct sql_backend {
	const char *type;		/* word of `plugins` */
	enum sql_engine engine;
	/* NULL with a sentence: the place can never work (no such folder, not a database). */
	void *(*open)(const struct sql_place *place, struct sbuf *err);
	void (*close)(void *db);
	int (*prepare)(void *db, const struct sql_target *target, struct sbuf *err);
	/* The table of the last prepare as the server has it, good until the next call. NULL: the
	   engine takes whatever comes. */
	const struct live *(*live)(void *db);
	int (*begin)(void *db, struct sbuf *err);
	enum ledger_answer (*ledger)(void *db, const struct ledger_row *row, struct sbuf *err);
	int (*put)(void *db, const struct sql_target *target, const struct sql_rows *rows,
	    struct sbuf *err);
	/* Was the last failed put a refusal of rows (a constraint, a trigger, an overflow), with a
	   connection that goes on? */
	bool (*refused)(void *db);
	/* A statement of the server alone: savepoints, or rows that it changes. Gives how many of
	   those, or -1. */
	int64_t (*run)(void *db, const char *sql, struct sbuf *err);
	/* A query, for tools: each row as texts, NULL for NULL. Connects where that was not done. */
	int (*ask)(void *db, const char *sql, sql_answer *row, void *ctx, struct sbuf *err);
	int (*commit)(void *db, struct sbuf *err);
	void (*rollback)(void *db);
	void (*leave)(void *db);	/* the thread that calls ends; NULL: nothing to do then */
	bool one_writer;		/* more connections would only wait for each other */
	/* What the library that is linked cannot do for routes, as a sentence; NULL: it can do all. */
	const char *(*no_routes)(void);
};

/* The engine of a type of output; NULL: it writes to no database, or the build lacks the engine. */
const struct sql_backend *sql_backend(const char *type);

/* Open for a look: a file that is not there is not made. NULL with a sentence. */
void	*sql_open_there(const struct sql_backend *backend, const struct sql_place *place,
	    struct sbuf *err);

extern const struct sql_backend sql_sqlite, sql_mysql, sql_pgsql;

#endif
