/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scans. Columns that a scan will come to are pinned, so that they and their directories stay when
 * their teller goes; pages, prefixes and paths are under epochs as for any reader.
 */
#include "rib/scan.h"

#include "core/mem.h"
#include "rib/rib_priv.h"

struct scan_column {
	struct column *column;
	uint32_t teller;
	uint32_t pages;			/* of its path when the scan began */
};

struct rib_scan {
	struct rib *rib;
	struct teller_info *info;
	size_t tellers;
	struct scan_column *column;
	size_t columns;
	size_t at;			/* column */
	uint32_t id;
	size_t sub;			/* member of a set */
};

static void
take_teller(struct rib_scan *s, const struct teller *t)
{
	struct teller_info *info;

	s->info = mem_grow(s->info, s->tellers + 1, sizeof(*s->info));
	info = &s->info[s->tellers];
	*info = t->info;
	info->name = mem_strdup(t->info.name);
	for (struct column *c = t->columns; c != NULL; c = c->next) {
		if (rd_is_vrf(c->table->rd))
			continue;
		s->column = mem_grow(s->column, s->columns + 1, sizeof(*s->column));
		s->column[s->columns++] = (struct scan_column){
			.column = c, .teller = (uint32_t)s->tellers, .pages = c->path.top,
		};
		c->pins++;
	}
	s->tellers++;
}

struct rib_scan *
rib_scan_begin(struct rib *rib, const struct teller *t)
{
	struct rib_scan *s = mem_new(sizeof(*s));

	s->rib = rib;
	if (t != NULL)
		take_teller(s, t);
	for (const struct teller *x = rib->first; t == NULL && x != NULL; x = x->next)
		take_teller(s, x);
	return s;
}

void
rib_scan_add(struct rib_scan *s, const struct teller *t)
{
	take_teller(s, t);
}

void
rib_scan_end(struct rib_scan *s)
{
	for (size_t i = 0; i < s->columns; i++) {
		struct column *c = s->column[i].column;

		if (--c->pins == 0 && c->teller == NULL)
			column_bury(s->rib, c);
	}
	for (size_t i = 0; i < s->tellers; i++)
		mem_free((char *)(uintptr_t)s->info[i].name);
	mem_free(s->info);
	mem_free(s->column);
	mem_free(s);
}

size_t
rib_scan_tellers(const struct rib_scan *s)
{
	return s->tellers;
}

const struct teller_info *
rib_scan_teller(const struct rib_scan *s, size_t i)
{
	return &s->info[i];
}

const struct rib *
rib_scan_rib(const struct rib_scan *s)
{
	return s->rib;
}

/* The n-th member of a cell; false behind the last. Staleness is the writer's own and not said. */
static bool
member_of(const struct rib_scan *s, const struct column *c, uint32_t cell, struct member *ret)
{
	const struct member *m;
	size_t count;

	if (!(cell & CELL_SET)) {
		*ret = (struct member){ 0, cell,
		    c->label.dir != NULL ? pages_get(&c->label, s->id) : 0 };
		return s->sub == 0;
	}
	m = attrstore_members(&s->rib->attrs, cell, &count);
	if (s->sub >= count)
		return false;
	*ret = m[s->sub];
	return true;
}

/* All routes of a prefix, as far as there is room. False where there was not enough. */
static bool
take_cell(struct rib_scan *s, const struct column *c, uint32_t cell, struct rib_scanned *ret,
    size_t most, size_t *n)
{
	struct member m;

	for (; cell != 0 && member_of(s, c, cell, &m); s->sub++) {
		struct rib_scanned *r = &ret[*n];

		if (*n == most)
			return false;
		r->teller = s->column[s->at].teller;
		r->column = (uint32_t)s->at;
		r->path = m.path;
		r->prefix = s->id;
		nlri_of(c, s->id, &m, &r->nlri);
		++*n;
	}
	s->sub = 0;
	return true;
}

static size_t
take_column(struct rib_scan *s, struct rib_scanned *ret, size_t most)
{
	const struct scan_column *sc = &s->column[s->at];
	const struct column *c = sc->column;
	struct page *_Atomic *dir = atomic_load_explicit(&((struct column *)(uintptr_t)c)->dir,
	    memory_order_acquire);
	size_t n = 0;

	if (dir == NULL)
		return 0;		/* its teller is gone */
	while (s->id / PAGE_CELLS < sc->pages) {
		struct page *page = atomic_load_explicit(&dir[s->id / PAGE_CELLS],
		    memory_order_acquire);
		uint32_t end = (s->id / PAGE_CELLS + 1) * PAGE_CELLS;

		for (; page != NULL && s->id < end; s->id++)
			if (!take_cell(s, c, cell_get(&page->cell[s->id % PAGE_CELLS]), ret, most, &n))
				return n;
		s->id = end;
	}
	return n;
}

size_t
rib_scan_next_of(struct rib_scan *s, uint32_t teller, struct rib_scanned *ret, size_t most)
{
	for (; s->at < s->columns && s->column[s->at].teller <= teller; s->at++, s->id = 0, s->sub = 0) {
		size_t n = take_column(s, ret, most);

		if (n > 0)
			return n;
	}
	return 0;
}

uint32_t
rib_scan_path(const struct rib_scan *s, const struct rib_scanned *r, uint32_t teller)
{
	const struct column *mine = s->column[r->column].column;

	for (size_t i = 0; i < s->columns; i++) {
		const struct column *c = s->column[i].column;
		struct page *_Atomic *dir;
		uint32_t cell;
		size_t n;

		if (s->column[i].teller != teller || c->table != mine->table || c->safi != mine->safi)
			continue;
		dir = atomic_load_explicit(&((struct column *)(uintptr_t)c)->dir,
		    memory_order_acquire);
		cell = dir != NULL ? pages_cell(dir, r->prefix) : 0;
		return cell & CELL_SET ? attrstore_members(&s->rib->attrs, cell, &n)->path : cell;
	}
	return 0;
}

size_t
rib_scan_next(struct rib_scan *s, struct rib_scanned *ret, size_t most)
{
	return rib_scan_next_of(s, UINT32_MAX, ret, most);
}
