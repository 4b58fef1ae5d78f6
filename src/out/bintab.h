/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bin table of an output: slices added up. Lives in the output's thread. Every id of the RIB is
 * replaced by the table's own value (interned bytes, counted), so nothing here names a record of
 * the RIB. A purge takes the whole table as row sets, one per bin, sorted by key, and empties it.
 */
#ifndef WB_OUT_BINTAB_H
#define WB_OUT_BINTAB_H

#include "agg/slice.h"
#include "rib/view.h"

struct bintab;
struct rowset;
struct valtab;

struct bintab *bintab_new(const struct plan *plan);
void	bintab_free(struct bintab *tab);

/*
 * Add a slice. The caller frees the slice afterwards (which lets go of the RIB's ids). An empty
 * table takes the entries of a slice without references whole; the slice is then empty.
 */
void	bintab_add(struct bintab *tab, const struct rib *rib, struct slice *slice);
/* Add rows that came from another table or from the journal; their values are copied. */
void	bintab_add_rows(struct bintab *tab, const struct rowset *rs);
size_t	bintab_rows(const struct bintab *tab);
size_t	bintab_bytes(const struct bintab *tab);		/* memory */

/* What the rows add up to, kept while adding and removing. */
struct bintab_sums {
	uint64_t bytes, packets, flows;
};
struct bintab_sums bintab_sums(const struct bintab *tab);

/*
 * A set of rows of one bin. Rows are `stride` words: key_words (the first is the bin), then
 * counters. Field values by reference index into `bytes`.
 */
struct rowset {
	const struct plan *plan;
	wall_t bin;			/* start; zero without history */
	const uint64_t *row;
	size_t rows, stride;
	const struct valtab *values;
	uint64_t bytes, packets, flows;	/* sums over the rows */
};

/* The value of a row's field. What it borrows is good as long as the row set. */
void	rowset_value(const struct rowset *rs, size_t row, const struct plan_field *field,
	    struct value *ret);
uint64_t rowset_counter(const struct rowset *rs, size_t row, enum entry_counter counter);

/*
 * Sort by key and split by bin; call `each` for every bin in order, until one gives not 0, which
 * is then given back. The table holds the same rows afterwards, in the order of their keys.
 */
int	bintab_each(struct bintab *tab, int (*each)(const struct rowset *rs, void *ctx), void *ctx);

/* All rows as one set, in the order they lie in; good until the table changes. */
void	bintab_all(const struct bintab *tab, struct rowset *ret);

/* Remove the rows whose byte in `gone` is not 0; the others keep their order. */
void	bintab_remove(struct bintab *tab, const uint8_t *gone);
void	bintab_clear(struct bintab *tab);

/* Interned bytes of a table, by id; 0 is empty. Ids are handed out in order: 1, 2, 3, ... */
struct valtab *valtab_new(void);
void	valtab_free(struct valtab *values);
uint32_t valtab_put(struct valtab *values, const void *bytes, size_t len);
uint32_t valtab_count(const struct valtab *values);	/* the highest id given */
const uint8_t *valtab_get(const struct valtab *values, uint32_t id, size_t *ret_len);

#endif
