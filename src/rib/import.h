/* SPDX-License-Identifier: BSD-2-Clause */
/* What import.c (VRFs and their copies of routes) and the rest of the RIB have of each other. */
#ifndef WB_RIB_IMPORT_H
#define WB_RIB_IMPORT_H

#include "rib/rib_priv.h"

/* Merged columns are made of tellers' own, whose copies are merged in turn. */
static inline bool
column_is_imported(const struct column *col)
{
	return col->safi == RIB_VPN && !rd_is_vrf(col->table->rd) && col->teller != NULL &&
	    !col->teller->merges;
}

/*
 * A route of this table has gone over from one path to another, 0 being none. Only where
 * rib->imports is there and for a column that is imported.
 */
void	import_change(struct teller *t, const struct table *table, const struct nlri *nlri,
	    uint32_t old, uint32_t path);
bool	imports_work(struct rib *rib, mono_t until);	/* true: more to do */
void	imports_done(struct rib *rib);

/* In teller.c: as rib_announce and rib_withdraw, for the tables of VRFs; all members of a cell. */
enum rib_change copy_announce(struct teller *t, const struct nlri *nlri, uint32_t path);
enum rib_change copy_withdraw(struct teller *t, const struct nlri *nlri);
size_t	column_members(const struct column *col, uint32_t id, struct member *ret);

#endif
