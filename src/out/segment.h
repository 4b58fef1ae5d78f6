/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A segment of a journal: rows of one plan in one file, whole or not at all (LIMITS.md 9.3).
 *
 *   header  64 bytes: who, which, how rows are laid out, checksum
 *   blocks  kind u32, length u32, XXH3-64 of kind, length and payload; payload of at most 1 MiB:
 *             VALUES  what ids by reference stand for, in the order of ids: length u32, bytes
 *             NAMES   id u32, length u32, text
 *             ROWS    rows as they lie in memory
 *   footer  a block: rows, bytes, packets, flows, and the checksum of all checksums before it
 *
 * It is written under a temporary name, forced to disk and renamed. Numbers are as the machine has
 * them: a journal stays where it was made.
 */
#ifndef WB_OUT_SEGMENT_H
#define WB_OUT_SEGMENT_H

#include "out/bintab.h"

enum segment_kind { SEGMENT_BATCH = 1, SEGMENT_SLICE = 2 };

struct segment_head {
	uint8_t instance[16];
	uint64_t number;		/* of the batch (seq) or of the slice */
	uint64_t upto;			/* batch: slices up to this one are part of it */
	uint64_t plan;			/* segment_plan() */
	enum segment_kind kind;
};

#define SEGMENT_HEAD	64		/* bytes */

/* A number that two plans share only if their rows mean the same. */
uint64_t segment_plan(const struct plan *plan);

/*
 * Write rows to `name` in the folder. -1 with errno, and nothing is there; a failed sync is not
 * tried again on the same file. ret_size: bytes on disk.
 */
int	segment_write(int dir, const char *name, const struct segment_head *head,
	    const struct rowset *rs, const struct names *names, bool sync, uint64_t *ret_size);

/* The header alone. -1: not a segment of ours. */
int	segment_read_head(int dir, const char *name, struct segment_head *ret, uint64_t *ret_size);

/* What a segment says of itself, for people. */
struct segment_facts {
	struct segment_head head;
	uint64_t size, bins, rows, bytes, packets, flows;
	wall_t first, last;		/* bins; 0 without history */
};

/* Checks the segment from end to end, of whatever plan. -1 with a sentence. */
int	segment_read_facts(int dir, const char *name, struct segment_facts *ret, struct sbuf *err);

/*
 * Check a segment from end to end, then add its rows to the table. -1 with a sentence, and the
 * table is as it was. ret_rows: as added.
 */
int	segment_load(int dir, const char *name, const struct plan *plan, struct names *names,
	    struct bintab *tab, size_t *ret_rows, struct sbuf *err);

#endif
