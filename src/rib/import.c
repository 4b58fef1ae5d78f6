/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VRFs: a VPN route is announced once more into the table of each VRF that it belongs to (vrfmap.h), by the
 * same teller. The table's name is the VRF's RD with RD_VRF set, which no route on the wire may have; so
 * copies are routes like any other: they become stale, are swept and go with their teller.
 *
 * In a VRF one prefix may come from several RDs. Its copies are told apart by a path id that is made of the
 * table they come from and their own path id, and a set of several is chosen from as with ADD-PATH.
 *
 * Which VRFs a route belongs to follows from its RD, its path and the map alone. So nothing is remembered:
 * what was announced for the old path is known when a new one comes. With another map all copies go, and
 * are made anew in slices.
 */
#include "rib/import.h"

#include <assert.h>

#include "core/mem.h"

#define PATH_ID_BITS	16		/* of a path id that is kept as it is */
#define TABLE_BITS	15		/* TABLES_MOST, and one more */

struct imports {
	struct vrfmap *map;
	uint16_t was[VRFS_MOST], is[VRFS_MOST];
	bool busy;			/* making all copies anew */
	uint32_t at_column, at_cell;
};

static_assert(TABLES_MOST < 1 << TABLE_BITS, "a table's number fits");

/* Exact for the path ids that routers use; larger ones are hashed into the upper half. Never 0. */
static uint32_t
copy_id(const struct table *table, uint32_t path_id)
{
	const uint64_t word[] = { table->number, path_id };

	if (path_id >> PATH_ID_BITS == 0)
		return path_id << TABLE_BITS | (table->number + 1);
	return UINT32_C(1) << 31 | (uint32_t)hash_words(word, ARRAY_LEN(word), hash_seed());
}

static size_t
vrfs_of(struct rib *rib, uint64_t rd, uint32_t path, uint16_t *ret)
{
	struct comm_set set;
	const uint8_t *bytes;
	size_t len;

	if (path == 0)
		return vrfmap_members(rib->imports->map, 0, NULL, 0, ret);	/* no VRF has RD 0 */
	set = rib_comms(rib, rib_path(rib, path));
	bytes = rib_attr(rib, ATTR_ECOMMS, set.ecomms, &len);
	return vrfmap_members(rib->imports->map, rd, bytes, len, ret);
}

void
import_change(struct teller *t, const struct table *table, const struct nlri *nlri, uint32_t old,
    uint32_t path)
{
	struct imports *im = t->rib->imports;
	struct nlri copy = *nlri;
	size_t was = old != path ? vrfs_of(t->rib, nlri->rd, old, im->was) : 0;
	size_t is = vrfs_of(t->rib, nlri->rd, path, im->is);

	copy.path_id = copy_id(table, nlri->path_id);
	for (size_t i = 0; i < was; i++) {
		if (vrfmap_was_found(im->map, im->was[i]))
			continue;
		copy.rd = vrfmap_rd(im->map, im->was[i]) | RD_VRF;
		(void)copy_withdraw(t, &copy);
	}
	for (size_t i = 0; i < is; i++) {
		copy.rd = vrfmap_rd(im->map, im->is[i]) | RD_VRF;
		(void)copy_announce(t, &copy, path);
	}
}

/* --- another map ---------------------------------------------------------------------------------- */

static void
drop_copies(struct rib *rib, struct teller *t)
{
	struct column **at = &t->columns, *col;

	while ((col = *at) != NULL) {
		if (!rd_is_vrf(col->table->rd)) {
			at = &col->next;
			continue;
		}
		*at = col->next;
		column_detach(rib, col);
	}
	t->columns_end = at;
	t->last = NULL;
}

void
rib_import(struct rib *rib, struct vrfmap *map)
{
	uint64_t old = rib->imports != NULL ? vrfmap_digest(rib->imports->map) : 0;

	if (map != NULL && vrfmap_count(map) == 0) {
		vrfmap_free(map);
		map = NULL;
	}
	if (vrfmap_digest(map) == old) {
		vrfmap_free(map);
		return;
	}
	imports_done(rib);
	for (struct teller *t = rib->first; t != NULL; t = t->next)
		drop_copies(rib, t);
	if (map == NULL)
		return;
	rib->imports = mem_new(sizeof(*rib->imports));
	rib->imports->map = map;
	rib->imports->busy = true;
}

void
imports_done(struct rib *rib)
{
	if (rib->imports == NULL)
		return;
	vrfmap_free(rib->imports->map);
	mem_free(rib->imports);
	rib->imports = NULL;
}

static void
import_cell(struct column *col, uint32_t id)
{
	struct nlri nlri = { .rd = col->table->rd, .safi = (uint8_t)col->safi };
	struct member m[SET_MOST];
	size_t n = column_members(col, id, m);

	if (n > 0)
		nlri.prefix = prefixset_prefix(&col->table->prefixes, id);
	for (size_t i = 0; i < n; i++) {
		nlri.path_id = m[i].path_id;
		nlri.label = m[i].label & ~MEMBER_STALE;
		import_change(col->teller, col->table, &nlri, 0, m[i].path);
	}
}

/* Columns that come while this goes on have their copies made as they are told. */
bool
imports_work(struct rib *rib, mono_t until)
{
	struct imports *im = rib->imports;
	uint32_t end;

	if (im == NULL || !im->busy)
		return false;
	for (; im->at_column < rib->columns; im->at_column++, im->at_cell = 0) {
		struct column *col = rib->column[im->at_column];

		if (col == NULL || !column_is_imported(col))
			continue;
		while ((end = pages_run(&col->path, &im->at_cell)) != 0) {
			if (mono_since(mono_now(), until) >= 0)
				return true;
			while (im->at_cell < end)
				import_cell(col, im->at_cell++);
		}
	}
	im->busy = false;
	return false;
}
