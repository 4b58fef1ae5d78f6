/* SPDX-License-Identifier: BSD-2-Clause */
/* What bintab.c (adding) and rowset.c (sorting, reading) share of a bin table. */
#ifndef WB_OUT_BINTAB_PRIV_H
#define WB_OUT_BINTAB_PRIV_H

#include "out/bintab.h"

struct ref_field {
	uint16_t at;			/* byte offset of the id in the key */
	enum value_type type;
};

struct bintab {
	const struct plan *plan;
	struct slots slots;
	bool slots_stale;		/* rows were moved; made anew by the next add */
	uint64_t *entry;
	size_t entries, room, stride;
	uint64_t seed;
	struct bintab_sums sums;
	int *column;			/* [counter]: its word in a row, -1: the plan has none */
	struct ref_field *ref;
	size_t refs;
	struct valtab *values;
};

/* Sums over rows that lie one behind the other with the table's stride. */
struct bintab_sums bintab_sums_of(const struct bintab *tab, const uint64_t *row, size_t rows);

/* Values of a table, valtab.c: forget all (every id), and the memory they take. */
void	valtab_clear(struct valtab *values);
size_t	valtab_bytes(const struct valtab *values);

#endif
