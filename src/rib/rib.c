/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables and columns come and go here, and background work is done in slices: grace periods, the
 * columns of tellers that are gone, sweeps, idle prefixes, and marking, which finds attributes
 * that no column names any more.
 */
#include "rib/rib.h"

#include <assert.h>

#include "core/mem.h"
#include "rib/import.h"

#define POOL_BYTES	(UINT64_C(8) << 30)
#define TELLER_BYTES	(UINT64_C(256) << 20)
#define GC_STEP		(UINT64_C(4) << 20)	/* least growth between two markings */
#define GC_LOOSE	8			/* one path in so many may be unused */
#define EMPTY_PAGES	16			/* of a column, before it is trimmed */
#define IDLE_PER_LOOK	64			/* tables or columns without work between two looks at the clock */

struct rib *
rib_new(struct epoch *ep, const struct rib_conf *conf)
{
	struct rib *rib = mem_new(sizeof(*rib));

	rib->ep = ep;
	if (conf != NULL)
		rib->conf = *conf;
	if (rib->conf.pool_bytes == 0)
		rib->conf.pool_bytes = POOL_BYTES;
	if (rib->conf.teller_bytes == 0)
		rib->conf.teller_bytes = TELLER_BYTES;
	limbo_init(&rib->limbo, ep);
	attrstore_init(&rib->attrs, rib->conf.pool_bytes);
	slots_init(&rib->table_at, 16);
	slots_init(&rib->column_at, 16);
	views_init(rib);
	merges_init(rib);
	return rib;
}

/* --- tables ---------------------------------------------------------------------------------- */

static uint64_t
table_hash(uint64_t rd, enum rib_afi afi)
{
	const uint64_t word[] = { rd, afi };

	return hash_words(word, ARRAY_LEN(word), hash_seed());
}

static uint64_t
table_hash_of(const void *ctx, uint32_t index)
{
	const struct table *t = ((const struct rib *)ctx)->table[index];

	return table_hash(t->rd, t->afi);
}

struct table *
table_find(const struct rib *rib, uint64_t rd, enum rib_afi afi)
{
	struct slots_at at;
	uint32_t i = slots_first(&rib->table_at, table_hash(rd, afi), &at);

	for (; i != SLOTS_NONE; i = slots_next(&rib->table_at, &at))
		if (rib->table[i]->rd == rd && rib->table[i]->afi == afi)
			return rib->table[i];
	return NULL;
}

struct table *
table_get(struct rib *rib, uint64_t rd, enum rib_afi afi)
{
	struct table *t = table_find(rib, rd, afi);

	if (t != NULL || rib->tables == TABLES_MOST)
		return t;
	t = mem_new(sizeof(*t));
	t->rd = rd;
	t->afi = afi;
	t->number = rib->tables;
	prefixset_init(&t->prefixes, afi == RIB_IP6, &rib->limbo);
	rib->table = mem_grow(rib->table, rib->tables + 1, sizeof(rib->table[0]));
	rib->table[rib->tables++] = t;
	slots_put(&rib->table_at, table_hash(rd, afi), t->number, table_hash_of, rib);
	return t;
}

/* --- columns --------------------------------------------------------------------------------- */

static uint64_t
column_hash(const struct teller *t, enum rib_safi safi, const struct table *table)
{
	const uint64_t word[] = { t->number, (uint64_t)table->number << 8 | safi };

	return hash_words(word, ARRAY_LEN(word), hash_seed());
}

static uint64_t
column_hash_of(const void *ctx, uint32_t index)
{
	const struct column *c = ((const struct rib *)ctx)->column[index];

	return column_hash(c->teller, c->safi, c->table);
}

static struct column *
column_find(const struct teller *t, enum rib_safi safi, const struct table *table)
{
	const struct rib *rib = t->rib;
	struct slots_at at;
	uint32_t i = slots_first(&rib->column_at, column_hash(t, safi, table), &at);

	for (; i != SLOTS_NONE; i = slots_next(&rib->column_at, &at)) {
		struct column *c = rib->column[i];

		if (c->teller == t && c->safi == safi && c->table == table)
			return c;
	}
	return NULL;
}

static uint32_t
number_new(struct rib *rib)
{
	if (rib->free_numbers > 0)
		return rib->free_number[--rib->free_numbers];
	if (rib->columns == rib->columns_room) {
		rib->columns_room = rib->columns_room > 0 ? 2 * rib->columns_room : 16;
		rib->column = mem_grow(rib->column, rib->columns_room, sizeof(rib->column[0]));
		rib->free_number = mem_grow(rib->free_number, rib->columns_room,
		    sizeof(rib->free_number[0]));
	}
	return rib->columns++;
}

static struct column *
column_new(struct teller *t, enum rib_safi safi, struct table *table)
{
	struct rib *rib = t->rib;
	struct column *c = mem_new(sizeof(*c));

	c->teller = t;
	c->table = table;
	c->safi = safi;
	c->tier = (uint32_t)t->info.kind << 8 | t->info.rank;
	c->number = number_new(rib);
	rib->column[c->number] = c;
	pages_init(&c->path);
	if (safi != RIB_UNICAST)
		pages_init(&c->label);
	atomic_store_explicit(&c->dir, c->path.dir, memory_order_release);
	*t->columns_end = c;
	t->columns_end = &c->next;
	slots_put(&rib->column_at, column_hash(t, safi, table), c->number, column_hash_of, rib);
	t->spent += COLUMN_BYTES;
	if (!merged_join(c))
		views_column(rib, c, true);
	return c;
}

struct column *
column_of(struct teller *t, enum rib_safi safi, uint64_t rd, enum rib_afi afi, bool make)
{
	struct column *c = t->last;
	struct table *table;

	if (c != NULL && c->safi == safi && c->table->rd == rd && c->table->afi == afi)
		return c;
	table = make ? table_get(t->rib, rd, afi) : table_find(t->rib, rd, afi);
	if (table == NULL)
		return NULL;
	c = column_find(t, safi, table);
	if (c == NULL && make)
		c = column_new(t, safi, table);
	if (c != NULL)
		t->last = c;
	return c;
}

void
column_detach(struct rib *rib, struct column *col)
{
	atomic_store_explicit(&col->dir, NULL, memory_order_release);
	if (col->merged != NULL)
		merged_leave(col);
	else
		views_column(rib, col, false);
	slots_remove(&rib->column_at, column_hash(col->teller, col->safi, col->table),
	    col->number, column_hash_of, rib);
	rib->column[col->number] = NULL;
	rib->free_number[rib->free_numbers++] = col->number;
	rib->routes -= col->routes;
	mem_free(col->told);
	col->told = NULL;
	col->teller = NULL;
	if (col->pins == 0)
		column_bury(rib, col);
}

void
column_bury(struct rib *rib, struct column *col)
{
	col->next = rib->dead;
	rib->dead = col;
}

static void
heap_free(void *owner, void *thing, uint32_t number)
{
	(void)owner;
	(void)number;
	mem_free(thing);
}

static void
drop_cell(struct rib *rib, struct column *c, uint32_t id)
{
	uint32_t cell = pages_get(&c->path, id);
	const struct member *m;
	struct member one;
	size_t n = 1;

	if (cell == 0)
		return;
	pages_put(&c->path, &rib->pool, id, 0);
	if (c->merged != NULL)
		merged_change(c, id, cell, 0);
	if (c->ghost != NULL) {
		one = (struct member){ 0, cell, c->label.dir != NULL ? pages_get(&c->label, id) : 0 };
		m = cell & CELL_SET ? attrstore_members(&rib->attrs, cell, &n) : &one;
		for (size_t i = 0; i < n; i++)
			tell_swept(rib, c->ghost, c, id, &m[i]);
	}
	prefixset_drop(&c->table->prefixes, id);
}

static void
drop_pages(struct rib *rib, struct column *c, uint32_t n)
{
	pages_unhook(&c->path, &rib->pool, &rib->limbo, n);
	if (c->label.dir != NULL)
		pages_unhook(&c->label, &rib->pool, &rib->limbo, n);
}

/* True: there is more in it. */
static bool
drop_cells(struct rib *rib, struct column *c, mono_t until)
{
	uint32_t end;

	while ((end = pages_run(&c->path, &c->clear_at)) != 0) {
		uint32_t page = c->clear_at / PAGE_CELLS;

		while (c->clear_at < end)
			drop_cell(rib, c, c->clear_at++);
		if (c->path.count[page] == 0)
			drop_pages(rib, c, page);
		if (mono_since(mono_now(), until) >= 0)
			return true;
	}
	return false;
}

/* Nothing is in it any more. */
static void
column_end(struct rib *rib, struct column *c)
{
	if (c->merged != NULL)
		merged_forget(c);
	if (c->ghost != NULL) {
		rib->ghosts--;
		if (--c->ghost->buried == 0)
			teller_free(c->ghost);
	}
	for (uint32_t n = 0; n < c->path.top; n++)
		drop_pages(rib, c, n);
	pages_retire(&c->path, &rib->limbo);
	if (c->label.dir != NULL)
		pages_retire(&c->label, &rib->limbo);
	limbo_put(&rib->limbo, (struct limbo_item){ heap_free, NULL, c, 0 });
	rib->gc_wanted = true;
}

/* Empty the columns of tellers that are gone. */
static bool
work_dead(struct rib *rib, mono_t until)
{
	while (rib->dead != NULL) {
		struct column *c = rib->dead;

		if (drop_cells(rib, c, until))
			return true;
		rib->dead = c->next;
		column_end(rib, c);
		if (mono_since(mono_now(), until) >= 0)
			return rib->dead != NULL;
	}
	return false;
}

/* False: there was nothing to do. */
static bool
work_column(struct rib *rib, struct column *c, mono_t until)
{
	bool did = c->sweep_at != 0;

	if (did)
		(void)column_sweep(c, until);
	if (c->path.empty > EMPTY_PAGES) {
		pages_trim(&c->path, &rib->pool, &rib->limbo);
		did = true;
	}
	if (c->label.dir != NULL && c->label.empty > EMPTY_PAGES) {
		pages_trim(&c->label, &rib->pool, &rib->limbo);
		did = true;
	}
	return did;
}

/* One after the other; who has more to do when the time is over goes on first the next time. */
static bool
work_columns(struct rib *rib, mono_t until)
{
	for (uint32_t n = 0; n < rib->columns; n++, rib->work_column++) {
		struct column *c;
		bool did;

		if (rib->work_column >= rib->columns)
			rib->work_column = 0;
		c = rib->column[rib->work_column];
		did = c != NULL && work_column(rib, c, until);
		if ((did || n % IDLE_PER_LOOK == IDLE_PER_LOOK - 1) &&
		    mono_since(mono_now(), until) >= 0)
			return true;
	}
	return false;
}

static bool
work_tables(struct rib *rib, mono_t until)
{
	for (uint32_t n = 0; n < rib->tables; n++) {
		rib->work_table = (rib->work_table + 1) % rib->tables;
		if (prefixset_work(&rib->table[rib->work_table]->prefixes, until))
			return true;
		if (n % IDLE_PER_LOOK == IDLE_PER_LOOK - 1 && mono_since(mono_now(), until) >= 0)
			return true;
	}
	return false;
}

/* --- marking --------------------------------------------------------------------------------- */

/*
 * The pool has grown, and routes have let go of so many paths that some of it may be unused. A table
 * that is told for the first time lets go of none, and is not marked at every step of its growth.
 */
static bool
gc_is_due(const struct rib *rib)
{
	size_t now = attrstore_bytes(&rib->attrs);
	size_t step = rib->gc_floor / 4 > GC_STEP ? rib->gc_floor / 4 : GC_STEP;
	bool loose = rib->gc_loosened > rib->attrs.path_count / GC_LOOSE;

	return rib->gc_wanted || (loose && now > rib->gc_floor + step) ||
	    (now > GC_STEP && rib->routes < rib->gc_routes / 2);
}

static void
gc_begin(struct rib *rib)
{
	rib->gc_wanted = false;
	rib->gc_column = rib->gc_cell = 0;
	rib->gc_loosened = 0;
	rib->gc = GC_MARK;
	attrstore_begin(&rib->attrs);
}

static void
mark_cells(struct rib *rib, const struct column *c, uint32_t from, uint32_t end)
{
	uint32_t last = 0;

	/* Neighbors were mostly told in one message, with one path. */
	for (uint32_t id = from; id < end; id++) {
		uint32_t cell = pages_get(&c->path, id);

		if (cell != last)
			attrstore_mark(&rib->attrs, cell);
		last = cell;
	}
}

static bool
gc_mark(struct rib *rib, mono_t until)
{
	uint32_t end;

	for (; rib->gc_column < rib->columns; rib->gc_column++, rib->gc_cell = 0) {
		const struct column *c = rib->column[rib->gc_column];

		while (c != NULL && (end = pages_run(&c->path, &rib->gc_cell)) != 0) {
			/* A cell is soon marked: a look at the clock for each run would cost more. */
			if (rib->gc_cell % PAGE_CELLS == 0 && mono_since(mono_now(), until) >= 0)
				return true;
			mark_cells(rib, c, rib->gc_cell, end);
			rib->gc_cell = end;
		}
	}
	return false;
}

static void
gc_end(struct rib *rib)
{
	rib->gc = GC_IDLE;
	rib->gc_floor = attrstore_bytes(&rib->attrs);
	rib->gc_routes = rib->routes;
	rib->markings++;
	for (struct teller *t = rib->first; t != NULL; t = t->next)
		t->spent = 0;
}

static bool
work_attrs(struct rib *rib, mono_t until)
{
	/* Columns that are being emptied are not marked, but their sets are still read (merged.c). */
	if (rib->dead != NULL)
		return true;
	/* Paths of dead columns are not marked, and a watcher may still be told of them. */
	if (rib->ghosts > 0)
		return false;
	switch (rib->gc) {
	case GC_IDLE:
		if (!gc_is_due(rib))
			return false;
		gc_begin(rib);
		/* fall through */
	case GC_MARK:
		if (gc_mark(rib, until))
			return true;
		rib->gc = GC_SWEEP;
		/* fall through */
	case GC_SWEEP:
		if (attrstore_sweep(&rib->attrs, until))
			return true;
		rib->gc_epoch = epoch_retire(rib->ep);
		rib->gc = GC_GRACE;
		/* fall through */
	case GC_GRACE:
		if (!epoch_passed(rib->ep, rib->gc_epoch))
			return false;
		rib->gc = GC_RECLAIM;
		/* fall through */
	case GC_RECLAIM:
		if (attrstore_reclaim(&rib->attrs, until))
			return true;
		gc_end(rib);
	}
	return false;
}

/* Memory for routes that come is cleared here and not in the turn of a session that tells them. */
static bool
work_ahead(struct rib *rib, mono_t until)
{
	while (slabs_ahead(&rib->attrs.blob_slabs) || slabs_ahead(&rib->attrs.path_slabs) ||
	    pagepool_ahead(&rib->pool))
		if (mono_due(mono_now(), until))
			return true;
	return false;
}

bool
rib_work(struct rib *rib, mono_t until)
{
	bool more;

	orphans_work(rib, until);
	more = work_ahead(rib, until);
	more |= work_dead(rib, until);
	more |= work_columns(rib, until);
	more |= imports_work(rib, until);
	more |= work_tables(rib, until);
	more |= work_attrs(rib, until);
	more |= limbo_work(&rib->limbo, until);
	return more;
}

void
rib_watch(struct rib *rib, const struct rib_watcher *w)
{
	rib->watcher = w;
}

void
rib_stats(const struct rib *rib, struct rib_stats *ret)
{
	struct rib_stats s = {
		.routes = rib->routes,
		.paths = rib->attrs.path_count,
		.column_bytes = rib->pool.in_use * (uint64_t)sizeof(struct page),
		.pool_bytes = attrstore_bytes(&rib->attrs),
		.pool_held = attrstore_held(&rib->attrs),
		.announces = rib->announces,
		.withdraws = rib->withdraws,
		.markings = rib->markings,
		.paths_freed = rib->attrs.paths_freed,
		.refused = rib->refused,
		.merged_full = rib->merged_full,
		.merged = rib->merged,
	};

	s.aspaths = rib->attrs.kind_count[BLOB_ASPATH];
	s.comm_lists = rib->attrs.kind_count[BLOB_COMMS];
	s.addrs = rib->attrs.kind_count[BLOB_ADDR];
	for (uint32_t i = 0; i < rib->columns; i++)
		if (rib->column[i] != NULL && rd_is_vrf(rib->column[i]->table->rd))
			s.imported += rib->column[i]->routes;
	s.routes -= s.imported;
	for (uint32_t i = 0; i < rib->tables; i++) {
		s.prefixes[rib->table[i]->afi] += rib->table[i]->prefixes.live;
		s.prefix_bytes += prefixset_bytes(&rib->table[i]->prefixes);
	}
	*ret = s;
}

void
rib_free(struct rib *rib)
{
	const mono_t ever = { INT64_MAX };

	if (rib == NULL)
		return;
	while (rib->first != NULL)
		teller_gone(rib->first);
	(void)work_dead(rib, ever);
	limbo_done(&rib->limbo);
	views_done(rib);
	merges_done(rib);
	imports_done(rib);
	for (uint32_t i = 0; i < rib->tables; i++) {
		prefixset_done(&rib->table[i]->prefixes);
		mem_free(rib->table[i]);
	}
	mem_free(rib->table);
	mem_free(rib->column);
	mem_free(rib->free_number);
	slots_done(&rib->table_at);
	slots_done(&rib->column_at);
	attrstore_done(&rib->attrs);
	pagepool_done(&rib->pool);
	mem_free(rib);
}
